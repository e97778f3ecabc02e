// SPDX-License-Identifier: MIT
/*
 * The program that is measured: plain sockets and nothing of ours. It runs under the shim.
 *
 *	bench-client down SECONDS HOST PORT...	read from all at once; prints for each the bytes
 *						that came between the first time that all had
 *						received something and the last read, and that time
 *	bench-client up BYTES HOST PORT		write so many, then read to the end
 *	bench-client rtt SIZE COUNT HOST PORT	prints each round trip
 *	bench-client connect COUNT HOST PORT	prints each connect()
 *	bench-client hold HOST PORT...		says "open", then when each byte has arrived
 *
 * Times are printed in ns, one a line.
 */
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S  1000000000LL
#define BUFFER	  65536
#define PEERS_MAX 4
#define POLL_MS	  60000 /* longer than any answer takes */

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "bench-client: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct sockaddr_in find(const char *host, const char *port)
{
	struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	struct sockaddr_in address;
	int r = getaddrinfo(host, port, &hints, &found);

	if (r) {
		fprintf(stderr, "bench-client: %s: %s\n", host, gai_strerror(r));
		exit(1);
	}
	memcpy(&address, found->ai_addr, sizeof(address));
	freeaddrinfo(found);
	return address;
}

static int connect_to(const struct sockaddr_in *address)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		fail("connect");
	return fd;
}

static int open_peer(const char *host, const char *port)
{
	struct sockaddr_in address = find(host, port);

	return connect_to(&address);
}

static void read_exactly(int fd, char *buffer, size_t size)
{
	ssize_t got;

	for (; size > 0; size -= (size_t)got) {
		got = read(fd, buffer, size);
		if (got <= 0)
			fail("read");
	}
}

static void write_all(int fd, const char *buffer, size_t size)
{
	ssize_t put;

	for (; size > 0; size -= (size_t)put) {
		put = write(fd, buffer, size);
		if (put < 0)
			fail("write");
		buffer += put;
	}
}

/**
 * struct window - what is counted of a download
 * @start:	when every peer had received something; 0: not yet
 * @bytes:	of each peer since then
 */
struct window {
	int64_t start, last;
	bool heard[PEERS_MAX];
	uint64_t bytes[PEERS_MAX];
	int peers;
};

static void count(struct window *window, int peer, size_t size)
{
	int i;

	if (window->start) {
		window->bytes[peer] += size;
		window->last = now_ns();
		return;
	}
	window->heard[peer] = true;
	for (i = 0; i < window->peers && window->heard[i]; i++)
		continue;
	if (i == window->peers)
		window->start = now_ns();
}

static int down(int seconds, const char *host, char **ports, int peers)
{
	struct window window = { .peers = peers };
	struct pollfd pollers[PEERS_MAX];
	char buffer[BUFFER];
	ssize_t got;
	int i;

	for (i = 0; i < peers; i++)
		pollers[i] = (struct pollfd){ .fd = open_peer(host, ports[i]), .events = POLLIN };
	do {
		if (poll(pollers, (nfds_t)peers, POLL_MS) <= 0)
			fail("poll");
		for (i = 0; i < peers; i++) {
			if (!pollers[i].revents)
				continue;
			got = read(pollers[i].fd, buffer, sizeof(buffer));
			if (got <= 0)
				fail("read");
			count(&window, i, (size_t)got);
		}
	} while (!window.start || now_ns() - window.start < seconds * NS_PER_S);
	printf("%" PRId64 "\n", window.last - window.start);
	for (i = 0; i < peers; i++)
		printf("%" PRIu64 "\n", window.bytes[i]);
	return 0;
}

static int up(uint64_t bytes, const char *host, const char *port)
{
	int fd = open_peer(host, port);
	char buffer[BUFFER];
	size_t size;
	ssize_t got;

	memset(buffer, 'u', sizeof(buffer));
	for (; bytes > 0; bytes -= size) {
		size = bytes < sizeof(buffer) ? (size_t)bytes : sizeof(buffer);
		write_all(fd, buffer, size);
	}
	got = read(fd, buffer, sizeof(buffer));
	if (got < 0)
		fail("read");
	printf("%.*s\n", (int)got, buffer);
	return 0;
}

static int rtt(size_t size, int times, const char *host, const char *port)
{
	int fd = open_peer(host, port);
	char there[BUFFER], back[BUFFER];
	int64_t start;
	int i;

	if (size > sizeof(there))
		return 2;
	for (i = 0; i < times; i++) {
		memset(there, i, size);
		start = now_ns();
		write_all(fd, there, size);
		read_exactly(fd, back, size);
		printf("%" PRId64 "\n", now_ns() - start);
		if (memcmp(there, back, size) != 0) {
			fprintf(stderr, "bench-client: the echo is not what was sent\n");
			return 1;
		}
	}
	return 0;
}

static int connects(int times, const char *host, const char *port)
{
	struct sockaddr_in address = find(host, port);
	int64_t start;
	int fd, i;

	for (i = 0; i < times; i++) {
		start = now_ns();
		fd = connect_to(&address);
		printf("%" PRId64 "\n", now_ns() - start);
		close(fd);
	}
	return 0;
}

static _Noreturn void hold(const char *host, char **ports, int peers)
{
	struct pollfd pollers[PEERS_MAX];
	char byte;
	int i;

	for (i = 0; i < peers; i++)
		pollers[i] = (struct pollfd){ .fd = open_peer(host, ports[i]), .events = POLLIN };
	printf("open\n");
	fflush(stdout);
	for (;;) {
		if (poll(pollers, (nfds_t)peers, -1) <= 0)
			fail("poll");
		for (i = 0; i < peers; i++) {
			if (!pollers[i].revents)
				continue;
			read_exactly(pollers[i].fd, &byte, 1);
			printf("%" PRId64 "\n", now_ns());
			fflush(stdout);
		}
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "down") && argc > 4 && argc <= 4 + PEERS_MAX)
		return down(atoi(argv[2]), argv[3], argv + 4, argc - 4);
	if (!strcmp(what, "up") && argc == 5)
		return up(strtoull(argv[2], NULL, 10), argv[3], argv[4]);
	if (!strcmp(what, "rtt") && argc == 6)
		return rtt((size_t)atoi(argv[2]), atoi(argv[3]), argv[4], argv[5]);
	if (!strcmp(what, "connect") && argc == 5)
		return connects(atoi(argv[2]), argv[3], argv[4]);
	if (!strcmp(what, "hold") && argc > 3 && argc <= 3 + PEERS_MAX)
		hold(argv[2], argv + 3, argc - 3);
	fprintf(stderr, "bench-client: down, up, rtt, connect or hold: see bench-client.c\n");
	return 2;
}
