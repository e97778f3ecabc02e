// SPDX-License-Identifier: MIT
/* Events, by comparing: the broker tells how things are, and not what has become of them. */
#include "eswrapctl/watch-events.h"

#include <string.h>

#include "eswrapctl/ctl.h"

static void add(GPtrArray *events, const char *when, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void add(GPtrArray *events, const char *when, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	if (events->len == WATCH_EVENTS)
		g_ptr_array_remove_index(events, 0);
	g_ptr_array_add(events, g_strdup_printf("%s %s", when, text));
}

static void compare_states(GPtrArray *events, GVariant *before, GVariant *after, const char *when)
{
	const char *state = ctl_text(after, "state"), *why = ctl_text(after, "why");

	if (strcmp(ctl_text(before, "state"), state) || strcmp(ctl_text(before, "why"), why))
		add(events, when, "module %s: %s", state, why);
}

static void compare_counters(GPtrArray *events, GVariant *before, GVariant *after, const char *when)
{
	static const struct {
		const char *key, *words;
	} counters[] = {
		{ "resets", "the module was reset" },
		{ "resyncs", "the line was out of step" },
		{ "lost", "the module's sockets were lost" },
	};
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(counters); i++)
		if (ctl_number(after, counters[i].key) > ctl_number(before, counters[i].key))
			add(events, when, "%s", counters[i].words);
}

static guint64 count_of(GVariant *counts, const char *word)
{
	guint64 count = 0;

	return counts && g_variant_lookup(counts, word, "t", &count) ? count : 0;
}

static void compare_failures(GPtrArray *events, GVariant *before, GVariant *after, const char *when)
{
	g_autoptr(GVariant) old = g_variant_lookup_value(before, "failed", G_VARIANT_TYPE("a{st}"));
	g_autoptr(GVariant) fresh =
		g_variant_lookup_value(after, "failed", G_VARIANT_TYPE("a{st}"));
	GVariantIter iter;
	const char *word;
	guint64 count;

	if (!fresh)
		return;
	g_variant_iter_init(&iter, fresh);
	while (g_variant_iter_next(&iter, "{&st}", &word, &count))
		if (count > count_of(old, word))
			add(events, when, "%" G_GUINT64_FORMAT " connects failed: %s",
			    count - count_of(old, word), word);
}

static bool is_same(GVariant *a, GVariant *b)
{
	return !strcmp(ctl_text(a, "program"), ctl_text(b, "program")) &&
	       !strcmp(ctl_text(a, "to"), ctl_text(b, "to")) &&
	       ctl_number(a, "uid") == ctl_number(b, "uid");
}

/* Is the flow at @index of @list in @others as well? Of its like, there must be as many there. */
static bool is_among(GVariant *list, gsize index, GVariant *others)
{
	g_autoptr(GVariant) flow = g_variant_get_child_value(list, index);
	gsize like = 0, i;

	for (i = 0; i <= index; i++) {
		g_autoptr(GVariant) each = g_variant_get_child_value(list, i);

		like += is_same(flow, each);
	}
	for (i = 0; others && i < g_variant_n_children(others); i++) {
		g_autoptr(GVariant) each = g_variant_get_child_value(others, i);

		like -= is_same(flow, each);
		if (!like)
			return true;
	}
	return false;
}

static void compare_flows(GPtrArray *events, GVariant *before, GVariant *after, const char *when)
{
	g_autoptr(GVariant) old = g_variant_lookup_value(before, "flows", G_VARIANT_TYPE("aa{sv}"));
	g_autoptr(GVariant) fresh =
		g_variant_lookup_value(after, "flows", G_VARIANT_TYPE("aa{sv}"));
	gsize i;

	for (i = 0; old && i < g_variant_n_children(old); i++) {
		g_autoptr(GVariant) flow = g_variant_get_child_value(old, i);

		if (!is_among(old, i, fresh))
			add(events, when,
			    "ended: %s to %s, %" G_GUINT64_FORMAT " bytes sent, %" G_GUINT64_FORMAT
			    " received or more",
			    ctl_text(flow, "program"), ctl_text(flow, "to"),
			    ctl_number(flow, "sent"), ctl_number(flow, "received"));
	}
	for (i = 0; fresh && i < g_variant_n_children(fresh); i++) {
		g_autoptr(GVariant) flow = g_variant_get_child_value(fresh, i);

		if (!is_among(fresh, i, old))
			add(events, when, "new: %s to %s, route %s", ctl_text(flow, "program"),
			    ctl_text(flow, "to"), ctl_text(flow, "route"));
	}
}

void watch_events_take(GPtrArray *events, GVariant *before, GVariant *after, const char *when)
{
	compare_counters(events, before, after, when);
	compare_states(events, before, after, when);
	compare_flows(events, before, after, when);
	compare_failures(events, before, after, when);
}
