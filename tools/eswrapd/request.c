// SPDX-License-Identifier: MIT
/* What is said to a program's question. */
#include "eswrapd/request.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "config/route.h"
#include "eswrapd/chatter.h"
#include "eswrapd/closer.h"
#include "eswrapd/control.h"
#include "eswrapd/counts.h"
#include "eswrapd/datagram.h"
#include "eswrapd/dns.h"
#include "eswrapd/flow.h"
#include "eswrapd/forward.h"
#include "eswrapd/log.h"
#include "eswrapd/name-stream.h"
#include "eswrapd/presence.h"
#include "eswrapd/resolve.h"
#include "eswrapd/sched.h"
#include "eswrapd/tally.h"
#include "eswrapd/stand-in.h"
#include "wire/endpoint.h"

struct requests {
	struct request_parts parts;
	struct resolve_parts resolve;
	const struct request_ops *ops;
	gpointer user;
};

/* A look-up that a client waits for. */
struct question {
	struct client *client;
	struct resolving *resolving;
	guint32 magic; /* the request's */
};

/**
 * struct asked - one request being answered
 * @reply:	what is going to be said, unless it is answered later
 * @socket:	the one that came along with the question; -1: none
 * @fd:		the program's end, to go with it; -1: none
 * @later:	somebody else has the client now
 */
struct asked {
	struct requests *requests;
	struct client *client;
	struct eswrap_request request;
	struct asker asker;
	struct eswrap_reply reply;
	int socket, fd;
	bool later;
};

static void refuse(struct asked *asked, int error)
{
	asked->reply.verdict = ESWRAP_REFUSED;
	asked->reply.error = (uint16_t)error;
}

static void direct(struct asked *asked)
{
	asked->reply.verdict = ESWRAP_DIRECT;
}

/* A connect, and not a look-up. */
static void go_direct(struct asked *asked, const struct route *route)
{
	tallies_add(asked->requests->parts.tallies, TALLY_DIRECT, route ? route->name : "");
	direct(asked);
}

static bool is_mapped(const struct eswrap_endpoint *endpoint)
{
	static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };

	return endpoint->family == AF_INET6 && memcmp(endpoint->address, mapped, 12) == 0;
}

static void to_destination(const struct eswrap_endpoint *from, int type, const char *name,
			   struct destination *to)
{
	memset(to, 0, sizeof(*to));
	to->type = type;
	to->name = name;
	to->port = from->port;
	eswrap_map_address(from, to->address);
}

/*
 * The route of -r goes before the conditions on the place and the program, which are what -r is
 * there to overrule; never before those that say who may use a route, nor before a route that
 * refuses. Return: false where he may not use the route that he names.
 */
static bool choose(struct asked *asked, const struct destination *to, const struct route **route)
{
	const struct settings *settings = asked->requests->parts.settings;
	const struct route *forced;

	*route = route_match(settings, &asked->asker, to);
	if (!*asked->request.route ||
	    (*route && (*route)->through == ROUTE_REFUSE && *route != settings->fallback))
		return true;
	forced = route_find(settings, asked->request.route);
	if (!route_takes(forced->through, to->type))
		return true;
	*route = forced;
	return route_admits(forced, &asked->asker);
}

/* There is no point in asking which route a destination takes when -r names one that is not. */
static bool route_is_known(struct asked *asked)
{
	if (!*asked->request.route ||
	    route_find(asked->requests->parts.settings, asked->request.route))
		return true;
	if (chatter_allows(asked->asker.uid))
		log_event(G_LOG_LEVEL_WARNING,
			  &(struct log_about){ .route = "", .uid = asked->asker.uid },
			  "%s (uid %u): there is no [route %s] in %s; refused",
			  asked->asker.program, (guint)asked->asker.uid, asked->request.route,
			  asked->requests->parts.settings->path);
	return false;
}

static bool is_endpoint(const struct eswrap_endpoint *endpoint)
{
	return endpoint->family == AF_INET || endpoint->family == AF_INET6;
}

static void refuse_place(struct asked *asked, const struct destination *to, int error,
			 const char *why)
{
	g_autofree char *where = endpoint_text(to->name, &asked->request.dest);

	if (chatter_allows(asked->asker.uid))
		log_event(G_LOG_LEVEL_MESSAGE,
			  &(struct log_about){ .route = "", .uid = asked->asker.uid },
			  "%s (uid %u) to %s: %s", asked->asker.program, (guint)asked->asker.uid,
			  where, why);
	refuse(asked, error);
}

/*
 * A program may look names up as root and connect as another user, once it has given its rights up:
 * so what root has asked for, all may connect to; but not ask what it stands for.
 */
static bool find_name(struct asked *asked, const struct eswrap_endpoint *dest, const char **name)
{
	struct names *names = asked->requests->parts.names;

	if (!names_find(names, asked->asker.uid, dest, name))
		return false;
	return *name || names_find(names, 0, dest, name);
}

/*
 * Where is this socket to go? Return: true when a route through the module takes it, with @flow
 * filled in; else the answer stands in the reply.
 */
static bool route_flow(struct asked *asked, int type, struct flow_request *flow)
{
	const struct eswrap_endpoint *dest = &asked->request.dest;
	struct destination to;
	const char *name;
	bool stand_in;

	if (!is_endpoint(dest) ||
	    (asked->request.family != AF_INET && asked->request.family != AF_INET6)) {
		refuse(asked, EPROTO);
		return false;
	}
	stand_in = find_name(asked, dest, &name);
	to_destination(dest, type, name, &to);
	if (!route_is_known(asked)) {
		refuse(asked, EACCES);
		return false;
	}
	if (stand_in && !name) {
		refuse_place(asked, &to, EHOSTUNREACH,
			     "a stand-in address that stands for no name; look it up again");
		return false;
	}
	if (!choose(asked, &to, &flow->route)) {
		refuse_place(asked, &to, EACCES,
			     "-r names a route that is not for this user or mark");
		return false;
	}
	if (flow->route && flow->route->through == ROUTE_REFUSE) {
		refuse_place(asked, &to, EACCES, "refused by its route");
		return false;
	}
	if (!flow->route || flow->route->through == ROUTE_DIRECT) {
		if (stand_in)
			refuse_place(asked, &to, ENETUNREACH,
				     "no route takes this port of a name that is looked up by the "
				     "module; refused, because it cannot go out directly");
		else
			go_direct(asked, flow->route);
		return false;
	}
	if (!stand_in && dest->family == AF_INET6 && !is_mapped(dest)) {
		refuse_place(asked, &to, ENETUNREACH, "the module speaks IPv4 only");
		return false;
	}
	if (dest->port == 0) {
		refuse(asked, type == SOCK_STREAM ? ECONNREFUSED : EINVAL);
		return false;
	}
	*flow = (struct flow_request){ .route = flow->route,
				       .dest = *dest,
				       .family = asked->request.family,
				       .name = name,
				       .keep_alive = asked->request.keep_alive,
				       .asker = asked->asker,
				       .socket = -1 };
	return true;
}

/* The program has descriptors enough, it is us who have not: no errno of its own for that. */
static int own_errno(int result)
{
	return result == -EMFILE || result == -ENFILE || result == -ENOMEM ? ENOBUFS : -result;
}

static void grant(struct asked *asked, int fd)
{
	if (fd < 0) {
		refuse(asked, own_errno(fd));
		return;
	}
	asked->reply.verdict = ESWRAP_GRANTED;
	asked->fd = fd;
}

/* A connect that would have to wait for a socket: perhaps a datagram flow has left one. */
static void look_for_free_socket(const struct request_parts *parts)
{
	if (sched_free_sockets(parts->sched) == 0)
		datagram_reap(parts->datagrams);
}

/* A route that names the port of name servers means them; one that names their addresses may not. */
static bool names_dns_port(const struct route *route)
{
	guint i;

	for (i = 0; i < route->ports->len; i++) {
		const struct port_range *range = &g_array_index(route->ports, struct port_range, i);

		if (range->first <= ESWRAP_PORT_NAMES && range->last >= ESWRAP_PORT_NAMES)
			return true;
	}
	return false;
}

/* Is what is sent to a name server to go the way that its address or -r say? */
static bool is_routed(struct asked *asked, int type, const struct destination *to)
{
	const struct settings *settings = asked->requests->parts.settings;
	const struct route *route = route_match(settings, &asked->asker, to), *forced;

	if (route && route != settings->fallback &&
	    (route->through != ROUTE_DIRECT ||
	     (names_dns_port(route) && forward_fits(asked->socket, type))))
		return true;
	if (!*asked->request.route)
		return !route_flags_names(settings) && forward_fits(asked->socket, type);
	forced = route_find(settings, asked->request.route);
	return !forced || !route_admits(forced, &asked->asker) || forced->through == ROUTE_DIRECT ||
	       forced->through == ROUTE_REFUSE || names_dns_port(forced);
}

/*
 * A name server, whoever it is: questions for names that are flagged must not get there, and those for
 * others are forwarded. Return: true with @flow filled in.
 */
static bool is_name_server(struct asked *asked, int type, struct flow_request *flow)
{
	const struct eswrap_endpoint *dest = &asked->request.dest;
	struct destination to;
	const char *name;

	if (dest->port != ESWRAP_PORT_NAMES || !asked->requests->parts.name_streams ||
	    !is_endpoint(dest) ||
	    (asked->request.family != AF_INET && asked->request.family != AF_INET6) ||
	    find_name(asked, dest, &name))
		return false;
	to_destination(dest, type, NULL, &to);
	if (is_routed(asked, type, &to))
		return false;
	*flow = (struct flow_request){
		.dest = *dest,
		.family = asked->request.family,
		.asker = asked->asker,
		.forced = asked->request.route,
		.socket = -1,
	};
	return true;
}

static void handle_connect(struct asked *asked)
{
	const struct request_parts *parts = &asked->requests->parts;
	struct flow_request flow;

	if (is_name_server(asked, SOCK_STREAM, &flow)) {
		flow.socket = g_steal_fd(&asked->socket);
		grant(asked, name_stream_open(parts->name_streams, &flow, &asked->reply.id));
		return;
	}
	if (!route_flow(asked, SOCK_STREAM, &flow))
		return;
	grant(asked, flow_connect(parts->flows, &flow, &asked->reply.id));
	look_for_free_socket(parts);
}

/* What getsockname() is to say of a datagram flow, where it is known by now. */
static void tell_local_address(struct asked *asked)
{
	const char *own = asked->requests->parts.identity->address;

	if (inet_pton(AF_INET, own, asked->reply.v4.address) == 1)
		asked->reply.v4.family = AF_INET;
}

static void handle_associate(struct asked *asked)
{
	const struct request_parts *parts = &asked->requests->parts;
	struct flow_request flow;

	if (!is_name_server(asked, SOCK_DGRAM, &flow)) {
		if (!route_flow(asked, SOCK_DGRAM, &flow))
			return;
		tell_local_address(asked);
		look_for_free_socket(parts);
		/* Under -r there is one way for all. */
		flow.serves =
			asked->request.id == ESWRAP_ASSOCIATE_SERVES && !*asked->request.route;
	}
	flow.socket = g_steal_fd(&asked->socket);
	grant(asked,
	      datagram_associate(parts->datagrams, &flow, &asked->reply.id, &asked->reply.key));
}

static void handle_peer(struct asked *asked)
{
	struct flow_request flow;
	int result;

	if (!is_name_server(asked, SOCK_DGRAM, &flow) && !route_flow(asked, SOCK_DGRAM, &flow)) {
		if (asked->reply.verdict != ESWRAP_DIRECT)
			return;
		flow = (struct flow_request){ .dest = asked->request.dest,
					      .family = asked->request.family,
					      .asker = asked->asker,
					      .socket = -1,
					      .direct = true };
	}
	result = datagram_add_peer(asked->requests->parts.datagrams, asked->request.id, &flow,
				   &asked->reply.tag);
	if (result < 0) {
		refuse(asked, own_errno(result));
		return;
	}
	asked->reply.verdict = ESWRAP_GRANTED;
	asked->reply.id = asked->request.id;
}

/* As handle_connect() and handle_associate() would, with nothing begun. */
static void handle_would_you(struct asked *asked, int type)
{
	struct flow_request flow;

	if (is_name_server(asked, type, &flow) || route_flow(asked, type, &flow))
		asked->reply.verdict = ESWRAP_GRANTED;
}

static struct resolve_question name_question(const struct asked *asked)
{
	return (struct resolve_question){
		.asker = asked->asker,
		.route = asked->request.route,
		.name = asked->request.name,
		.local = asked->request.id == ESWRAP_RESOLVE_LOCAL,
	};
}

static void resolved(const struct eswrap_reply *answer, gpointer user)
{
	struct question *question = user;
	struct eswrap_reply reply = *answer;

	reply.magic = question->magic;
	client_answer(question->client, &reply, sizeof(reply), -1);
	g_free(question);
}

static void asker_has_gone(gpointer user)
{
	struct question *question = user;

	resolve_cancel(question->resolving);
	g_free(question);
}

static void handle_resolve(struct asked *asked)
{
	const struct resolve_question what = name_question(asked);
	struct question *question;

	if (resolve_is_nobodys(what.name)) {
		direct(asked);
		return;
	}
	if (!route_is_known(asked)) {
		refuse(asked, ESWRAP_NAME_FAIL);
		return;
	}
	question = g_new0(struct question, 1);
	question->client = asked->client;
	question->magic = asked->request.magic;
	question->resolving =
		resolve_ask(&asked->requests->resolve, &what, &asked->reply, resolved, question);
	if (!question->resolving) {
		g_free(question);
		return;
	}
	asked->later = true;
	client_wait(asked->client, asker_has_gone, question);
}

static void handle_reverse(struct asked *asked)
{
	struct resolve_question what = name_question(asked);

	if (!is_endpoint(&asked->request.dest)) {
		refuse(asked, EPROTO);
		return;
	}
	if (!route_is_known(asked))
		what.route = "";
	resolve_address(&asked->requests->resolve, &what, &asked->request.dest, &asked->reply);
}

static void holder_has_gone(gpointer user)
{
	const struct requests *requests = user;

	presence_leave(requests->parts.presence);
}

/*
 * A launcher. The connection is inherited by the program and its children, who may close it: so the
 * process itself counts as well.
 */
static void handle_hold(struct asked *asked)
{
	struct presence *presence = asked->requests->parts.presence;

	if (!route_is_known(asked)) {
		refuse(asked, EINVAL);
		return;
	}
	asked->reply.verdict = ESWRAP_GRANTED;
	asked->reply.error = (uint16_t)asked->requests->parts.settings->unreachable;
	/* The system's broker stays anyway. */
	if (!presence)
		return;
	presence_enter_process(presence, client_who(asked->client)->pid);
	presence_enter(presence);
	asked->later = true;
	client_hold(asked->client, &asked->reply, sizeof(asked->reply), holder_has_gone,
		    asked->requests);
}

static bool ends(const char *text, gsize size)
{
	return memchr(text, '\0', size) != NULL;
}

/* A program may call itself anything; it goes into the log. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (!g_ascii_isprint(*text))
			*text = '?';
}

static gsize header_size(const guint8 *packet, gsize size)
{
	gsize header = 0;
	guint32 magic;

	if (size < sizeof(magic))
		return 0;
	memcpy(&magic, packet, sizeof(magic));
	if (magic == ESWRAP_MAGIC)
		header = sizeof(struct eswrap_request);
	else if (magic == ESWRAP_MAGIC_1)
		header = ESWRAP_REQUEST_1_SIZE;
	return header <= size ? header : 0;
}

/* Only the kernel knows: SO_MARK of the socket that came along with the question. */
static guint32 mark_of(int fd)
{
	guint32 mark = 0;
	socklen_t len = sizeof(mark);

	if (fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_MARK, &mark, &len) < 0)
		mark = 0;
	return mark;
}

/* See "Whom a request is for" in wire.h. */
static void set_asker(struct asked *asked, const struct ucred *who)
{
	const struct eswrap_request *request = &asked->request;

	asked->asker.uid = who->uid;
	asked->asker.pid = who->pid;
	if (request->pid > 0) {
		asked->asker.pid = request->pid;
		if (who->uid == 0 || who->uid == geteuid())
			asked->asker.uid = request->uid;
	}
	asked->asker.program = *request->program ? request->program : "a program";
	asked->asker.mark = mark_of(asked->socket);
}

static void handle_keep_alive(struct asked *asked)
{
	const struct eswrap_request *request = &asked->request;
	int result = flow_keep_alive(asked->requests->parts.flows, request->id, asked->asker.uid,
				     request->keep_alive);

	if (result < 0)
		refuse(asked, -result);
	else
		asked->reply.verdict = ESWRAP_GRANTED;
}

static void handle_count(struct asked *asked)
{
	struct counts *counts = asked->requests->parts.counts;

	grant(asked, counts ? counts_page(counts, asked->asker.uid) : -ENOSYS);
}

static void handle_by_type(struct asked *asked)
{
	switch ((enum eswrap_request_type)asked->request.type) {
	case ESWRAP_CONNECT:
		handle_connect(asked);
		return;
	case ESWRAP_RESOLVE:
		handle_resolve(asked);
		return;
	case ESWRAP_REVERSE:
		handle_reverse(asked);
		return;
	case ESWRAP_ASSOCIATE:
		handle_associate(asked);
		return;
	case ESWRAP_PEER:
		handle_peer(asked);
		return;
	case ESWRAP_HOLD:
		handle_hold(asked);
		return;
	case ESWRAP_ASK_STREAM:
		handle_would_you(asked, SOCK_STREAM);
		return;
	case ESWRAP_ASK_DATAGRAM:
		handle_would_you(asked, SOCK_DGRAM);
		return;
	case ESWRAP_KEEP_ALIVE:
		handle_keep_alive(asked);
		return;
	case ESWRAP_COUNT:
		handle_count(asked);
		return;
	case ESWRAP_ADMIN:
		break;
	}
	refuse(asked, EPROTO);
}

/* Return: whether it is a program's question, with asked->request filled in and safe to read. */
static bool read_request(struct asked *asked, const guint8 *packet, gsize size, gsize header)
{
	struct eswrap_request *request = &asked->request;

	memcpy(request, packet, header);
	asked->reply.magic = request->magic;
	if (size != header || !ends(request->program, sizeof(request->program)) ||
	    !ends(request->route, sizeof(request->route)) ||
	    !ends(request->name, sizeof(request->name)))
		return false;
	make_printable(request->program);
	make_printable(request->route);
	return true;
}

struct requests *requests_new(const struct request_parts *parts, const struct request_ops *ops,
			      gpointer user)
{
	struct requests *requests = g_new0(struct requests, 1);

	requests->parts = *parts;
	requests->resolve = (struct resolve_parts){ parts->settings, parts->names, parts->lookups };
	requests->ops = ops;
	requests->user = user;
	return requests;
}

void requests_free(struct requests *requests)
{
	g_free(requests);
}

static bool is_administrative(const guint8 *packet)
{
	guint16 type;

	memcpy(&type, packet + offsetof(struct eswrap_request, type), sizeof(type));
	return type == ESWRAP_ADMIN;
}

void request_crowded(struct client *client, gpointer user G_GNUC_UNUSED)
{
	const struct eswrap_reply reply = {
		.magic = ESWRAP_MAGIC,
		.verdict = ESWRAP_REFUSED,
		.error = ENOBUFS,
	};

	client_answer(client, &reply, sizeof(reply), -1);
}

void request_asked(struct client *client, const guint8 *packet, gsize size, gpointer user)
{
	struct requests *requests = user;
	gsize header = size <= ESWRAP_ADMIN_MAX ? header_size(packet, size) : 0;
	struct asked asked = { .requests = requests, .client = client, .socket = -1, .fd = -1 };

	if (header && is_administrative(packet)) {
		requests->ops->administer(client, packet + header, size - header, requests->user);
		return;
	}
	asked.reply.magic = ESWRAP_MAGIC;
	if (header && read_request(&asked, packet, size, header)) {
		asked.socket = client_take_descriptor(client);
		set_asker(&asked, client_who(client));
		handle_by_type(&asked);
		closer_close(asked.socket);
	} else {
		refuse(&asked, EPROTO);
	}
	if (!asked.later)
		client_answer(client, &asked.reply, sizeof(asked.reply), asked.fd);
}
