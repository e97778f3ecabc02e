/* SPDX-License-Identifier: MIT */
/* The TAG of a datagram peer's name. Safe in a signal handler. */
#ifndef ESWRAP_WIRE_TAG_H
#define ESWRAP_WIRE_TAG_H

#include <stdint.h>

#include "eswrap/wire.h"

/* SipHash-2-4 [Aumasson and Bernstein, 2012] of whole words; a word is 8 bytes, the lowest first. */
uint64_t eswrap_siphash(const uint64_t key[2], const uint64_t *words, int count);

/**
 * eswrap_peer_tag() - what makes the name of a destination one that nobody else can say
 * @key:	the flow's
 * @family:	of the program's socket
 * @to:		the destination as the program gave it
 */
uint64_t eswrap_peer_tag(const struct eswrap_key *key, int family,
			 const struct eswrap_endpoint *to);

#endif
