// SPDX-License-Identifier: MIT
#include "fake/harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

int64_t monotonic_ms(void)
{
	return g_get_monotonic_time() / 1000;
}

static void wait_readable(int fd, const char *what)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	ck_assert_msg(poll(&poll_fd, 1, PATIENCE_MS) == 1, "nothing came: %s", what);
}

/* The program's arguments: how its line is offered, a trace, @options with the directory for %s. */
static char **arguments(const struct fake *fake, const char *options)
{
	const char *top = g_getenv("top_builddir");
	const char *trace = strstr(options, "--trace") ? "" : "--trace %s/trace ";
	g_autofree char *format = g_strconcat(trace, options, NULL), *all = NULL, *line = NULL;
	g_auto(GStrv) parts = g_strsplit(format, "%s", -1);
	GError *error = NULL;
	char **argv;

	all = g_strjoinv(fake->dir, parts);
	line = g_strdup_printf("'%s/tools/eswrap-fake/eswrap-fake' %s '%s' %s", top ? top : ".",
			       fake->pty ? "--pty" : "--listen", fake->path, all);
	ck_assert_msg(g_shell_parse_argv(line, NULL, &argv, &error), "%s", line);
	return argv;
}

/* Waits for the line that says it can be talked to. */
static void await_ready(int fd)
{
	char line[256] = "";
	size_t size = 0;
	ssize_t n;

	while (!memchr(line, '\n', size)) {
		wait_readable(fd, "the ready line");
		n = read(fd, line + size, sizeof(line) - 1 - size);
		ck_assert_msg(n > 0, "eswrap-fake did not start");
		size += n;
	}
	ck_assert(g_str_has_prefix(line, "eswrap-fake: ready on "));
}

static void launch(struct fake *fake, const char *options)
{
	char **argv = arguments(fake, options);
	GError *error = NULL;
	int out;

	ck_assert_msg(g_spawn_async_with_pipes(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL,
					       NULL, &fake->pid, NULL, &out, NULL, &error),
		      "%s", error ? error->message : "");
	await_ready(out);
	close(out);
	g_strfreev(argv);
	fake->fd = fake_connect(fake);
}

static int connect_socket(const struct fake *fake)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_strlcpy(address.sun_path, fake->path, sizeof(address.sun_path));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

int fake_connect(const struct fake *fake)
{
	int fd;

	if (!fake->pty)
		return connect_socket(fake);
	fd = open(fake->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static struct fake *new_fake(bool pty)
{
	struct fake *fake = g_new0(struct fake, 1);

	fake->dir = g_dir_make_tmp("eswrap-fake-XXXXXX", NULL);
	ck_assert_ptr_nonnull(fake->dir);
	fake->path = g_build_filename(fake->dir, "line", NULL);
	fake->pty = pty;
	fake->fd = -1;
	return fake;
}

struct fake *fake_start(const char *options)
{
	struct fake *fake = new_fake(false);

	launch(fake, options);
	return fake;
}

struct fake *fake_start_as(enum profile profile, const char *options)
{
	static const char *const names[PROFILES] = {
		[C3525] = "C3.5.2.5",
		[C3523] = "C3.5.2.3",
		[C621] = "C6.2.1",
		[NOTE] = "note",
	};
	g_autofree char *all = g_strdup_printf("--as %s %s", names[profile], options);

	return fake_start(all);
}

static speed_t speed_of(unsigned int rate)
{
	switch (rate) {
	case 9600:
		return B9600;
	case 115200:
		return B115200;
	case 921600:
		return B921600;
	case 3000000:
		return B3000000;
	default:
		ck_abort_msg("no speed for %u", rate);
	}
}

struct fake *fake_start_pty(unsigned int rate, const char *options)
{
	struct fake *fake = new_fake(true);
	struct termios termios;

	launch(fake, options);
	ck_assert_int_eq(tcgetattr(fake->fd, &termios), 0);
	cfmakeraw(&termios);
	cfsetspeed(&termios, speed_of(rate));
	ck_assert_int_eq(tcsetattr(fake->fd, TCSANOW, &termios), 0);
	return fake;
}

void fake_restart(struct fake *fake, const char *options)
{
	launch(fake, options);
}

static int reap(struct fake *fake)
{
	int status;

	ck_assert_int_eq(waitpid(fake->pid, &status, 0), fake->pid);
	fake->pid = 0;
	close(fake->fd);
	fake->fd = -1;
	return status;
}

void fake_kill(struct fake *fake)
{
	kill(fake->pid, SIGKILL);
	reap(fake);
}

void fake_stop_process(struct fake *fake)
{
	struct stat st;
	int status;

	kill(fake->pid, SIGTERM);
	status = reap(fake);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x", status);
	ck_assert_msg(lstat(fake->path, &st) != 0, "%s is still there", fake->path);
}

static void remove_dir(const char *path)
{
	GDir *dir = g_dir_open(path, 0, NULL);
	const char *name;
	char *file;

	while (dir && (name = g_dir_read_name(dir))) {
		file = g_build_filename(path, name, NULL);
		unlink(file);
		g_free(file);
	}
	if (dir)
		g_dir_close(dir);
	rmdir(path);
}

void fake_stop(struct fake *fake)
{
	if (fake->pid)
		fake_stop_process(fake);
	remove_dir(fake->dir);
	g_free(fake->dir);
	g_free(fake->path);
	g_free(fake);
}

char *fake_refuses(const char *options)
{
	const char *top = g_getenv("top_builddir");
	char *line, *words = NULL;
	GError *error = NULL;
	int status;

	line = g_strdup_printf("'%s/tools/eswrap-fake/eswrap-fake' %s", top ? top : ".", options);
	ck_assert(g_spawn_command_line_sync(line, NULL, &words, &status, &error));
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 1, "%s: status %#x", line,
		      status);
	g_free(line);
	return words;
}

static void send_all(int fd, const void *data, size_t size)
{
	const char *at = data;
	ssize_t n;

	while (size) {
		n = write(fd, at, size);
		ck_assert_msg(n > 0, "write: %s", g_strerror(errno));
		at += n;
		size -= n;
	}
}

static void receive_all(int fd, void *data, size_t size, const char *what)
{
	char *at = data;
	ssize_t n;

	while (size) {
		wait_readable(fd, what);
		n = read(fd, at, size);
		ck_assert_msg(n > 0, "%s: %s", what, n ? g_strerror(errno) : "end");
		at += n;
		size -= n;
	}
}

void fake_send(struct fake *fake, const void *data, size_t size)
{
	send_all(fake->fd, data, size);
}

void fake_text(struct fake *fake, const char *text)
{
	fake_send(fake, text, strlen(text));
}

void fake_receive(struct fake *fake, void *data, size_t size)
{
	receive_all(fake->fd, data, size, "an answer");
}

void fake_expect(struct fake *fake, const void *data, size_t size)
{
	char *got = g_malloc(size + 1), *show, *wanted;

	receive_all(fake->fd, got, size, data);
	if (memcmp(got, data, size) != 0) {
		got[size] = '\0';
		show = g_strescape(got, NULL);
		wanted = g_strescape(data, NULL);
		ck_abort_msg("got \"%s\", not \"%s\"", show, wanted);
	}
	g_free(got);
}

void fake_expect_text(struct fake *fake, const char *text)
{
	fake_expect(fake, text, strlen(text));
}

void fake_quiet(struct fake *fake, unsigned int ms)
{
	struct pollfd poll_fd = { .fd = fake->fd, .events = POLLIN };
	char got[64] = "";

	if (poll(&poll_fd, 1, ms) == 0)
		return;
	ck_assert_int_ge(read(fake->fd, got, sizeof(got) - 1), 0);
	ck_abort_msg("\"%s\" came out of nothing", got);
}

void fake_says(struct fake *fake, const char *command, const char *answer)
{
	fake_text(fake, command);
	fake_expect_text(fake, answer);
}

char *fake_ask(struct fake *fake, const char *command)
{
	GString *answer = g_string_new(NULL);
	char byte;

	fake_text(fake, command);
	while (!g_str_has_suffix(answer->str, PROMPT)) {
		receive_all(fake->fd, &byte, 1, command);
		g_string_append_c(answer, byte);
	}
	return g_string_free(answer, FALSE);
}

char *fake_why(const struct fake *fake)
{
	g_autofree char *path = g_build_filename(fake->dir, "trace", NULL), *trace = NULL;
	const char *last;

	ck_assert(g_file_get_contents(path, &trace, NULL, NULL));
	last = g_strrstr(trace, " * why: ");
	return g_strndup(last ? last : "", last ? strcspn(last, "\n") : 0);
}

void fake_fails(struct fake *fake, const char *command, const char *words)
{
	g_autofree char *answer = fake_ask(fake, command), *why = fake_why(fake);

	ck_assert_msg(strstr(answer, "\r\nERROR"), "%s: \"%s\"", command, answer);
	ck_assert_msg(strstr(why, words), "%s: \"%s\", and the trace says \"%s\"", command, answer,
		      why);
}

void fake_usage(struct fake *fake, const char *command)
{
	static const char *const kinds[] = { "Bad Argument", "Bad Address Value",
					     "Insufficient Arguments", "Too Many Arguments" };
	g_autofree char *answer = fake_ask(fake, command), *wanted = NULL;
	int name = (int)strcspn(command, "=\r");
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_free(wanted);
		wanted = g_strdup_printf("\r\nERROR: %s\r\nUsage: %.*s ", kinds[i], name, command);
		if (g_str_has_prefix(answer, wanted))
			return;
	}
	ck_abort_msg("%s: \"%s\"", command, answer);
}

void fake_join(struct fake *fake)
{
	fake_says(fake, "C1=eswrap-fake\r", OK);
	fake_says(fake, "C2=eswrap-fake\r", OK);
	fake_says(fake, "C3=3\r", OK);
	fake_says(fake, "C0\r", DATA("[JOIN   ] eswrap-fake,192.168.1.174,0,0"));
}

void fake_target(struct fake *fake, unsigned int socket, unsigned int protocol, uint16_t port)
{
	g_autofree char *select = g_strdup_printf("P0=%u\r", socket);
	g_autofree char *kind = g_strdup_printf("P1=%u\r", protocol);
	g_autofree char *remote = g_strdup_printf("P4=%u\r", port);

	fake_says(fake, select, OK);
	fake_says(fake, kind, OK);
	fake_says(fake, "P3=127.0.0.1\r", OK);
	fake_says(fake, remote, OK);
}

void fake_open(struct fake *fake, unsigned int socket, unsigned int protocol, uint16_t port)
{
	fake_target(fake, socket, protocol, port);
	fake_says(fake, "P6=1\r", protocol == 1 || protocol == 2 ? OK : CONNECTING);
}

int peer_listen(uint16_t *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 16), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

int peer_accept(int listen_fd)
{
	int fd;

	wait_readable(listen_fd, "a connection");
	fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

void peer_take(int fd, const void *data, size_t size)
{
	char *got = g_malloc(size);

	receive_all(fd, got, size, "from the module");
	ck_assert_mem_eq(got, data, size);
	g_free(got);
}

void peer_give(int fd, const void *data, size_t size)
{
	send_all(fd, data, size);
}

void peer_ended(int fd)
{
	char byte;
	ssize_t n;

	wait_readable(fd, "the end");
	n = read(fd, &byte, 1);
	ck_assert_msg(n == 0 || (n < 0 && errno == ECONNRESET), "more data");
}
