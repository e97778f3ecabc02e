// SPDX-License-Identifier: MIT
/* What the ledger says, for `eswrapctl credentials list`. */
#include "eswrapd/burner-list.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/ledger.h"
#include "ledger/missing.h"

/* "" for 0 */
static char *time_text(gint64 seconds)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(seconds);

	return seconds && time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ") : g_strdup("");
}

static GVariant *row(const char *mac, guint set, enum eswifi_item item,
		     const struct ledger_entry *entry, enum credential_word word)
{
	g_autofree char *when = time_text(entry->when), *until = time_text(entry->until);
	GVariantDict dict;

	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "module", "s", mac);
	g_variant_dict_insert(&dict, "set", "u", set);
	g_variant_dict_insert(&dict, "item", "s", ledger_item_name(item));
	g_variant_dict_insert(&dict, "state", "s", ledger_state_name(entry->state));
	g_variant_dict_insert(&dict, "says", "s", credential_word_name(word));
	g_variant_dict_insert(&dict, "sha256", "s", entry->sha256);
	g_variant_dict_insert(&dict, "subject", "s", entry->subject);
	g_variant_dict_insert(&dict, "when", "s", when);
	g_variant_dict_insert(&dict, "until", "s", until);
	g_variant_dict_insert(&dict, "reason", "s", entry->reason ? entry->reason : "");
	return g_variant_dict_end(&dict);
}

guint burner_sets(const struct burner_parts *parts)
{
	return eswifi_module_identity(parts->module)->rewritable ? ESWIFI_SETS
								 : ESWIFI_CREDENTIAL_SETS;
}

/* All items of the module, with its word (@words), or those of another that are not blank. */
static void add_rows(GVariantBuilder *to, const struct ledger *ledger, const char *mac,
		     const struct burner_words *words, guint sets)
{
	struct ledger_entry entry;
	guint set, item;

	for (set = 0; set < ESWIFI_SETS; set++) {
		for (item = 0; item < LEDGER_ITEMS; item++) {
			ledger_get(ledger, mac, set, (enum eswifi_item)item, &entry);
			if ((words && set < sets) || entry.state != LEDGER_BLANK)
				g_variant_builder_add_value(to, row(mac, set,
								    (enum eswifi_item)item, &entry,
								    words ? words->word[set][item]
									  : CREDENTIAL_NO_WORD));
		}
	}
}

static GVariant *rows_of_others(const struct ledger *ledger, const char *mac)
{
	GVariantBuilder rows;
	char **modules = ledger_modules(ledger);
	guint i;

	g_variant_builder_init(&rows, G_VARIANT_TYPE("aa{sv}"));
	for (i = 0; modules[i]; i++)
		if (g_ascii_strcasecmp(modules[i], mac))
			add_rows(&rows, ledger, modules[i], NULL, 0);
	g_strfreev(modules);
	return g_variant_builder_end(&rows);
}

static GVariant *warnings_of(const struct burner_parts *parts)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);

	missing_add_warnings(parts->settings, eswifi_module_identity(parts->module)->mac, warnings);
	return g_variant_new_strv((const char *const *)warnings->pdata, warnings->len);
}

static const char *dialect_name(enum eswifi_firmware dialect)
{
	static const char *const names[] = {
		[ESWIFI_FIRMWARE_AUTO] = "unknown",
		[ESWIFI_FIRMWARE_NOTE] = "note",
		[ESWIFI_FIRMWARE_ST] = "st",
	};

	return names[dialect];
}

void burner_answer_list(const struct burner_parts *parts, const struct burner_words *words,
			struct call *call)
{
	const struct eswifi_identity *identity = eswifi_module_identity(parts->module);
	const char *dir = parts->settings->state_dir;
	g_autofree char *path = g_build_filename(dir, LEDGER_FILE, NULL);
	GVariantBuilder rows;
	GVariantDict reply;
	g_autoptr(GError) error = NULL;
	struct ledger *ledger = ledger_read(dir, &error);

	if (!ledger) {
		call_fail(call, EXIT_FAILURE, "%s", error->message);
		return;
	}
	g_variant_builder_init(&rows, G_VARIANT_TYPE("aa{sv}"));
	if (*identity->mac)
		add_rows(&rows, ledger, identity->mac, words, burner_sets(parts));
	g_variant_dict_init(&reply, NULL);
	g_variant_dict_insert(&reply, "module", "s", identity->mac);
	g_variant_dict_insert(&reply, "product", "s", identity->product);
	g_variant_dict_insert(&reply, "firmware", "s", identity->firmware);
	g_variant_dict_insert(&reply, "sets", "u", burner_sets(parts));
	g_variant_dict_insert(&reply, "dialect", "s", dialect_name(identity->dialect));
	g_variant_dict_insert(&reply, "state", "s",
			      eswifi_state_name(eswifi_module_state(parts->module)));
	g_variant_dict_insert(&reply, "config", "s", parts->settings->path);
	g_variant_dict_insert(&reply, "ledger", "s", path);
	g_variant_dict_insert_value(&reply, "items", g_variant_builder_end(&rows));
	g_variant_dict_insert_value(&reply, "others", rows_of_others(ledger, identity->mac));
	g_variant_dict_insert_value(&reply, "warnings", warnings_of(parts));
	call_finish(call, g_variant_dict_end(&reply));
	ledger_free(ledger);
}
