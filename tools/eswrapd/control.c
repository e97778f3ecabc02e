// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of operation
 *
 * A client is a connection to the control socket.
 *
 *	ASKING		nothing has come yet; closed when nothing does within ASK_TIMEOUT_S
 *	WAITING		the answer is being found (a look-up, an administrative request)
 *	HOLDING		a launcher, until it closes
 *	FLUSHING	all is said, not all of it has been taken
 *
 * A client that closes while WAITING is only marked as gone where somebody still works for it: what
 * an administrator has begun to burn is not left half done because a terminal was closed.
 *
 * Descriptors. The limit is raised to the hard one. Where it is reached all the same, a reserved
 * descriptor lets one more client in, which is then told ENOBUFS because no pair of sockets can be
 * made for it: nobody is left hanging in connect().
 */
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "eswrap/wire.h"
#include "eswrapd/admin-call.h"
#include "eswrapd/broker.h"
#include "eswrapd/control.h"
#include "eswrapd/request.h"

#define ASK_TIMEOUT_S 10

enum client_state { CLIENT_ASKING, CLIENT_WAITING, CLIENT_HOLDING, CLIENT_FLUSHING };

struct client {
	struct control *control;
	enum client_state state;
	int fd; /* -1: gone */
	guint watch, timeout;
	struct ucred who;
	struct question *question; /* WAITING: what would have to be given up */
	GQueue unsent;		   /* GBytes */
};

struct control {
	struct broker *broker;
	int fd, reserve;
	guint watch, holders;
	GHashTable *clients; /* a set */
	bool short_of_descriptors;
	guint8 packet[ESWRAP_ADMIN_MAX]; /* the request that is being read */
};

static gboolean client_ready(gint fd, GIOCondition condition, gpointer user);
static gboolean control_ready(gint fd, GIOCondition condition, gpointer user);

/*
 * Watches the listening socket. GLib takes a source that may not recurse out of its poll set for
 * each dispatch, and wakes itself up twice for that: four system calls for each connect of a
 * program. The broker never runs a main loop inside another one.
 */
static void watch_listener(struct control *control)
{
	GSource *source = g_unix_fd_source_new(control->fd, G_IO_IN);

	g_source_set_can_recurse(source, TRUE);
	g_source_set_callback(source, G_SOURCE_FUNC(control_ready), control, NULL);
	control->watch = g_source_attach(source, NULL);
	g_source_unref(source);
}

static int bind_path(int fd, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strcpy(address.sun_path, path);
	return bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
}

/* Somebody's socket file is there. Return: whether anybody listens on it. */
static bool is_alive(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool alive;

	strcpy(address.sun_path, path);
	alive = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ||
		errno != ECONNREFUSED;
	close(fd);
	return alive;
}

int control_listen(const char *path, mode_t mode, GError **error)
{
	int fd = -1, result = -ENAMETOOLONG;

	if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		goto fail;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		result = -errno;
		goto fail;
	}
	result = bind_path(fd, path);
	if (result == -EADDRINUSE && !is_alive(path) && unlink(path) == 0)
		result = bind_path(fd, path);
	if (result == 0 && (chmod(path, mode) < 0 || listen(fd, SOMAXCONN) < 0))
		result = -errno;
	if (result == 0)
		return fd;
fail:
	if (fd >= 0)
		close(fd);
	g_set_error(error, G_IO_ERROR, g_io_error_from_errno(-result), "control socket %s: %s",
		    path,
		    result == -EADDRINUSE ? "another broker listens on it" : g_strerror(-result));
	return -1;
}

static void client_free(struct client *client)
{
	struct control *control = client->control;

	if (client->watch)
		g_source_remove(client->watch);
	if (client->timeout)
		g_source_remove(client->timeout);
	if (client->question)
		question_cancel(client->question);
	if (client->fd >= 0)
		close(client->fd);
	g_queue_clear_full(&client->unsent, (GDestroyNotify)g_bytes_unref);
	g_hash_table_remove(control->clients, client);
	if (control->reserve < 0)
		control->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (!control->watch)
		watch_listener(control);
	if (client->state == CLIENT_HOLDING) {
		control->holders--;
		broker_check_idle(control->broker);
	}
	g_free(client);
}

static void watch_for(struct client *client, GIOCondition condition)
{
	if (client->watch)
		g_source_remove(client->watch);
	client->watch = g_unix_fd_add(client->fd, condition, client_ready, client);
}

static void client_gone(struct client *client)
{
	if (client->state != CLIENT_WAITING || client->question) {
		client_free(client);
		return;
	}
	/* Somebody still works for it, and will call control_finish(). */
	g_clear_handle_id(&client->watch, g_source_remove);
	close(client->fd);
	client->fd = -1;
}

/* Return: false when the client has been freed or is gone. */
static bool flush(struct client *client)
{
	GBytes *packet;

	while ((packet = g_queue_peek_head(&client->unsent))) {
		gsize size;
		const void *data = g_bytes_get_data(packet, &size);

		if (send(client->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
			if (errno == EAGAIN)
				return true;
			client_gone(client);
			return false;
		}
		g_bytes_unref(g_queue_pop_head(&client->unsent));
	}
	return true;
}

void control_send(struct client *client, gconstpointer packet, gsize size)
{
	if (client->fd < 0)
		return;
	g_queue_push_tail(&client->unsent, g_bytes_new(packet, size));
	if (flush(client) && client->unsent.head)
		watch_for(client, G_IO_OUT | G_IO_HUP);
}

void control_finish(struct client *client)
{
	client->question = NULL;
	if (client->fd < 0 || !client->unsent.head) {
		client_free(client);
		return;
	}
	client->state = CLIENT_FLUSHING;
}

/* The answer to a program's question, with a descriptor where one is granted; @fd is closed. */
static void answer(struct client *client, const struct eswrap_reply *reply, int fd)
{
	char space[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { (void *)reply, sizeof(*reply) };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;

	if (fd >= 0) {
		message.msg_control = space;
		message.msg_controllen = sizeof(space);
		cmsg = CMSG_FIRSTHDR(&message);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	}
	/* The first packet on a connection always fits; who has gone needs no answer. */
	if (sendmsg(client->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		g_debug("control socket: no answer to pid %d: %s", client->who.pid,
			g_strerror(errno));
	if (fd >= 0)
		close(fd);
}

static void answered(const struct eswrap_reply *reply, gpointer user)
{
	struct client *client = user;

	client->question = NULL;
	answer(client, reply, -1);
	client_free(client);
}

static void hold(struct client *client)
{
	struct eswrap_reply reply = { .magic = ESWRAP_MAGIC, .verdict = ESWRAP_GRANTED };

	client->state = CLIENT_HOLDING;
	client->control->holders++;
	answer(client, &reply, -1);
	watch_for(client, G_IO_IN | G_IO_HUP);
}

static void ask(struct client *client, const guint8 *packet, gsize size)
{
	struct broker *broker = client->control->broker;
	struct eswrap_reply reply;
	gsize header;
	int fd = -1;

	client->state = CLIENT_WAITING;
	switch (request_handle(broker, packet, size, &client->who, &reply, &fd, answered, client,
			       &client->question)) {
	case REQUEST_ANSWERED:
		answer(client, &reply, fd);
		client_free(client);
		break;
	case REQUEST_PENDING:
		watch_for(client, G_IO_HUP);
		break;
	case REQUEST_HOLD:
		hold(client);
		break;
	case REQUEST_ADMIN:
		watch_for(client, G_IO_HUP);
		header = request_header_size(packet, size);
		admin_start(broker, client, packet + header, size - header);
		break;
	}
}

/*
 * Reads a client's request and answers it.
 * Return: false when there is none yet.
 */
static bool read_request(struct client *client)
{
	guint8 *packet = client->control->packet;
	/* MSG_TRUNC: the length as it was sent, so that a packet that was cut is known. */
	ssize_t n = recv(client->fd, packet, ESWRAP_ADMIN_MAX, MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && errno == EAGAIN)
		return false;
	g_clear_handle_id(&client->timeout, g_source_remove);
	if (n > 0)
		ask(client, packet, (gsize)n);
	else
		client_free(client);
	/* It may have held a private key. */
	if (n > 0)
		explicit_bzero(packet, MIN((gsize)n, ESWRAP_ADMIN_MAX));
	return true;
}

static gboolean client_ready(gint fd G_GNUC_UNUSED, GIOCondition condition, gpointer user)
{
	struct client *client = user;

	if (client->state == CLIENT_ASKING && (condition & G_IO_IN)) {
		read_request(client);
	} else if (condition & (G_IO_HUP | G_IO_ERR | G_IO_IN)) {
		client_gone(client);
	} else if (flush(client) && !client->unsent.head) {
		if (client->state == CLIENT_FLUSHING)
			client_free(client);
		else
			watch_for(client, G_IO_HUP);
	}
	/* Each watch is removed by its id where the state changes. */
	return G_SOURCE_CONTINUE;
}

/* A program asks right after it has connected: a moment here is shorter than another turn. */
static bool await_request(const struct client *client)
{
	static const struct timespec moment = { .tv_nsec = 100000 };
	struct pollfd request = { .fd = client->fd, .events = POLLIN };

	return ppoll(&request, 1, &moment, NULL) == 1;
}

static gboolean ask_expired(gpointer user)
{
	struct client *client = user;

	client->timeout = 0;
	client_free(client);
	return G_SOURCE_REMOVE;
}

static int accept_client(struct control *control)
{
	int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0 && (errno == EMFILE || errno == ENFILE) && control->reserve >= 0) {
		if (!control->short_of_descriptors)
			g_warning("out of file descriptors: connects are refused with ENOBUFS");
		control->short_of_descriptors = true;
		close(control->reserve);
		control->reserve = -1;
		fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	} else if (fd >= 0) {
		control->short_of_descriptors = false;
	}
	return fd;
}

static gboolean control_ready(gint listening G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED,
			      gpointer user)
{
	struct control *control = user;
	socklen_t len = sizeof(struct ucred);
	struct client *client;
	int fd = accept_client(control);

	if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
		/* The reserve is in use: client_free() watches again. */
		control->watch = 0;
		return G_SOURCE_REMOVE;
	}
	if (fd < 0)
		return G_SOURCE_CONTINUE;
	client = g_new0(struct client, 1);
	client->control = control;
	client->fd = fd;
	g_queue_init(&client->unsent);
	g_hash_table_add(control->clients, client);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &client->who, &len) < 0) {
		client_free(client);
		return G_SOURCE_CONTINUE;
	}
	if (await_request(client) && read_request(client))
		return G_SOURCE_CONTINUE;
	client->timeout = g_timeout_add_seconds(ASK_TIMEOUT_S, ask_expired, client);
	watch_for(client, G_IO_IN | G_IO_HUP);
	return G_SOURCE_CONTINUE;
}

struct control *control_new(struct broker *broker, int fd)
{
	struct control *control = g_new0(struct control, 1);

	control->broker = broker;
	control->fd = fd;
	control->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	control->clients = g_hash_table_new(NULL, NULL);
	watch_listener(control);
	return control;
}

void control_free(struct control *control)
{
	GHashTableIter iter;
	gpointer client;

	if (!control)
		return;
	for (g_hash_table_iter_init(&iter, control->clients);
	     g_hash_table_iter_next(&iter, &client, NULL);
	     g_hash_table_iter_init(&iter, control->clients))
		client_free(client);
	g_hash_table_destroy(control->clients);
	if (control->watch)
		g_source_remove(control->watch);
	close(control->fd);
	if (control->reserve >= 0)
		close(control->reserve);
	g_free(control);
}

guint control_holders(const struct control *control)
{
	return control->holders;
}

static bool is_member(const struct client *client, gid_t group)
{
	gid_t groups[1024];
	socklen_t len = sizeof(groups), i;

	if (client->who.gid == group)
		return true;
	if (getsockopt(client->fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0)
		return false;
	for (i = 0; i < len / sizeof(gid_t); i++)
		if (groups[i] == group)
			return true;
	return false;
}

bool client_may_administer(const struct client *client)
{
	gid_t group = client->control->broker->settings->admin_group;

	return client->who.uid == 0 || client->who.uid == geteuid() ||
	       (group != (gid_t)-1 && is_member(client, group));
}
