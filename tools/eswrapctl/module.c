// SPDX-License-Identifier: MIT
/* eswrapctl module: what the module itself is asked. */
#include <stdio.h>

#include "eswrapctl/ctl.h"

static int fail(const struct ctl *ctl, int status, const GError *error)
{
	ctl_error(ctl, "%s", error->message);
	return status;
}

/* From what status says. */
static int ask_info(struct ctl *ctl, int argc, char **argv)
{
	static const char *const keys[] = { "state", "why", "product", "firmware",
					    "name",  "mac", "address", "ssid" };
	const struct ctl_usage usage = { .words = "eswrapctl module info",
					 .summary = "What the module says of itself." };
	g_autoptr(GVariant) reply = NULL;
	g_autoptr(GError) error = NULL;
	GVariantDict dict;
	int status;
	gsize i;

	if (!ctl_parse(ctl, &usage, &argc, &argv))
		return CTL_USAGE;
	if (argc > 1) {
		ctl_error(ctl, "info takes no arguments");
		return CTL_USAGE;
	}
	status = client_call(ctl, "status", NULL, NULL, NULL, &reply, &error);
	if (status != CTL_OK)
		return fail(ctl, status, error);
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
	g_autoptr(GError) error = NULL;
	GVariantDict dict;
	int status;

	if (!ctl_parse(ctl, &usage, &argc, &argv))
		return CTL_USAGE;
	if (argc != 2) {
		ctl_error(ctl, "resolve takes a name");
		return CTL_USAGE;
	}
	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "name", "s", argv[1]);
	status = client_call(ctl, "module-resolve", g_variant_dict_end(&dict), NULL, NULL, &reply,
			     &error);
	if (status != CTL_OK)
		return fail(ctl, status, error);
	if (ctl->json)
		ctl_print_reply(reply);
	else
		printf("%s is %s, found in %u ms\n", argv[1], ctl_text(reply, "address"),
		       (guint)ctl_number(reply, "milliseconds"));
	return CTL_OK;
}

static void show_begun(GVariant *reply, gpointer user G_GNUC_UNUSED)
{
	gboolean begun;

	if (terminal_is_ours() && g_variant_lookup(reply, "begun", "b", &begun))
		fprintf(stderr, "asking the module, which takes up to a minute ...\n");
}

static int ask_probe(struct ctl *ctl, int argc, char **argv)
{
	const struct ctl_usage usage = {
		.words = "eswrapctl module probe",
		.summary = "Asks the module every harmless question, and writes a report without "
			   "secrets. Meanwhile programs wait.",
	};
	g_autoptr(GVariant) reply = NULL;
	g_autoptr(GError) error = NULL;
	gboolean whole = FALSE;
	int status;

	if (!ctl_parse(ctl, &usage, &argc, &argv))
		return CTL_USAGE;
	if (argc > 1) {
		ctl_error(ctl, "probe takes no arguments");
		return CTL_USAGE;
	}
	status = client_call(ctl, "module-probe", NULL, show_begun, NULL, &reply, &error);
	if (status != CTL_OK)
		return fail(ctl, status, error);
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
	g_autoptr(GError) error = NULL;
	int status;

	if (!ctl_parse(ctl, &usage, &argc, &argv))
		return CTL_USAGE;
	if (argc > 1) {
		ctl_error(ctl, "reset takes no arguments");
		return CTL_USAGE;
	}
	if (!yes && !terminal_confirm(ctl, "All connections through the module will be lost.",
				      "the word reset", "reset"))
		return CTL_USAGE;
	status = client_call(ctl, "module-reset", NULL, NULL, NULL, NULL, &error);
	if (status != CTL_OK)
		return fail(ctl, status, error);
	if (ctl->json)
		ctl_print_json(g_variant_new("a{sv}", NULL));
	else
		printf("the module is being reset; `eswrapctl status` shows how far it is\n");
	return CTL_OK;
}

static const struct ctl_command commands[] = {
	{ "info", ask_info, "what it says of itself" },
	{ "probe", ask_probe, "write a report of what it can do" },
	{ "reset", ask_reset, "start it anew; all connections are lost" },
	{ "resolve", ask_resolve, "have it look a name up" },
	{ NULL },
};

int ctl_module(struct ctl *ctl, int argc, char **argv)
{
	const struct ctl_usage usage = { .words = "eswrapctl module",
					 .arguments = "COMMAND ...",
					 .stop = true };

	if (!ctl_parse(ctl, &usage, &argc, &argv))
		return CTL_USAGE;
	return ctl_dispatch(ctl, usage.words, commands, argc, argv);
}
