/* SPDX-License-Identifier: MIT */
/*
 * The files and TCP ports that the broker keeps: Landlock (landlock(7)), by system calls of our own,
 * since the C library has none and the distribution's header may be older than its kernel.
 */
#ifndef ESWRAPD_LAND_H
#define ESWRAPD_LAND_H

#include <glib.h>
#include <stdbool.h>

#include "config/settings.h"

/**
 * land_restrict() - for this thread and what it starts, for good
 * @socket_path:	of the control socket; NULL: systemd's
 *
 * sandbox.h says what is left. A path that is not there gets no rule. A kernel without Landlock is
 * logged.
 *
 * Return: false with @error set.
 */
bool land_restrict(const struct settings *settings, const char *socket_path, GError **error);

#endif
