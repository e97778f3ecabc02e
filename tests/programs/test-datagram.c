// SPDX-License-Identifier: MIT
/* Programs that speak UDP. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "programs/netns.h"
#include "programs/programs.h"
#include "support/suite.h"

#define PYTHON	 "/usr/bin/python3"
#define NTP_PORT 123

/* Return: its port. */
static guint16 start_dns_server(struct harness *h)
{
	const char *const argv[] = { PYTHON, programs_client(h, "dns-server.py"), NULL };
	const char *line = process_await_line(process_start(h, "dns", argv, NULL), "port ");

	return (guint16)atoi(line + strlen("port "));
}

START_TEST(dig_gets_an_address)
{
	static const struct run how = { .wrapped = false };
	struct harness *h = programs_new();
	const struct result *result;

	result = programs_same(h, &how, start_dns_server(h),
			       PROGRAM("dig", "@{host}", "-p", "{port}", "+short", "+tries=1",
				       "www.example.org", "A"));
	ck_assert_str_eq(result->out->str, "192.0.2.80\n");
	harness_free(h);
}
END_TEST

START_TEST(dig_gets_six_answers_in_one_run)
{
	static const struct run how = { .wrapped = false };
	struct harness *h = programs_new();
	const struct result *result;

	result = programs_same(h, &how, start_dns_server(h),
			       PROGRAM("dig", "@{host}", "-p", "{port}", "+short", "+tries=1",
				       "one.example.org", "TXT", "two.example.org", "TXT",
				       "three.example.org", "TXT", "four.example.org", "TXT",
				       "five.example.org", "TXT", "six.example.org", "TXT"));
	ck_text_has(result->out->str, "\"one.example.org.");
	ck_text_has(result->out->str, "\"six.example.org.");
	harness_free(h);
}
END_TEST

/* dig takes an answer only from where it has sent the question to. */
START_TEST(dig_says_whom_it_asked)
{
	static const struct run wrapped = { .wrapped = true };
	struct harness *h = programs_new();
	guint16 port = start_dns_server(h);
	const struct result *result;

	result = programs_run(h, &wrapped, PROGRAMS_TCP_HOST, port,
			      PROGRAM("dig", "@{host}", "-p", "{port}", "+tries=1",
				      "www.example.org", "A"));
	ck_result_status(result, 0);
	ck_text_has(result->out->str, "status: NOERROR");
	ck_text_has(result->out->str, ";; SERVER: 198.1");
	ck_text_has(result->out->str, harness_format(h, "#%u(" PROGRAMS_TCP_HOST ")", port));
	harness_free(h);
}
END_TEST

/* The server's clock is a day ahead; ntpdig says by how much, s. */
static void assert_a_day_ahead(const struct result *result)
{
	const char *offset = strstr(result->out->str, "\"offset\":");
	double ahead = offset ? g_ascii_strtod(offset + strlen("\"offset\":"), NULL) : 0;

	ck_result_status(result, 0);
	ck_assert_msg(ahead > 86399 && ahead < 86401, "ntpdig says: %s%s", result->out->str,
		      result->err->str);
}

/* NTP's port cannot be chosen, and the machine may keep its own time on it: in a namespace. */
START_TEST(ntpdig_reads_a_servers_clock)
{
	struct harness *h;
	const char *argv[] = { PYTHON, NULL, G_STRINGIFY(NTP_PORT), NULL };
	struct process *server;
	guint opened;

	netns_enter();
	h = programs_new();
	argv[1] = programs_client(h, "ntp-server.py");
	server = process_start(h, "ntp", argv, NULL);
	process_await_line(server, "ready");
	assert_a_day_ahead(harness_run(h, "ntpdig", "-j", "127.0.0.1", NULL));
	process_await_line(server, "asked");
	opened = harness_opened(h);
	assert_a_day_ahead(harness_run_wrapped(h, "ntpdig", "-j", PROGRAMS_TCP_HOST, NULL));
	process_await_line(server, "asked");
	ck_assert_uint_gt(harness_opened(h), opened);
	harness_free(h);
}
END_TEST

/* chronyd kills itself for any system call that it does not know of; -Q sets no clock. */
static void chronyd_asks(struct harness *h, const char *server)
{
	static const struct run wrapped = { .wrapped = true };
	const char *const argv[] = {
		"chronyd",
		"-F",
		"1",
		"-Q",
		"-t",
		"30",
		harness_format(h, "server %s iburst maxsamples 2", server),
		"bindcmdaddress /",
		"cmdport 0",
		harness_format(h, "pidfile %s", harness_path(h, "chronyd.pid")),
		"user root",
		NULL,
	};
	const struct result *result = harness_run_as(h, &wrapped, argv);

	ck_result_status(result, 0);
	ck_text_has(result->err->str, "Loaded seccomp filter");
	ck_text_has(result->err->str, "System clock wrong by 86");
}

START_TEST(chronyd_under_its_own_filter_reads_a_servers_clock)
{
	struct harness *h;
	const char *argv[] = { PYTHON, NULL, G_STRINGIFY(NTP_PORT), NULL };
	struct process *server;
	guint opened;

	netns_enter();
	h = programs_new();
	argv[1] = programs_client(h, "ntp-server.py");
	server = process_start(h, "ntp", argv, NULL);
	process_await_line(server, "ready");
	/* What no route takes, and what goes through the module. */
	chronyd_asks(h, "127.0.0.1");
	opened = harness_opened(h);
	chronyd_asks(h, PROGRAMS_TCP_HOST);
	ck_assert_uint_gt(harness_opened(h), opened);
	harness_free(h);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("datagram");
	TCase *dig = tcase_create("dig"), *ntp = tcase_create("ntp");

	tcase_set_timeout(dig, 3 * HARNESS_DEADLINE_S);
	tcase_add_test(dig, dig_gets_an_address);
	tcase_add_test(dig, dig_gets_six_answers_in_one_run);
	tcase_add_test(dig, dig_says_whom_it_asked);
	suite_add_tcase(suite, dig);
	tcase_set_timeout(ntp, 3 * HARNESS_DEADLINE_S);
	tcase_add_test(ntp, ntpdig_reads_a_servers_clock);
	tcase_add_test(ntp, chronyd_under_its_own_filter_reads_a_servers_clock);
	suite_add_tcase(suite, ntp);
	return suite_run(suite);
}
