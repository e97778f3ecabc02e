/* SPDX-License-Identifier: MIT */
/* Reports of real modules, as `eswrapctl module probe` writes them. */
#ifndef FAKE_REPORT_H
#define FAKE_REPORT_H

#include "eswrap-fake/options.h"

/**
 * report_read() - behave as the module did of which @path tells
 * @options:	its firmware is set up already; that, the times and boot_ns are changed
 *
 * Return: false with @error set when the file cannot be used.
 */
bool report_read(struct options *options, const char *path, GError **error);

#endif
