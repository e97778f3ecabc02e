/* SPDX-License-Identifier: MIT */
/* The host's end of the serial line: a unix stream socket or a pseudo-terminal. */
#ifndef FAKE_HOST_H
#define FAKE_HOST_H

#include "eswrap-fake/loop.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host;

/**
 * host_listen() - offer a unix stream socket
 * @path:	where; a stale socket there is replaced, a live one or any other file is an error
 *
 * Return: the host's end, or NULL with @error set. Free with host_free(), which removes @path.
 */
struct host *host_listen(struct loop *loop, const char *path, GError **error);

/**
 * host_pty() - offer a pseudo-terminal
 * @link:	name of a symbolic link to it; a symbolic link there is replaced, any other file is
 *		an error
 * @rate:	its speed at the start, bit/s, so that a host which sets none is understood
 *
 * Return: as host_listen().
 */
struct host *host_pty(struct loop *loop, const char *link, unsigned int rate, GError **error);
void host_free(struct host *host);

/**
 * host_read() - take what the host has sent
 * @wait_first:	set to true when it is known that there was no more than this
 *
 * Return: the number of bytes, 0: nothing there now (or nobody).
 */
size_t host_read(struct host *host, uint8_t *data, size_t size, bool *wait_first);

/**
 * host_write() - give bytes to the host; they are lost when there is none, as on a wire
 *
 * Return: how many are gone, 0 when the host's buffer is full.
 */
size_t host_write(struct host *host, const uint8_t *data, size_t size);

/**
 * host_wait() - wait until host_read() or host_write() may have work
 * @events:	POLLIN or POLLOUT
 *
 * Return: as loop_wait().
 */
int host_wait(struct host *host, short events, int64_t deadline);

/**
 * host_rate() - the rate that the host's side of a pseudo-terminal is set to
 *
 * Return: bit/s, or 0 where there is no such thing (a socket).
 */
unsigned int host_rate(const struct host *host);

#endif
