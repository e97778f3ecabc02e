// SPDX-License-Identifier: MIT
/*
 * The broker's stream flows as seen from its control socket, in raw packets, without the shim.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/harness.h"
#include "support/raw.h"
#include "support/server.h"
#include "support/suite.h"

static struct harness *h;

static void setup(void)
{
	h = harness_new();
}

static void teardown(void)
{
	harness_free(h);
}

START_TEST(bytes_cross_both_ways_and_a_clean_end_is_an_end_of_file)
{
	guint16 port;
	int server = raw_module_and_broker(h, RAW_LOCAL_TCP, &port), fd = raw_connected(h, port),
	    far = raw_accept(server);

	raw_put(fd, "there");
	raw_expect(far, "there");
	raw_put(far, "and back");
	close(far);
	raw_expect(fd, "and back");
	ck_assert_int_eq(raw_end(fd), 0);
	close(fd);
	close(server);
}
END_TEST

START_TEST(the_outcome_tells_the_local_address)
{
	guint16 port;
	int server = raw_module_and_broker(h, RAW_LOCAL_TCP, &port);
	struct eswrap_reply reply;
	struct eswrap_name name;
	int fd = raw_flow(h, "127.0.0.1", port, &reply);

	name = raw_outcome(fd);
	ck_assert_uint_eq(name.id, reply.id);
	ck_assert_uint_eq(name.endpoint.family, AF_INET);
	ck_assert_uint_ge(name.endpoint.port, 49152);
	close(fd);
	close(server);
}
END_TEST

START_TEST(who_takes_the_name_of_an_outcome_stops_no_connect)
{
	guint16 port;
	int server = raw_module_and_broker(h, RAW_LOCAL_TCP, &port), first = raw_connected(h, port),
	    thief = socket(AF_UNIX, SOCK_STREAM, 0), fd;
	struct eswrap_name name = raw_outcome(first);
	struct sockaddr_un address;
	struct eswrap_reply reply;
	socklen_t len;

	kill(process_pid(h->fake), SIGSTOP);
	if (_i)
		close(server);
	fd = raw_flow(h, "127.0.0.1", port, &reply);
	name.id = reply.id;
	name.endpoint.port = (guint16)(49152 + name.id % 16384);
	if (_i) {
		name.error = ECONNREFUSED;
		memset(&name.endpoint, 0, sizeof(name.endpoint));
	}
	len = eswrap_name_format(&name, &address);
	ck_assert_int_eq(bind(thief, (struct sockaddr *)&address, len), 0);
	kill(process_pid(h->fake), SIGCONT);
	ck_assert_int_eq(raw_outcome(fd).error, _i ? ECONNREFUSED : 0);
	close(fd);
	close(first);
	close(thief);
	if (!_i)
		close(server);
}
END_TEST

START_TEST(a_refused_connect_has_its_errno_in_the_outcome)
{
	struct eswrap_reply reply;
	guint16 port = harness_free_port();
	int fd;

	harness_fake(h, NULL, NULL);
	raw_broker(h, RAW_LOCAL_TCP);
	fd = raw_flow(h, "127.0.0.1", port, &reply);
	ck_assert_uint_eq(reply.verdict, ESWRAP_GRANTED);
	ck_assert_int_eq(raw_outcome(fd).error, ECONNREFUSED);
	ck_assert_int_eq(send(fd, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT), -1);
	close(fd);
}
END_TEST

START_TEST(a_connect_without_a_module_is_granted_at_once_and_times_out)
{
	struct pollfd p = { .events = POLLOUT };
	struct eswrap_reply reply;

	h->device = harness_format(h, "unix:%s", harness_path(h, "nobody.sock"));
	raw_broker(h, "connect-timeout = 1\n" RAW_LOCAL_TCP);
	p.fd = raw_flow(h, "127.0.0.1", 9, &reply);
	ck_assert_uint_eq(reply.verdict, ESWRAP_GRANTED);
	ck_assert_int_eq(poll(&p, 1, 0), 0);
	ck_assert_int_eq(send(p.fd, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(raw_outcome(p.fd).error, ETIMEDOUT);
	close(p.fd);
}
END_TEST

START_TEST(a_fifth_connect_waits_its_turn_or_times_out)
{
	guint16 port;
	int server = raw_module_and_broker(h, "connect-timeout = 5\n" RAW_LOCAL_TCP, &port), fds[4],
	    far[4], i, fifth, sixth;
	struct pollfd p = { .events = POLLOUT };
	struct eswrap_reply reply;

	for (i = 0; i < 4; i++) {
		fds[i] = raw_connected(h, port);
		far[i] = raw_accept(server);
	}
	fifth = raw_flow(h, "127.0.0.1", port, &reply);
	sixth = raw_flow(h, "127.0.0.1", port, &reply);
	p.fd = fifth;
	ck_assert_int_eq(poll(&p, 1, 100), 0);
	close(fds[0]);
	ck_assert_int_eq(raw_outcome(fifth).error, 0);
	p.fd = sixth;
	ck_assert_int_eq(poll(&p, 1, 0), 0);
	ck_assert_int_eq(raw_outcome(sixth).error, ETIMEDOUT);
	raw_put(fifth, "fifth");
	ck_assert_int_eq(raw_end(far[0]), 0);
	close(far[0]);
	far[0] = raw_accept(server);
	raw_expect(far[0], "fifth");
	for (i = 0; i < 4; i++) {
		if (i)
			close(fds[i]);
		close(far[i]);
	}
	close(fifth);
	close(sixth);
	close(server);
}
END_TEST

/* A server that refuses an upload says so and closes: that must be read before the error. */
START_TEST(what_the_far_end_said_before_it_closed_is_read_then_a_reset)
{
	guint16 port;
	int server = raw_module_and_broker(h, RAW_LOCAL_TCP, &port), fd = raw_connected(h, port),
	    far = raw_accept(server);
	char bytes[5000], got[5000];

	memset(bytes, 'a', sizeof(bytes));
	while (send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
		;
	raw_get(far, got, 1);
	ck_assert_int_eq(send(far, bytes, sizeof(bytes), MSG_NOSIGNAL), sizeof(bytes));
	close(far);
	raw_get(fd, got, sizeof(got));
	ck_assert_mem_eq(got, bytes, sizeof(got));
	ck_assert_int_eq(raw_end(fd), ECONNRESET);
	close(fd);
	close(server);
}
END_TEST

START_TEST(what_was_written_before_close_is_delivered)
{
	guint16 port;
	int server = raw_module_and_broker(h, RAW_LOCAL_TCP, &port), fd = raw_connected(h, port),
	    far = raw_accept(server);
	char *sent = g_malloc(200000), *got = g_malloc(200000);
	size_t i, done = 0;
	ssize_t n;

	for (i = 0; i < 200000; i++)
		sent[i] = (char)(i * 7 + i / 251);
	while (done < 200000) {
		raw_await(fd, POLLOUT);
		n = send(fd, sent + done, 200000 - done, MSG_NOSIGNAL | MSG_DONTWAIT);
		ck_assert(n > 0 || errno == EAGAIN);
		done += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	raw_get(far, got, 200000);
	ck_assert_mem_eq(got, sent, 200000);
	ck_assert_int_eq(raw_end(far), 0);
	g_free(sent);
	g_free(got);
	close(far);
	close(server);
}
END_TEST

START_TEST(after_shutdown_the_answer_still_comes)
{
	guint16 port;
	int server = raw_module_and_broker(h, RAW_LOCAL_TCP, &port), fd = raw_connected(h, port),
	    far = raw_accept(server);

	raw_put(fd, "question");
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
	raw_expect(far, "question");
	raw_put(far, "answer");
	raw_expect(fd, "answer");
	close(far);
	ck_assert_int_eq(raw_end(fd), 0);
	close(fd);
	close(server);
}
END_TEST

START_TEST(after_shutdown_of_both_sides_a_read_is_an_end_of_file)
{
	guint16 port;
	int server = raw_module_and_broker(h, RAW_LOCAL_TCP, &port), fd = raw_connected(h, port),
	    far = raw_accept(server);

	raw_put(fd, "last words");
	ck_assert_int_eq(shutdown(fd, SHUT_RDWR), 0);
	raw_expect(far, "last words");
	ck_assert_int_eq(raw_end(far), 0);
	ck_assert_int_eq(raw_end(fd), 0);
	close(fd);
	close(far);
	close(server);
}
END_TEST

START_TEST(half_close_is_given_up_as_an_abort_when_nothing_comes)
{
	guint16 port;
	int server = raw_listener(&port), fd, far;

	harness_fake(h, NULL, NULL);
	raw_broker(h, "half-close-timeout = 1\n" RAW_LOCAL_TCP);
	fd = raw_connected(h, port);
	far = raw_accept(server);
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
	ck_assert_int_eq(raw_end(fd), ECONNRESET);
	ck_assert_int_eq(raw_end(far), 0);
	close(fd);
	close(far);
	close(server);
}
END_TEST

START_TEST(a_killed_broker_or_module_is_a_reset_and_no_clean_end)
{
	guint16 port;
	int server = raw_module_and_broker(h, RAW_LOCAL_TCP, &port), fd = raw_connected(h, port),
	    far = raw_accept(server);

	raw_put(far, "half of it");
	raw_expect(fd, "half of it");
	process_kill(_i == 0 ? h->broker : h->fake);
	ck_assert_int_eq(raw_end(fd), ECONNRESET);
	close(fd);
	close(far);
	close(server);
}
END_TEST

START_TEST(a_program_that_does_not_read_stops_only_itself)
{
	guint16 port;
	int server = raw_module_and_broker(h, RAW_LOCAL_TCP, &port), lazy = raw_connected(h, port),
	    lazy_far = raw_accept(server), fd = raw_connected(h, port), far = raw_accept(server);
	const int flood = 4 << 20;
	char *sent = g_malloc0((gsize)flood), *got = g_malloc((gsize)flood);
	int i, done = 0;

	for (i = 0; i < flood; i++)
		sent[i] = (char)(i % 253);
	/* As much as goes: into the program's queue, the broker, the module, and the network. */
	while (done < flood) {
		ssize_t n = send(lazy_far, sent + done, (size_t)(flood - done), MSG_DONTWAIT);
		struct pollfd p = { .fd = lazy_far, .events = POLLOUT };

		if (n > 0)
			done += (int)n;
		else if (poll(&p, 1, 300) == 0)
			break;
	}
	raw_put(fd, "ping");
	raw_expect(far, "ping");
	raw_put(far, "pong");
	raw_expect(fd, "pong");
	shutdown(lazy_far, SHUT_WR);
	raw_get(lazy, got, (size_t)done);
	ck_assert_mem_eq(got, sent, (size_t)done);
	ck_assert_int_eq(raw_end(lazy), 0);
	g_free(sent);
	g_free(got);
	close(fd);
	close(far);
	close(lazy);
	close(lazy_far);
	close(server);
}
END_TEST

START_TEST(pollout_comes_back_after_everything_was_sent)
{
	guint16 port;
	int server = raw_module_and_broker(h, RAW_LOCAL_TCP, &port), fd = raw_connected(h, port),
	    far = raw_accept(server), file;
	gsize size = 1 << 20;
	char *got = g_malloc(size), *name;
	off_t offset = 0;

	file = g_file_open_tmp("eswrap-XXXXXX", &name, NULL);
	unlink(name);
	g_free(name);
	ck_assert_int_eq(ftruncate(file, (off_t)size), 0);
	while (offset < (off_t)size) {
		raw_await(fd, POLLOUT);
		ck_assert(sendfile(fd, file, &offset, size - (gsize)offset) > 0 || errno == EAGAIN);
	}
	raw_get(far, got, size);
	raw_await(fd, POLLOUT);
	g_free(got);
	close(file);
	close(fd);
	close(far);
	close(server);
}
END_TEST

START_TEST(data_for_a_far_end_that_has_closed_is_lost_and_then_a_broken_pipe)
{
	guint16 port;
	int server = raw_module_and_broker(h, RAW_LOCAL_TCP, &port), fd = raw_connected(h, port),
	    far = raw_accept(server);

	raw_put(far, "all there is");
	close(far);
	raw_expect(fd, "all there is");
	ck_assert_int_eq(raw_end(fd), 0);
	raw_put(fd, "more");
	/* As soon as the broker has seen it; the end of file was said already, and stays. */
	raw_await(fd, POLLHUP);
	ck_assert_int_eq(send(fd, "x", 1, MSG_NOSIGNAL), -1);
	ck_assert_int_eq(errno, EPIPE);
	ck_assert_int_eq(raw_end(fd), 0);
	close(fd);
	close(server);
}
END_TEST

START_TEST(a_connect_waits_for_a_module_that_comes_back)
{
	struct eswrap_reply reply;
	guint16 port;
	int server = raw_listener(&port), fd, far;

	harness_fake(h, NULL, NULL);
	harness_broker(h, RAW_LOCAL_TCP "[broker]\nstate-dir = %s\n", harness_path(h, "state"));
	close(raw_connected(h, port));
	close(raw_accept(server));
	process_kill(h->fake);
	fd = raw_flow(h, "127.0.0.1", port, &reply);
	ck_assert_uint_eq(reply.verdict, ESWRAP_GRANTED);
	harness_fake(h, NULL, NULL);
	ck_assert_int_eq(raw_outcome(fd).error, 0);
	far = raw_accept(server);
	raw_put(fd, "there");
	raw_expect(far, "there");
	close(fd);
	close(far);
	close(server);
}
END_TEST

START_TEST(tls_inside_tls_and_verify_none_are_told_of_in_the_log)
{
	static const struct server echo = { .kind = SERVER_ECHO, .tls = true };
	const char hello[] = "\x16\x03\x01\x02\x03\x01";
	guint16 port;
	int fd;

	harness_fake(h, NULL, NULL);
	port = server_start(h, &echo);
	raw_broker(h, "[route r]\naddress = 127.0.0.1\nthrough = tls\nverify = none\n");
	fd = raw_connected(h, port);
	raw_put(fd, hello);
	raw_expect(fd, hello);
	close(fd);
	harness_await_log(h, "", "the program speaks TLS itself inside route r");
	harness_await_log(h, "",
			  "[route r]: verify = none: anybody on the way can read and change");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("broker");
	TCase *flows = tcase_create("flows");

	signal(SIGPIPE, SIG_IGN);
	tcase_add_checked_fixture(flows, setup, teardown);
	tcase_add_test(flows, bytes_cross_both_ways_and_a_clean_end_is_an_end_of_file);
	tcase_add_test(flows, the_outcome_tells_the_local_address);
	tcase_add_loop_test(flows, who_takes_the_name_of_an_outcome_stops_no_connect, 0, 2);
	tcase_add_test(flows, a_refused_connect_has_its_errno_in_the_outcome);
	tcase_add_test(flows, a_connect_without_a_module_is_granted_at_once_and_times_out);
	tcase_add_test(flows, a_fifth_connect_waits_its_turn_or_times_out);
	tcase_add_test(flows, what_the_far_end_said_before_it_closed_is_read_then_a_reset);
	tcase_add_test(flows, what_was_written_before_close_is_delivered);
	tcase_add_test(flows, after_shutdown_the_answer_still_comes);
	tcase_add_test(flows, after_shutdown_of_both_sides_a_read_is_an_end_of_file);
	tcase_add_test(flows, half_close_is_given_up_as_an_abort_when_nothing_comes);
	tcase_add_loop_test(flows, a_killed_broker_or_module_is_a_reset_and_no_clean_end, 0, 2);
	tcase_add_test(flows, a_program_that_does_not_read_stops_only_itself);
	tcase_add_test(flows, pollout_comes_back_after_everything_was_sent);
	tcase_add_test(flows, data_for_a_far_end_that_has_closed_is_lost_and_then_a_broken_pipe);
	tcase_add_test(flows, a_connect_waits_for_a_module_that_comes_back);
	tcase_add_test(flows, tls_inside_tls_and_verify_none_are_told_of_in_the_log);
	suite_add_tcase(suite, flows);
	return suite_run(suite);
}
