// SPDX-License-Identifier: MIT
#include "eswrapctl/ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

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
	const struct ctl_command *command;

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
	ctl_error(ctl, "\"%s\" is no command; `%s help` lists them", argv[1], words);
	return CTL_USAGE;
}

static gboolean print_version(const char *name, const char *value, gpointer user, GError **error)
{
	(void)name;
	(void)value;
	(void)user;
	(void)error;
	printf("eswrapctl %s\n", PACKAGE_VERSION);
	exit(CTL_OK);
}

bool ctl_parse(struct ctl *ctl, const char *words, const char *arguments, const char *summary,
	       const GOptionEntry *entries, bool stop, int *argc, char ***argv)
{
	const GOptionEntry common[] = {
		{ "config", 'c', 0, G_OPTION_ARG_FILENAME, &ctl->config,
		  "configuration file, instead of the one that the broker uses", "FILE" },
		{ "socket", 's', 0, G_OPTION_ARG_FILENAME, &ctl->socket,
		  "the broker's control socket", "PATH" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &ctl->json, "output for scripts", NULL },
		{ "version", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK,
		  (gpointer)print_version, "say the version", NULL },
		{ NULL },
	};
	GOptionContext *context = g_option_context_new(arguments);
	GError *error = NULL;

	/* The first word of the usage line. */
	g_set_prgname(words);
	if (summary)
		g_option_context_set_summary(context, summary);
	if (entries)
		g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_add_main_entries(context, common, NULL);
	g_option_context_set_strict_posix(context, stop);
	g_option_context_set_help_enabled(context, !stop);
	g_option_context_set_ignore_unknown_options(context, false);
	if (stop && *argc > 1 && (!strcmp((*argv)[1], "--help") || !strcmp((*argv)[1], "-h"))) {
		/* The list of commands is the help. */
		g_option_context_free(context);
		return true;
	}
	if (!g_option_context_parse(context, argc, argv, &error)) {
		ctl_error(ctl, "%s; `%s --help` says more", error->message, words);
		g_error_free(error);
		g_option_context_free(context);
		return false;
	}
	g_option_context_free(context);
	/* "--" has been seen to. */
	if (*argc > 1 && !strcmp((*argv)[1], "--")) {
		memmove(&(*argv)[1], &(*argv)[2], sizeof(**argv) * (size_t)(*argc - 1));
		(*argc)--;
	}
	return true;
}

void ctl_error(const struct ctl *ctl, const char *format, ...)
{
	GVariantDict dict;
	va_list arguments;
	char *text;

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
	g_free(text);
}

void ctl_print_json(GVariant *value)
{
	GString *text = g_string_new(NULL);

	g_variant_ref_sink(value);
	json_from_variant(value, text);
	g_variant_unref(value);
	puts(text->str);
	g_string_free(text, TRUE);
}

void ctl_print_reply(GVariant *reply)
{
	GVariantDict dict;

	g_variant_dict_init(&dict, reply);
	g_variant_dict_remove(&dict, "done");
	ctl_print_json(g_variant_dict_end(&dict));
}
