/* SPDX-License-Identifier: MIT */
/*
 * Which packets belong to which connection, and where they go.
 *
 * DOC: Theory of Operation
 *
 * A TCP connection of a program in the namespace is two to the namespace's kernel: the program's
 * socket believes that it talks to its destination, the engine's accepted socket believes that it
 * talks to the gateway. Packets between the two come by the tunnel device, are given the addresses
 * that the other side knows, and go back in:
 *
 *	the program's socket	program:port	-> destination:port
 *	the engine's socket	gateway:slot	-> own:listener
 *
 * A slot is an entry of the table and, as a port of the gateway's, its number. What becomes of an
 * entry:
 *
 *	FREE -> HELD		a first SYN: it is kept, nothing is answered
 *	HELD -> HANDSHAKE	nat_release(): the far end is there; the SYN goes to the listener
 *	HELD -> REFUSED		nat_refuse(): there is none; the SYN is answered with a RST or an ICMP error
 *	HELD -> FREE		nat_free(): the program has given up
 *	HANDSHAKE -> OPEN	nat_open(): the engine has accepted
 *	HANDSHAKE, OPEN -> GONE	nat_end(): the engine has closed its socket
 *	GONE, REFUSED -> FREE	NAT_GONE_MS later, or when the program connects from that port anew
 *
 * An entry that is GONE is still translated: the last FIN or RST of either side has yet to get
 * through, and without it a program would wait for ever. One that is REFUSED repeats its answer when
 * the same SYN comes again: the kernel overhears an ICMP error while the socket is in use.
 *
 * A packet of a connection that the table does not know is answered with a RST: it is from before
 * the engine was started anew.
 *
 * The table lives in memory that the engine shares with its keeper (keeper.h), which goes on with
 * it when the engine has died; so there are no pointers in it.
 */
#ifndef TUNNEL_NAT_H
#define TUNNEL_NAT_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>

#include "eswrap-tunnel/packet.h"

#define NAT_ENTRIES 4096
#define NAT_BUCKETS 4096
/* A SYN is two headers of at most 60 bytes each. */
#define NAT_SYN_MAX 120
/* How long an end may still be on its way, ms: the kernel's TCP_TIMEWAIT_LEN. */
#define NAT_GONE_MS 60000

enum nat_state {
	NAT_FREE,
	NAT_HELD,
	NAT_REFUSED,
	NAT_HANDSHAKE,
	NAT_OPEN,
	NAT_GONE,
};

/* What a refused SYN is answered with, where that is not the code of an ICMP error. */
#define NAT_ANSWER_RESET 255

/**
 * struct nat_entry - one connection
 * @program:	source: the program's socket, dest: where it connects to
 * @state:	enum nat_state
 * @answer:	REFUSED: code of the ICMP error, or NAT_ANSWER_RESET
 * @next:	slot of the next in the same bucket; 0: none
 * @since:	of the state, ms of the clock that the callers use
 * @seq:	of the SYN
 * @syn_len:	bytes of @syn
 * @syn:	the first SYN as it came
 */
struct nat_entry {
	struct tuple program;
	uint8_t state;
	uint8_t answer;
	uint16_t next;
	int64_t since;
	uint32_t seq;
	uint16_t syn_len;
	uint8_t syn[NAT_SYN_MAX];
};

/**
 * struct nat - the table
 * @gateway:	the address that the engine's sockets talk to
 * @own:	the namespace's own address
 * @listener:	the engine's port there; network byte order
 * @seed:	of the hash
 * @turn:	where to look for a free entry first: the one that was freed longest ago
 */
struct nat {
	uint32_t gateway, own;
	uint16_t listener;
	uint32_t seed;
	uint16_t turn;
	uint16_t buckets[NAT_BUCKETS];
	struct nat_entry entries[NAT_ENTRIES];
};

enum nat_verdict {
	NAT_DROP,    /* nothing is to be done */
	NAT_BEGIN,   /* a first SYN; the entry is HELD */
	NAT_FORWARD, /* it was re-addressed in place: write it */
	NAT_REPEAT,  /* the SYN of an entry that is REFUSED: answer it again */
	NAT_UNKNOWN, /* of no connection: answer with a RST */
};

/* nat_slot(), nat_entry() - an entry's number, 1 to NAT_ENTRIES, and back; NULL for any other */
uint16_t nat_slot(const struct nat *nat, const struct nat_entry *entry);
struct nat_entry *nat_entry(struct nat *nat, unsigned int slot);

/* nat_find() - the entry of a program's connection, or NULL */
struct nat_entry *nat_find(struct nat *nat, const struct tuple *program);

/**
 * nat_packet() - what is to become of a TCP packet
 * @now:	ms
 * @entry:	the connection; NULL for NAT_UNKNOWN, and for NAT_DROP when there is none
 */
enum nat_verdict nat_packet(struct nat *nat, struct packet *packet, int64_t now,
			    struct nat_entry **entry);

/**
 * nat_release() - let the handshake begin
 * @syn:	room for NAT_SYN_MAX bytes: the SYN, re-addressed
 *
 * Return: the bytes to write.
 */
size_t nat_release(struct nat *nat, struct nat_entry *entry, int64_t now, uint8_t *syn);

/* nat_refuse() - HELD -> REFUSED */
void nat_refuse(struct nat_entry *entry, int answer, int64_t now);
/**
 * nat_answer() - the packet that tells the program that its connect was refused
 * @to:		room for PACKET_ERROR_MAX bytes
 *
 * Return: the bytes to write; 0: there can be no answer.
 */
size_t nat_answer(const struct nat *nat, const struct nat_entry *entry, uint8_t *to);
/* nat_open() - HANDSHAKE -> OPEN */
void nat_open(struct nat_entry *entry, int64_t now);
/* nat_end() - HANDSHAKE or OPEN -> GONE */
void nat_end(struct nat_entry *entry, int64_t now);
/* nat_free() - from any state */
void nat_free(struct nat *nat, struct nat_entry *entry);

#endif
