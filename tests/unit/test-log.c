// SPDX-License-Identifier: MIT
/* The log: nobody who does not read it stops the broker, and nothing is dropped without a word. */
#include <check.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "eswrapd/log.h"
#include "support/suite.h"

/* As long as any line of the broker's. */
#define LINE_BYTES 128
#define TOO_MANY   (4 * LOG_RING_BYTES / LINE_BYTES)

static int reader;

/* Standard error becomes a pipe, before the log is opened: each case runs in a process of its own. */
static void set_up(void)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	reader = ends[0];
	log_init(0);
	log_begin();
}

static void tear_down(void)
{
	close(reader);
}

/* Reads until @text has come. Return: all that was read. */
static GString *read_until(const char *text)
{
	GString *all = g_string_new(NULL);
	char buffer[4096];
	ssize_t n;

	while (!strstr(all->str, text)) {
		n = read(reader, buffer, sizeof(buffer));
		ck_assert_int_gt(n, 0);
		g_string_append_len(all, buffer, n);
	}
	return all;
}

START_TEST(a_line_is_one_event_and_nothing_that_a_terminal_obeys)
{
	g_autoptr(GString) all = NULL;

	g_message("first\nsecond \x1b[31m");
	g_info("not asked for");
	g_message("end");
	all = read_until("end\n");
	ck_assert_str_eq(all->str, "eswrapd: first second  [31m\neswrapd: end\n");
}
END_TEST

static guint64 lines_kept(const char *all)
{
	guint64 kept = 0;
	const char *p;

	for (p = all; (p = strstr(p, "xxx\n")); p++)
		kept++;
	return kept;
}

/* As the log says; more than once where some could be written in between. */
static guint64 lines_dropped(const char *all)
{
	guint64 dropped = 0;
	const char *p, *number;

	for (p = all; (p = strstr(p, " lines of the log were dropped")); p++) {
		for (number = p; g_ascii_isdigit(number[-1]); number--)
			;
		dropped += g_ascii_strtoull(number, NULL, 10);
	}
	return dropped;
}

START_TEST(nobody_waits_for_who_does_not_read_and_what_is_dropped_is_said)
{
	g_autofree char *line = g_strnfill(LINE_BYTES, 'x');
	g_autoptr(GString) all = NULL;
	guint i;

	for (i = 0; i < TOO_MANY; i++)
		g_message("%s", line);
	/* Had one waited, this would not be reached: only now somebody reads. */
	all = read_until("x\n");
	while (lines_kept(all->str) + lines_dropped(all->str) < TOO_MANY) {
		g_autoptr(GString) more = NULL;

		g_message("another");
		more = read_until("\n");
		g_string_append(all, more->str);
	}
	ck_assert_uint_gt(lines_dropped(all->str), 0);
	ck_assert_uint_ge(lines_kept(all->str) * (LINE_BYTES + 10), LOG_RING_BYTES - LINE_BYTES);
}
END_TEST

START_TEST(a_write_that_fails_does_not_end_the_log)
{
	g_autoptr(GString) all = NULL;
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC), pipe_end = dup(STDERR_FILENO);

	ck_assert_int_ge(full, 0);
	dup2(full, STDERR_FILENO);
	g_message("lost");
	log_flush();
	dup2(pipe_end, STDERR_FILENO);
	g_message("kept");
	all = read_until("kept\n");
	ck_assert_ptr_null(strstr(all->str, "lost"));
}
END_TEST

/* A journal: whatever is sent to its socket. */
static int start_journal(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static const char *receive(int fd)
{
	static char entry[1024];
	ssize_t n = recv(fd, entry, sizeof(entry) - 1, 0);

	ck_assert_int_gt(n, 0);
	entry[n] = '\0';
	return entry;
}

START_TEST(the_journal_gets_fields_and_what_it_does_not_take_is_a_line)
{
	const struct log_about about = { 0xabc, "cloud\nPRIORITY=0", 1000 };
	g_autofree char *dir = g_dir_make_tmp("test-log-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "journal", NULL);
	int fd;

	ck_assert(!log_to_journal(path));
	fd = start_journal(path);
	ck_assert(log_to_journal(path));
	log_set_module("/dev/ttyS9");
	g_warning("plain");
	ck_assert_str_eq(receive(fd), "SYSLOG_IDENTIFIER=eswrapd\nPRIORITY=4\nMODULE=/dev/ttyS9\n"
				      "MESSAGE=plain\n");
	log_event(G_LOG_LEVEL_MESSAGE, &about, "connect to %s", "a\x1b.example");
	ck_assert_str_eq(receive(fd), "SYSLOG_IDENTIFIER=eswrapd\nPRIORITY=5\nMODULE=/dev/ttyS9\n"
				      "MESSAGE=connect to a .example\nFLOW=abc\nUID=1000\n"
				      "ROUTE=cloud PRIORITY=0\n");
	/* A journal that is gone. */
	close(fd);
	g_message("end");
	g_string_free(read_until("end\n"), TRUE);
	unlink(path);
	rmdir(dir);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log");
	TCase *tcase = tcase_create("log");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_line_is_one_event_and_nothing_that_a_terminal_obeys);
	tcase_add_test(tcase, the_journal_gets_fields_and_what_it_does_not_take_is_a_line);
	tcase_add_test(tcase, nobody_waits_for_who_does_not_read_and_what_is_dropped_is_said);
	tcase_add_test(tcase, a_write_that_fails_does_not_end_the_log);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
