// SPDX-License-Identifier: MIT
/*
 * The scheduler's rules, as sched.h states them: a line that does what the test says, on which time
 * passes when the test says so.
 */
#include <errno.h>
#include <string.h>

#include "support/suite.h"
#include "unit/sched-rig.h"

START_TEST(channels_of_a_user_get_sockets_in_order_of_arrival)
{
	struct owner owners[5] = { 0 };
	const char *hosts[] = { "a", "b", "c", "d", "e" };
	int i;

	for (i = 0; i < 5; i++)
		ask_for(&owners[i], 1, hosts[i]);
	for (i = 0; i < 4; i++) {
		until(OPEN);
		ck_assert_str_eq(fake.host, hosts[i]);
		end(0, 5 * MS);
		ck_assert_int_eq(owners[i].channel.socket, i);
	}
	ck_assert_uint_eq(sched_waiting(sched), 1);
	sched_release(sched, &owners[1].channel);
	until(CLOSE);
	end(0, 1 * MS);
	until(OPEN);
	ck_assert_str_eq(fake.host, "e");
	end(0, 1 * MS);
	ck_assert_int_eq(owners[4].channel.socket, 1);
}
END_TEST

START_TEST(the_user_with_the_fewest_sockets_is_next)
{
	struct owner many[5] = { 0 }, one = { 0 };
	int i;

	open_all(many, 2, 1);
	for (i = 2; i < 5; i++)
		ask_for(&many[i], 1, "many");
	ask_for(&one, 2, "one");
	until(OPEN);
	ck_assert_str_eq(fake.host, "one");
}
END_TEST

/* Each but one of these moves a byte. */
static void move_all_but(struct owner *owners, int count, int idle)
{
	int i;

	for (i = 0; i < count; i++) {
		if (i == idle)
			continue;
		owners[i].unsent = 10;
		sched_may_send(sched, &owners[i].channel);
		until(SEND);
		end(10, 1 * MS);
	}
}

/* At once when it has been idle for two seconds, or else when the other has waited for so long. */
START_TEST(the_idlest_is_taken_from_who_has_more_while_another_waits)
{
	struct owner hog[4] = { 0 }, other = { 0 };
	gint64 began;

	open_all(hog, 4, 1);
	fake.now += _i ? 100 * MS : 5000 * MS;
	move_all_but(hog, 4, 2);
	ask_for(&other, 2, "other");
	began = fake.now;
	until(CLOSE);
	ck_assert_int_ge(fake.now - began, _i ? 1800 * MS : 0);
	ck_assert_int_le(fake.now - began, _i ? 2100 * MS : 20 * MS);
	ck_assert_uint_eq(fake.socket, 2);
	ck_assert_int_eq(hog[2].lost, 1);
	end(0, 1 * MS);
	until(OPEN);
	ck_assert_str_eq(fake.host, "other");
	end(0, 1 * MS);
	ck_assert_int_eq(hog[0].lost + hog[1].lost + hog[3].lost, 0);
}
END_TEST

START_TEST(who_has_one_gets_a_second_from_who_has_three_and_no_third)
{
	struct owner hog[3] = { 0 }, other[3] = { 0 };

	open_all(hog, 3, 1);
	ask_for(&other[0], 2, "one");
	until(OPEN);
	end(0, 1 * MS);
	ask_for(&other[1], 2, "two");
	until(CLOSE);
	end(0, 1 * MS);
	until(OPEN);
	ck_assert_str_eq(fake.host, "two");
	end(0, 1 * MS);
	ask_for(&other[2], 2, "three");
	fake.now += 60000 * MS;
	ck_assert_int_ne(next(), CLOSE);
	ck_assert_int_eq(hog[0].lost + hog[1].lost + hog[2].lost, 1);
}
END_TEST

START_TEST(the_last_free_socket_is_kept_for_whoever_was_there_lately)
{
	struct owner hog[4] = { 0 }, other = { 0 };
	gint64 left;

	open_all(&other, 1, 2);
	sched_release(sched, &other.channel);
	until(CLOSE);
	end(0, 1 * MS);
	left = fake.now;
	open_all(hog, 3, 1);
	ask_for(&hog[3], 1, "fourth");
	if (_i) {
		/* He finds it without waiting. */
		ask_for(&other, 2, "other");
		until(OPEN);
		ck_assert_str_eq(fake.host, "other");
		ck_assert_int_lt(fake.now - left, 1000 * MS);
	} else {
		until(OPEN);
		ck_assert_str_eq(fake.host, "fourth");
		ck_assert_int_ge(fake.now - left, 60000 * MS);
	}
}
END_TEST

START_TEST(nothing_is_taken_from_a_user_for_his_own_connects)
{
	struct owner owners[5] = { 0 };
	gint64 began;
	int i;

	open_all(owners, 4, 1);
	ask_for(&owners[4], 1, "fifth");
	for (began = fake.now; fake.now < began + 10000 * MS;) {
		until(READ);
		end(0, 16 * MS);
	}
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(owners[i].lost, 0);
}
END_TEST

START_TEST(idle_timeout_and_give_up_idlest_after_take_sockets_away)
{
	const struct sched_rules rules = { .idle_timeout_s = _i == 0 ? 30 : 0,
					   .give_up_after_s = _i == 0 ? 0 : 30 };
	struct owner owners[5] = { 0 };
	gint64 began;

	sched_set_rules(sched, &rules);
	open_all(owners, 4, 1);
	if (_i == 1)
		ask_for(&owners[4], 1, "fifth");
	began = fake.now;
	until(CLOSE);
	ck_assert_int_ge(fake.now - began, 29900 * MS);
	ck_assert_int_le(fake.now - began, 30200 * MS);
	ck_assert_int_eq(owners[0].lost, 1);
}
END_TEST

/* Lets a user with @mine bulk connections and another with @others share the line for a while. */
static double share_of_first(int mine, int others)
{
	struct owner a[3] = { 0 }, b[3] = { 0 };
	gint64 began, used = 0, all;
	int i;

	open_all(a, mine, 1);
	open_all(b, others, 2);
	for (i = 0; i < mine; i++) {
		a[i].unsent = G_MAXINT32;
		sched_may_send(sched, &a[i].channel);
	}
	for (i = 0; i < others; i++) {
		b[i].unsent = G_MAXINT32;
		sched_may_send(sched, &b[i].channel);
	}
	for (began = fake.now; fake.now < began + 20000 * MS;) {
		ck_assert_int_ne(next(), NOTHING);
		if ((int)fake.socket < mine)
			used += 15 * MS;
		end(fake.what == SEND ? ESWIFI_PAYLOAD_MAX : 0, 15 * MS);
	}
	all = fake.now - began;
	return (double)used / (double)all;
}

START_TEST(line_time_is_shared_among_users_and_not_among_sockets)
{
	double share = share_of_first(1, 2);

	ck_assert_double_ge(share, 0.45);
	ck_assert_double_le(share, 0.55);
}
END_TEST

START_TEST(line_time_that_was_left_unused_is_not_saved_up)
{
	struct owner idle = { 0 }, busy = { 0 };
	gint64 began, waited, longest = 0;

	open_all(&idle, 1, 1);
	open_all(&busy, 1, 2);
	busy.unsent = G_MAXINT32;
	sched_may_send(sched, &busy.channel);
	for (began = fake.now; fake.now < began + 60000 * MS;) {
		ck_assert_int_ne(next(), NOTHING);
		end(fake.what == SEND ? ESWIFI_PAYLOAD_MAX : 0, 15 * MS);
	}
	idle.unsent = G_MAXINT32;
	sched_may_send(sched, &idle.channel);
	waited = fake.now;
	for (began = fake.now; fake.now < began + 5000 * MS;) {
		ck_assert_int_ne(next(), NOTHING);
		if (fake.socket == (guint)busy.channel.socket)
			waited = fake.now;
		longest = MAX(longest, fake.now - waited);
		end(fake.what == SEND ? ESWIFI_PAYLOAD_MAX : 0, 15 * MS);
	}
	ck_assert_int_le(longest, 250 * MS);
}
END_TEST

START_TEST(connects_to_places_that_do_not_answer_leave_most_of_the_line)
{
	struct owner victim = { 0 }, holes[6] = { 0 };
	gint64 began, held = 0;
	int i, asked = 0;

	open_all(&victim, 1, 1);
	for (i = 0; i < 6; i++)
		ask_for(&holes[i], 2, "hole");
	for (began = fake.now; fake.now < began + 60000 * MS;) {
		if (next() == NOTHING) {
			fake.now = MIN(fake.wake, began + 60000 * MS);
			continue;
		}
		if (fake.what == OPEN) {
			end(-ECONNREFUSED, 1500 * MS);
			held += 1500 * MS;
			ask_for(&holes[asked++ % 6], 2, "hole");
		} else {
			end(0, 16 * MS);
		}
	}
	ck_assert_int_ge(asked, 3);
	ck_assert_int_le(held, 9000 * MS);
}
END_TEST

/* A P6=1 of @uid ends without a connection. Return: how long it takes until the next, us */
static gint64 rest_behind(uid_t uid, gint64 took)
{
	struct owner hole = { 0 }, again = { 0 };
	gint64 ended;

	ask_for(&hole, uid, "hole");
	until(OPEN);
	end(-EPROTO, took);
	ended = fake.now;
	ask_for(&again, uid, "hole");
	until(OPEN);
	end(-EPROTO, 10 * MS);
	return fake.now - 10 * MS - ended;
}

START_TEST(the_rest_behind_a_useless_connect_grows_with_its_square_and_doubles)
{
	struct owner victim = { 0 };
	gint64 rest;

	open_all(&victim, 1, 1);
	rest = rest_behind(2, 1500 * MS);
	ck_assert_int_ge(rest, 6000 * MS);
	ck_assert_int_le(rest, 6200 * MS);
	rest = rest_behind(2, 1500 * MS);
	ck_assert_int_ge(rest, 12000 * MS);
	ck_assert_int_le(rest, 12200 * MS);
	rest = rest_behind(2, 3000 * MS);
	ck_assert_int_ge(rest, 96000 * MS);
	ck_assert_int_le(rest, 96200 * MS);
	/* What took long is forgotten in the end. */
	fake.now += 30 * 60000 * MS;
	rest = rest_behind(2, 1500 * MS);
	ck_assert_int_le(rest, 6200 * MS);
}
END_TEST

START_TEST(a_place_that_has_answered_is_asked_while_its_user_rests)
{
	struct owner victim = { 0 }, hole = { 0 }, next_hole = { 0 }, good = { 0 };
	gint64 ended;

	open_all(&victim, 1, 1);
	ask_for(&good, 2, "good");
	until(OPEN);
	end(0, 10 * MS);
	sched_release(sched, &good.channel);
	ask_for(&hole, 2, "hole");
	until(OPEN);
	end(-EPROTO, 1500 * MS);
	ended = fake.now;
	ask_for(&next_hole, 2, "hole");
	ask_for(&good, 2, "good");
	until(OPEN);
	ck_assert_str_eq(fake.host, "good");
	ck_assert_int_le(fake.now - ended, 100 * MS);
	/* But not again when it has kept the line for nothing. */
	end(-EPROTO, 1500 * MS);
	ended = fake.now;
	ask_for(&good, 2, "good");
	until(OPEN);
	ck_assert_int_ge(fake.now - ended, 12000 * MS);
}
END_TEST

START_TEST(who_was_there_a_moment_ago_is_still_spared)
{
	struct owner victim = { 0 }, hole = { 0 };

	open_all(&victim, 1, 1);
	sched_release(sched, &victim.channel);
	until(CLOSE);
	end(0, 1 * MS);
	fake.now += _i ? 61000 * MS : 50000 * MS;
	ask_for(&hole, 2, "hole");
	until(OPEN);
	ck_assert_uint_eq(fake.patience_ms, _i ? 0 : 500);
}
END_TEST

START_TEST(a_connect_that_was_cut_short_for_others_is_tried_again_with_more_time)
{
	struct owner victim = { 0 }, hole = { 0 };

	open_all(&victim, 1, 1);
	ask_for(&hole, 2, "hole");
	until(OPEN);
	ck_assert_uint_eq(fake.patience_ms, 500);
	end(-ECONNREFUSED, 510 * MS);
	ck_assert_int_eq(hole.opened, 0);
	until(OPEN);
	ck_assert_uint_eq(fake.patience_ms, 1000);
	/* Refused, and not for want of time. */
	end(-ECONNREFUSED, 20 * MS);
	ck_assert_int_eq(hole.opened, 1);
	ck_assert_int_eq(hole.opened_result, -ECONNREFUSED);
}
END_TEST

START_TEST(a_connect_has_all_the_time_of_the_module_where_nobody_else_is)
{
	struct owner owners[2] = { 0 };

	open_all(owners, 1, 1);
	ask_for(&owners[1], 1, "hole");
	until(OPEN);
	ck_assert_uint_eq(fake.patience_ms, 0);
}
END_TEST

START_TEST(connects_that_take_long_follow_each_other_where_nobody_else_is)
{
	struct owner owners[4] = { 0 };
	gint64 began = fake.now;
	int i;

	for (i = 0; i < 4; i++)
		ask_for(&owners[i], 1, "hole");
	for (i = 0; i < 4; i++) {
		ck_assert_int_eq(next(), OPEN);
		end(-ECONNREFUSED, 5000 * MS);
	}
	ck_assert_int_eq(fake.now - began, 20000 * MS);
}
END_TEST

START_TEST(a_connect_that_the_module_has_no_socket_for_waits_for_a_close)
{
	struct owner first = { 0 }, second = { 0 };

	open_all(&first, 1, 1);
	ask_for(&second, 1, "second");
	until(OPEN);
	end(-EAGAIN, 1 * MS);
	ck_assert_int_eq(second.opened, 0);
	ck_assert(sched_is_waiting(&second.channel));
	until(READ);
	sched_release(sched, &first.channel);
	until(CLOSE);
	end(0, 1 * MS);
	until(OPEN);
	ck_assert_str_eq(fake.host, "second");
	end(0, 1 * MS);
	ck_assert_int_eq(second.opened, 1);
	ck_assert_int_eq(second.opened_result, 0);
}
END_TEST

START_TEST(with_nothing_else_open_no_socket_left_is_a_failure)
{
	struct owner only = { 0 };

	ask_for(&only, 1, "only");
	until(OPEN);
	end(-EAGAIN, 1 * MS);
	ck_assert_int_eq(only.opened, 1);
	ck_assert_int_eq(only.opened_result, -ECONNREFUSED);
}
END_TEST

START_TEST(who_neither_waits_nor_has_a_socket_hands_over_a_place_at_the_end)
{
	struct owner owners[4] = { 0 }, waits = { 0 }, held = { 0 }, heir = { 0 };

	open_all(owners, 4, 1);
	ask_for(&waits, 1, "waits");
	held.channel.socket = -1;
	held.channel.ops = heir.channel.ops = &owner_ops;
	heir.channel.uid = 1;
	heir.channel.target.host = "heir";
	heir.channel.target.port = 80;
	sched_hand_over(sched, &held.channel, &heir.channel);
	sched_release(sched, &held.channel);
	ck_assert_uint_eq(sched_waiting(sched), 2);
	sched_release(sched, &waits.channel);
	ck_assert_uint_eq(sched_waiting(sched), 1);
	sched_release(sched, &owners[0].channel);
	until(OPEN);
	ck_assert_str_eq(fake.host, "heir");
}
END_TEST

START_TEST(an_heir_takes_the_place_in_the_queue_or_the_socket)
{
	struct owner owners[4] = { 0 }, waits[2] = { 0 }, heir[2] = { 0 };

	open_all(owners, 4, 1);
	ask_for(&waits[0], 1, "first");
	ask_for(&waits[1], 1, "second");
	heir[0] = waits[0];
	memset(&heir[0].channel.link, 0, sizeof(GList));
	heir[0].channel.target.host = "heir";
	sched_hand_over(sched, &waits[0].channel, &heir[0].channel);
	sched_release(sched, &owners[3].channel);
	until(OPEN);
	ck_assert_str_eq(fake.host, "heir");
	heir[1] = heir[0];
	heir[1].channel.socket = -1;
	sched_hand_over(sched, &heir[0].channel, &heir[1].channel);
	ck_assert(sched_is_opening(sched, &heir[1].channel));
	end(0, 1 * MS);
	ck_assert_int_eq(heir[0].opened, 0);
	ck_assert_int_eq(heir[1].opened, 1);
}
END_TEST

START_TEST(the_turn_of_a_socket_follows_what_a_change_costs)
{
	struct owner owners[2] = { 0 };
	guint last = 9, changes = 0;
	gint64 began;
	int i, cost = _i == 0 ? 0 : 3;

	open_all(owners, 2, 1);
	for (i = 0; i < 2; i++) {
		owners[i].unsent = G_MAXINT32;
		sched_may_send(sched, &owners[i].channel);
	}
	for (began = fake.now; fake.now < began + 6000 * MS;) {
		ck_assert_int_eq(next() == NOTHING, false);
		changes += fake.socket != last;
		end(fake.what == SEND ? ESWIFI_PAYLOAD_MAX : 0,
		    (fake.socket != last ? 5 + cost : 5) * MS);
		last = fake.socket;
	}
	/* 6 s in turns of 20 ms, or of 160. */
	ck_assert_uint_ge(changes, _i == 0 ? 240 : 34);
	ck_assert_uint_le(changes, _i == 0 ? 310 : 60);
}
END_TEST

START_TEST(a_keep_alive_goes_with_the_opening_or_is_told_behind_it)
{
	struct owner owner = { 0 };

	ask_for(&owner, 1, "far");
	if (_i > 0)
		until(OPEN);
	if (_i > 1)
		end(0, MS);
	sched_keep_alive(sched, &owner.channel, 7000);
	if (_i == 0)
		until(OPEN);
	ck_assert_uint_eq(owner.channel.target.keep_alive_ms, 7000);
	if (_i < 2)
		end(0, MS);
	if (_i == 0) {
		ck_assert_int_ne(next(), KEEP_ALIVE);
		return;
	}
	ck_assert_int_eq(next(), KEEP_ALIVE);
	ck_assert_uint_eq(fake.keep_alive_ms, 7000);
	end(-ENOTSUP, MS);
	/* Once, whatever became of it. */
	ck_assert_int_ne(next(), KEEP_ALIVE);
}
END_TEST

START_TEST(a_keep_alive_of_a_connection_that_closes_meanwhile_harms_nothing)
{
	struct owner owner = { 0 };

	open_all(&owner, 1, 1);
	sched_keep_alive(sched, &owner.channel, 7000);
	ck_assert_int_eq(next(), KEEP_ALIVE);
	sched_release(sched, &owner.channel);
	end(0, MS);
	ck_assert_int_eq(next(), CLOSE);
	end(0, MS);
	ck_assert_uint_eq(sched_free_sockets(sched), ESWIFI_SOCKETS);
}
END_TEST

START_TEST(when_the_module_is_lost_only_what_had_begun_is_told)
{
	struct owner open = { 0 }, opening = { 0 }, waits = { 0 };

	open_all(&open, 1, 1);
	ask_for(&opening, 1, "opening");
	until(OPEN);
	ask_for(&waits, 1, "waits");
	fake.what = NOTHING;
	sched_lost(sched, "unplugged");
	ck_assert_int_eq(open.lost, 1);
	ck_assert_int_eq(opening.lost, 1);
	ck_assert_int_eq(waits.lost, 0);
	ck_assert_uint_eq(sched_free_sockets(sched), ESWIFI_SOCKETS);
	until(OPEN);
	ck_assert_str_eq(fake.host, "waits");
}
END_TEST

struct job {
	struct sched_job job;
	int started, socket;
};

static int job_start(struct sched_job *job, struct eswifi_module *module G_GNUC_UNUSED, int socket)
{
	((struct job *)job)->started++;
	((struct job *)job)->socket = socket;
	fake.what = CLOSE;
	return 0;
}

static void job_end(gint64 took)
{
	fake.now += took;
	fake.what = NOTHING;
	sched_job_done(sched, false);
}

/* Others' look-ups do not have to wait for a connection to end of itself. */
START_TEST(a_job_waits_for_a_socket_that_is_not_open_and_gets_one)
{
	struct job one = {
		.job = { .uid = 2, .needs_socket = true, .waits = true, .start = job_start }
	};
	struct owner hog[4] = { 0 };

	open_all(hog, 4, 1);
	sched_run(sched, &one.job);
	fake.now += 1000 * MS;
	until(CLOSE);
	ck_assert_int_eq(one.started, 0);
	end(0, 1 * MS);
	while (next() && !one.started)
		end(0, MS);
	ck_assert_int_eq(one.started, 1);
	ck_assert_int_eq(one.socket, 0);
	job_end(10 * MS);
}
END_TEST

START_TEST(look_ups_that_take_long_leave_the_line_to_others)
{
	struct job many[2] = { 0 };
	struct owner victim = { 0 };
	gint64 ended;
	int i;

	open_all(&victim, 1, 2);
	for (i = 0; i < 2; i++) {
		many[i].job.uid = 1;
		many[i].job.needs_socket = many[i].job.waits = true;
		many[i].job.start = job_start;
		sched_run(sched, &many[i].job);
	}
	while (next() && !many[0].started)
		end(0, MS);
	job_end(3000 * MS);
	for (ended = fake.now; !many[1].started;) {
		if (next() == NOTHING)
			fake.now = fake.wake;
		else if (!many[1].started)
			end(0, MS);
	}
	ck_assert_int_ge(fake.now - ended, 6000 * MS);
	job_end(MS);
}
END_TEST

START_TEST(jobs_of_many_names_do_not_keep_another_user_waiting)
{
	struct job many[20] = { 0 }, one = { 0 };
	int i;

	for (i = 0; i < 20; i++) {
		many[i].job.uid = 1;
		many[i].job.needs_socket = true;
		many[i].job.start = job_start;
		sched_run(sched, &many[i].job);
	}
	next();
	job_end(250 * MS);
	one.job.uid = 2;
	one.job.start = job_start;
	sched_run(sched, &one.job);
	next();
	ck_assert_int_eq(one.started, 1);
	ck_assert_int_eq(one.socket, -1);
	job_end(250 * MS);
	for (i = 1; i < 20; i++)
		sched_cancel(sched, &many[i].job);
	ck_assert_int_eq(next(), NOTHING);
	ck_assert_int_eq(many[0].started, 1);
	ck_assert_int_eq(many[0].socket, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sched");
	TCase *sockets = tcase_create("sockets"), *time = tcase_create("time");

	tcase_add_checked_fixture(sockets, rig_setup, rig_teardown);
	tcase_add_test(sockets, channels_of_a_user_get_sockets_in_order_of_arrival);
	tcase_add_test(sockets, the_user_with_the_fewest_sockets_is_next);
	tcase_add_loop_test(sockets, the_idlest_is_taken_from_who_has_more_while_another_waits, 0,
			    2);
	tcase_add_test(sockets, who_has_one_gets_a_second_from_who_has_three_and_no_third);
	tcase_add_loop_test(sockets, the_last_free_socket_is_kept_for_whoever_was_there_lately, 0,
			    2);
	tcase_add_test(sockets, a_job_waits_for_a_socket_that_is_not_open_and_gets_one);
	tcase_add_test(sockets, nothing_is_taken_from_a_user_for_his_own_connects);
	tcase_add_loop_test(sockets, idle_timeout_and_give_up_idlest_after_take_sockets_away, 0, 2);
	tcase_add_test(sockets, a_connect_that_the_module_has_no_socket_for_waits_for_a_close);
	tcase_add_test(sockets, with_nothing_else_open_no_socket_left_is_a_failure);
	tcase_add_test(sockets, who_neither_waits_nor_has_a_socket_hands_over_a_place_at_the_end);
	tcase_add_test(sockets, an_heir_takes_the_place_in_the_queue_or_the_socket);
	tcase_add_test(sockets, when_the_module_is_lost_only_what_had_begun_is_told);
	tcase_add_loop_test(sockets, a_keep_alive_goes_with_the_opening_or_is_told_behind_it, 0, 3);
	tcase_add_test(sockets, a_keep_alive_of_a_connection_that_closes_meanwhile_harms_nothing);
	suite_add_tcase(suite, sockets);
	tcase_add_checked_fixture(time, rig_setup, rig_teardown);
	tcase_add_test(time, line_time_is_shared_among_users_and_not_among_sockets);
	tcase_add_test(time, line_time_that_was_left_unused_is_not_saved_up);
	tcase_add_test(time, connects_to_places_that_do_not_answer_leave_most_of_the_line);
	tcase_add_test(time, the_rest_behind_a_useless_connect_grows_with_its_square_and_doubles);
	tcase_add_test(time, a_place_that_has_answered_is_asked_while_its_user_rests);
	tcase_add_loop_test(time, who_was_there_a_moment_ago_is_still_spared, 0, 2);
	tcase_add_test(time, look_ups_that_take_long_leave_the_line_to_others);
	tcase_add_test(time, a_connect_that_was_cut_short_for_others_is_tried_again_with_more_time);
	tcase_add_test(time, a_connect_has_all_the_time_of_the_module_where_nobody_else_is);
	tcase_add_test(time, connects_that_take_long_follow_each_other_where_nobody_else_is);
	tcase_add_loop_test(time, the_turn_of_a_socket_follows_what_a_change_costs, 0, 2);
	tcase_add_test(time, jobs_of_many_names_do_not_keep_another_user_waiting);
	suite_add_tcase(suite, time);
	return suite_run(suite);
}
