/* SPDX-License-Identifier: MIT */
/* Between control.c, which owns the connections, and admin.c, which knows the verbs. */
#ifndef ESWRAPD_ADMIN_CALL_H
#define ESWRAPD_ADMIN_CALL_H

#include <glib.h>

struct broker;
struct client;

/**
 * admin_start() - handle what follows the header of an administrative request
 * @client:	whose it is; admin.c ends it with control_finish()
 * @data, @size:	a serialised ADMIN_REQUEST, unchecked
 */
void admin_start(struct broker *broker, struct client *client, const guint8 *data, gsize size);

#endif
