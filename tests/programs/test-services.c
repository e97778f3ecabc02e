// SPDX-License-Identifier: MIT
/* Clients of services that are not the web: OpenSSL's, ssh, redis; and programs under a debugger.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "programs/programs.h"
#include "support/server.h"
#include "support/suite.h"

/* The program speaks TLS itself, and the module only carries it. */
START_TEST(openssl_s_client_speaks_tls_through_tcp)
{
	static const char request[] = "GET /subject\r\n";
	struct run how = { .input = request, .input_size = sizeof(request) - 1 };
	struct harness *h = programs_new();
	struct nginx nginx = programs_nginx(h);
	const struct result *result;

	result = programs_same(h, &how, nginx.tls,
			       PROGRAM("openssl", "s_client", "-connect", "{host}:{port}", "-quiet",
				       "-verify_quiet", "-verify_return_error", "-verify_hostname",
				       "localhost", "-CAfile", harness_credential(h, "ca.pem"),
				       "-cert", harness_credential(h, "device.pem"), "-key",
				       harness_credential(h, "device.key")));
	ck_assert_str_eq(result->out->str, "CN=device-0001,O=eswrap tests\n");
	harness_free(h);
}
END_TEST

/* Keys of its own, and nothing of the system's configuration. Return: its port. */
static guint16 start_sshd(struct harness *h)
{
	static const char make_keys[] = "set -e\n"
					"ssh-keygen -q -t ed25519 -N '' -f host-key\n"
					"ssh-keygen -q -t ed25519 -N '' -f user-key\n"
					"cp user-key.pub authorized\n";
	/* As root, sshd wants an empty directory that only a started service has: a private one. */
	static const char script[] = "[ \"$(id -u)\" = 0 ] || exec /usr/sbin/sshd -D -e -f \"$0\"\n"
				     "exec unshare -m sh -ec 'mount -t tmpfs none /run\n"
				     "mkdir -m 755 /run/sshd\n"
				     "exec /usr/sbin/sshd -D -e -f \"$0\"' \"$0\"\n";
	guint16 port = harness_free_port();
	const char *config = harness_file(h, "sshd_config",
					  "Port %1$u\n"
					  "ListenAddress 127.0.0.1\n"
					  "HostKey %2$s/host-key\n"
					  "AuthorizedKeysFile %2$s/authorized\n"
					  "StrictModes no\n"
					  "PidFile none\n"
					  "PermitRootLogin prohibit-password\n"
					  "PasswordAuthentication no\n"
					  "KbdInteractiveAuthentication no\n"
					  "UsePAM no\n",
					  port, h->directory);
	const char *const argv[] = { "sh", "-c", script, config, NULL };

	ck_result_status(harness_run(h, "sh", "-c", make_keys, NULL), 0);
	process_await_port(process_start(h, "sshd", argv, NULL), port);
	return port;
}

START_TEST(ssh_runs_a_command)
{
	struct run how = { 0 };
	struct harness *h = programs_new();
	guint16 port = start_sshd(h);
	char *data = g_strnfill(PROGRAMS_FILE_SIZE, 's');
	const struct result *result;

	how.input = data;
	how.input_size = PROGRAMS_FILE_SIZE;
	result = programs_same(h, &how, port,
			       PROGRAM("ssh", "-F", "none", "-p", "{port}", "-i", "user-key", "-o",
				       "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o",
				       "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
				       "{host}", "cat; echo and here the end; exit 0"));
	ck_assert_uint_gt(result->out->len, PROGRAMS_FILE_SIZE);
	ck_text_has(result->out->str, "and here the end");
	g_free(data);
	harness_free(h);
}
END_TEST

static guint16 start_redis(struct harness *h)
{
	guint16 port = harness_free_port();
	/* The server and its checker are one program with two names; redis-tools has the latter. */
	const char *server = harness_path(h, "redis-server");
	const char *const argv[] = { server,   "--port",    harness_format(h, "%u", port),
				     "--bind", "127.0.0.1", "--save",
				     "",       "--dir",	    h->directory,
				     NULL };

	ck_assert_int_eq(symlink("/usr/bin/redis-check-rdb", server), 0);
	process_await_port(process_start(h, "redis", argv, NULL), port);
	return port;
}

START_TEST(redis_cli_sets_and_gets)
{
	static const char commands[] = "RPUSH list one two three\n"
				       "LRANGE list 0 -1\n"
				       "DEL list\n"
				       "SET number 41\n"
				       "INCR number\n"
				       "EVAL \"return string.rep('r', 50000)\" 0\n";
	static const struct run how = { .input = commands, .input_size = sizeof(commands) - 1 };
	struct harness *h = programs_new();
	const struct result *result;

	result = programs_same(h, &how, start_redis(h),
			       PROGRAM("redis-cli", "-h", "{host}", "-p", "{port}"));
	ck_text_has(result->out->str, "42\n");
	ck_assert_uint_gt(result->out->len, 50000);
	harness_free(h);
}
END_TEST

/**
 * struct talker - a wrapped program in the middle of a conversation with an echo server
 * @process:	says "RECEIVED" for each line that came back
 * @trigger:	a FIFO: each line written to it is sent
 */
struct talker {
	struct process *process;
	FILE *trigger;
};

static struct talker start_talker(struct harness *h)
{
	static const char program[] =
		"import ctypes, socket, sys\n"
		/* PR_SET_PTRACER, PR_SET_PTRACER_ANY: any process of this user may attach. */
		"ctypes.CDLL(None).prctl(0x59616d61, ctypes.c_ulong(-1), 0, 0, 0)\n"
		"trigger = open(sys.argv[3])\n"
		"s = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n"
		"print('connected', flush=True)\n"
		"back = s.makefile()\n"
		"for line in trigger:\n"
		"    s.sendall(line.encode())\n"
		"    print('back:', back.readline(), end='', flush=True)\n";
	static const struct server echo = { .kind = SERVER_ECHO };
	const char *fifo = harness_path(h, "trigger");
	const char *port = harness_format(h, "%u", server_start(h, &echo));
	const char *const argv[] = {
		"/usr/bin/python3", "-c", program, PROGRAMS_TCP_HOST, port, fifo, NULL
	};
	struct talker talker;

	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	talker.process = process_start_wrapped(h, "talker", argv);
	talker.trigger = fopen(fifo, "we");
	ck_assert_ptr_nonnull(talker.trigger);
	process_await_line(talker.process, "connected");
	return talker;
}

static void talk(struct harness *h, struct talker *talker, const char *word)
{
	fprintf(talker->trigger, "%s\n", word);
	fflush(talker->trigger);
	ck_assert_str_eq(process_await_line(talker->process, "back:"),
			 harness_format(h, "back: %s", word));
}

static void end_talk(struct talker *talker)
{
	fclose(talker->trigger);
	ck_assert_int_eq(process_wait(talker->process), 0);
}

START_TEST(strace_attaches_to_a_program_that_talks)
{
	struct harness *h = programs_new();
	struct talker talker = start_talker(h);
	const char *trace = harness_path(h, "strace.out");
	const char *const argv[] = { "sh",
				     "-c",
				     "exec strace -p \"$0\" -o \"$1\" 2>&1",
				     harness_format(h, "%d", process_pid(talker.process)),
				     trace,
				     NULL };
	struct process *strace;

	talk(h, &talker, "before");
	strace = process_start(h, "strace", argv, NULL);
	process_await_line(strace, "strace: Process ");
	talk(h, &talker, "under strace");
	process_stop(strace);
	talk(h, &talker, "after");
	end_talk(&talker);
	ck_text_has(harness_read(h, trace), "\"under strace\\n\"");
	ck_text_lacks(harness_read(h, trace), "after");
	harness_free(h);
}
END_TEST

START_TEST(gdb_attaches_to_a_program_that_talks)
{
	struct harness *h = programs_new();
	struct talker talker = start_talker(h);
	const struct result *result;

	talk(h, &talker, "before");
	result = harness_run(h, "gdb", "-nx", "-batch", "-ex", "info sharedlibrary", "-ex",
			     "backtrace", "-ex", "detach", "-p",
			     harness_format(h, "%d", process_pid(talker.process)), NULL);
	ck_result_status(result, 0);
	ck_text_has(result->out->str, "libeswrap.so");
	ck_text_has(result->out->str, "detached");
	talk(h, &talker, "after");
	end_talk(&talker);
	harness_free(h);
}
END_TEST

START_TEST(gdb_runs_a_program_from_its_start)
{
	struct harness *h = programs_new();
	struct nginx nginx = programs_nginx(h);
	const struct result *result;

	result = harness_run_wrapped(
		h, "gdb", "-nx", "-batch", "-return-child-result", "-ex",
		"set startup-with-shell off", "-ex", "run", "--args", "curl", "-sSf", "-o", "copy",
		harness_format(h, "http://" PROGRAMS_TCP_HOST ":%u/pattern", nginx.plain), NULL);
	ck_result_status(result, 0);
	ck_text_has(result->out->str, "exited normally");
	ck_result_status(harness_run(h, "cmp", "copy", "www/pattern", NULL), 0);
	harness_free(h);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("services");
	TCase *clients = tcase_create("clients"), *traced = tcase_create("traced");

	tcase_set_timeout(clients, 4 * HARNESS_DEADLINE_S);
	tcase_add_test(clients, openssl_s_client_speaks_tls_through_tcp);
	tcase_add_test(clients, ssh_runs_a_command);
	tcase_add_test(clients, redis_cli_sets_and_gets);
	suite_add_tcase(suite, clients);
	tcase_set_timeout(traced, 4 * HARNESS_DEADLINE_S);
	tcase_add_test(traced, strace_attaches_to_a_program_that_talks);
	tcase_add_test(traced, gdb_attaches_to_a_program_that_talks);
	tcase_add_test(traced, gdb_runs_a_program_from_its_start);
	suite_add_tcase(suite, traced);
	return suite_run(suite);
}
