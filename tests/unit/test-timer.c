// SPDX-License-Identifier: MIT
/* Timers: who is called back, when and in which order; by a clock of the test's, and by the loop's. */
#include "loop/timer.h"
#include "support/suite.h"

static gint64 clock_us;
static struct timers *timers;
static struct timer a, b;
static GString *order;

static gint64 now(void)
{
	return clock_us;
}

static void note(gpointer user)
{
	g_string_append(order, user);
}

static void setup(void)
{
	clock_us = G_TIME_SPAN_DAY;
	timers = timers_new(now);
	order = g_string_new(NULL);
	timer_init(&a, timers, note, (gpointer) "a");
	timer_init(&b, timers, note, (gpointer) "b");
}

static void teardown(void)
{
	timer_clear(&a);
	timer_clear(&b);
	timers_free(timers);
	g_string_free(order, TRUE);
}

static void pass(gint64 us)
{
	clock_us += us;
	timers_run(timers);
}

START_TEST(a_timer_is_called_once_and_not_before_its_time)
{
	timer_start(&a, 10);
	ck_assert(timer_is_set(&a));
	pass(9);
	ck_assert_str_eq(order->str, "");
	pass(1);
	ck_assert_str_eq(order->str, "a");
	ck_assert(!timer_is_set(&a));
	pass(100);
	ck_assert_str_eq(order->str, "a");
}
END_TEST

START_TEST(those_that_are_due_are_called_in_order_of_their_times)
{
	timer_start(&a, 20);
	timer_start(&b, 10);
	pass(30);
	ck_assert_str_eq(order->str, "ba");
}
END_TEST

START_TEST(the_last_setting_counts)
{
	timer_start(&a, 10);
	timer_start(&a, 30);
	timer_start(&b, 20);
	ck_assert_int_eq(timers_due(timers), clock_us + 20);
	pass(40);
	ck_assert_str_eq(order->str, "ba");
}
END_TEST

START_TEST(one_that_is_stopped_or_cleared_is_not_called)
{
	timer_start(&a, 10);
	timer_start(&b, 10);
	timer_stop(&a);
	timer_clear(&b);
	ck_assert_int_eq(timers_due(timers), G_MAXINT64);
	pass(20);
	ck_assert_str_eq(order->str, "");
}
END_TEST

START_TEST(a_time_that_has_passed_is_due_at_once)
{
	timer_set(&a, clock_us - 5);
	pass(0);
	ck_assert_str_eq(order->str, "a");
}
END_TEST

static void again(gpointer user)
{
	note((gpointer) "+");
	timer_start(user, 0);
}

START_TEST(one_that_sets_itself_again_does_not_hold_the_others)
{
	struct timer self;

	timer_init(&self, timers, again, &self);
	timer_start(&self, 1);
	timer_start(&a, 1);
	pass(1);
	ck_assert_str_eq(order->str, "+a");
	pass(1);
	ck_assert_str_eq(order->str, "+a+");
	timer_clear(&self);
}
END_TEST

static void clear_both(gpointer user)
{
	note(user);
	timer_clear(&a);
	timer_clear(&b);
}

START_TEST(a_callback_may_clear_itself_and_others)
{
	timer_clear(&a);
	timer_init(&a, timers, clear_both, (gpointer) "x");
	timer_start(&a, 1);
	timer_start(&b, 1);
	pass(1);
	ck_assert_str_eq(order->str, "x");
}
END_TEST

START_TEST(to_clear_one_that_is_0_does_nothing)
{
	struct timer none = { 0 };

	timer_clear(&none);
	ck_assert(!timer_is_set(&none));
}
END_TEST

START_TEST(the_main_loop_runs_them_by_the_monotonic_clock)
{
	struct timers *real = timers_new(NULL);
	gint64 began = g_get_monotonic_time();
	struct timer timer;

	timer_init(&timer, real, note, (gpointer) "r");
	timer_start(&timer, 3 * G_TIME_SPAN_MILLISECOND);
	while (!order->len)
		g_main_context_iteration(NULL, TRUE);
	ck_assert_int_ge(timers_now(real) - began, 3 * G_TIME_SPAN_MILLISECOND);
	timer_clear(&timer);
	timers_free(real);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("timer");
	TCase *tcase = tcase_create("timer");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_timer_is_called_once_and_not_before_its_time);
	tcase_add_test(tcase, those_that_are_due_are_called_in_order_of_their_times);
	tcase_add_test(tcase, the_last_setting_counts);
	tcase_add_test(tcase, one_that_is_stopped_or_cleared_is_not_called);
	tcase_add_test(tcase, a_time_that_has_passed_is_due_at_once);
	tcase_add_test(tcase, one_that_sets_itself_again_does_not_hold_the_others);
	tcase_add_test(tcase, a_callback_may_clear_itself_and_others);
	tcase_add_test(tcase, to_clear_one_that_is_0_does_nothing);
	tcase_add_test(tcase, the_main_loop_runs_them_by_the_monotonic_clock);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
