// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "eswrapctl/ctl.h"

static const char *text_of(GVariant *dict, const char *key)
{
	const char *text = "";

	g_variant_lookup(dict, key, "&s", &text);
	return text;
}

static guint64 number_of(GVariant *dict, const char *key)
{
	guint64 large = 0;
	guint32 small = 0;

	if (g_variant_lookup(dict, key, "u", &small))
		return small;
	g_variant_lookup(dict, key, "t", &large);
	return large;
}

static void print_module(GVariant *reply)
{
	printf("module    %s: %s\n", text_of(reply, "state"), text_of(reply, "why"));
	printf("device    %s, %" G_GUINT64_FORMAT " bit/s\n", text_of(reply, "device"),
	       number_of(reply, "baud"));
	if (*text_of(reply, "mac"))
		printf("identity  %s, firmware %s, MAC %s\n", text_of(reply, "product"),
		       text_of(reply, "firmware"), text_of(reply, "mac"));
	if (*text_of(reply, "address"))
		printf("wifi      %s, address %s\n", text_of(reply, "ssid"),
		       text_of(reply, "address"));
	else
		printf("wifi      %s\n", text_of(reply, "ssid"));
	printf("broker    version %s, %s\n", text_of(reply, "version"), text_of(reply, "config"));
	printf("line      %" G_GUINT64_FORMAT " commands, %" G_GUINT64_FORMAT
	       " bytes out, %" G_GUINT64_FORMAT " in; %" G_GUINT64_FORMAT
	       " resyncs, %" G_GUINT64_FORMAT " resets, %" G_GUINT64_FORMAT
	       " joins, %" G_GUINT64_FORMAT " times lost\n",
	       number_of(reply, "commands"), number_of(reply, "bytes-out"),
	       number_of(reply, "bytes-in"), number_of(reply, "resyncs"),
	       number_of(reply, "resets"), number_of(reply, "joins"), number_of(reply, "lost"));
	printf("sockets   %" G_GUINT64_FORMAT " of %d free, %" G_GUINT64_FORMAT " waiting\n",
	       number_of(reply, "free-sockets"), ESWIFI_SOCKETS, number_of(reply, "waiting"));
}

static void print_flow(GVariant *flow)
{
	gint32 socket = -1;

	g_variant_lookup(flow, "socket", "i", &socket);
	printf("flow      ");
	if (socket >= 0)
		printf("socket %d", socket);
	else
		printf("no socket yet");
	printf(", %s to %s (route %s, %s, uid %" G_GUINT64_FORMAT "): %" G_GUINT64_FORMAT
	       " bytes sent, %" G_GUINT64_FORMAT " received in %" G_GUINT64_FORMAT " s\n",
	       text_of(flow, "state"), text_of(flow, "to"), text_of(flow, "route"),
	       text_of(flow, "program"), number_of(flow, "uid"), number_of(flow, "sent"),
	       number_of(flow, "received"), number_of(flow, "seconds"));
}

static void print_flows(GVariant *reply)
{
	GVariant *flows = g_variant_lookup_value(reply, "flows", G_VARIANT_TYPE("aa{sv}"));
	gsize i;

	for (i = 0; flows && i < g_variant_n_children(flows); i++) {
		GVariant *flow = g_variant_get_child_value(flows, i);

		print_flow(flow);
		g_variant_unref(flow);
	}
	if (flows)
		g_variant_unref(flows);
}

static void print_warnings(GVariant *reply)
{
	const char **warnings = NULL;
	guint i;

	g_variant_lookup(reply, "warnings", "^a&s", &warnings);
	for (i = 0; warnings && warnings[i]; i++)
		printf("warning   %s\n", warnings[i]);
	g_free(warnings);
}

int ctl_status(struct ctl *ctl, int argc, char **argv)
{
	GVariant *reply = NULL;
	GError *error = NULL;
	int status;

	if (!ctl_parse(ctl, "eswrapctl status", NULL,
		       "The module, its sockets, the connections that go through it, and what to "
		       "mind. Any user may ask.",
		       NULL, false, &argc, &argv))
		return CTL_USAGE;
	if (argc > 1) {
		ctl_error(ctl, "status takes no arguments");
		return CTL_USAGE;
	}
	status = client_call(ctl, "status", NULL, NULL, NULL, &reply, &error);
	if (status != CTL_OK) {
		ctl_error(ctl, "%s", error->message);
		g_error_free(error);
	} else if (ctl->json) {
		ctl_print_reply(reply);
	} else {
		print_module(reply);
		print_flows(reply);
		print_warnings(reply);
	}
	if (reply)
		g_variant_unref(reply);
	return status;
}
