// SPDX-License-Identifier: MIT
/* eswrap --strict: what does not go through the library does not go, and all else is as before. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/harness.h"
#include "support/server.h"
#include "support/suite.h"

static struct harness *h;
static const char *port;

static void setup(void)
{
	static const struct server echo = { SERVER_ECHO };

	h = harness_new();
	port = harness_format(h, "%u", server_start(h, &echo));
	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	harness_broker(h, "[route tcp]\nhost = *.example\nthrough = tcp\n");
}

static void teardown(void)
{
	harness_free(h);
}

static const char *bypass(void)
{
	return harness_format(h, "%s/tests/e2e/bypass", g_getenv("top_builddir"));
}

/* A shell under eswrap --strict; $1 to $3: bypass, the port, a third word. */
static const struct result *strict_shell(const char *script, const char *word)
{
	const char *socket = harness_format(h, "ESWRAP_SOCKET=%s", h->socket);
	const char *const environment[] = { socket, NULL };
	const struct run how = { .environment = environment };
	const char *const argv[] = { harness_tool(h, "eswrap"),
				     "--strict",
				     "sh",
				     "-c",
				     script,
				     "sh",
				     bypass(),
				     port,
				     word,
				     NULL };

	return harness_run_as(h, &how, argv);
}

static void expect(const struct result *result, const char *out)
{
	ck_result_status(result, 0);
	ck_assert_str_eq(result->out->str, out);
}

START_TEST(no_way_of_a_static_child_leads_to_the_internet)
{
	static const char *const ways[] = { "connect", "connect6", "datagram", "sendto",
					    "sendmsg", "sendmmsg", "fastopen" };
	const struct result *result;
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(ways); i++) {
		result = strict_shell("\"$1\" $3 $2", ways[i]);
		expect(result, harness_format(h, "%d\n", EACCES));
		ck_text_has(result->err->str, "eswrap: bypass to ");
		ck_text_has(result->err->str, harness_format(h, ":%s (process ", port));
		ck_text_has(result->err->str, "not through libeswrap.so, refused (--strict)\n");
	}
}
END_TEST

START_TEST(without_strict_each_of_them_does)
{
	const char *const argv[] = { bypass(), "connect", port, NULL };
	const struct run how = { .wrapped = true };

	expect(harness_run_as(h, &how, argv), "0\n");
}
END_TEST

START_TEST(a_ring_is_refused)
{
	expect(strict_shell("\"$1\" ring 0", ""), harness_format(h, "%d\n", ENOSYS));
}
END_TEST

START_TEST(what_is_no_internet_address_goes_on)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct result *result;

	g_strlcpy(un.sun_path, harness_path(h, "plain.sock"), sizeof(un.sun_path));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	result = strict_shell("\"$1\" unix \"$3\"", un.sun_path);
	expect(result, "0\n");
	ck_assert_str_eq(result->err->str, "");
	close(fd);
}
END_TEST

START_TEST(children_of_another_user_and_environment_are_behind_the_filter)
{
	if (geteuid() == 0)
		expect(strict_shell("setpriv --reuid=65534 --clear-groups env -i \"$1\" connect $2",
				    ""),
		       harness_format(h, "%d\n", EACCES));
	expect(strict_shell("setsid -w env -u LD_PRELOAD \"$1\" connect $2", ""),
	       harness_format(h, "%d\n", EACCES));
}
END_TEST

/* Python's ctypes: functions from libc's own handle, and plain system calls. */
static const char past_the_library[] =
	"import ctypes, os, socket, struct, sys\n"
	"libc = ctypes.CDLL('libc.so.6', use_errno=True)\n"
	"to = struct.pack('=H', 2) + struct.pack('!H', int(sys.argv[1])) + b'\\x7f\\0\\0\\1' + "
	"bytes(8)\n"
	"s = socket.socket()\n"
	"print(libc.connect(s.fileno(), to, 16), ctypes.get_errno())\n"
	"s = socket.socket()\n"
	"s.connect(('127.0.0.1', int(sys.argv[1])))\n"
	"s.sendall(b'x')\n"
	"print(s.recv(1))\n";

START_TEST(functions_from_libcs_own_handle_come_to_the_library)
{
	const char *script = harness_file(h, "past.py", "%s", past_the_library);
	const struct result *result = strict_shell("python3 \"$3\" $2", script);

	expect(result, "0 0\nb'x'\n");
	ck_text_lacks(result->err->str, "eswrap: python3");
}
END_TEST

static const char through_the_library[] =
	"import socket, sys\n"
	"port = int(sys.argv[1])\n"
	"for host in 'localhost', 'a.example':\n"
	"    s = socket.create_connection((host, port))\n"
	"    s.sendall(b'x')\n"
	"    print(s.recv(1))\n"
	"a = socket.socket(type=socket.SOCK_DGRAM)\n"
	"a.bind(('127.0.0.1', 0))\n"
	"b = socket.socket(type=socket.SOCK_DGRAM)\n"
	"b.sendto(b'one', a.getsockname())\n"
	"b.sendmsg([b'two'], [], 0, a.getsockname())\n"
	"b.connect(a.getsockname())\n"
	"b.send(b'three')\n"
	"print(a.recv(9), a.recv(9), a.recv(9))\n"
	/* libc's own resolver asks the name server of resolv.conf, and sorts what it gets. */
	"try:\n"
	"    socket.getaddrinfo('nowhere.invalid', 80)\n"
	"except OSError as e:\n"
	"    print('no name')\n";

START_TEST(all_that_goes_through_the_library_is_as_before)
{
	const char *script = harness_file(h, "through.py", "%s", through_the_library);
	const struct result *result = strict_shell("python3 \"$3\" $2", script);

	expect(result, "b'x'\nb'x'\nb'one' b'two' b'three'\nno name\n");
	ck_assert_str_eq(result->err->str, "");
}
END_TEST

START_TEST(a_call_that_is_repeated_is_told_of_once)
{
	const struct result *result =
		strict_shell("for i in 1 2 3 4 5; do \"$1\" connect $2; done", "");

	ck_result_status(result, 0);
	ck_assert_ptr_eq(strchr(result->err->str, '\n'), result->err->str + result->err->len - 1);
}
END_TEST

START_TEST(strict_within_strict_is_one_filter)
{
	const char *script = harness_format(h, "'%s' --strict sh -c '\"$0\" connect $1' \"$1\" $2",
					    harness_tool(h, "eswrap"));

	expect(strict_shell(script, ""), harness_format(h, "%d\n", EACCES));
}
END_TEST

START_TEST(the_supervisor_ends_with_the_last_process)
{
	/* Its standard error is ours: at its end we know that nobody has it any more. */
	const struct result *result = strict_shell("kill -TERM $$", "");

	ck_result_status(result, 128 + 15);
	ck_assert_str_eq(result->err->str, "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("strict");
	TCase *past = tcase_create("past"), *through = tcase_create("through");

	tcase_add_checked_fixture(past, setup, teardown);
	tcase_set_timeout(past, 2 * HARNESS_DEADLINE_S);
	tcase_add_test(past, no_way_of_a_static_child_leads_to_the_internet);
	tcase_add_test(past, without_strict_each_of_them_does);
	tcase_add_test(past, a_ring_is_refused);
	tcase_add_test(past, children_of_another_user_and_environment_are_behind_the_filter);
	tcase_add_test(past, functions_from_libcs_own_handle_come_to_the_library);
	tcase_add_test(past, a_call_that_is_repeated_is_told_of_once);
	tcase_add_test(past, strict_within_strict_is_one_filter);
	tcase_add_checked_fixture(through, setup, teardown);
	tcase_set_timeout(through, 2 * HARNESS_DEADLINE_S);
	tcase_add_test(through, what_is_no_internet_address_goes_on);
	tcase_add_test(through, all_that_goes_through_the_library_is_as_before);
	tcase_add_test(through, the_supervisor_ends_with_the_last_process);
	suite_add_tcase(suite, past);
	suite_add_tcase(suite, through);
	return suite_run(suite);
}
