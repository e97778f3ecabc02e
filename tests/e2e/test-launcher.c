// SPDX-License-Identifier: MIT
/* eswrap, the launcher: which programs it refuses, and which broker it finds. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/harness.h"
#include "support/server.h"
#include "support/suite.h"

#define NOBODY 65534

/* Past the program's check eswrap looks for a broker, and here it finds none. */
static const char *const no_broker[] = { "ESWRAP_SOCKET=/nonexistent/eswrapd.sock", NULL };

static const struct result *launch(struct harness *h, const char *program)
{
	const struct run how = { .environment = no_broker };
	const char *const argv[] = { harness_tool(h, "eswrap"), program, NULL };

	return harness_run_as(h, &how, argv);
}

static void assert_refused(struct harness *h, const char *program, int status, const char *why)
{
	const struct result *result = launch(h, program);

	ck_result_status(result, status);
	ck_text_has(result->err->str, why);
	ck_assert_str_eq(result->out->str, "");
	/* One line, and it says who speaks. */
	ck_assert(g_str_has_prefix(result->err->str, "eswrap: "));
	ck_assert_ptr_eq(strchr(result->err->str, '\n'), result->err->str + result->err->len - 1);
}

static void assert_taken(struct harness *h, const char *program)
{
	const struct result *result = launch(h, program);

	ck_result_status(result, 125);
	ck_text_has(result->err->str, "/nonexistent/eswrapd.sock: no broker answers there");
}

static const char *static_program(struct harness *h)
{
	return harness_format(h, "%s/tests/e2e/static-program", g_getenv("top_builddir"));
}

static const char *script(struct harness *h, const char *name, const char *text)
{
	const char *path = harness_file(h, name, "%s", text);

	ck_assert_int_eq(chmod(path, 0755), 0);
	return path;
}

/* A copy of a dynamic program with two bytes at @offset changed. */
static const char *changed_program(struct harness *h, gsize offset, guint16 value)
{
	const char *path = harness_path(h, "changed");
	char *data;
	gsize size;

	ck_assert(g_file_get_contents("/bin/true", &data, &size, NULL));
	memcpy(data + offset, &value, sizeof(value));
	ck_assert(g_file_set_contents(path, data, (gssize)size, NULL));
	ck_assert_int_eq(chmod(path, 0755), 0);
	g_free(data);
	return path;
}

START_TEST(a_program_that_is_not_there_is_127)
{
	struct harness *h = harness_new();

	assert_refused(h, "eswrap-no-such-program", 127, "eswrap-no-such-program: no such program");
	assert_refused(h, "/nonexistent/program", 127, "/nonexistent/program: No such file");
	assert_refused(h, "", 127, "empty");
	harness_free(h);
}
END_TEST

START_TEST(a_file_that_cannot_be_executed_is_126)
{
	struct harness *h = harness_new();

	assert_refused(h, harness_file(h, "data", "text\n"), 126, "Permission denied");
	assert_refused(h, h->directory, 126, "is not a program");
	harness_free(h);
}
END_TEST

START_TEST(a_static_program_is_refused_and_not_run)
{
	struct harness *h = harness_new();

	ck_assert_str_eq(harness_run(h, static_program(h), NULL)->out->str, "ran\n");
	assert_refused(h, static_program(h), 126, "is statically linked");
	harness_free(h);
}
END_TEST

/* /bin/true with one more section, as the Go linker's. */
static const char *go_program(struct harness *h, const char *name)
{
	const char *path = harness_path(h, name);
	const char *data = harness_file(h, "buildinfo", "\xff Go buildinf:");
	const char *section = harness_format(h, ".go.buildinfo=%s", data);

	ck_result_status(
		harness_run(h, "objcopy", "--add-section", section, "/bin/true", path, NULL), 0);
	return path;
}

START_TEST(a_go_program_is_refused_although_it_has_a_loader)
{
	struct harness *h = harness_new();
	const char *stripped = harness_path(h, "stripped"), *program = go_program(h, "go");

	assert_refused(h, program, 126, "is a Go program");
	ck_result_status(harness_run(h, "strip", "-o", stripped, program, NULL), 0);
	assert_refused(h, stripped, 126, "is a Go program");
	assert_refused(h, script(h, "by-go", harness_format(h, "#!%s\n", program)), 126,
		       "is a Go program");
	harness_free(h);
}
END_TEST

START_TEST(a_program_of_another_c_library_is_refused)
{
	struct harness *h = harness_new();
	const char *path = harness_path(h, "other");
	char *data, *at;
	gsize size;

	ck_assert(g_file_get_contents("/bin/true", &data, &size, NULL));
	at = memmem(data, size, "/ld-", 4);
	ck_assert_ptr_nonnull(at);
	memcpy(at, "/lib", 4);
	ck_assert(g_file_set_contents(path, data, (gssize)size, NULL));
	ck_assert_int_eq(chmod(path, 0755), 0);
	assert_refused(h, path, 126, "uses another C library (its loader is ");
	g_free(data);
	harness_free(h);
}
END_TEST

/* A command line of programs that run others, up to "|": split at blanks. */
static const struct result *launch_line(struct harness *h, const char *line)
{
	const struct run how = { .environment = no_broker };
	g_auto(GStrv) words = g_strsplit(line, " ", 0);
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	char **word;

	g_ptr_array_add(argv, (gpointer)harness_tool(h, "eswrap"));
	for (word = words; *word; word++)
		g_ptr_array_add(argv, *word);
	g_ptr_array_add(argv, NULL);
	return harness_run_as(h, &how, (const char *const *)argv->pdata);
}

START_TEST(what_runs_another_program_without_the_library_is_refused)
{
	static const char *const refused[] = {
		"sudo true",
		"/usr/bin/sudo -u nobody true",
		"doas true",
		"pkexec true",
		"systemd-run --user true",
		"su - nobody",
		"su nobody -l",
		"su -lc true nobody",
		"runuser --login nobody",
		"env -i true",
		"env - true",
		"env -vi true",
		"env -u LD_PRELOAD true",
		"env -uLD_PRELOAD true",
		"env --unset=LD_PRELOAD true",
		"env --unset LD_PRELOAD true",
		"env --ignore-environment true",
		"env LD_PRELOAD=/x.so true",
		"env A=b -S -i",
		"env env -i true",
	};
	static const char *const taken[] = {
		"env true",  "env A=-i true",	  "env -u HOME true", "env -C / -u A true -i",
		"env sh -i", "env -S true -i sh", "true - -i",	      "env -- true",
	};
	struct harness *h = harness_new();
	const struct result *result;
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(refused); i++) {
		result = launch_line(h, refused[i]);
		ck_assert_msg(result->status == 126, "%s: %d, %s", refused[i], result->status,
			      result->err->str);
		ck_text_has(result->err->str, "put eswrap behind it");
	}
	for (i = 0; i < G_N_ELEMENTS(taken); i++) {
		result = launch_line(h, taken[i]);
		ck_assert_msg(result->status == 125, "%s: %d, %s", taken[i], result->status,
			      result->err->str);
	}
	/* Nothing of ours is in there. */
	result = launch_line(h, harness_format(h, "chroot %s true", h->directory));
	ck_result_status(result, 126);
	ck_text_has(result->err->str, "nothing would be preloaded");
	harness_free(h);
}
END_TEST

START_TEST(a_setuid_program_of_another_user_is_refused)
{
	struct harness *h = harness_new();
	const char *path = "/usr/bin/passwd";

	if (geteuid() == 0) {
		path = changed_program(h, 0, *(const guint16 *)ELFMAG);
		ck_assert_int_eq(chown(path, NOBODY, 0), 0);
		ck_assert_int_eq(chmod(path, 04755), 0);
	}
	assert_refused(h, path, 126, "is set-user-ID");
	if (geteuid() == 0) {
		/* Root's own set-user-ID programs run with the rights that root has anyway. */
		ck_assert_int_eq(chown(path, 0, 0), 0);
		ck_assert_int_eq(chmod(path, 04755), 0);
		assert_taken(h, path);
	}
	harness_free(h);
}
END_TEST

START_TEST(a_program_for_another_machine_is_refused)
{
	struct harness *h = harness_new();

	assert_refused(h, changed_program(h, offsetof(Elf64_Ehdr, e_machine), EM_S390), 126,
		       "is for another machine");
	harness_free(h);
}
END_TEST

START_TEST(a_script_is_followed_to_the_program_that_runs_it)
{
	struct harness *h = harness_new();
	const char *program = static_program(h);
	const char *inner = script(h, "inner", harness_format(h, "#!%s\n", program));

	assert_refused(h, inner, 126, "static-program: is statically linked");
	assert_refused(h, script(h, "outer", harness_format(h, "#! %s -x\n", inner)), 126,
		       "static-program: is statically linked");
	assert_refused(h, script(h, "env", harness_format(h, "#!/usr/bin/env %s\n", program)), 126,
		       "static-program: is statically linked");
	assert_refused(
		h, script(h, "split", harness_format(h, "#!/usr/bin/env -S A=b %s -x\n", program)),
		126, "static-program: is statically linked");
	assert_refused(h, script(h, "missing", "#!/nonexistent/interpreter\n"), 127,
		       "/nonexistent/interpreter: No such file");
	assert_refused(h, script(h, "blank", "#!\n"), 126, "names no program");
	assert_refused(h, script(h, "clean", "#!/usr/bin/env -S -i sh\n"), 126,
		       "removes LD_PRELOAD");
	assert_refused(h, script(h, "self", harness_format(h, "#!%s/self\n", h->directory)), 126,
		       "too many scripts");
	assert_taken(h, script(h, "shell", "#!/bin/sh -e\n"));
	assert_taken(h, script(h, "python", "#!/usr/bin/env python3\n"));
	assert_taken(h, script(h, "bare", "echo without a first line\n"));
	harness_free(h);
}
END_TEST

START_TEST(wrong_options_are_125)
{
	struct harness *h = harness_new();
	const char *eswrap = harness_tool(h, "eswrap");
	const struct result *result;

	result = harness_run(h, eswrap, "--no-such-option", "true", NULL);
	ck_result_status(result, 125);
	ck_text_has(result->err->str, "--no-such-option");
	ck_result_status(harness_run(h, eswrap, NULL), 125);
	ck_result_status(harness_run(h, eswrap, "-r", "", "true", NULL), 125);
	result = harness_run(h, eswrap, "-c", "/nonexistent/eswrap.conf", "true", NULL);
	ck_result_status(result, 125);
	ck_text_has(result->err->str, "/nonexistent/eswrap.conf: No such file");
	harness_free(h);
}
END_TEST

/* The simulated module and a configuration for it; the launcher has to start the broker. */
static struct harness *private_new(void)
{
	struct harness *h = harness_new();

	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	harness_config(h, "[route tcp]\nhost = *.example\nthrough = tcp\n");
	return h;
}

/* A shell under eswrap that says "up" and stays until somebody writes a line to its fifo. */
struct guest {
	struct process *process;
	const char *fifo;
};

static struct guest guest_new(struct harness *h, const char *name, const char *config)
{
	struct guest guest = { .fifo = harness_format(h, "%s/%s.fifo", h->directory, name) };
	const char *argv[] = { harness_tool(h, "eswrap"),
			       "-c",
			       config,
			       "sh",
			       "-c",
			       "echo up $ESWRAP_SOCKET; read line <$0",
			       guest.fifo,
			       NULL };

	ck_assert_int_eq(mkfifo(guest.fifo, 0600), 0);
	guest.process = process_start(h, name, argv, NULL);
	h->socket = process_await_line(guest.process, "up ") + strlen("up ");
	return guest;
}

static void guest_leave(struct guest *guest)
{
	int fd = open(guest->fifo, O_WRONLY);

	ck_assert_int_eq(write(fd, "\n", 1), 1);
	close(fd);
	ck_assert_int_eq(process_wait(guest->process), 0);
}

/* A descriptor that becomes readable when the broker behind the socket has ended. */
static int broker_pidfd(struct harness *h, pid_t *pid)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), result;
	struct ucred peer;
	socklen_t len = sizeof(peer);

	g_strlcpy(un.sun_path, h->socket, sizeof(un.sun_path));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len), 0);
	result = pidfd_open(peer.pid, 0);
	ck_assert_int_ge(result, 0);
	close(fd);
	*pid = peer.pid;
	return result;
}

static bool has_ended(int pidfd, int wait_ms)
{
	struct pollfd poller = { .fd = pidfd, .events = POLLIN };

	return poll(&poller, 1, wait_ms) == 1;
}

START_TEST(the_exit_status_is_the_programs)
{
	struct harness *h = private_new();
	const char *eswrap = harness_tool(h, "eswrap");

	ck_result_status(
		harness_run(h, eswrap, "-c", h->config, "sh", "-c", "echo out; exit 42", NULL), 42);
	ck_result_status(harness_run(h, eswrap, "-c", h->config, "sh", "-c", "kill -TERM $$", NULL),
			 128 + SIGTERM);
	harness_free(h);
}
END_TEST

START_TEST(a_private_broker_is_shared_and_leaves_with_its_last_client)
{
	struct harness *h = private_new();
	struct guest one = guest_new(h, "one", h->config), two;
	const char *path = h->socket;
	pid_t first, second;
	int broker = broker_pidfd(h, &first), other;

	two = guest_new(h, "two", h->config);
	other = broker_pidfd(h, &second);
	ck_assert_str_eq(h->socket, path);
	ck_assert_int_eq(first, second);
	guest_leave(&one);
	ck_assert(!has_ended(broker, 0));
	guest_leave(&two);
	ck_assert(has_ended(broker, HARNESS_DEADLINE_S * 1000));
	ck_assert_int_eq(access(path, F_OK), -1);
	/* And the next one finds a new broker. */
	ck_result_status(harness_run(h, harness_tool(h, "eswrap"), "-c", h->config, "true", NULL),
			 0);
	close(broker);
	close(other);
	harness_free(h);
}
END_TEST

START_TEST(launchers_at_once_start_one_broker)
{
	struct harness *h = private_new();
	const struct result *result = harness_run(
		h, "sh", "-c",
		"for i in 1 2 3 4 5 6 7 8; do \"$0\" -c \"$1\" sh -c 'echo up' & done; wait",
		harness_tool(h, "eswrap"), h->config, NULL);

	ck_assert_str_eq(result->err->str, "");
	ck_assert_str_eq(result->out->str, "up\nup\nup\nup\nup\nup\nup\nup\n");
	harness_free(h);
}
END_TEST

START_TEST(a_port_in_use_is_said_and_nothing_starts)
{
	struct harness *h = private_new();
	struct guest guest = guest_new(h, "guest", h->config);
	const char *again = harness_file(h, "again.conf", "%s", harness_read(h, h->config));
	const struct result *result =
		harness_run(h, harness_tool(h, "eswrap"), "-c", again, "echo", "ran", NULL);

	ck_result_status(result, 125);
	ck_assert_str_eq(result->out->str, "");
	ck_text_has(result->err->str, "module.sock");
	ck_text_has(result->err->str, "in use");
	guest_leave(&guest);
	harness_free(h);
}
END_TEST

START_TEST(a_wrong_configuration_is_named_by_line_and_nothing_starts)
{
	struct harness *h = private_new();
	const char *path = harness_file(h, "wrong.conf", "%s\n[route x]\nthrogh = tls\n",
					harness_read(h, h->config));
	gsize line;
	const char *at = harness_read(h, path), *wrong = strstr(at, "throgh");
	const struct result *result =
		harness_run(h, harness_tool(h, "eswrap"), "-c", path, "echo", "ran", NULL);

	for (line = 1; at < wrong; at++)
		line += *at == '\n';
	ck_result_status(result, 125);
	ck_assert_str_eq(result->out->str, "");
	ck_text_has(result->err->str, harness_format(h, "%s:%zu: [route x] throgh: ", path, line));
	ck_text_has(result->err->str, "through");
	/* The port was not even opened. */
	ck_text_lacks(harness_read(h, h->trace), "I?");
	harness_free(h);
}
END_TEST

START_TEST(all_connections_take_the_route_that_r_names)
{
	static const struct server source = { SERVER_SOURCE, .size = 1000 };
	static const char program[] = "cat </dev/tcp/127.0.0.1/$0 | wc -c";
	struct harness *h = private_new();
	const char *port = harness_format(h, "%u", server_start(h, &source));
	const char *eswrap = harness_tool(h, "eswrap");
	const char *line = harness_format(h, "P4=%s", port);
	const struct result *result;

	/* No route names loopback addresses, so by itself this one would not be ours. */
	result = harness_run(h, eswrap, "-c", h->config, "bash", "-c", program, port, NULL);
	ck_assert_str_eq(result->out->str, "1000\n");
	ck_text_lacks(harness_read(h, h->trace), line);
	result = harness_run(h, eswrap, "-c", h->config, "-r", "tcp", "bash", "-c", program, port,
			     NULL);
	ck_assert_str_eq(result->out->str, "1000\n");
	ck_text_has(harness_read(h, h->trace), line);
	harness_free(h);
}
END_TEST

START_TEST(a_route_that_is_not_there_is_said_and_nothing_runs)
{
	struct harness *h = private_new();
	const struct result *result = harness_run(h, harness_tool(h, "eswrap"), "-c", h->config,
						  "-r", "nosuch", "echo", "ran", NULL);

	ck_result_status(result, 125);
	ck_assert_str_eq(result->out->str, "");
	ck_text_has(result->err->str, "there is no [route nosuch]");
	harness_free(h);
}
END_TEST

START_TEST(what_is_preloaded_already_is_kept_in_front)
{
	struct harness *h = private_new();
	const char *const environment[] = { "LD_PRELOAD=libm.so.6 libdl.so.2", NULL };
	const struct run how = { .environment = environment };
	const char *eswrap = harness_tool(h, "eswrap");
	const char *const argv[] = { eswrap, "-c", h->config,	       eswrap, "-c", h->config,
				     "sh",   "-c", "echo $LD_PRELOAD", NULL };

	/* Twice, and it is in there once. */
	ck_assert_str_eq(harness_run_as(h, &how, argv)->out->str,
			 harness_format(h, "libm.so.6 libdl.so.2:%s\n", harness_shim(h)));
	harness_free(h);
}
END_TEST

START_TEST(a_runtime_directory_that_others_can_enter_is_not_used)
{
	struct harness *h = private_new();
	const char *directory = harness_path(h, "eswrap");
	const struct result *result;

	ck_assert_int_eq(mkdir(directory, 0700), 0);
	ck_assert_int_eq(chmod(directory, 0755), 0);
	/* Somebody may have made it on purpose: another place serves. */
	result = harness_run(h, harness_tool(h, "eswrap"), "-c", h->config, "sh", "-c",
			     "echo $ESWRAP_SOCKET", NULL);
	ck_result_status(result, 0);
	ck_text_has(result->out->str, ".sock");
	ck_text_lacks(result->out->str, directory);
	harness_free(h);
}
END_TEST

/* A file system of its own, in which somebody else has taken every place. */
START_TEST(where_no_place_is_private_each_is_named_with_what_is_wrong)
{
	struct harness *h = private_new();
	const char *script = "mount -t tmpfs none /tmp && mkdir /tmp/eswrap-0 /tmp/home && "
			     "chown 65534 /tmp/eswrap-0 && touch /tmp/home/eswrap && "
			     "unset XDG_RUNTIME_DIR && mount -t tmpfs none /run && "
			     "XDG_CACHE_HOME=/tmp/home exec \"$0\" -c \"$1\" true";
	const struct result *result;

	if (geteuid() == 0) {
		/* The configuration is below /tmp, which is about to be hidden. */
		const char *config = "/etc/hostname";

		result = harness_run(h, "unshare", "-m", "sh", "-c", script,
				     harness_tool(h, "eswrap"), config, NULL);
		ck_result_status(result, 125);
		ck_text_has(result->err->str, "set XDG_RUNTIME_DIR");
		ck_text_has(result->err->str, "/tmp/eswrap-0: it belongs to somebody else");
		ck_text_has(result->err->str, "/tmp/home/eswrap: it is no directory");
	}
	harness_free(h);
}
END_TEST

START_TEST(in_a_unit_without_af_unix_what_is_missing_is_said)
{
	/* LeakSanitizer does not work in what strace runs. */
	static const char *const environment[] = {
		"ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0", NULL
	};
	const struct run how = { .environment = environment };
	struct harness *h = harness_new();
	const char *const argv[] = { "strace",
				     "-qq",
				     "-o",
				     "/dev/null",
				     "-e",
				     "inject=socket:error=EAFNOSUPPORT",
				     harness_tool(h, "eswrap"),
				     "true",
				     NULL };
	const struct result *result = harness_run_as(h, &how, argv);

	ck_result_status(result, 125);
	ck_text_has(result->err->str, "add AF_UNIX to RestrictAddressFamilies=");
	harness_free(h);
}
END_TEST

START_TEST(without_c_no_private_broker_is_started)
{
	struct harness *h = harness_new();
	const struct run how = { .environment = (const char *const[]){ "ESWRAP_SOCKET=", NULL } };
	const char *const argv[] = { harness_tool(h, "eswrap"), "echo", "ran", NULL };
	const struct result *result = harness_run_as(h, &how, argv);

	/* Where one is installed, a broker that does not run is what this machine has. */
	ck_result_status(result, 125);
	ck_assert_str_eq(result->out->str, "");
	ck_text_has(result->err->str, "systemctl start eswrapd.socket");
	ck_text_has(result->err->str, "-c FILE");
	harness_free(h);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("launcher");
	TCase *programs = tcase_create("programs"), *brokers = tcase_create("brokers");

	tcase_set_timeout(programs, 2 * HARNESS_DEADLINE_S);
	tcase_add_test(programs, a_program_that_is_not_there_is_127);
	tcase_add_test(programs, a_file_that_cannot_be_executed_is_126);
	tcase_add_test(programs, a_static_program_is_refused_and_not_run);
	tcase_add_test(programs, a_go_program_is_refused_although_it_has_a_loader);
	tcase_add_test(programs, a_program_of_another_c_library_is_refused);
	tcase_add_test(programs, what_runs_another_program_without_the_library_is_refused);
	tcase_add_test(programs, a_setuid_program_of_another_user_is_refused);
	tcase_add_test(programs, a_program_for_another_machine_is_refused);
	tcase_add_test(programs, a_script_is_followed_to_the_program_that_runs_it);
	tcase_add_test(programs, wrong_options_are_125);
	suite_add_tcase(suite, programs);
	tcase_set_timeout(brokers, 2 * HARNESS_DEADLINE_S);
	tcase_add_test(brokers, the_exit_status_is_the_programs);
	tcase_add_test(brokers, a_private_broker_is_shared_and_leaves_with_its_last_client);
	tcase_add_test(brokers, launchers_at_once_start_one_broker);
	tcase_add_test(brokers, a_port_in_use_is_said_and_nothing_starts);
	tcase_add_test(brokers, a_wrong_configuration_is_named_by_line_and_nothing_starts);
	tcase_add_test(brokers, all_connections_take_the_route_that_r_names);
	tcase_add_test(brokers, a_route_that_is_not_there_is_said_and_nothing_runs);
	tcase_add_test(brokers, what_is_preloaded_already_is_kept_in_front);
	tcase_add_test(brokers, a_runtime_directory_that_others_can_enter_is_not_used);
	tcase_add_test(brokers, where_no_place_is_private_each_is_named_with_what_is_wrong);
	tcase_add_test(brokers, in_a_unit_without_af_unix_what_is_missing_is_said);
	tcase_add_test(brokers, without_c_no_private_broker_is_started);
	suite_add_tcase(suite, brokers);
	return suite_run(suite);
}
