// SPDX-License-Identifier: MIT
/* The name server. The theory of operation is in dns.h. */
#include "eswrapd/dns.h"

#include <string.h>

#include "eswrapd/suffix.h"
#include "loop/timer.h"
#include "wire/dns.h"
#include "wire/endpoint.h"

/* Resolvers ask again after 5 s. */
#define ANSWER_US (4 * G_TIME_SPAN_SECOND)
/* Of one socket at once; more are lost, as datagrams may be. */
#define ASKING_MAX 64
/* A header, and a question. */
#define QUESTION_MAX (12 + 255 + 4)

struct responder {
	struct resolve_parts resolve;
	struct timers *timers;
	struct suffixes *suffixes;
};

/* struct dns_call - a question that is being looked up; as much of its packet as the answer repeats */
struct dns_call {
	struct dns_asker *asker;
	struct resolving *resolving;
	struct dns_question question;
	guint8 packet[QUESTION_MAX];
	struct timer timer;
	GList link;
};

struct responder *responder_new(const struct resolve_parts *parts, struct timers *timers,
				const char *resolv_conf)
{
	struct responder *responder = g_new0(struct responder, 1);

	responder->resolve = *parts;
	responder->timers = timers;
	responder->suffixes = suffixes_new(resolv_conf);
	return responder;
}

void responder_free(struct responder *responder)
{
	if (!responder)
		return;
	suffixes_free(responder->suffixes);
	g_free(responder);
}

static void call_free(struct dns_call *call)
{
	timer_clear(&call->timer);
	g_queue_unlink(&call->asker->asking, &call->link);
	g_free(call);
}

void responder_forget(struct dns_asker *asker)
{
	while (asker->asking.head) {
		struct dns_call *call = asker->asking.head->data;

		resolve_cancel(call->resolving);
		call_free(call);
	}
}

static void say(struct dns_asker *asker, const guint8 *packet, const struct dns_question *question,
		enum dns_code code)
{
	guint8 answer[DNS_ANSWER_MAX];

	asker->answer(asker, answer, dns_answer(packet, question, code, NULL, answer));
}

static void tell(struct dns_asker *asker, const guint8 *packet, const struct dns_question *question,
		 const struct eswrap_reply *reply)
{
	guint8 answer[DNS_ANSWER_MAX];
	gsize size;

	switch ((enum eswrap_verdict)reply->verdict) {
	case ESWRAP_GRANTED:
		if (question->type == DNS_TYPE_PTR)
			size = dns_answer_name(packet, question, reply->name, answer);
		else
			size = dns_answer(packet, question, DNS_GOOD,
					  question->type == DNS_TYPE_A ? reply->v4.address : NULL,
					  answer);
		asker->answer(asker, answer, size);
		return;
	case ESWRAP_REFUSED:
		say(asker, packet, question,
		    reply->error == ESWRAP_NAME_AGAIN ? DNS_SERVER_FAILURE : DNS_NAME_UNKNOWN);
		return;
	case ESWRAP_DIRECT:
		break;
	}
	say(asker, packet, question, DNS_NAME_UNKNOWN);
}

static void resolved(const struct eswrap_reply *reply, gpointer user)
{
	struct dns_call *call = user;

	tell(call->asker, call->packet, &call->question, reply);
	call_free(call);
}

static void too_slow(gpointer user)
{
	struct dns_call *call = user;
	struct eswrap_reply reply = { 0 };

	resolve_at_once(call->resolving, &reply);
	resolve_cancel(call->resolving);
	resolved(&reply, call);
}

static struct resolve_question question_of(const struct dns_asker *asker, const char *name)
{
	return (struct resolve_question){ .asker = asker->asker,
					  .route = asker->route,
					  .name = name };
}

static bool is_flagged(const char *bare, gpointer user)
{
	const struct dns_asker *asker = user;
	const struct resolve_question question = question_of(asker, bare);

	return !resolve_is_direct(&asker->responder->resolve, &question);
}

/* A flagged name with a domain behind it. */
static bool is_completed(struct dns_asker *asker, const char *name)
{
	return suffixes_any(asker->responder->suffixes, name, is_flagged, asker);
}

/* Is a name server not to hear of it, in whatever class? */
static bool is_hidden(struct dns_asker *asker, const char *name)
{
	return is_flagged(name, asker) || is_completed(asker, name);
}

static void look_up_question(struct dns_asker *asker, const guint8 *packet,
			     const struct dns_question *question, struct eswrap_reply *reply)
{
	const struct resolve_question what = question_of(asker, question->name);
	struct dns_call *call;

	if (asker->asking.length >= ASKING_MAX)
		return;
	call = g_new0(struct dns_call, 1);
	call->resolving = resolve_ask(&asker->responder->resolve, &what, reply, resolved, call);
	if (!call->resolving) {
		g_free(call);
		return;
	}
	call->asker = asker;
	call->question = *question;
	memcpy(call->packet, packet, question->end);
	call->link.data = call;
	g_queue_push_tail_link(&asker->asking, &call->link);
	timer_init(&call->timer, asker->responder->timers, too_slow, call);
	timer_start(&call->timer, ANSWER_US);
}

/* A reply without a verdict: the answer comes later, or not at all. */
static void find(struct dns_asker *asker, const guint8 *packet, const struct dns_question *question,
		 struct eswrap_reply *reply)
{
	const struct resolve_question what = question_of(asker, question->name);
	struct eswrap_endpoint address;

	if (question->type == DNS_TYPE_PTR && eswrap_endpoint_from_arpa(&address, question->name))
		resolve_address(&asker->responder->resolve, &what, &address, reply);
	else
		look_up_question(asker, packet, question, reply);
	if (reply->verdict == ESWRAP_DIRECT && is_completed(asker, question->name)) {
		reply->verdict = ESWRAP_REFUSED;
		reply->error = ESWRAP_NAME_UNKNOWN;
	}
}

bool responder_ask(struct dns_asker *asker, const guint8 *packet, gsize size)
{
	struct eswrap_reply reply = { 0 };
	struct dns_question question;
	enum dns_code code = dns_parse(packet, size, &question);

	if (code == DNS_IGNORE)
		return true;
	if (code == DNS_NAME_UNKNOWN && asker->can_forward && !is_hidden(asker, question.name))
		return false;
	if (code != DNS_GOOD) {
		say(asker, packet, &question, code);
		return true;
	}
	find(asker, packet, &question, &reply);
	if (reply.verdict == ESWRAP_DIRECT && asker->can_forward)
		return false;
	if (reply.verdict)
		tell(asker, packet, &question, &reply);
	return true;
}

void responder_failed(struct dns_asker *asker, const guint8 *packet, gsize size)
{
	struct dns_question question;

	/* Another of its servers may be there: so it is not said that there is no such name. */
	if (dns_parse(packet, size, &question) != DNS_IGNORE)
		say(asker, packet, &question, DNS_SERVER_FAILURE);
}
