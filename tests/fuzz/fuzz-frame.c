// SPDX-License-Identifier: MIT
/*
 * Framing, for libFuzzer. The input's first byte chooses R1, the rest is used twice: as what a
 * broken line may deliver, which must do no harm, and as what a far end sent, which must come back
 * whole and never end early.
 */
#include <stdlib.h>
#include <string.h>

#include "eswifi/frame.h"

int LLVMFuzzerTestOneInput(const guint8 *input, gsize size);

static const gsize limits[] = { 0, 1, 2, 8, 1457, 1460 };

static void check_inside(const guint8 *in, gsize size, const struct frame *frame)
{
	if (frame->size && (frame->data < in || frame->data > in + size || frame->size > size))
		abort();
	if (frame->reason_size && (frame->reason < in || frame->reason > in + size ||
				   frame->reason + frame->reason_size > in + size))
		abort();
}

/* Anything at all, byte by byte: BAD stays BAD, and a whole answer does not go on. */
static void deliver(const guint8 *in, gsize size, gsize limit)
{
	enum frame_verdict verdict = FRAME_MORE, before;
	struct frame frame;
	gsize cut;

	for (cut = 0; cut <= size; cut++) {
		before = verdict;
		verdict = frame_parse(in, cut, limit, &frame);
		if (verdict == FRAME_CANDIDATE || verdict == FRAME_COMPLETE)
			check_inside(in, cut, &frame);
		if (verdict == FRAME_CANDIDATE && limit <= 1)
			abort();
		if ((before == FRAME_BAD || before == FRAME_COMPLETE) && verdict != FRAME_BAD)
			abort();
	}
}

/* Raw data in its frame. */
static void carry(const guint8 *data, gsize size, gsize limit)
{
	guint8 in[PROTOCOL_READ_MAX + 16];
	enum frame_verdict verdict;
	struct frame frame;
	gsize cut, whole;

	size = MIN(size, limit);
	whole = size + 10;
	memcpy(in, PROTOCOL_HEADER, 2);
	memcpy(in + 2, data, size);
	memcpy(in + 2 + size, PROTOCOL_TRAILER, 8);
	for (cut = 0; cut < whole; cut++) {
		verdict = frame_parse(in, cut, limit, &frame);
		if (verdict == FRAME_BAD || verdict == FRAME_COMPLETE)
			abort();
	}
	verdict = frame_parse(in, whole, limit, &frame);
	if (verdict != (size == limit || limit == 1 ? FRAME_COMPLETE : FRAME_CANDIDATE))
		abort();
	if (!frame.ok || frame.size != size || memcmp(frame.data, data, size) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const guint8 *input, gsize size)
{
	gsize limit;

	if (size < 1)
		return 0;
	limit = limits[input[0] % G_N_ELEMENTS(limits)];
	deliver(input + 1, MIN(size - 1, FRAME_MAX), limit);
	if (limit)
		carry(input + 1, size - 1, limit);
	return 0;
}
