// SPDX-License-Identifier: MIT
/*
 * eswrapctl where something is not as it should be: command lines, files, an output that is full, no
 * broker, no module, a broker that goes meanwhile. Each ends with its status, and a sentence.
 */
#include <signal.h>
#include <sysexits.h>

#include "e2e/operator.h"
#include "support/suite.h"

/**
 * struct misuse - a command line
 * @words:	behind "eswrapctl"; $d is the temporary directory
 * @status:	its exit status
 * @says:	on standard error, among other things
 */
struct misuse {
	const char *words;
	int status;
	const char *says;
};

static const struct misuse wrong_lines[] = {
	{ "", EX_USAGE, "Usage: eswrapctl [-c FILE]" },
	{ "nothing", EX_USAGE, "unknown command \"nothing\"; `eswrapctl help` lists them" },
	{ "--nothing status", EX_USAGE, "`eswrapctl --help` says more" },
	{ "credentials", EX_USAGE, "Usage: eswrapctl credentials" },
	{ "credentials nothing", EX_USAGE, "`eswrapctl credentials help` lists them" },
	{ "module nothing", EX_USAGE, "`eswrapctl module help` lists them" },
	{ "wifi nothing", EX_USAGE, "`eswrapctl wifi help` lists them" },
	{ "status x", EX_USAGE, "status takes no arguments" },
	{ "status -- x", EX_USAGE, "status takes no arguments" },
	{ "flows x", EX_USAGE, "flows takes no arguments" },
	{ "flows --nothing", EX_USAGE, "`eswrapctl flows --help` says more" },
	{ "watch x", EX_USAGE, "watch takes no arguments" },
	{ "watch -n 0", EX_USAGE, "-n takes 1 to 60 seconds" },
	{ "watch -n 61", EX_USAGE, "-n takes 1 to 60 seconds" },
	{ "reload x", EX_USAGE, "reload takes no arguments" },
	{ "trace x", EX_USAGE, "trace takes no arguments" },
	{ "metrics x", EX_USAGE, "metrics takes no arguments" },
	{ "metrics --http --textfile $d/x", EX_USAGE, "--textfile PATH or --http, not both" },
	{ "module info x", EX_USAGE, "info takes no arguments" },
	{ "module time x", EX_USAGE, "time takes no arguments" },
	{ "module probe x", EX_USAGE, "probe takes no arguments" },
	{ "module reset x", EX_USAGE, "reset takes no arguments" },
	{ "module reset", EX_USAGE, "no terminal to ask for confirmation; use --yes" },
	{ "module resolve", EX_USAGE, "resolve takes a name" },
	{ "module ping", EX_USAGE, "ping takes" },
	{ "wifi scan x", EX_USAGE, "scan takes no arguments" },
	{ "wifi join x", EX_USAGE, "join takes no arguments" },
	{ "wifi leave x", EX_USAGE, "leave takes no arguments" },
	{ "route", EX_USAGE, "route takes a host and a port" },
	{ "route a.example", EX_USAGE, "route takes a host and a port" },
	{ "route a.example 0", EX_USAGE, "\"0\" is not a port: 1 to 65535" },
	{ "route a.example 65536", EX_USAGE, "\"65536\" is not a port" },
	{ "route a.example mqtt", EX_USAGE, "\"mqtt\" is not a port" },
	{ "route a.example 80 --user no-such-user", EX_USAGE, "no-such-user" },
	{ "check-config x y", EX_USAGE, "check-config takes" },
	{ "check-config $d/absent.conf", EX_CONFIG, "absent.conf" },
	{ "check-config --user no-such-user $d/x", EX_USAGE, "no-such-user" },
	{ "wrap", EX_USAGE, "wrap takes" },
	{ "unwrap", EX_USAGE, "unwrap takes" },
	{ "credentials list x", EX_USAGE, "list takes no arguments" },
	{ "credentials expires x", EX_USAGE, "expires takes no arguments" },
	{ "credentials check", EX_USAGE, "check takes" },
	{ "credentials program", EX_USAGE, "program takes one set" },
	{ "credentials verify", EX_USAGE, "verify takes a set" },
	{ "credentials verify 0 both", EX_USAGE, "unknown item \"both\"" },
	{ "credentials adopt", EX_USAGE, "adopt takes a set" },
	{ "credentials adopt --unknown 0", EX_USAGE, "name the items that hold something" },
	{ "credentials adopt --unknown 4 ca", EX_USAGE, "4" },
	{ "credentials adopt --unknown 0 both", EX_USAGE, "unknown item \"both\"" },
	{ "credentials forget-ledger", EX_USAGE, "forget-ledger takes a set, or --all" },
	{ "credentials forget-ledger --all 0", EX_USAGE, "forget-ledger takes a set, or --all" },
	{ "credentials forget-ledger x", EX_USAGE, "x" },
	{ "credentials forget-ledger 0 both", EX_USAGE, "unknown item \"both\"" },
	{ "credentials check x --ca $d/absent.pem", EX_USAGE, "x" },
	{ "credentials check 0 --ca $d/absent.pem", EX_DATAERR, "absent.pem" },
	{ "-c $d/absent.conf credentials check 0", EX_CONFIG, "absent.conf" },
};

/* Words for each command that asks the broker. */
static const char *const asking[] = {
	"status",
	"flows",
	"reload",
	"trace",
	"route a.example 80",
	"module info",
	"module time",
	"module probe",
	"module reset --yes",
	"module resolve a.example",
	"module ping 192.0.2.1",
	"wifi scan",
	"wifi join",
	"wifi leave",
	"credentials list",
	"credentials expires",
	"credentials check gateway",
	"credentials program gateway --yes",
	"credentials verify gateway",
	"credentials adopt gateway",
	"credentials adopt --unknown 0 ca",
	"credentials forget-ledger 0 --yes",
	"credentials forget-ledger --all --yes --module c4:7f:51:00:00:01",
};

/* What stands on standard output; each has more to say than nothing. */
static const char *const telling[] = {
	"help",
	"status",
	"--json status",
	"flows",
	"--json flows",
	"metrics",
	"route a.example 80",
	"module info",
	"--json module info",
	"module resolve a.example",
	"credentials list",
	"--json credentials expires",
};

static const struct result *ctl(const char *words)
{
	return shell(harness_format(h, "d=%s; \"$ctl\" %s", h->directory, words));
}

START_TEST(a_wrong_command_line_is_told_what_would_be_right)
{
	const struct misuse *row = &wrong_lines[_i];
	const struct result *result = ctl(row->words);

	ck_result_status(result, row->status);
	ck_text_has(result->err->str, row->says);
	ck_assert_str_eq(result->out->str, "");
}
END_TEST

START_TEST(the_same_in_json_is_on_standard_output)
{
	const struct result *result = ctl("--json flows x");

	ck_result_status(result, EX_USAGE);
	ck_text_has(result->out->str, "{\"error\":\"flows takes no arguments");
	ck_assert_str_eq(result->err->str, "");
}
END_TEST

START_TEST(without_a_broker_each_command_says_so)
{
	const struct result *result = ctl(asking[_i]);

	ck_result_status(result, EX_UNAVAILABLE);
	ck_text_has(result->err->str, "/nonexistent/eswrapd.sock");
}
END_TEST

START_TEST(an_output_that_is_full_is_told_by_each_command)
{
	const struct result *result;
	guint i;

	operator_start();
	await_ready();
	for (i = 0; i < G_N_ELEMENTS(telling); i++) {
		result = ctl(harness_format(h, "%s >/dev/full", telling[i]));
		ck_assert_msg(result->status == EX_IOERR, "%s: status %d", telling[i],
			      result->status);
		ck_text_has(result->err->str, "standard output cannot be written");
	}
	ck_result_status(ctl("metrics --textfile $d/absent/x"), EX_IOERR);
	ck_result_status(ctl("trace --pcap $d/absent/x"), EX_IOERR);
}
END_TEST

static const struct misuse without_module[] = {
	{ "module resolve 'a b'", EX_USAGE, "that is no host name" },
	{ "credentials adopt absent", EX_USAGE, "absent" },
	{ "credentials verify 0", EX_USAGE, "0" },
	{ "credentials verify 0 key --ca $d/x", EX_USAGE, "no file is named for the key of set 0" },
};

START_TEST(without_a_module_each_command_says_so)
{
	const struct result *result;
	guint i;

	h->device = "unix:/nonexistent/module";
	harness_broker(h, "[route tcp]\nhost = *.example\nthrough = tcp\n");
	for (i = 0; i < G_N_ELEMENTS(without_module); i++) {
		result = ctl(without_module[i].words);
		ck_assert_msg(result->status == without_module[i].status, "%s: status %d: %s",
			      without_module[i].words, result->status, result->err->str);
		ck_text_has(result->err->str, without_module[i].says);
	}
	result = ctl("module info");
	ck_result_status(result, 0);
	ck_text_has(result->out->str, "product   \n");
	ck_result_status(ctl("credentials list"), 0);
}
END_TEST

START_TEST(a_reload_of_a_file_that_is_wrong_changes_nothing_and_says_where)
{
	const struct result *result;

	operator_start();
	ck_result_status(shell(harness_format(h, "echo '[nothing]' >>%s", h->config)), 0);
	result = ctl("reload");
	ck_result_status(result, EX_CONFIG);
	ck_text_has(result->err->str, "[nothing]");
}
END_TEST

static struct process *start_trace(void)
{
	const char *const argv[] = { harness_tool(h, "eswrapctl"), "-s", h->socket, "trace", NULL };
	struct process *trace = process_start(h, "trace", argv, NULL);

	harness_await_log(h, "", "traces the line");
	return trace;
}

START_TEST(a_broker_that_leaves_tells_who_looks_on)
{
	struct process *trace;

	operator_start();
	trace = start_trace();
	process_stop(h->broker);
	ck_assert_int_eq(process_wait(trace), 1);
	ck_text_has(harness_read(h, harness_path(h, "trace.log")), "the broker is leaving");
}
END_TEST

START_TEST(a_broker_that_is_killed_is_missed_by_who_looks_on)
{
	struct process *trace;

	operator_start();
	trace = start_trace();
	process_kill(h->broker);
	ck_assert_int_eq(process_wait(trace), EX_UNAVAILABLE);
	ck_text_has(harness_read(h, harness_path(h, "trace.log")), "the broker went away");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("misuse");
	TCase *lines = tcase_create("lines"), *broker = tcase_create("broker");

	tcase_add_checked_fixture(lines, operator_setup, operator_teardown);
	tcase_set_timeout(lines, HARNESS_DEADLINE_S);
	tcase_add_loop_test(lines, a_wrong_command_line_is_told_what_would_be_right, 0,
			    G_N_ELEMENTS(wrong_lines));
	tcase_add_test(lines, the_same_in_json_is_on_standard_output);
	tcase_add_loop_test(lines, without_a_broker_each_command_says_so, 0, G_N_ELEMENTS(asking));
	suite_add_tcase(suite, lines);
	tcase_add_checked_fixture(broker, operator_setup, operator_teardown);
	tcase_set_timeout(broker, 2 * HARNESS_DEADLINE_S);
	tcase_add_test(broker, an_output_that_is_full_is_told_by_each_command);
	tcase_add_test(broker, without_a_module_each_command_says_so);
	tcase_add_test(broker, a_reload_of_a_file_that_is_wrong_changes_nothing_and_says_where);
	tcase_add_test(broker, a_broker_that_leaves_tells_who_looks_on);
	tcase_add_test(broker, a_broker_that_is_killed_is_missed_by_who_looks_on);
	suite_add_tcase(suite, broker);
	return suite_run(suite);
}
