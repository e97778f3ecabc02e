// SPDX-License-Identifier: MIT
/*
 * A program that leads past a preloaded library: statically linked, with system calls of its own.
 *
 * Usage: bypass WAY PORT|PATH. Says the errno of the call that should have been stopped, 0 for none.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* io_uring_setup(2), also where the headers are older than it. */
#define NR_IO_URING_SETUP 425

static int try_unix(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(un.sun_path, path, sizeof(un.sun_path) - 1);
	return connect(fd, (struct sockaddr *)&un, sizeof(un));
}

static int try_internet(const char *way, const struct sockaddr *to, socklen_t len)
{
	struct iovec part = { .iov_base = (char[]){ 'x' }, .iov_len = 1 };
	struct mmsghdr message = { .msg_hdr = { .msg_name = (void *)to,
						.msg_namelen = len,
						.msg_iov = &part,
						.msg_iovlen = 1 } };
	int datagram = socket(to->sa_family, SOCK_DGRAM, 0);

	if (!strcmp(way, "connect") || !strcmp(way, "connect6"))
		return connect(socket(to->sa_family, SOCK_STREAM, 0), to, len);
	if (!strcmp(way, "datagram"))
		return connect(datagram, to, len);
	if (!strcmp(way, "sendto"))
		return (int)sendto(datagram, "x", 1, 0, to, len);
	if (!strcmp(way, "sendmsg"))
		return (int)sendmsg(datagram, &message.msg_hdr, 0);
	if (!strcmp(way, "sendmmsg"))
		return sendmmsg(datagram, &message, 1, 0);
	if (!strcmp(way, "fastopen"))
		return (int)sendto(socket(to->sa_family, SOCK_STREAM, 0), "x", 1, MSG_FASTOPEN, to,
				   len);
	return -2;
}

int main(int argc, char **argv)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in four = { .sin_family = AF_INET };
	char parameters[120] = { 0 };
	int result;

	if (argc < 3)
		return 2;
	four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	four.sin_port = six.sin6_port = htons((uint16_t)atoi(argv[2]));
	if (!strcmp(argv[1], "unix"))
		result = try_unix(argv[2]);
	else if (!strcmp(argv[1], "ring"))
		result = (int)syscall(NR_IO_URING_SETUP, 8, parameters);
	else if (!strcmp(argv[1], "connect6"))
		result = try_internet(argv[1], (struct sockaddr *)&six, sizeof(six));
	else
		result = try_internet(argv[1], (struct sockaddr *)&four, sizeof(four));
	if (result == -2)
		return 2;
	printf("%d\n", result < 0 ? errno : 0);
	return 0;
}
