// SPDX-License-Identifier: MIT
/*
 * The conversation with the module, for whoever wants to see it. The driver has blacked out what is
 * secret; a program's bytes go only to who has asked for them.
 *
 * The line does not wait for somebody who looks: what a slow one has no room for is counted and left
 * out. The driver is asked for its events only while somebody looks.
 */
#include "eswrapd/verb-trace.h"

#include <stdlib.h>

#include "eswifi/eswifi.h"
#include "eswrapd/call.h"
#include "loop/timer.h"

/* Replies that wait for a slow one. */
#define BACKLOG_MAX 512
/* Tells those who look that the broker is there, and the broker that they are. */
#define BEAT_S 60

struct traces {
	struct eswifi_module *module;
	GPtrArray *watchers; /* struct watcher * */
	struct timer beat;   /* set while somebody looks */
};

/**
 * struct watcher - one who looks
 * @data:	at the programs' bytes, too
 * @missed:	events since the last one that was sent
 */
struct watcher {
	struct call *call;
	gboolean data;
	guint64 missed;
};

static const char *const kinds[] = {
	[ESWIFI_TRACE_COMMAND] = "command",   [ESWIFI_TRACE_ANSWER] = "answer",
	[ESWIFI_TRACE_MESSAGE] = "message",   [ESWIFI_TRACE_NOISE] = "noise",
	[ESWIFI_TRACE_OPENED] = "opened",     [ESWIFI_TRACE_SENT] = "sent",
	[ESWIFI_TRACE_RECEIVED] = "received", [ESWIFI_TRACE_ENDED] = "ended",
	[ESWIFI_TRACE_CLOSED] = "closed",
};
G_STATIC_ASSERT(G_N_ELEMENTS(kinds) == ESWIFI_TRACE_CLOSED + 1);

static void add_socket(GVariantDict *to, struct traces *traces, const struct eswifi_trace *trace)
{
	g_variant_dict_insert(to, "socket", "u", trace->socket);
	g_variant_dict_insert(to, "protocol", "u", (guint)trace->protocol);
	g_variant_dict_insert(to, "local-port", "q", trace->local_port);
	g_variant_dict_insert(to, "port", "q", trace->port);
	g_variant_dict_insert(to, "address", "s", trace->address);
	g_variant_dict_insert(to, "local", "s", eswifi_module_identity(traces->module)->address);
}

static GVariant *describe(struct traces *traces, struct watcher *watcher,
			  const struct eswifi_trace *trace)
{
	GVariantDict event;

	g_variant_dict_init(&event, NULL);
	g_variant_dict_insert(&event, "kind", "s", kinds[trace->kind]);
	g_variant_dict_insert(&event, "time", "x", g_get_real_time());
	g_variant_dict_insert(&event, "text", "s", trace->text);
	g_variant_dict_insert(&event, "size", "u", (guint)trace->size);
	g_variant_dict_insert(&event, "hidden", "b", trace->hidden);
	g_variant_dict_insert(&event, "failed", "b", trace->failed);
	if (trace->kind >= ESWIFI_TRACE_OPENED)
		add_socket(&event, traces, trace);
	if (watcher->data && trace->data)
		g_variant_dict_insert_value(&event, "data",
					    g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE,
								      trace->data, trace->size, 1));
	if (watcher->missed)
		g_variant_dict_insert(&event, "missed", "t", watcher->missed);
	watcher->missed = 0;
	return g_variant_dict_end(&event);
}

static void watcher_end(gpointer data)
{
	struct watcher *watcher = data;

	call_fail(watcher->call, EXIT_FAILURE, "the broker is leaving");
	g_free(watcher);
}

static void forget_gone(struct traces *traces)
{
	const struct watcher *watcher;
	guint i;

	for (i = traces->watchers->len; i-- > 0;) {
		watcher = g_ptr_array_index(traces->watchers, i);
		if (call_backlog(watcher->call) < 0)
			g_ptr_array_remove_index_fast(traces->watchers, i);
	}
	if (traces->watchers->len)
		return;
	eswifi_module_tap(traces->module, NULL, NULL);
	timer_stop(&traces->beat);
}

static void tap(struct eswifi_module *module G_GNUC_UNUSED, const struct eswifi_trace *trace,
		gpointer user)
{
	struct traces *traces = user;
	struct watcher *watcher;
	guint i;

	for (i = 0; i < traces->watchers->len; i++) {
		watcher = g_ptr_array_index(traces->watchers, i);
		if (call_backlog(watcher->call) < BACKLOG_MAX)
			call_progress(watcher->call, describe(traces, watcher, trace));
		else
			watcher->missed++;
	}
}

static void beat(gpointer user)
{
	struct traces *traces = user;
	struct watcher *watcher;
	guint i;

	for (i = 0; i < traces->watchers->len; i++) {
		watcher = g_ptr_array_index(traces->watchers, i);
		if (call_backlog(watcher->call) < BACKLOG_MAX)
			call_progress(watcher->call, g_variant_new("a{sv}", NULL));
	}
	timer_start(&traces->beat, BEAT_S * G_TIME_SPAN_SECOND);
	forget_gone(traces);
}

struct traces *traces_new(struct eswifi_module *module, struct timers *timers)
{
	struct traces *traces = g_new0(struct traces, 1);

	traces->module = module;
	timer_init(&traces->beat, timers, beat, traces);
	traces->watchers = g_ptr_array_new_with_free_func(watcher_end);
	return traces;
}

void traces_free(struct traces *traces)
{
	if (!traces)
		return;
	eswifi_module_tap(traces->module, NULL, NULL);
	g_ptr_array_unref(traces->watchers);
	timer_clear(&traces->beat);
	g_free(traces);
}

void verb_trace(struct call *call, const struct caller *caller, GVariant *arguments, gpointer user)
{
	struct traces *traces = user;
	struct watcher *watcher = g_new0(struct watcher, 1);

	watcher->call = call;
	g_variant_lookup(arguments, "data", "b", &watcher->data);
	g_message("user %u traces the line%s", (guint)caller->uid,
		  watcher->data ? ", with the programs' bytes" : "");
	g_ptr_array_add(traces->watchers, watcher);
	eswifi_module_tap(traces->module, tap, traces);
	if (!timer_is_set(&traces->beat))
		timer_start(&traces->beat, BEAT_S * G_TIME_SPAN_SECOND);
}
