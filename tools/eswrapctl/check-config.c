// SPDX-License-Identifier: MIT
/* eswrapctl check-config: would the broker take this file? */
#include <stdio.h>
#include <string.h>

#include "eswrapctl/ctl.h"
#include "config/load.h"

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

int ctl_check_config(struct ctl *ctl, int argc, char **argv)
{
	const struct ctl_usage usage = {
		.words = "eswrapctl check-config",
		.arguments = "[FILE]",
		.summary = "Reads a configuration file as the broker would, and starts nothing.",
	};
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;
	struct settings *settings;
	const char *path;

	if (!ctl_parse(ctl, &usage, &argc, &argv))
		return CTL_USAGE;
	if (argc > 2) {
		ctl_error(ctl, "check-config takes one file");
		return CTL_USAGE;
	}
	path = argc > 1 ? argv[1] : ctl->config ? ctl->config : ESWRAP_CONFIG;
	settings = settings_load(path, warnings, &error);
	print_result(ctl, path, warnings, error);
	settings_free(settings);
	return error ? CTL_CONFIG : CTL_OK;
}
