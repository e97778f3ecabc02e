/* SPDX-License-Identifier: MIT */
/*
 * The AT engine: one command at a time on the half-duplex line, or listening to it. Knows framing,
 * time-outs and nothing of what commands mean.
 */
#ifndef ESWIFI_AT_H
#define ESWIFI_AT_H

#include "eswifi/eswifi.h"
#include "port.h"

struct at;

/**
 * struct at_ops - what the engine reports without having been asked
 * @noise:	bytes came while no command was outstanding; they are dropped
 * @gone:	the port has gone; the command under way gets no reply. The owner detaches it
 */
struct at_ops {
	void (*noise)(gpointer user);
	void (*gone)(const char *why, gpointer user);
};

/**
 * struct at_request - one command
 * @line:	everything up to the payload, with the '\r' or ',' that ends it
 * @payload, @size:	raw bytes behind it; copied
 * @limit:	0: the answer is text; else it is an R0's, and this is R1
 * @timeout_ms:	until the first byte of the answer, beyond the time of the bytes on the line
 * @secret:	wipe command and answer from memory afterwards
 */
struct at_request {
	const char *line;
	const guint8 *payload;
	gsize size;
	guint limit;
	guint timeout_ms;
	bool secret;
};

/**
 * struct at_reply - the answer
 * @error:	0, -ETIMEDOUT: none came; -EPROTO: nothing that the command can have caused
 * @ok:		with @error 0: OK, else ERROR
 * @data, @size:	DATA
 * @text:	for text answers DATA and ERROR's reason in one line of printable ASCII; else ""
 */
struct at_reply {
	int error;
	bool ok;
	const guint8 *data;
	gsize size;
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
 * at_heard - the end of at_listen()
 * @silent:	false: the line does not stop, SYNC_NOISE_MAX_MS have passed
 * @prompt:	the last that came was a prompt
 * @bytes:	how many came
 */
typedef void (*at_heard)(bool silent, bool prompt, gsize bytes, gpointer user);

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

/* at_cancel() - forget the command under way, or stop listening; nothing is called */
void at_cancel(struct at *at);

/* at_busy() - is a command under way, or a listening? */
bool at_busy(const struct at *at);

/* Each needs an attached port and an engine that is not busy. The callback comes later. */
void at_send(struct at *at, const struct at_request *request, at_done done);
void at_listen(struct at *at, const struct at_listen *listen, at_heard heard);

#endif
