// SPDX-License-Identifier: MIT
/*
 * Datagram flows, as datagram.h states them: a program that is the test, strangers beside it, and a
 * line and a clock that the test moves.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "eswrapd/account.h"
#include "eswrapd/datagram.h"
#include "eswrapd/sched.h"
#include "eswrapd/tally.h"
#include "support/harness.h"
#include "support/suite.h"
#include "unit/parts-rig.h"
#include "wire/tag.h"

#define FLOWS_MAX 2
#define CHECK_S	  2 /* how often flows are looked after */
#define IDLE_S	  30
#define CROWDED_S 5
#define PEERS_MAX 64
#define USER	  1000

static char route_name[] = "time";
static struct route route = { .name = route_name, .through = ROUTE_UDP };
static struct datagrams *datagrams;
static struct eswrap_key key;
static guint64 flow_id;

static void setup(void)
{
	parts_rig_setup(FLOWS_MAX);
	datagrams = datagrams_new(&parts);
}

static void teardown(void)
{
	datagrams_free(datagrams);
	parts_rig_teardown();
}

/* Time passes as it does: the timer of the flows runs in between. */
static void pass_s(guint s)
{
	for (; s; s--)
		pass(G_TIME_SPAN_SECOND);
}

static struct flow_request request_to(guint16 port)
{
	struct flow_request request = {
		.route = &route,
		.family = AF_INET,
		.dest = { .family = AF_INET, .port = port },
		.asker = { .uid = USER, .program = "ntpd" },
		.socket = -1,
	};

	inet_pton(AF_INET, "192.0.2.1", request.dest.address);
	return request;
}

/* Return: the program's end, or a negative errno. */
static int try_associate(guint16 port)
{
	struct flow_request request = request_to(port);

	return datagram_associate(datagrams, &request, &flow_id, &key);
}

static int associate(guint16 port)
{
	int fd = try_associate(port);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static int add_peer(guint16 port)
{
	struct flow_request request = request_to(port);
	guint64 tag;

	return datagram_add_peer(datagrams, flow_id, &request, &tag);
}

static socklen_t name_of_peer(guint16 port, struct sockaddr_un *to)
{
	const struct flow_request request = request_to(port);
	const struct eswrap_name name = {
		.kind = ESWRAP_NAME_DATAGRAM_PEER,
		.id = flow_id,
		.tag = eswrap_peer_tag(&key, AF_INET, &request.dest),
		.type = SOCK_DGRAM,
		.family = AF_INET,
		.endpoint = request.dest,
	};

	return eswrap_name_format(&name, to);
}

static ssize_t sends_to(int fd, guint16 port, const void *data, size_t size)
{
	struct sockaddr_un to;
	socklen_t len = name_of_peer(port, &to);
	ssize_t n =
		sendto(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&to, len);

	settle();
	return n;
}

static void sends(int fd, const char *text)
{
	ck_assert_int_eq(sends_to(fd, 123, text, strlen(text)), (ssize_t)strlen(text));
}

/* The module opens a socket for it. */
static void opens(void)
{
	until(OPEN);
	end(0, MS);
	settle();
}

static void ck_sends(const char *text)
{
	until(SEND);
	ck_assert_uint_eq(fake.size, strlen(text));
	ck_assert_mem_eq(fake.sent, text, fake.size);
	end((int)fake.size, MS);
	settle();
}

static void far_sends(const char *text)
{
	until(READ);
	end_read(text, strlen(text));
	settle();
}

/* Reads one datagram, which must be from that port. */
static void ck_receives(int fd, guint16 port, const char *text)
{
	struct sockaddr_un from, peer;
	socklen_t len = sizeof(from), expected = name_of_peer(port, &peer);
	char got[64] = "";

	ck_assert_int_eq(recvfrom(fd, got, sizeof(got), MSG_DONTWAIT, (struct sockaddr *)&from,
				  &len),
			 (ssize_t)strlen(text));
	ck_assert_str_eq(got, text);
	ck_assert_uint_eq(len, expected);
	ck_assert_mem_eq(&from, &peer, len);
}

static void ck_receives_nothing(int fd)
{
	char got;

	ck_assert_int_eq(recv(fd, &got, 1, MSG_DONTWAIT), -1);
	ck_assert_int_eq(errno, EAGAIN);
}

static guint flows_of_user(void)
{
	return account_count(parts.accounts, USER, LIMIT_DATAGRAM_FLOWS);
}

START_TEST(a_datagram_waits_for_a_socket_and_is_sent_whole)
{
	int fd = associate(123);

	ck_assert_int_eq(next(), NOTHING);
	sends(fd, "query");
	opens();
	ck_sends("query");
	close(fd);
}
END_TEST

START_TEST(each_send_is_one_datagram)
{
	int fd = associate(123);

	sends(fd, "one");
	sends(fd, "two");
	opens();
	ck_sends("one");
	ck_sends("two");
	close(fd);
}
END_TEST

START_TEST(an_answer_comes_from_the_name_of_its_destination)
{
	int fd = associate(123);

	sends(fd, "query");
	opens();
	ck_sends("query");
	far_sends("answer");
	ck_receives(fd, 123, "answer");
	close(fd);
}
END_TEST

START_TEST(each_destination_has_a_socket_of_its_own)
{
	int fd = associate(123);

	ck_assert_int_eq(add_peer(456), 0);
	sends(fd, "one");
	opens();
	ck_sends("one");
	ck_assert_int_eq(sends_to(fd, 456, "two", 3), 3);
	opens();
	until(SEND);
	ck_assert_uint_eq(fake.socket, 1);
	close(fd);
}
END_TEST

START_TEST(a_destination_that_is_there_already_is_no_second_one)
{
	int fd = associate(123);
	GVariantBuilder builder;
	g_autoptr(GVariant) list = NULL;

	ck_assert_int_eq(add_peer(123), 0);
	g_variant_builder_init(&builder, G_VARIANT_TYPE("aa{sv}"));
	datagram_list(datagrams, NULL, &builder);
	list = g_variant_ref_sink(g_variant_builder_end(&builder));
	ck_assert_uint_eq(g_variant_n_children(list), 1);
	close(fd);
}
END_TEST

/* Return: how many datagrams have been lost for that reason. */
static guint64 lost(const char *reason)
{
	g_autoptr(GVariant) counts = g_variant_ref_sink(tallies_get(parts.tallies, TALLY_LOST));
	guint64 count = 0;

	g_variant_lookup(counts, reason, "t", &count);
	return count;
}

START_TEST(an_answer_that_may_have_been_cut_is_delivered_and_counted)
{
	static const guint8 much[ESWIFI_PAYLOAD_MAX];
	int fd = associate(123);

	sends(fd, "query");
	opens();
	ck_sends("query");
	until(READ);
	end_read(much, sizeof(much) - 1);
	ck_assert_uint_eq(lost("perhaps-cut"), 0);
	until(READ);
	end_read(much, sizeof(much));
	ck_assert_uint_eq(lost("perhaps-cut"), 1);
	ck_text_has(told->str, "may have been longer");
	close(fd);
}
END_TEST

START_TEST(what_cannot_be_a_question_is_dropped_on_its_way_to_a_name_server)
{
	static const char much[ESWIFI_PAYLOAD_MAX + 1];
	struct flow_request request = request_to(53);
	int fd;

	request.route = NULL;
	request.socket = -1;
	request.forced = "";
	fd = datagram_associate(datagrams, &request, &flow_id, &key);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(sends_to(fd, 53, "", 0), 0);
	ck_assert_int_eq(sends_to(fd, 53, much, sizeof(much)), sizeof(much));
	next();
	ck_assert_uint_eq(lost("empty"), 1);
	ck_assert_uint_eq(lost("too-long"), 1);
	ck_text_has(told->str, "(route " NAMES_ROUTE "): empty ones are dropped");
	close(fd);
}
END_TEST

START_TEST(that_answers_from_another_port_do_not_come_is_said_of_tftp)
{
	close(associate(123));
	ck_text_lacks(told->str, "another port");
	close(associate(69));
	ck_text_has(told->str, "answer from another port");
}
END_TEST

START_TEST(what_cannot_be_one_command_is_dropped_and_the_next_is_sent)
{
	static const char much[ESWIFI_PAYLOAD_MAX + 1];
	int fd = associate(123);

	ck_assert_int_eq(sends_to(fd, 123, much, sizeof(much)), (ssize_t)sizeof(much));
	ck_assert_int_eq(sends_to(fd, 123, "", 0), 0);
	ck_assert_int_eq(sends_to(fd, 123, "", 0), 0);
	ck_assert_int_eq(next(), NOTHING);
	ck_assert_uint_eq(lost("too-long"), 1);
	ck_assert_uint_eq(lost("empty"), 2);
	/* Told once. */
	ck_text_has(told->str, "more than 1460 bytes are dropped");
	ck_assert_ptr_eq(strstr(strstr(told->str, "empty ones") + 1, "empty ones"), NULL);
	sends(fd, "fits");
	opens();
	ck_sends("fits");
	close(fd);
}
END_TEST

START_TEST(a_destination_that_the_module_cannot_reach_loses_what_was_sent)
{
	int fd = associate(123);

	sends(fd, "lost");
	until(OPEN);
	end_with(-ECONNREFUSED, "host unreachable");
	settle();
	ck_text_has(told->str, "datagrams to 192.0.2.1:123 (route time)");
	ck_assert_uint_eq(lost("unreachable"), 1);
	sends(fd, "next");
	opens();
	ck_sends("next");
	close(fd);
}
END_TEST

START_TEST(what_waits_for_a_socket_too_long_is_dropped)
{
	int fd = associate(123);

	sends(fd, "lost");
	pass_s(CONNECT_TIMEOUT_S + CHECK_S);
	ck_text_has(told->str, "no free socket of the module within connect-timeout");
	ck_assert_uint_eq(lost("no-socket"), 1);
	ck_assert_int_eq(next(), NOTHING);
	close(fd);
}
END_TEST

START_TEST(a_quiet_destination_gives_its_socket_back_and_gets_one_again)
{
	int fd = associate(123);

	sends(fd, "query");
	opens();
	ck_sends("query");
	until(READ);
	end(0, MS);
	pass_s(IDLE_S + CHECK_S);
	until(CLOSE);
	end(0, MS);
	sends(fd, "again");
	opens();
	ck_sends("again");
	close(fd);
}
END_TEST

START_TEST(while_others_wait_a_quiet_destination_gives_its_socket_back_sooner)
{
	int fd, i;

	settings.limits[LIMIT_DATAGRAM_FLOWS] = 1;
	fd = associate(1);
	for (i = 1; i <= 4; i++) {
		ck_assert_int_eq(add_peer((guint16)i), 0);
		ck_assert_int_eq(sends_to(fd, (guint16)i, "x", 1), 1);
		opens();
		ck_sends("x");
	}
	ck_assert_int_eq(add_peer(5), 0);
	ck_assert_int_eq(sends_to(fd, 5, "y", 1), 1);
	next();
	end(0, MS);
	pass_s(CROWDED_S + CHECK_S);
	until(CLOSE);
	end(0, MS);
	opens();
	ck_sends("y");
	close(fd);
}
END_TEST

START_TEST(a_module_that_says_it_is_over_opens_again_for_what_is_left)
{
	int fd = associate(123);

	sends(fd, "one");
	sends(fd, "two");
	opens();
	until(SEND);
	end(_i == 0 ? -EPIPE : -ECONNRESET, MS);
	settle();
	opens();
	ck_sends("two");
	close(fd);
}
END_TEST

START_TEST(a_read_that_says_it_is_over_gives_the_socket_back)
{
	int fd = associate(123);

	sends(fd, "one");
	opens();
	ck_sends("one");
	until(READ);
	end(-EPIPE, MS);
	until(CLOSE);
	end(0, MS);
	ck_assert_uint_eq(flows_of_user(), 1);
	close(fd);
}
END_TEST

START_TEST(behind_a_lost_module_what_was_not_sent_is_sent)
{
	int fd = associate(123);

	sends(fd, "one");
	opens();
	sched_lost(parts.sched, "unplugged");
	settle();
	opens();
	ck_sends("one");
	close(fd);
}
END_TEST

START_TEST(a_flow_ends_soon_after_its_program_has_closed)
{
	int fd = associate(123);

	sends(fd, "query");
	opens();
	ck_sends("query");
	close(fd);
	pass_s(CHECK_S);
	ck_assert_uint_eq(flows_of_user(), 0);
	until(CLOSE);
}
END_TEST

START_TEST(an_answer_for_a_program_that_has_closed_ends_the_flow)
{
	int fd = associate(123);

	sends(fd, "query");
	opens();
	ck_sends("query");
	close(fd);
	far_sends("late");
	ck_assert_uint_eq(flows_of_user(), 0);
}
END_TEST

START_TEST(a_user_has_as_many_as_he_may_and_then_no_buffers)
{
	int fds[FLOWS_MAX], i;

	for (i = 0; i < FLOWS_MAX; i++)
		fds[i] = associate(123);
	ck_assert_int_eq(try_associate(123), -ENOBUFS);
	for (i = 0; i < FLOWS_MAX; i++)
		close(fds[i]);
	datagram_reap(datagrams);
	ck_assert_uint_eq(flows_of_user(), 0);
}
END_TEST

START_TEST(of_many_destinations_the_one_used_least_recently_loses_its_name)
{
	int fd = associate(1), port;

	for (port = 2; port <= PEERS_MAX; port++)
		ck_assert_int_eq(add_peer((guint16)port), 0);
	ck_assert_int_eq(sends_to(fd, 1, "x", 1), 1);
	opens();
	ck_sends("x");
	ck_assert_int_eq(add_peer(PEERS_MAX + 1), 0);
	ck_assert_int_eq(sends_to(fd, 1, "x", 1), 1);
	ck_assert_int_eq(sends_to(fd, 2, "x", 1), -1);
	ck_assert_int_eq(errno, ECONNREFUSED);
	close(fd);
}
END_TEST

START_TEST(another_user_cannot_add_a_destination)
{
	struct flow_request request = request_to(124);
	int fd = associate(123);
	guint64 tag;

	request.asker.uid++;
	ck_assert_int_eq(datagram_add_peer(datagrams, flow_id, &request, &tag), -ENOENT);
	close(fd);
}
END_TEST

START_TEST(a_stranger_can_put_nothing_into_the_programs_end)
{
	int fd = associate(123), stranger = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un name;
	socklen_t len = sizeof(name);

	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&name, &len), 0);
	sendto(stranger, "forged answer", 13, MSG_DONTWAIT, (struct sockaddr *)&name, len);
	ck_receives_nothing(fd);
	close(stranger);
	close(fd);
}
END_TEST

START_TEST(a_stranger_who_knows_the_destinations_name_sends_nothing_through_it)
{
	int fd = associate(123), stranger = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	sends_to(stranger, 123, "forged", 6);
	ck_assert_int_eq(next(), NOTHING);
	sends(fd, "own");
	opens();
	ck_sends("own");
	close(stranger);
	close(fd);
}
END_TEST

START_TEST(the_list_says_of_each_destination_what_it_does)
{
	int fd = associate(123);
	g_autoptr(GVariant) list = NULL;
	g_autoptr(GVariant) row = NULL;
	const uid_t other = USER + 1;
	GVariantBuilder builder;
	const char *to, *state;

	sends(fd, "x");
	g_variant_builder_init(&builder, G_VARIANT_TYPE("aa{sv}"));
	datagram_list(datagrams, &other, &builder);
	datagram_list(datagrams, NULL, &builder);
	list = g_variant_ref_sink(g_variant_builder_end(&builder));
	ck_assert_uint_eq(g_variant_n_children(list), 1);
	row = g_variant_get_child_value(list, 0);
	ck_assert(g_variant_lookup(row, "to", "&s", &to));
	ck_assert(g_variant_lookup(row, "state", "&s", &state));
	ck_assert_str_eq(to, "192.0.2.1:123");
	ck_assert_str_eq(state, "waiting");
	close(fd);
}
END_TEST

static TCase *data(void)
{
	TCase *tcase = tcase_create("data");

	tcase_add_test(tcase, a_datagram_waits_for_a_socket_and_is_sent_whole);
	tcase_add_test(tcase, each_send_is_one_datagram);
	tcase_add_test(tcase, an_answer_comes_from_the_name_of_its_destination);
	tcase_add_test(tcase, each_destination_has_a_socket_of_its_own);
	tcase_add_test(tcase, a_destination_that_is_there_already_is_no_second_one);
	tcase_add_test(tcase, what_cannot_be_one_command_is_dropped_and_the_next_is_sent);
	tcase_add_test(tcase, an_answer_that_may_have_been_cut_is_delivered_and_counted);
	tcase_add_test(tcase, what_cannot_be_a_question_is_dropped_on_its_way_to_a_name_server);
	tcase_add_test(tcase, that_answers_from_another_port_do_not_come_is_said_of_tftp);
	tcase_add_test(tcase, the_list_says_of_each_destination_what_it_does);
	return tcase;
}

static TCase *sockets(void)
{
	TCase *tcase = tcase_create("sockets");

	tcase_add_test(tcase, a_destination_that_the_module_cannot_reach_loses_what_was_sent);
	tcase_add_test(tcase, what_waits_for_a_socket_too_long_is_dropped);
	tcase_add_test(tcase, a_quiet_destination_gives_its_socket_back_and_gets_one_again);
	tcase_add_test(tcase, while_others_wait_a_quiet_destination_gives_its_socket_back_sooner);
	tcase_add_loop_test(tcase, a_module_that_says_it_is_over_opens_again_for_what_is_left, 0,
			    2);
	tcase_add_test(tcase, a_read_that_says_it_is_over_gives_the_socket_back);
	tcase_add_test(tcase, behind_a_lost_module_what_was_not_sent_is_sent);
	return tcase;
}

static TCase *ends(void)
{
	TCase *tcase = tcase_create("ends");

	tcase_add_test(tcase, a_flow_ends_soon_after_its_program_has_closed);
	tcase_add_test(tcase, an_answer_for_a_program_that_has_closed_ends_the_flow);
	tcase_add_test(tcase, a_user_has_as_many_as_he_may_and_then_no_buffers);
	tcase_add_test(tcase, of_many_destinations_the_one_used_least_recently_loses_its_name);
	return tcase;
}

static TCase *strangers(void)
{
	TCase *tcase = tcase_create("strangers");

	tcase_add_test(tcase, another_user_cannot_add_a_destination);
	tcase_add_test(tcase, a_stranger_can_put_nothing_into_the_programs_end);
	tcase_add_test(tcase, a_stranger_who_knows_the_destinations_name_sends_nothing_through_it);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("datagram");
	TCase *tcases[] = { data(), sockets(), ends(), strangers() };
	guint i;

	for (i = 0; i < G_N_ELEMENTS(tcases); i++) {
		tcase_add_checked_fixture(tcases[i], setup, teardown);
		suite_add_tcase(suite, tcases[i]);
	}
	return suite_run(suite);
}
