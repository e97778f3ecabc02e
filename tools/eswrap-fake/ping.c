// SPDX-License-Identifier: MIT
/*
 * An echo request where the system lets unprivileged programs send them
 * (net.ipv4.ping_group_range), otherwise what traceroute does: a datagram to a port where nobody
 * listens, whose refusal is the answer.
 */
#include "eswrap-fake/ping.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>
#include <unistd.h>

#define TIMEOUT_NS NS_PER_SEC
#define PROBE_PORT 33434 /* traceroute's */

static int connected(int protocol, struct in_addr address)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr = address,
		.sin_port = htons(PROBE_PORT),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

int ping(struct loop *loop, struct in_addr address, unsigned int sequence)
{
	struct icmphdr request = { .type = ICMP_ECHO, .un.echo.sequence = htons(sequence) };
	struct pollfd poll_fd = { .events = POLLIN };
	int64_t start = now_ns();
	char reply[256];
	ssize_t n;
	bool echo;
	int ms = -1;

	poll_fd.fd = connected(IPPROTO_ICMP, address);
	echo = poll_fd.fd >= 0;
	if (!echo)
		poll_fd.fd = connected(IPPROTO_UDP, address);
	if (poll_fd.fd < 0)
		return -1;
	if (send(poll_fd.fd, &request, sizeof(request), 0) == sizeof(request) &&
	    loop_wait(loop, &poll_fd, 1, start + TIMEOUT_NS) > 0) {
		n = recv(poll_fd.fd, reply, sizeof(reply), 0);
		if (echo ? n > 0 : n > 0 || errno == ECONNREFUSED)
			ms = (now_ns() - start) / NS_PER_MS;
	}
	close(poll_fd.fd);
	return ms;
}
