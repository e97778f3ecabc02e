// SPDX-License-Identifier: MIT
/* From counters to rates. */
#include "eswrapctl/watch-model.h"

#include <string.h>

#include "eswrapctl/ctl.h"

#define BITS_A_BYTE 10 /* with start and stop bit */

static void flow_free(gpointer data)
{
	struct watch_flow *flow = data;

	g_free(flow->key);
	g_variant_unref(flow->flow);
	g_free(flow);
}

void watch_model_init(struct watch_model *model)
{
	memset(model, 0, sizeof(*model));
	model->flows = g_ptr_array_new_with_free_func(flow_free);
}

void watch_model_clear(struct watch_model *model)
{
	g_clear_pointer(&model->reply, g_variant_unref);
	g_ptr_array_unref(model->flows);
}

static guint64 bytes_of(GVariant *flow)
{
	return ctl_number(flow, "sent") + ctl_number(flow, "received");
}

/* How fast a counter has grown; 0 for one that was set back by a restart. */
static double rate_of(guint64 before, guint64 now, double seconds)
{
	return seconds > 0 && now >= before ? (double)(now - before) / seconds : 0;
}

static struct watch_flow *find(GPtrArray *flows, const char *key)
{
	guint i;

	for (i = 0; i < flows->len; i++) {
		struct watch_flow *flow = g_ptr_array_index(flows, i);

		if (!strcmp(flow->key, key))
			return flow;
	}
	return NULL;
}

static struct watch_flow *flow_new(GVariant *row, GPtrArray *before, double seconds)
{
	struct watch_flow *flow = g_new0(struct watch_flow, 1), *old;
	gint32 socket = -1;

	g_variant_lookup(row, "socket", "i", &socket);
	flow->flow = g_variant_ref(row);
	flow->key =
		g_strdup_printf("%d %s %s", socket, ctl_text(row, "program"), ctl_text(row, "to"));
	old = find(before, flow->key);
	if (old)
		flow->rate = rate_of(bytes_of(old->flow), bytes_of(row), seconds);
	return flow;
}

static void take_flows(struct watch_model *model, GVariant *reply, double seconds)
{
	g_autoptr(GVariant) rows = g_variant_lookup_value(reply, "flows", G_VARIANT_TYPE("aa{sv}"));
	GPtrArray *fresh = g_ptr_array_new_with_free_func(flow_free);
	gsize i;

	for (i = 0; rows && i < g_variant_n_children(rows); i++) {
		g_autoptr(GVariant) row = g_variant_get_child_value(rows, i);

		g_ptr_array_add(fresh, flow_new(row, model->flows, seconds));
	}
	g_ptr_array_unref(model->flows);
	model->flows = fresh;
}

static void take_line(struct watch_model *model, GVariant *reply, double seconds)
{
	guint64 baud = ctl_number(reply, "baud");
	double most;

	model->out = rate_of(ctl_number(model->reply, "bytes-out"), ctl_number(reply, "bytes-out"),
			     seconds);
	model->in = rate_of(ctl_number(model->reply, "bytes-in"), ctl_number(reply, "bytes-in"),
			    seconds);
	model->commands = rate_of(ctl_number(model->reply, "commands"),
				  ctl_number(reply, "commands"), seconds);
	/* Half duplex: one direction or the other. */
	most = model->out + model->in;
	model->share = baud ? MIN(most * BITS_A_BYTE / (double)baud, 1) : 0;
	if (model->samples == WATCH_HISTORY)
		memmove(model->history, model->history + 1,
			sizeof(*model->history) * (WATCH_HISTORY - 1));
	else
		model->samples++;
	model->history[model->samples - 1] = model->share;
}

void watch_model_take(struct watch_model *model, GVariant *reply, gint64 now)
{
	double seconds = (double)(now - model->when) / G_USEC_PER_SEC;

	take_flows(model, reply, seconds);
	if (model->reply)
		take_line(model, reply, seconds);
	g_clear_pointer(&model->reply, g_variant_unref);
	model->reply = g_variant_ref(reply);
	model->when = now;
	watch_model_sort(model);
}

static gint compare(gconstpointer a, gconstpointer b, gpointer user)
{
	const struct watch_flow *first = *(const struct watch_flow *const *)a;
	const struct watch_flow *second = *(const struct watch_flow *const *)b;
	const struct watch_model *model = user;
	guint64 x, y;

	switch (model->sort) {
	case WATCH_BY_RATE:
		if (first->rate != second->rate)
			return first->rate > second->rate ? -1 : 1;
		break;
	case WATCH_BY_BYTES:
		x = bytes_of(first->flow);
		y = bytes_of(second->flow);
		if (x != y)
			return x > y ? -1 : 1;
		break;
	case WATCH_BY_AGE:
		x = ctl_number(first->flow, "seconds");
		y = ctl_number(second->flow, "seconds");
		if (x != y)
			return x > y ? -1 : 1;
		break;
	case WATCH_BY_PROGRAM:
	case WATCH_SORTS:
		return g_strcmp0(ctl_text(first->flow, "program"),
				 ctl_text(second->flow, "program"));
	}
	return strcmp(first->key, second->key);
}

void watch_model_sort(struct watch_model *model)
{
	g_ptr_array_sort_with_data(model->flows, compare, model);
}

void watch_rate_text(double rate, char text[8])
{
	if (rate < 999.5)
		g_snprintf(text, 8, "%.0f", rate);
	else if (rate < 999500)
		g_snprintf(text, 8, "%.1fk", rate / 1000);
	else
		g_snprintf(text, 8, "%.1fM", rate / 1000000);
}
