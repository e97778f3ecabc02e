// SPDX-License-Identifier: MIT
/*
 * The lock of a port that is a socket.
 *
 * A tty is locked itself. A socket cannot be, and a name that any user can bind, or a file in a
 * directory that any user can write, would let any user keep the driver from its port.
 */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* systemd's directory for the service, the session's, root's own, or one in the user's home. */
static char *find_directory(void)
{
	const char *service = g_getenv("RUNTIME_DIRECTORY");
	const char *session = g_getenv("XDG_RUNTIME_DIR");

	if (service && *service)
		return g_strndup(service, strcspn(service, ":"));
	if (session && *session)
		return g_strdup(session);
	if (geteuid() == 0)
		return g_strdup("/run");
	return g_strdup(g_get_user_cache_dir());
}

int lock_take(const char *what)
{
	g_autofree char *directory = find_directory();
	g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, what, -1);
	g_autofree char *path = g_strdup_printf("%s/eswifi-%.32s.lock", directory, digest);
	int fd, r;

	g_mkdir_with_parents(directory, 0700);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	r = errno == EWOULDBLOCK ? -EBUSY : -errno;
	close(fd);
	return r;
}
