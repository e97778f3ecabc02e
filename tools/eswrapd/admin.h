/* SPDX-License-Identifier: MIT */
/*
 * Administrative requests: what eswrapctl asks of the broker over the control socket.
 *
 * A request packet is struct eswrap_request with type ESWRAP_ADMIN (type and magic are all that
 * count) followed by a serialised GVariant of type ADMIN_REQUEST: the verb and its arguments.
 * Replies are packets that hold one serialised GVariant of type ADMIN_REPLY each: any number of
 * progress replies, the first of them "heard" (b), then one with "done" (b). A failed request's last reply also has "error" (s): a
 * sentence for people, and "status" (i): eswrapctl's exit status. Numbers are in the host's byte
 * order: both ends are on one machine.
 *
 * Every verb is one row of the table in admin.c: its name, whether any user may ask it (`status`
 * without secrets) or only the broker's own user, root and the admin group, and its handler. Who
 * asks is what SO_PEERCRED says.
 */
#ifndef ESWRAPD_ADMIN_H
#define ESWRAPD_ADMIN_H

#include <glib.h>

#define ADMIN_REQUEST "(sa{sv})"
#define ADMIN_REPLY   "a{sv}"

struct admin_call; /* one request under way; ends with admin_finish() or admin_fail() */
struct broker;

/* A handler starts the work and returns; it may answer later, from the main loop. */
typedef void (*admin_handler)(struct broker *broker, struct admin_call *call, GVariant *arguments);

/* admin_progress() - send one progress reply; @reply is ADMIN_REPLY, floating references are sunk
 */
void admin_progress(struct admin_call *call, GVariant *reply);
/* admin_finish() - send the last reply (@reply may be NULL) and forget the call */
void admin_finish(struct admin_call *call, GVariant *reply);
/* admin_fail() - send the last reply with an error and forget the call */
void admin_fail(struct admin_call *call, int status, const char *format, ...) G_GNUC_PRINTF(3, 4);

#endif
