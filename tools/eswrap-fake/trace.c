// SPDX-License-Identifier: MIT
/*
 * One line of the trace is a time in seconds since the start, a direction and the bytes, as a C
 * string literal would have them:
 *
 *	0.001042 > "P0=0\r"
 *	0.001311 < "\r\n\r\nOK\r\n> "
 *	0.001311 * reset: fault
 */
#include "eswrap-fake/trace.h"
#include "eswrap-fake/loop.h"

#include <errno.h>
#include <gio/gio.h>
#include <stdio.h>

struct trace {
	FILE *file;
	int64_t start;
};

struct trace *trace_open(const char *path, GError **error)
{
	struct trace *trace;
	FILE *file;

	if (!path)
		return NULL;
	file = g_str_equal(path, "-") ? stderr : fopen(path, "we");
	if (!file) {
		g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
			    "cannot write the trace %s: %s", path, g_strerror(errno));
		return NULL;
	}
	setvbuf(file, NULL, _IOLBF, BUFSIZ);
	trace = g_new0(struct trace, 1);
	trace->file = file;
	trace->start = now_ns();
	return trace;
}

void trace_free(struct trace *trace)
{
	if (!trace)
		return;
	if (trace->file != stderr)
		fclose(trace->file);
	g_free(trace);
}

static void put_time(struct trace *trace, int64_t when, char mark)
{
	int64_t us = (when - trace->start) / NS_PER_US;

	fprintf(trace->file, "%" G_GINT64_FORMAT ".%06d %c ", us / 1000000, (int)(us % 1000000),
		mark);
}

static void put_byte(FILE *file, uint8_t byte)
{
	static const char named[] = { ['\r'] = 'r', ['\n'] = 'n', ['"'] = '"', ['\\'] = '\\' };

	if (byte < sizeof(named) && named[byte])
		fprintf(file, "\\%c", named[byte]);
	else if (byte >= 0x20 && byte < 0x7f)
		putc(byte, file);
	else
		fprintf(file, "\\x%02x", byte);
}

void trace_bytes(struct trace *trace, char mark, int64_t when, const uint8_t *data, size_t size)
{
	size_t i;

	if (!trace || !size)
		return;
	put_time(trace, when, mark);
	putc('"', trace->file);
	for (i = 0; i < size; i++)
		put_byte(trace->file, data[i]);
	fputs("\"\n", trace->file);
}

void trace_note(struct trace *trace, const char *format, ...)
{
	va_list args;

	if (!trace)
		return;
	put_time(trace, now_ns(), '*');
	va_start(args, format);
	vfprintf(trace->file, format, args);
	va_end(args);
	putc('\n', trace->file);
}
