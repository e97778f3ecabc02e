// SPDX-License-Identifier: MIT
/* Which set is meant, and which files: from the command line, else from [credentials NAME]. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "eswrapctl/ctl.h"
#include "config/load.h"

/* "0" to "2", and nothing else. */
static bool is_number(const char *text, guint *set)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned(text, 10, 0, ESWIFI_SETS - 1, &number, NULL))
		return false;
	*set = (guint)number;
	return true;
}

bool set_number(const struct ctl *ctl, const char *text, guint *set)
{
	if (is_number(text, set))
		return true;
	ctl_error(ctl, "unknown set \"%s\": the module has 0 to %d", text, ESWIFI_SETS - 1);
	return false;
}

/* What a [credentials] group says. */
static void take_group(struct set_options *options, guint set, const char *name, const char *ca,
		       const char *certificate, const char *key)
{
	options->set = set;
	options->name = g_strdup(name);
	options->ca = ca && *ca ? g_strdup(ca) : NULL;
	options->certificate = certificate && *certificate ? g_strdup(certificate) : NULL;
	options->key = key && *key ? g_strdup(key) : NULL;
}

static bool is_meant(const char *which, guint set, const char *name)
{
	guint number;

	return is_number(which, &number) ? number == set : !strcmp(name, which);
}

static int no_group(const struct ctl *ctl, const char *path, const char *which)
{
	guint number;

	ctl_error(ctl,
		  "%s has no [credentials] group %s %s; write one, or name the files with --ca, "
		  "--certificate and --key",
		  path, is_number(which, &number) ? "with set =" : "named", which);
	return CTL_USAGE;
}

/* -c: the file itself, with one's own rights. */
static int find_in_file(const struct ctl *ctl, const char *which, struct set_options *options)
{
	g_autoptr(GError) error = NULL;
	struct settings *settings = settings_load(ctl->config, NULL, &error);
	bool found = false;
	guint i;

	if (!settings) {
		ctl_error(ctl, "%s", error->message);
		return CTL_CONFIG;
	}
	for (i = 0; i < settings->credentials->len && !found; i++) {
		const struct credentials *each = g_ptr_array_index(settings->credentials, i);

		found = is_meant(which, each->set, each->name);
		if (found)
			take_group(options, each->set, each->name, each->ca, each->certificate,
				   each->key);
	}
	settings_free(settings);
	return found ? CTL_OK : no_group(ctl, ctl->config, which);
}

/* The broker knows its own configuration; who asks it need not be able to read that. */
static int find_in_broker(const struct ctl *ctl, const char *which, struct set_options *options)
{
	g_autoptr(GVariant) reply = NULL, groups = NULL;
	g_autoptr(GError) error = NULL;
	int status = client_call_who(ctl, "credential-sets", &reply, &options->reader, &error);
	bool found = false;
	gsize i;

	if (status != CTL_OK) {
		ctl_error(ctl, "%s%s", error->message,
			  status == CTL_UNREACHABLE ? "\n  -c FILE names the configuration itself"
						    : "");
		return status;
	}
	groups = g_variant_lookup_value(reply, "groups", G_VARIANT_TYPE("aa{sv}"));
	for (i = 0; groups && i < g_variant_n_children(groups) && !found; i++) {
		g_autoptr(GVariant) each = g_variant_get_child_value(groups, i);

		found = is_meant(which, (guint)ctl_number(each, "set"), ctl_text(each, "name"));
		if (found)
			take_group(options, (guint)ctl_number(each, "set"), ctl_text(each, "name"),
				   ctl_text(each, "ca"), ctl_text(each, "certificate"),
				   ctl_text(each, "key"));
	}
	return found ? CTL_OK : no_group(ctl, ctl_text(reply, "config"), which);
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

	options->reader = (uid_t)-1;
	if (!set_items(ctl, items, options->items))
		return CTL_USAGE;
	if (options->ca || options->certificate || options->key) {
		if (!set_number(ctl, which, &options->set))
			return CTL_USAGE;
	} else {
		status = ctl->config ? find_in_file(ctl, which, options)
				     : find_in_broker(ctl, which, options);
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
	g_autoptr(GError) error = NULL;
	struct credential_set *set;

	if (options->reader != (uid_t)-1 && !rights_take(options->reader, &error)) {
		ctl_error(ctl, "%s", error->message);
		return NULL;
	}
	set = credential_set_load(paths, &rules);
	rights_restore();
	if (set->errors->len == 0)
		return set;
	print_errors(ctl, set->errors);
	credential_set_free(set);
	return NULL;
}
