// SPDX-License-Identifier: MIT
/*
 * Datagrams. They are taken out of the tunnel device and sent through a datagram flow of their own for
 * each pair of source and destination; answers go in as packets whose source is the destination, so
 * nothing of recvfrom() has to be imitated. Where the broker refuses, an ICMP error says so, which only
 * a connected socket hears.
 *
 * Questions to name servers end their session when all are answered: resolvers take a new port for each.
 */
#include "eswrap-tunnel/engine.h"

#include <errno.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "wire/name.h"
#include "wire/tag.h"

#define SESSIONS 256
/* The most bytes that the module takes in one datagram. */
#define DATAGRAM_MAX 1460
/* While the broker is asked, as many datagrams wait; more are lost, as on any line. */
#define QUEUE 4
/* No resolver waits longer for an answer, ms. */
#define PATIENCE_MS 10000

/**
 * struct session - one source and one destination
 * @socket:	where it came from, of the namespace's loopback; -1: out of the device
 * @questions:	to a name server, which have no answer yet
 * @fd:		the flow, or while @asking the question's connection; -1: the session is free
 * @waiting:	for the broker, or for an answer to a question: it is looked after
 * @used:	ms, of the last datagram
 * @first:	the packet that ICMP errors are about
 * @queue:	what waits for the broker
 */
struct session {
	struct tuple tuple;
	int fd, socket;
	unsigned int questions;
	bool asking, waiting;
	int64_t used, since;
	uint8_t first[PACKET_IP_HEADER + PACKET_UDP_HEADER];
	unsigned int queued;
	struct {
		uint16_t len;
		uint8_t data[DATAGRAM_MAX];
	} * queue;
};

struct session *udp_new(void)
{
	struct session *sessions = calloc(SESSIONS, sizeof(*sessions));
	int i;

	for (i = 0; sessions && i < SESSIONS; i++)
		sessions[i].fd = -1;
	return sessions;
}

static void end(struct engine *engine, struct session *session)
{
	question_fail(engine, &session->tuple);
	if (session->fd >= 0)
		close(session->fd);
	engine->waiting -= session->waiting;
	free(session->queue);
	memset(session, 0, sizeof(*session));
	session->fd = -1;
}

static void look_after(struct engine *engine, struct session *session)
{
	bool waits = session->asking || session->questions;

	engine->waiting += (unsigned int)waits - (unsigned int)session->waiting;
	session->waiting = waits;
}

static void refuse_datagram(struct engine *engine, const struct session *session, int code)
{
	uint8_t out[PACKET_ERROR_MAX], first[sizeof(session->first)];
	struct packet packet;

	if (session->socket >= 0)
		return;
	/* Its data is not here any more: the length must not say so. */
	memcpy(first, session->first, sizeof(first));
	if (packet_parse(first, sizeof(first), &packet) == PACKET_UDP)
		engine_write(engine, out,
			     packet_unreachable(&packet, engine->nat->gateway, code, out));
}

static struct session *find(struct engine *engine, const struct tuple *tuple)
{
	int i;

	for (i = 0; i < SESSIONS; i++) {
		if (engine->sessions[i].fd >= 0 &&
		    memcmp(&engine->sessions[i].tuple, tuple, sizeof(*tuple)) == 0)
			return &engine->sessions[i];
	}
	return NULL;
}

/* A free one, or the one that was used least recently. */
static struct session *take_session(struct engine *engine)
{
	struct session *oldest = &engine->sessions[0];
	int i;

	for (i = 0; i < SESSIONS; i++) {
		if (engine->sessions[i].fd < 0)
			return &engine->sessions[i];
		if (engine->sessions[i].used < oldest->used)
			oldest = &engine->sessions[i];
	}
	end(engine, oldest);
	return oldest;
}

static void send_one(struct engine *engine, struct session *session, const void *data, size_t len)
{
	if (send(session->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 || errno == EAGAIN)
		return;
	/* The broker has gone, or has forgotten the destination: the next one asks anew. */
	if (errno != EMSGSIZE) {
		refuse_datagram(engine, session, ICMP_PORT_UNREACH);
		end(engine, session);
	}
}

static void keep(struct session *session, const void *data, size_t len)
{
	if (!session->queue)
		session->queue = calloc(QUEUE, sizeof(*session->queue));
	if (!session->queue || session->queued == QUEUE)
		return;
	session->queue[session->queued].len = (uint16_t)len;
	memcpy(session->queue[session->queued++].data, data, len);
}

static struct session *begin_session(struct engine *engine, int fd, const struct tuple *tuple)
{
	struct session *session = take_session(engine);
	uint32_t uid, inode;
	int result;

	session->tuple = *tuple;
	session->socket = fd;
	packet_udp(tuple, "", 0, session->first);
	diag_holder(engine->space.diag, IPPROTO_UDP, tuple, &uid, &inode);
	result = far_ask(ESWRAP_ASSOCIATE, tuple, uid, inode);
	if (result < 0) {
		refuse_datagram(engine, session, ICMP_NET_UNREACH);
		question_fail(engine, tuple);
		return NULL;
	}
	session->fd = result;
	session->asking = true;
	session->since = engine->now;
	engine_watch(engine, session->fd, 0, EPOLLIN, WATCHED_SESSION,
		     (unsigned int)(session - engine->sessions));
	return session;
}

static void take_datagram(struct engine *engine, int fd, const struct tuple *tuple,
			  const void *data, size_t len)
{
	bool asks = tuple->dest_port == htons(ESWRAP_PORT_NAMES);
	struct session *session = find(engine, tuple);

	/* What the module cannot take must not look sent: nothing can be said of it, though. */
	if (len > DATAGRAM_MAX)
		return;
	if (asks)
		question_keep(engine, fd, tuple, data, len);
	if (!session)
		session = begin_session(engine, fd, tuple);
	if (!session)
		return;
	session->used = engine->now;
	session->questions += asks;
	look_after(engine, session);
	if (session->asking)
		keep(session, data, len);
	else
		send_one(engine, session, data, len);
}

void udp_packet(struct engine *engine, struct packet *packet)
{
	take_datagram(engine, -1, &packet->tuple, packet->payload, packet->payload_len);
}

void udp_take_name(struct engine *engine, unsigned int number)
{
	struct tuple tuple = { .dest_port = htons(ESWRAP_PORT_NAMES) };
	int fd = engine->space.names[number];
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	uint8_t data[DATAGRAM_MAX];
	ssize_t got =
		recvfrom(fd, data, sizeof(data), MSG_DONTWAIT, (struct sockaddr *)&from, &len);

	if (got < 0 || len != sizeof(from) || from.sin_family != AF_INET)
		return;
	tuple.source = from.sin_addr.s_addr;
	tuple.source_port = from.sin_port;
	len = sizeof(from);
	if (getsockname(fd, (struct sockaddr *)&from, &len) == 0)
		tuple.dest = from.sin_addr.s_addr;
	take_datagram(engine, fd, &tuple, data, (size_t)got);
}

/* Connects a flow to its one destination, by the name that only we and the broker know. */
static bool connect_flow(int fd, const struct session *session, const struct eswrap_reply *reply)
{
	struct eswrap_name peer = { .kind = ESWRAP_NAME_DATAGRAM_PEER,
				    .id = reply->id,
				    .type = SOCK_DGRAM,
				    .family = AF_INET,
				    .endpoint = { .family = AF_INET } };
	struct sockaddr_un name;
	socklen_t len;

	peer.endpoint.port = ntohs(session->tuple.dest_port);
	memcpy(peer.endpoint.address, &session->tuple.dest, 4);
	peer.tag = eswrap_peer_tag(&reply->key, AF_INET, &peer.endpoint);
	len = eswrap_name_format(&peer, &name);
	return connect(fd, (struct sockaddr *)&name, len) == 0;
}

static void granted(struct engine *engine, struct session *session)
{
	unsigned int number = (unsigned int)(session - engine->sessions), i;
	struct eswrap_reply reply;
	int fd = far_take(session->fd, &reply);

	if (fd == -EAGAIN)
		return;
	if (fd < 0 || !connect_flow(fd, session, &reply)) {
		if (fd >= 0)
			close(fd);
		refuse_datagram(engine, session,
				fd == -EHOSTUNREACH || fd == -EACCES ? ICMP_HOST_UNREACH
								     : ICMP_NET_UNREACH);
		end(engine, session);
		return;
	}
	close(session->fd);
	session->fd = fd;
	session->asking = false;
	look_after(engine, session);
	engine_watch(engine, fd, 0, EPOLLIN, WATCHED_SESSION, number);
	for (i = 0; i < session->queued && session->fd >= 0; i++)
		send_one(engine, session, session->queue[i].data, session->queue[i].len);
	free(session->queue);
	session->queue = NULL;
	session->queued = 0;
}

static void received(struct engine *engine, struct session *session)
{
	static uint8_t data[PACKET_MAX];
	ssize_t got = recv(session->fd, data, PACKET_MAX - PACKET_IP_HEADER - PACKET_UDP_HEADER,
			   MSG_DONTWAIT);

	if (got >= 0) {
		session->used = engine->now;
		question_answered(engine, &session->tuple, data, (size_t)got);
		engine_deliver(engine, session->socket, &session->tuple, data, (size_t)got);
		if (session->questions && --session->questions == 0)
			end(engine, session);
	} else if (errno != EAGAIN && errno != EINTR) {
		refuse_datagram(engine, session, ICMP_PORT_UNREACH);
		end(engine, session);
	}
}

void udp_event(struct engine *engine, unsigned int number)
{
	struct session *session = &engine->sessions[number];

	if (session->fd < 0)
		return;
	if (session->asking)
		granted(engine, session);
	else
		received(engine, session);
}

/* A socket of datagrams does not hear that the broker has gone: its name has gone with it. */
static bool broker_is_there(const struct session *session)
{
	struct sockaddr_un name;
	socklen_t len = sizeof(name);

	return getpeername(session->fd, (struct sockaddr *)&name, &len) == 0 &&
	       connect(session->fd, (const struct sockaddr *)&name, len) == 0;
}

static void check(struct engine *engine, struct session *session)
{
	if (session->asking && engine->now - session->since < ANSWER_MS)
		return;
	if (!session->asking && engine->now - session->used < PATIENCE_MS &&
	    broker_is_there(session))
		return;
	refuse_datagram(engine, session, ICMP_NET_UNREACH);
	end(engine, session);
}

void udp_check(struct engine *engine)
{
	int i;

	for (i = 0; engine->waiting && i < SESSIONS; i++) {
		if (engine->sessions[i].waiting)
			check(engine, &engine->sessions[i]);
	}
}
