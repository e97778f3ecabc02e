/* SPDX-License-Identifier: MIT */
/*
 * Administrative requests: what eswrapctl asks of the broker over the control socket.
 *
 * A request packet is struct eswrap_request with type ESWRAP_ADMIN (type and magic are all that
 * count) followed by a serialised GVariant of type ADMIN_REQUEST: the verb and its arguments.
 * Replies are packets that hold one serialised GVariant of type ADMIN_REPLY each: any number of
 * progress replies, the first of them "heard" (b), then one with "done" (b). A failed request's last
 * reply also has "error" (s): a sentence for people, and "status" (i): eswrapctl's exit status.
 * Numbers are in the host's byte order: both ends are on one machine.
 *
 * A packet has an end, and what a broker can tell has none. Who asks with the argument "parts" (b),
 * true, gets a reply of more than ADMIN_PART_MAX bytes as several of "part" (ay) and "size" (t): the
 * pieces, in order, of size bytes that are the reply. Who does not (a version before 0.2) gets an
 * error instead.
 *
 * Any user may ask `status`; the other verbs are for the broker's own user, root and the members of
 * admin-group. Who asks is what SO_PEERCRED says.
 */
#ifndef ESWRAP_ADMIN_H
#define ESWRAP_ADMIN_H

#define ADMIN_REQUEST "(sa{sv})"
#define ADMIN_REPLY   "a{sv}"

/* Bytes of a piece; half of what a packet may have. */
#define ADMIN_PART_MAX 32768
/* Bytes of a whole reply, at most: some hundred thousand connections. */
#define ADMIN_WHOLE_MAX (64 * 1024 * 1024)

#endif
