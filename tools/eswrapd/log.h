/* SPDX-License-Identifier: MIT */
/*
 * Where g_warning(), g_message(), g_info() and g_debug() go: one line each on standard error.
 *
 * DOC: Theory of operation
 *
 * Who reads standard error may be slow or stuck (a pipe that nobody empties, a full disk), and the
 * broker serves others meanwhile. So a line is only put into a ring of LOG_RING_BYTES; a thread
 * writes. What the ring has no room for is dropped, and the next line that has says how many lines
 * were: nothing is lost silently. A write that fails loses what was to be written; the next is tried
 * all the same, because a disk does not stay full for ever.
 *
 * Where standard error is the journal's, and after log_begin(), a line goes to the journal's own socket instead, with fields
 * beside its text (systemd.journal-fields(7)): MODULE, and FLOW, ROUTE and UID where it is about them.
 * That is tried once, without waiting; what the journal does not take is a line of the ring.
 */
#ifndef ESWRAPD_LOG_H
#define ESWRAPD_LOG_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/* Some thousand lines. */
#define LOG_RING_BYTES 262144

/**
 * log_init() - take over GLib's log
 * @verbosity:	0: warnings and messages (recoveries, refusals, losses), 1: info, 2: debug (each
 * flow)
 *
 * Where standard error is the journal's, lines there begin with their priority (sd-daemon(3)). At
 * exit, and before an abort, what is left is waited for, but not for long.
 */
void log_init(int verbosity);

/**
 * log_begin() - from now on the thread writes
 *
 * Before, while there is nobody whom it could keep waiting, a line is written at once: what threads
 * may do is settled before there are any.
 */
void log_begin(void);

/**
 * log_to_journal() - send lines to the journal's socket, as log_init() does where it is to be so
 * @path:	of that socket
 *
 * Return: false where there is none.
 */
bool log_to_journal(const char *path);

/* log_set_module() - the device that all lines are about, which is copied */
void log_set_module(const char *device);

/**
 * struct log_about - what a line is about
 * @flow:	its id; 0: none
 * @route:	"": none
 * @uid:	of the program
 */
struct log_about {
	guint64 flow;
	const char *route;
	uid_t uid;
};

/* log_event() - a line with the fields of @about */
void log_event(GLogLevelFlags level, const struct log_about *about, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

/* log_flush() - wait until all is written, but not for long */
void log_flush(void);

#endif
