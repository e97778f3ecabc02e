// SPDX-License-Identifier: MIT
/* Telling the module's messages from its answers. */
#include "message.h"

#include <string.h>

#include "protocol.h"

#define LENGTH(literal) (sizeof(literal) - 1)

/* How the lines begin that come unasked. */
static const char *const kinds[] = {
	"[TCP SVR] ", "[UDP SVR] ",	      "[AP DHCP] ",	      "[INFO   ] ",
	"[MQTT EP] ", "UART Error detected ", "UART Break detected ",
};

enum line_verdict { LINE_NONE, LINE_MORE, LINE_WHOLE };

static bool is_printable(guint8 byte)
{
	return byte >= ' ' && byte != 0x7f;
}

static enum line_verdict match_kind(const guint8 *in, gsize size)
{
	enum line_verdict best = LINE_NONE;
	gsize i, length;

	for (i = 0; i < G_N_ELEMENTS(kinds); i++) {
		length = strlen(kinds[i]);
		if (memcmp(in, kinds[i], MIN(size, length)) != 0)
			continue;
		if (size >= length)
			return LINE_WHOLE;
		best = LINE_MORE;
	}
	return best;
}

/* One line of a known kind with its "\r\n"; @length is without it. */
static enum line_verdict parse_line(const guint8 *in, gsize size, gsize *length)
{
	enum line_verdict verdict = match_kind(in, size);
	gsize i;

	if (verdict != LINE_WHOLE)
		return verdict;
	for (i = 0; i < size && is_printable(in[i]); i++)
		;
	if (i > MESSAGE_MAX)
		return LINE_NONE;
	if (i == size || (in[i] == '\r' && i + 1 == size))
		return LINE_MORE;
	*length = i;
	return in[i] == '\r' && in[i + 1] == '\n' ? LINE_WHOLE : LINE_NONE;
}

static bool begins(const guint8 *in, gsize size, const char *literal)
{
	return size >= strlen(literal) && memcmp(in, literal, strlen(literal)) == 0;
}

/* Could more bytes make it begin so? */
static bool may_begin(const guint8 *in, gsize size, const char *literal)
{
	return size < strlen(literal) && memcmp(in, literal, size) == 0;
}

/*
 * What follows the last line of a message, from behind its "\r\n": the prompt, or OK and the
 * prompt. Else an answer begins there, in whose header the line's own end may be included.
 */
static enum message_verdict parse_end(const guint8 *in, gsize size, bool strict, gsize *used)
{
	static const char *const ends[] = { "> ", "OK\r\n> " };
	static const char blank_ok[] = PROTOCOL_TRAILER;
	gsize i;

	*used = 0;
	for (i = 0; i < G_N_ELEMENTS(ends); i++) {
		if (begins(in, size, ends[i])) {
			*used = strlen(ends[i]);
			return MESSAGE_WHOLE;
		}
		if (may_begin(in, size, ends[i]))
			return MESSAGE_MORE;
	}
	/* An OK behind an empty line can be the message's, or a short answer. */
	if (strict && begins(in, size, blank_ok)) {
		*used = strlen(blank_ok);
		return MESSAGE_WHOLE;
	}
	if (size < LENGTH(PROTOCOL_HEADER) || (strict && may_begin(in, size, blank_ok)))
		return MESSAGE_MORE;
	return MESSAGE_WHOLE;
}

static enum message_verdict parse_one(const guint8 *in, gsize size, bool strict, gsize *used)
{
	gsize at = LENGTH(PROTOCOL_HEADER), length = 0, end;
	enum line_verdict line;
	enum message_verdict verdict;

	if (size < at)
		return memcmp(in, PROTOCOL_HEADER, size) == 0 ? MESSAGE_MORE : MESSAGE_NONE;
	if (!begins(in, size, PROTOCOL_HEADER))
		return MESSAGE_NONE;
	if (size == at)
		return MESSAGE_MORE;
	line = parse_line(in + at, size - at, &length);
	while (line == LINE_WHOLE) {
		at += length + 2;
		if (at == size)
			return MESSAGE_MORE;
		line = parse_line(in + at, size - at, &length);
	}
	if (line == LINE_MORE)
		return MESSAGE_MORE;
	if (at == LENGTH(PROTOCOL_HEADER))
		return MESSAGE_NONE;
	verdict = parse_end(in + at, size - at, strict, &end);
	/* Without an end of its own, its line end is the header of what follows. */
	if (verdict == MESSAGE_WHOLE && !end && !begins(in + at, size - at, PROTOCOL_HEADER))
		at -= LENGTH(PROTOCOL_HEADER);
	*used = at + end;
	return verdict;
}

enum message_verdict message_parse(const guint8 *in, gsize size, bool strict, gsize *used)
{
	enum message_verdict verdict;
	gsize one;

	*used = 0;
	for (;;) {
		verdict = parse_one(in + *used, size - *used, strict, &one);
		if (verdict != MESSAGE_WHOLE)
			break;
		*used += one;
		if (*used == size)
			return MESSAGE_WHOLE;
	}
	/* What follows a whole message is another's beginning, or no message. */
	return *used ? MESSAGE_WHOLE : verdict;
}

char *message_line(const guint8 **in, gsize *size)
{
	const guint8 *at = *in, *end = *in + *size;
	const guint8 *stop;
	char *text;
	gsize i;

	while (at < end) {
		for (stop = at; stop < end && is_printable(*stop); stop++)
			;
		*in = stop < end ? stop + 1 : end;
		*size = (gsize)(end - *in);
		if (match_kind(at, (gsize)(stop - at)) == LINE_WHOLE) {
			text = g_strndup((const char *)at, (gsize)(stop - at));
			for (i = 0; text[i]; i++)
				if (text[i] < ' ' || text[i] > '~')
					text[i] = '?';
			return text;
		}
		at = *in;
	}
	return NULL;
}

bool message_is_transfer_error(const char *line)
{
	return g_str_has_prefix(line, "UART ");
}

bool message_is_network(const char *line)
{
	return g_str_has_prefix(line, "[INFO   ]");
}
