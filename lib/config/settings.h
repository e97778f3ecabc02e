/* SPDX-License-Identifier: MIT */
/*
 * The configuration file as plain structs: who reads them needs no GKeyFile. (Not config.h, which is
 * Autoconf's.)
 */
#ifndef ESWRAP_CONFIG_SETTINGS_H
#define ESWRAP_CONFIG_SETTINGS_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "config/block.h"
#include "eswifi/eswifi.h"
#include "eswrap/wire.h"

/* Names for these are the words of `through =`, see route_through_name(). */
enum route_through { ROUTE_TLS, ROUTE_TCP, ROUTE_UDP, ROUTE_DIRECT, ROUTE_REFUSE };

struct port_range {
	guint16 first, last;
};

/**
 * struct credentials - [credentials NAME]
 * @name:	NAME
 * @set:	0..3
 * @ca, @certificate, @key:	absolute paths (relative ones are resolved against the file), or
 *				NULL
 * @line:	of the group in the file, for messages
 */
struct credentials {
	char *name;
	guint set;
	char *ca, *certificate, *key;
	guint line;
};

/**
 * struct route - [route NAME] or [default]; conditions that are absent match everything
 * @name:	NAME, or "default"
 * @hosts:	glob patterns in lower case (char *); one of them must match
 * @addresses:	struct address_block
 * @ports:	struct port_range
 * @programs:	names (char *)
 * @users:	uid_t
 * @mark:	SO_MARK, with @has_mark
 * @to_port:	of the far end, where it is not the program's; 0: it is
 * @credentials:	with ROUTE_TLS; NULL where the route names none
 * @line:	of the group in the file, 0 where [default] is not in it
 */
struct route {
	char *name;
	GPtrArray *hosts;
	GArray *addresses;
	GArray *ports;
	GPtrArray *programs;
	GArray *users;
	bool has_mark;
	guint32 mark;
	guint16 to_port;
	enum route_through through;
	enum eswifi_verify verify;
	const struct credentials *credentials;
	guint line;
};

/* What one user may have at most of; the keys `per-user-...` of [broker]. */
enum limit {
	LIMIT_QUESTIONS, /* connections to the control socket that wait for an answer */
	LIMIT_CONNECTS,	 /* stream connects under way; each holds 280 KB of the kernel's memory */
	LIMIT_FLOWS,	 /* stream flows */
	LIMIT_DATAGRAM_FLOWS, /* sockets that send flagged datagrams */
	LIMIT_LOOKUPS,	      /* name look-ups under way */
	LIMIT_NAMES,	      /* stand-in addresses */
	LIMITS
};

/**
 * struct settings - one configuration file
 * @path:	absolute
 * @module:	the driver's settings; @passphrase is read from passphrase-file
 * @routes:	struct route *, in file order; the first that matches wins
 * @fallback:	[default], always there (through = direct unless the file says otherwise)
 * @credentials:	struct credentials *
 * @stand_in:	IPv4 block of the stand-in addresses; 198.18.0.0/15 (RFC 2544) unless configured
 * @state_dir:	where the ledger and the stand-in names live; absolute, may not exist yet
 * @admin_group:	members may use eswrapctl; -1: only root and the broker's own user
 * @connect_timeout:	s that a connect may wait for a socket and for the far end, together
 * @limits:	for one user, by enum limit
 * @unreachable:	programs that preloading does not reach: the launcher asks
 * @half_close_timeout:	s without data after which a half-closed flow is given up
 * @idle_timeout:	s without data after which any flow is given up; 0: never
 * @give_up_idlest_after:	s that a connect waits before the idlest flow is given up; 0: never
 * @user:	that a broker which root has started becomes; NULL: the file does not say
 * @sandbox:	whether the broker forbids itself what it never does
 * @passphrase_file:	absolute, or NULL
 * @passphrase:	of it, in memory for secrets; NULL: there is none
 * @strings:	owns what @module points to
 */
struct settings {
	char *path;
	struct eswifi_settings module;
	GPtrArray *routes;
	struct route *fallback;
	GPtrArray *credentials;
	struct address_block stand_in;
	char *state_dir;
	gid_t admin_group;
	guint connect_timeout;
	guint half_close_timeout;
	guint idle_timeout;
	guint give_up_idlest_after;
	enum eswrap_unreachable unreachable;
	guint limits[LIMITS];
	const char *user, *passphrase_file;
	char *passphrase;
	bool sandbox;
	GPtrArray *strings;
};

/* settings_new() - what a file that says nothing comes to; @path as the user gave it */
struct settings *settings_new(const char *path);
void settings_free(struct settings *settings);

/* route_new() - one that takes everything, and goes out directly; @line: where its group begins */
struct route *route_new(const char *name, guint line);
/* credentials_free() - for lists of them */
void credentials_free(gpointer credentials);

/* limit_names - the keys of the limits, by enum limit */
extern const char *const limit_names[LIMITS];

/* route_through_names - the words of `through =`, by enum route_through; NULL at the end */
extern const char *const route_through_names[];

/* route_through_name() - the word that `through =` has for it */
const char *route_through_name(enum route_through through);

#endif
