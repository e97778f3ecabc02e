// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of Operation
 *
 *	CLOSED		no port. A timer tries to open it
 *	SYNCING		bringup.c finds prompt, rate and identity, for the first time on this port
 *	RECOVERING	the same after a fault
 *	JOINING		wifi.c joins
 *	READY		one operation at a time: transport.c, credential.c
 *
 * An operation is a step function that runs whenever the line is free for it. It looks at what the
 * module is known to have, sends the one command that is missing, and is run again when that has
 * been answered, until nothing is missing and it sends the command that it is about. What
 * the module has is forgotten at every fault.
 *
 * A fault is everything that shows that the two sides may be out of step: a time-out, an answer
 * that its command cannot have, bytes that nobody asked for. Then no byte that comes can be
 * believed, so all sockets are given up and bring-up begins anew. The first attempt follows at
 * once; those after it are spaced by a growing, jittered pause, also when the module came
 * back for a moment only.
 */
#include "module.h"

#include <errno.h>
#include <string.h>

#include "message.h"

#define USEC_PER_MSEC 1000

/* Ready for this long, and the next fault is a new one and not the same again. */
#define STABLE_US (10 * G_USEC_PER_SEC)

static const char *const state_names[] = {
	[ESWIFI_CLOSED] = "closed",	    [ESWIFI_SYNCING] = "syncing",
	[ESWIFI_JOINING] = "joining",	    [ESWIFI_READY] = "ready",
	[ESWIFI_RECOVERING] = "recovering",
};
G_STATIC_ASSERT(G_N_ELEMENTS(state_names) == ESWIFI_RECOVERING + 1);

static void open_port(struct eswifi_module *module);

static void drop_source(GSource **source)
{
	if (!*source)
		return;
	g_source_destroy(*source);
	g_source_unref(*source);
	*source = NULL;
}

static GSource *timer_new(struct eswifi_module *module, guint ms, GSourceFunc callback)
{
	GSource *source = g_timeout_source_new(ms);

	g_source_set_callback(source, callback, module, NULL);
	g_source_attach(source, g_main_context_get_thread_default());
	return source;
}

void module_pause(struct eswifi_module *module, guint ms, GSourceFunc then)
{
	drop_source(&module->pause);
	module->pause = timer_new(module, ms, then);
}

guint module_backoff_ms(struct eswifi_module *module)
{
	guint shift = MIN(module->attempts, 16);
	guint ms = MIN(BACKOFF_FIRST_MS << shift, BACKOFF_LAST_MS);

	module->attempts++;
	return (guint)(ms * g_random_double_range(0.75, 1.25));
}

const char *eswifi_module_why(const struct eswifi_module *module)
{
	return module->why;
}

void module_set_state(struct eswifi_module *module, enum eswifi_state state, const char *why)
{
	g_autofree char *before = module->why;

	module->state = state;
	module->why = g_strdup(why);
	module->ops.state(module, state, module->why, module->user);
}

void module_forget(struct eswifi_module *module)
{
	guint i, knob;

	module->selected = -1;
	module->active_set = -1;
	for (i = 0; i < ESWIFI_SOCKETS; i++) {
		memset(&module->sockets[i], 0, sizeof(module->sockets[i]));
		for (knob = 0; knob < KNOBS; knob++)
			module->sockets[i].knobs[knob] = -1;
	}
}

/* What runs when the line is free and the module ready. */
static void run_next(struct eswifi_module *module);

static void check_step(struct eswifi_module *module)
{
	module->check_due = false;
	module_op_verify(module, 0, NULL);
}

static void run_next(struct eswifi_module *module)
{
	if (module->state != ESWIFI_READY || module->op.step)
		return;
	if (module->check_due)
		module_op_begin(module, check_step);
	else
		module->ops.next(module, module->user);
}

static gboolean on_wake(gpointer data)
{
	struct eswifi_module *module = data;

	g_source_set_ready_time(module->wake, -1);
	run_next(module);
	return G_SOURCE_CONTINUE;
}

static gboolean dispatch_wake(GSource *source, GSourceFunc callback, gpointer user)
{
	(void)source;
	return callback(user);
}

static GSourceFuncs wake_funcs = { .dispatch = dispatch_wake };

void eswifi_module_kick(struct eswifi_module *module)
{
	if (module->state == ESWIFI_READY && !module->op.step)
		g_source_set_ready_time(module->wake, 0);
}

static gboolean on_check(gpointer data)
{
	struct eswifi_module *module = data;

	module->check_due = true;
	eswifi_module_kick(module);
	return G_SOURCE_CONTINUE;
}

void module_ready(struct eswifi_module *module)
{
	module->ready_since = g_get_monotonic_time();
	module->check_due = false;
	drop_source(&module->check);
	module->check = timer_new(module, CHECK_INTERVAL_MS, on_check);
	module_set_state(module, ESWIFI_READY, module->identity.address);
	run_next(module);
}

/* Leaves @state; the owner hears of it in the order that eswifi.h promises. */
static void give_up(struct eswifi_module *module, enum eswifi_state state, int error,
		    const char *why)
{
	bool was_ready = module->state == ESWIFI_READY;

	drop_source(&module->check);
	g_source_set_ready_time(module->wake, -1);
	if (was_ready && g_get_monotonic_time() - module->ready_since >= STABLE_US)
		module->attempts = 0;
	module->state = state;
	module->handler = NULL;
	if (module->op.step)
		module_op_end(module, error, why);
	if (was_ready) {
		module->counters.lost++;
		module->ops.lost(module, why, module->user);
	}
	module_set_state(module, state, why);
}

static gboolean begin_again(gpointer data)
{
	struct eswifi_module *module = data;

	drop_source(&module->pause);
	bringup_begin(module);
	return G_SOURCE_REMOVE;
}

void module_fault(struct eswifi_module *module, int error, const char *why)
{
	at_cancel(module->at);
	if (module->state != ESWIFI_READY && module->state != ESWIFI_JOINING) {
		bringup_failed(module, why);
		return;
	}
	module->counters.resyncs++;
	give_up(module, ESWIFI_RECOVERING, error, why);
	module_forget(module);
	module_pause(module, module->attempts ? module_backoff_ms(module) : 0, begin_again);
	if (!module->attempts)
		module->attempts = 1;
}

void module_wifi_lost(struct eswifi_module *module)
{
	/*
	 * It may also have restarted: the prompt of a restart makes an answer whole that was cut
	 * off just before its own prompt, and nothing else tells. So nothing is believed any more.
	 */
	give_up(module, ESWIFI_RECOVERING, -ENETDOWN, "the module has left the Wi-Fi network");
	module_forget(module);
	bringup_begin(module);
}

static void on_noise(gpointer user)
{
	struct eswifi_module *module = user;

	if (module->state == ESWIFI_READY || module->state == ESWIFI_JOINING)
		module_fault(module, -EPROTO, "the module spoke without having been asked");
}

static void on_message(const char *text, gpointer user)
{
	struct eswifi_module *module = user;

	g_message("the module says: %s", text);
	if (!message_is_network(text))
		return;
	module->check_due = true;
	eswifi_module_kick(module);
}

static gboolean open_again(gpointer data)
{
	struct eswifi_module *module = data;

	drop_source(&module->pause);
	open_port(module);
	return G_SOURCE_REMOVE;
}

static void on_gone(const char *why, gpointer user)
{
	struct eswifi_module *module = user;

	at_detach(module->at);
	module->burning = false;
	module->good_baud = 0;
	give_up(module, ESWIFI_CLOSED, -ENETDOWN, why);
	module_forget(module);
	module_pause(module, MIN(module_backoff_ms(module), BACKOFF_DEVICE_MS), open_again);
}

static const struct at_ops at_ops = { .message = on_message, .noise = on_noise, .gone = on_gone };

static void on_reply(const struct at_reply *reply, gpointer user)
{
	struct eswifi_module *module = user;
	module_handler handler = module->handler;

	module->handler = NULL;
	/* Whatever it has said, it does not wait for the rest of a PG: most likely it was reset. */
	if (reply->error == -EPROTO)
		module->burning = false;
	if (reply->error)
		module_fault(module, reply->error,
			     reply->error == -ETIMEDOUT
				     ? "the module did not answer"
				     : "the module's answer does not fit the command");
	else
		handler(module, reply);
}

void module_request(struct eswifi_module *module, const struct at_request *request,
		    module_handler handler)
{
	module->handler = handler;
	at_send(module->at, request, on_reply);
}

void module_command(struct eswifi_module *module, guint timeout_ms, module_handler handler,
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
	module_request(module, &request, handler);
}

static void port_arrived(struct port *port, const GError *error, gpointer user)
{
	struct eswifi_module *module = user;
	guint guard_us = module->settings.guard_ms * USEC_PER_MSEC;

	g_clear_object(&module->opening);
	if (!port) {
		module_set_state(module, ESWIFI_CLOSED, error->message);
		module_pause(module, MIN(module_backoff_ms(module), BACKOFF_DEVICE_MS), open_again);
		return;
	}
	at_attach(module->at, port, module->settings.baud, guard_us);
	memset(&module->bringup, 0, sizeof(module->bringup));
	module_set_state(module, ESWIFI_SYNCING, module->settings.device);
	bringup_begin(module);
}

static void open_port(struct eswifi_module *module)
{
	GError *error = NULL;
	struct port *port = port_open(&module->settings, &error);

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
		module->opening = g_cancellable_new();
		port_open_async(&module->settings, module->opening, port_arrived, module);
	} else {
		port_arrived(port, error, module);
	}
	g_clear_error(&error);
}

static gboolean on_start(gpointer data)
{
	struct eswifi_module *module = data;

	drop_source(&module->pause);
	if (at_port(module->at)) {
		memset(&module->bringup, 0, sizeof(module->bringup));
		module_set_state(module, ESWIFI_SYNCING, module->settings.device);
		bringup_begin(module);
	} else {
		open_port(module);
	}
	return G_SOURCE_REMOVE;
}

bool eswifi_module_start(struct eswifi_module *module, GError **error)
{
	GError *cause = NULL;
	struct port *port;

	g_return_val_if_fail(!module->started, false);
	port = port_open(&module->settings, &cause);
	if (!port &&
	    (cause->code == G_IO_ERROR_BUSY || cause->code == G_IO_ERROR_PERMISSION_DENIED ||
	     cause->code == G_IO_ERROR_NOT_SUPPORTED)) {
		g_propagate_error(error, cause);
		return false;
	}
	g_clear_error(&cause);
	module->started = true;
	if (port)
		at_attach(module->at, port, module->settings.baud,
			  module->settings.guard_ms * USEC_PER_MSEC);
	module_pause(module, 0, on_start);
	return true;
}

static bool settings_valid(const struct eswifi_settings *settings, GError **error)
{
	if (!port_check_device(settings->device, error))
		return false;
	if (settings->baud < 300 || (settings->fast_baud && settings->fast_baud < 300)) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
				    "baud: at least 300");
		return false;
	}
	return wifi_settings_valid(settings, error);
}

static void copy_settings(struct eswifi_settings *to, const struct eswifi_settings *from)
{
	*to = *from;
	to->device = g_strdup(from->device);
	to->ssid = g_strdup(from->ssid);
	to->passphrase = g_strdup(from->passphrase);
	to->country = g_strdup(from->country);
	to->address = g_strdup(from->address);
	to->netmask = g_strdup(from->netmask);
	to->gateway = g_strdup(from->gateway);
	to->dns = g_strdup(from->dns);
}

static void free_settings(struct eswifi_settings *settings)
{
	char *passphrase = (char *)settings->passphrase;

	explicit_bzero(passphrase, strlen(passphrase));
	g_free(passphrase);
	g_free((char *)settings->device);
	g_free((char *)settings->ssid);
	g_free((char *)settings->country);
	g_free((char *)settings->address);
	g_free((char *)settings->netmask);
	g_free((char *)settings->gateway);
	g_free((char *)settings->dns);
}

struct eswifi_module *eswifi_module_new(const struct eswifi_settings *settings,
					const struct eswifi_ops *ops, gpointer user, GError **error)
{
	struct eswifi_module *module;

	if (!settings_valid(settings, error))
		return NULL;
	module = g_new0(struct eswifi_module, 1);
	module->why = g_strdup("starting");
	copy_settings(&module->settings, settings);
	module->ops = *ops;
	module->user = user;
	module->identity.dialect = settings->firmware;
	module->at = at_new(&at_ops, &module->counters, module);
	module->wake = g_source_new(&wake_funcs, sizeof(GSource));
	g_source_set_callback(module->wake, on_wake, module, NULL);
	g_source_attach(module->wake, g_main_context_get_thread_default());
	module_forget(module);
	return module;
}

void eswifi_module_free(struct eswifi_module *module)
{
	if (module->opening) {
		g_cancellable_cancel(module->opening);
		g_object_unref(module->opening);
	}
	drop_source(&module->wake);
	drop_source(&module->pause);
	drop_source(&module->check);
	at_free(module->at);
	free_settings(&module->settings);
	explicit_bzero(&module->op, sizeof(module->op));
	g_free(module->why);
	g_free(module);
}

enum eswifi_state eswifi_module_state(const struct eswifi_module *module)
{
	return module->state;
}

const char *eswifi_state_name(enum eswifi_state state)
{
	return state_names[state];
}

const struct eswifi_identity *eswifi_module_identity(const struct eswifi_module *module)
{
	return &module->identity;
}

const struct eswifi_counters *eswifi_module_counters(const struct eswifi_module *module)
{
	return &module->counters;
}

int module_may_start(const struct eswifi_module *module, guint socket)
{
	if (module->state != ESWIFI_READY || module->op.step)
		return -EBUSY;
	return socket < ESWIFI_SOCKETS ? 0 : -EINVAL;
}

void module_op_begin(struct eswifi_module *module, void (*step)(struct eswifi_module *))
{
	g_source_set_ready_time(module->wake, -1);
	module->op.step = step;
	step(module);
}

void module_op_end(struct eswifi_module *module, int result, const char *text)
{
	struct operation *op = &module->op;
	eswifi_read_done read_done = op->read_done;
	eswifi_done done = op->done;
	char copy[sizeof(op->text)];

	/* The next operation, which may begin in the callback, has its own text. */
	g_strlcpy(copy, text ? text : "", sizeof(copy));
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
	run_next(module);
}

static void on_verified(struct eswifi_module *module, const struct at_reply *reply)
{
	/* A firmware without CS answers ERROR, which says nothing. */
	if (reply->ok && strcmp(reply->text, "0") == 0)
		module_wifi_lost(module);
	else if (reply->ok && strcmp(reply->text, "1") != 0)
		module_fault(module, -EPROTO, "the answer to CS is neither 0 nor 1");
	else
		module_op_end(module, module->op.end, module->op.text);
}

void module_op_verify(struct eswifi_module *module, int result, const char *text)
{
	module->op.end = result;
	g_strlcpy(module->op.text, text ? text : "", sizeof(module->op.text));
	module_command(module, TIMEOUT_COMMAND_MS, on_verified, "CS");
}

static void on_selected(struct eswifi_module *module, const struct at_reply *reply)
{
	if (!reply->ok || reply->size) {
		module_fault(module, -EPROTO, "the module did not take P0");
		return;
	}
	module->selected = (int)module->op.socket;
	module->op.step(module);
}

bool module_select(struct eswifi_module *module, guint socket)
{
	if (module->selected == (int)socket)
		return true;
	module->selected = -1;
	module_command(module, TIMEOUT_COMMAND_MS, on_selected, "P0=%u", socket);
	return false;
}

static void on_activated(struct eswifi_module *module, const struct at_reply *reply)
{
	if (!reply->ok || reply->size) {
		module_op_end(module, -ENOTSUP, reply->text);
		return;
	}
	module->active_set = (int)module->op.set;
	module->op.step(module);
}

bool module_activate(struct eswifi_module *module, guint set)
{
	if (module->active_set == (int)set)
		return true;
	module->active_set = -1;
	module_command(module, TIMEOUT_COMMAND_MS, on_activated,
		       module->identity.dialect == ESWIFI_FIRMWARE_ST ? "PF=0,%u" : "PF=%u", set);
	return false;
}
