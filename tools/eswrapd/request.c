// SPDX-License-Identifier: MIT
/* What is said to a program's question. */
#include "eswrapd/request.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "config/route.h"
#include "eswrapd/broker.h"
#include "eswrapd/datagram.h"
#include "eswrapd/flow.h"
#include "eswrapd/lookup.h"
#include "eswrapd/name.h"
#include "wire/endpoint.h"

/* A look-up that a client waits for. */
struct question {
	struct broker *broker;
	struct lookup_asker *asker;
	guint32 magic; /* the request's */
	char name[ESWRAP_NAME_MAX + 1];
	request_answered answered;
	gpointer user;
};

struct asked {
	struct broker *broker;
	struct eswrap_request request;
	struct asker asker;
	struct eswrap_reply *reply;
	int *fd;
	request_answered answered;
	gpointer user;
	struct question **question;
};

static enum request_state refuse(struct asked *asked, int error)
{
	asked->reply->verdict = ESWRAP_REFUSED;
	asked->reply->error = (uint16_t)error;
	return REQUEST_ANSWERED;
}

static enum request_state direct(struct asked *asked)
{
	asked->reply->verdict = ESWRAP_DIRECT;
	return REQUEST_ANSWERED;
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

/* The route of -r, which goes before all conditions; or the first that matches. */
static const struct route *choose(struct asked *asked, const struct destination *to)
{
	const struct settings *settings = asked->broker->settings;
	const struct route *forced;

	if (*asked->request.route) {
		forced = route_find(settings, asked->request.route);
		if (route_takes(forced->through, to->type))
			return forced;
	}
	return route_match(settings, &asked->asker, to);
}

/* There is no point in asking which route a destination takes when -r names one that is not. */
static bool route_is_known(struct asked *asked)
{
	if (!*asked->request.route || route_find(asked->broker->settings, asked->request.route))
		return true;
	g_warning("%s (uid %u): there is no [route %s] in %s; refused", asked->asker.program,
		  (guint)asked->asker.uid, asked->request.route, asked->broker->settings->path);
	return false;
}

static bool is_endpoint(const struct eswrap_endpoint *endpoint)
{
	return endpoint->family == AF_INET || endpoint->family == AF_INET6;
}

static enum request_state refuse_place(struct asked *asked, const struct destination *to, int error,
				       const char *why)
{
	char *where = endpoint_text(to->name, &asked->request.dest);

	g_message("%s (uid %u) to %s: %s", asked->asker.program, (guint)asked->asker.uid, where,
		  why);
	g_free(where);
	return refuse(asked, error);
}

/*
 * Where is this socket to go? Return: true when a route through the module takes it, with @flow
 * filled in; else the answer stands in the reply.
 */
static bool taken(struct asked *asked, int type, struct flow_request *flow)
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
	stand_in = names_find(asked->broker->names, dest, &name);
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
	flow->route = choose(asked, &to);
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
			direct(asked);
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
	flow->dest = *dest;
	flow->family = asked->request.family;
	flow->name = name;
	flow->asker = asked->asker;
	return true;
}

/* The program has descriptors enough, it is us who have not: no errno of its own for that. */
static int own_errno(int result)
{
	return result == -EMFILE || result == -ENFILE || result == -ENOMEM ? ENOBUFS : -result;
}

static enum request_state grant(struct asked *asked, int fd)
{
	if (fd < 0)
		return refuse(asked, own_errno(fd));
	asked->reply->verdict = ESWRAP_GRANTED;
	*asked->fd = fd;
	return REQUEST_ANSWERED;
}

static enum request_state handle_connect(struct asked *asked)
{
	struct flow_request flow;

	if (!taken(asked, SOCK_STREAM, &flow))
		return REQUEST_ANSWERED;
	return grant(asked, flow_connect(asked->broker->flows, &flow, &asked->reply->id));
}

/* What getsockname() is to say of a datagram flow, where it is known by now. */
static void tell_local_address(struct asked *asked)
{
	const char *own = eswifi_module_identity(asked->broker->module)->address;

	if (inet_pton(AF_INET, own, asked->reply->v4.address) == 1)
		asked->reply->v4.family = AF_INET;
}

static enum request_state handle_associate(struct asked *asked)
{
	struct flow_request flow;

	if (!taken(asked, SOCK_DGRAM, &flow))
		return REQUEST_ANSWERED;
	tell_local_address(asked);
	return grant(asked, datagram_associate(asked->broker->datagrams, &flow, &asked->reply->id,
					       &asked->reply->key));
}

static enum request_state handle_peer(struct asked *asked)
{
	struct flow_request flow;
	int result;

	if (!taken(asked, SOCK_DGRAM, &flow)) {
		/* One socket cannot be both: what is not ours is not reachable from ours. */
		if (asked->reply->verdict == ESWRAP_DIRECT)
			refuse(asked, ENETUNREACH);
		return REQUEST_ANSWERED;
	}
	result = datagram_add_peer(asked->broker->datagrams, asked->request.id, &flow,
				   &asked->reply->tag);
	if (result < 0)
		return refuse(asked, own_errno(result));
	asked->reply->verdict = ESWRAP_GRANTED;
	asked->reply->id = asked->request.id;
	return REQUEST_ANSWERED;
}

/* As handle_connect() and handle_associate() would, with nothing begun. */
static enum request_state handle_would_you(struct asked *asked, int type)
{
	struct flow_request flow;

	if (taken(asked, type, &flow))
		asked->reply->verdict = ESWRAP_GRANTED;
	return REQUEST_ANSWERED;
}

static void resolved(struct broker *broker, const char *name, enum lookup_result result,
		     struct eswrap_reply *reply)
{
	reply->verdict = ESWRAP_REFUSED;
	switch (result) {
	case LOOKUP_FOUND:
		reply->verdict = ESWRAP_GRANTED;
		names_get(broker->names, name, &reply->v4, &reply->v6);
		break;
	case LOOKUP_UNKNOWN:
		reply->error = ESWRAP_NAME_UNKNOWN;
		break;
	case LOOKUP_AGAIN:
	case LOOKUP_PENDING:
		reply->error = ESWRAP_NAME_AGAIN;
		break;
	}
}

static void lookup_ended(enum lookup_result result, gpointer user)
{
	struct question *question = user;
	struct eswrap_reply reply = { .magic = question->magic };

	resolved(question->broker, question->name, result, &reply);
	question->answered(&reply, question->user);
	g_free(question);
}

void question_cancel(struct question *question)
{
	lookup_cancel(question->asker);
	g_free(question);
}

static enum request_state look_up(struct asked *asked, const char *name)
{
	struct question *question = g_new0(struct question, 1);
	enum lookup_result result;

	question->broker = asked->broker;
	question->magic = asked->request.magic;
	question->answered = asked->answered;
	question->user = asked->user;
	g_strlcpy(question->name, name, sizeof(question->name));
	result = lookup_ask(asked->broker->lookups, question->name, lookup_ended, question,
			    &question->asker);
	if (result == LOOKUP_PENDING) {
		*asked->question = question;
		return REQUEST_PENDING;
	}
	g_free(question);
	resolved(asked->broker, name, result, asked->reply);
	return REQUEST_ANSWERED;
}

static enum name_fate fate_of(struct asked *asked, const char *name, const struct route **by)
{
	if (*asked->request.route) {
		*by = route_find(asked->broker->settings, asked->request.route);
		switch ((*by)->through) {
		case ROUTE_TLS:
		case ROUTE_TCP:
		case ROUTE_UDP:
			return NAME_FLAGGED;
		case ROUTE_DIRECT:
			return NAME_DIRECT;
		case ROUTE_REFUSE:
			return NAME_REFUSED;
		}
	}
	return route_name_fate(asked->broker->settings, &asked->asker, name, by);
}

static enum request_state handle_resolve(struct asked *asked)
{
	char clean[ESWRAP_NAME_MAX + 1], *shown;
	const char *given = asked->request.name;
	enum name_fate fate;
	const struct route *by;
	bool good;

	if (name_is_numeric(given))
		return direct(asked);
	good = name_clean(given, clean);
	if (name_is_local(clean))
		return direct(asked);
	if (!route_is_known(asked))
		return refuse(asked, ESWRAP_NAME_FAIL);
	fate = fate_of(asked, clean, &by);
	/* What the asker's machine knows by itself needs nobody's help. */
	if (asked->request.id == ESWRAP_RESOLVE_LOCAL && !route_names_host(by, clean))
		return direct(asked);
	switch (fate) {
	case NAME_DIRECT:
		return direct(asked);
	case NAME_REFUSED:
		g_message("%s (uid %u): look-up of %s refused by %s", asked->asker.program,
			  (guint)asked->asker.uid, good ? clean : "a name", by->name);
		return refuse(asked, ESWRAP_NAME_FAIL);
	case NAME_FLAGGED:
		break;
	}
	if (good)
		return look_up(asked, clean);
	shown = g_strescape(given, NULL);
	g_message("%s (uid %u): \"%s\" is not a host name; not looked up", asked->asker.program,
		  (guint)asked->asker.uid, shown);
	g_free(shown);
	return refuse(asked, ESWRAP_NAME_FAIL);
}

/* May name servers be told that somebody is interested in this address? */
static bool may_be_told(struct asked *asked)
{
	const struct settings *settings = asked->broker->settings;
	struct destination to;

	to_destination(&asked->request.dest, SOCK_STREAM, NULL, &to);
	if (*asked->request.route && route_is_known(asked))
		return route_find(settings, asked->request.route)->through == ROUTE_DIRECT ||
		       eswrap_is_loopback(to.address);
	return route_address_is_direct(settings, &asked->asker, to.address);
}

static enum request_state handle_reverse(struct asked *asked)
{
	const char *name;

	if (!is_endpoint(&asked->request.dest))
		return refuse(asked, EPROTO);
	if (!names_find(asked->broker->names, &asked->request.dest, &name))
		return may_be_told(asked) ? direct(asked) : refuse(asked, ESWRAP_NAME_UNKNOWN);
	if (!name)
		return refuse(asked, ESWRAP_NAME_UNKNOWN);
	asked->reply->verdict = ESWRAP_GRANTED;
	g_strlcpy(asked->reply->name, name, sizeof(asked->reply->name));
	return REQUEST_ANSWERED;
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

gsize request_header_size(const guint8 *packet, gsize size)
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
	asked->asker.mark = request->mark;
}

static enum request_state handle_by_type(struct asked *asked)
{
	switch ((enum eswrap_request_type)asked->request.type) {
	case ESWRAP_CONNECT:
		return handle_connect(asked);
	case ESWRAP_RESOLVE:
		return handle_resolve(asked);
	case ESWRAP_REVERSE:
		return handle_reverse(asked);
	case ESWRAP_ASSOCIATE:
		return handle_associate(asked);
	case ESWRAP_PEER:
		return handle_peer(asked);
	case ESWRAP_HOLD:
		return route_is_known(asked) ? REQUEST_HOLD : refuse(asked, EINVAL);
	case ESWRAP_ASK_STREAM:
		return handle_would_you(asked, SOCK_STREAM);
	case ESWRAP_ASK_DATAGRAM:
		return handle_would_you(asked, SOCK_DGRAM);
	case ESWRAP_KEEP_ALIVE:
	case ESWRAP_ADMIN:
		break;
	}
	return refuse(asked, EPROTO);
}

enum request_state request_handle(struct broker *broker, const guint8 *packet, gsize size,
				  const struct ucred *who, struct eswrap_reply *reply, int *fd,
				  request_answered answered, gpointer user,
				  struct question **question)
{
	struct asked asked = { .broker = broker,
			       .reply = reply,
			       .fd = fd,
			       .answered = answered,
			       .user = user,
			       .question = question };
	gsize header = request_header_size(packet, size);
	struct eswrap_request *request = &asked.request;

	memset(reply, 0, sizeof(*reply));
	reply->magic = ESWRAP_MAGIC;
	if (header == 0 || size > ESWRAP_ADMIN_MAX)
		return refuse(&asked, EPROTO);
	memcpy(request, packet, header);
	reply->magic = request->magic;
	if (request->type == ESWRAP_ADMIN)
		return REQUEST_ADMIN;
	if (size != header || !ends(request->program, sizeof(request->program)) ||
	    !ends(request->route, sizeof(request->route)) ||
	    !ends(request->name, sizeof(request->name)))
		return refuse(&asked, EPROTO);
	make_printable(request->program);
	make_printable(request->route);
	set_asker(&asked, who);
	return handle_by_type(&asked);
}
