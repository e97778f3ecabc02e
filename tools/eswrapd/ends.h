/* SPDX-License-Identifier: MIT */
/* The two ends of a stream flow: the program's and the broker's; see wire.h. */
#ifndef ESWRAPD_ENDS_H
#define ESWRAPD_ENDS_H

#include <glib.h>
#include <stddef.h>

#include "eswrap/wire.h"

/* One byte that was dealt with stays unread in the broker's end. */
#define ANCHOR 1

/**
 * ends_make() - a pair whose program's end is bound to its name and is not writable yet
 * @family:	of the program's socket
 * @buffer:	as anchor_find_buffer() says
 * @fds:	set: the program's end, the broker's end; the first blocks, as every new socket does
 * @id:		set: the flow's
 * @filling:	set: bytes in the broker's end that keep the program's from being writable
 *
 * Return: 0; or a negative errno, with both closed.
 */
int ends_make(const struct eswrap_endpoint *dest, int family, int buffer, int fds[2], guint64 *id,
	      size_t *filling);

/**
 * ends_tell() - bind the broker's end to the outcome of the connect
 * @error:	an errno; 0: connected
 * @own:	the local address; NULL: not known
 *
 * Return: 0 or a negative errno.
 */
int ends_tell(int fd, guint64 id, int error, const struct eswrap_endpoint *own);

#endif
