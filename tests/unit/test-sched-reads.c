// SPDX-License-Identifier: MIT
/*
 * When the scheduler reads, how long a read waits in the module, and how long the line stays with a
 * socket.
 */
#include "support/suite.h"
#include "unit/sched-rig.h"

START_TEST(a_full_read_is_repeated_at_once_and_a_part_leaves_the_line_free)
{
	struct owner owner = { 0 };

	open_all(&owner, 1, 1);
	until(READ);
	end(ESWIFI_PAYLOAD_MAX, 10 * MS);
	ck_assert_int_eq(next(), READ);
	end(100, 3 * MS);
	ck_assert_int_eq(next(), NOTHING);
	ck_assert_int_eq(fake.wake, fake.now + 2 * MS);
	ck_assert_int_eq(owner.received, ESWIFI_PAYLOAD_MAX + 100);
}
END_TEST

START_TEST(reads_that_find_nothing_come_ever_less_often_up_to_a_limit)
{
	struct owner owner = { 0 };
	gint64 pause = 0, before = 0;
	int i;

	open_all(&owner, 1, 1);
	for (i = 0; i < 12; i++) {
		fake.now = MAX(fake.now, fake.wake);
		ck_assert_int_eq(next(), READ);
		end(0, 16 * MS);
		ck_assert_int_eq(next(), NOTHING);
		pause = fake.wake - fake.now;
		ck_assert_int_ge(pause, before);
		before = pause;
	}
	ck_assert_int_eq(pause, 70 * MS);
	ck_assert_uint_eq(fake.wait_ms, 16);
}
END_TEST

/* The line goes on: a read finds nothing, or time passes. */
static void pass(void)
{
	if (next() == NOTHING)
		fake.now = MAX(fake.now, fake.wake);
	else
		end(0, fake.wait_ms * MS);
}

/* Few reads that each wait: a byte comes in the middle of 140 ms, or while it is waited for. */
START_TEST(four_sockets_that_have_been_quiet_are_read_seven_times_a_second_each)
{
	struct owner owners[4] = { 0 };
	gint64 begin;
	guint reads = 0;

	open_all(owners, 4, 1);
	begin = fake.now;
	while (fake.now < begin + 1200 * MS)
		pass();
	begin = fake.now;
	for (; fake.now < begin + 1400 * MS; reads++) {
		if (next() == NOTHING)
			fake.now = MAX(fake.now, fake.wake);
		ck_assert_int_eq(next(), READ);
		ck_assert_uint_eq(fake.wait_ms, 32);
		end(0, 35 * MS);
	}
	ck_assert_uint_ge(reads, 4 * 9);
	ck_assert_uint_le(reads, 4 * 11);
}
END_TEST

START_TEST(what_comes_out_of_the_quiet_makes_the_waits_short_again)
{
	struct owner owners[2] = { 0 };
	gint64 begin;
	guint spoke;

	open_all(owners, 2, 1);
	begin = fake.now;
	while (fake.now < begin + 1200 * MS || next() != READ)
		pass();
	ck_assert_uint_eq(fake.wait_ms, 32);
	spoke = fake.socket;
	end_read("x", 1);
	while (next() != READ || fake.socket == spoke)
		pass();
	ck_assert_uint_eq(fake.wait_ms, 1);
}
END_TEST

START_TEST(an_answer_is_awaited_without_a_pause)
{
	struct owner owner = { 0 };
	gint64 sent;

	open_all(&owner, 1, 1);
	owner.unsent = 64;
	sched_may_send(sched, &owner.channel);
	until(SEND);
	end(64, 2 * MS);
	for (sent = fake.now; fake.now < sent + 240 * MS;) {
		ck_assert_int_eq(next(), READ);
		ck_assert_uint_eq(fake.wait_ms, 16);
		end(0, 16 * MS);
	}
	fake.now = sent + 260 * MS;
	until(READ);
	end(0, 16 * MS);
	ck_assert_int_eq(next(), NOTHING);
}
END_TEST

/* Sends, and has the answer after @took; Return: how long the module waited in the last read, ms. */
static guint exchange(struct owner *owner, gint64 took)
{
	gint64 sent;

	owner->unsent = 64;
	sched_may_send(sched, &owner->channel);
	until(SEND);
	end(64, 2 * MS);
	sent = fake.now;
	while (next() != READ || fake.now + fake.wait_ms * MS < sent + took)
		pass();
	fake.now = MAX(fake.now, sent + took);
	end_read("answer", 6);
	return fake.wait_ms;
}

/* Each read that finds nothing costs a guard time there, in which the answer may come. */
START_TEST(where_an_empty_read_is_dear_it_waits_as_long_as_the_server_takes)
{
	struct owner owner = { 0 };

	fake.empty_is_dear = true;
	open_all(&owner, 1, 1);
	ck_assert_uint_eq(exchange(&owner, 60 * MS), 16);
	ck_assert_uint_eq(exchange(&owner, 60 * MS), 128);
	ck_assert_uint_eq(exchange(&owner, 5 * MS), 128);
	ck_assert_uint_eq(exchange(&owner, 5 * MS), 64);
	ck_assert_uint_eq(exchange(&owner, 5 * MS), 32);
	ck_assert_uint_eq(exchange(&owner, 5 * MS), 16);
	ck_assert_uint_eq(exchange(&owner, 5 * MS), 16);
}
END_TEST

START_TEST(where_an_empty_read_is_cheap_it_does_not_keep_the_line)
{
	struct owner owner = { 0 };

	open_all(&owner, 1, 1);
	exchange(&owner, 60 * MS);
	ck_assert_uint_eq(exchange(&owner, 60 * MS), 16);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sched-reads");
	TCase *reads = tcase_create("reads");

	tcase_add_checked_fixture(reads, rig_setup, rig_teardown);
	tcase_add_test(reads, a_full_read_is_repeated_at_once_and_a_part_leaves_the_line_free);
	tcase_add_test(reads, reads_that_find_nothing_come_ever_less_often_up_to_a_limit);
	tcase_add_test(reads, four_sockets_that_have_been_quiet_are_read_seven_times_a_second_each);
	tcase_add_test(reads, what_comes_out_of_the_quiet_makes_the_waits_short_again);
	tcase_add_test(reads, where_an_empty_read_is_dear_it_waits_as_long_as_the_server_takes);
	tcase_add_test(reads, where_an_empty_read_is_cheap_it_does_not_keep_the_line);
	tcase_add_test(reads, an_answer_is_awaited_without_a_pause);
	suite_add_tcase(suite, reads);
	return suite_run(suite);
}
