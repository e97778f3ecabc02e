/* SPDX-License-Identifier: MIT */
/*
 * The verbs of administrative requests (eswrap/admin.h): who may ask which, and who answers it.
 */
#ifndef ESWRAPD_VERBS_H
#define ESWRAPD_VERBS_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

struct call;
struct client;
struct verbs;

/**
 * struct caller - who asks
 * @administers:	root, the broker's own user, or a member of the admin group: sees all
 * @uid:	the user; one who does not administer sees what is his own
 */
struct caller {
	uid_t uid;
	bool administers;
};

/* A verb starts the work and returns; the call may end later, from the main loop. */
typedef void (*verb_handler)(struct call *call, const struct caller *caller, GVariant *arguments,
			     gpointer user);

/**
 * struct verb - one row of the table
 * @name:	as in the request
 * @anybody:	any user may ask it; else those only who administer
 * @handler, @user:	answers it
 */
struct verb {
	const char *name;
	bool anybody;
	verb_handler handler;
	gpointer user;
};

/* verbs_new() - none yet; members of @admin_group administer; (gid_t)-1: there is no such group */
struct verbs *verbs_new(gid_t admin_group);
void verbs_free(struct verbs *verbs);

/* verbs_add() - @count more; the rows stay the caller's and outlive the table */
void verbs_add(struct verbs *verbs, const struct verb *rows, gsize count);

/**
 * verbs_ask() - a client has asked
 * @data, @size:	what follows the header of its request: a serialised ADMIN_REQUEST, unchecked
 *
 * Who asks is looked at before anything of the data is: who does not administer is heard only up to
 * VERBS_PUBLIC_MAX bytes, which is enough for a verb that anybody may ask.
 */
void verbs_ask(struct verbs *verbs, struct client *client, const guint8 *data, gsize size);

/* Bytes of a request that anybody may send. */
#define VERBS_PUBLIC_MAX 1024

#endif
