// SPDX-License-Identifier: MIT
/* Replaces the functions by which the broker and the driver learn the time (ld --wrap). */
#include "fuzz/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define BEGINNING  G_GINT64_CONSTANT(1000000000)
#define TURNS_MAX  60
#define POLLED_MAX 64

gint64 __wrap_g_get_monotonic_time(void);
int __wrap_timerfd_create(int clock, int flags);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *when,
			   struct itimerspec *old);
int __wrap_ppoll(struct pollfd *polled, nfds_t count, const struct timespec *timeout,
		 const sigset_t *mask);
int __wrap_anchor_find_buffer(GError **error);
GSource *__wrap_g_timeout_source_new(guint ms);
guint __wrap_g_timeout_add(guint ms, GSourceFunc callback, gpointer user);
guint __wrap_g_timeout_add_seconds(guint s, GSourceFunc callback, gpointer user);

static gint64 now = BEGINNING;
static gint64 armed; /* when the driver's timer is due; 0: it is not */
static int timer_fd = -1;

gint64 __wrap_g_get_monotonic_time(void)
{
	return now;
}

/* There is one, the driver's. */
int __wrap_timerfd_create(int clock G_GNUC_UNUSED, int flags G_GNUC_UNUSED)
{
	armed = 0;
	timer_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return timer_fd;
}

int __wrap_timerfd_settime(int fd G_GNUC_UNUSED, int flags G_GNUC_UNUSED,
			   const struct itimerspec *when, struct itimerspec *old G_GNUC_UNUSED)
{
	armed = when->it_value.tv_sec * G_USEC_PER_SEC + when->it_value.tv_nsec / 1000;
	return 0;
}

int __wrap_ppoll(struct pollfd *polled, nfds_t count, const struct timespec *timeout G_GNUC_UNUSED,
		 const sigset_t *mask G_GNUC_UNUSED)
{
	return poll(polled, count, 0);
}

/* It finds out how this kernel counts, with thousands of system calls. */
int __wrap_anchor_find_buffer(GError **error G_GNUC_UNUSED)
{
	return 0;
}

/* struct timeout - GLib's, by this clock */
struct timeout {
	GSource source;
	gint64 interval, due;
};

static gboolean timeout_prepare(GSource *source, gint *timeout_ms)
{
	const struct timeout *timeout = (struct timeout *)source;
	gint64 left = MAX(timeout->due - now, 0);

	*timeout_ms = (gint)MIN((left + 999) / 1000, G_MAXINT);
	return left == 0;
}

static gboolean timeout_check(GSource *source)
{
	return ((struct timeout *)source)->due <= now;
}

static gboolean timeout_dispatch(GSource *source, GSourceFunc callback, gpointer user)
{
	struct timeout *timeout = (struct timeout *)source;

	timeout->due = now + MAX(timeout->interval, 1000);
	return callback(user);
}

GSource *__wrap_g_timeout_source_new(guint ms)
{
	static GSourceFuncs funcs = { .prepare = timeout_prepare,
				      .check = timeout_check,
				      .dispatch = timeout_dispatch };
	struct timeout *timeout = (struct timeout *)g_source_new(&funcs, sizeof(*timeout));

	timeout->interval = (gint64)ms * 1000;
	timeout->due = now + timeout->interval;
	return &timeout->source;
}

guint __wrap_g_timeout_add(guint ms, GSourceFunc callback, gpointer user)
{
	GSource *source = __wrap_g_timeout_source_new(ms);
	guint id;

	g_source_set_callback(source, callback, user, NULL);
	id = g_source_attach(source, NULL);
	g_source_unref(source);
	return id;
}

guint __wrap_g_timeout_add_seconds(guint s, GSourceFunc callback, gpointer user)
{
	return __wrap_g_timeout_add(s * 1000, callback, user);
}

void clock_begin(void)
{
	now = BEGINNING;
	armed = 0;
}

void clock_turn(void)
{
	guint i;

	for (i = 0; i < TURNS_MAX && g_main_context_iteration(NULL, FALSE); i++)
		;
}

/* Return: ms until a source of the main loop is due; -1: none is */
static gint loop_timeout(void)
{
	GMainContext *context = g_main_context_default();
	GPollFD polled[POLLED_MAX];
	gint priority, timeout = -1;

	if (!g_main_context_acquire(context))
		return -1;
	g_main_context_prepare(context, &priority);
	g_main_context_query(context, G_MAXINT, &timeout, polled, POLLED_MAX);
	g_main_context_release(context);
	return timeout;
}

void clock_advance(gint64 most)
{
	const guint64 one = 1;
	gint timeout = loop_timeout();
	gint64 to = now + most;

	if (timeout >= 0)
		to = MIN(to, now + MAX(timeout, 1) * 1000);
	if (armed)
		to = MIN(to, MAX(armed, now));
	now = MAX(now, to);
	if (armed && armed <= now) {
		armed = 0;
		if (write(timer_fd, &one, sizeof(one)) != sizeof(one))
			abort();
	}
	clock_turn();
}
