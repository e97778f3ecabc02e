// SPDX-License-Identifier: MIT
/*
 * Credentials on their way to the module, where the module or the ledger is lost, or another, or the
 * broker leaves, at each of their steps.
 */
#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "eswrapd/burner.h"
#include "eswrapd/sched.h"
#include "ledger/ledger.h"
#include "loop/timer.h"
#include "support/harness.h"
#include "support/suite.h"
#include "unit/fake-module.h"
#include "unit/parts-rig.h"
#include "unit/verb-rig.h"

#define TURN (60 * G_TIME_SPAN_SECOND)
#define SET  1u

#define CERTIFICATE "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
#define OTHER	    "-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----\n"
#define KEY	    "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"

static struct settings own;
static struct route fallback;
static struct burner *burner;
static struct client client, second;
static char *away;
static guint users;

static guint in_use(guint set G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
	return users;
}

static void setup(void)
{
	struct burner_parts burner_parts = { .settings = &own, .module = &module };

	parts_rig_setup(100);
	fake_module_init();
	users = 0;
	own = (struct settings){ .path = g_strdup("eswrap.conf"),
				 .routes = g_ptr_array_new(),
				 .fallback = &fallback };
	own.state_dir = g_dir_make_tmp("eswrap-burner-XXXXXX", NULL);
	away = g_strconcat(own.state_dir, ".away", NULL);
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

static void teardown(void)
{
	burner_free(burner);
	if (client.packets)
		fake_client_clear(&client);
	if (second.packets)
		fake_client_clear(&second);
	remove_ledger_of(own.state_dir);
	remove_ledger_of(away);
	g_free(own.state_dir);
	g_free(own.path);
	g_free(away);
	g_ptr_array_unref(own.routes);
	fake_module_clear();
	parts_rig_teardown();
}

/* The state directory cannot be written any more: a file stands in its place. */
static void lose_ledger(void)
{
	ck_assert_int_eq(g_rename(own.state_dir, away), 0);
	ck_assert(g_file_set_contents(own.state_dir, "", 0, NULL));
}

static void find_ledger(void)
{
	ck_assert_int_eq(g_unlink(own.state_dir), 0);
	ck_assert_int_eq(g_rename(away, own.state_dir), 0);
}

/* It is there, and says nothing that can be believed. */
static void damage_ledger(void)
{
	g_autofree char *path = g_build_filename(own.state_dir, LEDGER_FILE, NULL);

	ck_assert(g_file_set_contents(path, "[ledger]\nversion=1\nsum=0\n\n", -1, NULL));
}

static void put(enum ledger_state state, const char *sha256)
{
	struct ledger_entry entry = { .state = state, .subject = "CN=before", .when = 1 };

	g_strlcpy(entry.sha256, sha256, sizeof(entry.sha256));
	ck_assert(ledger_put(own.state_dir, FAKE_MAC, SET, ESWIFI_ITEM_CA, &entry, NULL));
}

static char *digest_of(const char *text)
{
	return g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)text,
					   strlen(text) + 1);
}

static void put_known(enum ledger_state state, const char *text)
{
	g_autofree char *sha256 = digest_of(text);

	put(state, sha256);
}

/* What the ledger says of the item that every test writes, and of which bytes; NULL: of none. */
static void ck_ledger(enum ledger_state state, const char *text)
{
	g_autofree char *sha256 = text ? digest_of(text) : g_strdup("");
	struct ledger *ledger = ledger_read(own.state_dir, NULL);
	struct ledger_entry entry;

	ck_assert_ptr_nonnull(ledger);
	ledger_get(ledger, FAKE_MAC, SET, ESWIFI_ITEM_CA, &entry);
	ck_assert_str_eq(ledger_state_name(entry.state), ledger_state_name(state));
	ck_assert_str_eq(entry.sha256, sha256);
	ledger_free(ledger);
}

static void add_bytes(GVariantDict *to, const char *text)
{
	g_variant_dict_insert_value(to, "data",
				    g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, text,
							      strlen(text) + 1, 1));
}

/* As eswrapctl asks; a test changes what it is about. */
static void describe(GVariantDict *to)
{
	g_variant_dict_init(to, NULL);
	g_variant_dict_insert(to, "module", "s", FAKE_MAC);
	g_variant_dict_insert(to, "set", "u", SET);
	g_variant_dict_insert(to, "item", "u", (guint)ESWIFI_ITEM_CA);
	g_variant_dict_insert(to, "subject", "s", "CN=root");
	g_variant_dict_insert(to, "intent", "s", "program");
	add_bytes(to, CERTIFICATE);
}

static void asks_to_write(struct client *who, GVariantDict *arguments)
{
	verb_ask(who, burner_write, burner, g_variant_dict_end(arguments));
}

static void writes(const char *intent)
{
	GVariantDict arguments;

	describe(&arguments);
	g_variant_dict_insert(&arguments, "intent", "s", intent);
	asks_to_write(&client, &arguments);
}

/* Its firmware does not say what is blank. */
static void is_asked_in_vain(void)
{
	ck_assert_int_eq(module_asked(), ASKED_LIST);
	module_ends(-ENOTSUP, "");
}

/* Up to the first PG, which is under way then. */
static void is_written(void)
{
	writes("program");
	is_asked_in_vain();
	ck_assert_int_eq(module_asked(), ASKED_WRITE);
}

/* Up to the second one. */
static void is_compared(void)
{
	is_written();
	module_ends(ESWIFI_WRITTEN, "");
	ck_assert_int_eq(module_asked(), ASKED_WRITE);
}

static void ck_nothing_is_asked(void)
{
	ck_assert_int_eq(module_asked(), ASKED_NOTHING);
}

static void lists(gboolean wait)
{
	GVariantDict arguments;

	g_variant_dict_init(&arguments, NULL);
	g_variant_dict_insert(&arguments, "wait", "b", wait);
	verb_ask(&client, burner_list, burner, g_variant_dict_end(&arguments));
}

/* What the list says that the module says of an item of @set; "": nothing. */
static void ck_word(guint set, const char *word)
{
	g_autoptr(GVariant) reply = verb_reply(&client);
	g_autoptr(GVariant) items =
		g_variant_lookup_value(reply, "items", G_VARIANT_TYPE("aa{sv}"));
	gsize i, seen = 0;

	ck_ends_well(&client);
	for (i = 0; i < g_variant_n_children(items); i++) {
		g_autoptr(GVariant) row = g_variant_get_child_value(items, i);
		const char *says;
		guint of;

		ck_assert(g_variant_lookup(row, "set", "u", &of) &&
			  g_variant_lookup(row, "says", "&s", &says));
		if (of != set)
			continue;
		ck_assert_str_eq(says, word);
		seen++;
	}
	ck_assert_uint_eq(seen, LEDGER_ITEMS);
}

START_TEST(a_list_that_may_wait_is_answered_when_the_module_is_ready)
{
	module.state = ESWIFI_RECOVERING;
	lists(TRUE);
	ck_nothing_is_asked();
	module.state = ESWIFI_READY;
	burner_ready(burner);
	ck_assert(!client.answered);
	while (module_asked())
		module_ends(0, "");
	ck_word(0, "blank");
}
END_TEST

START_TEST(a_list_waits_a_minute_for_the_module_and_no_longer)
{
	module.state = ESWIFI_RECOVERING;
	lists(TRUE);
	pass(TURN - 1);
	ck_assert(!client.answered);
	pass(1);
	ck_word(0, "");
	ck_says(&client, "state", "recovering");
}
END_TEST

START_TEST(a_list_that_may_not_wait_is_answered_at_once)
{
	module.state = ESWIFI_RECOVERING;
	lists(FALSE);
	ck_word(0, "");
}
END_TEST

START_TEST(a_list_does_without_the_modules_word_where_the_line_is_busy)
{
	lists(FALSE);
	pass(5 * G_TIME_SPAN_SECOND);
	ck_word(0, "");
	ck_nothing_is_asked();
}
END_TEST

START_TEST(a_list_does_without_a_word_that_comes_too_late)
{
	lists(FALSE);
	ck_assert_int_eq(module_asked(), ASKED_LIST);
	pass(5 * G_TIME_SPAN_SECOND);
	ck_word(0, "");
	module_ends(7, "");
	ck_nothing_is_asked();
}
END_TEST

START_TEST(a_list_does_without_the_word_of_a_module_that_takes_no_question)
{
	module.refusal = -EBUSY;
	lists(FALSE);
	ck_nothing_is_asked();
	/* Not from within the scheduler. */
	ck_assert(!client.answered);
	pass(1);
	ck_word(0, "");
}
END_TEST

START_TEST(a_list_keeps_what_the_module_said_before_it_was_lost)
{
	lists(FALSE);
	ck_assert_int_eq(module_asked(), ASKED_LIST);
	module_ends(7, "");
	ck_assert_int_eq(module_asked(), ASKED_LIST);
	module_ends(-ENETDOWN, "");
	ck_word(0, "used");
	ck_word(1, "");
	ck_nothing_is_asked();
}
END_TEST

START_TEST(a_list_of_a_ledger_that_is_damaged_says_so)
{
	damage_ledger();
	lists(FALSE);
	while (module_asked())
		module_ends(0, "");
	ck_fails(&client, EXIT_FAILURE, LEDGER_FILE);
}
END_TEST

enum list_step { LIST_WAITS, LIST_IS_QUEUED, LIST_IS_ASKED };

START_TEST(a_broker_that_leaves_answers_a_list_wherever_it_is)
{
	if (_i == LIST_WAITS)
		module.state = ESWIFI_RECOVERING;
	lists(TRUE);
	if (_i == LIST_IS_ASKED)
		ck_assert_int_eq(module_asked(), ASKED_LIST);
	burner_free(g_steal_pointer(&burner));
	ck_word(0, "");
}
END_TEST

START_TEST(an_item_is_written_compared_and_noted)
{
	is_compared();
	ck_assert_str_eq(module.data->str, CERTIFICATE);
	ck_assert_uint_eq(module.data->len, sizeof(CERTIFICATE));
	ck_ledger(LEDGER_UNCERTAIN, CERTIFICATE);
	module_ends(ESWIFI_MATCHED, "");
	ck_ends_well(&client);
	ck_says(&client, "before", "blank");
	ck_says(&client, "state", "burnt");
	ck_ledger(LEDGER_BURNT, CERTIFICATE);
	ck_nothing_is_asked();
}
END_TEST

struct spoilt {
	const char *key;
	const char *type;
	const void *value;
};

static const guint too_much = 4;

static const struct spoilt spoilt[] = {
	{ "module", NULL, NULL },
	{ "set", NULL, NULL },
	{ "set", "u", &too_much },
	{ "item", NULL, NULL },
	{ "item", "u", &too_much },
	{ "subject", NULL, NULL },
	{ "subject", "s", "two\nlines" },
	{ "intent", NULL, NULL },
	{ "intent", "s", "burn" },
	{ "data", NULL, NULL },
	{ "data", "ay", "" },
	{ "data", "ay", "AAAA\n" },
	{ "data", "ay", KEY },
	{ "data", "ay", "-----BEGIN CERTIFICATE-----\nAAAA" },
	{ "data", "s", "-----BEGIN CERTIFICATE-----\nAAAA\n" },
};

static void spoil(GVariantDict *arguments, const struct spoilt *how)
{
	g_variant_dict_remove(arguments, how->key);
	if (!how->type)
		return;
	if (strcmp(how->type, "ay") == 0)
		add_bytes(arguments, how->value);
	else if (strcmp(how->type, "u") == 0)
		g_variant_dict_insert(arguments, how->key, "u", *(const guint *)how->value);
	else
		g_variant_dict_insert(arguments, how->key, "s", how->value);
}

START_TEST(a_write_that_is_none_is_refused)
{
	GVariantDict arguments;

	describe(&arguments);
	spoil(&arguments, &spoilt[_i]);
	asks_to_write(&client, &arguments);
	ck_fails(&client, EXIT_FAILURE, "invalid request; nothing was sent");
	ck_nothing_is_asked();
}
END_TEST

static const char *const bad_keys[] = {
	CERTIFICATE,
	"AAAA\n",
	"-----BEGIN PUBLIC KEY-----\nAAAA\n",
	"-----BEGIN \n",
	"-----BEGIN EC PRIVATE KEY-----\nAAAA",
};

START_TEST(bytes_that_are_no_key_are_no_key)
{
	GVariantDict arguments;

	describe(&arguments);
	g_variant_dict_insert(&arguments, "item", "u", (guint)ESWIFI_ITEM_KEY);
	add_bytes(&arguments, bad_keys[_i]);
	asks_to_write(&client, &arguments);
	ck_fails(&client, EXIT_FAILURE, "invalid request; nothing was sent");
}
END_TEST

START_TEST(a_key_goes_the_same_way)
{
	GVariantDict arguments;

	describe(&arguments);
	g_variant_dict_insert(&arguments, "item", "u", (guint)ESWIFI_ITEM_KEY);
	add_bytes(&arguments, KEY);
	asks_to_write(&client, &arguments);
	is_asked_in_vain();
	ck_assert_int_eq(module_asked(), ASKED_WRITE);
	ck_assert_int_eq(module.item, ESWIFI_ITEM_KEY);
	ck_assert_str_eq(module.data->str, KEY);
}
END_TEST

START_TEST(a_write_to_a_module_that_is_not_ready_is_refused)
{
	module.state = ESWIFI_RECOVERING;
	module.why = "out of step";
	writes("program");
	ck_fails(&client, EXIT_FAILURE, "the module is not ready (recovering: out of step)");
}
END_TEST

START_TEST(a_write_to_another_module_is_refused)
{
	g_strlcpy(module.identity.mac, "c4:7f:51:00:00:02", sizeof(module.identity.mac));
	writes("program");
	ck_fails(&client, EXIT_FAILURE, "the module is c4:7f:51:00:00:02 now, no longer " FAKE_MAC);
}
END_TEST

START_TEST(a_write_in_a_dialect_that_is_not_certain_is_refused)
{
	module.identity.dialect = ESWIFI_FIRMWARE_AUTO;
	writes("program");
	ck_fails(&client, EXIT_FAILURE, "set firmware = note or firmware = st in [module]");
}
END_TEST

START_TEST(a_write_to_a_set_that_the_firmware_has_not_is_refused)
{
	GVariantDict arguments;

	describe(&arguments);
	g_variant_dict_insert(&arguments, "set", "u", (guint)ESWIFI_SET_REWRITABLE);
	asks_to_write(&client, &arguments);
	ck_fails(&client, EXIT_FAILURE, "has no set 3");
}
END_TEST

START_TEST(a_set_that_connections_use_is_not_replaced)
{
	GVariantDict arguments;

	module.identity.rewritable = true;
	users = 2;
	describe(&arguments);
	g_variant_dict_insert(&arguments, "set", "u", (guint)ESWIFI_SET_REWRITABLE);
	asks_to_write(&client, &arguments);
	ck_fails(&client, EXIT_FAILURE, "2 connections use set 3 at this moment");
}
END_TEST

START_TEST(nothing_is_written_where_the_ledger_cannot_be_read)
{
	damage_ledger();
	writes("program");
	ck_fails(&client, EXIT_FAILURE, LEDGER_FILE);
	ck_nothing_is_asked();
}
END_TEST

START_TEST(nothing_is_written_where_the_ledger_cannot_be_told_first)
{
	writes("program");
	is_asked_in_vain();
	lose_ledger();
	ck_nothing_is_asked();
	ck_fails(&client, EXIT_FAILURE, own.state_dir);
}
END_TEST

START_TEST(nothing_is_written_where_the_module_takes_no_question)
{
	writes("program");
	module.refusal = -EBUSY;
	ck_nothing_is_asked();
	ck_fails(&client, EXIT_FAILURE, "nothing was sent: ");
	ck_ledger(LEDGER_BLANK, NULL);
}
END_TEST

START_TEST(nothing_is_written_where_the_module_is_lost_while_it_is_asked)
{
	writes("program");
	ck_assert_int_eq(module_asked(), ASKED_LIST);
	module_ends(-ENETDOWN, "unplugged");
	ck_fails(&client, EXIT_FAILURE,
		 "the module did not say what is blank (unplugged); nothing was sent");
	ck_ledger(LEDGER_BLANK, NULL);
	ck_nothing_is_asked();
}
END_TEST

START_TEST(nothing_is_written_where_the_line_does_not_become_free)
{
	writes("program");
	if (_i)
		is_asked_in_vain();
	pass(TURN);
	ck_fails(&client, EXIT_FAILURE,
		 "the line to the module did not become free within 60 s; nothing was sent");
	ck_ledger(LEDGER_BLANK, NULL);
	ck_nothing_is_asked();
}
END_TEST

START_TEST(nothing_is_written_to_another_module_that_has_come_meanwhile)
{
	writes("program");
	is_asked_in_vain();
	g_strlcpy(module.identity.mac, "c4:7f:51:00:00:02", sizeof(module.identity.mac));
	ck_nothing_is_asked();
	ck_fails(&client, EXIT_FAILURE, "no longer " FAKE_MAC);
	ck_ledger(LEDGER_BLANK, NULL);
}
END_TEST

START_TEST(a_write_that_the_driver_does_not_take_leaves_the_ledger_as_it_was)
{
	put_known(LEDGER_ELSEWHERE, CERTIFICATE);
	writes("program");
	is_asked_in_vain();
	module.refusal = -EINVAL;
	ck_nothing_is_asked();
	ck_fails(&client, EXIT_FAILURE, "nothing was sent: ");
	ck_ledger(LEDGER_ELSEWHERE, CERTIFICATE);
}
END_TEST

START_TEST(an_item_is_uncertain_where_the_module_is_lost_while_it_is_written)
{
	is_written();
	module_ends(-ENETDOWN, "unplugged");
	ck_fails(&client, EX_TEMPFAIL,
		 "while it was being written; whether it is burnt is "
		 "uncertain; run `program` again with the same files");
	ck_ledger(LEDGER_UNCERTAIN, CERTIFICATE);
}
END_TEST

START_TEST(an_item_is_uncertain_where_the_module_is_lost_while_it_is_compared)
{
	is_compared();
	module_ends(-ETIMEDOUT, "");
	ck_fails(&client, EX_TEMPFAIL,
		 "while it was being compared; whether it is burnt is "
		 "uncertain");
	ck_ledger(LEDGER_UNCERTAIN, CERTIFICATE);
}
END_TEST

enum between { LINE_BUSY, OTHER_MODULE, NOT_TAKEN };

START_TEST(an_item_is_uncertain_where_it_cannot_be_compared)
{
	is_written();
	module_ends(ESWIFI_WRITTEN, "");
	if (_i == OTHER_MODULE)
		g_strlcpy(module.identity.mac, "c4:7f:51:00:00:02", sizeof(module.identity.mac));
	else if (_i == NOT_TAKEN)
		module.refusal = -EINVAL;
	else
		pass(TURN);
	ck_nothing_is_asked();
	ck_fails(&client, EX_TEMPFAIL, "");
	ck_ledger(LEDGER_UNCERTAIN, CERTIFICATE);
}
END_TEST

START_TEST(an_item_that_is_refused_holds_other_bytes)
{
	is_written();
	module_ends(-EACCES, "ERROR");
	ck_fails(&client, EXIT_FAILURE,
		 "the module refused the ca of set 1 (ERROR): the item holds other bytes");
	ck_ledger(LEDGER_UNCERTAIN, CERTIFICATE);
	ck_text_has(told->str, "the module answered ERROR (ERROR)");
}
END_TEST

START_TEST(what_was_noted_of_other_bytes_is_restored_where_these_are_refused)
{
	put_known(LEDGER_UNCERTAIN, OTHER);
	writes("verify-even-if-blank");
	is_asked_in_vain();
	ck_assert_int_eq(module_asked(), ASKED_WRITE);
	ck_ledger(LEDGER_UNCERTAIN, CERTIFICATE);
	module_ends(-EACCES, "ERROR");
	ck_fails(&client, EXIT_FAILURE, "the item holds other bytes");
	ck_ledger(LEDGER_UNCERTAIN, OTHER);
}
END_TEST

START_TEST(an_item_whose_comparison_is_refused_is_uncertain)
{
	is_compared();
	module_ends(-EACCES, "ERROR");
	ck_fails(&client, EX_TEMPFAIL, "is not equal to what was sent (ERROR)");
	ck_ledger(LEDGER_UNCERTAIN, CERTIFICATE);
}
END_TEST

START_TEST(a_burnt_item_stays_burnt_where_the_module_is_lost)
{
	put_known(LEDGER_BURNT, CERTIFICATE);
	writes("verify");
	is_asked_in_vain();
	ck_assert_int_eq(module_asked(), ASKED_WRITE);
	module_ends(-ENETDOWN, "");
	ck_fails(&client, EXIT_FAILURE, "it is as burnt as it was; try again");
	ck_ledger(LEDGER_BURNT, CERTIFICATE);
}
END_TEST

START_TEST(a_burnt_item_that_is_refused_is_uncertain)
{
	put_known(LEDGER_BURNT, CERTIFICATE);
	writes("verify");
	is_asked_in_vain();
	ck_assert_int_eq(module_asked(), ASKED_WRITE);
	module_ends(-EACCES, "ERROR");
	ck_fails(&client, EX_TEMPFAIL, "is not equal to what was sent");
	ck_ledger(LEDGER_UNCERTAIN, CERTIFICATE);
}
END_TEST

/* What another tool has burnt: the module says used, the ledger nothing. */
static void meets_used_item(void)
{
	writes("program");
	ck_assert_int_eq(module_asked(), ASKED_LIST);
	module_ends(1 << ESWIFI_ITEM_CA, "");
	ck_assert_int_eq(module_asked(), ASKED_WRITE);
}

START_TEST(what_another_tool_has_burnt_is_known_once_it_is_equal)
{
	meets_used_item();
	ck_ledger(LEDGER_BLANK, NULL);
	module_ends(ESWIFI_MATCHED, "");
	ck_ends_well(&client);
	ck_ledger(LEDGER_BURNT, CERTIFICATE);
}
END_TEST

START_TEST(what_another_tool_has_burnt_and_is_not_equal_is_noted_as_foreign)
{
	meets_used_item();
	module_ends(-EACCES, "ERROR");
	ck_fails(&client, EXIT_FAILURE, "which another tool has programmed; nothing has changed");
	ck_ledger(LEDGER_ELSEWHERE, NULL);
}
END_TEST

struct untold {
	int result;
	bool compared, foreign;
	int status;
	const char *says;
};

static const struct untold untold[] = {
	{ ESWIFI_MATCHED, true, false, EX_TEMPFAIL, "the ledger could not be told" },
	{ -EACCES, true, false, EX_TEMPFAIL, "; and the ledger: " },
	{ -EACCES, false, false, EXIT_FAILURE, "; and the ledger: " },
	{ -ENETDOWN, false, false, EX_TEMPFAIL, "; and the ledger: " },
	{ -EACCES, false, true, EXIT_FAILURE, "; and the ledger: " },
};

START_TEST(an_end_of_which_the_ledger_cannot_be_told_says_so)
{
	const struct untold *row = &untold[_i];

	if (row->foreign)
		meets_used_item();
	else if (row->compared)
		is_compared();
	else
		is_written();
	lose_ledger();
	module_ends(row->result, "ERROR");
	ck_fails(&client, row->status, row->says);
	ck_fails(&client, row->status, own.state_dir);
	find_ledger();
	/* What was noted before it was sent is still there. */
	ck_ledger(row->foreign ? LEDGER_BLANK : LEDGER_UNCERTAIN,
		  row->foreign ? NULL : CERTIFICATE);
}
END_TEST

START_TEST(a_second_item_waits_for_the_end_of_the_first)
{
	GVariantDict arguments;

	is_written();
	describe(&arguments);
	g_variant_dict_insert(&arguments, "set", "u", 2u);
	asks_to_write(&second, &arguments);
	ck_assert(!second.answered);
	module_ends(-ENETDOWN, "");
	ck_assert(client.answered);
	ck_assert(!second.answered);
	ck_assert_int_eq(module_asked(), ASKED_LIST);
	ck_assert_uint_eq(module.set, 2);
}
END_TEST

START_TEST(a_second_item_is_refused_where_the_module_went_with_the_first)
{
	GVariantDict arguments;

	is_written();
	describe(&arguments);
	asks_to_write(&second, &arguments);
	module.state = ESWIFI_CLOSED;
	module_ends(-ENETDOWN, "");
	ck_fails(&second, EXIT_FAILURE, "the module is not ready");
}
END_TEST

START_TEST(who_has_asked_may_go_at_any_moment)
{
	is_written();
	fake_client_hang_up(&client);
	module_ends(ESWIFI_WRITTEN, "");
	ck_assert_int_eq(module_asked(), ASKED_WRITE);
	module_ends(ESWIFI_MATCHED, "");
	ck_ledger(LEDGER_BURNT, CERTIFICATE);
}
END_TEST

START_TEST(a_broker_that_leaves_tells_who_writes_and_who_waits)
{
	GVariantDict arguments;

	if (_i)
		is_written();
	else
		writes("program");
	describe(&arguments);
	asks_to_write(&second, &arguments);
	burner_free(g_steal_pointer(&burner));
	ck_fails(&client, EX_TEMPFAIL, "the broker is leaving");
	ck_fails(&second, EXIT_FAILURE, "the broker is leaving; nothing was sent");
}
END_TEST

static void adopts(const char *sha256, const char *subject)
{
	GVariantDict arguments;

	describe(&arguments);
	g_variant_dict_insert(&arguments, "subject", "s", subject);
	if (sha256)
		g_variant_dict_insert(&arguments, "sha256", "s", sha256);
	verb_ask(&client, burner_adopt, burner, g_variant_dict_end(&arguments));
}

START_TEST(an_adoption_is_noted)
{
	g_autofree char *sha256 = digest_of(OTHER);

	adopts(sha256, "CN=theirs");
	ck_ends_well(&client);
	ck_ledger(LEDGER_ELSEWHERE, OTHER);
}
END_TEST

static const char *const bad_digests[] = {
	NULL,
	"0123",
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeX",
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0",
};

START_TEST(an_adoption_of_what_is_no_digest_is_refused)
{
	adopts(bad_digests[_i], "CN=theirs");
	ck_fails(&client, EXIT_FAILURE, "invalid request");
	ck_ledger(LEDGER_BLANK, NULL);
}
END_TEST

START_TEST(an_adoption_of_what_has_no_name_is_refused)
{
	adopts("", "a\tb");
	ck_fails(&client, EXIT_FAILURE, "invalid request");
}
END_TEST

START_TEST(what_was_burnt_from_here_is_not_adopted)
{
	put_known(LEDGER_BURNT, CERTIFICATE);
	adopts("", "CN=theirs");
	ck_fails(&client, EXIT_FAILURE,
		 "was burnt from here (CN=before); there is nothing to adopt");
	ck_ledger(LEDGER_BURNT, CERTIFICATE);
}
END_TEST

static void forgets(GVariantDict *arguments)
{
	verb_ask(&client, burner_forget, burner, g_variant_dict_end(arguments));
}

/* Two items of SET, and one of another. */
static void put_three(void)
{
	struct ledger_entry entry = { .state = LEDGER_BURNT, .subject = "CN=x", .when = 1 };

	put_known(LEDGER_BURNT, CERTIFICATE);
	memset(entry.sha256, 'a', LEDGER_SHA256_HEX);
	ck_assert(ledger_put(own.state_dir, FAKE_MAC, SET, ESWIFI_ITEM_KEY, &entry, NULL));
	ck_assert(ledger_put(own.state_dir, FAKE_MAC, 2, ESWIFI_ITEM_KEY, &entry, NULL));
}

static const guint forgotten[] = { 3, 2, 1 };

START_TEST(all_of_a_module_is_forgotten_or_a_set_or_an_item)
{
	g_autoptr(GVariant) reply = NULL;
	GVariantDict arguments;
	guint count;

	put_three();
	g_variant_dict_init(&arguments, NULL);
	g_variant_dict_insert(&arguments, "module", "s", FAKE_MAC);
	if (_i > 0)
		g_variant_dict_insert(&arguments, "set", "u", SET);
	if (_i > 1)
		g_variant_dict_insert(&arguments, "item", "u", (guint)ESWIFI_ITEM_KEY);
	forgets(&arguments);
	ck_ends_well(&client);
	reply = verb_reply(&client);
	ck_assert(g_variant_lookup(reply, "forgotten", "u", &count));
	ck_assert_uint_eq(count, forgotten[_i]);
	ck_ledger(_i > 1 ? LEDGER_BURNT : LEDGER_BLANK, _i > 1 ? CERTIFICATE : NULL);
}
END_TEST

START_TEST(nothing_is_forgotten_where_no_module_is_named)
{
	GVariantDict arguments;

	put_three();
	g_variant_dict_init(&arguments, NULL);
	forgets(&arguments);
	ck_fails(&client, EXIT_FAILURE, "invalid request");
	ck_ledger(LEDGER_BURNT, CERTIFICATE);
}
END_TEST

START_TEST(nothing_is_forgotten_while_an_item_is_written)
{
	GVariantDict arguments;

	is_written();
	describe(&arguments);
	verb_ask(&second, burner_forget, burner, g_variant_dict_end(&arguments));
	ck_fails(&second, EXIT_FAILURE, "an item is being written at this moment");
	ck_ledger(LEDGER_UNCERTAIN, CERTIFICATE);
}
END_TEST

START_TEST(a_ledger_that_is_damaged_is_neither_added_to_nor_forgotten)
{
	GVariantDict arguments;

	damage_ledger();
	describe(&arguments);
	if (_i)
		forgets(&arguments);
	else
		adopts("", "CN=theirs");
	g_variant_dict_clear(&arguments);
	ck_fails(&client, EXIT_FAILURE, LEDGER_FILE);
}
END_TEST

START_TEST(what_is_missing_is_logged_once_for_each_module)
{
	damage_ledger();
	burner_ready(burner);
	ck_text_has(told->str, LEDGER_FILE);
	g_string_truncate(told, 0);
	burner_ready(burner);
	ck_assert_str_eq(told->str, "");
	g_strlcpy(module.identity.mac, "c4:7f:51:00:00:02", sizeof(module.identity.mac));
	burner_ready(burner);
	ck_text_has(told->str, LEDGER_FILE);
}
END_TEST

static TCase *lists_case(void)
{
	TCase *tcase = tcase_create("list");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_list_that_may_wait_is_answered_when_the_module_is_ready);
	tcase_add_test(tcase, a_list_waits_a_minute_for_the_module_and_no_longer);
	tcase_add_test(tcase, a_list_that_may_not_wait_is_answered_at_once);
	tcase_add_test(tcase, a_list_does_without_the_modules_word_where_the_line_is_busy);
	tcase_add_test(tcase, a_list_does_without_a_word_that_comes_too_late);
	tcase_add_test(tcase, a_list_does_without_the_word_of_a_module_that_takes_no_question);
	tcase_add_test(tcase, a_list_keeps_what_the_module_said_before_it_was_lost);
	tcase_add_test(tcase, a_list_of_a_ledger_that_is_damaged_says_so);
	tcase_add_loop_test(tcase, a_broker_that_leaves_answers_a_list_wherever_it_is, 0, 3);
	tcase_add_test(tcase, what_is_missing_is_logged_once_for_each_module);
	return tcase;
}

static TCase *refused_case(void)
{
	TCase *tcase = tcase_create("refused");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, a_write_that_is_none_is_refused, 0, G_N_ELEMENTS(spoilt));
	tcase_add_loop_test(tcase, bytes_that_are_no_key_are_no_key, 0, G_N_ELEMENTS(bad_keys));
	tcase_add_test(tcase, a_write_to_a_module_that_is_not_ready_is_refused);
	tcase_add_test(tcase, a_write_to_another_module_is_refused);
	tcase_add_test(tcase, a_write_in_a_dialect_that_is_not_certain_is_refused);
	tcase_add_test(tcase, a_write_to_a_set_that_the_firmware_has_not_is_refused);
	tcase_add_test(tcase, a_set_that_connections_use_is_not_replaced);
	tcase_add_test(tcase, nothing_is_written_where_the_ledger_cannot_be_read);
	tcase_add_test(tcase, nothing_is_written_where_the_ledger_cannot_be_told_first);
	tcase_add_test(tcase, nothing_is_written_where_the_module_takes_no_question);
	tcase_add_test(tcase, nothing_is_written_where_the_module_is_lost_while_it_is_asked);
	tcase_add_loop_test(tcase, nothing_is_written_where_the_line_does_not_become_free, 0, 2);
	tcase_add_test(tcase, nothing_is_written_to_another_module_that_has_come_meanwhile);
	return tcase;
}

static TCase *written_case(void)
{
	TCase *tcase = tcase_create("written");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, an_item_is_written_compared_and_noted);
	tcase_add_test(tcase, a_key_goes_the_same_way);
	tcase_add_test(tcase, a_write_that_the_driver_does_not_take_leaves_the_ledger_as_it_was);
	tcase_add_test(tcase, an_item_is_uncertain_where_the_module_is_lost_while_it_is_written);
	tcase_add_test(tcase, an_item_is_uncertain_where_the_module_is_lost_while_it_is_compared);
	tcase_add_loop_test(tcase, an_item_is_uncertain_where_it_cannot_be_compared, 0, 3);
	tcase_add_test(tcase, an_item_that_is_refused_holds_other_bytes);
	tcase_add_test(tcase, what_was_noted_of_other_bytes_is_restored_where_these_are_refused);
	tcase_add_test(tcase, an_item_whose_comparison_is_refused_is_uncertain);
	tcase_add_test(tcase, a_burnt_item_stays_burnt_where_the_module_is_lost);
	tcase_add_test(tcase, a_burnt_item_that_is_refused_is_uncertain);
	tcase_add_test(tcase, what_another_tool_has_burnt_is_known_once_it_is_equal);
	tcase_add_test(tcase, what_another_tool_has_burnt_and_is_not_equal_is_noted_as_foreign);
	tcase_add_loop_test(tcase, an_end_of_which_the_ledger_cannot_be_told_says_so, 0,
			    G_N_ELEMENTS(untold));
	tcase_add_test(tcase, a_second_item_waits_for_the_end_of_the_first);
	tcase_add_test(tcase, a_second_item_is_refused_where_the_module_went_with_the_first);
	tcase_add_test(tcase, who_has_asked_may_go_at_any_moment);
	tcase_add_loop_test(tcase, a_broker_that_leaves_tells_who_writes_and_who_waits, 0, 2);
	return tcase;
}

static TCase *noted_case(void)
{
	TCase *tcase = tcase_create("noted");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, an_adoption_is_noted);
	tcase_add_loop_test(tcase, an_adoption_of_what_is_no_digest_is_refused, 0,
			    G_N_ELEMENTS(bad_digests));
	tcase_add_test(tcase, an_adoption_of_what_has_no_name_is_refused);
	tcase_add_test(tcase, what_was_burnt_from_here_is_not_adopted);
	tcase_add_loop_test(tcase, all_of_a_module_is_forgotten_or_a_set_or_an_item, 0,
			    G_N_ELEMENTS(forgotten));
	tcase_add_test(tcase, nothing_is_forgotten_where_no_module_is_named);
	tcase_add_test(tcase, nothing_is_forgotten_while_an_item_is_written);
	tcase_add_loop_test(tcase, a_ledger_that_is_damaged_is_neither_added_to_nor_forgotten, 0,
			    2);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("burner");

	suite_add_tcase(suite, lists_case());
	suite_add_tcase(suite, refused_case());
	suite_add_tcase(suite, written_case());
	suite_add_tcase(suite, noted_case());
	return suite_run(suite);
}
