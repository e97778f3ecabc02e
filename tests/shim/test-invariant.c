// SPDX-License-Identifier: MIT
/* What the shim never does, whatever the program: shim.h's theory of operation. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "eswrap/wire.h"
#include "shim/stage.h"
#include "support/raw.h"
#include "support/suite.h"
#include "wire/name.h"

#define LOOPBACK "127.0.0.1"

static const char *port(guint16 number)
{
	return harness_format(stage.h, "%u", number);
}

/* The system calls between the two marks of a claim, one name a line. */
static const char *calls_of(bool wrapped, const char *claim, guint16 third)
{
	const char *trace = harness_path(stage.h, wrapped ? "wrapped.calls" : "native.calls");
	const char *preload = harness_format(stage.h, "LD_PRELOAD=%s", harness_shim(stage.h));
	const char *const argv[] = { "strace",
				     "-f",
				     "-o",
				     trace,
				     "-E",
				     wrapped ? preload : "LANG=C",
				     stage_claims(),
				     claim,
				     LOOPBACK,
				     port(stage.unflagged),
				     port(stage.unflagged_udp),
				     port(third),
				     NULL };
	const char *environment[] = {
		harness_format(stage.h, "%s=%s", ESWRAP_SOCKET_ENV, stage.h->socket), NULL
	};
	const struct run how = { .environment = environment };
	GString *names = g_string_new(NULL);
	bool between = false;
	char *text, **lines, **line;

	ck_result_status(harness_run_as(stage.h, &how, argv), 0);
	ck_assert(g_file_get_contents(trace, &text, NULL, NULL));
	lines = g_strsplit(text, "\n", 0);
	for (line = lines; *line; line++) {
		const char *call = strchr(*line, ' ');
		const char *end = call ? strchr(call, '(') : NULL;

		if (!end || end == call)
			continue;
		call += strspn(call, " ");
		if (g_str_has_prefix(call, "getpgid("))
			between = !between;
		else if (between)
			g_string_append_printf(names, "%.*s\n", (int)(end - call), call);
	}
	g_strfreev(lines);
	g_free(text);
	text = (char *)harness_format(stage.h, "%s", names->str);
	g_string_free(names, TRUE);
	return text;
}

START_TEST(calls_that_are_none_of_ours_make_no_system_call_more)
{
	const char *native = calls_of(false, "unflagged_calls", 9);

	ck_text_has(native, "connect\n");
	ck_text_has(native, "sendto\n");
	ck_assert_str_eq(calls_of(true, "unflagged_calls", 9), native);
}
END_TEST

START_TEST(nor_do_they_beside_a_flow)
{
	const char *native = calls_of(false, "unflagged_calls_beside_a_flow", stage.echo);
	const char *wrapped = calls_of(true, "unflagged_calls_beside_a_flow", stage.echo);

	ck_assert_str_eq(wrapped, native);
}
END_TEST

START_TEST(where_there_is_no_flow_bad_pointers_are_efault)
{
	const struct result *native =
		stage_run(false, "bad_pointers", LOOPBACK, stage.unflagged, -1);
	const struct result *wrapped =
		stage_run(true, "bad_pointers", LOOPBACK, stage.unflagged, -1);

	ck_text_has(native->out->str, "EFAULT");
	ck_result_status(wrapped, 0);
	ck_assert_str_eq(wrapped->out->str, native->out->str);
}
END_TEST

START_TEST(a_filter_that_allows_only_what_libc_would_call_lets_direct_connects_live)
{
	const struct result *result =
		stage_run(true, "filtered", LOOPBACK, stage.unflagged, stage.unflagged_udp, -1);

	ck_result_status(result, 0);
	ck_assert_str_eq(result->out->str, "good\n");
}
END_TEST

START_TEST(without_a_descriptor_left_direct_works_and_flagged_says_emfile)
{
	const struct result *result =
		stage_run(true, "no_descriptor_left", LOOPBACK, stage.unflagged, stage.echo, -1);

	ck_result_status(result, 0);
	ck_assert_str_eq(result->out->str, "unflagged: 0\nflagged: -1 EMFILE\n");
	ck_text_lacks(result->err->str, "start eswrapd");
}
END_TEST

/* As a unit with RestrictAddressFamilies=AF_INET: the second socket is the library's. */
START_TEST(without_af_unix_what_is_missing_is_said)
{
	const char *preload = harness_format(stage.h, "LD_PRELOAD=%s", harness_shim(stage.h));
	const char *environment[] = {
		harness_format(stage.h, "%s=%s", ESWRAP_SOCKET_ENV, stage.h->socket), NULL
	};
	const char *const argv[] = {
		"strace",    "-qqf",   "-o",
		"/dev/null", "-e",     "inject=socket:error=EAFNOSUPPORT:when=2+",
		"-E",	     preload,  stage_claims(),
		"blocking",  LOOPBACK, port(stage.echo),
		NULL
	};
	const struct run how = { .environment = environment };
	const struct result *result = harness_run_as(stage.h, &how, argv);

	ck_text_has(result->out->str, "connect: -1 ENETDOWN");
	ck_text_has(result->err->str, "add AF_UNIX to RestrictAddressFamilies=");
}
END_TEST

START_TEST(a_chroot_hides_neither_the_policy_nor_the_broker)
{
	const struct result *result =
		stage_run(true, "in_a_chroot", LOOPBACK, stage.unflagged, stage.echo, -1);

	ck_result_status(result, 0);
	ck_assert_str_eq(result->out->str, "unflagged: ping\nflagged: ping\n");
}
END_TEST

/* A control socket of the test's own. */
static int listen_here(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, harness_path(stage.h, "own-socket"));
	unlink(address.sun_path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	return fd;
}

/* Answers a question: this is your flow. It is connected at once. */
static void grant(int control, const struct eswrap_request *request, int own)
{
	struct eswrap_reply reply = { .magic = ESWRAP_MAGIC, .verdict = ESWRAP_GRANTED };
	char ancillary[CMSG_SPACE(sizeof(int))] = "";
	struct iovec part = { .iov_base = &reply, .iov_len = sizeof(reply) };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = ancillary,
				  .msg_controllen = sizeof(ancillary) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	struct eswrap_name name = { .kind = ESWRAP_NAME_FLOW,
				    .id = 0x7e57,
				    .type = SOCK_STREAM,
				    .family = AF_INET,
				    .endpoint = request->dest };
	struct sockaddr_un address;
	socklen_t len = eswrap_name_format(&name, &address);

	ck_assert_int_eq(bind(own, (struct sockaddr *)&address, len), 0);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(own));
	memcpy(CMSG_DATA(header), &own, sizeof(own));
	ck_assert_int_eq(sendmsg(control, &message, MSG_NOSIGNAL), sizeof(reply));
	close(own);
}

/*
 * Runs a claim whose number is taken by something else between the question and the answer.
 * Return: what it says; the flow was dropped by then.
 */
static const char *take_meanwhile(const char *claim, const char *const *expected)
{
	int listener = listen_here(), control, pair[2];
	const char *const argv[] = { stage_claims(), claim, LOOPBACK, port(stage.echo), NULL };
	const char *environment[] = {
		harness_format(stage.h, "LD_PRELOAD=%s", harness_shim(stage.h)),
		harness_format(stage.h, "%s=%s", ESWRAP_SOCKET_ENV,
			       harness_path(stage.h, "own-socket")),
		NULL,
	};
	struct process *process = process_start(stage.h, claim, argv, environment);
	struct eswrap_request request;
	char byte;

	control = accept(listener, NULL, NULL);
	ck_assert_int_eq(recv(control, &request, sizeof(request), 0), sizeof(request));
	kill(process_pid(process), SIGUSR1);
	process_await_line(process, "taken");
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	grant(control, &request, pair[1]);
	for (; *expected; expected++)
		ck_assert_str_eq(process_await_line(process, ""), *expected);
	ck_assert_int_eq(process_wait(process), 0);
	ck_assert_int_eq(read(pair[0], &byte, 1), 0);
	close(pair[0]);
	close(control);
	close(listener);
	return NULL;
}

START_TEST(a_file_that_has_got_the_number_is_left_alone)
{
	static const char *const expected[] = { "connect: EBADF", "the number is what it was made",
						"the other is what it was", NULL };

	take_meanwhile("file_takes_the_number", expected);
}
END_TEST

START_TEST(a_socket_that_has_got_the_number_is_left_alone)
{
	static const char *const expected[] = { "connect: EBADF", "the number is what it was made",
						"the other is what it was", NULL };

	take_meanwhile("socket_takes_the_number", expected);
}
END_TEST

START_TEST(a_number_that_was_closed_stays_free)
{
	static const char *const expected[] = { "connect: EBADF", "the number is free", NULL };

	take_meanwhile("nothing_takes_the_number", expected);
}
END_TEST

START_TEST(duplicates_follow_and_nothing_else)
{
	stage_same("duplicates_follow", LOOPBACK, stage.echo, -1);
}
END_TEST

START_TEST(duplicates_follow_however_they_were_made)
{
	stage_same("duplicates_follow_however_made", LOOPBACK, stage.echo, -1);
}
END_TEST

START_TEST(duplicates_that_were_inherited_follow)
{
	stage_same("duplicates_follow_after_an_exec", LOOPBACK, stage.echo, -1);
}
END_TEST

START_TEST(what_else_is_open_costs_no_system_call)
{
	const char *calls = calls_of(true, "connects_among_many", stage.echo);
	size_t lines = 0;

	ck_text_has(calls, "dup3\n");
	for (; *calls; calls++)
		lines += *calls == '\n';
	ck_assert_msg(lines < 400, "%zu system calls", lines);
}
END_TEST

START_TEST(a_duplicate_in_a_child_costs_the_parent_nothing_of_its_own)
{
	stage_same("duplicate_in_a_child", LOOPBACK, stage.echo, -1);
}
END_TEST

START_TEST(every_flag_of_a_registration_reads_the_same)
{
	stage_same("registrations_read_the_same", LOOPBACK, stage.echo, -1);
}
END_TEST

START_TEST(registrations_keep_their_flags)
{
	stage_same("registrations_keep_their_flags", LOOPBACK, stage.echo, -1);
}
END_TEST

START_TEST(a_disarmed_registration_stays_disarmed)
{
	stage_same("disarmed_stays_disarmed", LOOPBACK, stage.echo, -1);
}
END_TEST

START_TEST(a_disarmed_registration_can_be_deleted)
{
	stage_same("disarmed_can_be_deleted", LOOPBACK, stage.echo, -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("invariant");
	TCase *calls = tcase_create("system calls");
	TCase *replacement = tcase_create("replacement");
	TCase *cases[] = { calls, replacement };
	size_t i;

	tcase_add_test(calls, calls_that_are_none_of_ours_make_no_system_call_more);
	tcase_add_test(calls, nor_do_they_beside_a_flow);
	tcase_add_test(calls, where_there_is_no_flow_bad_pointers_are_efault);
	tcase_add_test(calls,
		       a_filter_that_allows_only_what_libc_would_call_lets_direct_connects_live);
	tcase_add_test(calls, without_a_descriptor_left_direct_works_and_flagged_says_emfile);
	tcase_add_test(calls, without_af_unix_what_is_missing_is_said);
	tcase_add_test(calls, a_chroot_hides_neither_the_policy_nor_the_broker);
	tcase_add_test(replacement, a_file_that_has_got_the_number_is_left_alone);
	tcase_add_test(replacement, a_socket_that_has_got_the_number_is_left_alone);
	tcase_add_test(replacement, a_number_that_was_closed_stays_free);
	tcase_add_test(replacement, duplicates_follow_and_nothing_else);
	tcase_add_test(replacement, duplicates_follow_however_they_were_made);
	tcase_add_test(replacement, duplicates_that_were_inherited_follow);
	tcase_add_test(replacement, what_else_is_open_costs_no_system_call);
	tcase_add_test(replacement, a_duplicate_in_a_child_costs_the_parent_nothing_of_its_own);
	tcase_add_test(replacement, every_flag_of_a_registration_reads_the_same);
	tcase_add_test(replacement, registrations_keep_their_flags);
	tcase_add_test(replacement, a_disarmed_registration_stays_disarmed);
	tcase_add_test(replacement, a_disarmed_registration_can_be_deleted);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tcase_set_timeout(cases[i], 2 * HARNESS_DEADLINE_S);
		tcase_add_unchecked_fixture(cases[i], stage_set_up, stage_tear_down);
		suite_add_tcase(suite, cases[i]);
	}
	return suite_run(suite);
}
