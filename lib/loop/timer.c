// SPDX-License-Identifier: MIT
/* Timers: a sequence ordered by when they are due; one that is not set is at its end. */
#include "loop/timer.h"

#define NOT_SET G_MAXINT64

/* struct timers_source - what the main loop knows of them */
struct timers_source {
	GSource source;
	struct timers *timers;
};

struct timers {
	GSequence *all; /* struct timer */
	gint64 (*now)(void);
	struct timers_source *source;
};

static gboolean is_due(const struct timers *timers)
{
	gint64 due = timers_due(timers);

	return due != NOT_SET && due <= timers->now();
}

static gboolean prepare(GSource *source, gint *timeout_ms)
{
	const struct timers *timers = ((struct timers_source *)source)->timers;
	gint64 due = timers_due(timers), left;

	*timeout_ms = -1;
	if (due == NOT_SET)
		return FALSE;
	left = MAX(due - timers->now(), 0);
	*timeout_ms = (gint)MIN((left + 999) / 1000, G_MAXINT);
	return left == 0;
}

static gboolean check(GSource *source)
{
	return is_due(((struct timers_source *)source)->timers);
}

static gboolean dispatch(GSource *source, GSourceFunc callback G_GNUC_UNUSED,
			 gpointer user G_GNUC_UNUSED)
{
	timers_run(((struct timers_source *)source)->timers);
	return G_SOURCE_CONTINUE;
}

static GSourceFuncs funcs = { .prepare = prepare, .check = check, .dispatch = dispatch };

struct timers *timers_new(gint64 (*now)(void))
{
	struct timers *timers = g_new0(struct timers, 1);

	timers->all = g_sequence_new(NULL);
	timers->now = now ? now : g_get_monotonic_time;
	timers->source = (struct timers_source *)g_source_new(&funcs, sizeof(*timers->source));
	timers->source->timers = timers;
	g_source_attach(&timers->source->source, NULL);
	return timers;
}

void timers_free(struct timers *timers)
{
	if (!timers)
		return;
	g_source_destroy(&timers->source->source);
	g_source_unref(&timers->source->source);
	g_sequence_free(timers->all);
	g_free(timers);
}

gint64 timers_now(const struct timers *timers)
{
	return timers->now();
}

gint64 timers_due(const struct timers *timers)
{
	GSequenceIter *first = g_sequence_get_begin_iter(timers->all);

	return g_sequence_iter_is_end(first) ? NOT_SET
					     : ((struct timer *)g_sequence_get(first))->due;
}

void timers_run(struct timers *timers)
{
	gint64 now = timers->now();

	/* What is set from within is due later than @now. */
	while (timers_due(timers) <= now) {
		struct timer *timer = g_sequence_get(g_sequence_get_begin_iter(timers->all));

		timer_stop(timer);
		timer->callback(timer->user);
	}
}

static gint earlier(gconstpointer a, gconstpointer b, gpointer user G_GNUC_UNUSED)
{
	const struct timer *timer = a, *than = b;

	return timer->due < than->due ? -1 : timer->due > than->due;
}

void timer_init(struct timer *timer, struct timers *timers, timer_callback callback, gpointer user)
{
	timer->timers = timers;
	timer->callback = callback;
	timer->user = user;
	timer->due = NOT_SET;
	timer->place = g_sequence_append(timers->all, timer);
}

void timer_clear(struct timer *timer)
{
	if (timer->place)
		g_sequence_remove(timer->place);
	*timer = (struct timer){ .place = NULL };
}

static void move(struct timer *timer, gint64 due)
{
	if (timer->due == due)
		return;
	timer->due = due;
	g_sequence_sort_changed(timer->place, earlier, NULL);
}

void timer_set(struct timer *timer, gint64 when)
{
	move(timer, when);
}

void timer_start(struct timer *timer, gint64 us)
{
	move(timer, timers_now(timer->timers) + MAX(us, 1));
}

void timer_stop(struct timer *timer)
{
	move(timer, NOT_SET);
}

bool timer_is_set(const struct timer *timer)
{
	return timer->place && timer->due != NOT_SET;
}
