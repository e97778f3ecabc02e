// SPDX-License-Identifier: MIT
/*
 * Questions to name servers. Whichever server a program asks, the broker is asked for the name, and
 * the answer is a stand-in address, no record (AAAA, HTTPS and all other types: so nobody tries IPv6
 * beside it, or believes in what a flagged name has no use for), or NXDOMAIN: for names that do not
 * exist, that may not be asked, and that no route flags, since nothing is direct in here. So no name
 * leaves by another way, with a search domain behind it or without.
 *
 * Questions come out of the tunnel device, or, where resolv.conf names a server on 127/8, by a socket
 * that is bound there: the namespace has a loopback of its own.
 */
#include "eswrap-tunnel/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/ask.h"
#include "wire/dns.h"

#define QUERIES 64
/* What a program asks at once; EDNS options and all. */
#define QUESTION_MAX 1232
/* The broker answers earlier. */
#define LOOK_UP_MS 30000

/**
 * struct query - a question that the broker is asked about
 * @ask:	the connection to the broker; -1: free
 * @socket:	where it came from, of the namespace's loopback; -1: out of the device
 * @tuple:	its packet's ends; of a question by @socket only @source and @source_port
 */
struct query {
	int ask, socket;
	struct tuple tuple;
	struct dns_question question;
	int64_t since;
	uint8_t packet[12 + 255 + 4];
};

struct query *query_new(void)
{
	struct query *queries = calloc(QUERIES, sizeof(*queries));
	int i;

	for (i = 0; queries && i < QUERIES; i++)
		queries[i].ask = -1;
	return queries;
}

static void end(struct engine *engine, struct query *query)
{
	close(query->ask);
	query->ask = -1;
	engine->waiting--;
}

static void send_answer(struct engine *engine, const struct query *query, const uint8_t *answer,
			size_t size)
{
	const struct tuple back = { query->tuple.dest, query->tuple.source, query->tuple.dest_port,
				    query->tuple.source_port };
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = query->tuple.source_port,
					.sin_addr.s_addr = query->tuple.source };
	uint8_t packet[PACKET_IP_HEADER + PACKET_UDP_HEADER + DNS_ANSWER_MAX];

	if (query->socket < 0)
		engine_write(engine, packet, packet_udp(&back, answer, size, packet));
	else if (sendto(query->socket, answer, size, MSG_DONTWAIT | MSG_NOSIGNAL,
			(const struct sockaddr *)&to, sizeof(to)) < 0)
		return; /* the asker has gone */
}

static void answer(struct engine *engine, const struct query *query, enum dns_code code,
		   const uint8_t *address)
{
	uint8_t text[DNS_ANSWER_MAX];

	send_answer(engine, query, text,
		    dns_answer(query->packet, &query->question, code, address, text));
}

static struct query *take(struct engine *engine)
{
	int i;

	for (i = 0; i < QUERIES; i++) {
		if (engine->queries[i].ask < 0)
			return &engine->queries[i];
	}
	return NULL;
}

/* One of those that come again is already being asked about. */
static bool is_asked(const struct engine *engine, const struct query *fresh)
{
	const struct query *query;
	int i;

	for (i = 0; i < QUERIES; i++) {
		query = &engine->queries[i];
		if (query->ask >= 0 &&
		    memcmp(&query->tuple, &fresh->tuple, sizeof(fresh->tuple)) == 0 &&
		    query->question.end == fresh->question.end &&
		    memcmp(query->packet, fresh->packet, fresh->question.end) == 0)
			return true;
	}
	return false;
}

static void look_up(struct engine *engine, struct query *fresh)
{
	struct query *query = take(engine);
	uint32_t uid, inode;

	if (!query || is_asked(engine, fresh))
		return;
	diag_holder(engine->space.diag, IPPROTO_UDP, &fresh->tuple, &uid, &inode);
	fresh->ask = far_look_up(fresh->question.name, uid, inode);
	if (fresh->ask < 0) {
		answer(engine, fresh, DNS_SERVER_FAILURE, NULL);
		return;
	}
	*query = *fresh;
	query->since = engine->now;
	engine->waiting++;
	engine_watch(engine, query->ask, 0, EPOLLIN, WATCHED_QUERY,
		     (unsigned int)(query - engine->queries));
}

void query_ask(struct engine *engine, int socket, const struct tuple *tuple, const uint8_t *packet,
	       size_t size)
{
	struct query query = { .ask = -1, .socket = socket, .tuple = *tuple };
	enum dns_code code = dns_parse(packet, size, &query.question);

	if (code == DNS_IGNORE)
		return;
	memcpy(query.packet, packet, query.question.end ? query.question.end : 12);
	if (code == DNS_GOOD && query.question.type == DNS_TYPE_PTR)
		code = DNS_NAME_UNKNOWN;
	if (code == DNS_GOOD)
		look_up(engine, &query);
	else
		answer(engine, &query, code, NULL);
}

void query_event(struct engine *engine, unsigned int number)
{
	struct query *query = &engine->queries[number];
	struct eswrap_reply reply;
	int fd, error;

	if (query->ask < 0)
		return;
	error = eswrap_ask_take(query->ask, MSG_DONTWAIT, &reply, &fd);
	if (error == EAGAIN || error == EINTR)
		return;
	if (fd >= 0)
		close(fd);
	if (error || (reply.verdict == ESWRAP_REFUSED && reply.error == ESWRAP_NAME_AGAIN))
		answer(engine, query, DNS_SERVER_FAILURE, NULL);
	else if (reply.verdict != ESWRAP_GRANTED)
		answer(engine, query, DNS_NAME_UNKNOWN, NULL);
	else
		answer(engine, query, DNS_GOOD,
		       query->question.type == DNS_TYPE_A ? reply.v4.address : NULL);
	end(engine, query);
}

void query_take(struct engine *engine, unsigned int number)
{
	struct tuple tuple = { .dest_port = htons(QUERY_PORT) };
	int fd = engine->space.names[number];
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	uint8_t packet[QUESTION_MAX];
	ssize_t got =
		recvfrom(fd, packet, sizeof(packet), MSG_DONTWAIT, (struct sockaddr *)&from, &len);

	if (got < 0 || len != sizeof(from) || from.sin_family != AF_INET)
		return;
	tuple.source = from.sin_addr.s_addr;
	tuple.source_port = from.sin_port;
	len = sizeof(from);
	if (getsockname(fd, (struct sockaddr *)&from, &len) == 0)
		tuple.dest = from.sin_addr.s_addr;
	query_ask(engine, fd, &tuple, packet, (size_t)got);
}

void query_check(struct engine *engine)
{
	int i;

	for (i = 0; engine->waiting && i < QUERIES; i++) {
		struct query *query = &engine->queries[i];

		if (query->ask >= 0 && engine->now - query->since >= LOOK_UP_MS) {
			answer(engine, query, DNS_SERVER_FAILURE, NULL);
			end(engine, query);
		}
	}
}
