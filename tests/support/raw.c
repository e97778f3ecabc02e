// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/raw.h"
#include "support/suite.h"

#define WAIT_MS (HARNESS_DEADLINE_S * 1000)

const char *raw_broker(struct harness *h, const char *rest)
{
	return harness_broker(h, "[broker]\nstate-dir = %s\n%s", harness_path(h, "state"), rest);
}

int raw_module_and_broker(struct harness *h, const char *rest, guint16 *port)
{
	int server = raw_listener(port);

	harness_fake(h, "--resolve", "a.example=127.0.0.1", NULL);
	raw_broker(h, rest);
	return server;
}

int raw_connect(struct harness *h)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	g_strlcpy(un.sun_path, h->socket, sizeof(un.sun_path));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	return fd;
}

void raw_await(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	ck_assert_int_eq(poll(&p, 1, WAIT_MS), 1);
}

/* Return: the descriptor that came with the reply, or -1. */
int raw_reply(int control, struct eswrap_reply *reply)
{
	char space[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { reply, sizeof(*reply) };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = space,
		.msg_controllen = sizeof(space),
	};
	struct cmsghdr *cmsg;
	int fd = -1;

	raw_await(control, POLLIN);
	ck_assert_int_eq(recvmsg(control, &message, MSG_CMSG_CLOEXEC), sizeof(*reply));
	cmsg = CMSG_FIRSTHDR(&message);
	if (cmsg)
		memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

int raw_ask(struct harness *h, const struct eswrap_request *request, struct eswrap_reply *reply)
{
	int control = raw_connect(h), fd;

	ck_assert_int_eq(send(control, request, sizeof(*request), MSG_NOSIGNAL), sizeof(*request));
	fd = raw_reply(control, reply);
	ck_assert_uint_eq(reply->magic, request->magic);
	close(control);
	return fd;
}

struct eswrap_endpoint raw_endpoint(const char *address, guint16 port)
{
	struct eswrap_endpoint e = { .port = port };

	e.family = strchr(address, ':') ? AF_INET6 : AF_INET;
	ck_assert_int_eq(inet_pton(e.family, address, e.address), 1);
	return e;
}

struct eswrap_request raw_request(int type, struct eswrap_endpoint dest)
{
	struct eswrap_request request = {
		.magic = ESWRAP_MAGIC,
		.type = (uint16_t)type,
		.family = dest.family,
		.dest = dest,
		.program = "test",
	};

	return request;
}

int raw_flow(struct harness *h, const char *address, guint16 port, struct eswrap_reply *reply)
{
	struct eswrap_request request = raw_request(ESWRAP_CONNECT, raw_endpoint(address, port));

	return raw_ask(h, &request, reply);
}

void raw_resolve(struct harness *h, const char *name, struct eswrap_reply *reply)
{
	struct eswrap_request request = { .magic = ESWRAP_MAGIC, .type = ESWRAP_RESOLVE };

	g_strlcpy(request.name, name, sizeof(request.name));
	g_strlcpy(request.program, "test", sizeof(request.program));
	ck_assert_int_eq(raw_ask(h, &request, reply), -1);
}

void raw_refused(const struct eswrap_reply *reply, int error)
{
	ck_assert_uint_eq(reply->verdict, ESWRAP_REFUSED);
	ck_assert_uint_eq(reply->error, error);
}

/* A flow, after its connect has ended: what the outcome's name says. */
struct eswrap_name raw_outcome(int fd)
{
	struct sockaddr_un address;
	socklen_t len = sizeof(address);
	struct eswrap_name name;

	raw_await(fd, POLLOUT);
	ck_assert_int_eq(getpeername(fd, (struct sockaddr *)&address, &len), 0);
	ck_assert(eswrap_name_parse(&address, len, &name));
	ck_assert_int_eq(name.kind, ESWRAP_NAME_OUTCOME);
	return name;
}

int raw_connected(struct harness *h, guint16 port)
{
	struct eswrap_reply reply;
	int fd = raw_flow(h, "127.0.0.1", port, &reply);

	ck_assert_uint_eq(reply.verdict, ESWRAP_GRANTED);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(raw_outcome(fd).error, 0);
	return fd;
}

int raw_listener(guint16 *port)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	ck_assert_int_eq(listen(fd, 64), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	*port = ntohs(in.sin_port);
	return fd;
}

int raw_accept(int server)
{
	int fd;

	raw_await(server, POLLIN);
	fd = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

void raw_get(int fd, void *to, size_t size)
{
	size_t done = 0;
	ssize_t n;

	while (done < size) {
		raw_await(fd, POLLIN);
		n = recv(fd, (char *)to + done, size - done, 0);
		ck_assert_int_gt(n, 0);
		done += (size_t)n;
	}
}

void raw_put(int fd, const char *text)
{
	raw_await(fd, POLLOUT);
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

void raw_expect(int fd, const char *text)
{
	char got[256] = "";

	raw_get(fd, got, strlen(text));
	ck_assert_str_eq(got, text);
}

/* What the end of a stream looks like: 0, or the errno. */
int raw_end(int fd)
{
	char byte;
	ssize_t n;

	raw_await(fd, POLLIN);
	n = recv(fd, &byte, 1, 0);
	ck_assert_int_le(n, 0);
	return n < 0 ? errno : 0;
}

int raw_udp(guint16 *port)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	*port = ntohs(in.sin_port);
	return fd;
}
