/* SPDX-License-Identifier: MIT */
/* Where g_warning(), g_message(), g_info() and g_debug() go: one line each on standard error. */
#ifndef ESWRAPD_LOG_H
#define ESWRAPD_LOG_H

/**
 * log_init() - take over GLib's log
 * @verbosity:	0: warnings and messages (recoveries, refusals, losses), 1: info, 2: debug (each
 * flow)
 *
 * Where standard error is the journal's, lines begin with their priority (sd-daemon(3)).
 */
void log_init(int verbosity);

#endif
