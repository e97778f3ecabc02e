// SPDX-License-Identifier: MIT
/* eswrapctl trace: the conversation is shown, and nothing of it that is nobody's business. */
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "support/harness.h"
#include "support/server.h"
#include "support/suite.h"

#define MESSAGE "seventeen-words-of-mine"
#define PSK	"correct horse"

static struct harness *h;

static void setup(void)
{
	h = harness_new();
}

static void teardown(void)
{
	harness_free(h);
}

/* A shell line; $ctl is eswrapctl. */
static void ctl(const char *line)
{
	const char *const environment[] = {
		harness_format(h, "ESWRAP_SOCKET=%s", h->socket),
		harness_format(h, "ctl=%s", harness_tool(h, "eswrapctl")), NULL
	};
	const struct run how = { .environment = environment };
	const char *const argv[] = { "sh", "-c", line, NULL };

	ck_result_status(harness_run_as(h, &how, argv), 0);
}

/* `eswrapctl trace` with this option, or without one; the broker has begun to tell it. */
static struct process *start_trace(const char *name, const char *option, const char *value)
{
	const char *socket = harness_format(h, "ESWRAP_SOCKET=%s", h->socket);
	const char *const environment[] = { socket, NULL };
	const char *const argv[] = { harness_tool(h, "eswrapctl"), "trace", option, value, NULL };
	struct process *trace = process_start(h, name, argv, environment);

	harness_await_log(h, "", "traces the line");
	return trace;
}

static void start(void)
{
	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	harness_broker(h, "[route tcp]\nhost = *.example\nthrough = tcp\n");
	ctl("\"$ctl\" credentials list --wait");
}

/* All that the broker has told is with whoever looks when it has left. */
static void end_trace(struct process *trace)
{
	ck_assert_int_eq(process_stop(h->broker), 0);
	ck_assert_int_eq(process_wait(trace), 1);
}

static void say_something(void)
{
	static const struct server echo = { SERVER_ECHO };
	const char *port = harness_format(h, "%u", server_start(h, &echo));
	static const char script[] = "exec 3<>/dev/tcp/a.example/$0 && echo " MESSAGE " >&3 && "
				     "read -u 3 line && echo $line";
	const struct result *result = harness_run_wrapped(h, "bash", "-c", script, port, NULL);

	ck_assert_str_eq(result->out->str, MESSAGE "\n");
}

START_TEST(commands_and_answers_are_shown_and_data_is_only_counted)
{
	struct process *trace;
	const char *line;

	start();
	trace = start_trace("trace", NULL, NULL);
	say_something();
	/* In order, as they went over the line. */
	ck_text_has(process_await_line(trace, ""), "> P0=");
	while (!strstr(line = process_await_line(trace, ""), "> P6=1"))
		ck_text_lacks(line, MESSAGE);
	ck_text_has(process_await_line(trace, ""), "Connecting to 127.0.0.1");
	ck_text_has(process_await_line(trace, ""), "- socket 0 to 127.0.0.1:");
	while (!strstr(line = process_await_line(trace, ""), "S3=24 <24 bytes>"))
		ck_text_lacks(line, MESSAGE);
	while (!strstr(line = process_await_line(trace, ""), "24 bytes received"))
		ck_text_lacks(line, MESSAGE);
	while (!strstr(line = process_await_line(trace, ""), "closed"))
		ck_text_lacks(line, MESSAGE);
	process_stop(trace);
}
END_TEST

START_TEST(data_is_shown_where_it_is_asked_for)
{
	struct process *trace;

	start();
	trace = start_trace("trace", "--payload", NULL);
	say_something();
	while (!strstr(process_await_line(trace, ""), "S3=24"))
		;
	ck_text_has(process_await_line(trace, ""), "seventeen-words-");
	process_stop(trace);
}
END_TEST

START_TEST(a_passphrase_is_never_shown)
{
	struct process *trace;
	const char *line;

	start();
	trace = start_trace("trace", "--payload", NULL);
	ctl("\"$ctl\" module reset --yes");
	while (!strstr(line = process_await_line(trace, ""), "> C2"))
		ck_text_lacks(line, PSK);
	ck_assert(g_str_has_suffix(line, "> C2=<hidden>"));
	while (!strstr(line = process_await_line(trace, ""), "[JOIN"))
		ck_text_lacks(line, PSK);
	process_stop(trace);
}
END_TEST

START_TEST(a_key_that_is_written_is_never_shown)
{
	struct process *trace;
	const char *line;

	start();
	trace = start_trace("trace", "--payload", NULL);
	ctl(harness_format(h, "\"$ctl\" credentials program 1 --ca %s --yes",
			   harness_credential(h, "ca.pem")));
	while (!strstr(line = process_await_line(trace, ""), "> PG"))
		ck_text_lacks(line, "BEGIN");
	ck_text_has(line, "> PG=<hidden>");
	ck_text_lacks(process_await_line(trace, ""), "BEGIN");
	process_stop(trace);
}
END_TEST

START_TEST(a_capture_file_holds_the_conversation_as_packets)
{
	const struct result *result;
	struct process *trace;
	struct stat st;

	start();
	trace = start_trace("trace", "--pcap", harness_path(h, "short.pcap"));
	say_something();
	end_trace(trace);
	result = harness_run(h, "tcpdump", "-n", "-r", harness_path(h, "short.pcap"), NULL);
	ck_result_status(result, 0);
	ck_text_has(result->out->str, "Flags [S], seq 0");
	ck_text_has(result->out->str, "Flags [S.], seq 0, ack 1");
	ck_text_has(result->out->str, "Flags [P.], seq 1:25, ack 1, win 65535, length 24");
	ck_text_has(result->out->str, "Flags [P.], seq 1:25, ack 25, win 65535, length 24");
	/* What was said is not in it, and it is nobody else's. */
	ck_result_status(harness_run(h, "grep", "-c", MESSAGE, harness_path(h, "short.pcap"), NULL),
			 1);
	ck_assert_int_eq(stat(harness_path(h, "short.pcap"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
}
END_TEST

START_TEST(a_capture_file_with_data_has_checksums_that_hold)
{
	const char *const path = harness_path(h, "whole.pcap");
	const struct result *result;
	struct process *trace;

	start();
	trace = start_trace("trace", harness_format(h, "--pcap=%s", path), "--payload");
	say_something();
	end_trace(trace);
	result = harness_run(h, "tcpdump", "-nvAr", path, NULL);
	ck_result_status(result, 0);
	ck_text_has(result->out->str, MESSAGE);
	ck_text_has(result->out->str, "(correct)");
	ck_text_lacks(result->out->str, "incorrect");
	ck_text_lacks(result->out->str, "bad cksum");
}
END_TEST

START_TEST(the_broker_outlives_whoever_looks_and_ends_with_him_there)
{
	struct process *first, *second;

	start();
	first = start_trace("first", NULL, NULL);
	process_kill(first);
	say_something();
	second = start_trace("second", "--payload", NULL);
	say_something();
	ck_assert_int_eq(process_stop(h->broker), 0);
	ck_assert_int_eq(process_wait(second), 1);
	ck_text_has(harness_read(h, harness_path(h, "second.log")), "the broker is leaving");
}
END_TEST

START_TEST(without_a_broker_it_says_so_and_a_file_that_cannot_be_made_is_named)
{
	const struct result *result =
		harness_run(h, harness_tool(h, "eswrapctl"), "-s", "/nonexistent/s", "trace", NULL);

	ck_result_status(result, EX_UNAVAILABLE);
	result = harness_run(h, harness_tool(h, "eswrapctl"), "trace", "--pcap", "/nonexistent/x",
			     NULL);
	ck_result_status(result, EX_IOERR);
	ck_text_has(result->err->str, "/nonexistent/x: No such file");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trace");
	TCase *trace = tcase_create("trace");

	tcase_add_checked_fixture(trace, setup, teardown);
	tcase_set_timeout(trace, 2 * HARNESS_DEADLINE_S);
	tcase_add_test(trace, commands_and_answers_are_shown_and_data_is_only_counted);
	tcase_add_test(trace, data_is_shown_where_it_is_asked_for);
	tcase_add_test(trace, a_passphrase_is_never_shown);
	tcase_add_test(trace, a_key_that_is_written_is_never_shown);
	tcase_add_test(trace, a_capture_file_holds_the_conversation_as_packets);
	tcase_add_test(trace, a_capture_file_with_data_has_checksums_that_hold);
	tcase_add_test(trace, the_broker_outlives_whoever_looks_and_ends_with_him_there);
	tcase_add_test(trace, without_a_broker_it_says_so_and_a_file_that_cannot_be_made_is_named);
	suite_add_tcase(suite, trace);
	return suite_run(suite);
}
