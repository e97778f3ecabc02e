// SPDX-License-Identifier: MIT
/* The theory of operation is in nat.h. */
#include "eswrap-tunnel/nat.h"

#include <string.h>

uint16_t nat_slot(const struct nat *nat, const struct nat_entry *entry)
{
	return (uint16_t)(entry - nat->entries + 1);
}

struct nat_entry *nat_entry(struct nat *nat, unsigned int slot)
{
	return slot >= 1 && slot <= NAT_ENTRIES ? &nat->entries[slot - 1] : NULL;
}

/* Nobody but the namespace's own programs can choose tuples that collide: no more is needed. */
static uint16_t *bucket_of(struct nat *nat, const struct tuple *tuple)
{
	uint64_t word = (uint64_t)tuple->source << 32 | tuple->dest;

	word ^= ((uint64_t)tuple->source_port << 16 | tuple->dest_port) * 0x9e3779b97f4a7c15u;
	word = (word ^ nat->seed) * 0xff51afd7ed558ccdu;
	word = (word ^ word >> 33) * 0xc4ceb9fe1a85ec53u;
	return &nat->buckets[(word ^ word >> 33) % NAT_BUCKETS];
}

static bool is_same(const struct tuple *a, const struct tuple *b)
{
	return a->source == b->source && a->dest == b->dest && a->source_port == b->source_port &&
	       a->dest_port == b->dest_port;
}

struct nat_entry *nat_find(struct nat *nat, const struct tuple *program)
{
	struct nat_entry *entry = nat_entry(nat, *bucket_of(nat, program));

	while (entry && !is_same(&entry->program, program))
		entry = nat_entry(nat, entry->next);
	return entry;
}

void nat_free(struct nat *nat, struct nat_entry *entry)
{
	uint16_t *link = bucket_of(nat, &entry->program);
	uint16_t slot = nat_slot(nat, entry);

	if (entry->state == NAT_FREE)
		return;
	while (*link != slot)
		link = &nat->entries[*link - 1].next;
	*link = entry->next;
	entry->next = 0;
	entry->state = NAT_FREE;
}

static bool has_expired(const struct nat_entry *entry, int64_t now)
{
	return (entry->state == NAT_GONE || entry->state == NAT_REFUSED) &&
	       now - entry->since >= NAT_GONE_MS;
}

/* The next entry that can be had, or NULL; the one after it is asked first the next time. */
static struct nat_entry *take_free(struct nat *nat, int64_t now)
{
	struct nat_entry *entry;
	int i;

	for (i = 0; i < NAT_ENTRIES; i++) {
		entry = &nat->entries[nat->turn];
		nat->turn = (uint16_t)((nat->turn + 1) % NAT_ENTRIES);
		if (has_expired(entry, now))
			nat_free(nat, entry);
		if (entry->state == NAT_FREE)
			return entry;
	}
	return NULL;
}

static void set_state(struct nat_entry *entry, enum nat_state state, int64_t now)
{
	entry->state = (uint8_t)state;
	entry->since = now;
}

static struct nat_entry *hold(struct nat *nat, const struct packet *packet, int64_t now)
{
	struct nat_entry *entry;
	uint16_t *bucket;

	/* One with data (TCP Fast Open) is as good as lost: it comes again without. */
	if (packet->payload_len || packet->len > NAT_SYN_MAX)
		return NULL;
	entry = take_free(nat, now);
	if (!entry)
		return NULL;
	bucket = bucket_of(nat, &packet->tuple);
	entry->program = packet->tuple;
	entry->seq = packet->seq;
	entry->syn_len = (uint16_t)packet->len;
	memcpy(entry->syn, packet->data, packet->len);
	entry->next = *bucket;
	*bucket = nat_slot(nat, entry);
	set_state(entry, NAT_HELD, now);
	return entry;
}

/* From the listener: @dest_port says which connection. */
static enum nat_verdict from_listener(struct nat *nat, struct packet *packet,
				      struct nat_entry **found)
{
	struct nat_entry *entry = nat_entry(nat, ntohs(packet->tuple.dest_port));
	struct tuple to;

	if (!entry || entry->state < NAT_HANDSHAKE)
		return NAT_DROP;
	*found = entry;
	to = (struct tuple){ entry->program.dest, entry->program.source, entry->program.dest_port,
			     entry->program.source_port };
	packet_readdress(packet, &to);
	return NAT_FORWARD;
}

static void readdress_to_listener(const struct nat *nat, const struct nat_entry *entry,
				  struct packet *packet)
{
	const struct tuple to = { nat->gateway, nat->own, htons(nat_slot(nat, entry)),
				  nat->listener };

	packet_readdress(packet, &to);
}

static bool is_first_syn(const struct packet *packet)
{
	return (packet->flags & (PACKET_SYN | PACKET_ACK | PACKET_RST)) == PACKET_SYN;
}

static enum nat_verdict begin_entry(struct nat *nat, struct packet *packet, int64_t now,
				    struct nat_entry **found)
{
	*found = hold(nat, packet, now);
	return *found ? NAT_BEGIN : NAT_DROP;
}

enum nat_verdict nat_packet(struct nat *nat, struct packet *packet, int64_t now,
			    struct nat_entry **found)
{
	struct nat_entry *entry;

	*found = NULL;
	if (packet->tuple.dest == nat->gateway)
		return packet->tuple.source == nat->own &&
				       packet->tuple.source_port == nat->listener
			       ? from_listener(nat, packet, found)
			       : NAT_UNKNOWN;
	entry = nat_find(nat, &packet->tuple);
	if (!entry)
		return is_first_syn(packet)	      ? begin_entry(nat, packet, now, found)
		       : (packet->flags & PACKET_RST) ? NAT_DROP
						      : NAT_UNKNOWN;
	*found = entry;
	switch ((enum nat_state)entry->state) {
	case NAT_FREE:
		break;
	case NAT_HELD:
		/* The SYN again; or the end of a socket that is being closed: diag.h will say so. */
		return NAT_DROP;
	case NAT_REFUSED:
		if (!is_first_syn(packet))
			return NAT_DROP;
		if (packet->seq == entry->seq)
			return NAT_REPEAT;
		nat_free(nat, entry);
		return begin_entry(nat, packet, now, found);
	case NAT_GONE:
		if (is_first_syn(packet) && packet->seq != entry->seq) {
			nat_free(nat, entry);
			return begin_entry(nat, packet, now, found);
		}
		break;
	case NAT_HANDSHAKE:
	case NAT_OPEN:
		break;
	}
	readdress_to_listener(nat, entry, packet);
	return NAT_FORWARD;
}

size_t nat_release(struct nat *nat, struct nat_entry *entry, int64_t now, uint8_t *syn)
{
	struct packet packet;

	memcpy(syn, entry->syn, entry->syn_len);
	if (packet_parse(syn, entry->syn_len, &packet) != PACKET_TCP)
		return 0;
	readdress_to_listener(nat, entry, &packet);
	set_state(entry, NAT_HANDSHAKE, now);
	return entry->syn_len;
}

void nat_refuse(struct nat_entry *entry, int answer, int64_t now)
{
	entry->answer = (uint8_t)answer;
	set_state(entry, NAT_REFUSED, now);
}

size_t nat_answer(const struct nat *nat, const struct nat_entry *entry, uint8_t *to)
{
	uint8_t syn[NAT_SYN_MAX];
	struct packet packet;

	memcpy(syn, entry->syn, entry->syn_len);
	if (packet_parse(syn, entry->syn_len, &packet) != PACKET_TCP)
		return 0;
	if (entry->answer == NAT_ANSWER_RESET)
		return packet_reset(&packet, to);
	return packet_unreachable(&packet, nat->gateway, entry->answer, to);
}

void nat_open(struct nat_entry *entry, int64_t now)
{
	set_state(entry, NAT_OPEN, now);
}

void nat_end(struct nat_entry *entry, int64_t now)
{
	set_state(entry, NAT_GONE, now);
}
