/* SPDX-License-Identifier: MIT */
/* Names looked up by the module (D0). */
#ifndef ESWRAPD_LOOKUP_H
#define ESWRAPD_LOOKUP_H

#include <glib.h>
#include <sys/types.h>

struct accounts;
struct lookups;
struct lookup_asker;
struct sched;
struct timers;

enum lookup_result {
	LOOKUP_FOUND,
	LOOKUP_UNKNOWN, /* the module says so */
	LOOKUP_AGAIN,	/* no answer in time */
	LOOKUP_PENDING, /* will be told later */
};

typedef void (*lookup_done)(enum lookup_result result, gpointer user);

struct lookups *lookups_new(struct sched *sched, struct accounts *accounts, struct timers *timers);
void lookups_free(struct lookups *lookups);

/**
 * lookup_ask() - does a name exist?
 * @uid:	who asks
 * @name:	as name_clean() leaves it
 * @done:	called later, once, if this returns LOOKUP_PENDING
 * @asker:	set with LOOKUP_PENDING; for lookup_cancel()
 *
 * The module needs a socket for it that is not open: where none is, it waits for one as a connect does,
 * up to its own deadline, which is LOOKUP_AGAIN. Nothing is said of a name that was not looked up.
 */
enum lookup_result lookup_ask(struct lookups *lookups, uid_t uid, const char *name,
			      lookup_done done, gpointer user, struct lookup_asker **asker);

/* lookup_cancel() - @done is not called any more */
void lookup_cancel(struct lookup_asker *asker);

#endif
