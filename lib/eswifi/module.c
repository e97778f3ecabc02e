// SPDX-License-Identifier: MIT
/*
 * The module's life: from a setting to a module that is ready, and back again after every fault.
 *
 * DOC: Theory of Operation
 *
 *	CLOSED		no port. A timer tries to open it
 *	SYNCING		bringup.c finds prompt, rate and identity, for the first time on this port
 *	RECOVERING	the same after a fault
 *	JOINING		wifi.c joins
 *	READY		one operation at a time: operation.c, credential.c, question.c, probe.c
 *
 * At a fault (see session.c) no byte that comes can be believed, so all sockets are given up and
 * bring-up begins anew. The first attempt follows at once; those after it are spaced by a growing,
 * jittered pause, also when the module came back for a moment only.
 *
 * A module that answers and does nothing (health.h) is reset.
 */
#include <errno.h>
#include <string.h>

#include "bringup.h"
#include "check.h"
#include "message.h"
#include "operation.h"
#include "probe.h"
#include "question.h"
#include "session.h"
#include "secret/secret.h"
#include "wifi.h"

#define USEC_PER_MSEC 1000

/* The first check of a module that has become ready; the others follow at CHECK_INTERVAL_MS. */
#define FIRST_CHECK_US G_USEC_PER_SEC

/* Ready for this long, and the next fault is a new one and not the same again. */
#define STABLE_US (10 * G_USEC_PER_SEC)

/* An address that D0 is asked for, to learn whether it is answered with itself. */
#define ECHO_ADDRESS "10.1.2.3"

static const char *const state_names[] = {
	[ESWIFI_CLOSED] = "closed",	    [ESWIFI_SYNCING] = "syncing",
	[ESWIFI_JOINING] = "joining",	    [ESWIFI_READY] = "ready",
	[ESWIFI_RECOVERING] = "recovering",
};
G_STATIC_ASSERT(G_N_ELEMENTS(state_names) == ESWIFI_RECOVERING + 1);

static void open_port(struct eswifi_module *module);
static void on_leaving(struct eswifi_module *module);

static void drop_source(GSource **source)
{
	if (!*source)
		return;
	g_source_destroy(*source);
	g_source_unref(*source);
	*source = NULL;
}

/* What runs when the line is free and the module ready. */
static void run_next(struct eswifi_module *module)
{
	if (module->state != ESWIFI_READY || module->op.step)
		return;
	if (module->join.away) {
		on_leaving(module);
	} else if (module->check_due) {
		module->check_due = false;
		session_op_begin(module, question_check);
	} else if (!question_begin(module)) {
		module->ops.next(module, module->user);
	}
}

static gboolean on_wake(gpointer data)
{
	struct eswifi_module *module = data;

	module->wake_due = false;
	if (module->op.early)
		session_op_end(module, module->op.end, module->op.text);
	else
		run_next(module);
	return G_SOURCE_CONTINUE;
}

/*
 * A source of its own and not one with a ready time: to set that writes to an eventfd, which costs a
 * round of the main loop for each kick. Kicks come from within the loop, before it asks again.
 */
struct wake {
	GSource source;
	const struct eswifi_module *module;
};

static gboolean wake_is_due(GSource *source)
{
	return ((struct wake *)source)->module->wake_due;
}

static gboolean prepare_wake(GSource *source, gint *timeout_ms)
{
	*timeout_ms = -1;
	return wake_is_due(source);
}

static gboolean dispatch_wake(GSource *source, GSourceFunc callback, gpointer user)
{
	(void)source;
	return callback(user);
}

static GSourceFuncs wake_funcs = {
	.prepare = prepare_wake,
	.check = wake_is_due,
	.dispatch = dispatch_wake,
};

void eswifi_module_kick(struct eswifi_module *module)
{
	if (module->state == ESWIFI_READY && !module->op.step)
		module->wake_due = true;
}

static struct line_mark line_mark(const struct eswifi_module *module)
{
	return (struct line_mark){
		.at = g_get_monotonic_time(),
		.bytes = module->counters.bytes_out + module->counters.bytes_in,
	};
}

guint eswifi_module_throughput(const struct eswifi_module *module)
{
	struct line_mark now = line_mark(module);
	gint64 us = now.at - module->marks[0].at;

	if (module->state != ESWIFI_READY || us <= 0)
		return 0;
	return (guint)((now.bytes - module->marks[0].bytes) * G_USEC_PER_SEC / (guint64)us);
}

static gboolean on_check(gpointer data)
{
	struct eswifi_module *module = data;

	module->check_due = true;
	module->marks[0] = module->marks[1];
	module->marks[1] = line_mark(module);
	eswifi_module_kick(module);
	return G_SOURCE_CONTINUE;
}

static void on_ready(struct eswifi_module *module)
{
	g_autofree char *why = g_strdup_printf("joined %s as %s", module->settings.ssid,
					       *module->identity.address ? module->identity.address
									 : "no address");

	module->ready_since = g_get_monotonic_time();
	module->check_due = false;
	module->identity.signal = 0;
	drop_source(&module->check);
	module->check = g_timeout_source_new(CHECK_INTERVAL_MS);
	g_source_set_callback(module->check, on_check, module, NULL);
	g_source_attach(module->check, g_main_context_get_thread_default());
	/* The first soon: it brings the signal. */
	g_source_set_ready_time(module->check, module->ready_since + FIRST_CHECK_US);
	module->checks = 0;
	module->marks[0] = module->marks[1] = line_mark(module);
	session_set_state(module, ESWIFI_READY, why);
	run_next(module);
}

static void on_echoed(struct eswifi_module *module, const struct at_reply *reply)
{
	module->firmware.echoes = reply->ok && strcmp(reply->text, ECHO_ADDRESS) == 0;
	/* Then only a long silence tells that a read is over. */
	if (!module->firmware.echoes && !module->settings.guard_ms)
		at_set_guard(module->at, GUARD_UNBOUNDED_US);
	on_ready(module);
}

/* Where silence proves nothing: does the module answer what the far end cannot know? */
static void on_joined(struct eswifi_module *module)
{
	if (port_pauses(at_port(module->at)))
		session_command(module, TIMEOUT_LOOKUP_MS, on_echoed, "D0=%s", ECHO_ADDRESS);
	else
		on_ready(module);
}

static void on_listening(struct eswifi_module *module)
{
	wifi_join(module, on_joined);
}

/* Leaves @state; the owner hears of it in the order that eswifi.h promises. */
static void lose_session(struct eswifi_module *module, enum eswifi_state state, int error,
			 const char *why)
{
	bool was_ready = module->state == ESWIFI_READY;

	drop_source(&module->check);
	module->wake_due = false;
	if (was_ready && g_get_monotonic_time() - module->ready_since >= STABLE_US)
		module->attempts = 0;
	module->state = state;
	module->handler = NULL;
	/* At once, whatever it is doing: what comes below is promised to come later. */
	module->op.beginning = false;
	if (module->op.step)
		session_op_end(module, error, why);
	if (was_ready) {
		module->counters.lost++;
		if (module->ops.lost)
			module->ops.lost(module, why, module->user);
	}
	session_set_state(module, state, why);
}

static gboolean begin_again(gpointer data)
{
	struct eswifi_module *module = data;

	session_stop_pause(module);
	bringup_begin(module, module->hopeless, on_listening);
	module->hopeless = false;
	return G_SOURCE_REMOVE;
}

static void report_hopeless(const struct eswifi_module *module)
{
	g_warning("%s: no start or look-up has succeeded for a while, although the module answers "
		  "and is joined; resetting it",
		  module->settings.device);
}

/* A resolver, or a TCP stack, that is stuck may also say nothing at all. */
static void note_silence(struct eswifi_module *module)
{
	if (!module->op.step || !module->op.far || !operation_failed(module))
		return;
	report_hopeless(module);
	module->hopeless = true;
}

static void on_fault(struct eswifi_module *module, int error, const char *why)
{
	at_cancel(module->at);
	if (error == -ETIMEDOUT)
		note_silence(module);
	/* The answer may have been one that R4 does not have in this firmware. */
	if (module->op.step && module->op.counted) {
		module->firmware.counted = false;
		module->firmware.counted_refused = true;
		module->op.counted = false;
	}
	if (module->state != ESWIFI_READY && module->state != ESWIFI_JOINING) {
		bringup_failed(module, why);
		return;
	}
	module->counters.resyncs++;
	lose_session(module, ESWIFI_RECOVERING, error, why);
	session_forget(module);
	session_pause(module, module->attempts ? session_backoff_ms(module) : 0, begin_again);
	if (!module->attempts)
		module->attempts = 1;
}

/* Somebody wants it to leave, and the line is free: wifi.c does it when all sockets are closed. */
static void on_leaving(struct eswifi_module *module)
{
	lose_session(module, ESWIFI_RECOVERING, -ENETDOWN,
		     "the module leaves the Wi-Fi network, as was asked");
	session_forget(module);
	bringup_begin(module, false, on_listening);
}

static void on_wifi_lost(struct eswifi_module *module)
{
	/*
	 * It may also have restarted: the prompt of a restart makes an answer whole that was cut
	 * off just before its own prompt, and nothing else tells. So nothing is believed any more.
	 */
	lose_session(module, ESWIFI_RECOVERING, -ENETDOWN, "the module has left the Wi-Fi network");
	session_forget(module);
	bringup_begin(module, false, on_listening);
}

void eswifi_module_reset(struct eswifi_module *module, const char *why)
{
	if (module->state != ESWIFI_READY && module->state != ESWIFI_JOINING)
		return;
	at_cancel(module->at);
	session_stop_pause(module);
	lose_session(module, ESWIFI_RECOVERING, -ENETDOWN, why);
	session_forget(module);
	bringup_begin(module, true, on_listening);
}

static void on_hopeless(struct eswifi_module *module, const char *why)
{
	report_hopeless(module);
	eswifi_module_reset(module, why);
}

static const struct session_ops news = {
	.fault = on_fault,
	.wifi_lost = on_wifi_lost,
	.hopeless = on_hopeless,
	.scanned = question_scanned,
	.idle = run_next,
};

void eswifi_leave(struct eswifi_module *module)
{
	module->join.away = true;
	wifi_leave(module);
	eswifi_module_kick(module);
}

void eswifi_join(struct eswifi_module *module)
{
	module->join.away = false;
	wifi_join_now(module);
}

int eswifi_ask(struct eswifi_module *module, enum eswifi_question question, const char *argument,
	       eswifi_done done, gpointer user)
{
	int r = question_take(module, question, argument, done, user);

	if (r)
		return r;
	if (question == ESWIFI_SCAN)
		wifi_scan(module);
	eswifi_module_kick(module);
	return 0;
}

static void on_message(const char *text, gpointer user)
{
	struct eswifi_module *module = user;

	g_message("the module says: %s", text);
	sightings_message(&module->seen, text, at_message_ok(module->at));
	if (!message_is_network(text))
		return;
	module->check_due = true;
	eswifi_module_kick(module);
}

static void on_noise(gpointer user)
{
	struct eswifi_module *module = user;

	if (module->state == ESWIFI_READY || module->state == ESWIFI_JOINING)
		on_fault(module, -EPROTO, "the module spoke without having been asked");
}

/* What a firmware may say of itself where nobody expects it. */
static bool tells_passphrase(const struct eswifi_module *module, const char *text)
{
	const char *passphrase = module->settings.passphrase;

	return *passphrase && strstr(text, passphrase);
}

static void on_trace(const struct eswifi_trace *trace, gpointer user)
{
	struct eswifi_module *module = user;
	struct eswifi_trace shown = *trace;

	if (tells_passphrase(module, trace->text)) {
		shown.text = "";
		shown.hidden = true;
	}
	module->tap(module, &shown, module->tap_user);
}

void eswifi_module_tap(struct eswifi_module *module, eswifi_tap tap, gpointer user)
{
	module->tap = tap;
	module->tap_user = user;
	at_set_traced(module->at, tap);
}

static gboolean open_again(gpointer data)
{
	struct eswifi_module *module = data;

	session_stop_pause(module);
	open_port(module);
	return G_SOURCE_REMOVE;
}

/* A port that is gone, or not there, is looked for again: soon, and often. */
static void open_later(struct eswifi_module *module)
{
	session_pause(module, MIN(session_backoff_ms(module), BACKOFF_DEVICE_MS), open_again);
}

static void on_gone(const char *why, gpointer user)
{
	struct eswifi_module *module = user;
	g_autofree char *reason = g_strdup_printf("%s: %s", module->settings.device, why);

	at_detach(module->at);
	module->burning = false;
	module->good_baud = 0;
	module->hopeless = false;
	module->firmware.counted_refused = false;
	lose_session(module, ESWIFI_CLOSED, -ENETDOWN, reason);
	session_forget(module);
	open_later(module);
}

static const struct at_ops at_ops = {
	.message = on_message,
	.noise = on_noise,
	.trace = on_trace,
	.gone = on_gone,
};

/* The same cause again is no news. */
static void report_closed(struct eswifi_module *module, const GError *error)
{
	if (module->state != ESWIFI_CLOSED || g_strcmp0(module->why, error->message) != 0)
		session_set_state(module, ESWIFI_CLOSED, error->message);
	if (error->code == G_IO_ERROR_NOT_FOUND)
		open_later(module);
	else
		session_pause(module, session_backoff_ms(module), open_again);
}

static void port_arrived(struct port *port, const GError *error, gpointer user)
{
	struct eswifi_module *module = user;
	guint guard_us = module->settings.guard_ms * USEC_PER_MSEC;

	g_clear_object(&module->opening);
	if (!port) {
		report_closed(module, error);
		return;
	}
	at_attach(module->at, port, module->settings.baud, guard_us);
	memset(&module->bringup, 0, sizeof(module->bringup));
	session_set_state(module, ESWIFI_SYNCING, module->settings.device);
	bringup_begin(module, false, on_listening);
}

static void open_port(struct eswifi_module *module)
{
	g_autoptr(GError) error = NULL;
	struct port *port = port_open(&module->settings, &error);

	if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
		port_arrived(port, error, module);
		return;
	}
	module->opening = g_cancellable_new();
	port_open_async(&module->settings, module->opening, port_arrived, module);
}

void eswifi_module_start(struct eswifi_module *module)
{
	g_return_if_fail(!module->started);
	module->started = true;
	session_pause(module, 0, open_again);
}

static void copy_settings(struct eswifi_settings *to, const struct eswifi_settings *from)
{
	*to = *from;
	to->device = g_strdup(from->device);
	to->reset_gpio = g_strdup(from->reset_gpio);
	to->ssid = g_strdup(from->ssid);
	to->passphrase = secret_text(from->passphrase ? from->passphrase : "");
	to->country = g_strdup(from->country);
	to->address = g_strdup(from->address);
	to->netmask = g_strdup(from->netmask);
	to->gateway = g_strdup(from->gateway);
	to->dns = g_strdup(from->dns);
}

static void free_settings(struct eswifi_settings *settings)
{
	secret_free((char *)settings->passphrase);
	g_free((char *)settings->device);
	g_free((char *)settings->reset_gpio);
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

	if (!check_settings(settings, error))
		return NULL;
	module = g_new0(struct eswifi_module, 1);
	copy_settings(&module->settings, settings);
	module->ops = *ops;
	module->user = user;
	module->news = &news;
	module->why = g_strdup("starting");
	module->firmware.tls_sockets =
		settings->tls_sockets ? settings->tls_sockets : ESWIFI_SOCKETS;
	module->identity.tls_sockets = module->firmware.tls_sockets;
	module->op.data = secret_new(ESWIFI_CREDENTIAL_MAX);
	module->next_port = (guint16)g_random_int_range(PROTOCOL_LOCAL_PORT_FIRST, G_MAXUINT16);
	module->at = at_new(&at_ops, &module->counters, module);
	module->wake = g_source_new(&wake_funcs, sizeof(struct wake));
	((struct wake *)module->wake)->module = module;
	g_source_set_callback(module->wake, on_wake, module, NULL);
	g_source_attach(module->wake, g_main_context_get_thread_default());
	session_forget(module);
	return module;
}

void eswifi_module_free(struct eswifi_module *module)
{
	if (module->opening) {
		g_cancellable_cancel(module->opening);
		g_object_unref(module->opening);
	}
	drop_source(&module->wake);
	session_stop_pause(module);
	drop_source(&module->check);
	at_free(module->at);
	free_settings(&module->settings);
	g_free(module->why);
	secret_free(module->op.data);
	sightings_clear(&module->seen);
	probe_abandon(module);
	g_free(module);
}

enum eswifi_state eswifi_module_state(const struct eswifi_module *module)
{
	return module->state;
}

const char *eswifi_module_why(const struct eswifi_module *module)
{
	return module->why;
}

bool eswifi_module_away(const struct eswifi_module *module)
{
	return module->join.away;
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
