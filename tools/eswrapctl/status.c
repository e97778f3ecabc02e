// SPDX-License-Identifier: MIT
/* eswrapctl status: the module, the line, the connections, and what to mind. */
#include <stdio.h>
#include <string.h>

#include "eswrapctl/ctl.h"

#define BITS_A_BYTE 10 /* with start and stop bit */

static void print_wifi(GVariant *reply)
{
	gint32 signal = 0;

	g_variant_lookup(reply, "signal", "i", &signal);
	printf("wifi      %s", ctl_text(reply, "ssid"));
	if (*ctl_text(reply, "address"))
		printf(", address %s", ctl_text(reply, "address"));
	if (signal)
		printf(", signal %d dBm", signal);
	printf("\n");
}

/* What only those who administer are told. */
static void print_private(GVariant *reply)
{
	guint bytes = (guint)ctl_number(reply, "baud") / BITS_A_BYTE;

	printf("device    %s, %" G_GUINT64_FORMAT " bit/s\n", ctl_text(reply, "device"),
	       ctl_number(reply, "baud"));
	if (*ctl_text(reply, "mac"))
		printf("identity  %s, firmware %s, MAC %s\n", ctl_text(reply, "product"),
		       ctl_text(reply, "firmware"), ctl_text(reply, "mac"));
	print_wifi(reply);
	printf("broker    version %s, %s\n", ctl_text(reply, "version"), ctl_text(reply, "config"));
	printf("line      %" G_GUINT64_FORMAT " commands, %" G_GUINT64_FORMAT
	       " bytes out, %" G_GUINT64_FORMAT " in; %" G_GUINT64_FORMAT
	       " resyncs, %" G_GUINT64_FORMAT " resets, %" G_GUINT64_FORMAT
	       " joins, %" G_GUINT64_FORMAT " times lost\n",
	       ctl_number(reply, "commands"), ctl_number(reply, "bytes-out"),
	       ctl_number(reply, "bytes-in"), ctl_number(reply, "resyncs"),
	       ctl_number(reply, "resets"), ctl_number(reply, "joins"), ctl_number(reply, "lost"));
	if (bytes)
		printf("rate      %u bytes/s lately, %u %% of what the line can do\n",
		       (guint)ctl_number(reply, "throughput"),
		       (guint)ctl_number(reply, "throughput") * 100 / bytes);
}

static void print_module(GVariant *reply)
{
	printf("module    %s: %s\n", ctl_text(reply, "state"), ctl_text(reply, "why"));
	if (*ctl_text(reply, "device"))
		print_private(reply);
	printf("sockets   %" G_GUINT64_FORMAT " of %d free, %" G_GUINT64_FORMAT " waiting\n",
	       ctl_number(reply, "free-sockets"), ESWIFI_SOCKETS, ctl_number(reply, "waiting"));
}

/* "opened    gateway 3, plain 1" */
static void print_tally(GVariant *reply, const char *key, const char *label)
{
	g_autoptr(GVariant) counts = g_variant_lookup_value(reply, key, G_VARIANT_TYPE("a{st}"));
	const char *word, *between = "";
	GVariantIter iter;
	guint64 count;

	if (!counts || !g_variant_n_children(counts))
		return;
	printf("%-9s ", label);
	g_variant_iter_init(&iter, counts);
	while (g_variant_iter_next(&iter, "{&st}", &word, &count)) {
		printf("%s%s %" G_GUINT64_FORMAT, between, *word ? word : "(no route)", count);
		between = ", ";
	}
	printf("\n");
}

/* " per-user-flows 3 of 64" */
static void print_use(GVariant *reply, const char *key, guint count)
{
	g_autoptr(GVariant) limits =
		g_variant_lookup_value(reply, "limits", G_VARIANT_TYPE("a{su}"));
	guint limit = 0;

	printf(" %s %u", key, count);
	if (!limits || !g_variant_lookup(limits, key, "u", &limit))
		return;
	printf(" of %u%s", limit, count >= limit ? " (at the limit)" : "");
}

/* What each user has, by the names of the limits. */
static void print_users(GVariant *reply)
{
	g_autoptr(GVariant) users =
		g_variant_lookup_value(reply, "users", G_VARIANT_TYPE("aa{sv}"));
	gsize i;

	for (i = 0; users && i < g_variant_n_children(users); i++) {
		g_autoptr(GVariant) user = g_variant_get_child_value(users, i);
		GVariantIter iter;
		const char *key;
		GVariant *value;

		printf("user      %u:", (guint)ctl_number(user, "uid"));
		g_variant_iter_init(&iter, user);
		while (g_variant_iter_next(&iter, "{&sv}", &key, &value)) {
			if (strcmp(key, "uid") &&
			    g_variant_is_of_type(value, G_VARIANT_TYPE_UINT32))
				print_use(reply, key, g_variant_get_uint32(value));
			g_variant_unref(value);
		}
		printf("\n");
	}
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
	printf(", %s to %s (route %s, %s, pid %" G_GUINT64_FORMAT ", uid %" G_GUINT64_FORMAT
	       "): %" G_GUINT64_FORMAT " bytes sent, %" G_GUINT64_FORMAT
	       " received in %" G_GUINT64_FORMAT " s\n",
	       ctl_text(flow, "state"), ctl_text(flow, "to"), ctl_text(flow, "route"),
	       ctl_text(flow, "program"), ctl_number(flow, "pid"), ctl_number(flow, "uid"),
	       ctl_number(flow, "sent"), ctl_number(flow, "received"), ctl_number(flow, "seconds"));
}

static void print_flows(GVariant *reply)
{
	g_autoptr(GVariant) flows =
		g_variant_lookup_value(reply, "flows", G_VARIANT_TYPE("aa{sv}"));
	gsize i;

	for (i = 0; flows && i < g_variant_n_children(flows); i++) {
		g_autoptr(GVariant) flow = g_variant_get_child_value(flows, i);

		print_flow(flow);
	}
}

static void print_warnings(GVariant *reply)
{
	g_autofree const char **warnings = NULL;
	guint i;

	g_variant_lookup(reply, "warnings", "^a&s", &warnings);
	for (i = 0; warnings && warnings[i]; i++)
		printf("warning   %s\n", warnings[i]);
}

int ctl_status(struct ctl *ctl, int argc, char **argv)
{
	const struct ctl_usage usage = {
		.words = "eswrapctl status",
		.summary = "The module, its sockets, the connections that go through it, and what "
			   "to mind. Who does not administer\nsees his own connections."
	};
	g_autoptr(GVariant) reply = NULL;
	int status = client_command(ctl, &usage, argc, argv, &reply);

	if (reply) {
		print_module(reply);
		print_tally(reply, "opened", "opened");
		print_tally(reply, "failed", "failed");
		print_tally(reply, "direct", "direct");
		print_tally(reply, "datagrams-lost", "lost");
		print_tally(reply, "tls-in-tls", "tls twice");
		print_users(reply);
		print_flows(reply);
		print_warnings(reply);
	}
	return status;
}
