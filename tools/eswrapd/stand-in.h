/* SPDX-License-Identifier: MIT */
/*
 * Host names, and the stand-in addresses that programs get for them.
 *
 * DOC: Theory of operation
 *
 * A name's stand-in address is the block's first address plus a hash of the name; where that is
 * taken, the next free one. So it stays the same across restarts. The reverse cannot be computed,
 * and a program may connect long after it has looked a name up: therefore each new pair is appended
 * to a file, which is read at start, and written anew when half of its lines say nothing new.
 *
 * Users. A pair belongs to those who have asked for the name, and means something to them alone:
 * nobody learns what others have looked up, or leads their connections elsewhere. Each user has room
 * for so many names; beyond that his own least recent gives way. Where the block itself is full it is
 * the least recent of him who has most.
 *
 * The IPv6 twin of a stand-in is 2001:2::/48 (RFC 5180, set aside for benchmarks as 198.18.0.0/15
 * is for IPv4) with the IPv4 address as its last 32 bits.
 */
#ifndef ESWRAPD_STAND_IN_H
#define ESWRAPD_STAND_IN_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "eswrap/wire.h"
#include "config/settings.h"

struct names;

/**
 * names_new() - an empty table, or what a file holds
 * @block:	IPv4 block of the addresses
 * @per_user:	names that one user may have
 * @path:	file that keeps the pairs; NULL: they end with the process
 *
 * A file that cannot be read or written is warned of and done without.
 */
struct names *names_new(const struct address_block *block, guint per_user, const char *path);
void names_free(struct names *names);

/**
 * names_get() - the stand-in addresses of a name, given out now if it has none yet
 * @uid:	asks, and may from now on find it
 * @name:	as name_clean() leaves it
 * @v4, @v6:	filled in, port 0
 */
void names_get(struct names *names, uid_t uid, const char *name, struct eswrap_endpoint *v4,
	       struct eswrap_endpoint *v6);

/* names_twin() - the IPv6 block that mirrors a block of stand-in addresses */
void names_twin(const struct address_block *block, struct address_block *twin);

/**
 * names_find() - the name behind a stand-in address, for one who has asked for it
 * @uid:	has he?
 * @endpoint:	any address, v4-mapped ones too
 * @name:	set to the name, or to NULL where the address stands for none
 *
 * Return: whether it is one of the stand-in addresses, given out or not.
 */
bool names_find(struct names *names, uid_t uid, const struct eswrap_endpoint *endpoint,
		const char **name);

/**
 * name_clean() - lower case, no dot at the end; and is it a host name?
 * @given:	whatever a program asked for
 * @clean:	filled in, also when false is returned
 *
 * Return: true for what RFC 1123 calls a host name, with underscores allowed: labels of 1 to 63
 * letters, digits, - and _, neither beginning nor ending with -, at most 253 characters. Nothing
 * else may go into an AT command.
 */
bool name_clean(const char *given, char clean[ESWRAP_NAME_MAX + 1]);

/* name_is_numeric() - an address in any form that inet_aton() or inet_pton() take, with a scope */
bool name_is_numeric(const char *name);

/* name_is_local() - localhost and what is below it (RFC 6761, 6.3), in lower case */
bool name_is_local(const char *name);

#endif
