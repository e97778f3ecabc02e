/* SPDX-License-Identifier: MIT */
/*
 * The guard on the program's end of a datagram flow: it takes what the broker has sent and nothing
 * else.
 *
 * DOC: Theory of operation
 *
 * Anybody can send to a bound AF_UNIX socket by its name, descriptors included. So a classic BPF
 * filter is attached to the program's end that accepts a datagram only where its last bytes are a
 * secret that the broker has made up for the flow, and cuts them off. The kernel runs it in the
 * sender's own sendmsg(2), before the queue: what a stranger sends takes no room there, and descriptors
 * that he sends along are closed by him. The shim keeps its notes behind the filter's last
 * instruction (lib/shim/notes.c), and the filter in front of them.
 */
#ifndef ESWRAPD_GUARD_H
#define ESWRAPD_GUARD_H

#include <glib.h>
#include <sys/types.h>

#define GUARD_SECRET 8 /* bytes at the end of each datagram */

struct guard {
	guint8 secret[GUARD_SECRET];
};

/**
 * guard_attach() - make up a secret, and attach the filter
 * @guard:	filled in
 * @fd:		the program's end
 *
 * Return: 0 or a negative errno.
 */
int guard_attach(struct guard *guard, int fd);

/**
 * guard_send() - send a datagram that the guard lets in
 * @fd:		a socket that is connected to the program's end
 * @size:	at least 1: an empty one cannot be let in
 *
 * Return: as send(2); it does not wait and raises no signal.
 */
ssize_t guard_send(const struct guard *guard, int fd, const guint8 *data, gsize size);

#endif
