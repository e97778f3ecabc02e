/* SPDX-License-Identifier: MIT */
/*
 * Questions to name servers, and answers: RFC 1035, as far as whoever answers with stand-in addresses
 * has to know it. One question. Nothing here is ever longer than 512 bytes, so nothing is
 * cut off. Safe in a signal handler.
 */
#ifndef ESWRAP_WIRE_DNS_H
#define ESWRAP_WIRE_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eswrap/wire.h"

/* What may be sent to anybody without asking [RFC 1035, 2.3.4]. */
#define DNS_ANSWER_MAX 512

#define DNS_TYPE_A   1
#define DNS_TYPE_PTR 12
#define DNS_CLASS_IN 1

#define DNS_NO_CHARACTER 1

/* Response codes. REFUSED and SERVFAIL make some wait and ask again, NXDOMAIN is final for all. */
enum dns_code {
	DNS_IGNORE = -1, /* no question at all: there is no answer */
	DNS_GOOD = 0,
	DNS_FORMAT_ERROR = 1,
	DNS_SERVER_FAILURE = 2,
	DNS_NAME_UNKNOWN = 3,
	DNS_NOT_IMPLEMENTED = 4,
};

/**
 * struct dns_question - what is asked
 * @name:	in text, without the last dot; a dot or NUL within a label is DNS_NO_CHARACTER
 * @type, @class:	DNS_TYPE_A and so on; DNS_CLASS_IN
 * @end:	bytes of header and question; 0: there is no whole one
 * @edns:	the asker speaks EDNS (RFC 6891)
 */
struct dns_question {
	char name[ESWRAP_NAME_MAX + 1];
	uint16_t type, class;
	size_t end;
	bool edns;
};

/**
 * dns_parse() - what does a packet ask?
 *
 * Return: DNS_GOOD, or with what it is to be answered: a name of another class than IN is unknown.
 */
enum dns_code dns_parse(const uint8_t *packet, size_t size, struct dns_question *question);

/**
 * dns_answer() - the answer to a packet
 * @packet:	the one that dns_parse() has read, at least 12 bytes; its question is repeated byte for
 *		byte, as some askers vary the case to see whether it comes back
 * @address:	IPv4, network byte order; NULL: the name has no record of that type
 * @answer:	filled in
 *
 * Return: its size.
 */
size_t dns_answer(const uint8_t *packet, const struct dns_question *question, enum dns_code code,
		  const uint8_t *address, uint8_t answer[DNS_ANSWER_MAX]);

/**
 * dns_answer_name() - the answer to a question for the name of an address (PTR)
 * @name:	in text; "", and one that does not fit: there is no such record
 *
 * Return: its size.
 */
size_t dns_answer_name(const uint8_t *packet, const struct dns_question *question, const char *name,
		       uint8_t answer[DNS_ANSWER_MAX]);

#endif
