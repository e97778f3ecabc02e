// SPDX-License-Identifier: MIT
#include "unit/segment.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <string.h>

/* The sum of all words, checksum included, is 0xffff where the checksum is right: RFC 1071. */
static uint32_t words(const uint8_t *data, size_t len, uint32_t so_far)
{
	size_t i;

	for (i = 0; i < len; i++)
		so_far += i % 2 ? data[i] : (uint32_t)data[i] << 8;
	while (so_far >> 16)
		so_far = (so_far & 0xffff) + (so_far >> 16);
	return so_far;
}

static uint32_t transport_words(const uint8_t *packet, size_t header, size_t len)
{
	uint32_t pseudo = packet[9] == IPPROTO_ICMP
				  ? 0
				  : words(packet + 12, 8, (uint32_t)(packet[9] + len - header));

	return words(packet + header, len - header, pseudo);
}

size_t segment_make(uint8_t *to, const char *source, uint16_t source_port, const char *dest,
		    uint16_t dest_port, uint8_t flags, uint32_t seq, uint32_t ack)
{
	struct iphdr ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP };
	struct tcphdr tcp = { .doff = 5 };
	uint16_t check;

	ip.tot_len = htons(sizeof(ip) + sizeof(tcp));
	ip.saddr = inet_addr(source);
	ip.daddr = inet_addr(dest);
	tcp.source = htons(source_port);
	tcp.dest = htons(dest_port);
	tcp.seq = htonl(seq);
	tcp.ack_seq = htonl(ack);
	memcpy(to, &ip, sizeof(ip));
	memcpy(to + sizeof(ip), &tcp, sizeof(tcp));
	to[sizeof(ip) + 13] = flags;
	check = htons((uint16_t)~words(to, sizeof(ip), 0));
	memcpy(to + 10, &check, 2);
	check = htons((uint16_t)~transport_words(to, sizeof(ip), sizeof(ip) + sizeof(tcp)));
	memcpy(to + sizeof(ip) + 16, &check, 2);
	return sizeof(ip) + sizeof(tcp);
}

bool segment_is_sound(const uint8_t *packet, size_t len)
{
	size_t header = (size_t)(packet[0] & 15) * 4;

	return header <= len && words(packet, header, 0) == 0xffff &&
	       transport_words(packet, header, len) == 0xffff;
}
