// SPDX-License-Identifier: MIT
/*
 * The kernel's own terminal interface, for rates that the B constants do not know. In a file of its
 * own because its header cannot be included together with <termios.h>.
 */
#include "eswrap-fake/pty-rate.h"

#include <asm/termbits.h>
#include <errno.h>
#include <glib.h>
#include <sys/ioctl.h>

/* Asked on the master side, both calls act on the settings of the slave. */

unsigned int pty_rate(int fd)
{
	struct termios2 termios;

	if (ioctl(fd, TCGETS2, &termios))
		return 0;
	return termios.c_ospeed;
}

/* A host that reads the settings back with libc must find a B constant where there is one. */
static unsigned int rate_bits(unsigned int rate)
{
	static const struct {
		unsigned int rate, bits;
	} known[] = {
		{ 9600, B9600 },       { 19200, B19200 },     { 38400, B38400 },
		{ 57600, B57600 },     { 115200, B115200 },   { 230400, B230400 },
		{ 460800, B460800 },   { 500000, B500000 },   { 576000, B576000 },
		{ 921600, B921600 },   { 1000000, B1000000 }, { 1152000, B1152000 },
		{ 1500000, B1500000 }, { 2000000, B2000000 }, { 2500000, B2500000 },
		{ 3000000, B3000000 }, { 3500000, B3500000 }, { 4000000, B4000000 },
	};
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(known); i++)
		if (known[i].rate == rate)
			return known[i].bits;
	return BOTHER;
}

int pty_make_raw(int fd, unsigned int rate)
{
	struct termios2 termios;

	if (ioctl(fd, TCGETS2, &termios))
		return -errno;
	termios.c_iflag = 0;
	termios.c_oflag = 0;
	termios.c_lflag = 0;
	termios.c_cflag = CS8 | CREAD | CLOCAL | rate_bits(rate);
	termios.c_ispeed = rate;
	termios.c_ospeed = rate;
	return ioctl(fd, TCSETS2, &termios) ? -errno : 0;
}
