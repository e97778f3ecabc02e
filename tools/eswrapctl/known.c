// SPDX-License-Identifier: MIT
/* What the broker answers to credential-list, taken apart. */
#include <string.h>

#include "eswrapctl/ctl.h"

int known_get(const struct ctl *ctl, bool wait, struct known *known)
{
	g_autoptr(GError) error = NULL;
	GVariantDict dict;
	int status;

	memset(known, 0, sizeof(*known));
	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "wait", "b", (gboolean)wait);
	status = client_call(ctl, "credential-list", g_variant_dict_end(&dict), NULL, NULL,
			     &known->reply, &error);
	if (status != CTL_OK) {
		ctl_error(ctl, "%s", error->message);
		known_clear(known);
		return status;
	}
	known->module = ctl_text(known->reply, "module");
	known->product = ctl_text(known->reply, "product");
	known->dialect = ctl_text(known->reply, "dialect");
	return CTL_OK;
}

void known_clear(struct known *known)
{
	g_clear_pointer(&known->reply, g_variant_unref);
}

struct known_item known_item(const struct known *known, guint set, enum eswifi_item item)
{
	struct known_item found = { "blank", "", "", "", "", "" };
	g_autoptr(GVariant) items =
		g_variant_lookup_value(known->reply, "items", G_VARIANT_TYPE("aa{sv}"));
	GVariantIter iter;
	GVariant *row;
	guint number;

	if (!items)
		return found;
	g_variant_iter_init(&iter, items);
	while ((row = g_variant_iter_next_value(&iter))) {
		if (g_variant_lookup(row, "set", "u", &number) && number == set &&
		    !strcmp(ctl_text(row, "item"), pem_item_name(item))) {
			/* Serialised, and so part of the reply's memory. */
			found.state = ctl_text(row, "state");
			found.says = ctl_text(row, "says");
			found.sha256 = ctl_text(row, "sha256");
			found.subject = ctl_text(row, "subject");
			found.when = ctl_text(row, "when");
			found.reason = ctl_text(row, "reason");
		}
		g_variant_unref(row);
	}
	return found;
}
