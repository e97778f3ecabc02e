/* SPDX-License-Identifier: MIT */
/*
 * A line without a module: it keeps the operation under way until the test ends it, and time passes
 * on it when the test says so.
 */
#ifndef TESTS_FAKE_LINE_H
#define TESTS_FAKE_LINE_H

#include "eswrapd/line.h"

#define MS G_TIME_SPAN_MILLISECOND

struct sched;

enum what { NOTHING, OPEN, SEND, READ, CLOSE, KEEP_ALIVE };

/**
 * struct fake_line - the only one
 * @now:	us; the test's to move
 * @wake:	as line_ops.wake was told last; -1: never
 * @kicked:	the scheduler has said that there is work
 * @empty_is_dear:	what the line says of its reads
 * @what:	under way, and what it is about: @socket and, by @what, the rest
 * @sent, @size:	SEND: the bytes
 */
extern struct fake_line {
	struct line line;
	struct sched *sched;
	gint64 now, wake;
	bool kicked, empty_is_dear;
	enum what what;
	guint socket, wait_ms, patience_ms, keep_alive_ms;
	guint8 sent[ESWIFI_PAYLOAD_MAX];
	gsize size;
	char host[32];
	line_done done;
	line_read_done read_done;
	gpointer user;
} fake;

/* fake_line_init() - nothing is under way, on the line of @sched */
void fake_line_init(struct sched *sched);

/* fake_now() - for timers_new() */
gint64 fake_now(void);

/* next() - Return: what is under way, after the scheduler was asked if it was nothing */
enum what next(void);

/**
 * end() - what is under way ends
 * @result:	as the line's callbacks have it
 * @took:	us
 */
void end(int result, gint64 took);
/* end_with() - as end(), of an operation that failed: what the module said */
void end_with(int result, const char *text);
/* end_read() - a READ ends with bytes */
void end_read(const void *data, gsize size);

/* until() - ends whatever comes, reads with nothing, until an operation of that kind is under way */
void until(enum what what);

#endif
