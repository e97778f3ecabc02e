/* SPDX-License-Identifier: MIT */
/*
 * What systemd and a service say to each other, by environment variables and one socket: sd_notify(3),
 * sd_listen_fds(3) and sd_watchdog_enabled(3), whose protocols are promised to stay. libsystemd would
 * bring five more libraries, and a megabyte of memory, into every broker.
 */
#ifndef ESWRAPD_NOTIFY_H
#define ESWRAPD_NOTIFY_H

#include <glib.h>

/* The first descriptor that systemd passes. */
#define NOTIFY_LISTEN_START 3

/**
 * notify() - tell the service manager something, "READY=1"; without one nothing happens
 *
 * Assignments are separated by newlines.
 */
void notify(const char *format, ...) G_GNUC_PRINTF(1, 2);

/**
 * notify_listen_fds() - how many descriptors systemd has passed, from NOTIFY_LISTEN_START on
 *
 * They get FD_CLOEXEC. Return: 0 where LISTEN_PID is not this process.
 */
int notify_listen_fds(void);

/* notify_watchdog_us() - within how many microseconds WATCHDOG=1 is wanted; 0: not at all */
guint64 notify_watchdog_us(void);

#endif
