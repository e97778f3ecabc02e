// SPDX-License-Identifier: MIT
/*
 * What everything else stands on: commands and what is known of the module.
 *
 * DOC: Theory of Operation
 *
 * An operation is a step function that runs whenever the line is free for it. It looks at what the
 * module is known to have, sends the one command that is missing, and is run again when that has
 * been answered, until nothing is missing and it sends the command that it is about. What
 * the module has is forgotten at every fault.
 *
 * A fault is everything that shows that the two sides may be out of step: a time-out, an answer
 * that its command cannot have, bytes that nobody asked for and that are no message.
 */
#include "session.h"

#include <errno.h>
#include <string.h>

/* The commands of the knobs, and whether firmware may do without. */
static const struct {
	const char *format;
	bool optional;
} knobs[] = {
	[KNOB_PROTOCOL] = { "P1=%d" },	   [KNOB_LOCAL_PORT] = { "P2=%d", true },
	[KNOB_PORT] = { "P4=%d" },	   [KNOB_VERIFY] = { "P9=%d" },
	[KNOB_REPORT] = { "PB=%d", true }, [KNOB_KEEP_ALIVE] = { "PK=1,%d", true },
	[KNOB_READ_SIZE] = { "R1=%d" },	   [KNOB_READ_WAIT] = { "R2=%d" },
	[KNOB_WRITE_WAIT] = { "S2=%d" },   [KNOB_CALL_WAIT] = { "PY=%d", true },
};
G_STATIC_ASSERT(G_N_ELEMENTS(knobs) == KNOBS);

void session_set_state(struct eswifi_module *module, enum eswifi_state state, const char *why)
{
	g_autofree char *before = module->why;

	module->why = g_strdup(why);
	module->state = state;
	if (module->ops.state)
		module->ops.state(module, state, module->why, module->user);
}

void session_trace(struct eswifi_module *module, enum eswifi_trace_kind kind, guint socket,
		   const guint8 *data, gsize size)
{
	const struct module_socket *of = &module->sockets[socket];
	const struct eswifi_trace event = {
		.kind = kind,
		.text = "",
		.data = data,
		.size = size,
		.failed = module->state != ESWIFI_READY,
		.socket = socket,
		.protocol = of->protocol,
		.local_port = (guint16)MAX(of->knobs[KNOB_LOCAL_PORT], 0),
		.port = of->port,
		.address = of->address,
	};

	if (module->tap)
		module->tap(module, &event, module->tap_user);
}

void session_stop_pause(struct eswifi_module *module)
{
	if (!module->pause)
		return;
	g_source_destroy(module->pause);
	g_source_unref(module->pause);
	module->pause = NULL;
}

void session_pause(struct eswifi_module *module, guint ms, GSourceFunc then)
{
	session_stop_pause(module);
	module->pause = g_timeout_source_new(ms);
	g_source_set_callback(module->pause, then, module, NULL);
	g_source_attach(module->pause, g_main_context_get_thread_default());
}

guint session_backoff_ms(struct eswifi_module *module)
{
	guint shift = MIN(module->attempts, 16);
	guint ms = MIN(BACKOFF_FIRST_MS << shift, BACKOFF_LAST_MS);

	module->attempts++;
	return (guint)(ms * g_random_double_range(0.75, 1.25));
}

void session_forget(struct eswifi_module *module)
{
	guint i, knob;

	module->selected = -1;
	module->active_set = -1;
	for (i = 0; i < ESWIFI_SOCKETS; i++) {
		if (module->sockets[i].open)
			session_trace(module, ESWIFI_TRACE_CLOSED, i, NULL, 0);
		memset(&module->sockets[i], 0, sizeof(module->sockets[i]));
		for (knob = 0; knob < KNOBS; knob++)
			module->sockets[i].knobs[knob] = -1;
	}
}

void session_fault(struct eswifi_module *module, int error, const char *why)
{
	module->news->fault(module, error, why);
}

static void on_reply(const struct at_reply *reply, gpointer user)
{
	struct eswifi_module *module = user;
	session_handler handler = module->handler;

	module->handler = NULL;
	/* Whatever it has said, it does not wait for the rest of a PG: most likely it was reset. */
	if (reply->error == -EPROTO)
		module->burning = false;
	if (reply->error)
		session_fault(module, reply->error,
			      reply->error == -ETIMEDOUT
				      ? "the module did not answer"
				      : "the module's answer does not fit the command");
	else
		handler(module, reply);
}

void session_request(struct eswifi_module *module, const struct at_request *request,
		     session_handler handler)
{
	module->handler = handler;
	at_send(module->at, request, on_reply);
}

void session_command(struct eswifi_module *module, guint timeout_ms, session_handler handler,
		     const char *format, ...)
{
	char line[ESWIFI_HOST_MAX + 32];
	struct at_request request = { .line = line, .timeout_ms = timeout_ms };
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = g_vsnprintf(line, sizeof(line) - 1, format, arguments);
	va_end(arguments);
	g_assert(length > 0 && (gsize)length < sizeof(line) - 1);
	line[length] = '\r';
	line[length + 1] = '\0';
	session_request(module, &request, handler);
}

int session_may_start(const struct eswifi_module *module, guint socket)
{
	if (module->state != ESWIFI_READY || module->op.step)
		return -EBUSY;
	return socket < ESWIFI_SOCKETS ? 0 : -EINVAL;
}

void session_op_begin(struct eswifi_module *module, void (*step)(struct eswifi_module *))
{
	module->wake_due = false;
	module->op.step = step;
	module->op.beginning = true;
	step(module);
	module->op.beginning = false;
}

/* Who begins an operation hears of its end after that, also where nothing has to be asked for it. */
static void end_soon(struct eswifi_module *module, int result, const char *text)
{
	struct operation *op = &module->op;

	op->early = true;
	op->end = result;
	if (text != op->text)
		g_strlcpy(op->text, text ? text : "", sizeof(op->text));
	module->wake_due = true;
}

void session_op_end(struct eswifi_module *module, int result, const char *text)
{
	struct operation *op = &module->op;
	eswifi_read_done read_done = op->read_done;
	eswifi_done done = op->done;
	/* The next operation, which may begin in the callback, has its own text. */
	g_autofree char *copy = NULL;

	if (op->beginning) {
		end_soon(module, result, text);
		return;
	}
	copy = g_strdup(text ? text : "");
	op->early = false;
	op->far = NULL;
	if (op->secret)
		explicit_bzero(op->data, op->size);
	op->secret = false;
	op->step = NULL;
	op->done = NULL;
	op->read_done = NULL;
	if (read_done)
		read_done(module, result, op->data, op->user);
	else if (done)
		done(module, result, copy, op->user);
	module->news->idle(module);
}

static void on_verified(struct eswifi_module *module, const struct at_reply *reply)
{
	/* A firmware without CS answers ERROR, which says nothing. */
	if (reply->ok && strcmp(reply->text, "0") == 0)
		module->news->wifi_lost(module);
	else if (reply->ok && strcmp(reply->text, "1") != 0)
		session_fault(module, -EPROTO, "the answer to CS is neither 0 nor 1");
	else
		session_op_end(module, module->op.end, module->op.text);
}

void session_op_verify(struct eswifi_module *module, int result, const char *text)
{
	module->op.end = result;
	if (text != module->op.text)
		g_strlcpy(module->op.text, text ? text : "", sizeof(module->op.text));
	session_command(module, TIMEOUT_COMMAND_MS, on_verified, "CS");
}

struct module_socket *session_socket(struct eswifi_module *module)
{
	return &module->sockets[module->op.socket];
}

static void on_selected(struct eswifi_module *module, const struct at_reply *reply)
{
	if (!reply->ok || reply->size) {
		session_fault(module, -EPROTO, "the module did not take P0");
		return;
	}
	module->selected = (int)module->op.socket;
	module->op.step(module);
}

bool session_select(struct eswifi_module *module, guint socket)
{
	if (module->selected == (int)socket)
		return true;
	module->selected = -1;
	session_command(module, TIMEOUT_COMMAND_MS, on_selected, "P0=%u", socket);
	return false;
}

static void on_activated(struct eswifi_module *module, const struct at_reply *reply)
{
	if (!reply->ok || reply->size) {
		session_op_end(module, -ENOTSUP, reply->text);
		return;
	}
	module->active_set = (int)module->op.set;
	module->op.step(module);
}

bool session_activate(struct eswifi_module *module, guint set)
{
	if (module->active_set == (int)set)
		return true;
	module->active_set = -1;
	session_command(module, TIMEOUT_COMMAND_MS, on_activated,
			module->identity.dialect == ESWIFI_FIRMWARE_ST ? "PF=0,%u" : "PF=%u", set);
	return false;
}

/* Firmware that does not know it is not asked again. */
static void note_refusal(struct firmware *firmware, enum knob knob)
{
	if (knob == KNOB_LOCAL_PORT)
		firmware->no_local_port = true;
	else if (knob == KNOB_KEEP_ALIVE)
		firmware->no_keep_alive = true;
	else if (knob == KNOB_CALL_WAIT)
		firmware->no_call_wait = true;
	else if (knob == KNOB_REPORT)
		firmware->no_report = true;
}

static bool is_refused(const struct firmware *firmware, enum knob knob)
{
	return (knob == KNOB_LOCAL_PORT && firmware->no_local_port) ||
	       (knob == KNOB_KEEP_ALIVE && firmware->no_keep_alive) ||
	       (knob == KNOB_CALL_WAIT && firmware->no_call_wait) ||
	       (knob == KNOB_REPORT && firmware->no_report);
}

static void on_knob_set(struct eswifi_module *module, const struct at_reply *reply)
{
	enum knob knob = module->op.knob;

	if (!reply->ok && knobs[knob].optional) {
		note_refusal(&module->firmware, knob);
	} else if (!reply->ok || reply->size) {
		session_fault(module, -EPROTO, "the module does not take a setting of its sockets");
		return;
	}
	session_socket(module)->knobs[knob] = module->op.knob_value;
	module->op.step(module);
}

/* The formats are in the table above, and each takes one int. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
bool session_set_knob(struct eswifi_module *module, enum knob knob, int value)
{
	int *known = &session_socket(module)->knobs[knob];
	char line[24];

	if (*known == value || is_refused(&module->firmware, knob))
		return true;
	*known = -1;
	module->op.knob = knob;
	module->op.knob_value = value;
	g_snprintf(line, sizeof(line), knobs[knob].format, value);
	session_command(module, TIMEOUT_COMMAND_MS, on_knob_set, "%s", line);
	return false;
}
