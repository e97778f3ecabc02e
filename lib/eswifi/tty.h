/* SPDX-License-Identifier: MIT */
/* A serial port, through libserialport where that is enough, and the kernel where it is not. */
#ifndef ESWIFI_TTY_H
#define ESWIFI_TTY_H

#include <glib.h>
#include <stdbool.h>

#include "eswifi/eswifi.h"

struct tty;

/**
 * tty_open() - open and lock a serial port, and set it to 8N1
 * @settings:	device, baud, rtscts, reset_line
 *
 * Return: 0 with @tty set, or a negative errno.
 */
int tty_open(const struct eswifi_settings *settings, struct tty **tty);
void tty_close(struct tty *tty);

int tty_fd(const struct tty *tty);
/* tty_guard_us() - how long bytes may be held back behind it, beyond the FIFO's time-out */
guint tty_guard_us(const struct tty *tty);

/**
 * tty_set_baud() - change our end's rate
 *
 * Return: false where the port cannot do it. The kernel says success there, too, and keeps another
 * rate: so it is read back.
 */
bool tty_set_baud(struct tty *tty, guint baud);

/* tty_set_reset() - assert or release DTR or RTS, whichever the settings name */
void tty_set_reset(struct tty *tty, bool asserted);

#endif
