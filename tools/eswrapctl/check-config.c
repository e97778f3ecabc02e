// SPDX-License-Identifier: MIT
/* eswrapctl check-config: would the broker take this file? */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "eswrapctl/ctl.h"
#include "config/load.h"

/* Whom the unit of systemd runs the broker as. */
#define SERVICE_USER "eswrap"

static void print_result(const struct ctl *ctl, const char *path, GPtrArray *warnings,
			 const GError *error)
{
	GVariantDict dict;
	guint i;

	if (ctl->json) {
		g_variant_dict_init(&dict, NULL);
		g_variant_dict_insert(&dict, "config", "s", path);
		g_variant_dict_insert(&dict, "good", "b", !error);
		if (error)
			g_variant_dict_insert(&dict, "error", "s", error->message);
		g_variant_dict_insert_value(&dict, "warnings",
					    g_variant_new_strv((const char *const *)warnings->pdata,
							       warnings->len));
		ctl_print_json(g_variant_dict_end(&dict));
		return;
	}
	for (i = 0; i < warnings->len; i++)
		fprintf(stderr, "warning: %s\n", (const char *)g_ptr_array_index(warnings, i));
	if (error)
		fprintf(stderr, "%s\n", error->message);
	else
		printf("%s: good\n", path);
}

/*
 * The service reads its file as its own user: what root can read, it may not. Return: false after
 * a message.
 */
static bool find_judge(const struct ctl *ctl, const char *name, const char *path, uid_t *judge)
{
	const struct passwd *user;

	*judge = (uid_t)-1;
	if (!name && (geteuid() != 0 || strcmp(path, ESWRAP_CONFIG)))
		return true;
	user = getpwnam(name ? name : SERVICE_USER);
	if (user)
		*judge = user->pw_uid;
	if (user || !name)
		return true;
	ctl_error(ctl, "unknown user \"%s\"", name);
	return false;
}

static int check(const struct ctl *ctl, const char *user, const char *path)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;
	struct settings *settings;
	uid_t judge;

	if (!find_judge(ctl, user, path, &judge))
		return CTL_USAGE;
	if (judge != (uid_t)-1 && !rights_take(judge, &error)) {
		ctl_error(ctl, "%s", error->message);
		return CTL_FAILED;
	}
	settings = settings_load(path, warnings, &error);
	rights_restore();
	print_result(ctl, path, warnings, error);
	settings_free(settings);
	return error ? CTL_CONFIG : CTL_OK;
}

int ctl_check_config(struct ctl *ctl, int argc, char **argv)
{
	g_autofree char *user = NULL;
	const GOptionEntry entries[] = {
		{ "user", 0, 0, G_OPTION_ARG_STRING, &user,
		  "as this user would read it; " SERVICE_USER " for root and the system's file",
		  "USER" },
		{ NULL },
	};
	const struct ctl_usage usage = {
		.words = "eswrapctl check-config",
		.arguments = "[FILE]",
		.summary = "Reads a configuration file as the broker would, and starts nothing.",
		.entries = entries,
	};

	if (!ctl_parse(ctl, &usage, &argc, &argv))
		return CTL_USAGE;
	if (argc > 2) {
		ctl_error(ctl, "check-config takes one file");
		return CTL_USAGE;
	}
	return check(ctl, user, argc > 1 ? argv[1] : ctl->config ? ctl->config : ESWRAP_CONFIG);
}
