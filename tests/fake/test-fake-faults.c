// SPDX-License-Identifier: MIT
/* Each kind of fault, and each of its triggers. */
#include "fake/harness.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The prompt of the start counts too. */
#define START 4

static const char z5_answer[] = DATA(MAC);

static struct fake *start(const char *format, unsigned int number)
{
	char *spec = g_strdup(format), *hash = strchr(spec, '~'), *options;
	struct fake *fake;

	if (hash)
		*hash = '\0';
	options = hash ? g_strdup_printf("--fault '%s%u%s'", spec, number, hash + 1)
		       : g_strdup_printf("--fault '%s'", spec);
	fake = fake_start(options);
	g_free(options);
	g_free(spec);
	return fake;
}

START_TEST(lose_out)
{
	struct fake *fake = start("lose-out@out=~", START + 4);

	fake_text(fake, "Z5\r");
	fake_expect_text(fake, "\r\nc:7f:51:00:00:01\r\nOK\r\n> ");
	fake_says(fake, "Z5\r", z5_answer);
	fake_stop(fake);
}
END_TEST

START_TEST(lose_several)
{
	struct fake *fake = start("lose-out,count=17@out=~", START + 3);

	fake_says(fake, "Z5\r", "\r\n\r\nOK\r\n> ");
	fake_stop(fake);
}
END_TEST

START_TEST(lose_in)
{
	struct fake *fake = start("lose-in@in=3", 0);

	fake_says(fake, "P0=1\r", UNKNOWN);
	fake_says(fake, "P0=1\r", OK);
	fake_stop(fake);
}
END_TEST

static unsigned int bits_that_differ(const char *a, const char *b, size_t size)
{
	unsigned int bits = 0;
	size_t i;

	for (i = 0; i < size; i++)
		bits += __builtin_popcount((unsigned char)(a[i] ^ b[i]));
	return bits;
}

START_TEST(flip_out)
{
	struct fake *fake = start("flip-out@out=~", START + 10);
	char answer[sizeof(z5_answer) - 1];

	fake_text(fake, "Z5\r");
	fake_receive(fake, answer, sizeof(answer));
	ck_assert_uint_eq(bits_that_differ(answer, z5_answer, sizeof(answer)), 1);
	ck_assert_int_ne(answer[9], z5_answer[9]);
	fake_stop(fake);
}
END_TEST

START_TEST(flip_in)
{
	struct fake *fake = start("flip-in@in=1", 0);

	fake_says(fake, "Z5\r", UNKNOWN);
	fake_says(fake, "Z5\r", z5_answer);
	fake_stop(fake);
}
END_TEST

START_TEST(add_out)
{
	struct fake *fake = start("add-out,count=3@out=~", START + 1);
	char extra[3];

	fake_text(fake, "Z5\r");
	fake_receive(fake, extra, sizeof(extra));
	fake_expect_text(fake, z5_answer);
	fake_stop(fake);
}
END_TEST

START_TEST(add_in)
{
	struct fake *fake = start("add-in@in=2", 0);

	fake_says(fake, "Z5\r", UNKNOWN);
	fake_says(fake, "Z5\r", z5_answer);
	fake_stop(fake);
}
END_TEST

/* What a hundred commands bring with this fault. */
static char *bytes_with(const char *options, size_t *size)
{
	struct fake *fake = fake_start(options);
	GString *all = g_string_new(NULL);
	char block[4096];
	unsigned int i;
	ssize_t n;

	for (i = 0; i < 100; i++)
		fake_text(fake, "Z5\r");
	/* All of it was said when an answer without faults of its own has come. */
	fake_text(fake, "XX\r");
	while (!strstr(all->str, "Unknown Command")) {
		n = read(fake->fd, block, sizeof(block));
		ck_assert_int_gt(n, 0);
		g_string_append_len(all, block, n);
	}
	fake_stop(fake);
	*size = all->len;
	return g_string_free(all, FALSE);
}

START_TEST(rate_with_the_same_seed_does_the_same)
{
	char *clean, *once, *again, *other;
	size_t clean_size, once_size, again_size, other_size;

	clean = bytes_with("", &clean_size);
	once = bytes_with("--fault lose-out@rate=0.005,seed=11", &once_size);
	again = bytes_with("--fault lose-out@rate=0.005,seed=11", &again_size);
	other = bytes_with("--fault lose-out@rate=0.005,seed=12", &other_size);
	ck_assert_uint_lt(once_size, clean_size);
	ck_assert_uint_eq(once_size, again_size);
	ck_assert_mem_eq(once, again, once_size);
	ck_assert(once_size != other_size || memcmp(once, other, once_size) != 0);
	g_free(clean);
	g_free(once);
	g_free(again);
	g_free(other);
}
END_TEST

START_TEST(silence_cuts_off_swallows_and_ends)
{
	struct fake *fake = start("silence,ms=400@out=~", START + 6);
	int64_t start_ms = monotonic_ms();

	fake_says(fake, "Z5\r", "\r\nc4:");
	fake_text(fake, "P0=3\r");
	fake_quiet(fake, 200);
	while (monotonic_ms() - start_ms < 600)
		g_usleep(10000);
	fake_says(fake, "P?\r", DATA("0,0.0.0.0,5024,0.0.0.0,5025,0,0,1,0,0"));
	fake_stop(fake);
}
END_TEST

START_TEST(reset_in_the_middle_of_an_answer)
{
	struct fake *fake = start("reset@out=~", START + 7 * 10 + 45 + 45 + 10);
	uint16_t port;
	int listen_fd = peer_listen(&port), fd;
	char *text, *at;
	unsigned int i;

	fake_join(fake);
	fake_open(fake, 0, 0, port);
	fd = peer_accept(listen_fd);
	/* Sooner or later an answer is cut off, and then only the prompt comes. */
	for (i = 0; i < 100; i++) {
		text = fake_ask(fake, "Z5\r");
		at = strstr(text, "OK");
		g_free(text);
		if (!at)
			break;
	}
	ck_assert_uint_lt(i, 100);
	peer_ended(fd);
	fake_says(fake, "CS\r", DATA("0"));
	close(fd);
	close(listen_fd);
	fake_stop(fake);
}
END_TEST

START_TEST(reset_in_place_of_an_answer)
{
	struct fake *fake = start("reset@Z5#2", 0);

	fake_says(fake, "P0=2\r", OK);
	fake_says(fake, "Z5\r", z5_answer);
	fake_says(fake, "Z5\r", PROMPT);
	fake_says(fake, "Z5\r", z5_answer);
	fake_stop(fake);
}
END_TEST

START_TEST(reset_out_of_nothing)
{
	struct fake *fake = start("reset,after=50@Z5#1", 0);

	fake_says(fake, "Z5\r", z5_answer);
	fake_expect_text(fake, PROMPT);
	fake_says(fake, "Z5\r", z5_answer);
	fake_stop(fake);
}
END_TEST

START_TEST(reset_in_the_middle_of_a_payload)
{
	struct fake *fake = start("reset@in=10", 0);

	fake_says(fake, "S3=20\rabcdefghijklmnopqrst", PROMPT);
	fake_says(fake, "Z5\r", z5_answer);
	fake_stop(fake);
}
END_TEST

START_TEST(noise_out_of_nothing)
{
	struct fake *fake = start("noise,text=\\r\\n> ,after=20@Z5#1", 0);
	char noise[100];

	fake_says(fake, "Z5\r", z5_answer);
	fake_expect_text(fake, PROMPT);
	fake_stop(fake);
	fake = start("noise,size=100@command=2", 0);
	fake_says(fake, "Z5\r", z5_answer);
	fake_says(fake, "Z5\r", z5_answer);
	fake_receive(fake, noise, sizeof(noise));
	fake_says(fake, "Z5\r", z5_answer);
	fake_stop(fake);
}
END_TEST

START_TEST(message_in_the_middle_of_nothing)
{
	struct fake *fake = start("message,text=a\\054 b,after=20@command=1", 0);

	fake_says(fake, "Z5\r", z5_answer);
	fake_expect_text(fake, "\r\na, b\r\n> ");
	fake_stop(fake);
}
END_TEST

static void set_target(struct fake *fake, uint16_t port)
{
	fake_join(fake);
	fake_target(fake, 0, 0, port);
}

START_TEST(refuse)
{
	struct fake *fake = start("refuse@P6#1", 0);
	uint16_t port;
	int fd = peer_listen(&port);

	set_target(fake, port);
	fake_fails(fake, "P6=1\r", "Connection refused");
	fake_says(fake, "P6=1\r", CONNECTING);
	close(fd);
	fake_stop(fake);
}
END_TEST

START_TEST(timeout)
{
	struct fake *fake = fake_start("--connect-timeout 300 --fault timeout@P6#1");
	int64_t start_ms;
	uint16_t port;
	int fd = peer_listen(&port);

	set_target(fake, port);
	start_ms = monotonic_ms();
	fake_fails(fake, "P6=1\r", "timed out");
	ck_assert_int_ge(monotonic_ms() - start_ms, 300);
	fake_says(fake, "P6=1\r", CONNECTING);
	close(fd);
	fake_stop(fake);
}
END_TEST

START_TEST(slow)
{
	struct fake *fake = start("slow,ms=300@P6#1", 0);
	int64_t start_ms;
	uint16_t port;
	int fd = peer_listen(&port);

	set_target(fake, port);
	start_ms = monotonic_ms();
	fake_says(fake, "P6=1\r", CONNECTING);
	ck_assert_int_ge(monotonic_ms() - start_ms, 300);
	close(fd);
	fake_stop(fake);
}
END_TEST

START_TEST(lookup)
{
	struct fake *fake = start("lookup@D0#1", 0);

	fake_join(fake);
	fake_fails(fake, "D0=127.0.0.1\r", "DNS lookup failed");
	fake_says(fake, "D0=127.0.0.1\r", DATA("127.0.0.1"));
	fake_stop(fake);
}
END_TEST

START_TEST(close_in_the_middle_of_a_transfer)
{
	struct fake *fake = start("close,socket=1@R0#2", 0);
	uint16_t port;
	int listen_fd = peer_listen(&port), zero, one;

	fake_join(fake);
	fake_open(fake, 0, 0, port);
	zero = peer_accept(listen_fd);
	fake_open(fake, 1, 0, port);
	one = peer_accept(listen_fd);
	fake_says(fake, "R2=5000\r", OK);
	fake_says(fake, "R1=3\r", OK);
	peer_give(one, "abcdefghi", 9);
	fake_says(fake, "R0\r", DATA("abc"));
	fake_says(fake, "R0\r", DATA("def"));
	fake_says(fake, "R0\r", GONE);
	fake_says(fake, "S3=1\rx", DATA("-1"));
	peer_ended(one);
	/* The other one goes on. */
	fake_says(fake, "P0=0\r", OK);
	fake_says(fake, "S3=1\rx", DATA("1"));
	peer_take(zero, "x", 1);
	close(zero);
	close(one);
	close(listen_fd);
	fake_stop(fake);
}
END_TEST

START_TEST(rate_of_commands)
{
	struct fake *fake = fake_start("--bus spi --fault message,text=m@rate=0.3,seed=5");
	unsigned int i, messages = 0;
	char *answer;

	for (i = 0; i < 200; i++)
		g_free(fake_ask(fake, "Z5\r"));
	for (i = 0; i < 400; i++) {
		answer = fake_ask(fake, "MR\r");
		messages += strstr(answer, "[SOMA]m[EOMA]") != NULL;
		g_free(answer);
	}
	/* 32 are kept; with more on the way. */
	ck_assert_uint_ge(messages, 32);
	fake_stop(fake);
}
END_TEST

/* Without a text of its own, one that the firmware can print. */
START_TEST(texts_of_failures_are_those_of_the_firmware)
{
	struct fake *fake = fake_start("--errors simple --fault read-error@R0#1 "
				       "--fault write-error@S3#1 --fault start-error@P6");
	static const char *const commands[] = { "R0\r", "S3=1\rx", "P6=1\r", "P6=1\r", "P6=1\r" };
	unsigned int i;
	char *answer;

	fake_join(fake);
	fake_target(fake, 0, 0, 9);
	for (i = 0; i < G_N_ELEMENTS(commands); i++) {
		answer = fake_ask(fake, commands[i]);
		ck_assert_msg(g_str_has_suffix(answer, SIMPLE) &&
				      strlen(answer) > strlen(SIMPLE) + 4,
			      "%s", answer);
		g_free(answer);
	}
	fake_stop(fake);
}
END_TEST

/* Of an item that is given up nothing is burnt. */
START_TEST(payload_of_pg_that_ends_in_its_middle)
{
	struct fake *fake =
		fake_start("--errors simple --fault uart-error@PG#1 --fault stall@PG#2");

	fake_text(fake, "PG=0,0,8\rabcd");
	fake_expect_text(fake, "\r\nUART Error detected 02 -- aborting transfer" SIMPLE);
	fake_text(fake, "PG=0,0,8\rabcd");
	fake_expect_text(fake, SIMPLE);
	fake_says(fake, "PE=0\r", DATA("1,1,1"));
	fake_says(fake, "PG=0,0,8\rabcdefgh", OK);
	fake_stop(fake);
}
END_TEST

START_TEST(line_has_another_rate_at_power_up)
{
	struct fake *fake = fake_start_pty(115200, "--baud 115200 --fault rate,baud=9600@start#1");

	/* Nothing that is understood, and what it says is none either. */
	fake_text(fake, "Z5\r");
	fake_quiet(fake, 100);
	fake_stop(fake);
	fake = fake_start_pty(9600, "--baud 115200 --fault rate,baud=9600@start#1");
	fake_says(fake, "Z5\r", DATA(MAC));
	/* It is what it says itself. */
	fake_says(fake, "U?\r", DATA("0,115200,8,0,1,0"));
	fake_stop(fake);
}
END_TEST

START_TEST(states_in_the_middle_of_everything)
{
	struct fake *fake = fake_start("--fault human@Z5#1 --fault pb@Z5#2 --fault "
				       "close@Z5#3");
	uint16_t port;
	int server = peer_listen(&port), peer;

	fake_says(fake, "Z5\r", DATA(MAC));
	fake_text(fake, "---\r");
	fake_expect_text(fake, "\r\n---\r\n" OK);
	fake_says(fake, "Z5\r", DATA(MAC));
	fake_join(fake);
	fake_open(fake, 0, 0, port);
	peer = peer_accept(server);
	fake_says(fake, "Z5\r", DATA(MAC));
	peer_ended(peer);
	fake_says(fake, "R0\r", GONE);
	close(peer);
	close(server);
	fake_stop(fake);
}
END_TEST

/* A server of datagrams has no connection, and ends too. */
START_TEST(close_of_a_udp_server)
{
	struct fake *fake = fake_start("--fault close@Z5 --fault read-error,text=no@R0#1");
	unsigned int i;

	fake_join(fake);
	fake_says(fake, "P1=1\r", OK);
	fake_says(fake, "P2=0\r", OK);
	for (i = 0; i < 2; i++) {
		fake_says(fake, "P5=1\r", OK);
		if (i)
			fake_says(fake, "Z5\r", DATA(MAC));
		else
			fake_says(fake, "R0\r", "\r\nno" FAILED("R0", ""));
		fake_says(fake, "R0\r", GONE);
	}
	fake_stop(fake);
}
END_TEST

START_TEST(several_faults_at_once)
{
	struct fake *fake = fake_start("--fault lose-in@in=1 --fault 'message,text=m@command=1'");

	fake_says(fake, "Z5\r", UNKNOWN "\r\nm" PROMPT);
	fake_stop(fake);
}
END_TEST

START_TEST(wrong_specifications_are_refused)
{
	static const char *const wrong[] = {
		"",
		"reset",
		"@in=1",
		"explode@in=1",
		"reset@in=0",
		"reset@in=x",
		"reset@rate=2",
		"reset@rate=0",
		"reset@rate=0.5,seed=x",
		"reset@rate=0.5,more",
		"reset@ABC",
		"reset@R0#0",
		"reset@R0#x",
		"reset@",
		"lose-in,count=0@in=1",
		"lose-in,after=5@in=1",
		"reset,count=5@in=1",
		"close,socket=4@R0",
		"noise,size@R0",
		"silence,ms=x@R0",
	};
	char *options, *words;
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(wrong); i++) {
		options = g_strdup_printf("--listen /tmp/never/line --fault '%s'", wrong[i]);
		words = fake_refuses(options);
		ck_assert_msg(strstr(words, "--fault"), "%s: %s", wrong[i], words);
		g_free(words);
		g_free(options);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fake-faults");
	TCase *tcase = tcase_create("faults");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, lose_out);
	tcase_add_test(tcase, lose_several);
	tcase_add_test(tcase, lose_in);
	tcase_add_test(tcase, flip_out);
	tcase_add_test(tcase, flip_in);
	tcase_add_test(tcase, add_out);
	tcase_add_test(tcase, add_in);
	tcase_add_test(tcase, rate_with_the_same_seed_does_the_same);
	tcase_add_test(tcase, silence_cuts_off_swallows_and_ends);
	tcase_add_test(tcase, reset_in_the_middle_of_an_answer);
	tcase_add_test(tcase, reset_in_place_of_an_answer);
	tcase_add_test(tcase, reset_out_of_nothing);
	tcase_add_test(tcase, reset_in_the_middle_of_a_payload);
	tcase_add_test(tcase, noise_out_of_nothing);
	tcase_add_test(tcase, message_in_the_middle_of_nothing);
	tcase_add_test(tcase, refuse);
	tcase_add_test(tcase, timeout);
	tcase_add_test(tcase, slow);
	tcase_add_test(tcase, lookup);
	tcase_add_test(tcase, close_in_the_middle_of_a_transfer);
	tcase_add_test(tcase, rate_of_commands);
	tcase_add_test(tcase, texts_of_failures_are_those_of_the_firmware);
	tcase_add_test(tcase, payload_of_pg_that_ends_in_its_middle);
	tcase_add_test(tcase, line_has_another_rate_at_power_up);
	tcase_add_test(tcase, states_in_the_middle_of_everything);
	tcase_add_test(tcase, close_of_a_udp_server);
	tcase_add_test(tcase, several_faults_at_once);
	tcase_add_test(tcase, wrong_specifications_are_refused);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
