// SPDX-License-Identifier: MIT
/*
 * Names looked up by the module, for several who ask at a time: who shares a look-up, who is next, what
 * is kept, and what becomes of it when the module is lost or nobody waits any more.
 */
#include <errno.h>

#include "eswrapd/account.h"
#include "eswrapd/lookup.h"
#include "support/harness.h"
#include "support/suite.h"
#include "unit/fake-module.h"
#include "unit/parts-rig.h"

#define LIMIT	 5
#define DEADLINE (20 * G_TIME_SPAN_SECOND)
#define KEPT	 (5 * G_TIME_SPAN_MINUTE)
#define ASKERS	 (LIMIT + 1)

/* struct waiting - one who has asked; @result: LOOKUP_PENDING until it is told */
struct waiting {
	struct lookup_asker *asker;
	enum lookup_result result;
};

static struct lookups *lookups;
static struct waiting waiting[ASKERS];

static void setup(void)
{
	parts_rig_setup(LIMIT);
	fake_module_init();
	lookups = lookups_new(parts.sched, parts.accounts, parts.timers);
}

static void teardown(void)
{
	lookups_free(lookups);
	fake_module_clear();
	parts_rig_teardown();
}

static void on_done(enum lookup_result result, gpointer user)
{
	struct waiting *who = user;

	ck_assert_int_eq(who->result, LOOKUP_PENDING);
	who->result = result;
	who->asker = NULL;
}

static enum lookup_result asks(guint who, uid_t uid, const char *name)
{
	waiting[who].result =
		lookup_ask(lookups, uid, name, on_done, &waiting[who], &waiting[who].asker);
	return waiting[who].result;
}

static void gives_up(guint who)
{
	lookup_cancel(waiting[who].asker);
}

/* The module is asked for @name, which ends so. */
static void ck_asked(const char *name)
{
	ck_assert_int_eq(module_asked(), ASKED_LOOKUP);
	ck_assert_str_eq(module.data->str, name);
}

static void ck_nothing_is_asked(void)
{
	ck_assert_int_eq(module_asked(), ASKED_NOTHING);
}

static void ck_told(guint who, enum lookup_result result)
{
	ck_assert_int_eq(waiting[who].result, result);
}

START_TEST(who_asks_for_the_same_name_shares_its_look_up)
{
	asks(0, 1, "a.example");
	ck_asked("a.example");
	asks(1, 2, "a.example");
	module_ends(0, "192.0.2.1");
	ck_told(0, LOOKUP_FOUND);
	ck_told(1, LOOKUP_FOUND);
	ck_nothing_is_asked();
}
END_TEST

START_TEST(users_take_turns)
{
	asks(0, 1, "a.example");
	asks(1, 1, "b.example");
	asks(2, 1, "c.example");
	asks(3, 2, "d.example");
	ck_asked("a.example");
	module_ends(0, "");
	ck_asked("b.example");
	module_ends(0, "");
	ck_asked("d.example");
	module_ends(0, "");
	ck_asked("c.example");
}
END_TEST

START_TEST(one_user_has_so_many_under_way_and_no_more)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f" };
	guint i;

	for (i = 0; i < LIMIT; i++)
		ck_assert_int_eq(asks(i, 1, names[i]), LOOKUP_PENDING);
	ck_assert_int_eq(asks(i, 1, names[i]), LOOKUP_AGAIN);
	ck_assert_int_eq(asks(i, 2, names[i]), LOOKUP_PENDING);
	gives_up(0);
	ck_assert_int_eq(asks(0, 1, "g"), LOOKUP_PENDING);
}
END_TEST

struct answer {
	int result;
	enum lookup_result told;
};

static const struct answer answers[] = {
	{ 0, LOOKUP_FOUND },
	{ -ENOENT, LOOKUP_UNKNOWN },
	{ -EINVAL, LOOKUP_UNKNOWN },
};

START_TEST(what_the_module_says_is_told)
{
	asks(0, 1, "a.example");
	ck_asked("a.example");
	module_ends(answers[_i].result, "");
	ck_told(0, answers[_i].told);
}
END_TEST

START_TEST(what_the_driver_does_not_take_is_told)
{
	module.refusal = _i ? -EINVAL : -EBUSY;
	asks(0, 1, "a.example");
	asks(1, 1, "b.example");
	ck_asked("b.example");
	ck_told(0, _i ? LOOKUP_UNKNOWN : LOOKUP_AGAIN);
	ck_told(1, LOOKUP_PENDING);
}
END_TEST

START_TEST(a_look_up_whose_module_is_lost_begins_again)
{
	asks(0, 1, "a.example");
	ck_asked("a.example");
	module_ends(-ENETDOWN, "");
	ck_told(0, LOOKUP_PENDING);
	/* Behind one that took long its user rests. */
	pass(1 * G_TIME_SPAN_SECOND);
	ck_asked("a.example");
	module_ends(0, "");
	ck_told(0, LOOKUP_FOUND);
}
END_TEST

START_TEST(each_who_asks_has_a_deadline_of_his_own)
{
	asks(0, 1, "a.example");
	ck_asked("a.example");
	pass(DEADLINE / 2);
	asks(1, 2, "a.example");
	pass(DEADLINE / 2);
	ck_told(0, LOOKUP_AGAIN);
	ck_told(1, LOOKUP_PENDING);
	ck_text_has(told->str, "look-up of a.example: no answer within 20 s");
	module_ends(0, "");
	ck_told(1, LOOKUP_FOUND);
}
END_TEST

START_TEST(a_name_that_was_found_is_not_asked_for_again_for_five_minutes)
{
	asks(0, 1, "a.example");
	ck_asked("a.example");
	module_ends(0, "");
	pass(KEPT);
	ck_assert_int_eq(asks(0, 2, "a.example"), LOOKUP_FOUND);
	pass(1);
	ck_assert_int_eq(asks(0, 2, "a.example"), LOOKUP_PENDING);
}
END_TEST

START_TEST(a_look_up_that_nobody_waits_for_is_not_begun)
{
	asks(0, 1, "a.example");
	asks(1, 1, "b.example");
	asks(2, 1, "b.example");
	asks(3, 1, "c.example");
	/* One that is the scheduler's already, and one behind it that two wait for. */
	gives_up(0);
	gives_up(1);
	gives_up(2);
	ck_asked("c.example");
	module_ends(0, "");
	ck_told(3, LOOKUP_FOUND);
	ck_nothing_is_asked();
}
END_TEST

START_TEST(a_look_up_that_nobody_waits_for_any_more_runs_to_its_end)
{
	asks(0, 1, "a.example");
	asks(1, 1, "b.example");
	ck_asked("a.example");
	gives_up(0);
	module_ends(_i ? -ENETDOWN : 0, "");
	/* Its answer is kept, or there is none, and it is not begun again. */
	ck_assert_int_eq(asks(0, 2, "a.example"), _i ? LOOKUP_PENDING : LOOKUP_FOUND);
	pass(1 * G_TIME_SPAN_SECOND);
	ck_assert_int_eq(module_asked(), ASKED_LOOKUP);
}
END_TEST

/* One who is told and asks at once for the same again. */
static void on_done_ask_again(enum lookup_result result, gpointer user)
{
	on_done(result, user);
	asks(1, 1, "a.example");
}

START_TEST(who_is_told_may_ask_again_from_within)
{
	waiting[0].result = lookup_ask(lookups, 1, "a.example", on_done_ask_again, &waiting[0],
				       &waiting[0].asker);
	ck_asked("a.example");
	module_ends(-ENOENT, "");
	ck_told(0, LOOKUP_UNKNOWN);
	ck_told(1, LOOKUP_PENDING);
	ck_asked("a.example");
	module_ends(0, "");
	ck_told(1, LOOKUP_FOUND);
}
END_TEST

START_TEST(a_broker_that_leaves_begins_no_look_up)
{
	asks(0, 1, "a.example");
	asks(1, 1, "b.example");
	asks(2, 2, "c.example");
	gives_up(0);
	gives_up(1);
	gives_up(2);
	lookups_free(g_steal_pointer(&lookups));
	ck_nothing_is_asked();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lookup");
	TCase *tcase = tcase_create("lookup");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, who_asks_for_the_same_name_shares_its_look_up);
	tcase_add_test(tcase, users_take_turns);
	tcase_add_test(tcase, one_user_has_so_many_under_way_and_no_more);
	tcase_add_loop_test(tcase, what_the_module_says_is_told, 0, G_N_ELEMENTS(answers));
	tcase_add_loop_test(tcase, what_the_driver_does_not_take_is_told, 0, 2);
	tcase_add_test(tcase, a_look_up_whose_module_is_lost_begins_again);
	tcase_add_test(tcase, each_who_asks_has_a_deadline_of_his_own);
	tcase_add_test(tcase, a_name_that_was_found_is_not_asked_for_again_for_five_minutes);
	tcase_add_test(tcase, a_look_up_that_nobody_waits_for_is_not_begun);
	tcase_add_loop_test(tcase, a_look_up_that_nobody_waits_for_any_more_runs_to_its_end, 0, 2);
	tcase_add_test(tcase, who_is_told_may_ask_again_from_within);
	tcase_add_test(tcase, a_broker_that_leaves_begins_no_look_up);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
