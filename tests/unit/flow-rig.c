// SPDX-License-Identifier: MIT
/* Stream flows whose program is the test, on the line of fake-line.h. */
#include "unit/flow-rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "eswrapd/account.h"
#include "support/suite.h"

static char broker_name[] = "broker", cloud_name[] = "cloud";
struct route tcp = { .name = broker_name, .through = ROUTE_TCP };
struct route tls = { .name = cloud_name, .through = ROUTE_TLS };
struct flows *flows;

void flow_rig_setup(void)
{
	GError *error = NULL;

	parts_rig_setup(FLOWS_MAX);
	flows = flows_new(&parts, &error);
	ck_assert_ptr_nonnull(flows);
}

void flow_rig_teardown(void)
{
	flows_free(flows);
	parts_rig_teardown();
}

/* Return: the program's end, or a negative errno. */
int ask_by(const struct route *route, const char *name, const char *address)
{
	struct flow_request request = { .route = route, .name = name };
	guint64 id;

	request.dest.family = request.family = strchr(address, ':') ? AF_INET6 : AF_INET;
	request.dest.port = 1883;
	ck_assert_int_eq(inet_pton(request.dest.family, address, request.dest.address), 1);
	request.asker.uid = 1000;
	request.asker.pid = 100;
	request.asker.program = "prog";
	return flow_connect(flows, &request, &id);
}

int ask(void)
{
	int fd = ask_by(&tcp, NULL, "192.0.2.1");

	ck_assert_int_ge(fd, 0);
	return fd;
}

int ask_for_name(const char *address)
{
	int fd = ask_by(&tcp, "a.example", address);

	ck_assert_int_ge(fd, 0);
	return fd;
}

int ask_and_open(void)
{
	int fd = ask();

	until(OPEN);
	end(0, MS);
	return fd;
}

bool is_ready(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, 0) == 1 && (p.revents & events);
}

/* Return: the errno of the outcome; -1: there is none yet. */
int outcome(int fd)
{
	struct sockaddr_un address;
	socklen_t len = sizeof(address);
	struct eswrap_name name;

	if (getpeername(fd, (struct sockaddr *)&address, &len) < 0 ||
	    !eswrap_name_parse(&address, len, &name) || name.kind != ESWRAP_NAME_OUTCOME)
		return -1;
	return name.error;
}

/* Return: what the program reads: bytes, 0 at the end, or a negative errno. */
int reads(int fd, char *to, size_t size)
{
	ssize_t n = recv(fd, to, size, MSG_DONTWAIT);

	return n < 0 ? -errno : (int)n;
}

void ck_reads(int fd, const char *text)
{
	char got[64] = "";

	ck_assert_int_eq(reads(fd, got, sizeof(got) - 1), (int)strlen(text));
	ck_assert_str_eq(got, text);
}

void ck_reads_result(int fd, int result)
{
	char got[8];

	ck_assert_int_eq(reads(fd, got, sizeof(got)), result);
}

void writes(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL),
			 (ssize_t)strlen(text));
	settle();
}

void far_sends(const char *text)
{
	until(READ);
	end_read(text, strlen(text));
	settle();
}

void far_closes(void)
{
	until(READ);
	end(-EPIPE, MS);
	settle();
}

void ck_sends(const char *text)
{
	until(SEND);
	ck_assert_uint_eq(fake.size, strlen(text));
	ck_assert_mem_eq(fake.sent, text, fake.size);
	end((int)fake.size, MS);
}

void closes(int fd)
{
	close(fd);
	settle();
}

guint flows_of_user(void)
{
	return account_count(parts.accounts, 1000, LIMIT_FLOWS);
}

guint connects_of_user(void)
{
	return account_count(parts.accounts, 1000, LIMIT_CONNECTS);
}

/* The socket is given back, and nobody is counted any more. */
void ck_gone(void)
{
	until(CLOSE);
	end(0, MS);
	ck_assert_uint_eq(flows_of_user(), 0);
	ck_assert_uint_eq(connects_of_user(), 0);
}
