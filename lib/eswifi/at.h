/* SPDX-License-Identifier: MIT */
/*
 * The AT engine: one command at a time on the half-duplex line, or listening to it. Knows framing,
 * messages and time-outs, and nothing of what commands mean.
 */
#ifndef ESWIFI_AT_H
#define ESWIFI_AT_H

#include "eswifi/eswifi.h"
#include "frame.h"
#include "port.h"

struct at;

/* Bytes that listening remembers of the last that came. */
#define AT_TAIL_MAX 128

/* Longest question and answer of an echo. */
#define AT_ECHO_MAX 48

/**
 * struct at_ops - what the engine reports without having been asked
 * @message:	the module said @text by itself; nothing may be sent or cancelled from within
 * @noise:	bytes came while no command was outstanding that are no message; they are dropped
 * @trace:	a command, an answer, a message or noise, where at_set_traced() asks for it
 * @gone:	the port has gone; the command under way gets no reply. The owner detaches it
 */
struct at_ops {
	void (*message)(const char *text, gpointer user);
	void (*noise)(gpointer user);
	void (*trace)(const struct eswifi_trace *trace, gpointer user);
	void (*gone)(const char *why, gpointer user);
};

/**
 * struct at_request - one command
 * @line:	everything up to the payload, with the '\r' or ',' that ends it
 * @payload, @size:	raw bytes behind it; copied
 * @shape:	what the answer looks like
 * @timeout_ms:	until the first byte of the answer, beyond the time of the bytes on the line
 * @secret:	wipe command and answer from memory afterwards
 * @echo_question, @echo_answer:	a command, with its '\r', and its answer's DATA, which the far
 *		end cannot know; shorter than AT_ECHO_MAX. Where only silence could tell that an
 *		answer is whole, this tells. NULL: silence does
 */
struct at_request {
	const char *line;
	const guint8 *payload;
	gsize size;
	struct frame_shape shape;
	guint timeout_ms;
	bool secret;
	const char *echo_question, *echo_answer;
};

/**
 * struct at_reply - the answer
 * @error:	0, -ETIMEDOUT: none came; -EPROTO: nothing that the command can have caused
 * @ok:		with @error 0: OK, else a failure
 * @gone:	counted answers: the mark of a connection that is gone
 * @messages:	raw answers: the bytes may be the module's own message, see frame.h
 * @echoed:	the question behind it has been asked
 * @data, @size:	DATA
 * @raw, @raw_size:	all of it as it came, with what came before it
 * @text:	for text answers and failures: DATA and ERROR's reason in one line of printable
 *		ASCII; else ""
 */
struct at_reply {
	int error;
	bool ok, gone, messages, echoed;
	const guint8 *data, *raw;
	gsize size, raw_size;
	const char *text;
};

/* The end of a command; a new one may be given from within. @reply is valid during the call. */
typedef void (*at_done)(const struct at_reply *reply, gpointer user);

/**
 * struct at_listen - waiting for the line to fall silent
 * @say:	bytes to write first, NULL: none
 * @size:	of @say
 * @first_ms:	how long to wait for anything at all
 * @silence_ms:	how long nothing must follow what came
 */
struct at_listen {
	const char *say;
	gsize size;
	guint first_ms;
	guint silence_ms;
};

/**
 * struct at_sounds - what listening has heard
 * @silent:	false: the line does not stop, SYNC_NOISE_MAX_MS have passed
 * @prompt:	the last that came was a prompt
 * @answer:	and it was the end of an answer
 * @bytes:	how many came
 * @tail, @tail_size:	the last of them, valid during the call
 */
struct at_sounds {
	bool silent, prompt, answer;
	gsize bytes;
	const guint8 *tail;
	gsize tail_size;
};

/* at_heard - the end of at_listen(); @sounds is valid during the call */
typedef void (*at_heard)(const struct at_sounds *sounds, gpointer user);

struct at *at_new(const struct at_ops *ops, struct eswifi_counters *counters, gpointer user);
void at_free(struct at *at);

/* at_attach() - use @port, which is the engine's from now on; @guard_us 0: by the kind of port */
void at_attach(struct at *at, struct port *port, guint baud, guint guard_us);
/* at_detach() - close the port; what is under way ends without a word */
void at_detach(struct at *at);
/* at_port() - Return: the port, NULL when none is attached */
struct port *at_port(const struct at *at);

/* at_set_baud() - the rate of our end and of the time-outs; false where the port cannot do it */
bool at_set_baud(struct at *at, guint baud);

/* at_set_guard() - silence that ends a doubt on this port from now on, us */
void at_set_guard(struct at *at, guint guard_us);

/* at_set_traced() - report everything to at_ops.trace from now on, or nothing */
void at_set_traced(struct at *at, bool traced);

/* at_cancel() - forget the command under way, or stop listening; nothing is called */
void at_cancel(struct at *at);

/* at_busy() - is a command under way, or a listening? */
bool at_busy(const struct at *at);

/* at_message_ok() - the last message that was reported had an OK line behind it */
bool at_message_ok(const struct at *at);

/* at_write_wait_ms() - S2 that lets a payload through, at the rate in use */
guint at_write_wait_ms(const struct at *at);

/* Each needs an attached port and an engine that is not busy. The callback comes later. */
void at_send(struct at *at, const struct at_request *request, at_done done);
void at_listen(struct at *at, const struct at_listen *listen, at_heard heard);

#endif
