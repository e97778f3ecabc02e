/* SPDX-License-Identifier: MIT */
/*
 * Stream flows: one program connection each, from its connect() to its end.
 *
 * DOC: Theory of operation
 *
 * A flow has two sides: the *broker's end* of a socketpair, whose other end the program holds (see
 * wire.h for the filling, the names and the anchor byte), and a channel to a socket of the module.
 *
 *	CONNECTING	the pair is filled; the channel waits for a socket or for P6=1, or the flow
 *			for its twin
 *	OPEN		bytes move both ways
 *	FINISHED	the far end has closed, all it sent is in the program's queue, and so is the
 *			end of file; the module's socket is given back
 *	LEAVING		the program has closed; what it wrote before is still being sent
 *
 *	CONNECTING -> OPEN	P6=1 succeeded: bind the outcome, drain the filling to one byte
 *	CONNECTING -> (gone)	P6=1 failed, deadline passed, module lost: bind the outcome with its
 *				errno and close. Or the program has closed
 *	OPEN -> FINISHED	a read says that the far end has closed, everything is delivered,
 *				and the program has nothing more to send
 *	OPEN -> LEAVING		the program has closed and something is left to be sent
 *	LEAVING -> (gone)	it has been sent, or could not be, or nothing moved for too long
 *	FINISHED -> (gone)	the program has closed; or it sends more, which is lost, and what it
 *				sends then is EPIPE, as with TCP
 *	any -> (gone)		module lost, or a send fails and all that came was read: an abort
 *
 * An abort closes the broker's end with its anchor byte unread: the kernel then answers ECONNRESET
 * to the program, behind all that it had received. Where one side has closed before, the anchor is
 * taken out before the broker's end is closed: the program may only have shut its end down both ways,
 * or may still have to read the far end's last words, and must then read an end of file.
 *
 * Some connects are not made of the module at once, because the same is under way already: see twin.h.
 *
 * Program to module: EPOLLIN says that there may be something; the scheduler asks, the bytes are
 * peeked at behind the anchor, and taken out of the queue when the module has accepted them, all
 * but the last, which is the new anchor. The kernel's queue is the buffer; when it is full the
 * program's write() waits.
 *
 * Module to program: what the queue does not take at once is kept (one read at most), and nothing
 * more is read from the module until EPOLLOUT says that there is room.
 *
 * Half-close: the module cannot send a FIN and go on receiving, so after the program's
 * shutdown(SHUT_WR) the flow goes on until the far end closes. When nothing has come for
 * half-close-timeout seconds it is aborted: an end of file would claim that all was received.
 */
#ifndef ESWRAPD_FLOW_H
#define ESWRAPD_FLOW_H

#include <glib.h>

#include "eswrapd/place.h"

struct flows;

/**
 * flows_new() - no flows yet; finds out how large a program's send buffer must be
 *
 * Return: NULL with @error set where the kernel does not allow one that is large enough.
 */
struct flows *flows_new(const struct flow_parts *parts, GError **error);
/* flows_buffer() - what it has found out; see anchor_find_buffer() */
int flows_buffer(const struct flows *flows);
/* flows_free() - aborts all that are left */
void flows_free(struct flows *flows);

/**
 * flow_connect() - begin a flow
 * @id:	set to the flow's id
 *
 * Return: the program's end, to be sent and closed by the caller; or a negative errno.
 */
int flow_connect(struct flows *flows, const struct flow_request *request, guint64 *id);

/**
 * flow_keep_alive() - the program wants to know, or no longer, whether the far end lives
 * @id:	of the flow
 * @uid:	whose flow it must be
 * @seconds:	of silence behind which the far end is asked; 0: it asked for none
 *
 * Return: 0; or -ENOTCONN, when he has no such flow or its module's socket is given back.
 */
int flow_keep_alive(struct flows *flows, guint64 id, uid_t uid, guint32 seconds);

/* flow_mark_routes() - add the routes that flows point to: to a set of pointers */
void flow_mark_routes(const struct flows *flows, GHashTable *used);
/* flow_count() - how many there are */
guint flow_count(const struct flows *flows);

/* flow_list() - add one summary for each flow; @only: for those of one user; NULL: of all */
void flow_list(const struct flows *flows, const uid_t *only, GVariantBuilder *list);

#endif
