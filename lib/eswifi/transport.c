// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of Operation
 *
 * Four sockets, of which P0 selects one. Each operation makes sure of what it needs (socket, R1,
 * R2, S2 and so on) with commands for those things only that are not so already, and then sends
 * the command that it is about: P6=1, S3, R0, P6=0.
 *
 * Reading. "-1" is how R0 says that a connection is gone, and some firmware ends that in OK, like
 * data. With R1=1 the two cannot be confused: data has one byte. And an answer with R1=1 needs no
 * guard time (see frame.c). So a quiet socket, whose last read took everything there was, is read
 * with R1=1 for the first PROBES bytes (the first one alone where the last piece was longer); if
 * there are so many, the rest follows with one large read, and all are handed on together. After a
 * full read the next one is likely to be full too, and R1=1460 is used at once, though only when
 * STREAK full reads have come in a row: until then it costs little to make sure.
 *
 * When "-1" comes where data can have more than one byte, R1=1 asks again: nothing or data, and it
 * was data; "-1", and the connection is gone. What R0 cannot tell then is whether the far end sent
 * "-1" right before it closed, so that these were the only two bytes left after PROBES others or a
 * streak of full reads. It is taken for the mark, which is what it almost always is. Firmware that
 * has shown that it marks the end with ERROR leaves no doubt.
 *
 * UDP has no end, and a datagram that is read with R1=1 would lose its rest: there, data is data.
 *
 * When the module says that a connection failed or is gone, it is asked whether it is still
 * joined (CS) before anybody hears of it: losing the network must not look like an end.
 *
 * Sending. A count that is smaller than what was sent leaves in doubt whether the module has taken
 * the rest for commands; so P0 is sent again, and anything but OK to it is a fault.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "module.h"

#define USEC_PER_MSEC 1000

/* So many full reads in a row show that more is to be had. */
#define STREAK 4

/*
 * So many bytes are read one by one. More make it less likely that "-1" is left alone for the large
 * read, and an odd number makes it impossible for a text of nothing but "-1"; each costs 14 bytes
 * on the line.
 */
#define PROBES 3

/* What D0 found is believed for this long where the same name is opened next. */
#define LOOKUP_AGE_US (10 * G_USEC_PER_SEC)

static const char *const knob_commands[] = {
	[KNOB_PROTOCOL] = "P1",	 [KNOB_PORT] = "P4",	  [KNOB_VERIFY] = "P9",
	[KNOB_READ_SIZE] = "R1", [KNOB_READ_WAIT] = "R2", [KNOB_WRITE_WAIT] = "S2",
};
G_STATIC_ASSERT(G_N_ELEMENTS(knob_commands) == KNOBS);

static struct module_socket *current(struct eswifi_module *module)
{
	return &module->sockets[module->op.socket];
}

static void on_turned(struct eswifi_module *module, const struct at_reply *reply)
{
	if (!reply->ok || reply->size) {
		module_fault(module, -EPROTO, "the module does not take a setting of its sockets");
		return;
	}
	current(module)->knobs[module->op.knob] = module->op.knob_value;
	module->op.step(module);
}

/* Returns whether the knob is so already; if not, the operation's step comes again. */
static bool turn(struct eswifi_module *module, enum knob knob, int value)
{
	int *known = &current(module)->knobs[knob];

	if (*known == value)
		return true;
	*known = -1;
	module->op.knob = knob;
	module->op.knob_value = value;
	module_command(module, TIMEOUT_COMMAND_MS, on_turned, "%s=%d", knob_commands[knob], value);
	return false;
}

static bool host_valid(const char *host)
{
	gsize length = strlen(host);
	gsize i;

	if (length < 1 || length > ESWIFI_HOST_MAX)
		return false;
	for (i = 0; i < length; i++)
		if (!g_ascii_isalnum(host[i]) && !strchr(".-_", host[i]))
			return false;
	return true;
}

static void on_looked_up(struct eswifi_module *module, const struct at_reply *reply)
{
	struct module_socket *socket = current(module);

	if (!reply->ok) {
		module_op_verify(module, -ENOENT, reply->text);
		return;
	}
	if (!wifi_is_address(reply->text)) {
		module_fault(module, -EPROTO, "the answer to D0 is not an address");
		return;
	}
	g_strlcpy(socket->remote, module->op.host, sizeof(socket->remote));
	socket->looked_up = g_get_monotonic_time();
	g_strlcpy(module->op.text, reply->text, sizeof(module->op.text));
	module->op.step(module);
}

static void look_up(struct eswifi_module *module)
{
	current(module)->remote[0] = '\0';
	module_command(module, TIMEOUT_LOOKUP_MS, on_looked_up, "D0=%s", module->op.host);
}

static void lookup_step(struct eswifi_module *module)
{
	if (!module_select(module, module->op.socket))
		return;
	if (*module->op.text)
		module_op_end(module, 0, module->op.text);
	else
		look_up(module);
}

int eswifi_lookup(struct eswifi_module *module, guint socket, const char *host, eswifi_done done,
		  gpointer user)
{
	int r = module_may_start(module, socket);

	if (r)
		return r;
	if (!host_valid(host))
		return -EINVAL;
	module->op.socket = socket;
	module->op.done = done;
	module->op.user = user;
	module->op.text[0] = '\0';
	g_strlcpy(module->op.host, host, sizeof(module->op.host));
	module_op_begin(module, lookup_step);
	return 0;
}

static void on_addressed(struct eswifi_module *module, const struct at_reply *reply)
{
	struct module_socket *socket = current(module);

	if (!reply->ok || reply->size) {
		module_fault(module, -EPROTO, "the module did not take P3");
		return;
	}
	g_strlcpy(socket->remote, module->op.host, sizeof(socket->remote));
	socket->looked_up = 0;
	module->op.step(module);
}

/* Is the remote address so already? */
static bool address(struct eswifi_module *module)
{
	struct module_socket *socket = current(module);
	bool same = strcmp(socket->remote, module->op.host) == 0;

	if (wifi_is_address(module->op.host)) {
		if (same)
			return true;
		socket->remote[0] = '\0';
		module_command(module, TIMEOUT_COMMAND_MS, on_addressed, "P3=%s", module->op.host);
		return false;
	}
	if (same && g_get_monotonic_time() - socket->looked_up < LOOKUP_AGE_US)
		return true;
	look_up(module);
	return false;
}

static void on_started(struct eswifi_module *module, const struct at_reply *reply)
{
	struct module_socket *socket = current(module);

	if (!reply->ok) {
		module_op_verify(module, -ECONNREFUSED, reply->text);
		return;
	}
	/* The answer names the far end. One that does not is another command's: P6=0 is one bit
	 * away. */
	if (module->op.protocol != ESWIFI_UDP && !reply->size) {
		module_fault(module, -EPROTO, "the answer to P6=1 tells of no connection");
		return;
	}
	socket->stream = module->op.protocol != ESWIFI_UDP;
	socket->full_reads = 0;
	socket->long_pieces = false;
	module_op_end(module, 0, reply->text);
}

static void open_step(struct eswifi_module *module)
{
	struct operation *op = &module->op;

	if (!module_select(module, op->socket) || !turn(module, KNOB_PROTOCOL, (int)op->protocol) ||
	    !turn(module, KNOB_PORT, op->port))
		return;
	if (op->protocol == ESWIFI_TLS &&
	    (!module_activate(module, op->set) || !turn(module, KNOB_VERIFY, (int)op->verify)))
		return;
	if (address(module))
		module_command(module, TIMEOUT_START_MS, on_started, "P6=1");
}

/* A set whose number the module might take for something else must not be selected. */
static void dialect_step(struct eswifi_module *module)
{
	if (module_select(module, module->op.socket))
		module_op_verify(module, -ECONNREFUSED,
				 "the firmware's dialect is not known: set firmware = note or st");
}

int eswifi_open(struct eswifi_module *module, guint socket, const struct eswifi_target *target,
		eswifi_done done, gpointer user)
{
	int r = module_may_start(module, socket);
	struct operation *op = &module->op;

	if (r)
		return r;
	if (!host_valid(target->host) || target->port == 0 ||
	    target->set >= ESWIFI_CREDENTIAL_SETS || target->verify > ESWIFI_VERIFY_REQUIRED)
		return -EINVAL;
	op->socket = socket;
	op->done = done;
	op->user = user;
	g_strlcpy(op->host, target->host, sizeof(op->host));
	op->protocol = target->protocol;
	op->port = target->port;
	op->verify = target->verify;
	op->set = target->set;
	if (op->protocol == ESWIFI_TLS && module->identity.dialect == ESWIFI_FIRMWARE_AUTO)
		module_op_begin(module, dialect_step);
	else
		module_op_begin(module, open_step);
	return 0;
}

static bool is_gone(const struct at_reply *reply)
{
	return reply->size == strlen(PROTOCOL_GONE) &&
	       memcmp(reply->data, PROTOCOL_GONE, reply->size) == 0;
}

static void on_sent(struct eswifi_module *module, const struct at_reply *reply)
{
	guint64 count;

	if (is_gone(reply)) {
		module_op_verify(module, -EPIPE, NULL);
		return;
	}
	if (!reply->ok) {
		/* The payload may have been taken for commands: the answer to P0 will tell. */
		module->selected = -1;
		module_op_verify(module, -ECONNRESET, reply->text);
		return;
	}
	if (!g_ascii_string_to_unsigned(reply->text, 10, 0, module->op.size, &count, NULL)) {
		module_fault(module, -EPROTO, "the answer to S3 is not a count");
		return;
	}
	if (count < module->op.size)
		module->selected = -1;
	module_op_end(module, (int)count, NULL);
}

static void send_step(struct eswifi_module *module)
{
	struct operation *op = &module->op;
	bool padded = module->identity.dialect == ESWIFI_FIRMWARE_ST;
	struct at_request request = {
		.payload = op->data,
		.size = op->size,
		.timeout_ms = TIMEOUT_SEND_MS,
	};
	char line[16];

	if (!module_select(module, op->socket) ||
	    !turn(module, KNOB_WRITE_WAIT, (int)at_write_wait_ms(module->at)))
		return;
	g_snprintf(line, sizeof(line), padded ? "S3=%04zu\r" : "S3=%zu\r", op->size);
	request.line = line;
	module_request(module, &request, on_sent);
}

int eswifi_send(struct eswifi_module *module, guint socket, const guint8 *data, gsize size,
		eswifi_done done, gpointer user)
{
	int r = module_may_start(module, socket);

	if (r)
		return r;
	if (size < 1 || size > ESWIFI_PAYLOAD_MAX)
		return -EINVAL;
	module->op.socket = socket;
	module->op.done = done;
	module->op.user = user;
	module->op.size = size;
	memcpy(module->op.data, data, size);
	module_op_begin(module, send_step);
	return 0;
}

static void take(struct operation *op, const void *data, gsize size)
{
	memcpy(op->data + op->size, data, size);
	op->size += size;
}

/* What came before the end is handed on first; the next read will find the end again. */
static void end_of_stream(struct eswifi_module *module)
{
	if (module->op.size)
		module_op_end(module, (int)module->op.size, NULL);
	else
		module_op_verify(module, -EPIPE, NULL);
}

static void read_on(struct eswifi_module *module, enum read_phase phase, guint limit)
{
	module->op.phase = phase;
	module->op.limit = limit;
	module->op.step(module);
}

/* Everything there was has been read, or as much as goes into one answer. */
static void end_of_piece(struct eswifi_module *module)
{
	struct operation *op = &module->op;

	/* What follows a full read is its end, of any length. */
	if (op->size)
		current(module)->long_pieces = op->size > PROBES && !current(module)->full_reads;
	module_op_end(module, (int)op->size, NULL);
}

static void took_probe(struct eswifi_module *module, const struct at_reply *reply)
{
	struct operation *op = &module->op;

	if (is_gone(reply)) {
		end_of_stream(module);
		return;
	}
	take(op, reply->data, reply->size);
	if (!reply->size)
		end_of_piece(module);
	else if (op->size < PROBES && !current(module)->long_pieces)
		read_on(module, READ_FIRST, PROTOCOL_READ_PROBE);
	else
		read_on(module, READ_REST, PROTOCOL_READ_MAX - (guint)op->size);
}

static void took_bulk(struct eswifi_module *module, const struct at_reply *reply)
{
	struct module_socket *socket = current(module);

	if (is_gone(reply) && socket->stream && !module->gone_is_error) {
		read_on(module, READ_CONFIRM, PROTOCOL_READ_PROBE);
		return;
	}
	socket->full_reads = reply->size == module->op.limit ? socket->full_reads + 1 : 0;
	take(&module->op, reply->data, reply->size);
	end_of_piece(module);
}

static void took_confirmation(struct eswifi_module *module, const struct at_reply *reply)
{
	current(module)->full_reads = 0;
	if (is_gone(reply)) {
		end_of_stream(module);
		return;
	}
	take(&module->op, PROTOCOL_GONE, strlen(PROTOCOL_GONE));
	take(&module->op, reply->data, reply->size);
	module_op_end(module, (int)module->op.size, NULL);
}

static void on_read(struct eswifi_module *module, const struct at_reply *reply)
{
	if (!reply->ok) {
		if (is_gone(reply)) {
			module->gone_is_error = true;
			/* A "-1" that ended in OK just before was data, then. */
			if (module->op.phase == READ_CONFIRM)
				take(&module->op, PROTOCOL_GONE, strlen(PROTOCOL_GONE));
			end_of_stream(module);
		} else {
			/* Whatever it says, it is about this socket. */
			module_op_verify(module, -ECONNRESET, reply->text);
		}
		return;
	}
	/* Whose bytes they are cannot be told: nobody gets them. */
	if (reply->messages) {
		module_op_verify(module, -ECONNRESET, "a message of the module in its data");
		return;
	}
	if (module->op.phase == READ_CONFIRM)
		took_confirmation(module, reply);
	else if (module->op.limit == PROTOCOL_READ_PROBE)
		took_probe(module, reply);
	else
		took_bulk(module, reply);
}

static void read_step(struct eswifi_module *module)
{
	struct operation *op = &module->op;
	struct at_request request = {
		.line = "R0\r",
		.shape = { .kind = FRAME_RAW, .limit = op->limit },
		.timeout_ms = TIMEOUT_COMMAND_MS + op->wait_ms,
	};

	if (module_select(module, op->socket) && turn(module, KNOB_READ_WAIT, (int)op->wait_ms) &&
	    turn(module, KNOB_READ_SIZE, (int)op->limit))
		module_request(module, &request, on_read);
}

int eswifi_read(struct eswifi_module *module, guint socket, guint wait_ms, eswifi_read_done done,
		gpointer user)
{
	int r = module_may_start(module, socket);
	struct operation *op = &module->op;
	const struct module_socket *state;
	bool probe;

	if (r)
		return r;
	state = &module->sockets[socket];
	probe = state->stream && state->full_reads < STREAK;
	op->socket = socket;
	op->read_done = done;
	op->user = user;
	op->size = 0;
	op->wait_ms = CLAMP(wait_ms, PROTOCOL_WAIT_MIN, PROTOCOL_WAIT_MAX);
	op->phase = READ_FIRST;
	op->limit = probe ? PROTOCOL_READ_PROBE : PROTOCOL_READ_MAX;
	module_op_begin(module, read_step);
	return 0;
}

/*
 * ERROR: the far end had closed already, or the module has heard something else, and the socket
 * would stay open for good. So it is said once more.
 */
static void on_closed(struct eswifi_module *module, const struct at_reply *reply)
{
	struct operation *op = &module->op;

	if (reply->ok && reply->size) {
		module_fault(module, -EPROTO, "the answer to P6=0 tells of a connection");
	} else if (!reply->ok && !op->said_twice) {
		op->said_twice = true;
		op->step(module);
	} else {
		module_op_end(module, 0, reply->text);
	}
}

static void close_step(struct eswifi_module *module)
{
	if (module_select(module, module->op.socket))
		module_command(module, TIMEOUT_STOP_MS, on_closed, "P6=0");
}

int eswifi_close(struct eswifi_module *module, guint socket, eswifi_done done, gpointer user)
{
	int r = module_may_start(module, socket);

	if (r)
		return r;
	module->op.socket = socket;
	module->op.done = done;
	module->op.user = user;
	module->op.said_twice = false;
	module_op_begin(module, close_step);
	return 0;
}
