// SPDX-License-Identifier: MIT
/*
 * Connects of one process to a name over both of its addresses, in raw packets: how often the module
 * is asked to connect. A module that is stopped keeps a connect under way for as long as a test
 * needs it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/harness.h"
#include "support/raw.h"
#include "support/suite.h"

#define NAME "twin.example"

static struct harness *h;
static struct eswrap_reply name; /* both addresses of NAME */
static guint16 port;
static int server;

static void setup(void)
{
	h = harness_new();
	server = raw_listener(&port);
	harness_fake(h, "--baud", "0", "--resolve", NAME "=127.0.0.1", NULL);
	harness_broker(h, "[route names]\nhost = " NAME "\nthrough = tcp\n");
	raw_resolve(h, NAME, &name);
}

static void teardown(void)
{
	close(server);
	harness_free(h);
}

/* Return: the program's end, or -1 with @reply saying why. */
static int ask(const struct eswrap_endpoint *address, struct eswrap_reply *reply)
{
	struct eswrap_endpoint to = *address;
	struct eswrap_request request;

	to.port = port;
	request = raw_request(ESWRAP_CONNECT, to);
	return raw_ask(h, &request, reply);
}

static int begin(const struct eswrap_endpoint *address)
{
	struct eswrap_reply reply;
	int fd = ask(address, &reply);

	ck_assert_uint_eq(reply.verdict, ESWRAP_GRANTED);
	return fd;
}

static void stop_module(void)
{
	kill(process_pid(h->fake), SIGSTOP);
}

static void continue_module(void)
{
	kill(process_pid(h->fake), SIGCONT);
}

static void assert_connected(int fd)
{
	int far;

	ck_assert_int_eq(raw_outcome(fd).error, 0);
	far = raw_accept(server);
	raw_put(fd, "there");
	raw_expect(far, "there");
	close(far);
}

static void nobody_listens(void)
{
	close(server);
	server = -1;
}

START_TEST(a_second_address_waits_for_the_first_and_costs_nothing)
{
	int first, second;

	stop_module();
	first = begin(_i ? &name.v6 : &name.v4);
	second = begin(_i ? &name.v4 : &name.v6);
	continue_module();
	ck_assert_int_eq(raw_outcome(first).error, 0);
	close(second);
	assert_connected(first);
	ck_assert_uint_eq(harness_opened(h), 1);
	close(first);
}
END_TEST

START_TEST(both_addresses_fail_alike_at_once)
{
	int first, second;

	nobody_listens();
	stop_module();
	first = begin(&name.v4);
	second = begin(&name.v6);
	continue_module();
	ck_assert_int_eq(raw_outcome(first).error, ECONNREFUSED);
	ck_assert_int_eq(raw_outcome(second).error, ECONNREFUSED);
	ck_assert_uint_eq(harness_opened(h), 1);
	close(first);
	close(second);
}
END_TEST

START_TEST(a_second_address_after_a_failure_is_not_asked_of_the_module)
{
	struct eswrap_reply reply;
	int fd;

	nobody_listens();
	fd = begin(&name.v4);
	ck_assert_int_eq(raw_outcome(fd).error, ECONNREFUSED);
	close(fd);
	ck_assert_int_eq(ask(&name.v6, &reply), -1);
	raw_refused(&reply, ECONNREFUSED);
	ck_assert_uint_eq(harness_opened(h), 1);
	/* It counts once: the program tries it all again. */
	fd = begin(&name.v6);
	ck_assert_int_eq(raw_outcome(fd).error, ECONNREFUSED);
	close(fd);
	ck_assert_uint_eq(harness_opened(h), 2);
}
END_TEST

START_TEST(a_second_address_goes_on_where_the_first_is_given_up)
{
	int first, second;

	stop_module();
	first = begin(&name.v4);
	second = begin(&name.v6);
	close(first);
	continue_module();
	assert_connected(second);
	ck_assert_uint_eq(harness_opened(h), 1);
	close(second);
}
END_TEST

/* Over the same address, or over the other. */
START_TEST(a_connect_that_was_given_up_serves_the_next_try)
{
	int first, second;

	stop_module();
	first = begin(&name.v4);
	close(first);
	second = begin(_i ? &name.v6 : &name.v4);
	continue_module();
	assert_connected(second);
	ck_assert_uint_eq(harness_opened(h), 1);
	close(second);
}
END_TEST

START_TEST(a_connect_that_was_given_up_for_good_is_closed)
{
	int fd, far;

	stop_module();
	fd = begin(&name.v4);
	close(fd);
	continue_module();
	far = raw_accept(server);
	ck_assert_int_eq(raw_end(far), 0);
	close(far);
	fd = begin(&name.v4);
	assert_connected(fd);
	close(fd);
}
END_TEST

START_TEST(a_program_that_wants_both_gets_both)
{
	int first, second;

	stop_module();
	first = begin(&name.v4);
	second = begin(&name.v6);
	continue_module();
	assert_connected(first);
	assert_connected(second);
	ck_assert_uint_eq(harness_opened(h), 2);
	close(first);
	close(second);
}
END_TEST

/* With a connect that takes longer than a twin is held back once the first has succeeded. */
START_TEST(several_connects_each_have_their_own_second)
{
	int first[3], second[3], i;

	harness_free(h);
	h = harness_new();
	harness_fake(h, "--baud", "0", "--latency", "P6=1500", "--resolve", NAME "=127.0.0.1",
		     NULL);
	harness_broker(h, "[route names]\nhost = " NAME "\nthrough = tcp\n");
	raw_resolve(h, NAME, &name);
	for (i = 0; i < 3; i++)
		first[i] = begin(&name.v4);
	for (i = 0; i < 3; i++)
		second[i] = begin(&name.v6);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(raw_outcome(first[i]).error, 0);
		close(second[i]);
	}
	assert_connected(first[0]);
	ck_assert_uint_eq(harness_opened(h), 3);
	for (i = 0; i < 3; i++)
		close(first[i]);
}
END_TEST

START_TEST(two_processes_are_two_attempts)
{
	int fd, status;
	pid_t child;

	nobody_listens();
	stop_module();
	fd = begin(&name.v4);
	fflush(NULL);
	child = fork();
	if (child == 0) {
		fd = begin(&name.v6);
		continue_module();
		_exit(raw_outcome(fd).error == ECONNREFUSED ? 0 : 1);
	}
	ck_assert_int_eq(raw_outcome(fd).error, ECONNREFUSED);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(harness_opened(h), 2);
	close(fd);
}
END_TEST

/* The second waits for a second after the first has connected, and is in no queue meanwhile. */
START_TEST(a_third_connect_goes_on_where_the_second_is_given_up_that_was_held_back)
{
	int first = begin(&name.v4), second, third;

	ck_assert_int_eq(raw_outcome(first).error, 0);
	second = begin(&name.v6);
	third = begin(&name.v4);
	close(second);
	ck_assert_int_eq(raw_outcome(third).error, 0);
	ck_assert_uint_eq(harness_opened(h), 2);
	close(third);
	close(first);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("twin");
	TCase *twins = tcase_create("twins");

	signal(SIGPIPE, SIG_IGN);
	tcase_add_checked_fixture(twins, setup, teardown);
	tcase_add_loop_test(twins, a_second_address_waits_for_the_first_and_costs_nothing, 0, 2);
	tcase_add_test(twins, both_addresses_fail_alike_at_once);
	tcase_add_test(twins, a_second_address_after_a_failure_is_not_asked_of_the_module);
	tcase_add_test(twins, a_second_address_goes_on_where_the_first_is_given_up);
	tcase_add_loop_test(twins, a_connect_that_was_given_up_serves_the_next_try, 0, 2);
	tcase_add_test(twins, a_connect_that_was_given_up_for_good_is_closed);
	tcase_add_test(twins, a_program_that_wants_both_gets_both);
	tcase_add_test(twins, several_connects_each_have_their_own_second);
	tcase_add_test(twins, two_processes_are_two_attempts);
	tcase_add_test(twins,
		       a_third_connect_goes_on_where_the_second_is_given_up_that_was_held_back);
	suite_add_tcase(suite, twins);
	return suite_run(suite);
}
