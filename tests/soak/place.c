// SPDX-License-Identifier: MIT
#include "soak/place.h"

#include <arpa/inet.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#define HEADER	     "\r\n"
#define TRAILER	     "\r\nOK\r\n> "
#define ADDRESS_TEXT 16
#define SOCKETS	     4

/* Return: the bytes of a line of the trace, which is written like a C string. */
static GByteArray *bytes_of(const char *text)
{
	GByteArray *bytes = g_byte_array_new();
	guint8 byte;

	for (; *text && *text != '"'; text++) {
		byte = (guint8)*text;
		if (*text == '\\') {
			text++;
			byte = (guint8)(*text == 'r' ? '\r' : *text == 'n' ? '\n' : *text);
			if (*text == 'x') {
				byte = (guint8)strtoul((char[]){ text[1], text[2], 0 }, NULL, 16);
				text += 2;
			}
		}
		g_byte_array_append(bytes, &byte, 1);
	}
	return bytes;
}

static bool begins(const GByteArray *bytes, const char *text)
{
	return bytes->len >= strlen(text) && memcmp(bytes->data, text, strlen(text)) == 0;
}

static bool ends(const GByteArray *bytes, const char *text)
{
	size_t size = strlen(text);

	return bytes->len >= size && memcmp(bytes->data + bytes->len - size, text, size) == 0;
}

static bool count_is_possible(const char *data, const GByteArray *command)
{
	guint64 count;

	return g_ascii_string_to_unsigned(
		data, 10, 0, strtoul((const char *)command->data + 3, NULL, 10), &count, NULL);
}

/* Is this what the command could have been answered? */
static bool answers(const GByteArray *answer, const GByteArray *command, guint read_max)
{
	size_t frame = strlen(HEADER TRAILER), size;
	struct in_addr address;
	bool possible = false;
	char *data;

	if (answer->len < frame || !begins(answer, HEADER) || !ends(answer, TRAILER))
		return false;
	size = answer->len - frame;
	if (begins(command, "R0"))
		return size <= read_max;
	data = g_strndup((const char *)answer->data + strlen(HEADER), size);
	/* Four digits say how many bytes follow. */
	if (begins(command, "R4"))
		possible = size >= 4 && strspn(data, "0123456789") >= 4 &&
			   (guint)(data[0] - '0') * 1000 + (guint)(data[1] - '0') * 100 +
					   (guint)(data[2] - '0') * 10 + (guint)(data[3] - '0') ==
				   size - 4;
	else if (begins(command, "S3="))
		possible = count_is_possible(data, command);
	else if (begins(command, "D0="))
		possible = size < ADDRESS_TEXT && inet_aton(data, &address);
	g_free(data);
	return possible;
}

/* A command of which only the module knows what it has understood. */
static bool is_silent(const GByteArray *command)
{
	static const char *const silent[] = { "S3=", "P0=", "P1=", "P2=", "P3=",
					      "P4=", "P9=", "PF=", "D0=" };
	guint i;

	for (i = 0; i < G_N_ELEMENTS(silent); i++)
		if (begins(command, silent[i]))
			return true;
	return false;
}

/* What the trace has said so far. */
struct story {
	GByteArray *command;
	bool answered;
	guint selected, read_max[SOCKETS];
};

/* A long command comes in several lines of the trace: they are put together until it is answered.
 */
static void hear(struct story *story, const GByteArray *bytes)
{
	GByteArray *command = story->command;
	guint number;

	if (story->answered)
		g_byte_array_set_size(command, 0);
	story->answered = false;
	g_byte_array_append(command, bytes->data, bytes->len);
	if (!ends(command, "\r"))
		return;
	number = (guint)strtoul((const char *)command->data + MIN(command->len - 1, 3), NULL, 10);
	if (begins(command, "P0=") && number < SOCKETS)
		story->selected = number;
	else if (begins(command, "R1="))
		story->read_max[story->selected] = number;
}

/* Return: whether the line is of the harmed direction, with @hidden set. */
static bool tell(struct story *story, const char *text, bool to_host, bool *hidden)
{
	bool outward = text[-2] == '<';
	GByteArray *bytes = bytes_of(text + 1);

	if (!outward)
		hear(story, bytes);
	else
		story->answered = true;
	if (outward && to_host)
		*hidden = answers(bytes, story->command, story->read_max[story->selected]);
	else if (!outward && !to_host)
		*hidden = is_silent(story->command);
	g_byte_array_unref(bytes);
	return outward == to_host;
}

bool place_is_hidden(const char *trace, const char *fault)
{
	bool to_host = g_str_has_suffix(fault, "-out"), seen = false, hidden = false;
	char **lines = g_strsplit(trace, "\n", 0), **line;
	struct story story = { .command = g_byte_array_new(), .answered = true };
	char *note = g_strdup_printf(" * fault: %s", fault);
	const char *text;

	for (line = lines; *line; line++) {
		if (g_str_has_suffix(*line, note)) {
			seen = true;
			continue;
		}
		text = strchr(*line, '"');
		if (text && strchr("<>", text[-2]) && tell(&story, text, to_host, &hidden) && seen)
			break;
		hidden = false;
	}
	g_free(note);
	g_strfreev(lines);
	g_byte_array_unref(story.command);
	return hidden;
}
