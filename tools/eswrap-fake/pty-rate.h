/* SPDX-License-Identifier: MIT */
/* The rate of a pseudo-terminal, as the kernel knows it. */
#ifndef FAKE_PTY_RATE_H
#define FAKE_PTY_RATE_H

/* pty_rate() - output speed of a terminal in bit/s, 0 when it cannot be told */
unsigned int pty_rate(int fd);
/* pty_make_raw() - no echo, no translation, 8 bits, at @rate bit/s. Return: 0 or a negative errno
 */
int pty_make_raw(int fd, unsigned int rate);

#endif
