// SPDX-License-Identifier: MIT
/* What all subcommands begin and end with: the table, the options, output and the exit status. */
#include "eswrapctl/ctl.h"

#include <errno.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

int ctl_finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "eswrapctl: standard output cannot be written: %s\n", g_strerror(errno));
	return status == CTL_OK ? CTL_OUTPUT : status;
}

static gboolean print_version(const char *name G_GNUC_UNUSED, const char *value G_GNUC_UNUSED,
			      gpointer user G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
	printf("eswrapctl %s\n", PACKAGE_VERSION);
	exit(ctl_finish(CTL_OK));
}

bool ctl_parse(struct ctl *ctl, const struct ctl_usage *usage, int *argc, char ***argv)
{
	const GOptionEntry common[] = {
		{ "config", 'c', 0, G_OPTION_ARG_FILENAME, &ctl->config,
		  "configuration file, instead of the one that the broker uses", "FILE" },
		{ "socket", 's', 0, G_OPTION_ARG_FILENAME, &ctl->socket,
		  "the broker's control socket", "PATH" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &ctl->json, "output for scripts", NULL },
		{ "version", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK,
		  (gpointer)print_version, "print the version", NULL },
		{ NULL },
	};
	g_autoptr(GOptionContext) context = g_option_context_new(usage->arguments);
	g_autoptr(GError) error = NULL;

	/* The first word of the usage line. */
	g_set_prgname(usage->words);
	if (usage->summary)
		g_option_context_set_summary(context, usage->summary);
	if (usage->group)
		g_option_context_set_main_group(context, usage->group);
	if (usage->entries)
		g_option_context_add_main_entries(context, usage->entries, NULL);
	g_option_context_add_main_entries(context, common, NULL);
	g_option_context_set_strict_posix(context, usage->stop);
	g_option_context_set_help_enabled(context, !usage->stop);
	if (usage->stop && *argc > 1 &&
	    (!strcmp((*argv)[1], "--help") || !strcmp((*argv)[1], "-h")))
		/* The list of commands is the help. */
		return true;
	if (!g_option_context_parse(context, argc, argv, &error)) {
		ctl_error(ctl, "%s; `%s --help` says more", error->message, usage->words);
		return false;
	}
	/* "--" has been seen to. */
	if (*argc > 1 && !strcmp((*argv)[1], "--")) {
		memmove(&(*argv)[1], &(*argv)[2], sizeof(**argv) * (size_t)(*argc - 1));
		(*argc)--;
	}
	if (!usage->arguments && *argc > 1) {
		ctl_error(ctl, "%s takes no arguments; `%s --help` says more", (*argv)[0],
			  usage->words);
		return false;
	}
	return true;
}

static void print_commands(FILE *to, const char *words, const struct ctl_command *commands)
{
	fprintf(to, "Usage: %s [-c FILE] [-s SOCKET] [--json] COMMAND ...\n\nCommands:\n", words);
	for (; commands->name; commands++)
		fprintf(to, "  %-14s %s\n", commands->name, commands->help);
	fprintf(to, "\n`%s COMMAND --help` says more, eswrapctl(8) all.\n", words);
}

int ctl_dispatch(struct ctl *ctl, const char *words, const struct ctl_command *commands, int argc,
		 char **argv)
{
	const struct ctl_usage usage = { .words = words, .arguments = "COMMAND ...", .stop = true };
	const struct ctl_command *command;

	if (!ctl_parse(ctl, &usage, &argc, &argv))
		return CTL_USAGE;
	if (argc < 2) {
		print_commands(stderr, words, commands);
		return CTL_USAGE;
	}
	if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		print_commands(stdout, words, commands);
		return CTL_OK;
	}
	for (command = commands; command->name; command++)
		if (!strcmp(command->name, argv[1]))
			return command->run(ctl, argc - 1, argv + 1);
	ctl_error(ctl, "unknown command \"%s\"; `%s help` lists them", argv[1], words);
	return CTL_USAGE;
}

void ctl_error(const struct ctl *ctl, const char *format, ...)
{
	g_autofree char *text = NULL;
	GVariantDict dict;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	if (ctl->json) {
		g_variant_dict_init(&dict, NULL);
		g_variant_dict_insert(&dict, "error", "s", text);
		ctl_print_json(g_variant_dict_end(&dict));
	} else {
		fflush(stdout);
		fprintf(stderr, "eswrapctl: %s\n", text);
	}
}

void ctl_print_json(GVariant *value)
{
	g_autoptr(GVariant) owned = g_variant_ref_sink(value);
	g_autofree char *text = json_gvariant_serialize_data(owned, NULL);

	puts(text);
}

void ctl_print_reply(GVariant *reply)
{
	GVariantDict dict;

	g_variant_dict_init(&dict, reply);
	g_variant_dict_remove(&dict, "done");
	ctl_print_json(g_variant_dict_end(&dict));
}

const char *ctl_text(GVariant *dict, const char *key)
{
	const char *text = "";

	g_variant_lookup(dict, key, "&s", &text);
	return text;
}

guint64 ctl_number(GVariant *dict, const char *key)
{
	guint64 large = 0;
	guint32 small = 0;

	if (g_variant_lookup(dict, key, "u", &small))
		return small;
	g_variant_lookup(dict, key, "t", &large);
	return large;
}
