// SPDX-License-Identifier: MIT
#include "soak/soak.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "soak/payload.h"
#include "support/server.h"

#define CHUNK	  65536
#define FULL_READ 1460
/* Bytes after which a server chooses another way of cutting what it sends. */
#define PHASE	   50000
#define RANDOM_MAX 4000
/* Single bytes take a system call each: not so many of them. */
#define SINGLES 200

enum cutting { CUT_SINGLES, CUT_AROUND_FULL, CUT_RANDOM, CUT_NOT, CUTTINGS };

/**
 * struct side - a server's sending
 * @chance:	of the cuts only
 * @phase:	bytes until @cutting changes
 */
struct side {
	struct payload out, in, chance;
	enum cutting cutting;
	gsize phase;
	guint8 unsent[CHUNK];
	gsize at, size;
};

struct soak_flow *soak_flows(guint count)
{
	void *memory = mmap(NULL, count * sizeof(struct soak_flow), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert(memory != MAP_FAILED);
	return memory;
}

static gsize cut(struct side *side)
{
	gsize size = CHUNK;

	if (side->phase == 0) {
		side->cutting = payload_chance(&side->chance, CUTTINGS);
		side->phase = side->cutting == CUT_SINGLES ? SINGLES : PHASE;
	}
	switch (side->cutting) {
	case CUT_SINGLES:
		size = 1;
		break;
	case CUT_AROUND_FULL:
		size = FULL_READ - 1 + payload_chance(&side->chance, 3);
		break;
	case CUT_RANDOM:
		size = 1 + payload_chance(&side->chance, RANDOM_MAX);
		break;
	default:
		break;
	}
	size = MIN(size, side->phase);
	side->phase -= size;
	return size;
}

/* How far the server may send now. */
static guint64 limit_of(const struct soak_flow *flow)
{
	if (flow->patient && flow->received < flow->up)
		return 0;
	return flow->echo ? flow->received : flow->down;
}

/* Sends a piece. Return: false when the connection takes no more for good. */
static bool push(struct server_connection *c, struct soak_flow *flow, struct side *side)
{
	ssize_t n;

	if (side->at == side->size) {
		side->at = 0;
		side->size = cut(side);
		side->size = MIN(side->size, limit_of(flow) - flow->sent);
		payload_take(&side->out, side->unsent, side->size);
	}
	n = server_give(c, side->unsent + side->at, side->size - side->at);
	if (n <= 0)
		return errno == EAGAIN;
	side->at += (gsize)n;
	flow->sent += (guint64)n;
	return true;
}

/* Takes and checks what is there. Return: false at the end, or when a byte is wrong. */
static bool pull(struct server_connection *c, struct soak_flow *flow, struct side *side)
{
	guint8 buffer[CHUNK];
	ssize_t n = server_take(c, buffer, sizeof(buffer));
	long wrong;

	if (n <= 0)
		return n < 0 && errno == EAGAIN;
	wrong = payload_check(&side->in, buffer, (gsize)n);
	if (wrong >= 0 && flow->wrong < 0)
		flow->wrong = (gint64)flow->received + wrong;
	flow->received += (guint64)n;
	return wrong < 0;
}

static void serve(struct server_connection *c, gpointer user)
{
	struct soak_flow *flow = user;
	struct side *side = g_new0(struct side, 1);
	struct pollfd poller = { .fd = server_fd(c) };
	int on = 1;

	payload_init(&side->out, flow->seed, flow->number, flow->echo ? PAYLOAD_UP : PAYLOAD_DOWN);
	payload_init(&side->in, flow->seed, flow->number, PAYLOAD_UP);
	payload_init(&side->chance, flow->seed, flow->number + 100, PAYLOAD_DOWN);
	setsockopt(poller.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	fcntl(poller.fd, F_SETFL, fcntl(poller.fd, F_GETFL) | O_NONBLOCK);
	while (flow->sent < flow->down || flow->received < flow->up) {
		poller.events = (short)(POLLIN | (flow->sent < limit_of(flow) ? POLLOUT : 0));
		if (poll(&poller, 1, -1) < 0)
			break;
		if (flow->sent < limit_of(flow) && !push(c, flow, side))
			break;
		if (!pull(c, flow, side))
			break;
	}
	g_free(side);
}

void soak_serve(struct harness *h, struct soak_flow *flow)
{
	struct server server = {
		.kind = SERVER_OWN, .tls = flow->tls, .serve = serve, .user = flow
	};

	flow->wrong = -1;
	flow->port = server_start(h, &server);
}

const char *soak_routes(struct harness *h, const struct soak_flow *flows, guint count)
{
	GString *tcp = g_string_new(NULL), *tls = g_string_new(NULL);
	GString *list;
	const char *routes;
	guint i;

	for (i = 0; i < count; i++) {
		list = flows[i].tls ? tls : tcp;
		g_string_append_printf(list, "%s%u", list->len ? ", " : "", flows[i].port);
	}
	routes = harness_format(h,
				"[route tcp]\nhost = %s\nport = %s\nthrough = tcp\n\n"
				"[route tls]\nhost = %s\nport = %s\nthrough = tls\n"
				"verify = none\n\n[default]\nthrough = refuse\n",
				SOAK_HOST, tcp->str, SOAK_HOST, tls->str);
	g_string_free(tcp, TRUE);
	g_string_free(tls, TRUE);
	return routes;
}

static void parse_outcome(const char *line, guint number, struct soak_outcome *outcome)
{
	guint said;

	ck_assert_msg(sscanf(line,
			     "flow %u sent %" G_GUINT64_FORMAT " received %" G_GUINT64_FORMAT
			     " wrong %" G_GINT64_FORMAT " end %31s",
			     &said, &outcome->sent, &outcome->received, &outcome->wrong,
			     outcome->end) == 5 &&
			      said == number,
		      "soak-client said: %s", line);
}

void soak_run(struct harness *h, struct soak_flow *const *flows, guint count, guint patience,
	      guint seconds, struct soak_outcome *outcomes)
{
	const struct run how = { .wrapped = true, .seconds = seconds };
	GPtrArray *argv = g_ptr_array_new();
	const struct result *result;
	char **lines;
	guint i;

	g_ptr_array_add(argv, (gpointer)harness_built(h, "tests/soak/soak-client"));
	g_ptr_array_add(argv, (gpointer)harness_format(h, "%" G_GUINT64_FORMAT, flows[0]->seed));
	g_ptr_array_add(argv, (gpointer)harness_format(h, "%u", patience));
	g_ptr_array_add(argv, (gpointer)SOAK_HOST);
	for (i = 0; i < count; i++)
		g_ptr_array_add(argv,
				(gpointer)harness_format(
					h, "%u:%u:%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT "%s",
					flows[i]->number, flows[i]->port, flows[i]->up,
					flows[i]->down, flows[i]->echo ? ":echo" : ""));
	g_ptr_array_add(argv, NULL);
	result = harness_run_as(h, &how, (const char *const *)argv->pdata);
	g_ptr_array_free(argv, TRUE);
	ck_result_status(result, 0);
	lines = g_strsplit(result->out->str, "\n", 0);
	ck_assert_uint_ge(g_strv_length(lines), count);
	for (i = 0; i < count; i++)
		parse_outcome(lines[i], flows[i]->number, &outcomes[i]);
	g_strfreev(lines);
}
