// SPDX-License-Identifier: MIT
/*
 * eswrap - run a program so that the sockets that routes name go out through the module
 *
 * The launcher becomes the program: signals, job control and the exit status are the program's own.
 */
#include <config.h>

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker.h"
#include "eswrap/wire.h"
#include "program.h"

/* As env(1), timeout(1) and nohup(1) have it: they failed, not the program. */
#define STATUS_OWN_FAILURE 125

static int complain(int status, const char *sentence)
{
	char **lines = g_strsplit(sentence, "\n", 0);
	int i;

	for (i = 0; lines[i]; i++)
		g_printerr("%s%s\n",
			   g_str_has_prefix(lines[i], "eswrapd: ") ? "" : "eswrap: ", lines[i]);
	g_strfreev(lines);
	return status;
}

/* This program's folder when it runs in the build tree, else NULL. */
static char *build_folder(void)
{
	char *self = g_file_read_link("/proc/self/exe", NULL), *folder, *library;

	if (!self)
		return NULL;
	folder = g_path_get_dirname(self);
	g_free(self);
	library = g_build_filename(folder, "../../lib/shim/.libs/libeswrap.so", NULL);
	if (!g_str_has_suffix(folder, "/tools/eswrap") || access(library, R_OK) < 0)
		g_clear_pointer(&folder, g_free);
	g_free(library);
	return folder;
}

/*
 * Where a multi-arch system has the library, each program's loader finds the one of its own word
 * size: it puts its own folder in place of "$LIB" (ld.so(8), "dynamic string tokens").
 */
static char *library_path(const char *build)
{
	static const char installed[] = PKGLIBDIR "/libeswrap.so";
	const char *folder = strstr(installed, "/" LIB_FOLDER "/");
	char *path, *real;

	if (build) {
		path = g_build_filename(build, "../../lib/shim/.libs/libeswrap.so", NULL);
		real = g_canonicalize_filename(path, NULL);
		g_free(path);
		return real;
	}
	if (!*LIB_FOLDER || !folder)
		return g_strdup(installed);
	return g_strdup_printf("%.*s/$LIB%s", (int)(folder - installed), installed,
			       folder + 1 + strlen(LIB_FOLDER));
}

/*
 * Ours comes last, nearest to libc. The others then see what they would see without us, and what
 * they call themselves comes by us too; and sanitisers insist on being first.
 */
static void preload(const char *library)
{
	const char *others = g_getenv("LD_PRELOAD");
	char **entries = g_strsplit_set(others ? others : "", ": ", 0), *all;

	if (!g_strv_contains((const char *const *)entries, library)) {
		all = others && *others ? g_strconcat(others, ":", library, NULL)
					: g_strdup(library);
		g_setenv("LD_PRELOAD", all, TRUE);
		g_free(all);
	}
	g_strfreev(entries);
}

/* LD_PRELOAD's own syntax has no way to write these. */
static bool can_be_preloaded(const char *library)
{
	const char *folder = strstr(library, "$LIB");

	return !strpbrk(library, ": ") && strchr(library, '$') == folder &&
	       !(folder && strchr(folder + 1, '$'));
}

static int run(char **argv, const char *config, const char *route)
{
	char *build = build_folder(), *library = library_path(build);
	char *eswrapd = build ? g_build_filename(build, "../eswrapd/eswrapd", NULL)
			      : g_strdup(SBINDIR "/eswrapd");
	char *error = NULL;
	struct broker_link link;
	int status;

	if (!can_be_preloaded(library))
		return complain(
			STATUS_OWN_FAILURE,
			"libeswrap.so cannot be preloaded from a path with a space, a colon "
			"or a dollar sign");
	/* The loader only warns of a library that is not there, and runs the program without it. */
	if (!build && access(PKGLIBDIR "/libeswrap.so", R_OK) < 0)
		return complain(STATUS_OWN_FAILURE, PKGLIBDIR "/libeswrap.so is missing; is eswrap "
							      "installed completely?");
	status = program_check(argv[0], library, &error);
	if (status != 0)
		return complain(status, error);
	/* Before the broker is asked: it says whether there is such a route. */
	if (route)
		g_setenv(ESWRAP_ROUTE_ENV, route, TRUE);
	if (!broker_find(config, eswrapd, &link, &error))
		return complain(STATUS_OWN_FAILURE, error);
	g_setenv(ESWRAP_SOCKET_ENV, link.socket, TRUE);
	preload(library);
	execvp(argv[0], argv);
	status = errno == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_EXECUTE;
	g_printerr("eswrap: %s: %s\n", argv[0], g_strerror(errno));
	return status;
}

int main(int argc, char **argv)
{
	char *config = NULL, *route = NULL;
	gboolean version = FALSE;
	const GOptionEntry entries[] = {
		{ "config", 'c', 0, G_OPTION_ARG_FILENAME, &config,
		  "use the private broker of FILE, starting it if need be", "FILE" },
		{ "route", 'r', 0, G_OPTION_ARG_STRING, &route,
		  "all of the program's connections take [route ROUTE]", "ROUTE" },
		{ "version", 0, 0, G_OPTION_ARG_NONE, &version, "print the version", NULL },
		{ NULL },
	};
	GOptionContext *context = g_option_context_new("PROGRAM [ARGUMENT...]");
	GError *error = NULL;

	g_option_context_set_summary(
		context,
		"Runs PROGRAM so that the sockets that eswrap.conf's routes name go out "
		"through\nthe eS-WiFi module. The exit status is PROGRAM's; 125 when eswrap "
		"itself fails, 126\nwhen PROGRAM cannot be run under it, 127 when it is not "
		"found.");
	g_option_context_add_main_entries(context, entries, NULL);
	/* What follows the program's name is the program's. */
	g_option_context_set_strict_posix(context, TRUE);
	if (!g_option_context_parse(context, &argc, &argv, &error))
		return complain(STATUS_OWN_FAILURE, error->message);
	if (version) {
		g_print("eswrap %s\n", PACKAGE_VERSION);
		return 0;
	}
	if (argc > 1 && g_str_equal(argv[1], "--")) {
		argv++;
		argc--;
	}
	if (argc < 2)
		return complain(STATUS_OWN_FAILURE, "which program? usage: eswrap [-c FILE] "
						    "[-r ROUTE] PROGRAM [ARGUMENT...]");
	if (route && (!*route || strlen(route) > ESWRAP_ROUTE_MAX))
		return complain(STATUS_OWN_FAILURE, "-r: a route's name has 1 to " G_STRINGIFY(
							    ESWRAP_ROUTE_MAX) " bytes");
	return run(argv + 1, config, route);
}
