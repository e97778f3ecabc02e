// SPDX-License-Identifier: MIT
/*
 * What somebody who has taken the broker over can do to the machine. Each claim runs in a process of
 * its own, which goes behind the rules first.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "eswrapd/sandbox.h"
#include "support/suite.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

static char *directory;

static char *in(const char *name)
{
	return g_build_filename(directory, name, NULL);
}

static void write_file(const char *name, const char *text)
{
	g_autofree char *path = in(name);
	g_autofree char *parent = g_path_get_dirname(path);

	ck_assert_int_eq(g_mkdir_with_parents(parent, 0755), 0);
	ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static void set_up(void)
{
	directory = g_dir_make_tmp("sandbox-XXXXXX", NULL);
	ck_assert_ptr_nonnull(directory);
	write_file("etc/eswrap.conf", "");
	write_file("secrets/psk", "");
	write_file("run/socket", "");
	write_file("home/private", "");
	write_file("state/ledger.ini", "");
}

static void tear_down(void)
{
	g_autofree char *command = g_strdup_printf("rm -rf '%s'", directory);

	ck_assert_int_eq(system(command), 0);
	g_free(directory);
}

static void enter(const char *device)
{
	g_autofree char *config = in("etc/eswrap.conf");
	g_autofree char *psk = in("secrets/psk");
	g_autofree char *socket_path = in("run/socket");
	struct settings *settings = settings_new(config);
	g_autoptr(GError) error = NULL;

	settings->module.device = device;
	settings->passphrase_file = psk;
	settings->state_dir = in("state");
	ck_assert_msg(sandbox_enter(settings, socket_path, &error), "%s",
		      error ? error->message : "");
	settings_free(settings);
}

/* Return: 0, or the errno with which it cannot be opened. */
static int opening(const char *name, int flags)
{
	g_autofree char *path = *name == '/' ? g_strdup(name) : in(name);
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* Return: what has become of a process that did it behind the rules: 0, an errno, or 128 + a signal */
static int becomes_of(int (*does)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		enter("unix:/nowhere");
		_exit(does());
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Files */

/* On a kernel without Landlock the broker serves all the same, and modes are all there is. */
static bool has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0;
}

START_TEST(what_the_broker_needs_can_be_read_and_its_state_be_written)
{
	g_autofree char *from = in("state/new"), *to = in("state/ledger.ini");

	enter("unix:/nowhere");
	ck_assert_int_eq(opening("etc/eswrap.conf", O_RDONLY), 0);
	ck_assert_int_eq(opening("secrets/psk", O_RDONLY), 0);
	ck_assert_int_eq(opening("/etc/passwd", O_RDONLY), 0);
	ck_assert_int_eq(opening("/proc/self/status", O_RDONLY), 0);
	ck_assert_int_eq(opening("/dev/null", O_WRONLY), 0);
	ck_assert_int_eq(opening("state/new", O_RDWR | O_CREAT | O_TRUNC), 0);
	ck_assert_int_eq(rename(from, to), 0);
	ck_assert_int_eq(unlink(to), 0);
	ck_assert_int_eq(opening("run/socket.policy", O_RDWR | O_CREAT), 0);
}
END_TEST

START_TEST(no_other_file_can_be_read_written_or_made)
{
	static const char *const directories[] = { "etc", "secrets", "home" };
	g_autofree char *link_name = in("state/link"), *target = in("home/private");
	g_autofree char *made = in("state/directory"), *hard = in("state/hard");
	bool with_landlock = has_landlock();
	guint i;

	enter("unix:/nowhere");
	if (!with_landlock)
		return;
	ck_assert_int_eq(opening("home/private", O_RDONLY), EACCES);
	ck_assert_int_eq(opening("/root/.profile", O_RDONLY), EACCES);
	ck_assert_int_eq(opening("/etc/shadow", O_RDONLY), EACCES);
	ck_assert_int_eq(opening("/proc/1/environ", O_RDONLY), EACCES);
	ck_assert_int_eq(opening("/dev/tty", O_RDWR), EACCES);
	for (i = 0; i < G_N_ELEMENTS(directories); i++) {
		g_autofree char *name = g_build_filename(directories[i], "new", NULL);

		ck_assert_int_eq(opening(name, O_RDWR | O_CREAT), EACCES);
	}
	ck_assert_int_eq(opening("etc/eswrap.conf", O_WRONLY), EACCES);
	ck_assert_int_eq(opening("secrets/psk", O_RDWR), EACCES);
	/* Nor by a way around: links, and directories of one's own. */
	ck_assert_int_ne(symlink(target, link_name), 0);
	ck_assert_int_ne(link(target, hard), 0);
	ck_assert_int_ne(mkdir(made, 0700), 0);
}
END_TEST

START_TEST(with_a_tty_ports_that_come_later_can_be_opened)
{
	bool with_landlock = has_landlock();

	enter("/dev/ttyUSB0");
	ck_assert_int_ne(opening("/dev/tty", O_RDWR), EACCES);
	ck_assert_int_eq(opening("home/private", O_RDONLY), with_landlock ? EACCES : 0);
}
END_TEST

/* System calls */

static int execute(void)
{
	execl("/bin/true", "true", NULL);
	return errno;
}

static int fork_raw(void)
{
	return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) < 0 ? errno : 0;
}

static int fork_as_of_old(void)
{
#ifdef SYS_vfork
	return syscall(SYS_vfork) < 0 ? errno : 0;
#else
	return execute();
#endif
}

static int trace(void)
{
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) < 0 ? errno : 0;
}

static int become_root(void)
{
	return syscall(SYS_setresuid, 0, 0, 0) < 0 ? errno : 0;
}

static int make_ring(void)
{
	return syscall(SYS_io_uring_setup, 8, NULL) < 0 ? errno : 0;
}

static int load_program(void)
{
	return syscall(SYS_bpf, 0, NULL, 0) < 0 ? errno : 0;
}

static int make_namespace(void)
{
	return syscall(SYS_unshare, 0x10000000) < 0 ? errno : 0;
}

static int (*const deadly[])(void) = { execute,	  fork_as_of_old, trace,	 become_root,
				       make_ring, load_program,	  make_namespace };

/* A sanitiser's own process looks at this one when it ends. */
static int expected_of(int (*does)(void))
{
	return SANITIZED && does == trace ? EPERM : 128 + SIGSYS;
}

START_TEST(what_only_an_intruder_does_ends_the_process)
{
	ck_assert_int_eq(becomes_of(deadly[_i]), expected_of(deadly[_i]));
}
END_TEST

static int reach_the_internet(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0 ? errno : 0;
}

static int send_packets(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0) < 0 ? errno : 0;
}

static int run_data(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0) == MAP_FAILED
		       ? errno
		       : 0;
}

static int make_data_run(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(page, 4096, PROT_READ | PROT_EXEC) < 0 ? errno : 0;
}

static int end_another(void)
{
	return kill(getppid(), 0) < 0 ? errno : 0;
}

static int be_dumped(void)
{
	return prctl(PR_SET_DUMPABLE, 1) < 0 ? errno : 0;
}

static int raise_a_limit(void)
{
	const struct rlimit limit = { 1, 1 };

	return setrlimit(RLIMIT_CORE, &limit) < 0 ? errno : 0;
}

/* Of these, a sanitiser needs the ones behind the first three. */
static int (*const forbidden[])(void) = {
	reach_the_internet, send_packets, make_data_run, run_data,
	end_another,	    be_dumped,	  raise_a_limit, fork_raw
};

START_TEST(what_no_broker_does_is_not_permitted)
{
	const guint first = SANITIZED ? 2 : G_N_ELEMENTS(forbidden);

	ck_assert_int_eq(becomes_of(forbidden[_i]), (guint)_i < first ? EPERM : 0);
}
END_TEST

static void *say_so(void *data)
{
	*(bool *)data = true;
	return NULL;
}

START_TEST(threads_can_be_made_and_sockets_of_this_machine)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	bool said = false;
	pthread_t thread;
	int fd, pair[2];

	enter("unix:/nowhere");
	ck_assert_int_eq(pthread_create(&thread, NULL, say_so, &said), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert(said);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, sizeof(sa_family_t)), 0);
}
END_TEST

START_TEST(a_serial_server_is_reached_and_nothing_else)
{
	enter("tcp:127.0.0.1:9");
	ck_assert_int_ge(socket(AF_INET, SOCK_STREAM, 0), 0);
	ck_assert_int_ge(socket(AF_INET6, SOCK_DGRAM, 0), 0);
	ck_assert_int_eq(socket(AF_PACKET, SOCK_RAW, 0), -1);
}
END_TEST

/* systemd's @system-service, of the time before this sandbox, has neither of the two calls. */
START_TEST(behind_a_filter_that_lets_no_other_be_made_it_serves_all_the_same)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	ck_assert_ptr_nonnull(filter);
	ck_assert_int_eq(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(seccomp), 0), 0);
	ck_assert_int_eq(
		seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SYS_landlock_create_ruleset, 0), 0);
	ck_assert_int_eq(seccomp_load(filter), 0);
	seccomp_release(filter);
	enter("unix:/nowhere");
	ck_assert_int_eq(opening("home/private", O_RDONLY), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sandbox");
	TCase *files = tcase_create("files"), *calls = tcase_create("calls");

	tcase_add_unchecked_fixture(files, set_up, tear_down);
	tcase_add_test(files, what_the_broker_needs_can_be_read_and_its_state_be_written);
	tcase_add_test(files, no_other_file_can_be_read_written_or_made);
	tcase_add_test(files, with_a_tty_ports_that_come_later_can_be_opened);
	suite_add_tcase(suite, files);
	tcase_add_unchecked_fixture(calls, set_up, tear_down);
	tcase_add_loop_test(calls, what_only_an_intruder_does_ends_the_process, 0,
			    G_N_ELEMENTS(deadly));
	tcase_add_loop_test(calls, what_no_broker_does_is_not_permitted, 0,
			    G_N_ELEMENTS(forbidden));
	tcase_add_test(calls, threads_can_be_made_and_sockets_of_this_machine);
	tcase_add_test(calls, behind_a_filter_that_lets_no_other_be_made_it_serves_all_the_same);
	tcase_add_test(calls, a_serial_server_is_reached_and_nothing_else);
	suite_add_tcase(suite, calls);
	return suite_run(suite);
}
