// SPDX-License-Identifier: MIT
/* Stream flows. The theory of operation is in flow.h. */
#include "eswrapd/flow.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

#include "eswrapd/account.h"
#include "eswrapd/anchor.h"
#include "eswrapd/chatter.h"
#include "eswrapd/ends.h"
#include "eswrapd/log.h"
#include "eswrapd/outcome.h"
#include "eswrapd/presence.h"
#include "eswrapd/sched.h"
#include "eswrapd/tally.h"
#include "eswrapd/twin.h"
#include "ledger/missing.h"
#include "loop/poller.h"
#include "loop/timer.h"
#include "wire/endpoint.h"

/* The most that PK takes. */
#define KEEP_ALIVE_MAX_MS 7200000

/*
 * A connect that waits holds a full send buffer of the kernel's: 280 KB each, 140 MB in all. Beyond
 * it those may still connect who have less than a small share: nobody fills it for the others.
 */
#define CONNECTING_MAX	 512
#define CONNECTING_SHARE 16

/* First of the dynamic ports (RFC 6335) and how many there are. */
#define DYNAMIC_PORT  49152
#define DYNAMIC_PORTS 16384

enum flow_state { FLOW_CONNECTING, FLOW_OPEN, FLOW_FINISHED, FLOW_LEAVING };

/* Printed exactly as written in the enum. */
static const char *const state_names[] = { "connecting", "open", "finished", "leaving" };
G_STATIC_ASSERT(G_N_ELEMENTS(state_names) == FLOW_LEAVING + 1);

struct flows {
	struct flow_parts parts;
	GHashTable *all; /* struct flow, a set */
	int buffer;	 /* SO_SNDBUF of the program's end */
	guint connecting;
	bool crowded; /* it has been told that connecting is at its limit */
	struct twins *twins;
	guint8 peeked[ANCHOR + ESWIFI_PAYLOAD_MAX];
};

/**
 * struct flow - one program connection
 * @fd:		the broker's end
 * @filling:	bytes in its receive queue that keep the program's end from being writable
 * @host:	of channel.target
 * @where:	"HOST:PORT", for people
 * @attempt:	its connect, which may have a twin. When it is abandoned the program has closed, and
 *		@watch is NULL
 * @rest, @rest_size, @rest_at:	what the program's queue has not taken yet
 * @shut:	the program has said shutdown(SHUT_WR) or closed
 * @hung_up:	the program has closed, or each end has shut down its side
 * @deaf:	the program has said shutdown(SHUT_RD): what comes is thrown away, as TCP does
 * @far_closed:	the far end has closed, and all that it sent has been read
 * @refused:	a send found that the far end has closed; what it sent is still being read
 * @greeted:	the program's first bytes have been looked at
 * @timer, @expired:	the connect's deadline, the wait for its twin's end or for something to move
 */
struct flow {
	struct flows *flows;
	struct channel channel;
	guint64 id;
	enum flow_state state;
	int fd;
	struct poller_watch *watch;
	size_t filling;
	const struct route *route;
	char *host, *where, *program;
	struct attempt attempt;
	uid_t uid;
	pid_t pid;
	guint8 *rest;
	gsize rest_size, rest_at;
	bool shut, hung_up, deaf, far_closed, refused, greeted;
	struct timer timer;
	void (*expired)(struct flow *flow);
	guint64 bytes_sent, bytes_received;
};

static const struct channel_ops channel_ops;

static gint64 now(const struct flows *flows)
{
	return timers_now(flows->parts.timers);
}

static struct flow *flow_of(struct channel *channel)
{
	return (gpointer)((char *)channel - offsetof(struct flow, channel));
}

/* Return: whose attempt it is; NULL: of NULL. */
static struct flow *flow_of_attempt(struct attempt *attempt)
{
	return attempt ? (gpointer)((char *)attempt - offsetof(struct flow, attempt)) : NULL;
}

static bool is_abandoned(const struct flow *flow)
{
	return flow->attempt.state == ATTEMPT_ABANDONED;
}

static const char not_listening[] = "the far end has closed and takes no more";

struct flows *flows_new(const struct flow_parts *parts, GError **error)
{
	struct flows *flows = g_new0(struct flows, 1);

	flows->parts = *parts;
	flows->buffer = anchor_find_buffer(error);
	if (flows->buffer < 0) {
		g_free(flows);
		return NULL;
	}
	flows->all = g_hash_table_new(NULL, NULL);
	flows->twins = twins_new();
	return flows;
}

/* A line of the log about this flow. */
static void tell(const struct flow *flow, GLogLevelFlags level, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

static void tell(const struct flow *flow, GLogLevelFlags level, const char *format, ...)
{
	const struct log_about about = { flow->id, flow->route->name, flow->uid };
	g_autofree char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	log_event(level, &about, "%s", text);
}

static void stop_connecting(struct flow *flow)
{
	flow->flows->connecting--;
	account_give(flow->flows->parts.accounts, flow->uid, LIMIT_CONNECTS);
}

static void flow_free(struct flow *flow)
{
	const struct flow_parts *parts = &flow->flows->parts;
	struct flow *behind = flow_of_attempt(twin_leave(&flow->attempt));

	g_debug("flow %" G_GINT64_MODIFIER "x: to %s closed, %" G_GUINT64_FORMAT " bytes out, "
		"%" G_GUINT64_FORMAT " in",
		flow->id, flow->where, flow->bytes_sent, flow->bytes_received);
	if (flow->state == FLOW_CONNECTING)
		stop_connecting(flow);
	account_give(parts->accounts, flow->uid, LIMIT_FLOWS);
	sched_release(parts->sched, &flow->channel);
	if (behind)
		sched_open(parts->sched, &behind->channel);
	timer_clear(&flow->timer);
	if (flow->watch)
		poller_remove(flow->watch);
	close(flow->fd);
	g_hash_table_remove(flow->flows->all, flow);
	g_free(flow->host);
	g_free(flow->where);
	g_free(flow->program);
	attempt_clear(&flow->attempt);
	g_free(flow->rest);
	g_free(flow);
	presence_leave(parts->presence);
}

/* The program reads ECONNRESET, because the anchor is unread. */
static void abort_flow(struct flow *flow, const char *why)
{
	g_info("flow %" G_GINT64_MODIFIER "x: to %s aborted: %s", flow->id, flow->where, why);
	flow_free(flow);
}

/*
 * The program has closed, has shut down both ways, or sends to a far end that has closed: it is to read
 * an end of file.
 */
static void end_flow(struct flow *flow)
{
	anchor_discard(flow->fd, SIZE_MAX);
	flow_free(flow);
}

void flows_free(struct flows *flows)
{
	GHashTableIter iter;
	gpointer flow;

	if (!flows)
		return;
	for (g_hash_table_iter_init(&iter, flows->all); g_hash_table_iter_next(&iter, &flow, NULL);
	     g_hash_table_iter_init(&iter, flows->all))
		abort_flow(flow, "the broker ends");
	g_hash_table_destroy(flows->all);
	twins_free(flows->twins);
	g_free(flows);
}

static void timer_expired(gpointer user)
{
	struct flow *flow = user;

	flow->expired(flow);
}

static void set_timer(struct flow *flow, guint seconds, void (*expired)(struct flow *flow))
{
	flow->expired = expired;
	timer_start(&flow->timer, seconds * G_TIME_SPAN_SECOND);
}

static int bind_outcome(struct flow *flow, int error)
{
	const char *address = flow->flows->parts.identity->address;
	struct eswrap_endpoint own = { 0 };

	if (error == 0 && inet_pton(AF_INET, address, own.address) == 1) {
		own.family = AF_INET;
		/* The module does not say which port it took; programs take 0 for "not bound". */
		own.port = (uint16_t)(DYNAMIC_PORT + flow->id % DYNAMIC_PORTS);
	}
	return ends_tell(flow->fd, flow->id, error, &own);
}

static void tell_failure(struct flow *flow, int error)
{
	int bound = bind_outcome(flow, error);

	if (bound < 0)
		tell(flow, G_LOG_LEVEL_WARNING, "outcome not told: %s", g_strerror(-bound));
	flow_free(flow);
}

static void fail_connect(struct flow *flow, int error, const char *why)
{
	const struct flow_parts *parts = &flow->flows->parts;
	g_autofree char *missing =
		missing_for_route(parts->settings->state_dir, parts->identity->mac, flow->route);
	struct flow *behind = flow_of_attempt(twin_failed(&flow->attempt, error, now(flow->flows)));

	if (chatter_allows(flow->uid))
		tell(flow, G_LOG_LEVEL_MESSAGE, "connect to %s (route %s): %s: %s", flow->where,
		     flow->route->name, g_strerror(error), why);
	if (missing)
		tell(flow, G_LOG_LEVEL_WARNING, "%s", missing);
	tallies_add(parts->tallies, TALLY_FAILED, strerrorname_np(error));
	tell_failure(flow, error);
	if (behind)
		tell_failure(behind, error);
}

static void connect_expired(struct flow *flow)
{
	if (is_abandoned(flow)) {
		flow_free(flow);
		return;
	}
	fail_connect(flow, ETIMEDOUT,
		     sched_is_waiting(&flow->channel)
			     ? "no free socket of the module within connect-timeout"
			     : "not connected within connect-timeout");
}

/* The program wants both connections. */
static void hold_expired(struct flow *flow)
{
	const struct flow_parts *parts = &flow->flows->parts;

	set_timer(flow, parts->settings->connect_timeout, connect_expired);
	sched_open(parts->sched, &flow->channel);
}

static void nothing_moves(struct flow *flow)
{
	tell(flow, G_LOG_LEVEL_MESSAGE,
	     "flow to %s: nothing has moved for half-close-timeout since one side closed",
	     flow->where);
	abort_flow(flow, "half-close-timeout");
}

/* How many bytes wait behind the anchor, at most ESWIFI_PAYLOAD_MAX. */
static gsize pending(struct flow *flow)
{
	ssize_t n = recv(flow->fd, flow->flows->peeked, sizeof(flow->flows->peeked),
			 MSG_PEEK | MSG_DONTWAIT);

	return n > ANCHOR ? (gsize)n - ANCHOR : 0;
}

/* A TLS record of a handshake [RFC 8446, 5.1]: the module is to speak TLS, not the program. */
static void warn_of_double_tls(struct flow *flow, const guint8 *data, gsize size)
{
	flow->greeted = true;
	if (flow->route->through != ROUTE_TLS || size < 2 || data[0] != 0x16 || data[1] != 0x03)
		return;
	tallies_add(flow->flows->parts.tallies, TALLY_DOUBLE, flow->route->name);
	tell(flow, G_LOG_LEVEL_WARNING,
	     "%s to %s: the program speaks TLS itself inside route %s; use through = "
	     "tcp, or the program without TLS",
	     flow->program, flow->where, flow->route->name);
}

static gsize flow_peek(struct channel *channel, const guint8 **data)
{
	struct flow *flow = flow_of(channel);
	gsize size;

	if (flow->state == FLOW_CONNECTING || flow->refused)
		return 0;
	size = pending(flow);
	*data = flow->flows->peeked + ANCHOR;
	if (size && !flow->greeted)
		warn_of_double_tls(flow, *data, size);
	return size;
}

/* After anything has happened: is this the end, or half of it? */
static void flow_check(struct flow *flow)
{
	guint patience = flow->flows->parts.settings->half_close_timeout;

	switch (flow->state) {
	case FLOW_CONNECTING:
		break;
	case FLOW_OPEN:
		if (flow->far_closed && !flow->rest && pending(flow) == 0) {
			if (!flow->deaf)
				shutdown(flow->fd, SHUT_WR);
			sched_release(flow->flows->parts.sched, &flow->channel);
			timer_stop(&flow->timer);
			flow->state = FLOW_FINISHED;
		} else if (flow->shut || flow->far_closed) {
			set_timer(flow, patience, nothing_moves);
		}
		break;
	case FLOW_FINISHED:
		if (pending(flow))
			g_info("flow %" G_GINT64_MODIFIER "x: to %s: data for a far end that has "
			       "closed",
			       flow->id, flow->where);
		else if (!flow->hung_up)
			break;
		end_flow(flow);
		break;
	case FLOW_LEAVING:
		if (pending(flow) == 0)
			end_flow(flow);
		else
			set_timer(flow, patience, nothing_moves);
		break;
	}
}

static void give_up_connect(struct flow *flow)
{
	struct sched *sched = flow->flows->parts.sched;
	struct flow *behind = flow_of_attempt(twin_abandon(&flow->attempt));

	g_debug("flow %" G_GINT64_MODIFIER "x: the program gave up", flow->id);
	if (behind) {
		sched_hand_over(sched, &flow->channel, &behind->channel);
	} else if (flow->attempt.what && sched_is_opening(sched, &flow->channel)) {
		flow->channel.last_try = true;
		g_clear_pointer(&flow->watch, poller_remove);
		return;
	}
	flow_free(flow);
}

static void program_closed(struct flow *flow)
{
	switch (flow->state) {
	case FLOW_CONNECTING:
		give_up_connect(flow);
		break;
	case FLOW_OPEN:
		if (flow->refused) {
			abort_flow(flow, not_listening);
			break;
		}
		g_clear_pointer(&flow->rest, g_free);
		flow->state = FLOW_LEAVING;
		sched_may_send(flow->flows->parts.sched, &flow->channel);
		flow_check(flow);
		break;
	case FLOW_FINISHED:
		/* Both ends have said shutdown(SHUT_WR), or the program has closed. */
		flow_check(flow);
		break;
	case FLOW_LEAVING:
		break;
	}
}

static void keep_rest(struct flow *flow, const guint8 *data, gsize size)
{
	flow->rest = g_memdup2(data, size);
	flow->rest_size = size;
	flow->rest_at = 0;
	poller_change(flow->watch, EPOLLIN | EPOLLRDHUP | EPOLLOUT);
}

/* Return: bytes that the program's queue took; all of them where nobody will read them. */
static gsize deliver(struct flow *flow, const guint8 *data, gsize size)
{
	gsize done = 0;
	ssize_t n;

	while (!flow->deaf && done < size) {
		n = send(flow->fd, data + done, size - done, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			return done;
		if (n < 0)
			flow->deaf = true; /* EPIPE; if it has closed, EPOLLHUP says so too */
		else
			done += (gsize)n;
	}
	return size;
}

static void deliver_rest(struct flow *flow)
{
	flow->rest_at += deliver(flow, flow->rest + flow->rest_at, flow->rest_size - flow->rest_at);
	if (flow->rest_at < flow->rest_size)
		return;
	g_clear_pointer(&flow->rest, g_free);
	poller_change(flow->watch, EPOLLIN | EPOLLRDHUP);
	if (!flow->far_closed)
		sched_may_receive(flow->flows->parts.sched, &flow->channel);
}

static void flow_event(uint32_t events, gpointer user)
{
	struct flow *flow = user;

	if (events & EPOLLHUP) {
		flow->shut = flow->hung_up = true;
		program_closed(flow);
		return;
	}
	if (events & EPOLLRDHUP)
		flow->shut = true;
	if (flow->state == FLOW_CONNECTING)
		return; /* flow_opened() looks at what has come meanwhile */
	if (flow->rest && (events & EPOLLOUT))
		deliver_rest(flow);
	if (flow->state == FLOW_OPEN)
		sched_may_send(flow->flows->parts.sched, &flow->channel);
	flow_check(flow);
}

static void flow_opened(struct channel *channel, int result, const char *text)
{
	struct flow *flow = flow_of(channel);
	struct flow *behind;

	if (is_abandoned(flow)) {
		flow_free(flow);
		return;
	}
	if (result < 0) {
		fail_connect(flow, outcome_errno(result, text), *text ? text : "no reason given");
		return;
	}
	result = bind_outcome(flow, 0);
	if (result < 0) {
		tell(flow, G_LOG_LEVEL_WARNING, "outcome not told: %s", g_strerror(-result));
		flow_free(flow);
		return;
	}
	g_debug("flow %" G_GINT64_MODIFIER "x: to %s open on socket %d", flow->id, flow->where,
		channel->socket);
	timer_stop(&flow->timer);
	tallies_add(flow->flows->parts.tallies, TALLY_OPENED, flow->route->name);
	flow->state = FLOW_OPEN;
	behind = flow_of_attempt(twin_connected(&flow->attempt, now(flow->flows)));
	if (behind)
		set_timer(behind, TWIN_HOLD_S, hold_expired);
	stop_connecting(flow);
	anchor_discard(flow->fd, flow->filling - ANCHOR);
	channel->may_send = true;
	flow_check(flow);
}

static void flow_sent(struct channel *channel, int result)
{
	struct flow *flow = flow_of(channel);

	bool over = result == -EPIPE || result == -ECONNRESET;

	if (over && flow->state == FLOW_OPEN) {
		/* What it said before is still to be read: why it does not listen, perhaps. */
		flow->refused = true;
	} else if (over) {
		abort_flow(flow, not_listening);
	} else if (result > 0) {
		anchor_discard(flow->fd, (size_t)result);
		flow->bytes_sent += (guint64)result;
		if (flow->state == FLOW_LEAVING || flow->shut || flow->far_closed)
			flow_check(flow);
	}
	/* After any other error comes flow_lost(). */
}

static bool flow_may_receive(struct channel *channel)
{
	struct flow *flow = flow_of(channel);

	return flow->state == FLOW_OPEN && !flow->rest && !flow->far_closed;
}

static void flow_received(struct channel *channel, int result, const guint8 *data)
{
	struct flow *flow = flow_of(channel);
	gsize done;

	if (result == -EPIPE && flow->refused) {
		abort_flow(flow, not_listening);
	} else if (result == -EPIPE) {
		flow->far_closed = true;
		flow_check(flow);
	} else if (result == -ECONNRESET) {
		abort_flow(flow, "the module says that the connection is broken");
	} else if (result > 0) {
		flow->bytes_received += (guint64)result;
		done = deliver(flow, data, (gsize)result);
		if (done < (gsize)result)
			keep_rest(flow, data + done, (gsize)result - done);
		if (flow->shut)
			flow_check(flow);
	}
}

static void flow_lost(struct channel *channel, const char *why)
{
	struct flow *flow = flow_of(channel);

	if (is_abandoned(flow))
		flow_free(flow);
	else if (flow->state == FLOW_CONNECTING)
		fail_connect(flow, ENETDOWN, why);
	else
		abort_flow(flow, why);
}

static const struct channel_ops channel_ops = {
	.opened = flow_opened,
	.peek = flow_peek,
	.sent = flow_sent,
	.may_receive = flow_may_receive,
	.received = flow_received,
	.lost = flow_lost,
};

/* What the program asked for, as far as the module can; 0: the driver's own choice. */
static guint keep_alive_ms(guint32 seconds)
{
	return (guint)MIN((guint64)seconds * 1000, KEEP_ALIVE_MAX_MS);
}

static void set_target(struct flow *flow, const struct flow_request *request)
{
	const struct route *route = request->route;

	flow->host = place_host(request);
	flow->where = endpoint_text(request->name, &request->dest);
	flow->channel.ops = &channel_ops;
	flow->channel.uid = flow->uid;
	flow->channel.socket = -1;
	flow->channel.target = (struct eswifi_target){
		.protocol = route->through == ROUTE_TLS ? ESWIFI_TLS : ESWIFI_TCP,
		.host = flow->host,
		.port = route_far_port(request->route, request->dest.port),
		.verify = route->verify,
		.set = route->credentials ? route->credentials->set : 0,
		.keep_alive_ms = keep_alive_ms(request->keep_alive),
	};
}

static bool is_crowded(struct flows *flows, uid_t uid)
{
	bool crowded = flows->connecting >= CONNECTING_MAX;

	if (crowded && !flows->crowded)
		g_warning("%d connects are waiting: more are refused with ENOBUFS", CONNECTING_MAX);
	flows->crowded = crowded;
	return crowded &&
	       account_count(flows->parts.accounts, uid, LIMIT_CONNECTS) >= CONNECTING_SHARE;
}

/* Return: 0, with one more flow and one more connect counted; or a negative errno. */
static int take_account(struct flows *flows, uid_t uid)
{
	struct accounts *accounts = flows->parts.accounts;

	if (is_crowded(flows, uid) || !account_take(accounts, uid, LIMIT_FLOWS))
		return -ENOBUFS;
	if (account_take(accounts, uid, LIMIT_CONNECTS))
		return 0;
	account_give(accounts, uid, LIMIT_FLOWS);
	return -ENOBUFS;
}

static void give_account(struct flows *flows, uid_t uid)
{
	account_give(flows->parts.accounts, uid, LIMIT_CONNECTS);
	account_give(flows->parts.accounts, uid, LIMIT_FLOWS);
}

/* Return: 0; or the negative errno with which it ends, not freed. */
static int open_or_join_twin(struct flow *flow)
{
	struct sched *sched = flow->flows->parts.sched;
	struct attempt *abandoned;
	int error;

	switch (twin_join(flow->flows->twins, &flow->attempt, now(flow->flows), &abandoned,
			  &error)) {
	case TWIN_GO:
		sched_open(sched, &flow->channel);
		break;
	case TWIN_WAIT:
		break;
	case TWIN_HOLD:
		set_timer(flow, TWIN_HOLD_S, hold_expired);
		break;
	case TWIN_TAKE_OVER:
		sched_hand_over(sched, &flow_of_attempt(abandoned)->channel, &flow->channel);
		flow_free(flow_of_attempt(abandoned));
		break;
	case TWIN_FAILED:
		return -error;
	}
	return 0;
}

static struct flow *flow_new(struct flows *flows, const struct flow_request *request)
{
	struct flow *flow = g_new0(struct flow, 1);

	flow->flows = flows;
	flow->route = request->route;
	flow->program = g_strdup(request->asker.program);
	flow->uid = request->asker.uid;
	flow->pid = request->asker.pid;
	attempt_init(&flow->attempt, request);
	timer_init(&flow->timer, flows->parts.timers, timer_expired, flow);
	set_target(flow, request);
	flows->connecting++;
	g_hash_table_add(flows->all, flow);
	presence_enter(flows->parts.presence);
	return flow;
}

int flow_connect(struct flows *flows, const struct flow_request *request, guint64 *id)
{
	const struct flow_parts *parts = &flows->parts;
	int fds[2] = { -1, -1 }, result;
	struct flow *flow;
	size_t filling = 0;

	result = take_account(flows, request->asker.uid);
	if (result < 0)
		return result;
	result = ends_make(&request->dest, request->family, flows->buffer, fds, id, &filling);
	if (result < 0) {
		give_account(flows, request->asker.uid);
		return result;
	}
	flow = flow_new(flows, request);
	flow->id = *id;
	flow->fd = fds[1];
	flow->filling = filling;
	flow->watch = poller_add(parts->poller, flow->fd, EPOLLIN | EPOLLRDHUP, flow_event, flow);
	if (!flow->watch) {
		result = -errno;
		close(fds[0]);
		flow_free(flow);
		return result;
	}
	g_debug("flow %" G_GINT64_MODIFIER "x: %s (uid %u) to %s, route %s", flow->id,
		flow->program, (guint)flow->uid, flow->where, flow->route->name);
	set_timer(flow, parts->settings->connect_timeout, connect_expired);
	result = open_or_join_twin(flow);
	if (result < 0) {
		close(fds[0]);
		flow_free(flow);
		return result;
	}
	return fds[0];
}

int flows_buffer(const struct flows *flows)
{
	return flows->buffer;
}

int flow_keep_alive(struct flows *flows, guint64 id, uid_t uid, guint32 seconds)
{
	GHashTableIter iter;
	struct flow *flow;

	g_hash_table_iter_init(&iter, flows->all);
	while (g_hash_table_iter_next(&iter, (gpointer *)&flow, NULL)) {
		if (flow->id != id || flow->uid != uid || is_abandoned(flow))
			continue;
		if (flow->state == FLOW_FINISHED)
			break;
		sched_keep_alive(flows->parts.sched, &flow->channel, keep_alive_ms(seconds));
		return 0;
	}
	return -ENOTCONN;
}

guint flow_count(const struct flows *flows)
{
	return g_hash_table_size(flows->all);
}

void flow_mark_routes(const struct flows *flows, GHashTable *used)
{
	GHashTableIter iter;
	gpointer item;

	g_hash_table_iter_init(&iter, flows->all);
	while (g_hash_table_iter_next(&iter, &item, NULL))
		g_hash_table_add(used, (gpointer)((struct flow *)item)->route);
}

void flow_list(const struct flows *flows, const uid_t *only, GVariantBuilder *list)
{
	GHashTableIter iter;
	gpointer item;

	g_hash_table_iter_init(&iter, flows->all);
	while (g_hash_table_iter_next(&iter, &item, NULL)) {
		const struct flow *flow = item;
		const struct flow_summary summary = {
			.to = flow->where,
			.route = flow->route->name,
			.state = state_names[flow->state],
			.socket = flow->channel.socket,
			.program = flow->program,
			.uid = flow->uid,
			.pid = flow->pid,
			.age = now(flows) - flow->attempt.began,
			.sent = flow->bytes_sent,
			.received = flow->bytes_received,
		};

		if (!only || *only == flow->uid)
			flow_summary_add(list, &summary);
	}
}
