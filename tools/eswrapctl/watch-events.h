/* SPDX-License-Identifier: MIT */
/* What has happened between two answers of the broker, in lines for people. */
#ifndef ESWRAPCTL_WATCH_EVENTS_H
#define ESWRAPCTL_WATCH_EVENTS_H

#include <glib.h>

#define WATCH_EVENTS 64 /* lines that are kept */

/**
 * watch_events_take() - add what has changed
 * @events:	char *, the latest last; those that are more than WATCH_EVENTS leave in front
 * @before, @after:	answers to status
 * @when:	what each line begins with
 */
void watch_events_take(GPtrArray *events, GVariant *before, GVariant *after, const char *when);

#endif
