/* SPDX-License-Identifier: MIT */
#ifndef FAKE_TRACE_H
#define FAKE_TRACE_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

struct trace;

/**
 * trace_open() - start a trace
 * @path:	file, truncated; "-" is standard error; NULL: no trace
 *
 * Return: the trace, or NULL when there is none, with @error set if it cannot be written. All other
 * functions take NULL as well. Free with trace_free().
 */
struct trace *trace_open(const char *path, GError **error);
void trace_free(struct trace *trace);

/**
 * trace_bytes() - record bytes as they were on the line
 * @mark:	'>' host to module, '<' module to host
 * @when:	CLOCK_MONOTONIC in ns when the last of them had passed
 */
void trace_bytes(struct trace *trace, char mark, int64_t when, const uint8_t *data, size_t size);

/* trace_note() - record something that happened, in words */
void trace_note(struct trace *trace, const char *format, ...) G_GNUC_PRINTF(2, 3);

#endif
