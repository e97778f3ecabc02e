// SPDX-License-Identifier: MIT
/* Which set is meant, and which files: from the command line, else from [credentials NAME]. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "eswrapctl/ctl.h"
#include "config/settings.h"

/* The file that the running broker has; without one the system's. */
static char *config_path(const struct ctl *ctl)
{
	g_autoptr(GVariant) reply = NULL;
	const char *path = NULL;

	if (ctl->config)
		return g_strdup(ctl->config);
	if (client_call(ctl, "status", NULL, NULL, NULL, &reply, NULL) == CTL_OK)
		g_variant_lookup(reply, "config", "&s", &path);
	return g_strdup(path && *path ? path : ESWRAP_CONFIG);
}

/* "0" to "2", and nothing else. */
static bool is_number(const char *text, guint *set)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned(text, 10, 0, ESWIFI_CREDENTIAL_SETS - 1, &number, NULL))
		return false;
	*set = (guint)number;
	return true;
}

bool set_number(const struct ctl *ctl, const char *text, guint *set)
{
	if (is_number(text, set))
		return true;
	ctl_error(ctl, "unknown set \"%s\": the module has 0 to %d", text,
		  ESWIFI_CREDENTIAL_SETS - 1);
	return false;
}

static const struct credentials *find_group(const struct settings *settings, const char *which)
{
	guint set = G_MAXUINT, i;
	bool number = is_number(which, &set);

	for (i = 0; i < settings->credentials->len; i++) {
		const struct credentials *each = g_ptr_array_index(settings->credentials, i);

		if (number ? each->set == set : !strcmp(each->name, which))
			return each;
	}
	return NULL;
}

static int take_group(const struct ctl *ctl, const char *which, struct set_options *options)
{
	g_autofree char *path = config_path(ctl);
	g_autoptr(GError) error = NULL;
	const struct credentials *group;
	struct settings *settings;
	int status = CTL_OK;

	settings = settings_load(path, NULL, &error);
	if (!settings) {
		ctl_error(ctl, "%s", error->message);
		return CTL_CONFIG;
	}
	group = find_group(settings, which);
	if (group) {
		options->set = group->set;
		options->name = g_strdup(group->name);
		options->ca = g_strdup(group->ca);
		options->certificate = g_strdup(group->certificate);
		options->key = g_strdup(group->key);
	} else {
		ctl_error(ctl,
			  "%s has no [credentials] group %s %s; write one, or name the files with "
			  "--ca, --certificate and --key",
			  path, is_number(which, &options->set) ? "with set =" : "named", which);
		status = CTL_USAGE;
	}
	settings_free(settings);
	return status;
}

bool set_items(const struct ctl *ctl, char **names, bool items[CREDENTIAL_ITEMS])
{
	guint i;

	for (i = 0; i < CREDENTIAL_ITEMS; i++)
		items[i] = !*names;
	for (; *names; names++) {
		for (i = 0; i < CREDENTIAL_ITEMS; i++)
			if (!strcmp(*names, pem_item_name((enum eswifi_item)i)))
				break;
		if (i == CREDENTIAL_ITEMS) {
			ctl_error(ctl, "unknown item \"%s\": ca, certificate and key exist",
				  *names);
			return false;
		}
		items[i] = true;
	}
	return true;
}

int set_find(const struct ctl *ctl, const char *which, char **items, struct set_options *options)
{
	const char *paths[CREDENTIAL_ITEMS];
	int status, i;

	if (!set_items(ctl, items, options->items))
		return CTL_USAGE;
	if (options->ca || options->certificate || options->key) {
		if (!set_number(ctl, which, &options->set))
			return CTL_USAGE;
	} else {
		status = take_group(ctl, which, options);
		if (status != CTL_OK)
			return status;
	}
	paths[ESWIFI_ITEM_CA] = options->ca;
	paths[ESWIFI_ITEM_CERTIFICATE] = options->certificate;
	paths[ESWIFI_ITEM_KEY] = options->key;
	for (i = 0; i < CREDENTIAL_ITEMS; i++) {
		if (options->items[i] && !paths[i] && *items) {
			ctl_error(ctl, "no file is named for the %s of set %u",
				  pem_item_name((enum eswifi_item)i), options->set);
			return CTL_USAGE;
		}
		options->items[i] = options->items[i] && paths[i];
	}
	return CTL_OK;
}

GOptionGroup *set_option_group(struct set_options *options)
{
	const GOptionEntry entries[] = {
		{ "ca", 0, 0, G_OPTION_ARG_FILENAME, &options->ca, "the root CA, PEM or DER",
		  "FILE" },
		{ "certificate", 0, 0, G_OPTION_ARG_FILENAME, &options->certificate,
		  "the device's certificate, PEM or DER", "FILE" },
		{ "key", 0, 0, G_OPTION_ARG_FILENAME, &options->key, "its private key, PEM or DER",
		  "FILE" },
		{ "other-issuer", 0, 0, G_OPTION_ARG_NONE, &options->other_issuer,
		  "the certificate was not issued by the CA, which is for the server", NULL },
		{ "even-if-large", 0, 0, G_OPTION_ARG_NONE, &options->even_if_large,
		  "also items that are larger than any that a module is known to take", NULL },
		{ NULL },
	};
	GOptionGroup *group = g_option_group_new("files", "", "", NULL, NULL);

	g_option_group_add_entries(group, entries);
	return group;
}

void set_options_clear(struct set_options *options)
{
	g_free(options->ca);
	g_free(options->certificate);
	g_free(options->key);
	g_free(options->name);
	memset(options, 0, sizeof(*options));
}

static void print_errors(const struct ctl *ctl, GPtrArray *errors)
{
	GVariantDict dict;
	guint i;

	if (ctl->json) {
		g_variant_dict_init(&dict, NULL);
		g_variant_dict_insert(&dict, "error", "s", "the files cannot be programmed");
		g_variant_dict_insert_value(&dict, "errors",
					    g_variant_new_strv((const char *const *)errors->pdata,
							       errors->len));
		ctl_print_json(g_variant_dict_end(&dict));
		return;
	}
	for (i = 0; i < errors->len; i++)
		ctl_error(ctl, "%s", (const char *)g_ptr_array_index(errors, i));
}

struct credential_set *set_load(const struct ctl *ctl, const struct set_options *options,
				bool alone)
{
	const char *paths[CREDENTIAL_ITEMS] = {
		[ESWIFI_ITEM_CA] = options->items[ESWIFI_ITEM_CA] ? options->ca : NULL,
		[ESWIFI_ITEM_CERTIFICATE] =
			options->items[ESWIFI_ITEM_CERTIFICATE] ? options->certificate : NULL,
		[ESWIFI_ITEM_KEY] = options->items[ESWIFI_ITEM_KEY] ? options->key : NULL,
	};
	struct credential_rules rules = {
		.now = time(NULL),
		.other_issuer = options->other_issuer,
		.even_if_large = options->even_if_large,
		.alone = alone,
		.ask = terminal_ask_passphrase,
	};
	struct credential_set *set = credential_set_load(paths, &rules);

	if (set->errors->len == 0)
		return set;
	print_errors(ctl, set->errors);
	credential_set_free(set);
	return NULL;
}
