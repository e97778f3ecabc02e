// SPDX-License-Identifier: MIT
/* The harness itself: other suites prove nothing if it does not see what happens. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/harness.h"
#include "support/server.h"
#include "support/suite.h"

#define MEGABYTE (1 << 20)

START_TEST(a_run_gives_status_output_and_errors)
{
	struct harness *h = harness_new();
	const struct result *result =
		harness_run(h, "sh", "-c", "echo out; echo err >&2; exit 3", NULL);

	ck_result_status(result, 3);
	ck_assert_str_eq(result->out->str, "out\n");
	ck_assert_str_eq(result->err->str, "err\n");
	ck_result_status(harness_run(h, "sh", "-c", "kill -9 $$", NULL), 128 + SIGKILL);
	ck_result_status(harness_run(h, "/no/such/program", NULL), 127);
	harness_free(h);
}
END_TEST

START_TEST(a_megabyte_goes_in_and_out)
{
	struct harness *h = harness_new();
	char *input = g_malloc(MEGABYTE);
	const struct run how = { .input = input, .input_size = MEGABYTE };
	const char *const argv[] = { "cat", NULL };
	const struct result *result;
	gsize i;

	for (i = 0; i < MEGABYTE; i++)
		input[i] = (char)server_pattern(i);
	result = harness_run_as(h, &how, argv);
	ck_result_status(result, 0);
	ck_assert_uint_eq(result->out->len, MEGABYTE);
	ck_assert_mem_eq(result->out->str, input, MEGABYTE);
	g_free(input);
	harness_free(h);
}
END_TEST

/* In a process of its own: a test that dies with a child running and a log written. */
static G_GNUC_NORETURN void die_untidily(int report)
{
	static const char *const argv[] = { "sh", "-c", "echo woe >&2; echo up; exec cat /dev/zero",
					    NULL };
	struct harness *h;

	dup2(report, STDERR_FILENO);
	h = harness_new();
	dprintf(report, "%s\n", h->directory);
	process_await_line(process_start(h, "victim", argv, NULL), "up");
	_exit(1);
}

START_TEST(nothing_is_left_of_a_test_that_dies_but_its_log)
{
	char report[4096] = "", *directory;
	size_t size = 0;
	ssize_t got;
	int ends[2];
	pid_t child;

	ck_assert_int_eq(pipe(ends), 0);
	fflush(NULL);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		die_untidily(ends[1]);
	close(ends[1]);
	/* Its child and its janitor inherit the pipe: its end is the end of all of them. */
	while ((got = read(ends[0], report + size, sizeof(report) - 1 - size)) > 0)
		size += (size_t)got;
	ck_assert_int_eq(got, 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	ck_text_has(report, "# victim.log: woe\n");
	directory = strtok(report, "\n");
	ck_assert_int_eq(access(directory, F_OK), -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(a_child_that_is_stopped_at_once_ends_alone)
{
	static const char *const argv[] = { "cat", "/dev/zero", NULL };
	struct harness *h = harness_new();
	int i;

	for (i = 0; i < 200; i++)
		ck_assert_int_eq(process_stop(process_start(h, "victim", argv, NULL)),
				 128 + SIGTERM);
	harness_free(h);
}
END_TEST

static const struct result *talk(struct harness *h, guint16 port, const char *credential,
				 const char *input)
{
	const struct run how = { .input = input, .input_size = strlen(input) };
	const char *argv[] = {
		"openssl",  "s_client",
		"-quiet",   "-verify_return_error",
		"-CAfile",  harness_credential(h, "ca.pem"),
		"-connect", harness_format(h, "127.0.0.1:%u", port),
		"-cert",    harness_credential(h, harness_format(h, "%s.pem", credential)),
		"-key",	    harness_credential(h, harness_format(h, "%s.key", credential)),
		NULL
	};

	return harness_run_as(h, &how, argv);
}

START_TEST(the_tls_server_lets_only_its_own_clients_in)
{
	const struct server what = { SERVER_SINK, .size = 6, .tls = true,
				     .client_certificate = true };
	struct harness *h = harness_new();
	guint16 port = server_start(h, &what);

	ck_assert_str_eq(talk(h, port, "device", "hello\n")->out->str, "bad at 0\n");
	ck_assert_str_eq(talk(h, port, "stranger", "hello\n")->out->str, "");
	harness_free(h);
}
END_TEST

START_TEST(the_source_sends_its_pattern_and_the_sink_knows_it)
{
	const struct server source = { SERVER_SOURCE, .size = 300000 };
	const struct server sink = { SERVER_SINK, .size = 300000 };
	struct harness *h = harness_new();
	guint16 from = server_start(h, &source), to = server_start(h, &sink);
	const struct result *result;
	gsize i;

	result = harness_run(h, "bash", "-c", harness_format(h, "cat </dev/tcp/127.0.0.1/%u", from),
			     NULL);
	ck_assert_uint_eq(result->out->len, 300000);
	for (i = 0; i < result->out->len; i++)
		ck_assert_uint_eq((guint8)result->out->str[i], server_pattern(i));
	result = harness_run(
		h, "bash", "-c",
		harness_format(
			h, "exec 3<>/dev/tcp/127.0.0.1/%u; cat </dev/tcp/127.0.0.1/%u >&3; cat <&3",
			to, from),
		NULL);
	ck_assert_str_eq(result->out->str, "good\n");
	result = harness_run(
		h, "bash", "-c",
		harness_format(h, "exec 3<>/dev/tcp/127.0.0.1/%u; head -c 9 /dev/zero >&3; cat <&3",
			       to),
		NULL);
	ck_assert_str_eq(result->out->str, "bad at 1\n");
	harness_free(h);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("harness");
	TCase *harness = tcase_create("harness");

	tcase_set_timeout(harness, 2 * HARNESS_DEADLINE_S);
	tcase_add_test(harness, a_run_gives_status_output_and_errors);
	tcase_add_test(harness, a_megabyte_goes_in_and_out);
	tcase_add_test(harness, nothing_is_left_of_a_test_that_dies_but_its_log);
	tcase_add_test(harness, a_child_that_is_stopped_at_once_ends_alone);
	tcase_add_test(harness, the_tls_server_lets_only_its_own_clients_in);
	tcase_add_test(harness, the_source_sends_its_pattern_and_the_sink_knows_it);
	suite_add_tcase(suite, harness);
	return suite_run(suite);
}
