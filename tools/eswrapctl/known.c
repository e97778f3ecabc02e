// SPDX-License-Identifier: MIT
/* What the broker answers to credential-list, taken apart. */
#include <string.h>

#include "eswrapctl/ctl.h"

static const char *text_of(GVariant *dict, const char *key)
{
	const char *text = "";

	g_variant_lookup(dict, key, "&s", &text);
	return text;
}

int known_get(const struct ctl *ctl, bool wait, struct known *known)
{
	GError *error = NULL;
	GVariantDict dict;
	int status;

	memset(known, 0, sizeof(*known));
	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "wait", "b", (gboolean)wait);
	status = client_call(ctl, "credential-list", g_variant_dict_end(&dict), NULL, NULL,
			     &known->reply, &error);
	if (status != CTL_OK) {
		ctl_error(ctl, "%s", error->message);
		g_error_free(error);
		known_clear(known);
		return status;
	}
	known->module = text_of(known->reply, "module");
	known->product = text_of(known->reply, "product");
	known->dialect = text_of(known->reply, "dialect");
	return CTL_OK;
}

void known_clear(struct known *known)
{
	g_clear_pointer(&known->reply, g_variant_unref);
}

struct known_item known_item(const struct known *known, guint set, enum eswifi_item item)
{
	struct known_item found = { "blank", "", "", "", "" };
	GVariantIter iter;
	GVariant *items, *row;
	guint number;

	items = g_variant_lookup_value(known->reply, "items", G_VARIANT_TYPE("aa{sv}"));
	if (!items)
		return found;
	g_variant_iter_init(&iter, items);
	while ((row = g_variant_iter_next_value(&iter))) {
		if (g_variant_lookup(row, "set", "u", &number) && number == set &&
		    !strcmp(text_of(row, "item"), pem_item_name(item))) {
			/* Serialised, and so part of the reply's memory. */
			found.state = text_of(row, "state");
			found.sha256 = text_of(row, "sha256");
			found.subject = text_of(row, "subject");
			found.when = text_of(row, "when");
			found.reason = text_of(row, "reason");
		}
		g_variant_unref(row);
	}
	g_variant_unref(items);
	return found;
}
