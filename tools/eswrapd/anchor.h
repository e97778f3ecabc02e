/* SPDX-License-Identifier: MIT */
/*
 * The anchor byte and the program's send buffer.
 *
 * The kernel charges a sender for whole buffers: one unread byte keeps the charge of the write() or
 * sendfile() that it came with, and poll() says POLLOUT only while the charge is at most a quarter
 * of SO_SNDBUF. So that the anchor alone never keeps POLLOUT away, SO_SNDBUF must be four times the
 * largest such charge. How large that is depends on the kernel, hence it is tried.
 */
#ifndef ESWRAPD_ANCHOR_H
#define ESWRAPD_ANCHOR_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/**
 * anchor_find_buffer() - a send buffer with which POLLOUT comes back in the worst case
 *
 * Return: what to set SO_SNDBUF to, 0: leave it; -1 with @error set.
 */
int anchor_find_buffer(GError **error);

/* anchor_set_buffer() - Return: 0 or a negative errno */
int anchor_set_buffer(int fd, int size);

/* anchor_fill() - write until no more fits; Return: bytes, or a negative errno */
ssize_t anchor_fill(int fd);

/* anchor_discard() - take @count bytes out of the receive queue; Return: how many were there */
size_t anchor_discard(int fd, size_t count);

#endif
