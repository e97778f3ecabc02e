// SPDX-License-Identifier: MIT
/* Each switch of the firmware by itself, and what belongs to no profile alone. */
#include "fake/harness.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* How far a module is when it is asked. */
enum state { FRESH, JOINED, AIMED, OPEN };

#define BLANK(ssid, passphrase, addresses, rest) \
	DATA(ssid "," passphrase ",3,1,0," addresses ",2,0" rest)
#define ZEROS	"0.0.0.0,0.0.0.0,0.0.0.0,0.0.0.0,0.0.0.0"
#define NOT_SET BLANK("", "", ZEROS, ",0,US,0")

/* What is asked, several commands where what comes between counts, and all that is answered. */
static const struct {
	const char *options;
	enum state state;
	const char *commands, *answers;
} switches[] = {
	{ "--empty-line prompt", FRESH, "\r", PROMPT },
	{ "--empty-line error", FRESH, "\r", "\r\nERROR: No Command Entered\r\n> " },
	{ "--errors simple", FRESH, "P0=9\r", SIMPLE },
	{ "--usage no", FRESH, "P0=9\r", "\r\nERROR: Bad Argument\r\n> " },
	{ "--empty short", FRESH, "P0=0\r", "\r\nOK\r\n> " },
	{ "--zr answers", FRESH, "ZR\r", DATA("[MODULE ] Resetting...") PROMPT },
	{ "--as C6.2.1 --banner ! --zr silent", FRESH, "ZR\r", "!" PROMPT },
	{ "--messages ok --fault 'message,text=[X] y@Z5'", FRESH, "Z5\r",
	  DATA(MAC) "\r\n[X] y\r\nOK\r\n> " },
	{ "--messages prompt --fault 'message,text=[X] y@Z5'", FRESH, "Z5\r",
	  DATA(MAC) "\r\n[X] y" PROMPT },
	{ "--link-news no --fault wifi-loss@Z5", JOINED, "Z5\rCS\r", DATA(MAC) DATA("0") },
	{ "--link-news yes --as C3.5.2.3 --fault wifi-loss@Z5", JOINED, "Z5\rCS\r",
	  DATA(MAC) "\r\n[INFO   ] Link Down" PROMPT DATA("0") },
	{ "--without PE,MS", FRESH, "PE\rMS=3\r", UNKNOWN UNKNOWN },
	{ "--set3 no", FRESH, "MT=1\rPF=0,3\rPE=3\r", OK SIMPLE SIMPLE },
	{ "--set3 yes --as C3.5.2.3", FRESH, "PF=0,3\r", OK },
	{ "--unset empty", FRESH, "C?\r", BLANK("", "", ",,,,", ",0,US,0") },
	{ "--unset zeros", FRESH, "C?\r", NOT_SET },
	{ "--wifi-fields 12", FRESH, "C?\r", BLANK("", "", ZEROS, "") },
	{ "--ssid quoted", FRESH, "C1=x\rC?\r", OK BLANK("\"x\"", "", ZEROS, ",0,US,0") },
	{ "--passphrase hidden", FRESH, "C?\r", BLANK("", "*RESTRICTED*", ZEROS, ",0,US,0") },
	{ "--socket-fields 12", FRESH, "P?\r", DATA("0,0.0.0.0,5024,0.0.0.0,5025,0,0,1,0,0,0,0") },
	{ "--keep-alive 0 --socket-fields 12", FRESH, "PK=0,3000\rP?\r",
	  OK DATA("0,0.0.0.0,5024,0.0.0.0,5025,0,0,1,0,0,1,3000") },
	{ "--keep-alive 1 --socket-fields 12", FRESH, "PK=0,3000\rP?\r",
	  OK DATA("0,0.0.0.0,5024,0.0.0.0,5025,0,0,1,0,0,0,3000") },
	{ "--dead-socket text", OPEN, "P6=0\rP?\r", OK DATA("[P?     ] No Active socket") },
	{ "--start bare", AIMED, "P6=1\r", OK },
	{ "--start long", AIMED, "P6=1\r", CONNECTING },
	{ "--start long", JOINED, "P1=1\rP6=1\r", OK DATA("[UDP  RC] Socket opened on port 5024") },
	{ "--stop text", OPEN, "P6=0\r", DATA("[TCP  RC] Socket closed") },
	{ "--failure text --errors simple --fault refuse@P6", AIMED, "P6=1\r",
	  "\r\n[TCP  RC] Failed to connect" SIMPLE },
	{ "--failure bare --errors simple --fault refuse@P6", AIMED, "P6=1\r", SIMPLE },
	{ "--failure text --errors simple --fault lookup@D0", JOINED, "D0=no.such\r",
	  "\r\n[DNS  LU] Host not found no.such:0" SIMPLE },
	{ "--failure bare --errors simple --fault lookup@D0", JOINED, "D0=no.such\r", SIMPLE },
	{ "--surplus lost", OPEN, "S3=2\rabcd", DATA("2") },
	{ "--surplus error --errors simple", OPEN, "S3=2\rabcd", "\r\n2" SIMPLE },
	{ "--r4 off", OPEN, "R4\r", UNKNOWN },
	{ "--r4 crlf --as C3.5.2.3", OPEN, "R2=1\rR4\r", OK DATA("0000") },
};

/* The far end, -1 unless it is OPEN. */
static int bring_to(struct fake *fake, enum state state)
{
	uint16_t port;
	int server = peer_listen(&port), peer = -1;

	if (state >= JOINED)
		fake_join(fake);
	if (state >= AIMED)
		fake_target(fake, 0, 0, port);
	if (state >= OPEN) {
		fake_says(fake, "P6=1\r", CONNECTING);
		peer = peer_accept(server);
	}
	/* A connection that nobody accepts is one. */
	if (state == AIMED)
		return server;
	close(server);
	return peer;
}

START_TEST(switch_does_what_it_says_by_itself)
{
	g_autofree char *options = g_strdup_printf("--boot-time 0 %s", switches[_i].options);
	struct fake *fake = fake_start(options);
	int peer = bring_to(fake, switches[_i].state);

	fake_says(fake, switches[_i].commands, switches[_i].answers);
	if (peer >= 0)
		close(peer);
	fake_stop(fake);
}
END_TEST

START_TEST(server_that_stops_ends_its_own_connection_or_all)
{
	static const char *const options[] = { "--server-stop own", "--server-stop all" };
	struct fake *fake = fake_start(options[_i]);
	int peer = bring_to(fake, OPEN);

	fake_says(fake, "P0=1\r", OK);
	fake_says(fake, "P2=0\r", OK);
	fake_says(fake, "P5=1\r", OK);
	fake_says(fake, "P5=0\r", OK);
	if (_i)
		peer_ended(peer);
	fake_says(fake, "P0=0\r", OK);
	fake_says(fake, "S3=1\rx", _i ? DATA("-1") : DATA("1"));
	/* A client of the same socket ends in either case. */
	if (!_i) {
		fake_says(fake, "P5=0\r", OK);
		peer_take(peer, "x", 1);
		peer_ended(peer);
	}
	close(peer);
	fake_stop(fake);
}
END_TEST

/* UDP of C3.5.2.3 goes out from the port that it goes to: two sockets to one port are one. */
START_TEST(udp_source_port_is_p2_or_the_destination)
{
	struct sockaddr_in first = { .sin_family = AF_INET,
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in second = { .sin_family = AF_INET }, from;
	struct fake *fake = fake_start_as(_i, "");
	int one = socket(AF_INET, SOCK_DGRAM, 0), two = socket(AF_INET, SOCK_DGRAM, 0);
	g_autofree char *shown = NULL, *answer = NULL;
	socklen_t size = sizeof(first);
	char byte;

	second.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
	ck_assert_int_eq(bind(one, (struct sockaddr *)&first, size), 0);
	ck_assert_int_eq(getsockname(one, (struct sockaddr *)&first, &size), 0);
	second.sin_port = first.sin_port;
	ck_assert_int_eq(bind(two, (struct sockaddr *)&second, size), 0);
	fake_join(fake);
	fake_target(fake, 0, 1, ntohs(first.sin_port));
	g_free(fake_ask(fake, "P6=1\r"));
	fake_target(fake, 1, 1, ntohs(first.sin_port));
	fake_says(fake, "P3=127.0.0.2\r", OK);
	g_free(fake_ask(fake, "P6=1\r"));
	answer = fake_ask(fake, "P?\r");
	shown = g_strdup_printf("\r\n1,192.168.1.174,%u,127.0.0.2,",
				_i == C3523 ? ntohs(first.sin_port) : 5024);
	ck_assert_msg(g_str_has_prefix(answer, shown), "%s", answer);
	fake_says(fake, "S3=1\rx", DATA("1"));
	size = sizeof(from);
	ck_assert_int_eq(recvfrom(two, &byte, 1, 0, (struct sockaddr *)&from, &size), 1);
	ck_assert_int_eq(sendto(two, "second", 6, 0, (struct sockaddr *)&from, size), 6);
	/* What is for socket 1 comes out of socket 0, or not. */
	fake_says(fake, "P0=0\r", OK);
	fake_says(fake, "R2=20\r", OK);
	fake_says(fake, "R0\r", _i == C3523 ? DATA("second") : OK);
	fake_says(fake, "P0=1\r", OK);
	fake_says(fake, "R2=20\r", OK);
	fake_says(fake, "R0\r", _i == C3523 ? OK : DATA("second"));
	close(one);
	close(two);
	fake_stop(fake);
}
END_TEST

START_TEST(datagram_that_is_longer_than_r1_loses_its_end)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int server = socket(AF_INET, SOCK_DGRAM, 0);
	struct fake *fake = fake_start("");
	struct sockaddr_in from;
	socklen_t size = sizeof(address);
	char byte;

	ck_assert_int_eq(bind(server, (struct sockaddr *)&address, size), 0);
	ck_assert_int_eq(getsockname(server, (struct sockaddr *)&address, &size), 0);
	fake_join(fake);
	fake_open(fake, 0, 1, ntohs(address.sin_port));
	fake_says(fake, "S3=1\rx", DATA("1"));
	size = sizeof(from);
	ck_assert_int_eq(recvfrom(server, &byte, 1, 0, (struct sockaddr *)&from, &size), 1);
	ck_assert_int_eq(sendto(server, "abcdef", 6, 0, (struct sockaddr *)&from, size), 6);
	ck_assert_int_eq(sendto(server, "ghi", 3, 0, (struct sockaddr *)&from, size), 3);
	fake_says(fake, "R1=4\r", OK);
	fake_says(fake, "R0\r", DATA("abcd"));
	fake_says(fake, "R0\r", DATA("ghi"));
	close(server);
	fake_stop(fake);
}
END_TEST

static void reset_connection(int fd)
{
	struct linger at_once = { .l_onoff = 1 };

	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
	close(fd);
}

/* R0 of C6.2.1 tells how a connection came to its end. */
START_TEST(newer_firmware_has_a_text_for_each_end)
{
	struct fake *fake = fake_start_as(C621, "--errors simple --fault wifi-loss@Z5");
	uint16_t port;
	int server = peer_listen(&port);

	fake_says(fake, "R0\r", "\r\nNot Connected" SIMPLE);
	fake_join(fake);
	fake_open(fake, 0, 0, port);
	close(peer_accept(server));
	fake_says(fake, "R0\r", "\r\nConnection Closed or Invalid" SIMPLE);
	fake_says(fake, "P6=0\r", DATA("[TCP  RC] Socket closed"));
	fake_says(fake, "R0\r", "\r\nEndpoint not connected" SIMPLE);
	fake_open(fake, 1, 0, port);
	reset_connection(peer_accept(server));
	fake_says(fake, "R0\r", "\r\nSocket reset by peer" SIMPLE);
	fake_open(fake, 2, 0, port);
	close(peer_accept(server));
	fake_says(fake, "Z5\r", DATA(MAC) "\r\n[INFO   ] Link Down\r\nOK\r\n> ");
	fake_says(fake, "R0\r", "\r\nNo WLAN" SIMPLE);
	close(server);
	fake_stop(fake);
}
END_TEST

START_TEST(join_takes_its_time_for_each_attempt)
{
	struct fake *fake = fake_start("--join-time 150");
	int64_t start = monotonic_ms();

	fake_join(fake);
	ck_assert_int_ge(monotonic_ms() - start, 150);
	fake_says(fake, "CD\r", OK);
	fake_says(fake, "C1=elsewhere\r", OK);
	fake_says(fake, "CB=3\r", OK);
	start = monotonic_ms();
	g_free(fake_ask(fake, "C0\r"));
	ck_assert_int_ge(monotonic_ms() - start, 450);
	fake_stop(fake);
}
END_TEST

START_TEST(time_is_the_worlds_or_since_the_start)
{
	struct fake *fake = fake_start("");
	unsigned int year, month, day, hour, minute, second;
	char *answer = fake_ask(fake, "GT\r");
	unsigned long long ms;

	ck_assert_msg(sscanf(answer, "\r\n%llu\r\nOK\r\n> ", &ms) == 1, "%s", answer);
	g_free(answer);
	fake_join(fake);
	answer = fake_ask(fake, "GT\r");
	ck_assert_msg(sscanf(answer, "\r\n%u/%u/%u,%u:%u:%u\r\nOK\r\n> ", &year, &month, &day,
			     &hour, &minute, &second) == 6,
		      "%s", answer);
	ck_assert_uint_gt(year, 2020);
	g_free(answer);
	fake_usage(fake, "GT=1\r");
	fake_stop(fake);
}
END_TEST

/* Memory, power save, the light: harmless. Updates, the soft access point, a dump: not simulated. */
START_TEST(commands_that_nobody_should_send_are_known)
{
	static const char *const harmless[] = { "ZP=0\r", "ZP=2\r", "WL=1\r", "PA=0,x\r", "MD\r" };
	static const char *const refused[] = { "ZO\r", "ZV\r", "ZD\r", "AD\r" };
	struct fake *fake = fake_start_as(_i, "");
	unsigned int i;
	char *answer;

	for (i = 0; i < G_N_ELEMENTS(harmless); i++) {
		answer = fake_ask(fake, harmless[i]);
		ck_assert_msg(g_str_has_suffix(answer, "\r\nOK\r\n> "), "%s: %s", harmless[i],
			      answer);
		g_free(answer);
	}
	fake_usage(fake, "ZP=3\r");
	fake_usage(fake, "MD=1\r");
	for (i = 0; i < G_N_ELEMENTS(refused); i++)
		fake_fails(fake, refused[i], "not simulated");
	fake_stop(fake);
}
END_TEST

/* The boot loader, and streaming. */
START_TEST(module_that_left_at_mode_hears_nothing_until_a_reset)
{
	static const char *const ways[] = { "ZU\r", "PX\r" };
	struct fake *fake = fake_start("--boot-time 0 --fault reset,after=300@command=1");

	fake_text(fake, ways[_i]);
	fake_text(fake, "Z5\r");
	fake_expect_text(fake, PROMPT);
	fake_says(fake, "Z5\r", DATA(MAC));
	fake_stop(fake);
}
END_TEST

START_TEST(refusals_are_worded_once_for_all_commands)
{
	struct fake *fake = fake_start("");

	fake_usage(fake, "$$$=1\r");
	fake_usage(fake, "---=1\r");
	fake_usage(fake, "R?=1\r");
	fake_usage(fake, "R4=1\r");
	fake_usage(fake, "S?=1\r");
	fake_usage(fake, "T?=1\r");
	fake_usage(fake, "F?=1\r");
	fake_usage(fake, "PY=600001\r");
	fake_usage(fake, "MS=4\r");
	fake_usage(fake, "PE=4\r");
	fake_usage(fake, "?=1\r");
	fake_says(fake, "T?\r", DATA("0.0.0.0,1,0"));
	fake_says(fake, "S?\r", DATA("1460,5000"));
	fake_says(fake, "F?\r", DATA("0"));
	fake_stop(fake);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fake-switches");
	TCase *tcase = tcase_create("switches");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, switch_does_what_it_says_by_itself, 0, G_N_ELEMENTS(switches));
	tcase_add_loop_test(tcase, server_that_stops_ends_its_own_connection_or_all, 0, 2);
	tcase_add_loop_test(tcase, udp_source_port_is_p2_or_the_destination, 0, PROFILES);
	tcase_add_test(tcase, datagram_that_is_longer_than_r1_loses_its_end);
	tcase_add_test(tcase, newer_firmware_has_a_text_for_each_end);
	tcase_add_test(tcase, join_takes_its_time_for_each_attempt);
	tcase_add_test(tcase, time_is_the_worlds_or_since_the_start);
	tcase_add_loop_test(tcase, commands_that_nobody_should_send_are_known, 0, PROFILES);
	tcase_add_loop_test(tcase, module_that_left_at_mode_hears_nothing_until_a_reset, 0, 2);
	tcase_add_test(tcase, refusals_are_worded_once_for_all_commands);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
