// SPDX-License-Identifier: MIT
/* Making the two ends of a stream flow, and binding them to names. */
#include "eswrapd/ends.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "eswrapd/anchor.h"
#include "eswrapd/closer.h"
#include "eswrapd/place.h"

int ends_make(const struct eswrap_endpoint *dest, int family, int buffer, int fds[2], guint64 *id,
	      size_t *filling)
{
	struct eswrap_name name = {
		.kind = ESWRAP_NAME_FLOW,
		.type = SOCK_STREAM,
		.family = family,
		.endpoint = *dest,
	};
	ssize_t filled;
	int result;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	closer_refuse(fds[0]);
	closer_refuse(fds[1]);
	do {
		/* Not to be guessed: whoever knows it could take the outcome's name. */
		if (getrandom(&name.id, sizeof(name.id), 0) < 0)
			result = -errno;
		else
			result = bind_name(fds[0], &name);
	} while (result == -EADDRINUSE);
	if (result == 0)
		result = anchor_set_buffer(fds[0], buffer);
	if (result == 0) {
		filled = anchor_fill(fds[0]);
		result = filled < 0 ? (int)filled : filled < ANCHOR ? -ENOBUFS : 0;
		*filling = (size_t)filled;
	}
	/* Blocking, as every new socket is; the shim carries O_NONBLOCK over where the program set
	 * it. */
	if (result == 0 && fcntl(fds[0], F_SETFL, 0) < 0)
		result = -errno;
	if (result < 0) {
		close(fds[0]);
		close(fds[1]);
	}
	*id = name.id;
	return result;
}

int ends_tell(int fd, guint64 id, int error, const struct eswrap_endpoint *own)
{
	struct eswrap_name name = { .kind = ESWRAP_NAME_OUTCOME, .id = id, .error = error };
	int result;

	if (own)
		name.endpoint = *own;
	/* Whoever has read the flow's name can bind others, and not one with a word that he cannot know. */
	do {
		if (getrandom(&name.tag, sizeof(name.tag), 0) < 0)
			return -errno;
		result = bind_name(fd, &name);
	} while (result == -EADDRINUSE);
	return result;
}
