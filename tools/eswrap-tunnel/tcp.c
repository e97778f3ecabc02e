// SPDX-License-Identifier: MIT
/*
 * TCP connections: what is connected to what, and the bytes between them.
 *
 * DOC: Theory of Operation
 *
 * Of each connection the engine has two descriptors: *near*, the socket that it has accepted in the
 * namespace, and *far*, the flow; of a listed port, a socket of the caller's. With the states of nat.h:
 *
 *	HELD		the broker was asked; then far is there and connects
 *	HANDSHAKE	the SYN is on its way to the listener
 *	OPEN		bytes move
 *
 * Bytes are never kept here: they are peeked at on the one side, and taken out of its queue when the
 * other side has accepted them. So what a program has written waits in the kernel's queues, as ever.
 *
 * The ends:
 *
 *	far: end of file	near is shut down for writing: the program reads all, then the end
 *	far: an error		near is closed: a reset (SO_LINGER 0)
 *	near: end of file	a close()? then far is closed. A shutdown()? then far is shut down, and
 *				the kernel is asked from time to time whether it has become a close()
 *	both: end of file	near is closed with what it still has to send, far is closed
 */
#include "eswrap-tunnel/engine.h"

#include <errno.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/outcome.h"

/* Connections to listed ports, and to name servers on the loopback, have numbers behind the table's. */
#define LOCALS	    256
#define CONNECTIONS (NAT_ENTRIES + LOCALS)
/* As much is peeked at at once. */
#define PIECE 65536

/**
 * struct connection - one of these for each slot of the table, and for each connection to a listed port
 * @ask:	the question to the broker that is not answered yet; -1: none
 * @near, @far:	-1: not there
 * @near_events, @far_events:	what the epoll set has of them
 * @near_ended, @far_ended:	its end of file was seen
 * @near_full, @far_full:	it takes no more for now
 * @checked:	the kernel is to be asked whether the program is still there
 * @check_at, @check_ms:	ms: when to ask again, and how long after that
 * @since:	ms
 */
struct connection {
	int ask, near, far;
	uint32_t near_events, far_events;
	bool near_ended, far_ended, near_full, far_full, checked;
	int64_t check_at, check_ms, since;
};

struct connection *tcp_new(void)
{
	struct connection *connections = calloc(CONNECTIONS, sizeof(*connections));
	int i;

	for (i = 0; connections && i < CONNECTIONS; i++)
		connections[i].ask = connections[i].near = connections[i].far = -1;
	return connections;
}

static unsigned int number_of(const struct engine *engine, const struct connection *c)
{
	return (unsigned int)(c - engine->connections);
}

/* NULL for a connection that does not go through the device. */
static struct nat_entry *entry_of(const struct engine *engine, const struct connection *c)
{
	return nat_entry(engine->nat, number_of(engine, c) + 1);
}

static struct connection *connection_of(const struct engine *engine, const struct nat_entry *entry)
{
	return &engine->connections[nat_slot(engine->nat, entry) - 1];
}

static void check_in(struct engine *engine, struct connection *c, int64_t ms)
{
	c->check_at = engine->now + ms;
	if (c->checked && (engine->checks == 1 || c->check_at < engine->check_at))
		engine->check_at = c->check_at;
}

static void set_checked(struct engine *engine, struct connection *c, bool checked)
{
	if (c->checked != checked)
		engine->checks += checked ? 1 : -1u;
	c->checked = checked;
	c->check_ms = CHECK_FIRST_MS;
	check_in(engine, c, c->check_ms);
}

static void watch_near(struct engine *engine, struct connection *c, uint32_t events)
{
	engine_watch(engine, c->near, c->near_events, events, WATCHED_NEAR, number_of(engine, c));
	c->near_events = events;
}

/* The question's descriptor, while there is one, is watched in its place. */
static void watch_far(struct engine *engine, struct connection *c, uint32_t events)
{
	engine_watch(engine, c->ask >= 0 ? c->ask : c->far, c->far_events, events, WATCHED_FAR,
		     number_of(engine, c));
	c->far_events = events;
}

static void close_all(struct engine *engine, struct connection *c)
{
	if (c->ask >= 0)
		close(c->ask);
	if (c->far >= 0)
		close(c->far);
	if (c->near >= 0)
		close(c->near);
	set_checked(engine, c, false);
	memset(c, 0, sizeof(*c));
	c->ask = c->near = c->far = -1;
}

/* Gives a connection up; where the program still has its side, that is a reset. */
static void drop(struct engine *engine, struct connection *c)
{
	struct nat_entry *entry = entry_of(engine, c);

	close_all(engine, c);
	if (!entry)
		return;
	if (entry->state == NAT_HELD)
		nat_free(engine->nat, entry);
	else
		nat_end(entry, engine->now);
}

/* Both sides have said that they are done. */
static void finish(struct engine *engine, struct connection *c)
{
	const struct linger none = { 0, 0 };

	setsockopt(c->near, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	drop(engine, c);
}

/* What ICMP can say of a failed connect: nearer to the errno than nothing. */
static int answer_to(int error)
{
	switch (error) {
	case ENETUNREACH:
	case ENETDOWN:
	case ENOBUFS:
		return ICMP_NET_UNREACH;
	case EPROTO:
		return ICMP_PROT_UNREACH;
	case EHOSTUNREACH:
	case ETIMEDOUT:
	case EACCES:
		return ICMP_HOST_UNREACH;
	default:
		return NAT_ANSWER_RESET;
	}
}

static void let_connect(struct engine *engine, struct nat_entry *entry)
{
	uint8_t out[PACKET_ERROR_MAX];

	engine_write(engine, out, nat_answer(engine->nat, entry, out));
}

static void refuse(struct engine *engine, struct connection *c, int error)
{
	struct nat_entry *entry = entry_of(engine, c);

	if (!entry) {
		drop(engine, c);
		return;
	}
	close_all(engine, c);
	nat_refuse(entry, answer_to(error), engine->now);
	let_connect(engine, entry);
}

static void ask_for_flow(struct engine *engine, struct connection *c, struct nat_entry *entry)
{
	uint32_t uid, inode;
	int result;

	if (diag_holder(engine->space.diag, IPPROTO_TCP, &entry->program, &uid, &inode) ==
	    HOLDER_NONE) {
		/* It is none of a program's; or it has been closed already. */
		drop(engine, c);
		return;
	}
	result = far_ask(ESWRAP_CONNECT, &entry->program, uid, inode);
	if (result >= 0) {
		c->ask = result;
		watch_far(engine, c, EPOLLIN);
	} else if (result != -EAGAIN) {
		refuse(engine, c, ENETDOWN);
	}
}

static void begin_connection(struct engine *engine, struct nat_entry *entry)
{
	struct connection *c = connection_of(engine, entry);

	close_all(engine, c);
	c->since = engine->now;
	set_checked(engine, c, true);
	ask_for_flow(engine, c, entry);
}

static void answered(struct engine *engine, struct connection *c)
{
	struct eswrap_reply reply;
	int fd = far_take(c->ask, &reply);

	if (fd == -EAGAIN)
		return;
	watch_far(engine, c, 0);
	close(c->ask);
	c->ask = -1;
	if (fd < 0) {
		refuse(engine, c, -fd);
		return;
	}
	c->far = fd;
	watch_far(engine, c, EPOLLOUT);
}

static void connected(struct engine *engine, struct connection *c)
{
	struct nat_entry *entry = entry_of(engine, c);
	struct eswrap_name outcome;
	uint8_t syn[NAT_SYN_MAX];
	int error = EPROTO;

	switch (eswrap_outcome(c->far, &outcome)) {
	case OUTCOME_KNOWN:
		error = outcome.error;
		break;
	case OUTCOME_ORPHAN:
		error = ENETDOWN;
		break;
	case OUTCOME_NONE:
		break;
	}
	if (error) {
		refuse(engine, c, error);
		return;
	}
	watch_far(engine, c, 0);
	engine_write(engine, syn, nat_release(engine->nat, entry, engine->now, syn));
}

void tcp_packet(struct engine *engine, struct packet *packet)
{
	struct nat_entry *entry;
	uint8_t out[PACKET_RESET_LEN];

	switch (nat_packet(engine->nat, packet, engine->now, &entry)) {
	case NAT_DROP:
		break;
	case NAT_BEGIN:
		begin_connection(engine, entry);
		break;
	case NAT_FORWARD:
		engine_write(engine, packet->data, packet->len);
		break;
	case NAT_REPEAT:
		let_connect(engine, entry);
		break;
	case NAT_UNKNOWN:
		engine_write(engine, out, packet_reset(packet, out));
		break;
	}
}

static void look(struct engine *engine, struct connection *c)
{
	watch_near(engine, c,
		   (c->near_ended || c->far_full ? 0u : EPOLLIN) | (c->near_full ? EPOLLOUT : 0u));
	watch_far(engine, c,
		  (c->far_ended || c->near_full ? 0u : EPOLLIN) | (c->far_full ? EPOLLOUT : 0u));
}

enum moved { MOVED, MOVED_EMPTY, MOVED_FULL, MOVED_END, MOVED_ERROR };

static enum moved move_bytes(int from, int to)
{
	static char piece[PIECE];
	ssize_t got, put;

	got = recv(from, piece, sizeof(piece), MSG_PEEK | MSG_DONTWAIT);
	if (got == 0)
		return MOVED_END;
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? MOVED_EMPTY : MOVED_ERROR;
	put = send(to, piece, (size_t)got, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (put < 0)
		return errno == EAGAIN || errno == EINTR ? MOVED_FULL : MOVED_ERROR;
	/* They are there: they were seen. */
	if (recv(from, piece, (size_t)put, MSG_DONTWAIT) != put)
		return MOVED_ERROR;
	return put < got ? MOVED_FULL : MOVED;
}

/* Return: false when the connection is gone. */
static bool from_near(struct engine *engine, struct connection *c)
{
	const int on = 1;

	switch (move_bytes(c->near, c->far)) {
	case MOVED:
		/* A program that writes twice and then reads must not wait for a delayed one. */
		setsockopt(c->near, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
		c->far_full = false;
		return true;
	case MOVED_EMPTY:
		c->far_full = false;
		return true;
	case MOVED_FULL:
		c->far_full = true;
		return true;
	case MOVED_END:
		c->near_ended = true;
		c->far_full = false;
		if (c->far_ended) {
			finish(engine, c);
			return false;
		}
		shutdown(c->far, SHUT_WR);
		set_checked(engine, c, true);
		check_in(engine, c, 0);
		return true;
	case MOVED_ERROR:
		break;
	}
	drop(engine, c);
	return false;
}

static bool from_far(struct engine *engine, struct connection *c)
{
	switch (move_bytes(c->far, c->near)) {
	case MOVED:
	case MOVED_EMPTY:
		c->near_full = false;
		return true;
	case MOVED_FULL:
		c->near_full = true;
		return true;
	case MOVED_END:
		c->far_ended = true;
		c->near_full = false;
		if (c->near_ended) {
			finish(engine, c);
			return false;
		}
		shutdown(c->near, SHUT_WR);
		return true;
	case MOVED_ERROR:
		break;
	}
	drop(engine, c);
	return false;
}

/* A socket of the caller's to a listed port, or a flow to a name server, has connected, or not. */
static void port_connected(struct engine *engine, struct connection *c)
{
	socklen_t len = sizeof(int);
	int error = 0;

	getsockopt(c->far, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error) {
		drop(engine, c);
		return;
	}
	c->since = 0;
	look(engine, c);
}

void tcp_event(struct engine *engine, enum watched what, unsigned int number, uint32_t events)
{
	struct connection *c = &engine->connections[number];
	struct nat_entry *entry = entry_of(engine, c);

	if (entry && entry->state == NAT_HELD) {
		if (c->ask >= 0)
			answered(engine, c);
		else if (c->far >= 0)
			connected(engine, c);
		return;
	}
	if (!entry && c->ask >= 0)
		answered(engine, c);
	if (c->near < 0 || c->far < 0)
		return;
	if (!entry && c->since) {
		port_connected(engine, c);
		return;
	}
	if (what == WATCHED_NEAR && (events & EPOLLOUT) && !from_far(engine, c))
		return;
	if (what == WATCHED_FAR && (events & EPOLLOUT) && !from_near(engine, c))
		return;
	if (what == WATCHED_NEAR && (events & ~(uint32_t)EPOLLOUT) && !c->near_ended &&
	    !c->far_full && !from_near(engine, c))
		return;
	if (what == WATCHED_FAR && (events & ~(uint32_t)EPOLLOUT) && !c->far_ended &&
	    !c->near_full && !from_far(engine, c))
		return;
	/* The other side may be gone after its end: nobody takes what is left. */
	if ((events & (EPOLLERR | EPOLLHUP)) &&
	    (what == WATCHED_NEAR ? c->near_ended : c->far_ended)) {
		drop(engine, c);
		return;
	}
	look(engine, c);
}

static int accept_from(int listener, struct sockaddr_in *from)
{
	const struct linger reset = { 1, 0 };
	const int on = 1;
	socklen_t len = sizeof(*from);
	int fd = accept4(listener, (struct sockaddr *)from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

void tcp_accept(struct engine *engine)
{
	struct sockaddr_in from;
	struct nat_entry *entry;
	struct connection *c;
	int fd = accept_from(engine->space.listener, &from);

	if (fd < 0)
		return;
	entry = nat_entry(engine->nat, ntohs(from.sin_port));
	/* Programs can connect to the listener, too: that is nobody's connection. */
	if (from.sin_addr.s_addr != engine->nat->gateway || !entry ||
	    entry->state != NAT_HANDSHAKE) {
		close(fd);
		return;
	}
	c = connection_of(engine, entry);
	nat_open(entry, engine->now);
	set_checked(engine, c, false);
	c->near = fd;
	look(engine, c);
}

/* A connection of the loopback's that has just been accepted; NULL: there are too many. */
static struct connection *accept_local(struct engine *engine, int listener,
				       struct sockaddr_in *from)
{
	struct connection *c = &engine->connections[NAT_ENTRIES];
	int fd = accept_from(listener, from);

	while (c < engine->connections + CONNECTIONS && c->near >= 0)
		c++;
	if (fd < 0)
		return NULL;
	if (c == engine->connections + CONNECTIONS) {
		close(fd);
		return NULL;
	}
	c->near = fd;
	c->since = engine->now + 1;
	return c;
}

void tcp_accept_port(struct engine *engine, unsigned int number)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons(engine->space.port[number]),
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in from;
	struct connection *c = accept_local(engine, engine->space.ports[number], &from);

	if (!c)
		return;
	c->far = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->far < 0 ||
	    (connect(c->far, (const struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS))
		drop(engine, c);
	else
		watch_far(engine, c, EPOLLOUT);
}

void tcp_accept_name(struct engine *engine, unsigned int number)
{
	struct sockaddr_in from, to;
	socklen_t len = sizeof(to);
	struct connection *c = accept_local(engine, engine->space.name_streams[number], &from);
	struct tuple tuple;
	uint32_t uid, inode;

	if (!c)
		return;
	if (getsockname(c->near, (struct sockaddr *)&to, &len) < 0) {
		drop(engine, c);
		return;
	}
	tuple = (struct tuple){ from.sin_addr.s_addr, to.sin_addr.s_addr, from.sin_port,
				to.sin_port };
	diag_holder(engine->space.diag, IPPROTO_TCP, &tuple, &uid, &inode);
	c->ask = far_ask(ESWRAP_CONNECT, &tuple, uid, inode);
	if (c->ask < 0) {
		c->ask = -1;
		drop(engine, c);
		return;
	}
	watch_far(engine, c, EPOLLIN);
}

static void check(struct engine *engine, struct connection *c)
{
	struct nat_entry *entry = entry_of(engine, c);
	uint32_t uid, inode;

	c->check_ms = c->check_ms * 2 < CHECK_MS ? c->check_ms * 2 : CHECK_MS;
	check_in(engine, c, c->check_ms);
	/* Of a listed port both ends are sockets of a kernel's: they know. */
	if (!entry) {
		set_checked(engine, c, false);
		return;
	}
	if (diag_holder(engine->space.diag, IPPROTO_TCP, &entry->program, &uid, &inode) ==
	    HOLDER_NONE)
		drop(engine, c);
	else if (entry->state == NAT_HELD && c->far < 0 && engine->now - c->since >= ANSWER_MS)
		refuse(engine, c, ENETDOWN);
	else if (entry->state == NAT_HELD && c->far < 0 && c->ask < 0)
		ask_for_flow(engine, c, entry);
}

void tcp_check(struct engine *engine)
{
	int64_t first = INT64_MAX;
	unsigned int left = engine->checks;
	struct connection *c;

	if (!left || engine->now < engine->check_at)
		return;

	for (c = engine->connections; left && c < engine->connections + CONNECTIONS; c++) {
		if (!c->checked)
			continue;
		left--;
		if (engine->now >= c->check_at)
			check(engine, c);
		if (c->checked && c->check_at < first)
			first = c->check_at;
	}
	engine->check_at = first;
}
