// SPDX-License-Identifier: MIT
/*
 * What a socket is asked to do: look up, open, send, read, close.
 *
 * DOC: Theory of Operation
 *
 * Four sockets, of which P0 selects one. Each operation makes sure of what it needs (socket, R1,
 * R2, S2 and so on) with commands for those things only that are not so already, and then sends
 * the command that it is about: P6=1, S3, R4 or R0, P6=0.
 *
 * Opening. A socket that was not closed with an OK is closed first: a start that was left over
 * makes the next one fail. Each start of a stream has a local port of its own, so that no server
 * takes it for a connection that it has just closed. An answer that does not speak of a connection
 * is a success too, but it is also what P6=0 is answered, which is one bit away: so a read makes
 * sure.
 *
 * Reading, where the module counts (R4): one command, no doubt. Where it does not (R0): "-1" says
 * that a connection is gone, and some firmware ends that in OK, like data. With R1=1 the two cannot
 * be confused: data has one byte. And an answer with R1=1 needs no guard time (see frame.c). So a
 * quiet socket, whose last read took everything there was, is read with R1=1 for the first PROBES
 * bytes (the first one alone where the last piece was longer); if there are so many, the rest
 * follows with one large read, and all are handed on together. After a full read the next one is
 * likely to be full too, and R1=1460 is used at once, though only when STREAK full reads have come
 * in a row: until then it costs little to make sure. Firmware that ends "-1" with ERROR leaves no
 * such doubt: there R1=1460 is used at once when an answer is expected, and R1=1 to ask a quiet
 * socket, because that costs no guard time when nothing is there.
 *
 * When "-1" comes with OK where data can have more than one byte, R1=1 asks again: nothing or data,
 * and it was data; "-1", and the connection is gone. What R0 cannot tell then is whether the far
 * end sent "-1" right before it closed, so that these were the only two bytes left after PROBES
 * others or a streak of full reads. It is taken for the mark, which is what it almost always is.
 *
 * On a line that may pause for any time (a network), a question behind R0 whose answer only the
 * module can know takes the place of the guard time: D0 with a random address, which is answered
 * with that address.
 *
 * UDP has no end, and a datagram that is read with R1=1 would lose its rest: there, data is data.
 *
 * When the module says that a connection failed or is gone, it is asked whether it is still
 * joined (CS) before anybody hears of it: losing the network must not look like an end.
 *
 * Sending. A count that is smaller than what was sent, or a failure, leaves in doubt whether the
 * module has taken the rest for commands; so P0 is sent again, and anything but OK to it is a
 * fault.
 */
#include "operation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

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

/* Words of a start that is no failure of the far end [FW6]. */
#define WORDS_TLS_IN_USE "In use by socket"
#define WORDS_CONNECTED	 "Already Connected"
/* What an answer to P6=1 says of a stream that is open, and one to P6=0 never [A][FW6]. */
#define WORDS_CONNECT "Connect"
/* Words that an answer to P6=0 cannot have. */
#define WORDS_CONNECTING "Connecting to"

bool operation_failed(struct eswifi_module *module)
{
	const struct operation *op = &module->op;
	g_autofree char *what = g_strdup_printf("%s:%u", op->host, op->port);

	return op->far && health_bad(op->far, what, g_get_monotonic_time());
}

static void note_success(struct eswifi_module *module)
{
	health_good(&module->starts);
	health_good(&module->lookups);
}

guint operation_open_tls(const struct eswifi_module *module)
{
	guint i, count = 0;

	for (i = 0; i < ESWIFI_SOCKETS; i++)
		count += module->sockets[i].open && module->sockets[i].protocol == ESWIFI_TLS;
	return count;
}

/* Looking up. */

static void end_failed(struct eswifi_module *module)
{
	bool hopeless = operation_failed(module);

	session_op_end(module, module->op.end, module->op.text);
	if (hopeless)
		module->news->hopeless(module, "nothing works any more");
}

static void on_failure_verified(struct eswifi_module *module, const struct at_reply *reply)
{
	if (reply->ok && strcmp(reply->text, "0") == 0)
		module->news->wifi_lost(module);
	else if (reply->ok && strcmp(reply->text, "1") != 0)
		session_fault(module, -EPROTO, "the answer to CS is neither 0 nor 1");
	else
		end_failed(module);
}

/* A look-up or a start has failed: is it the network, or does nothing work any more? */
static void verify_failure(struct eswifi_module *module)
{
	session_command(module, TIMEOUT_COMMAND_MS, on_failure_verified, "CS");
}

static void set_end(struct eswifi_module *module, int result, const char *text)
{
	module->op.end = result;
	g_strlcpy(module->op.text, text, sizeof(module->op.text));
}

static void on_looked_up(struct eswifi_module *module, const struct at_reply *reply)
{
	struct module_socket *socket = session_socket(module);

	if (!reply->ok) {
		set_end(module, -ENOENT, reply->text);
		verify_failure(module);
		return;
	}
	if (!check_is_address(reply->text)) {
		session_fault(module, -EPROTO, "the answer to D0 is not an address");
		return;
	}
	module->op.far = NULL;
	health_good(&module->lookups);
	g_strlcpy(socket->remote, module->op.host, sizeof(socket->remote));
	g_strlcpy(socket->address, reply->text, sizeof(socket->address));
	socket->looked_up = g_get_monotonic_time();
	g_strlcpy(module->op.text, reply->text, sizeof(module->op.text));
	module->op.step(module);
}

static void ask_name(struct eswifi_module *module)
{
	session_socket(module)->remote[0] = '\0';
	module->op.far = &module->lookups;
	session_command(module, TIMEOUT_LOOKUP_MS, on_looked_up, "D0=%s", module->op.host);
}

static void lookup_step(struct eswifi_module *module)
{
	if (!session_select(module, module->op.socket))
		return;
	if (*module->op.text)
		session_op_end(module, 0, module->op.text);
	else
		ask_name(module);
}

static int check_host(const char *host)
{
	if (strlen(host) > ESWIFI_HOST_MAX)
		return -ENAMETOOLONG;
	return check_is_host(host) ? 0 : -EINVAL;
}

int eswifi_lookup(struct eswifi_module *module, guint socket, const char *host, eswifi_done done,
		  gpointer user)
{
	int r = session_may_start(module, socket);

	r = r ? r : check_host(host);
	if (r)
		return r;
	module->op.socket = socket;
	module->op.done = done;
	module->op.user = user;
	module->op.text[0] = '\0';
	module->op.port = 0;
	g_strlcpy(module->op.host, host, sizeof(module->op.host));
	session_op_begin(module, lookup_step);
	return 0;
}

/* Opening. */

static void on_addressed(struct eswifi_module *module, const struct at_reply *reply)
{
	struct module_socket *socket = session_socket(module);

	if (!reply->ok || reply->size) {
		session_fault(module, -EPROTO, "the module did not take P3");
		return;
	}
	g_strlcpy(socket->remote, module->op.host, sizeof(socket->remote));
	g_strlcpy(socket->address, module->op.host, sizeof(socket->address));
	socket->looked_up = 0;
	module->op.step(module);
}

/* Is the remote address so already? */
static bool set_address(struct eswifi_module *module)
{
	struct module_socket *socket = session_socket(module);
	bool same = strcmp(socket->remote, module->op.host) == 0;

	if (check_is_address(module->op.host)) {
		if (same)
			return true;
		socket->remote[0] = '\0';
		session_command(module, TIMEOUT_COMMAND_MS, on_addressed, "P3=%s", module->op.host);
		return false;
	}
	if (same && g_get_monotonic_time() - socket->looked_up < LOOKUP_AGE_US)
		return true;
	ask_name(module);
	return false;
}

/* An answer to P6=0; the socket is closed for sure when it is OK. */
static void note_stop(struct eswifi_module *module, const struct at_reply *reply)
{
	session_socket(module)->closed = reply->ok && !strstr(reply->text, WORDS_CONNECTING);
}

static void on_failed_stopped(struct eswifi_module *module, const struct at_reply *reply)
{
	note_stop(module, reply);
	/* What the module can never have at a time is no failure of the far end. */
	if (module->op.end == -EAGAIN)
		session_op_verify(module, -EAGAIN, module->op.text);
	else
		verify_failure(module);
}

/* The module speaks TLS on fewer sockets than we had thought. */
static void learn_tls_limit(struct eswifi_module *module)
{
	guint limit = MAX(operation_open_tls(module), 1);

	if (limit >= module->firmware.tls_sockets)
		return;
	g_message("the module speaks TLS on %u socket%s at a time", limit, limit == 1 ? "" : "s");
	module->firmware.tls_sockets = limit;
	module->identity.tls_sockets = limit;
}

static void start_failed(struct eswifi_module *module, const char *text)
{
	struct operation *op = &module->op;

	if (strstr(text, WORDS_CONNECTED) && !op->repeated) {
		op->repeated = true;
		op->step(module);
		return;
	}
	if (op->protocol == ESWIFI_TLS && strstr(text, WORDS_TLS_IN_USE) &&
	    operation_open_tls(module) > 0) {
		learn_tls_limit(module);
		set_end(module, -EAGAIN, text);
	} else {
		set_end(module, -ECONNREFUSED, *text ? text : "the module gives no reason");
	}
	session_command(module, TIMEOUT_STOP_MS, on_failed_stopped, "P6=0");
}

static int call_wait(struct eswifi_module *module)
{
	int known = session_socket(module)->knobs[KNOB_CALL_WAIT];

	return known < 0 ? PROTOCOL_CALL_WAIT : known;
}

/* What is good for a connect that others wait behind is too short for sending. */
static void put_call_wait_back(struct eswifi_module *module)
{
	if (session_set_knob(module, KNOB_CALL_WAIT, PROTOCOL_CALL_WAIT))
		session_op_end(module, 0, module->op.text);
}

static void opened(struct eswifi_module *module, const char *text)
{
	struct module_socket *socket = session_socket(module);

	module->op.far = NULL;
	socket->open = true;
	socket->protocol = module->op.protocol;
	socket->port = module->op.port;
	socket->stream = module->op.protocol != ESWIFI_UDP;
	socket->asked = false;
	socket->full_reads = 0;
	socket->long_pieces = false;
	session_trace(module, ESWIFI_TRACE_OPENED, module->op.socket, NULL, 0);
	if (socket->stream)
		note_success(module);
	if (call_wait(module) == PROTOCOL_CALL_WAIT) {
		session_op_end(module, 0, text);
		return;
	}
	g_strlcpy(module->op.text, text, sizeof(module->op.text));
	module->op.step = put_call_wait_back;
	put_call_wait_back(module);
}

static bool is_gone(const struct at_reply *reply)
{
	return reply->gone || (reply->size == strlen(PROTOCOL_GONE) &&
			       memcmp(reply->data, PROTOCOL_GONE, reply->size) == 0);
}

static void on_made_sure(struct eswifi_module *module, const struct at_reply *reply)
{
	struct module_socket *socket = session_socket(module);

	if (!reply->ok || is_gone(reply)) {
		session_fault(module, -EPROTO, "the answer to P6=1 tells of no connection");
		return;
	}
	socket->holds = reply->size == 1;
	if (socket->holds)
		socket->held = reply->data[0];
	opened(module, "");
}

static void make_sure_step(struct eswifi_module *module)
{
	static const struct at_request request = {
		.line = "R0\r",
		.shape = { .kind = FRAME_RAW, .limit = PROTOCOL_READ_PROBE },
		.timeout_ms = TIMEOUT_COMMAND_MS,
	};

	if (session_set_knob(module, KNOB_READ_WAIT, PROTOCOL_WAIT_MIN) &&
	    session_set_knob(module, KNOB_READ_SIZE, PROTOCOL_READ_PROBE))
		session_request(module, &request, on_made_sure);
}

static void on_started(struct eswifi_module *module, const struct at_reply *reply)
{
	bool stream = module->op.protocol != ESWIFI_UDP;

	if (!reply->ok) {
		start_failed(module, reply->text);
	} else if (stream && !strstr(reply->text, WORDS_CONNECT)) {
		module->op.step = make_sure_step;
		make_sure_step(module);
	} else {
		opened(module, reply->text);
	}
}

static void on_stopped_before(struct eswifi_module *module, const struct at_reply *reply)
{
	/* ERROR: it was not open. */
	note_stop(module, reply);
	session_socket(module)->closed = true;
	module->op.step(module);
}

static bool set_tls(struct eswifi_module *module)
{
	struct operation *op = &module->op;

	return session_activate(module, op->set) &&
	       session_set_knob(module, KNOB_VERIFY, (int)op->verify) &&
	       (op->verify == ESWIFI_VERIFY_NONE || session_set_knob(module, KNOB_REPORT, 0));
}

static void open_step(struct eswifi_module *module)
{
	struct operation *op = &module->op;
	struct module_socket *socket = session_socket(module);

	if (!session_select(module, op->socket))
		return;
	if (!socket->closed) {
		session_command(module, TIMEOUT_STOP_MS, on_stopped_before, "P6=0");
		return;
	}
	if (!session_set_knob(module, KNOB_PROTOCOL, (int)op->protocol) ||
	    !session_set_knob(module, KNOB_PORT, op->port) ||
	    !session_set_knob(module, KNOB_LOCAL_PORT, op->local_port))
		return;
	if (op->protocol != ESWIFI_UDP &&
	    !session_set_knob(module, KNOB_KEEP_ALIVE, (int)op->keep_alive_ms))
		return;
	if (op->protocol == ESWIFI_TLS && !set_tls(module))
		return;
	if (!set_address(module))
		return;
	if (call_wait(module) != (int)op->patience_ms &&
	    !session_set_knob(module, KNOB_CALL_WAIT, (int)op->patience_ms))
		return;
	socket->closed = false;
	op->far = &module->starts;
	session_command(module, TIMEOUT_START_MS, on_started, "P6=1");
}

/* A set whose number the module might take for something else must not be selected. */
static void dialect_step(struct eswifi_module *module)
{
	if (session_select(module, module->op.socket))
		session_op_verify(module, -ECONNREFUSED,
				  "the firmware's dialect is not known: set firmware = st");
}

/* Datagrams to the same port of two servers would have one source port, and answers mix. */
static bool udp_port_taken(const struct eswifi_module *module, guint16 port)
{
	guint i;

	if (firmware_keeps_udp_port(&module->firmware))
		return false;
	for (i = 0; i < ESWIFI_SOCKETS; i++)
		if (module->sockets[i].open && module->sockets[i].protocol == ESWIFI_UDP &&
		    module->sockets[i].port == port)
			return true;
	return false;
}

int eswifi_may_open(const struct eswifi_module *module, guint socket,
		    const struct eswifi_target *target)
{
	int r = session_may_start(module, socket);

	r = r ? r : check_host(target->host);
	if (r)
		return r;
	if (target->port == 0 || target->verify > ESWIFI_VERIFY_REQUIRED ||
	    target->keep_alive_ms > PROTOCOL_KEEP_ALIVE_MAX)
		return -EINVAL;
	if (target->protocol == ESWIFI_TLS &&
	    target->set >= (module->firmware.rewritable ? ESWIFI_SETS : ESWIFI_CREDENTIAL_SETS))
		return -EINVAL;
	if (target->protocol == ESWIFI_TLS &&
	    operation_open_tls(module) >= module->firmware.tls_sockets)
		return -EAGAIN;
	if (target->protocol == ESWIFI_UDP && udp_port_taken(module, target->port))
		return -EAGAIN;
	return 0;
}

guint operation_keep_alive(guint ms)
{
	return ms ? MAX(ms, PROTOCOL_KEEP_ALIVE_MIN) : ESWIFI_KEEP_ALIVE_MS;
}

/* A port that was not used lately. */
static guint16 take_local_port(struct eswifi_module *module)
{
	guint16 port = module->next_port++;

	if (module->next_port < PROTOCOL_LOCAL_PORT_FIRST)
		module->next_port = PROTOCOL_LOCAL_PORT_FIRST;
	return port;
}

int eswifi_open(struct eswifi_module *module, guint socket, const struct eswifi_target *target,
		eswifi_done done, gpointer user)
{
	struct operation *op = &module->op;
	int r = eswifi_may_open(module, socket, target);

	if (r)
		return r;
	op->socket = socket;
	op->done = done;
	op->user = user;
	op->repeated = false;
	g_strlcpy(op->host, target->host, sizeof(op->host));
	op->protocol = target->protocol;
	op->port = target->port;
	op->local_port = take_local_port(module);
	op->verify = target->verify;
	op->set = target->set;
	op->keep_alive_ms = operation_keep_alive(target->keep_alive_ms);
	op->patience_ms = target->patience_ms ? target->patience_ms : PROTOCOL_CALL_WAIT;
	if (op->protocol == ESWIFI_TLS && module->identity.dialect == ESWIFI_FIRMWARE_AUTO)
		session_op_begin(module, dialect_step);
	else
		session_op_begin(module, open_step);
	return 0;
}

/* Sending. */

/* This socket is over, and the others are not: the connection is gone, or the network is. */
static void socket_over(struct eswifi_module *module, int result, const char *text)
{
	session_op_verify(module, result, text);
}

static void on_sent(struct eswifi_module *module, const struct at_reply *reply)
{
	guint64 count;

	if (is_gone(reply)) {
		socket_over(module, -EPIPE, NULL);
		return;
	}
	if (!reply->ok) {
		/* The payload may have been taken for commands: the answer to P0 will tell. */
		module->selected = -1;
		socket_over(module, -ECONNRESET, reply->text);
		return;
	}
	if (!g_ascii_string_to_unsigned(reply->text, 10, 0, module->op.size, &count, NULL)) {
		session_fault(module, -EPROTO, "the answer to S3 is not a count");
		return;
	}
	if (count < module->op.size)
		module->selected = -1;
	if (count)
		session_socket(module)->asked = true;
	session_trace(module, ESWIFI_TRACE_SENT, module->op.socket, module->op.data, (gsize)count);
	session_op_end(module, (int)count, NULL);
}

static void on_moved_back(struct eswifi_module *module, const struct at_reply *reply)
{
	if (!reply->ok || reply->size) {
		session_fault(module, -EPROTO, "the module did not take P3");
		return;
	}
	session_socket(module)->moved = false;
	module->op.step(module);
}

/* Datagrams go to the remote address, which an echo has changed. */
static bool move_back(struct eswifi_module *module)
{
	struct module_socket *socket = session_socket(module);

	if (!socket->moved || socket->stream)
		return true;
	session_command(module, TIMEOUT_COMMAND_MS, on_moved_back, "P3=%s", socket->address);
	return false;
}

static void send_step(struct eswifi_module *module)
{
	struct operation *op = &module->op;
	struct at_request request = {
		.payload = op->data,
		.size = op->size,
		.timeout_ms = TIMEOUT_SEND_MS,
	};
	char line[16];

	if (!session_select(module, op->socket) || !move_back(module) ||
	    !session_set_knob(module, KNOB_WRITE_WAIT, (int)at_write_wait_ms(module->at)))
		return;
	g_snprintf(line, sizeof(line), "S3=%zu\r", op->size);
	request.line = line;
	session_request(module, &request, on_sent);
}

int eswifi_send(struct eswifi_module *module, guint socket, const guint8 *data, gsize size,
		eswifi_done done, gpointer user)
{
	int r = session_may_start(module, socket);

	if (r)
		return r;
	if (size < 1 || size > ESWIFI_PAYLOAD_MAX)
		return -EINVAL;
	module->op.socket = socket;
	module->op.done = done;
	module->op.user = user;
	module->op.size = size;
	memcpy(module->op.data, data, size);
	session_op_begin(module, send_step);
	return 0;
}

/* Reading. */

/* A read's failure in words. What says that the connection is closed is its end, as "-1" is. */
static int error_of(const char *text)
{
	static const char *const closed[] = { "Closed", "closed", "NOT_CONNECTED", "ot Connected",
					      "ot connected" };
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(closed); i++)
		if (strstr(text, closed[i]))
			return -EPIPE;
	return -ECONNRESET;
}

static void collect(struct operation *op, const void *data, gsize size)
{
	memcpy(op->data + op->size, data, size);
	op->size += size;
}

static void end_read(struct eswifi_module *module)
{
	if (module->op.size) {
		session_trace(module, ESWIFI_TRACE_RECEIVED, module->op.socket, module->op.data,
			      module->op.size);
		session_socket(module)->asked = false;
		note_success(module);
	}
	session_op_end(module, (int)module->op.size, NULL);
}

/* What came before the end is handed on first; the next read will find the end again. */
static void end_of_stream(struct eswifi_module *module)
{
	if (module->op.size) {
		end_read(module);
		return;
	}
	session_trace(module, ESWIFI_TRACE_ENDED, module->op.socket, NULL, 0);
	socket_over(module, -EPIPE, NULL);
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
		session_socket(module)->long_pieces =
			op->size > PROBES && !session_socket(module)->full_reads;
	end_read(module);
}

static void probe_taken(struct eswifi_module *module, const struct at_reply *reply)
{
	struct operation *op = &module->op;

	if (is_gone(reply)) {
		module->firmware.gone = GONE_OK;
		end_of_stream(module);
		return;
	}
	collect(op, reply->data, reply->size);
	if (!reply->size)
		end_of_piece(module);
	else if (op->size < PROBES && !session_socket(module)->long_pieces &&
		 module->firmware.gone != GONE_ERROR)
		read_on(module, READ_FIRST, PROTOCOL_READ_PROBE);
	else
		read_on(module, READ_REST, PROTOCOL_READ_MAX - (guint)op->size);
}

static void bulk_taken(struct eswifi_module *module, const struct at_reply *reply)
{
	struct module_socket *socket = session_socket(module);

	if (is_gone(reply) && socket->stream) {
		read_on(module, READ_CONFIRM, PROTOCOL_READ_PROBE);
		return;
	}
	socket->full_reads = reply->size == module->op.limit ? socket->full_reads + 1 : 0;
	if (!reply->size)
		socket->asked = false;
	collect(&module->op, reply->data, reply->size);
	end_of_piece(module);
}

static void confirmation_taken(struct eswifi_module *module, const struct at_reply *reply)
{
	session_socket(module)->full_reads = 0;
	if (is_gone(reply)) {
		module->firmware.gone = GONE_OK;
		end_of_stream(module);
		return;
	}
	collect(&module->op, PROTOCOL_GONE, strlen(PROTOCOL_GONE));
	collect(&module->op, reply->data, reply->size);
	end_read(module);
}

static void on_read_failed(struct eswifi_module *module, const struct at_reply *reply)
{
	if (!is_gone(reply)) {
		/* Whatever else it says, it is about this socket. */
		if (module->op.size)
			end_read(module);
		else
			socket_over(module, error_of(reply->text), reply->text);
		return;
	}
	if (module->firmware.gone == GONE_UNKNOWN)
		module->firmware.gone = GONE_ERROR;
	/* A "-1" that ended in OK just before was data, then. */
	if (module->op.phase == READ_CONFIRM)
		collect(&module->op, PROTOCOL_GONE, strlen(PROTOCOL_GONE));
	end_of_stream(module);
}

static void on_read(struct eswifi_module *module, const struct at_reply *reply)
{
	struct module_socket *socket = session_socket(module);

	if (reply->echoed) {
		socket->remote[0] = '\0';
		socket->moved = true;
	}
	/* Whose bytes they are cannot be told: nobody gets them. */
	if (reply->messages)
		socket_over(module, -ECONNRESET, "a message of the module in its data");
	else if (!reply->ok)
		on_read_failed(module, reply);
	else if (module->op.phase == READ_CONFIRM)
		confirmation_taken(module, reply);
	else if (module->op.limit == PROTOCOL_READ_PROBE)
		probe_taken(module, reply);
	else
		bulk_taken(module, reply);
}

static void on_counted_read(struct eswifi_module *module, const struct at_reply *reply)
{
	struct module_socket *socket = session_socket(module);
	struct operation *op = &module->op;

	op->counted = false;
	if (!reply->ok && !reply->gone && !module->firmware.counted_data) {
		/* It may not know R4 after all: R0 tells. */
		module->firmware.counted = false;
		module->firmware.counted_refused = true;
		module->identity.counted = false;
		op->step(module);
	} else if (reply->gone) {
		end_of_stream(module);
	} else if (!reply->ok) {
		socket_over(module, error_of(reply->text), reply->text);
	} else {
		module->firmware.counted_data = module->firmware.counted_data || reply->size;
		socket->full_reads = 0;
		collect(op, reply->data, reply->size);
		end_read(module);
	}
}

static void send_counted_read(struct eswifi_module *module)
{
	struct operation *op = &module->op;
	struct at_request request = {
		.line = "R4\r",
		.shape = { .kind = FRAME_COUNTED, .limit = PROTOCOL_READ_MAX },
		.timeout_ms = TIMEOUT_COMMAND_MS + op->wait_ms,
	};

	if (!session_set_knob(module, KNOB_READ_SIZE, PROTOCOL_READ_MAX))
		return;
	op->counted = true;
	session_request(module, &request, on_counted_read);
}

/* A question whose answer the far end cannot know. */
static void add_echo(struct at_request *request, char question[AT_ECHO_MAX])
{
	guint32 random = g_random_int();

	g_snprintf(question, AT_ECHO_MAX, "D0=10.%u.%u.%u\r", (random >> 16) & 255,
		   (random >> 8) & 255, random & 255);
	request->echo_question = question;
}

static void send_raw_read(struct eswifi_module *module)
{
	struct operation *op = &module->op;
	char question[AT_ECHO_MAX];
	g_autofree char *answer = NULL;
	struct at_request request = {
		.line = "R0\r",
		.shape = { .kind = FRAME_RAW, .limit = op->limit },
		.timeout_ms = TIMEOUT_COMMAND_MS + op->wait_ms,
	};

	if (!session_set_knob(module, KNOB_READ_SIZE, (int)op->limit))
		return;
	if (op->limit > PROTOCOL_READ_PROBE && module->firmware.echoes) {
		add_echo(&request, question);
		answer = g_strndup(question + strlen("D0="), strlen(question) - strlen("D0=\r"));
		request.echo_answer = answer;
	}
	session_request(module, &request, on_read);
}

static void read_step(struct eswifi_module *module)
{
	struct module_socket *socket = session_socket(module);

	if (!session_select(module, module->op.socket) ||
	    !session_set_knob(module, KNOB_READ_WAIT, (int)module->op.wait_ms))
		return;
	if (socket->holds) {
		socket->holds = false;
		collect(&module->op, &socket->held, 1);
		/* What more there is comes with the next read. */
		end_read(module);
		return;
	}
	if (module->firmware.counted)
		send_counted_read(module);
	else
		send_raw_read(module);
}

/* Is a byte read alone first? */
static bool reads_probe(const struct eswifi_module *module, const struct module_socket *socket)
{
	if (!socket->stream || socket->full_reads >= STREAK)
		return false;
	return module->firmware.gone != GONE_ERROR || !socket->asked;
}

int eswifi_read(struct eswifi_module *module, guint socket, guint wait_ms, eswifi_read_done done,
		gpointer user)
{
	int r = session_may_start(module, socket);
	struct operation *op = &module->op;

	if (r)
		return r;
	op->socket = socket;
	op->read_done = done;
	op->user = user;
	op->size = 0;
	op->counted = false;
	op->wait_ms = CLAMP(wait_ms, PROTOCOL_WAIT_MIN, PROTOCOL_WAIT_MAX);
	op->phase = READ_FIRST;
	op->limit = reads_probe(module, &module->sockets[socket]) ? PROTOCOL_READ_PROBE
								  : PROTOCOL_READ_MAX;
	session_op_begin(module, read_step);
	return 0;
}

/* Closing. */

/*
 * ERROR: the far end had closed already, or the module has heard something else, and the socket
 * would stay open for good. So it is said once more.
 */
static void on_closed(struct eswifi_module *module, const struct at_reply *reply)
{
	struct operation *op = &module->op;

	note_stop(module, reply);
	if (reply->ok && !session_socket(module)->closed) {
		session_fault(module, -EPROTO, "the answer to P6=0 tells of a connection");
	} else if (!reply->ok && !op->repeated) {
		op->repeated = true;
		op->step(module);
	} else {
		if (session_socket(module)->open)
			session_trace(module, ESWIFI_TRACE_CLOSED, op->socket, NULL, 0);
		session_socket(module)->open = false;
		session_op_end(module, 0, reply->text);
	}
}

static void close_step(struct eswifi_module *module)
{
	if (session_select(module, module->op.socket))
		session_command(module, TIMEOUT_STOP_MS, on_closed, "P6=0");
}

int eswifi_close(struct eswifi_module *module, guint socket, eswifi_done done, gpointer user)
{
	int r = session_may_start(module, socket);

	if (r)
		return r;
	module->op.socket = socket;
	module->op.done = done;
	module->op.user = user;
	module->op.repeated = false;
	module->sockets[socket].holds = false;
	session_op_begin(module, close_step);
	return 0;
}
