// SPDX-License-Identifier: MIT
/*
 * Framing, for libFuzzer. The input's first byte chooses what is expected, the rest is used twice:
 * as what a broken line may deliver, which must do no harm, and as what a far end sent, which must
 * come back whole and never end early.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eswifi/frame.h"

int LLVMFuzzerTestOneInput(const guint8 *input, gsize size);

static const struct frame_shape shapes[] = {
	{ FRAME_TEXT, 0, false },   { FRAME_TEXT, 0, true },	 { FRAME_RAW, 1, false },
	{ FRAME_RAW, 2, false },    { FRAME_RAW, 8, false },	 { FRAME_RAW, 1457, false },
	{ FRAME_RAW, 1460, false }, { FRAME_COUNTED, 1, false }, { FRAME_COUNTED, 1460, false },
};

static void check_inside(const guint8 *in, gsize size, const struct frame *frame)
{
	if (frame->size && (frame->data < in || frame->data > in + size || frame->size > size))
		abort();
	if (frame->reason_size && (frame->reason < in || frame->reason > in + size ||
				   frame->reason + frame->reason_size > in + size))
		abort();
	if (frame->start > frame->end || frame->end > size)
		abort();
}

/* Anything at all, byte by byte. */
static void deliver(const guint8 *in, gsize size, const struct frame_shape *shape)
{
	enum frame_verdict verdict;
	struct frame frame;
	gsize cut;

	for (cut = 0; cut <= size; cut++) {
		verdict = frame_parse(in, cut, shape, &frame);
		if (verdict == FRAME_CANDIDATE || verdict == FRAME_COMPLETE)
			check_inside(in, cut, &frame);
		if (verdict == FRAME_MORE && frame.start != 0 && frame.start != cut)
			abort();
	}
}

/* @in is data in its frame: it comes back whole, and no part of it does. */
static void carry(const guint8 *in, gsize whole, const guint8 *data, gsize size,
		  const struct frame_shape *shape)
{
	enum frame_verdict verdict, expected = FRAME_COMPLETE;
	struct frame frame;
	gsize cut;

	for (cut = 0; cut < whole; cut++) {
		verdict = frame_parse(in, cut, shape, &frame);
		if (verdict == FRAME_BAD || verdict == FRAME_COMPLETE)
			abort();
	}
	verdict = frame_parse(in, whole, shape, &frame);
	if (shape->kind == FRAME_RAW && size < shape->limit && shape->limit > 1)
		expected = FRAME_CANDIDATE;
	/* It can be a message of the module's: then nobody gets it. */
	if (shape->kind == FRAME_RAW && shape->limit > 1 &&
	    (verdict == FRAME_MORE || (verdict == FRAME_CANDIDATE && frame.messages)))
		return;
	if (verdict != expected || !frame.ok || frame.size != size ||
	    memcmp(frame.data, data, size) != 0)
		abort();
}

static void carry_data(const guint8 *data, gsize size, const struct frame_shape *shape)
{
	guint8 in[PROTOCOL_READ_MAX + 16];
	gsize at = strlen(PROTOCOL_HEADER);
	char count[PROTOCOL_COUNT_SIZE + 1];

	size = MIN(size, shape->limit);
	memcpy(in, PROTOCOL_HEADER, at);
	if (shape->kind == FRAME_COUNTED) {
		snprintf(count, sizeof(count), "%04u", (unsigned int)size % 10000);
		memcpy(in + at, count, PROTOCOL_COUNT_SIZE);
		at += PROTOCOL_COUNT_SIZE;
	}
	memcpy(in + at, data, size);
	memcpy(in + at + size, PROTOCOL_TRAILER, strlen(PROTOCOL_TRAILER));
	carry(in, at + size + strlen(PROTOCOL_TRAILER), data, size, shape);
}

int LLVMFuzzerTestOneInput(const guint8 *input, gsize size)
{
	const struct frame_shape *shape;

	if (size < 1)
		return 0;
	shape = &shapes[input[0] % G_N_ELEMENTS(shapes)];
	deliver(input + 1, MIN(size - 1, 2048), shape);
	if (shape->kind != FRAME_TEXT)
		carry_data(input + 1, size - 1, shape);
	return 0;
}
