// SPDX-License-Identifier: MIT
/* eswrapctl wifi: the networks in range, and the one that the module is in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eswrapctl/ctl.h"

/* Fields of a line: #001,"SSID",aa:bb:cc:dd:ee:ff,-50,rate,mode,security,band,channel */
enum field { FIELD_MAC, FIELD_SIGNAL, FIELD_RATE, FIELD_MODE, FIELD_SECURITY, FIELD_BAND, FIELDS };

/* An SSID may hold commas and quotes: its end is the last quote. */
static bool parse_line(const char *line, char **ssid, char ***fields)
{
	const char *begin = strchr(line, '"'), *end = strrchr(line, '"');

	if (*line != '#' || !begin || end == begin || end[1] != ',')
		return false;
	*fields = g_strsplit(end + 2, ",", -1);
	if (g_strv_length(*fields) <= FIELD_SECURITY) {
		g_clear_pointer(fields, g_strfreev);
		return false;
	}
	*ssid = g_strndup(begin + 1, (gsize)(end - begin - 1));
	return true;
}

static void add_network(GVariantBuilder *list, const char *line, bool print)
{
	g_autofree char *ssid = NULL;
	g_auto(GStrv) fields = NULL;
	GVariantDict network;

	if (!parse_line(line, &ssid, &fields))
		return;
	if (print)
		printf("%4d dBm  %-24s %-14s %s\n", atoi(fields[FIELD_SIGNAL]), ssid,
		       fields[FIELD_SECURITY], fields[FIELD_MAC]);
	g_variant_dict_init(&network, NULL);
	g_variant_dict_insert(&network, "ssid", "s", ssid);
	g_variant_dict_insert(&network, "mac", "s", fields[FIELD_MAC]);
	g_variant_dict_insert(&network, "signal", "i", atoi(fields[FIELD_SIGNAL]));
	g_variant_dict_insert(&network, "security", "s", fields[FIELD_SECURITY]);
	g_variant_builder_add_value(list, g_variant_dict_end(&network));
}

static int scan(struct ctl *ctl, int argc, char **argv)
{
	const struct ctl_usage usage = {
		.words = "eswrapctl wifi scan",
		.summary = "Lists the networks that the module sees, with their strength. It takes "
			   "some seconds,\nduring which connections wait.",
	};
	g_autoptr(GVariant) reply = NULL;
	g_auto(GStrv) lines = NULL;
	GVariantBuilder list;
	GVariantDict dict;
	int status;
	guint i;

	if (!ctl_parse(ctl, &usage, &argc, &argv))
		return CTL_USAGE;
	status = client_ask(ctl, "wifi-scan", NULL, NULL, NULL, &reply);
	if (status != CTL_OK)
		return status;
	lines = g_strsplit(ctl_text(reply, "lines"), "\n", -1);
	g_variant_builder_init(&list, G_VARIANT_TYPE("aa{sv}"));
	for (i = 0; lines[i]; i++)
		add_network(&list, lines[i], !ctl->json);
	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert_value(&dict, "networks", g_variant_builder_end(&list));
	if (ctl->json)
		ctl_print_json(g_variant_dict_end(&dict));
	else
		g_variant_dict_clear(&dict);
	return CTL_OK;
}

/* One that is over when the broker has heard it. */
static int tell(struct ctl *ctl, const struct ctl_usage *usage, const char *done, int argc,
		char **argv)
{
	g_autoptr(GVariant) reply = NULL;
	int status = client_command(ctl, usage, argc, argv, &reply);

	if (reply)
		printf("%s; `eswrapctl status` shows how far it is\n", done);
	return status;
}

static int join(struct ctl *ctl, int argc, char **argv)
{
	const struct ctl_usage usage = {
		.words = "eswrapctl wifi join",
		.summary = "Joins the network of the configuration, now: also where the broker "
			   "waits before it tries again.",
	};

	return tell(ctl, &usage, "the module joins the network", argc, argv);
}

static int leave(struct ctl *ctl, int argc, char **argv)
{
	const struct ctl_usage usage = {
		.words = "eswrapctl wifi leave",
		.summary = "Leaves the network until `eswrapctl wifi join`, or the broker's next "
			   "start. All connections are lost.",
	};

	return tell(ctl, &usage, "the module leaves the network", argc, argv);
}

static const struct ctl_command commands[] = {
	{ "scan", scan, "the networks in range" },
	{ "join", join, "join the configuration's network, now" },
	{ "leave", leave, "leave it until told to join; all connections are lost" },
	{ NULL },
};

int ctl_wifi(struct ctl *ctl, int argc, char **argv)
{
	return ctl_dispatch(ctl, "eswrapctl wifi", commands, argc, argv);
}
