/* SPDX-License-Identifier: MIT */
#ifndef ESWIFI_RATE_H
#define ESWIFI_RATE_H

#include <glib.h>
#include <stdbool.h>

/* rate_is() - is the tty's rate @baud, within what a UART tolerates? true when it does not say */
bool rate_is(int fd, guint baud);

/* rate_is_near() - within 3 % */
bool rate_is_near(guint have, guint want);

/**
 * rate_hurry() - have an adapter hand on each byte at once, not after its latency timer
 *
 * Return: it does.
 */
bool rate_hurry(int fd);

#endif
