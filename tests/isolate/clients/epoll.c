// SPDX-License-Identifier: MIT
/* Looks a name up, registers its socket with epoll before it connects, and echoes a line; HOST PORT. */
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static int await(int set, unsigned int events)
{
	struct epoll_event event;

	do {
		if (epoll_wait(set, &event, 1, 10000) != 1)
			return -1;
	} while (!(event.events & events));
	return 0;
}

int main(int argc, char **argv)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	int set = epoll_create1(0), error = -1, fd;
	struct addrinfo *found;
	socklen_t len = sizeof(error);
	char text[16] = "";

	if (argc != 3 || getaddrinfo(argv[1], argv[2], &hints, &found) != 0)
		return 1;
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) < 0)
		return 2;
	connect(fd, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	if (await(set, EPOLLOUT) < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ||
	    error || write(fd, "hello\n", 6) != 6 || await(set, EPOLLIN) < 0 ||
	    read(fd, text, sizeof(text) - 1) != 6)
		return 3;
	fputs(text, stdout);
	return 0;
}
