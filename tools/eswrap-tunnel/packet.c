// SPDX-License-Identifier: MIT
/* IPv4, TCP, UDP and ICMP, as far as the engine has to know them: RFC 791, 9293, 768, 792. */
#include "eswrap-tunnel/packet.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>

/* Offsets in the IP header. */
enum {
	IP4_VERSION = 0,
	IP4_LENGTH = 2,
	IP4_FRAGMENT = 6,
	IP4_TTL = 8,
	IP4_PROTOCOL = 9,
	IP4_CHECK = 10,
	IP4_SOURCE = 12,
	IP4_DEST = 16,
};

/* ... and behind it: the ports are first in TCP and in UDP. */
enum {
	TCP_SEQ = 4,
	TCP_ACK = 8,
	TCP_OFFSET = 12,
	TCP_FLAGS = 13,
	TCP_CHECK = 16,
	UDP_LENGTH = 4,
	UDP_CHECK = 6,
	ICMP_CHECK = 2,
};

#define FRAGMENT_BITS 0x3fff /* more fragments, and the offset */
#define TTL	      64

static uint16_t get16(const uint8_t *from)
{
	return (uint16_t)(from[0] << 8 | from[1]);
}

static uint32_t get32(const uint8_t *from)
{
	return (uint32_t)get16(from) << 16 | get16(from + 2);
}

static void put16(uint8_t *to, size_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

static void put32(uint8_t *to, uint32_t value)
{
	put16(to, value >> 16);
	put16(to + 2, value & 0xffff);
}

/* The ones' complement sum of 16-bit words; of at most PACKET_MAX bytes it fits in 32 bits. */
static uint32_t sum(const uint8_t *data, size_t len, uint32_t so_far)
{
	for (; len > 1; len -= 2, data += 2)
		so_far += get16(data);
	if (len)
		so_far += (uint32_t)data[0] << 8;
	return so_far;
}

static uint16_t checksum(uint32_t of)
{
	while (of >> 16)
		of = (of & 0xffff) + (of >> 16);
	return (uint16_t)~of;
}

/* A checksum after the words that it covers have changed: RFC 1624, equation 3. */
static void adjust(uint8_t *check, const uint8_t *before, const uint8_t *after, size_t len)
{
	uint32_t value = (uint16_t)~get16(check);

	for (; len; len -= 2, before += 2, after += 2)
		value += (uint32_t)(uint16_t)~get16(before) + get16(after);
	put16(check, checksum(value));
}

static bool parse_tcp(struct packet *packet, uint8_t *segment, size_t len)
{
	size_t header;

	if (len < PACKET_TCP_HEADER)
		return false;
	header = (size_t)(segment[TCP_OFFSET] >> 4) * 4;
	if (header < PACKET_TCP_HEADER || header > len)
		return false;
	packet->flags = segment[TCP_FLAGS];
	packet->seq = get32(segment + TCP_SEQ);
	packet->ack = get32(segment + TCP_ACK);
	packet->payload = segment + header;
	packet->payload_len = len - header;
	return true;
}

static bool parse_udp(struct packet *packet, uint8_t *datagram, size_t len)
{
	size_t size;

	if (len < PACKET_UDP_HEADER)
		return false;
	size = get16(datagram + UDP_LENGTH);
	if (size < PACKET_UDP_HEADER || size > len)
		return false;
	packet->payload = datagram + PACKET_UDP_HEADER;
	packet->payload_len = size - PACKET_UDP_HEADER;
	return true;
}

static bool parse_ip(uint8_t *data, size_t len, struct packet *packet)
{
	if (len < PACKET_IP_HEADER || data[IP4_VERSION] >> 4 != 4)
		return false;
	packet->data = data;
	packet->header = (size_t)(data[IP4_VERSION] & 15) * 4;
	packet->len = get16(data + IP4_LENGTH);
	packet->protocol = data[IP4_PROTOCOL];
	memcpy(&packet->tuple.source, data + IP4_SOURCE, 4);
	memcpy(&packet->tuple.dest, data + IP4_DEST, 4);
	return packet->header >= PACKET_IP_HEADER && packet->len >= packet->header &&
	       packet->len <= len && !(get16(data + IP4_FRAGMENT) & FRAGMENT_BITS);
}

enum packet_kind packet_parse(uint8_t *data, size_t len, struct packet *packet)
{
	uint8_t *segment;
	size_t rest;
	bool good;

	memset(packet, 0, sizeof(*packet));
	packet->kind = PACKET_BAD;
	if (!parse_ip(data, len, packet))
		return PACKET_BAD;
	segment = data + packet->header;
	rest = packet->len - packet->header;
	if (packet->protocol != IPPROTO_TCP && packet->protocol != IPPROTO_UDP)
		return packet->kind = PACKET_OTHER;
	good = packet->protocol == IPPROTO_TCP ? parse_tcp(packet, segment, rest)
					       : parse_udp(packet, segment, rest);
	if (!good)
		return PACKET_BAD;
	memcpy(&packet->tuple.source_port, segment, 2);
	memcpy(&packet->tuple.dest_port, segment + 2, 2);
	packet->kind = packet->protocol == IPPROTO_TCP ? PACKET_TCP : PACKET_UDP;
	return packet->kind;
}

void packet_readdress(struct packet *packet, const struct tuple *to)
{
	uint8_t *ip = packet->data, *tcp = packet->data + packet->header;
	uint8_t addresses[8], ports[4];

	memcpy(addresses, &to->source, 4);
	memcpy(addresses + 4, &to->dest, 4);
	memcpy(ports, &to->source_port, 2);
	memcpy(ports + 2, &to->dest_port, 2);
	adjust(ip + IP4_CHECK, ip + IP4_SOURCE, addresses, sizeof(addresses));
	adjust(tcp + TCP_CHECK, ip + IP4_SOURCE, addresses, sizeof(addresses));
	adjust(tcp + TCP_CHECK, tcp, ports, sizeof(ports));
	memcpy(ip + IP4_SOURCE, addresses, sizeof(addresses));
	memcpy(tcp, ports, sizeof(ports));
	packet->tuple = *to;
}

static void put_header(uint8_t *to, int protocol, size_t len, uint32_t source, uint32_t dest)
{
	memset(to, 0, PACKET_IP_HEADER);
	to[IP4_VERSION] = 0x45;
	put16(to + IP4_LENGTH, len);
	to[IP4_TTL] = TTL;
	to[IP4_PROTOCOL] = (uint8_t)protocol;
	memcpy(to + IP4_SOURCE, &source, 4);
	memcpy(to + IP4_DEST, &dest, 4);
	put16(to + IP4_CHECK, checksum(sum(to, PACKET_IP_HEADER, 0)));
}

/* The checksum of TCP and UDP, which covers the addresses, too. */
static uint16_t transport_checksum(const uint8_t *packet, size_t len)
{
	size_t size = len - PACKET_IP_HEADER;
	uint32_t pseudo = sum(packet + IP4_SOURCE, 8, packet[IP4_PROTOCOL] + (uint32_t)size);

	return checksum(sum(packet + PACKET_IP_HEADER, size, pseudo));
}

/* How far a segment moves the sequence number on. */
static uint32_t segment_len(const struct packet *packet)
{
	return (uint32_t)packet->payload_len + !!(packet->flags & PACKET_SYN) +
	       !!(packet->flags & PACKET_FIN);
}

size_t packet_reset(const struct packet *packet, uint8_t to[PACKET_RESET_LEN])
{
	uint8_t *tcp = to + PACKET_IP_HEADER;

	put_header(to, IPPROTO_TCP, PACKET_RESET_LEN, packet->tuple.dest, packet->tuple.source);
	memset(tcp, 0, PACKET_TCP_HEADER);
	memcpy(tcp, &packet->tuple.dest_port, 2);
	memcpy(tcp + 2, &packet->tuple.source_port, 2);
	tcp[TCP_OFFSET] = PACKET_TCP_HEADER / 4 << 4;
	if (packet->flags & PACKET_ACK) {
		put32(tcp + TCP_SEQ, packet->ack);
		tcp[TCP_FLAGS] = PACKET_RST;
	} else {
		put32(tcp + TCP_ACK, packet->seq + segment_len(packet));
		tcp[TCP_FLAGS] = PACKET_RST | PACKET_ACK;
	}
	put16(tcp + TCP_CHECK, transport_checksum(to, PACKET_RESET_LEN));
	return PACKET_RESET_LEN;
}

bool packet_is_for_many(uint32_t address)
{
	uint32_t host = ntohl(address);

	return host >= 0xe0000000u || host >> 24 == 0;
}

/* Is this an ICMP message that itself reports an error? Those are 3 to 5, 11 and 12 (RFC 1122). */
static bool is_error_report(const struct packet *packet)
{
	int type;

	if (packet->protocol != IPPROTO_ICMP)
		return false;
	if (packet->len == packet->header)
		return true;
	type = packet->data[packet->header];
	return type != ICMP_ECHO && type != ICMP_TIMESTAMP;
}

size_t packet_unreachable(const struct packet *packet, uint32_t from, int code,
			  uint8_t to[PACKET_ERROR_MAX])
{
	size_t part = packet->header + 8 < packet->len ? packet->header + 8 : packet->len;
	size_t len = PACKET_IP_HEADER + PACKET_ICMP_HEADER + part;
	uint8_t *icmp = to + PACKET_IP_HEADER;

	if (packet_is_for_many(packet->tuple.dest) || packet_is_for_many(packet->tuple.source) ||
	    is_error_report(packet))
		return 0;
	put_header(to, IPPROTO_ICMP, len, from, packet->tuple.source);
	memset(icmp, 0, PACKET_ICMP_HEADER);
	icmp[0] = ICMP_DEST_UNREACH;
	icmp[1] = (uint8_t)code;
	memcpy(icmp + PACKET_ICMP_HEADER, packet->data, part);
	put16(icmp + ICMP_CHECK, checksum(sum(icmp, PACKET_ICMP_HEADER + part, 0)));
	return len;
}

size_t packet_udp(const struct tuple *tuple, const void *data, size_t len, uint8_t *to)
{
	size_t whole = PACKET_IP_HEADER + PACKET_UDP_HEADER + len;
	uint8_t *udp = to + PACKET_IP_HEADER;
	uint16_t check;

	put_header(to, IPPROTO_UDP, whole, tuple->source, tuple->dest);
	memcpy(udp, &tuple->source_port, 2);
	memcpy(udp + 2, &tuple->dest_port, 2);
	put16(udp + UDP_LENGTH, PACKET_UDP_HEADER + len);
	put16(udp + UDP_CHECK, 0);
	memcpy(udp + PACKET_UDP_HEADER, data, len);
	check = transport_checksum(to, whole);
	/* 0 would say that there is none: RFC 768. */
	put16(udp + UDP_CHECK, check ? check : 0xffff);
	return whole;
}
