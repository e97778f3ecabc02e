/* SPDX-License-Identifier: MIT */
/*
 * Datagram flows: one program socket each, with a peer for each destination it has sent to.
 *
 * DOC: Theory of operation
 *
 * The program's end is an unconnected datagram socket bound to the flow's name (see wire.h). A peer
 * is a socket of ours, bound to a name that says the destination and connected to the program's
 * end, and a channel to a UDP socket of the module. What the program sends to that name arrives at the
 * peer; what the peer sends arrives with that name as its source.
 *
 *	IDLE		the peer has no socket of the module, and wants none
 *	WAITING		the program has sent something: waits for a socket, or for P6=1
 *	OPEN		datagrams move both ways
 *
 *	IDLE -> WAITING		a datagram of the program
 *	WAITING -> OPEN		P6=1 succeeded
 *	WAITING -> IDLE		it failed, or connect-timeout has passed: what was sent is dropped
 *	OPEN -> IDLE		nothing has come or gone for a while, or the module says that it is
 *				over
 *	OPEN -> WAITING, IDLE	the module was lost, and something is still to be sent, or nothing
 *				is
 *
 * One S3 is one datagram, and so is one R0. Datagrams wait in the peer's kernel queue, which the
 * kernel keeps short; the program then waits or drops, as it chose. A datagram that the program's
 * own queue has no room for is dropped, as UDP does.
 *
 * A peer that is a name server has no socket of the module: what comes there is answered by the broker
 * itself (dns.h), or goes out by the socket of the program's that the flow has replaced (forward.h).
 *
 * That socket is kept, so that one socket of a program's can send to what is flagged and to what is direct,
 * as a server's does that asks others: a peer that is direct goes out by it, and its port stays the
 * program's. Where it had that port before the flow took its place, whoever sends to it is heard, and is a
 * peer from then on; but not from an address that is flagged, or a stand-in, or a name server that was not
 * asked: what such a one is answered would have to go the other way. A connect is not refused to what is
 * direct, it is given an internet socket again.
 *
 * Nobody is told when an unconnected datagram socket is closed. So while there are flows a timer looks
 * which of their ends are still held (living.h), more often where one keeps a port; and so does a
 * connect that finds no free socket.
 */
#ifndef ESWRAPD_DATAGRAM_H
#define ESWRAPD_DATAGRAM_H

#include <glib.h>

#include "eswrapd/place.h"

struct datagrams;

struct datagrams *datagrams_new(const struct flow_parts *parts);
void datagrams_free(struct datagrams *datagrams);

/**
 * datagram_associate() - begin a datagram flow with its first destination
 * @request:	@socket is taken over, also when this fails
 * @id:	set to the flow's id
 * @key:	set to what the names of its destinations depend on
 *
 * Return: the program's end, to be sent and closed by the caller; or a negative errno.
 */
int datagram_associate(struct datagrams *datagrams, const struct flow_request *request, guint64 *id,
		       struct eswrap_key *key);

/**
 * datagram_add_peer() - one more destination of a flow
 * @tag:	set to that of the destination's name
 *
 * Return: 0, also when it is there already; a negative errno, -ENOENT: that user has no such flow.
 */
int datagram_add_peer(struct datagrams *datagrams, guint64 id, const struct flow_request *request,
		      guint64 *tag);

/* datagram_reap() - free the flows whose program has closed */
void datagram_reap(struct datagrams *datagrams);

/* datagram_mark_routes() - add the routes that flows point to: to a set of pointers */
void datagram_mark_routes(const struct datagrams *datagrams, GHashTable *used);

/* datagram_list() - as flow_list(), one for each peer */
void datagram_list(const struct datagrams *datagrams, const uid_t *only, GVariantBuilder *list);

#endif
