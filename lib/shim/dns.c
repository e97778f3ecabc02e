// SPDX-License-Identifier: MIT
/*
 * Answers of DNS as packets [RFC 1035], of the size and with the records that a resolver's caller expects.
 */
#include "libc.h"

#include "shim.h"

#include <arpa/nameser.h>

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
		part = libc()->strcspn(name, ".");
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

static void put_record(struct packet *packet, const struct name_question *question, int type,
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

static bool wants(const struct name_question *question, int type)
{
	return question->class == ns_c_in && (question->type == type || question->type == ns_t_any);
}

/* What a stand-in, or the name of one, says to a question. Return: the number of records. */
static unsigned int put_records(struct packet *packet, const struct name_question *question,
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

/**
 * shim_dns_answer() - the whole answer to a question
 * @id:		the question's
 * @code:	ns_r_noerror, or another of them
 * @reply:	the addresses, and the name of an address, that there are
 * @answer:	room for @size bytes
 * @records:	how many there are in it
 *
 * Return: its length, cut to @size; -1 when the name is none that DNS can have.
 */
int shim_dns_answer(const struct name_question *question, unsigned int id, unsigned int code,
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
