// SPDX-License-Identifier: MIT
/* A burner whose module is the test. */
#include "unit/burner-rig.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "eswrapd/burner.h"
#include "support/suite.h"
#include "unit/fake-module.h"
#include "unit/parts-rig.h"
#include "unit/verb-rig.h"

struct settings *own;
struct burner *burner;
struct client client, second;
guint users;
static char *away;

static guint in_use(guint set G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
	return users;
}

void burner_rig_setup(void)
{
	struct burner_parts burner_parts = { .module = &module };

	parts_rig_setup(100);
	fake_module_init();
	users = 0;
	own = settings_new("eswrap.conf");
	g_free(own->state_dir);
	own->state_dir = g_dir_make_tmp("eswrap-burner-XXXXXX", NULL);
	away = g_strconcat(own->state_dir, ".away", NULL);
	burner_parts.settings = own;
	burner_parts.sched = parts.sched;
	burner_parts.timers = parts.timers;
	burner_parts.in_use = in_use;
	burner = burner_new(&burner_parts);
}

static void remove_ledger_of(const char *dir)
{
	g_autofree char *path = g_build_filename(dir, LEDGER_FILE, NULL);

	g_unlink(path);
	g_rmdir(path);
	g_rmdir(dir);
	g_unlink(dir);
}

void burner_rig_teardown(void)
{
	burner_free(burner);
	if (client.packets)
		fake_client_clear(&client);
	if (second.packets)
		fake_client_clear(&second);
	remove_ledger_of(own->state_dir);
	remove_ledger_of(away);
	settings_free(own);
	g_free(away);
	fake_module_clear();
	parts_rig_teardown();
}

void lose_ledger(void)
{
	ck_assert_int_eq(g_rename(own->state_dir, away), 0);
	ck_assert(g_file_set_contents(own->state_dir, "", 0, NULL));
}

void find_ledger(void)
{
	ck_assert_int_eq(g_unlink(own->state_dir), 0);
	ck_assert_int_eq(g_rename(away, own->state_dir), 0);
}

void damage_ledger(void)
{
	g_autofree char *path = g_build_filename(own->state_dir, LEDGER_FILE, NULL);

	ck_assert(g_file_set_contents(path, "[ledger]\nversion=1\nsum=0\n\n", -1, NULL));
}

char *digest_of(const char *text)
{
	return g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)text,
					   strlen(text) + 1);
}

void put_known(enum ledger_state state, const char *text)
{
	struct ledger_entry entry = { .state = state, .subject = "CN=before", .when = 1 };
	g_autofree char *sha256 = digest_of(text);

	g_strlcpy(entry.sha256, sha256, sizeof(entry.sha256));
	ck_assert(ledger_put(own->state_dir, FAKE_MAC, SET, ESWIFI_ITEM_CA, &entry, NULL));
}

void ck_ledger(enum ledger_state state, const char *text)
{
	g_autofree char *sha256 = text ? digest_of(text) : g_strdup("");
	struct ledger *ledger = ledger_read(own->state_dir, NULL);
	struct ledger_entry entry;

	ck_assert_ptr_nonnull(ledger);
	ledger_get(ledger, FAKE_MAC, SET, ESWIFI_ITEM_CA, &entry);
	ck_assert_str_eq(ledger_state_name(entry.state), ledger_state_name(state));
	ck_assert_str_eq(entry.sha256, sha256);
	ledger_free(ledger);
}

void add_bytes(GVariantDict *to, const char *text)
{
	g_variant_dict_insert_value(to, "data",
				    g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, text,
							      strlen(text) + 1, 1));
}

void describe(GVariantDict *to)
{
	g_variant_dict_init(to, NULL);
	g_variant_dict_insert(to, "module", "s", FAKE_MAC);
	g_variant_dict_insert(to, "set", "u", SET);
	g_variant_dict_insert(to, "item", "u", (guint)ESWIFI_ITEM_CA);
	g_variant_dict_insert(to, "subject", "s", "CN=root");
	g_variant_dict_insert(to, "intent", "s", "program");
	add_bytes(to, CERTIFICATE);
}

void asks_to_write(struct client *who, GVariantDict *arguments)
{
	verb_ask(who, burner_write, burner, g_variant_dict_end(arguments));
}

void writes(const char *intent)
{
	GVariantDict arguments;

	describe(&arguments);
	g_variant_dict_insert(&arguments, "intent", "s", intent);
	asks_to_write(&client, &arguments);
}

void is_asked_in_vain(void)
{
	ck_assert_int_eq(module_asked(), ASKED_LIST);
	module_ends(-ENOTSUP, "");
}

void is_written(void)
{
	writes("program");
	is_asked_in_vain();
	ck_assert_int_eq(module_asked(), ASKED_WRITE);
}

void ck_nothing_is_asked(void)
{
	ck_assert_int_eq(module_asked(), ASKED_NOTHING);
}
