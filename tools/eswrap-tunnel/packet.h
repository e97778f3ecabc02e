/* SPDX-License-Identifier: MIT */
/*
 * IPv4 packets as they come out of the tunnel device and go back into it: taking one apart, giving
 * it other addresses, and the few that the engine makes itself.
 *
 * Addresses and ports are in network byte order everywhere, as packets have them. Whatever a program
 * sends ends up here, raw sockets included: nothing that is read is believed before its length is.
 */
#ifndef TUNNEL_PACKET_H
#define TUNNEL_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_MAX 65535 /* bytes of an IPv4 packet, RFC 791 */

/* Bytes of the headers that the engine writes: no options. */
#define PACKET_IP_HEADER   20
#define PACKET_TCP_HEADER  20
#define PACKET_UDP_HEADER  8
#define PACKET_ICMP_HEADER 8

/* An ICMP error carries the header and 8 bytes more of what it is about, RFC 792. */
#define PACKET_ERROR_MAX (PACKET_IP_HEADER + PACKET_ICMP_HEADER + 60 + 8)
#define PACKET_RESET_LEN (PACKET_IP_HEADER + PACKET_TCP_HEADER)

enum packet_kind {
	PACKET_BAD,   /* not IPv4, cut off, or a fragment */
	PACKET_OTHER, /* neither of the next two */
	PACKET_TCP,
	PACKET_UDP,
};

/* Flags of TCP, RFC 9293; the byte as the header has it. */
#define PACKET_FIN 0x01
#define PACKET_SYN 0x02
#define PACKET_RST 0x04
#define PACKET_ACK 0x10

/* struct tuple - the two ends of a packet or a connection */
struct tuple {
	uint32_t source, dest;
	uint16_t source_port, dest_port;
};

/**
 * struct packet - one that packet_parse() has taken apart
 * @data:	the IP header on
 * @len:	bytes of the packet by its own account, header included
 * @header:	bytes of the IP header, options included
 * @kind:	enum packet_kind
 * @protocol:	of the IP header
 * @tuple:	its ends; ports 0 for PACKET_OTHER
 * @flags:	TCP: PACKET_FIN and the other bits
 * @seq, @ack:	TCP: host byte order
 * @payload:	what UDP or TCP carries
 * @payload_len:	bytes there
 */
struct packet {
	uint8_t *data;
	size_t len, header;
	enum packet_kind kind;
	uint8_t protocol;
	struct tuple tuple;
	uint8_t flags;
	uint32_t seq, ack;
	uint8_t *payload;
	size_t payload_len;
};

/**
 * packet_parse() - take a packet apart
 * @data:	what was read; the packet keeps pointing into it
 * @len:	bytes of it
 *
 * Return: the kind, also in @packet, of which nothing else counts for PACKET_BAD.
 */
enum packet_kind packet_parse(uint8_t *data, size_t len, struct packet *packet);

/**
 * packet_readdress() - give a TCP packet other ends, in place
 *
 * The checksums are adjusted by the difference (RFC 1624): a packet that was damaged stays so.
 */
void packet_readdress(struct packet *packet, const struct tuple *to);

/* packet_reset() - the RST that answers a TCP packet (RFC 9293, 3.5.2); Return: PACKET_RESET_LEN */
size_t packet_reset(const struct packet *packet, uint8_t to[PACKET_RESET_LEN]);

/**
 * packet_unreachable() - the ICMP error "destination unreachable" that answers a packet
 * @from:	who says so
 * @code:	ICMP_NET_UNREACH and so on
 *
 * Return: its length; 0 where there must be none: RFC 1122, 3.2.2 (an ICMP error, or something that
 * is not for one host).
 */
size_t packet_unreachable(const struct packet *packet, uint32_t from, int code,
			  uint8_t to[PACKET_ERROR_MAX]);

/**
 * packet_udp() - a datagram
 * @to:		room for PACKET_IP_HEADER + PACKET_UDP_HEADER + @len bytes
 * @len:	of @data; at most PACKET_MAX less the two headers
 *
 * Return: its length.
 */
size_t packet_udp(const struct tuple *tuple, const void *data, size_t len, uint8_t *to);

/* packet_is_for_many() - a multicast or broadcast address, or the wildcard: nobody can answer */
bool packet_is_for_many(uint32_t address);

#endif
