// SPDX-License-Identifier: MIT
/*
 * How data comes and goes, and how it ends. Port 0 is an echo server; port 1 sends a pattern of
 * SIZE bytes and closes; port 2 sends as much and resets; port 3 takes SIZE bytes and says "good".
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include "claims.h"

#define SIZE 5000

static void send_text(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		give_up("write");
}

/* Waits until at least so many bytes can be read at once. */
static void await_bytes(int fd, int bytes)
{
	setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof(bytes));
	await(fd, POLLIN);
	bytes = 1;
	setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof(bytes));
}

static void peek(const struct place *place)
{
	int fd = place_connected(place, 0);
	char text[9] = "";

	send_text(fd, "12345678");
	say_result("peek", recv(fd, text, 8, MSG_PEEK | MSG_WAITALL));
	say_result("peek again", recv(fd, text, 3, MSG_PEEK));
	say_result("recv", recv(fd, text, 8, MSG_WAITALL));
	say("%s", text);
}

static void waitall(const struct place *place)
{
	int fd = place_connected(place, 1);
	static char data[SIZE + 1];

	say_result("all", recv(fd, data, SIZE, MSG_WAITALL));
	say_result("to the end", recv(fd, data, SIZE, MSG_WAITALL));
}

static void truncate_discards(const struct place *place)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	struct iovec part = { NULL, 2 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	int fd = place_connected(place, 0);
	char text[9] = "";

	send_text(fd, "0123456789");
	await_bytes(fd, 10);
	say_result("nothing is stored", recv(fd, NULL, 3, MSG_TRUNC));
	say_result("counted", recv(fd, NULL, 100, MSG_TRUNC | MSG_PEEK));
	say_result("recvmsg", recvmsg(fd, &message, MSG_TRUNC));
	say_result("recvfrom", recvfrom(fd, NULL, 1, MSG_TRUNC, (struct sockaddr *)&address, &len));
	say_result("recv", recv(fd, text, 8, 0));
	say("%s", text);
	say_result("nothing there", recv(fd, NULL, 8, MSG_TRUNC | MSG_DONTWAIT));
}

static void dontwait(const struct place *place)
{
	int fd = place_connected(place, 0);
	char byte;

	say_result("recv", recv(fd, &byte, 1, MSG_DONTWAIT));
	say_result("recv of the error queue", recv(fd, &byte, 1, MSG_ERRQUEUE));
	say_result("recv of urgent data", recv(fd, &byte, 1, MSG_OOB));
}

static void no_source_address(const struct place *place)
{
	struct sockaddr_storage address;
	struct iovec part = { NULL, 4 };
	char text[5] = "";
	struct msghdr message = { .msg_name = &address, .msg_iov = &part, .msg_iovlen = 1 };
	socklen_t len = sizeof(address);
	int fd = place_connected(place, 0);

	part.iov_base = text;
	send_text(fd, "abcdefgh");
	await_bytes(fd, 8);
	say_result("recvfrom", recvfrom(fd, text, 4, 0, (struct sockaddr *)&address, &len));
	say("%s length %u", text, (unsigned int)len);
	message.msg_namelen = sizeof(address);
	say_result("recvmsg", recvmsg(fd, &message, 0));
	say("%s length %u flags %x", text, (unsigned int)message.msg_namelen,
	    (unsigned int)message.msg_flags);
}

static void send_with_address(const struct place *place)
{
	struct sockaddr_storage address;
	socklen_t len = place_address(place, 1, &address);
	int fd = place_connected(place, 0);
	char text[5] = "";

	say_result("sendto", sendto(fd, "ping", 4, 0, (struct sockaddr *)&address, len));
	say_result("recv", recv(fd, text, 4, MSG_WAITALL));
	say("%s", text);
}

static void fastopen(const struct place *place)
{
	struct sockaddr_storage address;
	socklen_t len = place_address(place, 0, &address);
	int fd = place_socket(place, SOCK_STREAM);
	char text[5] = "";

	say_result("sendto", sendto(fd, "ping", 4, MSG_FASTOPEN, (struct sockaddr *)&address, len));
	say_result("recv", recv(fd, text, 4, MSG_WAITALL));
	say("%s", text);
	say_result("again", sendto(fd, "ping", 4, MSG_FASTOPEN, (struct sockaddr *)&address, len));
	len = place_address(place, 1, &address);
	fd = place_socket(place, SOCK_STREAM);
	say_result("refused",
		   sendto(fd, "ping", 4, MSG_FASTOPEN, (struct sockaddr *)&address, len));
	fd = place_socket(place, SOCK_STREAM);
	say_result("not connected",
		   sendto(fd, "ping", 4, MSG_NOSIGNAL, (struct sockaddr *)&address, len));
}

static void vectors(const struct place *place)
{
	char a[4] = "", b[6] = "";
	struct iovec out[] = { { (void *)(uintptr_t) "abc", 3 },
			       { (void *)(uintptr_t) "defgh", 5 } };
	struct iovec in[] = { { a, 3 }, { b, 5 } };
	int fd = place_connected(place, 0);

	say_result("writev", writev(fd, out, 2));
	await_bytes(fd, 8);
	say_result("readv", readv(fd, in, 2));
	say("%s %s", a, b);
}

static void many_messages(const struct place *place)
{
	char text[2][5] = { "", "" };
	struct iovec part[] = { { text[0], 4 }, { text[1], 4 } };
	struct mmsghdr messages[] = { { .msg_hdr = { .msg_iov = &part[0], .msg_iovlen = 1 } },
				      { .msg_hdr = { .msg_iov = &part[1], .msg_iovlen = 1 } } };
	int fd = place_connected(place, 0);

	memcpy(text[0], "abcd", 4);
	memcpy(text[1], "efgh", 4);
	say_result("sendmmsg", sendmmsg(fd, messages, 2, 0));
	await_bytes(fd, 8);
	memset(text, 0, sizeof(text));
	say_result("recvmmsg", recvmmsg(fd, messages, 2, 0, NULL));
	say("%s %s", text[0], text[1]);
}

/* What SERVER_SINK expects: see server_pattern(). */
static int pattern_file(const struct place *place)
{
	int source = place_connected(place, 1);
	int file = memfd_create("pattern", 0);
	static char data[SIZE];

	if (recv(source, data, SIZE, MSG_WAITALL) != SIZE || write(file, data, SIZE) != SIZE)
		give_up("pattern");
	lseek(file, 0, SEEK_SET);
	return file;
}

static void say_verdict(int fd)
{
	char text[64] = "";

	say_result("recv", recv(fd, text, sizeof(text) - 1, MSG_WAITALL));
	say("%s", text);
}

static void send_file(const struct place *place)
{
	int file = pattern_file(place);
	int fd = place_connected(place, 3);
	off_t offset = 0;

	say_result("sendfile", sendfile(fd, file, &offset, SIZE));
	say_verdict(fd);
}

static void splice_out_and_in(const struct place *place)
{
	int file = pattern_file(place);
	int fd = place_connected(place, 3);
	int pipes[2], source;
	ssize_t n, total = 0;

	if (pipe(pipes) != 0)
		give_up("pipe");
	say_result("file to pipe", splice(file, NULL, pipes[1], NULL, SIZE, 0));
	while (total < SIZE &&
	       (n = splice(pipes[0], NULL, fd, NULL, (size_t)(SIZE - total), 0)) > 0)
		total += n;
	say("pipe to socket: %zd", total);
	say_verdict(fd);
	source = place_connected(place, 1);
	for (total = 0; (n = splice(source, NULL, pipes[1], NULL, 4096, 0)) > 0; total += n) {
		static char data[4096];

		if (read(pipes[0], data, sizeof(data)) != n)
			give_up("read");
	}
	say("socket to pipe: %zd, then %zd", total, n);
}

static void stdio(const struct place *place)
{
	FILE *stream = fdopen(place_connected(place, 0), "r+");
	char line[16] = "";

	say_result("fprintf", fprintf(stream, "hello %d\n", 7));
	say_result("fflush", fflush(stream));
	say("%s", fgets(line, sizeof(line), stream));
	say_result("fclose", fclose(stream));
}

static void stdio_sees_reset(const struct place *place)
{
	FILE *stream = fdopen(place_connected(place, 0), "r");
	long total = 0;

	say("connected");
	while (getc(stream) != EOF)
		total++;
	say("%ld bytes, ferror %d feof %d", total, !!ferror(stream), !!feof(stream));
}

static void shutdown_write(const struct place *place)
{
	int fd = place_connected(place, 0);
	char text[16] = "";

	send_text(fd, "ping");
	say_result("recv", recv(fd, text, 4, MSG_WAITALL));
	say_result("shutdown", shutdown(fd, SHUT_WR));
	say_result("send", send(fd, "x", 1, MSG_NOSIGNAL));
	say_result("recv", recv(fd, text, 16, 0));
}

static void shutdown_read(const struct place *place)
{
	int fd = place_connected(place, 0);
	char byte;

	say_result("shutdown", shutdown(fd, SHUT_RD));
	say_result("recv", recv(fd, &byte, 1, 0));
	say_result("send", send(fd, "x", 1, MSG_NOSIGNAL));
}

static void shutdown_both(const struct place *place)
{
	int fd = place_connected(place, 0);
	char byte;

	say_result("shutdown", shutdown(fd, SHUT_RDWR));
	say_result("recv", recv(fd, &byte, 1, 0));
	say_result("send", send(fd, "x", 1, MSG_NOSIGNAL));
}

/* How many bytes came, and how it ended; with one kind of call. */
typedef ssize_t (*receiver)(int fd, char *data, size_t size);

static ssize_t by_read(int fd, char *data, size_t size)
{
	return read(fd, data, size);
}

static ssize_t by_recv(int fd, char *data, size_t size)
{
	return recv(fd, data, size, 0);
}

static ssize_t by_recvfrom(int fd, char *data, size_t size)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);

	return recvfrom(fd, data, size, 0, (struct sockaddr *)&address, &len);
}

static ssize_t by_recvmsg(int fd, char *data, size_t size)
{
	struct iovec part = { data, size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	return recvmsg(fd, &message, 0);
}

static ssize_t by_recvmmsg(int fd, char *data, size_t size)
{
	struct iovec part = { data, size };
	struct mmsghdr message = { .msg_hdr = { .msg_iov = &part, .msg_iovlen = 1 } };
	int count = recvmmsg(fd, &message, 1, 0, NULL);

	return count == 1 ? (ssize_t)message.msg_len : count;
}

static ssize_t by_readv(int fd, char *data, size_t size)
{
	struct iovec parts[] = { { data, 1 }, { data + 1, size - 1 } };

	return readv(fd, parts, 2);
}

/* What programs that are built with _FORTIFY_SOURCE call. */
ssize_t __read_chk(int fd, void *data, size_t size, size_t room);
ssize_t __recv_chk(int fd, void *data, size_t size, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *data, size_t size, size_t room, int flags,
		       struct sockaddr *address, socklen_t *len);

static ssize_t by_read_chk(int fd, char *data, size_t size)
{
	return __read_chk(fd, data, size, size);
}

static ssize_t by_recv_chk(int fd, char *data, size_t size)
{
	return __recv_chk(fd, data, size, size, 0);
}

static ssize_t by_recvfrom_chk(int fd, char *data, size_t size)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);

	return __recvfrom_chk(fd, data, size, size, 0, (struct sockaddr *)&address, &len);
}

static const struct {
	const char *name;
	receiver receive;
} receivers[] = {
	{ "read", by_read },
	{ "recv", by_recv },
	{ "recvfrom", by_recvfrom },
	{ "recvmsg", by_recvmsg },
	{ "recvmmsg", by_recvmmsg },
	{ "readv", by_readv },
	{ "__read_chk", by_read_chk },
	{ "__recv_chk", by_recv_chk },
	{ "__recvfrom_chk", by_recvfrom_chk },
};

/* So many connections at once: a module has four, and the resets of one shall be few. */
#define BATCH 3

static void say_end(size_t which, int fd, bool count)
{
	static char data[SIZE];
	size_t total = 0;
	ssize_t got;

	while ((got = receivers[which].receive(fd, data, sizeof(data))) > 0)
		total += (size_t)got;
	say_result(receivers[which].name, got);
	if (count)
		say("%zu bytes", total);
	say_result("and then", receivers[which].receive(fd, data, sizeof(data)));
	close(fd);
}

/* A reset may overtake what was not yet delivered, so the bytes are counted only for a clean end.
 */
static void say_ends(const struct place *place, int port, size_t first, bool count)
{
	int fd[BATCH];
	size_t i;

	for (i = 0; i < BATCH; i++)
		fd[i] = place_connected(place, port);
	say("connected");
	for (i = 0; i < BATCH; i++)
		say_end(first + i, fd[i], count);
}

static_assert(sizeof(receivers) / sizeof(receivers[0]) % BATCH == 0, "whole batches");

static void clean_end_by_every_call(const struct place *place)
{
	size_t first;

	for (first = 0; first < sizeof(receivers) / sizeof(receivers[0]); first += BATCH)
		say_ends(place, 1, first, true);
}

/* To a far end that says "bye" and closes: the first goes nowhere, and then there is nobody. */
static void send_to_a_closed_end(const struct place *place)
{
	int fd = place_connected(place, 0);
	char data[3];
	ssize_t sent;

	say_result("all of it", recv(fd, data, sizeof(data), MSG_WAITALL));
	say_result("the end", recv(fd, data, 1, 0));
	say_result("the first", send(fd, "x", 1, MSG_NOSIGNAL));
	await(fd, 0);
	do {
		sent = send(fd, "x", 1, MSG_NOSIGNAL);
	} while (sent > 0);
	say_result("a later one", sent);
	say_result("one more", send(fd, "x", 1, MSG_NOSIGNAL));
	say_result("still the end", recv(fd, data, 1, 0));
	say("SO_ERROR %d", so_error(fd));
}

/* One batch of calls; port 3 is its number. */
static void reset_by_every_call(const struct place *place)
{
	say_ends(place, 2, place->ports[3] * BATCH, false);
}

static void refused_by_every_call(const struct place *place)
{
	size_t i;
	char data[4];

	for (i = 0; i < sizeof(receivers) / sizeof(receivers[0]); i++) {
		int fd = place_socket(place, SOCK_STREAM | SOCK_NONBLOCK);

		place_connect(place, 0, fd);
		await(fd, POLLIN);
		say_result(receivers[i].name, receivers[i].receive(fd, data, sizeof(data)));
		say_result("and then", receivers[i].receive(fd, data, sizeof(data)));
		close(fd);
	}
}

static void urgent_data(const struct place *place)
{
	int fd = place_connected(place, 0);

	say_result("send", send(fd, "x", 1, MSG_OOB));
}

/* For strace: after the line "connected", COUNT reads and writes and nothing else. */
static void read_and_write(const struct place *place)
{
	int fd = place_connected(place, 0);
	char back[4];
	int i;

	say("connected");
	for (i = 0; i < 10; i++) {
		if (write(fd, "ping", 4) != 4 || read(fd, back, 4) != 4)
			give_up("talk");
		if (send(fd, "ping", 4, 0) != 4 || recv(fd, back, 4, 0) != 4)
			give_up("talk");
	}
	say("done");
}

const struct claim data_claims[] = {
	{ "peek", peek },
	{ "waitall", waitall },
	{ "truncate_discards", truncate_discards },
	{ "dontwait", dontwait },
	{ "no_source_address", no_source_address },
	{ "send_with_address", send_with_address },
	{ "fastopen", fastopen },
	{ "vectors", vectors },
	{ "many_messages", many_messages },
	{ "send_file", send_file },
	{ "splice_out_and_in", splice_out_and_in },
	{ "stdio", stdio },
	{ "stdio_sees_reset", stdio_sees_reset },
	{ "shutdown_write", shutdown_write },
	{ "shutdown_read", shutdown_read },
	{ "shutdown_both", shutdown_both },
	{ "clean_end_by_every_call", clean_end_by_every_call },
	{ "send_to_a_closed_end", send_to_a_closed_end },
	{ "reset_by_every_call", reset_by_every_call },
	{ "refused_by_every_call", refused_by_every_call },
	{ "urgent_data", urgent_data },
	{ "read_and_write", read_and_write },
	{ NULL },
};
