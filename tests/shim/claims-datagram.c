// SPDX-License-Identifier: MIT
/* Datagrams. Ports 0 and 1 are UDP echo servers. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "claims.h"

#define LIMIT 1460

#define FLOOD	  100 /* datagrams: more than a queue holds */
#define ANSWER_MS 500 /* an answer of the echo server comes sooner */

/* The number of the place's port that an address has; -1: none of them. */
static int which_port(const struct place *place, const struct sockaddr_storage *address)
{
	uint16_t port = ntohs(((const struct sockaddr_in *)address)->sin_port);

	return port == place->ports[0] ? 0 : port == place->ports[1] ? 1 : -1;
}

static long send_to(const struct place *place, int n, int fd, const char *text)
{
	struct sockaddr_storage address;
	socklen_t len = place_address(place, n, &address);

	return sendto(fd, text, strlen(text), 0, (struct sockaddr *)&address, len);
}

static void say_received(const struct place *place, int fd, int flags)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	char text[32] = "";

	await(fd, POLLIN);
	say_result("recvfrom",
		   recvfrom(fd, text, sizeof(text) - 1, flags, (struct sockaddr *)&address, &len));
	say("%s from %d family %d length %u", text, which_port(place, &address), address.ss_family,
	    (unsigned int)len);
}

static void udp_connected(const struct place *place)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	int fd = place_socket(place, SOCK_DGRAM);
	char text[8] = "";

	say_result("connect", place_connect(place, 0, fd));
	say_result("getpeername", getpeername(fd, (struct sockaddr *)&address, &len));
	say("peer %d length %u", which_port(place, &address), (unsigned int)len);
	len = sizeof(address);
	say_result("getsockname", getsockname(fd, (struct sockaddr *)&address, &len));
	say("family %d with a port %d", address.ss_family,
	    ((struct sockaddr_in *)&address)->sin_port != 0);
	say_result("send", send(fd, "one", 3, 0));
	say_result("recv", recv(fd, text, sizeof(text), 0));
	say_result("write", write(fd, "seven77", 7));
	say_result("read", read(fd, text, sizeof(text)));
	say_received(place, (say_result("send", send(fd, "two", 3, 0)), fd), 0);
	say_result("dissolve", connect(fd, &(struct sockaddr){ .sa_family = AF_UNSPEC },
				       sizeof(struct sockaddr)));
	len = sizeof(address);
	say_result("getpeername", getpeername(fd, (struct sockaddr *)&address, &len));
	say_result("send", send(fd, "x", 1, 0));
	say_result("connect elsewhere", place_connect(place, 1, fd));
	say_result("send", send(fd, "four", 4, 0));
	say_received(place, fd, 0);
	say_result("another destination", send_to(place, 0, fd, "five"));
}

static void udp_unconnected(const struct place *place)
{
	int fd = place_socket(place, SOCK_DGRAM);

	say_result("to 0", send_to(place, 0, fd, "zero"));
	say_received(place, fd, 0);
	say_result("to 1", send_to(place, 1, fd, "one"));
	say_received(place, fd, 0);
	say_result("to 0", send_to(place, 0, fd, "zero again"));
	say_received(place, fd, 0);
}

static void udp_messages(const struct place *place)
{
	struct sockaddr_storage to[2], from[2];
	char text[2][8] = { "first", "second" };
	struct iovec part[] = { { text[0], 5 }, { text[1], 6 } };
	struct mmsghdr messages[2];
	int fd = place_socket(place, SOCK_DGRAM), i, got = 0, seen[2] = { 0, 0 };

	memset(messages, 0, sizeof(messages));
	for (i = 0; i < 2; i++) {
		messages[i].msg_hdr.msg_iov = &part[i];
		messages[i].msg_hdr.msg_iovlen = 1;
		messages[i].msg_hdr.msg_name = &to[i];
		messages[i].msg_hdr.msg_namelen = place_address(place, i, &to[i]);
	}
	say_result("sendmmsg", sendmmsg(fd, messages, 2, 0));
	say("lengths %u %u", messages[0].msg_len, messages[1].msg_len);
	while (got < 2) {
		struct msghdr *header = &messages[0].msg_hdr;
		int n;

		part[0].iov_len = sizeof(text[0]);
		header->msg_name = &from[0];
		header->msg_namelen = sizeof(from[0]);
		n = recvmmsg(fd, messages, 1, 0, NULL);
		if (n != 1)
			give_up("recvmmsg");
		got++;
		i = which_port(place, &from[0]);
		if (i >= 0 && header->msg_namelen == sizeof(struct sockaddr_in))
			seen[i] = (int)messages[0].msg_len;
	}
	say("from 0: %d bytes, from 1: %d bytes", seen[0], seen[1]);
	/* The latest datagram came here, whichever of the two that was. */
	memcpy(text[0], "third", 5);
	part[0].iov_base = text[0];
	part[0].iov_len = 3;
	messages[0].msg_hdr.msg_name = &to[0];
	messages[0].msg_hdr.msg_namelen = place_address(place, 0, &to[0]);
	say_result("sendmsg", sendmsg(fd, &messages[0].msg_hdr, 0));
	say_received(place, fd, 0);
}

static void udp_truncated(const struct place *place)
{
	int fd = place_socket(place, SOCK_DGRAM);
	char text[4] = "";
	struct iovec part = { text, 3 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	say_result("connect", place_connect(place, 0, fd));
	say_result("send", send(fd, "0123456789", 10, 0));
	say_result("peek", recv(fd, text, 3, MSG_PEEK | MSG_TRUNC));
	say_result("recvmsg", recvmsg(fd, &message, 0));
	say("%s truncated %d", text, !!(message.msg_flags & MSG_TRUNC));
	say_result("nothing is left", recv(fd, text, 3, MSG_DONTWAIT));
	say_result("send", send(fd, "abcdef", 6, 0));
	say_result("recv", recv(fd, text, 3, MSG_TRUNC));
	say("%s", text);
}

static void udp_boundaries(const struct place *place)
{
	static const int sizes[] = { 1, 2, 100, 1024, LIMIT - 1, LIMIT };
	static char out[LIMIT], in[LIMIT + 100];
	int fd = place_socket(place, SOCK_DGRAM);
	size_t i, j;

	say_result("connect", place_connect(place, 0, fd));
	for (j = 0; j < sizeof(out); j++)
		out[j] = (char)(j * 7);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		say_result("send", send(fd, out, (size_t)sizes[i], 0));
		say_result("recv", recv(fd, in, sizeof(in), 0));
		say("the same: %d", memcmp(in, out, (size_t)sizes[i]) == 0);
	}
}

/* Larger ones are cut into fragments by a kernel, and refused by the module. */
static void udp_too_long(const struct place *place)
{
	static char data[LIMIT + 1];
	struct iovec parts[] = { { data, LIMIT }, { data, 1 } };
	struct sockaddr_storage address;
	socklen_t len = place_address(place, 0, &address);
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	int fd = place_socket(place, SOCK_DGRAM);

	say_result("sendto", sendto(fd, data, sizeof(data), 0, (struct sockaddr *)&address, len));
	say_result("connect", place_connect(place, 0, fd));
	say_result("send", send(fd, data, sizeof(data), 0));
	say_result("write", write(fd, data, sizeof(data)));
	say_result("writev", writev(fd, parts, 2));
	say_result("sendmsg", sendmsg(fd, &message, 0));
	say_result("send", send(fd, data, LIMIT, 0));
	say_result("recv", recv(fd, data, sizeof(data), 0));
}

static void udp_what_it_is(const struct place *place)
{
	static const int options[] = { SO_DOMAIN, SO_TYPE, SO_PROTOCOL, SO_ERROR, SO_BROADCAST };
	int fd = place_socket(place, SOCK_DGRAM), one = 1, value;
	socklen_t len = sizeof(value);
	size_t i;

	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one));
	setsockopt(fd, IPPROTO_IP, IP_TTL, &(int){ 9 }, sizeof(int));
	say_result("connect", place_connect(place, 0, fd));
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		say_result("get", getsockopt(fd, SOL_SOCKET, options[i], &value, &len));
		say("%d", value);
	}
	say_result("IP_TTL", getsockopt(fd, IPPROTO_IP, IP_TTL, &value, &len));
	say("%d", value);
	say_result("nothing there", recv(fd, &value, 1, MSG_DONTWAIT));
	say_result("send", send(fd, &value, 1, 0));
	say_result("recv", recv(fd, &value, 1, 0));
	say_result("TCP_NODELAY", setsockopt(fd, IPPROTO_TCP, 1, &one, sizeof(one)));
}

/* What anybody on the machine can learn of the flow, and the port of the place that is put in. */
static socklen_t learn(const struct place *place, int fd, int n, struct sockaddr_un *peer)
{
	socklen_t len = sizeof(*peer);
	char text[32], port[5];

	await(fd, POLLIN);
	say_result("learn", syscall(SYS_recvfrom, fd, text, sizeof(text), 0, peer, &len));
	snprintf(port, sizeof(port), "%04x", place->ports[n]);
	/* .../PORT/SCOPE: see include/eswrap/wire.h */
	memcpy((char *)peer + len - 13, port, 4);
	return len;
}

/* Another program has seen the names of a flow, and wants to have, or to say, what is not its own. */
static void udp_squatted(const struct place *place)
{
	int i, forged = 0;
	int fd = place_socket(place, SOCK_DGRAM), other = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sockaddr_un name, own;
	socklen_t len, own_len = sizeof(own);
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	char text[32] = "";

	say_result("to 0", send_to(place, 0, fd, "zero"));
	len = learn(place, fd, 1, &name);
	say_result("squat", bind(other, (struct sockaddr *)&name, len));
	say_result("to 1", send_to(place, 1, fd, "secret"));
	say_received(place, fd, 0);
	say_result("squatter", recv(other, text, sizeof(text), MSG_DONTWAIT));
	syscall(SYS_getsockname, fd, &own, &own_len);
	for (i = 0; i < FLOOD; i++)
		forged += sendto(other, "forged", 6, MSG_DONTWAIT, (struct sockaddr *)&own,
				 own_len) == 6;
	say("forged: %s", forged == FLOOD ? "all" : "some");
	say_result("recvfrom", recvfrom(fd, text, sizeof(text), MSG_DONTWAIT,
					(struct sockaddr *)&from, &from_len));
	say_result("to 0", send_to(place, 0, fd, "after"));
	say_received(place, fd, 0);
}

/* The name of a flow that is closed before its answer has come. */
static void udp_squatted_after_close(const struct place *place)
{
	struct sockaddr_un own;
	socklen_t own_len = sizeof(own);
	int fd = place_socket(place, SOCK_DGRAM), other = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct pollfd poll_fd = { .fd = other, .events = POLLIN };

	say_result("to 0", send_to(place, 0, fd, "secret"));
	syscall(SYS_getsockname, fd, &own, &own_len);
	close(fd);
	/* The broker may be about to close its own. */
	while (bind(other, (struct sockaddr *)&own, own_len) != 0 && errno == EADDRINUSE)
		poll(NULL, 0, 1);
	say_result("poll", poll(&poll_fd, 1, ANSWER_MS));
}

/* One that fills all that the module reads, and one that does not, by each call that can tell. */
static void udp_perhaps_cut(const struct place *place)
{
	static char data[LIMIT + 1];
	struct iovec part = { data, sizeof(data) };
	struct mmsghdr message = { .msg_hdr = { .msg_iov = &part, .msg_iovlen = 1 } };
	int fd = place_socket(place, SOCK_DGRAM);
	size_t size;

	place_connect(place, 0, fd);
	for (size = LIMIT - 1; size <= LIMIT; size++) {
		if (send(fd, data, size, 0) < 0 || send(fd, data, size, 0) < 0)
			give_up("send");
		say_result("recvmsg", recvmsg(fd, &message.msg_hdr, 0));
		say("perhaps cut: %d", !!(message.msg_hdr.msg_flags & MSG_TRUNC));
		say_result("recvmmsg", recvmmsg(fd, &message, 1, 0, NULL));
		say("perhaps cut: %d", !!(message.msg_hdr.msg_flags & MSG_TRUNC));
	}
}

const struct claim datagram_claims[] = {
	{ "udp_connected", udp_connected },
	{ "udp_unconnected", udp_unconnected },
	{ "udp_messages", udp_messages },
	{ "udp_truncated", udp_truncated },
	{ "udp_boundaries", udp_boundaries },
	{ "udp_too_long", udp_too_long },
	{ "udp_perhaps_cut", udp_perhaps_cut },
	{ "udp_what_it_is", udp_what_it_is },
	{ "udp_squatted", udp_squatted },
	{ "udp_squatted_after_close", udp_squatted_after_close },
	{ NULL },
};
