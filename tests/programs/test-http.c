// SPDX-License-Identifier: MIT
/* Programs of every make fetch from and send to a real nginx, natively and through the module. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "programs/programs.h"
#include "support/suite.h"

#define PYTHON "/usr/bin/python3"

/* A program with nothing special fetches. */
static void fetches(const char *const *argv)
{
	struct harness *h = programs_new();
	struct nginx nginx = programs_nginx(h);

	programs_fetch(h, &nginx, argv);
	harness_free(h);
}

/* The same with a client of ours; the rest of the arguments are behind its path. */
static void client_fetches(const char *interpreter, const char *name, const char *way)
{
	struct harness *h = programs_new();
	struct nginx nginx = programs_nginx(h);
	const char *client = programs_client(h, name);

	if (way)
		programs_fetch(h, &nginx, PROGRAM(interpreter, client, way, "{host}", "{port}"));
	else
		programs_fetch(h, &nginx, PROGRAM(interpreter, client, "{host}", "{port}"));
	harness_free(h);
}

static void built_client_fetches(const char *name)
{
	struct harness *h = programs_new();
	struct nginx nginx = programs_nginx(h);

	programs_fetch(h, &nginx, PROGRAM(programs_built(h, name), "{host}", "{port}"));
	harness_free(h);
}

START_TEST(curl_fetches)
{
	fetches(PROGRAM("curl", "-sSf", "http://{host}:{port}/pattern"));
}
END_TEST

START_TEST(curl_fetches_over_ipv4)
{
	fetches(PROGRAM("curl", "-4", "-sSf", "http://{host}:{port}/pattern"));
}
END_TEST

/* What nginx's log says: connection, number of the request on it, method, path, status. */
static const char *log_of(struct harness *h, const struct nginx *nginx)
{
	/* It has written all of it when it has ended. */
	process_stop(nginx->process);
	return harness_read(h, nginx->log);
}

START_TEST(curl_keeps_a_connection_for_its_next_request)
{
	static const struct run wrapped = { .wrapped = true };
	struct harness *h = programs_new();
	struct nginx nginx = programs_nginx(h);
	guint first, second, number;
	const char *log;

	ck_result_status(programs_run(h, &wrapped, PROGRAMS_TLS_HOST, nginx.tls,
				      PROGRAM("curl", "-sSf", "-o", "/dev/null", "-o", "/dev/null",
					      "http://{host}:{port}/pattern",
					      "http://{host}:{port}/pattern?again")),
			 0);
	ck_assert_uint_eq(harness_opened(h), 1);
	log = log_of(h, &nginx);
	ck_assert_msg(sscanf(log,
			     "%u 1 GET /pattern 200\n"
			     "%u %u GET /pattern?again 200\n",
			     &first, &second, &number) == 3,
		      "the log: %s", log);
	ck_assert_uint_eq(first, second);
	ck_assert_uint_eq(number, 2);
	harness_free(h);
}
END_TEST

/* Six copies of the pattern, at once; @option is one more for curl, with its @value. */
static guint curl_fetches_six(const char *option, const char *value)
{
	static const struct run wrapped = { .wrapped = true };
	struct harness *h = programs_new();
	struct nginx nginx = programs_nginx(h);
	const char *copy;
	guint opened;
	char number;

	ck_result_status(programs_run(h, &wrapped, PROGRAMS_TCP_HOST, nginx.plain,
				      PROGRAM("curl", "--parallel", "--parallel-immediate", option,
					      value, "-sSf", "-o", "copy#1",
					      "http://{host}:{port}/pattern?[1-6]")),
			 0);
	for (number = '1'; number <= '6'; number++) {
		copy = harness_path(h, harness_format(h, "copy%c", number));
		ck_result_status(harness_run(h, "cmp", copy,
					     harness_format(h, "%s/pattern", nginx.www), NULL),
				 0);
	}
	opened = harness_opened(h);
	harness_free(h);
	return opened;
}

/* Two more connections than the module has sockets: the last two wait for their turn. */
START_TEST(curl_fetches_in_parallel_on_six_connections)
{
	ck_assert_uint_eq(curl_fetches_six("-H", "Connection: close"), 6);
}
END_TEST

/* curl would hold on to finished connections while others wait, had it more than four. */
START_TEST(curl_fetches_in_parallel_on_four_kept_connections)
{
	ck_assert_uint_eq(curl_fetches_six("--parallel-max", "4"), 4);
}
END_TEST

/* A PUT of the pattern arrives whole; @from is a file, or "-" for chunks of unknown size. */
static void curl_puts(const char *from)
{
	struct harness *h = programs_new();
	struct nginx nginx = programs_nginx(h);
	const char *file = harness_format(h, "%s/pattern", nginx.www);
	struct run wrapped = { .wrapped = true };
	gsize size;
	char *data;

	ck_assert(g_file_get_contents(file, &data, &size, NULL));
	if (strcmp(from, "-") == 0) {
		wrapped.input = data;
		wrapped.input_size = size;
	}
	ck_result_status(
		programs_run(h, &wrapped, PROGRAMS_TLS_HOST, nginx.tls,
			     PROGRAM("curl", "-sSf", "-T", from, "http://{host}:{port}/upload")),
		0);
	ck_result_status(
		harness_run(h, "cmp", file, harness_format(h, "%s/upload", nginx.www), NULL), 0);
	g_free(data);
	harness_free(h);
}

START_TEST(curl_uploads_a_file)
{
	curl_puts("www/pattern");
}
END_TEST

START_TEST(curl_uploads_what_it_reads)
{
	curl_puts("-");
}
END_TEST

START_TEST(wget_fetches)
{
	fetches(PROGRAM("wget", "-nv", "-O", "-", "http://{host}:{port}/pattern"));
}
END_TEST

/* The machine may have no IPv6, so there is nothing to compare with natively. */
static void fetches_over_ipv6(const char *const *argv)
{
	static const struct run wrapped = { .wrapped = true };
	struct harness *h = programs_new();
	struct nginx nginx = programs_nginx(h);
	const char *copy = harness_path(h, "copy");
	const struct result *result;

	result = programs_run(h, &wrapped, PROGRAMS_TCP_HOST, nginx.plain, argv);
	ck_result_status(result, 0);
	ck_assert(g_file_set_contents(copy, result->out->str, (gssize)result->out->len, NULL));
	ck_result_status(harness_run(h, "cmp", copy, "www/pattern", NULL), 0);
	harness_free(h);
}

START_TEST(wget_fetches_over_ipv6)
{
	fetches_over_ipv6(PROGRAM("wget", "-6", "-q", "-O", "-", "http://{host}:{port}/pattern"));
}
END_TEST

START_TEST(nc_fetches_over_ipv6)
{
	fetches_over_ipv6(PROGRAM("sh", "-c", "printf 'GET /pattern\\r\\n' | nc -6 {host} {port}"));
}
END_TEST

START_TEST(curl_fetches_over_ipv6)
{
	fetches_over_ipv6(PROGRAM("curl", "-6", "-sSf", "http://{host}:{port}/pattern"));
}
END_TEST

/* Polls until the broker has so many connects under way. */
static void await_connecting(struct harness *h, guint wanted)
{
	const char *environment[] = { harness_format(h, "ESWRAP_SOCKET=%s", h->socket), NULL };
	const char *argv[] = { harness_tool(h, "eswrapctl"), "status", NULL };
	const struct run how = { .environment = environment };
	const struct result *status;
	const char *at;
	guint count;

	do {
		status = harness_run_as(h, &how, argv);
		ck_result_status(status, 0);
		for (count = 0, at = status->out->str; (at = strstr(at, "connecting")); at++)
			count++;
	} while (count < wanted);
}

/* The module is stopped until curl has tried the second address beside the first, after 200 ms. */
START_TEST(curl_opens_one_connection_however_long_the_module_takes)
{
	struct harness *h = programs_new();
	struct nginx nginx = programs_nginx(h);
	const char *copy = harness_path(h, "copy");
	const char *const *argv =
		programs_argv(h, PROGRAMS_TCP_HOST, nginx.plain,
			      PROGRAM("curl", "-sSf", "-o", copy, "http://{host}:{port}/pattern"));
	struct process *curl;

	/* The broker remembers the name, and needs no module to tell it again. */
	ck_result_status(harness_run_wrapped(h, "getent", "ahosts", PROGRAMS_TCP_HOST, NULL), 0);
	kill(process_pid(h->fake), SIGSTOP);
	curl = process_start_wrapped(h, "curl", argv);
	await_connecting(h, 2);
	kill(process_pid(h->fake), SIGCONT);
	ck_assert_int_eq(process_wait(curl), 0);
	ck_result_status(harness_run(h, "cmp", copy, "www/pattern", NULL), 0);
	ck_assert_uint_eq(harness_opened(h), 1);
	harness_free(h);
}
END_TEST

START_TEST(a_program_that_tries_every_address_asks_the_module_once)
{
	static const struct run wrapped = { .wrapped = true };
	struct harness *h = programs_new();
	const struct result *result;

	/* wget names the addresses that it has tried. */
	result = programs_run(h, &wrapped, PROGRAMS_TCP_HOST, harness_free_port(),
			      PROGRAM("wget", "-t", "1", "http://{host}:{port}/"));
	ck_result_status(result, 4);
	ck_text_has(result->err->str, "|198.1");
	ck_text_has(result->err->str, "|2001:2:");
	ck_assert_uint_eq(harness_opened(h), 1);
	harness_free(h);
}
END_TEST

START_TEST(socat_fetches)
{
	fetches(PROGRAM("sh", "-c",
			"printf 'GET /pattern\\r\\n' | socat -t 20 - TCP:{host}:{port}"));
}
END_TEST

START_TEST(nc_fetches)
{
	fetches(PROGRAM("sh", "-c", "printf 'GET /pattern\\r\\n' | nc {host} {port}"));
}
END_TEST

START_TEST(bash_fetches_from_dev_tcp)
{
	client_fetches("bash", "tcp.bash", NULL);
}
END_TEST

START_TEST(python_urllib_fetches)
{
	client_fetches(PYTHON, "client.py", "urllib");
}
END_TEST

START_TEST(python_http_client_fetches_twice_on_one_connection)
{
	client_fetches(PYTHON, "client.py", "http.client");
}
END_TEST

START_TEST(python_asyncio_fetches_four_times_at_once)
{
	client_fetches(PYTHON, "client.py", "asyncio");
}
END_TEST

START_TEST(node_http_fetches)
{
	client_fetches("node", "client.js", "http");
}
END_TEST

START_TEST(node_net_fetches)
{
	client_fetches("node", "client.js", "net");
}
END_TEST

START_TEST(perl_http_tiny_fetches)
{
	client_fetches("perl", "client.pl", "http");
}
END_TEST

START_TEST(perl_io_socket_inet_fetches)
{
	client_fetches("perl", "client.pl", "inet");
}
END_TEST

START_TEST(perl_io_socket_ip_fetches)
{
	client_fetches("perl", "client.pl", "ip");
}
END_TEST

START_TEST(a_boost_asio_client_fetches)
{
	built_client_fetches("asio-client");
}
END_TEST

START_TEST(a_libevent_client_fetches)
{
	built_client_fetches("libevent-client");
}
END_TEST

/* A repository of a few commits with the pattern in it, served as plain files. */
static void make_repository(struct harness *h, const char *bare)
{
	static const char script[] =
		"set -e\n"
		"export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1\n"
		"git init -q -b main work\n"
		"cd work\n"
		"for i in 1 2 3 4 5; do\n"
		"	{ echo $i; cat ../pattern; echo $i; } >file$i\n"
		"	openssl rand 50000 >random$i\n"
		"	git add .\n"
		"	git -c user.name=t -c user.email=t@example commit -q -m \"commit $i\"\n"
		"done\n"
		"git clone -q --bare . \"$1\"\n"
		"git -C \"$1\" update-server-info\n";

	programs_pattern(harness_path(h, "pattern"));
	ck_result_status(harness_run(h, "sh", "-c", script, "sh", bare, NULL), 0);
}

static const char *const git_environment[] = { "GIT_CONFIG_GLOBAL=/dev/null",
					       "GIT_CONFIG_NOSYSTEM=1", NULL };

/* The clone in clone/ has the same commits and the same contents as @bare. */
static void assert_cloned(struct harness *h, const char *bare)
{
	const struct result *theirs, *ours;

	theirs = harness_run(h, "git", "-C", bare, "log", "--format=%H %T", NULL);
	ours = harness_run(h, "git", "-C", "clone", "log", "--format=%H %T", NULL);
	ck_result_status(ours, 0);
	ck_assert_str_eq(ours->out->str, theirs->out->str);
	ck_result_status(harness_run(h, "git", "-C", "clone", "fsck", "--strict", NULL), 0);
	ck_result_status(harness_run(h, "cmp", "work/file5", "clone/file5", NULL), 0);
}

/* git fetches five files at once, and holds on to all of the connections: one more than there are.
 */
START_TEST(git_clones_from_a_server_of_files)
{
	static const struct run wrapped = { .wrapped = true, .environment = git_environment };
	struct harness *h = programs_new();
	struct nginx nginx = programs_nginx(h);
	const char *bare = harness_format(h, "%s/repository.git", nginx.www);

	make_repository(h, bare);
	ck_result_status(programs_run(h, &wrapped, PROGRAMS_TLS_HOST, nginx.tls,
				      PROGRAM("git", "-c", "http.maxRequests=4", "clone", "-q",
					      "http://{host}:{port}/repository.git", "clone")),
			 0);
	assert_cloned(h, bare);
	harness_free(h);
}
END_TEST

/* A web server that runs git http-backend. Return: its port. */
static guint16 start_git_server(struct harness *h, const char *projects)
{
	/* As root the handler would become nobody, who may not look into the directory. */
	static const char program[] =
		"import http.server, os\n"
		"http.server.nobody_uid = os.getuid\n"
		"os.chdir(os.environ['HOME'])\n"
		"http.server.test(http.server.CGIHTTPRequestHandler, bind='127.0.0.1', port=0)\n";
	const char *argv[] = { PYTHON, "-u", "-c", program, NULL };
	const char *environment[] = { harness_format(h, "GIT_PROJECT_ROOT=%s", projects),
				      "GIT_HTTP_EXPORT_ALL=1", git_environment[0],
				      git_environment[1], NULL };
	const char *script, *line;

	ck_assert_int_eq(mkdir(harness_path(h, "cgi-bin"), 0700), 0);
	script = harness_file(h, "cgi-bin/git", "#!/bin/sh\nexec git http-backend\n");
	ck_assert_int_eq(chmod(script, 0700), 0);
	line = process_await_line(process_start(h, "git-server", argv, environment),
				  "Serving HTTP on 127.0.0.1 port ");
	return (guint16)atoi(line + strlen("Serving HTTP on 127.0.0.1 port "));
}

START_TEST(git_clones_from_a_git_server)
{
	static const struct run wrapped = { .wrapped = true, .environment = git_environment };
	struct harness *h = programs_new();
	const char *projects = harness_path(h, "projects");
	const char *bare = harness_format(h, "%s/repository.git", projects);
	guint16 port;

	ck_assert_int_eq(mkdir(projects, 0700), 0);
	make_repository(h, bare);
	port = start_git_server(h, projects);
	ck_result_status(programs_run(h, &wrapped, PROGRAMS_TCP_HOST, port,
				      PROGRAM("git", "clone", "-q",
					      "http://{host}:{port}/cgi-bin/git/repository.git",
					      "clone")),
			 0);
	assert_cloned(h, bare);
	harness_free(h);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("http");
	TCase *curl = tcase_create("curl"), *others = tcase_create("others");

	tcase_set_timeout(curl, 4 * HARNESS_DEADLINE_S);
	tcase_add_test(curl, curl_fetches);
	tcase_add_test(curl, curl_fetches_over_ipv4);
	tcase_add_test(curl, curl_fetches_over_ipv6);
	tcase_add_test(curl, curl_opens_one_connection_however_long_the_module_takes);
	tcase_add_test(curl, curl_keeps_a_connection_for_its_next_request);
	tcase_add_test(curl, curl_fetches_in_parallel_on_six_connections);
	tcase_add_test(curl, curl_fetches_in_parallel_on_four_kept_connections);
	tcase_add_test(curl, curl_uploads_a_file);
	tcase_add_test(curl, curl_uploads_what_it_reads);
	suite_add_tcase(suite, curl);
	tcase_set_timeout(others, 6 * HARNESS_DEADLINE_S);
	tcase_add_test(others, wget_fetches);
	tcase_add_test(others, wget_fetches_over_ipv6);
	tcase_add_test(others, nc_fetches_over_ipv6);
	tcase_add_test(others, a_program_that_tries_every_address_asks_the_module_once);
	tcase_add_test(others, git_clones_from_a_server_of_files);
	tcase_add_test(others, git_clones_from_a_git_server);
	tcase_add_test(others, socat_fetches);
	tcase_add_test(others, nc_fetches);
	tcase_add_test(others, bash_fetches_from_dev_tcp);
	tcase_add_test(others, python_urllib_fetches);
	tcase_add_test(others, python_http_client_fetches_twice_on_one_connection);
	tcase_add_test(others, python_asyncio_fetches_four_times_at_once);
	tcase_add_test(others, node_http_fetches);
	tcase_add_test(others, node_net_fetches);
	tcase_add_test(others, perl_http_tiny_fetches);
	tcase_add_test(others, perl_io_socket_inet_fetches);
	tcase_add_test(others, perl_io_socket_ip_fetches);
	tcase_add_test(others, a_boost_asio_client_fetches);
	tcase_add_test(others, a_libevent_client_fetches);
	suite_add_tcase(suite, others);
	return suite_run(suite);
}
