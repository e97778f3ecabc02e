/* SPDX-License-Identifier: MIT */
/*
 * Which of the sockets that were given away does anybody still hold?
 *
 * DOC: Theory of operation
 *
 * A name in the abstract namespace is free for anyone as soon as its socket is closed, so it says
 * nothing of whether the socket lives. An epoll set does: a registration in it holds nothing, and the
 * kernel takes it out with the last descriptor of the socket, in whatever process. The set's fdinfo
 * (proc(5)) lists what is left.
 */
#ifndef ESWRAPD_LIVING_H
#define ESWRAPD_LIVING_H

#include <glib.h>
#include <stdbool.h>

struct living;

struct living *living_new(void);
void living_free(struct living *living);

/**
 * living_add() - watch a socket that is about to be given away
 * @id:		what to call it
 *
 * Return: 0 or a negative errno.
 */
int living_add(struct living *living, int fd, guint64 id);

/**
 * living_now() - those that are still held by anybody
 *
 * Return: a set of ids, to be freed with g_hash_table_unref(); NULL when it cannot be known.
 */
GHashTable *living_now(const struct living *living);

/* living_has() - is this one still held? true when it cannot be known */
bool living_has(const struct living *living, guint64 id);

#endif
