/* SPDX-License-Identifier: MIT */
/*
 * A network of a test's own, where ports below 1024 are free and every packet that leaves is seen.
 *
 * DOC: Theory of Operation
 *
 * The calling process moves into new network and mount namespaces; programs that it starts later
 * are in there as well, those that it started before are not. As root that needs nothing else, for
 * others there is a user namespace around the two. Broker and simulated module may be on either
 * side, since their sockets are paths.
 */
#ifndef TESTS_NETNS_H
#define TESTS_NETNS_H

#include <glib.h>

#include "support/harness.h"

/* netns_enter() - into new namespaces with nothing but loopback; fails the test where it cannot */
void netns_enter(void);

/* netns_cover() - show @file where @path is, in this namespace only; @path must exist */
void netns_cover(const char *path, const char *file);

/**
 * netns_uplink() - a network card with a way to everywhere, and nobody at the other end
 *
 * Return: a packet socket that hears what goes out on it.
 */
int netns_uplink(struct harness *h);

/**
 * netns_packet() - the next packet that left on the uplink
 * @uplink:	from netns_uplink()
 * @milliseconds:	how long to wait for one
 *
 * What the kernel says of itself (router solicitation, neighbour discovery, multicast listeners:
 * ICMPv6 types 130 to 143) is none. Return: the packet in words ("UDP 203.0.113.53:53"), owned by
 * the harness; NULL: none.
 */
const char *netns_packet(struct harness *h, int uplink, int milliseconds);

#endif
