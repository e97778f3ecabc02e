/* SPDX-License-Identifier: MIT */
/*
 * The line to the module, as the scheduler sees it: one operation at a time, and a clock.
 *
 * The real one (line_new()) is the driver's module and the main loop's timers. A unit test brings one
 * of its own, in which time passes when the test says so.
 */
#ifndef ESWRAPD_LINE_H
#define ESWRAPD_LINE_H

#include <glib.h>
#include <stdbool.h>

#include "eswifi/eswifi.h"

struct line;
struct timers;

/* The end of an operation; @result and @text as eswifi_done has them. */
typedef void (*line_done)(int result, const char *text, gpointer user);
/* The end of a read; @result and @data as eswifi_read_done has them. */
typedef void (*line_read_done)(int result, const guint8 *data, gpointer user);

/**
 * struct line_ops - what a line can do
 * @now:	monotonic time, us
 * @kick:	there is work again: sched_next() is to be called soon, if the line is free
 * @wake:	as @kick, at @when (monotonic, us) and not before; -1: never. The last call counts
 * @empty_is_dear: a read that finds nothing costs a guard time, because the module does not count (R4)
 * @open, @send, @read, @close, @keep_alive: the eswifi_*() functions of these names: 0, and @done is called later,
 *		never from within; or a negative errno, and it is not
 */
struct line_ops {
	gint64 (*now)(struct line *line);
	void (*kick)(struct line *line);
	void (*wake)(struct line *line, gint64 when);
	bool (*empty_is_dear)(struct line *line);
	int (*open)(struct line *line, guint socket, const struct eswifi_target *target,
		    line_done done, gpointer user);
	int (*send)(struct line *line, guint socket, const guint8 *data, gsize size, line_done done,
		    gpointer user);
	int (*read)(struct line *line, guint socket, guint wait_ms, line_read_done done,
		    gpointer user);
	int (*close)(struct line *line, guint socket, line_done done, gpointer user);
	int (*keep_alive)(struct line *line, guint socket, guint ms, line_done done, gpointer user);
};

/* struct line - begins whatever struct the line's maker has */
struct line {
	const struct line_ops *ops;
};

/* line_new() - the line of a module, which must outlive it, as @timers must */
struct line *line_new(struct eswifi_module *module, struct timers *timers);
void line_free(struct line *line);

#endif
