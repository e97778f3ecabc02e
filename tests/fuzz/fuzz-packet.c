// SPDX-License-Identifier: MIT
/*
 * What programs in the namespace may send, for libFuzzer: packets one after another, each behind two
 * bytes with its length. The table is used as the engine uses it, with the input's own bytes
 * deciding what becomes of what is held; whatever happens, its chains stay whole.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "eswrap-tunnel/nat.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static struct nat nat;

/* Each entry that is in use is in exactly one chain. */
static void check_chains(void)
{
	static uint8_t seen[NAT_ENTRIES];
	unsigned int slot, i;

	memset(seen, 0, sizeof(seen));
	for (i = 0; i < NAT_BUCKETS; i++) {
		for (slot = nat.buckets[i]; slot; slot = nat.entries[slot - 1].next) {
			if (slot > NAT_ENTRIES || seen[slot - 1]++ ||
			    nat.entries[slot - 1].state == NAT_FREE)
				abort();
		}
	}
	for (i = 0; i < NAT_ENTRIES; i++) {
		if (nat.entries[i].state != NAT_FREE && !seen[i])
			abort();
	}
}

static void decide(struct nat_entry *entry, uint8_t what, int64_t now)
{
	uint8_t out[PACKET_ERROR_MAX];

	switch (what % 8) {
	case 0:
		nat_free(&nat, entry);
		break;
	case 1:
	case 2:
		nat_refuse(entry, what % 8 == 1 ? NAT_ANSWER_RESET : what >> 4, now);
		if (nat_answer(&nat, entry, out) > sizeof(out))
			abort();
		break;
	case 3:
	case 4:
		if (nat_release(&nat, entry, now, out) > NAT_SYN_MAX)
			abort();
		break;
	case 5:
		if (nat_release(&nat, entry, now, out))
			nat_open(entry, now);
		break;
	case 6:
		if (nat_release(&nat, entry, now, out))
			nat_end(entry, now);
		break;
	}
}

static void take(uint8_t *data, size_t len, uint8_t what, int64_t now)
{
	uint8_t out[PACKET_ERROR_MAX];
	struct nat_entry *entry;
	struct packet packet;

	switch (packet_parse(data, len, &packet)) {
	case PACKET_BAD:
		return;
	case PACKET_OTHER:
	case PACKET_UDP:
		if (packet_unreachable(&packet, nat.gateway, 1, out) > sizeof(out))
			abort();
		return;
	case PACKET_TCP:
		break;
	}
	switch (nat_packet(&nat, &packet, now, &entry)) {
	case NAT_BEGIN:
		decide(entry, what, now);
		break;
	case NAT_REPEAT:
		if (nat_answer(&nat, entry, out) > sizeof(out))
			abort();
		break;
	case NAT_UNKNOWN:
		packet_reset(&packet, out);
		break;
	case NAT_DROP:
	case NAT_FORWARD:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	int64_t now = 0;
	size_t len;

	memset(&nat, 0, sizeof(nat));
	nat.gateway = inet_addr("192.0.0.1");
	nat.own = inet_addr("192.0.0.2");
	nat.listener = htons(5000);
	while (size > 3) {
		uint8_t *data;

		len = (size_t)input[0] | (size_t)(input[1] & 1) << 8;
		len = len < size - 3 ? len : size - 3;
		now += (int64_t)input[2] * 1000;
		/* In memory of its own, so that a read beyond its end is found. */
		data = malloc(len ? len : 1);
		if (!data)
			abort();
		memcpy(data, input + 3, len);
		take(data, len, input[1] >> 1, now);
		free(data);
		input += 3 + len;
		size -= 3 + len;
	}
	check_chains();
	return 0;
}
