// SPDX-License-Identifier: MIT
/*
 * The whole path: real programs, the shim, the broker, the simulated module, real servers; and what
 * a program sees of each thing that can go wrong on it.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "e2e/nginx.h"
#include "support/harness.h"
#include "support/server.h"
#include "support/suite.h"

#define THREE_MB (3 * 1024 * 1024)

/* Sets 0 to 2 as the tests below burn them: complete, with a foreign root, without a key. */
static const char *const configuration = "[credentials device]\nset = 0\n\n"
					 "[credentials foreign]\nset = 1\n\n"
					 "[credentials keyless]\nset = 2\n\n"
					 "[route foreign]\nhost = foreign.example\n"
					 "through = tls\ncredentials = foreign\n\n"
					 "[route keyless]\nhost = keyless.example\n"
					 "through = tls\ncredentials = keyless\n\n"
					 "[route plain]\nhost = plain.example\nthrough = tcp\n\n"
					 "[route tls]\nhost = *.example\nthrough = tls\n"
					 "verify = required\ncredentials = device\n\n"
					 "[default]\nthrough = refuse\n";

/* The simulated module with all sets burnt, and a broker. */
static struct harness *path_new_as(const char *profile)
{
	struct harness *h = harness_new();

	harness_fake(h, "--resolve", "server.example=127.0.0.1", "--resolve",
		     "plain.example=127.0.0.1", "--resolve", "foreign.example=127.0.0.1",
		     "--resolve", "keyless.example=127.0.0.1", profile ? "--as" : NULL, profile,
		     NULL);
	harness_burn(h, 0, "ca.pem", "device.pem", "device.key");
	harness_burn(h, 1, "other-ca.pem", "device.pem", "device.key");
	harness_burn(h, 2, "ca.pem", "device.pem", NULL);
	harness_broker(h, "%s", configuration);
	return h;
}

static struct harness *path_new(void)
{
	return path_new_as(NULL);
}

static const struct result *curl(struct harness *h, const char *host, guint16 port,
				 const char *path)
{
	return harness_run_wrapped(h, "curl", "-sS",
				   harness_format(h, "http://%s:%u%s", host, port, path), NULL);
}

/* What Python's socket module says of one connect, as "NAME ERRNO" or "connected". */
static const struct result *python_connect(struct harness *h, const char *host, guint16 port)
{
	static const char program[] = "import socket, sys\n"
				      "try:\n"
				      "    socket.create_connection((sys.argv[1], sys.argv[2]))\n"
				      "    print('connected')\n"
				      "except OSError as e:\n"
				      "    print(type(e).__name__, e.errno)\n";

	return harness_run_wrapped(h, "python3", "-c", program, host, harness_format(h, "%u", port),
				   NULL);
}

/* A file of the pattern in @directory. */
static const char *pattern_file(struct harness *h, const char *directory, gsize size)
{
	const char *path = harness_format(h, "%s/pattern", directory);
	char *data = g_malloc(size);
	gsize i;

	for (i = 0; i < size; i++)
		data[i] = (char)server_pattern(i);
	ck_assert(g_file_set_contents(path, data, (gssize)size, NULL));
	g_free(data);
	return path;
}

static void assert_same_files(struct harness *h, const char *one, const char *other)
{
	ck_result_status(harness_run(h, "cmp", one, other, NULL), 0);
}

START_TEST(curl_speaks_plain_http_and_the_server_sees_the_modules_certificate)
{
	struct harness *h = path_new();
	struct nginx nginx = nginx_start(h);
	const struct result *result = curl(h, "server.example", nginx.tls, "/subject");

	ck_result_status(result, 0);
	ck_assert_str_eq(result->out->str, "CN=device-0001,O=eswrap tests\n");
	harness_free(h);
}
END_TEST

START_TEST(python_urllib_speaks_through_the_module_too)
{
	struct harness *h = path_new();
	struct nginx nginx = nginx_start(h);
	const struct result *result = harness_run_wrapped(
		h, "python3", "-c",
		"import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read().decode())",
		harness_format(h, "http://server.example:%u/subject", nginx.tls), NULL);

	ck_result_status(result, 0);
	ck_text_has(result->out->str, "CN=device-0001");
	harness_free(h);
}
END_TEST

START_TEST(three_megabytes_come_down_through_tls_as_they_are)
{
	struct harness *h = path_new();
	struct nginx nginx = nginx_start(h);
	const char *file = pattern_file(h, nginx.www, THREE_MB), *copy = harness_path(h, "copy");
	const struct result *result = harness_run_wrapped(
		h, "curl", "-sSf", "-o", copy,
		harness_format(h, "http://server.example:%u/pattern", nginx.tls), NULL);

	ck_result_status(result, 0);
	assert_same_files(h, file, copy);
	harness_free(h);
}
END_TEST

START_TEST(three_megabytes_go_up_through_tls_as_they_are)
{
	struct harness *h = path_new();
	struct nginx nginx = nginx_start(h);
	const char *file = pattern_file(h, h->directory, THREE_MB);
	const struct result *result =
		harness_run_wrapped(h, "curl", "-sSf", "-T", file,
				    harness_format(h, "http://server.example:%u/upload", nginx.tls),
				    NULL);

	ck_result_status(result, 0);
	assert_same_files(h, file, harness_format(h, "%s/upload", nginx.www));
	harness_free(h);
}
END_TEST

START_TEST(openssl_s_server_takes_the_certificate_as_well)
{
	struct harness *h = path_new();
	const char *const argv[] = { "openssl",
				     "s_server",
				     "-www",
				     "-accept",
				     "127.0.0.1:0",
				     "-cert",
				     harness_credential(h, "server.pem"),
				     "-key",
				     harness_credential(h, "server.key"),
				     "-CAfile",
				     harness_credential(h, "ca.pem"),
				     "-Verify",
				     "1",
				     "-verify_return_error",
				     NULL };
	struct process *server = process_start(h, "s_server", argv, NULL);
	const char *line = process_await_line(server, "ACCEPT 127.0.0.1:");
	const struct result *result =
		curl(h, "server.example", (guint16)atoi(strrchr(line, ':') + 1), "/");

	ck_result_status(result, 0);
	ck_text_has(result->out->str, "CN=device-0001");
	harness_free(h);
}
END_TEST

START_TEST(a_refused_port_is_connection_refused)
{
	struct harness *h = path_new();
	guint16 port = harness_free_port();
	const struct result *result = curl(h, "plain.example", port, "/");

	ck_result_status(result, 7);
	ck_text_has(result->err->str, "Failed to connect to plain.example");
	ck_assert_str_eq(python_connect(h, "plain.example", port)->out->str,
			 harness_format(h, "ConnectionRefusedError %d\n", ECONNREFUSED));
	harness_free(h);
}
END_TEST

START_TEST(an_unknown_host_does_not_resolve)
{
	struct harness *h = path_new();
	const struct result *result = curl(h, "nobody.example", 80, "/");

	ck_result_status(result, 6);
	ck_text_has(result->err->str, "Could not resolve host: nobody.example");
	/* EAI_NONAME */
	ck_assert_str_eq(python_connect(h, "nobody.example", 80)->out->str, "gaierror -2\n");
	harness_free(h);
}
END_TEST

/* What firmware says of a TLS connect that fails: nothing, or that it was TLS. */
static const struct {
	const char *profile, *python;
} firmwares[] = {
	{ "C3.5.2.5", "ConnectionRefusedError 111\n" },
	{ "C6.2.1", "OSError 71\n" },
};

G_STATIC_ASSERT(ECONNREFUSED == 111 && EPROTO == 71);

START_TEST(a_server_that_the_sets_root_did_not_sign_is_refused)
{
	struct harness *h = path_new_as(firmwares[_i].profile);
	struct nginx nginx = nginx_start(h);

	ck_result_status(curl(h, "foreign.example", nginx.tls, "/subject"), 7);
	ck_assert_str_eq(python_connect(h, "foreign.example", nginx.tls)->out->str,
			 firmwares[_i].python);
	harness_free(h);
}
END_TEST

START_TEST(a_set_without_a_key_connects_nowhere)
{
	struct harness *h = path_new_as(firmwares[_i].profile);
	struct nginx nginx = nginx_start(h);

	ck_result_status(curl(h, "keyless.example", nginx.tls, "/subject"), 7);
	ck_assert_str_eq(python_connect(h, "keyless.example", nginx.tls)->out->str,
			 firmwares[_i].python);
	harness_free(h);
}
END_TEST

START_TEST(what_no_route_takes_is_refused_and_not_resolved)
{
	struct harness *h = path_new();
	const struct result *result = python_connect(h, "192.0.2.1", 80);

	ck_assert_str_eq(result->out->str, harness_format(h, "PermissionError %d\n", EACCES));
	ck_text_lacks(harness_read(h, h->trace), "192.0.2.1");
	harness_free(h);
}
END_TEST

START_TEST(without_a_broker_the_network_is_down_and_nothing_goes_out)
{
	static const char program[] = "import socket\n"
				      "for i in range(2):\n"
				      "    s = socket.socket()\n"
				      "    print(s.connect_ex(('192.0.2.1', 80)))\n";
	struct harness *h = path_new();
	const char *trace = harness_path(h, "strace");
	const struct result *result;

	process_stop(h->broker);
	result = harness_run_wrapped(h, "strace", "-f", "-o", trace, "-e", "trace=connect,sendto",
				     "python3", "-c", program, NULL);
	ck_result_status(result, 0);
	ck_assert_str_eq(result->out->str, harness_format(h, "%d\n%d\n", ENETDOWN, ENETDOWN));
	/* One line, however often it is tried. */
	ck_text_has(result->err->str, "eswrap");
	ck_assert_ptr_eq(strchr(result->err->str, '\n'), result->err->str + result->err->len - 1);
	ck_text_lacks(harness_read(h, trace), "AF_INET");
	harness_free(h);
}
END_TEST

/* The system calls of echo-client after its connect, without what differs by nature. */
static const char *calls_after_connect(struct harness *h, const char *trace)
{
	/* echo-client marks the places with a getpriority() of its own. */
	return harness_run(h, "sed", "-E", "-n",
			   "/getpriority/,/getpriority/{s/^[0-9]+ +//;s/0x[0-9a-f]+/ADDRESS/g;p}",
			   trace, NULL)
		->out->str;
}

START_TEST(read_and_write_cost_no_further_system_call)
{
	static const struct server echo = { SERVER_ECHO };
	struct harness *h = path_new();
	const char *port = harness_format(h, "%u", server_start(h, &echo));
	const char *client =
		harness_format(h, "%s/tests/e2e/echo-client", g_getenv("top_builddir"));
	const char *bare = harness_path(h, "bare"), *wrapped = harness_path(h, "wrapped");
	const struct result *result;

	result = harness_run(h, "strace", "-o", bare, client, "127.0.0.1", port, NULL);
	ck_result_status(result, 0);
	result = harness_run_wrapped(h, "strace", "-o", wrapped, client, "plain.example", port,
				     NULL);
	ck_result_status(result, 0);
	ck_text_has(calls_after_connect(h, bare), "write(");
	ck_assert_str_eq(calls_after_connect(h, wrapped), calls_after_connect(h, bare));
	harness_free(h);
}
END_TEST

/* Says no more, not even that it has gone: what is left of it is what a machine knows that has started anew. */
static void vanish(struct server_connection *c, gpointer user G_GNUC_UNUSED)
{
	int on = 1;
	char byte;

	if (server_take(c, &byte, 1) == 1 &&
	    setsockopt(server_fd(c), IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)) == 0)
		close(server_fd(c));
}

START_TEST(a_far_end_that_has_died_is_noticed_by_the_keep_alive_of_an_open_connection)
{
	static const char program[] =
		"import errno, socket, sys\n"
		"s = socket.create_connection(('plain.example', int(sys.argv[1])))\n"
		"s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)\n"
		"s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)\n"
		"s.sendall(b'x')\n"
		"try: print(len(s.recv(1)))\n"
		"except OSError as e: print(errno.errorcode[e.errno])\n";
	struct server server = { .kind = SERVER_OWN, .serve = vanish };
	struct harness *h = path_new();
	const struct result *result =
		harness_run_wrapped(h, "python3", "-c", program,
				    harness_format(h, "%u", server_start(h, &server)), NULL);
	bool said = strstr(harness_read(h, h->trace), "reset by peer");

	/* Most modules do not say that it was no clean end: "-1" is all that there is. */
	ck_result_status(result, 0);
	ck_assert_str_eq(result->out->str, said ? "ECONNRESET\n" : "0\n");
	/* What it asked for, and not the driver's own choice. */
	ck_text_has(harness_read(h, h->trace), "\"PK=1,1000\\r\"");
	harness_free(h);
}
END_TEST

/* The second is asked for, told that the first is in its way, and connects when that is closed. */
START_TEST(a_tls_connect_waits_its_turn_where_one_is_possible)
{
	static const char program[] =
		"import select, socket, sys\n"
		"where = ('server.example', int(sys.argv[1]))\n"
		"first, second = socket.create_connection(where), socket.socket()\n"
		"address = socket.getaddrinfo(*where, socket.AF_INET)[0][4]\n"
		"second.setblocking(False)\n"
		"second.connect_ex(address)\n"
		"print(select.select([], [second], [], 1)[1])\n"
		"first.sendall(b'1')\n"
		"print(first.recv(1))\n"
		"first.close()\n"
		"second.settimeout(20)\n"
		"print(len(select.select([], [second], [], 20)[1]))\n"
		"second.sendall(b'2')\n"
		"print(second.recv(1))\n";
	struct server server = { .kind = SERVER_ECHO, .tls = true };
	struct harness *h = path_new_as("C6.2.1");
	const struct result *result =
		harness_run_wrapped(h, "python3", "-c", program,
				    harness_format(h, "%u", server_start(h, &server)), NULL);

	ck_result_status(result, 0);
	ck_assert_str_eq(result->out->str, "[]\nb'1'\n1\nb'2'\n");
	ck_text_has(harness_read(h, h->trace), "In use by socket");
	harness_await_log(h, "", "the module speaks TLS on 1 socket at a time");
	harness_free(h);
}
END_TEST

START_TEST(a_hostile_host_name_never_reaches_the_port)
{
	static const char *const names[] = { "evil\rD0=x.example",	 "evil\nD0=x.example",
					     "evil\r\nOK\r\n> .example", "evil\x15.example",
					     "evil,1.example",		 "evil\x7f.example",
					     "evil \xc3\xa9.example" };
	struct harness *h = path_new();
	guint i;

	for (i = 0; i < G_N_ELEMENTS(names); i++)
		ck_assert_int_ne(harness_run_wrapped(h, "getent", "ahosts", names[i], NULL)->status,
				 0);
	ck_text_lacks(harness_read(h, h->trace), "evil");
	/* A decent one does, or the trace would prove nothing. */
	ck_result_status(harness_run_wrapped(h, "getent", "ahosts", "plain.example", NULL), 0);
	ck_text_has(harness_read(h, h->trace), "D0=plain.example");
	harness_free(h);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("path");
	TCase *path = tcase_create("path");

	tcase_set_timeout(path, 3 * HARNESS_DEADLINE_S);
	tcase_add_test(path, curl_speaks_plain_http_and_the_server_sees_the_modules_certificate);
	tcase_add_test(path, python_urllib_speaks_through_the_module_too);
	tcase_add_test(path, three_megabytes_come_down_through_tls_as_they_are);
	tcase_add_test(path, three_megabytes_go_up_through_tls_as_they_are);
	tcase_add_test(path, openssl_s_server_takes_the_certificate_as_well);
	tcase_add_test(path, a_refused_port_is_connection_refused);
	tcase_add_test(path, an_unknown_host_does_not_resolve);
	tcase_add_loop_test(path, a_server_that_the_sets_root_did_not_sign_is_refused, 0,
			    G_N_ELEMENTS(firmwares));
	tcase_add_loop_test(path, a_set_without_a_key_connects_nowhere, 0, G_N_ELEMENTS(firmwares));
	tcase_add_test(path, what_no_route_takes_is_refused_and_not_resolved);
	tcase_add_test(path, without_a_broker_the_network_is_down_and_nothing_goes_out);
	tcase_add_test(path, read_and_write_cost_no_further_system_call);
	tcase_add_test(path,
		       a_far_end_that_has_died_is_noticed_by_the_keep_alive_of_an_open_connection);
	tcase_add_test(path, a_tls_connect_waits_its_turn_where_one_is_possible);
	tcase_add_test(path, a_hostile_host_name_never_reaches_the_port);
	suite_add_tcase(suite, path);
	return suite_run(suite);
}
