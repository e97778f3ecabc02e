// SPDX-License-Identifier: MIT
/* Opening what the settings name, and moving bytes. */
#include "port.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "gpio.h"
#include "lock.h"
#include "protocol.h"
#include "tty.h"

/* How long a serial server may take to accept, s. */
#define TCP_TIMEOUT_S 10

/* Bits that a byte takes on the line: 8N1. */
#define BITS_PER_BYTE 10

/**
 * struct port
 * @tty:	NULL for a socket
 * @gpio:	the line that resets the module, NULL: none
 * @has_reset:	there is such a line, of any kind
 * @fd:		of the tty (its own) or of the socket (ours)
 * @lock_fd:	holds the lock of a port that is a socket, -1: none
 * @pauses:	bytes may be held back for any time
 */
struct port {
	struct tty *tty;
	struct gpio *gpio;
	bool has_reset;
	int fd;
	int lock_fd;
	guint guard_us;
	bool pauses;
};

static struct port *port_new(int fd, guint guard_us)
{
	struct port *port = g_new0(struct port, 1);

	port->fd = fd;
	port->lock_fd = -1;
	port->guard_us = guard_us;
	return port;
}

static GIOErrorEnum code_of(int error)
{
	switch (error) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
	case ECONNREFUSED:
		return G_IO_ERROR_NOT_FOUND;
	case EBUSY:
	case EWOULDBLOCK:
	case EADDRINUSE:
		return G_IO_ERROR_BUSY;
	case EACCES:
	case EPERM:
		return G_IO_ERROR_PERMISSION_DENIED;
	case ENOTTY:
	case EINVAL:
	case ENOTSOCK:
	case EPROTOTYPE:
		return G_IO_ERROR_NOT_SUPPORTED;
	default:
		return G_IO_ERROR_FAILED;
	}
}

static const char *explain(GIOErrorEnum code, int error)
{
	switch (code) {
	case G_IO_ERROR_NOT_FOUND:
		return "not there";
	case G_IO_ERROR_BUSY:
		return "in use by another process";
	case G_IO_ERROR_PERMISSION_DENIED:
		return "no permission (is the user in the group dialout?)";
	case G_IO_ERROR_NOT_SUPPORTED:
		return "not a serial port";
	default:
		return g_strerror(error);
	}
}

static void set_error(GError **error, const char *device, int reason)
{
	GIOErrorEnum code = code_of(reason);

	g_set_error(error, G_IO_ERROR, code, "%s: %s", device, explain(code, reason));
}

/* A place for the lock that cannot be written must not keep anybody from the port. */
static int take_lock(const char *what)
{
	int fd = lock_take(what);

	if (fd < 0 && fd != -EBUSY)
		g_message("the port is not locked against a second driver: %s", g_strerror(-fd));
	return fd;
}

static void drop_lock(int fd)
{
	if (fd >= 0)
		close(fd);
}

static int connect_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, r;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

static struct port *open_unix(const char *device, GError **error)
{
	const char *path = device + strlen(PORT_UNIX);
	g_autofree char *what = NULL;
	struct port *port;
	struct stat st;
	int lock, fd;

	if (stat(path, &st)) {
		set_error(error, device, errno);
		return NULL;
	}
	what = g_strdup_printf("unix:%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	lock = take_lock(what);
	if (lock == -EBUSY) {
		set_error(error, device, -lock);
		return NULL;
	}
	fd = connect_unix(path);
	if (fd < 0) {
		drop_lock(lock);
		set_error(error, device, -fd);
		return NULL;
	}
	port = port_new(fd, GUARD_UNIX_US);
	port->lock_fd = lock;
	return port;
}

static struct port *open_tty(const struct eswifi_settings *settings, GError **error)
{
	struct tty *tty = NULL;
	struct port *port;
	int r = tty_open(settings, &tty);

	if (r < 0) {
		set_error(error, settings->device, -r);
		return NULL;
	}
	port = port_new(tty_fd(tty), tty_guard_us(tty));
	port->tty = tty;
	port->has_reset = settings->reset_line == ESWIFI_RESET_DTR ||
			  settings->reset_line == ESWIFI_RESET_RTS;
	return port;
}

static void open_reset(struct port *port, const struct eswifi_settings *settings)
{
	const char *why = "";

	if (settings->reset_line != ESWIFI_RESET_GPIO)
		return;
	port->gpio = gpio_open(settings->reset_gpio, &why);
	port->has_reset = port->gpio;
	if (!port->gpio)
		g_warning("the reset line %s cannot be used: %s", settings->reset_gpio, why);
}

struct port *port_open(const struct eswifi_settings *settings, GError **error)
{
	struct port *port;

	if (g_str_has_prefix(settings->device, PORT_TCP)) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK,
				    "a network port opens in its own time");
		return NULL;
	}
	if (g_str_has_prefix(settings->device, PORT_UNIX))
		port = open_unix(settings->device, error);
	else
		port = open_tty(settings, error);
	if (port)
		open_reset(port, settings);
	return port;
}

struct opening {
	const struct eswifi_settings *settings;
	GCancellable *cancellable;
	port_opened done;
	gpointer user;
	int lock;
};

static struct port *adopt(GSocketConnection *connection, int lock)
{
	GSocket *socket = g_socket_connection_get_socket(connection);
	int fd = fcntl(g_socket_get_fd(socket), F_DUPFD_CLOEXEC, 0);
	struct port *port;

	g_socket_set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
	g_socket_set_keepalive(socket, TRUE);
	port = port_from_fd(fd, GUARD_NETWORK_US);
	port->lock_fd = lock;
	port->pauses = true;
	return port;
}

static void explain_network(const struct opening *opening, GError **error)
{
	const char *device = opening->settings->device;

	if (g_error_matches(*error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED) ||
	    g_error_matches(*error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED)) {
		g_clear_error(error);
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
			    "%s: the service may not use the network; see SERIAL SERVERS in "
			    "eswrapd(8)",
			    device);
	} else {
		g_prefix_error(error, "%s: ", device);
	}
}

static void tcp_connected(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autofree struct opening *opening = data;
	g_autoptr(GCancellable) cancellable = opening->cancellable;
	g_autoptr(GSocketConnection) connection = NULL;
	g_autoptr(GError) error = NULL;
	struct port *port;

	connection =
		g_socket_client_connect_to_host_finish(G_SOCKET_CLIENT(source), result, &error);
	/* Then the settings are gone, too. */
	if (g_cancellable_is_cancelled(cancellable)) {
		drop_lock(opening->lock);
	} else if (connection) {
		port = adopt(connection, opening->lock);
		open_reset(port, opening->settings);
		opening->done(port, NULL, opening->user);
	} else {
		drop_lock(opening->lock);
		explain_network(opening, &error);
		opening->done(NULL, error, opening->user);
	}
}

void port_open_async(const struct eswifi_settings *settings, GCancellable *cancellable,
		     port_opened done, gpointer user)
{
	g_autoptr(GSocketClient) client = NULL;
	g_autoptr(GError) error = NULL;
	struct opening *opening;
	int lock = take_lock(settings->device);

	if (lock == -EBUSY) {
		set_error(&error, settings->device, -lock);
		done(NULL, error, user);
		return;
	}
	client = g_socket_client_new();
	opening = g_new0(struct opening, 1);
	opening->settings = settings;
	opening->cancellable = g_object_ref(cancellable);
	opening->done = done;
	opening->user = user;
	opening->lock = lock;
	g_socket_client_set_timeout(client, TCP_TIMEOUT_S);
	g_socket_client_set_enable_proxy(client, FALSE);
	g_socket_client_connect_to_host_async(client, settings->device + strlen(PORT_TCP), 0,
					      cancellable, tcp_connected, opening);
}

struct port *port_from_fd(int fd, guint guard_us)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return port_new(fd, guard_us);
}

void port_close(struct port *port)
{
	gpio_close(port->gpio);
	if (port->tty)
		tty_close(port->tty);
	else
		close(port->fd);
	drop_lock(port->lock_fd);
	g_free(port);
}

int port_fd(const struct port *port)
{
	return port->fd;
}

bool port_is_tty(const struct port *port)
{
	return port->tty;
}

bool port_pauses(const struct port *port)
{
	return port->pauses;
}

guint port_guard_us(const struct port *port, guint baud)
{
	guint64 characters = (guint64)GUARD_CHARACTERS * BITS_PER_BYTE * G_USEC_PER_SEC / baud;

	return port->guard_us + (guint)characters;
}

bool port_set_baud(struct port *port, guint baud)
{
	return !port->tty || tty_set_baud(port->tty, baud);
}

bool port_has_reset(const struct port *port)
{
	return port->has_reset;
}

void port_set_reset(struct port *port, bool asserted)
{
	if (port->gpio)
		gpio_reset(port->gpio, asserted);
	else if (port->tty)
		tty_set_reset(port->tty, asserted);
}

/* With libserialport's VMIN=0 a tty says 0 for "nothing" and for "gone" alike. */
static bool hung_up(const struct port *port)
{
	struct pollfd fd = { .fd = port->fd, .events = POLLIN };

	return poll(&fd, 1, 0) > 0 && (fd.revents & (POLLHUP | POLLERR | POLLNVAL));
}

gssize port_read(struct port *port, void *to, gsize size)
{
	gssize n = read(port->fd, to, size);

	if (n > 0)
		return n;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return port->tty && !hung_up(port) ? 0 : -ENODEV;
}

gssize port_write(struct port *port, const void *from, gsize size)
{
	gssize n;

	/* A socket must not raise SIGPIPE, and a tty is not a socket. */
	n = port->tty ? write(port->fd, from, size) : send(port->fd, from, size, MSG_NOSIGNAL);
	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}
