// SPDX-License-Identifier: MIT
/* Questions to name servers, for libFuzzer: an answer fits, and is itself no question. */
#include <stdlib.h>
#include <string.h>

#include "wire/dns.h"
#include "wire/endpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void check(const uint8_t *text, size_t size)
{
	struct dns_question again;

	if (size < 12 || size > DNS_ANSWER_MAX || dns_parse(text, size, &again) != DNS_IGNORE)
		abort();
}

static void answer(const uint8_t *packet, const struct dns_question *question, enum dns_code code,
		   const uint8_t *address)
{
	/* In memory of its own, so that a write beyond its end is found. */
	uint8_t *text = malloc(DNS_ANSWER_MAX);

	if (!text)
		abort();
	check(text, dns_answer(packet, question, code, address, text));
	free(text);
}

/* A name of a stand-in is the question's own: any that a label can hold. */
static void answer_name(const uint8_t *packet, const struct dns_question *question)
{
	uint8_t *text = malloc(DNS_ANSWER_MAX);

	if (!text)
		abort();
	check(text, dns_answer_name(packet, question, question->name, text));
	free(text);
}

/* In memory of its own, and without anything behind its end. */
static void read_address(const char *name)
{
	char *copy = strdup(name);
	struct eswrap_endpoint address;

	if (!copy)
		abort();
	if (eswrap_endpoint_from_arpa(&address, copy) && address.family != AF_INET &&
	    address.family != AF_INET6)
		abort();
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static const uint8_t address[] = { 198, 18, 0, 1 };
	uint8_t *packet = malloc(size ? size : 1);
	struct dns_question question;
	enum dns_code code;

	if (!packet)
		abort();
	memcpy(packet, input, size);
	code = dns_parse(packet, size, &question);
	if (code != DNS_IGNORE) {
		if (question.end > size || strlen(question.name) > ESWRAP_NAME_MAX)
			abort();
		answer(packet, &question, code, NULL);
		answer(packet, &question, DNS_GOOD, question.end ? address : NULL);
		if (question.end)
			answer_name(packet, &question);
		read_address(question.name);
	}
	free(packet);
	return 0;
}
