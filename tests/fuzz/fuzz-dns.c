// SPDX-License-Identifier: MIT
/* Questions to name servers, for libFuzzer: an answer fits, and is itself no question. */
#include <stdlib.h>
#include <string.h>

#include "wire/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void answer(const uint8_t *packet, const struct dns_question *question, enum dns_code code,
		   const uint8_t *address)
{
	/* In memory of its own, so that a write beyond its end is found. */
	uint8_t *text = malloc(DNS_ANSWER_MAX);
	struct dns_question again;
	size_t size;

	if (!text)
		abort();
	size = dns_answer(packet, question, code, address, text);
	if (size < 12 || size > DNS_ANSWER_MAX || size > 512 ||
	    dns_parse(text, size, &again) != DNS_IGNORE)
		abort();
	free(text);
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
	}
	free(packet);
	return 0;
}
