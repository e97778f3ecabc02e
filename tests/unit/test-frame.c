// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "eswifi/frame.h"
#include "support/suite.h"

#define EMPTY	   "\r\n\r\nOK\r\n> "
#define EMPTY_BARE "\r\nOK\r\n> "

/* @limit: 0: the answer is text; else it is an R0's, and this is R1. */
static enum frame_verdict parse(const void *in, gsize size, gsize limit, struct frame *frame)
{
	struct frame_shape shape = { .kind = limit ? FRAME_RAW : FRAME_TEXT, .limit = limit };

	return frame_parse(in, size, &shape, frame);
}

struct expectation {
	const char *in;
	gsize size;
	gsize limit;
	enum frame_verdict verdict;
	bool ok;
	const char *data;
	gsize data_size;
	const char *reason;
};

#define EXPECT(in_, limit_, verdict_, ok_, data_, reason_)                                        \
	{                                                                                         \
		.in = (in_), .size = sizeof(in_) - 1, .limit = (limit_), .verdict = (verdict_),   \
		.ok = (ok_), .data = (data_), .data_size = sizeof(data_) - 1, .reason = (reason_) \
	}

static const struct expectation answers[] = {
	/* text */
	EXPECT("\r\n192.168.1.2\r\nOK\r\n> ", 0, FRAME_COMPLETE, true, "192.168.1.2", ""),
	EXPECT(EMPTY, 0, FRAME_COMPLETE, true, "", ""),
	EXPECT(EMPTY_BARE, 0, FRAME_COMPLETE, true, "", ""),
	/* failures: what follows ERROR is the firmware's business, so the line must fall silent */
	EXPECT("\r\nERROR\r\nusage: P0=<0..3>\r\n> ", 0, FRAME_CANDIDATE, false, "",
	       "usage: P0=<0..3>"),
	EXPECT("\r\nERROR\r\n> ", 0, FRAME_CANDIDATE, false, "", ""),
	EXPECT("\r\nERROR: Unknown Error\r\nUsage: C0 \r\n> ", 0, FRAME_CANDIDATE, false, "",
	       "Unknown Error\r\nUsage: C0 "),
	EXPECT("\r\nERROR: Bad Argument\r\n> ", 0, FRAME_CANDIDATE, false, "", "Bad Argument"),
	EXPECT("\r\n[JOIN   ] x\r\n[JOIN   ] Failed\r\nERROR\r\n> ", 0, FRAME_CANDIDATE, false,
	       "[JOIN   ] x\r\n[JOIN   ] Failed", ""),
	EXPECT("\r\n[JOIN   ] Grove Island\r\n[JOIN   ] Failed\r\nERROR: Unknown Error\r\n"
	       "Usage: C0 \r\n> ",
	       0, FRAME_CANDIDATE, false, "[JOIN   ] Grove Island\r\n[JOIN   ] Failed",
	       "Unknown Error\r\nUsage: C0 "),
	EXPECT("\r\nERROR: Usage\r\n> more\r\n> ", 0, FRAME_CANDIDATE, false, "",
	       "Usage\r\n> more"),
	/* raw, R1 above 1: only the guard time can end a short read */
	EXPECT(EMPTY, 1460, FRAME_CANDIDATE, true, "", ""),
	EXPECT(EMPTY_BARE, 1460, FRAME_CANDIDATE, true, "", ""),
	EXPECT("\r\nabc\r\nOK\r\n> ", 1460, FRAME_CANDIDATE, true, "abc", ""),
	EXPECT("\r\nabc\r\nOK\r\n> ", 3, FRAME_COMPLETE, true, "abc", ""),
	EXPECT("\r\n-1\r\nOK\r\n> ", 1460, FRAME_CANDIDATE, true, "-1", ""),
	EXPECT("\r\n-1\r\nERROR\r\n> ", 1460, FRAME_CANDIDATE, false, "-1", ""),
	EXPECT("\r\nERROR\r\nR0\r\n> ", 1460, FRAME_CANDIDATE, false, "", "R0"),
	EXPECT("\r\n\r\nOK\r\n> \r\nOK\r\n> ", 1460, FRAME_CANDIDATE, true, "\r\nOK\r\n> ", ""),
	EXPECT("\r\n\r\nOK\r\n> \r\nOK\r\n> ", 8, FRAME_COMPLETE, true, "\r\nOK\r\n> ", ""),
	/* What a far end sends to look like an error is data as long as OK follows. */
	EXPECT("\r\n-1\r\nERROR\r\n> \r\nOK\r\n> ", 1460, FRAME_CANDIDATE, true,
	       "-1\r\nERROR\r\n> ", ""),
	/* raw, R1=1: nothing waits */
	EXPECT("\r\nx\r\nOK\r\n> ", 1, FRAME_COMPLETE, true, "x", ""),
	EXPECT("\r\n\r\r\nOK\r\n> ", 1, FRAME_COMPLETE, true, "\r", ""),
	EXPECT("\r\n\n\r\nOK\r\n> ", 1, FRAME_COMPLETE, true, "\n", ""),
	EXPECT("\r\nE\r\nOK\r\n> ", 1, FRAME_COMPLETE, true, "E", ""),
	EXPECT("\r\n-\r\nOK\r\n> ", 1, FRAME_COMPLETE, true, "-", ""),
	EXPECT(EMPTY, 1, FRAME_COMPLETE, true, "", ""),
	EXPECT(EMPTY_BARE, 1, FRAME_COMPLETE, true, "", ""),
	EXPECT("\r\n-1\r\nOK\r\n> ", 1, FRAME_COMPLETE, true, "-1", ""),
	EXPECT("\r\n-1\r\nERROR\r\n> ", 1, FRAME_CANDIDATE, false, "-1", ""),
	EXPECT("\r\n-1\r\nERROR: Unknown Error\r\nUsage: R0\r\n> ", 1, FRAME_CANDIDATE, false, "-1",
	       "Unknown Error\r\nUsage: R0"),
	EXPECT("\r\nERROR\r\nR0\r\n> ", 1, FRAME_CANDIDATE, false, "", "R0"),
	EXPECT("\r\nConnection Closed or Invalid\r\nERROR\r\n> ", 1, FRAME_CANDIDATE, false,
	       "Connection Closed or Invalid", ""),
	EXPECT("\r\n[TCP SSL] WICED_NOT_CONNECTED\r\nERROR: Unknown Error\r\n> ", 1460,
	       FRAME_CANDIDATE, false, "[TCP SSL] WICED_NOT_CONNECTED", "Unknown Error"),
};

START_TEST(an_answer_is_taken_apart_as_the_page_says)
{
	const struct expectation *e = &answers[_i];
	struct frame frame;

	ck_assert_int_eq(parse(e->in, e->size, e->limit, &frame), e->verdict);
	ck_assert_int_eq(frame.ok, e->ok);
	ck_assert_uint_eq(frame.size, e->data_size);
	ck_assert_mem_eq(frame.data, e->data, e->data_size);
	ck_assert_uint_eq(frame.reason_size, strlen(e->reason));
	if (frame.reason_size)
		ck_assert_mem_eq(frame.reason, e->reason, frame.reason_size);
}
END_TEST

START_TEST(no_part_of_an_answer_is_taken_for_the_whole)
{
	const struct expectation *e = &answers[_i];
	enum frame_verdict verdict;
	struct frame frame;
	gsize cut;

	for (cut = 0; cut < e->size; cut++) {
		verdict = parse(e->in, cut, e->limit, &frame);
		/* A part may look whole: then only the guard time tells. */
		if (e->limit > 1 || e->verdict == FRAME_CANDIDATE)
			ck_assert(verdict == FRAME_MORE || verdict == FRAME_CANDIDATE);
		else
			ck_assert_int_eq(verdict, FRAME_MORE);
	}
}
END_TEST

START_TEST(an_answer_with_a_byte_too_many_is_bad)
{
	const struct expectation *e = &answers[_i];
	guint8 longer[128];
	struct frame frame;

	if (e->verdict != FRAME_COMPLETE)
		return;
	memcpy(longer, e->in, e->size);
	longer[e->size] = 'x';
	ck_assert_int_eq(parse(longer, e->size + 1, e->limit, &frame), FRAME_BAD);
}
END_TEST

START_TEST(an_answer_without_its_header_is_bad)
{
	const struct expectation *e = &answers[_i];
	struct frame frame;

	ck_assert_int_eq(parse((const guint8 *)e->in + 1, e->size - 1, e->limit, &frame),
			 FRAME_BAD);
}
END_TEST

START_TEST(a_bare_prompt_is_a_reset_and_no_answer)
{
	static const guint8 prompt[] = { '\r', '\n', '>', ' ' };
	struct frame frame;

	ck_assert_int_eq(parse(prompt, sizeof(prompt), 0, &frame), FRAME_BAD);
	ck_assert_int_eq(parse(prompt, sizeof(prompt), 1, &frame), FRAME_BAD);
	/* In a short read it could still be data. */
	ck_assert_int_eq(parse(prompt, sizeof(prompt), 1460, &frame), FRAME_MORE);
}
END_TEST

START_TEST(text_does_not_hold_binary_bytes)
{
	static const guint8 in[] = { '\r', '\n', 'a', 0x15 };
	struct frame frame;

	ck_assert_int_eq(parse(in, sizeof(in), 0, &frame), FRAME_BAD);
}
END_TEST

/* Every string of the alphabet that framing is made of, as data, behind every R1. */
START_TEST(data_of_any_content_comes_back_whole)
{
	static const char alphabet[] = "\r\nOK> -1E";
	static const char *const words[] = { "\r\n> ",	    "\r\nOK\r\n> ", "\r\n-1\r\nERROR\r\n> ",
					     "-1",	    "[SOMA]",	    "\r\nERROR\r\n",
					     "\x15\x15\x15" };
	guint8 data[64], in[128];
	gsize size, limit, i;
	struct frame frame;
	unsigned int round;

	srand(1);
	for (round = 0; round < 20000; round++) {
		size = 0;
		while (size < 24 && rand() % 8) {
			const char *word = words[rand() % G_N_ELEMENTS(words)];

			if (rand() % 2) {
				memcpy(data + size, word, strlen(word));
				size += strlen(word);
			} else {
				data[size++] = (guint8)alphabet[rand() % (sizeof(alphabet) - 1)];
			}
		}
		limit = size + (gsize)(rand() % 3);
		if (limit < 2)
			continue;
		memcpy(in, "\r\n", 2);
		memcpy(in + 2, data, size);
		memcpy(in + 2 + size, "\r\nOK\r\n> ", 8);
		for (i = 0; i < size + 10; i++)
			if (parse(in, i, limit, &frame) > FRAME_CANDIDATE)
				ck_abort_msg("byte %zu of %zu ends the answer", i, size + 10);
		ck_assert_int_eq(parse(in, size + 10, limit, &frame),
				 size == limit ? FRAME_COMPLETE : FRAME_CANDIDATE);
		ck_assert(frame.ok);
		ck_assert_uint_eq(frame.size, size);
		ck_assert_mem_eq(frame.data, data, size);
	}
}
END_TEST

/* What a message is, and what follows it: the answer that is found, "" for none yet. */
struct mixture {
	const char *in;
	enum frame_kind kind;
	gsize limit;
	bool strict;
	enum frame_verdict verdict;
	const char *data;
	bool messages;
};

#define DOWN	"\r\n[INFO   ] Link Down"
#define OK_TEXT "\r\nx\r\nOK\r\n> "

static const struct mixture mixtures[] = {
	/* messages alone are no answer, whatever they end in */
	{ DOWN "\r\n> ", FRAME_TEXT, 0, false, FRAME_MORE, "", false },
	{ DOWN "\r\nOK\r\n> ", FRAME_TEXT, 0, false, FRAME_MORE, "", false },
	{ DOWN "\r\nOK\r\n> ", FRAME_TEXT, 0, true, FRAME_MORE, "", false },
	{ DOWN "\r\n\r\nOK\r\n> ", FRAME_TEXT, 0, true, FRAME_MORE, "", false },
	{ DOWN "\r\n[INFO   ] Re-connecting\r\n> ", FRAME_TEXT, 0, false, FRAME_MORE, "", false },
	{ "\r\n[TCP SVR] Accepted 10.0.0.1:5\r\nOK\r\n> ", FRAME_TEXT, 0, true, FRAME_MORE, "",
	  false },
	{ "\r\nUART Break detected 1\r\n> ", FRAME_TEXT, 0, false, FRAME_MORE, "", false },
	/* before an answer they are taken out */
	{ DOWN "\r\n> " OK_TEXT, FRAME_TEXT, 0, false, FRAME_COMPLETE, "x", false },
	{ DOWN "\r\nOK\r\n> " OK_TEXT, FRAME_TEXT, 0, true, FRAME_COMPLETE, "x", false },
	{ DOWN "\r\n" OK_TEXT, FRAME_TEXT, 0, true, FRAME_COMPLETE, "x", false },
	{ DOWN "\r\n\r\n\r\nOK\r\n> ", FRAME_TEXT, 0, true, FRAME_COMPLETE, "", false },
	{ DOWN "\r\n\r\nOK\r\n> ", FRAME_TEXT, 0, false, FRAME_CANDIDATE, "", false },
	{ DOWN "\r\n\r\nOK\r\n> " OK_TEXT, FRAME_TEXT, 0, false, FRAME_COMPLETE, "x", false },
	/* and behind it */
	{ OK_TEXT DOWN "\r\n> ", FRAME_TEXT, 0, false, FRAME_COMPLETE, "x", false },
	{ OK_TEXT "\r\n[IN", FRAME_TEXT, 0, false, FRAME_COMPLETE, "x", false },
	{ OK_TEXT "\r\n[OUT", FRAME_TEXT, 0, false, FRAME_BAD, "", false },
	/* of a kind that is not known: out of step */
	{ "\r\n[XYZ    ] Down\r\n> " OK_TEXT, FRAME_TEXT, 0, false, FRAME_BAD, "", false },
	/* R1=1: no data looks like one */
	{ DOWN "\r\n> " OK_TEXT, FRAME_RAW, 1, false, FRAME_COMPLETE, "x", false },
	{ DOWN "\r\n> \r\n\r\nOK\r\n> ", FRAME_RAW, 1, false, FRAME_COMPLETE, "", false },
	/* raw: nothing is taken out; where both readings fit nobody gets the bytes */
	{ DOWN "\r\n> " OK_TEXT, FRAME_RAW, 1460, false, FRAME_CANDIDATE, NULL, true },
	{ DOWN "\r\nOK\r\n> ", FRAME_RAW, 1460, false, FRAME_MORE, "", false },
	{ DOWN "\r\n> more\r\nOK\r\n> ", FRAME_RAW, 1460, false, FRAME_CANDIDATE,
	  "[INFO   ] Link Down\r\n> more", false },
	{ "\r\n" DOWN "\r\n> " OK_TEXT, FRAME_RAW, 1460, false, FRAME_CANDIDATE, DOWN "\r\n> \r\nx",
	  false },
	/* counted */
	{ "\r\n0003abc\r\nOK\r\n> ", FRAME_COUNTED, 1460, false, FRAME_COMPLETE, "abc", false },
	{ "0003abc\r\nOK\r\n> ", FRAME_COUNTED, 1460, false, FRAME_COMPLETE, "abc", false },
	{ "\r\n0008\r\nOK\r\n> \r\nOK\r\n> ", FRAME_COUNTED, 1460, false, FRAME_COMPLETE,
	  "\r\nOK\r\n> ", false },
	{ "\r\n0000\r\nOK\r\n> ", FRAME_COUNTED, 1460, false, FRAME_COMPLETE, "", false },
	{ "\r\n\r\nOK\r\n> ", FRAME_COUNTED, 1460, false, FRAME_COMPLETE, "", false },
	{ DOWN "\r\n> \r\n0001x\r\nOK\r\n> ", FRAME_COUNTED, 1460, false, FRAME_COMPLETE, "x",
	  false },
	{ "\r\n0003abcd\r\nOK\r\n> ", FRAME_COUNTED, 1460, false, FRAME_BAD, "", false },
	{ "\r\n1461", FRAME_COUNTED, 1460, false, FRAME_BAD, "", false },
	{ "\r\nabcdefg\r\nOK\r\n> ", FRAME_COUNTED, 1460, false, FRAME_BAD, "", false },
};

START_TEST(messages_are_told_from_answers_and_never_from_data)
{
	const struct mixture *m = &mixtures[_i];
	struct frame_shape shape = { .kind = m->kind, .limit = m->limit, .strict = m->strict };
	enum frame_verdict verdict;
	struct frame frame;

	verdict = frame_parse((const guint8 *)m->in, strlen(m->in), &shape, &frame);
	ck_assert_int_eq(verdict, m->verdict);
	if (verdict != FRAME_COMPLETE && verdict != FRAME_CANDIDATE)
		return;
	ck_assert(frame.ok);
	ck_assert_int_eq(frame.messages, m->messages);
	if (!m->data)
		return;
	ck_assert_uint_eq(frame.size, strlen(m->data));
	ck_assert_mem_eq(frame.data, m->data, frame.size);
}
END_TEST

START_TEST(no_part_of_a_mixture_is_an_answer_of_its_own)
{
	const struct mixture *m = &mixtures[_i];
	struct frame_shape shape = { .kind = m->kind, .limit = m->limit, .strict = m->strict };
	struct frame frame;
	gsize cut;

	if (m->verdict != FRAME_COMPLETE || strstr(m->in, OK_TEXT DOWN) ||
	    g_str_has_suffix(m->in, "[IN"))
		return;
	for (cut = 0; cut < strlen(m->in); cut++)
		ck_assert_int_ne(frame_parse((const guint8 *)m->in, cut, &shape, &frame),
				 FRAME_COMPLETE);
}
END_TEST

START_TEST(a_count_of_minus_one_is_the_end)
{
	static const char *const marks[] = { "\r\n-1\r\nOK\r\n> ", "\r\n-001\r\nOK\r\n> ",
					     "-001\r\nOK\r\n> ", "\r\n-1\r\nERROR\r\n> ",
					     "\r\n-001\r\nERROR: Unknown Error\r\n> " };
	struct frame_shape shape = { .kind = FRAME_COUNTED, .limit = 1460 };
	enum frame_verdict verdict;
	struct frame frame;

	verdict = frame_parse((const guint8 *)marks[_i], strlen(marks[_i]), &shape, &frame);
	ck_assert(verdict == FRAME_COMPLETE || verdict == FRAME_CANDIDATE);
	ck_assert(frame.gone);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("frame");
	TCase *answer = tcase_create("answers");
	TCase *content = tcase_create("content");

	tcase_add_loop_test(answer, an_answer_is_taken_apart_as_the_page_says, 0,
			    G_N_ELEMENTS(answers));
	tcase_add_loop_test(answer, no_part_of_an_answer_is_taken_for_the_whole, 0,
			    G_N_ELEMENTS(answers));
	tcase_add_loop_test(answer, an_answer_with_a_byte_too_many_is_bad, 0,
			    G_N_ELEMENTS(answers));
	tcase_add_loop_test(answer, an_answer_without_its_header_is_bad, 0, G_N_ELEMENTS(answers));
	suite_add_tcase(suite, answer);
	tcase_add_test(content, a_bare_prompt_is_a_reset_and_no_answer);
	tcase_add_test(content, text_does_not_hold_binary_bytes);
	tcase_add_loop_test(content, messages_are_told_from_answers_and_never_from_data, 0,
			    G_N_ELEMENTS(mixtures));
	tcase_add_loop_test(content, no_part_of_a_mixture_is_an_answer_of_its_own, 0,
			    G_N_ELEMENTS(mixtures));
	tcase_add_loop_test(content, a_count_of_minus_one_is_the_end, 0, 5);
	tcase_add_test(content, data_of_any_content_comes_back_whole);
	suite_add_tcase(suite, content);
	return suite_run(suite);
}
