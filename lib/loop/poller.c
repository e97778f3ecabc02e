// SPDX-License-Identifier: MIT
/* Edge-triggered epoll as one source of GLib's main loop. */
#include <errno.h>
#include <glib-unix.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "loop/poller.h"

#define BATCH 64 /* events taken from the kernel at once */

struct poller {
	int fd;
	guint source;
	bool dispatching;
	GPtrArray *removed; /* watches that the batch under way may still name */
};

struct poller_watch {
	struct poller *poller;
	int fd;
	poller_callback callback; /* NULL once removed */
	gpointer user;
};

static gboolean dispatch(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user)
{
	struct poller *poller = user;
	struct epoll_event events[BATCH];
	int i, n;

	n = epoll_wait(fd, events, BATCH, 0);
	poller->dispatching = true;
	for (i = 0; i < n; i++) {
		struct poller_watch *watch = events[i].data.ptr;

		if (watch->callback)
			watch->callback(events[i].events, watch->user);
	}
	poller->dispatching = false;
	g_ptr_array_set_size(poller->removed, 0);
	return G_SOURCE_CONTINUE;
}

struct poller *poller_new(void)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);
	struct poller *poller;

	if (fd < 0)
		return NULL;
	poller = g_new0(struct poller, 1);
	poller->fd = fd;
	poller->removed = g_ptr_array_new_with_free_func(g_free);
	poller->source = g_unix_fd_add(fd, G_IO_IN, dispatch, poller);
	/* It runs no main loop; without this GLib takes the descriptor out of each poll meanwhile.
	 */
	g_source_set_can_recurse(g_main_context_find_source_by_id(NULL, poller->source), TRUE);
	return poller;
}

void poller_free(struct poller *poller)
{
	if (!poller)
		return;
	g_source_remove(poller->source);
	close(poller->fd);
	g_ptr_array_free(poller->removed, TRUE);
	g_free(poller);
}

struct poller_watch *poller_add(struct poller *poller, int fd, uint32_t events,
				poller_callback callback, gpointer user)
{
	struct poller_watch *watch = g_new0(struct poller_watch, 1);
	struct epoll_event event = { .events = events | EPOLLET, .data.ptr = watch };

	watch->poller = poller;
	watch->fd = fd;
	watch->callback = callback;
	watch->user = user;
	if (epoll_ctl(poller->fd, EPOLL_CTL_ADD, fd, &event) == 0)
		return watch;
	g_free(watch);
	return NULL;
}

void poller_change(struct poller_watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events | EPOLLET, .data.ptr = watch };

	if (epoll_ctl(watch->poller->fd, EPOLL_CTL_MOD, watch->fd, &event) < 0)
		g_error("epoll_ctl: %s", g_strerror(errno));
}

void poller_remove(struct poller_watch *watch)
{
	struct poller *poller = watch->poller;

	epoll_ctl(poller->fd, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->callback = NULL;
	if (poller->dispatching)
		g_ptr_array_add(poller->removed, watch);
	else
		g_free(watch);
}
