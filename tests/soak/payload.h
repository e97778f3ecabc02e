/* SPDX-License-Identifier: MIT */
/*
 * Bytes that a framing cannot stomach, and that tell where they belong.
 *
 * DOC: Theory of Operation
 *
 * A payload is an endless stream that its seed, flow and direction determine; both ends make it and
 * compare every byte. It is a sequence of pieces, chosen by chance: the strings that the protocol
 * itself is made of, whole and cut, runs of SPI's filling byte, all 256 values, noise, and trailers
 * that lie across a multiple of a full read's size, cut there at every point in turn. Between the
 * pieces stands a stamp of flow, direction and position, so that a byte of another flow or of
 * another place cannot look right for long.
 *
 * libc only: it also runs under the shim.
 */
#ifndef SOAK_PAYLOAD_H
#define SOAK_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

#define PAYLOAD_PIECE_MAX 2048

enum payload_direction { PAYLOAD_UP, PAYLOAD_DOWN };

struct payload {
	uint64_t chance;
	uint64_t position; /* of the next byte that is handed out */
	uint8_t flow, direction, cut;
	uint8_t piece[PAYLOAD_PIECE_MAX];
	size_t at, size; /* in piece */
};

void payload_init(struct payload *p, uint64_t seed, unsigned int flow,
		  enum payload_direction direction);
/* payload_take() - the next bytes of the stream */
void payload_take(struct payload *p, uint8_t *to, size_t size);
/* payload_check() - are these the next bytes? Return: -1, or the place of the first wrong one */
long payload_check(struct payload *p, const uint8_t *data, size_t size);
/* payload_chance() - a number below @limit from the same generator as the pieces */
uint64_t payload_chance(struct payload *p, uint64_t limit);

#endif
