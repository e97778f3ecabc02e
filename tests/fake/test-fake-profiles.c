// SPDX-License-Identifier: MIT
/*
 * The firmware that is known, a profile each: what differs between them, byte for byte, the switches
 * by themselves, the faults that belong to them, and reports of modules in their place.
 */
#include "fake/harness.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BANNER                                                                               \
	"\r\neS-WiFi\r\nInventek Systems\r\nEmbedding Connectivity Everywhere\r\nCopyright " \
	"(c)\r\n"
#define C35_REST "v3.5.2,v1.4.0.rc1,v8.2.1,120000000,Inventek eS-WiFi"
#define C62_REST "vWiced_006.002.001.0002,v2.0.3,v9.0.0,120000000,Inventek eS-WiFi"

/* A module of a profile with more options. */
static struct fake *start(enum profile profile, const char *more)
{
	g_autofree char *options = g_strconcat("--boot-time 0 ", more, NULL);

	return fake_start_as(profile, options);
}

/* A connection on socket 0; the far end. */
static int connected(struct fake *fake, const char *answer)
{
	uint16_t port;
	int server = peer_listen(&port), peer;
	g_autofree char *command = g_strdup_printf("P4=%u\r", port);

	fake_says(fake, "P3=127.0.0.1\r", OK);
	fake_says(fake, command, OK);
	fake_says(fake, "P6=1\r", answer);
	peer = peer_accept(server);
	close(server);
	return peer;
}

START_TEST(identity_of_each)
{
	static const char *const identity[PROFILES] = {
		[C3525] = DATA("ISM43362-M3G-L44-UART,C3.5.2.5.STM," C35_REST),
		[C3523] = DATA("ISM43362-M3G-L44-UART,C3.5.2.3.BETA9," C35_REST),
		[C621] = DATA("ISM43362-M3G-L44-UART,C6.2.1.11," C62_REST),
		[NOTE] = DATA("ISM43362-M3G-L44-UART,C3.5.2.5," C35_REST),
	};
	struct fake *fake = start(_i, "");

	fake_says(fake, "I?\r\n", identity[_i]);
	fake_stop(fake);
}
END_TEST

START_TEST(errors_are_verbose_until_mt_1_in_each)
{
	struct fake *fake = start(_i, "");

	fake_says(fake, "\r", PROMPT);
	fake_says(fake, "XX\r", "\r\nERROR: Unknown Command\r\n> ");
	fake_says(fake, "P0=9\r", "\r\nERROR: Bad Argument\r\nUsage: P0 <0..3>\r\n> ");
	fake_says(fake, "P0=\r", "\r\nERROR: Insufficient Arguments\r\nUsage: P0 <0..3>\r\n> ");
	fake_says(fake, "P3=1.2\r", "\r\nERROR: Bad Address Value\r\nUsage: P3 <address>\r\n> ");
	fake_says(fake, "I?=1\r", "\r\nERROR: Too Many Arguments\r\nUsage: I? \r\n> ");
	fake_says(fake, "C0\r",
		  "\r\n[JOIN   ] \r\n[JOIN   ] Failed\r\nERROR: Unknown Error\r\nUsage: C0 \r\n> ");
	fake_says(fake, "MT=1\r", OK);
	fake_says(fake, "XX\r", "\r\nERROR\r\n> ");
	fake_says(fake, "P0=9\r", "\r\nERROR\r\n> ");
	fake_says(fake, "C0\r", "\r\n[JOIN   ] \r\n[JOIN   ] Failed\r\nERROR\r\n> ");
	fake_stop(fake);
}
END_TEST

START_TEST(usage_line_and_simple_errors_are_switches)
{
	struct fake *fake = start(C3525, "--usage no");

	fake_says(fake, "P0=9\r", "\r\nERROR: Bad Argument\r\n> ");
	fake_stop(fake);
	fake = start(C3525, "--errors simple");
	fake_says(fake, "P0=9\r", "\r\nERROR\r\n> ");
	fake_says(fake, "MT=0\r", OK);
	fake_says(fake, "P0=9\r", "\r\nERROR: Bad Argument\r\nUsage: P0 <0..3>\r\n> ");
	fake_stop(fake);
}
END_TEST

START_TEST(commands_of_newer_firmware_are_unknown_to_older)
{
	static const struct {
		const char *command;
		bool known[PROFILES];
	} rows[] = {
		{ "PE\r", { true, false, true, true } },
		{ "MS=3\r", { true, false, true, true } },
		{ "CY=0\r", { false, false, true, false } },
		{ "MR\r", { false, false, false, false } },
	};
	struct fake *fake = start(_i, "");
	unsigned int i;
	char *answer;

	fake_says(fake, "MT=1\r", OK);
	for (i = 0; i < G_N_ELEMENTS(rows); i++) {
		answer = fake_ask(fake, rows[i].command);
		ck_assert_msg(!strstr(answer, "ERROR") == rows[i].known[_i], "%s: %s",
			      rows[i].command, answer);
		g_free(answer);
	}
	fake_stop(fake);
}
END_TEST

START_TEST(what_fielded_drivers_send_is_known_to_each)
{
	static const char *const commands[] = {
		"---",	"C5=0", "CA=0.0.0.0", "CB=2",  "CC=0",	   "Z3=1",	   "Z4=1",
		"Z6=1", "ZN=x", "ZP=0",	      "AS=x",  "A0=1",	   "A1=3",	   "A2=secret",
		"AC=1", "AE=2", "AT=1",	      "G3=1",  "G4=1",	   "P0",	   "CN",
		"R?",	"S?",	"T?",	      "F?",    "PY=10000", "PK=1,7200000", "PB=0",
		"S1=4", "R1=0", "T2=65534",   "CN=FR",
	};
	struct fake *fake = start(_i, "");
	unsigned int i;
	char *command, *answer;

	for (i = 0; i < G_N_ELEMENTS(commands); i++) {
		command = g_strconcat(commands[i], "\r", NULL);
		answer = fake_ask(fake, command);
		ck_assert_msg(!strstr(answer, "ERROR"), "%s: %s", command, answer);
		g_free(answer);
		g_free(command);
	}
	fake_stop(fake);
}
END_TEST

START_TEST(wifi_settings_have_15_fields_12_in_older_and_quotes_in_newer)
{
	static const char *const blank[PROFILES] = {
		[C3525] = DATA("a,b,key,3,1,0,0.0.0.0,0.0.0.0,0.0.0.0,0.0.0.0,0.0.0.0,2,0,0,US,0"),
		[C3523] = DATA("a,b,key,3,1,0,0.0.0.0,0.0.0.0,0.0.0.0,0.0.0.0,0.0.0.0,2,0"),
		[C621] =
			DATA("\"a,b\",*RESTRICTED*,3,1,0,0.0.0.0,0.0.0.0,0.0.0.0,0.0.0.0,0.0.0.0,2,"
			     "0,0,US,0"),
		[NOTE] = DATA("a,b,key,3,1,0,0.0.0.0,0.0.0.0,0.0.0.0,0.0.0.0,0.0.0.0,2,0,0,US,0"),
	};
	struct fake *fake = start(_i, "");

	fake_says(fake, "C1=a,b\r", OK);
	fake_says(fake, "C2=key\r", OK);
	fake_says(fake, "C?\r", blank[_i]);
	fake_stop(fake);
}
END_TEST

START_TEST(joining_twice_is_an_error_and_a_signal_is_0_without_a_network)
{
	struct fake *fake = start(_i, "");

	fake_says(fake, "CR\r", DATA("0"));
	fake_join(fake);
	fake_says(fake, "CR\r", DATA("-43"));
	fake_says(fake, "C0\r", "\r\nERROR: Unknown Error\r\nUsage: C0 \r\n> ");
	fake_says(fake, "Z0\r", "\r\nERROR: Unknown Error\r\nUsage: Z0 \r\n> ");
	fake_says(fake, "CD\r", OK);
	fake_says(fake, "C0\r", DATA("[JOIN   ] eswrap-fake,192.168.1.174,0,0"));
	fake_stop(fake);
}
END_TEST

START_TEST(reset_is_answered_first_by_newer_and_forgets_the_rate_or_not)
{
	static const char *const restart[PROFILES] = {
		[C3525] = PROMPT,
		[C3523] = PROMPT,
		[C621] = DATA("[MODULE ] Resetting...") BANNER PROMPT,
		[NOTE] = PROMPT,
	};
	static const char *const rate[PROFILES] = { "921600", "115200", "115200", "921600" };
	struct fake *fake = start(_i, "");
	g_autofree char *settings = g_strdup_printf("\r\n0,%s,8,0,1,0\r\nOK\r\n> ", rate[_i]);

	fake_says(fake, "U2=1000000\r", "\r\nERROR: Bad Argument\r\nUsage: U2 <baud>\r\n> ");
	fake_says(fake, "U2=2073600\r", OK);
	fake_says(fake, "U2=921600\r", OK);
	fake_says(fake, "U0\r", OK);
	fake_says(fake, "ZR\r", restart[_i]);
	fake_says(fake, "U?\r", settings);
	fake_stop(fake);
}
END_TEST

START_TEST(end_of_a_connection_in_the_words_of_each)
{
	static const char *const read_end[PROFILES] = {
		"\r\n-1" SIMPLE,
		"\r\n-1" SIMPLE,
		"\r\nConnection Closed or Invalid\r\nERROR\r\n> ",
		"\r\n-1" SIMPLE,
	};
	static const char *const stop_text[PROFILES] = { OK, OK, DATA("[TCP  RC] Socket closed"),
							 OK };
	struct fake *fake = start(_i, "");
	int peer;

	fake_says(fake, "MT=1\r", OK);
	fake_join(fake);
	peer = connected(fake, CONNECTING);
	peer_give(peer, "all", 3);
	fake_says(fake, "R0\r", DATA("all"));
	close(peer);
	fake_says(fake, "R0\r", read_end[_i]);
	fake_says(fake, "P6=0\r", stop_text[_i]);
	/* -1 and OK, whatever R0 does. */
	fake_says(fake, "S3=1\rx", DATA("-1"));
	fake_stop(fake);
}
END_TEST

START_TEST(counted_read_in_both_forms_and_with_nothing)
{
	static const struct {
		const char *options, *data, *nothing, *gone;
	} forms[] = {
		{ "", DATA("0003all"), DATA("0000"), "\r\n-1" SIMPLE },
		{ "--r4-nothing empty --r4-gone long", DATA("0003all"), OK,
		  "\r\n-001\r\nERROR\r\n> " },
		{ "--r4 plain", "0003all\r\nOK\r\n> ", "0000\r\nOK\r\n> ", "\r\n-1" SIMPLE },
	};
	struct fake *fake = start(C3525, forms[_i].options);
	int peer;

	fake_says(fake, "MT=1\r", OK);
	fake_join(fake);
	peer = connected(fake, CONNECTING);
	peer_give(peer, "all", 3);
	fake_says(fake, "R4\r", forms[_i].data);
	fake_says(fake, "R2=1\r", OK);
	fake_says(fake, "R4\r", forms[_i].nothing);
	close(peer);
	fake_says(fake, "R4\r", forms[_i].gone);
	fake_stop(fake);
}
END_TEST

START_TEST(counted_read_is_unknown_to_older_and_a_switch)
{
	struct fake *fake = start(C3523, "");

	fake_says(fake, "R4\r", "\r\nERROR: Unknown Command\r\n> ");
	fake_stop(fake);
	fake = start(C3525, "--r4 off");
	fake_says(fake, "R4\r", "\r\nERROR: Unknown Command\r\n> ");
	fake_stop(fake);
}
END_TEST

START_TEST(read_returns_with_the_first_bytes_or_when_all_are_there)
{
	struct fake *fake = start(C3525, "");
	int peer;

	fake_join(fake);
	peer = connected(fake, CONNECTING);
	fake_says(fake, "R2=30000\r", OK);
	peer_give(peer, "a", 1);
	fake_says(fake, "R0\r", DATA("a"));
	close(peer);
	fake_stop(fake);
	fake = start(C3525, "--read full");
	fake_join(fake);
	peer = connected(fake, CONNECTING);
	fake_says(fake, "R1=4\r", OK);
	fake_says(fake, "R2=30000\r", OK);
	peer_give(peer, "ab", 2);
	fake_text(fake, "R0\r");
	fake_quiet(fake, 50);
	peer_give(peer, "cd", 2);
	fake_expect_text(fake, DATA("abcd"));
	close(peer);
	fake_stop(fake);
}
END_TEST

START_TEST(receive_mode_strips_the_frame_or_not)
{
	static const char *const answers[PROFILES] = { "allOK\r\n> ", "allOK\r\n> ", DATA("all"),
						       "allOK\r\n> " };
	struct fake *fake = start(_i, "");
	int peer;

	fake_join(fake);
	peer = connected(fake, CONNECTING);
	fake_says(fake, "R3=1\r", OK);
	peer_give(peer, "all", 3);
	fake_says(fake, "R0\r", answers[_i]);
	close(peer);
	fake_stop(fake);
}
END_TEST

START_TEST(bytes_beyond_a_payload_are_lost)
{
	struct fake *fake = start(_i, "");
	int peer;

	fake_join(fake);
	peer = connected(fake, CONNECTING);
	fake_says(fake, "S3=5\rhelloZ5\r", DATA("5"));
	fake_quiet(fake, 20);
	peer_take(peer, "hello", 5);
	fake_says(fake, "P0=0\r", OK);
	close(peer);
	fake_stop(fake);
}
END_TEST

START_TEST(payload_ends_when_the_host_stalls_and_the_rest_is_commands)
{
	struct fake *fake = start(C3525, "");
	int peer;

	fake_join(fake);
	peer = connected(fake, CONNECTING);
	fake_says(fake, "S2=60\r", OK);
	fake_text(fake, "S3=9\rhello");
	fake_expect_text(fake, DATA("5"));
	peer_take(peer, "hello", 5);
	fake_says(fake, "P0\r", DATA("0"));
	close(peer);
	fake_stop(fake);
}
END_TEST

START_TEST(server_tells_of_its_client_unless_it_is_silenced)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct fake *fake = start(C3525, "");
	g_autofree char *port_command = NULL, *told = NULL;
	uint16_t own;
	int fd = peer_listen(&own);

	close(fd);
	port_command = g_strdup_printf("P2=%u\r", own);
	told = g_strdup_printf("\r\n[TCP SVR] Accepted 127.0.0.1:%u" PROMPT, own);
	fake_join(fake);
	fake_says(fake, port_command, OK);
	fake_says(fake, "P5=1\r", OK);
	to.sin_port = htons(own);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	fake_expect_text(fake, told);
	fake_says(fake, "MS=3\r", OK);
	fake_says(fake, "P5=0\r", OK);
	peer_ended(fd);
	close(fd);
	fake_stop(fake);
}
END_TEST

START_TEST(ports_are_the_modules_own)
{
	struct fake *fake = start(C3525, "");
	uint16_t taken;
	int holder = peer_listen(&taken), peer;
	g_autofree char *command = g_strdup_printf("P2=%u\r", taken), *shown = NULL;
	g_autofree char *answer = NULL;

	fake_join(fake);
	fake_says(fake, command, OK);
	peer = connected(fake, CONNECTING);
	answer = fake_ask(fake, "P?\r");
	shown = g_strdup_printf("\r\n0,192.168.1.174,%u,127.0.0.1,", taken);
	ck_assert_msg(g_str_has_prefix(answer, shown), "%s", answer);
	close(peer);
	close(holder);
	fake_stop(fake);
}
END_TEST

START_TEST(items_can_be_asked_for_and_written_once_but_those_of_set_3)
{
	static const char *const match[PROFILES] = {
		[C3525] = DATA("Match"),
		[C621] = DATA("[CERTS   ] Match"),
		[NOTE] = DATA("Match"),
	};
	const char *end = _i == NOTE ? "," : "\r";
	g_autofree char *first = g_strdup_printf("PG=1,0,4%sabc", end);
	g_autofree char *other = g_strdup_printf("PG=1,0,4%sabd", end);
	g_autofree char *third = g_strdup_printf("PG=3,0,4%sabc", end);
	g_autofree char *again = g_strdup_printf("PG=3,0,4%sabd", end);
	struct fake *fake;

	if (_i == C3523)
		return;
	fake = start(_i, "");
	fake_says(fake, "MT=1\r", OK);
	fake_says(fake, "PE\r", DATA("1,1,1"));
	fake_send(fake, first, strlen(first) + 1);
	fake_expect_text(fake, OK);
	fake_says(fake, "PE\r", DATA("1,0,1"));
	fake_says(fake, "PE=1\r", DATA("0,1,1"));
	fake_send(fake, first, strlen(first) + 1);
	fake_expect_text(fake, match[_i]);
	fake_send(fake, other, strlen(other) + 1);
	fake_expect_text(fake, "\r\nSelected item unavailable (used)\r\nERROR\r\n> ");
	fake_send(fake, third, strlen(third) + 1);
	fake_expect_text(fake, OK);
	fake_send(fake, again, strlen(again) + 1);
	fake_expect_text(fake, OK);
	fake_stop(fake);
}
END_TEST

START_TEST(set_form_is_the_notes_or_the_vendors)
{
	struct fake *fake = start(_i, "");

	fake_says(fake, "MT=1\r", OK);
	fake_says(fake, "PF=0,1\r", _i == NOTE ? "\r\nERROR\r\n> " : OK);
	fake_says(fake, "PF=1\r", _i == NOTE ? OK : "\r\nERROR\r\n> ");
	fake_says(fake, _i == NOTE ? "PF=3\r" : "PF=0,3\r", _i == C3523 ? "\r\nERROR\r\n> " : OK);
	fake_stop(fake);
}
END_TEST

START_TEST(human_readable_mode_is_left_by_three_dashes)
{
	struct fake *fake = start(C3525, "");

	fake_says(fake, "$$$\r", "\r\n\r\n# ");
	fake_text(fake, "P0\r");
	fake_expect_text(fake, "\r\nP0\r\n\r\n0\r\n# ");
	fake_text(fake, "---\r");
	fake_expect_text(fake, "\r\n---\r\n" OK);
	fake_stop(fake);
}
END_TEST

START_TEST(lost_network_is_told_of_but_by_older)
{
	struct fake *fake = start(_i, "--fault wifi-loss@P0#1");
	const char *form = _i == C621 ? "\r\nOK\r\n> " : "\r\n> ";
	g_autofree char *told = g_strconcat(OK "\r\n[INFO   ] Link Down", form, NULL);

	fake_join(fake);
	fake_text(fake, "P0=0\r");
	fake_expect_text(fake, _i == C3523 ? OK : told);
	fake_says(fake, "CS\r", DATA("0"));
	fake_stop(fake);
}
END_TEST

START_TEST(spi_firmware_holds_messages_for_mr)
{
	struct fake *fake = start(C3525, "--bus spi --fault 'message,text=[X] y@Z5#1'");
	g_autofree char *identity = fake_ask(fake, "I?\r");

	ck_assert_ptr_nonnull(strstr(identity, "-L44-SPI,"));
	fake_says(fake, "Z5\r", DATA("c4:7f:51:00:00:01"));
	fake_says(fake, "MR\r", DATA("[SOMA][X] y[EOMA]"));
	fake_says(fake, "MR\r", DATA("[SOMA][EOMA]"));
	fake_stop(fake);
}
END_TEST

START_TEST(message_stands_in_front_of_the_ok)
{
	struct fake *fake = start(C3525, "--fault 'front,form=ok@PG#1' --fault front@P0#1");

	fake_says(fake, "P0=0\r", "\r\n[INFO   ] Link Down" PROMPT OK);
	fake_send(fake, "PG=1,0,4\rabc", 13);
	fake_expect_text(fake, "\r\n[INFO   ] Link Down\r\nOK\r\n> " OK);
	fake_stop(fake);
}
END_TEST

START_TEST(reads_writes_and_starts_fail_with_a_text)
{
	struct fake *fake =
		start(C3525, "--fault 'read-error,text=No WLAN@R0#1' "
			     "--fault 'write-error,text=Not Connected@S3#1' "
			     "--fault 'start-error,text=[TCP SSL] Connection issue@P6#2'");
	int peer;

	fake_says(fake, "MT=1\r", OK);
	fake_join(fake);
	peer = connected(fake, CONNECTING);
	fake_says(fake, "R0\r", "\r\nNo WLAN\r\nERROR\r\n> ");
	/* That socket is over. */
	peer_ended(peer);
	close(peer);
	fake_says(fake, "R0\r", "\r\n-1" SIMPLE);
	fake_says(fake, "S3=1\rx", "\r\nNot Connected\r\nERROR\r\n> ");
	fake_says(fake, "P6=1\r", "\r\n[TCP SSL] Connection issue\r\nERROR\r\n> ");
	fake_stop(fake);
}
END_TEST

START_TEST(payload_is_given_up_in_its_middle)
{
	struct fake *fake = start(C3525, "--fault uart-error@S3#1 --fault stall@S3#2");
	int peer;

	fake_says(fake, "MT=1\r", OK);
	fake_join(fake);
	peer = connected(fake, CONNECTING);
	fake_text(fake, "S3=8\rabcd");
	fake_expect_text(fake, "\r\nUART Error detected 02 -- aborting transfer\r\nERROR\r\n> ");
	fake_text(fake, "S3=8\rabcd");
	fake_expect_text(fake, DATA("4"));
	peer_take(peer, "abcd", 4);
	fake_says(fake, "P0\r", DATA("0"));
	close(peer);
	fake_stop(fake);
}
END_TEST

START_TEST(network_stalls_for_a_while)
{
	struct fake *fake = start(C3525, "--fault net-stall,ms=150@P0#1");
	int peer;
	int64_t begin;

	fake_join(fake);
	peer = connected(fake, CONNECTING);
	peer_give(peer, "a", 1);
	begin = monotonic_ms();
	fake_says(fake, "P0=0\r", OK);
	fake_says(fake, "R2=10\r", OK);
	fake_says(fake, "R0\r", OK);
	fake_says(fake, "R2=10000\r", OK);
	fake_says(fake, "R0\r", DATA("a"));
	ck_assert_int_ge(monotonic_ms() - begin, 150);
	close(peer);
	fake_stop(fake);
}
END_TEST

START_TEST(module_was_left_in_a_state)
{
	struct fake *fake = start(C3525, "--fault human@start#1 --fault stale@start#1");
	int peer;

	fake_text(fake, "---\r");
	fake_expect_text(fake, "\r\n---\r\n" OK);
	fake_says(fake, "MT=1\r", OK);
	fake_join(fake);
	fake_says(fake, "P3=127.0.0.1\r", OK);
	fake_says(fake, "P6=1\r", "\r\nERROR\r\n> ");
	fake_says(fake, "P6=0\r", OK);
	peer = connected(fake, CONNECTING);
	close(peer);
	fake_stop(fake);
}
END_TEST

START_TEST(resolver_is_stuck_until_a_reset)
{
	struct fake *fake = start(C3525, "--fault stuck-resolver@P0#1 --connect-timeout 20 "
					 "--resolve a.example=127.0.0.1");

	fake_says(fake, "MT=1\r", OK);
	fake_join(fake);
	fake_says(fake, "D0=a.example\r", DATA("127.0.0.1"));
	fake_says(fake, "P0=0\r", OK);
	fake_says(fake, "D0=a.example\r", "\r\nERROR\r\n> ");
	fake_says(fake, "ZR\r", PROMPT);
	fake_join(fake);
	fake_says(fake, "D0=a.example\r", DATA("127.0.0.1"));
	fake_stop(fake);
}
END_TEST

START_TEST(name_has_63_characters_at_most)
{
	struct fake *fake = start(_i, "--resolve-all 127.0.0.1");
	g_autofree char *name = g_strnfill(64, 'n'), *longest = NULL, *too_long = NULL;

	fake_says(fake, "MT=1\r", OK);
	fake_join(fake);
	longest = g_strdup_printf("D0=%.63s\r", name);
	too_long = g_strdup_printf("D0=%s\r", name);
	fake_says(fake, longest, DATA("127.0.0.1"));
	fake_says(fake, too_long, "\r\nERROR\r\n> ");
	fake_stop(fake);
}
END_TEST

#define REPORT "eswrap-module-report 1\n"
#define SEVEN                                                                                     \
	"identity\t1.0\tI?\\r\t\\r\\nISM43362-M3G-L44-UART,C9.9.9.9," C62_REST "\\r\\nOK\\r\\n> " \
	"\n"
#define TAKEN "\\r\\n\\r\\nOK\\r\\n> \n"
#define NOT   "\\r\\nERROR\\r\\n> \n"
static const char report[] = REPORT SEVEN
	"pe.0\t1.0\tPE=0\\r\t" NOT "cb\t1.0\tCB=2\\r\t" NOT "u2.460800\t1.0\tU2=460800\\r\t" NOT
	"u2.921600\t1.0\tU2=921600\\r\t" TAKEN "a.later.question\t1.0\tXY\\r\t" TAKEN;

static char *write_report(const struct fake *fake, const char *text)
{
	char *path = g_build_filename(fake->dir, "report", NULL);

	ck_assert(g_file_set_contents(path, text, -1, NULL));
	return path;
}

START_TEST(report_of_a_module_takes_its_place)
{
	struct fake *fake = start(C3525, "");
	g_autofree char *path = write_report(fake, report);

	fake_stop_process(fake);
	fake_restart(fake, "--as %s/report");
	fake_says(fake, "MT=1\r", OK);
	fake_says(fake, "I?\r", DATA("ISM43362-M3G-L44-UART,C9.9.9.9," C62_REST));
	fake_says(fake, "PE\r", "\r\nERROR\r\n> ");
	fake_says(fake, "CB=2\r", "\r\nERROR\r\n> ");
	fake_says(fake, "U2=460800\r", "\r\nERROR\r\n> ");
	fake_says(fake, "U2=921600\r", OK);
	fake_stop(fake);
}
END_TEST

#define FIRMWARE(revision)                                                         \
	"identity\t1.0\tI?\\r\t\\r\\nISM43362-M3G-L44-UART," revision "," C35_REST \
	"\\r\\nOK\\r\\n> "                                                         \
	"\n"

/* What a line of a report tells of the firmware, as a C3.5.2.5 has it otherwise. */
static const struct {
	const char *lines, *options, *commands, *answers;
} told[] = {
	{ "mt.default.error\t1.0\tP0=9\\r\t" NOT, "", "P0=9\r", SIMPLE },
	{ "zr\t0.0\tZR\\r\t\\r\\n[MODULE ] Resetting...\\r\\nOK\\r\\n> \n", "", "ZR\r",
	  DATA("[MODULE ] Resetting...") PROMPT },
	{ "zr\t0.0\tZR\\r\t\\r\\n> \n", "", "ZR\r", PROMPT },
	{ "rate.before\t0.0\t\t921600\nrate.after\t0.0\t\t115200\n", "", "U2=921600\rU0\rZR\r",
	  OK OK PROMPT },
	{ "message.0\t0.0\t\t\\r\\n[X] y\\r\\nOK\\r\\n> \n", "--fault 'message,text=z@Z5'", "Z5\r",
	  DATA(MAC) "\r\nz\r\nOK\r\n> " },
	{ "message.0\t0.0\t\t\\r\\n[INFO   ] Link Down\\r\\n> \n", "", "P0=0\r", OK },
};

START_TEST(line_of_a_report_sets_what_it_tells_of)
{
	struct fake *fake = start(C3525, "");
	g_autofree char *text = g_strconcat(REPORT, FIRMWARE("C3.5.2.5.STM"), told[_i].lines, NULL);
	g_autofree char *path = write_report(fake, text), *options = NULL;

	options = g_strconcat("--boot-time 0 --as %s/report ", told[_i].options, NULL);
	fake_stop_process(fake);
	fake_restart(fake, options);
	fake_says(fake, told[_i].commands, told[_i].answers);
	if (strstr(told[_i].lines, "rate.before"))
		fake_says(fake, "U?\r", DATA("0,115200,8,0,1,0"));
	fake_stop(fake);
}
END_TEST

/* Older firmware that was seen to tell of a lost network. */
START_TEST(message_of_a_report_shows_that_there_is_news_of_the_network)
{
	struct fake *fake = start(C3525, "");
	g_autofree char *path = write_report(
		fake,
		REPORT FIRMWARE(
			"C3.5.2.3.BETA9") "message.0\t0.0\t\t\\r\\n[INFO   ] Link Down\\r\\n> \n");

	fake_stop_process(fake);
	fake_restart(fake, "--as %s/report --fault wifi-loss@Z5");
	fake_join(fake);
	fake_says(fake, "Z5\r", DATA(MAC) "\r\n[INFO   ] Link Down" PROMPT);
	fake_stop(fake);
}
END_TEST

START_TEST(times_of_a_report_tell_when_r0_returns)
{
	struct fake *fake = start(C3525, "");
	g_autofree char *path = write_report(
		fake,
		REPORT FIRMWARE(
			"C3.5.2.5.STM") "r0.first\t1501.0\tR0\\r\t\\r\\ngreeting\\r\\nOK\\r\\n> \n"
					"r0.wait.1\t121.0\tR0\\r\t" TAKEN
					"r0.wait.10\t140.0\tR0\\r\t" TAKEN
					"r0.wait.100\t250.0\tR0\\r\t" TAKEN);
	int64_t begin;
	int peer;

	fake_stop_process(fake);
	fake_restart(fake, "--as %s/report");
	fake_join(fake);
	peer = connected(fake, CONNECTING);
	/* 120 ms more than R2 each time. */
	fake_says(fake, "R2=1\r", OK);
	begin = monotonic_ms();
	fake_says(fake, "R0\r", OK);
	ck_assert_int_ge(monotonic_ms() - begin, 120);
	/* And it waits for all of R1. */
	fake_says(fake, "R1=2\r", OK);
	fake_says(fake, "R2=20000\r", OK);
	fake_text(fake, "R0\r");
	peer_give(peer, "a", 1);
	fake_quiet(fake, 200);
	peer_give(peer, "b", 1);
	fake_expect_text(fake, DATA("ab"));
	close(peer);
	fake_stop(fake);
}
END_TEST

START_TEST(report_that_cannot_be_understood_is_refused)
{
	static const char *const wrong[][2] = {
		{ "[other]\na = b\n", "not a report" },
		{ "eswrap-module-report 2\n", "not a report" },
		{ "", "not a report" },
		{ REPORT, "no answer with seven fields" },
		{ REPORT SEVEN "pe.0\t1.0\tPE=0\n", "line 3: not a label" },
		{ REPORT SEVEN "pe.0\tsoon\tPE=0\\r\t" TAKEN, "line 3: not a label" },
		{ "no report\n", "--as" },
	};
	struct fake *fake = start(C3525, "");
	g_autofree char *path = write_report(fake, wrong[_i][0]);
	g_autofree char *options = g_strdup_printf("--listen x --as '%s'", path);
	g_autofree char *words = fake_refuses(options);

	ck_assert_msg(strstr(words, wrong[_i][1]), "%s", words);
	fake_stop(fake);
}
END_TEST

START_TEST(unknown_profiles_switches_and_words_are_refused)
{
	static const char *const wrong[][2] = {
		{ "--as C1.0", "C3.5.2.5, C3.5.2.3, C6.2.1, note" },
		{ "--r4 maybe", "off|crlf|plain" },
		{ "--tls-sockets 5", "1 to 4" },
		{ "--without LONGER", "commands" },
		{ "--fault human@start#0", "eswrap-fake(1)" },
		{ "--fault rate,baud=3@start", "eswrap-fake(1)" },
		{ "--fault front,form=x@P0", "eswrap-fake(1)" },
		{ "--fault count@in=1", "eswrap-fake(1)" },
		{ "--fault lose-in,count@in=1", "eswrap-fake(1)" },
	};
	g_autofree char *options = g_strdup_printf("--listen x %s", wrong[_i][0]);
	g_autofree char *words = fake_refuses(options);

	ck_assert_msg(strstr(words, wrong[_i][1]), "%s", words);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fake-profiles");
	TCase *tcase = tcase_create("profiles");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, identity_of_each, 0, PROFILES);
	tcase_add_loop_test(tcase, errors_are_verbose_until_mt_1_in_each, 0, PROFILES);
	tcase_add_test(tcase, usage_line_and_simple_errors_are_switches);
	tcase_add_loop_test(tcase, commands_of_newer_firmware_are_unknown_to_older, 0, PROFILES);
	tcase_add_loop_test(tcase, what_fielded_drivers_send_is_known_to_each, 0, PROFILES);
	tcase_add_loop_test(tcase, wifi_settings_have_15_fields_12_in_older_and_quotes_in_newer, 0,
			    PROFILES);
	tcase_add_loop_test(tcase, joining_twice_is_an_error_and_a_signal_is_0_without_a_network, 0,
			    PROFILES);
	tcase_add_loop_test(tcase, reset_is_answered_first_by_newer_and_forgets_the_rate_or_not, 0,
			    PROFILES);
	tcase_add_loop_test(tcase, end_of_a_connection_in_the_words_of_each, 0, PROFILES);
	tcase_add_loop_test(tcase, counted_read_in_both_forms_and_with_nothing, 0, 3);
	tcase_add_test(tcase, counted_read_is_unknown_to_older_and_a_switch);
	tcase_add_test(tcase, read_returns_with_the_first_bytes_or_when_all_are_there);
	tcase_add_loop_test(tcase, receive_mode_strips_the_frame_or_not, 0, PROFILES);
	tcase_add_loop_test(tcase, bytes_beyond_a_payload_are_lost, 0, PROFILES);
	tcase_add_test(tcase, payload_ends_when_the_host_stalls_and_the_rest_is_commands);
	tcase_add_test(tcase, server_tells_of_its_client_unless_it_is_silenced);
	tcase_add_test(tcase, ports_are_the_modules_own);
	tcase_add_loop_test(tcase, items_can_be_asked_for_and_written_once_but_those_of_set_3, 0,
			    PROFILES);
	tcase_add_loop_test(tcase, set_form_is_the_notes_or_the_vendors, 0, PROFILES);
	tcase_add_test(tcase, human_readable_mode_is_left_by_three_dashes);
	tcase_add_loop_test(tcase, lost_network_is_told_of_but_by_older, 0, PROFILES);
	tcase_add_test(tcase, spi_firmware_holds_messages_for_mr);
	tcase_add_test(tcase, message_stands_in_front_of_the_ok);
	tcase_add_test(tcase, reads_writes_and_starts_fail_with_a_text);
	tcase_add_test(tcase, payload_is_given_up_in_its_middle);
	tcase_add_test(tcase, network_stalls_for_a_while);
	tcase_add_test(tcase, module_was_left_in_a_state);
	tcase_add_test(tcase, resolver_is_stuck_until_a_reset);
	tcase_add_loop_test(tcase, name_has_63_characters_at_most, 0, PROFILES);
	tcase_add_test(tcase, report_of_a_module_takes_its_place);
	tcase_add_loop_test(tcase, line_of_a_report_sets_what_it_tells_of, 0, G_N_ELEMENTS(told));
	tcase_add_test(tcase, message_of_a_report_shows_that_there_is_news_of_the_network);
	tcase_add_test(tcase, times_of_a_report_tell_when_r0_returns);
	tcase_add_loop_test(tcase, report_that_cannot_be_understood_is_refused, 0, 7);
	tcase_add_loop_test(tcase, unknown_profiles_switches_and_words_are_refused, 0, 9);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
