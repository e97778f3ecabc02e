// SPDX-License-Identifier: MIT
/* The table "Sockets" of doc/protocol.md: a test for each row. */
#include "fake/harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fake *fake;
static int listen_fd;
static uint16_t port;

static void set_up(void)
{
	fake = fake_start("--resolve server.test=127.0.0.1 --resolve-all 127.0.0.2");
	fake_join(fake);
	listen_fd = peer_listen(&port);
}

static void tear_down(void)
{
	fake_stop(fake);
	close(listen_fd);
}

static void say_number(const char *name, unsigned int number, const char *answer)
{
	char command[32];

	snprintf(command, sizeof(command), "%s=%u\r", name, number);
	fake_says(fake, command, answer);
}

START_TEST(row_select_socket)
{
	fake_says(fake, "P0=3\r", OK);
	fake_says(fake, "P4=1000\r", OK);
	fake_says(fake, "P0=0\r", OK);
	fake_says(fake, "P?\r", DATA("0,0.0.0.0,5024,0.0.0.0,5025,0,0,1,0,0"));
	fake_says(fake, "P0=3\r", OK);
	fake_says(fake, "P?\r", DATA("0,0.0.0.0,5024,0.0.0.0,1000,0,0,1,0,0"));
	fake_usage(fake, "P0=4\r");
	fake_usage(fake, "P0=\r");
	fake_says(fake, "P0\r", DATA("3"));
	fake_usage(fake, "P0=1,1\r");
}
END_TEST

START_TEST(row_protocol)
{
	fake_says(fake, "P1=4\r", OK);
	fake_says(fake, "P1=3\r", OK);
	fake_says(fake, "P1=2\r", OK);
	fake_says(fake, "P1=1\r", OK);
	fake_says(fake, "P1=0\r", OK);
	fake_usage(fake, "P1=5\r");
	fake_usage(fake, "P1=\r");
}
END_TEST

START_TEST(mqtt_cannot_be_started)
{
	fake_says(fake, "P1=4\r", OK);
	fake_fails(fake, "P6=1\r", "MQTT");
}
END_TEST

START_TEST(row_local_port)
{
	struct sockaddr_in peer;
	socklen_t size = sizeof(peer);
	uint16_t own;
	int fd = peer_listen(&own);

	close(fd);
	say_number("P2", own, OK);
	fake_open(fake, 0, 0, port);
	fd = peer_accept(listen_fd);
	ck_assert_int_eq(getpeername(fd, (struct sockaddr *)&peer, &size), 0);
	/* The port is the module's: on this machine the connection comes from any. */
	ck_assert_int_ne(ntohs(peer.sin_port), own);
	fake_usage(fake, "P2=65536\r");
	fake_usage(fake, "P2=-1\r");
	close(fd);
}
END_TEST

START_TEST(row_lookup_sets_the_remote_address)
{
	fake_says(fake, "D0=server.test\r", DATA("127.0.0.1"));
	fake_says(fake, "P?\r", DATA("0,0.0.0.0,5024,127.0.0.1,5025,0,0,1,0,0"));
	fake_says(fake, "D0=192.0.2.7\r", DATA("192.0.2.7"));
	fake_says(fake, "D0=anything.else\r", DATA("127.0.0.2"));
	fake_says(fake, "D0=SERVER.test\r", DATA("127.0.0.1"));
	say_number("P4", port, OK);
	fake_says(fake, "P6=1\r", CONNECTING);
	close(peer_accept(listen_fd));
	fake_usage(fake, "D0=\r");
	fake_usage(fake, "D0\r");
}
END_TEST

START_TEST(lookup_of_an_unknown_name_is_an_error)
{
	struct fake *other = fake_start("");

	fake_fails(other, "D0=localhost\r", "Not joined");
	fake_join(other);
	fake_fails(other, "D0=no-such-name.invalid\r", "DNS lookup failed");
	fake_says(other, "D0=localhost\r", DATA("127.0.0.1"));
	fake_stop(other);
}
END_TEST

START_TEST(row_remote_address)
{
	fake_says(fake, "P3=192.0.2.1\r", OK);
	fake_says(fake, "P?\r", DATA("0,0.0.0.0,5024,192.0.2.1,5025,0,0,1,0,0"));
	fake_usage(fake, "P3=server.test\r");
	fake_usage(fake, "P3=1.2.3\r");
	fake_usage(fake, "P3=\r");
}
END_TEST

START_TEST(row_remote_port)
{
	fake_says(fake, "P4=443\r", OK);
	fake_says(fake, "P4=65535\r", OK);
	fake_usage(fake, "P4=65536\r");
	fake_usage(fake, "P4=http\r");
}
END_TEST

START_TEST(row_start_and_stop)
{
	int fd;

	fake_open(fake, 0, 0, port);
	fd = peer_accept(listen_fd);
	fake_fails(fake, "P6=1\r", "already started");
	fake_says(fake, "P6=0\r", OK);
	peer_ended(fd);
	close(fd);
	/* Drivers stop what is not running. */
	fake_says(fake, "P6=0\r", OK);
	fake_says(fake, "P6=1\r", CONNECTING);
	close(peer_accept(listen_fd));
	fake_usage(fake, "P6=2\r");
	fake_usage(fake, "P6\r");
}
END_TEST

START_TEST(start_without_network_or_address_is_an_error)
{
	fake_fails(fake, "P6=1\r", "no remote address or port");
	fake_says(fake, "CD\r", OK);
	fake_says(fake, "P3=127.0.0.1\r", OK);
	say_number("P4", port, OK);
	fake_fails(fake, "P6=1\r", "Not joined");
}
END_TEST

START_TEST(refused_connection_is_an_error)
{
	uint16_t unused;
	int fd = peer_listen(&unused);

	close(fd);
	fake_says(fake, "P3=127.0.0.1\r", OK);
	say_number("P4", unused, OK);
	fake_fails(fake, "P6=1\r", "Connection refused");
	/* It can be tried again. */
	say_number("P4", port, OK);
	fake_says(fake, "P6=1\r", CONNECTING);
}
END_TEST

/* A socket that listens on a port of its own, and the commands that made it so; @own: the port. */
static struct sockaddr_in serve(struct fake *other, uint16_t *own, const char *start)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	g_autofree char *command = NULL;

	close(peer_listen(own));
	to.sin_port = htons(*own);
	command = g_strdup_printf("P2=%u\r", *own);
	fake_says(other, command, OK);
	fake_says(other, start, OK);
	return to;
}

static int client_of(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(connect(fd, (const struct sockaddr *)to, sizeof(*to)), 0);
	return fd;
}

static void expect_accepted(struct fake *other, uint16_t own)
{
	g_autofree char *told = g_strdup_printf("\r\n[TCP SVR] Accepted 127.0.0.1:%u" PROMPT, own);

	fake_expect_text(other, told);
}

START_TEST(row_server_single)
{
	struct sockaddr_in to;
	uint16_t own;
	int one, two;

	fake_says(fake, "P8=2\r", OK);
	to = serve(fake, &own, "P5=1\r");
	fake_fails(fake, "P5=1\r", "already started");
	/* Nobody there yet: nothing to read, nobody to write to. */
	fake_says(fake, "R0\r", OK);
	fake_says(fake, "S3=1\rx", DATA("-1"));

	one = client_of(&to);
	expect_accepted(fake, own);
	two = client_of(&to);
	peer_give(one, "first", 5);
	peer_give(two, "second", 6);
	fake_says(fake, "R0\r", DATA("first"));
	fake_says(fake, "S3=2\rhi", DATA("2"));
	peer_take(one, "hi", 2);
	/* The second one waits until the first is let go. */
	fake_says(fake, "P5=10\r", OK);
	peer_ended(one);
	expect_accepted(fake, own);
	fake_says(fake, "R0\r", DATA("second"));
	fake_says(fake, "P5=0\r", OK);
	peer_ended(two);
	fake_fails(fake, "P5=10\r", "No TCP server");
	fake_usage(fake, "P5=2\r");
	fake_usage(fake, "P5=\r");
	fake_usage(fake, "P8=0\r");
	fake_usage(fake, "P8=7\r");
	close(one);
	close(two);
}
END_TEST

START_TEST(row_server_accept_loop)
{
	struct sockaddr_in to;
	char *shown;
	unsigned int i;
	uint16_t own;
	int fd;

	to = serve(fake, &own, "P5=11\r");
	shown = g_strdup_printf(DATA("0,0.0.0.0,%u,0.0.0.0,5025,1,0,1,1,0"), own);
	fake_says(fake, "P?\r", shown);
	g_free(shown);
	for (i = 0; i < 3; i++) {
		fd = client_of(&to);
		expect_accepted(fake, own);
		peer_give(fd, "x", 1);
		close(fd);
		fake_says(fake, "R0\r", DATA("x"));
		/* Reading its end lets it go. */
		fake_says(fake, "R0\r", GONE);
	}
}
END_TEST

START_TEST(row_accept_control)
{
	struct sockaddr_in to;
	uint16_t own;
	int one, two;

	fake_fails(fake, "P7=2\r", "No TCP server");
	fake_fails(fake, "P7=3\r", "No TCP server");
	fake_usage(fake, "P7=4\r");
	fake_says(fake, "P8=6\r", OK);
	to = serve(fake, &own, "P5=1\r");
	fake_says(fake, "P7=1\r", OK);
	one = client_of(&to);
	expect_accepted(fake, own);
	two = client_of(&to);
	fake_says(fake, "P7=2\r", OK);
	peer_ended(one);
	/* Nobody is told of the second before it is asked for. */
	fake_says(fake, "P0\r", DATA("0"));
	fake_says(fake, "P7=3\r", OK);
	expect_accepted(fake, own);
	fake_says(fake, "P7=0\r", OK);
	close(one);
	close(two);
}
END_TEST

START_TEST(server_shows_its_clients_address_and_its_own_port)
{
	struct sockaddr_in to, from;
	socklen_t size = sizeof(from);
	char *shown;
	uint16_t own;
	int fd;

	to = serve(fake, &own, "P5=1\r");
	fd = client_of(&to);
	expect_accepted(fake, own);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&from, &size), 0);
	shown = g_strdup_printf(DATA("0,127.0.0.1,%u,127.0.0.1,%u,1,0,1,0,0"), own,
				ntohs(from.sin_port));
	fake_says(fake, "P?\r", shown);
	g_free(shown);
	close(fd);
}
END_TEST

START_TEST(udp_server_answers_who_spoke_last)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in own_address;
	socklen_t size = sizeof(own_address);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char *expected;
	uint16_t own;
	int free_port = peer_listen(&own);

	close(free_port);
	say_number("P2", own, OK);
	fake_says(fake, "P1=1\r", OK);
	fake_says(fake, "R2=5000\r", OK);
	fake_says(fake, "P5=1\r", OK);
	to.sin_port = htons(own);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&own_address, &size), 0);
	ck_assert_int_eq(send(fd, "question", 8, 0), 8);
	expected = g_strdup_printf("\r\n[UDP SVR] Accepted 127.0.0.1:%u" PROMPT, own);
	fake_expect_text(fake, expected);
	g_free(expected);
	fake_says(fake, "R0\r", DATA("question"));
	expected = g_strdup_printf(DATA("1,127.0.0.1,%u,127.0.0.1,%u,0,1,1,0,0"), own,
				   ntohs(own_address.sin_port));
	fake_says(fake, "P?\r", expected);
	g_free(expected);
	fake_says(fake, "S3=6\ranswer", DATA("6"));
	peer_take(fd, "answer", 6);
	fake_says(fake, "P5=0\r", OK);
	close(fd);
}
END_TEST

START_TEST(row_keep_alive_bypass_root_mode)
{
	fake_says(fake, "PK=1,3000\r", OK);
	fake_says(fake, "PK=1,7200000\r", OK);
	fake_says(fake, "PK=0,0\r", OK);
	fake_usage(fake, "PK=1,249\r");
	fake_usage(fake, "PK=1,7200001\r");
	fake_usage(fake, "PK=2,3000\r");
	fake_usage(fake, "PK=1\r");
	fake_usage(fake, "PK=1,x\r");
	fake_says(fake, "PR=0\r", OK);
	fake_usage(fake, "PR=1\r");
	fake_says(fake, "PB=0\r", OK);
	fake_usage(fake, "PB=x\r");
}
END_TEST

START_TEST(row_transport_settings)
{
	static const char *const more[PROFILES] = { "", "", ",1,3000", "" };
	struct fake *other = fake_start_as(_i, "");
	char *expected;
	int fd;

	fake_says(other, "PK=1,3000\r", OK);
	fake_says(other, "R3=1\r", OK);
	fake_join(other);
	fake_open(other, 0, 0, port);
	fd = peer_accept(listen_fd);
	expected = g_strdup_printf(DATA("0,192.168.1.174,5024,127.0.0.1,%u,0,0,1,0,1%s"), port,
				   more[_i]);
	fake_says(other, "P?\r", expected);
	g_free(expected);
	fake_usage(other, "P?=1\r");
	close(fd);
	fake_stop(other);
}
END_TEST

START_TEST(closed_socket_has_settings_or_a_text)
{
	static const char closed[] = DATA("0,0.0.0.0,5024,127.0.0.1,%u,0,0,1,0,0");
	struct fake *other = fake_start_as(_i, "");
	g_autofree char *expected = g_strdup_printf(closed, port), *answer = NULL;

	fake_join(other);
	answer = fake_ask(other, "P?\r");
	/* Not before it has been open. */
	ck_assert_ptr_null(strstr(answer, "No Active"));
	fake_open(other, 0, 0, port);
	close(peer_accept(listen_fd));
	g_free(fake_ask(other, "P6=0\r"));
	fake_says(other, "P?\r", _i == C621 ? DATA("[P?     ] No Active socket") : expected);
	fake_stop(other);
}
END_TEST

START_TEST(row_send_and_read)
{
	int fd;

	fake_open(fake, 1, 0, port);
	fd = peer_accept(listen_fd);
	fake_says(fake, "S2=1000\r", OK);
	fake_says(fake, "S3=5\rhello", DATA("5"));
	peer_take(fd, "hello", 5);
	fake_says(fake, "S3=0005\rworld", DATA("5"));
	peer_take(fd, "world", 5);
	fake_says(fake, "R1=100\r", OK);
	fake_says(fake, "R2=200\r", OK);
	peer_give(fd, "answer", 6);
	fake_says(fake, "R0\r", DATA("answer"));
	fake_says(fake, "R2=1\r", OK);
	fake_says(fake, "R0\r", OK);
	fake_usage(fake, "S2=30001\r");
	fake_usage(fake, "S3=0\r");
	fake_usage(fake, "S3=1461\r");
	fake_usage(fake, "S3=x\r");
	fake_usage(fake, "R0=1\r");
	fake_says(fake, "R1=0\r", OK);
	fake_usage(fake, "R1=1461\r");
	fake_usage(fake, "R2=30001\r");
	fake_usage(fake, "R3=2\r");
	close(fd);
}
END_TEST

START_TEST(payload_holds_any_bytes)
{
	static const char nasty[] = "\r\n> \r\nOK\r\n> \r\n-1\r\nERROR\r\n> \025\025\0S3=5\r[SOMA]";
	char payload[1460], command[] = "S3=1460\r";
	unsigned int i;
	int fd;

	for (i = 0; i < sizeof(payload); i++)
		payload[i] = i < 256 ? (char)i : nasty[i % sizeof(nasty)];
	fake_open(fake, 0, 0, port);
	fd = peer_accept(listen_fd);
	fake_says(fake, "R2=5000\r", OK);
	fake_send(fake, command, strlen(command));
	fake_send(fake, payload, sizeof(payload));
	fake_expect_text(fake, DATA("1460"));
	peer_take(fd, payload, sizeof(payload));
	peer_give(fd, payload, sizeof(payload));
	fake_text(fake, "R0\r");
	fake_expect_text(fake, "\r\n");
	fake_expect(fake, payload, sizeof(payload));
	fake_expect_text(fake, "\r\nOK\r\n> ");
	close(fd);
}
END_TEST

START_TEST(payload_that_stops_is_sent_as_far_as_it_came)
{
	struct fake *other = fake_start("--payload-timeout 100");
	int fd;

	fake_join(other);
	fake_open(other, 0, 0, port);
	fd = peer_accept(listen_fd);
	fake_text(other, "S3=5\rhell");
	fake_expect_text(other, DATA("4"));
	fake_says(other, "S3=5\rhello", DATA("5"));
	peer_take(fd, "hellhello", 9);
	close(fd);
	fake_stop(other);
}
END_TEST

START_TEST(read_takes_r1_and_leaves_the_rest)
{
	int fd;

	fake_open(fake, 0, 0, port);
	fd = peer_accept(listen_fd);
	peer_give(fd, "abcdef", 6);
	fake_says(fake, "R1=4\r", OK);
	fake_says(fake, "R2=5000\r", OK);
	fake_says(fake, "R0\r", DATA("abcd"));
	fake_says(fake, "R0\r", DATA("ef"));
	close(fd);
}
END_TEST

START_TEST(read_full_waits_for_r1_bytes_until_r2_is_over)
{
	struct fake *other = fake_start("--read full");
	int64_t start;
	int fd;

	fake_join(other);
	fake_open(other, 0, 0, port);
	fd = peer_accept(listen_fd);
	fake_says(other, "R1=10\r", OK);
	fake_says(other, "R2=300\r", OK);
	peer_give(fd, "abc", 3);
	start = monotonic_ms();
	fake_says(other, "R0\r", DATA("abc"));
	ck_assert_int_ge(monotonic_ms() - start, 290);
	fake_says(other, "R2=20000\r", OK);
	fake_text(other, "R0\r");
	peer_give(fd, "01234", 5);
	peer_give(fd, "56789", 5);
	fake_expect_text(other, DATA("0123456789"));
	close(fd);
	fake_stop(other);
}
END_TEST

START_TEST(read_waits_for_the_first_byte_only)
{
	int fd;

	fake_open(fake, 0, 0, port);
	fd = peer_accept(listen_fd);
	fake_says(fake, "R1=10\r", OK);
	fake_says(fake, "R2=20000\r", OK);
	fake_text(fake, "R0\r");
	peer_give(fd, "abc", 3);
	fake_expect_text(fake, DATA("abc"));
	close(fd);
}
END_TEST

START_TEST(r2_is_5_seconds_and_0_waits_for_ever)
{
	int64_t start;
	int fd;

	fake_says(fake, "R?\r", DATA("1460,5000,0"));
	fake_open(fake, 0, 0, port);
	fd = peer_accept(listen_fd);
	fake_says(fake, "R2=200\r", OK);
	start = monotonic_ms();
	fake_says(fake, "R0\r", OK);
	ck_assert_int_ge(monotonic_ms() - start, 190);
	fake_says(fake, "R2=0\r", OK);
	fake_text(fake, "R0\r");
	fake_quiet(fake, 200);
	peer_give(fd, "abc", 3);
	fake_expect_text(fake, DATA("abc"));
	close(fd);
}
END_TEST

START_TEST(gone_after_all_data_is_read)
{
	int fd;

	fake_open(fake, 0, 0, port);
	fd = peer_accept(listen_fd);
	fake_says(fake, "R2=5000\r", OK);
	peer_give(fd, "last words", 10);
	close(fd);
	fake_says(fake, "R0\r", DATA("last words"));
	fake_says(fake, "R0\r", GONE);
	fake_says(fake, "R0\r", GONE);
	fake_says(fake, "P6=0\r", OK);
	fake_says(fake, "R0\r", GONE);
	fake_says(fake, "S3=1\rx", DATA("-1"));
}
END_TEST

START_TEST(words_of_a_connection_that_is_gone_are_switches)
{
	static const char *const options[] = {
		"--gone ok --write-gone error",
		"--gone text --write-gone text",
		"--gone error --write-gone ok",
	};
	static const char *const reads[] = { DATA("-1"), "\r\nConnection Closed or Invalid" SIMPLE,
					     "\r\n-1" SIMPLE };
	static const char *const writes[] = { "\r\n-1" SIMPLE, "\r\nEndpoint not connected" SIMPLE,
					      DATA("-1") };
	struct fake *other = fake_start(options[_i]);

	fake_says(other, "MT=1\r", OK);
	fake_join(other);
	fake_open(other, 0, 0, port);
	close(peer_accept(listen_fd));
	fake_says(other, "R0\r", reads[_i]);
	fake_says(other, "P6=0\r", OK);
	fake_says(other, "S3=1\rx", writes[_i]);
	fake_stop(other);
}
END_TEST

START_TEST(half_closed_peer_still_gets_data)
{
	int fd;

	fake_open(fake, 0, 0, port);
	fd = peer_accept(listen_fd);
	fake_says(fake, "R2=5000\r", OK);
	shutdown(fd, SHUT_WR);
	fake_says(fake, "R0\r", GONE);
	fake_says(fake, "S3=5\rhello", DATA("5"));
	peer_take(fd, "hello", 5);
	close(fd);
}
END_TEST

START_TEST(send_into_a_full_connection_ends_after_s2_with_what_went)
{
	char *payload = g_strnfill(1460, 'x'), *answer = NULL;
	unsigned int accepted = 1460, total = 0;
	int size = 4096, fd;

	ck_assert_int_eq(setsockopt(listen_fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	fake_open(fake, 0, 0, port);
	fd = peer_accept(listen_fd);
	fake_says(fake, "S2=50\r", OK);
	/* It never takes more than its kernel does. */
	while (accepted == 1460 && total < 64 << 20) {
		fake_text(fake, "S3=1460\r");
		answer = fake_ask(fake, payload);
		ck_assert_int_eq(sscanf(answer, "\r\n%u\r\nOK\r\n> ", &accepted), 1);
		g_free(answer);
		total += accepted;
	}
	ck_assert_uint_lt(accepted, 1460);
	ck_assert_uint_lt(total, 64 << 20);
	close(fd);
	g_free(payload);
}
END_TEST

START_TEST(unread_data_stays_with_the_far_end)
{
	char *block = g_strnfill(65536, 'y');
	size_t sent = 0;
	int fd;
	ssize_t n;

	fake_open(fake, 0, 0, port);
	fd = peer_accept(listen_fd);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	while ((n = write(fd, block, 65536)) > 0 && sent < 256 << 20)
		sent += n;
	ck_assert_msg(n < 0 && errno == EAGAIN, "%zu bytes went nowhere", sent);
	close(fd);
	g_free(block);
}
END_TEST

START_TEST(udp_client_talks_to_its_server_only)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr_in from;
	socklen_t size = sizeof(address);
	int server = socket(AF_INET, SOCK_DGRAM, 0), stranger = socket(AF_INET, SOCK_DGRAM, 0);
	char got[16];

	ck_assert_int_eq(bind(server, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(getsockname(server, (struct sockaddr *)&address, &size), 0);
	fake_open(fake, 2, 1, ntohs(address.sin_port));
	fake_says(fake, "S3=4\rping", DATA("4"));
	size = sizeof(from);
	ck_assert_int_eq(recvfrom(server, got, sizeof(got), 0, (struct sockaddr *)&from, &size), 4);
	ck_assert_int_eq(sendto(stranger, "false", 5, 0, (struct sockaddr *)&from, size), 5);
	ck_assert_int_eq(sendto(server, "one", 3, 0, (struct sockaddr *)&from, size), 3);
	ck_assert_int_eq(sendto(server, "two", 3, 0, (struct sockaddr *)&from, size), 3);
	fake_says(fake, "R2=5000\r", OK);
	/* One datagram for one R0. */
	fake_says(fake, "R0\r", DATA("one"));
	fake_says(fake, "R0\r", DATA("two"));
	fake_says(fake, "R2=1\r", OK);
	fake_says(fake, "R0\r", OK);
	close(server);
	close(stranger);
}
END_TEST

START_TEST(udp_client_may_learn_its_server_later)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr_in from;
	socklen_t size = sizeof(address);
	int server = socket(AF_INET, SOCK_DGRAM, 0);
	char got[16];

	ck_assert_int_eq(bind(server, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(getsockname(server, (struct sockaddr *)&address, &size), 0);
	fake_says(fake, "P1=1\r", OK);
	fake_says(fake, "P4=0\r", OK);
	fake_says(fake, "P6=1\r", OK);
	fake_says(fake, "S3=4\rping", DATA("-1"));
	say_number("P4", ntohs(address.sin_port), OK);
	fake_says(fake, "P3=127.0.0.1\r", OK);
	fake_says(fake, "S3=4\rping", DATA("4"));
	size = sizeof(from);
	ck_assert_int_eq(recvfrom(server, got, sizeof(got), 0, (struct sockaddr *)&from, &size), 4);
	close(server);
}
END_TEST

/* The keep-alive timer of the connection, as /proc/net/tcp shows it: timer 2. */
START_TEST(keep_alive_is_set_on_the_connection)
{
	struct sockaddr_in peer;
	socklen_t size = sizeof(peer);
	char *table, *wanted, *line;
	unsigned int timer;
	int fd;

	fake_says(fake, "PK=1,3000\r", OK);
	fake_open(fake, 0, 0, port);
	fd = peer_accept(listen_fd);
	ck_assert_int_eq(getpeername(fd, (struct sockaddr *)&peer, &size), 0);
	ck_assert(g_file_get_contents("/proc/net/tcp", &table, NULL, NULL));
	wanted = g_strdup_printf(":%04X 0100007F:%04X 01 ", ntohs(peer.sin_port), port);
	line = strstr(table, wanted);
	ck_assert_ptr_nonnull(line);
	ck_assert_int_eq(sscanf(line + strlen(wanted), "%*8x:%*8x %2x:", &timer), 1);
	ck_assert_uint_eq(timer, 2);
	g_free(wanted);
	g_free(table);
	close(fd);
}
END_TEST

START_TEST(four_sockets_carry_large_transfers_at_once)
{
	enum { TOTAL = 300 * 1460 };
	uint8_t *pattern = g_malloc(TOTAL + 256), got[1460];
	size_t done[4] = { 0 }, i;
	unsigned int s;
	int fds[4];

	for (i = 0; i < TOTAL + 256; i++)
		pattern[i] = i * 2654435761u >> 24;
	for (s = 0; s < 4; s++) {
		fake_open(fake, s, 0, port);
		fds[s] = peer_accept(listen_fd);
		fcntl(fds[s], F_SETFL, O_NONBLOCK);
		fake_says(fake, "R2=5000\r", OK);
	}
	for (i = 0; i < TOTAL; i += 1460) {
		for (s = 0; s < 4; s++) {
			ck_assert_int_eq(write(fds[s], pattern + s + i, 1460), 1460);
			say_number("P0", s, OK);
			fake_text(fake, "R0\r");
			fake_expect_text(fake, "\r\n");
			fake_receive(fake, got, sizeof(got));
			ck_assert_mem_eq(got, pattern + s + done[s], sizeof(got));
			done[s] += sizeof(got);
			fake_expect_text(fake, "\r\nOK\r\n> ");
		}
	}
	for (s = 0; s < 4; s++)
		close(fds[s]);
	g_free(pattern);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fake-transport");
	TCase *tcase = tcase_create("transport");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, row_select_socket);
	tcase_add_test(tcase, row_protocol);
	tcase_add_test(tcase, mqtt_cannot_be_started);
	tcase_add_test(tcase, row_local_port);
	tcase_add_test(tcase, row_lookup_sets_the_remote_address);
	tcase_add_test(tcase, lookup_of_an_unknown_name_is_an_error);
	tcase_add_test(tcase, row_remote_address);
	tcase_add_test(tcase, row_remote_port);
	tcase_add_test(tcase, row_start_and_stop);
	tcase_add_test(tcase, start_without_network_or_address_is_an_error);
	tcase_add_test(tcase, refused_connection_is_an_error);
	tcase_add_test(tcase, row_server_single);
	tcase_add_test(tcase, row_server_accept_loop);
	tcase_add_test(tcase, row_accept_control);
	tcase_add_test(tcase, server_shows_its_clients_address_and_its_own_port);
	tcase_add_test(tcase, udp_server_answers_who_spoke_last);
	tcase_add_test(tcase, row_keep_alive_bypass_root_mode);
	tcase_add_loop_test(tcase, row_transport_settings, 0, PROFILES);
	tcase_add_loop_test(tcase, closed_socket_has_settings_or_a_text, 0, PROFILES);
	tcase_add_test(tcase, row_send_and_read);
	tcase_add_test(tcase, payload_holds_any_bytes);
	tcase_add_test(tcase, payload_that_stops_is_sent_as_far_as_it_came);
	tcase_add_test(tcase, read_takes_r1_and_leaves_the_rest);
	tcase_add_test(tcase, read_full_waits_for_r1_bytes_until_r2_is_over);
	tcase_add_test(tcase, read_waits_for_the_first_byte_only);
	tcase_add_test(tcase, r2_is_5_seconds_and_0_waits_for_ever);
	tcase_add_test(tcase, gone_after_all_data_is_read);
	tcase_add_loop_test(tcase, words_of_a_connection_that_is_gone_are_switches, 0, 3);
	tcase_add_test(tcase, half_closed_peer_still_gets_data);
	tcase_add_test(tcase, send_into_a_full_connection_ends_after_s2_with_what_went);
	tcase_add_test(tcase, unread_data_stays_with_the_far_end);
	tcase_add_test(tcase, udp_client_talks_to_its_server_only);
	tcase_add_test(tcase, udp_client_may_learn_its_server_later);
	tcase_add_test(tcase, keep_alive_is_set_on_the_connection);
	tcase_add_test(tcase, four_sockets_carry_large_transfers_at_once);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
