/* SPDX-License-Identifier: MIT */
/*
 * Questions that go out by a program's own socket.
 *
 * The broker has no socket of the internet's, and is to have none. What it is asked for a name that is
 * direct goes out by the socket that the program has made for it, and that came along with the program's
 * question: so it leaves with the program's mark, address, namespace and limits.
 *
 * DOC: Theory of operation
 *
 * Such a socket is a stranger's, and others may hold it too. Whoever holds one can keep its lock for as
 * long as he likes (by sending from memory whose pages he does not hand out), and each call on it then
 * waits. So nothing is done with it by the thread that serves everybody: each user has a thread of his
 * own, while he has such sockets, and can stop nobody else's. Between the two a pair of sockets carries
 * what is sent and what comes. Who closes his end of it ends the other, and the program's socket with
 * it.
 */
#ifndef ESWRAPD_FORWARD_H
#define ESWRAPD_FORWARD_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "eswrap/wire.h"

/**
 * struct forward_header - before each datagram, both ways
 * @server:	whom it goes to or comes from
 * @failed:	back: it could not be sent, or the server's machine says that nobody listens
 */
struct forward_header {
	struct eswrap_endpoint server;
	guint32 failed;
};

/* The most that comes back, header included. */
#define FORWARD_MAX (sizeof(struct forward_header) + 65535)

/* forward_fits() - is it a socket for this? @type: SOCK_DGRAM: UDP; SOCK_STREAM: TCP */
bool forward_fits(int socket, int type);

/**
 * forward_datagrams() - send and receive by a program's UDP socket
 * @socket:	taken over, also when this fails
 *
 * Return: a socket for packets that begin with a struct forward_header; or a negative errno.
 */
int forward_datagrams(uid_t uid, int socket);

/**
 * forward_stream() - connect a program's TCP socket
 * @socket:	taken over, also when this fails
 *
 * Return: a stream socket that leads to @server, and ends when that cannot be reached; or a negative
 * errno.
 */
int forward_stream(uid_t uid, int socket, const struct eswrap_endpoint *server);

#endif
