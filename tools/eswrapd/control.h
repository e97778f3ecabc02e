/* SPDX-License-Identifier: MIT */
/*
 * The control socket: connections that ask one question each, see wire.h. It carries packets and
 * knows nothing of what is in them: the owner answers.
 *
 * DOC: Theory of operation
 *
 * A client is a connection to the control socket.
 *
 *	ASKING		nothing has come yet; closed when nothing does within ASK_TIMEOUT_S
 *	ASKED		the owner is being told (control_ops.asked), and says before it returns what
 *			becomes of the client: client_answer(), client_hold() or client_wait()
 *	WAITING		the answer is being found (a look-up, an administrative request)
 *	HOLDING		answered; the connection itself says that somebody is there
 *	FLUSHING	all is said, not all of it has been taken
 *
 * A client that closes while it waits: where the owner gave client_wait() a function to call, it is
 * called and the client is gone. Where it gave none, somebody goes on working (what an administrator
 * has begun to burn is not left half done because a terminal was closed): what is sent to the client
 * goes nowhere, until client_finish().
 *
 * Descriptors that come with a question are closed by the closer, except the first, which the owner
 * may take (client_take_descriptor()): so are the sockets of clients, in whose queues more can be.
 *
 * Descriptors of our own. The limit is raised to the hard one by main.c. Where it is reached all the
 * same, a reserved one lets one more client in, which is then told ENOBUFS because no pair of
 * sockets can be made for it: nobody is left hanging in connect().
 */
#ifndef ESWRAPD_CONTROL_H
#define ESWRAPD_CONTROL_H

#include <glib.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "eswrap/wire.h"

struct accounts;
struct client;
struct control;

/**
 * struct control_ops - what the owner must hear
 * @crowded:	a client of a user who has as many as he may: answer it without a question, at once
 * @asked:	a client's question, @size bytes as they were sent: more than ESWRAP_ADMIN_MAX when it
 *		was cut; @packet is valid during the call
 */
struct control_ops {
	void (*crowded)(struct client *client, gpointer user);
	void (*asked)(struct client *client, const guint8 *packet, gsize size, gpointer user);
};

typedef void (*client_gone)(gpointer user);

/**
 * control_listen() - make the control socket
 * @path:	of the socket; one that nobody listens on any more is replaced
 * @mode:	of the socket
 *
 * Return: a listening descriptor, or -1 with @error set.
 */
int control_listen(const char *path, mode_t mode, GError **error);

/* control_new() - answer on a listening socket, which is taken over; clients are counted */
struct control *control_new(int fd, struct accounts *accounts, const struct control_ops *ops,
			    gpointer user);

/**
 * control_open_door() - let in who cannot see the control socket's path: programs in a chroot
 * @name:	filled in: of an abstract socket, without the NUL before it; empty when there is none
 *
 * Names like this have no mode: where the control socket is not for all, only our own user and root
 * are let in.
 */
void control_open_door(struct control *control, char name[ESWRAP_DOOR_MAX]);

void control_free(struct control *control);

/**
 * client_answer() - the answer to its question; the client is freed
 * @fd:		goes along, and is closed here; -1: none
 */
void client_answer(struct client *client, gconstpointer packet, gsize size, int fd);

/**
 * client_wait() - the answer comes later, by client_answer(), or client_send() and client_finish()
 * @gone:	called when the client has closed before; it is freed. NULL: see above
 */
void client_wait(struct client *client, client_gone gone, gpointer user);

/* client_hold() - answer, and call @gone when the client closes, which frees it */
void client_hold(struct client *client, gconstpointer packet, gsize size, client_gone gone,
		 gpointer user);

/**
 * client_send() - one more packet to a client that waits
 *
 * Packets that its queue has no room for are kept and follow, some megabytes for all clients of one user:
 * who reads nothing is taken for gone. The client may be gone already.
 */
void client_send(struct client *client, gconstpointer packet, gsize size);

/* client_backlog() - packets that it has not taken yet; -1: it is gone */
int client_backlog(const struct client *client);

/* client_finish() - nothing more will be sent; the client is freed */
void client_finish(struct client *client);

/* client_who() - who had connected, as the kernel says */
const struct ucred *client_who(const struct client *client);

/* client_is_in_group() - was @group one of its groups when it connected? */
bool client_is_in_group(const struct client *client, gid_t group);

/* client_take_descriptor() - the one that came with the question, for closer_close(); -1: none */
int client_take_descriptor(struct client *client);

#endif
