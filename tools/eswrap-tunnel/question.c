// SPDX-License-Identifier: MIT
/*
 * Questions to name servers that have no answer yet. Resolvers wait for seconds for one that does not
 * come; so where the broker leaves, or the engine does, they are told that the server has failed. The
 * table is in memory that the engine shares with its keeper.
 */
#include "eswrap-tunnel/engine.h"

#include <string.h>
#include <sys/mman.h>

#include "wire/dns.h"

#define QUESTIONS    64
#define QUESTION_MAX 512

/**
 * struct question - one
 * @len:	of @data; 0: the place is free
 * @socket:	as for engine_deliver()
 */
struct question {
	struct tuple tuple;
	int socket;
	uint16_t len;
	uint8_t data[QUESTION_MAX];
};

struct question *question_new(void)
{
	void *memory = mmap(NULL, QUESTIONS * sizeof(struct question), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void question_keep(struct engine *engine, int socket, const struct tuple *tuple, const void *data,
		   size_t len)
{
	struct question *question = engine->questions;

	while (question < engine->questions + QUESTIONS && question->len)
		question++;
	/* Beyond that the resolver's own patience has to do. */
	if (question == engine->questions + QUESTIONS || len > QUESTION_MAX)
		return;
	question->tuple = *tuple;
	question->socket = socket;
	memcpy(question->data, data, len);
	question->len = (uint16_t)len;
}

static bool is_of(const struct question *question, const struct tuple *tuple)
{
	return question->len && memcmp(&question->tuple, tuple, sizeof(*tuple)) == 0;
}

void question_answered(struct engine *engine, const struct tuple *tuple, const void *answer,
		       size_t len)
{
	struct question *question;

	/* Both begin with the id. */
	for (question = engine->questions; question < engine->questions + QUESTIONS; question++) {
		if (is_of(question, tuple) && question->len >= 2 && len >= 2 &&
		    memcmp(question->data, answer, 2) == 0)
			question->len = 0;
	}
}

static void fail(struct engine *engine, struct question *question)
{
	uint8_t answer[DNS_ANSWER_MAX];
	struct dns_question asked;

	if (dns_parse(question->data, question->len, &asked) != DNS_IGNORE)
		engine_deliver(engine, question->socket, &question->tuple, answer,
			       dns_answer(question->data, &asked, DNS_SERVER_FAILURE, NULL,
					  answer));
	question->len = 0;
}

void question_fail(struct engine *engine, const struct tuple *tuple)
{
	struct question *question;

	for (question = engine->questions; question < engine->questions + QUESTIONS; question++) {
		if (question->len && (!tuple || is_of(question, tuple)))
			fail(engine, question);
	}
}
