/* SPDX-License-Identifier: MIT */
/* The configuration file. */
#ifndef ESWRAP_CONFIG_LOAD_H
#define ESWRAP_CONFIG_LOAD_H

#include "config/settings.h"

/**
 * settings_load() - read and check a configuration file
 * @path:	the file
 * @warnings:	where not NULL, gets one string (char *) for each thing that is allowed but unwise,
 *		as "FILE:LINE: text"
 *
 * Return: the settings, to be freed with settings_free(); NULL with @error set, whose message is
 * "FILE:LINE: [GROUP] KEY: what is wrong, what is allowed", one line for each mistake.
 */
struct settings *settings_load(const char *path, GPtrArray *warnings, GError **error);

#endif
