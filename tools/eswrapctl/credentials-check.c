// SPDX-License-Identifier: MIT
/* eswrapctl credentials check: the files of a set, without the module. */
#include <stdio.h>

#include "eswrapctl/ctl.h"

static GVariant *item_json(const struct credential_item *item)
{
	GVariantDict dict;

	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "item", "s", pem_item_name(item->pem.item));
	g_variant_dict_insert(&dict, "file", "s", item->pem.path);
	g_variant_dict_insert(&dict, "subject", "s", item->subject);
	g_variant_dict_insert(&dict, "size", "t", (guint64)item->pem.size);
	g_variant_dict_insert(&dict, "sha256", "s", item->sha256);
	g_variant_dict_insert(&dict, "until", "x", item->until);
	return g_variant_dict_end(&dict);
}

static void print_json(const struct set_options *options, const struct credential_set *set)
{
	GVariantBuilder items;
	GVariantDict dict;
	int i;

	g_variant_builder_init(&items, G_VARIANT_TYPE("aa{sv}"));
	for (i = 0; i < CREDENTIAL_ITEMS; i++)
		if (set->item[i].pem.data)
			g_variant_builder_add_value(&items, item_json(&set->item[i]));
	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "set", "u", options->set);
	g_variant_dict_insert_value(&dict, "items", g_variant_builder_end(&items));
	g_variant_dict_insert_value(&dict, "warnings",
				    g_variant_new_strv((const char *const *)set->warnings->pdata,
						       set->warnings->len));
	ctl_print_json(g_variant_dict_end(&dict));
}

static void print_set(const struct set_options *options, const struct credential_set *set)
{
	guint i;

	for (i = 0; i < CREDENTIAL_ITEMS; i++) {
		const struct credential_item *item = &set->item[i];

		if (item->pem.data)
			printf("%-11s  %s, %zu bytes, SHA-256 %s, %s\n",
			       pem_item_name(item->pem.item), item->subject, item->pem.size,
			       item->sha256, item->pem.path);
	}
	fflush(stdout);
	for (i = 0; i < set->warnings->len; i++)
		fprintf(stderr, "warning: %s\n", (const char *)set->warnings->pdata[i]);
	printf("set %u: good to program\n", options->set);
}

int ctl_credentials_check(struct ctl *ctl, int argc, char **argv)
{
	struct set_options options = { NULL };
	const struct ctl_usage usage = {
		.words = "eswrapctl credentials check",
		.arguments = "SET",
		.summary = "Checks the files of a [credentials] group (SET is its number or name), "
			   "or those of --ca,\n--certificate and --key, as `program` does first. "
			   "Sends nothing.",
		.group = set_option_group(&options),
	};
	struct credential_set *set;
	int status = CTL_USAGE;

	if (ctl_parse(ctl, &usage, &argc, &argv)) {
		if (argc != 2)
			ctl_error(ctl, "check takes one set");
		else
			status = set_find(ctl, argv[1], argv + 2, &options);
	}
	if (status == CTL_OK) {
		set = set_load(ctl, &options, false);
		if (!set)
			status = CTL_BAD_INPUT;
		else if (ctl->json)
			print_json(&options, set);
		else
			print_set(&options, set);
		credential_set_free(set);
	}
	set_options_clear(&options);
	return status;
}
