/* SPDX-License-Identifier: MIT */
/*
 * Which route a destination takes.
 *
 * DOC: Theory of operation
 *
 * The first route whose conditions all hold wins, in file order; else [default]. `tls` and `tcp`
 * routes take streams only, `udp` datagrams only, `direct` and `refuse` both. A destination has
 * either a host name (it came as a stand-in address) or an address, never both: `host` matches the
 * one and `address` the other. A loopback destination takes only a route whose `address` names it.
 *
 * A name is asked for before its port is known, and a stand-in address cannot be reached directly.
 * So a route with `host` takes a name whole: it is flagged as soon as one port of it might be. A
 * route without `host` takes names only where it has no other condition on the destination, or
 * where [default] would not let them go out directly anyway.
 */
#ifndef ESWRAP_CONFIG_ROUTE_H
#define ESWRAP_CONFIG_ROUTE_H

#include "config/settings.h"

/**
 * struct asker - who wants to connect
 * @uid, @pid:	of the process (SO_PEERCRED); @pid 0: one that is not seen from here
 * @program:	its name; advisory
 * @mark:	SO_MARK of its socket, 0 when it has none
 */
struct asker {
	uid_t uid;
	pid_t pid;
	const char *program;
	guint32 mark;
};

/**
 * struct destination - where a socket is to go
 * @type:	SOCK_STREAM or SOCK_DGRAM
 * @name:	host name in lower case, or NULL
 * @address:	where @name is NULL: IPv6, or IPv4 v4-mapped
 * @port:	host byte order
 */
struct destination {
	int type;
	const char *name;
	guint8 address[16];
	guint16 port;
};

enum name_fate {
	NAME_DIRECT,  /* not ours: the system's own resolver */
	NAME_FLAGGED, /* looked up by the module, and gets a stand-in address */
	NAME_REFUSED, /* not looked up at all */
};

/**
 * route_match() - the route that a socket takes
 *
 * Return: the route; NULL where none applies, not even [default]: direct.
 */
const struct route *route_match(const struct settings *settings, const struct asker *asker,
				const struct destination *destination);

/* route_names_host() - does the `host` of a route name this? @name: as for route_name_fate() */
bool route_names_host(const struct route *route, const char *name);

/**
 * route_address_is_direct() - is an address none that the module is for, or that is refused?
 * @address:	as from eswrap_map_address(), none of a stand-in
 *
 * Return: false when a route names it, whatever the port, and does not lead to it directly.
 */
bool route_address_is_direct(const struct settings *settings, const struct asker *asker,
			     const guint8 address[16]);

/**
 * route_name_fate() - what becomes of a look-up
 * @name:	in lower case, without a dot at the end; need not be well-formed
 * @by:		the route that decided
 */
enum name_fate route_name_fate(const struct settings *settings, const struct asker *asker,
			       const char *name, const struct route **by);

/* route_flags_names() - is there a name that is not direct, for anybody? */
bool route_flags_names(const struct settings *settings);

/**
 * route_misses() - which of a route's conditions does not hold for a socket?
 *
 * Return: the first of them, in words, to be freed: "port = 8883 does not hold"; NULL: all hold
 */
char *route_misses(const struct route *route, const struct asker *asker,
		   const struct destination *destination);

/* route_far_port() - the port of the far end, for a program that connects to @port */
guint16 route_far_port(const struct route *route, guint16 port);

/* route_admits() - do its `user` and `mark` let him use it? What he calls his program proves nothing */
bool route_admits(const struct route *route, const struct asker *asker);

/* route_find() - the route of that name ("default" is [default]), or NULL */
const struct route *route_find(const struct settings *settings, const char *name);

/* route_takes() - does a `through` take sockets of this type? */
bool route_takes(enum route_through through, int type);

#endif
