// SPDX-License-Identifier: MIT
/*
 * eswrap - run a program so that the sockets that routes name go out through the module
 *
 * The launcher becomes the program: signals, job control and the exit status are the program's own.
 */
#include <config.h>

#include <errno.h>
#include <glib.h>
#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker.h"
#include "eswrap/wire.h"
#include "isolate.h"
#include "program.h"
#include "strict.h"

/* As env(1), timeout(1) and nohup(1) have it: they failed, not the program. */
#define STATUS_OWN_FAILURE 125

static int complain(int status, const char *sentence)
{
	g_auto(GStrv) lines = g_strsplit(sentence, "\n", 0);
	int i;

	for (i = 0; lines[i]; i++)
		g_printerr("%s%s\n",
			   g_str_has_prefix(lines[i], "eswrapd: ") ? "" : "eswrap: ", lines[i]);
	return status;
}

/* This program's directory when it runs in the build tree, else NULL. */
static char *build_directory(void)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *directory = self ? g_path_get_dirname(self) : NULL;
	g_autofree char *library = NULL;

	if (!directory || !g_str_has_suffix(directory, "/tools/eswrap"))
		return NULL;
	library = g_build_filename(directory, "../../lib/shim/.libs/libeswrap.so", NULL);
	return access(library, R_OK) == 0 ? g_steal_pointer(&directory) : NULL;
}

/*
 * Where a multi-arch system has the library, each program's loader finds the one of its own word
 * size: it puts its own directory in place of "$LIB" (ld.so(8), "dynamic string tokens").
 */
static char *library_path(const char *build)
{
	static const char installed[] = PKGLIBDIR "/libeswrap.so";
	const char *directory = strstr(installed, "/" LIB_FOLDER "/");
	g_autofree char *path = NULL;

	if (build) {
		path = g_build_filename(build, "../../lib/shim/.libs/libeswrap.so", NULL);
		return g_canonicalize_filename(path, NULL);
	}
	if (!*LIB_FOLDER || !directory)
		return g_strdup(installed);
	return g_strdup_printf("%.*s/$LIB%s", (int)(directory - installed), installed,
			       directory + 1 + strlen(LIB_FOLDER));
}

/*
 * Ours comes last, nearest to libc. The others then see what they would see without us, and what
 * they call themselves comes by us too; and sanitisers insist on being first.
 */
static void preload(const char *library)
{
	const char *others = g_getenv("LD_PRELOAD");
	g_auto(GStrv) entries = g_strsplit_set(others ? others : "", ": ", 0);
	g_autofree char *all = NULL;

	if (g_strv_contains((const char *const *)entries, library))
		return;
	all = others && *others ? g_strconcat(others, ":", library, NULL) : g_strdup(library);
	g_setenv("LD_PRELOAD", all, TRUE);
}

/* LD_PRELOAD's own syntax has no way to write these. */
static bool can_be_preloaded(const char *library)
{
	const char *variable = strstr(library, "$LIB");

	return !strpbrk(library, ": ") && strchr(library, '$') == variable &&
	       !(variable && strchr(variable + 1, '$'));
}

/**
 * struct options - the command line
 * @config:	-c; NULL: the system's broker, or $ESWRAP_SOCKET's
 * @route:	-r; NULL: by the routes' conditions
 * @ports:	--isolate's
 * @strict:	--strict
 * @isolate:	--isolate
 * @check:	--check
 */
struct options {
	char *config, *route, *ports;
	gboolean strict, isolate, check, version;
};

/* Return: the library for LD_PRELOAD, or NULL after a message. */
static char *find_library(const char *build)
{
	g_autofree char *library = library_path(build);

	/* The loader only warns of a library that is not there, and runs the program without it. */
	if (!build && access(PKGLIBDIR "/libeswrap.so", R_OK) < 0)
		complain(0, PKGLIBDIR "/libeswrap.so is missing; is eswrap installed completely?");
	else if (!can_be_preloaded(library))
		complain(0, "libeswrap.so cannot be preloaded from a path with a space, a colon or "
			    "a dollar sign");
	else
		return g_steal_pointer(&library);
	return NULL;
}

static int complain_unreached(const char *sentence)
{
	g_autofree char *line =
		g_strdup_printf("%s; or use eswrap --isolate, which reaches every program "
				"(`unreachable = isolate` in the configuration does so by itself)",
				sentence);

	return complain(STATUS_CANNOT_EXECUTE, line);
}

/* --check: what would become of it, and nothing else. Return: the exit status */
static int tell_reach(const char *program, int status, const char *sentence)
{
	if (status == STATUS_UNREACHED)
		return complain_unreached(sentence);
	if (status != 0)
		return complain(status, sentence);
	g_print("%s: the library is preloaded into it\n", program);
	return 0;
}

/* --isolate[=PORTS] */
static gboolean set_isolate(const char *name G_GNUC_UNUSED, const char *value, gpointer data,
			    GError **error G_GNUC_UNUSED)
{
	struct options *options = data;

	options->isolate = TRUE;
	g_free(options->ports);
	options->ports = g_strdup(value);
	return TRUE;
}

/* Return: an exit status; not at all when all is well. */
static int run(char **argv, const struct options *options)
{
	g_autofree char *build = build_directory(), *library = find_library(build);
	g_autofree char *eswrapd = build ? g_build_filename(build, "../eswrapd/eswrapd", NULL)
					 : g_strdup(SBINDIR "/eswrapd");
	g_autofree char *tunnel =
		build ? g_build_filename(build, "../eswrap-tunnel/eswrap-tunnel", NULL)
		      : g_strdup(SBINDIR "/eswrap-tunnel");
	g_autofree char *error = NULL, *unreached = NULL;
	struct broker_link link;
	int status;

	if (!library)
		return STATUS_OWN_FAILURE;
	status = program_check(argv, library, &error);
	if (options->check)
		return tell_reach(argv[0], status, error);
	/* Where preloading does not reach it, the configuration says what is to be done. */
	if (status == STATUS_UNREACHED)
		unreached = g_steal_pointer(&error);
	else if (status != 0)
		return complain(status, error);
	/* Before the broker is asked: it says whether there is such a route. */
	if (options->route)
		g_setenv(ESWRAP_ROUTE_ENV, options->route, TRUE);
	if (!broker_find(options->config, eswrapd, &link, &error))
		return unreached && !options->isolate ? complain_unreached(unreached)
						      : complain(STATUS_OWN_FAILURE, error);
	g_setenv(ESWRAP_SOCKET_ENV, link.socket, TRUE);
	if (options->isolate || (unreached && link.unreachable == ESWRAP_UNREACHABLE_ISOLATE))
		return isolate_become(tunnel, options->ports, argv);
	if (unreached)
		return complain_unreached(unreached);
	if (options->strict && !strict_begin(&error))
		return complain(STATUS_OWN_FAILURE, error);
	broker_leave_counts(&link);
	preload(library);
	execvp(argv[0], argv);
	status = errno == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_EXECUTE;
	g_printerr("eswrap: %s: %s\n", argv[0], g_strerror(errno));
	return status;
}

/*
 * GLib takes the word behind an option whose argument may be left out for that argument; here only
 * what stands behind "=" is one.
 */
static void mark_isolate(int argc, char **argv)
{
	static char without_ports[] = "--isolate=";
	int i;

	for (i = 1; i < argc && *argv[i] == '-' && !g_str_equal(argv[i], "--"); i++) {
		if (g_str_equal(argv[i], "--isolate"))
			argv[i] = without_ports;
		else if (g_str_equal(argv[i], "-c") || g_str_equal(argv[i], "--config") ||
			 g_str_equal(argv[i], "-r") || g_str_equal(argv[i], "--route"))
			i++;
	}
}

/* Return: false after a message. */
static bool parse_options(struct options *options, int *argc, char ***argv)
{
	const GOptionEntry entries[] = {
		{ "config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config,
		  "use the private broker of FILE, starting it if need be", "FILE" },
		{ "route", 'r', 0, G_OPTION_ARG_STRING, &options->route,
		  "all of the program's connections take [route ROUTE]", "ROUTE" },
		{ "strict", 0, 0, G_OPTION_ARG_NONE, &options->strict,
		  "forbid internet connections that go past eswrap", NULL },
		{ "isolate", 0, G_OPTION_FLAG_OPTIONAL_ARG, G_OPTION_ARG_CALLBACK, set_isolate,
		  "run it in a network namespace whose only way out is the module; with PORTS of "
		  "this machine's loopback",
		  "PORTS" },
		{ "check", 0, 0, G_OPTION_ARG_NONE, &options->check,
		  "say whether PROGRAM can be reached by preloading, and do not run it", NULL },
		{ "version", 0, 0, G_OPTION_ARG_NONE, &options->version, "print the version",
		  NULL },
		{ NULL },
	};
	g_autoptr(GOptionContext) context = g_option_context_new("PROGRAM [ARGUMENT...]");
	g_autoptr(GError) error = NULL;
	GOptionGroup *group;

	g_option_context_set_summary(
		context,
		"Runs PROGRAM so that the sockets that eswrap.conf's routes name go out "
		"through\nthe eS-WiFi module. The exit status is PROGRAM's; 125 when eswrap "
		"itself fails, 126\nwhen PROGRAM cannot be run under it, 127 when it is not "
		"found.");
	group = g_option_group_new("eswrap", "", "", options, NULL);
	g_option_group_add_entries(group, entries);
	g_option_context_set_main_group(context, group);
	mark_isolate(*argc, *argv);
	/* What follows the program's name is the program's. */
	g_option_context_set_strict_posix(context, TRUE);
	if (!g_option_context_parse(context, argc, argv, &error)) {
		complain(0, error->message);
		return false;
	}
	if (*argc > 1 && g_str_equal((*argv)[1], "--")) {
		(*argv)++;
		(*argc)--;
	}
	if (options->version)
		return true;
	if (*argc < 2)
		complain(0, "no program is named; usage: eswrap [-c FILE] [-r ROUTE] [--strict] "
			    "[--isolate[=PORTS]] PROGRAM [ARGUMENT...]");
	else if (options->route && (!*options->route || strlen(options->route) > ESWRAP_ROUTE_MAX))
		complain(0, "-r: a route's name has 1 to " G_STRINGIFY(ESWRAP_ROUTE_MAX) " bytes");
	else
		return true;
	return false;
}

int main(int argc, char **argv)
{
	struct options options = { NULL };
	int status = STATUS_OWN_FAILURE;

	setlocale(LC_ALL, "");
	if (parse_options(&options, &argc, &argv)) {
		status = options.version ? 0 : run(argv + 1, &options);
		if (options.version)
			g_print("eswrap %s\n", PACKAGE_VERSION);
	}
	g_free(options.config);
	g_free(options.route);
	g_free(options.ports);
	return status;
}
