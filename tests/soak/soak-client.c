// SPDX-License-Identifier: MIT
/*
 * The program that runs under the shim: flows at once, each sending and receiving.
 *
 *	soak-client SEED SECONDS HOST NUMBER:PORT:UP:DOWN[:echo]...
 *
 * Flow NUMBER sends UP bytes of its payload and expects DOWN, of its other payload or, with echo,
 * of the same one, and then the end. When nothing has moved for SECONDS it gives up. For each it
 * prints
 *
 *	flow NUMBER sent N received N wrong PLACE end HOW
 *
 * where PLACE is that of the first wrong byte or -1, and HOW is eof, stuck, extra (bytes where the
 * end should be) or the name of an errno, with "connect-" before it where it did not connect.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "soak/payload.h"

#define FLOWS_MAX 4
#define CHUNK	  65536

struct flow {
	unsigned int number;
	char port[8];
	bool echo;
	uint64_t up, down, sent, received;
	struct payload out, in;
	uint8_t unsent[CHUNK];
	size_t unsent_at, unsent_size;
	long long wrong;
	bool closed_up; /* nothing more can or need be sent */
	bool reset;	/* a write was told so */
	char end[32];	/* "": not yet */
};

static struct flow flows[FLOWS_MAX];

static void end_with(struct flow *flow, struct pollfd *poller, const char *how, const char *name)
{
	snprintf(flow->end, sizeof(flow->end), "%s%s", how, name);
	if (poller->fd >= 0)
		close(poller->fd);
	poller->fd = -1;
}

static bool parse_flow(struct flow *flow, const char *text, uint64_t seed)
{
	char echo[8] = "";
	int parts = sscanf(text, "%u:%7[0-9]:%" SCNu64 ":%" SCNu64 ":%7s", &flow->number,
			   flow->port, &flow->up, &flow->down, echo);

	flow->echo = strcmp(echo, "echo") == 0;
	flow->wrong = -1;
	payload_init(&flow->out, seed, flow->number, PAYLOAD_UP);
	payload_init(&flow->in, seed, flow->number, flow->echo ? PAYLOAD_UP : PAYLOAD_DOWN);
	return parts >= 4;
}

static int open_flow(const struct flow *flow, const char *host)
{
	struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	int fd, r;

	r = getaddrinfo(host, flow->port, &hints, &found);
	if (r) {
		errno = r == EAI_AGAIN ? EAGAIN : ENOENT;
		return -1;
	}
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	r = connect(fd, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	if (r == 0) {
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		return fd;
	}
	r = errno;
	close(fd);
	errno = r;
	return -1;
}

static void start(struct flow *flow, struct pollfd *poller, const char *host)
{
	poller->fd = open_flow(flow, host);
	poller->events = POLLIN;
	if (poller->fd < 0)
		end_with(flow, poller, "connect-", strerrorname_np(errno));
}

static void refill(struct flow *flow)
{
	uint64_t left = flow->up - flow->sent;

	flow->unsent_at = 0;
	flow->unsent_size = left < CHUNK ? (size_t)left : CHUNK;
	payload_take(&flow->out, flow->unsent, flow->unsent_size);
}

/*
 * An error here is not the end: what has come before it is still to be read. But as with TCP a
 * reset is told once, to a write or to a read, and then looks like an end.
 */
static void push(struct flow *flow, struct pollfd *poller)
{
	ssize_t n;

	if (flow->closed_up)
		return;
	if (flow->unsent_at == flow->unsent_size)
		refill(flow);
	n = flow->unsent_size ? write(poller->fd, flow->unsent + flow->unsent_at,
				      flow->unsent_size - flow->unsent_at)
			      : 0;
	if (n < 0 && errno == EAGAIN)
		return;
	if (n < 0) {
		flow->reset = errno == ECONNRESET;
		flow->closed_up = true;
		return;
	}
	flow->unsent_at += (size_t)n;
	flow->sent += (uint64_t)n;
	if (flow->sent == flow->up) {
		shutdown(poller->fd, SHUT_WR);
		flow->closed_up = true;
	}
}

static void pull(struct flow *flow, struct pollfd *poller)
{
	uint8_t buffer[CHUNK];
	ssize_t n = read(poller->fd, buffer, sizeof(buffer));
	long wrong;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n < 0) {
		end_with(flow, poller, "", strerrorname_np(errno));
		return;
	}
	if (n == 0) {
		end_with(flow, poller, flow->reset ? "ECONNRESET" : "eof", "");
		return;
	}
	wrong = payload_check(&flow->in, buffer, (size_t)n);
	if (wrong >= 0) {
		flow->wrong = (long long)flow->received + wrong;
		end_with(flow, poller, "wrong", "");
	}
	flow->received += (uint64_t)n;
	if (flow->received > flow->down && wrong < 0)
		end_with(flow, poller, "extra", "");
}

static bool serve(struct pollfd *pollers, int count, int seconds)
{
	bool open = false;
	int i, r;

	for (i = 0; i < count; i++) {
		pollers[i].events = POLLIN | (flows[i].closed_up ? 0 : POLLOUT);
		open = open || pollers[i].fd >= 0;
	}
	if (!open)
		return false;
	r = poll(pollers, (nfds_t)count, seconds * 1000);
	for (i = 0; i < count; i++) {
		if (r <= 0 && pollers[i].fd >= 0)
			end_with(&flows[i], &pollers[i], "stuck", "");
		if (pollers[i].fd >= 0 && (pollers[i].revents & (POLLOUT | POLLERR | POLLHUP)))
			push(&flows[i], &pollers[i]);
		if (pollers[i].fd >= 0 && (pollers[i].revents & (POLLIN | POLLERR | POLLHUP)))
			pull(&flows[i], &pollers[i]);
	}
	return true;
}

int main(int argc, char **argv)
{
	struct pollfd pollers[FLOWS_MAX];
	int count = argc - 4, i;
	const struct flow *flow;

	if (count < 1 || count > FLOWS_MAX) {
		fprintf(stderr, "soak-client: see soak-client.c for its arguments\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < count; i++) {
		if (!parse_flow(&flows[i], argv[4 + i], strtoull(argv[1], NULL, 10))) {
			fprintf(stderr, "soak-client: %s: not a flow\n", argv[4 + i]);
			return 2;
		}
		start(&flows[i], &pollers[i], argv[3]);
	}
	while (serve(pollers, count, atoi(argv[2])))
		continue;
	for (flow = flows; flow < flows + count; flow++)
		printf("flow %u sent %" PRIu64 " received %" PRIu64 " wrong %lld end %s\n",
		       flow->number, flow->sent, flow->received, flow->wrong, flow->end);
	return 0;
}
