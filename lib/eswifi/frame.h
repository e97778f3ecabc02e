/* SPDX-License-Identifier: MIT */
#ifndef ESWIFI_FRAME_H
#define ESWIFI_FRAME_H

#include "protocol.h"

/* Longest answer of any kind: a list of networks, or a full read behind some messages. */
#define FRAME_MAX (PROTOCOL_TEXT_MAX + 512)

/* What the answer to a command looks like. */
enum frame_kind {
	FRAME_TEXT,    /* lines of the module's own making */
	FRAME_RAW,     /* R0: bytes, and no length */
	FRAME_COUNTED, /* R4: four characters say how many bytes follow */
};

/**
 * struct frame_shape - the answer that is expected
 * @limit:	RAW and COUNTED: R1
 * @strict:	an OK that could be a message's is not the answer's
 */
struct frame_shape {
	enum frame_kind kind;
	gsize limit;
	bool strict;
};

enum frame_verdict {
	FRAME_MORE,	 /* the beginning of an answer, or messages alone */
	FRAME_CANDIDATE, /* an answer, if nothing follows within the guard time */
	FRAME_COMPLETE,	 /* an answer, no doubt */
	FRAME_BAD,	 /* nothing that the command can have caused */
};

/**
 * struct frame - one answer taken apart; points into the received bytes
 * @ok:		OK, or a failure
 * @data, @size:	DATA, without its frame and without the count
 * @reason, @reason_size:	what stands behind ERROR, in its own line and up to the prompt
 * @gone:	COUNTED: the count is the mark of a connection that is gone
 * @messages:	RAW: the bytes begin like a message, so that it cannot be told whose they are
 * @start:	where the answer begins; before it are messages
 * @end:	where it ends; behind it are messages, or the beginning of one
 */
struct frame {
	bool ok, gone, messages;
	const guint8 *data, *reason;
	gsize size, reason_size;
	gsize start, end;
};

/**
 * frame_parse() - what is it that has come so far?
 * @in, @size:	everything received since the command went out
 * @shape:	what is expected
 * @frame:	filled in for CANDIDATE and COMPLETE; for MORE, @start alone: @size when all that came
 *		are whole messages, else 0
 */
enum frame_verdict frame_parse(const guint8 *in, gsize size, const struct frame_shape *shape,
			       struct frame *frame);

#endif
