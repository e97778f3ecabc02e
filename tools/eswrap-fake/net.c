// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of Operation
 *
 * A socket of the module is a socket of this machine. What the far end has sent stays in the
 * kernel's receive buffer until the host asks for it with R0, so the real connection has the real
 * backpressure, and the module holds no data of its own: one TLS record at most, in OpenSSL.
 *
 * The module has an address of its own, and so its ports are not this machine's: P2 is only told of,
 * and the real connection goes out from any port. Firmware that ignores P2 for UDP gives two sockets
 * with one destination port one local port: they share one real socket, and which of them reads a
 * reply is chance, as it is there. A server is reachable at P2 of this machine where that is free.
 *
 * A TLS record that has been made must be sent. When the connection does not take it within S2, its
 * bytes count as accepted and the record waits in unsent; the next S3 sends it first.
 */
#include "eswrap-fake/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void socket_reset(struct socket *sock)
{
	memset(sock, 0, sizeof(*sock));
	sock->fd = -1;
	sock->listen_fd = -1;
	sock->backlog = 1;
	sock->read_max = PAYLOAD_MAX;
	sock->write_size = PAYLOAD_MAX;
	sock->local_port = LOCAL_PORT;
	sock->remote_port = REMOTE_PORT;
	sock->read_wait_ms = READ_WAIT_MS;
	sock->write_wait_ms = WRITE_WAIT_MS;
}

static bool is_datagram(enum protocol protocol)
{
	return protocol == PROTOCOL_UDP || protocol == PROTOCOL_UDP_LITE;
}

static int new_fd(enum protocol protocol)
{
	static const struct {
		int type, number;
	} kinds[] = {
		[PROTOCOL_TCP] = { SOCK_STREAM, IPPROTO_TCP },
		[PROTOCOL_UDP] = { SOCK_DGRAM, IPPROTO_UDP },
		[PROTOCOL_UDP_LITE] = { SOCK_DGRAM, IPPROTO_UDPLITE },
		[PROTOCOL_TLS] = { SOCK_STREAM, IPPROTO_TCP },
	};

	return socket(AF_INET, kinds[protocol].type | SOCK_NONBLOCK | SOCK_CLOEXEC,
		      kinds[protocol].number);
}

static struct sockaddr_in remote_address(const struct socket *sock)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr = sock->remote,
		.sin_port = htons(sock->remote_port),
	};
}

/* At P2 if nobody is there, elsewhere otherwise. Return: 0, or a negative errno. */
static int bind_server(const struct socket *sock, int fd, uint16_t *port)
{
	struct sockaddr_in local = {
		.sin_family = AF_INET,
		.sin_port = htons(sock->local_port),
	};
	socklen_t size = sizeof(local);
	int one = 1;

	if (sock->protocol == PROTOCOL_TCP)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&local, sizeof(local))) {
		local.sin_port = 0;
		if (bind(fd, (const struct sockaddr *)&local, sizeof(local)))
			return -errno;
	}
	if (getsockname(fd, (struct sockaddr *)&local, &size))
		return -errno;
	*port = ntohs(local.sin_port);
	return 0;
}

/* The kernel knows whole seconds. */
void socket_set_keep_alive(const struct socket *sock)
{
	int on = sock->keep_alive, probes = 3, seconds = MAX((sock->keep_alive_ms + 999) / 1000, 1);

	setsockopt(sock->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	if (!on)
		return;
	setsockopt(sock->fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof(seconds));
	setsockopt(sock->fd, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof(seconds));
	setsockopt(sock->fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

static void set_tcp_options(const struct socket *sock)
{
	int one = 1;

	setsockopt(sock->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	socket_set_keep_alive(sock);
}

static int connect_stream(const struct socket *sock, struct loop *loop, int64_t deadline)
{
	struct sockaddr_in remote = remote_address(sock);
	struct pollfd poll_fd = { .fd = sock->fd, .events = POLLOUT };
	socklen_t size = sizeof(int);
	int error, r;

	set_tcp_options(sock);
	if (connect(sock->fd, (const struct sockaddr *)&remote, sizeof(remote)) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return -errno;
	r = loop_wait(loop, &poll_fd, 1, deadline);
	if (r <= 0)
		return r ? r : -ETIMEDOUT;
	if (getsockopt(sock->fd, SOL_SOCKET, SO_ERROR, &error, &size))
		return -errno;
	return -error;
}

static int open_fd(struct socket *sock, const struct socket *same_port)
{
	sock->fd = same_port ? fcntl(same_port->fd, F_DUPFD_CLOEXEC, 0) : new_fd(sock->protocol);
	if (sock->fd < 0)
		return -errno;
	return 0;
}

bool socket_open(struct socket *sock, struct loop *loop, const struct socket_start *start,
		 enum tls_failure *failure, char **why)
{
	struct tls_setup setup = start->tls;
	int64_t deadline = now_ns() + start->connect_ns;
	int r;

	setup.verify = sock->verify;
	setup.name = sock->name;
	setup.address = sock->remote;
	sock->open_as = sock->protocol;
	sock->own_port = sock->local_port;
	sock->gone = false;
	sock->unsent_size = 0;
	sock->anybody = start->anybody;
	*failure = TLS_NO_CONNECTION;
	r = open_fd(sock, start->same_port);
	if (r == 0 && !is_datagram(sock->protocol))
		r = connect_stream(sock, loop, deadline);
	if (r) {
		*why = g_strdup(g_strerror(-r));
	} else if (sock->protocol == PROTOCOL_TLS) {
		sock->tls = tls_connect(loop, sock->fd, &setup, deadline, failure, why);
		if (!sock->tls)
			r = -ECONNREFUSED;
	}
	if (r)
		socket_close(sock);
	return r == 0;
}

void socket_close(struct socket *sock)
{
	sock->udp_server = false;
	sock->stalled_until = 0;
	if (sock->fd < 0)
		return;
	sock->ending = END_HERE;
	g_clear_pointer(&sock->tls, tls_free);
	close(sock->fd);
	sock->fd = -1;
}

void socket_abort(struct socket *sock, enum ending ending)
{
	struct linger at_once = { .l_onoff = 1 };

	sock->udp_server = false;
	sock->stalled_until = 0;
	if (sock->fd < 0)
		return;
	sock->ending = ending;
	setsockopt(sock->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	g_clear_pointer(&sock->tls, tls_abandon);
	close(sock->fd);
	sock->fd = -1;
}

int socket_listen(struct socket *sock, uint16_t *port)
{
	int fd = new_fd(PROTOCOL_TCP), r;

	if (fd < 0)
		return -errno;
	r = bind_server(sock, fd, port);
	if (r == 0 && listen(fd, sock->backlog))
		r = -errno;
	if (r) {
		close(fd);
		return r;
	}
	sock->listen_fd = fd;
	sock->own_port = sock->local_port;
	return 0;
}

bool socket_accept(struct socket *sock)
{
	struct sockaddr_in client;
	socklen_t size = sizeof(client);
	int fd = accept4(sock->listen_fd, (struct sockaddr *)&client, &size,
			 SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return false;
	sock->fd = fd;
	sock->open_as = PROTOCOL_TCP;
	sock->gone = false;
	sock->remote = client.sin_addr;
	sock->remote_port = ntohs(client.sin_port);
	set_tcp_options(sock);
	return true;
}

int socket_serve_datagrams(struct socket *sock, uint16_t *port)
{
	int r;

	sock->fd = new_fd(sock->protocol);
	if (sock->fd < 0)
		return -errno;
	r = bind_server(sock, sock->fd, port);
	if (r) {
		socket_close(sock);
		return r;
	}
	sock->open_as = sock->protocol;
	sock->own_port = sock->local_port;
	sock->udp_server = true;
	sock->announced = false;
	return 0;
}

bool socket_peek(const struct socket *sock, struct in_addr *address)
{
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	char byte;

	if (recvfrom(sock->fd, &byte, 1, MSG_PEEK, (struct sockaddr *)&from, &size) < 0)
		return false;
	*address = from.sin_addr;
	return true;
}

/*
 * A client hears only the one it talks to. A server, and a client that was given no address yet,
 * learns whom it answers.
 */
static ssize_t receive_datagram(struct socket *sock, uint8_t *data, size_t size)
{
	bool learn = sock->udp_server || !sock->remote_port;
	struct sockaddr_in from;
	socklen_t from_size;
	ssize_t n;

	do {
		from_size = sizeof(from);
		n = recvfrom(sock->fd, data, size, 0, (struct sockaddr *)&from, &from_size);
		if (n < 0)
			return errno == EAGAIN ? -EAGAIN : 0;
		if (learn) {
			sock->remote = from.sin_addr;
			sock->remote_port = ntohs(from.sin_port);
		}
	} while (!sock->anybody && (from.sin_addr.s_addr != sock->remote.s_addr ||
				    ntohs(from.sin_port) != sock->remote_port));
	return n;
}

/* Return: bytes, 0: ended, -EAGAIN, or another negative errno: broken. */
static ssize_t receive(const struct socket *sock, uint8_t *data, size_t size, short *events)
{
	ssize_t n;

	*events = POLLIN;
	if (sock->stalled_until > now_ns())
		return -EAGAIN;
	if (sock->tls)
		return tls_read(sock->tls, data, size, events);
	n = recv(sock->fd, data, size, 0);
	/* A module has no answer to piggyback an ACK on, and does not delay it for one. */
	if (n > 0)
		setsockopt(sock->fd, IPPROTO_TCP, TCP_QUICKACK, &(int){ 1 }, sizeof(int));
	return n < 0 ? -errno : n;
}

/* Nothing of a stalled socket moves; the wait ends with the stall. */
static int wait_for(const struct socket *sock, struct loop *loop, short events, int64_t deadline)
{
	struct pollfd poll_fd = { .fd = sock->fd, .events = events };
	int64_t until = MIN(sock->stalled_until, deadline);
	int r;

	if (sock->stalled_until > now_ns()) {
		r = until == LOOP_FOREVER ? loop_wait(loop, NULL, 0, until)
					  : loop_sleep_until(loop, until);
		if (r < 0)
			return r;
		return deadline <= now_ns() ? 0 : 1;
	}
	return loop_wait(loop, &poll_fd, 1, deadline);
}

static ssize_t read_datagram(struct socket *sock, struct loop *loop, uint8_t *data,
			     int64_t deadline)
{
	ssize_t n;
	int r;

	for (;;) {
		n = sock->stalled_until > now_ns() ? -EAGAIN
						   : receive_datagram(sock, data, sock->read_max);
		if (n != -EAGAIN)
			return n;
		r = wait_for(sock, loop, POLLIN, deadline);
		if (r <= 0)
			return r;
	}
}

static ssize_t read_stream(struct socket *sock, struct loop *loop, uint8_t *data, int64_t deadline)
{
	size_t size = sock->read_max, got = 0;
	short events;
	ssize_t n;
	int r;

	while (got < size && !sock->gone) {
		n = receive(sock, data + got, size - got, &events);
		if (n > 0) {
			got += n;
			/* A record may be followed by another, a short recv() is not. */
			if (sock->at_once && !sock->tls)
				break;
			continue;
		}
		if (n != -EAGAIN) {
			sock->gone = true;
			sock->ending = n ? END_RESET : END_CLOSED;
			break;
		}
		if (got && sock->at_once)
			break;
		r = wait_for(sock, loop, events, deadline);
		if (r < 0)
			return r;
		if (r == 0)
			break;
	}
	return got == 0 && sock->gone ? -EPIPE : (ssize_t)got;
}

ssize_t socket_read(struct socket *sock, struct loop *loop, uint8_t *data)
{
	int64_t deadline =
		sock->read_wait_ms ? now_ns() + sock->read_wait_ms * NS_PER_MS : LOOP_FOREVER;

	if (sock->fd < 0)
		return sock->accepting ? 0 : -EPIPE;
	return is_datagram(sock->open_as) ? read_datagram(sock, loop, data, deadline)
					  : read_stream(sock, loop, data, deadline);
}

/* Return: bytes taken, -EAGAIN, or another negative errno: broken. */
static ssize_t transmit(const struct socket *sock, const uint8_t *data, size_t size, short *events)
{
	ssize_t n;

	*events = POLLOUT;
	if (sock->stalled_until > now_ns())
		return -EAGAIN;
	if (sock->tls) {
		n = tls_write(sock->tls, data, size, events);
		return n ? n : -EPIPE;
	}
	n = send(sock->fd, data, size, MSG_NOSIGNAL);
	return n < 0 ? -errno : n;
}

static ssize_t write_datagram(const struct socket *sock, const uint8_t *data, size_t size)
{
	struct sockaddr_in remote = remote_address(sock);

	if (!sock->remote_port)
		return -EPIPE;
	/* What the network does with a datagram is not the sender's business. */
	sendto(sock->fd, data, size, MSG_NOSIGNAL, (const struct sockaddr *)&remote,
	       sizeof(remote));
	return size;
}

/* Sends all, or what goes until the deadline. Return: bytes, or a negative errno. */
static ssize_t push(struct socket *sock, struct loop *loop, const uint8_t *data, size_t size,
		    int64_t deadline)
{
	size_t done = 0;
	short events;
	ssize_t n;
	int r;

	while (done < size) {
		n = transmit(sock, data + done, size - done, &events);
		if (n > 0) {
			done += n;
			continue;
		}
		if (n != -EAGAIN)
			return -EPIPE;
		r = wait_for(sock, loop, events, deadline);
		if (r < 0)
			return r;
		if (r == 0)
			break;
	}
	return done;
}

static ssize_t write_tls(struct socket *sock, struct loop *loop, const uint8_t *data, size_t size,
			 int64_t deadline)
{
	ssize_t n;

	if (sock->unsent_size) {
		n = push(sock, loop, sock->unsent, sock->unsent_size, deadline);
		if (n <= 0)
			return n;
		sock->unsent_size = 0;
	}
	n = push(sock, loop, data, size, deadline);
	if (n < 0 || n == (ssize_t)size)
		return n;
	sock->unsent_size = size - n;
	memcpy(sock->unsent, data + n, sock->unsent_size);
	return size;
}

ssize_t socket_write(struct socket *sock, struct loop *loop, const uint8_t *data, size_t size)
{
	int64_t deadline = now_ns() + sock->write_wait_ms * NS_PER_MS;

	if (sock->fd < 0)
		return -EPIPE;
	if (is_datagram(sock->open_as))
		return write_datagram(sock, data, size);
	if (sock->tls)
		return write_tls(sock, loop, data, size, deadline);
	return push(sock, loop, data, size, deadline);
}
