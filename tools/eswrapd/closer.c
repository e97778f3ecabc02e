// SPDX-License-Identifier: MIT
/* A few threads that close descriptors, and the queue to them. */
#include "eswrapd/closer.h"

#include <glib.h>
#include <unistd.h>

/* While one is stuck in a close() the others go on. */
#define THREADS 4

static gpointer close_all(gpointer data)
{
	GAsyncQueue *queue = data;

	for (;;)
		close(GPOINTER_TO_INT(g_async_queue_pop(queue)) - 1);
	return NULL;
}

static gpointer start(gpointer data G_GNUC_UNUSED)
{
	GAsyncQueue *queue = g_async_queue_new();
	int i;

	for (i = 0; i < THREADS; i++)
		g_thread_unref(g_thread_new("closer", close_all, queue));
	return queue;
}

void closer_close(int fd)
{
	static GOnce once = G_ONCE_INIT;

	/* A queue holds no NULL: descriptor 0 is 1 in it. */
	if (fd >= 0)
		g_async_queue_push(g_once(&once, start, NULL), GINT_TO_POINTER(fd + 1));
}
