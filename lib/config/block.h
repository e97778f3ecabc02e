/* SPDX-License-Identifier: MIT */
/* Blocks of internet addresses. */
#ifndef ESWRAP_CONFIG_BLOCK_H
#define ESWRAP_CONFIG_BLOCK_H

#include <glib.h>
#include <stdbool.h>

/* A CIDR block; IPv4 is kept v4-mapped, so that one comparison serves both. */
struct address_block {
	guint8 address[16];
	guint prefix; /* bits, 0..128 */
};

/**
 * address_block_parse() - read "10.0.0.0/8", "2001:db8::/32" or a single address
 * @text:	the block
 * @block:	filled in; IPv4 v4-mapped
 * @why:	on failure: what is wrong, to be freed
 *
 * Return: false when it is not a block, or has bits set beyond its prefix.
 */
bool address_block_parse(const char *text, struct address_block *block, char **why);

/* address_block_contains() - is a v4-mapped or IPv6 address in the block? */
bool address_block_contains(const struct address_block *block, const guint8 address[16]);

#endif
