// SPDX-License-Identifier: MIT
/* The shim without a broker, or with one that does not behave. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "eswrap/wire.h"
#include "shim/stage.h"
#include "support/suite.h"

#define LOOPBACK "127.0.0.1"

#define NOBODY 65534

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

/* Runs a claim under the shim with a control socket of our choice and one more variable. */
static const struct result *run(const char *socket, const char *variable, const char *claim,
				const char *address, guint16 port)
{
	const char *environment[] = {
		harness_format(h, "LD_PRELOAD=%s", harness_shim(h)),
		harness_format(h, "%s=%s", ESWRAP_SOCKET_ENV, socket),
		variable,
		NULL,
	};
	const struct run how = { .environment = environment };
	const char *const argv[] = { stage_claims(),
				     claim,
				     address,
				     harness_format(h, "%u", port),
				     harness_format(h, "%u", port),
				     NULL };

	return harness_run_as(h, &how, argv);
}

static const char *no_socket(void)
{
	return harness_path(h, "no-such-socket");
}

static guint16 echo_server(void)
{
	return server_start(h, &(struct server){ .kind = SERVER_ECHO });
}

static guint count_lines(const char *text)
{
	guint lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

START_TEST(without_a_broker_connect_is_enetdown_and_one_line)
{
	const struct result *result = run(no_socket(), NULL, "refused", LOOPBACK, echo_server());

	ck_result_status(result, 0);
	ck_assert_str_eq(result->out->str, "connect: -1 ENETDOWN\nSO_ERROR 0\n");
	ck_text_has(result->err->str, no_socket());
	ck_text_has(result->err->str, "No such file or directory");
	ck_text_has(result->err->str, "eswrapd");
	ck_assert_uint_eq(count_lines(result->err->str), 1);
	/* Eight more connects do not say it again. */
	result = run(no_socket(), NULL, "connect_again_after_failure", LOOPBACK, echo_server());
	ck_assert_uint_eq(count_lines(result->err->str), 1);
}
END_TEST

START_TEST(without_a_broker_no_name_is_looked_up)
{
	const struct result *result = run(no_socket(), NULL, "look_up", "device.example", 0);

	ck_result_status(result, 0);
	ck_assert_str_eq(result->out->str, "look-up: EAI_AGAIN\n");
	ck_assert_uint_eq(count_lines(result->err->str), 1);
}
END_TEST

START_TEST(localhost_and_addresses_are_libcs_own)
{
	const struct result *native = harness_run(h, stage_claims(), "getaddrinfo_native", NULL);
	const struct result *result = run(no_socket(), NULL, "getaddrinfo_native", "-", 0);

	ck_result_status(native, 0);
	ck_result_status(result, 0);
	ck_assert_str_eq(result->out->str, native->out->str);
	ck_assert_str_eq(result->err->str, "");
}
END_TEST

START_TEST(fallback_direct_goes_without_a_broker)
{
	const struct result *result = run(no_socket(), ESWRAP_FALLBACK_ENV "=direct", "blocking",
					  LOOPBACK, echo_server());

	ck_result_status(result, 0);
	ck_assert_str_eq(result->out->str, "connect: 0\nback: ping\n");
	ck_assert_str_eq(result->err->str, "");
}
END_TEST

START_TEST(any_other_fallback_is_none)
{
	const struct result *result =
		run(no_socket(), ESWRAP_FALLBACK_ENV "=Direct", "refused", LOOPBACK, echo_server());

	ck_assert_str_eq(result->out->str, "connect: -1 ENETDOWN\nSO_ERROR 0\n");
}
END_TEST

START_TEST(a_socket_path_that_does_not_fit_is_named)
{
	char *path = g_strnfill(sizeof(((struct sockaddr_un *)NULL)->sun_path), 'x');
	const struct result *result = run(path, NULL, "refused", LOOPBACK, echo_server());

	ck_assert_str_eq(result->out->str, "connect: -1 ENETDOWN\nSO_ERROR 0\n");
	ck_text_has(result->err->str, ESWRAP_SOCKET_ENV);
	g_free(path);
}
END_TEST

START_TEST(a_route_name_that_does_not_fit_is_named)
{
	char *name = g_strnfill(ESWRAP_ROUTE_MAX + 1, 'r');
	const char *variable = harness_format(h, "%s=%s", ESWRAP_ROUTE_ENV, name);
	const struct result *result =
		run(no_socket(), variable, "refused", LOOPBACK, echo_server());

	ck_assert_str_eq(result->out->str, "connect: -1 ENETDOWN\nSO_ERROR 0\n");
	ck_text_has(result->err->str, ESWRAP_ROUTE_ENV);
	g_free(name);
}
END_TEST

/* A control socket that listens; @accepted gets the first connection when it is not NULL. */
static const char *listen_at(const char *name, int *listener)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = harness_path(h, name);

	strcpy(address.sun_path, path);
	*listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(*listener, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(*listener, 8), 0);
	return path;
}

START_TEST(a_stopped_broker_is_enetdown_and_no_hang)
{
	int listener;
	const char *path = listen_at("stopped", &listener);
	gint64 begin = g_get_monotonic_time();
	const struct result *result = run(path, NULL, "refused", LOOPBACK, echo_server());

	ck_assert_str_eq(result->out->str, "connect: -1 ENETDOWN\nSO_ERROR 0\n");
	ck_text_has(result->err->str, "timed out");
	ck_assert_int_lt(g_get_monotonic_time() - begin, 10 * G_TIME_SPAN_SECOND);
	close(listener);
}
END_TEST

/* Answers one request in a process of its own: with nothing, or with @size bytes of @reply. */
static void answer_once(int listener, const void *reply, size_t size)
{
	struct eswrap_request request;
	pid_t pid = fork();
	int fd;

	ck_assert_int_ge(pid, 0);
	if (pid)
		return;
	fd = accept(listener, NULL, NULL);
	if (recv(fd, &request, sizeof(request), 0) == sizeof(request) && reply &&
	    send(fd, reply, size, MSG_NOSIGNAL) < 0)
		_exit(1);
	_exit(0);
}

static void check_misbehaviour(const void *reply, size_t size, const char *why)
{
	static int count;
	int listener;
	const char *path = listen_at(harness_format(h, "odd-%d", count++), &listener);
	const struct result *result;

	answer_once(listener, reply, size);
	result = run(path, NULL, "refused", LOOPBACK, echo_server());
	ck_assert_str_eq(result->out->str, "connect: -1 ENETDOWN\nSO_ERROR 0\n");
	ck_text_has(result->err->str, why);
	close(listener);
}

START_TEST(a_broker_that_says_nothing_or_nonsense_is_enetdown)
{
	const struct eswrap_reply direct = { .magic = ESWRAP_MAGIC, .verdict = ESWRAP_DIRECT };
	struct eswrap_reply other = direct;

	check_misbehaviour(NULL, 0, "reset");
	check_misbehaviour(&direct, sizeof(direct) - 1, "rotocol");
	other.magic++;
	check_misbehaviour(&other, sizeof(other), "rotocol");
}
END_TEST

START_TEST(a_grant_without_a_descriptor_is_an_error)
{
	const struct eswrap_reply granted = { .magic = ESWRAP_MAGIC, .verdict = ESWRAP_GRANTED };
	int listener;
	const char *path = listen_at("empty-handed", &listener);

	answer_once(listener, &granted, sizeof(granted));
	ck_assert_str_eq(run(path, NULL, "refused", LOOPBACK, echo_server())->out->str,
			 "connect: -1 EPROTO\nSO_ERROR 0\n");
	close(listener);
}
END_TEST

START_TEST(a_refusal_is_the_brokers_errno)
{
	const struct eswrap_reply refusal = { .magic = ESWRAP_MAGIC,
					      .verdict = ESWRAP_REFUSED,
					      .error = EACCES };
	int listener;
	const char *path = listen_at("refuses", &listener);

	answer_once(listener, &refusal, sizeof(refusal));
	ck_assert_str_eq(run(path, NULL, "refused", LOOPBACK, echo_server())->out->str,
			 "connect: -1 EACCES\nSO_ERROR 0\n");
	close(listener);
}
END_TEST

/* Standard error may be a connection to somebody: nothing is written into it. */
START_TEST(nothing_is_said_into_a_connection)
{
	const char *environment[] = {
		harness_format(h, "LD_PRELOAD=%s", harness_shim(h)),
		harness_format(h, "%s=%s", ESWRAP_SOCKET_ENV, no_socket()),
		NULL,
	};
	const struct run how = { .environment = environment };
	const char *const argv[] = { stage_claims(), "closed_standard_descriptors", LOOPBACK, "9",
				     NULL };
	const struct result *result = harness_run_as(h, &how, argv);

	ck_text_has(result->out->str, "connect: -1 ENETDOWN");
	ck_assert_str_eq(result->err->str, "");
}
END_TEST

START_TEST(nothing_is_said_into_a_data_file_that_has_got_the_number_2)
{
	const struct result *result =
		run(no_socket(), NULL, "standard_error_is_a_file", LOOPBACK, 9);

	ck_assert_str_eq(result->out->str, "connect: -1 ENETDOWN\n0 bytes\n");
	ck_assert_str_eq(result->err->str, "");
}
END_TEST

/* What strangers have put where the control socket should be. */
START_TEST(a_broker_of_a_stranger_is_not_believed)
{
	const struct eswrap_reply direct = { .magic = ESWRAP_MAGIC, .verdict = ESWRAP_DIRECT };
	const char *path = harness_path(h, "strange");
	const struct result *result;
	int listener, ready[2];
	char byte;
	pid_t pid;

	/* Only root can be somebody else. */
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chmod(h->directory, 0777), 0);
	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (setuid(NOBODY) != 0)
			_exit(1);
		listen_at("strange", &listener);
		answer_once(listener, &direct, sizeof(direct));
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	result = run(path, NULL, "refused", LOOPBACK, echo_server());
	ck_assert_str_eq(result->out->str, "connect: -1 ENETDOWN\nSO_ERROR 0\n");
	ck_text_has(result->err->str, "neither root nor the owner");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
END_TEST

START_TEST(the_shim_needs_libc_and_the_loader_only)
{
	const struct result *result = harness_run(h, "readelf", "-dW", harness_shim(h), NULL);
	const char *needed = result->out->str;
	guint count = 0;

	ck_result_status(result, 0);
	while ((needed = strstr(needed, "(NEEDED)"))) {
		count++;
		ck_text_has(needed, "[libc.so.6]");
		needed++;
	}
	ck_assert_uint_eq(count, 1);
	ck_text_has(result->out->str, "BIND_NOW");
}
END_TEST

/* One LD_PRELOAD for the programs of all machines: the loader puts the directory of its own in. */
#ifndef TESTS_COVERAGE_H
/* One page more costs every exec 5 us (tests/bench/exec-cost): what is never written is const. */
#define PAGE	    4096u
#define PAGES_MAX   2u
#define FIRST(type) g_strstr_len(text, -1, "\n  " type " ")

START_TEST(the_shims_own_data_takes_two_pages)
{
	const struct result *result = harness_run(h, "readelf", "-lW", harness_shim(h), NULL);
	const char *text = result->out->str, *line = text, *data = NULL;
	unsigned long at, size, begin = 0, end = 0;

	ck_result_status(result, 0);
	/* The last segment that is loaded is the one that is written; what GNU_RELRO has is not. */
	while ((line = strstr(line, "\n  LOAD ")))
		data = line++;
	ck_assert_ptr_nonnull(data);
	ck_assert_int_eq(sscanf(data, " LOAD %*x %lx %*x %*x %lx RW", &at, &size), 2);
	end = at + size;
	ck_assert_int_eq(sscanf(FIRST("GNU_RELRO"), " GNU_RELRO %*x %lx %*x %*x %lx", &at, &size),
			 2);
	begin = at + size;
	ck_assert_uint_eq(begin % PAGE, 0);
	ck_assert_uint_gt(end, begin);
	ck_assert_uint_le((end - begin + PAGE - 1) / PAGE, PAGES_MAX);
}
END_TEST
#endif

START_TEST(lib_in_ld_preload_finds_the_machines_own)
{
	const struct result *machine = harness_run(h, "gcc", "-print-multiarch", NULL);
	const char *triplet = g_strchomp(machine->out->str);
	const char *environment[] = {
		harness_format(h, "LD_PRELOAD=%s/$LIB/libeswrap.so", h->directory),
		harness_format(h, "%s=%s", ESWRAP_SOCKET_ENV, no_socket()), NULL
	};
	const struct run how = { .environment = environment };
	const char *const argv[] = { stage_claims(), "refused", LOOPBACK, "9", "9", NULL };
	const struct result *result;

	ck_result_status(harness_run(h, "sh", "-c",
				     harness_format(h, "mkdir -p lib/%s && ln -s %s lib/%s/",
						    triplet, harness_shim(h), triplet),
				     NULL),
			 0);
	result = harness_run_as(h, &how, argv);
	ck_assert_str_eq(result->out->str, "connect: -1 ENETDOWN\nSO_ERROR 0\n");
}
END_TEST

/* A second library of ours in every program: what it exports is what it wraps. */
START_TEST(the_shim_exports_what_it_wraps_and_nothing_else)
{
	static const char *const wrapped[] = {
		"dup",
		"dup2",
		"dup3",
		"fcntl",
		"fcntl64",
		"connect",
		"getsockname",
		"getpeername",
		"getsockopt",
		"setsockopt",
		"read",
		"readv",
		"recv",
		"recvfrom",
		"recvmsg",
		"recvmmsg",
		"epoll_ctl",
		"socket",
		"bind",
		"listen",
		"ioctl",
		"seccomp_load",
		"seccomp_rule_add",
		"seccomp_rule_add_array",
		"seccomp_rule_add_exact",
		"seccomp_rule_add_exact_array",
		"dlopen",
		"dlmopen",
		"dlsym",
		"__asan_default_options",
		"write",
		"writev",
		"send",
		"sendto",
		"sendmsg",
		"sendmmsg",
		"__read_chk",
		"__recv_chk",
		"__recvfrom_chk",
		"getaddrinfo",
		"getnameinfo",
		"gethostbyname",
		"gethostbyname2",
		"gethostbyaddr",
		"gethostbyname_r",
		"gethostbyname2_r",
		"gethostbyaddr_r",
		"getaddrinfo_a",
		"gai_suspend",
		"gai_cancel",
		"res_query",
		"res_search",
		"res_querydomain",
		"res_nquery",
		"res_nsearch",
		"res_nquerydomain",
		"res_send",
		"res_nsend",
		"__res_send",
		"__res_nsend",
		"__res_query",
		"__res_search",
		"__res_querydomain",
		"__res_nquery",
		"__res_nsearch",
		"__res_nquerydomain",
	};
	const struct result *result =
		harness_run(h, "nm", "-D", "--defined-only", harness_shim(h), NULL);
	size_t i;

	ck_result_status(result, 0);
	for (i = 0; i < sizeof(wrapped) / sizeof(wrapped[0]); i++)
		ck_text_has(result->out->str, harness_format(h, " T %s\n", wrapped[i]));
#if __SIZEOF_POINTER__ == 8
	ck_assert_uint_eq(count_lines(result->out->str), sizeof(wrapped) / sizeof(wrapped[0]));
#endif
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alone");
	TCase *alone = tcase_create("without a broker");
	TCase *odd = tcase_create("with an odd broker");
	TCase *library = tcase_create("the library");
	TCase *cases[] = { alone, odd, library };
	size_t i;

	tcase_add_test(alone, without_a_broker_connect_is_enetdown_and_one_line);
	tcase_add_test(alone, without_a_broker_no_name_is_looked_up);
	tcase_add_test(alone, localhost_and_addresses_are_libcs_own);
	tcase_add_test(alone, fallback_direct_goes_without_a_broker);
	tcase_add_test(alone, any_other_fallback_is_none);
	tcase_add_test(alone, a_socket_path_that_does_not_fit_is_named);
	tcase_add_test(alone, a_route_name_that_does_not_fit_is_named);
	tcase_add_test(alone, nothing_is_said_into_a_connection);
	tcase_add_test(alone, nothing_is_said_into_a_data_file_that_has_got_the_number_2);
	tcase_add_test(odd, a_broker_of_a_stranger_is_not_believed);
	tcase_add_test(odd, a_stopped_broker_is_enetdown_and_no_hang);
	tcase_add_test(odd, a_broker_that_says_nothing_or_nonsense_is_enetdown);
	tcase_add_test(odd, a_grant_without_a_descriptor_is_an_error);
	tcase_add_test(odd, a_refusal_is_the_brokers_errno);
	tcase_add_test(library, the_shim_needs_libc_and_the_loader_only);
#ifndef TESTS_COVERAGE_H
	tcase_add_test(library, the_shims_own_data_takes_two_pages);
#endif
	tcase_add_test(library, lib_in_ld_preload_finds_the_machines_own);
	tcase_add_test(library, the_shim_exports_what_it_wraps_and_nothing_else);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tcase_set_timeout(cases[i], 2 * HARNESS_DEADLINE_S);
		tcase_add_checked_fixture(cases[i], set_up, tear_down);
		suite_add_tcase(suite, cases[i]);
	}
	return suite_run(suite);
}
