// SPDX-License-Identifier: MIT
/* The control socket, from eswrapctl's side; eswrapd/admin.h says what is spoken on it. */
#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "eswrap/wire.h"
#include "eswrapctl/ctl.h"
#include "eswrapd/admin.h"

static const char *socket_path(const struct ctl *ctl)
{
	const char *path = ctl->socket ? ctl->socket : g_getenv(ESWRAP_SOCKET_ENV);

	return path && *path ? path : ESWRAP_SOCKET_DEFAULT;
}

static int reach(const struct ctl *ctl, GError **error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = socket_path(ctl);
	int fd = -1, code = ENAMETOOLONG;

	if (g_strlcpy(address.sun_path, path, sizeof(address.sun_path)) >= sizeof(address.sun_path))
		goto fail;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	code = errno;
fail:
	g_set_error(error, G_IO_ERROR, (int)g_io_error_from_errno(code),
		    "no broker answers on %s: %s; is eswrapd running? -s names another socket",
		    path, g_strerror(code));
	if (fd >= 0)
		close(fd);
	return -1;
}

/*
 * The whole packet in one buffer that can be wiped. GVariant writes straight into it, as long as
 * nothing has had @request serialised before.
 */
static guint8 *make_packet(GVariant *request, gsize *size)
{
	struct eswrap_request header = { .magic = ESWRAP_MAGIC, .type = ESWRAP_ADMIN };
	guint8 *packet, *body;

	*size = sizeof(header) + g_variant_get_size(request);
	/* g_variant_store() needs its target aligned, which the header's size need not leave it. */
	packet = g_malloc(*size);
	body = g_malloc(*size);
	g_variant_store(request, body);
	memcpy(packet, &header, sizeof(header));
	memcpy(packet + sizeof(header), body, *size - sizeof(header));
	explicit_bzero(body, *size);
	g_free(body);
	return packet;
}

static bool ask(int fd, const char *verb, GVariant *arguments, GError **error)
{
	GVariant *request;
	guint8 *packet;
	ssize_t n;
	gsize size;

	if (!arguments)
		arguments = g_variant_new_array(G_VARIANT_TYPE("{sv}"), NULL, 0);
	request = g_variant_ref_sink(g_variant_new("(s@a{sv})", verb, arguments));
	packet = make_packet(request, &size);
	g_variant_unref(request);
	n = size <= ESWRAP_ADMIN_MAX ? send(fd, packet, size, MSG_NOSIGNAL) : -1;
	if (n < 0)
		g_set_error(error, G_IO_ERROR, (int)g_io_error_from_errno(errno),
			    "the broker did not take the request: %s",
			    size <= ESWRAP_ADMIN_MAX ? g_strerror(errno) : "it is too long");
	explicit_bzero(packet, size);
	g_free(packet);
	return n >= 0;
}

/* Return: one reply, or NULL with @error set. */
static GVariant *next_reply(int fd, GError **error)
{
	guint8 *packet = g_malloc(ESWRAP_ADMIN_MAX);
	GVariant *reply = NULL;
	ssize_t n;

	do
		n = recv(fd, packet, ESWRAP_ADMIN_MAX, MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	if (n <= 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_CLOSED,
			    "the broker went away before it had answered%s%s", n < 0 ? ": " : "",
			    n < 0 ? g_strerror(errno) : "");
	} else if (n <= ESWRAP_ADMIN_MAX) {
		GBytes *bytes = g_bytes_new(packet, (gsize)n);

		reply = g_variant_ref_sink(
			g_variant_new_from_bytes(G_VARIANT_TYPE(ADMIN_REPLY), bytes, FALSE));
		g_bytes_unref(bytes);
	}
	if (n > 0 && (!reply || !g_variant_is_normal_form(reply))) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "the broker's answer makes no sense; are eswrapctl and eswrapd of one "
			    "version?");
		g_clear_pointer(&reply, g_variant_unref);
	}
	g_free(packet);
	return reply;
}

static int status_of(GVariant *reply, GError **error)
{
	const char *text;
	gint32 status = CTL_FAILED;

	if (!g_variant_lookup(reply, "error", "&s", &text))
		return CTL_OK;
	g_variant_lookup(reply, "status", "i", &status);
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s", text);
	return status > 0 && status < 126 ? status : CTL_FAILED;
}

int client_call(const struct ctl *ctl, const char *verb, GVariant *arguments,
		client_progress progress, gpointer user, GVariant **reply, GError **error)
{
	int status = CTL_UNREACHABLE;
	GVariant *each;
	int fd;

	if (arguments)
		g_variant_ref_sink(arguments);
	if (reply)
		*reply = NULL;
	fd = reach(ctl, error);
	if (fd < 0 || !ask(fd, verb, arguments, error))
		goto out;
	while ((each = next_reply(fd, error))) {
		if (g_variant_lookup(each, "done", "b", NULL))
			break;
		if (progress)
			progress(each, user);
		g_variant_unref(each);
	}
	if (each) {
		status = status_of(each, error);
		if (reply)
			*reply = g_variant_ref(each);
		g_variant_unref(each);
	}
out:
	if (fd >= 0)
		close(fd);
	if (arguments)
		g_variant_unref(arguments);
	return status;
}
