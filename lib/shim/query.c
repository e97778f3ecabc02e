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
#include "shim.h"

#include <resolv.h>
#include <stdio.h>
#include <strings.h>

#define HEADER	12	/* bytes of a DNS message before the question [RFC 1035, 4.1.1] */
#define TTL	60	/* of the records, seconds */
#define PACKET	512	/* what fits into an answer of ours with room to spare */
#define FLAGS	0x8180u /* a response, recursion desired and available */
#define CUT	0x0200u
#define POINTER 0xc000u /* + the offset of a name that stands earlier in the message */
#define LABEL	63	/* longest label, bytes */

/* Until anything does not fit. */
struct packet {
	unsigned char data[PACKET];
	size_t len;
	bool good;
};

struct question {
	const char *name;
	int class;
	int type;
};

static void put(struct packet *packet, const void *data, size_t size)
{
	if (size > sizeof(packet->data) - packet->len)
		packet->good = false;
	if (!packet->good)
		return;
	memcpy(packet->data + packet->len, data, size);
	packet->len += size;
}

static void put_number(struct packet *packet, unsigned int value)
{
	const unsigned char bytes[] = { (unsigned char)(value >> 8), (unsigned char)value };

	put(packet, bytes, sizeof(bytes));
}

/* A name in labels, each with its length before it. */
static void put_name(struct packet *packet, const char *name)
{
	unsigned char len;
	size_t part;

	for (; *name; name += part + (name[part] == '.')) {
		part = strcspn(name, ".");
		if (part == 0 || part > LABEL) {
			packet->good = false;
			return;
		}
		len = (unsigned char)part;
		put(packet, &len, 1);
		put(packet, name, part);
	}
	put(packet, "", 1);
}

static void put_record(struct packet *packet, const struct question *question, int type,
		       const void *data, size_t size)
{
	put_number(packet, POINTER | HEADER);
	put_number(packet, (unsigned int)type);
	put_number(packet, (unsigned int)question->class);
	put_number(packet, 0);
	put_number(packet, TTL);
	put_number(packet, (unsigned int)size);
	put(packet, data, size);
}

static bool wants(const struct question *question, int type)
{
	return question->class == ns_c_in && (question->type == type || question->type == ns_t_any);
}

/* What a stand-in, or the name of one, says to a question. Return: the number of records. */
static unsigned int put_records(struct packet *packet, const struct question *question,
				const struct eswrap_reply *reply)
{
	struct packet name = { .good = true };
	unsigned int count = 0;

	if (reply->v4.family && wants(question, ns_t_a)) {
		put_record(packet, question, ns_t_a, reply->v4.address, 4);
		count++;
	}
	if (reply->v6.family && wants(question, ns_t_aaaa)) {
		put_record(packet, question, ns_t_aaaa, reply->v6.address, 16);
		count++;
	}
	if (reply->name[0] && wants(question, ns_t_ptr)) {
		put_name(&name, reply->name);
		put_record(packet, question, ns_t_ptr, name.data, name.len);
		packet->good = packet->good && name.good;
		count++;
	}
	return count;
}

/*
 * The whole answer. @records is how many there are.
 * Return: its length, cut to @size; -1 when the name is none that DNS can have.
 */
static int make_answer(const struct question *question, unsigned int id, unsigned int code,
		       const struct eswrap_reply *reply, unsigned char *answer, int size,
		       unsigned int *records)
{
	struct packet packet = { .good = true };

	put_number(&packet, id);
	put_number(&packet, FLAGS | code);
	put_number(&packet, 1);
	put_number(&packet, 0);
	put_number(&packet, 0);
	put_number(&packet, 0);
	put_name(&packet, question->name);
	put_number(&packet, (unsigned int)question->type);
	put_number(&packet, (unsigned int)question->class);
	*records = code == ns_r_noerror ? put_records(&packet, question, reply) : 0;
	packet.data[7] = (unsigned char)*records;
	if (!packet.good || size < 0)
		return -1;
	if (packet.len > (size_t)size) {
		packet.len = (size_t)size;
		packet.data[2] |= CUT >> 8;
	}
	memcpy(answer, packet.data, packet.len);
	return (int)packet.len;
}

/* "4.3.2.1.in-addr.arpa", and the same for IPv6 in single digits. */
static bool to_address(const char *name, struct eswrap_endpoint *to)
{
	unsigned int a, b, c, d, digit;
	int end = 0, i;

	memset(to, 0, sizeof(*to));
	if (sscanf(name, "%3u.%3u.%3u.%3u%n", &a, &b, &c, &d, &end) == 4 &&
	    (strcasecmp(name + end, ".in-addr.arpa") == 0 ||
	     strcasecmp(name + end, ".in-addr.arpa.") == 0) &&
	    a <= UINT8_MAX && b <= UINT8_MAX && c <= UINT8_MAX && d <= UINT8_MAX) {
		to->family = AF_INET;
		to->address[0] = (uint8_t)d;
		to->address[1] = (uint8_t)c;
		to->address[2] = (uint8_t)b;
		to->address[3] = (uint8_t)a;
		return true;
	}
	for (i = 31; i >= 0; i--, name += 2) {
		if (sscanf(name, "%1x%n", &digit, &end) != 1 || end != 1 || name[1] != '.')
			return false;
		to->address[i / 2] |= (uint8_t)(digit << (i % 2 ? 0 : 4));
	}
	to->family = AF_INET6;
	return strcasecmp(name, "ip6.arpa") == 0 || strcasecmp(name, "ip6.arpa.") == 0;
}

/* What is to be done about a whole name, which may be that of an address. */
static enum answer look_up_whole(const char *name, struct eswrap_reply *reply)
{
	struct eswrap_endpoint address;
	char whole[SHIM_WHOLE];
	enum answer answer;

	if (to_address(name, &address)) {
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
		       const struct question *question, const struct eswrap_reply *reply,
		       unsigned char *to, int size)
{
	unsigned int records;
	int len;

	if (answer != ANSWER_STAND_IN)
		return say_error(state, shim_host_error(answer));
	len = make_answer(question, 0, ns_r_noerror, reply, to, size, &records);
	if (len < 0)
		return say_error(state, NO_RECOVERY);
	return records ? len : say_error(state, NO_DATA);
}

EXPORT int res_query(const char *name, int class, int type, unsigned char *answer, int size)
{
	const struct question question = { name, class, type };
	struct eswrap_reply reply;
	enum answer found = look_up_whole(name, &reply);

	if (found == ANSWER_DIRECT)
		return lookups()->res_query(name, class, type, answer, size);
	return give_answer(NULL, found, &question, &reply, answer, size);
}

EXPORT int res_nquery(res_state state, const char *name, int class, int type, unsigned char *answer,
		      int size)
{
	const struct question question = { name, class, type };
	struct eswrap_reply reply;
	enum answer found = look_up_whole(name, &reply);

	if (found == ANSWER_DIRECT)
		return lookups()->res_nquery(state, name, class, type, answer, size);
	return give_answer(state, found, &question, &reply, answer, size);
}

/* A question of res_search() about one whole name. */
struct search_call {
	res_state state;
	struct question question;
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

	if (to_address(call->question.name, &address)) {
		snprintf(whole, sizeof(whole), "%s", call->question.name);
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
	if (!(_res.options & RES_INIT) && res_init() != 0)
		return say_error(NULL, NETDB_INTERNAL);
	result = search(&_res, &call, &direct);
	return direct ? lookups()->res_search(name, class, type, answer, size) : result;
}

/* One that does not fit is none that DNS can have. */
static const char *join(char *whole, size_t size, const char *name, const char *domain)
{
	if (!domain)
		return name;
	snprintf(whole, size, "%s.%s", name, domain);
	return whole;
}

EXPORT int res_querydomain(const char *name, const char *domain, int class, int type,
			   unsigned char *answer, int size)
{
	char whole[2 * ESWRAP_NAME_MAX];
	const struct question question = { join(whole, sizeof(whole), name, domain), class, type };
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
	const struct question question = { join(whole, sizeof(whole), name, domain), class, type };
	struct eswrap_reply reply;
	enum answer found = look_up_whole(question.name, &reply);

	if (found == ANSWER_DIRECT)
		return lookups()->res_nquerydomain(state, name, domain, class, type, answer, size);
	return give_answer(state, found, &question, &reply, answer, size);
}

static unsigned int number_at(const unsigned char *at)
{
	return (unsigned int)at[0] << 8 | at[1];
}

/* Reads what a packet asks for. Return: false when it is no plain question about one name. */
static bool read_question(const unsigned char *packet, int size, char *name, size_t room,
			  struct question *question)
{
	const unsigned char *p = packet + HEADER, *end = packet + (size < 0 ? 0 : size);
	size_t at = 0;

	if (size < HEADER || (packet[2] & 0xf8) || number_at(packet + 4) != 1)
		return false;
	for (; p < end && *p; p += *p + 1) {
		if (*p > LABEL || end - p <= *p || at + *p + 2 > room || memchr(p + 1, '.', *p) ||
		    memchr(p + 1, '\0', *p))
			return false;
		memcpy(name + at, p + 1, *p);
		at += *p;
		name[at++] = '.';
	}
	if (end - p < 5 || at == 0)
		return false;
	name[at - 1] = '\0';
	*question = (struct question){ name, (int)number_at(p + 3), (int)number_at(p + 1) };
	return true;
}

/*
 * An answer to a packet: what a name server would send.
 * Return: false when libc is to ask; else @result is what the call returns.
 */
static bool answer_packet(const unsigned char *packet, int size, unsigned char *answer, int room,
			  int *result)
{
	char name[SHIM_WHOLE];
	struct question question;
	struct eswrap_reply reply;
	unsigned int records, code;
	enum answer found;

	if (!read_question(packet, size, name, sizeof(name), &question))
		return false;
	found = look_up_whole(name, &reply);
	if (found == ANSWER_DIRECT)
		return false;
	code = found == ANSWER_STAND_IN ? ns_r_noerror
	       : found == ANSWER_AGAIN	? ns_r_servfail
					: ns_r_nxdomain;
	*result = make_answer(&question, number_at(packet), code, &reply, answer, room, &records);
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
