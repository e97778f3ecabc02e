// SPDX-License-Identifier: MIT
/*
 * How exactly eswrap-fake keeps the rate of its line: a second's worth of bytes without a gap in
 * each direction, at three rates, against ten bits a byte. One line a case,
 * "bench NAME VALUE UNIT RATIO"; the ratio is measured rate to rate. Exits with 1 when one is off
 * by more than a hundredth.
 */
#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOLERANCE 0.01
#define PIECE	  4096

static void die(const char *what)
{
	fprintf(stderr, "bench-fake-pace: %s: %s\n", what, g_strerror(errno));
	exit(EXIT_FAILURE);
}

static pid_t start(const char *path, unsigned int rate, unsigned int noise)
{
	const char *top = g_getenv("top_builddir");
	char *program = g_build_filename(top ? top : ".", "tools/eswrap-fake/eswrap-fake", NULL);
	char *baud = g_strdup_printf("%u", rate), ready[256];
	char *fault = g_strdup_printf("noise,size=%u@Z5", noise);
	int ends[2];
	pid_t pid;

	if (pipe(ends))
		die("pipe");
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		execl(program, program, "--listen", path, "--baud", baud, "--fault", fault, NULL);
		_exit(127);
	}
	close(ends[1]);
	if (read(ends[0], ready, sizeof(ready)) <= 0)
		die(program);
	close(ends[0]);
	g_free(program);
	g_free(baud);
	g_free(fault);
	return pid;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		die(path);
	return fd;
}

static size_t take(int fd, char *data, size_t size)
{
	ssize_t n = read(fd, data, size);

	if (n <= 0)
		die("read");
	return n;
}

static void put(int fd, const char *data, size_t size)
{
	ssize_t n;

	while (size) {
		n = write(fd, data, size);
		if (n < 0)
			die("write");
		data += n;
		size -= n;
	}
}

/* Bytes a second to the host: from the first piece that came to the last. */
static double down(int fd, unsigned int noise)
{
	static const char answer[] = "\r\nc4:7f:51:00:00:01\r\nOK\r\n> ";
	size_t total = sizeof(answer) - 1 + noise, got, first;
	char data[PIECE];
	gint64 begin, end;

	put(fd, "Z5\r", 3);
	first = take(fd, data, sizeof(data));
	begin = g_get_monotonic_time();
	for (got = first; got < total; got += take(fd, data, sizeof(data)))
		continue;
	end = g_get_monotonic_time();
	return (total - first) * 1e6 / (end - begin);
}

/* Bytes a second from the host: a line too long for any command, and the answer to it. */
static double up(int fd, unsigned int size)
{
	static const char answer[] = "\r\nERROR\r\nCommand too long\r\n> ";
	char *line = g_strnfill(size, 'A'), data[PIECE];
	gint64 begin = g_get_monotonic_time();
	size_t got = 0;

	put(fd, line, size);
	put(fd, "\r", 1);
	while (got < sizeof(answer) - 1)
		got += take(fd, data, sizeof(data));
	g_free(line);
	return (size + 1 + got) * 1e6 / (g_get_monotonic_time() - begin);
}

static bool report(const char *direction, unsigned int rate, double bytes)
{
	double ratio = bytes * 10 / rate;

	printf("bench fake-pace-%s-%u %.0f B/s %.4f\n", direction, rate, bytes, ratio);
	fflush(stdout);
	return ABS(ratio - 1) <= TOLERANCE;
}

int main(void)
{
	static const unsigned int rates[] = { 115200, 921600, 2073600 };
	char *dir = g_dir_make_tmp("eswrap-pace-XXXXXX", NULL);
	char *path = g_build_filename(dir, "line", NULL);
	bool exact = true;
	unsigned int i;
	pid_t pid;
	int fd;

	for (i = 0; i < G_N_ELEMENTS(rates); i++) {
		pid = start(path, rates[i], rates[i] / 10);
		fd = connect_to(path);
		exact &= report("down", rates[i], down(fd, rates[i] / 10));
		exact &= report("up", rates[i], up(fd, rates[i] / 10));
		close(fd);
		kill(pid, SIGTERM);
		waitpid(pid, NULL, 0);
	}
	rmdir(dir);
	g_free(path);
	g_free(dir);
	return exact ? EXIT_SUCCESS : EXIT_FAILURE;
}
