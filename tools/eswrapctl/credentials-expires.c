// SPDX-License-Identifier: MIT
/* eswrapctl credentials expires: what is about to end, by the ledger. */
#include <stdio.h>

#include "eswrapctl/ctl.h"

#define DAYS_DEFAULT 90
#define DAY_US	     G_TIME_SPAN_DAY

/* Days from now; rounded down, so that -1 is the first day after the end. */
static gint64 days_left(const char *until)
{
	g_autoptr(GDateTime) end = g_date_time_new_from_iso8601(until, NULL);
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	GTimeSpan left = end ? g_date_time_difference(end, now) : 0;

	return left >= 0 ? left / DAY_US : -((-left + DAY_US - 1) / DAY_US);
}

static void print_item(GVariant *row, gint64 left)
{
	printf("set %u, %s: %s ", (guint)ctl_number(row, "set"), ctl_text(row, "item"),
	       ctl_text(row, "subject"));
	if (left < 0)
		printf("ended on %.10s, %" G_GINT64_FORMAT " days ago\n", ctl_text(row, "until"),
		       -left);
	else
		printf("ends on %.10s, in %" G_GINT64_FORMAT " days\n", ctl_text(row, "until"),
		       left);
}

static GVariant *item_json(GVariant *row, gint64 left)
{
	GVariantDict dict;

	g_variant_dict_init(&dict, row);
	g_variant_dict_insert(&dict, "days", "x", left);
	return g_variant_dict_end(&dict);
}

/* Return: how many end within @days */
static guint go_through(const struct ctl *ctl, GVariant *items, gint days, GVariantBuilder *json)
{
	GVariantIter iter;
	GVariant *row;
	guint count = 0;
	gint64 left;

	g_variant_iter_init(&iter, items);
	while ((row = g_variant_iter_next_value(&iter))) {
		left = *ctl_text(row, "until") ? days_left(ctl_text(row, "until")) : G_MAXINT64;
		if (left <= days) {
			count++;
			g_variant_builder_add_value(json, item_json(row, left));
			if (!ctl->json)
				print_item(row, left);
		}
		g_variant_unref(row);
	}
	return count;
}

static int list(const struct ctl *ctl, gint days)
{
	g_autoptr(GVariant) items = NULL;
	GVariantBuilder json;
	struct known known;
	GVariantDict dict;
	int status = known_get(ctl, true, &known);
	guint count = 0;

	if (status != CTL_OK)
		return status;
	g_variant_builder_init(&json, G_VARIANT_TYPE("aa{sv}"));
	items = g_variant_lookup_value(known.reply, "items", G_VARIANT_TYPE("aa{sv}"));
	if (items)
		count = go_through(ctl, items, days, &json);
	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "module", "s", known.module);
	g_variant_dict_insert_value(&dict, "items", g_variant_builder_end(&json));
	if (ctl->json)
		ctl_print_json(g_variant_dict_end(&dict));
	else
		g_variant_dict_clear(&dict);
	if (!ctl->json && !count)
		printf("nothing ends within %d days\n", days);
	known_clear(&known);
	return count ? CTL_FAILED : CTL_OK;
}

int ctl_credentials_expires(struct ctl *ctl, int argc, char **argv)
{
	gint days = DAYS_DEFAULT;
	const GOptionEntry entries[] = {
		{ "days", 0, 0, G_OPTION_ARG_INT, &days,
		  "so many days from now (" G_STRINGIFY(DAYS_DEFAULT) ")", "DAYS" },
		{ NULL },
	};
	const struct ctl_usage usage = {
		.words = "eswrapctl credentials expires",
		.summary = "Certificates of the module that have ended, or end soon, by what was "
			   "noted when they were\nprogrammed. The exit status is 1 where there are "
			   "any.",
		.entries = entries,
	};

	if (!ctl_parse(ctl, &usage, &argc, &argv))
		return CTL_USAGE;
	return list(ctl, days);
}
