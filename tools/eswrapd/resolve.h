/* SPDX-License-Identifier: MIT */
/* Names that programs ask for, by whatever way: are they the module's, and what stands for them? */
#ifndef ESWRAPD_RESOLVE_H
#define ESWRAPD_RESOLVE_H

#include <glib.h>
#include <stdbool.h>

#include "config/route.h"
#include "eswrap/wire.h"

struct lookups;
struct names;
struct resolving;

/* struct resolve_parts - who is asked; all outlive it */
struct resolve_parts {
	const struct settings *settings;
	struct names *names;
	struct lookups *lookups;
};

/**
 * struct resolve_question - who asks for what
 * @route:	of -r; "": none; for one that the configuration does not have all names are refused
 * @name:	as the program gave it, unchecked
 * @local:	the asker's machine knows the name by itself (ESWRAP_RESOLVE_LOCAL)
 */
struct resolve_question {
	struct asker asker;
	const char *route;
	const char *name;
	bool local;
};

/* @reply: as for ESWRAP_RESOLVE, without its magic */
typedef void (*resolve_done)(const struct eswrap_reply *reply, gpointer user);

/* resolve_is_nobodys() - an address, or localhost: direct, whatever the routes say */
bool resolve_is_nobodys(const char *name);

/**
 * resolve_ask() - what becomes of a name
 * @reply:	filled in where this returns NULL: verdict, and error or addresses; else its verdict is 0
 * @done:	called later, once, where it does not
 *
 * What is direct, and what is refused, is known at once.
 *
 * Return: for resolve_cancel(); NULL: the answer stands in @reply.
 */
struct resolving *resolve_ask(const struct resolve_parts *parts,
			      const struct resolve_question *question, struct eswrap_reply *reply,
			      resolve_done done, gpointer user);

/* resolve_cancel() - @done is not called any more */
void resolve_cancel(struct resolving *resolving);

/**
 * resolve_at_once() - the stand-in of a name that is being looked up, before it is known to exist
 *
 * As when no socket is free: the connect that follows looks it up itself.
 */
void resolve_at_once(struct resolving *resolving, struct eswrap_reply *reply);

/* resolve_is_direct() - would nobody but the system's own resolver be asked? Nothing is begun */
bool resolve_is_direct(const struct resolve_parts *parts, const struct resolve_question *question);

/**
 * resolve_address() - what is an address called?
 * @question:	@name does not count
 * @reply:	as for ESWRAP_REVERSE
 */
void resolve_address(const struct resolve_parts *parts, const struct resolve_question *question,
		     const struct eswrap_endpoint *address, struct eswrap_reply *reply);

#endif
