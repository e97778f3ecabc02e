// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of Operation
 *
 *	IDLE		nothing is asked of the module; a byte that comes is noise
 *	WAITING		a command is out, the answer has not come or is not whole
 *	GUARD		what has come is an answer, unless more follows within the guard time
 *	LISTENING	everything that comes is dropped, until nothing has for a while
 *
 * at_send() takes IDLE to WAITING. Each time that bytes come, frame_parse() looks at all that came:
 * COMPLETE and BAD end the command, CANDIDATE goes to GUARD, MORE goes (back) to WAITING. The guard
 * applies to short reads alone; see frame.c why no other answer needs it.
 *
 * The guard must not be shorter than asked for, and when it has passed, the descriptor is read once
 * more: if this process was kept from running, the bytes that show that the answer goes on have
 * long been waiting. The same is done before a command goes out, so that bytes which came before it
 * are noise and never its answer.
 *
 * Times below a millisecond count at 3 Mbit/s, and GLib's own time-outs are in milliseconds, so a
 * timerfd measures them. It is set when the deadline moves forward in time, and left alone
 * when the deadline moves away: then it fires early, sees that, and is set again. An ordinary
 * command costs no system call for its time-out.
 */
#include "at.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "frame.h"

#define BITS_PER_BYTE 10
#define LINE_MAX_SIZE 512
#define USEC_PER_MSEC 1000

enum at_state { AT_IDLE, AT_WAITING, AT_GUARD, AT_LISTENING };

struct at {
	const struct at_ops *ops;
	struct eswifi_counters *counters;
	gpointer user;
	struct port *port;
	guint baud, guard_setting_us, guard_us;
	enum at_state state;

	GSource *readable, *writable, *expired;
	int timer_fd;
	gint64 armed;	 /* when the timer fires, 0: never; monotonic, microseconds */
	gint64 deadline; /* when it has a meaning */
	gint64 limit_us; /* LISTENING: when to give up */
	gint64 silence_us;
	bool write_failed;
	bool stale; /* bytes were there before the command: it was not sent */

	guint limit;
	bool secret;
	at_done done;
	at_heard heard;

	guint8 in[FRAME_MAX + 1];
	gsize in_size, heard_bytes;
	guint8 out[LINE_MAX_SIZE + ESWIFI_CREDENTIAL_MAX];
	gsize out_size, out_sent;
	char text[FRAME_MAX + 1];
};

static void arm(struct at *at, gint64 deadline)
{
	struct itimerspec when = { 0 };

	at->deadline = deadline;
	if (at->armed && at->armed <= deadline)
		return;
	at->armed = deadline;
	when.it_value.tv_sec = deadline / G_USEC_PER_SEC;
	when.it_value.tv_nsec = deadline % G_USEC_PER_SEC * 1000;
	timerfd_settime(at->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static gint64 line_time_us(const struct at *at, gsize bytes)
{
	return (gint64)bytes * BITS_PER_BYTE * G_USEC_PER_SEC / at->baud;
}

static void drop_source(GSource **source)
{
	if (!*source)
		return;
	g_source_destroy(*source);
	g_source_unref(*source);
	*source = NULL;
}

static void wipe_answer(struct at *at)
{
	explicit_bzero(at->in, sizeof(at->in));
	explicit_bzero(at->text, sizeof(at->text));
}

static void to_idle(struct at *at)
{
	drop_source(&at->writable);
	if (at->secret)
		explicit_bzero(at->out, at->out_size);
	at->secret = false;
	at->stale = false;
	at->state = AT_IDLE;
	at->in_size = 0;
	at->out_size = 0;
	at->out_sent = 0;
	at->done = NULL;
	at->heard = NULL;
}

static char *append_printable(char *to, const guint8 *from, gsize size)
{
	gsize i;

	for (i = 0; i < size; i++) {
		if (from[i] == '\r')
			continue;
		*to++ = from[i] >= ' ' && from[i] <= '~' ? (char)from[i] : ' ';
	}
	return to;
}

static void make_text(struct at *at, const struct frame *frame)
{
	char *to = append_printable(at->text, frame->data, frame->size);

	if (frame->reason_size) {
		if (to != at->text)
			*to++ = ' ';
		to = append_printable(to, frame->reason, frame->reason_size);
	}
	*to = '\0';
}

/* The reply points into the buffers, which are therefore wiped only after @done. */
static void finish(struct at *at, int error, const struct frame *frame)
{
	struct at_reply reply = { .error = error, .text = "" };
	at_done done = at->done;
	bool secret = at->secret;

	if (frame) {
		reply.ok = frame->ok;
		reply.data = frame->data;
		reply.size = frame->size;
		if (at->limit == 0) {
			make_text(at, frame);
			reply.text = at->text;
		}
	}
	to_idle(at);
	done(&reply, at->user);
	if (secret)
		wipe_answer(at);
}

static void stop_listening(struct at *at, bool silent)
{
	bool prompt = at->in_size == strlen(PROTOCOL_PROMPT) &&
		      memcmp(at->in, PROTOCOL_PROMPT, at->in_size) == 0;
	at_heard heard = at->heard;
	gsize bytes = at->heard_bytes;

	to_idle(at);
	heard(silent, prompt, bytes, at->user);
}

static void judge(struct at *at)
{
	enum frame_verdict verdict;
	struct frame frame;
	gint64 now = g_get_monotonic_time();

	verdict = frame_parse(at->in, at->in_size, at->limit, &frame);
	/* An answer before the command was out cannot be its answer. */
	if (at->out_sent < at->out_size && verdict != FRAME_MORE)
		verdict = FRAME_BAD;
	switch (verdict) {
	case FRAME_MORE:
		at->state = AT_WAITING;
		arm(at, now + TIMEOUT_STALL_MS * USEC_PER_MSEC);
		break;
	case FRAME_CANDIDATE:
		at->state = AT_GUARD;
		arm(at, now + at->guard_us);
		break;
	case FRAME_COMPLETE:
		finish(at, 0, &frame);
		break;
	case FRAME_BAD:
		finish(at, -EPROTO, NULL);
		break;
	}
}

/* Keep the last bytes, which may be a prompt, and start the silence anew. */
static void keep_listening(struct at *at, const guint8 *bytes, gsize size)
{
	gsize keep = strlen(PROTOCOL_PROMPT), old;
	gint64 now = g_get_monotonic_time();

	at->heard_bytes += size;
	old = MIN(at->in_size, keep - MIN(size, keep));
	memmove(at->in, at->in + at->in_size - old, old);
	memmove(at->in + old, bytes + size - MIN(size, keep), MIN(size, keep));
	at->in_size = old + MIN(size, keep);
	if (at->in_size == keep && memcmp(at->in, PROTOCOL_PROMPT, keep) == 0)
		arm(at, now + at->silence_us);
	else
		arm(at, MAX(at->deadline, now + at->silence_us));
	if (now >= at->limit_us)
		stop_listening(at, false);
}

static void lose(struct at *at, const char *why)
{
	/* Whatever the owner does next, these must not fire again. */
	drop_source(&at->readable);
	at->ops->gone(why, at->user);
}

/* Returns whether anything came, or the port has gone. */
static bool receive(struct at *at)
{
	guint8 other[FRAME_MAX];
	bool expected = at->state == AT_WAITING || at->state == AT_GUARD;
	gssize n;

	if (expected)
		n = port_read(at->port, at->in + at->in_size, sizeof(at->in) - at->in_size);
	else
		n = port_read(at->port, other, sizeof(other));
	if (n < 0) {
		lose(at, n == -ENODEV ? "the other end is gone" : g_strerror(-(int)n));
		return true;
	}
	if (n == 0)
		return false;
	at->counters->bytes_in += (guint64)n;
	if (expected) {
		at->in_size += (gsize)n;
		judge(at);
	} else if (at->state == AT_LISTENING) {
		keep_listening(at, other, (gsize)n);
	} else {
		at->ops->noise(at->user);
	}
	return true;
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data)
{
	struct at *at = data;

	(void)fd;
	if (!receive(at) && condition & (G_IO_HUP | G_IO_ERR | G_IO_NVAL))
		lose(at, "the device has gone");
	return G_SOURCE_CONTINUE;
}

static gboolean on_expired(gint fd, GIOCondition condition, gpointer data)
{
	struct at *at = data;
	struct frame frame;
	guint64 times;

	(void)condition;
	if (read(fd, &times, sizeof(times)) != sizeof(times))
		return G_SOURCE_CONTINUE;
	at->armed = 0;
	if (!at->port || at->state == AT_IDLE)
		return G_SOURCE_CONTINUE;
	if (at->write_failed) {
		lose(at, "writing to it failed");
		return G_SOURCE_CONTINUE;
	}
	if (at->stale) {
		finish(at, -EPROTO, NULL);
		return G_SOURCE_CONTINUE;
	}
	if (g_get_monotonic_time() < at->deadline) {
		arm(at, at->deadline);
		return G_SOURCE_CONTINUE;
	}
	if (receive(at))
		return G_SOURCE_CONTINUE;
	if (at->state == AT_LISTENING)
		stop_listening(at, true);
	else if (at->state == AT_GUARD &&
		 frame_parse(at->in, at->in_size, at->limit, &frame) == FRAME_CANDIDATE)
		finish(at, 0, &frame);
	else
		finish(at, -ETIMEDOUT, NULL);
	return G_SOURCE_CONTINUE;
}

/* Write what is left; what does not fit now is written when there is room. */
static gboolean on_writable(gint fd, GIOCondition condition, gpointer data);

static void transmit(struct at *at)
{
	gssize n = port_write(at->port, at->out + at->out_sent, at->out_size - at->out_sent);

	if (n < 0) {
		at->write_failed = true;
		drop_source(&at->writable);
		arm(at, g_get_monotonic_time());
		return;
	}
	at->counters->bytes_out += (guint64)n;
	at->out_sent += (gsize)n;
	if (at->out_sent == at->out_size) {
		drop_source(&at->writable);
	} else if (!at->writable) {
		at->writable = g_unix_fd_source_new(port_fd(at->port), G_IO_OUT);
		g_source_set_callback(at->writable, G_SOURCE_FUNC(on_writable), at, NULL);
		g_source_attach(at->writable, g_main_context_get_thread_default());
	}
}

static gboolean on_writable(gint fd, GIOCondition condition, gpointer data)
{
	struct at *at = data;

	(void)fd;
	(void)condition;
	transmit(at);
	return at->writable ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static GSource *watch(int fd, GUnixFDSourceFunc callback, struct at *at)
{
	GSource *source = g_unix_fd_source_new(fd, G_IO_IN);

	/*
	 * No callback runs the main loop. Not to say so costs two wake-ups of it for each dispatch:
	 * GLib takes the descriptor out of the poll meanwhile.
	 */
	g_source_set_can_recurse(source, TRUE);
	g_source_set_callback(source, G_SOURCE_FUNC(callback), at, NULL);
	g_source_attach(source, g_main_context_get_thread_default());
	return source;
}

struct at *at_new(const struct at_ops *ops, struct eswifi_counters *counters, gpointer user)
{
	struct at *at = g_new0(struct at, 1);

	at->ops = ops;
	at->counters = counters;
	at->user = user;
	at->baud = PROTOCOL_BAUD;
	at->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (at->timer_fd < 0)
		g_error("timerfd_create: %s", g_strerror(errno));
	at->expired = watch(at->timer_fd, on_expired, at);
	return at;
}

void at_free(struct at *at)
{
	at_detach(at);
	drop_source(&at->expired);
	close(at->timer_fd);
	g_free(at);
}

void at_attach(struct at *at, struct port *port, guint baud, guint guard_us)
{
	g_assert(!at->port);
	at->port = port;
	at->guard_setting_us = guard_us;
	at->write_failed = false;
	at->readable = watch(port_fd(port), on_readable, at);
	at_set_baud(at, baud);
}

void at_detach(struct at *at)
{
	if (!at->port)
		return;
	at_cancel(at);
	drop_source(&at->readable);
	port_close(at->port);
	at->port = NULL;
}

struct port *at_port(const struct at *at)
{
	return at->port;
}

bool at_set_baud(struct at *at, guint baud)
{
	if (!port_set_baud(at->port, baud))
		return false;
	at->baud = baud;
	at->guard_us = at->guard_setting_us ? at->guard_setting_us : port_guard_us(at->port, baud);
	return true;
}

void at_cancel(struct at *at)
{
	if (at->secret)
		wipe_answer(at);
	to_idle(at);
}

bool at_busy(const struct at *at)
{
	return at->state != AT_IDLE;
}

void at_send(struct at *at, const struct at_request *request, at_done done)
{
	gsize length = strlen(request->line);

	g_assert(at->port && at->state == AT_IDLE && length <= LINE_MAX_SIZE &&
		 request->size <= ESWIFI_CREDENTIAL_MAX);
	memcpy(at->out, request->line, length);
	if (request->size)
		memcpy(at->out + length, request->payload, request->size);
	at->out_size = length + request->size;
	at->limit = request->limit;
	at->secret = request->secret;
	at->done = done;
	at->state = AT_WAITING;
	if (port_read(at->port, at->in, sizeof(at->in)) > 0) {
		at->stale = true;
		arm(at, g_get_monotonic_time());
		return;
	}
	at->counters->commands++;
	arm(at, g_get_monotonic_time() + request->timeout_ms * USEC_PER_MSEC +
			line_time_us(at, at->out_size));
	transmit(at);
}

void at_listen(struct at *at, const struct at_listen *listen, at_heard heard)
{
	gint64 now = g_get_monotonic_time();

	g_assert(at->port && at->state == AT_IDLE && listen->size <= sizeof(at->out));
	at->heard = heard;
	at->heard_bytes = 0;
	at->state = AT_LISTENING;
	at->silence_us = listen->silence_ms * USEC_PER_MSEC;
	at->limit_us = now + SYNC_NOISE_MAX_MS * USEC_PER_MSEC + listen->first_ms * USEC_PER_MSEC;
	at->out_size = listen->size;
	if (listen->size)
		memcpy(at->out, listen->say, listen->size);
	arm(at, now + MAX(listen->first_ms, listen->silence_ms) * USEC_PER_MSEC +
			line_time_us(at, listen->size));
	if (listen->size)
		transmit(at);
}
