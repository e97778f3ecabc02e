// SPDX-License-Identifier: MIT
/* What programs ask of a socket beside its data. Port 0 is a TCP echo server, 1 a UDP one. */
#include <errno.h>
#include <fcntl.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "claims.h"

#ifndef IP_MTU
#define IP_MTU 14
#endif

#define TENTHS 30

/* How many datagrams, a millisecond apart, may go by before the kernel stamps them. */
#define STAMP_TRIES 2000

static int datagram_socket(const struct place *place)
{
	int fd = place_socket(place, SOCK_DGRAM);

	say_result("connect", place_connect(place, 1, fd));
	return fd;
}

/* FTP clients: a second connection from the address of the first. */
static void bind_own_address(const struct place *place)
{
	int first = place_connected(place, 0), second = place_socket(place, SOCK_STREAM);
	struct sockaddr_in own;
	socklen_t len = sizeof(own);

	getsockname(first, (struct sockaddr *)&own, &len);
	own.sin_port = 0;
	say_result("bind", bind(second, (struct sockaddr *)&own, len));
	say_result("connect", place_connect(place, 0, second));
	say_talk("second", second);
}

static void listen_on_own_address(const struct place *place)
{
	int first = place_connected(place, 0), second = place_socket(place, SOCK_STREAM);
	struct sockaddr_in own;
	socklen_t len = sizeof(own);

	getsockname(first, (struct sockaddr *)&own, &len);
	own.sin_port = 0;
	say_result("bind", bind(second, (struct sockaddr *)&own, len));
	say_result("listen", listen(second, 1));
	own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	second = place_socket(place, SOCK_STREAM);
	say_result("bind elsewhere", bind(second, (struct sockaddr *)&own, len));
	say_result("listen elsewhere", listen(second, 1));
}

static void bind_strange_address(const struct place *place)
{
	struct sockaddr_in other = { .sin_family = AF_INET,
				     .sin_addr.s_addr = htonl(0xc0000201) /* 192.0.2.1 */ };
	int fd = place_connected(place, 0);

	say_result("not ours", bind(place_socket(place, SOCK_STREAM), (struct sockaddr *)&other,
				    sizeof(other)));
	other.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	say_result("bound already", bind(fd, (struct sockaddr *)&other, sizeof(other)));
}

static void queues(const struct place *place)
{
	int fd = place_connected(place, 0), left = -1, tenths;
	char data[1000] = "";

	say_result("write", write(fd, data, sizeof(data)));
	await(fd, POLLIN);
	for (tenths = 0; tenths < TENTHS; tenths++) {
		if (ioctl(fd, FIONREAD, &left) == 0 && left == sizeof(data))
			break;
		poll(NULL, 0, 100);
	}
	say("FIONREAD %d", left);
	for (tenths = 0; tenths < TENTHS; tenths++) {
		if (ioctl(fd, SIOCOUTQ, &left) == 0 && left == 0)
			break;
		poll(NULL, 0, 100);
	}
	say("SIOCOUTQ %d", left);
	say_result("SIOCOUTQNSD", ioctl(fd, SIOCOUTQNSD, &left));
	say("not sent %d", left);
}

static void interface_ioctls(const struct place *place)
{
	static const unsigned long requests[] = { SIOCGIFADDR,	SIOCGIFNETMASK, SIOCGIFBRDADDR,
						  SIOCGIFFLAGS, SIOCGIFINDEX,	SIOCGIFMTU,
						  TCGETS,	SIOCATMARK };
	const int sockets[] = { place_connected(place, 0), datagram_socket(place) };
	struct ifreq request;
	size_t i, j;

	for (j = 0; j < 2; j++) {
		for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
			memset(&request, 0, sizeof(request));
			strcpy(request.ifr_name, "lo");
			say_result("ioctl", ioctl(sockets[j], requests[i], &request));
		}
	}
}

/* What of IP_MTU is left for data can be sent. */
static void mtu_fits(const struct place *place)
{
	int fd = datagram_socket(place), mtu = 0;
	static char data[65507];
	socklen_t len = sizeof(mtu);
	size_t size;

	say_result("IP_MTU", getsockopt(fd, IPPROTO_IP, IP_MTU, &mtu, &len));
	size = mtu - 28 < (int)sizeof(data) ? (size_t)mtu - 28 : sizeof(data);
	say("%s", send(fd, data, size, 0) == (ssize_t)size ? "fits" : "does not fit");
	await(fd, POLLIN);
	say("%s", recv(fd, data, size, 0) == (ssize_t)size ? "comes back" : "is cut");
}

static void say_control(int fd)
{
	char control[512], byte;
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header;

	await(fd, POLLIN);
	say_result("recvmsg", recvmsg(fd, &message, 0));
	for (header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header))
		say("level %d type %d length %zu", header->cmsg_level, header->cmsg_type,
		    header->cmsg_len);
	say("flags %x", (unsigned int)message.msg_flags);
}

/* Each form of time stamps, set before the first datagram and after it. */
static void time_stamps(const struct place *place)
{
	static const int forms[] = { SO_TIMESTAMP, SO_TIMESTAMPNS, SO_TIMESTAMP_NEW,
				     SO_TIMESTAMPNS_NEW };
	size_t i;
	int on = 1, off = 0, fd;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		fd = place_socket(place, SOCK_DGRAM);
		say_result("set", setsockopt(fd, SOL_SOCKET, forms[i], &on, sizeof(on)));
		place_connect(place, 1, fd);
		send(fd, "x", 1, 0);
		say_control(fd);
		setsockopt(fd, SOL_SOCKET, forms[i], &off, sizeof(off));
		send(fd, "x", 1, 0);
		say_control(fd);
		setsockopt(fd, SOL_SOCKET, forms[i], &on, sizeof(on));
		send(fd, "x", 1, 0);
		say_control(fd);
		close(fd);
	}
}

static int stamps_of_one(int fd)
{
	char control[512], byte;
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header;
	int found = 0;

	send(fd, "x", 1, 0);
	await(fd, POLLIN);
	recvmsg(fd, &message, 0);
	for (header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header))
		found += header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_TIMESTAMPING;
	return found;
}

/*
 * SO_TIMESTAMPING: a stamp in its own form is among what comes. The kernel begins to stamp a little
 * later than it is asked to, where nobody else wants stamps: so the first datagrams may have none.
 */
static void stamps_of_receipt(const struct place *place)
{
	int flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE, before, tries;

	for (before = 0; before < 2; before++) {
		int fd = place_socket(place, SOCK_DGRAM), found = 0;

		if (before)
			setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags));
		place_connect(place, 1, fd);
		if (!before)
			setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags));
		for (tries = 0; !found && tries < STAMP_TRIES; tries++) {
			found = stamps_of_one(fd);
			poll(NULL, 0, !found);
		}
		say("stamps %d", found);
		close(fd);
	}
}

static void packet_information(const struct place *place)
{
	static const int options[] = { IP_PKTINFO, IP_RECVTTL, IP_RECVTOS };
	int fd = place_socket(place, SOCK_DGRAM), on = 1;
	size_t i;

	for (i = 0; i < 2; i++)
		setsockopt(fd, IPPROTO_IP, options[i], &on, sizeof(on));
	say_result("connect", place_connect(place, 1, fd));
	send(fd, "x", 1, 0);
	say_control(fd);
	setsockopt(fd, IPPROTO_IP, options[2], &on, sizeof(on));
	send(fd, "x", 1, 0);
	say_control(fd);
}

/* A buffer for control messages that is too small for all that was asked for. */
static void packet_information_cut(const struct place *place)
{
	int fd = place_socket(place, SOCK_DGRAM), on = 1;
	char control[CMSG_SPACE(4)], byte;
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };

	setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on));
	place_connect(place, 1, fd);
	send(fd, "x", 1, 0);
	await(fd, POLLIN);
	say_result("recvmsg", recvmsg(fd, &message, 0));
	say("%s, %zu bytes", message.msg_flags & MSG_CTRUNC ? "cut" : "whole",
	    (size_t)message.msg_controllen);
}

static void no_message_header(const struct place *place)
{
	int fd = place_connected(place, 0);

	say_result("recvmsg", recvmsg(fd, NULL, 0));
	say_result("recvmsg, MSG_TRUNC", recvmsg(fd, NULL, MSG_TRUNC));
	say_result("sendmsg", sendmsg(fd, NULL, 0));
	fd = datagram_socket(place);
	say_result("recvmsg", recvmsg(fd, NULL, MSG_DONTWAIT | MSG_TRUNC));
}

static void local_address_of_datagrams(const struct place *place)
{
	struct sockaddr_in own;
	socklen_t len = sizeof(own);
	int fd = datagram_socket(place);

	send(fd, "x", 1, 0);
	await(fd, POLLIN);
	getsockname(fd, (struct sockaddr *)&own, &len);
	say("address %s, port %s", own.sin_addr.s_addr ? "known" : "unknown",
	    own.sin_port ? "known" : "unknown");
	fd = place_socket(place, SOCK_DGRAM);
	getsockname(fd, (struct sockaddr *)&own, &len);
	say("not connected: address %s", own.sin_addr.s_addr ? "known" : "unknown");
}

/*
 * A UDP socket with an address of loopback's; @own is that. Its port is one that was asked for: only such
 * a one is kept when the socket is connected to nobody.
 */
static int bound_socket(struct sockaddr_in *own)
{
	socklen_t len = sizeof(*own);
	int fd, other, bound;

	do {
		*own = (struct sockaddr_in){ .sin_family = AF_INET,
					     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		other = socket(AF_INET, SOCK_DGRAM, 0);
		fd = socket(AF_INET, SOCK_DGRAM, 0);
		if (bind(other, (struct sockaddr *)own, len) != 0 ||
		    getsockname(other, (struct sockaddr *)own, &len) != 0)
			give_up("bind");
		close(other);
		bound = bind(fd, (struct sockaddr *)own, len);
		if (bound != 0)
			close(fd);
	} while (bound != 0);
	return fd;
}

/* What comes next, and whether it comes from there. */
static void say_heard(const char *what, int fd, const struct sockaddr *expected)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	char data[16] = "";
	ssize_t got;

	await(fd, POLLIN);
	got = recvfrom(fd, data, sizeof(data) - 1, 0, (struct sockaddr *)&from, &len);
	say_result(what, got);
	say("\"%s\" of %s", data,
	    len == sizeof(struct sockaddr_in) && memcmp(&from, expected, len) == 0 ? "whom it is"
										   : "another");
}

/* Two that come in whichever order. */
static void say_both_heard(int fd, const struct sockaddr_in *one, const struct sockaddr_in *other)
{
	struct sockaddr_in from;
	bool first = false, second = false;
	socklen_t len;
	char data[16];
	int i;

	for (i = 0; i < 2; i++) {
		len = sizeof(from);
		await(fd, POLLIN);
		if (recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &len) < 0)
			give_up("recvfrom");
		first = first || memcmp(&from, one, sizeof(from)) == 0;
		second = second || memcmp(&from, other, sizeof(from)) == 0;
	}
	say("heard: %d %d", first, second);
}

static void say_to(const char *what, int fd, const struct sockaddr_in *to)
{
	say_result(what,
		   sendto(fd, what, strlen(what), 0, (const struct sockaddr *)to, sizeof(*to)));
}

/* Two places that echo: port 0 goes through the module, port 1 does not. */
static void both_places(const struct place *place, struct sockaddr_in places[2])
{
	struct sockaddr_storage address;
	int i;

	for (i = 0; i < 2; i++) {
		place_address(place, i, &address);
		memcpy(&places[i], &address, sizeof(places[i]));
	}
}

/* A server's socket that asks others, with its own clients in between. */
static void server_asks(const struct place *place)
{
	struct sockaddr_in places[2], server_at, client_at;
	int server = bound_socket(&server_at), client = bound_socket(&client_at), i;

	both_places(place, places);
	say_to("before", client, &server_at);
	for (i = 0; i < 2; i++) {
		say_to("ask", server, &places[0]);
		if (i == 0)
			say_both_heard(server, &client_at, &places[0]);
		else
			say_heard("answer", server, (struct sockaddr *)&places[0]);
		say_to("hello", client, &server_at);
		say_heard("client", server, (struct sockaddr *)&client_at);
		say_to("reply", server, &client_at);
		say_heard("server", client, (struct sockaddr *)&server_at);
		say_to("elsewhere", server, &places[1]);
		say_heard("answer", server, (struct sockaddr *)&places[1]);
	}
	close(server);
	server = socket(AF_INET, SOCK_DGRAM, 0);
	/* The port is free again soon. */
	for (i = 0; bind(server, (struct sockaddr *)&server_at, sizeof(server_at)) != 0; i++)
		if (errno != EADDRINUSE || poll(NULL, 0, 20) != 0)
			give_up("bind again");
	say("bound again");
}

/* While it is connected it hears nobody but its peer. */
static void server_connects(const struct place *place)
{
	struct sockaddr_in places[2], server_at, client_at, from;
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	int server = bound_socket(&server_at), client = bound_socket(&client_at);
	socklen_t len;
	char data[16];

	both_places(place, places);
	say_result("connect", connect(server, (struct sockaddr *)&places[0], sizeof(places[0])));
	say_to("unheard", client, &server_at);
	say_result("send", send(server, "ask", 3, 0));
	say_heard("answer", server, (struct sockaddr *)&places[0]);
	say_result("nothing else", recv(server, data, sizeof(data), MSG_DONTWAIT));
	say_result("connect to nobody", connect(server, &nobody, sizeof(nobody)));
	say_to("hello", client, &server_at);
	/* What had come before may be seen now, as by one who is connected a moment too late. */
	do {
		await(server, POLLIN);
		len = sizeof(from);
		recvfrom(server, data, 1, 0, (struct sockaddr *)&from, &len);
	} while (data[0] == 'u');
	say("'%c' of %s", data[0],
	    memcmp(&from, &client_at, sizeof(from)) == 0 ? "whom it is" : "another");
}

/* One socket, without a port of its own at first, that sends to both; @first to this one. */
static void one_socket_to_both(const struct place *place, int first)
{
	struct sockaddr_in places[2];
	int fd = socket(AF_INET, SOCK_DGRAM, 0), i;

	both_places(place, places);
	for (i = 0; i < 4; i++) {
		say_to("ask", fd, &places[(first + i) % 2]);
		say_heard("answer", fd, (struct sockaddr *)&places[(first + i) % 2]);
	}
}

static void flagged_first(const struct place *place)
{
	one_socket_to_both(place, 0);
}

static void direct_first(const struct place *place)
{
	one_socket_to_both(place, 1);
}

/* The answer of one that is direct comes after the other one was asked. */
static void direct_is_late(const struct place *place)
{
	struct sockaddr_in places[2];
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	both_places(place, places);
	say_to("ask", fd, &places[1]);
	say_to("ask", fd, &places[0]);
	say_both_heard(fd, &places[0], &places[1]);
}

/* From an address that goes through the module nobody is heard who does not come from there. */
static void impostor(const struct place *place)
{
	struct sockaddr_storage asked;
	struct sockaddr_in server_at, client_at, impostor_at;
	int server = bound_socket(&server_at), client = bound_socket(&client_at), other;
	char data[16];

	place_address(place, 1, &asked);
	memcpy(&impostor_at, &asked, sizeof(impostor_at));
	impostor_at.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
	other = socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(other, (struct sockaddr *)&impostor_at, sizeof(impostor_at)) != 0)
		give_up("bind");
	place_address(place, 0, &asked);
	say_to("ask", server, (struct sockaddr_in *)&asked);
	say_heard("answer", server, (struct sockaddr *)&asked);
	say_to("impostor", other, &server_at);
	say_to("client", client, &server_at);
	say_heard("client", server, (struct sockaddr *)&client_at);
	say_result("nothing else", recv(server, data, sizeof(data), MSG_DONTWAIT));
}

/* Under -r: a server's socket that asks somebody, twice. */
static void server_under_a_route(const struct place *place)
{
	struct sockaddr_storage address;
	socklen_t len = place_address(place, 0, &address);
	struct sockaddr_in own = { .sin_family = AF_INET };
	int port, round, fd;

	for (round = 0; round < 2; round++) {
		fd = socket(AF_INET, SOCK_DGRAM, 0);
		for (port = 20000; port < 30000; port++) {
			own.sin_port = htons((uint16_t)port);
			if (bind(fd, (struct sockaddr *)&own, sizeof(own)) == 0)
				break;
		}
		say_result("sendto", sendto(fd, "x", 1, 0, (struct sockaddr *)&address, len));
		close(fd);
	}
}

/* Descriptor 2 is a data file by now: what is said there is data. */
static void standard_error_is_a_file(const struct place *place)
{
	char data[64] = "", path[] = "/tmp/claims-XXXXXX";
	int fd = mkstemp(path);

	unlink(path);
	dup2(fd, STDERR_FILENO);
	say_result("connect", place_connect(place, 0, place_socket(place, SOCK_STREAM)));
	say("%zd bytes", pread(fd, data, sizeof(data), 0));
}

/* A socket whose connect was refused is a fresh one. Port 1 refuses. */
static void binds_after_a_refusal(const struct place *place)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(any);
	int fd = place_socket(place, SOCK_STREAM);

	say_result("refused", place_connect(place, 1, fd));
	say_result("bind", bind(fd, (struct sockaddr *)&any, sizeof(any)));
	getsockname(fd, (struct sockaddr *)&any, &len);
	say_result("bind again", bind(fd, (struct sockaddr *)&any, sizeof(any)));
	say_result("connect", place_connect(place, 0, fd));
	say_talk("bound", fd);
	say_result("bind when connected", bind(fd, (struct sockaddr *)&any, sizeof(any)));
}

/* To write comes last: the far end closes then, and when that is known is a matter of time. */
static void shuts_down_twice(const struct place *place)
{
	int fd = place_connected(place, 0), fresh = place_socket(place, SOCK_STREAM);
	char byte;

	say_result("not connected", shutdown(fresh, SHUT_RDWR));
	say_talk("open", fd);
	say_result("nonsense", shutdown(fd, 7));
	say_result("read", shutdown(fd, SHUT_RD));
	say_result("read again", shutdown(fd, SHUT_RD));
	say_result("recv", recv(fd, &byte, 1, 0));
	say_result("write", shutdown(fd, SHUT_WR));
	say_result("send", send(fd, "x", 1, MSG_NOSIGNAL));
}

/* A file takes the number of a flow, as a shell's redirection does. */
static void number_is_taken_over(const struct place *place)
{
	int fd = place_connected(place, 0), copy = dup(fd), null = open("/dev/null", O_RDWR);
	char byte;

	say_talk("before", fd);
	say_result("dup2", dup2(null, fd) == fd);
	say_result("read", read(fd, &byte, 1));
	say_result("write", write(fd, "x", 1));
	say_talk("copy", copy);
	close_range((unsigned int)copy, (unsigned int)copy, 0);
	say_result("closed", read(copy, &byte, 1));
}

/* Data that never passes the program's memory. */
static void splices(const struct place *place)
{
	int fd = place_connected(place, 0), one[2], two[2];
	char back[5] = "";

	if (pipe(one) != 0 || pipe(two) != 0 || write(one[1], "ping", 4) != 4)
		give_up("pipe");
	say_result("to the flow", splice(one[0], NULL, fd, NULL, 4, 0));
	await(fd, POLLIN);
	say_result("from it", splice(fd, NULL, one[1], NULL, 4, 0));
	say_result("tee", tee(one[0], two[1], 4, 0));
	say_result("read", read(one[0], back, 4));
	say("%s", back);
	say_result("read the copy", read(two[0], back, 4));
	say("%s", back);
}

/* How long a datagram was that did not fit, and whether looking at it takes it. */
static void lengths_of_datagrams(const struct place *place)
{
	char ping[] = "a datagram of some length", back[4];
	struct iovec part = { back, sizeof(back) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	int fd = datagram_socket(place);

	send(fd, ping, sizeof(ping), 0);
	await(fd, POLLIN);
	say_result("peek", recv(fd, back, sizeof(back), MSG_PEEK));
	say_result("peek, real length", recv(fd, back, sizeof(back), MSG_PEEK | MSG_TRUNC));
	say_result("real length", recv(fd, back, sizeof(back), MSG_TRUNC));
	send(fd, ping, sizeof(ping), 0);
	await(fd, POLLIN);
	say_result("recvmsg", recvmsg(fd, &message, 0));
	say("cut: %d", (message.msg_flags & MSG_TRUNC) != 0);
	say_result("nothing left", recv(fd, back, sizeof(back), MSG_DONTWAIT));
	send(fd, ping, sizeof(ping), 0);
	await(fd, POLLIN);
	say_result("recvmsg, real length", recvmsg(fd, &message, MSG_TRUNC));
	say_result("all of it or nothing",
		   recv(fd, back, sizeof(back), MSG_WAITALL | MSG_DONTWAIT));
}

/* Parts that are to go as one. */
static void parts_of_a_datagram(const struct place *place)
{
	struct sockaddr_storage address;
	socklen_t len = place_address(place, 1, &address);
	int fd = place_socket(place, SOCK_DGRAM), stream = place_connected(place, 0);
	char back[4];

	say_result("first", sendto(fd, "a", 1, MSG_MORE, (struct sockaddr *)&address, len));
	say_result("connect", place_connect(place, 1, fd));
	say_result("connected", send(fd, "a", 1, MSG_MORE));
	say_result("stream", send(stream, "pi", 2, MSG_MORE));
	say_result("stream", send(stream, "ng", 2, 0));
	say_result("stream", recv(stream, back, sizeof(back), MSG_WAITALL));
}

const struct claim socket_claims[] = {
	{ "binds_after_a_refusal", binds_after_a_refusal },
	{ "shuts_down_twice", shuts_down_twice },
	{ "number_is_taken_over", number_is_taken_over },
	{ "splices", splices },
	{ "lengths_of_datagrams", lengths_of_datagrams },
	{ "parts_of_a_datagram", parts_of_a_datagram },
	{ "server_asks", server_asks },
	{ "server_connects", server_connects },
	{ "flagged_first", flagged_first },
	{ "direct_first", direct_first },
	{ "direct_is_late", direct_is_late },
	{ "impostor", impostor },
	{ "server_under_a_route", server_under_a_route },
	{ "standard_error_is_a_file", standard_error_is_a_file },
	{ "bind_own_address", bind_own_address },
	{ "listen_on_own_address", listen_on_own_address },
	{ "bind_strange_address", bind_strange_address },
	{ "queues", queues },
	{ "interface_ioctls", interface_ioctls },
	{ "mtu_fits", mtu_fits },
	{ "time_stamps", time_stamps },
	{ "stamps_of_receipt", stamps_of_receipt },
	{ "packet_information", packet_information },
	{ "packet_information_cut", packet_information_cut },
	{ "no_message_header", no_message_header },
	{ "local_address_of_datagrams", local_address_of_datagrams },
	{ NULL },
};
