// SPDX-License-Identifier: MIT
/* The table "Wi-Fi" of doc/protocol.md: a test for each row. */
#include "fake/harness.h"

#include <stdio.h>
#include <string.h>

static struct fake *fake;

static void set_up(void)
{
	fake = fake_start("");
}

static void tear_down(void)
{
	fake_stop(fake);
}

#define TWO_NETWORKS                                                             \
	"--access-point plant-7:pass:word:wpa2 --access-point 'open air::open' " \
	"--access-point old:0123456789:wep --access-point mixed:passphrase:wpa-wpa2 "

START_TEST(row_scan_all_at_once)
{
	struct fake *other = fake_start(TWO_NETWORKS);

	fake_says(
		other, "F0\r",
		DATA("#001,\"plant-7\",02:00:00:00:00:00,-43,54.0,Infrastructure,WPA2 "
		     "AES,2.4GHz,1\r\n"
		     "#002,\"open air\",02:00:00:00:00:01,-44,54.0,Infrastructure,Open,2.4GHz,6\r\n"
		     "#003,\"old\",02:00:00:00:00:02,-45,54.0,Infrastructure,WEP,2.4GHz,11\r\n"
		     "#004,\"mixed\",02:00:00:00:00:03,-46,54.0,Infrastructure,WPA WPA2,2.4GHz,5"));
	fake_usage(other, "F0=1\r");
	fake_stop(other);
}
END_TEST

/* Each message of it is fetched: on SPI alone. */
START_TEST(row_scan_one_by_one)
{
	struct fake *other = fake_start("--bus spi " TWO_NETWORKS);
	char *answer;

	answer = fake_ask(other, "F0=2\r");
	ck_assert(g_str_has_prefix(answer, "\r\n#001,\"plant-7\","));
	ck_assert_ptr_null(strstr(answer, "OK"));
	g_free(answer);
	answer = fake_ask(other, "MR\r");
	ck_assert(g_str_has_prefix(answer, "\r\n#002,\"open air\","));
	g_free(answer);
	g_free(fake_ask(other, "MR\r"));
	g_free(fake_ask(other, "MR\r"));
	fake_says(other, "MR\r", OK);
	fake_says(other, "MR\r", DATA("[SOMA][EOMA]"));
	fake_stop(other);
	fake_usage(fake, "F0=2\r");
}
END_TEST

START_TEST(scan_ends_when_another_command_comes)
{
	struct fake *other = fake_start("--bus spi");

	g_free(fake_ask(other, "F0=2\r"));
	fake_says(other, "P0=0\r", OK);
	fake_says(other, "MR\r", DATA("[SOMA][EOMA]"));
	fake_stop(other);
}
END_TEST

START_TEST(scan_one_by_one_needs_firmware_3_5_2_5)
{
	struct fake *other = fake_start_as(_i, "--bus spi");

	if (_i == C3523) {
		fake_usage(other, "F0=2\r");
		fake_says(other, "MR\r", DATA("[SOMA][EOMA]"));
	} else {
		g_free(fake_ask(other, "F0=2\r"));
		fake_says(other, "MR\r", OK);
	}
	fake_stop(other);
}
END_TEST

START_TEST(row_ssid_passphrase_security)
{
	char *line = g_strdup_printf("C1=%s\r", "12345678901234567890123456789012");

	fake_says(fake, line, OK);
	g_free(line);
	fake_usage(fake, "C1=123456789012345678901234567890123\r");
	fake_usage(fake, "C1=\r");
	fake_usage(fake, "C1\r");
	fake_says(fake, "C2=with, a comma and = sign\r", OK);
	fake_says(fake, "C2=\r", OK);
	fake_usage(fake, "C2\r");
	fake_says(fake, "C3=0\r", OK);
	fake_says(fake, "C3=5\r", OK);
	fake_usage(fake, "C3=6\r");
	fake_usage(fake, "C3=-1\r");
	fake_usage(fake, "C3=2x\r");
}
END_TEST

START_TEST(row_dhcp_and_static_address)
{
	fake_says(fake, "C4=0\r", OK);
	fake_says(fake, "C6=10.0.0.9\r", OK);
	fake_says(fake, "C7=255.0.0.0\r", OK);
	fake_says(fake, "C8=10.0.0.1\r", OK);
	fake_says(fake, "C9=10.0.0.2\r", OK);
	fake_says(fake, "CA=10.0.0.3\r", OK);
	fake_says(fake, "C1=eswrap-fake\r", OK);
	fake_says(fake, "C2=eswrap-fake\r", OK);
	fake_says(fake, "C0\r", DATA("[JOIN   ] eswrap-fake,10.0.0.9,0,0"));
	fake_says(fake, "C?\r",
		  DATA("eswrap-fake,eswrap-fake,3,0,0,10.0.0.9,255.0.0.0,10.0.0.1,10.0.0.2,"
		       "10.0.0.3,2,0,0,US,1"));
	fake_usage(fake, "C4=2\r");
	fake_usage(fake, "C6=10.0.0\r");
	fake_usage(fake, "C7=x\r");
	fake_usage(fake, "C8=\r");
	fake_usage(fake, "C9=256.1.1.1\r");
	fake_usage(fake, "CA=\r");
}
END_TEST

START_TEST(row_country)
{
	fake_says(fake, "CN=FR/0\r", OK);
	fake_says(fake, "CN=JP/0\r", OK);
	fake_says(fake, "CN=US/0\r", OK);
	fake_says(fake, "CN=CA/0\r", OK);
	fake_says(fake, "CN\r", DATA("CA/0"));
	fake_usage(fake, "CN=XX/0\r");
	fake_says(fake, "CN=FR\r", OK);
	fake_usage(fake, "CN=fr/0\r");
	fake_usage(fake, "CN=FRA/0\r");
	fake_usage(fake, "CN=\r");
}
END_TEST

START_TEST(row_join_good)
{
	fake_join(fake);
	fake_usage(fake, "C0=1\r");
	/* Joined already. */
	fake_fails(fake, "C0\r", "CD first");
}
END_TEST

START_TEST(row_join_bad)
{
	static const char failed[] =
		"\r\n[JOIN   ] eswrap-fake\r\n[JOIN   ] Failed" FAILED("C0", "");

	fake_says(fake, "C1=eswrap-fake\r", OK);
	fake_says(fake, "C2=wrong\r", OK);
	fake_says(fake, "C0\r", failed);
	fake_says(fake, "CS\r", DATA("0"));
	fake_says(fake, "C2=eswrap-fake\r", OK);
	fake_says(fake, "C3=0\r", OK);
	fake_says(fake, "C0\r", failed);
	fake_says(fake, "C1=elsewhere\r", OK);
	fake_says(fake, "C0\r", "\r\n[JOIN   ] elsewhere\r\n[JOIN   ] Failed" FAILED("C0", ""));
}
END_TEST

START_TEST(row_retries_auto_connect_ip_version)
{
	fake_says(fake, "CB=1\r", OK);
	fake_says(fake, "CB=10\r", OK);
	fake_says(fake, "CC=3\r", OK);
	fake_says(fake, "C5=1\r", OK);
	fake_says(fake, "C?\r",
		  DATA(",,3,1,1,0.0.0.0,0.0.0.0,0.0.0.0,0.0.0.0,0.0.0.0,10,3,0,US,0"));
	fake_usage(fake, "CB=0\r");
	fake_usage(fake, "CB=11\r");
	fake_usage(fake, "CC=4\r");
	fake_usage(fake, "C5=2\r");
}
END_TEST

START_TEST(passphrase_is_hidden_by_cy_in_newer)
{
	static const char shown[] = "key,3,1,0,", hidden[] = "*RESTRICTED*,3,1,0,";
	struct fake *other = fake_start_as(C621, "");
	char *answer;

	fake_says(other, "C2=key\r", OK);
	fake_says(other, "CY=0\r", OK);
	answer = fake_ask(other, "C?\r");
	ck_assert_ptr_nonnull(strstr(answer, shown));
	g_free(answer);
	fake_says(other, "CY=1\r", OK);
	answer = fake_ask(other, "C?\r");
	ck_assert_ptr_nonnull(strstr(answer, hidden));
	g_free(answer);
	fake_usage(other, "CY=2\r");
	fake_stop(other);
}
END_TEST

static void joins(struct fake *other, const char *ssid, const char *passphrase, int security,
		  bool good)
{
	char *line = g_strdup_printf("C1=%s\r", ssid), *answer;

	fake_says(other, line, OK);
	g_free(line);
	line = g_strdup_printf("C2=%s\r", passphrase);
	fake_says(other, line, OK);
	g_free(line);
	line = g_strdup_printf("C3=%d\r", security);
	fake_says(other, line, OK);
	g_free(line);
	fake_says(other, "CD\r", OK);
	answer = fake_ask(other, "C0\r");
	ck_assert_msg((strstr(answer, "OK") != NULL) == good, "%s %s %d: %s", ssid, passphrase,
		      security, answer);
	g_free(answer);
}

START_TEST(networks_are_what_the_options_say)
{
	struct fake *other = fake_start(TWO_NETWORKS);

	joins(other, "eswrap-fake", "eswrap-fake", 3, false);
	joins(other, "plant-7", "pass:word", 3, true);
	joins(other, "plant-7", "pass:word", 4, true);
	joins(other, "plant-7", "pass:word", 2, false);
	joins(other, "plant-7", "pass:word", 5, false);
	joins(other, "open air", "", 0, true);
	joins(other, "open air", "whatever", 0, true);
	joins(other, "open air", "", 3, false);
	joins(other, "old", "0123456789", 1, true);
	joins(other, "mixed", "passphrase", 2, true);
	joins(other, "mixed", "passphrase", 3, true);
	joins(other, "mixed", "passphrase", 4, true);
	joins(other, "mixed", "passphrase", 0, false);
	fake_stop(other);
}
END_TEST

START_TEST(row_leave_joined_signal)
{
	fake_says(fake, "CS\r", DATA("0"));
	fake_says(fake, "CR\r", DATA("0"));
	fake_join(fake);
	fake_says(fake, "CS\r", DATA("1"));
	fake_says(fake, "CR\r", DATA("-43"));
	fake_says(fake, "CD\r", OK);
	fake_says(fake, "CS\r", DATA("0"));
	fake_usage(fake, "CD=1\r");
	fake_usage(fake, "CS=1\r");
	fake_usage(fake, "CR=1\r");
}
END_TEST

START_TEST(row_network_settings)
{
	fake_join(fake);
	fake_says(fake, "C?\r",
		  DATA("eswrap-fake,eswrap-fake,3,1,0,192.168.1.174,255.255.255.0,192.168.1.1,"
		       "192.168.1.1,0.0.0.0,2,0,0,US,1"));
	fake_usage(fake, "C?=1\r");
}
END_TEST

START_TEST(row_ping)
{
	char *answer;
	int first, second, n1, n2;

	fake_fails(fake, "T0=\r", "Not joined");
	fake_join(fake);
	fake_fails(fake, "T0=\r", "T1 first");
	fake_says(fake, "T1=127.0.0.1\r", OK);
	fake_says(fake, "T2=2\r", OK);
	fake_says(fake, "T3=10\r", OK);
	answer = fake_ask(fake, "T0=\r");
	ck_assert_msg(sscanf(answer, "\r\n%d,%d\r\n%d,%d\r\nOK\r\n> ", &n1, &first, &n2, &second) ==
			      4,
		      "%s", answer);
	ck_assert_int_eq(n1, 1);
	ck_assert_int_eq(n2, 2);
	ck_assert_int_ge(first, 0);
	ck_assert_int_ge(second, 0);
	g_free(answer);
	fake_usage(fake, "T1=localhost\r");
	fake_usage(fake, "T2=0\r");
	fake_usage(fake, "T2=65535\r");
	fake_usage(fake, "T3=30001\r");
	fake_usage(fake, "T0=1\r");
}
END_TEST

START_TEST(lost_network_takes_the_connections_with_it_and_comes_back)
{
	struct fake *other = fake_start("--fault wifi-loss,ms=300@Z5");
	uint16_t port;
	int listen_fd = peer_listen(&port), fd;

	fake_join(other);
	fake_open(other, 0, 0, port);
	fd = peer_accept(listen_fd);
	fake_says(other, "Z5\r", DATA(MAC) "\r\n[INFO   ] Link Down" PROMPT);
	peer_ended(fd);
	fake_says(other, "CS\r", DATA("0"));
	fake_says(other, "R0\r", GONE);
	fake_says(other, "C0\r", "\r\n[JOIN   ] eswrap-fake\r\n[JOIN   ] Failed" FAILED("C0", ""));
	fake_says(other, "F0\r", OK);
	g_usleep(300 * 1000);
	fake_says(other, "C0\r", DATA("[JOIN   ] eswrap-fake,192.168.1.174,0,0"));
	fake_stop(other);
	close(fd);
	close(listen_fd);
}
END_TEST

static bool is_no(char *answer)
{
	bool no = strcmp(answer, DATA("1")) != 0;

	g_free(answer);
	return no;
}

/* CC=2 and 3: it connects again by itself, and tells of it where it tells of the loss. */
START_TEST(lost_network_is_joined_again_by_itself_with_cc_2)
{
	struct fake *other = fake_start_as(_i, "--fault wifi-loss,ms=100@Z5");
	const char *end = _i == C621 ? "\r\nOK\r\n> " : PROMPT;
	g_autofree char *lost = g_strconcat("\r\n[INFO   ] Link Down", end,
					    "\r\n[INFO   ] Re-connecting", end, NULL);
	g_autofree char *back = g_strconcat("\r\n[INFO   ] Link Up", end, NULL);
	char *answer;

	fake_says(other, "CC=2\r", OK);
	fake_join(other);
	fake_says(other, "Z5\r", DATA(MAC));
	if (_i != C3523) {
		fake_expect_text(other, lost);
		fake_expect_text(other, back);
	}
	do
		answer = fake_ask(other, "CS\r");
	while (is_no(answer));
	fake_stop(other);
}
END_TEST

START_TEST(saved_auto_connect_joins_at_the_start)
{
	fake_says(fake, "C1=eswrap-fake\r", OK);
	fake_says(fake, "C2=eswrap-fake\r", OK);
	fake_says(fake, "CC=1\r", OK);
	fake_says(fake, "Z1\r", OK);
	fake_says(fake, "ZR\r", PROMPT);
	fake_says(fake, "CS\r", DATA("1"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fake-wifi");
	TCase *tcase = tcase_create("wifi");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, row_scan_all_at_once);
	tcase_add_test(tcase, row_scan_one_by_one);
	tcase_add_test(tcase, scan_ends_when_another_command_comes);
	tcase_add_loop_test(tcase, scan_one_by_one_needs_firmware_3_5_2_5, 0, PROFILES);
	tcase_add_test(tcase, row_ssid_passphrase_security);
	tcase_add_test(tcase, row_dhcp_and_static_address);
	tcase_add_test(tcase, row_country);
	tcase_add_test(tcase, row_join_good);
	tcase_add_test(tcase, row_join_bad);
	tcase_add_test(tcase, row_retries_auto_connect_ip_version);
	tcase_add_test(tcase, passphrase_is_hidden_by_cy_in_newer);
	tcase_add_test(tcase, networks_are_what_the_options_say);
	tcase_add_test(tcase, row_leave_joined_signal);
	tcase_add_test(tcase, row_network_settings);
	tcase_add_test(tcase, row_ping);
	tcase_add_test(tcase, lost_network_takes_the_connections_with_it_and_comes_back);
	tcase_add_loop_test(tcase, lost_network_is_joined_again_by_itself_with_cc_2, 0, PROFILES);
	tcase_add_test(tcase, saved_auto_connect_joins_at_the_start);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
