// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of Operation
 *
 * An answer is "\r\n" DATA "\r\nOK\r\n> ", or has "\r\nERROR\r\n" REASON in place of OK. Some
 * firmware says "\r\nOK\r\n> " when there is no DATA, and some puts DATA before ERROR.
 *
 * The answer to R0 carries raw bytes and no length, and a far end can send bytes that look like the
 * end of an answer, followed by what it wants us to take for the next one. So, where R1 is the most
 * that a read returns:
 *
 *  - R1 bytes between header and trailer are a full read: COMPLETE. Nothing else can be that long.
 *  - Fewer are a CANDIDATE for as long as they are the last thing received. The AT engine makes an
 *    answer of it when the line has been silent for the guard time: the module sends an answer from
 *    memory, without a pause.
 *  - With R1=1 no answer is the beginning of another one (all of them differ by their fourth byte,
 *    or are equally long), so each is COMPLETE at its last byte and no time is lost. And with R1=1
 *    "-1" is the mark of a connection that is gone, because data has one byte. So quiet
 *    sockets are read with R1=1.
 *
 * Every other answer is text of the module's own making, in which no far end has a say. It ends at
 * the first prompt, and no time is lost either. A prompt with no OK or ERROR before it comes from a
 * module that has just been reset: BAD, like everything else that does not fit.
 */
#include "frame.h"

#include <string.h>

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
	return true;
}

/* An answer that ends in ERROR, with the line of ERROR at @at. */
static bool take_error(const guint8 *in, gsize size, gsize at, struct frame *frame)
{
	gsize reason = at + LENGTH(PROTOCOL_FAILURE);

	/* Without a reason the line end of ERROR is the one before the prompt. */
	if (size < reason - HEADER_SIZE + PROMPT_SIZE || !ends_with(in, size, PROTOCOL_PROMPT))
		return false;
	memset(frame, 0, sizeof(*frame));
	frame->data = in + HEADER_SIZE;
	frame->size = at > HEADER_SIZE ? at - HEADER_SIZE : 0;
	frame->reason = in + reason;
	frame->reason_size = size - PROMPT_SIZE > reason ? size - PROMPT_SIZE - reason : 0;
	return true;
}

static bool is_text(const guint8 *in, gsize size)
{
	gsize i;

	for (i = 0; i < size; i++)
		if ((in[i] < ' ' || in[i] > '~') && in[i] != '\r' && in[i] != '\n' && in[i] != '\t')
			return false;
	return true;
}

static enum frame_verdict parse_text(const guint8 *in, gsize size, struct frame *frame)
{
	const guint8 *error, *prompt;

	if (!is_text(in, size) || size > PROTOCOL_TEXT_MAX)
		return FRAME_BAD;
	prompt = memmem(in, size, PROTOCOL_PROMPT, PROMPT_SIZE);
	if (!prompt)
		return FRAME_MORE;
	if (prompt + PROMPT_SIZE != in + size)
		return FRAME_BAD;
	if (take_ok(in, size, frame))
		return FRAME_COMPLETE;
	error = memmem(in, size, PROTOCOL_FAILURE, LENGTH(PROTOCOL_FAILURE));
	if (error && take_error(in, size, error - in, frame))
		return FRAME_COMPLETE;
	return FRAME_BAD;
}

/* The answers to R0 that are not data: ERROR, alone or behind the mark of a lost connection. */
static bool may_be_error(const guint8 *in, gsize size, gsize *at)
{
	static const char gone[] = PROTOCOL_HEADER PROTOCOL_GONE;

	*at = 0;
	if (starts_with(in, size, PROTOCOL_FAILURE))
		return true;
	*at = LENGTH(gone);
	return starts_with(in, size, PROTOCOL_HEADER PROTOCOL_GONE PROTOCOL_FAILURE);
}

static enum frame_verdict parse_error(const guint8 *in, gsize size, gsize at, struct frame *frame)
{
	gsize reason = at + LENGTH(PROTOCOL_FAILURE);
	const guint8 *prompt = NULL;

	if (size >= reason)
		prompt = memmem(in + reason - HEADER_SIZE, size - reason + HEADER_SIZE,
				PROTOCOL_PROMPT, PROMPT_SIZE);
	if (prompt && prompt + PROMPT_SIZE != in + size)
		return FRAME_BAD;
	if (size > reason + PROTOCOL_USAGE_MAX ||
	    (size > reason && !is_text(in + reason, size - reason)))
		return FRAME_BAD;
	return take_error(in, size, at, frame) ? FRAME_COMPLETE : FRAME_MORE;
}

static enum frame_verdict parse_probe(const guint8 *in, gsize size, struct frame *frame)
{
	static const char *const fixed[] = {
		PROTOCOL_HEADER PROTOCOL_TRAILER,
		PROTOCOL_TRAILER,
		PROTOCOL_HEADER PROTOCOL_GONE PROTOCOL_TRAILER,
	};
	static const gsize data_end = HEADER_SIZE + PROTOCOL_READ_PROBE;
	gsize i, at;

	if (size == data_end + TRAILER_SIZE && take_ok(in, size, frame))
		return FRAME_COMPLETE;
	for (i = 0; i < G_N_ELEMENTS(fixed); i++) {
		if (size > strlen(fixed[i]) || !starts_with(in, size, fixed[i]))
			continue;
		if (size == strlen(fixed[i]) && take_ok(in, size, frame))
			return FRAME_COMPLETE;
		return FRAME_MORE;
	}
	if (size <= data_end || (size < data_end + TRAILER_SIZE &&
				 starts_with(in + data_end, size - data_end, PROTOCOL_TRAILER)))
		return FRAME_MORE;
	return may_be_error(in, size, &at) ? parse_error(in, size, at, frame) : FRAME_BAD;
}

static enum frame_verdict parse_raw(const guint8 *in, gsize size, gsize limit, struct frame *frame)
{
	gsize full = HEADER_SIZE + limit + TRAILER_SIZE, at;
	enum frame_verdict error = FRAME_BAD;

	if (size <= full && take_ok(in, size, frame))
		return size == full ? FRAME_COMPLETE : FRAME_CANDIDATE;
	if (may_be_error(in, size, &at))
		error = parse_error(in, size, at, frame);
	if (error == FRAME_COMPLETE)
		return FRAME_CANDIDATE;
	/* What is not an error can still become data, as long as there is room for the trailer. */
	return size < full ? FRAME_MORE : error;
}

enum frame_verdict frame_parse(const guint8 *in, gsize size, gsize limit, struct frame *frame)
{
	if (!starts_with(in, size, PROTOCOL_HEADER))
		return FRAME_BAD;
	if (limit == 0)
		return parse_text(in, size, frame);
	if (limit == PROTOCOL_READ_PROBE)
		return parse_probe(in, size, frame);
	return parse_raw(in, size, limit, frame);
}
