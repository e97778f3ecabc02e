// SPDX-License-Identifier: MIT
/*
 * Taking answers apart.
 *
 * DOC: Theory of Operation
 *
 * An answer is "\r\n" DATA "\r\nOK\r\n> ", and with no DATA "\r\n\r\nOK\r\n> " or "\r\nOK\r\n> ".
 * A failure is an answer with a line that begins with ERROR, behind DATA or alone, and ends at the
 * prompt behind which the line falls silent: what stands between the two differs from firmware to
 * firmware and with MT. Messages (message.h) may come before an answer and behind it.
 *
 * The answer to R0 carries raw bytes and no length, and a far end can send bytes that look like the
 * end of an answer, followed by what it wants us to take for the next one. So, where R1 is the most
 * that a read returns:
 *
 *  - R1 bytes between header and trailer are a full read: COMPLETE. Nothing else can be that long.
 *  - Fewer are a CANDIDATE for as long as they are the last thing received. The AT engine makes an
 *    answer of it when the line has been silent for the guard time, or when the module has answered
 *    a question behind it that the far end could not know (see at.c).
 *  - With R1=1 no answer is the beginning of another one (all of them differ by their fourth byte,
 *    or are equally long), so each is COMPLETE at its last byte and no time is lost. And with R1=1
 *    "-1" is the mark of a connection that is gone, because data has one byte.
 *
 * In raw bytes nothing is taken for a message that can be data, because a far end can send such a
 * line. Where only one of the two readings fits it is the right one; where both do, the frame says
 * so, and nobody gets the bytes.
 *
 * The answer to R4 has the number of its bytes in front: COMPLETE when they are there.
 *
 * Every other answer is text of the module's own making, in which no far end has a say. It ends at
 * the first prompt, and no time is lost. A prompt with no OK or ERROR before it comes from a module
 * that has just been reset: BAD, like everything else that does not fit.
 */
#include "frame.h"

#include <string.h>

#include "message.h"

#define LENGTH(literal) (sizeof(literal) - 1)
#define HEADER_SIZE	LENGTH(PROTOCOL_HEADER)
#define TRAILER_SIZE	LENGTH(PROTOCOL_TRAILER)
#define PROMPT_SIZE	LENGTH(PROTOCOL_PROMPT)

static bool starts_with(const guint8 *in, gsize size, const char *literal)
{
	return memcmp(in, literal, MIN(size, strlen(literal))) == 0;
}

static bool ends_with(const guint8 *in, gsize size, const char *literal)
{
	gsize length = strlen(literal);

	return size >= length && memcmp(in + size - length, literal, length) == 0;
}

static const guint8 *find(const guint8 *in, gsize size, const char *literal)
{
	return memmem(in, size, literal, strlen(literal));
}

/* Texts hold line ends, and names in any encoding. */
static bool is_text(const guint8 *in, gsize size)
{
	gsize i;

	for (i = 0; i < size; i++)
		if ((in[i] < ' ' || in[i] == 0x7f) && in[i] != '\r' && in[i] != '\n' &&
		    in[i] != '\t')
			return false;
	return true;
}

/* An answer that ends in OK; the empty one may share its header with the trailer. */
static bool take_ok(const guint8 *in, gsize size, struct frame *frame)
{
	if (!ends_with(in, size, PROTOCOL_TRAILER))
		return false;
	if (size != TRAILER_SIZE && size < HEADER_SIZE + TRAILER_SIZE)
		return false;
	memset(frame, 0, sizeof(*frame));
	frame->ok = true;
	frame->data = in + HEADER_SIZE;
	frame->size = size == TRAILER_SIZE ? 0 : size - HEADER_SIZE - TRAILER_SIZE;
	frame->end = size;
	return true;
}

/* What stands behind ERROR, without the punctuation and the line end in front of it. */
static void take_reason(const guint8 *from, const guint8 *to, struct frame *frame)
{
	while (from < to && strchr(": \r\n", *from))
		from++;
	frame->reason = from;
	frame->reason_size = (gsize)(to - from);
}

/* A failure: a line that begins with ERROR, and a prompt at the end. */
static bool take_failure(const guint8 *in, gsize size, struct frame *frame)
{
	const guint8 *line = find(in, size, PROTOCOL_FAILURE);

	if (!line || !ends_with(in, size, PROTOCOL_PROMPT) || !is_text(in, size))
		return false;
	memset(frame, 0, sizeof(*frame));
	frame->data = in + HEADER_SIZE;
	frame->size = line > frame->data ? (gsize)(line - frame->data) : 0;
	take_reason(line + LENGTH(PROTOCOL_FAILURE), in + size - PROMPT_SIZE, frame);
	frame->end = size;
	return true;
}

static enum frame_verdict parse_failure(const guint8 *in, gsize size, gsize first,
					struct frame *frame)
{
	gsize used;

	enum message_verdict behind = MESSAGE_NONE;

	/* Behind the first prompt: messages, or the rest of what the failure has to say. */
	if (first < size)
		behind = message_parse(in + first, size - first, false, &used);
	if (behind == MESSAGE_WHOLE)
		return take_failure(in, first, frame) ? FRAME_COMPLETE : FRAME_BAD;
	if (behind == MESSAGE_MORE)
		return FRAME_MORE;
	return take_failure(in, size, frame) ? FRAME_CANDIDATE : FRAME_MORE;
}

/* An answer in text that begins at @in; what came before it were messages. */
static enum frame_verdict parse_answer(const guint8 *in, gsize size, struct frame *frame)
{
	const guint8 *prompt;
	gsize first, used;

	if (!starts_with(in, size, PROTOCOL_HEADER) || !is_text(in, size) ||
	    size > PROTOCOL_TEXT_MAX)
		return FRAME_BAD;
	prompt = find(in, size, PROTOCOL_PROMPT);
	if (!prompt)
		return FRAME_MORE;
	first = (gsize)(prompt - in) + PROMPT_SIZE;
	if (find(in, first, PROTOCOL_FAILURE))
		return parse_failure(in, size, first, frame);
	if (!take_ok(in, first, frame))
		return FRAME_BAD;
	if (first < size && message_parse(in + first, size - first, false, &used) == MESSAGE_NONE)
		return FRAME_BAD;
	return FRAME_COMPLETE;
}

static void move_frame(struct frame *frame, gsize by)
{
	frame->start += by;
	frame->end += by;
}

static bool is_short_ok(const struct frame *frame)
{
	return frame->ok && frame->end - frame->start == TRAILER_SIZE;
}

static enum frame_verdict parse_text(const guint8 *in, gsize size, bool strict, struct frame *frame)
{
	enum frame_verdict verdict;
	gsize used;

	if (message_parse(in, size, strict, &used) == MESSAGE_MORE)
		return FRAME_MORE;
	if (used && used == size)
		return FRAME_MORE;
	verdict = parse_answer(in + used, size - used, frame);
	if (verdict == FRAME_COMPLETE || verdict == FRAME_CANDIDATE)
		move_frame(frame, used);
	/* A short answer behind a message may be that message's own OK, and more to come. */
	if (verdict == FRAME_COMPLETE && used && is_short_ok(frame))
		return frame->end == size ? FRAME_CANDIDATE : FRAME_MORE;
	if (verdict == FRAME_BAD && used && !strict)
		return parse_text(in, size, true, frame);
	return verdict;
}

/* R1=1: the first byte behind the header tells data from everything else. */
static enum frame_verdict parse_probe(const guint8 *in, gsize size, struct frame *frame)
{
	static const char *const fixed[] = {
		PROTOCOL_HEADER PROTOCOL_TRAILER,
		PROTOCOL_TRAILER,
		PROTOCOL_HEADER PROTOCOL_GONE PROTOCOL_TRAILER,
	};
	static const gsize data_end = HEADER_SIZE + PROTOCOL_READ_PROBE;
	static const gsize full = HEADER_SIZE + PROTOCOL_READ_PROBE + TRAILER_SIZE;
	enum frame_verdict verdict;
	gsize i, used;

	if (size >= full && take_ok(in, full, frame))
		return size == full || message_parse(in + full, size - full, false, &used) !=
					       MESSAGE_NONE
			       ? FRAME_COMPLETE
			       : FRAME_BAD;
	for (i = 0; i < G_N_ELEMENTS(fixed); i++)
		if (size < strlen(fixed[i]) && starts_with(in, size, fixed[i]))
			return FRAME_MORE;
	if (size <= data_end ||
	    (size < full && starts_with(in + data_end, size - data_end, PROTOCOL_TRAILER)))
		return FRAME_MORE;
	/* It is none that carries data: a failure, a fixed answer, or a message before either. */
	verdict = parse_text(in, size, false, frame);
	if ((verdict == FRAME_COMPLETE || verdict == FRAME_CANDIDATE) && frame->ok &&
	    frame->size > PROTOCOL_READ_PROBE &&
	    (frame->size != LENGTH(PROTOCOL_GONE) ||
	     memcmp(frame->data, PROTOCOL_GONE, frame->size) != 0))
		return FRAME_BAD;
	/* Behind a message, an answer with data is like any other. */
	if (verdict != FRAME_COMPLETE && verdict != FRAME_CANDIDATE &&
	    message_parse(in, size, false, &used) == MESSAGE_WHOLE && used < size)
		verdict = parse_probe(in + used, size - used, frame);
	return verdict;
}

/* The bytes taken as data, or as a failure of R0. */
static enum frame_verdict parse_bytes(const guint8 *in, gsize size, gsize limit,
				      struct frame *frame)
{
	gsize full = HEADER_SIZE + limit + TRAILER_SIZE, used;

	if (!starts_with(in, size, PROTOCOL_HEADER))
		return FRAME_BAD;
	if (size > full && take_ok(in, full, frame) && frame->size == limit)
		return message_parse(in + full, size - full, false, &used) != MESSAGE_NONE
			       ? FRAME_COMPLETE
			       : FRAME_BAD;
	if (size <= full && take_ok(in, size, frame))
		return size == full ? FRAME_COMPLETE : FRAME_CANDIDATE;
	if (take_failure(in, size, frame))
		return FRAME_CANDIDATE;
	/* What is not a failure can still become data, as long as there is room for the trailer. */
	if (size < full)
		return FRAME_MORE;
	return is_text(in, size) && size <= limit + PROTOCOL_USAGE_MAX &&
			       find(in, size, PROTOCOL_FAILURE)
		       ? FRAME_MORE
		       : FRAME_BAD;
}

static enum frame_verdict parse_raw(const guint8 *in, gsize size, gsize limit, struct frame *frame)
{
	enum frame_verdict whole = parse_bytes(in, size, limit, frame), rest;
	struct frame behind;
	gsize used;

	if (message_parse(in, size, false, &used) != MESSAGE_WHOLE)
		return whole;
	rest = used < size ? parse_bytes(in + used, size - used, limit, &behind) : FRAME_MORE;
	if (rest == FRAME_BAD)
		return whole;
	if (whole == FRAME_BAD) {
		if (rest == FRAME_MORE)
			return rest;
		*frame = behind;
		move_frame(frame, used);
		return rest;
	}
	/* A message alone can be one whose answer is still to come. */
	if (rest == FRAME_MORE)
		return FRAME_MORE;
	if (whole == FRAME_MORE) {
		*frame = behind;
		move_frame(frame, used);
	}
	frame->messages = true;
	return FRAME_CANDIDATE;
}

/* Four digits, or a mark. Return: -1 for the mark, -2 for anything else, else the count. */
static int parse_count(const guint8 *in)
{
	int count = 0, i;

	if (memcmp(in, PROTOCOL_GONE_COUNT, PROTOCOL_COUNT_SIZE) == 0)
		return -1;
	for (i = 0; i < PROTOCOL_COUNT_SIZE; i++) {
		if (!g_ascii_isdigit(in[i]))
			return -2;
		count = count * 10 + (in[i] - '0');
	}
	return count;
}

/* @in begins with a count: of all the verdicts, MORE is the only one before its trailer. */
static enum frame_verdict parse_count_and_data(const guint8 *in, gsize size, gsize limit,
					       struct frame *frame)
{
	int count = parse_count(in);
	gsize length = PROTOCOL_COUNT_SIZE + (gsize)MAX(count, 0), used;

	if (count > (int)limit)
		return FRAME_BAD;
	if (size <= length)
		return FRAME_MORE;
	if (!starts_with(in + length, size - length, PROTOCOL_TRAILER))
		return FRAME_BAD;
	if (size < length + TRAILER_SIZE)
		return FRAME_MORE;
	memset(frame, 0, sizeof(*frame));
	frame->ok = true;
	frame->gone = count < 0;
	frame->data = in + PROTOCOL_COUNT_SIZE;
	frame->size = (gsize)MAX(count, 0);
	frame->end = length + TRAILER_SIZE;
	if (frame->end < size &&
	    message_parse(in + frame->end, size - frame->end, false, &used) == MESSAGE_NONE)
		return FRAME_BAD;
	return FRAME_COMPLETE;
}

static enum frame_verdict parse_counted(const guint8 *in, gsize size, gsize limit,
					struct frame *frame)
{
	enum frame_verdict verdict;
	gsize header = 0, used = 0;

	if (message_parse(in, size, false, &used) == MESSAGE_MORE && size > HEADER_SIZE)
		return FRAME_MORE;
	in += used;
	size -= used;
	if (size >= HEADER_SIZE && starts_with(in, size, PROTOCOL_HEADER))
		header = HEADER_SIZE;
	if (size < header + PROTOCOL_COUNT_SIZE)
		return FRAME_MORE;
	if (parse_count(in + header) == -2) {
		/* No count: nothing there, gone or failed, in the words of R0. */
		verdict = parse_text(in, size, false, frame);
		if (verdict != FRAME_COMPLETE && verdict != FRAME_CANDIDATE)
			return verdict;
		frame->gone = frame->size == LENGTH(PROTOCOL_GONE) &&
			      memcmp(frame->data, PROTOCOL_GONE, frame->size) == 0;
		if (frame->ok && frame->size && !frame->gone)
			return FRAME_BAD;
		if (frame->ok)
			frame->size = 0;
		header = 0;
	} else {
		verdict = parse_count_and_data(in + header, size - header, limit, frame);
		/* The mark may also stand before a failure. */
		if (verdict == FRAME_BAD && parse_count(in + header) == -1) {
			verdict = parse_text(in, size, false, frame);
			header = 0;
			if (verdict == FRAME_COMPLETE || verdict == FRAME_CANDIDATE)
				frame->gone = true;
		}
	}
	if (verdict == FRAME_COMPLETE || verdict == FRAME_CANDIDATE)
		move_frame(frame, used + header);
	return verdict;
}

static enum frame_verdict parse_shape(const guint8 *in, gsize size, const struct frame_shape *shape,
				      struct frame *frame)
{
	if (shape->kind == FRAME_COUNTED)
		return parse_counted(in, size, shape->limit, frame);
	if (!starts_with(in, size, PROTOCOL_HEADER))
		return FRAME_BAD;
	if (shape->kind == FRAME_TEXT)
		return parse_text(in, size, shape->strict, frame);
	if (shape->limit == PROTOCOL_READ_PROBE)
		return parse_probe(in, size, frame);
	return parse_raw(in, size, shape->limit, frame);
}

enum frame_verdict frame_parse(const guint8 *in, gsize size, const struct frame_shape *shape,
			       struct frame *frame)
{
	enum frame_verdict verdict = parse_shape(in, size, shape, frame);
	gsize used;

	if (verdict == FRAME_MORE)
		frame->start = message_parse(in, size, shape->strict, &used) == MESSAGE_WHOLE &&
					       used == size
				       ? size
				       : 0;
	return verdict;
}
