// SPDX-License-Identifier: MIT
/* The flash file: what was programmed once stays, whatever happens. */
#include "fake/harness.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WITH_FLASH "--flash %s/flash"
#define MATCH	   DATA("Match")
#define MISMATCH \
	"\r\nSelected item unavailable (used)" FAILED("PG", "<set>,<item 0..2>,<length>,<data>")
/* C? behind the SSID and the passphrase. */
#define BLANK "3,1,0,0.0.0.0,0.0.0.0,0.0.0.0,0.0.0.0,0.0.0.0,2,0,0,US,0"

static char *flash_path(const struct fake *fake)
{
	return g_build_filename(fake->dir, "flash", NULL);
}

START_TEST(items_survive_a_restart)
{
	struct fake *fake = fake_start(WITH_FLASH);

	fake_says(fake, "PG=1,2,5\rhello", OK);
	fake_stop_process(fake);
	fake_restart(fake, WITH_FLASH);
	fake_says(fake, "PG=1,2,5\rhello", MATCH);
	fake_says(fake, "PG=1,2,5\rHello", MISMATCH);
	fake_stop(fake);
}
END_TEST

/* Whatever the firmware: its flash is one. */
START_TEST(flash_of_one_profile_is_read_by_the_others)
{
	struct fake *fake = fake_start(WITH_FLASH);

	fake_says(fake, "PG=1,2,5\rhello", OK);
	fake_stop_process(fake);
	fake_restart(fake, WITH_FLASH " --as note");
	fake_says(fake, "PG=1,2,5,hello", MATCH);
	fake_stop_process(fake);
	fake_restart(fake, WITH_FLASH " --as C6.2.1");
	fake_says(fake, "PG=1,2,5\rhello", DATA("[CERTS   ] Match"));
	fake_stop(fake);
}
END_TEST

START_TEST(items_survive_kill_9_right_after_the_answer)
{
	struct fake *fake = fake_start(WITH_FLASH);

	fake_says(fake, "PG=0,0,5\rhello", OK);
	fake_kill(fake);
	fake_restart(fake, WITH_FLASH);
	fake_says(fake, "PG=0,0,5\rHello", MISMATCH);
	fake_stop(fake);
}
END_TEST

START_TEST(saved_settings_survive_a_restart_and_z2_clears_them_alone)
{
	struct fake *fake = fake_start(WITH_FLASH);

	fake_says(fake, "PG=0,0,5\rhello", OK);
	fake_says(fake, "C1=plant-7\r", OK);
	fake_says(fake, "C2=secret\r", OK);
	fake_says(fake, "C6=10.0.0.9\r", OK);
	fake_says(fake, "C4=0\r", OK);
	fake_says(fake, "U2=921600\r", OK);
	fake_says(fake, "Z1\r", OK);
	fake_stop_process(fake);
	fake_restart(fake, WITH_FLASH);
	fake_says(fake, "C?\r",
		  DATA("plant-7,secret,3,0,0,10.0.0.9,0.0.0.0,0.0.0.0,0.0.0.0,0.0.0.0,2,0,0,US,0"));
	fake_says(fake, "U?\r", DATA("0,921600,8,0,1,0"));
	fake_says(fake, "Z2\r", OK);
	fake_stop_process(fake);
	fake_restart(fake, WITH_FLASH);
	fake_says(fake, "C?\r", DATA(",," BLANK));
	fake_says(fake, "PG=0,0,5\rHello", MISMATCH);
	fake_stop(fake);
}
END_TEST

START_TEST(nothing_is_written_before_something_is_programmed)
{
	struct fake *fake = fake_start(WITH_FLASH);
	char *path = flash_path(fake);
	struct stat st;

	fake_says(fake, "Z5\r", DATA(MAC));
	ck_assert_int_ne(stat(path, &st), 0);
	fake_says(fake, "PG=0,2,3\rkey", OK);
	ck_assert_int_eq(stat(path, &st), 0);
	/* There are private keys in it. */
	ck_assert_int_eq(st.st_mode & 077, 0);
	g_free(path);
	fake_stop(fake);
}
END_TEST

static void refuses_flash(const char *path, const char *why)
{
	char *options = g_strdup_printf("--listen '%s.line' --flash '%s'", path, path);
	char *words = fake_refuses(options);

	ck_assert_msg(strstr(words, path) && strstr(words, why) && strstr(words, "remove it"), "%s",
		      words);
	g_free(words);
	g_free(options);
}

START_TEST(damaged_file_is_refused_wherever_the_damage_is)
{
	struct fake *fake = fake_start(WITH_FLASH);
	char *path = flash_path(fake), *data;
	gsize size, at;

	fake_says(fake, "PG=0,0,5\rhello", OK);
	fake_stop_process(fake);
	ck_assert(g_file_get_contents(path, &data, &size, NULL));
	/* Every byte of the small file, and every shorter file. */
	for (at = 8; at < size; at += 3) {
		data[at] ^= 0x10;
		ck_assert(g_file_set_contents(path, data, size, NULL));
		refuses_flash(path, "damaged");
		data[at] ^= 0x10;
	}
	for (at = 8; at < size; at += 5) {
		ck_assert(g_file_set_contents(path, data, at, NULL));
		refuses_flash(path, "damaged");
	}
	ck_assert(g_file_set_contents(path, data, size, NULL));
	fake_restart(fake, WITH_FLASH);
	fake_says(fake, "PG=0,0,5\rHello", MISMATCH);
	g_free(data);
	g_free(path);
	fake_stop(fake);
}
END_TEST

START_TEST(foreign_file_is_refused_and_left_alone)
{
	struct fake *fake = fake_start("");
	char *path = flash_path(fake), *data;

	ck_assert(g_file_set_contents(path, "root:x:0:0:root:/root:/bin/bash\n", -1, NULL));
	refuses_flash(path, "not a flash file");
	ck_assert(g_file_get_contents(path, &data, NULL, NULL));
	ck_assert_str_eq(data, "root:x:0:0:root:/root:/bin/bash\n");
	g_free(data);
	ck_assert(g_file_set_contents(path, "", 0, NULL));
	refuses_flash(path, "not a flash file");
	g_free(path);
	fake_stop(fake);
}
END_TEST

START_TEST(item_that_cannot_be_stored_is_an_error_and_stays_blank)
{
	struct fake *fake = fake_start("--flash %s/missing/flash");
	char *directory = g_build_filename(fake->dir, "missing", NULL);
	char *path = g_build_filename(directory, "flash", NULL);

	fake_fails(fake, "PG=0,0,5\rhello", "Flash write failed");
	ck_assert_int_eq(mkdir(directory, 0700), 0);
	fake_says(fake, "PG=0,0,5\rother", OK);
	fake_says(fake, "PG=0,0,5\rhello", MISMATCH);
	fake_stop_process(fake);
	unlink(path);
	g_free(path);
	rmdir(directory);
	g_free(directory);
	fake_stop(fake);
}
END_TEST

/*
 * Killed at some moment of a series of writes, it has each item that was confirmed, none that was
 * not sent, and the one under way either whole or not at all.
 */
START_TEST(kill_9_at_any_moment_leaves_the_old_or_the_new)
{
	struct fake *fake = fake_start(WITH_FLASH);
	unsigned int item, confirmed = 0;
	char command[32], answer[256];
	ssize_t n;

	/* Where it is killed differs from run to run of the loop. */
	for (item = 0; item < 9; item++) {
		snprintf(command, sizeof(command), "PG=%u,%u,5\ritem%u", item / 3, item % 3, item);
		fake_text(fake, command);
		if (item == (unsigned int)_i / 8)
			break;
		fake_expect_text(fake, OK);
		confirmed++;
	}
	g_usleep(_i % 8 * 150);
	fake_kill(fake);
	fake_restart(fake, WITH_FLASH);
	for (item = 0; item < 9; item++) {
		snprintf(command, sizeof(command), "PG=%u,%u,5\rITEM%u", item / 3, item % 3, item);
		fake_text(fake, command);
		if (item < confirmed)
			fake_expect_text(fake, MISMATCH);
		else if (item > confirmed)
			fake_expect_text(fake, OK);
		else if ((n = read(fake->fd, answer, sizeof(answer))) > 0)
			ck_assert(n == (ssize_t)strlen(OK) || n == (ssize_t)strlen(MISMATCH));
	}
	fake_stop(fake);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fake-flash");
	TCase *tcase = tcase_create("flash");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, items_survive_a_restart);
	tcase_add_test(tcase, flash_of_one_profile_is_read_by_the_others);
	tcase_add_test(tcase, items_survive_kill_9_right_after_the_answer);
	tcase_add_test(tcase, saved_settings_survive_a_restart_and_z2_clears_them_alone);
	tcase_add_test(tcase, nothing_is_written_before_something_is_programmed);
	tcase_add_test(tcase, damaged_file_is_refused_wherever_the_damage_is);
	tcase_add_test(tcase, foreign_file_is_refused_and_left_alone);
	tcase_add_test(tcase, item_that_cannot_be_stored_is_an_error_and_stays_blank);
	tcase_add_loop_test(tcase, kill_9_at_any_moment_leaves_the_old_or_the_new, 0, 24);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
