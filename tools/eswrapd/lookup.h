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
 * When the module has no socket to spare the answer is LOOKUP_FOUND: waiting for one could take as
 * long as a connection lasts, and the connect that follows looks the name up itself.
 */
enum lookup_result lookup_ask(struct lookups *lookups, uid_t uid, const char *name,
			      lookup_done done, gpointer user, struct lookup_asker **asker);

/* lookup_cancel() - @done is not called any more */
void lookup_cancel(struct lookup_asker *asker);

#endif
