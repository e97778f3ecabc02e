// SPDX-License-Identifier: MIT
/* The line itself: who is on it, how fast it is, what is recorded of it. */
#include "fake/harness.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* What I? is answered with, in bytes on the line. */
#define IDENTITY_ANSWER_SIZE 96

START_TEST(second_host_is_refused_at_once)
{
	struct fake *fake = fake_start("");
	int other = fake_connect(fake);
	char byte;

	/* Also while the module is busy. */
	ck_assert_int_eq(read(other, &byte, 1), 0);
	close(other);
	fake_join(fake);
	fake_says(fake, "R2=300\r", OK);
	fake_says(fake, "P1=1\r", OK);
	fake_says(fake, "P3=127.0.0.1\r", OK);
	fake_says(fake, "P4=9\r", OK);
	fake_says(fake, "P6=1\r", OK);
	fake_text(fake, "R0\r");
	other = fake_connect(fake);
	ck_assert_int_eq(read(other, &byte, 1), 0);
	close(other);
	fake_expect_text(fake, OK);
	fake_stop(fake);
}
END_TEST

static void next_host(struct fake *fake)
{
	close(fake->fd);
	fake->fd = fake_connect(fake);
}

START_TEST(next_host_finds_the_module_as_it_was)
{
	struct fake *fake = fake_start("");

	fake_says(fake, "P0=2\r", OK);
	fake_says(fake, "P4=1234\r", OK);
	next_host(fake);
	fake_quiet(fake, 50);
	fake_says(fake, "P?\r", DATA("0,0.0.0.0,5024,0.0.0.0,1234,0,0,1,0,0"));
	fake_stop(fake);
}
END_TEST

START_TEST(half_a_command_is_completed_by_the_next_host)
{
	struct fake *fake = fake_start("");

	fake_text(fake, "Z");
	next_host(fake);
	fake_says(fake, "5\r", DATA(MAC));
	fake_stop(fake);
}
END_TEST

START_TEST(bytes_of_the_last_host_come_before_those_of_the_next)
{
	struct fake *fake = fake_start("");
	unsigned int i;

	for (i = 0; i < 50; i++) {
		fake_text(fake, "P4=1\r");
		next_host(fake);
		fake_text(fake, "P4=2\r");
		next_host(fake);
		/* Whatever the answers to those became. */
		fake_text(fake, "P?\r");
		g_free(fake_ask(fake, ""));
		next_host(fake);
		g_free(fake_ask(fake, "Z5\r"));
	}
	next_host(fake);
	fake_says(fake, "P?\r", DATA("0,0.0.0.0,5024,0.0.0.0,2,0,0,1,0,0"));
	fake_stop(fake);
}
END_TEST

START_TEST(pty_serves_one_host_after_another)
{
	struct fake *fake = fake_start_pty(115200, "");
	unsigned int i;

	for (i = 0; i < 10; i++) {
		fake_says(fake, "Z5\r", DATA(MAC));
		next_host(fake);
	}
	fake_quiet(fake, 50);
	fake_stop(fake);
}
END_TEST

START_TEST(what_is_said_to_nobody_is_lost)
{
	struct fake *fake = fake_start_pty(115200, "--boot-time 100");

	fake_says(fake, "P0=0\r", OK);
	fake_text(fake, "ZR\r");
	close(fake->fd);
	g_usleep(250 * 1000);
	fake->fd = fake_connect(fake);
	fake_quiet(fake, 50);
	fake_says(fake, "Z5\r", DATA(MAC));
	fake_stop(fake);
}
END_TEST

START_TEST(stale_socket_is_replaced_and_a_live_one_is_not)
{
	struct fake *fake = fake_start("");
	char *options = g_strdup_printf("--listen '%s'", fake->path), *words;

	words = fake_refuses(options);
	ck_assert_msg(strstr(words, fake->path) && strstr(words, "in use"), "%s", words);
	g_free(words);
	g_free(options);
	fake_says(fake, "Z5\r", DATA(MAC));
	fake_kill(fake);
	fake_restart(fake, "");
	fake_says(fake, "Z5\r", DATA(MAC));
	fake_stop(fake);
}
END_TEST

START_TEST(other_files_are_never_replaced)
{
	struct fake *fake = fake_start("");
	char *file = g_build_filename(fake->dir, "file", NULL), *options, *words;
	static const char *const ways[] = { "--listen", "--pty" };
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(ways); i++) {
		ck_assert(g_file_set_contents(file, "precious", -1, NULL));
		options = g_strdup_printf("%s '%s'", ways[i], file);
		words = fake_refuses(options);
		ck_assert_msg(strstr(words, file) && strstr(words, "exists"), "%s", words);
		g_free(words);
		g_free(options);
		ck_assert(g_file_get_contents(file, &words, NULL, NULL));
		ck_assert_str_eq(words, "precious");
		g_free(words);
	}
	g_free(file);
	fake_stop(fake);
}
END_TEST

/* At 1200 bit/s a byte takes 8.3 ms: far more than any delay of the machine counts here. */
START_TEST(no_byte_comes_before_its_time)
{
	struct fake *fake = fake_start("--baud 1200");
	char answer[IDENTITY_ANSWER_SIZE];
	int64_t start = g_get_monotonic_time(), due;
	unsigned int i;

	fake_text(fake, "I?\r");
	for (i = 0; i < sizeof(answer); i++) {
		fake_receive(fake, answer + i, 1);
		due = start + (3 + i + 1) * G_GINT64_CONSTANT(10000000) / 1200;
		ck_assert_msg(g_get_monotonic_time() >= due, "byte %u is early", i);
	}
	ck_assert_mem_eq(answer + sizeof(answer) - 4, PROMPT, 4);
	fake_stop(fake);
}
END_TEST

START_TEST(payload_goes_out_when_its_last_byte_has_arrived)
{
	struct fake *fake = fake_start("--baud 9600");
	char *payload = g_strnfill(200, 'x');
	uint16_t port;
	int listen_fd = peer_listen(&port), fd;
	int64_t start;

	fake_join(fake);
	fake_open(fake, 0, 0, port);
	fd = peer_accept(listen_fd);
	start = monotonic_ms();
	fake_text(fake, "S3=200\r");
	fake_text(fake, payload);
	peer_take(fd, payload, 200);
	ck_assert_int_ge(monotonic_ms() - start, 207 * 10000 / 9600);
	fake_expect_text(fake, DATA("200"));
	close(fd);
	close(listen_fd);
	g_free(payload);
	fake_stop(fake);
}
END_TEST

/* 66 bytes take 2.2 s here, longer than a payload may pause. */
START_TEST(payload_timeout_begins_when_the_line_falls_silent)
{
	struct fake *fake = fake_start("--baud 300 --payload-timeout 1000");
	char *most = g_strnfill(60, 'x');

	fake_text(fake, "S3=70\r");
	fake_text(fake, most);
	g_usleep(2300 * 1000);
	fake_says(fake, "xxxxxxxxxx", DATA("-1"));
	g_free(most);
	fake_stop(fake);
}
END_TEST

static int64_t time_of_identity(struct fake *fake)
{
	int64_t start = monotonic_ms();

	g_free(fake_ask(fake, "I?\r"));
	return monotonic_ms() - start;
}

START_TEST(u2_and_u0_change_the_pace)
{
	struct fake *fake = fake_start("--baud 1200 --u0 forgets");

	ck_assert_int_ge(time_of_identity(fake), 760);
	fake_says(fake, "U2=115200\r", OK);
	/* Not before U0. */
	ck_assert_int_ge(time_of_identity(fake), 760);
	fake_says(fake, "U0\r", OK);
	ck_assert_int_lt(time_of_identity(fake), 760);
	fake_says(fake, "ZR\r", PROMPT);
	ck_assert_int_ge(time_of_identity(fake), 760);
	fake_stop(fake);
}
END_TEST

static void set_speed(struct fake *fake, speed_t speed)
{
	struct termios termios;

	ck_assert_int_eq(tcgetattr(fake->fd, &termios), 0);
	cfsetspeed(&termios, speed);
	ck_assert_int_eq(tcsetattr(fake->fd, TCSADRAIN, &termios), 0);
}

START_TEST(rate_of_u0_is_that_of_the_next_start_too)
{
	struct fake *fake = fake_start("--baud 1200 --flash %s/flash");

	fake_says(fake, "U2=115200\r", OK);
	fake_says(fake, "U0\r", OK);
	fake_says(fake, "ZR\r", PROMPT);
	fake_says(fake, "U?\r", DATA("0,115200,8,0,1,0"));
	fake_stop_process(fake);
	fake_restart(fake, "--baud 1200 --flash %s/flash");
	fake_says(fake, "U?\r", DATA("0,115200,8,0,1,0"));
	fake_stop(fake);
}
END_TEST

START_TEST(pty_host_at_another_rate_is_garbage)
{
	struct fake *fake = fake_start_pty(115200, "--baud 115200 --latency U?=300");
	static const char wanted[] = DATA("0,921600,8,0,1,0");
	char answer[sizeof(wanted) - 1];

	fake_says(fake, "Z5\r", DATA(MAC));
	fake_says(fake, "U2=921600\r", OK);
	fake_says(fake, "U0\r", OK);
	/* The host is not understood. */
	fake_text(fake, "Z5\r");
	fake_quiet(fake, 100);
	set_speed(fake, B921600);
	fake_says(fake, "\r", UNKNOWN);
	fake_says(fake, "Z5\r", DATA(MAC));
	/* Nor does it understand: it changes its rate while the answer is on its way. */
	fake_text(fake, "U?\r");
	fake_quiet(fake, 100);
	set_speed(fake, B9600);
	fake_receive(fake, answer, sizeof(answer));
	ck_assert_mem_ne(answer, wanted, sizeof(answer));
	fake_stop(fake);
}
END_TEST

START_TEST(pty_starts_at_the_rate_of_the_module)
{
	struct fake *fake = fake_start_pty(921600, "--baud 921600");
	struct termios termios;

	next_host(fake);
	ck_assert_int_eq(tcgetattr(fake->fd, &termios), 0);
	ck_assert_uint_eq(cfgetospeed(&termios), B921600);
	fake_says(fake, "Z5\r", DATA(MAC));
	fake_stop(fake);
}
END_TEST

START_TEST(pauses_inside_an_answer_do_not_change_it)
{
	struct fake *fake = fake_start("--pause 20 --seed 7");
	unsigned int i;

	for (i = 0; i < 20; i++)
		fake_says(fake, "Z5\r", DATA(MAC));
	fake_stop(fake);
}
END_TEST

START_TEST(trace_shows_every_byte_both_ways)
{
	struct fake *fake = fake_start("--boot-time 0 --trace %s/trace");
	char *path = g_build_filename(fake->dir, "trace", NULL), *trace, **lines;
	static const char *const expected[] = {
		" < \"\\r\\n> \"",
		" > \"Z5\\r\"",
		" < \"\\r\\n" MAC "\\r\\nOK\\r\\n> \"",
		" > \"\\x00\\\"\\\\\\xff\\r\"",
		" * why: Unknown command",
		" < \"\\r\\nERROR: Unknown Command\\r\\n> \"",
		" > \"ZR\\r\"",
		" * reset",
		" < \"\\r\\n> \"",
	};
	unsigned int i;

	fake_says(fake, "Z5\r", DATA(MAC));
	fake_send(fake, "\0\"\\\xff\r", 5);
	fake_expect_text(fake, UNKNOWN);
	fake_says(fake, "ZR\r", PROMPT);
	fake_stop_process(fake);
	ck_assert(g_file_get_contents(path, &trace, NULL, NULL));
	lines = g_strsplit(trace, "\n", -1);
	for (i = 0; i < G_N_ELEMENTS(expected); i++) {
		ck_assert_ptr_nonnull(lines[i]);
		ck_assert_msg(g_ascii_isdigit(lines[i][0]) &&
				      g_str_has_suffix(lines[i], expected[i]),
			      "%s, not %s", lines[i], expected[i]);
	}
	ck_assert_str_eq(lines[i], "");
	g_strfreev(lines);
	g_free(trace);
	g_free(path);
	fake_stop(fake);
}
END_TEST

START_TEST(ready_fd_is_told_and_closed)
{
	struct fake *fake = fake_start("");
	char *path = g_build_filename(fake->dir, "other", NULL), line[256] = "";
	const char *top = g_getenv("top_builddir");
	char *program = g_build_filename(top ? top : ".", "tools/eswrap-fake/eswrap-fake", NULL);
	size_t size = 0;
	int ends[2];
	ssize_t n;
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], 9);
		close(ends[0]);
		close(ends[1]);
		execl(program, "eswrap-fake", "--listen", path, "--ready-fd", "9", NULL);
		_exit(127);
	}
	close(ends[1]);
	while ((n = read(ends[0], line + size, sizeof(line) - 1 - size)) > 0)
		size += n;
	ck_assert(g_str_has_prefix(line, "eswrap-fake: ready on "));
	ck_assert(strstr(line, path));
	kill(pid, SIGTERM);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	close(ends[0]);
	g_free(program);
	g_free(path);
	fake_stop(fake);
}
END_TEST

START_TEST(sigterm_ends_it_whatever_it_does)
{
	struct fake *fake = fake_start("--latency Z5=100000");
	uint16_t port;
	int listen_fd = peer_listen(&port), fd;

	/* In the middle of a read that waits. */
	fake_join(fake);
	fake_open(fake, 0, 0, port);
	fd = peer_accept(listen_fd);
	fake_says(fake, "R2=30000\r", OK);
	fake_text(fake, "R0\r");
	fake_quiet(fake, 20);
	fake_stop_process(fake);
	/* Of its time for a command. */
	fake_restart(fake, "--latency Z5=100000");
	fake_text(fake, "Z5\r");
	fake_quiet(fake, 20);
	fake_stop_process(fake);
	/* Of a payload. */
	fake_restart(fake, "");
	fake_text(fake, "S3=100\rabc");
	fake_quiet(fake, 20);
	fake_stop(fake);
	close(fd);
	close(listen_fd);
}
END_TEST

START_TEST(host_that_does_not_read_stops_the_module_and_nothing_else)
{
	struct fake *fake = fake_start("");
	char command[] = "?\r";
	unsigned int i;
	int other;
	char byte;

	fcntl(fake->fd, F_SETFL, O_NONBLOCK);
	for (i = 0; i < 20000; i++)
		if (write(fake->fd, command, 2) < 0)
			break;
	other = fake_connect(fake);
	ck_assert_int_eq(read(other, &byte, 1), 0);
	close(other);
	fake_stop(fake);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fake-line");
	TCase *tcase = tcase_create("line");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, second_host_is_refused_at_once);
	tcase_add_test(tcase, next_host_finds_the_module_as_it_was);
	tcase_add_test(tcase, half_a_command_is_completed_by_the_next_host);
	tcase_add_test(tcase, bytes_of_the_last_host_come_before_those_of_the_next);
	tcase_add_test(tcase, pty_serves_one_host_after_another);
	tcase_add_test(tcase, what_is_said_to_nobody_is_lost);
	tcase_add_test(tcase, stale_socket_is_replaced_and_a_live_one_is_not);
	tcase_add_test(tcase, other_files_are_never_replaced);
	tcase_add_test(tcase, no_byte_comes_before_its_time);
	tcase_add_test(tcase, payload_goes_out_when_its_last_byte_has_arrived);
	tcase_add_test(tcase, payload_timeout_begins_when_the_line_falls_silent);
	tcase_add_test(tcase, u2_and_u0_change_the_pace);
	tcase_add_test(tcase, rate_of_u0_is_that_of_the_next_start_too);
	tcase_add_test(tcase, pty_host_at_another_rate_is_garbage);
	tcase_add_test(tcase, pty_starts_at_the_rate_of_the_module);
	tcase_add_test(tcase, pauses_inside_an_answer_do_not_change_it);
	tcase_add_test(tcase, trace_shows_every_byte_both_ways);
	tcase_add_test(tcase, ready_fd_is_told_and_closed);
	tcase_add_test(tcase, sigterm_ends_it_whatever_it_does);
	tcase_add_test(tcase, host_that_does_not_read_stops_the_module_and_nothing_else);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
