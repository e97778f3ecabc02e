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
#include "eswrap/admin.h"
#include "secret/secret.h"

/*
 * A broker that works hears a question at once, whatever the module does: behind a socket on which
 * systemd listens for a broker that does not start, nobody ever does.
 */
#define HEARD_TIMEOUT_S 5
/* Then it tells of each step, none of which takes longer than a module that has to be reset. */
#define STEP_TIMEOUT_S 180

static const char *socket_path(const struct ctl *ctl)
{
	const char *path = ctl->socket ? ctl->socket : g_getenv(ESWRAP_SOCKET_ENV);

	return path && *path ? path : ESWRAP_SOCKET_DEFAULT;
}

static int unreachable(const struct ctl *ctl, const char *why, GError **error)
{
	const char *path = socket_path(ctl);
	g_autofree char *known = service_explain(path);

	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "no broker answers on %s: %s%s", path,
		    why, known ? known : "; is eswrapd running? -s names another socket");
	return CTL_UNREACHABLE;
}

/* How long connect() (its queue may be full), send() and recv() wait. */
static void set_timeout(int fd, int seconds)
{
	const struct timeval timeout = { .tv_sec = seconds };

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
}

/* Return: a connection, or a negative errno. */
static int reach(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, code;

	if (g_strlcpy(address.sun_path, path, sizeof(address.sun_path)) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	set_timeout(fd, HEARD_TIMEOUT_S);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	code = errno;
	close(fd);
	return -code;
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
	packet = secret_new(*size);
	body = secret_new(*size);
	g_variant_store(request, body);
	memcpy(packet, &header, sizeof(header));
	memcpy(packet + sizeof(header), body, *size - sizeof(header));
	secret_free(body);
	return packet;
}

/* Return: 0 or a negative errno. */
static int send_request(int fd, const char *verb, GVariant *arguments)
{
	g_autoptr(GVariant) request = NULL;
	int result = -EMSGSIZE;
	GVariantDict dict;
	guint8 *packet;
	gsize size;

	g_variant_dict_init(&dict, arguments);
	g_variant_dict_insert(&dict, "parts", "b", TRUE);
	request = g_variant_ref_sink(g_variant_new("(s@a{sv})", verb, g_variant_dict_end(&dict)));
	packet = make_packet(request, &size);
	if (size <= ESWRAP_ADMIN_MAX)
		result = send(fd, packet, size, MSG_NOSIGNAL) < 0 ? -errno : 0;
	secret_free(packet);
	return result;
}

/* The kernel's word for whose packet this was. */
static void note_sender(struct msghdr *message, uid_t *sender)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	struct ucred who;

	if (!sender || !header || header->cmsg_level != SOL_SOCKET ||
	    header->cmsg_type != SCM_CREDENTIALS)
		return;
	memcpy(&who, CMSG_DATA(header), sizeof(who));
	*sender = who.uid;
}

/* Whoever has too many connections hears it as a program does, before he has asked anything. */
static bool is_crowded(const guint8 *packet, gsize size)
{
	struct eswrap_reply reply;

	if (size != sizeof(reply))
		return false;
	memcpy(&reply, packet, sizeof(reply));
	return reply.magic == ESWRAP_MAGIC && reply.verdict == ESWRAP_REFUSED &&
	       reply.error == ENOBUFS;
}

/* Return: what one packet holds; NULL with @result set to a negative errno, -EPROTO for nonsense. */
static GVariant *next_packet(int fd, uid_t *sender, int *result)
{
	char space[CMSG_SPACE(sizeof(struct ucred))] = { 0 };
	struct msghdr message = { .msg_control = space, .msg_controllen = sizeof(space) };
	struct iovec part = { .iov_len = ESWRAP_ADMIN_MAX };
	g_autofree guint8 *packet = g_malloc(ESWRAP_ADMIN_MAX);
	g_autoptr(GVariant) reply = NULL;
	g_autoptr(GBytes) bytes = NULL;
	ssize_t n;

	part.iov_base = packet;
	message.msg_iov = &part;
	message.msg_iovlen = 1;
	do
		n = recvmsg(fd, &message, MSG_TRUNC | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	*result = n < 0 ? -errno : -ECONNRESET;
	if (n <= 0)
		return NULL;
	*result = -EPROTO;
	if (n > ESWRAP_ADMIN_MAX)
		return NULL;
	if (is_crowded(packet, (gsize)n)) {
		*result = -ENOBUFS;
		return NULL;
	}
	note_sender(&message, sender);
	bytes = g_bytes_new(packet, (gsize)n);
	reply = g_variant_ref_sink(
		g_variant_new_from_bytes(G_VARIANT_TYPE(ADMIN_REPLY), bytes, FALSE));
	return g_variant_is_normal_form(reply) ? g_steal_pointer(&reply) : NULL;
}

/*
 * Adds a piece to those before it; they say the same of the whole. Return: false where it is none of
 * them.
 */
static bool add_part(GByteArray *whole, guint64 *size, GVariant *piece)
{
	g_autoptr(GVariant) bytes =
		g_variant_lookup_value(piece, "part", G_VARIANT_TYPE_BYTESTRING);
	guint64 said = 0;
	gsize count = 0;
	gconstpointer data = bytes ? g_variant_get_fixed_array(bytes, &count, 1) : NULL;

	if (!g_variant_lookup(piece, "size", "t", &said) || count == 0 || said > ADMIN_WHOLE_MAX ||
	    (whole->len && said != *size) || count > said - whole->len)
		return false;
	g_byte_array_append(whole, data, (guint)count);
	*size = said;
	return true;
}

/* Return: as next_packet(): one reply, put together where it comes in pieces. */
static GVariant *next_reply(int fd, uid_t *sender, int *result)
{
	g_autoptr(GByteArray) whole = g_byte_array_new();
	g_autoptr(GVariant) reply = NULL;
	g_autoptr(GBytes) bytes = NULL;
	guint64 size = 0;

	do {
		g_autoptr(GVariant) piece = next_packet(fd, sender, result);

		if (!piece || (whole->len == 0 && !g_variant_lookup(piece, "part", "@ay", NULL)))
			return g_steal_pointer(&piece);
		if (!add_part(whole, &size, piece)) {
			*result = -EPROTO;
			return NULL;
		}
	} while (whole->len < size);
	bytes = g_byte_array_free_to_bytes(g_steal_pointer(&whole));
	reply = g_variant_ref_sink(
		g_variant_new_from_bytes(G_VARIANT_TYPE(ADMIN_REPLY), bytes, FALSE));
	*result = -EPROTO;
	return g_variant_is_normal_form(reply) ? g_steal_pointer(&reply) : NULL;
}

/* Why there is no (further) reply. */
static int fail(const struct ctl *ctl, int result, bool heard, GError **error)
{
	g_autofree char *silence = NULL;

	if (result == -EAGAIN && !heard) {
		silence = g_strdup_printf("it said nothing within %d s", HEARD_TIMEOUT_S);
		return unreachable(ctl, silence, error);
	}
	/* One that systemd starts for each caller and that ends at once, for one. */
	if (!heard && (result == -ECONNRESET || result == -EPIPE))
		return unreachable(ctl, "it went away before it had answered", error);
	if (result == -EPROTO)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "the broker's answer is malformed; are eswrapctl and eswrapd of one "
			    "version?");
	else if (result == -ENOBUFS)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_BUSY,
			    "this user has as many connections to the broker as it may have; end "
			    "some programs, or raise per-user-questions");
	else if (result == -EMSGSIZE)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "the request is too long");
	else if (result == -EAGAIN)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
			    "the broker said nothing more for %d s; see `journalctl -u eswrapd`",
			    STEP_TIMEOUT_S);
	else
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_CLOSED,
			    "the broker went away before it had answered (%s)",
			    g_strerror(-result));
	return CTL_UNREACHABLE;
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

/* Up to the last reply. */
static int converse(const struct ctl *ctl, int fd, client_progress progress, gpointer user,
		    uid_t *sender, GVariant **last, GError **error)
{
	bool heard = false;
	GVariant *each;
	int result;

	while ((each = next_reply(fd, sender, &result))) {
		if (!heard)
			set_timeout(fd, STEP_TIMEOUT_S);
		heard = true;
		if (g_variant_lookup(each, "done", "b", NULL))
			break;
		if (progress)
			progress(each, user);
		g_variant_unref(each);
	}
	if (!each)
		return fail(ctl, result, heard, error);
	*last = each;
	return status_of(each, error);
}

/* With @sender, the user whose the last reply is, too. */
static int call(const struct ctl *ctl, const char *verb, GVariant *arguments,
		client_progress progress, gpointer user, uid_t *sender, GVariant **reply,
		GError **error)
{
	g_autoptr(GVariant) asked = arguments ? g_variant_ref_sink(arguments) : NULL;
	g_autoptr(GVariant) last = NULL;
	int fd = reach(socket_path(ctl)), result, status;
	const int on = 1;

	if (reply)
		*reply = NULL;
	if (fd < 0)
		return unreachable(ctl, g_strerror(-fd), error);
	/* With a socket that systemd listens on, the peer's credentials are systemd's. */
	setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	result = send_request(fd, verb, asked);
	status = result < 0 ? fail(ctl, result, false, error)
			    : converse(ctl, fd, progress, user, sender, &last, error);
	close(fd);
	if (reply)
		*reply = g_steal_pointer(&last);
	return status;
}

int client_call(const struct ctl *ctl, const char *verb, GVariant *arguments,
		client_progress progress, gpointer user, GVariant **reply, GError **error)
{
	return call(ctl, verb, arguments, progress, user, NULL, reply, error);
}

int client_call_who(const struct ctl *ctl, const char *verb, GVariant **reply, uid_t *who,
		    GError **error)
{
	*who = (uid_t)-1;
	return call(ctl, verb, NULL, NULL, NULL, who, reply, error);
}

int client_ask(const struct ctl *ctl, const char *verb, GVariant *arguments,
	       client_progress progress, gpointer user, GVariant **reply)
{
	g_autoptr(GError) error = NULL;
	int status = client_call(ctl, verb, arguments, progress, user, reply, &error);

	if (status != CTL_OK)
		ctl_error(ctl, "%s", error->message);
	return status;
}

int client_command(struct ctl *ctl, const struct ctl_usage *usage, int argc, char **argv,
		   GVariant **reply)
{
	g_autofree char *verb = g_strdelimit(g_strdup(strchr(usage->words, ' ') + 1), " ", '-');
	g_autoptr(GVariant) got = NULL;
	int status;

	*reply = NULL;
	if (!ctl_parse(ctl, usage, &argc, &argv))
		return CTL_USAGE;
	status = client_ask(ctl, verb, NULL, NULL, NULL, &got);
	if (status != CTL_OK)
		return status;
	if (ctl->json)
		ctl_print_reply(got);
	else
		*reply = g_steal_pointer(&got);
	return CTL_OK;
}
