// SPDX-License-Identifier: MIT
/* The filling of a program's end, and the byte that stays in the broker's. */
#include <errno.h>
#include <gio/gio.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "eswrapd/anchor.h"

/* The largest write that the kernel keeps in one buffer is far below this. */
#define CHUNK_MAX (256 * 1024)

static const guint8 zeros[64 * 1024];

ssize_t anchor_fill(int fd)
{
	ssize_t n, total = 0;

	while ((n = send(fd, zeros, sizeof(zeros), MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
		total += n;
	return n < 0 && errno != EAGAIN ? -errno : total;
}

size_t anchor_discard(int fd, size_t count)
{
	guint8 scratch[64 * 1024];
	size_t left = count;
	ssize_t n;

	while (left) {
		n = recv(fd, scratch, MIN(left, sizeof(scratch)), MSG_DONTWAIT);
		if (n <= 0)
			break;
		left -= (size_t)n;
	}
	return count - left;
}

int anchor_set_buffer(int fd, int size)
{
	if (size && setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) < 0)
		return -errno;
	return 0;
}

/* Does POLLOUT come back when all but one byte of what @file gave in such chunks was read? */
static bool comes_back(int size, int file, size_t chunk, bool by_sendfile, int *in_use)
{
	socklen_t len = sizeof(*in_use);
	size_t total = 0;
	struct pollfd p;
	ssize_t n;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
		return false;
	anchor_set_buffer(fds[0], size);
	getsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, in_use, &len);
	do {
		off_t offset = 0;

		n = by_sendfile ? sendfile(fds[0], file, &offset, chunk)
				: send(fds[0], zeros, MIN(chunk, sizeof(zeros)), MSG_NOSIGNAL);
		total += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	anchor_discard(fds[1], total - 1);
	p.fd = fds[0];
	p.events = POLLOUT;
	n = poll(&p, 1, 0);
	close(fds[0]);
	close(fds[1]);
	return n == 1 && p.revents == POLLOUT;
}

static bool always_comes_back(int size, int file, int *in_use)
{
	size_t chunk;
	bool good = true;

	for (chunk = 1024; good && chunk <= CHUNK_MAX; chunk *= 2)
		good = comes_back(size, file, chunk, false, in_use) &&
		       comes_back(size, file, chunk, true, in_use);
	return good;
}

int anchor_find_buffer(GError **error)
{
	int file = memfd_create("eswrapd-self-test", MFD_CLOEXEC);
	int size = 0, in_use = 0, before = 0;

	if (file < 0 || ftruncate(file, CHUNK_MAX) < 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "memfd_create: %s",
			    g_strerror(errno));
		size = -1;
		goto out;
	}
	while (!always_comes_back(size, file, &in_use)) {
		if (in_use <= before) {
			g_set_error(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
				    "send buffers of %d bytes are too small here; raise "
				    "net.core.wmem_max (sysctl) to 212992 or more",
				    in_use);
			size = -1;
			goto out;
		}
		before = in_use;
		/* The kernel doubles what is asked for: this is a quarter more than now. */
		size = in_use / 2 + in_use / 8;
	}
out:
	if (file >= 0)
		close(file);
	return size;
}
