// SPDX-License-Identifier: MIT
/* Children of a test: in the background, or run to their end. */
#include "support/process.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_SIZE 65536

/**
 * struct process - a child in the background
 * @pidfd:	readable when it has ended
 * @out:	read end of its standard output
 * @seen:	what was read from it and not yet handed out as lines
 * @reaped:	@status is its end
 * @pardoned:	the test killed it itself
 */
struct process {
	struct harness *h;
	const char *name;
	pid_t pid;
	int pidfd, out;
	GString *seen;
	bool reaped, pardoned;
	int status;
};

static gint64 deadline_in(guint seconds)
{
	return g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
}

static int left_ms(gint64 deadline)
{
	gint64 left = (deadline - g_get_monotonic_time()) / 1000;

	return left > 0 ? (int)left : 0;
}

static int shell_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The child's side: dies with the test, stands alone on its descriptors. */
static void become_child(struct harness *h, pid_t parent, const char *name)
{
	char *log = g_strdup_printf("%s/%s.log", h->directory, name);
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	/* The janitor must see the end of the test, not of its children. */
	close(h->janitor);
	fd = open("/dev/null", O_RDONLY);
	dup2(fd, STDIN_FILENO);
	close(fd);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(fd, STDERR_FILENO);
	close(fd);
	g_free(log);
}

/*
 * fork(), with become_child() in the child. Check's handlers for SIGTERM and SIGINT end the whole
 * test: a child that is stopped as soon as it is there must not run them.
 */
static pid_t fork_child(struct harness *h, const char *name)
{
	pid_t parent = getpid(), pid;
	sigset_t all, before;

	fflush(NULL);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	ck_assert_msg(pid >= 0, "fork: %s", g_strerror(errno));
	if (pid == 0) {
		signal(SIGPIPE, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		signal(SIGINT, SIG_DFL);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid == 0)
		become_child(h, parent, name);
	return pid;
}

struct process *process_fork(struct harness *h, const char *name)
{
	struct process *process = g_new0(struct process, 1);
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	process->pid = fork_child(h, name);
	if (process->pid == 0) {
		g_free(process);
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		return NULL;
	}
	close(ends[1]);
	process->h = h;
	process->name = harness_format(h, "%s", name);
	process->out = ends[0];
	process->seen = g_string_new(NULL);
	process->pidfd = pidfd_open(process->pid, 0);
	ck_assert_msg(process->pidfd >= 0, "pidfd_open: %s", g_strerror(errno));
	g_ptr_array_add(h->processes, process);
	return process;
}

/* What every program of a test sees, whatever the caller's environment is like. */
static char **environment_of(struct harness *h, const char *const *more)
{
	static const char *const drop[] = { "LD_PRELOAD", "ESWRAP_SOCKET",    "ESWRAP_ROUTE",
					    "http_proxy", "https_proxy",      "all_proxy",
					    "HTTP_PROXY", "HTTPS_PROXY",      "ALL_PROXY",
					    "no_proxy",	  "NO_PROXY",	      "ESWRAP_FALLBACK",
					    "LISTEN_FDS", "LISTEN_PID",	      "NOTIFY_SOCKET",
					    "MAKEFLAGS",  "RUNTIME_DIRECTORY" };
	char **environment = g_get_environ();
	const char *value;
	char *name;
	guint i;

	for (i = 0; i < G_N_ELEMENTS(drop); i++)
		environment = g_environ_unsetenv(environment, drop[i]);
	environment = g_environ_setenv(environment, "HOME", h->directory, TRUE);
	environment = g_environ_setenv(environment, "XDG_RUNTIME_DIR", h->directory, TRUE);
	environment = g_environ_setenv(environment, "XDG_STATE_HOME", h->directory, TRUE);
	/* The system's programs, and servers as well, not those of a developer's home. */
	environment = g_environ_setenv(environment, "PATH", "/usr/sbin:/usr/bin:/sbin:/bin", TRUE);
	environment = g_environ_setenv(environment, "LC_ALL", "C.UTF-8", TRUE);
	for (; more && *more; more++) {
		value = strchr(*more, '=');
		ck_assert_msg(value != NULL, "environment: no '=' in \"%s\"", *more);
		name = g_strndup(*more, (gsize)(value - *more));
		environment = g_environ_setenv(environment, name, value + 1, TRUE);
		g_free(name);
	}
	return environment;
}

static G_GNUC_NORETURN void become_program(const char *const *argv, char **environment)
{
	/* Not execvpe(), which would search our own PATH. */
	environ = environment;
	execvp(argv[0], (char *const *)argv);
	dprintf(STDERR_FILENO, "%s: %s\n", argv[0], g_strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

struct process *process_start(struct harness *h, const char *name, const char *const *argv,
			      const char *const *environment)
{
	char **all = environment_of(h, environment);
	struct process *process = process_fork(h, name);

	if (!process)
		become_program(argv, all);
	g_strfreev(all);
	return process;
}

struct process *process_start_wrapped(struct harness *h, const char *name, const char *const *argv)
{
	const char *const environment[] = { harness_format(h, "LD_PRELOAD=%s", harness_shim(h)),
					    harness_format(h, "ESWRAP_SOCKET=%s", h->socket),
					    NULL };

	return process_start(h, name, argv, environment);
}

pid_t process_pid(const struct process *process)
{
	return process->pid;
}

static void reap(struct process *process)
{
	int status;

	while (waitpid(process->pid, &status, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	process->status = shell_status(status);
	process->reaped = true;
	close(process->pidfd);
	process->pidfd = -1;
}

/* Take in what stands on standard output. False: the end of it. */
static bool hear(struct process *process)
{
	char buffer[READ_SIZE];
	ssize_t got = read(process->out, buffer, sizeof(buffer));

	if (got > 0)
		g_string_append_len(process->seen, buffer, got);
	return got > 0 || (got < 0 && errno == EINTR);
}

/* The next whole line, cut off from what was seen, or NULL. */
static char *next_line(struct process *process)
{
	char *end = strchr(process->seen->str, '\n');
	char *line;

	if (!end)
		return NULL;
	line = g_strndup(process->seen->str, (gsize)(end - process->seen->str));
	g_string_erase(process->seen, 0, end - process->seen->str + 1);
	return line;
}

const char *process_await_line(struct process *process, const char *beginning)
{
	gint64 deadline = deadline_in(HARNESS_DEADLINE_S);
	struct pollfd poller = { .fd = process->out, .events = POLLIN };
	char *line;

	for (;;) {
		while ((line = next_line(process))) {
			if (g_str_has_prefix(line, beginning)) {
				g_ptr_array_add(process->h->strings, line);
				return line;
			}
			g_free(line);
		}
		ck_assert_msg(poll(&poller, 1, left_ms(deadline)) > 0,
			      "%s did not say \"%s\" within %d s", process->name, beginning,
			      HARNESS_DEADLINE_S);
		ck_assert_msg(hear(process), "%s ended before it said \"%s\"", process->name,
			      beginning);
	}
}

void process_await_port(struct process *process, guint16 port)
{
	gint64 deadline = deadline_in(HARNESS_DEADLINE_S);
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct pollfd poller = { .fd = process->pidfd, .events = POLLIN };
	int fd, result;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (;;) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		result = connect(fd, (struct sockaddr *)&in, sizeof(in));
		close(fd);
		if (result == 0)
			return;
		/* Nothing announces somebody else's listen(); its end at least is an event. */
		ck_assert_msg(poll(&poller, 1, 10) == 0, "%s ended before it opened port %u",
			      process->name, port);
		ck_assert_msg(left_ms(deadline) > 0, "%s did not open port %u within %d s",
			      process->name, port, HARNESS_DEADLINE_S);
	}
}

bool process_ends_within(struct process *process, int ms)
{
	struct pollfd poller = { .fd = process->pidfd, .events = POLLIN };

	return process->reaped || poll(&poller, 1, ms) == 1;
}

int process_wait(struct process *process)
{
	struct pollfd poller = { .fd = process->pidfd, .events = POLLIN };

	if (!process->reaped) {
		ck_assert_msg(poll(&poller, 1, HARNESS_DEADLINE_S * 1000) == 1,
			      "%s (pid %d) did not end within %d s", process->name,
			      (int)process->pid, HARNESS_DEADLINE_S);
		reap(process);
	}
	return process->status;
}

int process_stop(struct process *process)
{
	if (!process->reaped)
		kill(process->pid, SIGTERM);
	return process_wait(process);
}

void process_kill(struct process *process)
{
	process->pardoned = true;
	if (!process->reaped)
		kill(process->pid, SIGKILL);
	process_wait(process);
}

void processes_finish(struct harness *h)
{
	guint i;

	/* The latest first: servers after those that talk to them. */
	for (i = h->processes->len; i-- > 0;) {
		struct process *process = g_ptr_array_index(h->processes, i);
		bool ours = g_str_has_prefix(process->name, "eswrap");
		int status = process_stop(process);

		ck_assert_msg(!ours || process->pardoned || status == 0 || status == 128 + SIGTERM,
			      "%s ended with status %d", process->name, status);
		close(process->out);
		g_string_free(process->seen, TRUE);
		g_free(process);
	}
	g_ptr_array_set_size(h->processes, 0);
}

static void set_nonblocking(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/**
 * struct capture - a program that runs to its end
 * @fds:	write end of its standard input, read ends of its standard output and error, pidfd
 */
struct capture {
	pid_t pid;
	struct pollfd fds[4];
	const struct run *how;
	gsize written;
	struct result *result;
};

enum { INPUT, OUTPUT, ERROR, END };

static void capture_start(struct harness *h, struct capture *c, const char *const *argv)
{
	char **environment = environment_of(h, c->how->environment);
	int in[2], out[2], err[2];

	if (c->how->wrapped) {
		ck_assert_msg(h->socket != NULL, "no broker was started in this harness");
		environment = g_environ_setenv(environment, "LD_PRELOAD", harness_shim(h), TRUE);
		environment = g_environ_setenv(environment, "ESWRAP_SOCKET", h->socket, TRUE);
	}
	ck_assert_int_eq(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC) | pipe2(err, O_CLOEXEC), 0);
	c->pid = fork_child(h, "program");
	if (c->pid == 0) {
		if (c->how->input)
			dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		dup2(err[1], STDERR_FILENO);
		if (chdir(c->how->directory ? c->how->directory : h->directory) < 0)
			_exit(126);
		become_program(argv, environment);
	}
	g_strfreev(environment);
	close(in[0]);
	close(out[1]);
	close(err[1]);
	set_nonblocking(in[1]);
	set_nonblocking(out[0]);
	set_nonblocking(err[0]);
	c->fds[INPUT] = (struct pollfd){ .fd = in[1], .events = POLLOUT };
	c->fds[OUTPUT] = (struct pollfd){ .fd = out[0], .events = POLLIN };
	c->fds[ERROR] = (struct pollfd){ .fd = err[0], .events = POLLIN };
	c->fds[END] = (struct pollfd){ .fd = pidfd_open(c->pid, 0), .events = POLLIN };
	ck_assert_int_ge(c->fds[END].fd, 0);
}

static void capture_close(struct pollfd *poller)
{
	if (poller->fd >= 0)
		close(poller->fd);
	poller->fd = -1;
}

static void capture_write(struct capture *c)
{
	gsize size = c->how->input ? c->how->input_size - c->written : 0;
	ssize_t put = size ? write(c->fds[INPUT].fd, c->how->input + c->written, size) : 0;

	if (put > 0)
		c->written += (gsize)put;
	if (put == (ssize_t)size || (put < 0 && errno != EAGAIN && errno != EINTR))
		capture_close(&c->fds[INPUT]);
}

/* Take in all that stands there now. */
static void capture_read(struct pollfd *poller, GString *to)
{
	char buffer[READ_SIZE];
	ssize_t got = -1;

	while (poller->fd >= 0 && (got = read(poller->fd, buffer, sizeof(buffer))) != 0) {
		if (got > 0)
			g_string_append_len(to, buffer, got);
		else if (errno != EINTR)
			break;
	}
	if (poller->fd >= 0 && got == 0)
		capture_close(poller);
}

static int capture_run(struct capture *c, const char *name)
{
	guint seconds = c->how->seconds ? c->how->seconds : HARNESS_DEADLINE_S;
	gint64 deadline = deadline_in(seconds);
	int status;

	do {
		if (poll(c->fds, G_N_ELEMENTS(c->fds), left_ms(deadline)) == 0) {
			kill(c->pid, SIGKILL);
			ck_abort_msg("%s did not end within %u s; stdout: " HARNESS_SHOWN
				     "; stderr: " HARNESS_SHOWN,
				     name, seconds, c->result->out->str, c->result->err->str);
		}
		if (c->fds[INPUT].fd >= 0 && c->fds[INPUT].revents)
			capture_write(c);
		capture_read(&c->fds[OUTPUT], c->result->out);
		capture_read(&c->fds[ERROR], c->result->err);
	} while (!c->fds[END].revents);
	ck_assert_int_eq(waitpid(c->pid, &status, 0), c->pid);
	/* What it wrote last; a process that it left behind may hold the pipes, and is not ours. */
	capture_read(&c->fds[OUTPUT], c->result->out);
	capture_read(&c->fds[ERROR], c->result->err);
	return shell_status(status);
}

const struct result *harness_run_as(struct harness *h, const struct run *how,
				    const char *const *argv)
{
	struct capture c = { .how = how, .result = g_new0(struct result, 1) };
	int i;

	c.result->out = g_string_new(NULL);
	c.result->err = g_string_new(NULL);
	g_ptr_array_add(h->results, c.result);
	capture_start(h, &c, argv);
	c.result->status = capture_run(&c, argv[0]);
	for (i = INPUT; i <= END; i++)
		capture_close(&c.fds[i]);
	return c.result;
}

static const struct result *run_list(struct harness *h, const struct run *how, const char *program,
				     va_list arguments)
{
	GPtrArray *argv = g_ptr_array_new();
	const struct result *result;
	const char *argument;

	for (argument = program; argument; argument = va_arg(arguments, const char *))
		g_ptr_array_add(argv, (char *)argument);
	g_ptr_array_add(argv, NULL);
	result = harness_run_as(h, how, (const char *const *)argv->pdata);
	g_ptr_array_free(argv, TRUE);
	return result;
}

const struct result *harness_run(struct harness *h, const char *program, ...)
{
	const struct run how = { .wrapped = false };
	const struct result *result;
	va_list arguments;

	va_start(arguments, program);
	result = run_list(h, &how, program, arguments);
	va_end(arguments);
	return result;
}

const struct result *harness_run_wrapped(struct harness *h, const char *program, ...)
{
	const struct run how = { .wrapped = true };
	const struct result *result;
	va_list arguments;

	va_start(arguments, program);
	result = run_list(h, &how, program, arguments);
	va_end(arguments);
	return result;
}
