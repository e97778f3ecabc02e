// SPDX-License-Identifier: MIT
/* Questions to name servers, and answers: RFC 1035, RFC 6891. */
#include "wire/dns.h"

#include <string.h>

#define HEADER	      12
#define LABEL_MAX     63
#define NAME_MAX_WIRE 255
#define TYPE_OPT      41
#define RECORD	      12 /* bytes before its data, where its name is a pointer */
#define EDNS	      11
/* The broker keeps a name's stand-in address longer than that, s. */
#define TTL 60

/* Bits of the third and fourth byte. */
#define QR		 0x80
#define OPCODE		 0x78
#define RECURSION_WANTED 0x01
#define RECURSION_THERE	 0x80
#define CHECKING_OFF	 0x10

static unsigned int get16(const uint8_t *from)
{
	return (unsigned int)from[0] << 8 | from[1];
}

static uint8_t *put16(uint8_t *to, unsigned int value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
	return to + 2;
}

/* Return: bytes that the name takes; 0: malformed, or compressed, which no question is. */
static size_t take_name(const uint8_t *from, size_t size, char text[ESWRAP_NAME_MAX + 1])
{
	size_t at = 0, out = 0, label, i;

	for (;;) {
		if (at >= size)
			return 0;
		label = from[at++];
		if (!label)
			break;
		if (label > LABEL_MAX || label > size - at || out + !!out + label > ESWRAP_NAME_MAX)
			return 0;
		if (out)
			text[out++] = '.';
		for (i = 0; i < label; i++, at++)
			text[out++] = (char)(from[at] == '.' || from[at] == 0 ? DNS_NO_CHARACTER
									      : from[at]);
	}
	text[out] = '\0';
	return at > NAME_MAX_WIRE ? 0 : at;
}

/* The usual case: the additional section has one record, and that is it. */
static bool has_edns(const uint8_t *packet, size_t size, size_t end)
{
	return get16(packet + 6) == 0 && get16(packet + 8) == 0 && get16(packet + 10) >= 1 &&
	       size - end >= 11 && packet[end] == 0 && get16(packet + end + 1) == TYPE_OPT;
}

enum dns_code dns_parse(const uint8_t *packet, size_t size, struct dns_question *question)
{
	size_t taken;

	memset(question, 0, sizeof(*question));
	if (size < HEADER || (packet[2] & QR))
		return DNS_IGNORE;
	if (packet[2] & OPCODE)
		return DNS_NOT_IMPLEMENTED;
	if (get16(packet + 4) != 1)
		return DNS_FORMAT_ERROR;
	taken = take_name(packet + HEADER, size - HEADER, question->name);
	if (!taken || size - HEADER - taken < 4)
		return DNS_FORMAT_ERROR;
	question->end = HEADER + taken + 4;
	question->type = (uint16_t)get16(packet + question->end - 4);
	question->class = (uint16_t)get16(packet + question->end - 2);
	question->edns = has_edns(packet, size, question->end);
	return question->class == DNS_CLASS_IN ? DNS_GOOD : DNS_NAME_UNKNOWN;
}

/* The header, the question as it came. */
static uint8_t *begin_answer(const uint8_t *packet, const struct dns_question *question,
			     enum dns_code code, bool record, uint8_t *answer)
{
	size_t end = question->end ? question->end : HEADER;

	memcpy(answer, packet, end);
	answer[2] = (uint8_t)(QR | (packet[2] & (OPCODE | RECURSION_WANTED)));
	answer[3] = (uint8_t)(RECURSION_THERE | (packet[3] & CHECKING_OFF) | (code & 15));
	put16(answer + 4, question->end ? 1 : 0);
	put16(answer + 6, record ? 1 : 0);
	put16(answer + 8, 0);
	put16(answer + 10, question->edns ? 1 : 0);
	return answer + end;
}

/* All of a record but its data. */
static uint8_t *put_record(uint8_t *at, unsigned int type, size_t size)
{
	at = put16(at, 0xc000 | HEADER); /* the name that was asked for */
	at = put16(put16(at, type), DNS_CLASS_IN);
	at = put16(put16(at, 0), TTL);
	return put16(at, (unsigned int)size);
}

static size_t end_answer(const struct dns_question *question, uint8_t *at, const uint8_t *answer)
{
	if (question->edns) {
		memset(at, 0, EDNS);
		put16(at + 1, TYPE_OPT);
		put16(at + 3, 1232);
		at += EDNS;
	}
	return (size_t)(at - answer);
}

size_t dns_answer(const uint8_t *packet, const struct dns_question *question, enum dns_code code,
		  const uint8_t *address, uint8_t answer[DNS_ANSWER_MAX])
{
	uint8_t *at = begin_answer(packet, question, code, address, answer);

	if (address) {
		at = put_record(at, DNS_TYPE_A, 4);
		memcpy(at, address, 4);
		at += 4;
	}
	return end_answer(question, at, answer);
}

/* In labels. Return: its size; 0: it is none that a record can have. */
static size_t put_name(const char *name, uint8_t to[NAME_MAX_WIRE])
{
	size_t at = 0, label;

	for (; *name; name += label + (name[label] == '.')) {
		label = strcspn(name, ".");
		if (label == 0 || label > LABEL_MAX || at + 1 + label + 1 > NAME_MAX_WIRE)
			return 0;
		to[at++] = (uint8_t)label;
		memcpy(to + at, name, label);
		at += label;
	}
	to[at++] = 0;
	return at;
}

size_t dns_answer_name(const uint8_t *packet, const struct dns_question *question, const char *name,
		       uint8_t answer[DNS_ANSWER_MAX])
{
	uint8_t labels[NAME_MAX_WIRE], *at;
	size_t size = *name ? put_name(name, labels) : 0;

	if (question->end + RECORD + size + EDNS > DNS_ANSWER_MAX)
		size = 0;
	at = begin_answer(packet, question, DNS_GOOD, size > 0, answer);
	if (size) {
		at = put_record(at, DNS_TYPE_PTR, size);
		memcpy(at, labels, size);
		at += size;
	}
	return end_answer(question, at, answer);
}
