// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "claims.h"

static const struct claim *const tables[] = {
	connect_claims,	 option_claims, process_claims,	  data_claims,
	datagram_claims, name_claims,	invariant_claims, socket_claims,
};

static const char *program;

void say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	fflush(stdout);
}

long say_result(const char *what, long result)
{
	if (result < 0)
		say("%s: -1 %s", what, strerrorname_np(errno));
	else
		say("%s: %ld", what, result);
	return result;
}

void give_up(const char *what)
{
	perror(what);
	exit(1);
}

socklen_t place_address(const struct place *place, int n, struct sockaddr_storage *to)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)to;
	struct sockaddr_in *in = (struct sockaddr_in *)to;

	memset(to, 0, sizeof(*to));
	if (inet_pton(AF_INET, place->address, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(place->ports[n]);
		return sizeof(*in);
	}
	if (inet_pton(AF_INET6, place->address, &in6->sin6_addr) != 1) {
		errno = EINVAL;
		give_up(place->address);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(place->ports[n]);
	return sizeof(*in6);
}

int place_socket(const struct place *place, int type)
{
	struct sockaddr_storage address;
	int fd;

	place_address(place, 0, &address);
	fd = socket(address.ss_family, type, 0);
	if (fd < 0)
		give_up("socket");
	return fd;
}

int place_connect(const struct place *place, int n, int fd)
{
	struct sockaddr_storage address;
	socklen_t len = place_address(place, n, &address);

	return connect(fd, (struct sockaddr *)&address, len);
}

int place_connected(const struct place *place, int n)
{
	int fd = place_socket(place, SOCK_STREAM);

	if (place_connect(place, n, fd) != 0)
		give_up("connect");
	return fd;
}

short await(int fd, short events)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	while (poll(&poll_fd, 1, -1) < 0) {
		if (errno != EINTR)
			give_up("poll");
	}
	return poll_fd.revents;
}

int so_error(int fd)
{
	socklen_t len = sizeof(int);
	int error;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		give_up("SO_ERROR");
	return error;
}

void say_talk(const char *who, int fd)
{
	char back[5] = "";
	size_t got = 0;
	ssize_t n;

	if (write(fd, "ping", 4) != 4)
		say_result("write", -1);
	while (got < 4 && (n = read(fd, back + got, 4 - got)) > 0)
		got += (size_t)n;
	say("%s: %s", who, back);
}

const char *self(void)
{
	return program;
}

int main(int argc, char **argv)
{
	struct place place = { .address = argc > 2 ? argv[2] : "127.0.0.1" };
	const struct claim *claim;
	size_t i;
	int n;

	if (argc < 2) {
		fprintf(stderr, "usage: claims NAME [ADDRESS PORT...]\n");
		return 2;
	}
	program = argv[0];
	for (n = 0; n < 4 && n + 3 < argc; n++)
		place.ports[n] = (uint16_t)atoi(argv[n + 3]);
	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		for (claim = tables[i]; claim->name; claim++) {
			if (strcmp(claim->name, argv[1]) == 0) {
				claim->run(&place);
				return 0;
			}
		}
	}
	fprintf(stderr, "claims: %s: no such claim\n", argv[1]);
	return 2;
}
