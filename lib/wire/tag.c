// SPDX-License-Identifier: MIT
/* SipHash-2-4, and the names of destinations that only a flow's two sides can say. */
#include "wire/tag.h"

#include <string.h>

static uint64_t rotate(uint64_t word, int bits)
{
	return word << bits | word >> (64 - bits);
}

static void sip_rounds(uint64_t v[4], int rounds)
{
	for (; rounds > 0; rounds--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

uint64_t eswrap_siphash(const uint64_t key[2], const uint64_t *words, int count)
{
	uint64_t v[4] = { key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
			  key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u };
	uint64_t last = (uint64_t)(count * 8) << 56, word;
	int i;

	for (i = 0; i <= count; i++) {
		word = i < count ? words[i] : last;
		v[3] ^= word;
		sip_rounds(v, 2);
		v[0] ^= word;
	}
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t eswrap_peer_tag(const struct eswrap_key *key, int family, const struct eswrap_endpoint *to)
{
	const uint64_t keys[2] = { (uint64_t)key->word[1] << 32 | key->word[0],
				   (uint64_t)key->word[3] << 32 | key->word[2] };
	uint64_t words[4];

	words[0] = (uint64_t)to->scope << 32 | (uint64_t)to->port << 16 | to->family;
	memcpy(words + 1, to->address, sizeof(to->address));
	words[3] = (uint64_t)family;
	return eswrap_siphash(keys, words, 4);
}
