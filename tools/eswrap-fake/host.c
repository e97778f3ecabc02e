// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of Operation
 *
 * A serial line has two ends and no connections: the module does not notice when the host goes away
 * or comes back. So a new host simply takes over the line in whatever state the last one left it,
 * half a command included, and bytes that are sent while nobody is there are lost.
 *
 * A socket has one owner at a time, as a port has. Whoever else connects is accepted and closed at
 * once. When the owner has hung up already but has left bytes behind, the newcomer waits in next
 * until these have been read, for they were on the line first; so may several, each of which has
 * hung up before the one behind it came.
 *
 * A pseudo-terminal whose slave side nobody has open reports POLLHUP for ever, which no poll() can
 * wait on. So its master is watched by an epoll descriptor, edge-triggered: that becomes readable
 * when something happens, and stays quiet otherwise.
 */
#include "eswrap-fake/host.h"
#include "eswrap-fake/pty-rate.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* More hosts than this have hardly come and gone while the module was busy. */
#define NEXT_MAX 64

struct host {
	struct loop *loop;
	char *path;    /* of the socket or the link */
	char *slave;   /* path of the slave side; NULL: a socket */
	int listen_fd; /* -1: a pseudo-terminal */
	int fd;	       /* the owner's connection, or the master side; -1: nobody */
	GQueue next;   /* the next owners' connections */
	int epoll_fd;  /* -1: a socket */
};

static struct host *host_new(struct loop *loop, const char *path)
{
	struct host *host = g_new0(struct host, 1);

	host->loop = loop;
	host->path = g_strdup(path);
	host->listen_fd = -1;
	host->fd = -1;
	g_queue_init(&host->next);
	host->epoll_fd = -1;
	return host;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Did the other side hang up? What it sent before may still be there to be read. */
static bool is_gone(int fd)
{
	struct pollfd poll_fd = { .fd = fd };

	return poll(&poll_fd, 1, 0) == 1 && poll_fd.revents & (POLLHUP | POLLERR);
}

static bool host_door(void *data)
{
	struct host *host = data;
	int fd = accept4(host->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int last = host->fd;

	if (fd < 0)
		return false;
	if (!g_queue_is_empty(&host->next))
		last = GPOINTER_TO_INT(g_queue_peek_tail(&host->next));
	if (host->fd < 0) {
		host->fd = fd;
	} else if (is_gone(last) && host->next.length < NEXT_MAX) {
		g_queue_push_tail(&host->next, GINT_TO_POINTER(fd));
	} else {
		fprintf(stderr, "eswrap-fake: %s: another host has the port, connection refused\n",
			host->path);
		close(fd);
	}
	return false;
}

/* Removes a socket that nobody listens on any more; leaves everything else alone. */
static int remove_stale_socket(const struct sockaddr_un *address)
{
	struct stat st;
	int fd, r;

	if (lstat(address->sun_path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	r = connect(fd, (const struct sockaddr *)address, sizeof(*address)) ? -errno : -EADDRINUSE;
	close(fd);
	if (r != -ECONNREFUSED)
		return r;
	return unlink(address->sun_path) ? -errno : 0;
}

static int listen_at(struct host *host)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int r;

	if (strlen(host->path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, host->path);
	r = remove_stale_socket(&address);
	if (r)
		return r;
	host->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (host->listen_fd < 0)
		return -errno;
	if (bind(host->listen_fd, (const struct sockaddr *)&address, sizeof(address)) ||
	    listen(host->listen_fd, SOMAXCONN)) {
		r = -errno;
		close_fd(&host->listen_fd);
		return r;
	}
	return 0;
}

struct host *host_listen(struct loop *loop, const char *path, GError **error)
{
	struct host *host = host_new(loop, path);
	int r = listen_at(host);

	if (r) {
		g_set_error(error, G_IO_ERROR, g_io_error_from_errno(-r), "cannot listen on %s: %s",
			    path, g_strerror(-r));
		host_free(host);
		return NULL;
	}
	loop_watch(loop, host->listen_fd, host_door, host);
	return host;
}

/* A link appears under its name in one step, whole. */
static int place_link(const char *target, const char *name)
{
	char *temporary;
	struct stat st;
	int r = 0;

	if (lstat(name, &st) == 0 && !S_ISLNK(st.st_mode))
		return -EEXIST;
	temporary = g_strdup_printf("%s.%d", name, getpid());
	if (symlink(target, temporary)) {
		r = -errno;
	} else if (rename(temporary, name)) {
		r = -errno;
		unlink(temporary);
	}
	g_free(temporary);
	return r;
}

/* POLLHUP comes when the slave side has been closed: not before it has been open once. */
static int touch_slave(const char *slave)
{
	int fd = open(slave, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int open_pty(struct host *host, unsigned int rate)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	char slave[64];
	int r;

	host->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (host->fd < 0 || grantpt(host->fd) || unlockpt(host->fd))
		return -errno;
	r = ptsname_r(host->fd, slave, sizeof(slave));
	if (r)
		return -r;
	r = pty_make_raw(host->fd, rate);
	if (r)
		return r;
	host->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (host->epoll_fd < 0 || epoll_ctl(host->epoll_fd, EPOLL_CTL_ADD, host->fd, &event))
		return -errno;
	r = touch_slave(slave);
	if (r == 0)
		r = place_link(slave, host->path);
	if (r == 0)
		host->slave = g_strdup(slave);
	return r;
}

struct host *host_pty(struct loop *loop, const char *name, unsigned int rate, GError **error)
{
	struct host *host = host_new(loop, name);
	int r = open_pty(host, rate);

	if (r) {
		g_set_error(error, G_IO_ERROR, g_io_error_from_errno(-r),
			    "cannot offer a pseudo-terminal as %s: %s", name, g_strerror(-r));
		host_free(host);
		return NULL;
	}
	return host;
}

void host_free(struct host *host)
{
	char *target;

	if (!host)
		return;
	if (host->listen_fd >= 0) {
		loop_unwatch(host->loop, host->listen_fd);
		unlink(host->path);
	}
	if (host->slave) {
		/* Only our own link: another program may have put its own there since. */
		target = g_file_read_link(host->path, NULL);
		if (g_strcmp0(target, host->slave) == 0)
			unlink(host->path);
		g_free(target);
	}
	close_fd(&host->listen_fd);
	close_fd(&host->fd);
	while (!g_queue_is_empty(&host->next))
		close(GPOINTER_TO_INT(g_queue_pop_head(&host->next)));
	close_fd(&host->epoll_fd);
	g_free(host->slave);
	g_free(host->path);
	g_free(host);
}

size_t host_read(struct host *host, uint8_t *data, size_t size, bool *wait_first)
{
	ssize_t n;

	*wait_first = true;
	if (host->fd < 0)
		return 0;
	n = read(host->fd, data, size);
	if (n > 0) {
		/* A socket that gave less than was asked for is empty; an edge has to be used up.
		 */
		*wait_first = !host->slave && (size_t)n < size;
		return n;
	}
	if (host->slave || (n < 0 && errno == EAGAIN))
		return 0;
	close_fd(&host->fd);
	if (!g_queue_is_empty(&host->next))
		host->fd = GPOINTER_TO_INT(g_queue_pop_head(&host->next));
	*wait_first = host->fd < 0;
	return 0;
}

size_t host_write(struct host *host, const uint8_t *data, size_t size)
{
	ssize_t n;

	if (host->fd < 0 || (host->slave && is_gone(host->fd)))
		return size;
	n = write(host->fd, data, size);
	if (n >= 0)
		return n;
	return errno == EAGAIN ? 0 : size;
}

/*
 * Nobody is there: who comes to the door ends the wait. The loop must not watch it meanwhile: poll()
 * looks at one entry after the other, and may see at the second what was not there at the first.
 */
static int wait_at_door(struct host *host, int64_t deadline)
{
	struct pollfd poll_fd = { .fd = host->listen_fd, .events = POLLIN };
	int r;

	loop_unwatch(host->loop, host->listen_fd);
	r = loop_wait(host->loop, &poll_fd, 1, deadline);
	loop_watch(host->loop, host->listen_fd, host_door, host);
	if (r > 0)
		host_door(host);
	return r;
}

int host_wait(struct host *host, short events, int64_t deadline)
{
	struct pollfd poll_fd = { .events = events };
	struct epoll_event event;
	int r;

	if (host->fd < 0)
		return wait_at_door(host, deadline);
	poll_fd.fd = host->slave && events == POLLIN ? host->epoll_fd : host->fd;
	r = loop_wait(host->loop, &poll_fd, 1, deadline);
	if (r > 0 && poll_fd.fd == host->epoll_fd)
		epoll_wait(host->epoll_fd, &event, 1, 0);
	return r;
}

unsigned int host_rate(const struct host *host)
{
	return host->slave ? pty_rate(host->fd) : 0;
}
