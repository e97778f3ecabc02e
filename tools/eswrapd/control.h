/* SPDX-License-Identifier: MIT */
/*
 * The control socket: one question a connection, see wire.h.
 */
#ifndef ESWRAPD_CONTROL_H
#define ESWRAPD_CONTROL_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

struct broker;
struct client;
struct control;

/**
 * control_listen() - make the control socket
 * @path:	of the socket; one that nobody listens on any more is replaced
 * @mode:	of the socket
 *
 * Return: a listening descriptor, or -1 with @error set.
 */
int control_listen(const char *path, mode_t mode, GError **error);

/* control_new() - answer on a listening socket, which is taken over */
struct control *control_new(struct broker *broker, int fd);
void control_free(struct control *control);

/* control_holders() - connections that asked a private broker to stay */
guint control_holders(const struct control *control);

/**
 * control_send() - one more packet to a client whose question is not answered yet
 *
 * Packets that its queue has no room for are kept and follow. The client may be gone already.
 */
void control_send(struct client *client, gconstpointer packet, gsize size);

/* control_finish() - nothing more will be sent; the client is freed */
void control_finish(struct client *client);

/* client_may_administer() - root, the broker's own user, or a member of the admin group */
bool client_may_administer(const struct client *client);

#endif
