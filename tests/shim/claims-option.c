// SPDX-License-Identifier: MIT
/* Names and options of a socket. Port 0 is an echo server, port 1 refuses. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "claims.h"

struct named_option {
	const char *text;
	int level, name, value;
};

#define OPTION(level, name, value)        \
	{                                 \
#name, level, name, value \
	}

static const struct named_option options[] = {
	OPTION(IPPROTO_TCP, TCP_NODELAY, 1),
	OPTION(IPPROTO_TCP, TCP_NODELAY, 5),
	OPTION(IPPROTO_TCP, TCP_CORK, 1),
	OPTION(IPPROTO_TCP, TCP_KEEPIDLE, 77),
	OPTION(IPPROTO_TCP, TCP_KEEPIDLE, 0),
	OPTION(IPPROTO_TCP, TCP_KEEPINTVL, 11),
	OPTION(IPPROTO_TCP, TCP_KEEPCNT, 7),
	OPTION(IPPROTO_TCP, TCP_KEEPCNT, 128),
	OPTION(IPPROTO_TCP, TCP_USER_TIMEOUT, 123456),
	OPTION(IPPROTO_TCP, TCP_SYNCNT, 3),
	OPTION(IPPROTO_TCP, TCP_LINGER2, 9),
	OPTION(IPPROTO_TCP, TCP_NOTSENT_LOWAT, 16384),
	OPTION(IPPROTO_IP, IP_TOS, 0x10),
	OPTION(IPPROTO_IP, IP_TTL, 33),
	OPTION(IPPROTO_IP, IP_TTL, 256),
	OPTION(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO),
	OPTION(IPPROTO_IP, IP_RECVERR, 1),
	OPTION(SOL_SOCKET, SO_KEEPALIVE, 1),
	OPTION(SOL_SOCKET, SO_REUSEADDR, 1),
	OPTION(SOL_SOCKET, SO_REUSEPORT, 1),
	OPTION(SOL_SOCKET, SO_BROADCAST, 1),
	OPTION(SOL_SOCKET, SO_OOBINLINE, 1),
	OPTION(SOL_SOCKET, SO_PRIORITY, 4),
	OPTION(SOL_SOCKET, SO_RCVLOWAT, 3),
	OPTION(SOL_SOCKET, SO_SNDBUF, 30000),
	OPTION(SOL_SOCKET, SO_SNDBUF, 1),
	OPTION(SOL_SOCKET, SO_RCVBUF, 30000),
};

static const struct named_option options_v6[] = {
	OPTION(IPPROTO_IPV6, IPV6_UNICAST_HOPS, 44),
	OPTION(IPPROTO_IPV6, IPV6_TCLASS, 0x28),
	OPTION(IPPROTO_IPV6, IPV6_RECVERR, 1),
};

static void set(int fd, const struct named_option *option)
{
	if (setsockopt(fd, option->level, option->name, &option->value, sizeof(option->value)) != 0)
		say("set %s %d: %s", option->text, option->value, strerrorname_np(errno));
}

static void say_option(int fd, const struct named_option *option)
{
	socklen_t len = sizeof(int);
	int value = -1;

	if (getsockopt(fd, option->level, option->name, &value, &len) != 0)
		say("get %s: %s", option->text, strerrorname_np(errno));
	else
		say("%s = %d (%u bytes)", option->text, value, (unsigned int)len);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void set_all(int fd)
{
	size_t i;

	for (i = 0; i < COUNT(options); i++)
		set(fd, &options[i]);
	for (i = 0; i < COUNT(options_v6); i++)
		set(fd, &options_v6[i]);
}

static void say_all(int fd)
{
	size_t i;

	for (i = 0; i < COUNT(options); i++)
		say_option(fd, &options[i]);
	for (i = 0; i < COUNT(options_v6); i++)
		say_option(fd, &options_v6[i]);
}

static void options_before_connect(const struct place *place)
{
	int fd = place_socket(place, SOCK_STREAM);

	set_all(fd);
	say_result("connect", place_connect(place, 0, fd));
	say_all(fd);
}

static void options_after_connect(const struct place *place)
{
	int fd = place_connected(place, 0);

	set_all(fd);
	say_all(fd);
	say_all(dup(fd));
}

static void congestion_control(const struct place *place)
{
	int fd = place_socket(place, SOCK_STREAM);
	char name[32] = "";
	socklen_t len = sizeof(name);

	say_result("set", setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
	say_result("connect", place_connect(place, 0, fd));
	say_result("get", getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len));
	say("%s %u", name, (unsigned int)len);
	say_result("set", setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "nonsense", 8));
	say_result("set", setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5));
	len = 3;
	memset(name, 0, sizeof(name));
	say_result("get", getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len));
	say("%s %u", name, (unsigned int)len);
}

static void say_option_of(int fd, const char *text, int level, int name)
{
	const struct named_option option = { text, level, name, 0 };

	say_option(fd, &option);
}

static void what_it_is(const struct place *place)
{
	struct ucred {
		int pid, uid, gid;
	} peer = { 1, 1, 1 };
	socklen_t len = sizeof(peer);
	int fd = place_connected(place, 0);

	say_option_of(fd, "SO_DOMAIN", SOL_SOCKET, SO_DOMAIN);
	say_option_of(fd, "SO_TYPE", SOL_SOCKET, SO_TYPE);
	say_option_of(fd, "SO_PROTOCOL", SOL_SOCKET, SO_PROTOCOL);
	say_option_of(fd, "SO_ACCEPTCONN", SOL_SOCKET, SO_ACCEPTCONN);
	say_option_of(fd, "SO_ERROR", SOL_SOCKET, SO_ERROR);
	say_result("SO_PEERCRED", getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len));
	say("%d %d %d %u", peer.pid, peer.uid, peer.gid, (unsigned int)len);
}

static void timeouts_and_linger(const struct place *place)
{
	struct timeval limit = { 7, 500000 }, back = { 0, 0 };
	struct linger linger = { 1, 5 }, linger_back = { 0, 0 };
	int fd = place_socket(place, SOCK_STREAM);
	socklen_t len = sizeof(back);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	limit.tv_sec = 9;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	say_result("connect", place_connect(place, 0, fd));
	getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &back, &len);
	say("SO_RCVTIMEO %ld.%06ld", (long)back.tv_sec, (long)back.tv_usec);
	len = sizeof(back);
	getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &back, &len);
	say("SO_SNDTIMEO %ld.%06ld", (long)back.tv_sec, (long)back.tv_usec);
	len = sizeof(linger_back);
	getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger_back, &len);
	say("SO_LINGER %d %d", linger_back.l_onoff, linger_back.l_linger);
}

static void receive_timeout_works(const struct place *place)
{
	struct timeval limit = { .tv_usec = 20000 };
	int fd = place_socket(place, SOCK_STREAM);
	char byte;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	say_result("connect", place_connect(place, 0, fd));
	say_result("read", read(fd, &byte, 1));
}

/* Features that a program can do without must not look as if they were there. */
static void refused_options(const struct place *place)
{
	int fd = place_connected(place, 0);
	int one = 1;

	say_result("TCP_ULP", setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", 3));
	say_result("TCP_REPAIR", setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &one, sizeof(one)));
	say_result("SOL_TLS", setsockopt(fd, 282, 1, &one, sizeof(one)));
	say_result("unknown", setsockopt(fd, IPPROTO_TCP, 9999, &one, sizeof(one)));
	say_result("SO_ATTACH_FILTER",
		   setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &one, sizeof(one)));
}

static void tcp_info(const struct place *place)
{
	int fd = place_connected(place, 0);
	struct tcp_info info;
	socklen_t len = sizeof(info);

	say_result("TCP_INFO", getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len));
	say("state %d", info.tcpi_state);
	fd = place_socket(place, SOCK_STREAM | SOCK_NONBLOCK);
	place_connect(place, 1, fd);
	await(fd, 0);
	len = 1;
	say_result("TCP_INFO", getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len));
	say("state %d (%u bytes)", info.tcpi_state, (unsigned int)len);
}

static void descriptor_flags(const struct place *place)
{
	int fd = place_socket(place, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK);

	place_connect(place, 0, fd);
	say("FD_CLOEXEC %d O_NONBLOCK %d", fcntl(fd, F_GETFD) & FD_CLOEXEC,
	    !!(fcntl(fd, F_GETFL) & O_NONBLOCK));
	fd = place_connected(place, 0);
	say("FD_CLOEXEC %d O_NONBLOCK %d", fcntl(fd, F_GETFD) & FD_CLOEXEC,
	    !!(fcntl(fd, F_GETFL) & O_NONBLOCK));
}

static volatile sig_atomic_t signals;

static void count(int signal)
{
	(void)signal;
	signals++;
}

static void async_owner_is_kept(const struct place *place)
{
	int fd = place_socket(place, SOCK_STREAM);
	sigset_t io, before;

	signal(SIGUSR1, count);
	sigemptyset(&io);
	sigaddset(&io, SIGUSR1);
	fcntl(fd, F_SETOWN, getpid());
	fcntl(fd, F_SETSIG, SIGUSR1);
	fcntl(fd, F_SETFL, O_ASYNC);
	say_result("connect", place_connect(place, 0, fd));
	say("owner %d signal %d O_ASYNC %d", fcntl(fd, F_GETOWN) == getpid(),
	    fcntl(fd, F_GETSIG) == SIGUSR1, !!(fcntl(fd, F_GETFL) & O_ASYNC));
	sigprocmask(SIG_BLOCK, &io, &before);
	signals = 0;
	say_result("write", write(fd, "x", 1));
	while (!signals)
		sigsuspend(&before);
	say("signalled");
}

static void say_name(const char *what, const struct sockaddr_storage *address, socklen_t len)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
	const struct sockaddr_in *in = (const struct sockaddr_in *)address;
	char text[INET6_ADDRSTRLEN] = "?";

	if (address->ss_family == AF_INET)
		inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
	else if (address->ss_family == AF_INET6)
		inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
	say("%s family %d %s length %u", what, address->ss_family, text, (unsigned int)len);
}

static void say_peer(const struct place *place, int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);

	if (say_result("getpeername", getpeername(fd, (struct sockaddr *)&address, &len)) == 0) {
		uint16_t port = ntohs(((struct sockaddr_in *)&address)->sin_port);

		say("peer port as asked: %d", port == place->ports[0]);
		say_name("peer", &address, len);
	}
}

static void names(const struct place *place)
{
	struct sockaddr_storage address;
	int fd = place_connected(place, 0);
	unsigned char small[8];
	socklen_t len = sizeof(small);

	say_peer(place, fd);
	memset(small, 0, sizeof(small));
	say_result("short buffer", getpeername(fd, (struct sockaddr *)small, &len));
	say("length %u family %d", (unsigned int)len, small[0]);
	len = 0;
	say_result("no buffer", getpeername(fd, (struct sockaddr *)small, &len));
	say("length %u", (unsigned int)len);
	len = sizeof(address);
	say_result("getsockname", getsockname(fd, (struct sockaddr *)&address, &len));
	/* Not the address: the module has its own. */
	say("local family %d port %s length %u", address.ss_family,
	    ((struct sockaddr_in *)&address)->sin_port ? "some" : "none", (unsigned int)len);
	fd = place_socket(place, SOCK_STREAM | SOCK_NONBLOCK);
	place_connect(place, 1, fd);
	await(fd, 0);
	len = sizeof(address);
	say_result("refused: getpeername", getpeername(fd, (struct sockaddr *)&address, &len));
}

/* The port that a program binds before it connects is the one that it expects to read back. */
static void bound_port(const struct place *place)
{
	struct sockaddr_storage address;
	int probe = place_socket(place, SOCK_STREAM), fd = place_socket(place, SOCK_STREAM);
	struct place any = *place;
	socklen_t len;
	uint16_t port;

	any.ports[0] = 0;
	len = place_address(&any, 0, &address);
	if (bind(probe, (struct sockaddr *)&address, len) != 0 ||
	    getsockname(probe, (struct sockaddr *)&address, &len) != 0)
		give_up("bind");
	close(probe);
	port = ((struct sockaddr_in *)&address)->sin_port;
	say_result("bind", bind(fd, (struct sockaddr *)&address, len));
	say_result("connect", place_connect(place, 0, fd));
	say_result("getsockname", getsockname(fd, (struct sockaddr *)&address, &len));
	say("the same port: %d", ((struct sockaddr_in *)&address)->sin_port == port);
	say_result("bind again", bind(fd, (struct sockaddr *)&address, len));
}

const struct claim option_claims[] = {
	{ "options_before_connect", options_before_connect },
	{ "options_after_connect", options_after_connect },
	{ "congestion_control", congestion_control },
	{ "what_it_is", what_it_is },
	{ "timeouts_and_linger", timeouts_and_linger },
	{ "receive_timeout_works", receive_timeout_works },
	{ "refused_options", refused_options },
	{ "tcp_info", tcp_info },
	{ "descriptor_flags", descriptor_flags },
	{ "async_owner_is_kept", async_owner_is_kept },
	{ "names", names },
	{ "bound_port", bound_port },
	{ NULL },
};
