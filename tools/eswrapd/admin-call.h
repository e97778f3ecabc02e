/* SPDX-License-Identifier: MIT */
/* Between control.c, which owns the connections, and admin.c, which knows the verbs. */
#ifndef ESWRAPD_ADMIN_CALL_H
#define ESWRAPD_ADMIN_CALL_H

#include <glib.h>

struct client;
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

/**
 * admin_start() - handle what follows the header of an administrative request
 * @client:	whose it is; admin.c ends it with control_finish()
 * @data, @size:	a serialised ADMIN_REQUEST, unchecked
 */
void admin_start(struct broker *broker, struct client *client, const guint8 *data, gsize size);

#endif
