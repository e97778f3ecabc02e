/* SPDX-License-Identifier: MIT */
#ifndef FAKE_RESOLVE_H
#define FAKE_RESOLVE_H

#include "eswrap-fake/loop.h"
#include "eswrap-fake/options.h"

/**
 * resolve() - find the IPv4 address of a name
 *
 * An address is its own; then --resolve and --resolve-all are asked, then the system.
 *
 * Return: 0, -ENOENT when there is no such name, or -EINTR when the program is to end.
 */
int resolve(struct loop *loop, const struct options *options, const char *name,
	    struct in_addr *address);

#endif
