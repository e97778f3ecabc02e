// SPDX-License-Identifier: MIT
/* Blocks of internet addresses, read and compared. */
#include "config/block.h"

#include <arpa/inet.h>
#include <string.h>

#define V4_BITS 96 /* of ::ffff:0:0/96, the prefix of v4-mapped addresses */

static bool parse_address(const char *text, guint8 address[16])
{
	static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (inet_pton(AF_INET, text, address + 12) == 1) {
		memcpy(address, mapped, sizeof(mapped));
		return true;
	}
	return inet_pton(AF_INET6, text, address) == 1;
}

/* Sets the bits beyond the prefix to 0. Return: whether one of them was 1. */
static bool clear_host_bits(struct address_block *block)
{
	bool any = false;
	guint i;

	for (i = block->prefix; i < 128; i++) {
		guint8 bit = (guint8)(0x80 >> i % 8);

		any |= (block->address[i / 8] & bit) != 0;
		block->address[i / 8] &= (guint8)~bit;
	}
	return any;
}

bool address_block_parse(const char *text, struct address_block *block, char **why)
{
	g_auto(GStrv) parts = g_strsplit(text, "/", 2);
	bool v4 = !strchr(text, ':'), good;
	guint bits = v4 ? 32 : 128;
	char clear[INET6_ADDRSTRLEN];
	guint64 prefix = bits;

	good = parts[0] && parse_address(parts[0], block->address) &&
	       (!parts[1] || g_ascii_string_to_unsigned(parts[1], 10, 0, bits, &prefix, NULL));
	if (!good) {
		if (why)
			*why = g_strdup_printf(
				"\"%s\" is not an address or a block of them, such as "
				"10.0.0.0/8 or 2001:db8::/32",
				text);
		return false;
	}
	block->prefix = (guint)prefix + (v4 ? V4_BITS : 0);
	if (!clear_host_bits(block))
		return true;
	if (why) {
		inet_ntop(v4 ? AF_INET : AF_INET6, block->address + (v4 ? 12 : 0), clear,
			  sizeof(clear));
		*why = g_strdup_printf("\"%s\" has bits beyond its prefix; write %s/%u", text,
				       clear, (guint)prefix);
	}
	return false;
}

bool address_block_contains(const struct address_block *block, const guint8 address[16])
{
	guint whole = block->prefix / 8, rest = block->prefix % 8;

	return memcmp(block->address, address, whole) == 0 &&
	       (rest == 0 || ((block->address[whole] ^ address[whole]) >> (8 - rest)) == 0);
}
