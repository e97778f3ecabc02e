// SPDX-License-Identifier: MIT
/* How connect() begins, goes on and ends. Port 0 is an echo server, port 1 refuses. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "claims.h"

static void blocking(const struct place *place)
{
	int fd = place_socket(place, SOCK_STREAM);

	say_result("connect", place_connect(place, 0, fd));
	say_talk("back", fd);
}

static void refused(const struct place *place)
{
	int fd = place_socket(place, SOCK_STREAM);

	say_result("connect", place_connect(place, 1, fd));
	say("SO_ERROR %d", so_error(fd));
}

static int begin(const struct place *place, int n)
{
	int fd = place_socket(place, SOCK_STREAM | SOCK_NONBLOCK);

	say_result("connect", place_connect(place, n, fd));
	return fd;
}

static void go_blocking(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
}

static void nonblocking_poll(const struct place *place)
{
	int fd = begin(place, 0);

	say("poll %x", (unsigned int)await(fd, POLLOUT));
	say("SO_ERROR %d", so_error(fd));
	go_blocking(fd);
	say_talk("back", fd);
}

static void nonblocking_select(const struct place *place)
{
	int fd = begin(place, 0);
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	say_result("select", select(fd + 1, NULL, &set, NULL, NULL));
	say("SO_ERROR %d", so_error(fd));
	go_blocking(fd);
	say_talk("back", fd);
}

static void add(int epoll, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event event = { .events = events, .data.u64 = data };

	say_result("EPOLL_CTL_ADD", epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

static void say_event(int epoll)
{
	struct epoll_event event;

	if (say_result("epoll_wait", epoll_wait(epoll, &event, 1, -1)) == 1)
		say("events %x data %llx", event.events, (unsigned long long)event.data.u64);
}

static void nonblocking_epoll(const struct place *place, uint32_t mode)
{
	int epoll = epoll_create1(0);
	int fd = begin(place, 0);

	add(epoll, fd, EPOLLOUT | mode, 0x0123456789abcdef);
	say_event(epoll);
	say("SO_ERROR %d", so_error(fd));
	go_blocking(fd);
	say_talk("back", fd);
}

static void epoll_level(const struct place *place)
{
	nonblocking_epoll(place, 0);
}

static void epoll_edge(const struct place *place)
{
	nonblocking_epoll(place, EPOLLET);
}

/* Two sets, two registrations through a duplicate, all with their own data. */
static void epoll_before_connect(const struct place *place)
{
	int fd = place_socket(place, SOCK_STREAM | SOCK_NONBLOCK);
	int again = dup(fd);
	int in = epoll_create1(0), out = epoll_create1(0);

	add(out, fd, EPOLLOUT | EPOLLONESHOT, 0xfedcba9876543210);
	add(in, again, EPOLLIN, 0x11);
	say_result("connect", place_connect(place, 0, fd));
	say_event(out);
	say("SO_ERROR %d", so_error(fd));
	say_result("write", write(fd, "ping", 4));
	say_event(in);
	/* The one shot is spent, and the registration still there. */
	say_result("EPOLL_CTL_DEL", epoll_ctl(out, EPOLL_CTL_DEL, fd, NULL));
	say_result("EPOLL_CTL_DEL", epoll_ctl(in, EPOLL_CTL_DEL, again, NULL));
	say_result("EPOLL_CTL_DEL", epoll_ctl(in, EPOLL_CTL_DEL, again, NULL));
}

static void nonblocking_refused(const struct place *place)
{
	int fd = begin(place, 1);

	await(fd, POLLOUT);
	say("SO_ERROR %d", so_error(fd));
	say("SO_ERROR %d", so_error(fd));
}

static void say_revents(const char *what, short revents)
{
	say("%s%s%s%s%s", what, revents & POLLIN ? " IN" : "", revents & POLLOUT ? " OUT" : "",
	    revents & POLLERR ? " ERR" : "", revents & POLLHUP ? " HUP" : "");
}

static void refused_revents(const struct place *place)
{
	int fd = begin(place, 1);
	short revents;

	/* A close on AF_UNIX says ERR and HUP an instant before it frees what makes OUT. */
	do {
		revents = await(fd, POLLIN | POLLOUT);
	} while (!(revents & POLLOUT));
	say_revents("poll", revents);
}

static void read_tells_refused(const struct place *place)
{
	int fd = begin(place, 1);
	char byte;

	await(fd, POLLIN);
	say_result("read", read(fd, &byte, 1));
	say_result("read", read(fd, &byte, 1));
	say("SO_ERROR %d", so_error(fd));
}

static void send_tells_refused(const struct place *place)
{
	int fd = begin(place, 1);

	await(fd, POLLOUT);
	say_result("send", send(fd, "x", 1, MSG_NOSIGNAL));
	say_result("send", send(fd, "x", 1, MSG_NOSIGNAL));
}

static void connect_again_after_success(const struct place *place)
{
	int fd = place_connected(place, 0);

	say_result("blocking, again", place_connect(place, 0, fd));
	fd = begin(place, 0);
	await(fd, POLLOUT);
	say_result("nonblocking, again", place_connect(place, 0, fd));
	say_result("nonblocking, and again", place_connect(place, 0, fd));
	say_result("elsewhere", place_connect(place, 1, fd));
}

static void connect_again_after_failure(const struct place *place)
{
	int fd = begin(place, 1);

	await(fd, POLLOUT);
	say_result("tells how it ended", place_connect(place, 1, fd));
	say_result("is a new try", place_connect(place, 0, fd));
	await(fd, POLLOUT);
	say("SO_ERROR %d", so_error(fd));
	go_blocking(fd);
	say_talk("back", fd);
	fd = begin(place, 1);
	await(fd, POLLOUT);
	say("SO_ERROR %d", so_error(fd));
	say_result("SO_ERROR has told already", place_connect(place, 1, fd));
	say_result("is a new try", place_connect(place, 1, fd));
	fd = place_socket(place, SOCK_STREAM);
	say_result("blocking", place_connect(place, 1, fd));
	say_result("blocking, elsewhere", place_connect(place, 0, fd));
	say_talk("back", fd);
}

static void disconnect_by_unspec(const struct place *place)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	int fd = place_connected(place, 0);

	say_result("AF_UNSPEC", connect(fd, &none, sizeof(none)));
	say_result("getpeername", getpeername(fd, (struct sockaddr *)&address, &len));
	say_result("connect", place_connect(place, 0, fd));
	say_talk("back", fd);
}

static void wrong_arguments(const struct place *place)
{
	struct sockaddr_storage address;
	socklen_t len = place_address(place, 0, &address);
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "/nonexistent/socket" };
	int fd = place_socket(place, SOCK_STREAM);
	int pipes[2];

	say_result("short", connect(fd, (struct sockaddr *)&address, 3));
	say_result("shorter", connect(fd, (struct sockaddr *)&address, 1));
	say_result("NULL", connect(fd, NULL, 0));
	say_result("AF_UNIX", connect(fd, (struct sockaddr *)&un, sizeof(un)));
	say_result("bad fd", connect(-1, (struct sockaddr *)&address, len));
	if (pipe(pipes) == 0)
		say_result("pipe", connect(pipes[0], (struct sockaddr *)&address, len));
	address.ss_family = AF_INET6;
	say_result("other family", connect(fd, (struct sockaddr *)&address, sizeof(address)));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	say_result("unix", connect(fd, (struct sockaddr *)&un, sizeof(un)));
	address.ss_family = AF_INET;
	say_result("unix to internet", connect(fd, (struct sockaddr *)&address, len));
	fd = place_connected(place, 0);
	say_result("connected, AF_UNIX", connect(fd, (struct sockaddr *)&un, sizeof(un)));
	say_result("connected, short", connect(fd, (struct sockaddr *)&address, 3));
}

static void listening(const struct place *place)
{
	int fd = place_socket(place, SOCK_STREAM);

	say_result("listen", listen(fd, 1));
	say_result("connect", place_connect(place, 0, fd));
	fd = place_connected(place, 0);
	say_result("listen", listen(fd, 1));
	say_result("accept", accept(fd, NULL, NULL));
}

static void ignore(int signal)
{
	(void)signal;
}

static void set_alarm(int flags)
{
	struct sigaction action = { .sa_handler = ignore, .sa_flags = flags };
	struct itimerval in_a_moment = { .it_value = { .tv_usec = 100000 } };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &in_a_moment, NULL);
}

/* These need a connect that takes longer than the alarm. */
static void interrupted(const struct place *place)
{
	int fd = place_socket(place, SOCK_STREAM);

	set_alarm(0);
	say_result("connect", place_connect(place, 0, fd));
	say_result("waits for the end", place_connect(place, 0, fd));
	say_result("again", place_connect(place, 0, fd));
	say_talk("back", fd);
}

static void restarted(const struct place *place)
{
	int fd = place_socket(place, SOCK_STREAM);

	set_alarm(SA_RESTART);
	say_result("connect", place_connect(place, 0, fd));
	say_talk("back", fd);
}

static void send_timeout(const struct place *place)
{
	struct timeval limit = { .tv_usec = 50000 };
	int fd = place_socket(place, SOCK_STREAM);

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	say_result("connect", place_connect(place, 0, fd));
	say_result("again", place_connect(place, 0, fd));
	await(fd, POLLOUT);
	say("SO_ERROR %d", so_error(fd));
	say_talk("back", fd);
}

static void already(const struct place *place)
{
	int fd = begin(place, 0);
	struct pollfd out = { .fd = fd, .events = POLLOUT };
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);

	say_result("again", place_connect(place, 0, fd));
	say_result("poll", poll(&out, 1, 0));
	say("SO_ERROR %d", so_error(fd));
	say_result("getpeername", getpeername(fd, (struct sockaddr *)&address, &len));
	await(fd, POLLOUT);
	say_result("afterwards", place_connect(place, 0, fd));
	go_blocking(fd);
	say_talk("back", fd);
}

const struct claim connect_claims[] = {
	{ "blocking", blocking },
	{ "refused", refused },
	{ "nonblocking_poll", nonblocking_poll },
	{ "nonblocking_select", nonblocking_select },
	{ "epoll_level", epoll_level },
	{ "epoll_edge", epoll_edge },
	{ "epoll_before_connect", epoll_before_connect },
	{ "nonblocking_refused", nonblocking_refused },
	{ "refused_revents", refused_revents },
	{ "read_tells_refused", read_tells_refused },
	{ "send_tells_refused", send_tells_refused },
	{ "connect_again_after_success", connect_again_after_success },
	{ "connect_again_after_failure", connect_again_after_failure },
	{ "disconnect_by_unspec", disconnect_by_unspec },
	{ "wrong_arguments", wrong_arguments },
	{ "listening", listening },
	{ "interrupted", interrupted },
	{ "restarted", restarted },
	{ "send_timeout", send_timeout },
	{ "already", already },
	{ NULL },
};
