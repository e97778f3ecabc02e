// SPDX-License-Identifier: MIT
/* usage: echo-client HOST PORT: connect, then every way to move a byte, between two marks for
 * strace */
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define ROUNDS 20

/* A system call that the code between the marks does not make. */
static void mark(void)
{
	getpriority(PRIO_PROCESS, 0);
}

static int wait_for(int fd)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };

	return poll(&poller, 1, -1) == 1;
}

/* Single bytes, so that the number of calls cannot depend on how the stream is cut. */
static int talk(int fd)
{
	char byte = 'x';
	struct iovec vector = { &byte, 1 };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };

	return write(fd, &byte, 1) == 1 && wait_for(fd) && read(fd, &byte, 1) == 1 &&
	       send(fd, &byte, 1, 0) == 1 && wait_for(fd) && recv(fd, &byte, 1, 0) == 1 &&
	       writev(fd, &vector, 1) == 1 && wait_for(fd) && readv(fd, &vector, 1) == 1 &&
	       sendmsg(fd, &message, 0) == 1 && wait_for(fd) && recvmsg(fd, &message, 0) == 1;
}

int main(int argc, char **argv)
{
	struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM }, *list;
	int fd, i, good = 1;

	if (argc != 3 || getaddrinfo(argv[1], argv[2], &hints, &list) != 0)
		return 2;
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, list->ai_addr, list->ai_addrlen) < 0) {
		perror("connect");
		return 1;
	}
	freeaddrinfo(list);
	mark();
	for (i = 0; i < ROUNDS && good; i++)
		good = talk(fd);
	mark();
	return good ? 0 : 1;
}
