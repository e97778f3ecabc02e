// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of Operation
 *
 * The host's socket or pseudo-terminal moves bytes in no time; a UART takes ten bits for each. The
 * line keeps one clock for each direction: the moment when its last byte was through. A byte is
 * through one byte time after the one before it, or after the moment it was handed over, whichever
 * is later. The clocks are absolute, so an overslept wait delays one chunk and not all that follow.
 * Nor does it delay an answer: how late this process woke up for a command is taken off the time at
 * which the answer begins, for a module would have begun then.
 *
 * To the host, bytes go out in chunks of CHUNK_NS, each when the time of its last byte has come and
 * never before. From the host, bytes are taken as they come and the module waits for the arrival of
 * the last one it needs: one wait for a command, however long it is.
 *
 * On a pseudo-terminal the host's side has a rate of its own. Where that is not the module's, what
 * one end sends is not what the other receives: the bytes are replaced by others.
 */
#include "eswrap-fake/line.h"

#include <errno.h>
#include <string.h>

/* Chunks to the host: short against any gap that a host has to expect inside a response. */
#define CHUNK_NS (500 * NS_PER_US)
/* How far the receive clock may run ahead before no more is taken from the host. */
#define AHEAD_NS      (50 * NS_PER_MS)
#define BITS_PER_BYTE 10

void line_init(struct line *line, struct loop *loop, struct host *host, struct trace *trace,
	       struct faults *faults, unsigned int rate, bool paced)
{
	memset(line, 0, sizeof(*line));
	line->loop = loop;
	line->host = host;
	line->trace = trace;
	line->rate = rate;
	line->paced = paced;
	line->faults = faults;
	line->harmed = g_byte_array_new();
	line->chance = g_rand_new_with_seed(1);
}

void line_free(struct line *line)
{
	if (!line->harmed)
		return;
	g_byte_array_unref(line->harmed);
	g_rand_free(line->chance);
}

/* The time that bytes need. */
static int64_t span_ns(const struct line *line, size_t bytes)
{
	return line->paced ? (int64_t)bytes * BITS_PER_BYTE * NS_PER_SEC / line->rate : 0;
}

/* Sampled at another rate, a byte is some other byte; which one does not matter. */
static void garble(uint8_t *data, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		data[i] = ((data[i] << 3) | (data[i] >> 5)) ^ (0xa5 + i);
}

static bool rates_differ(const struct line *line)
{
	unsigned int rate;

	if (!line->paced)
		return false;
	rate = host_rate(line->host);
	return rate && rate != line->rate;
}

static void make_room(struct line *line)
{
	if (line->head == line->tail) {
		line->head = 0;
		line->tail = 0;
	} else if (line->tail > LINE_RX_MAX / 2) {
		memmove(line->rx, line->rx + line->head, line_size(line));
		line->tail -= line->head;
		line->head = 0;
	}
}

/* What was just read becomes what has arrived. Return: its size. */
static size_t take_in(struct line *line, size_t size)
{
	size_t room = LINE_RX_MAX - line->tail;
	uint8_t *into = line->rx + line->tail;

	line->rx_clock = MAX(line->rx_clock, now_ns()) + span_ns(line, size);
	if (rates_differ(line))
		garble(into, size);
	g_byte_array_set_size(line->harmed, 0);
	if (faults_bytes(line->faults, FROM_HOST, into, size, line->harmed)) {
		size = MIN(line->harmed->len, room);
		memcpy(into, line->harmed->data, size);
	}
	trace_bytes(line->trace, '>', line->rx_clock, into, size);
	line->tail += size;
	return size;
}

int line_fill(struct line *line, int64_t deadline)
{
	size_t n;
	int r;

	if (line->paced && line->rx_clock > now_ns() + AHEAD_NS) {
		/* Not to its end: bytes that follow at once leave no gap on the line. */
		r = loop_sleep_until(line->loop, line->rx_clock - AHEAD_NS / 2);
		if (r < 0)
			return r;
	}
	make_room(line);
	for (;;) {
		if (line->rx_wait) {
			r = host_wait(line->host, POLLIN, deadline);
			if (r <= 0)
				return r;
		}
		n = host_read(line->host, line->rx + line->tail, LINE_RX_MAX - line->tail,
			      &line->rx_wait);
		n = n ? take_in(line, n) : 0;
		if (faults_cut(line->faults))
			return -ECANCELED;
		if (n)
			return n;
	}
}

int line_await(struct line *line, size_t size)
{
	int64_t arrival = line->rx_clock - span_ns(line, line_size(line) - size);
	int r = loop_sleep_until(line->loop, arrival);

	/* While an answer was on its way the module would not have looked. */
	if (line->paced)
		line->late = now_ns() - MAX(arrival, line->tx_clock);
	return r;
}

int64_t line_now(const struct line *line)
{
	return now_ns() - line->late;
}

void line_consume(struct line *line, size_t size)
{
	line->head += size;
}

size_t line_drop(struct line *line)
{
	size_t size = line_size(line), n;
	bool wait_first = line->rx_wait;

	line->head = 0;
	line->tail = 0;
	while (!wait_first) {
		n = host_read(line->host, line->rx, LINE_RX_MAX, &wait_first);
		trace_bytes(line->trace, '>', now_ns(), line->rx, n);
		size += n;
	}
	return size;
}

void line_discard(struct line *line)
{
	line->rx_wait = false;
	line_drop(line);
	line->rx_clock = now_ns();
	line->late = 0;
}

/* Hands bytes over at once, waiting only for a host whose buffer is full. */
static int hand_over(struct line *line, const uint8_t *data, size_t size)
{
	size_t n;
	int r;

	while (size) {
		n = host_write(line->host, data, size);
		data += n;
		size -= n;
		if (!size)
			break;
		r = host_wait(line->host, POLLOUT, LOOP_FOREVER);
		if (r < 0)
			return r;
	}
	return 0;
}

static int send_paced(struct line *line, const uint8_t *data, size_t size)
{
	int64_t start = MAX(line->tx_clock, line_now(line)), passed;
	size_t chunk = MAX(CHUNK_NS / span_ns(line, 1), 1);
	size_t done = 0, n;
	int r;

	line->tx_clock = start + span_ns(line, size);
	line->late = 0;
	while (done < size) {
		n = chunk;
		passed = now_ns() - start;
		/* What is due by now goes in one piece. */
		if (passed > span_ns(line, done + n))
			n = passed / span_ns(line, 1) - done;
		n = MIN(n, size - done);
		r = loop_sleep_until(line->loop, start + span_ns(line, done + n));
		if (r < 0)
			return r;
		r = hand_over(line, data + done, n);
		if (r < 0)
			return r;
		done += n;
	}
	return 0;
}

static int send_part(struct line *line, const uint8_t *data, size_t size)
{
	int r = line->paced ? send_paced(line, data, size) : hand_over(line, data, size);

	trace_bytes(line->trace, '<', MAX(line->tx_clock, now_ns()), data, size);
	return r;
}

/* A module that stops for a moment somewhere in what it says. */
static int send_with_pause(struct line *line, const uint8_t *data, size_t size)
{
	size_t first = g_rand_int_range(line->chance, 0, size);
	int64_t pause = line->pause_ns * g_rand_double(line->chance);
	int r = first ? send_part(line, data, first) : 0;

	if (r == 0)
		r = loop_sleep_until(line->loop, now_ns() + pause);
	return r ? r : send_part(line, data + first, size - first);
}

int line_send(struct line *line, const uint8_t *data, size_t size)
{
	int r;

	g_byte_array_set_size(line->harmed, 0);
	if (faults_bytes(line->faults, TO_HOST, data, size, line->harmed)) {
		data = line->harmed->data;
		size = line->harmed->len;
	}
	if (size && rates_differ(line)) {
		if (data != line->harmed->data) {
			g_byte_array_append(line->harmed, data, size);
			data = line->harmed->data;
		}
		garble(line->harmed->data, size);
	}
	r = size && line->pause_ns ? send_with_pause(line, data, size)
				   : send_part(line, data, size);
	if (r == 0 && faults_cut(line->faults))
		r = -ECANCELED;
	return r;
}
