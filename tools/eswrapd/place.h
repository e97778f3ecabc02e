/* SPDX-License-Identifier: MIT */
/*
 * What stream flows and datagram flows have in common: where they lead, in words and as sockets'
 * names, and their rows in `status`.
 */
#ifndef ESWRAPD_PLACE_H
#define ESWRAPD_PLACE_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "config/route.h"
#include "config/settings.h"
#include "eswrap/wire.h"
#include "wire/name.h"

struct accounts;
struct eswifi_identity;
struct poller;
struct presence;
struct responder;
struct sched;
struct tallies;
struct timers;

/* struct flow_parts - whom flows work with; all outlive them */
struct flow_parts {
	const struct settings *settings;
	const struct eswifi_identity *identity;
	struct sched *sched;
	struct accounts *accounts;
	struct tallies *tallies;
	struct poller *poller;
	struct timers *timers;
	struct presence *presence;
	struct responder *responder;
};

/**
 * struct flow_request - what a flow is to be
 * @route:	tls or tcp (udp for a datagram flow); NULL: a name server, which the broker itself is, or
 *		@direct
 * @direct:	by the program's own socket, which a datagram flow has kept
 * @dest:	as the program gave it
 * @family:	of the program's socket
 * @name:	host name behind a stand-in, or NULL: the address of @dest
 * @keep_alive:	s between the probes of TCP that the program asked for; 0: for none
 * @asker:	who it is for
 * @forced:	of a name server: the route of -r; "": none
 * @socket:	of a name server or a datagram flow: the program's own, for what is direct; -1: none
 * @serves:	of a datagram flow: whoever sends to that is to be heard
 */
struct flow_request {
	const struct route *route;
	struct eswrap_endpoint dest;
	int family;
	const char *name;
	guint32 keep_alive;
	struct asker asker;
	const char *forced;
	int socket;
	bool direct, serves;
};

/* What `status` says in place of a route where the broker itself answers. */
#define NAMES_ROUTE "(names)"
/* ... and where it hands on what is direct. */
#define DIRECT_ROUTE "(direct)"

/**
 * place_host() - what the module is given: the name, or the IPv4 address in text
 *
 * Return: to be freed.
 */
char *place_host(const struct flow_request *request);

/**
 * endpoint_text() - "HOST:PORT" for messages
 * @name:	host name, or NULL: the address of @endpoint
 *
 * Return: to be freed.
 */
char *endpoint_text(const char *name, const struct eswrap_endpoint *endpoint);

/* bind_name() - bind a socket to one of the names of wire.h; Return: 0 or a negative errno */
int bind_name(int fd, const struct eswrap_name *name);

/**
 * struct flow_summary - one row of `status`
 * @socket:	the module's, or -1
 * @pid:	of the process that asked for it; 0: one that is not seen from here
 * @age:	us
 * @sent, @received:	bytes
 */
struct flow_summary {
	const char *to, *route, *state, *program;
	int socket;
	uid_t uid;
	pid_t pid;
	gint64 age;
	guint64 sent, received;
};

/* flow_summary_add() - add one "a{sv}" to a builder of "aa{sv}" */
void flow_summary_add(GVariantBuilder *list, const struct flow_summary *summary);

#endif
