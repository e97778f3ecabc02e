// SPDX-License-Identifier: MIT
/* Datagram flows. The theory of operation is in datagram.h. */
#include "eswrapd/datagram.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "eswrapd/account.h"
#include "eswrapd/closer.h"
#include "eswrapd/dns.h"
#include "eswrapd/forward.h"
#include "eswrapd/guard.h"
#include "eswrapd/living.h"
#include "eswrapd/log.h"
#include "eswrapd/outcome.h"
#include "eswrapd/presence.h"
#include "eswrapd/sched.h"
#include "eswrapd/stand-in.h"
#include "eswrapd/tally.h"
#include "loop/poller.h"
#include "loop/timer.h"
#include "wire/endpoint.h"
#include "wire/tag.h"

/* How often the timer looks for flows that have ended. */
#define CHECK_US (2 * G_TIME_SPAN_SECOND)
/* ... while one of them keeps a port that its program may want again. */
#define CHECK_PORT_US (G_TIME_SPAN_SECOND / 10)
/* Taken from a program's own socket at once, so that all others have their turn. */
#define RELAY_TURNS 32
#define IDLE_S	    30
#define CROWDED_S \
	5 /* instead of IDLE_S where others wait for a socket; longer than DNS or NTP take */
/* More destinations than this at once is a scan: the one used least recently loses its name. */
#define PEERS_MAX 64

/* TFTP [RFC 1350]: the server answers from a port that it chooses for each transfer. */
#define TFTP_PORT   69
#define ABOUT(peer) (&(struct log_about){ (peer)->flow->id, route_name(peer), (peer)->flow->uid })

enum peer_state { PEER_IDLE, PEER_WAITING, PEER_OPEN };

/* Printed exactly as written in the enum. */
static const char *const state_names[] = { "idle", "waiting", "open" };
G_STATIC_ASSERT(G_N_ELEMENTS(state_names) == PEER_OPEN + 1);

struct datagrams {
	struct flow_parts parts;
	GHashTable *flows;     /* id -> struct datagram_flow */
	struct living *living; /* the program's ends */
	struct timer timer;    /* for check() */
	guint8 peeked[ESWIFI_PAYLOAD_MAX];
};

/* Why a datagram does not arrive as it was sent. */
enum loss { LOSS_EMPTY, LOSS_TOO_LONG, LOSS_CUT, LOSS_NO_SOCKET, LOSS_UNREACHABLE };

static const struct {
	const char *word, *text; /* @text: for the log; NULL: it is said elsewhere */
} losses[] = {
	[LOSS_EMPTY] = { "empty", "empty ones are dropped: the module cannot send them" },
	[LOSS_TOO_LONG] = { "too-long", "those of more than " G_STRINGIFY(
						ESWIFI_PAYLOAD_MAX) " bytes are dropped: the "
								    "module cannot send them" },
	[LOSS_CUT] = { "perhaps-cut", "an answer fills all that the module reads of one, and may "
				      "have been longer" },
	[LOSS_NO_SOCKET] = { "no-socket", NULL },
	[LOSS_UNREACHABLE] = { "unreachable", NULL },
};

/**
 * struct datagram_flow - a datagram flow
 * @asker:	who it is for
 * @peers:	least recently used first
 * @own:	the program's own socket, as long as nothing has to go out by it; -1: there is none
 * @relay:	leads to the program's own socket; -1: there is none, or it is not needed yet
 * @serves:	who sends to that socket is heard
 */
struct datagram_flow {
	struct datagrams *datagrams;
	guint64 id;
	struct eswrap_key key;
	struct guard guard;
	struct sockaddr_un name;
	socklen_t name_len;
	uid_t uid;
	pid_t pid;
	char *program;
	struct asker asker;
	int family;
	GQueue peers;
	int own, relay;
	bool serves;
	struct poller_watch *relay_watch;
	gint64 began;
	guint told; /* bits of enum loss that are in the log */
};

/**
 * struct peer - one destination
 * @route:	NULL: a name server, whose questions are answered here, or @direct; it stays IDLE
 * @direct:	what is sent there goes out by the program's own socket
 * @asker:	of a name server; @forced is its route of -r
 */
struct peer {
	struct datagram_flow *flow;
	struct channel channel;
	struct dns_asker asker;
	char *forced;
	enum peer_state state;
	int fd;
	bool direct;
	bool connected; /* to the program's end; nobody else can send to it, or be sent to */
	struct poller_watch *watch;
	const struct route *route;
	struct eswrap_endpoint dest;
	char *host, *where;
	gint64 since; /* of its state, or of the last datagram */
	guint64 bytes_sent, bytes_received;
	GList link;
};

static const struct channel_ops channel_ops;

static struct peer *peer_of(struct channel *channel)
{
	return (gpointer)((char *)channel - offsetof(struct peer, channel));
}

static gint64 now(const struct datagrams *datagrams)
{
	return timers_now(datagrams->parts.timers);
}

static struct sched *sched_of(const struct peer *peer)
{
	return peer->flow->datagrams->parts.sched;
}

static const char *route_name(const struct peer *peer)
{
	return peer->route ? peer->route->name : peer->direct ? DIRECT_ROUTE : NAMES_ROUTE;
}

static void peer_free(struct peer *peer)
{
	responder_forget(&peer->asker);
	sched_release(sched_of(peer), &peer->channel);
	if (peer->watch)
		poller_remove(peer->watch);
	close(peer->fd);
	g_free(peer->forced);
	g_queue_unlink(&peer->flow->peers, &peer->link);
	g_free(peer->host);
	g_free(peer->where);
	g_free(peer);
}

static void datagram_flow_free(gpointer data)
{
	struct datagram_flow *flow = data;

	g_debug("datagram flow %" G_GINT64_MODIFIER "x: closed", flow->id);
	presence_leave(flow->datagrams->parts.presence);
	account_give(flow->datagrams->parts.accounts, flow->uid, LIMIT_DATAGRAM_FLOWS);
	while (flow->peers.head)
		peer_free(flow->peers.head->data);
	if (flow->relay_watch)
		poller_remove(flow->relay_watch);
	if (flow->relay >= 0)
		close(flow->relay);
	closer_close(flow->own);
	g_free(flow->program);
	g_free(flow);
}

static void end_flow(struct datagram_flow *flow)
{
	g_hash_table_remove(flow->datagrams->flows, &flow->id);
}

static void set_state(struct peer *peer, enum peer_state state)
{
	peer->state = state;
	peer->since = now(peer->flow->datagrams);
}

static void touch(struct peer *peer)
{
	peer->since = now(peer->flow->datagrams);
	g_queue_unlink(&peer->flow->peers, &peer->link);
	g_queue_push_tail_link(&peer->flow->peers, &peer->link);
}

/*
 * Connects a peer to the program's end. That cannot be done while the program's end is connected
 * to another one, and by its name alone nobody knows whose it is by now: so whether it lives is looked
 * at afterwards, as a name cannot be taken while it does.
 *
 * Return: 0; -EPERM: not now; -ECONNREFUSED: the program's end is gone.
 */
static int connect_peer(const struct datagram_flow *flow, int fd)
{
	if (connect(fd, (const struct sockaddr *)&flow->name, flow->name_len) < 0)
		return -errno;
	return living_has(flow->datagrams->living, flow->id) ? 0 : -ECONNREFUSED;
}

/* Counted each time, and told once for each flow. */
static void note_loss(struct peer *peer, enum loss why)
{
	struct datagram_flow *flow = peer->flow;

	tallies_add(flow->datagrams->parts.tallies, TALLY_LOST, losses[why].word);
	if (losses[why].text && !(flow->told & 1u << why))
		log_event(G_LOG_LEVEL_MESSAGE, ABOUT(peer), "%s: datagrams to %s (route %s): %s",
			  flow->program, peer->where, route_name(peer), losses[why].text);
	flow->told |= 1u << why;
}

/*
 * The first datagram that can be sent at all. A peer that is not connected is open to anybody who
 * has found its name: what has come there counts only while the program's end lives.
 *
 * Return: its size, 0: there is none.
 */
static gsize first_datagram(struct peer *peer)
{
	const struct datagram_flow *flow = peer->flow;
	guint8 *peeked = flow->datagrams->peeked;
	struct sockaddr_un from;
	socklen_t len;
	ssize_t n;
	bool ours;

	for (;;) {
		len = sizeof(from);
		n = recvfrom(peer->fd, peeked, ESWIFI_PAYLOAD_MAX,
			     MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT, (struct sockaddr *)&from, &len);
		ours = n >= 0 && len == flow->name_len && memcmp(&from, &flow->name, len) == 0 &&
		       (peer->connected || living_has(flow->datagrams->living, flow->id));
		if (ours && n > 0 && n <= ESWIFI_PAYLOAD_MAX)
			return (gsize)n;
		if (n < 0 && errno != EINTR)
			return 0;
		/* S3 cannot say an empty one. */
		if (ours)
			note_loss(peer, n ? LOSS_TOO_LONG : LOSS_EMPTY);
		recv(peer->fd, peeked, 0, MSG_DONTWAIT);
	}
}

static void drop_all(struct peer *peer, enum loss why)
{
	while (first_datagram(peer)) {
		recv(peer->fd, peer->flow->datagrams->peeked, 0, MSG_DONTWAIT);
		note_loss(peer, why);
	}
}

static void want_socket(struct peer *peer)
{
	set_state(peer, PEER_WAITING);
	peer->channel.may_send = true;
	sched_open(sched_of(peer), &peer->channel);
}

static void give_back(struct peer *peer)
{
	sched_release(sched_of(peer), &peer->channel);
	set_state(peer, PEER_IDLE);
}

/* What there is no room for is lost: the program asks again. */
static bool forward(const struct peer *peer, const guint8 *packet, gsize size)
{
	const struct forward_header header = { .server = peer->dest };
	struct iovec parts[] = { { (gpointer)&header, sizeof(header) },
				 { (gpointer)packet, size } };
	const struct msghdr message = { .msg_iov = parts, .msg_iovlen = G_N_ELEMENTS(parts) };

	return sendmsg(peer->flow->relay, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

static void hand_on(struct peer *peer)
{
	guint8 scratch;
	gsize size;

	while ((size = first_datagram(peer))) {
		peer->bytes_sent += size;
		touch(peer);
		forward(peer, peer->flow->datagrams->peeked, size);
		recv(peer->fd, &scratch, sizeof(scratch), MSG_DONTWAIT);
	}
}

static void take_questions(struct peer *peer)
{
	const guint8 *packet = peer->flow->datagrams->peeked;
	guint8 scratch;
	gsize size;

	while ((size = first_datagram(peer))) {
		peer->bytes_sent += size;
		touch(peer);
		if (!responder_ask(&peer->asker, packet, size) && !forward(peer, packet, size))
			responder_failed(&peer->asker, packet, size);
		recv(peer->fd, &scratch, sizeof(scratch), MSG_DONTWAIT);
	}
}

static void peer_event(uint32_t events G_GNUC_UNUSED, gpointer user)
{
	struct peer *peer = user;

	if (peer->direct)
		hand_on(peer);
	else if (!peer->route)
		take_questions(peer);
	else if (peer->state == PEER_IDLE && first_datagram(peer))
		want_socket(peer);
	else if (peer->state == PEER_OPEN)
		sched_may_send(sched_of(peer), &peer->channel);
}

static void peer_opened(struct channel *channel, int result, const char *text)
{
	struct peer *peer = peer_of(channel);

	if (result == 0) {
		set_state(peer, PEER_OPEN);
		return;
	}
	log_event(G_LOG_LEVEL_MESSAGE, ABOUT(peer), "datagrams to %s (route %s): %s: %s",
		  peer->where, peer->route->name, g_strerror(outcome_errno(result, text)),
		  *text ? text : "no reason given");
	drop_all(peer, LOSS_UNREACHABLE);
	set_state(peer, PEER_IDLE);
}

static gsize peer_peek(struct channel *channel, const guint8 **data)
{
	struct peer *peer = peer_of(channel);

	*data = peer->flow->datagrams->peeked;
	return peer->state == PEER_OPEN ? first_datagram(peer) : 0;
}

static void peer_sent(struct channel *channel, int result)
{
	struct peer *peer = peer_of(channel);
	guint8 scratch;

	if (result < 0 && result != -EPIPE && result != -ECONNRESET)
		return; /* peer_lost() comes next */
	recv(peer->fd, &scratch, sizeof(scratch), MSG_DONTWAIT);
	if (result < 0) {
		give_back(peer);
		peer_event(EPOLLIN, peer);
		return;
	}
	peer->bytes_sent += (guint64)result;
	touch(peer);
	/* A short piece was one datagram, not all there is. */
	sched_may_send(sched_of(peer), channel);
}

static bool peer_may_receive(struct channel *channel)
{
	return peer_of(channel)->state == PEER_OPEN;
}

/* As UDP has it, a socket that is connected hears nobody but its peer. Return: 0 or an error. */
static int deliver(struct peer *peer, const guint8 *data, gsize size)
{
	int result;

	if (!peer->connected) {
		result = connect_peer(peer->flow, peer->fd);
		if (result < 0)
			return result;
		peer->connected = true;
	}
	if (guard_send(&peer->flow->guard, peer->fd, data, size) >= 0)
		return 0;
	return errno == ECONNRESET ? -ECONNREFUSED : -errno;
}

/* Where the program's end is gone the timer sees it. */
static void deliver_answer(struct dns_asker *asker, const guint8 *data, gsize size)
{
	struct peer *peer = (gpointer)((char *)asker - offsetof(struct peer, asker));

	if (deliver(peer, data, size) == 0)
		peer->bytes_received += size;
}

static void peer_received(struct channel *channel, int result, const guint8 *data)
{
	struct peer *peer = peer_of(channel);

	if (result == -EPIPE || result == -ECONNRESET) {
		give_back(peer);
		peer_event(EPOLLIN, peer);
	} else if (result > 0) {
		peer->bytes_received += (guint64)result;
		touch(peer);
		if (result == ESWIFI_PAYLOAD_MAX)
			note_loss(peer, LOSS_CUT);
		if (deliver(peer, data, (gsize)result) == -ECONNREFUSED)
			end_flow(peer->flow);
	}
}

static void peer_lost(struct channel *channel, const char *why G_GNUC_UNUSED)
{
	struct peer *peer = peer_of(channel);

	set_state(peer, PEER_IDLE);
	peer_event(EPOLLIN, peer);
}

static const struct channel_ops channel_ops = {
	.opened = peer_opened,
	.peek = peer_peek,
	.sent = peer_sent,
	.may_receive = peer_may_receive,
	.received = peer_received,
	.lost = peer_lost,
};

void datagrams_free(struct datagrams *datagrams)
{
	if (!datagrams)
		return;
	g_hash_table_destroy(datagrams->flows);
	living_free(datagrams->living);
	timer_clear(&datagrams->timer);
	g_free(datagrams);
}

void datagram_reap(struct datagrams *datagrams)
{
	g_autoptr(GHashTable) living = NULL;
	GHashTableIter iter;
	gpointer flow;

	if (!g_hash_table_size(datagrams->flows))
		return;
	living = living_now(datagrams->living);
	if (!living)
		return;
	g_hash_table_iter_init(&iter, datagrams->flows);
	while (g_hash_table_iter_next(&iter, NULL, &flow))
		if (!g_hash_table_contains(living, &((struct datagram_flow *)flow)->id))
			g_hash_table_iter_remove(&iter);
}

static void check_peer(struct peer *peer)
{
	const struct flow_parts *parts = &peer->flow->datagrams->parts;
	gint64 s = (now(peer->flow->datagrams) - peer->since) / G_TIME_SPAN_SECOND;

	switch (peer->state) {
	case PEER_IDLE:
		break;
	case PEER_WAITING:
		if (s < parts->settings->connect_timeout)
			break;
		log_event(G_LOG_LEVEL_MESSAGE, ABOUT(peer),
			  "datagrams to %s (route %s): no free socket of the module within "
			  "connect-timeout",
			  peer->where, peer->route->name);
		drop_all(peer, LOSS_NO_SOCKET);
		give_back(peer);
		break;
	case PEER_OPEN:
		if (s >= IDLE_S || (s >= CROWDED_S && sched_waiting(parts->sched)))
			give_back(peer);
		break;
	}
}

static void check_peers(struct datagram_flow *flow)
{
	GList *link;

	for (link = flow->peers.head; link; link = link->next)
		check_peer(link->data);
}

static void check(gpointer user)
{
	struct datagrams *datagrams = user;
	gint64 next = CHECK_US;
	GHashTableIter iter;
	gpointer flow;

	datagram_reap(datagrams);
	g_hash_table_iter_init(&iter, datagrams->flows);
	while (g_hash_table_iter_next(&iter, NULL, &flow)) {
		check_peers(flow);
		if (((struct datagram_flow *)flow)->serves)
			next = CHECK_PORT_US;
	}
	if (g_hash_table_size(datagrams->flows))
		timer_start(&datagrams->timer, next);
}

struct datagrams *datagrams_new(const struct flow_parts *parts)
{
	struct datagrams *datagrams = g_new0(struct datagrams, 1);

	datagrams->parts = *parts;
	datagrams->living = living_new();
	datagrams->flows =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, datagram_flow_free);
	timer_init(&datagrams->timer, parts->timers, check, datagrams);
	return datagrams;
}

static void set_target(struct peer *peer, const struct flow_request *request)
{
	peer->host = place_host(request);
	peer->where = endpoint_text(request->name, &request->dest);
	peer->channel.ops = &channel_ops;
	peer->channel.uid = peer->flow->uid;
	peer->channel.socket = -1;
	peer->channel.target = (struct eswifi_target){
		.protocol = ESWIFI_UDP,
		.host = peer->host,
		.port = route_far_port(request->route, request->dest.port),
	};
}

/* A socket bound to the destination's name, and @connected to the program's end where that can be. */
static int peer_socket(struct datagram_flow *flow, const struct flow_request *request,
		       bool *connected)
{
	struct eswrap_name name = {
		.kind = ESWRAP_NAME_DATAGRAM_PEER,
		.id = flow->id,
		.tag = eswrap_peer_tag(&flow->key, request->family, &request->dest),
		.type = SOCK_DGRAM,
		.family = request->family,
		.endpoint = request->dest,
	};
	int fd, result;

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	closer_refuse(fd);
	result = bind_name(fd, &name);
	if (result == 0)
		result = connect_peer(flow, fd);
	*connected = result == 0;
	if (result == 0 || result == -EPERM)
		return fd;
	close(fd);
	return result;
}

static struct peer *find_peer(const struct datagram_flow *flow, const struct eswrap_endpoint *dest)
{
	GList *link;

	for (link = flow->peers.head; link; link = link->next) {
		struct peer *peer = link->data;

		if (memcmp(&peer->dest, dest, sizeof(*dest)) == 0)
			return peer;
	}
	return NULL;
}

static int add_peer(struct datagram_flow *flow, const struct flow_request *request);

/* May a stranger's datagram be heard, and answered directly? */
static bool is_direct(const struct datagram_flow *flow, const struct eswrap_endpoint *from)
{
	const struct settings *settings = flow->datagrams->parts.settings;
	struct destination to = { .type = SOCK_DGRAM, .port = from->port };
	struct address_block twin;
	const struct route *route;

	eswrap_map_address(from, to.address);
	names_twin(&settings->stand_in, &twin);
	if (address_block_contains(&settings->stand_in, to.address) ||
	    address_block_contains(&twin, to.address) ||
	    (from->port == ESWRAP_PORT_NAMES && route_flags_names(settings)))
		return false;
	route = route_match(settings, &flow->asker, &to);
	return !route || route->through == ROUTE_DIRECT;
}

/* Somebody whom the program has not sent anything to. Return: NULL where he is not heard. */
static struct peer *welcome(struct datagram_flow *flow, const struct eswrap_endpoint *from)
{
	const struct flow_request request = { .dest = *from,
					      .family = flow->family,
					      .asker = flow->asker,
					      .socket = -1,
					      .direct = true };

	if (!flow->serves || !is_direct(flow, from) || add_peer(flow, &request) < 0)
		return NULL;
	return find_peer(flow, from);
}

static void take_from_own_socket(struct datagram_flow *flow, const guint8 *packet, gsize size)
{
	const guint8 *data = packet + sizeof(struct forward_header);
	struct forward_header header;
	struct peer *peer;

	if (size <= sizeof(header))
		return;
	size -= sizeof(header);
	memcpy(&header, packet, sizeof(header));
	peer = find_peer(flow, &header.server);
	if (!peer && !header.failed)
		peer = welcome(flow, &header.server);
	/* What is flagged is heard from the module, and from nobody who says that he is the same. */
	if (!peer || peer->route || (peer->direct && header.failed))
		return;
	if (header.failed)
		responder_failed(&peer->asker, data, size);
	else
		deliver_answer(&peer->asker, data, size);
	if (peer->direct)
		touch(peer);
}

/* What has come by the program's own socket. */
static void relay_event(uint32_t events G_GNUC_UNUSED, gpointer user)
{
	static guint8 packet[FORWARD_MAX];
	struct datagram_flow *flow = user;
	ssize_t got;
	guint i;

	for (i = 0; i < RELAY_TURNS; i++) {
		got = recv(flow->relay, packet, sizeof(packet), MSG_DONTWAIT);
		if (got <= 0)
			return;
		take_from_own_socket(flow, packet, (gsize)got);
	}
	/* There may be more: it is said again. */
	poller_change(flow->relay_watch, EPOLLIN);
}

/* From now on things come and go by the program's own socket. Without one nothing does. */
static void open_relay(struct datagram_flow *flow)
{
	if (flow->own < 0)
		return;
	flow->relay = forward_datagrams(flow->uid, g_steal_fd(&flow->own));
	if (flow->relay < 0)
		return;
	flow->relay_watch =
		poller_add(flow->datagrams->parts.poller, flow->relay, EPOLLIN, relay_event, flow);
}

/* @fd: the program's own socket, taken over */
static void keep_own_socket(struct datagram_flow *flow, int fd)
{
	if (forward_fits(fd, SOCK_DGRAM))
		flow->own = fd;
	else
		closer_close(fd);
}

/* Return: false where there is no socket to go out by. */
static bool be_direct(struct peer *peer, const struct flow_request *request)
{
	struct datagram_flow *flow = peer->flow;

	if (flow->relay < 0)
		open_relay(flow);
	peer->direct = true;
	peer->where = endpoint_text(NULL, &request->dest);
	peer->channel.ops = &channel_ops;
	peer->channel.uid = flow->uid;
	peer->channel.socket = -1;
	peer->asker.answer = deliver_answer;
	return flow->relay >= 0;
}

static void be_name_server(struct peer *peer, const struct flow_request *request)
{
	struct datagram_flow *flow = peer->flow;

	peer->where = endpoint_text(NULL, &request->dest);
	peer->channel.ops = &channel_ops;
	peer->channel.uid = flow->uid;
	peer->channel.socket = -1;
	peer->forced = g_strdup(request->forced);
	peer->asker = (struct dns_asker){ .responder = flow->datagrams->parts.responder,
					  .asker = request->asker,
					  .route = peer->forced,
					  .can_forward = flow->relay >= 0,
					  .answer = deliver_answer };
	peer->asker.asker.program = flow->program;
}

/* The module hears one far end for each socket. */
static void warn_of_other_ports(const struct peer *peer)
{
	if (peer->route && peer->dest.port == TFTP_PORT)
		log_event(G_LOG_LEVEL_MESSAGE, ABOUT(peer),
			  "%s: datagrams to %s (route %s): TFTP servers answer from another port, "
			  "and such answers do not come through the module",
			  peer->flow->program, peer->where, peer->route->name);
}

static int add_peer(struct datagram_flow *flow, const struct flow_request *request)
{
	const struct flow_parts *parts = &flow->datagrams->parts;
	struct peer *peer;
	bool connected;
	int fd;

	if (find_peer(flow, &request->dest))
		return 0;
	fd = peer_socket(flow, request, &connected);
	if (fd < 0)
		return fd;
	peer = g_new0(struct peer, 1);
	peer->flow = flow;
	peer->fd = fd;
	peer->connected = connected;
	peer->route = request->route;
	peer->dest = request->dest;
	peer->link.data = peer;
	g_queue_push_tail_link(&flow->peers, &peer->link);
	if (request->route)
		set_target(peer, request);
	else if (!request->direct)
		be_name_server(peer, request);
	else if (!be_direct(peer, request)) {
		peer_free(peer);
		return -ENETUNREACH;
	}
	set_state(peer, PEER_IDLE);
	peer->watch = poller_add(parts->poller, fd, EPOLLIN, peer_event, peer);
	if (!peer->watch) {
		fd = -errno;
		peer_free(peer);
		return fd;
	}
	warn_of_other_ports(peer);
	g_debug("datagram flow %" G_GINT64_MODIFIER "x: %s (uid %u) to %s, route %s", flow->id,
		flow->program, (guint)flow->uid, peer->where, route_name(peer));
	if (flow->peers.length > PEERS_MAX)
		peer_free(flow->peers.head->data);
	return 0;
}

/* Return: the program's end, bound to the flow's name; or a negative errno. */
static int program_socket(struct datagram_flow *flow, const struct flow_request *request)
{
	struct eswrap_name name = {
		.kind = ESWRAP_NAME_FLOW,
		.type = SOCK_DGRAM,
		.family = request->family,
		.endpoint = request->dest,
	};
	int fd, result;

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	closer_refuse(fd);
	result = getrandom(&flow->key, sizeof(flow->key), 0) < 0 ? -errno
								 : guard_attach(&flow->guard, fd);
	if (result < 0) {
		close(fd);
		return result;
	}
	do {
		if (getrandom(&name.id, sizeof(name.id), 0) < 0)
			result = -errno;
		else
			result = bind_name(fd, &name);
	} while (result == -EADDRINUSE);
	if (result == 0)
		result = living_add(flow->datagrams->living, fd, name.id);
	if (result < 0) {
		close(fd);
		return result;
	}
	flow->id = name.id;
	flow->name_len = eswrap_name_format(&name, &flow->name);
	return fd;
}

int datagram_associate(struct datagrams *datagrams, const struct flow_request *request, guint64 *id,
		       struct eswrap_key *key)
{
	struct datagram_flow *flow;
	int fd, result;

	if (!account_take(datagrams->parts.accounts, request->asker.uid, LIMIT_DATAGRAM_FLOWS)) {
		closer_close(request->socket);
		return -ENOBUFS;
	}
	flow = g_new0(struct datagram_flow, 1);
	flow->datagrams = datagrams;
	flow->uid = request->asker.uid;
	flow->pid = request->asker.pid;
	flow->program = g_strdup(request->asker.program);
	flow->began = now(datagrams);
	g_queue_init(&flow->peers);
	flow->asker = request->asker;
	flow->asker.program = flow->program;
	flow->family = request->family;
	flow->own = flow->relay = -1;
	keep_own_socket(flow, request->socket);
	flow->serves = request->serves && flow->own >= 0;
	if (!request->route || flow->serves)
		open_relay(flow);
	presence_enter(datagrams->parts.presence);
	fd = program_socket(flow, request);
	result = fd < 0 ? fd : add_peer(flow, request);
	if (result < 0) {
		if (fd >= 0)
			close(fd);
		datagram_flow_free(flow);
		return result;
	}
	g_hash_table_insert(datagrams->flows, &flow->id, flow);
	if (flow->serves)
		timer_start(&datagrams->timer, CHECK_PORT_US);
	else if (!timer_is_set(&datagrams->timer))
		timer_start(&datagrams->timer, CHECK_US);
	*id = flow->id;
	*key = flow->key;
	return fd;
}

int datagram_add_peer(struct datagrams *datagrams, guint64 id, const struct flow_request *request,
		      guint64 *tag)
{
	struct datagram_flow *flow = g_hash_table_lookup(datagrams->flows, &id);

	if (!flow || flow->uid != request->asker.uid)
		return -ENOENT;
	*tag = eswrap_peer_tag(&flow->key, request->family, &request->dest);
	return add_peer(flow, request);
}

void datagram_mark_routes(const struct datagrams *datagrams, GHashTable *used)
{
	GHashTableIter iter;
	gpointer item;
	GList *link;

	g_hash_table_iter_init(&iter, datagrams->flows);
	while (g_hash_table_iter_next(&iter, NULL, &item))
		for (link = ((struct datagram_flow *)item)->peers.head; link; link = link->next)
			g_hash_table_add(used, (gpointer)((struct peer *)link->data)->route);
}

void datagram_list(const struct datagrams *datagrams, const uid_t *only, GVariantBuilder *list)
{
	GHashTableIter iter;
	gpointer item;
	GList *link;

	g_hash_table_iter_init(&iter, datagrams->flows);
	while (g_hash_table_iter_next(&iter, NULL, &item)) {
		const struct datagram_flow *flow = item;

		for (link = flow->peers.head; link; link = link->next) {
			const struct peer *peer = link->data;
			const struct flow_summary summary = {
				.to = peer->where,
				.route = route_name(peer),
				.state = state_names[peer->state],
				.socket = peer->channel.socket,
				.program = flow->program,
				.uid = flow->uid,
				.pid = flow->pid,
				.age = now(datagrams) - flow->began,
				.sent = peer->bytes_sent,
				.received = peer->bytes_received,
			};

			if (!only || *only == flow->uid)
				flow_summary_add(list, &summary);
		}
	}
}
