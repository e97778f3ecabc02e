/* SPDX-License-Identifier: MIT */
#ifndef ESWIFI_FRAME_H
#define ESWIFI_FRAME_H

#include "protocol.h"

/* Longest answer of any kind: a full read in its frame, or a text. */
#define FRAME_MAX (PROTOCOL_READ_MAX + PROTOCOL_USAGE_MAX + 64)

enum frame_verdict {
	FRAME_MORE,	 /* the beginning of an answer */
	FRAME_CANDIDATE, /* an answer, if nothing follows within the guard time */
	FRAME_COMPLETE,	 /* an answer, no doubt */
	FRAME_BAD,	 /* nothing that the command can have caused */
};

/**
 * struct frame - one answer taken apart; points into the received bytes
 * @ok:		OK, or ERROR
 * @data, @size:	DATA, without its frame
 * @reason, @reason_size:	what stands between ERROR and the prompt
 */
struct frame {
	bool ok;
	const guint8 *data, *reason;
	gsize size, reason_size;
};

/**
 * frame_parse() - what is it that has come so far?
 * @in, @size:	everything received since the command went out
 * @limit:	0: the answer is text; else it is an R0's, and this is R1
 * @frame:	filled in for CANDIDATE and COMPLETE
 */
enum frame_verdict frame_parse(const guint8 *in, gsize size, gsize limit, struct frame *frame);

#endif
