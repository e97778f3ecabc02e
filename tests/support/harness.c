// SPDX-License-Identifier: MIT
/* The temporary directory, its janitor, and the parts of eswrap; processes are in process.c. */
#include "support/harness.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/process.h"

/* As much of a log as a failed test shows, bytes. */
#define LOG_SHOWN 6000

static void show_log(const char *directory, const char *name)
{
	char *path = g_build_filename(directory, name, NULL);
	char *text = NULL, **lines;
	gsize size = 0, i;

	if (g_file_get_contents(path, &text, &size, NULL) && size > 0) {
		lines = g_strsplit(text + (size > LOG_SHOWN ? size - LOG_SHOWN : 0), "\n", 0);
		for (i = 0; lines[i]; i++)
			if (*lines[i])
				fprintf(stderr, "# %s: %s\n", name, lines[i]);
		g_strfreev(lines);
	}
	g_free(text);
	g_free(path);
}

/* Runs until the test's end of the pipe is closed; one byte before that means that all went well.
 */
static G_GNUC_NORETURN void janitor(int end, const char *directory)
{
	const char *name;
	GDir *dir;
	char byte;

	while (read(end, &byte, 1) < 0 && errno == EINTR)
		;
	if (byte != '.') {
		dir = g_dir_open(directory, 0, NULL);
		while (dir && (name = g_dir_read_name(dir)))
			if (g_str_has_suffix(name, ".log"))
				show_log(directory, name);
		fflush(stderr);
	}
	execlp("rm", "rm", "-rf", directory, (char *)NULL);
	_exit(1);
}

static void start_janitor(struct harness *h)
{
	int ends[2];

	fflush(NULL);
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	h->janitor_pid = fork();
	ck_assert_int_ge(h->janitor_pid, 0);
	if (h->janitor_pid == 0) {
		/* Out of the test's group, which Check kills as a whole. */
		setpgid(0, 0);
		close(ends[1]);
		janitor(ends[0], h->directory);
	}
	close(ends[0]);
	h->janitor = ends[1];
}

struct harness *harness_new(void)
{
	struct harness *h = g_new0(struct harness, 1);
	GError *error = NULL;

	h->strings = g_ptr_array_new_with_free_func(g_free);
	h->processes = g_ptr_array_new();
	h->results = g_ptr_array_new();
	h->directory = g_dir_make_tmp("eswrap-test-XXXXXX", &error);
	ck_assert_msg(h->directory != NULL, "%s", error ? error->message : "");
	start_janitor(h);
	/* A program that stops reading must fail its test by what it says, not kill it. */
	signal(SIGPIPE, SIG_IGN);
	return h;
}

void harness_free(struct harness *h)
{
	guint i;

	processes_finish(h);
	ck_assert_int_eq(write(h->janitor, ".", 1), 1);
	close(h->janitor);
	while (waitpid(h->janitor_pid, NULL, 0) < 0 && errno == EINTR)
		;
	for (i = 0; i < h->results->len; i++) {
		struct result *result = g_ptr_array_index(h->results, i);

		g_string_free(result->out, TRUE);
		g_string_free(result->err, TRUE);
		g_free(result);
	}
	g_ptr_array_free(h->results, TRUE);
	g_ptr_array_free(h->processes, TRUE);
	g_ptr_array_free(h->strings, TRUE);
	g_free(h->directory);
	g_free(h);
}

static const char *keep(struct harness *h, char *string)
{
	g_ptr_array_add(h->strings, string);
	return string;
}

const char *harness_format(struct harness *h, const char *format, ...)
{
	va_list arguments;
	char *string;

	va_start(arguments, format);
	string = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	return keep(h, string);
}

const char *harness_path(struct harness *h, const char *name)
{
	return keep(h, g_build_filename(h->directory, name, NULL));
}

static const char *write_file(struct harness *h, const char *name, const char *text)
{
	const char *path = harness_path(h, name);
	GError *error = NULL;

	ck_assert_msg(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
					       &error),
		      "%s", error ? error->message : "");
	return path;
}

const char *harness_file(struct harness *h, const char *name, const char *format, ...)
{
	va_list arguments;
	const char *path;
	char *text;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	path = write_file(h, name, text);
	g_free(text);
	return path;
}

const char *harness_read(struct harness *h, const char *path)
{
	GError *error = NULL;
	char *text = NULL;

	ck_assert_msg(g_file_get_contents(path, &text, NULL, &error), "%s",
		      error ? error->message : "");
	return keep(h, text);
}

static bool has_in_order(const char *log, const char *first, const char *second)
{
	log = strstr(log, first);
	return log && strstr(log, second);
}

void harness_await_log(struct harness *h, const char *behind, const char *text)
{
	gint64 end = g_get_monotonic_time() + HARNESS_DEADLINE_S * G_USEC_PER_SEC, left;
	const char *path = harness_path(h, "eswrapd.log"), *log;
	int watch = inotify_init1(IN_CLOEXEC);
	struct pollfd written = { .fd = watch, .events = POLLIN };
	char events[4096];

	ck_assert_int_ge(inotify_add_watch(watch, path, IN_MODIFY), 0);
	while (log = harness_read(h, path), !has_in_order(log, behind, text)) {
		left = (end - g_get_monotonic_time()) / 1000;
		ck_assert_msg(left > 0, "no \"%s\" in the log: %s", text, log);
		if (poll(&written, 1, (int)left) == 1)
			ck_assert_int_gt(read(watch, events, sizeof(events)), 0);
	}
	close(watch);
}

/* Automake passes the two trees' paths; without it, the test was started in the build tree. */
static const char *tree(const char *variable)
{
	const char *path = g_getenv(variable);

	return path ? path : ".";
}

static const char *in_tree(struct harness *h, const char *variable, const char *name)
{
	char *path = g_build_filename(tree(variable), name, NULL);
	char *absolute = g_canonicalize_filename(path, NULL);

	g_free(path);
	ck_assert_msg(access(absolute, F_OK) == 0, "%s: %s (run by make check?)", absolute,
		      g_strerror(errno));
	return keep(h, absolute);
}

const char *harness_built(struct harness *h, const char *name)
{
	return in_tree(h, "top_builddir", name);
}

const char *harness_tool(struct harness *h, const char *name)
{
	return in_tree(h, "top_builddir", harness_format(h, "tools/%s/%s", name, name));
}

const char *harness_shim(struct harness *h)
{
	return in_tree(h, "top_builddir", "lib/shim/.libs/libeswrap.so");
}

const char *harness_source(struct harness *h, const char *name)
{
	return in_tree(h, "top_srcdir", name);
}

const char *harness_credential(struct harness *h, const char *name)
{
	return in_tree(h, "top_builddir", harness_format(h, "tests/credentials/%s", name));
}

/* What tests/support/matrix asks of every simulated module; what a test asks for itself counts more. */
static void add_from_environment(struct harness *h, GPtrArray *argv)
{
	const char *more = g_getenv("ESWRAP_FAKE_ARGS");
	g_auto(GStrv) words = NULL;
	guint i;

	if (!more || !*more)
		return;
	ck_assert_msg(g_shell_parse_argv(more, NULL, &words, NULL), "ESWRAP_FAKE_ARGS: %s", more);
	for (i = 0; words[i]; i++)
		g_ptr_array_add(argv, (char *)harness_format(h, "%s", words[i]));
}

const char *harness_fake(struct harness *h, const char *option, ...)
{
	GPtrArray *argv = g_ptr_array_new();
	const char *path = harness_path(h, "module.sock");
	va_list options;

	h->trace = harness_path(h, "module.trace");
	g_ptr_array_add(argv, (char *)harness_tool(h, "eswrap-fake"));
	g_ptr_array_add(argv, (char *)"--listen");
	g_ptr_array_add(argv, (char *)path);
	g_ptr_array_add(argv, (char *)"--flash");
	g_ptr_array_add(argv, (char *)harness_path(h, "flash.bin"));
	g_ptr_array_add(argv, (char *)"--trace");
	g_ptr_array_add(argv, (char *)h->trace);
	g_ptr_array_add(argv, (char *)"--access-point");
	g_ptr_array_add(argv, (char *)HARNESS_SSID ":" HARNESS_PASSPHRASE ":wpa2");
	add_from_environment(h, argv);
	va_start(options, option);
	for (; option; option = va_arg(options, const char *))
		g_ptr_array_add(argv, (char *)option);
	va_end(options);
	g_ptr_array_add(argv, NULL);
	h->fake = process_start(h, "eswrap-fake", (const char *const *)argv->pdata, NULL);
	g_ptr_array_free(argv, TRUE);
	process_await_line(h->fake, "eswrap-fake: ready on ");
	h->device = harness_format(h, "unix:%s", path);
	return h->device;
}

guint harness_opened(struct harness *h)
{
	const char *at = harness_read(h, h->trace);
	guint opened = 0;

	while ((at = strstr(at, "> \"P6=1\\r\""))) {
		opened++;
		at++;
	}
	return opened;
}

static const char *write_config(struct harness *h, const char *format, va_list arguments)
{
	char *text = g_strdup_vprintf(format, arguments);
	const char *broker = "";

	ck_assert_msg(h->device != NULL, "harness_fake() comes before the broker");
	/* The ledger of a test's module must not end up among the user's. */
	if (!strstr(text, "[broker]"))
		broker = harness_format(h, "[broker]\nstate-dir = %s\n\n", h->directory);
	harness_file(h, "wifi.psk", "%s\n", HARNESS_PASSPHRASE);
	h->config = harness_file(h, "eswrap.conf",
				 "[module]\ndevice = %s\nfirmware = note\n\n"
				 "[wifi]\nssid = %s\npassphrase-file = wifi.psk\n"
				 "security = wpa2\n\n%s%s",
				 h->device, HARNESS_SSID, broker, text);
	g_free(text);
	return h->config;
}

const char *harness_private_broker(struct harness *h, const char *path)
{
	const char *argv[] = { harness_tool(h, "eswrapd"),
			       "-c",
			       path,
			       "--socket",
			       harness_path(h, "private.sock"),
			       "--private",
			       "--ready-fd",
			       "1",
			       NULL };

	h->socket = argv[4];
	h->broker = process_start(h, "eswrapd", argv, NULL);
	process_await_line(h->broker, "ready");
	return h->socket;
}

const char *harness_config(struct harness *h, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_config(h, format, arguments);
	va_end(arguments);
	return h->config;
}

const char *harness_broker(struct harness *h, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_config(h, format, arguments);
	va_end(arguments);
	return harness_broker_file(h, h->config);
}

const char *harness_broker_file(struct harness *h, const char *path)
{
	const char *argv[] = { harness_tool(h, "eswrapd"),	"--config",   path, "--socket",
			       harness_path(h, "eswrapd.sock"), "--ready-fd", "1",  NULL };

	h->config = path;
	h->socket = argv[4];
	h->broker = process_start(h, "eswrapd", argv, NULL);
	process_await_line(h->broker, "ready");
	return h->socket;
}

guint16 harness_free_port(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	close(fd);
	return ntohs(in.sin_port);
}
