// SPDX-License-Identifier: MIT
/*
 * What the ledger and the module say of credentials, what is added to the ledger and forgotten; and
 * where the module, the ledger or the broker goes meanwhile.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "eswrapd/burner.h"
#include "support/harness.h"
#include "support/suite.h"
#include "unit/burner-rig.h"
#include "unit/fake-module.h"
#include "unit/parts-rig.h"
#include "unit/verb-rig.h"

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
	ck_assert(ledger_put(own->state_dir, FAKE_MAC, SET, ESWIFI_ITEM_KEY, &entry, NULL));
	ck_assert(ledger_put(own->state_dir, FAKE_MAC, 2, ESWIFI_ITEM_KEY, &entry, NULL));
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

	tcase_add_checked_fixture(tcase, burner_rig_setup, burner_rig_teardown);
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

static TCase *noted_case(void)
{
	TCase *tcase = tcase_create("noted");

	tcase_add_checked_fixture(tcase, burner_rig_setup, burner_rig_teardown);
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
	Suite *suite = suite_create("burner-list");

	suite_add_tcase(suite, lists_case());
	suite_add_tcase(suite, noted_case());
	return suite_run(suite);
}
