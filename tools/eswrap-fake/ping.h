/* SPDX-License-Identifier: MIT */
#ifndef FAKE_PING_H
#define FAKE_PING_H

#include "eswrap-fake/loop.h"

#include <netinet/in.h>

/**
 * ping() - time the way to a host and back
 * @sequence:	number of the request
 *
 * Return: milliseconds, or -1 when no answer came within a second.
 */
int ping(struct loop *loop, struct in_addr address, unsigned int sequence);

#endif
