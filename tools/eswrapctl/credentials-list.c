// SPDX-License-Identifier: MIT
/* eswrapctl credentials list: what the ledger says, and what the module does. */
#include <stdio.h>
#include <string.h>

#include "eswrapctl/ctl.h"

#define STATE_WIDTH  9	/* "uncertain", "elsewhere" */
#define SHA256_SHOWN 16 /* hexadecimal digits; --json has all 64 */

/* What the module says, where that is more than the ledger knows, or something else. */
static void print_word(const char *state, const char *says)
{
	bool noted = !strcmp(state, "burnt") || !strcmp(state, "elsewhere");

	if (!strcmp(state, "uncertain") && *says)
		printf("; the module says that it is %s", says);
	else if (!strcmp(says, noted ? "blank" : "used"))
		printf("; DIFFERS: the module says that it is %s", says);
}

static void print_row(GVariant *row)
{
	const char *sha256 = ctl_text(row, "sha256"), *reason = ctl_text(row, "reason");
	guint set = 0;

	g_variant_lookup(row, "set", "u", &set);
	printf("%u  %-11s  %s", set, ctl_text(row, "item"), ctl_text(row, "state"));
	if (*ctl_text(row, "when"))
		printf("%*s  %s  %.*s%s  %s", (int)(STATE_WIDTH - strlen(ctl_text(row, "state"))),
		       "", ctl_text(row, "when"), SHA256_SHOWN,
		       *sha256 ? sha256 : "(bytes unknown)", *sha256 ? "..." : "",
		       ctl_text(row, "subject"));
	if (*reason)
		printf(" (%s)", reason);
	print_word(ctl_text(row, "state"), ctl_text(row, "says"));
	printf("\n");
}

static void print_rows(GVariant *reply, const char *key)
{
	g_autoptr(GVariant) rows = g_variant_lookup_value(reply, key, G_VARIANT_TYPE("aa{sv}"));
	const char *module = NULL;
	GVariantIter iter;
	GVariant *row;

	if (!rows)
		return;
	g_variant_iter_init(&iter, rows);
	while ((row = g_variant_iter_next_value(&iter))) {
		/* The strings live in the reply. */
		if (!strcmp(key, "others") && g_strcmp0(module, ctl_text(row, "module"))) {
			module = ctl_text(row, "module");
			printf("\nmodule %s, which is not the one that is connected\n", module);
		}
		print_row(row);
		g_variant_unref(row);
	}
}

static void print_list(GVariant *reply)
{
	g_autofree const char **warnings = NULL;
	guint i;

	if (*ctl_text(reply, "module"))
		printf("module %s (%s, firmware %s, dialect %s)\n", ctl_text(reply, "module"),
		       ctl_text(reply, "product"), ctl_text(reply, "firmware"),
		       ctl_text(reply, "dialect"));
	else
		printf("no module has answered yet (%s)\n", ctl_text(reply, "state"));
	printf("ledger %s\n", ctl_text(reply, "ledger"));
	print_rows(reply, "items");
	print_rows(reply, "others");
	fflush(stdout);
	g_variant_lookup(reply, "warnings", "^a&s", &warnings);
	for (i = 0; warnings && warnings[i]; i++)
		fprintf(stderr, "warning: %s\n", warnings[i]);
}

int ctl_credentials_list(struct ctl *ctl, int argc, char **argv)
{
	gboolean wait = FALSE;
	const GOptionEntry entries[] = {
		{ "wait", 0, 0, G_OPTION_ARG_NONE, &wait,
		  "wait until the module is ready, up to a minute", NULL },
		{ NULL },
	};
	const struct ctl_usage usage = {
		.words = "eswrapctl credentials list",
		.summary = "What the ledger says of each set and item of the module. Where the "
			   "firmware can be asked which are\nblank, it is, and where the two "
			   "differ that is said.",
		.entries = entries,
	};
	struct known known;
	int status;

	if (!ctl_parse(ctl, &usage, &argc, &argv))
		return CTL_USAGE;
	status = known_get(ctl, wait, &known);
	if (status != CTL_OK)
		return status;
	if (ctl->json)
		ctl_print_reply(known.reply);
	else
		print_list(known.reply);
	known_clear(&known);
	return CTL_OK;
}
