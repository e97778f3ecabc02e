// SPDX-License-Identifier: MIT
#include "soak/payload.h"

#include <string.h>

#define FULL_READ   1460
#define TRAILER	    "\r\nOK\r\n> "
#define RANDOM_MAX  700
#define FILLING	    0x15 /* what SPI answers are padded with */
#define FILLING_MAX 64
#define STAMP_SIZE  11

/* What the protocol, and drivers that get it wrong, look for. */
static const char *const worst[] = {
	"\r\n> ",
	TRAILER,
	"\r\n-1\r\nERROR\r\n> ",
	"\r\n-1\r\nOK\r\n> ",
	"-1",
	"[SOMA][EOMA]",
	"[SOMA]",
	"\r\nERROR\r\nUsage\r\n> ",
	"\r\n\r\nOK\r\n> ",
	"P0=1\r",
	"R0\r",
	"S3=4\r",
	"ZR\r",
	"\r",
	"\n",
	"> ",
	"+++",
};

#define WORST (sizeof(worst) / sizeof(worst[0]))

uint64_t payload_chance(struct payload *p, uint64_t limit)
{
	/* xorshift64*, whose upper bits are the good ones. */
	p->chance ^= p->chance >> 12;
	p->chance ^= p->chance << 25;
	p->chance ^= p->chance >> 27;
	return ((p->chance * 0x2545f4914f6cdd1dULL) >> 32) % limit;
}

void payload_init(struct payload *p, uint64_t seed, unsigned int flow,
		  enum payload_direction direction)
{
	memset(p, 0, sizeof(*p));
	p->flow = (uint8_t)flow;
	p->direction = (uint8_t)direction;
	p->chance = (seed << 8 | flow << 1 | direction) * 0x9e3779b97f4a7c15ULL + 1;
	payload_chance(p, 2);
}

static void add(struct payload *p, const void *data, size_t size)
{
	memcpy(p->piece + p->size, data, size);
	p->size += size;
}

static void add_random(struct payload *p, size_t size)
{
	while (size--)
		p->piece[p->size++] = (uint8_t)payload_chance(p, 256);
}

static void add_worst(struct payload *p)
{
	const char *text = worst[payload_chance(p, WORST)];
	size_t size = strlen(text), from = 0;

	if (payload_chance(p, 2)) {
		from = payload_chance(p, size);
		size = 1 + payload_chance(p, size - from);
	}
	add(p, text + from, size);
}

/* A trailer across a multiple of a full read, cut there one byte further on than the last one. */
static void add_cut_trailer(struct payload *p)
{
	size_t before = p->cut++ % sizeof(TRAILER);
	size_t here = (size_t)((p->position + p->size) % FULL_READ);

	add_random(p, (2 * FULL_READ - here - before) % FULL_READ);
	add(p, TRAILER, sizeof(TRAILER) - 1);
}

static void add_all_values(struct payload *p)
{
	unsigned int i, from = (unsigned int)payload_chance(p, 256);

	for (i = 0; i < 256; i++)
		p->piece[p->size++] = (uint8_t)(from + i);
}

static void add_stamp(struct payload *p)
{
	uint64_t position = p->position + p->size;
	uint8_t stamp[STAMP_SIZE] = { 'S', p->flow, p->direction };
	int i;

	for (i = 0; i < 8; i++)
		stamp[3 + i] = (uint8_t)(position >> (8 * i));
	add(p, stamp, sizeof(stamp));
}

static void next_piece(struct payload *p)
{
	size_t n;

	p->at = 0;
	p->size = 0;
	switch (payload_chance(p, 8)) {
	case 0:
		add_cut_trailer(p);
		break;
	case 1:
		add_all_values(p);
		break;
	case 2:
		n = 1 + payload_chance(p, FILLING_MAX);
		memset(p->piece, FILLING, n);
		p->size = n;
		break;
	case 3:
		add_random(p, 1 + payload_chance(p, RANDOM_MAX));
		break;
	default:
		add_worst(p);
		break;
	}
	add_stamp(p);
}

static size_t available(struct payload *p, size_t wanted)
{
	if (p->at == p->size)
		next_piece(p);
	return p->size - p->at < wanted ? p->size - p->at : wanted;
}

static void move_on(struct payload *p, size_t size)
{
	p->at += size;
	p->position += size;
}

void payload_take(struct payload *p, uint8_t *to, size_t size)
{
	size_t n;

	for (; size > 0; size -= n, to += n) {
		n = available(p, size);
		memcpy(to, p->piece + p->at, n);
		move_on(p, n);
	}
}

long payload_check(struct payload *p, const uint8_t *data, size_t size)
{
	const uint8_t *from = data;
	size_t n, i;

	for (; size > 0; size -= n, data += n) {
		n = available(p, size);
		if (memcmp(data, p->piece + p->at, n) != 0) {
			for (i = 0; data[i] == p->piece[p->at + i]; i++)
				continue;
			return (long)(data - from) + (long)i;
		}
		move_on(p, n);
	}
	return -1;
}
