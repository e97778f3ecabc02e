// SPDX-License-Identifier: MIT
/*
 * What a tty's rate really is, and how soon it hands bytes on.
 *
 * By itself, because <asm/termbits.h> and <termios.h> cannot be included together.
 */
#include "rate.h"

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <linux/serial.h>
#include <sys/ioctl.h>

/* Both ends may be off by so much together; half a bit in ten is 5 %. */
#define TOLERANCE_PERCENT 3

bool rate_is_near(guint have, guint want)
{
	guint difference = have > want ? have - want : want - have;

	return (guint64)difference * 100 <= (guint64)want * TOLERANCE_PERCENT;
}

bool rate_is(int fd, guint baud)
{
	struct termios2 termios;

	if (ioctl(fd, TCGETS2, &termios) < 0)
		return true;
	return rate_is_near(termios.c_ospeed, baud);
}

bool rate_hurry(int fd)
{
	struct serial_struct serial;

	if (ioctl(fd, TIOCGSERIAL, &serial) < 0)
		return false;
	serial.flags |= ASYNC_LOW_LATENCY;
	if (ioctl(fd, TIOCSSERIAL, &serial) < 0 || ioctl(fd, TIOCGSERIAL, &serial) < 0)
		return false;
	return serial.flags & ASYNC_LOW_LATENCY;
}
