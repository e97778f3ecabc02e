// SPDX-License-Identifier: MIT
/*
 * What the vendors' own drivers send, byte for byte, and what they look for in the answers. The
 * facts are from their sources:
 *
 *	ST		STM32Cube's es_wifi.c, as in iNavFlight/inav
 *	Zephyr		zephyrproject-rtos/zephyr, drivers/wifi/eswifi
 *	Mbed		ARMmbed/wifi-ism43362
 *	drogue		drogue-iot/drogue-es-wifi
 */
#include "fake/harness.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define JOINED	  DATA("[JOIN   ] eswrap-fake,192.168.1.174,0,0")
#define CONNECTED CONNECTING

struct exchange {
	const char *command, *answer;
};

static struct fake *fake;
static int listen_fd, peer;
static uint16_t port;
static char port_command[16];

#define OPTIONS "--baud 115200 --resolve-all 127.0.0.1 "

static void set_up(void)
{
	fake = fake_start_pty(115200, OPTIONS);
	listen_fd = peer_listen(&port);
	peer = -1;
	snprintf(port_command, sizeof(port_command), "P4=%u\r", port);
}

static void tear_down(void)
{
	close(listen_fd);
	if (peer >= 0)
		close(peer);
	fake_stop(fake);
}

/* A driver for the SPI firmware, through a bridge: messages wait for MR. */
static void begin_on_spi(void)
{
	fake_stop(fake);
	fake = fake_start_pty(115200, OPTIONS "--bus spi");
}

static void play(const struct exchange *exchanges, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		fake_says(fake, exchanges[i].command, exchanges[i].answer);
}
#define PLAY(list) play(list, G_N_ELEMENTS(list))

/* ES_WIFI_Init(), ES_WIFI_Connect(), ES_WIFI_GetNetworkSettings(), ... */
START_TEST(st_brings_it_up_and_joins)
{
	static const struct exchange list[] = {
		{ "I?\r\n", DATA("ISM43362-M3G-L44-UART,C3.5.2.5.STM,v3.5.2,v1.4.0.rc1,v8.2.1,"
				 "120000000,Inventek eS-WiFi") },
		{ "Z5\r", DATA(MAC) },
		{ "CN=FR/0\r", OK },
		{ "C1=eswrap-fake\r", OK },
		{ "C2=eswrap-fake\r", OK },
		{ "C3=3\r", OK },
		{ "C0\r", JOINED },
		{ "C?\r", DATA("eswrap-fake,eswrap-fake,3,1,0,192.168.1.174,255.255.255.0,"
			       "192.168.1.1,192.168.1.1,0.0.0.0,2,0,0,FR,1") },
		{ "CS\r", DATA("1") },
		{ "U?\r", DATA("0,115200,8,0,1,0") },
		{ "D0=mail.example\r", DATA("127.0.0.1") },
		{ "CD\r", OK },
	};

	PLAY(list);
}
END_TEST

static void st_join(void)
{
	static const struct exchange list[] = {
		{ "C1=eswrap-fake\r", OK },
		{ "C2=eswrap-fake\r", OK },
		{ "C3=3\r", OK },
		{ "C0\r", JOINED },
	};

	PLAY(list);
}

/* ES_WIFI_StartClientConnection(), _SendData(), _ReceiveData(), _StopClientConnection() */
START_TEST(st_moves_data)
{
	static const struct exchange start[] = {
		{ "P0=1\r", OK },
		{ "P1=0\r", OK },
		{ "P2=0\r", OK },
	};
	static const struct exchange send[] = {
		{ "P0=1\r", OK },
		{ "S2=1000\r", OK },
		{ "S3=0005\rhello", DATA("5") },
	};
	static const struct exchange receive[] = {
		{ "P0=1\r", OK },
		{ "R1=1200\r", OK },
		{ "R2=1000\r", OK },
		{ "R0\r", DATA("answer") },
	};
	static const struct exchange stop[] = {
		{ "P0=1\r", OK },
		{ "P6=0\r", OK },
	};

	st_join();
	PLAY(start);
	fake_says(fake, port_command, OK);
	fake_says(fake, "P3=127.0.0.1\r", OK);
	fake_says(fake, "P6=1\r", CONNECTED);
	peer = peer_accept(listen_fd);
	PLAY(send);
	peer_take(peer, "hello", 5);
	peer_give(peer, "answer", 6);
	PLAY(receive);
	PLAY(stop);
	peer_ended(peer);
}
END_TEST

/* Credentials: the header has an even number of bytes, the data follows in a write of its own. */
START_TEST(st_programs_credentials_and_starts_tls)
{
	fake_says(fake, "PF=0,0\r", OK);
	fake_text(fake, "PG=0,0,0011\r");
	fake_says(fake, "certificate", OK);
	fake_text(fake, "PG=0,0,0011\r");
	fake_says(fake, "certificate", DATA("Match"));
	st_join();
	fake_says(fake, "P0=0\r", OK);
	fake_says(fake, "P1=3\r", OK);
	fake_says(fake, "P2=0\r", OK);
	fake_says(fake, port_command, OK);
	fake_says(fake, "P3=127.0.0.1\r", OK);
	fake_says(fake, "P9=1\r", OK);
	fake_says(fake, "PB=0\r", OK);
	/* "certificate" is none. */
	fake_fails(fake, "P6=1\r", "not a certificate");
}
END_TEST

/* ES_WIFI_StartServerSingleConn(), _WaitServerConnection(), _CloseServerConnection() */
START_TEST(st_serves)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	static const struct exchange start[] = {
		{ "PK=1,3000\r", OK },
		{ "P1=0\r", OK },
		{ "P8=1\r", OK },
	};
	char command[32], *answer;
	uint16_t own;
	int fd = peer_listen(&own);

	close(fd);
	begin_on_spi();
	st_join();
	fake_says(fake, "P0=0\r", OK);
	PLAY(start);
	snprintf(command, sizeof(command), "P2=%u\r", own);
	fake_says(fake, command, OK);
	fake_says(fake, "P5=11\r", OK);
	fake_says(fake, "MR\r", DATA("[SOMA][EOMA]"));
	to.sin_port = htons(own);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	answer = fake_ask(fake, "MR\r");
	ck_assert(strstr(answer, "[SOMA]") && strstr(answer, "Accepted") &&
		  strstr(answer, "[EOMA]"));
	g_free(answer);
	/* It then waits for P? not to begin like this. */
	answer = fake_ask(fake, "P?\r");
	ck_assert_int_ne(strncmp(answer, "\r\n0,0.0.0.0,", 12), 0);
	g_free(answer);
	fake_says(fake, "P0=0\r", OK);
	fake_says(fake, "P5=10\r", OK);
	peer_ended(fd);
	fake_says(fake, "P0=0\r", OK);
	fake_says(fake, "P5=0\r", OK);
	close(fd);
}
END_TEST

/* ES_WIFI_ListAccessPoints(): it asks until an answer holds \r\nOK\r\n>. */
START_TEST(st_scans)
{
	unsigned int networks = 0;
	char *answer;

	begin_on_spi();
	answer = fake_ask(fake, "F0=2\r");
	while (!strstr(answer, "\r\nOK\r\n> ")) {
		ck_assert(g_str_has_prefix(answer, "\r\n#"));
		networks++;
		g_free(answer);
		answer = fake_ask(fake, "MR\r");
	}
	ck_assert_uint_eq(networks, 1);
	g_free(answer);
}
END_TEST

/* ES_WIFI_Ping(): numbers behind each comma of the lines. */
START_TEST(st_pings)
{
	int n1, ms1, n2, ms2;
	char *answer;

	st_join();
	fake_says(fake, "T1=127.0.0.1\r", OK);
	fake_says(fake, "T2=2\r", OK);
	fake_says(fake, "T3=10\r", OK);
	answer = fake_ask(fake, "T0=\r");
	ck_assert_int_eq(sscanf(answer, "\r\n%d,%d\r\n%d,%d\r\n", &n1, &ms1, &n2, &ms2), 4);
	ck_assert(strstr(answer, "\r\nOK\r\n> "));
	g_free(answer);
}
END_TEST

/* eswifi_iface_init(): the reset line, then the prompt, then Z5. */
START_TEST(zephyr_brings_it_up_and_joins)
{
	static const struct exchange list[] = {
		{ "Z5\r", DATA(MAC) },
		{ "C1=eswrap-fake\r", OK },
		{ "C2=eswrap-fake\r", OK },
		{ "C3=4\r", OK },
		{ "C0\r", JOINED },
		{ "CS\r", DATA("1") },
		{ "MR\r", DATA("[SOMA][EOMA]") },
	};

	begin_on_spi();
	kill(fake->pid, SIGUSR1);
	fake_expect_text(fake, PROMPT);
	PLAY(list);
}
END_TEST

/* eswifi_socket_send() sends one byte more than the payload has: the end of its C string. */
START_TEST(zephyr_moves_data)
{
	st_join();
	fake_says(fake, "P0=0\r", OK);
	fake_says(fake, "P1=0\r", OK);
	fake_says(fake, "P0=0\r", OK);
	fake_says(fake, "P6=0\r", OK);
	fake_says(fake, "P3=127.0.0.1\r", OK);
	fake_says(fake, port_command, OK);
	fake_says(fake, "P6=1\r", CONNECTED);
	peer = peer_accept(listen_fd);
	fake_says(fake, "P0=0\r", OK);
	fake_send(fake, "S3=5\rhello", 11);
	fake_expect_text(fake, DATA("5"));
	peer_take(peer, "hello", 5);
	peer_give(peer, "answer", 6);
	fake_says(fake, "P0=0\r", OK);
	fake_says(fake, "R1=1460\r", OK);
	fake_says(fake, "R2=30\r", OK);
	fake_says(fake, "R0\r", DATA("answer"));
	fake_says(fake, "R0\r", OK);
	fake_says(fake, "P6=0\r", OK);
}
END_TEST

/* map_credentials() sends the header, the item and the end of a C string in one go, then PF. */
START_TEST(zephyr_programs_credentials)
{
	fake_send(fake, "PG=0,0,11\rcertificate", 22);
	fake_expect_text(fake, OK);
	fake_says(fake, "PF=0,0\r", OK);
}
END_TEST

/* ISM43362::open(), send(), check_recv_status(), close() */
START_TEST(mbed_moves_data)
{
	static const struct exchange join[] = {
		{ "C4=1\r", OK },
		{ "C1=eswrap-fake\r", OK },
		{ "C2=eswrap-fake\r", OK },
		{ "C3=3\r", OK },
		{ "C0\r", JOINED },
		{ "CR\r", DATA("-43") },
		{ "D0=example.com\r", DATA("127.0.0.1") },
		{ "P0=2\r", OK },
		{ "P1=0\r", OK },
		{ "P3=127.0.0.1\r", OK },
	};

	PLAY(join);
	fake_says(fake, port_command, OK);
	fake_says(fake, "P6=1\r", CONNECTED);
	peer = peer_accept(listen_fd);
	fake_says(fake, "R1=1460\r", OK);
	fake_says(fake, "S2=5000\r", OK);
	fake_says(fake, "S3=5\rhello", DATA("5"));
	peer_take(peer, "hello", 5);
	peer_give(peer, "answer", 6);
	fake_says(fake, "R2=40\r", OK);
	fake_says(fake, "R0\r", DATA("answer"));
	fake_says(fake, "R0\r", OK);
	fake_says(fake, "P0=2\r", OK);
	fake_says(fake, "P6=0\r", OK);
}
END_TEST

/* Mbed's parser expects the short form of an answer without data, too. */
START_TEST(mbed_joins_in_the_short_form)
{
	struct fake *other = fake_start("--empty short");

	fake_says(other, "C1=eswrap-fake\r", "\r\nOK\r\n> ");
	fake_says(other, "C2=wrong\r", "\r\nOK\r\n> ");
	fake_says(other, "C3=3\r", "\r\nOK\r\n> ");
	/* It looks for JOIN and Failed in one line. */
	fake_says(other, "C0\r", "\r\n[JOIN   ] eswrap-fake\r\n[JOIN   ] Failed" FAILED("C0", ""));
	fake_stop(other);
}
END_TEST

/* Its grammars for a join and a connect leave no room for a single byte more. S1 and S0 send. */
START_TEST(drogue_moves_data)
{
	static const struct exchange list[] = {
		{ "C1=eswrap-fake\r\n", OK },
		{ "C2=eswrap-fake\r\n", OK },
		{ "C3=4\r\n", OK },
		{ "C0\r\n", "\r\n[JOIN   ] eswrap-fake,192.168.1.174,0,0\r\nOK\r\n> " },
		{ "P0=0\r\n", OK },
		{ "P1=0\r\n", OK },
		{ "P3=127.0.0.1\r\n", OK },
	};

	PLAY(list);
	fake_says(fake, port_command, OK);
	fake_says(fake, "P6=1\r\n", "\r\n[TCP  RC] Connecting to 127.0.0.1\r\nOK\r\n> ");
	peer = peer_accept(listen_fd);
	fake_says(fake, "S1=5\r\n", OK);
	fake_text(fake, "S0\rh");
	fake_says(fake, "ello\n", DATA("5"));
	peer_take(peer, "hello", 5);
	fake_usage(fake, "S1=0\r");
	fake_usage(fake, "S1=1461\r");
	fake_usage(fake, "S0=1\r");
}
END_TEST

START_TEST(reset_line_cuts_off_whatever_it_does)
{
	st_join();
	fake_says(fake, "P1=1\r", OK);
	fake_says(fake, "P3=127.0.0.1\r", OK);
	fake_says(fake, port_command, OK);
	fake_says(fake, "P6=1\r", OK);
	fake_says(fake, "R2=30000\r", OK);
	fake_text(fake, "R0\r");
	fake_quiet(fake, 20);
	kill(fake->pid, SIGUSR1);
	fake_expect_text(fake, PROMPT);
	fake_text(fake, "S3=100\rabc");
	fake_quiet(fake, 20);
	kill(fake->pid, SIGUSR1);
	fake_expect_text(fake, PROMPT);
	fake_says(fake, "CS\r", DATA("0"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fake-drivers");
	TCase *tcase = tcase_create("drivers");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, st_brings_it_up_and_joins);
	tcase_add_test(tcase, st_moves_data);
	tcase_add_test(tcase, st_programs_credentials_and_starts_tls);
	tcase_add_test(tcase, st_serves);
	tcase_add_test(tcase, st_scans);
	tcase_add_test(tcase, st_pings);
	tcase_add_test(tcase, zephyr_brings_it_up_and_joins);
	tcase_add_test(tcase, zephyr_moves_data);
	tcase_add_test(tcase, zephyr_programs_credentials);
	tcase_add_test(tcase, mbed_moves_data);
	tcase_add_test(tcase, mbed_joins_in_the_short_form);
	tcase_add_test(tcase, drogue_moves_data);
	tcase_add_test(tcase, reset_line_cuts_off_whatever_it_does);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
