// SPDX-License-Identifier: MIT
/* The connections of the control socket. The theory of operation is in control.h. */
#include "eswrapd/control.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "eswrap/wire.h"
#include "eswrapd/account.h"
#include "eswrapd/closer.h"
#include "secret/secret.h"

#define ASK_TIMEOUT_S 10

/* How long the listeners rest when there are no descriptors. */
#define REST_MS 10

/* Whoever has more clients than this that say nothing is not waited for. */
#define SILENT_MAX 4

/*
 * Bytes of answers that one user has asked for and does not read, of all his clients: many times the
 * largest that there is while everybody keeps to his limits.
 */
#define UNREAD_MAX (16 * 1024 * 1024)

/* As many as one packet can carry: SCM_MAX_FD of the kernel (unix(7)). */
#define DESCRIPTORS_MAX 253

enum client_state { CLIENT_ASKING, CLIENT_ASKED, CLIENT_WAITING, CLIENT_HOLDING, CLIENT_FLUSHING };

/**
 * struct client - one connection
 * @fd:		-1: it has closed, and somebody still works for it
 * @descriptor:	came with the question; -1: none, or taken
 * @gone, @user:	WAITING, HOLDING: whom to tell when it closes
 * @unsent:	GBytes
 */
struct client {
	struct control *control;
	enum client_state state;
	int fd, descriptor;
	guint watch, timeout;
	struct ucred who;
	bool counted; /* among those that its user may have */
	client_gone gone;
	gpointer user;
	GQueue unsent;
	gsize unsent_bytes;
};

struct control {
	struct accounts *accounts;
	const struct control_ops *ops;
	gpointer user;
	int fd, reserve;
	int door; /* the other way in, see control_open_door(); -1: none */
	bool for_all;
	guint watch, door_watch;
	guint rest;	     /* until the listeners are watched again */
	GHashTable *clients; /* a set */
	bool short_of_descriptors;
	guint8 *packet; /* the request that is being read, ESWRAP_ADMIN_MAX: memory for secrets */
};

static gboolean client_ready(gint fd, GIOCondition condition, gpointer user);
static gboolean control_ready(gint fd, GIOCondition condition, gpointer user);
static gboolean door_ready(gint fd, GIOCondition condition, gpointer user);

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

/* The socket has its mode from the first moment on: there is none in which others could change it. */
static int bind_path(int fd, const char *path, mode_t mode)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask = umask(~mode & 0777);
	int result;

	strcpy(address.sun_path, path);
	result = bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
	umask(mask);
	return result;
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
	result = bind_path(fd, path, mode);
	if (result == -EADDRINUSE && !is_alive(path) && unlink(path) == 0)
		result = bind_path(fd, path, mode);
	if (result == 0 && listen(fd, SOMAXCONN) < 0)
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

static void uncount(struct client *client)
{
	if (client->counted)
		account_give(client->control->accounts, client->who.uid, LIMIT_QUESTIONS);
	client->counted = false;
}

static void hold_reserve(struct control *control)
{
	if (control->reserve < 0)
		control->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void drop_unsent(struct client *client)
{
	g_queue_clear_full(&client->unsent, (GDestroyNotify)g_bytes_unref);
	client->unsent_bytes = 0;
}

static void client_free(struct client *client)
{
	struct control *control = client->control;

	g_clear_handle_id(&client->watch, g_source_remove);
	g_clear_handle_id(&client->timeout, g_source_remove);
	uncount(client);
	closer_close(client->fd);
	closer_close(client->descriptor);
	drop_unsent(client);
	g_hash_table_remove(control->clients, client);
	hold_reserve(control);
	g_free(client);
}

static void watch_for(struct client *client, GIOCondition condition)
{
	g_clear_handle_id(&client->watch, g_source_remove);
	client->watch = g_unix_fd_add(client->fd, condition, client_ready, client);
}

static void hung_up(struct client *client)
{
	client_gone gone = client->gone;
	gpointer user = client->user;

	if (client->state == CLIENT_WAITING && !gone) {
		g_clear_handle_id(&client->watch, g_source_remove);
		closer_close(client->fd);
		client->fd = -1;
		drop_unsent(client);
		return;
	}
	client_free(client);
	if (gone)
		gone(user);
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
			hung_up(client);
			return false;
		}
		client->unsent_bytes -= size;
		g_bytes_unref(g_queue_pop_head(&client->unsent));
	}
	return true;
}

/* Does somebody let answers pile up? Administrators as well: it is the broker's memory. */
static bool has_too_much_unread(const struct client *client)
{
	const struct client *other;
	GHashTableIter iter;
	gpointer item;
	gsize bytes = 0;

	g_hash_table_iter_init(&iter, client->control->clients);
	while (g_hash_table_iter_next(&iter, &item, NULL)) {
		other = item;
		if (other->who.uid == client->who.uid)
			bytes += other->unsent_bytes;
	}
	return bytes > UNREAD_MAX;
}

void client_send(struct client *client, gconstpointer packet, gsize size)
{
	if (client->fd < 0)
		return;
	g_queue_push_tail(&client->unsent, g_bytes_new(packet, size));
	client->unsent_bytes += size;
	if (!flush(client) || !client->unsent.head)
		return;
	if (has_too_much_unread(client)) {
		g_warning("control socket: pid %d of user %u does not read its answers",
			  client->who.pid, (guint)client->who.uid);
		hung_up(client);
	} else {
		watch_for(client, G_IO_OUT | G_IO_HUP);
	}
}

int client_backlog(const struct client *client)
{
	return client->fd < 0 ? -1 : (int)client->unsent.length;
}

void client_finish(struct client *client)
{
	if (client->fd < 0 || !client->unsent.head)
		client_free(client);
	else
		client->state = CLIENT_FLUSHING;
}

static void send_with(struct client *client, gconstpointer packet, gsize size, int fd)
{
	char space[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { (void *)packet, size };
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
}

void client_answer(struct client *client, gconstpointer packet, gsize size, int fd)
{
	send_with(client, packet, size, fd);
	if (fd >= 0)
		close(fd);
	client_free(client);
}

void client_wait(struct client *client, client_gone gone, gpointer user)
{
	client->state = CLIENT_WAITING;
	client->gone = gone;
	client->user = user;
	watch_for(client, G_IO_HUP);
}

void client_hold(struct client *client, gconstpointer packet, gsize size, client_gone gone,
		 gpointer user)
{
	client->state = CLIENT_HOLDING;
	uncount(client);
	client->gone = gone;
	client->user = user;
	send_with(client, packet, size, -1);
	watch_for(client, G_IO_IN | G_IO_HUP);
}

const struct ucred *client_who(const struct client *client)
{
	return &client->who;
}

int client_take_descriptor(struct client *client)
{
	int fd = client->descriptor;

	client->descriptor = -1;
	return fd;
}

/* The first descriptor that came along is kept, the others nobody wants. */
static void keep_descriptor(struct client *client, struct msghdr *message)
{
	struct cmsghdr *cmsg;
	gsize i, count;
	int fd;

	for (cmsg = CMSG_FIRSTHDR(message); cmsg; cmsg = CMSG_NXTHDR(message, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < count; i++) {
			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(fd));
			if (client->descriptor < 0)
				client->descriptor = fd;
			else
				closer_close(fd);
		}
	}
}

/* Return: as recv() with MSG_TRUNC: the length as it was sent, so that a cut packet is known. */
static ssize_t receive(struct client *client)
{
	_Alignas(struct cmsghdr) char space[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))];
	struct iovec iov = { client->control->packet, ESWRAP_ADMIN_MAX };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = space,
				  .msg_controllen = sizeof(space) };
	ssize_t n = recvmsg(client->fd, &message, MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_CLOEXEC);

	if (n >= 0)
		keep_descriptor(client, &message);
	return n;
}

/*
 * Reads a client's question and has it answered.
 * Return: false when there is none yet.
 */
static bool read_question(struct client *client)
{
	struct control *control = client->control;
	ssize_t n = receive(client);

	if (n < 0 && errno == EAGAIN)
		return false;
	g_clear_handle_id(&client->timeout, g_source_remove);
	if (n <= 0) {
		client_free(client);
		return true;
	}
	client->state = CLIENT_ASKED;
	control->ops->asked(client, control->packet, (gsize)n, control->user);
	/* It may have held a private key. */
	explicit_bzero(control->packet, MIN((gsize)n, ESWRAP_ADMIN_MAX));
	return true;
}

static gboolean client_ready(gint fd G_GNUC_UNUSED, GIOCondition condition, gpointer user)
{
	struct client *client = user;

	if (client->state == CLIENT_ASKING && (condition & G_IO_IN)) {
		read_question(client);
	} else if (condition & (G_IO_HUP | G_IO_ERR | G_IO_IN)) {
		hung_up(client);
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
static bool await_question(const struct client *client)
{
	static const struct timespec moment = { .tv_nsec = 100000 };
	struct pollfd question = { .fd = client->fd, .events = POLLIN };

	if (account_count(client->control->accounts, client->who.uid, LIMIT_QUESTIONS) > SILENT_MAX)
		return true;
	return ppoll(&question, 1, &moment, NULL) == 1;
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

static void watch_listeners(struct control *control)
{
	if (!control->watch)
		watch_listener(control);
	if (!control->door_watch && control->door >= 0)
		control->door_watch = g_unix_fd_add(control->door, G_IO_IN, door_ready, control);
}

static gboolean rest_over(gpointer user)
{
	struct control *control = user;

	control->rest = 0;
	hold_reserve(control);
	watch_listeners(control);
	return G_SOURCE_REMOVE;
}

/*
 * Out of descriptors, the reserve too: a listener that is watched would be ready, and fail, all the
 * time. Nobody tells when one comes free: other threads close ours, and other processes fill the
 * system's table. So it is tried again after a while.
 */
static gboolean rest(struct control *control, guint *watch)
{
	*watch = 0;
	if (!control->rest)
		control->rest = g_timeout_add(REST_MS, rest_over, control);
	return G_SOURCE_REMOVE;
}

/* @for_all: else only for our own user, and root */
static void begin_client(struct control *control, int fd, bool for_all)
{
	struct client *client = g_new0(struct client, 1);
	socklen_t len = sizeof(struct ucred);

	client->control = control;
	client->fd = fd;
	client->descriptor = -1;
	g_queue_init(&client->unsent);
	g_hash_table_add(control->clients, client);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &client->who, &len) < 0 ||
	    !(for_all || client->who.uid == 0 || client->who.uid == geteuid())) {
		client_free(client);
		return;
	}
	client->counted = account_take(control->accounts, client->who.uid, LIMIT_QUESTIONS);
	if (!client->counted) {
		control->ops->crowded(client, control->user);
		return;
	}
	if (await_question(client) && read_question(client))
		return;
	client->timeout = g_timeout_add_seconds(ASK_TIMEOUT_S, ask_expired, client);
	watch_for(client, G_IO_IN | G_IO_HUP);
}

static gboolean control_ready(gint listening G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED,
			      gpointer user)
{
	struct control *control = user;
	int fd = accept_client(control);

	if (fd < 0 && (errno == EMFILE || errno == ENFILE))
		return rest(control, &control->watch);
	if (fd >= 0)
		begin_client(control, fd, true);
	return G_SOURCE_CONTINUE;
}

static gboolean door_ready(gint door, GIOCondition condition G_GNUC_UNUSED, gpointer user)
{
	struct control *control = user;
	int fd = accept4(door, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0 && (errno == EMFILE || errno == ENFILE))
		return rest(control, &control->door_watch);
	if (fd >= 0)
		begin_client(control, fd, control->for_all);
	return G_SOURCE_CONTINUE;
}

/* May others than its user connect to the control socket? */
static bool is_for_all(int listening)
{
	struct sockaddr_un address;
	socklen_t len = sizeof(address);
	struct stat status;

	return getsockname(listening, (struct sockaddr *)&address, &len) == 0 &&
	       address.sun_path[0] && stat(address.sun_path, &status) == 0 &&
	       (status.st_mode & S_IWOTH);
}

void control_open_door(struct control *control, char name[ESWRAP_DOOR_MAX])
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	guint64 word;
	gsize len;

	name[0] = '\0';
	if (getrandom(&word, sizeof(word), 0) < 0)
		return;
	g_snprintf(name, ESWRAP_DOOR_MAX, "eswrap/door/%016" G_GINT64_MODIFIER "x", word);
	len = strlen(name);
	memcpy(address.sun_path + 1, name, len);
	control->for_all = is_for_all(control->fd);
	control->door = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (control->door >= 0 &&
	    bind(control->door, (struct sockaddr *)&address,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)) == 0 &&
	    listen(control->door, SOMAXCONN) == 0) {
		control->door_watch = g_unix_fd_add(control->door, G_IO_IN, door_ready, control);
		return;
	}
	g_warning("programs in a chroot cannot reach the broker: %s", g_strerror(errno));
	name[0] = '\0';
}

struct control *control_new(int fd, struct accounts *accounts, const struct control_ops *ops,
			    gpointer user)
{
	struct control *control = g_new0(struct control, 1);

	control->packet = secret_new(ESWRAP_ADMIN_MAX);
	control->accounts = accounts;
	control->ops = ops;
	control->user = user;
	control->fd = fd;
	control->door = -1;
	control->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	control->clients = g_hash_table_new(NULL, NULL);
	watch_listener(control);
	return control;
}

static void end_client(struct client *client)
{
	if (client->gone)
		hung_up(client);
	else
		client_free(client);
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
		end_client(client);
	g_hash_table_destroy(control->clients);
	g_clear_handle_id(&control->rest, g_source_remove);
	if (control->watch)
		g_source_remove(control->watch);
	close(control->fd);
	if (control->door_watch)
		g_source_remove(control->door_watch);
	if (control->door >= 0)
		close(control->door);
	control->door = -1;
	if (control->reserve >= 0)
		close(control->reserve);
	secret_free(control->packet);
	g_free(control);
}

bool client_is_in_group(const struct client *client, gid_t group)
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
