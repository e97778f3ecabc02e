/* SPDX-License-Identifier: MIT */
/*
 * Does anything work any more?
 *
 * Modules get into states in which they answer every command and do nothing: no start succeeds, or
 * no name is found, until they are reset [ST, AFR, Zephyr #25600]. One failed start says nothing,
 * and neither do many to one server. So failures are counted that follow one another without any
 * success, and what they were about.
 */
#ifndef ESWIFI_HEALTH_H
#define ESWIFI_HEALTH_H

#include <glib.h>
#include <stdbool.h>

/* So many failures in a row, of so many different targets, over this time at the least. */
#define HEALTH_FAILURES	 6
#define HEALTH_TARGETS	 3
#define HEALTH_PERIOD_US (15 * (gint64)G_USEC_PER_SEC)

/* Between resets for this reason: first, and longest. */
#define HEALTH_BACKOFF_FIRST_US (60 * (gint64)G_USEC_PER_SEC)
#define HEALTH_BACKOFF_LAST_US	(3600 * (gint64)G_USEC_PER_SEC)

/**
 * struct health - zero it to begin
 * @failures:	in a row
 * @seen, @different:	hashes of what they were about
 * @since:	when the first of them ended, monotonic us
 * @not_before:	when the next reset is allowed, monotonic us
 * @backoff:	what is added then
 */
struct health {
	guint failures, different;
	guint seen[HEALTH_TARGETS];
	gint64 since, not_before, backoff;
};

/* health_good() - something has worked */
void health_good(struct health *health);

/**
 * health_bad() - a start, or a look-up, has failed
 * @what:	host and port, or the name
 * @now:	monotonic us
 *
 * Return: nothing works any more, and the module may be reset for it now.
 */
bool health_bad(struct health *health, const char *what, gint64 now);

#endif
