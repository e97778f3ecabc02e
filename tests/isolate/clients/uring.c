// SPDX-License-Identifier: MIT
/* Connects, sends and receives by io_uring alone; ADDRESS PORT. */
#include <arpa/inet.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int submit(struct io_uring *ring)
{
	struct io_uring_cqe *done;
	int result;

	io_uring_submit(ring);
	if (io_uring_wait_cqe(ring, &done) < 0)
		return -1;
	result = done->res;
	io_uring_cqe_seen(ring, done);
	return result;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct io_uring ring;
	char text[16] = "";
	int fd = socket(AF_INET, SOCK_STREAM, 0), error;

	if (argc != 3)
		return 1;
	error = io_uring_queue_init(4, &ring, 0);
	if (error < 0) {
		puts(strerror(-error));
		return 2;
	}
	inet_pton(AF_INET, argv[1], &to.sin_addr);
	to.sin_port = htons((unsigned short)atoi(argv[2]));
	io_uring_prep_connect(io_uring_get_sqe(&ring), fd, (struct sockaddr *)&to, sizeof(to));
	error = submit(&ring);
	if (error == 0) {
		io_uring_prep_send(io_uring_get_sqe(&ring), fd, "hello\n", 6, 0);
		error = submit(&ring);
	}
	if (error == 6) {
		io_uring_prep_recv(io_uring_get_sqe(&ring), fd, text, sizeof(text) - 1, 0);
		error = submit(&ring);
	}
	fputs(error < 0 ? strerror(-error) : text, stdout);
	return error != 6;
}
