// SPDX-License-Identifier: MIT
/*
 * Programs' sockets that carry questions to name servers, with real ones on the loopback: packets and
 * streams of any bytes, servers that answer, say what nobody asked for, are not there, or end. What
 * goes in at one end comes out at the other, and nothing else.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "eswrapd/forward.h"
#include "fuzz/fuzz.h"
#include "wire/endpoint.h"

#define USER	1000
#define WAIT_MS 10000 /* for what must come */
#define BYTES	65536

static struct fuzz_bytes in;
/* Servers: one for datagrams, one for streams, and a port where nobody is. */
static int datagrams, listener;
static struct eswrap_endpoint places[3];
/* Of this process, when none of its users has a forwarder. */
static nlink_t threads;

static int listen_on(int type, struct eswrap_endpoint *place)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) < 0 ||
	    (type == SOCK_STREAM && listen(fd, 16) < 0) ||
	    !eswrap_endpoint_from_sockaddr(place, (struct sockaddr *)&at, len))
		abort();
	return fd;
}

static nlink_t count_threads(void)
{
	struct stat status;

	if (stat("/proc/self/task", &status) < 0)
		abort();
	return status.st_nlink;
}

static void begin(void)
{
	datagrams = listen_on(SOCK_DGRAM, &places[0]);
	listener = listen_on(SOCK_STREAM, &places[1]);
	places[2] = places[0];
	places[2].port = 1;
	threads = count_threads();
}

static bool comes(int fd, int ms)
{
	struct pollfd what = { .fd = fd, .events = POLLIN };

	return poll(&what, 1, ms) == 1;
}

/* With the last pair it ends; what it has not freed by then is lost. */
static void await_thread(void)
{
	while (count_threads() > threads)
		sched_yield();
}

static gsize take(const uint8_t **data)
{
	gsize size = (gsize)fuzz_byte(&in) << fuzz_below(&in, 5);

	size = MIN(size, (gsize)(in.end - in.next));
	*data = in.next;
	in.next += size;
	return size;
}

static void hear_from(int relay)
{
	static uint8_t packet[FORWARD_MAX];
	struct forward_header header;
	ssize_t got = recv(relay, packet, sizeof(packet), MSG_DONTWAIT);

	if (got < 0)
		return;
	if (got < (ssize_t)sizeof(header))
		abort();
	memcpy(&header, packet, sizeof(header));
	if (header.server.family != AF_INET || header.server.address[0] != 127 || header.failed > 1)
		abort();
}

/* A question arrives as it was sent; the server answers with what it likes, as often as it likes. */
static void serve(const uint8_t *sent, gsize size)
{
	static uint8_t got[BYTES];
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	const uint8_t *answer;
	ssize_t came;
	guint i;

	if (!comes(datagrams, WAIT_MS))
		abort();
	came = recvfrom(datagrams, got, sizeof(got), 0, (struct sockaddr *)&from, &len);
	if (came != (ssize_t)size || memcmp(got, sent, size) != 0)
		abort();
	for (i = fuzz_below(&in, 3); i; i--) {
		size = take(&answer);
		sendto(datagrams, answer, size, 0, (struct sockaddr *)&from, len);
	}
}

static void run_datagrams(void)
{
	int relay = forward_datagrams(USER, socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	struct forward_header header = { .failed = 0 };
	guint rounds = 0;

	if (relay < 0)
		abort();
	while (in.next < in.end && rounds++ < 16) {
		bool there = fuzz_byte(&in) & 7;
		const uint8_t *data;
		gsize size = take(&data);
		struct iovec pieces[] = { { &header, sizeof(header) }, { (void *)data, size } };
		const struct msghdr message = { .msg_iov = pieces, .msg_iovlen = 2 };

		header.server = places[there ? 0 : 2];
		if (sendmsg(relay, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			abort();
		/* A header alone says nothing. */
		if (there && size && size <= 4096)
			serve(data, size);
		else if (!there && size && !comes(relay, WAIT_MS))
			abort();
		hear_from(relay);
	}
	close(relay);
}

static void expect(int from, const uint8_t *data, gsize size)
{
	static uint8_t got[BYTES];
	gsize have = 0;
	ssize_t came;

	while (have < size) {
		if (!comes(from, WAIT_MS))
			abort();
		came = recv(from, got, MIN(sizeof(got), size - have), 0);
		if (came <= 0 || memcmp(got, data + have, (gsize)came) != 0)
			abort();
		have += (gsize)came;
	}
}

static void run_stream(bool there)
{
	int relay = forward_stream(USER, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
				   &places[there ? 1 : 2]);
	const uint8_t *data;
	uint8_t byte;
	gsize size;
	int far;

	if (relay < 0)
		abort();
	/* What cannot be reached is an end. */
	if (!there) {
		if (!comes(relay, WAIT_MS) || recv(relay, &byte, 1, 0) > 0)
			abort();
		close(relay);
		return;
	}
	if (!comes(listener, WAIT_MS))
		abort();
	far = accept(listener, NULL, NULL);
	while (in.next < in.end) {
		guint what = fuzz_byte(&in);
		int from = what & 1 ? relay : far, to = what & 1 ? far : relay;

		size = take(&data);
		if (send(from, data, size, MSG_NOSIGNAL) != (ssize_t)size)
			abort();
		expect(to, data, size);
		if (what < 16) {
			/* Whoever ends ends both. */
			shutdown(from, SHUT_WR);
			if (!comes(to, WAIT_MS) || recv(to, &byte, 1, 0) > 0)
				abort();
			break;
		}
	}
	close(relay);
	if (!comes(far, WAIT_MS))
		abort();
	close(far);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	guint how;

	if (!listener)
		begin();
	in = (struct fuzz_bytes){ data, data + size };
	how = fuzz_byte(&in);
	if (how & 1)
		run_datagrams();
	else
		run_stream(how & 14);
	await_thread();
	return 0;
}
