// SPDX-License-Identifier: MIT
#include "port.h"

#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocol.h"

#define PREFIX_UNIX "unix:"
#define PREFIX_TCP  "tcp:"

/* How long a serial server may take to accept, s. */
#define TCP_TIMEOUT_S 10

/* Longer chains of links are taken for a loop. */
#define LINKS_MAX 16

/* Bits that a byte takes on the line: 8N1. */
#define BITS_PER_BYTE 10

/**
 * struct port
 * @serial:	the tty; NULL for a socket
 * @fd:		of the tty (libserialport's) or of the socket (ours)
 * @lock_fd:	holds the lock of a port that is a socket, -1: none
 */
struct port {
	struct sp_port *serial;
	int fd;
	int lock_fd;
	guint guard_us;
	enum eswifi_reset_line reset_line;
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

bool port_check_device(const char *device, GError **error)
{
	const char *colon;
	struct sockaddr_un address;

	if (g_str_has_prefix(device, PREFIX_UNIX)) {
		device += strlen(PREFIX_UNIX);
		if (*device && strlen(device) < sizeof(address.sun_path))
			return true;
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "device: unix:PATH needs a path of 1 to %zu characters",
			    sizeof(address.sun_path) - 1);
		return false;
	}
	if (g_str_has_prefix(device, PREFIX_TCP)) {
		device += strlen(PREFIX_TCP);
		colon = strrchr(device, ':');
		if (colon && colon != device &&
		    g_ascii_string_to_unsigned(colon + 1, 10, 1, G_MAXUINT16, NULL, NULL))
			return true;
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
				    "device: tcp:HOST:PORT needs a host and a port 1 to 65535");
		return false;
	}
	if (*device == '/')
		return true;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
		    "device: \"%s\" is not an absolute path, unix:PATH or tcp:HOST:PORT", device);
	return false;
}

/*
 * A socket cannot be locked like a tty, so an abstract name stands for the lock: the kernel gives
 * it to one process and takes it back when that ends.
 */
static int lock_socket(const char *what)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char *name = g_compute_checksum_for_string(G_CHECKSUM_SHA256, what, -1);
	int length =
		snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "eswifi/%s", name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r = fd < 0 ? -errno : fd;

	g_free(name);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&address,
			    offsetof(struct sockaddr_un, sun_path) + 1 + length)) {
		r = -errno;
		close(fd);
	}
	return r;
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
	const char *path = device + strlen(PREFIX_UNIX);
	struct port *port;
	struct stat st;
	char *what;
	int lock, fd;

	if (stat(path, &st)) {
		set_error(error, device, errno);
		return NULL;
	}
	what = g_strdup_printf("unix:%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	lock = lock_socket(what);
	g_free(what);
	if (lock < 0) {
		set_error(error, device, -lock);
		return NULL;
	}
	fd = connect_unix(path);
	if (fd < 0) {
		close(lock);
		set_error(error, device, -fd);
		return NULL;
	}
	port = port_new(fd, GUARD_UNIX_US);
	port->lock_fd = lock;
	return port;
}

static bool configure_tty(struct sp_port *serial, const struct eswifi_settings *settings)
{
	struct sp_port_config *config;
	bool ok;

	if (sp_new_config(&config) != SP_OK)
		return false;
	ok = sp_get_config(serial, config) == SP_OK &&
	     sp_set_config_baudrate(config, settings->baud) == SP_OK &&
	     sp_set_config_bits(config, 8) == SP_OK &&
	     sp_set_config_parity(config, SP_PARITY_NONE) == SP_OK &&
	     sp_set_config_stopbits(config, 1) == SP_OK &&
	     sp_set_config_flowcontrol(config, settings->rtscts ? SP_FLOWCONTROL_RTSCTS
								: SP_FLOWCONTROL_NONE) == SP_OK;
	if (ok && settings->reset_line == ESWIFI_RESET_DTR)
		ok = sp_set_config_dtr(config, SP_DTR_OFF) == SP_OK;
	if (ok && settings->reset_line == ESWIFI_RESET_RTS)
		ok = sp_set_config_rts(config, SP_RTS_OFF) == SP_OK;
	ok = ok && sp_set_config(serial, config) == SP_OK;
	sp_free_config(config);
	return ok;
}

/* libserialport sets TIOCEXCL, which does not stop root: flock() does. */
static int open_serial(struct sp_port *serial, const struct eswifi_settings *settings, int *fd)
{
	int r;

	errno = 0;
	if (sp_open(serial, SP_MODE_READ_WRITE) != SP_OK)
		return errno ? errno : ENOTTY;
	r = EIO;
	if (sp_get_port_handle(serial, fd) != SP_OK)
		goto out_close;
	if (flock(*fd, LOCK_EX | LOCK_NB)) {
		r = errno;
		goto out_close;
	}
	errno = 0;
	if (!configure_tty(serial, settings)) {
		r = errno ? errno : EINVAL;
		goto out_close;
	}
	sp_flush(serial, SP_BUF_BOTH);
	return 0;
out_close:
	sp_close(serial);
	return r;
}

static bool kernel_lists(const char *path)
{
	char *name = g_path_get_basename(path);
	char *entry = g_build_filename("/sys/class/tty", name, NULL);
	bool listed = access(entry, F_OK) == 0;

	g_free(entry);
	g_free(name);
	return listed;
}

/*
 * libserialport 0.1.1 does not follow udev's links, which name the same adapter on any port. So
 * they are followed here, until the name is one that the kernel lists. Return: a negative errno, or
 * 0 with @to set, to be freed.
 */
static int follow_links(const char *device, char **to)
{
	char *path = g_strdup(device);
	char target[PATH_MAX], *folder;
	gssize length;
	guint links;

	for (links = 0; links < LINKS_MAX && !kernel_lists(path); links++) {
		length = readlink(path, target, sizeof(target) - 1);
		if (length < 0 && errno == EINVAL)
			break;
		if (length < 0) {
			length = -errno;
			g_free(path);
			return (int)length;
		}
		target[length] = '\0';
		folder = g_path_get_dirname(path);
		g_free(path);
		path = g_canonicalize_filename(target, folder);
		g_free(folder);
	}
	*to = path;
	return 0;
}

static struct port *open_tty(const struct eswifi_settings *settings, GError **error)
{
	struct sp_port *serial = NULL;
	char *path = NULL;
	struct port *port;
	int fd = -1, r;

	r = follow_links(settings->device, &path);
	if (r == 0 && access(path, F_OK))
		r = -errno;
	else if (r == 0 && sp_get_port_by_name(path, &serial) != SP_OK)
		r = -ENOTTY;
	g_free(path);
	if (r) {
		set_error(error, settings->device, -r);
		return NULL;
	}
	r = open_serial(serial, settings, &fd);
	if (r) {
		sp_free_port(serial);
		set_error(error, settings->device, r);
		return NULL;
	}
	port = port_new(fd, sp_get_port_transport(serial) == SP_TRANSPORT_USB ? GUARD_USB_US
									      : GUARD_NATIVE_US);
	port->serial = serial;
	port->reset_line = settings->reset_line;
	return port;
}

struct port *port_open(const struct eswifi_settings *settings, GError **error)
{
	if (g_str_has_prefix(settings->device, PREFIX_UNIX))
		return open_unix(settings->device, error);
	if (g_str_has_prefix(settings->device, PREFIX_TCP)) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK,
				    "a network port opens in its own time");
		return NULL;
	}
	return open_tty(settings, error);
}

struct opening {
	char *device;
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
	return port;
}

static void tcp_connected(GObject *source, GAsyncResult *result, gpointer data)
{
	struct opening *opening = data;
	GError *error = NULL;
	GSocketConnection *connection =
		g_socket_client_connect_to_host_finish(G_SOCKET_CLIENT(source), result, &error);

	if (g_cancellable_is_cancelled(opening->cancellable)) {
		close(opening->lock);
	} else if (connection) {
		opening->done(adopt(connection, opening->lock), NULL, opening->user);
	} else {
		close(opening->lock);
		g_prefix_error(&error, "%s: ", opening->device);
		opening->done(NULL, error, opening->user);
	}
	g_clear_object(&connection);
	g_clear_error(&error);
	g_clear_object(&opening->cancellable);
	g_free(opening->device);
	g_free(opening);
}

void port_open_async(const struct eswifi_settings *settings, GCancellable *cancellable,
		     port_opened done, gpointer user)
{
	GSocketClient *client = g_socket_client_new();
	struct opening *opening;
	GError *error = NULL;
	int lock = lock_socket(settings->device);

	if (lock < 0) {
		set_error(&error, settings->device, -lock);
		done(NULL, error, user);
		g_error_free(error);
		g_object_unref(client);
		return;
	}
	opening = g_new0(struct opening, 1);
	opening->device = g_strdup(settings->device);
	opening->cancellable = g_object_ref(cancellable);
	opening->done = done;
	opening->user = user;
	opening->lock = lock;
	g_socket_client_set_timeout(client, TCP_TIMEOUT_S);
	g_socket_client_set_enable_proxy(client, FALSE);
	g_socket_client_connect_to_host_async(client, settings->device + strlen(PREFIX_TCP), 0,
					      cancellable, tcp_connected, opening);
	g_object_unref(client);
}

struct port *port_from_fd(int fd, guint guard_us)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return port_new(fd, guard_us);
}

void port_close(struct port *port)
{
	if (port->serial) {
		sp_close(port->serial);
		sp_free_port(port->serial);
	} else {
		close(port->fd);
	}
	if (port->lock_fd >= 0)
		close(port->lock_fd);
	g_free(port);
}

int port_fd(const struct port *port)
{
	return port->fd;
}

bool port_is_tty(const struct port *port)
{
	return port->serial;
}

guint port_guard_us(const struct port *port, guint baud)
{
	guint64 characters = (guint64)GUARD_CHARACTERS * BITS_PER_BYTE * G_USEC_PER_SEC / baud;

	return port->guard_us + (guint)characters;
}

bool port_set_baud(struct port *port, guint baud)
{
	return !port->serial || sp_set_baudrate(port->serial, baud) == SP_OK;
}

void port_set_reset(struct port *port, bool asserted)
{
	if (!port->serial)
		return;
	if (port->reset_line == ESWIFI_RESET_DTR)
		sp_set_dtr(port->serial, asserted ? SP_DTR_ON : SP_DTR_OFF);
	else if (port->reset_line == ESWIFI_RESET_RTS)
		sp_set_rts(port->serial, asserted ? SP_RTS_ON : SP_RTS_OFF);
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
	return port->serial && !hung_up(port) ? 0 : -ENODEV;
}

gssize port_write(struct port *port, const void *from, gsize size)
{
	gssize n;

	/* A socket must not raise SIGPIPE, and a tty is not a socket. */
	n = port->serial ? write(port->fd, from, size) : send(port->fd, from, size, MSG_NOSIGNAL);
	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}
