// SPDX-License-Identifier: MIT
/* eswrapctl credentials adopt: the ledger learns what another tool has programmed. */
#include <stdio.h>

#include "eswrapctl/ctl.h"

static int adopt_item(const struct ctl *ctl, const char *module, guint set, enum eswifi_item item,
		      const struct credential_item *known)
{
	const char *subject = known ? known->subject : "bytes unknown";
	g_autoptr(GError) error = NULL;
	GVariantDict dict;
	int status;

	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "module", "s", module);
	g_variant_dict_insert(&dict, "set", "u", set);
	g_variant_dict_insert(&dict, "item", "u", (guint)item);
	g_variant_dict_insert(&dict, "subject", "s", subject);
	g_variant_dict_insert(&dict, "sha256", "s", known ? known->sha256 : "");
	g_variant_dict_insert(&dict, "until", "x", known ? known->until : 0);
	status = client_call(ctl, "credential-adopt", g_variant_dict_end(&dict), NULL, NULL, NULL,
			     &error);
	if (status != CTL_OK) {
		ctl_error(ctl, "%s", error->message);
	} else if (!ctl->json) {
		printf("set %u, %s: programmed elsewhere (%s)\n", set, pem_item_name(item),
		       subject);
	}
	return status;
}

static int adopt_items(const struct ctl *ctl, const struct set_options *options,
		       const struct credential_set *set)
{
	struct known known;
	int status = known_get(ctl, true, &known);
	int i;

	if (status != CTL_OK)
		return status;
	if (!*known.module) {
		ctl_error(ctl, "no module has answered yet; see `eswrapctl status`");
		status = CTL_FAILED;
	}
	for (i = 0; i < CREDENTIAL_ITEMS && status == CTL_OK; i++) {
		if (!options->items[i])
			continue;
		status = adopt_item(ctl, known.module, options->set, (enum eswifi_item)i,
				    set ? &set->item[i] : NULL);
	}
	if (status == CTL_OK && ctl->json)
		ctl_print_json(g_variant_new("a{sv}", NULL));
	known_clear(&known);
	return status;
}

static int adopt_files(const struct ctl *ctl, const char *which, char **items,
		       struct set_options *options)
{
	struct credential_set *set;
	int status = set_find(ctl, which, items, options);

	if (status != CTL_OK)
		return status;
	set = set_load(ctl, options, true);
	status = set ? adopt_items(ctl, options, set) : CTL_BAD_INPUT;
	credential_set_free(set);
	return status;
}

static int adopt_unknown(const struct ctl *ctl, const char *which, char **items,
			 struct set_options *options)
{
	if (!*items) {
		ctl_error(ctl, "name the items that hold something: ca, certificate, key");
		return CTL_USAGE;
	}
	if (!set_number(ctl, which, &options->set) || !set_items(ctl, items, options->items))
		return CTL_USAGE;
	return adopt_items(ctl, options, NULL);
}

int ctl_credentials_adopt(struct ctl *ctl, int argc, char **argv)
{
	struct set_options options = { NULL };
	gboolean unknown = FALSE;
	const GOptionEntry entries[] = {
		{ "unknown", 0, 0, G_OPTION_ARG_NONE, &unknown,
		  "the files are not at hand; name the items", NULL },
		{ NULL },
	};
	const struct ctl_usage usage = {
		.words = "eswrapctl credentials adopt",
		.arguments = "SET [ca] [certificate] [key]",
		.summary =
			"Notes in the ledger that a set was programmed with another tool, or "
			"comes with the firmware\nthat was flashed. Sends nothing to the module.",
		.entries = entries,
		.group = set_option_group(&options),
	};
	int status = CTL_USAGE;

	if (ctl_parse(ctl, &usage, &argc, &argv)) {
		if (argc < 2)
			ctl_error(ctl, "adopt takes a set");
		else if (unknown)
			status = adopt_unknown(ctl, argv[1], argv + 2, &options);
		else
			status = adopt_files(ctl, argv[1], argv + 2, &options);
	}
	set_options_clear(&options);
	return status;
}
