/* SPDX-License-Identifier: MIT */
/*
 * What the fuzzers have in common: a directory of this process's own, a log that is silent, and
 * bytes that decide.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <glib.h>
#include <glib/gstdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a critical message says is a fault of ours. */
static inline GLogWriterOutput fuzz_log(GLogLevelFlags level, const GLogField *fields, gsize n,
					gpointer user G_GNUC_UNUSED)
{
	gsize i;

	if (!(level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR)))
		return G_LOG_WRITER_HANDLED;
	for (i = 0; i < n; i++)
		if (strcmp(fields[i].key, "MESSAGE") == 0)
			g_printerr("critical: %s\n", (const char *)fields[i].value);
	abort();
}

/* fuzz_directory() - made at the first call, in memory where that can be; stays */
static inline const char *fuzz_directory(void)
{
	static char *directory;

	if (directory)
		return directory;
	g_log_set_writer_func(fuzz_log, NULL, NULL);
	directory = g_strdup("/dev/shm/eswrap-fuzz-XXXXXX");
	if (!g_mkdtemp(directory))
		abort();
	return directory;
}

/* fuzz_write() - @name in that directory; Return: its path, the caller's */
static inline char *fuzz_write(const char *name, const void *data, size_t size)
{
	char *path = g_build_filename(fuzz_directory(), name, NULL);

	if (!g_file_set_contents_full(path, data, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0600,
				      NULL))
		abort();
	return path;
}

/* struct fuzz_bytes - what is left of the input */
struct fuzz_bytes {
	const uint8_t *next, *end;
};

/* fuzz_byte() - the next; 0 when there is none left */
static inline unsigned int fuzz_byte(struct fuzz_bytes *bytes)
{
	return bytes->next < bytes->end ? *bytes->next++ : 0;
}

/* fuzz_below() - the next, 0..@n - 1 */
static inline unsigned int fuzz_below(struct fuzz_bytes *bytes, unsigned int n)
{
	return fuzz_byte(bytes) % n;
}

#endif
