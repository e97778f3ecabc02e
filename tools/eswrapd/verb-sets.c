// SPDX-License-Identifier: MIT
/* The verb credential-sets: eswrapctl reads the files that a group names, not the configuration. */
#include "eswrapd/verb-sets.h"

#include "config/settings.h"
#include "eswrapd/call.h"

static GVariant *group_row(const struct credentials *group)
{
	GVariantDict row;

	g_variant_dict_init(&row, NULL);
	g_variant_dict_insert(&row, "name", "s", group->name);
	g_variant_dict_insert(&row, "set", "u", group->set);
	g_variant_dict_insert(&row, "ca", "s", group->ca ? group->ca : "");
	g_variant_dict_insert(&row, "certificate", "s",
			      group->certificate ? group->certificate : "");
	g_variant_dict_insert(&row, "key", "s", group->key ? group->key : "");
	return g_variant_dict_end(&row);
}

void verb_sets(struct call *call, const struct caller *caller G_GNUC_UNUSED,
	       GVariant *arguments G_GNUC_UNUSED, gpointer user)
{
	const struct settings *settings = user;
	GVariantBuilder groups;
	GVariantDict reply;
	guint i;

	g_variant_builder_init(&groups, G_VARIANT_TYPE("aa{sv}"));
	for (i = 0; i < settings->credentials->len; i++)
		g_variant_builder_add_value(&groups, group_row(settings->credentials->pdata[i]));
	g_variant_dict_init(&reply, NULL);
	g_variant_dict_insert(&reply, "config", "s", settings->path);
	g_variant_dict_insert_value(&reply, "groups", g_variant_builder_end(&groups));
	call_finish(call, g_variant_dict_end(&reply));
}
