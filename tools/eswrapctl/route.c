// SPDX-License-Identifier: MIT
/* eswrapctl route: which route takes a destination, and why. */
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "eswrapctl/ctl.h"

/* --program, --user, --mark, --udp */
struct route_options {
	char *program, *user;
	gint mark;
	gboolean datagram;
};

static int print(const struct ctl *ctl, GVariant *reply, const char *host, const char *port)
{
	g_autofree const char **steps = NULL;
	const char *route = ctl_text(reply, "route");
	guint i;

	if (ctl->json) {
		ctl_print_reply(reply);
		return CTL_OK;
	}
	if (*route)
		printf("%s port %s: [%s%s], through = %s\n", host, port,
		       strcmp(route, "default") ? "route " : "", route, ctl_text(reply, "through"));
	else
		printf("%s port %s: no route; direct\n", host, port);
	g_variant_lookup(reply, "steps", "^a&s", &steps);
	for (i = 0; steps && steps[i]; i++)
		printf("  %s\n", steps[i]);
	if (*ctl_text(reply, "name"))
		printf("  the name is %s\n", ctl_text(reply, "name"));
	return CTL_OK;
}

/* A name, or a number. */
static bool parse_user(const struct ctl *ctl, const char *text, guint *uid)
{
	const struct passwd *user = getpwnam(text);
	guint64 number;

	if (user) {
		*uid = user->pw_uid;
		return true;
	}
	if (g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT - 1, &number, NULL)) {
		*uid = (guint)number;
		return true;
	}
	ctl_error(ctl, "unknown user \"%s\"", text);
	return false;
}

static int ask_route(const struct ctl *ctl, const struct route_options *options, const char *host,
		     const char *port)
{
	g_autoptr(GVariant) reply = NULL;
	guint64 number;
	GVariantDict dict;
	guint uid = 0;
	int status;

	if (!g_ascii_string_to_unsigned(port, 10, 1, G_MAXUINT16, &number, NULL)) {
		ctl_error(ctl, "\"%s\" is not a port: 1 to %d", port, G_MAXUINT16);
		return CTL_USAGE;
	}
	if (options->user && !parse_user(ctl, options->user, &uid))
		return CTL_USAGE;
	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "host", "s", host);
	g_variant_dict_insert(&dict, "port", "u", (guint)number);
	g_variant_dict_insert(&dict, "mark", "u", (guint)options->mark);
	g_variant_dict_insert(&dict, "datagram", "b", options->datagram);
	if (options->program)
		g_variant_dict_insert(&dict, "program", "s", options->program);
	if (options->user)
		g_variant_dict_insert(&dict, "uid", "u", uid);
	status = client_ask(ctl, "route", g_variant_dict_end(&dict), NULL, NULL, &reply);
	return status == CTL_OK ? print(ctl, reply, host, port) : status;
}

int ctl_route(struct ctl *ctl, int argc, char **argv)
{
	struct route_options options = { NULL };
	const GOptionEntry entries[] = {
		{ "program", 0, 0, G_OPTION_ARG_STRING, &options.program,
		  "as if this program connected", "NAME" },
		{ "user", 0, 0, G_OPTION_ARG_STRING, &options.user, "as if this user did", "USER" },
		{ "mark", 0, 0, G_OPTION_ARG_INT, &options.mark, "with this mark (SO_MARK)",
		  "MARK" },
		{ "udp", 0, 0, G_OPTION_ARG_NONE, &options.datagram,
		  "a datagram socket, not a stream", NULL },
		{ NULL },
	};
	const struct ctl_usage usage = {
		.words = "eswrapctl route",
		.arguments = "HOST PORT",
		.summary = "Which route takes a connection to HOST, a name or an address, and why. "
			   "Nothing is connected.",
		.entries = entries,
	};
	int status = CTL_USAGE;

	if (ctl_parse(ctl, &usage, &argc, &argv)) {
		if (argc != 3)
			ctl_error(ctl, "route takes a host and a port");
		else
			status = ask_route(ctl, &options, argv[1], argv[2]);
	}
	g_free(options.program);
	g_free(options.user);
	return status;
}
