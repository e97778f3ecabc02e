// SPDX-License-Identifier: MIT
/* A thread for each user, and what it carries. The theory of operation is in forward.h. */
#include "eswrapd/forward.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "eswrapd/closer.h"
#include "wire/endpoint.h"

/* Taken at once, so that each socket of a user has its turn. */
#define TURNS 16
#define PIECE 4096

/**
 * struct forwarder - one user's thread
 * @poll:	the epoll set that it waits for
 * @pairs:	all there are; with the last one it ends
 */
struct forwarder {
	uid_t uid;
	int poll;
	GQueue pairs;
};

/**
 * struct pair - one program's socket
 * @relay:	leads to the broker's thread
 * @work:	does what can be done now; false: it is over
 * @connecting:	of a stream
 * @connected:	a stream is; a socket for datagrams is prepared
 * @relay_full, @socket_full:	it takes no more for now
 * @relay_ended, @socket_ended:	its end of file was seen
 */
struct pair {
	struct forwarder *forwarder;
	int relay, socket;
	bool (*work)(struct pair *pair);
	GList link; /* in the forwarder's pairs */
	struct eswrap_endpoint server;
	bool connecting, connected, relay_full, socket_full, relay_ended, socket_ended;
};

static GMutex lock;
static GHashTable *forwarders; /* uid -> struct forwarder */

bool forward_fits(int fd, int type)
{
	int protocol = 0, domain = 0;
	socklen_t len = sizeof(int);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0)
		return false;
	return (domain == AF_INET || domain == AF_INET6) &&
	       protocol == (type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP);
}

/* Return: the bytes behind the header, at @data; or a negative errno. */
static ssize_t take_from_socket(int fd, int flags, struct forward_header *header, guint8 *data)
{
	struct sockaddr_storage from;
	char control[512];
	struct iovec part = { data, FORWARD_MAX - sizeof(*header) };
	struct msghdr message = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got = recvmsg(fd, &message, flags | MSG_DONTWAIT);

	memset(header, 0, sizeof(*header));
	if (got < 0)
		return -errno;
	return eswrap_endpoint_from_sockaddr(&header->server, (struct sockaddr *)&from,
					     message.msg_namelen)
		       ? got
		       : -EINVAL;
}

static void tell(const struct pair *pair, const struct forward_header *header, const guint8 *data,
		 gsize size)
{
	struct iovec parts[] = { { (gpointer)header, sizeof(*header) }, { (gpointer)data, size } };
	const struct msghdr message = { .msg_iov = parts, .msg_iovlen = G_N_ELEMENTS(parts) };

	/* What there is no room for is lost, as datagrams are. */
	if (sendmsg(pair->relay, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
}

/* Return: false when there is nothing more. */
static bool send_one(const struct pair *pair)
{
	struct forward_header header;
	guint8 data[PIECE];
	struct iovec parts[] = { { &header, sizeof(header) }, { data, sizeof(data) } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = G_N_ELEMENTS(parts) };
	struct sockaddr_storage to;
	socklen_t len;
	int i;
	ssize_t got = recvmsg(pair->relay, &message, MSG_DONTWAIT);

	if (got <= (ssize_t)sizeof(header))
		return false;
	got -= (ssize_t)sizeof(header);
	len = eswrap_endpoint_to_sockaddr(&header.server, header.server.family, &to);
	/* The first may be told what has become of an earlier one. */
	for (i = 0; i < 2; i++)
		if (sendto(pair->socket, data, (gsize)got, MSG_DONTWAIT | MSG_NOSIGNAL,
			   (struct sockaddr *)&to, len) >= 0)
			return true;
	header.failed = 1;
	tell(pair, &header, data, (gsize)got);
	return true;
}

/* Return: false when there is nothing more. */
static bool receive_one(const struct pair *pair)
{
	static _Thread_local guint8 data[FORWARD_MAX];
	struct forward_header header;
	ssize_t got = take_from_socket(pair->socket, 0, &header, data);

	if (got < 0) {
		/* An error of an earlier one, perhaps: what it was about is in the error queue. */
		got = take_from_socket(pair->socket, MSG_ERRQUEUE, &header, data);
		header.failed = 1;
	}
	if (got >= 0)
		tell(pair, &header, data, (gsize)got);
	return got >= 0;
}

static bool relay_is_closed(const struct pair *pair)
{
	guint8 byte;

	return recv(pair->relay, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* What ICMP says is to be heard, also of a socket that is not connected. */
static void want_errors(struct pair *pair)
{
	const int on = 1;

	setsockopt(pair->socket, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
	setsockopt(pair->socket, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
	pair->connected = true;
}

static bool work_datagrams(struct pair *pair)
{
	int i;

	if (!pair->connected)
		want_errors(pair);
	for (i = 0; i < TURNS && send_one(pair); i++)
		;
	for (i = 0; i < TURNS && receive_one(pair); i++)
		;
	return !relay_is_closed(pair);
}

static void watch(const struct pair *pair, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = (gpointer)pair };

	epoll_ctl(pair->forwarder->poll, EPOLL_CTL_MOD, fd, &event);
}

/* Return: false when one of the two is broken. */
static bool move(int from, int to, bool *full, bool *ended)
{
	guint8 piece[PIECE];
	ssize_t got, put;

	*full = false;
	if (*ended)
		return true;
	got = recv(from, piece, sizeof(piece), MSG_PEEK | MSG_DONTWAIT);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	if (got == 0) {
		*ended = true;
		shutdown(to, SHUT_WR);
		return true;
	}
	put = send(to, piece, (gsize)got, MSG_DONTWAIT | MSG_NOSIGNAL);
	*full = put < got;
	if (put < 0)
		return errno == EAGAIN || errno == EINTR;
	return recv(from, piece, (gsize)put, MSG_DONTWAIT) == put;
}

/* Return: false when it cannot be. */
static bool connect_stream(struct pair *pair)
{
	struct sockaddr_storage to;
	socklen_t len = eswrap_endpoint_to_sockaddr(&pair->server, pair->server.family, &to);
	int flags = fcntl(pair->socket, F_GETFL);

	pair->connecting = true;
	fcntl(pair->socket, F_SETFL, flags | O_NONBLOCK);
	if (connect(pair->socket, (struct sockaddr *)&to, len) < 0 && errno != EINPROGRESS)
		return false;
	watch(pair, pair->relay, 0);
	watch(pair, pair->socket, EPOLLOUT);
	return true;
}

static bool work_stream(struct pair *pair)
{
	if (!pair->connecting)
		return connect_stream(pair);
	if (!pair->connected) {
		socklen_t len = sizeof(int);
		int error = 0;

		getsockopt(pair->socket, SOL_SOCKET, SO_ERROR, &error, &len);
		if (error)
			return false;
		pair->connected = true;
	}
	if (!move(pair->relay, pair->socket, &pair->socket_full, &pair->relay_ended) ||
	    !move(pair->socket, pair->relay, &pair->relay_full, &pair->socket_ended))
		return false;
	watch(pair, pair->relay,
	      (pair->relay_ended || pair->socket_full ? 0u : EPOLLIN) |
		      (pair->relay_full ? EPOLLOUT : 0u));
	watch(pair, pair->socket,
	      (pair->socket_ended || pair->relay_full ? 0u : EPOLLIN) |
		      (pair->socket_full ? EPOLLOUT : 0u));
	return !pair->relay_ended && !pair->socket_ended;
}

/* The pair is over, and freed. Return: false when this was the last. */
static bool leave(struct forwarder *forwarder, struct pair *pair)
{
	bool others;

	close(pair->relay);
	close(pair->socket);
	g_mutex_lock(&lock);
	g_queue_unlink(&forwarder->pairs, &pair->link);
	g_free(pair);
	others = forwarder->pairs.length > 0;
	if (!others)
		g_hash_table_remove(forwarders, GUINT_TO_POINTER(forwarder->uid));
	g_mutex_unlock(&lock);
	return others;
}

static gpointer serve(gpointer user)
{
	struct forwarder *forwarder = user;
	struct epoll_event event;
	struct pair *pair;

	for (;;) {
		/* One at a time: the two of a pair would not know that it is over. */
		if (epoll_wait(forwarder->poll, &event, 1, -1) != 1)
			continue;
		pair = event.data.ptr;
		if (pair->work(pair))
			continue;
		if (!leave(forwarder, pair))
			break;
	}
	close(forwarder->poll);
	g_free(forwarder);
	return NULL;
}

static struct forwarder *forwarder_new(uid_t uid)
{
	struct forwarder *forwarder = g_new0(struct forwarder, 1);
	GThread *thread = NULL;

	forwarder->uid = uid;
	forwarder->poll = epoll_create1(EPOLL_CLOEXEC);
	if (forwarder->poll >= 0)
		thread = g_thread_try_new("forwarder", serve, forwarder, NULL);
	if (thread) {
		g_thread_unref(thread);
		return forwarder;
	}
	if (forwarder->poll >= 0)
		close(forwarder->poll);
	g_free(forwarder);
	return NULL;
}

/* Return: 0, with the pair the thread's; or a negative errno. */
static int start(uid_t uid, struct pair *pair)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = pair };
	struct forwarder *forwarder;
	int result = -EAGAIN;

	g_mutex_lock(&lock);
	if (!forwarders)
		forwarders = g_hash_table_new(NULL, NULL);
	forwarder = g_hash_table_lookup(forwarders, GUINT_TO_POINTER(uid));
	if (!forwarder) {
		forwarder = forwarder_new(uid);
		if (!forwarder)
			goto out;
		g_hash_table_insert(forwarders, GUINT_TO_POINTER(uid), forwarder);
	}
	pair->forwarder = forwarder;
	pair->link.data = pair;
	g_queue_push_tail_link(&forwarder->pairs, &pair->link);
	result = epoll_ctl(forwarder->poll, EPOLL_CTL_ADD, pair->relay, &event) < 0 ? -errno : 0;
	if (result == 0 && epoll_ctl(forwarder->poll, EPOLL_CTL_ADD, pair->socket, &event) < 0) {
		result = -errno;
		/* Nothing has come there yet, so the thread has not seen it. */
		epoll_ctl(forwarder->poll, EPOLL_CTL_DEL, pair->relay, NULL);
	}
	/* One without any waits for the next. */
	if (result < 0)
		g_queue_unlink(&forwarder->pairs, &pair->link);
out:
	g_mutex_unlock(&lock);
	return result;
}

static int open_pair(uid_t uid, int fd, int type, bool (*work)(struct pair *pair),
		     const struct eswrap_endpoint *server)
{
	struct pair *pair;
	int ends[2], result;

	if (socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0) {
		result = -errno;
		closer_close(fd);
		return result;
	}
	pair = g_new0(struct pair, 1);
	pair->relay = ends[0];
	pair->socket = fd;
	pair->work = work;
	if (server)
		pair->server = *server;
	result = start(uid, pair);
	if (result == 0)
		return ends[1];
	closer_close(fd);
	close(ends[0]);
	close(ends[1]);
	g_free(pair);
	return result;
}

int forward_datagrams(uid_t uid, int fd)
{
	return open_pair(uid, fd, SOCK_SEQPACKET, work_datagrams, NULL);
}

int forward_stream(uid_t uid, int fd, const struct eswrap_endpoint *server)
{
	return open_pair(uid, fd, SOCK_STREAM, work_stream, server);
}
