/* SPDX-License-Identifier: MIT */
/* The network namespace: a tunnel device, the loopback, and the sockets that the engine has there. */
#ifndef TUNNEL_SPACE_H
#define TUNNEL_SPACE_H

#include <stdbool.h>
#include <stdint.h>

/* Of the block that RFC 7335 sets aside for translators; nobody routes it. */
#define SPACE_OWN     0xc0000002u /* 192.0.0.2, host byte order */
#define SPACE_GATEWAY 0xc0000001u
#define SPACE_DEVICE  "eswrap"

#define SPACE_PORTS_MAX 16
#define SPACE_NAMES_MAX 3 /* of name servers: resolv.conf(5), MAXNS */

/**
 * struct space - descriptors, all of the namespace
 * @tun:	the device, not blocking
 * @listener:	where released connections arrive
 * @diag:	NETLINK_SOCK_DIAG
 * @ports:	listeners on 127.0.0.1, for @port
 * @names:	sockets on port 53 of the name servers on 127/8 that resolv.conf names, for datagrams
 * @name_streams:	listeners there
 * @port:	ports of the caller's loopback that programs may reach, host byte order
 */
struct space {
	int tun, listener, diag;
	int ports[SPACE_PORTS_MAX];
	uint16_t port[SPACE_PORTS_MAX];
	unsigned int count;
	int names[SPACE_NAMES_MAX], name_streams[SPACE_NAMES_MAX];
	unsigned int name_count;
};

/**
 * space_enter() - move this process into a namespace of its own
 *
 * As an ordinary user inside a user namespace, in which he keeps his uid and gid.
 *
 * Return: 0 or a negative errno, with @what saying what could not be done.
 */
int space_enter(const char **what);

/**
 * space_furnish() - make the device, the routes and the sockets in the namespace that we are in
 * @space:	@port and @count are given, the rest is filled in
 */
int space_furnish(struct space *space, const char **what);

/* space_restrict() - no sockets of families that no network namespace holds (AF_VSOCK and others) */
int space_restrict(const char **what);

/* space_send(), space_take() - hand the descriptors to another process; false when it is gone */
bool space_send(int to, struct space *space);
bool space_take(int from, struct space *space);

#endif
