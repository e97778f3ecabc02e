/* SPDX-License-Identifier: MIT */
/*
 * The way to the module: a tty, or a stream socket. All descriptors are non-blocking.
 */
#ifndef ESWIFI_PORT_H
#define ESWIFI_PORT_H

#include <gio/gio.h>

#include "eswifi/eswifi.h"

struct port;

/* What a device setting that is not a tty begins with. */
#define PORT_UNIX "unix:"
#define PORT_TCP  "tcp:"

/**
 * port_opened - the end of an open
 * @port:	NULL with @error set when it failed; the errors are those of port_open()
 */
typedef void (*port_opened)(struct port *port, const GError *error, gpointer user);

/**
 * port_open() - open the port that the settings name, and lock it against others
 * @settings:	device, baud, rtscts, reset_line
 * @error:	G_IO_ERROR_NOT_FOUND: not there (yet); G_IO_ERROR_BUSY: in use by another process;
 *		G_IO_ERROR_PERMISSION_DENIED; G_IO_ERROR_NOT_SUPPORTED: not a serial port; other
 *		codes of G_IO_ERROR
 *
 * For "tcp:" this fails with G_IO_ERROR_WOULD_BLOCK: use port_open_async().
 *
 * Return: the port, to be closed with port_close(), or NULL with @error set.
 */
struct port *port_open(const struct eswifi_settings *settings, GError **error);

/**
 * port_open_async() - port_open() for "tcp:"
 * @settings:	must stay until @done is called or @cancellable is cancelled
 * @cancellable: when it is cancelled, @done is not called any more
 */
void port_open_async(const struct eswifi_settings *settings, GCancellable *cancellable,
		     port_opened done, gpointer user);

/* port_from_fd() - a port on a connected stream socket; takes @fd, which becomes non-blocking */
struct port *port_from_fd(int fd, guint guard_us);

void port_close(struct port *port);

int port_fd(const struct port *port);

/* port_is_tty() - does port_set_baud() do anything? */
bool port_is_tty(const struct port *port);

/* port_guard_us() - silence that ends a short read at @baud, microseconds */
guint port_guard_us(const struct port *port, guint baud);

/* port_pauses() - may bytes be held back for any time, as a network does that lost some? */
bool port_pauses(const struct port *port);

/* port_set_baud() - change our end's rate; false where the port cannot do it */
bool port_set_baud(struct port *port, guint baud);

/* port_has_reset() - is there a line that resets the module? */
bool port_has_reset(const struct port *port);

/* port_set_reset() - assert or release it */
void port_set_reset(struct port *port, bool asserted);

/* port_read() - Return: bytes read, 0 when there is nothing, or a negative errno: the port is gone
 */
gssize port_read(struct port *port, void *to, gsize size);

/* port_write() - Return: bytes taken, 0 when there is no room, or a negative errno */
gssize port_write(struct port *port, const void *from, gsize size);

#endif
