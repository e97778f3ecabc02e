// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of Operation
 *
 * The listening socket is made by the test, so that the port is known and open before there is a
 * process; a child accepts and forks once more for each connection. All of them die with the test.
 */
#include "support/server.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/process.h"

#define PATTERN_PERIOD 4099
#define CHUNK	       16384

/* One accepted connection, with TLS or without. */
struct server_connection {
	int fd;
	SSL *ssl;
};

guint8 server_pattern(gsize offset)
{
	static const char trailer[] = "\r\nOK\r\n> ";
	gsize position = offset % PATTERN_PERIOD;

	if (position >= 1000 && position < 1000 + sizeof(trailer) - 1)
		return (guint8)trailer[position - 1000];
	/* Every value in turn, and the turns differ. */
	return (guint8)(position * 7 + position / 256);
}

static ssize_t ssl_result(struct server_connection *c, int result)
{
	int error = SSL_get_error(c->ssl, result);

	if (result > 0)
		return result;
	if (error == SSL_ERROR_ZERO_RETURN)
		return 0;
	errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
	return -1;
}

ssize_t server_take(struct server_connection *c, void *buffer, size_t size)
{
	if (!c->ssl)
		return read(c->fd, buffer, size);
	ERR_clear_error();
	return ssl_result(c, SSL_read(c->ssl, buffer, (int)size));
}

ssize_t server_give(struct server_connection *c, const void *buffer, size_t size)
{
	if (!c->ssl)
		return write(c->fd, buffer, size);
	ERR_clear_error();
	return ssl_result(c, SSL_write(c->ssl, buffer, (int)size));
}

bool server_put(struct server_connection *c, const void *buffer, size_t size)
{
	const char *p = buffer;
	ssize_t written;

	while (size > 0) {
		written = server_give(c, p, size);
		if (written <= 0)
			return false;
		p += written;
		size -= (size_t)written;
	}
	return true;
}

int server_fd(const struct server_connection *c)
{
	return c->fd;
}

void server_reset(struct server_connection *c)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(c->fd);
	c->fd = -1;
}

static void send_pattern(struct server_connection *c, gsize size)
{
	guint8 buffer[CHUNK];
	gsize offset = 0, count, i;

	for (; offset < size; offset += count) {
		count = MIN(sizeof(buffer), size - offset);
		for (i = 0; i < count; i++)
			buffer[i] = server_pattern(offset + i);
		if (!server_put(c, buffer, count))
			return;
	}
}

static void check_pattern(struct server_connection *c, gsize size)
{
	guint8 buffer[CHUNK];
	gsize offset = 0;
	char answer[64];
	ssize_t got, i;

	while (offset < size &&
	       (got = server_take(c, buffer, MIN(sizeof(buffer), size - offset))) > 0) {
		for (i = 0; i < got; i++) {
			if (buffer[i] == server_pattern(offset + (gsize)i))
				continue;
			g_snprintf(answer, sizeof(answer), "bad at %zu\n", offset + (gsize)i);
			server_put(c, answer, strlen(answer));
			return;
		}
		offset += (gsize)got;
	}
	if (offset == size)
		server_put(c, "good\n", 5);
}

static void echo(struct server_connection *c)
{
	char buffer[CHUNK];
	ssize_t got;

	while ((got = server_take(c, buffer, sizeof(buffer))) > 0 &&
	       server_put(c, buffer, (size_t)got))
		;
}

static void serve(struct server_connection *c, const struct server *what)
{
	char byte;

	switch (what->kind) {
	case SERVER_ECHO:
		echo(c);
		break;
	case SERVER_SOURCE:
		send_pattern(c, what->size);
		break;
	case SERVER_SINK:
		check_pattern(c, what->size);
		break;
	case SERVER_HOLD:
		while (server_take(c, &byte, 1) > 0)
			;
		break;
	case SERVER_ABORT:
		send_pattern(c, what->size);
		server_reset(c);
		return;
	case SERVER_OWN:
		what->serve(c, what->user);
		if (c->fd < 0)
			return;
		fcntl(c->fd, F_SETFL, fcntl(c->fd, F_GETFL) & ~O_NONBLOCK);
		break;
	case SERVER_UDP_ECHO:
		g_assert_not_reached();
	}
	if (c->ssl)
		SSL_shutdown(c->ssl);
	shutdown(c->fd, SHUT_WR);
	/* A close() with unread data would be a reset, and could overtake what was sent. */
	while (read(c->fd, &byte, 1) > 0)
		;
	close(c->fd);
}

static SSL_CTX *tls_context(struct harness *h, const struct server *what)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	ck_assert(context != NULL);
	ck_assert_int_eq(SSL_CTX_use_certificate_chain_file(context,
							    harness_credential(h, "server.pem")),
			 1);
	ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(context, harness_credential(h, "server.key"),
						     SSL_FILETYPE_PEM),
			 1);
	if (what->client_certificate) {
		ck_assert_int_eq(SSL_CTX_load_verify_locations(
					 context, harness_credential(h, "ca.pem"), NULL),
				 1);
		SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
				   NULL);
	}
	return context;
}

static void serve_one(int fd, const struct server *what, SSL_CTX *context)
{
	struct server_connection c = { .fd = fd };

	if (context) {
		c.ssl = SSL_new(context);
		SSL_set_mode(c.ssl,
			     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
		SSL_set_fd(c.ssl, fd);
		if (SSL_accept(c.ssl) <= 0) {
			ERR_print_errors_fp(stderr);
			return;
		}
	}
	serve(&c, what);
}

static G_GNUC_NORETURN void serve_streams(int listener, const struct server *what, SSL_CTX *context)
{
	pid_t parent = getpid();
	int fd;

	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() == parent) {
				close(listener);
				serve_one(fd, what, context);
			}
			_exit(0);
		}
		close(fd);
	}
}

static G_GNUC_NORETURN void serve_datagrams(int fd)
{
	struct sockaddr_storage from;
	char buffer[65536];
	socklen_t len;
	ssize_t got;

	for (;;) {
		len = sizeof(from);
		got = recvfrom(fd, buffer, sizeof(buffer), 0, (struct sockaddr *)&from, &len);
		if (got >= 0)
			sendto(fd, buffer, (size_t)got, 0, (struct sockaddr *)&from, len);
	}
}

/* A socket on a loopback address and a port of the kernel's choice. */
static int open_port(const struct server *what, guint16 *port)
{
	int type = what->kind == SERVER_UDP_ECHO ? SOCK_DGRAM : SOCK_STREAM;
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_storage bound;
	socklen_t len = sizeof(bound);
	int fd = socket(what->ipv6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC, 0);

	in.sin_addr.s_addr = htonl(what->anywhere ? INADDR_ANY : INADDR_LOOPBACK);
	ck_assert_msg((what->ipv6 ? bind(fd, (struct sockaddr *)&in6, sizeof(in6))
				  : bind(fd, (struct sockaddr *)&in, sizeof(in))) == 0,
		      "bind: %s", g_strerror(errno));
	if (type == SOCK_STREAM)
		ck_assert_int_eq(listen(fd, SOMAXCONN), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&bound, &len), 0);
	*port = ntohs(what->ipv6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
				 : ((struct sockaddr_in *)&bound)->sin_port);
	return fd;
}

guint16 server_start(struct harness *h, const struct server *what)
{
	SSL_CTX *context = what->tls ? tls_context(h, what) : NULL;
	guint16 port;
	int fd = open_port(what, &port);

	if (!process_fork(h, "server")) {
		if (what->kind == SERVER_UDP_ECHO)
			serve_datagrams(fd);
		serve_streams(fd, what, context);
	}
	SSL_CTX_free(context);
	close(fd);
	return port;
}
