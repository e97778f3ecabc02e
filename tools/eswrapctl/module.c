// SPDX-License-Identifier: MIT
/* eswrapctl module: what the module itself is asked. */
#include <stdio.h>
#include <string.h>

#include "eswrapctl/ctl.h"

static int resolve(const struct ctl *ctl, const char *name, GVariant **reply)
{
	GVariantDict dict;

	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "name", "s", name);
	return client_ask(ctl, "module-resolve", g_variant_dict_end(&dict), NULL, NULL, reply);
}

/* Return: whether a reset is meant: @yes, or the person says so. */
static bool confirm_reset(const struct ctl *ctl, bool yes)
{
	return yes || terminal_confirm(ctl, "All connections through the module will be lost.",
				       "the word reset", "reset");
}

/* From what status says. */
static int ask_info(struct ctl *ctl, int argc, char **argv)
{
	static const char *const keys[] = { "state", "why", "product", "firmware",
					    "name",  "mac", "address", "ssid" };
	const struct ctl_usage usage = { .words = "eswrapctl module info",
					 .summary = "What the module says of itself." };
	g_autoptr(GVariant) reply = NULL;
	GVariantDict dict;
	int status;
	gsize i;

	if (!ctl_parse(ctl, &usage, &argc, &argv))
		return CTL_USAGE;
	status = client_ask(ctl, "status", NULL, NULL, NULL, &reply);
	if (status != CTL_OK)
		return status;
	g_variant_dict_init(&dict, NULL);
	for (i = 0; i < G_N_ELEMENTS(keys); i++) {
		g_variant_dict_insert(&dict, keys[i], "s", ctl_text(reply, keys[i]));
		if (!ctl->json)
			printf("%-9s %s\n", keys[i], ctl_text(reply, keys[i]));
	}
	g_variant_dict_insert(&dict, "baud", "t", ctl_number(reply, "baud"));
	if (ctl->json)
		ctl_print_json(g_variant_dict_end(&dict));
	else
		g_variant_dict_clear(&dict);
	return CTL_OK;
}

static int ask_resolve(struct ctl *ctl, int argc, char **argv)
{
	const struct ctl_usage usage = { .words = "eswrapctl module resolve",
					 .arguments = "NAME",
					 .summary = "Has the module look a name up." };
	g_autoptr(GVariant) reply = NULL;
	int status;

	if (!ctl_parse(ctl, &usage, &argc, &argv))
		return CTL_USAGE;
	if (argc != 2) {
		ctl_error(ctl, "resolve takes a name");
		return CTL_USAGE;
	}
	status = resolve(ctl, argv[1], &reply);
	if (status != CTL_OK)
		return status;
	if (ctl->json)
		ctl_print_reply(reply);
	else
		printf("%s is %s, found in %u ms\n", argv[1], ctl_text(reply, "address"),
		       (guint)ctl_number(reply, "milliseconds"));
	return CTL_OK;
}

/* Return: the address of @name, to be freed; NULL after a message. */
static char *address_of(struct ctl *ctl, const char *name, int *status)
{
	g_autoptr(GVariant) reply = NULL;

	if (g_hostname_is_ip_address(name))
		return g_strdup(name);
	*status = resolve(ctl, name, &reply);
	return *status == CTL_OK ? g_strdup(ctl_text(reply, "address")) : NULL;
}

/* "1,23" is the first request, answered after 23 ms; "1,-1" one that was not. */
static void print_ping(const char *address, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	const char *comma;
	guint i;

	for (i = 0; lines[i]; i++) {
		comma = strchr(lines[i], ',');
		if (!comma)
			printf("%s\n", lines[i]);
		else if (comma[1] == '-')
			printf("%s: request %.*s is not answered\n", address,
			       (int)(comma - lines[i]), lines[i]);
		else
			printf("%s: request %.*s is answered after %s ms\n", address,
			       (int)(comma - lines[i]), lines[i], comma + 1);
	}
}

static int ask_ping(struct ctl *ctl, int argc, char **argv)
{
	const struct ctl_usage usage = { .words = "eswrapctl module ping",
					 .arguments = "HOST",
					 .summary = "Has the module send echo requests." };
	g_autoptr(GVariant) reply = NULL;
	g_autofree char *address = NULL;
	GVariantDict dict;
	int status;

	if (!ctl_parse(ctl, &usage, &argc, &argv))
		return CTL_USAGE;
	if (argc != 2) {
		ctl_error(ctl, "ping takes a name or an address");
		return CTL_USAGE;
	}
	address = address_of(ctl, argv[1], &status);
	if (!address)
		return status;
	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "address", "s", address);
	status = client_ask(ctl, "module-ping", g_variant_dict_end(&dict), NULL, NULL, &reply);
	if (status != CTL_OK)
		return status;
	if (ctl->json)
		ctl_print_reply(reply);
	else
		print_ping(address, ctl_text(reply, "lines"));
	return CTL_OK;
}

static int ask_time(struct ctl *ctl, int argc, char **argv)
{
	const struct ctl_usage usage = {
		.words = "eswrapctl module time",
		.summary = "The module's clock: UTC where it has reached a time server, else the "
			   "milliseconds since it was switched on.",
	};
	g_autoptr(GVariant) reply = NULL;
	int status = client_command(ctl, &usage, argc, argv, &reply);

	if (reply)
		printf("%s\n", ctl_text(reply, "lines"));
	return status;
}

static void show_begun(GVariant *reply, gpointer user G_GNUC_UNUSED)
{
	gboolean begun;

	if (terminal_is_ours() && g_variant_lookup(reply, "begun", "b", &begun))
		fprintf(stderr, "asking the module, which takes up to a minute ...\n");
}

/* ADDRESS:PORT. Return: false when it is not. */
static bool split_peer(char *peer, guint16 *port)
{
	char *colon = strrchr(peer, ':');
	guint64 number;

	if (!colon || !g_ascii_string_to_unsigned(colon + 1, 10, 1, G_MAXUINT16, &number, NULL))
		return false;
	*colon = '\0';
	*port = (guint16)number;
	return strspn(peer, "0123456789.") == strlen(peer) && g_hostname_is_ip_address(peer);
}

static int ask_probe(struct ctl *ctl, int argc, char **argv)
{
	gboolean reset = FALSE, yes = FALSE;
	g_autofree char *peer = NULL;
	const GOptionEntry entries[] = {
		{ "reset", 0, 0, G_OPTION_ARG_NONE, &reset, "reset the module first", NULL },
		{ "peer", 0, 0, G_OPTION_ARG_STRING, &peer, "a TCP server that greets",
		  "ADDRESS:PORT" },
		{ "yes", 0, 0, G_OPTION_ARG_NONE, &yes, "do not ask for confirmation", NULL },
		{ NULL },
	};
	const struct ctl_usage usage = {
		.words = "eswrapctl module probe",
		.summary = "Asks the module every harmless question, and writes a report without "
			   "secrets. Meanwhile programs wait.",
		.entries = entries,
	};
	g_autoptr(GVariant) reply = NULL;
	gboolean whole = FALSE;
	GVariantDict dict;
	guint16 port = 0;
	int status;

	if (!ctl_parse(ctl, &usage, &argc, &argv))
		return CTL_USAGE;
	if (peer && !split_peer(peer, &port)) {
		ctl_error(ctl, "--peer: not an IPv4 address and a port, as in 192.0.2.1:22");
		return CTL_USAGE;
	}
	if (reset && !confirm_reset(ctl, yes))
		return CTL_USAGE;
	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "reset", "b", reset);
	if (peer) {
		g_variant_dict_insert(&dict, "peer", "s", peer);
		g_variant_dict_insert(&dict, "port", "q", port);
	}
	status = client_ask(ctl, "module-probe", g_variant_dict_end(&dict), show_begun, NULL,
			    &reply);
	if (status != CTL_OK)
		return status;
	if (ctl->json)
		ctl_print_reply(reply);
	else
		fputs(ctl_text(reply, "report"), stdout);
	if (g_variant_lookup(reply, "whole", "b", &whole) && whole)
		return CTL_OK;
	ctl_error(ctl, "the last question was not answered as it should be, and the report ends "
		       "there; the module is being brought up again");
	return CTL_FAILED;
}

static int ask_reset(struct ctl *ctl, int argc, char **argv)
{
	gboolean yes = FALSE;
	const GOptionEntry entries[] = {
		{ "yes", 0, 0, G_OPTION_ARG_NONE, &yes, "do not ask for confirmation", NULL },
		{ NULL },
	};
	const struct ctl_usage usage = {
		.words = "eswrapctl module reset",
		.summary = "Resets the module, which then joins again. All connections are lost.",
		.entries = entries,
	};
	int status;

	if (!ctl_parse(ctl, &usage, &argc, &argv))
		return CTL_USAGE;
	if (!confirm_reset(ctl, yes))
		return CTL_USAGE;
	status = client_ask(ctl, "module-reset", NULL, NULL, NULL, NULL);
	if (status != CTL_OK)
		return status;
	if (ctl->json)
		ctl_print_json(g_variant_new("a{sv}", NULL));
	else
		printf("the module is being reset; `eswrapctl status` shows how far it is\n");
	return CTL_OK;
}

static const struct ctl_command commands[] = {
	{ "info", ask_info, "what it says of itself" },
	{ "ping", ask_ping, "have it send echo requests" },
	{ "probe", ask_probe, "write a report of what it can do" },
	{ "reset", ask_reset, "start it anew; all connections are lost" },
	{ "resolve", ask_resolve, "have it look a name up" },
	{ "time", ask_time, "what its clock says" },
	{ NULL },
};

int ctl_module(struct ctl *ctl, int argc, char **argv)
{
	return ctl_dispatch(ctl, "eswrapctl module", commands, argc, argv);
}
