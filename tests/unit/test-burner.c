// SPDX-License-Identifier: MIT
/*
 * Credentials on their way to the module, where the module or the ledger is lost, or another, or the
 * broker leaves, at each of their steps.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "eswrapd/burner.h"
#include "support/harness.h"
#include "support/suite.h"
#include "unit/burner-rig.h"
#include "unit/fake-module.h"
#include "unit/parts-rig.h"
#include "unit/verb-rig.h"

/* Up to the second one. */
static void is_compared(void)
{
	is_written();
	module_ends(ESWIFI_WRITTEN, "");
	ck_assert_int_eq(module_asked(), ASKED_WRITE);
}

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
	ck_fails(&client, EXIT_FAILURE, own->state_dir);
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
	ck_fails(&client, row->status, own->state_dir);
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

static TCase *refused_case(void)
{
	TCase *tcase = tcase_create("refused");

	tcase_add_checked_fixture(tcase, burner_rig_setup, burner_rig_teardown);
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

	tcase_add_checked_fixture(tcase, burner_rig_setup, burner_rig_teardown);
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

int main(void)
{
	Suite *suite = suite_create("burner");

	suite_add_tcase(suite, refused_case());
	suite_add_tcase(suite, written_case());
	return suite_run(suite);
}
