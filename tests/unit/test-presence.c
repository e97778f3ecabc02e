// SPDX-License-Identifier: MIT
/* Presence: when a private broker is told that nobody needs it any more. */
#include <check.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "eswrapd/presence.h"
#include "support/suite.h"

#define LOOK_MS 10

static struct presence *presence;
static bool somebody_seen;
static guint looks, told;

static bool seen(gpointer user G_GNUC_UNUSED)
{
	looks++;
	return somebody_seen;
}

static void nobody(gpointer user G_GNUC_UNUSED)
{
	told++;
}

static const struct presence_ops ops = { seen, nobody };

static void set_up(void)
{
	somebody_seen = false;
	looks = told = 0;
	presence = presence_new(&ops, NULL, LOOK_MS);
}

static void tear_down(void)
{
	presence_free(presence);
}

static void await_looks(guint count)
{
	while (looks < count)
		g_main_context_iteration(NULL, TRUE);
}

static gboolean set_true(gpointer user)
{
	*(bool *)user = true;
	return G_SOURCE_REMOVE;
}

/* Longer than two looks take. */
static void pass_time(void)
{
	bool passed = false;

	g_timeout_add(5 * LOOK_MS, set_true, &passed);
	while (!passed)
		g_main_context_iteration(NULL, TRUE);
}

START_TEST(that_nobody_comes_is_told_at_the_second_look)
{
	await_looks(1);
	ck_assert_uint_eq(told, 0);
	await_looks(2);
	ck_assert_uint_eq(told, 1);
}
END_TEST

START_TEST(it_is_told_once)
{
	await_looks(2);
	pass_time();
	ck_assert_uint_eq(told, 1);
	ck_assert_uint_eq(looks, 2);
}
END_TEST

START_TEST(nobody_is_looked_for_while_somebody_is_in)
{
	presence_enter(presence);
	presence_enter(presence);
	presence_leave(presence);
	pass_time();
	ck_assert_uint_eq(looks, 0);
	presence_leave(presence);
	await_looks(2);
	ck_assert_uint_eq(told, 1);
}
END_TEST

START_TEST(who_comes_between_two_looks_begins_the_count_again)
{
	await_looks(1);
	presence_enter(presence);
	presence_leave(presence);
	await_looks(2);
	ck_assert_uint_eq(told, 0);
	await_looks(3);
	ck_assert_uint_eq(told, 1);
}
END_TEST

START_TEST(who_is_seen_without_entering_keeps_it)
{
	somebody_seen = true;
	await_looks(4);
	ck_assert_uint_eq(told, 0);
	somebody_seen = false;
	await_looks(5);
	ck_assert_uint_eq(told, 0);
	await_looks(6);
	ck_assert_uint_eq(told, 1);
}
END_TEST

START_TEST(a_process_is_in_as_long_as_it_lives)
{
	pid_t child = fork();

	if (child == 0) {
		pause();
		_exit(0);
	}
	presence_enter_process(presence, child);
	pass_time();
	ck_assert_uint_eq(looks, 0);
	kill(child, SIGKILL);
	await_looks(2);
	ck_assert_uint_eq(told, 1);
	waitpid(child, NULL, 0);
}
END_TEST

START_TEST(a_process_that_has_gone_is_not_in)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	waitpid(child, NULL, 0);
	presence_enter_process(presence, child);
	await_looks(2);
	ck_assert_uint_eq(told, 1);
}
END_TEST

START_TEST(the_systems_broker_has_none_and_everybody_may_say_so)
{
	presence_enter(NULL);
	presence_enter_process(NULL, getpid());
	presence_leave(NULL);
	presence_free(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("presence");
	TCase *tcase = tcase_create("presence");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, that_nobody_comes_is_told_at_the_second_look);
	tcase_add_test(tcase, it_is_told_once);
	tcase_add_test(tcase, nobody_is_looked_for_while_somebody_is_in);
	tcase_add_test(tcase, who_comes_between_two_looks_begins_the_count_again);
	tcase_add_test(tcase, who_is_seen_without_entering_keeps_it);
	tcase_add_test(tcase, a_process_is_in_as_long_as_it_lives);
	tcase_add_test(tcase, a_process_that_has_gone_is_not_in);
	tcase_add_test(tcase, the_systems_broker_has_none_and_everybody_may_say_so);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
