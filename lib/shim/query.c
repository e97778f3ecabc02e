// SPDX-License-Identifier: MIT
/*
 * Questions to the system's name servers, past getaddrinfo().
 *
 * DOC: Theory of Operation
 *
 * A flagged name must not go out another way, so the answer is made here, as a packet: its
 * addresses are the stand-ins, and it has no record of any other type, as the module has no other
 * to tell. Programs then do without. The name of an address (PTR) is asked for by the address.
 *
 * A name that libc would complete is completed as in search.c. res_send() is given a packet
 * already; what it asks for is read from that.
 */
#include "libc.h"

#include "shim.h"

#include "wire/dns.h"

/* What is to be done about a whole name, which may be that of an address. */
static enum answer look_up_whole(const char *name, struct eswrap_reply *reply)
{
	struct eswrap_endpoint address;
	char whole[SHIM_WHOLE];
	enum answer answer;

	if (eswrap_endpoint_from_arpa(&address, name)) {
		answer = shim_ask_address(&address, reply);
		memset(&reply->v4, 0, sizeof(reply->v4));
		memset(&reply->v6, 0, sizeof(reply->v6));
		return answer;
	}
	answer = shim_search(name, NULL, whole, reply, NULL, NULL);
	reply->name[0] = '\0';
	return answer;
}

static int say_error(struct __res_state *state, int error)
{
	h_errno = error;
	if (state)
		state->res_h_errno = error;
	return -1;
}

/* What res_query() and its kin return for a name that is not libc's. */
static int give_answer(struct __res_state *state, enum answer answer,
		       const struct name_question *question, const struct eswrap_reply *reply,
		       unsigned char *to, int size)
{
	unsigned int records;
	int len;

	if (answer != ANSWER_STAND_IN)
		return say_error(state, shim_host_error(answer));
	len = shim_dns_answer(question, 0, ns_r_noerror, reply, to, size, &records);
	if (len < 0)
		return say_error(state, NO_RECOVERY);
	return records ? len : say_error(state, NO_DATA);
}

EXPORT int res_query(const char *name, int class, int type, unsigned char *answer, int size)
{
	const struct name_question question = { name, class, type };
	struct eswrap_reply reply;
	enum answer found = look_up_whole(name, &reply);

	if (found == ANSWER_DIRECT)
		return lookups()->res_query(name, class, type, answer, size);
	return give_answer(NULL, found, &question, &reply, answer, size);
}

EXPORT int res_nquery(res_state state, const char *name, int class, int type, unsigned char *answer,
		      int size)
{
	const struct name_question question = { name, class, type };
	struct eswrap_reply reply;
	enum answer found = look_up_whole(name, &reply);

	if (found == ANSWER_DIRECT)
		return lookups()->res_nquery(state, name, class, type, answer, size);
	return give_answer(state, found, &question, &reply, answer, size);
}

/* A question of res_search() about one whole name. */
struct search_call {
	res_state state;
	struct name_question question;
	unsigned char *answer;
	int size;
	int result;
};

static enum answer search_natively(const char *whole, void *user)
{
	struct search_call *call = user;

	call->result = lookups()->res_nquery(call->state, whole, call->question.class,
					     call->question.type, call->answer, call->size);
	if (call->result >= 0)
		return ANSWER_TAKEN;
	switch (call->state->res_h_errno) {
	case HOST_NOT_FOUND:
	case NO_DATA:
		return ANSWER_UNKNOWN;
	case NO_RECOVERY:
		return ANSWER_FAIL;
	default:
		return ANSWER_AGAIN;
	}
}

/* @direct: libc's own function is to do it. */
static int search(res_state state, struct search_call *call, bool *direct)
{
	char whole[SHIM_WHOLE];
	struct eswrap_reply reply;
	struct eswrap_endpoint address;
	enum answer found;

	if (eswrap_endpoint_from_arpa(&address, call->question.name)) {
		libc()->snprintf(whole, sizeof(whole), "%s", call->question.name);
		found = look_up_whole(whole, &reply);
	} else {
		found = shim_search(call->question.name, state, whole, &reply, search_natively,
				    call);
		reply.name[0] = '\0';
	}
	*direct = found == ANSWER_DIRECT;
	if (*direct)
		return -1;
	if (found == ANSWER_TAKEN)
		return call->result;
	call->question.name = whole;
	return give_answer(state, found, &call->question, &reply, call->answer, call->size);
}

EXPORT int res_nsearch(res_state state, const char *name, int class, int type,
		       unsigned char *answer, int size)
{
	struct search_call call = { state, { name, class, type }, answer, size, -1 };
	bool direct;
	int result = search(state, &call, &direct);

	return direct ? lookups()->res_nsearch(state, name, class, type, answer, size) : result;
}

EXPORT int res_search(const char *name, int class, int type, unsigned char *answer, int size)
{
	struct search_call call = { &_res, { name, class, type }, answer, size, -1 };
	bool direct;
	int result;

	/* libc sets its own state up when it is first used. */
	if (!(_res.options & RES_INIT) && libc()->__res_init() != 0)
		return say_error(NULL, NETDB_INTERNAL);
	result = search(&_res, &call, &direct);
	return direct ? lookups()->res_search(name, class, type, answer, size) : result;
}

/* One that does not fit is none that DNS can have. */
static const char *join(char *whole, size_t size, const char *name, const char *domain)
{
	if (!domain)
		return name;
	libc()->snprintf(whole, size, "%s.%s", name, domain);
	return whole;
}

EXPORT int res_querydomain(const char *name, const char *domain, int class, int type,
			   unsigned char *answer, int size)
{
	char whole[2 * ESWRAP_NAME_MAX];
	const struct name_question question = { join(whole, sizeof(whole), name, domain), class,
						type };
	struct eswrap_reply reply;
	enum answer found = look_up_whole(question.name, &reply);

	if (found == ANSWER_DIRECT)
		return lookups()->res_querydomain(name, domain, class, type, answer, size);
	return give_answer(NULL, found, &question, &reply, answer, size);
}

EXPORT int res_nquerydomain(res_state state, const char *name, const char *domain, int class,
			    int type, unsigned char *answer, int size)
{
	char whole[2 * ESWRAP_NAME_MAX];
	const struct name_question question = { join(whole, sizeof(whole), name, domain), class,
						type };
	struct eswrap_reply reply;
	enum answer found = look_up_whole(question.name, &reply);

	if (found == ANSWER_DIRECT)
		return lookups()->res_nquerydomain(state, name, domain, class, type, answer, size);
	return give_answer(state, found, &question, &reply, answer, size);
}

/* Return: does a packet ask for one name, and may that be one? */
static bool asks_for_a_name(const unsigned char *packet, int size, struct dns_question *asked)
{
	enum dns_code code = dns_parse(packet, size < 0 ? 0 : (size_t)size, asked);

	return (code == DNS_GOOD || code == DNS_NAME_UNKNOWN) && asked->name[0] &&
	       !strchr(asked->name, DNS_NO_CHARACTER);
}

/*
 * An answer to a packet: what a name server would send.
 * Return: false when libc is to ask; else @result is what the call returns.
 */
static bool answer_packet(const unsigned char *packet, int size, unsigned char *answer, int room,
			  int *result)
{
	struct dns_question asked;
	struct name_question question;
	struct eswrap_reply reply;
	unsigned int records, code;
	enum answer found;

	if (!asks_for_a_name(packet, size, &asked))
		return false;
	question = (struct name_question){ asked.name, asked.class, asked.type };
	found = look_up_whole(asked.name, &reply);
	if (found == ANSWER_DIRECT)
		return false;
	code = found == ANSWER_STAND_IN ? ns_r_noerror
	       : found == ANSWER_AGAIN	? ns_r_servfail
					: ns_r_nxdomain;
	*result = shim_dns_answer(&question, (unsigned int)packet[0] << 8 | packet[1], code, &reply,
				  answer, room, &records);
	if (*result < 0)
		errno = EMSGSIZE;
	return true;
}

EXPORT int res_send(const unsigned char *packet, int size, unsigned char *answer, int room)
{
	int result;

	return answer_packet(packet, size, answer, room, &result)
		       ? result
		       : lookups()->res_send(packet, size, answer, room);
}

EXPORT int res_nsend(res_state state, const unsigned char *packet, int size, unsigned char *answer,
		     int room)
{
	int result;

	return answer_packet(packet, size, answer, room, &result)
		       ? result
		       : lookups()->res_nsend(state, packet, size, answer, room);
}

/* What programs call that were built with glibc 2.33 or older. */
#define OLD_NAME(name) \
	EXPORT extern __typeof__(name) __##name __attribute__((alias(#name), copy(name)))

OLD_NAME(res_query);
OLD_NAME(res_search);
OLD_NAME(res_querydomain);
OLD_NAME(res_nquery);
OLD_NAME(res_nsearch);
OLD_NAME(res_nquerydomain);
OLD_NAME(res_send);
OLD_NAME(res_nsend);
