// SPDX-License-Identifier: MIT
/* "Framing" and "The module itself" of doc/protocol.md: a test for each row. */
#include "fake/harness.h"

#include <string.h>
#include <unistd.h>

#define IDENTITY \
	"ISM43362-M3G-L44-UART,C3.5.2.5.STM,v3.5.2,v1.4.0.rc1,v8.2.1,120000000,Inventek eS-WiFi"

/* C? of a module that was told nothing. */
#define BLANK ",,3,1,0,0.0.0.0,0.0.0.0,0.0.0.0,0.0.0.0,0.0.0.0,2,0,0,US,0"

static struct fake *fake;

static void set_up(void)
{
	fake = fake_start("--boot-time 10");
}

static void tear_down(void)
{
	fake_stop(fake);
}

START_TEST(success_without_data_has_an_empty_line)
{
	fake_says(fake, "P0=0\r", "\r\n\r\nOK\r\n> ");
}
END_TEST

START_TEST(short_empty_answer_is_a_switch)
{
	struct fake *other = fake_start("--empty short");

	fake_says(other, "P0=0\r", "\r\nOK\r\n> ");
	fake_says(other, "Z5\r", DATA(MAC));
	fake_stop(other);
}
END_TEST

START_TEST(failure_is_error_usage_prompt)
{
	fake_says(fake, "P0=9\r", "\r\nERROR: Bad Argument\r\nUsage: P0 <0..3>\r\n> ");
}
END_TEST

START_TEST(unknown_commands_are_errors_and_an_empty_one_brings_the_prompt)
{
	fake_says(fake, "\r", PROMPT);
	fake_says(fake, "XX\r", UNKNOWN);
	fake_says(fake, "P0x\r", UNKNOWN);
	fake_says(fake, "P\r", UNKNOWN);
	fake_says(fake, "p0=1\r", UNKNOWN);
}
END_TEST

START_TEST(newline_after_return_is_ignored)
{
	fake_says(fake, "Z5\r\n", DATA(MAC));
	fake_says(fake, "\n\n\nZ5\r", DATA(MAC));
}
END_TEST

START_TEST(command_may_come_byte_by_byte)
{
	const char *each;

	for (each = "P0=1\r"; *each; each++)
		fake_send(fake, each, 1);
	fake_expect_text(fake, OK);
}
END_TEST

START_TEST(commands_sent_at_once_are_answered_in_turn)
{
	fake_text(fake, "P0=1\rZ5\rMT=1\r");
	fake_expect_text(fake, OK DATA(MAC) OK);
}
END_TEST

START_TEST(line_too_long_is_one_error)
{
	char *line = g_strnfill(100000, 'P');

	fake_text(fake, line);
	fake_fails(fake, "\r", "Command too long");
	fake_says(fake, "P0=0\r", OK);
	g_free(line);
}
END_TEST

/* In the note's form a third comma ends the header of PG: not in the middle of such a line. */
START_TEST(line_too_long_does_not_become_a_command_in_its_middle)
{
	struct fake *other = fake_start_as(NOTE, "");
	char *line = g_strnfill(600, 'A');

	fake_text(other, line);
	fake_quiet(other, 50);
	fake_fails(other, "PG=0,0,5,hello\r", "Command too long");
	fake_says(other, "PG=0,0,5,other", OK);
	g_free(line);
	fake_stop(other);
}
END_TEST

START_TEST(nul_inside_a_command_is_an_error)
{
	fake_send(fake, "P0=\0001\r", 6);
	fake_expect_text(fake, UNKNOWN);
}
END_TEST

START_TEST(row_identity)
{
	fake_says(fake, "I?\r\n", DATA(IDENTITY));
	fake_usage(fake, "I?=1\r");
}
END_TEST

START_TEST(firmware_revision_is_a_switch)
{
	struct fake *other = fake_start("--revision C3.5.2.3.BETA9");
	char *answer = fake_ask(other, "I?\r");

	ck_assert_ptr_nonnull(strstr(answer, "-UART,C3.5.2.3.BETA9,"));
	g_free(answer);
	fake_stop(other);
}
END_TEST

START_TEST(row_uart_settings)
{
	fake_says(fake, "U?\r", DATA("0,115200,8,0,1,0"));
	fake_usage(fake, "U?=1\r");
}
END_TEST

START_TEST(row_uart_rate)
{
	fake_says(fake, "U2=921600\r", OK);
	fake_says(fake, "U0\r", OK);
	fake_says(fake, "U?\r", DATA("0,921600,8,0,1,0"));
	fake_usage(fake, "U2=\r");
	fake_usage(fake, "U2=12\r");
	fake_usage(fake, "U2=fast\r");
	fake_usage(fake, "U2=5000000\r");
	fake_usage(fake, "U0=1\r");
}
END_TEST

START_TEST(rates_that_are_taken_are_a_switch)
{
	static const struct {
		const char *options;
		bool m3g, all;
	} rows[] = { { "--rates common", false, false },
		     { "--rates m3g", true, false },
		     { "--rates all", true, true } };
	struct fake *other = fake_start(rows[_i].options);

	fake_says(other, "MT=1\r", OK);
	fake_says(other, "U2=1200\r", OK);
	fake_says(other, "U2=921600\r", OK);
	fake_says(other, "U2=1152000\r", rows[_i].m3g ? OK : SIMPLE);
	fake_says(other, "U2=2073600\r", rows[_i].m3g ? OK : SIMPLE);
	fake_says(other, "U2=2304000\r", rows[_i].all ? OK : SIMPLE);
	fake_says(other, "U2=3916800\r", rows[_i].all ? OK : SIMPLE);
	fake_says(other, "U2=1000000\r", SIMPLE);
	fake_says(other, "U2=3000000\r", SIMPLE);
	fake_stop(other);
}
END_TEST

START_TEST(row_factory_defaults)
{
	fake_says(fake, "C1=somewhere\r", OK);
	fake_says(fake, "U2=921600\r", OK);
	fake_says(fake, "Z1\r", OK);
	fake_says(fake, "Z0\r", OK);
	fake_says(fake, "C?\r", DATA(BLANK));
	fake_says(fake, "U?\r", DATA("0,115200,8,0,1,0"));
	fake_usage(fake, "Z0=1\r");
	/* In RAM alone. */
	fake_says(fake, "ZR\r", PROMPT);
	fake_says(fake, "C?\r", DATA("somewhere" BLANK));
	/* Not while joined. */
	fake_join(fake);
	fake_fails(fake, "Z0\r", "joined");
}
END_TEST

START_TEST(row_clear_what_is_saved)
{
	fake_says(fake, "C1=somewhere\r", OK);
	fake_says(fake, "Z1\r", OK);
	fake_says(fake, "Z2\r", OK);
	fake_says(fake, "C?\r", DATA("somewhere" BLANK));
	fake_says(fake, "ZR\r", PROMPT);
	fake_says(fake, "C?\r", DATA(BLANK));
	fake_usage(fake, "Z2=1\r");
}
END_TEST

START_TEST(row_reset)
{
	fake_says(fake, "P0=2\r", OK);
	fake_says(fake, "P4=1234\r", OK);
	/* No OK: the next thing is the prompt. */
	fake_says(fake, "ZR\r", PROMPT);
	fake_says(fake, "P?\r", DATA("0,0.0.0.0,5024,0.0.0.0,5025,0,0,1,0,0"));
	fake_says(fake, "P0=2\r", OK);
	fake_says(fake, "P?\r", DATA("0,0.0.0.0,5024,0.0.0.0,5025,0,0,1,0,0"));
	fake_usage(fake, "ZR=1\r");
}
END_TEST

START_TEST(reset_takes_its_time_and_hears_nothing_meanwhile)
{
	struct fake *other = fake_start("--boot-time 200");
	int64_t start = monotonic_ms();

	fake_text(other, "ZR\rZ5\r");
	fake_expect_text(other, PROMPT);
	ck_assert_int_ge(monotonic_ms() - start, 200);
	fake_says(other, "P0=0\r", OK);
	fake_stop(other);
}
END_TEST

START_TEST(banner_comes_before_the_prompt)
{
	struct fake *other = fake_start("--boot-time 0 --banner '\\r\\nInventek\\r\\n'");

	fake_says(other, "ZR\r", "\r\nInventek\r\n" PROMPT);
	fake_stop(other);
}
END_TEST

START_TEST(row_save)
{
	fake_says(fake, "C1=kept\r", OK);
	fake_says(fake, "Z1\r", OK);
	fake_says(fake, "C1=forgotten\r", OK);
	fake_says(fake, "ZR\r", PROMPT);
	fake_says(fake, "C?\r", DATA("kept" BLANK));
	fake_usage(fake, "Z1=1\r");
}
END_TEST

START_TEST(row_mac_address)
{
	struct fake *other = fake_start("--mac aa:bb:cc:dd:ee:ff");

	fake_says(fake, "Z5\r", DATA(MAC));
	fake_says(other, "Z5\r", DATA("aa:bb:cc:dd:ee:ff"));
	fake_usage(fake, "Z5=1\r");
	fake_stop(other);
}
END_TEST

START_TEST(row_system_settings)
{
	fake_says(fake, "Z?\r",
		  DATA("0,12345670,0,0,c4:7f:51:00:00:01,192.168.10.1,0,0,1,0,Inventek eS-WiFi"));
	fake_usage(fake, "Z?=1\r");
}
END_TEST

START_TEST(row_message_mode)
{
	fake_says(fake, "MT=1\r", OK);
	fake_says(fake, "MT=0\r", OK);
	fake_usage(fake, "MT=2\r");
	fake_usage(fake, "MT\r");
}
END_TEST

START_TEST(row_message_read_is_for_spi_alone)
{
	struct fake *other = fake_start("--bus spi");

	fake_says(fake, "MR\r", UNKNOWN);
	fake_says(other, "MR\r", DATA("[SOMA][EOMA]"));
	fake_usage(other, "MR=1\r");
	fake_stop(other);
}
END_TEST

START_TEST(message_comes_by_itself_and_waits_for_mr_on_spi)
{
	static const char fault[] = "--fault 'message,text=hello,after=20@Z5'";
	g_autofree char *spi = g_strconcat("--bus spi ", fault, NULL);
	struct fake *other = fake_start(fault);

	fake_says(other, "Z5\r", DATA(MAC) "\r\nhello" PROMPT);
	fake_says(other, "MT=1\r", OK);
	fake_says(other, "Z5\r", DATA(MAC) "\r\nhello" PROMPT);
	fake_stop(other);
	other = fake_start(spi);
	fake_says(other, "Z5\r", DATA(MAC));
	fake_quiet(other, 100);
	fake_says(other, "MR\r", DATA("[SOMA]hello[EOMA]"));
	fake_says(other, "MR\r", DATA("[SOMA][EOMA]"));
	fake_stop(other);
}
END_TEST

START_TEST(row_help_lists_every_command)
{
	static const char *const rows[] = {
		"I?", "U?", "U2", "U0", "Z0", "ZR", "Z1", "Z5", "Z?", "MT", "MR", "F0", "C1", "C2",
		"C3", "C4", "C6", "C7", "C8", "C9", "CN", "C0", "CD", "CS", "CR", "C?", "T1", "T2",
		"T3", "T0", "P0", "P1", "P2", "D0", "P3", "P4", "P6", "P8", "P5", "P7", "PK", "PR",
		"P?", "S2", "S3", "R1", "R2", "R3", "R0", "PF", "PG", "P9", "PB",
	};
	char *answer = fake_ask(fake, "?\r"), *line;
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(rows); i++) {
		line = g_strconcat("\r\n", rows[i], NULL);
		ck_assert_msg(strstr(answer, line), "no %s in the help", rows[i]);
		g_free(line);
	}
	g_free(answer);
}
END_TEST

START_TEST(latency_is_before_every_answer_and_may_differ_for_one)
{
	struct fake *other = fake_start("--latency 50 --latency Z5=0");
	int64_t start = monotonic_ms();

	fake_says(other, "P0=0\r", OK);
	ck_assert_int_ge(monotonic_ms() - start, 50);
	start = monotonic_ms();
	fake_says(other, "Z5\r", DATA(MAC));
	ck_assert_int_lt(monotonic_ms() - start, 50);
	fake_stop(other);
}
END_TEST

START_TEST(wrong_options_are_refused_with_what_is_allowed)
{
	static const char *const wrong[][2] = {
		{ "", "--listen PATH or --pty LINK" },
		{ "--listen a --pty b", "--listen PATH or --pty LINK" },
		{ "--listen a --baud 12", "300 to 4000000" },
		{ "--listen a --baud fast", "300 to 4000000" },
		{ "--listen a --latency x", "0 to 3600000 ms" },
		{ "--listen a --firmware old", "note|st" },
		{ "--listen a --access-point cafe:secret:wpa9", "wpa2-tkip" },
		{ "--listen a --access-point cafe:secret:open", "no passphrase with open" },
		{ "--listen a --resolve name", "NAME=ADDRESS" },
		{ "--listen a --resolve-all name", "IPv4 address" },
		{ "--listen a --mac 12:34", "hexadecimal digits" },
		{ "--listen a --fault lose@in=1", "eswrap-fake(1)" },
		{ "--listen a --tls 1.1", "1.2|1.3" },
		{ "--listen a surplus", "not an option" },
		{ "--listen /nowhere/at/all", "/nowhere/at/all" },
		{ "--listen a --trace /nowhere/at/all", "/nowhere/at/all" },
	};
	unsigned int i;
	char *words;

	for (i = 0; i < G_N_ELEMENTS(wrong); i++) {
		words = fake_refuses(wrong[i][0]);
		ck_assert_msg(strstr(words, wrong[i][1]), "%s: %s", wrong[i][0], words);
		g_free(words);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fake-system");
	TCase *tcase = tcase_create("system");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, success_without_data_has_an_empty_line);
	tcase_add_test(tcase, short_empty_answer_is_a_switch);
	tcase_add_test(tcase, failure_is_error_usage_prompt);
	tcase_add_test(tcase, unknown_commands_are_errors_and_an_empty_one_brings_the_prompt);
	tcase_add_test(tcase, newline_after_return_is_ignored);
	tcase_add_test(tcase, command_may_come_byte_by_byte);
	tcase_add_test(tcase, commands_sent_at_once_are_answered_in_turn);
	tcase_add_test(tcase, line_too_long_is_one_error);
	tcase_add_test(tcase, line_too_long_does_not_become_a_command_in_its_middle);
	tcase_add_test(tcase, nul_inside_a_command_is_an_error);
	tcase_add_test(tcase, row_identity);
	tcase_add_test(tcase, firmware_revision_is_a_switch);
	tcase_add_test(tcase, row_uart_settings);
	tcase_add_test(tcase, row_uart_rate);
	tcase_add_loop_test(tcase, rates_that_are_taken_are_a_switch, 0, 3);
	tcase_add_test(tcase, row_factory_defaults);
	tcase_add_test(tcase, row_clear_what_is_saved);
	tcase_add_test(tcase, row_reset);
	tcase_add_test(tcase, reset_takes_its_time_and_hears_nothing_meanwhile);
	tcase_add_test(tcase, banner_comes_before_the_prompt);
	tcase_add_test(tcase, row_save);
	tcase_add_test(tcase, row_mac_address);
	tcase_add_test(tcase, row_system_settings);
	tcase_add_test(tcase, row_message_mode);
	tcase_add_test(tcase, row_message_read_is_for_spi_alone);
	tcase_add_test(tcase, message_comes_by_itself_and_waits_for_mr_on_spi);
	tcase_add_test(tcase, row_help_lists_every_command);
	tcase_add_test(tcase, latency_is_before_every_answer_and_may_differ_for_one);
	tcase_add_test(tcase, wrong_options_are_refused_with_what_is_allowed);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
