// SPDX-License-Identifier: MIT
/* eswrapctl credentials forget-ledger: the ledger takes items for blank again. */
#include <stdio.h>

#include "eswrapctl/ctl.h"

/**
 * struct forgetting - what is to be forgotten
 * @module:	MAC; NULL: the one that is there
 * @all:	all sets
 */
struct forgetting {
	char *module;
	gboolean all, yes;
	guint set;
	bool items[CREDENTIAL_ITEMS];
	bool some; /* only @items */
};

static int forget(const struct ctl *ctl, const struct forgetting *what, const char *module,
		  int item, guint *count)
{
	g_autoptr(GVariant) reply = NULL;
	g_autoptr(GError) error = NULL;
	GVariantDict dict;
	guint forgotten = 0;
	int status;

	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "module", "s", module);
	if (!what->all)
		g_variant_dict_insert(&dict, "set", "u", what->set);
	if (item >= 0)
		g_variant_dict_insert(&dict, "item", "u", (guint)item);
	status = client_call(ctl, "credential-forget", g_variant_dict_end(&dict), NULL, NULL,
			     &reply, &error);
	if (status != CTL_OK) {
		ctl_error(ctl, "%s", error->message);
	} else {
		g_variant_lookup(reply, "forgotten", "u", &forgotten);
	}
	*count += forgotten;
	return status;
}

static int forget_all(const struct ctl *ctl, const struct forgetting *what, const char *module)
{
	GVariantDict dict;
	guint count = 0;
	int status = CTL_OK;
	int i;

	if (!what->some)
		status = forget(ctl, what, module, -1, &count);
	for (i = 0; what->some && i < CREDENTIAL_ITEMS && status == CTL_OK; i++)
		if (what->items[i])
			status = forget(ctl, what, module, i, &count);
	if (status != CTL_OK)
		return status;
	if (ctl->json) {
		g_variant_dict_init(&dict, NULL);
		g_variant_dict_insert(&dict, "module", "s", module);
		g_variant_dict_insert(&dict, "forgotten", "u", count);
		ctl_print_json(g_variant_dict_end(&dict));
	} else {
		printf("module %s: %u items forgotten\n", module, count);
	}
	return CTL_OK;
}

static int confirm_and_forget(const struct ctl *ctl, const struct forgetting *what)
{
	const char *module = what->module;
	struct known known = { NULL };
	char number[SET_NUMBER_SIZE];
	int status = CTL_OK;

	if (!module) {
		status = known_get(ctl, true, &known);
		module = known.module;
	}
	if (status == CTL_OK && !*module) {
		ctl_error(ctl, "no module has answered yet; --module names it by its MAC");
		status = CTL_FAILED;
	}
	g_snprintf(number, sizeof(number), "%u", what->set);
	if (status == CTL_OK && !what->yes &&
	    !terminal_confirm(ctl,
			      "Nothing else remembers what is burnt: only after a complete "
			      "firmware was flashed is it right to forget it.",
			      what->all ? "the module's MAC" : "the set's number",
			      what->all ? module : number))
		status = CTL_USAGE;
	if (status == CTL_OK)
		status = forget_all(ctl, what, module);
	known_clear(&known);
	return status;
}

int ctl_credentials_forget(struct ctl *ctl, int argc, char **argv)
{
	struct forgetting what = { NULL };
	const GOptionEntry entries[] = {
		{ "all", 0, 0, G_OPTION_ARG_NONE, &what.all, "all sets of the module", NULL },
		{ "module", 0, 0, G_OPTION_ARG_STRING, &what.module,
		  "another module than the one that is connected", "MAC" },
		{ "yes", 0, 0, G_OPTION_ARG_NONE, &what.yes, "do not ask for confirmation", NULL },
		{ NULL },
	};
	const struct ctl_usage usage = {
		.words = "eswrapctl credentials forget-ledger",
		.arguments = "SET [ca] [certificate] [key]",
		.summary = "Takes a set, or items of it, for blank from now on: after a complete "
			   "firmware (not an\nupdate) was flashed, which is the only thing that "
			   "clears them. Sends nothing to the module.",
		.entries = entries,
	};
	int status = CTL_USAGE;

	if (ctl_parse(ctl, &usage, &argc, &argv)) {
		what.some = argc > 2;
		if (what.all ? argc > 1 : argc < 2)
			ctl_error(ctl, "forget-ledger takes a set, or --all");
		else if (what.all || (set_number(ctl, argv[1], &what.set) &&
				      set_items(ctl, argv + 2, what.items)))
			status = confirm_and_forget(ctl, &what);
	}
	g_free(what.module);
	return status;
}
