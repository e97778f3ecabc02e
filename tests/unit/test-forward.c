// SPDX-License-Identifier: MIT
/* Questions that go out by a program's own socket: both ways, to an end, and where nobody is. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "eswrapd/forward.h"
#include "support/suite.h"
#include "wire/endpoint.h"

#define UID	    4711
#define PATIENCE_MS 20000
#define MUCH	    (1 << 20)

/* A socket of @type on loopback that others can send or connect to, and where that is. */
static int far_end(int type, struct eswrap_endpoint *where)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	ck_assert(eswrap_endpoint_from_sockaddr(where, (struct sockaddr *)&address, len));
	if (type == SOCK_STREAM)
		ck_assert_int_eq(listen(fd, 1), 0);
	return fd;
}

static void await(int fd, short events)
{
	struct pollfd wanted = { .fd = fd, .events = events };

	ck_assert_int_eq(poll(&wanted, 1, PATIENCE_MS), 1);
}

static int program_socket(int type)
{
	return socket(AF_INET, type | SOCK_CLOEXEC, 0);
}

/* A datagram to @where goes into @relay. */
static void puts_datagram(int relay, const struct eswrap_endpoint *where, const char *text)
{
	struct forward_header header = { .server = *where };
	struct iovec parts[] = { { &header, sizeof(header) }, { (void *)text, strlen(text) } };
	const struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

	ck_assert_int_gt(sendmsg(relay, &message, MSG_NOSIGNAL), 0);
}

/* One comes out of it. Return: was it one that could not be sent? */
static bool ck_datagram(int relay, const struct eswrap_endpoint *from, const char *text)
{
	struct forward_header header;
	char data[64] = "";
	struct iovec parts[] = { { &header, sizeof(header) }, { data, sizeof(data) - 1 } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

	await(relay, POLLIN);
	ck_assert_int_eq(recvmsg(relay, &message, MSG_DONTWAIT),
			 (ssize_t)(sizeof(header) + strlen(text)));
	ck_assert_str_eq(data, text);
	ck_assert_uint_eq(header.server.port, from->port);
	return header.failed;
}

START_TEST(only_sockets_of_the_internet_fit)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM };
	int inet = program_socket(types[_i]), local = socket(AF_UNIX, types[_i], 0);

	ck_assert(forward_fits(inet, types[_i]));
	ck_assert(!forward_fits(inet, types[1 - _i]));
	ck_assert(!forward_fits(local, types[_i]));
	ck_assert(!forward_fits(-1, types[_i]));
	close(inet);
	close(local);
}
END_TEST

START_TEST(datagrams_go_and_come)
{
	struct eswrap_endpoint where;
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	int far = far_end(SOCK_DGRAM, &where);
	int relay = forward_datagrams(UID, program_socket(SOCK_DGRAM));
	char data[16] = "";

	ck_assert_int_ge(relay, 0);
	puts_datagram(relay, &where, "question");
	await(far, POLLIN);
	ck_assert_int_eq(recvfrom(far, data, sizeof(data), 0, (struct sockaddr *)&from, &len), 8);
	ck_assert_str_eq(data, "question");
	ck_assert_int_eq(sendto(far, "answer", 6, 0, (struct sockaddr *)&from, len), 6);
	ck_assert(!ck_datagram(relay, &where, "answer"));
	close(relay);
	close(far);
}
END_TEST

START_TEST(a_datagram_to_where_nobody_is_comes_back)
{
	struct eswrap_endpoint where;
	int relay = forward_datagrams(UID, program_socket(SOCK_DGRAM));

	close(far_end(SOCK_DGRAM, &where));
	puts_datagram(relay, &where, "question");
	ck_assert(ck_datagram(relay, &where, "question"));
	close(relay);
}
END_TEST

START_TEST(a_datagram_that_cannot_be_sent_comes_back)
{
	struct eswrap_endpoint where;
	int relay = forward_datagrams(UID, program_socket(SOCK_DGRAM));

	close(far_end(SOCK_DGRAM, &where));
	/* A broadcast, for which the program has not asked. */
	memset(where.address, 0xff, 4);
	puts_datagram(relay, &where, "question");
	ck_assert(ck_datagram(relay, &where, "question"));
	close(relay);
}
END_TEST

static int accepts(int listener)
{
	int fd;

	await(listener, POLLIN);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static void ck_reads(int fd, const char *text)
{
	char data[64] = "";

	await(fd, POLLIN);
	ck_assert_int_eq(recv(fd, data, sizeof(data) - 1, MSG_DONTWAIT), (ssize_t)strlen(text));
	ck_assert_str_eq(data, text);
}

static void ck_ends(int fd)
{
	char byte;

	await(fd, POLLIN);
	ck_assert_int_le(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
	ck_assert_int_ne(errno, EAGAIN);
}

START_TEST(a_stream_goes_both_ways_and_ends_with_either)
{
	struct eswrap_endpoint where;
	int listener = far_end(SOCK_STREAM, &where), far;
	int relay = forward_stream(UID, program_socket(SOCK_STREAM), &where);

	ck_assert_int_ge(relay, 0);
	far = accepts(listener);
	ck_assert_int_eq(send(relay, "question", 8, MSG_NOSIGNAL), 8);
	ck_reads(far, "question");
	ck_assert_int_eq(send(far, "answer", 6, MSG_NOSIGNAL), 6);
	ck_reads(relay, "answer");
	errno = 0;
	if (_i) {
		close(relay);
		ck_ends(far);
		close(far);
	} else {
		close(far);
		ck_ends(relay);
		close(relay);
	}
	close(listener);
}
END_TEST

START_TEST(a_stream_to_where_nobody_is_ends)
{
	struct eswrap_endpoint where;
	int relay;

	close(far_end(SOCK_STREAM, &where));
	relay = forward_stream(UID, program_socket(SOCK_STREAM), &where);
	ck_assert_int_ge(relay, 0);
	errno = 0;
	ck_ends(relay);
	close(relay);
}
END_TEST

/* Moves @total bytes from one end to the other, whose reader begins when the writer can no more. */
static void move_much(int from, int to, gsize total)
{
	static guint8 data[65536];
	gsize sent = 0, got = 0;
	ssize_t n;

	while (got < total) {
		n = sent < total ? send(from, data, MIN(sizeof(data), total - sent),
					MSG_DONTWAIT | MSG_NOSIGNAL)
				 : -1;
		sent += n > 0 ? (gsize)n : 0;
		if (n > 0)
			continue;
		await(to, POLLIN);
		n = recv(to, data, sizeof(data), MSG_DONTWAIT);
		ck_assert_int_gt(n, 0);
		got += (gsize)n;
	}
}

START_TEST(a_stream_that_is_full_waits_and_loses_nothing)
{
	struct eswrap_endpoint where;
	int listener = far_end(SOCK_STREAM, &where), far;
	int relay = forward_stream(UID, program_socket(SOCK_STREAM), &where);

	far = accepts(listener);
	move_much(_i ? far : relay, _i ? relay : far, 8 * MUCH);
	close(relay);
	close(far);
	close(listener);
}
END_TEST

START_TEST(one_user_has_several_at_a_time)
{
	struct eswrap_endpoint where;
	int far = far_end(SOCK_DGRAM, &where), relays[3], i;
	char data[16] = "";

	for (i = 0; i < 3; i++)
		relays[i] = forward_datagrams(UID, program_socket(SOCK_DGRAM));
	close(relays[1]);
	for (i = 0; i < 3; i += 2) {
		puts_datagram(relays[i], &where, "question");
		await(far, POLLIN);
		ck_assert_int_eq(recv(far, data, sizeof(data), 0), 8);
		close(relays[i]);
	}
	close(far);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("forward");
	TCase *tcase = tcase_create("forward");

	tcase_set_timeout(tcase, 2 * PATIENCE_MS / 1000);
	tcase_add_loop_test(tcase, only_sockets_of_the_internet_fit, 0, 2);
	tcase_add_test(tcase, datagrams_go_and_come);
	tcase_add_test(tcase, a_datagram_to_where_nobody_is_comes_back);
	tcase_add_test(tcase, a_datagram_that_cannot_be_sent_comes_back);
	tcase_add_loop_test(tcase, a_stream_goes_both_ways_and_ends_with_either, 0, 2);
	tcase_add_test(tcase, a_stream_to_where_nobody_is_ends);
	tcase_add_loop_test(tcase, a_stream_that_is_full_waits_and_loses_nothing, 0, 2);
	tcase_add_test(tcase, one_user_has_several_at_a_time);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
