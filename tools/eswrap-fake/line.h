/* SPDX-License-Identifier: MIT */
/* The serial line: bytes that take their time. */
#ifndef FAKE_LINE_H
#define FAKE_LINE_H

#include "eswrap-fake/host.h"
#include "eswrap-fake/fault.h"
#include "eswrap-fake/trace.h"

/* Holds the longest command with its payload, and as much again. */
#define LINE_RX_MAX 32768

/**
 * struct line - one serial line, seen from the module
 * @rate:	bit/s; 8N1, so a byte is ten bits long
 * @paced:	bytes take the time that @rate says; otherwise none
 * @rx, @head, @tail: what has been received and not been consumed
 * @rx_clock:	when the last byte of @rx has fully arrived, CLOCK_MONOTONIC in ns
 * @late:	how much later than a module would this process has come to do the next thing, ns
 * @rx_wait:	the host's buffer is known to be empty
 * @faults:	what may happen to the bytes
 * @harmed:	bytes after their faults
 * @pause_ns:	the longest pause inside an answer, 0: none
 * @chance:	where pauses are
 * @tx_clock:	when the last byte that was sent has fully left
 */
struct line {
	struct loop *loop;
	struct host *host;
	struct trace *trace;
	unsigned int rate;
	bool paced;
	int64_t rx_clock, tx_clock;
	int64_t late;
	size_t head, tail;
	bool rx_wait;
	struct faults *faults;
	GByteArray *harmed;
	int64_t pause_ns;
	GRand *chance;
	uint8_t rx[LINE_RX_MAX];
};

/**
 * line_init() - a line with nothing on it
 * @rate:	bit/s
 * @paced:	whether bytes take their time
 */
void line_init(struct line *line, struct loop *loop, struct host *host, struct trace *trace,
	       struct faults *faults, unsigned int rate, bool paced);
void line_free(struct line *line);

/* line_size(), line_bytes() - what has been received; valid until the next line_fill() */
static inline size_t line_size(const struct line *line)
{
	return line->tail - line->head;
}

static inline uint8_t *line_bytes(struct line *line)
{
	return line->rx + line->head;
}

/**
 * line_fill() - receive more
 * @deadline:	give up then; LOOP_FOREVER: never
 *
 * The caller keeps what it has not consumed below LINE_RX_MAX.
 *
 * Return: how many bytes came; 0 at the deadline; -ECANCELED: a fault cuts everything off; -EAGAIN
 * and -EINTR as loop_wait().
 */
int line_fill(struct line *line, int64_t deadline);

/**
 * line_await() - wait until the first @size bytes of the received ones have fully arrived
 *
 * Return: 0; -ECANCELED and -EINTR as loop_wait().
 */
int line_await(struct line *line, size_t size);

/* line_now() - the time that it is for the module: without what this process is late */
int64_t line_now(const struct line *line);

/* line_consume() - the first @size bytes have been dealt with */
void line_consume(struct line *line, size_t size);

/**
 * line_drop() - forget what the host has sent up to now, and nothing else: the clocks go on
 *
 * Return: how many bytes that were.
 */
size_t line_drop(struct line *line);

/* line_discard() - forget what was received, and what the host has sent up to now */
void line_discard(struct line *line);

/**
 * line_send() - send bytes, and return when the last one has left
 *
 * Return: 0; -ECANCELED: a fault cut it off; -EINTR when the program is to end.
 */
int line_send(struct line *line, const uint8_t *data, size_t size);

#endif
