// SPDX-License-Identifier: MIT
/*
 * Any bytes on the line, in any number, leave the module alive, within its memory, and answering
 * the next good command. Seeds are fixed; a failure names its seed.
 */
#include "fake/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Resident memory may grow by this much and no more, KiB. */
#define GROWTH_MAX 8192

#define ASK_AGAIN_MS 300

static long resident(const struct fake *fake)
{
	char path[32], *text, *at;
	long kib = -1;

	snprintf(path, sizeof(path), "/proc/%d/status", fake->pid);
	ck_assert(g_file_get_contents(path, &text, NULL, NULL));
	at = strstr(text, "VmRSS:");
	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(sscanf(at, "VmRSS: %ld", &kib), 1);
	g_free(text);
	return kib;
}

/* Sends all of it and reads whatever comes meanwhile. */
static void pour(struct fake *fake, const void *data, size_t size)
{
	struct pollfd poll_fd = { .fd = fake->fd, .events = POLLIN | POLLOUT };
	const char *at = data;
	char answer[4096];
	ssize_t n;

	while (size) {
		ck_assert_int_eq(poll(&poll_fd, 1, PATIENCE_MS), 1);
		if (poll_fd.revents & POLLIN) {
			n = read(fake->fd, answer, sizeof(answer));
			ck_assert_int_gt(n, 0);
			continue;
		}
		n = write(fake->fd, at, size);
		if (n < 0 && errno == EAGAIN)
			continue;
		ck_assert_int_gt(n, 0);
		at += n;
		size -= n;
	}
}

/*
 * Whatever is half done is finished: the longest payload there is, and a \r. Then a good command
 * is answered, after all that is still to come; asked again where it came too early, for what comes
 * behind a payload and before its answer is lost.
 */
static void still_answers(struct fake *fake, unsigned int seed)
{
	static char filling[10010];
	GString *all = g_string_new(NULL);
	char block[4096];
	struct pollfd poll_fd = { .fd = fake->fd, .events = POLLIN };
	int64_t deadline = monotonic_ms() + PATIENCE_MS;
	ssize_t n;

	memset(filling, '\r', sizeof(filling));
	pour(fake, filling, sizeof(filling));
	pour(fake, "Z5\r", 3);
	while (!g_str_has_suffix(all->str, DATA(MAC))) {
		if (poll(&poll_fd, 1, ASK_AGAIN_MS) == 0) {
			ck_assert_msg(monotonic_ms() < deadline, "seed %u: no answer", seed);
			pour(fake, "Z5\r", 3);
			continue;
		}
		n = read(fake->fd, block, sizeof(block));
		ck_assert_msg(n > 0, "seed %u: gone", seed);
		g_string_append_len(all, block, n);
		if (all->len > sizeof(block))
			g_string_erase(all, 0, all->len - 64);
	}
	g_string_free(all, TRUE);
}

static const char *const profiles[PROFILES] = {
	[C3525] = "",
	[C3523] = "--as C3.5.2.3",
	[C621] = "--as C6.2.1",
	[NOTE] = "--as note",
};

static struct fake *start(const char *options)
{
	char *all = g_strconcat("--boot-time 0 --resolve-all 127.0.0.1 --connect-timeout 50 "
				"--trace /dev/null ",
				options, NULL);
	struct fake *fake = fake_start(all);

	g_free(all);
	fcntl(fake->fd, F_SETFL, O_NONBLOCK);
	return fake;
}

START_TEST(any_bytes)
{
	struct fake *fake = start(profiles[_i % PROFILES]);
	GRand *chance = g_rand_new_with_seed(_i);
	uint8_t *noise = g_malloc(1 << 20);
	long before = resident(fake);
	unsigned int i;

	for (i = 0; i < 1 << 20; i++)
		noise[i] = g_rand_int(chance);
	pour(fake, noise, 1 << 20);
	still_answers(fake, _i);
	ck_assert_int_lt(resident(fake), before + GROWTH_MAX);
	g_free(noise);
	g_rand_free(chance);
	fake_stop(fake);
}
END_TEST

/* Mostly commands, with arguments that are mostly wrong: this comes further in. */
static void append_command(GString *line, GRand *chance)
{
	static const char *const names[] = {
		"?",  "I?", "U?", "U2", "U0", "Z0", "Z1", "Z5", "Z?", "MT", "MR", "F0", "C1",
		"C2", "C3", "C4", "C6", "C7", "C8", "C9", "CN", "C0", "CD", "CS", "CR", "C?",
		"T1", "T2", "T3", "P0", "P1", "P2", "D0", "P3", "P4", "P6", "P8", "P5", "P7",
		"PK", "PR", "P?", "S1", "S0", "S2", "S3", "R1", "R3", "R0", "PF", "PG", "P9",
	};
	static const char *const arguments[] = {
		"",
		"=",
		"=0",
		"=1",
		"=2",
		"=3",
		"=4",
		"=5",
		"=11",
		"=127.0.0.1",
		"=eswrap-fake",
		"=1,1",
		"=0,0,",
		"=0,0,7",
		"=1,2,9,",
		"=1460",
		"=99999999999999999999",
		"=-1",
		"=a,b,c,d,e,f",
		"=%s%n",
		"=FR/0",
		"=0005",
		"=\377\376",
		"?",
	};
	unsigned int i;

	g_string_append(line, names[g_rand_int_range(chance, 0, G_N_ELEMENTS(names))]);
	g_string_append(line, arguments[g_rand_int_range(chance, 0, G_N_ELEMENTS(arguments))]);
	if (g_rand_int_range(chance, 0, 10) == 0)
		for (i = g_rand_int_range(chance, 0, 700); i; i--)
			g_string_append_c(line, g_rand_int(chance));
	g_string_append_c(line, '\r');
}

START_TEST(any_commands)
{
	struct fake *fake = start(profiles[_i % PROFILES]);
	GRand *chance = g_rand_new_with_seed(1000 + _i);
	GString *lines = g_string_new(NULL);
	long before = resident(fake);
	unsigned int i;

	pour(fake, "C1=eswrap-fake\rC2=eswrap-fake\rC0\r", 34);
	for (i = 0; i < 3000; i++)
		append_command(lines, chance);
	pour(fake, lines->str, lines->len);
	still_answers(fake, 1000 + _i);
	ck_assert_int_lt(resident(fake), before + GROWTH_MAX);
	g_string_free(lines, TRUE);
	g_rand_free(chance);
	fake_stop(fake);
}
END_TEST

/* One line of 64 MB, and then a good command. */
START_TEST(line_without_end)
{
	struct fake *fake = start("");
	char *block = g_strnfill(1 << 20, 'A');
	long before = resident(fake);
	unsigned int i;

	for (i = 0; i < 64; i++)
		pour(fake, block, 1 << 20);
	still_answers(fake, 0);
	ck_assert_int_lt(resident(fake), before + GROWTH_MAX);
	g_free(block);
	fake_stop(fake);
}
END_TEST

/* Messages that nobody fetches. */
START_TEST(messages_without_end)
{
	struct fake *fake = start("--bus spi --fault message,text=m@Z5");
	long before = resident(fake);
	unsigned int i;

	for (i = 0; i < 20000; i++)
		pour(fake, "Z5\r", 3);
	still_answers(fake, 0);
	ck_assert_int_lt(resident(fake), before + GROWTH_MAX);
	fake_stop(fake);
}
END_TEST

START_TEST(every_fault_at_once)
{
	static const char *const kinds[] = { "lose-in",	  "lose-out", "flip-in",     "flip-out",
					     "add-in",	  "add-out",  "reset",	     "noise",
					     "wifi-loss", "refuse",   "slow,ms=1",   "lookup",
					     "close",	  "message",  "silence,ms=1" };
	GString *options = g_string_new(NULL);
	GRand *chance = g_rand_new_with_seed(_i);
	GString *lines = g_string_new(NULL);
	struct fake *fake;
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(kinds); i++)
		g_string_append_printf(options, "--fault '%s@rate=%s,seed=%d' ", kinds[i],
				       i < 6 ? "1e-4" : "0.01", _i);
	fake = start(options->str);
	for (i = 0; i < 3000; i++)
		append_command(lines, chance);
	pour(fake, lines->str, lines->len);
	/* It may lose this too, now and then. */
	for (i = 0; i < 100; i++)
		pour(fake, "Z5\r", 3);
	fake_stop(fake);
	g_string_free(lines, TRUE);
	g_string_free(options, TRUE);
	g_rand_free(chance);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fake-random");
	TCase *tcase = tcase_create("random");

	/* Built with AddressSanitizer, freed memory is kept for a while: not much of it, please. */
	g_setenv("ASAN_OPTIONS", "verify_asan_link_order=0:quarantine_size_mb=1", TRUE);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, any_bytes, 0, 6);
	tcase_add_loop_test(tcase, any_commands, 0, 10);
	tcase_add_test(tcase, line_without_end);
	tcase_add_test(tcase, messages_without_end);
	tcase_add_loop_test(tcase, every_fault_at_once, 0, 6);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
