/* SPDX-License-Identifier: MIT */
/*
 * Edge-triggered epoll as one source of GLib's main loop.
 *
 * A flow's readiness rarely changes the way poll() sees it: its queue always holds the anchor byte,
 * so a level-triggered watch would never rest. What matters is that something has changed.
 */
#ifndef ESWRAP_LOOP_POLLER_H
#define ESWRAP_LOOP_POLLER_H

#include <glib.h>
#include <stdint.h>

struct poller;
struct poller_watch;

/* @events are EPOLLIN and kin; the watch may be removed, and its fd closed, from within. */
typedef void (*poller_callback)(uint32_t events, gpointer user);

/* poller_new() - Return: the poller, attached to the default main context; NULL, and errno */
struct poller *poller_new(void);
void poller_free(struct poller *poller);

/**
 * poller_add() - watch a descriptor; EPOLLET is added to @events
 *
 * Return: the watch, to be removed before its descriptor is closed; NULL, and errno.
 */
struct poller_watch *poller_add(struct poller *poller, int fd, uint32_t events,
				poller_callback callback, gpointer user);

/* poller_change() - what is ready already is reported anew */
void poller_change(struct poller_watch *watch, uint32_t events);
void poller_remove(struct poller_watch *watch);

#endif
