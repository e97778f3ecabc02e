// SPDX-License-Identifier: MIT
/* A few threads that close descriptors, and the queue to them. */
#include "eswrapd/closer.h"

#include <glib.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

/* asm/socket.h of Linux 6.16; the same for all architectures that have it at all. */
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif

/* While one is stuck in a close() the others go on. */
#define THREADS 4

/* Locks of the C library's kind, because ThreadSanitizer does not see through GLib's. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	GQueue descriptors; /* one more than each: a queue tells no NULL from nothing */
} waiting = { .lock = PTHREAD_MUTEX_INITIALIZER,
	      .filled = PTHREAD_COND_INITIALIZER,
	      .descriptors = G_QUEUE_INIT };

static int next_descriptor(void)
{
	int fd;

	pthread_mutex_lock(&waiting.lock);
	while (!waiting.descriptors.head)
		pthread_cond_wait(&waiting.filled, &waiting.lock);
	fd = GPOINTER_TO_INT(g_queue_pop_head(&waiting.descriptors)) - 1;
	pthread_mutex_unlock(&waiting.lock);
	return fd;
}

static gpointer close_all(gpointer data G_GNUC_UNUSED)
{
	for (;;)
		close(next_descriptor());
	return NULL;
}

static gpointer start(gpointer data G_GNUC_UNUSED)
{
	int i;

	for (i = 0; i < THREADS; i++)
		g_thread_unref(g_thread_new("closer", close_all, NULL));
	return NULL;
}

void closer_close(int fd)
{
	static GOnce once = G_ONCE_INIT;

	if (fd < 0)
		return;
	g_once(&once, start, NULL);
	pthread_mutex_lock(&waiting.lock);
	g_queue_push_tail(&waiting.descriptors, GINT_TO_POINTER(fd + 1));
	pthread_cond_signal(&waiting.filled);
	pthread_mutex_unlock(&waiting.lock);
}

void closer_refuse(int fd)
{
	const int off = 0;

	setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof(off));
}
