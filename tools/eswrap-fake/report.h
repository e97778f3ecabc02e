/* SPDX-License-Identifier: MIT */
/* Reports of real modules, as `eswrapctl module probe` writes them. */
#ifndef FAKE_REPORT_H
#define FAKE_REPORT_H

#include "eswrap-fake/firmware.h"
#include "eswrap-fake/times.h"

/**
 * report_read() - behave as the module did of which @path tells
 * @firmware:	set up already; is changed
 * @times:	struct command_time; gets more
 *
 * Return: false with @error set when the file cannot be used.
 */
bool report_read(const char *path, struct firmware *firmware, GArray *times, GError **error);

#endif
