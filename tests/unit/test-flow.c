// SPDX-License-Identifier: MIT
/*
 * Stream flows, as flow.h states them: a program that is the test, a line that does what the test says,
 * and a clock that the test moves.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "eswrapd/account.h"
#include "eswrapd/sched.h"
#include "eswrapd/twin.h"
#include "support/harness.h"
#include "support/suite.h"
#include "unit/flow-rig.h"

START_TEST(until_the_module_has_connected_the_program_can_neither_read_nor_write)
{
	int fd = ask();

	until(OPEN);
	ck_assert(!is_ready(fd, POLLIN | POLLOUT));
	ck_assert_int_eq(outcome(fd), -1);
	end(0, MS);
	ck_assert(is_ready(fd, POLLOUT));
	ck_assert(!is_ready(fd, POLLIN));
	ck_assert_int_eq(outcome(fd), 0);
	ck_assert_uint_eq(connects_of_user(), 0);
	close(fd);
}
END_TEST

START_TEST(the_local_address_is_the_modules)
{
	struct sockaddr_un address;
	socklen_t len = sizeof(address);
	struct eswrap_name name;
	struct in_addr own;
	int fd = ask_and_open();

	ck_assert_int_eq(getpeername(fd, (struct sockaddr *)&address, &len), 0);
	ck_assert(eswrap_name_parse(&address, len, &name));
	inet_pton(AF_INET, identity.address, &own);
	ck_assert_int_eq(name.endpoint.family, AF_INET);
	ck_assert_mem_eq(name.endpoint.address, &own, sizeof(own));
	ck_assert_uint_ge(name.endpoint.port, 49152);
	close(fd);
}
END_TEST

static const struct {
	int result;
	const char *text;
	int error;
} failures[] = {
	{ -ECONNREFUSED, "", ECONNREFUSED },
	{ -ECONNREFUSED, "connection timed out", ETIMEDOUT },
	{ -ECONNREFUSED, "TLS handshake failed", EPROTO },
	{ -ETIMEDOUT, "", ETIMEDOUT },
	{ -ENOENT, "", EHOSTUNREACH },
};

START_TEST(a_connect_that_fails_ends_with_its_errno_as_the_outcome)
{
	int fd = ask();

	until(OPEN);
	end_with(failures[_i].result, failures[_i].text);
	ck_assert(is_ready(fd, POLLIN | POLLOUT | POLLHUP));
	ck_assert_int_eq(outcome(fd), failures[_i].error);
	ck_assert_uint_eq(flows_of_user(), 0);
	ck_text_has(told->str, "connect to 192.0.2.1:1883 (route broker)");
	close(fd);
}
END_TEST

START_TEST(a_connect_times_out_by_the_settings_and_says_what_it_waited_for)
{
	int fds[5], i;

	settings.limits[LIMIT_FLOWS] = settings.limits[LIMIT_CONNECTS] = 5;
	accounts_set_limits(parts.accounts, settings.limits);
	for (i = 0; i < 4; i++)
		fds[i] = ask_and_open();
	fds[4] = ask();
	next();
	pass((CONNECT_TIMEOUT_S - 1) * G_TIME_SPAN_SECOND);
	ck_assert_int_eq(outcome(fds[4]), -1);
	pass(G_TIME_SPAN_SECOND);
	ck_assert_int_eq(outcome(fds[4]), ETIMEDOUT);
	ck_text_has(told->str, "no free socket of the module within connect-timeout");
	for (i = 0; i < 5; i++)
		close(fds[i]);
}
END_TEST

START_TEST(a_connect_that_the_module_works_on_times_out_too)
{
	int fd = ask();

	until(OPEN);
	pass(CONNECT_TIMEOUT_S * G_TIME_SPAN_SECOND);
	ck_assert_int_eq(outcome(fd), ETIMEDOUT);
	ck_text_has(told->str, "not connected within connect-timeout");
	end(0, MS);
	ck_gone();
	close(fd);
}
END_TEST

START_TEST(a_program_that_leaves_before_its_turn_costs_no_command)
{
	closes(ask());
	ck_assert_uint_eq(flows_of_user(), 0);
	ck_assert_int_eq(next(), NOTHING);
}
END_TEST

START_TEST(a_program_that_leaves_while_the_module_connects_has_its_socket_closed)
{
	int fd = ask();

	until(OPEN);
	closes(fd);
	ck_assert_uint_eq(flows_of_user(), 0);
	end(0, MS);
	ck_gone();
}
END_TEST

START_TEST(what_the_program_writes_is_sent_and_kept_until_the_module_has_it)
{
	int fd = ask_and_open();

	writes(fd, "hello");
	until(SEND);
	ck_assert_uint_eq(fake.size, 5);
	end(3, MS);
	ck_sends("lo");
	ck_assert(is_ready(fd, POLLOUT));
	close(fd);
}
END_TEST

START_TEST(what_the_far_end_sends_is_read_by_the_program)
{
	int fd = ask_and_open();

	far_sends("one");
	far_sends("two");
	ck_reads(fd, "onetwo");
	close(fd);
}
END_TEST

START_TEST(a_program_that_does_not_read_stops_the_reading_and_loses_nothing)
{
	static char block[ESWIFI_PAYLOAD_MAX];
	gsize sent = 0, got = 0, i;
	char to[4096];
	int fd = ask_and_open(), n, bad = 0;

	/* Until nothing but sleep is left to do: the flow wants no more. */
	while (next() == READ) {
		for (i = 0; i < sizeof(block); i++)
			block[i] = (char)((sent + i) % 251);
		end_read(block, sizeof(block));
		sent += sizeof(block);
		ck_assert_uint_lt(sent, 100 << 20);
	}
	while (got < sent) {
		n = reads(fd, to, sizeof(to));
		settle();
		ck_assert_int_gt(n, 0);
		for (i = 0; i < (gsize)n; i++)
			bad += to[i] != (char)((got + i) % 251);
		got += (gsize)n;
	}
	ck_assert_int_eq(bad, 0);
	far_sends("more");
	ck_reads(fd, "more");
	close(fd);
}
END_TEST

START_TEST(when_the_far_end_closes_the_program_reads_all_and_then_the_end)
{
	int fd = ask_and_open();

	far_sends("bye");
	far_closes();
	ck_reads(fd, "bye");
	ck_reads_result(fd, 0);
	until(CLOSE);
	end(0, MS);
	ck_assert_uint_eq(flows_of_user(), 1);
	closes(fd);
	ck_assert_uint_eq(flows_of_user(), 0);
}
END_TEST

START_TEST(what_is_sent_behind_the_far_ends_close_is_lost_and_then_a_broken_pipe)
{
	int fd = ask_and_open();

	far_sends("last words");
	far_closes();
	writes(fd, "late");
	ck_assert_uint_eq(flows_of_user(), 0);
	ck_assert_int_eq(send(fd, "x", 1, MSG_NOSIGNAL), -1);
	ck_assert_int_eq(errno, EPIPE);
	ck_reads(fd, "last words");
	ck_reads_result(fd, 0);
	close(fd);
}
END_TEST

START_TEST(behind_a_shutdown_of_the_program_the_answer_still_comes)
{
	int fd = ask_and_open();

	writes(fd, "request");
	shutdown(fd, SHUT_WR);
	settle();
	ck_sends("request");
	far_sends("answer");
	ck_reads(fd, "answer");
	far_closes();
	ck_reads_result(fd, 0);
	closes(fd);
	ck_gone();
}
END_TEST

START_TEST(a_shutdown_before_the_connection_counts_behind_it)
{
	int fd = ask();

	until(OPEN);
	shutdown(fd, SHUT_WR);
	settle();
	end(0, MS);
	far_sends("answer");
	ck_reads(fd, "answer");
	close(fd);
}
END_TEST

START_TEST(half_a_connection_on_which_nothing_moves_is_aborted)
{
	int fd = ask_and_open();

	shutdown(fd, SHUT_WR);
	settle();
	pass((HALF_CLOSE_TIMEOUT_S - 1) * G_TIME_SPAN_SECOND);
	ck_assert_uint_eq(flows_of_user(), 1);
	far_sends("x");
	ck_reads(fd, "x");
	pass((HALF_CLOSE_TIMEOUT_S - 1) * G_TIME_SPAN_SECOND);
	ck_reads_result(fd, -EAGAIN);
	pass(G_TIME_SPAN_SECOND);
	ck_reads_result(fd, -ECONNRESET);
	ck_text_has(told->str, "half-close-timeout");
	ck_gone();
	close(fd);
}
END_TEST

START_TEST(what_the_program_wrote_before_it_closed_is_sent)
{
	int fd = ask_and_open();

	writes(fd, "last words");
	closes(fd);
	ck_assert_uint_eq(flows_of_user(), 1);
	ck_sends("last words");
	ck_gone();
}
END_TEST

START_TEST(last_words_that_nobody_takes_are_given_up)
{
	int fd = ask_and_open();

	writes(fd, "last words");
	closes(fd);
	until(SEND);
	if (_i == 0)
		end(-EPIPE, MS);
	else
		pass(HALF_CLOSE_TIMEOUT_S * G_TIME_SPAN_SECOND);
	ck_assert_uint_eq(flows_of_user(), 0);
	if (_i == 1)
		end((int)fake.size, MS);
	ck_gone();
}
END_TEST

START_TEST(what_comes_for_a_program_that_will_not_read_is_thrown_away)
{
	int fd = ask_and_open();

	shutdown(fd, SHUT_RD);
	settle();
	far_sends("ignored");
	far_sends("too");
	writes(fd, "still");
	ck_sends("still");
	far_closes();
	closes(fd);
	ck_gone();
}
END_TEST

START_TEST(when_the_module_is_lost_an_open_connection_is_reset_behind_what_came)
{
	int fd = ask_and_open();

	far_sends("came");
	sched_lost(parts.sched, "unplugged");
	ck_reads(fd, "came");
	ck_reads_result(fd, -ECONNRESET);
	ck_assert_uint_eq(flows_of_user(), 0);
	close(fd);
}
END_TEST

START_TEST(when_the_module_is_lost_a_connect_that_it_works_on_fails)
{
	int fd = ask();

	until(OPEN);
	fake.what = NOTHING;
	sched_lost(parts.sched, "unplugged");
	ck_assert_int_eq(outcome(fd), ENETDOWN);
	close(fd);
}
END_TEST

START_TEST(when_the_module_is_lost_a_connect_that_waits_goes_on_waiting)
{
	int fd = ask();

	sched_lost(parts.sched, "unplugged");
	ck_assert_int_eq(outcome(fd), -1);
	until(OPEN);
	end(0, MS);
	ck_assert_int_eq(outcome(fd), 0);
	close(fd);
}
END_TEST

START_TEST(a_far_end_that_takes_no_more_is_read_to_its_end_before_the_reset)
{
	int fd = ask_and_open();

	writes(fd, "hello");
	until(SEND);
	end(-EPIPE, MS);
	settle();
	far_sends("why");
	ck_reads(fd, "why");
	far_closes();
	ck_reads_result(fd, -ECONNRESET);
	ck_gone();
	close(fd);
}
END_TEST

START_TEST(a_program_that_closes_behind_a_refused_send_ends_it)
{
	int fd = ask_and_open();

	writes(fd, "hello");
	until(SEND);
	end(-ECONNRESET, MS);
	settle();
	closes(fd);
	ck_gone();
}
END_TEST

START_TEST(a_connection_that_the_module_calls_broken_is_reset)
{
	int fd = ask_and_open();

	until(READ);
	end(-ECONNRESET, MS);
	settle();
	ck_reads_result(fd, -ECONNRESET);
	ck_gone();
	close(fd);
}
END_TEST

START_TEST(a_program_that_shut_down_both_ways_reads_an_end_and_no_error)
{
	int fd = ask_and_open();

	shutdown(fd, SHUT_RDWR);
	settle();
	ck_gone();
	ck_reads_result(fd, 0);
	close(fd);
}
END_TEST

START_TEST(a_user_has_as_many_flows_as_he_may_and_then_no_buffers)
{
	int fds[FLOWS_MAX], i;

	for (i = 0; i < FLOWS_MAX; i++)
		fds[i] = ask_and_open();
	ck_assert_int_eq(ask_by(&tcp, NULL, "192.0.2.1"), -ENOBUFS);
	ck_assert_uint_eq(connects_of_user(), 0);
	closes(fds[0]);
	ck_assert_int_ge(fds[0] = ask(), 0);
	for (i = 0; i < FLOWS_MAX; i++)
		close(fds[i]);
}
END_TEST

START_TEST(a_user_has_as_many_connects_as_he_may_and_then_no_buffers)
{
	int fds[FLOWS_MAX], i;

	settings.limits[LIMIT_FLOWS] = 2 * FLOWS_MAX;
	accounts_set_limits(parts.accounts, settings.limits);
	for (i = 0; i < FLOWS_MAX; i++)
		fds[i] = ask();
	ck_assert_int_eq(ask_by(&tcp, NULL, "192.0.2.1"), -ENOBUFS);
	ck_assert_uint_eq(flows_of_user(), FLOWS_MAX);
	for (i = 0; i < FLOWS_MAX; i++)
		closes(fds[i]);
	ck_assert_uint_eq(flows_of_user(), 0);
}
END_TEST

START_TEST(a_program_that_speaks_tls_inside_a_tls_route_is_named_once)
{
	static const char hello[] = "\x16\x03\x01 hello";
	int fd = ask_by(&tls, NULL, "192.0.2.1");

	until(OPEN);
	end(0, MS);
	writes(fd, hello);
	ck_sends(hello);
	ck_text_has(told->str, "prog to 192.0.2.1:1883: the program speaks TLS itself inside route "
			       "cloud; use through = tcp");
	g_string_truncate(told, 0);
	writes(fd, hello);
	ck_sends(hello);
	ck_text_lacks(told->str, "speaks TLS");
	close(fd);
}
END_TEST

START_TEST(tls_inside_a_tcp_route_is_nobodys_business)
{
	int fd = ask_and_open();

	writes(fd, "\x16\x03\x01");
	ck_sends("\x16\x03\x01");
	ck_text_lacks(told->str, "speaks TLS");
	close(fd);
}
END_TEST

START_TEST(the_second_of_two_connects_to_a_name_asks_nothing_and_fails_alike)
{
	int first = ask_for_name("198.18.0.1"), second = ask_for_name("fd00::1");

	until(OPEN);
	end(-ECONNREFUSED, MS);
	ck_assert_int_eq(outcome(first), ECONNREFUSED);
	ck_assert_int_eq(outcome(second), ECONNREFUSED);
	ck_assert_int_eq(next(), NOTHING);
	/* And the next is a new one, over the address that failed last. */
	close(first);
	close(second);
	first = ask_for_name("198.18.0.1");
	until(OPEN);
	close(first);
}
END_TEST

START_TEST(what_has_just_failed_fails_over_the_other_address_without_a_question)
{
	int fd = ask_for_name("198.18.0.1");

	until(OPEN);
	end(-ECONNREFUSED, MS);
	ck_assert_int_eq(ask_by(&tcp, "a.example", "fd00::1"), -ECONNREFUSED);
	ck_assert_uint_eq(flows_of_user(), 0);
	ck_assert_int_eq(next(), NOTHING);
	close(fd);
}
END_TEST

START_TEST(the_second_goes_on_where_the_first_is_given_up)
{
	int first = ask_for_name("198.18.0.1"), second = ask_for_name("fd00::1");

	if (_i == 1)
		until(OPEN);
	closes(first);
	until(OPEN);
	end(0, MS);
	ck_assert_int_eq(outcome(second), 0);
	ck_assert_uint_eq(flows_of_user(), 1);
	close(second);
}
END_TEST

START_TEST(the_second_is_a_connect_of_its_own_when_the_program_keeps_it)
{
	int first = ask_for_name("198.18.0.1"), second = ask_for_name("fd00::1");

	until(OPEN);
	end(0, MS);
	ck_assert_int_eq(outcome(first), 0);
	pass(TWIN_HOLD_S * G_TIME_SPAN_SECOND - 10 * MS);
	ck_assert_int_ne(next(), OPEN);
	pass(10 * MS);
	until(OPEN);
	end(0, MS);
	ck_assert_int_eq(outcome(second), 0);
	close(first);
	close(second);
}
END_TEST

START_TEST(a_second_that_comes_behind_the_first_ones_success_is_held)
{
	int first = ask_for_name("198.18.0.1"), second;

	until(OPEN);
	end(0, MS);
	second = ask_for_name("fd00::1");
	ck_assert_int_ne(next(), OPEN);
	closes(second);
	ck_assert_uint_eq(flows_of_user(), 1);
	close(first);
}
END_TEST

START_TEST(a_connect_that_was_given_up_is_taken_over_by_the_same_again)
{
	int fd = ask_for_name("198.18.0.1");

	until(OPEN);
	closes(fd);
	ck_assert_uint_eq(flows_of_user(), 1);
	fd = ask_for_name("198.18.0.1");
	ck_assert_uint_eq(flows_of_user(), 1);
	end(0, MS);
	ck_assert_int_eq(outcome(fd), 0);
	writes(fd, "on");
	ck_sends("on");
	close(fd);
}
END_TEST

static void answered(void)
{
	end(0, MS);
}

static void refused(void)
{
	end(-ECONNREFUSED, MS);
}

static void timed_out(void)
{
	pass(CONNECT_TIMEOUT_S * G_TIME_SPAN_SECOND);
	end(0, MS);
}

static void lost(void)
{
	fake.what = NOTHING;
	sched_lost(parts.sched, "unplugged");
}

static void (*const ends_of_abandoned[])(void) = { answered, refused, timed_out, lost };

START_TEST(a_connect_that_was_given_up_is_kept_no_longer_than_to_its_end)
{
	int fd = ask_for_name("198.18.0.1");

	until(OPEN);
	closes(fd);
	ends_of_abandoned[_i]();
	ck_assert_uint_eq(flows_of_user(), 0);
	ck_assert_uint_eq(connects_of_user(), 0);
}
END_TEST

START_TEST(a_keep_alive_reaches_the_users_own_open_flow_alone)
{
	struct flow_request request = { .route = &tcp, .asker = { .uid = 1000, .program = "p" } };
	guint64 id;
	int fd;

	request.dest.family = request.family = AF_INET;
	fd = flow_connect(flows, &request, &id);
	until(OPEN);
	end(0, MS);
	ck_assert_int_eq(flow_keep_alive(flows, id, 1001, 7), -ENOTCONN);
	ck_assert_int_eq(flow_keep_alive(flows, id + 1, 1000, 7), -ENOTCONN);
	ck_assert_int_eq(flow_keep_alive(flows, id, 1000, 7), 0);
	until(KEEP_ALIVE);
	ck_assert_uint_eq(fake.keep_alive_ms, 7000);
	end(0, MS);
	/* The module knows no more than two hours. */
	ck_assert_int_eq(flow_keep_alive(flows, id, 1000, 100000), 0);
	until(KEEP_ALIVE);
	ck_assert_uint_eq(fake.keep_alive_ms, 7200000);
	end(0, MS);
	far_closes();
	ck_assert_int_eq(flow_keep_alive(flows, id, 1000, 7), -ENOTCONN);
	close(fd);
}
END_TEST

START_TEST(the_list_says_of_each_what_it_does)
{
	int fd = ask_and_open();
	const char *to, *state, *program;
	GVariantBuilder builder;
	g_autoptr(GVariant) list = NULL;
	g_autoptr(GVariant) row = NULL;
	const uid_t other = 1001;
	guint32 seconds;
	guint64 sent;

	ck_assert_uint_eq(flow_count(flows), 1);
	writes(fd, "12345");
	ck_sends("12345");
	pass(3 * G_TIME_SPAN_SECOND);
	g_variant_builder_init(&builder, G_VARIANT_TYPE("aa{sv}"));
	flow_list(flows, &other, &builder);
	flow_list(flows, NULL, &builder);
	list = g_variant_ref_sink(g_variant_builder_end(&builder));
	ck_assert_uint_eq(g_variant_n_children(list), 1);
	row = g_variant_get_child_value(list, 0);
	ck_assert(g_variant_lookup(row, "to", "&s", &to));
	ck_assert(g_variant_lookup(row, "state", "&s", &state));
	ck_assert(g_variant_lookup(row, "program", "&s", &program));
	ck_assert(g_variant_lookup(row, "seconds", "u", &seconds));
	ck_assert(g_variant_lookup(row, "sent", "t", &sent));
	ck_assert_str_eq(to, "192.0.2.1:1883");
	ck_assert_str_eq(state, "open");
	ck_assert_str_eq(program, "prog");
	ck_assert_uint_eq(seconds, 3);
	ck_assert_uint_eq(sent, 5);
	close(fd);
}
END_TEST

START_TEST(when_the_broker_ends_its_connections_are_reset)
{
	int fd = ask_and_open();

	flows_free(g_steal_pointer(&flows));
	ck_reads_result(fd, -ECONNRESET);
	close(fd);
}
END_TEST

static TCase *connects(void)
{
	TCase *tcase = tcase_create("connects");

	tcase_add_test(tcase,
		       until_the_module_has_connected_the_program_can_neither_read_nor_write);
	tcase_add_test(tcase, the_local_address_is_the_modules);
	tcase_add_loop_test(tcase, a_connect_that_fails_ends_with_its_errno_as_the_outcome, 0,
			    G_N_ELEMENTS(failures));
	tcase_add_test(tcase, a_connect_times_out_by_the_settings_and_says_what_it_waited_for);
	tcase_add_test(tcase, a_connect_that_the_module_works_on_times_out_too);
	tcase_add_test(tcase, a_program_that_leaves_before_its_turn_costs_no_command);
	tcase_add_test(tcase,
		       a_program_that_leaves_while_the_module_connects_has_its_socket_closed);
	tcase_add_test(tcase, a_user_has_as_many_flows_as_he_may_and_then_no_buffers);
	tcase_add_test(tcase, a_user_has_as_many_connects_as_he_may_and_then_no_buffers);
	return tcase;
}

static TCase *data(void)
{
	TCase *tcase = tcase_create("data");

	tcase_add_test(tcase, what_the_program_writes_is_sent_and_kept_until_the_module_has_it);
	tcase_add_test(tcase, what_the_far_end_sends_is_read_by_the_program);
	tcase_add_test(tcase, a_program_that_does_not_read_stops_the_reading_and_loses_nothing);
	tcase_add_test(tcase, what_comes_for_a_program_that_will_not_read_is_thrown_away);
	tcase_add_test(tcase, a_program_that_speaks_tls_inside_a_tls_route_is_named_once);
	tcase_add_test(tcase, tls_inside_a_tcp_route_is_nobodys_business);
	tcase_add_test(tcase, a_keep_alive_reaches_the_users_own_open_flow_alone);
	tcase_add_test(tcase, the_list_says_of_each_what_it_does);
	return tcase;
}

static TCase *ends(void)
{
	TCase *tcase = tcase_create("ends");

	tcase_add_test(tcase, when_the_far_end_closes_the_program_reads_all_and_then_the_end);
	tcase_add_test(tcase,
		       what_is_sent_behind_the_far_ends_close_is_lost_and_then_a_broken_pipe);
	tcase_add_test(tcase, behind_a_shutdown_of_the_program_the_answer_still_comes);
	tcase_add_test(tcase, a_shutdown_before_the_connection_counts_behind_it);
	tcase_add_test(tcase, half_a_connection_on_which_nothing_moves_is_aborted);
	tcase_add_test(tcase, what_the_program_wrote_before_it_closed_is_sent);
	tcase_add_loop_test(tcase, last_words_that_nobody_takes_are_given_up, 0, 2);
	tcase_add_test(tcase, when_the_module_is_lost_an_open_connection_is_reset_behind_what_came);
	tcase_add_test(tcase, when_the_module_is_lost_a_connect_that_it_works_on_fails);
	tcase_add_test(tcase, when_the_module_is_lost_a_connect_that_waits_goes_on_waiting);
	tcase_add_test(tcase, a_far_end_that_takes_no_more_is_read_to_its_end_before_the_reset);
	tcase_add_test(tcase, a_program_that_closes_behind_a_refused_send_ends_it);
	tcase_add_test(tcase, a_connection_that_the_module_calls_broken_is_reset);
	tcase_add_test(tcase, a_program_that_shut_down_both_ways_reads_an_end_and_no_error);
	tcase_add_test(tcase, when_the_broker_ends_its_connections_are_reset);
	return tcase;
}

static TCase *twins(void)
{
	TCase *tcase = tcase_create("twins");

	tcase_add_test(tcase, the_second_of_two_connects_to_a_name_asks_nothing_and_fails_alike);
	tcase_add_test(tcase, what_has_just_failed_fails_over_the_other_address_without_a_question);
	tcase_add_loop_test(tcase, the_second_goes_on_where_the_first_is_given_up, 0, 2);
	tcase_add_test(tcase, the_second_is_a_connect_of_its_own_when_the_program_keeps_it);
	tcase_add_test(tcase, a_second_that_comes_behind_the_first_ones_success_is_held);
	tcase_add_test(tcase, a_connect_that_was_given_up_is_taken_over_by_the_same_again);
	tcase_add_loop_test(tcase, a_connect_that_was_given_up_is_kept_no_longer_than_to_its_end, 0,
			    G_N_ELEMENTS(ends_of_abandoned));
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("flow");
	TCase *tcases[] = { connects(), data(), ends(), twins() };
	guint i;

	for (i = 0; i < G_N_ELEMENTS(tcases); i++) {
		tcase_add_checked_fixture(tcases[i], flow_rig_setup, flow_rig_teardown);
		suite_add_tcase(suite, tcases[i]);
	}
	return suite_run(suite);
}
