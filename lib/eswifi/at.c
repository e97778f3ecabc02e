// SPDX-License-Identifier: MIT
/*
 * One command at a time, and what the module says by itself.
 *
 * DOC: Theory of Operation
 *
 *	IDLE		nothing is asked of the module; what comes is a message, or noise
 *	WAITING		a command is out, the answer has not come or is not whole
 *	GUARD		what has come is an answer, unless more follows within the guard time
 *	ECHO		the same, and a question has been asked whose answer tells
 *	LISTENING	everything that comes is dropped, until nothing has for a while
 *
 * at_send() takes IDLE to WAITING. Each time that bytes come, frame_parse() looks at all that came:
 * COMPLETE and BAD end the command, CANDIDATE goes to GUARD or ECHO, MORE goes (back) to WAITING.
 * See frame.c which answers leave a doubt.
 *
 * The guard must not be shorter than asked for, and when it has passed, the descriptor is read once
 * more: if this process was kept from running, the bytes that show that the answer goes on have
 * long been waiting. The same is done before a command goes out, so that bytes which came before it
 * are noise and never its answer: only a message may have begun before.
 *
 * Where a line may pause for any time, as a network does that has lost a packet, silence proves
 * nothing. There the command brings an echo: a second command whose answer nobody can know who has
 * not seen it. The module answers in order, so what comes before that answer is the first one's.
 *
 * A payload that does not get out for as long as the module waits for it (S2) is not its end: the
 * module may have taken the rest for commands. So a write that stalls is a fault.
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

#include "message.h"
#include "secret/secret.h"

#define BITS_PER_BYTE	10
#define LINE_MAX_SIZE	512
#define IN_SIZE		(FRAME_MAX + 1)
#define TEXT_SIZE	(FRAME_MAX + 1)
#define OUT_SIZE	(LINE_MAX_SIZE + ESWIFI_CREDENTIAL_MAX)
#define USEC_PER_MSEC	1000
#define LENGTH(literal) (sizeof(literal) - 1)

enum at_state { AT_IDLE, AT_WAITING, AT_GUARD, AT_ECHO, AT_LISTENING };

struct at {
	const struct at_ops *ops;
	struct eswifi_counters *counters;
	gpointer user;
	struct port *port;
	guint baud, guard_setting_us, guard_us;
	enum at_state state;

	GSource *readable, *writable, *expired;
	int timer_fd;
	gint64 armed;	    /* when the timer fires, 0: never; monotonic, microseconds */
	gint64 deadline;    /* when it has a meaning */
	gint64 patience_us; /* how long the first byte of the answer may take */
	gint64 answer_us;   /* until when that is; 0: the command is not out yet */
	gint64 limit_us;    /* LISTENING: when to give up */
	gint64 silence_us;
	bool traced;
	bool message_ok; /* behind the last message */
	bool write_failed;
	bool stale; /* bytes were there before the command: it was not sent */

	struct frame_shape shape;
	bool secret, has_payload;
	gsize early; /* bytes of a message that came before the command */
	at_done done;
	at_heard heard;
	char echo_question[AT_ECHO_MAX];
	char echo_answer[AT_ECHO_MAX + sizeof(PROTOCOL_HEADER PROTOCOL_TRAILER)];

	/* Memory for secrets: passphrases and keys go out, and C? brings the passphrase back. */
	guint8 *in, *out;
	char *text;
	guint8 rest[4 * MESSAGE_MAX];
	gsize in_size, heard_bytes, rest_size;
	gsize out_size, out_sent;
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

static void transmit(struct at *at);

static bool ends_in(const struct at *at, const char *literal)
{
	gsize length = strlen(literal);

	return at->in_size >= length && memcmp(at->in + at->in_size - length, literal, length) == 0;
}

static void wipe_answer(struct at *at)
{
	explicit_bzero(at->in + at->in_size, IN_SIZE - at->in_size);
	explicit_bzero(at->text, TEXT_SIZE);
}

static void to_idle(struct at *at)
{
	drop_source(&at->writable);
	if (at->secret)
		explicit_bzero(at->out, at->out_size);
	at->secret = false;
	at->stale = false;
	at->has_payload = false;
	at->early = 0;
	at->echo_question[0] = '\0';
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

static void trace(struct at *at, enum eswifi_trace_kind kind, const char *text, gsize size)
{
	const struct eswifi_trace event = {
		.kind = kind, .text = text, .size = size, .address = ""
	};

	if (at->traced)
		at->ops->trace(&event, at->user);
}

/* What is secret is cut off behind the name of the command. */
static void trace_command(struct at *at, const struct at_request *request)
{
	gsize length =
		request->secret ? strcspn(request->line, "=\r") : strcspn(request->line, "\r");
	g_autofree char *line = NULL;
	struct eswifi_trace event = {
		.kind = ESWIFI_TRACE_COMMAND,
		.data = request->secret ? NULL : request->payload,
		.size = request->size,
		.hidden = request->secret && request->line[length] == '=',
		.address = "",
	};

	if (!at->traced)
		return;
	line = g_strndup(request->line, length);
	event.text = line;
	at->ops->trace(&event, at->user);
}

static void trace_answer(struct at *at, const struct at_reply *reply, bool secret)
{
	struct eswifi_trace event = {
		.kind = ESWIFI_TRACE_ANSWER,
		.text = secret ? "" : reply->text,
		.size = secret ? 0 : reply->size,
		.hidden = secret && reply->size,
		.failed = reply->error || !reply->ok,
		.address = "",
	};

	if (!at->traced)
		return;
	if (reply->error)
		event.text = reply->error == -ETIMEDOUT ? "no answer" : "not an answer to this";
	else if (at->shape.kind != FRAME_TEXT && !secret && reply->ok)
		event.data = reply->data;
	at->ops->trace(&event, at->user);
}

/* Tell of each message among these bytes. Return: whether one says that our bytes were lost. */
static bool report_messages(struct at *at, const guint8 *in, gsize size)
{
	static const char ok[] = "\r\nOK\r\n> ";
	bool lost = false;
	char *line;

	at->message_ok = size >= LENGTH(ok) && memcmp(in + size - LENGTH(ok), ok, LENGTH(ok)) == 0;
	while ((line = message_line(&in, &size))) {
		lost = lost || message_is_transfer_error(line);
		trace(at, ESWIFI_TRACE_MESSAGE, line, strlen(line));
		at->ops->message(line, at->user);
		g_free(line);
	}
	return lost;
}

/* What came while nothing was asked: messages, the beginning of one, or noise. */
static void judge_idle(struct at *at)
{
	gsize used;
	enum message_verdict verdict = message_parse(at->in, at->in_size, false, &used);

	if (verdict == MESSAGE_NONE) {
		trace(at, ESWIFI_TRACE_NOISE, "", at->in_size);
		at->in_size = 0;
		at->ops->noise(at->user);
		return;
	}
	if (verdict == MESSAGE_WHOLE) {
		report_messages(at, at->in, used);
		at->in_size -= used;
		memmove(at->in, at->in + used, at->in_size);
		if (at->in_size) {
			judge_idle(at);
			return;
		}
	}
	if (at->in_size)
		arm(at, g_get_monotonic_time() + TIMEOUT_STALL_MS * USEC_PER_MSEC);
}

/* The rest of a message did not come. It may be one without an end of its own. */
static void give_up_message(struct at *at)
{
	gsize size = at->in_size;
	bool line = size > 2 && memcmp(at->in + size - 2, PROTOCOL_HEADER, 2) == 0;

	at->in_size = 0;
	if (line)
		report_messages(at, at->in, size);
	else if (size)
		at->ops->noise(at->user);
}

/* Behind the answer a message may have begun. The answer's bytes are still in use. */
static void keep_rest(struct at *at, gsize from)
{
	at->rest_size = MIN(at->in_size - from, sizeof(at->rest));
	memcpy(at->rest, at->in + from, at->rest_size);
}

static bool take_rest(struct at *at)
{
	memcpy(at->in, at->rest, at->rest_size);
	at->in_size = at->rest_size;
	at->rest_size = 0;
	return at->in_size > 0;
}

/* The reply points into the buffers, which are therefore wiped only after @done. */
static void finish(struct at *at, int error, const struct frame *frame)
{
	struct at_reply reply = { .error = error, .text = "", .echoed = at->state == AT_ECHO };
	at_done done = at->done;
	bool secret = at->secret;

	if (frame) {
		reply.ok = frame->ok;
		reply.gone = frame->gone;
		reply.messages = frame->messages;
		reply.data = frame->data;
		reply.size = frame->size;
		reply.raw = at->in;
		reply.raw_size = frame->end;
		if (at->shape.kind == FRAME_TEXT || !frame->ok) {
			make_text(at, frame);
			reply.text = at->text;
		}
		keep_rest(at, frame->end);
		if (report_messages(at, at->in, frame->start) && at->has_payload)
			reply.error = -EPROTO;
	}
	trace_answer(at, &reply, secret);
	to_idle(at);
	done(&reply, at->user);
	if (secret)
		wipe_answer(at);
	if (at->state == AT_IDLE && at->port && take_rest(at))
		judge_idle(at);
}

static void stop_listening(struct at *at, bool silent)
{
	guint8 tail[AT_TAIL_MAX];
	struct at_sounds sounds = {
		.silent = silent,
		.bytes = at->heard_bytes,
		.tail = tail,
		.tail_size = at->in_size,
	};
	at_heard heard = at->heard;

	memcpy(tail, at->in, at->in_size);
	sounds.prompt = ends_in(at, PROTOCOL_PROMPT);
	sounds.answer = ends_in(at, PROTOCOL_TRAILER);
	to_idle(at);
	heard(&sounds, at->user);
}

static void ask_for_echo(struct at *at, gint64 now)
{
	const struct at_request question = { .line = at->echo_question };
	gsize length = strlen(at->echo_question);

	trace_command(at, &question);
	memcpy(at->out, at->echo_question, length);
	at->out_size = length;
	at->out_sent = 0;
	at->state = AT_ECHO;
	at->counters->commands++;
	arm(at, now + TIMEOUT_COMMAND_MS * USEC_PER_MSEC + line_time_us(at, length));
	transmit(at);
}

/* The answer to the question behind it has come, or more of what comes before it. */
static void judge_echo(struct at *at)
{
	gsize length = strlen(at->echo_answer), whole = 0, used;
	const guint8 *echo = memmem(at->in, at->in_size, at->echo_answer, length);
	enum frame_verdict verdict = FRAME_BAD;
	struct frame frame;

	if (!echo) {
		arm(at, g_get_monotonic_time() + TIMEOUT_COMMAND_MS * USEC_PER_MSEC);
		if (at->in_size == IN_SIZE)
			finish(at, -EPROTO, NULL);
		return;
	}
	whole = (gsize)(echo - at->in);
	verdict = frame_parse(at->in, whole, &at->shape, &frame);
	if ((verdict != FRAME_COMPLETE && verdict != FRAME_CANDIDATE) || frame.end != whole ||
	    (whole + length < at->in_size &&
	     message_parse(echo + length, at->in_size - whole - length, false, &used) ==
		     MESSAGE_NONE)) {
		finish(at, -EPROTO, NULL);
		return;
	}
	frame.end += length;
	finish(at, 0, &frame);
}

static void parse_received(struct at *at)
{
	enum frame_verdict verdict;
	struct frame frame;
	gint64 now = g_get_monotonic_time();

	if (at->state == AT_ECHO) {
		judge_echo(at);
		return;
	}
	verdict = frame_parse(at->in, at->in_size, &at->shape, &frame);
	/* An answer that began before the command was out cannot be its answer. */
	if (verdict == FRAME_COMPLETE || verdict == FRAME_CANDIDATE) {
		if (at->out_sent < at->out_size || frame.start < at->early)
			verdict = FRAME_BAD;
	}
	switch (verdict) {
	case FRAME_MORE:
		at->state = AT_WAITING;
		if (frame.start && frame.start == at->in_size)
			arm(at, MAX(at->answer_us, now + TIMEOUT_STALL_MS * USEC_PER_MSEC));
		else if (at->out_sent == at->out_size)
			arm(at, now + TIMEOUT_STALL_MS * USEC_PER_MSEC);
		break;
	case FRAME_CANDIDATE:
		if (*at->echo_question) {
			ask_for_echo(at, now);
			break;
		}
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
	gsize fresh = MIN(size, AT_TAIL_MAX), old = MIN(at->in_size, AT_TAIL_MAX - fresh);
	gint64 now = g_get_monotonic_time();

	at->heard_bytes += size;
	memmove(at->in, at->in + at->in_size - old, old);
	memmove(at->in + old, bytes + size - fresh, fresh);
	at->in_size = old + fresh;
	if (ends_in(at, PROTOCOL_PROMPT))
		arm(at, now + at->silence_us);
	else
		arm(at, MAX(at->deadline, now + at->silence_us));
	if (now >= at->limit_us)
		stop_listening(at, false);
}

static void report_gone(struct at *at, const char *why)
{
	/* Whatever the owner does next, these must not fire again. */
	drop_source(&at->readable);
	at->ops->gone(why, at->user);
}

/* Returns whether anything came, or the port has gone. */
static bool receive(struct at *at)
{
	guint8 other[FRAME_MAX];
	gssize n;

	if (at->state != AT_LISTENING)
		n = port_read(at->port, at->in + at->in_size, IN_SIZE - at->in_size);
	else
		n = port_read(at->port, other, sizeof(other));
	if (n < 0) {
		report_gone(at, n == -ENODEV ? "the other end is gone" : g_strerror(-(int)n));
		return true;
	}
	if (n == 0)
		return false;
	at->counters->bytes_in += (guint64)n;
	if (at->state == AT_LISTENING) {
		keep_listening(at, other, (gsize)n);
		return true;
	}
	at->in_size += (gsize)n;
	if (at->state == AT_IDLE)
		judge_idle(at);
	else
		parse_received(at);
	return true;
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data)
{
	struct at *at = data;

	(void)fd;
	if (!receive(at) && condition & (G_IO_HUP | G_IO_ERR | G_IO_NVAL))
		report_gone(at, "the device has gone");
	return G_SOURCE_CONTINUE;
}

/* The deadline has passed, and nothing more has come. */
static void give_up_waiting(struct at *at)
{
	struct frame frame;

	if (at->state == AT_IDLE)
		give_up_message(at);
	else if (at->state == AT_LISTENING)
		stop_listening(at, true);
	else if (at->state == AT_GUARD &&
		 frame_parse(at->in, at->in_size, &at->shape, &frame) == FRAME_CANDIDATE)
		finish(at, 0, &frame);
	else
		finish(at, -ETIMEDOUT, NULL);
}

static gboolean on_expired(gint fd, GIOCondition condition, gpointer data)
{
	struct at *at = data;
	guint64 times;

	(void)condition;
	if (read(fd, &times, sizeof(times)) != sizeof(times))
		return G_SOURCE_CONTINUE;
	at->armed = 0;
	if (!at->port || (at->state == AT_IDLE && !at->in_size))
		return G_SOURCE_CONTINUE;
	if (at->write_failed)
		report_gone(at, "writing to it failed");
	else if (at->stale)
		finish(at, -EPROTO, NULL);
	else if (g_get_monotonic_time() < at->deadline)
		arm(at, at->deadline);
	else if (!receive(at))
		give_up_waiting(at);
	return G_SOURCE_CONTINUE;
}

/* Write what is left; what does not fit now is written when there is room. */
static gboolean on_writable(gint fd, GIOCondition condition, gpointer data);

/* The last byte is in the port: from now on the module may answer. */
static void await_answer(struct at *at)
{
	drop_source(&at->writable);
	if (at->state == AT_WAITING && at->answer_us == 0) {
		at->answer_us = g_get_monotonic_time() + at->patience_us;
		arm(at, at->answer_us);
	}
}

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
		await_answer(at);
		return;
	}
	/* A write that stalls longer than the module waits for it. */
	if (at->state == AT_WAITING && n > 0)
		arm(at, g_get_monotonic_time() + at_write_wait_ms(at) * USEC_PER_MSEC);
	if (!at->writable) {
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
	at->in = secret_new(IN_SIZE);
	at->out = secret_new(OUT_SIZE);
	at->text = secret_new(TEXT_SIZE);
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
	secret_free(at->in);
	secret_free(at->out);
	secret_free(at->text);
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

void at_set_guard(struct at *at, guint guard_us)
{
	at->guard_setting_us = guard_us;
	at->guard_us = guard_us;
}

bool at_message_ok(const struct at *at)
{
	return at->message_ok;
}

void at_set_traced(struct at *at, bool traced)
{
	at->traced = traced;
}

void at_cancel(struct at *at)
{
	bool secret = at->secret;

	to_idle(at);
	at->rest_size = 0;
	if (secret)
		wipe_answer(at);
}

bool at_busy(const struct at *at)
{
	return at->state != AT_IDLE;
}

guint at_write_wait_ms(const struct at *at)
{
	return PROTOCOL_WRITE_PAUSE + (guint)(line_time_us(at, ESWIFI_PAYLOAD_MAX) / USEC_PER_MSEC);
}

/* What has come unread before the command. Return: false when it is no message's beginning. */
static bool take_early(struct at *at)
{
	enum message_verdict verdict;
	gsize used = 0;
	gssize n;

	if (at->rest_size)
		take_rest(at);
	n = port_read(at->port, at->in + at->in_size, IN_SIZE - at->in_size);
	if (n > 0) {
		at->counters->bytes_in += (guint64)n;
		at->in_size += (gsize)n;
	}
	if (!at->in_size)
		return true;
	verdict = message_parse(at->in, at->in_size, false, &used);
	if (verdict == MESSAGE_NONE)
		return false;
	if (verdict == MESSAGE_WHOLE) {
		report_messages(at, at->in, used);
		at->in_size -= used;
		memmove(at->in, at->in + used, at->in_size);
		if (at->in_size && message_parse(at->in, at->in_size, false, &used) == MESSAGE_NONE)
			return false;
	}
	at->early = at->in_size;
	return true;
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
	at->has_payload = request->size > 0;
	at->shape = request->shape;
	at->secret = request->secret;
	if (request->echo_question) {
		g_strlcpy(at->echo_question, request->echo_question, sizeof(at->echo_question));
		g_snprintf(at->echo_answer, sizeof(at->echo_answer), "%s%s%s", PROTOCOL_HEADER,
			   request->echo_answer, PROTOCOL_TRAILER);
	}
	at->done = done;
	at->state = AT_WAITING;
	if (!take_early(at)) {
		at->stale = true;
		arm(at, g_get_monotonic_time());
		return;
	}
	trace_command(at, request);
	at->counters->commands++;
	at->patience_us = request->timeout_ms * USEC_PER_MSEC + line_time_us(at, at->out_size);
	at->answer_us = 0;
	arm(at, g_get_monotonic_time() + at_write_wait_ms(at) * USEC_PER_MSEC);
	transmit(at);
}

void at_listen(struct at *at, const struct at_listen *listen, at_heard heard)
{
	gint64 now = g_get_monotonic_time();

	g_assert(at->port && at->state == AT_IDLE && listen->size <= OUT_SIZE);
	at->in_size = 0;
	at->rest_size = 0;
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
