// SPDX-License-Identifier: MIT
/* eswrapctl flows: the connections that go through the module, as a table. */
#include <stdio.h>

#include "eswrapctl/ctl.h"

static void print_row(GVariant *flow)
{
	gint32 socket = -1;

	g_variant_lookup(flow, "socket", "i", &socket);
	if (socket >= 0)
		printf("%-4d ", socket);
	else
		printf("%-4s ", "-");
	printf("%-10s %-16s %7u %5u %-12s %10" G_GUINT64_FORMAT " %10" G_GUINT64_FORMAT
	       " %7" G_GUINT64_FORMAT "  %s\n",
	       ctl_text(flow, "state"), ctl_text(flow, "program"), (guint)ctl_number(flow, "pid"),
	       (guint)ctl_number(flow, "uid"), ctl_text(flow, "route"), ctl_number(flow, "sent"),
	       ctl_number(flow, "received"), ctl_number(flow, "seconds"), ctl_text(flow, "to"));
}

static int print(const struct ctl *ctl, GVariant *reply)
{
	g_autoptr(GVariant) flows =
		g_variant_lookup_value(reply, "flows", G_VARIANT_TYPE("aa{sv}"));
	gsize i;

	if (ctl->json) {
		ctl_print_json(flows ? flows
				     : g_variant_new_array(G_VARIANT_TYPE("a{sv}"), NULL, 0));
		return CTL_OK;
	}
	printf("%-4s %-10s %-16s %7s %5s %-12s %10s %10s %7s  %s\n", "SOCK", "STATE", "PROGRAM",
	       "PID", "UID", "ROUTE", "SENT", "RECEIVED", "SECONDS", "TO");
	for (i = 0; flows && i < g_variant_n_children(flows); i++) {
		g_autoptr(GVariant) flow = g_variant_get_child_value(flows, i);

		print_row(flow);
	}
	return CTL_OK;
}

int ctl_flows(struct ctl *ctl, int argc, char **argv)
{
	const struct ctl_usage usage = {
		.words = "eswrapctl flows",
		.summary = "The connections that go through the module, with program, user, route "
			   "and bytes. Who does not\nadminister the broker sees his own.",
	};
	g_autoptr(GVariant) reply = NULL;
	int status;

	if (!ctl_parse(ctl, &usage, &argc, &argv))
		return CTL_USAGE;
	status = client_ask(ctl, "status", NULL, NULL, NULL, &reply);
	return status == CTL_OK ? print(ctl, reply) : status;
}
