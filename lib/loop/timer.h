/* SPDX-License-Identifier: MIT */
/*
 * Timers in microseconds: one ordered queue of them as one source of GLib's main loop, with a clock
 * of its own.
 *
 * A GSource for each timer makes every turn of the loop look at all of them, and
 * g_source_set_ready_time() wakes the loop that it is called from: two system calls for each. A test
 * brings a clock of its own, which stands until the test moves it.
 */
#ifndef ESWRAP_LOOP_TIMER_H
#define ESWRAP_LOOP_TIMER_H

#include <glib.h>
#include <stdbool.h>

struct timers;

/* The timer is not set any more; it may be set again, and be cleared, from within. */
typedef void (*timer_callback)(gpointer user);

/* struct timer - part of its owner's struct; all in it is private, and 0 until timer_init() */
struct timer {
	struct timers *timers;
	GSequenceIter *place;
	gint64 due; /* us; G_MAXINT64: not set */
	timer_callback callback;
	gpointer user;
};

/**
 * timers_new() - no timers yet, attached to the default main context
 * @now:	what time it is, us; NULL: the monotonic clock
 */
struct timers *timers_new(gint64 (*now)(void));
/* timers_free() - none is left that was not cleared */
void timers_free(struct timers *timers);

/* timers_now() - us, by its clock */
gint64 timers_now(const struct timers *timers);
/* timers_due() - when the first is due, us; G_MAXINT64: none is set */
gint64 timers_due(const struct timers *timers);
/* timers_run() - call back what is due; the main loop does so by itself */
void timers_run(struct timers *timers);

void timer_init(struct timer *timer, struct timers *timers, timer_callback callback, gpointer user);
/* timer_clear() - stop it and forget the queue; for one that is 0 nothing is done */
void timer_clear(struct timer *timer);

/* timer_set() - call back at @when, us, or as soon as that has passed, instead of when it was set to */
void timer_set(struct timer *timer, gint64 when);
/* timer_start() - as timer_set(), @us from now, at least 1 */
void timer_start(struct timer *timer, gint64 us);
void timer_stop(struct timer *timer);
bool timer_is_set(const struct timer *timer);

#endif
