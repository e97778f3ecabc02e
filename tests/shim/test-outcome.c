// SPDX-License-Identifier: MIT
/* Connects that take their time, or end badly; connections that break. */
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "shim/stage.h"
#include "support/suite.h"

#define LOOPBACK "127.0.0.1"

/* A module that takes longer over a connect than the alarms of the claims wait. */
#define SLOW "--latency", "P6=400"

static struct harness *h;

static void set_up(void)
{
	h = harness_new();
	stage.h = h;
}

static void tear_down(void)
{
	harness_free(h);
}

static guint16 server(enum server_kind kind)
{
	return server_start(h, &(struct server){ .kind = kind, .size = STAGE_SIZE });
}

/* All that goes to this loopback port takes a route of this kind. */
static void broker(guint16 port, const char *through)
{
	harness_broker(h,
		       "[route under-test]\naddress = 127.0.0.0/8\nport = %u\nthrough = %s\n"
		       "[broker]\nconnect-timeout = 5\nhalf-close-timeout = 1\n",
		       port, through);
}

/* Waits until the module's trace has this in it. */
static void await_trace(const char *text)
{
	int watch = inotify_init1(IN_CLOEXEC);
	struct pollfd change = { .fd = watch, .events = POLLIN };
	char event[512];

	ck_assert_int_ge(inotify_add_watch(watch, h->trace, IN_MODIFY), 0);
	while (!strstr(harness_read(h, h->trace), text)) {
		ck_assert_msg(poll(&change, 1, HARNESS_DEADLINE_S * 1000) == 1,
			      "no %s in the trace", text);
		ck_assert_int_gt(read(watch, event, sizeof(event)), 0);
	}
	close(watch);
}

/* A claim that connects to an echo server prints this, with a module that takes its time. */
static void says_while_slow(const char *expected, const char *claim)
{
	guint16 port = server(SERVER_ECHO);

	harness_fake(h, SLOW, NULL);
	broker(port, "tcp");
	stage_says(expected, claim, LOOPBACK, port, -1);
}

START_TEST(an_interrupted_connect_goes_on)
{
	says_while_slow("connect: -1 EINTR\nwaits for the end: 0\nagain: -1 EISCONN\nback: ping\n",
			"interrupted");
}
END_TEST

START_TEST(a_handler_with_sa_restart_does_not_interrupt_connect)
{
	says_while_slow("connect: 0\nback: ping\n", "restarted");
}
END_TEST

START_TEST(a_connect_is_given_up_after_so_sndtimeo)
{
	says_while_slow("connect: -1 EINPROGRESS\nagain: -1 EALREADY\nSO_ERROR 0\nback: ping\n",
			"send_timeout");
}
END_TEST

START_TEST(a_connect_in_progress_is_ealready)
{
	says_while_slow("connect: -1 EINPROGRESS\nagain: -1 EALREADY\npoll: 0\nSO_ERROR 0\n"
			"getpeername: -1 ENOTCONN\nafterwards: 0\nback: ping\n",
			"already");
}
END_TEST

/* The table of errors in eswrap(1). */

/* Blocking and not blocking; the error is told once. */
static void check_failure(int error, guint16 port)
{
	stage_says(harness_format(h, "connect: -1 %s\nSO_ERROR 0\n", strerrorname_np(error)),
		   "refused", LOOPBACK, port, port, -1);
	stage_says(harness_format(h, "connect: -1 EINPROGRESS\nSO_ERROR %d\nSO_ERROR 0\n", error),
		   "nonblocking_refused", LOOPBACK, port, port, -1);
}

START_TEST(a_refused_connect_is_econnrefused)
{
	guint16 port = harness_free_port();

	harness_fake(h, "--resolve-all", LOOPBACK, NULL);
	broker(port, "tcp");
	check_failure(ECONNREFUSED, port);
}
END_TEST

/* Words that tell one failure from another; no known firmware has them, but one may. */
#define START_FAILS(words) "--fault", "start-error,text=Connect failed: " words "@P6"

START_TEST(a_connect_that_times_out_is_etimedout)
{
	guint16 port = server(SERVER_ECHO);

	harness_fake(h, START_FAILS("Connection timed out"), NULL);
	broker(port, "tcp");
	check_failure(ETIMEDOUT, port);
}
END_TEST

START_TEST(an_unreachable_network_is_enetunreach)
{
	harness_fake(h, START_FAILS("Network is unreachable"), NULL);
	harness_broker(h, "[route under-test]\naddress = 224.0.0.0/4\nthrough = tcp\n");
	stage_says("connect: -1 ENETUNREACH\nSO_ERROR 0\n", "refused", "224.0.0.1", 9, 9, -1);
}
END_TEST

START_TEST(a_failed_tls_handshake_is_eproto)
{
	guint16 port = server(SERVER_ECHO);

	harness_fake(h, START_FAILS("TLS: handshake failure"), "--resolve-all", LOOPBACK, NULL);
	broker(port, "tls\nverify = none");
	check_failure(EPROTO, port);
}
END_TEST

START_TEST(a_failure_that_the_module_gives_no_reason_for_is_econnrefused)
{
	guint16 port = server(SERVER_ECHO);

	harness_fake(h, "--as", "C3.5.2.5", "--resolve-all", LOOPBACK, NULL);
	broker(port, "tls\nverify = none");
	check_failure(ECONNREFUSED, port);
}
END_TEST

START_TEST(a_route_that_refuses_is_eacces)
{
	guint16 port = server(SERVER_ECHO);

	harness_fake(h, "--resolve-all", LOOPBACK, NULL);
	broker(port, "refuse");
	stage_says("connect: -1 EACCES\nSO_ERROR 0\n", "refused", LOOPBACK, port, port, -1);
}
END_TEST

/* How connections break */

/* Every port of the claim is @port, but for the last, which is a number of the claim's own. */
static struct process *start_wrapped(const char *claim, guint16 port, int number)
{
	const char *text = harness_format(h, "%u", port);
	const char *const argv[] = { stage_claims(),
				     claim,
				     LOOPBACK,
				     text,
				     text,
				     text,
				     harness_format(h, "%d", number),
				     NULL };

	return process_start_wrapped(h, claim, argv);
}

/* A broker that dies before it could say how a connect has ended. */
START_TEST(a_broker_that_dies_during_connect_is_enetdown)
{
	guint16 port = server(SERVER_ECHO);
	struct process *blocking, *nonblocking;

	harness_fake(h, "--latency", "P6=60000", NULL);
	broker(port, "tcp");
	blocking = start_wrapped("interrupted", port, 0);
	nonblocking = start_wrapped("nonblocking_poll", port, 0);
	process_await_line(blocking, "connect: -1 EINTR");
	process_await_line(nonblocking, "connect: -1 EINPROGRESS");
	process_kill(h->broker);
	ck_assert_str_eq(process_await_line(blocking, ""), "waits for the end: -1 ENETDOWN");
	process_await_line(nonblocking, "poll");
	ck_assert_str_eq(process_await_line(nonblocking, ""),
			 harness_format(h, "SO_ERROR %d", ENETDOWN));
}
END_TEST

/* Whatever is left when the broker is killed, it must not look complete. */
START_TEST(a_killed_broker_is_econnreset)
{
	guint16 port = server(SERVER_HOLD);
	struct process *program;

	harness_fake(h, "--resolve-all", LOOPBACK, NULL);
	broker(port, "tcp");
	program = start_wrapped("read_to_end", port, 0);
	process_await_line(program, "connected");
	process_kill(h->broker);
	ck_assert_str_eq(process_await_line(program, ""), "0 bytes");
	ck_assert_str_eq(process_await_line(program, ""), "read: -1 ECONNRESET");
	ck_assert_str_eq(process_await_line(program, ""), "read: 0");
	ck_assert_int_eq(process_wait(program), 0);
}
END_TEST

START_TEST(a_lost_module_is_econnreset)
{
	guint16 port = server(SERVER_HOLD);
	struct process *program;

	harness_fake(h, "--resolve-all", LOOPBACK, NULL);
	broker(port, "tcp");
	program = start_wrapped("read_to_end", port, 0);
	process_await_line(program, "connected");
	process_kill(h->fake);
	ck_assert_str_eq(process_await_line(program, ""), "0 bytes");
	ck_assert_str_eq(process_await_line(program, ""), "read: -1 ECONNRESET");
	ck_assert_int_eq(process_wait(program), 0);
}
END_TEST

/* An abort reaches the program through whatever it reads with. */
START_TEST(an_abort_is_econnreset_by_every_call)
{
	static const char *const calls[][3] = {
		{ "read", "recv", "recvfrom" },
		{ "recvmsg", "recvmmsg", "readv" },
		{ "__read_chk", "__recv_chk", "__recvfrom_chk" },
	};
	guint16 port = server(SERVER_HOLD);
	struct process *program;
	size_t i;

	harness_fake(h, "--resolve-all", LOOPBACK, NULL);
	broker(port, "tcp");
	program = start_wrapped("reset_by_every_call", port, _i);
	process_await_line(program, "connected");
	process_kill(h->fake);
	for (i = 0; i < 3; i++) {
		ck_assert_str_eq(process_await_line(program, ""),
				 harness_format(h, "%s: -1 ECONNRESET", calls[_i][i]));
		ck_assert_str_eq(process_await_line(program, ""), "and then: 0");
	}
	ck_assert_int_eq(process_wait(program), 0);
}
END_TEST

START_TEST(an_abort_is_an_error_of_stdio)
{
	guint16 port = server(SERVER_HOLD);
	struct process *program;

	harness_fake(h, "--resolve-all", LOOPBACK, NULL);
	broker(port, "tcp");
	program = start_wrapped("stdio_sees_reset", port, 0);
	process_await_line(program, "connected");
	process_kill(h->fake);
	ck_assert_str_eq(process_await_line(program, ""), "0 bytes, ferror 1 feof 0");
	ck_assert_int_eq(process_wait(program), 0);
}
END_TEST

/*
 * The module cannot say that the program has ended its half: the far end waits for ever, and what
 * it might still have said is missing.
 */
START_TEST(a_half_close_that_nobody_answers_is_econnreset)
{
	guint16 port = server(SERVER_ECHO);

	harness_fake(h, "--resolve-all", LOOPBACK, NULL);
	broker(port, "tcp");
	stage_says("recv: 4\nshutdown: 0\nsend: -1 EPIPE\nrecv: -1 ECONNRESET\n", "shutdown_write",
		   LOOPBACK, port, -1);
}
END_TEST

START_TEST(a_killed_program_closes_its_connection)
{
	guint16 port = server(SERVER_HOLD);
	struct process *program;

	harness_fake(h, "--resolve-all", LOOPBACK, NULL);
	broker(port, "tcp");
	program = start_wrapped("hold", port, 0);
	process_await_line(program, "connected");
	process_kill(program);
	/* The module is told to let go of its socket. */
	await_trace("P6=0");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("outcome");
	TCase *waits = tcase_create("waiting");
	TCase *errors = tcase_create("errors");
	TCase *breaks = tcase_create("breaking");
	TCase *cases[] = { waits, errors, breaks };
	size_t i;

	tcase_add_test(waits, an_interrupted_connect_goes_on);
	tcase_add_test(waits, a_handler_with_sa_restart_does_not_interrupt_connect);
	tcase_add_test(waits, a_connect_is_given_up_after_so_sndtimeo);
	tcase_add_test(waits, a_connect_in_progress_is_ealready);
	tcase_add_test(errors, a_refused_connect_is_econnrefused);
	tcase_add_test(errors, a_connect_that_times_out_is_etimedout);
	tcase_add_test(errors, an_unreachable_network_is_enetunreach);
	tcase_add_test(errors, a_failed_tls_handshake_is_eproto);
	tcase_add_test(errors, a_failure_that_the_module_gives_no_reason_for_is_econnrefused);
	tcase_add_test(errors, a_route_that_refuses_is_eacces);
	tcase_add_test(breaks, a_broker_that_dies_during_connect_is_enetdown);
	tcase_add_test(breaks, a_killed_broker_is_econnreset);
	tcase_add_test(breaks, a_lost_module_is_econnreset);
	tcase_add_loop_test(breaks, an_abort_is_econnreset_by_every_call, 0, 3);
	tcase_add_test(breaks, an_abort_is_an_error_of_stdio);
	tcase_add_test(breaks, a_half_close_that_nobody_answers_is_econnreset);
	tcase_add_test(breaks, a_killed_program_closes_its_connection);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tcase_set_timeout(cases[i], 2 * HARNESS_DEADLINE_S);
		tcase_add_checked_fixture(cases[i], set_up, tear_down);
		suite_add_tcase(suite, cases[i]);
	}
	return suite_run(suite);
}
