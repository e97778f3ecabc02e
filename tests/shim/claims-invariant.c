// SPDX-License-Identifier: MIT
/*
 * Calls on descriptors that are none of ours, between two marks that strace shows: the shim adds no
 * system call to any of them. And what another thread does to a number while connect() is asking.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "claims.h"

#define DUPLICATES 3

/* Above all numbers that the shim knows something of. */
#define HIGH_NUMBER 20000
#define INHERITED   50
#define MANY	    3000

/* A system call that nobody else makes. */
static void mark(void)
{
	syscall(SYS_getpgid, 0);
}

static void call_stream(const struct place *place, int n)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	int fd = place_socket(place, SOCK_STREAM), one = 1;
	char back[4];

	say_result("connect", place_connect(place, n, fd));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	getsockname(fd, (struct sockaddr *)&address, &len);
	len = sizeof(address);
	getpeername(fd, (struct sockaddr *)&address, &len);
	say_result("send", send(fd, "ping", 4, 0));
	say_result("recv", recv(fd, back, sizeof(back), MSG_WAITALL));
	say_result("write", write(fd, "ping", 4));
	say_result("read", read(fd, back, sizeof(back)));
	close(fd);
}

static void call_datagram(const struct place *place, int n)
{
	struct sockaddr_storage address;
	socklen_t len = place_address(place, n, &address);
	char ping[] = "ping";
	struct iovec part = { .iov_base = ping, .iov_len = 4 };
	struct msghdr message = {
		.msg_name = &address, .msg_namelen = len, .msg_iov = &part, .msg_iovlen = 1
	};
	struct mmsghdr messages = { .msg_hdr = message };
	int fd = place_socket(place, SOCK_DGRAM);

	say_result("sendto", sendto(fd, "ping", 4, 0, (struct sockaddr *)&address, len));
	say_result("sendmsg", sendmsg(fd, &message, 0));
	say_result("sendmmsg", sendmmsg(fd, &messages, 1, 0));
	say_result("connect", place_connect(place, n, fd));
	say_result("send", send(fd, "ping", 4, 0));
	close(fd);
}

static void call_server(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int server = socket(AF_INET, SOCK_STREAM, 0), client, fd;
	struct epoll_event event = { .events = EPOLLIN };
	int set = epoll_create1(0);
	char byte;

	bind(server, (struct sockaddr *)&address, sizeof(address));
	listen(server, 1);
	say_result("epoll_ctl", epoll_ctl(set, EPOLL_CTL_ADD, server, &event));
	getsockname(server, (struct sockaddr *)&address, &len);
	client = socket(AF_INET, SOCK_STREAM, 0);
	say_result("connect", connect(client, (struct sockaddr *)&address, sizeof(address)));
	fd = accept(server, (struct sockaddr *)&address, &len);
	send(client, "x", 1, 0);
	say_result("recv", recv(fd, &byte, 1, 0));
	say_result("recvfrom", recvfrom(fd, &byte, 1, MSG_DONTWAIT, NULL, NULL));
	close(fd);
	close(client);
	close(server);
	close(set);
}

static void call_unix(void)
{
	struct sockaddr_un from;
	socklen_t len = sizeof(from);
	int pair[2];
	char byte;

	socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
	send(pair[0], "x", 1, 0);
	say_result("recvfrom", recvfrom(pair[1], &byte, 1, 0, (struct sockaddr *)&from, &len));
	close(pair[0]);
	close(pair[1]);
}

/* With room for what comes beside the data. */
static void call_message(void)
{
	char byte, control[64];
	struct iovec part = { &byte, 1 };
	struct sockaddr_un from;
	struct mmsghdr message = { .msg_hdr = { .msg_name = &from,
						.msg_namelen = sizeof(from),
						.msg_iov = &part,
						.msg_iovlen = 1,
						.msg_control = control,
						.msg_controllen = sizeof(control) } };
	int pair[2];

	socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
	send(pair[0], "xx", 2, 0);
	say_result("recvmsg", recvmsg(pair[1], &message.msg_hdr, 0));
	send(pair[0], "x", 1, 0);
	say_result("recvmmsg", recvmmsg(pair[1], &message, 1, 0, NULL));
	close(pair[0]);
	close(pair[1]);
}

/* Pointers to nowhere are the kernel's business. */
static void bad_pointers(const struct place *place)
{
	int pair[2], fd = place_socket(place, SOCK_STREAM);
	void *volatile nowhere = (void *)1;
	struct sockaddr_storage address;
	char byte;

	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	send(pair[0], "xxxx", 4, 0);
	say_result("getsockname", getsockname(fd, nowhere, nowhere));
	say_result("getsockname", getsockname(fd, (struct sockaddr *)&address, nowhere));
	say_result("getpeername", getpeername(pair[0], (struct sockaddr *)&address, nowhere));
	say_result("getsockopt", getsockopt(fd, SOL_SOCKET, SO_ERROR, &byte, nowhere));
	say_result("setsockopt", setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, nowhere, 4));
	say_result("recv", recv(pair[1], nowhere, 1, 0));
	say_result("recvfrom", recvfrom(pair[1], &byte, 1, 0, nowhere, nowhere));
	say_result("recvmsg", recvmsg(pair[1], nowhere, 0));
	say_result("recvmmsg", recvmmsg(pair[1], nowhere, 1, 0, NULL));
	say_result("send", send(pair[0], nowhere, 1, 0));
	say_result("ioctl", ioctl(fd, FIONREAD, nowhere));
	say_result("epoll_ctl", epoll_ctl(epoll_create1(0), EPOLL_CTL_ADD, fd, nowhere));
}

static void call_broken_pipe(void)
{
	int pipes[2];

	signal(SIGPIPE, SIG_IGN);
	if (pipe(pipes) != 0)
		give_up("pipe");
	close(pipes[0]);
	say_result("write to a closed pipe", write(pipes[1], "x", 1));
	close(pipes[1]);
}

/* Ports: a TCP server, a UDP one; neither is flagged. */
static void unflagged_calls(const struct place *place)
{
	mark();
	call_stream(place, 0);
	call_datagram(place, 1);
	call_server();
	call_unix();
	call_message();
	call_broken_pipe();
	mark();
}

/* The same beside a flow to the third port. */
static void unflagged_calls_beside_a_flow(const struct place *place)
{
	say_talk("flow", place_connected(place, 2));
	mark();
	call_stream(place, 0);
	call_datagram(place, 1);
	call_server();
	mark();
}

/* A filter that kills for every call but those that a connect to an unflagged place needs. */
static void filtered(const struct place *place)
{
	const unsigned int allowed[] = { SYS_connect, SYS_write, SYS_exit_group, SYS_sendto };
	const size_t count = sizeof(allowed) / sizeof(allowed[0]);
	struct sock_filter rules[2 * sizeof(allowed) / sizeof(allowed[0]) + 2];
	struct sock_fprog program = { .len = (unsigned short)(2 * count + 2), .filter = rules };
	struct sockaddr_storage address;
	socklen_t len = place_address(place, 1, &address);
	int stream = place_socket(place, SOCK_STREAM), datagram = place_socket(place, SOCK_DGRAM);
	size_t i;
	bool good;

	rules[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						offsetof(struct seccomp_data, nr));
	for (i = 0; i < count; i++) {
		rules[2 * i + 1] =
			(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i], 0, 1);
		rules[2 * i + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	rules[2 * count + 1] =
		(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		give_up("PR_SET_SECCOMP");
	good = place_connect(place, 0, stream) == 0 && write(stream, "ping", 4) == 4 &&
	       sendto(datagram, "ping", 4, 0, (struct sockaddr *)&address, len) == 4;
	if (write(STDOUT_FILENO, good ? "good\n" : "bad!\n", 5) != 5)
		_exit(1);
	_exit(0);
}

/* Sockets to two places, and then no descriptor left. */
static void no_descriptor_left(const struct place *place)
{
	struct rlimit limit = { 64, 64 };
	int direct = place_socket(place, SOCK_STREAM), flagged = place_socket(place, SOCK_STREAM);

	setrlimit(RLIMIT_NOFILE, &limit);
	while (dup(STDIN_FILENO) >= 0)
		;
	say_result("unflagged", place_connect(place, 0, direct));
	say_result("flagged", place_connect(place, 1, flagged));
}

static void in_a_chroot(const struct place *place)
{
	char empty[] = "/tmp/claims-XXXXXX";

	/* Whoever is not root may go into one as the root of a user namespace. */
	if (geteuid() != 0 && unshare(CLONE_NEWUSER) != 0)
		give_up("unshare");
	if (!mkdtemp(empty) || chroot(empty) != 0 || chdir("/") != 0)
		give_up("chroot");
	say_talk("unflagged", place_connected(place, 0));
	say_talk("flagged", place_connected(place, 1));
}

struct taking {
	const struct place *place;
	int fd;
	int error;
};

static void *connect_in_thread(void *data)
{
	struct taking *taking = data;

	taking->error = place_connect(taking->place, 0, taking->fd) == 0 ? 0 : errno;
	return NULL;
}

/*
 * A number that is given to something else while connect() waits for its answer: a file, another
 * socket, nothing. SIGUSR1 says that the question has been put.
 */
static void taken_meanwhile(const struct place *place, int by)
{
	struct taking taking = { .place = place };
	struct stat before, after;
	pthread_t thread;
	sigset_t go;
	int signal;

	sigemptyset(&go);
	sigaddset(&go, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &go, NULL);
	taking.fd = place_socket(place, SOCK_STREAM);
	pthread_create(&thread, NULL, connect_in_thread, &taking);
	sigwait(&go, &signal);
	if (by >= 0)
		dup2(by, taking.fd);
	else
		close(taking.fd);
	fstat(by >= 0 ? by : STDIN_FILENO, &before);
	say("taken");
	pthread_join(thread, NULL);
	say("connect: %s", taking.error ? strerrorname_np(taking.error) : "0");
	if (by >= 0) {
		fstat(taking.fd, &after);
		say("the number is %s",
		    before.st_ino == after.st_ino ? "what it was made" : "something else");
		fstat(by, &after);
		say("the other is %s",
		    before.st_ino == after.st_ino ? "what it was" : "something else");
	} else {
		say("the number is %s", fcntl(taking.fd, F_GETFD) < 0 ? "free" : "taken");
	}
}

static void file_takes_the_number(const struct place *place)
{
	taken_meanwhile(place, open("/dev/null", O_RDWR));
}

static void socket_takes_the_number(const struct place *place)
{
	taken_meanwhile(place, place_socket(place, SOCK_STREAM));
}

static void nothing_takes_the_number(const struct place *place)
{
	taken_meanwhile(place, -1);
}

/* All duplicates of a socket are the connection afterwards, and sockets beside it are not. */
static void duplicates_follow(const struct place *place)
{
	int fd = place_socket(place, SOCK_STREAM), other = place_socket(place, SOCK_STREAM);
	int copy[DUPLICATES], i, domain = 0;
	socklen_t len = sizeof(domain);
	char name[16];

	for (i = 0; i < DUPLICATES; i++)
		copy[i] = dup(fd);
	say_result("connect", place_connect(place, 0, fd));
	for (i = 0; i < DUPLICATES; i++) {
		snprintf(name, sizeof(name), "copy %d", i);
		say_talk(name, copy[i]);
	}
	getsockopt(other, SOL_SOCKET, SO_ACCEPTCONN, &domain, &len);
	say_result("the other, read", read(other, name, 1));
}

/* A duplicate that has gone through a message. */
static int through_a_message(int fd)
{
	char ancillary[CMSG_SPACE(sizeof(fd))] = "", byte = 0;
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = ancillary,
				  .msg_controllen = sizeof(ancillary) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0)
		give_up("socketpair");
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	if (sendmsg(pair[0], &message, 0) != 1 || recvmsg(pair[1], &message, 0) != 1)
		give_up("message");
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

/* Return: how many descriptors there may be now: @count, or as many as one may ask for. */
static int allow_descriptors(rlim_t count)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		give_up("RLIMIT_NOFILE");
	limit.rlim_cur = count < limit.rlim_max ? count : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		give_up("RLIMIT_NOFILE");
	return (int)limit.rlim_cur;
}

/* Whoever made the duplicates, and whichever of them is connected. */
static void duplicates_follow_however_made(const struct place *place)
{
	const int high = allow_descriptors(HIGH_NUMBER + 10) - 10;
	int way, fd, copy;

	for (way = 0; way < 8; way++) {
		fd = place_socket(place, SOCK_STREAM);
		copy = way == 0	  ? dup2(fd, 100)
		       : way == 1 ? dup3(fd, 101, O_CLOEXEC)
		       : way == 2 ? fcntl(fd, F_DUPFD, 102)
		       : way == 3 ? fcntl(fd, F_DUPFD_CLOEXEC, 103)
		       : way == 4 ? dup(dup(fd))
		       : way == 5 ? dup2(fd, dup(fd))
		       : way == 6 ? through_a_message(fd)
				  : fcntl(fd, F_DUPFD, high);
		say("way %d: %s", way, strerrorname_np(copy < 0 ? errno : 0));
		say_result("connect", place_connect(place, 0, way % 2 ? fd : copy));
		say_talk("copy", copy);
		say_talk("original", fd);
		close(copy);
		close(fd);
	}
}

/* Started by the one below: two numbers are one socket, and nobody here knows. */
static void duplicates_inherited(const struct place *place)
{
	say_result("connect", place_connect(place, 0, INHERITED));
	say_talk("copy", INHERITED + 1);
	say_talk("original", INHERITED);
}

static void duplicates_follow_after_an_exec(const struct place *place)
{
	int fd = place_socket(place, SOCK_STREAM);
	char port[8];

	snprintf(port, sizeof(port), "%d", place->ports[0]);
	dup2(fd, INHERITED);
	dup2(fd, INHERITED + 1);
	execl(self(), self(), "duplicates_inherited", place->address, port, NULL);
	give_up("execl");
}

/* Connects that are none of the thousands of other descriptors' business, between marks. */
static void connects_among_many(const struct place *place)
{
	const int many = allow_descriptors(MANY) - 50;
	int i, fd, other, pipes[2];
	char byte;

	if (pipe(pipes) != 0)
		give_up("pipe");
	for (i = 0; i < many; i++)
		if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
			give_up("open");
	fd = place_socket(place, SOCK_STREAM);
	if (dup(fd) < 0)
		give_up("dup");
	other = place_socket(place, SOCK_STREAM);
	if (fork() == 0) {
		close(pipes[1]);
		_exit(read(pipes[0], &byte, 1) != 0);
	}
	mark();
	place_connect(place, 2, fd);
	place_connect(place, 2, other);
	mark();
	close(pipes[1]);
	wait(NULL);
}

/* A socket whose only duplicate is with a child: nothing else of this process is touched. */
static void duplicate_in_a_child(const struct place *place)
{
	int fd = place_socket(place, SOCK_STREAM), pipes[2];
	pid_t child;
	char byte;

	if (pipe(pipes) != 0)
		give_up("pipe");
	child = fork();
	if (child == 0) {
		close(pipes[1]);
		_exit(read(pipes[0], &byte, 1) != 0);
	}
	close(pipes[0]);
	say_result("connect", place_connect(place, 0, fd));
	say_talk("parent", fd);
	close(pipes[1]);
	waitpid(child, NULL, 0);
}

static void say_event(const char *what, int set, int timeout)
{
	struct epoll_event event;
	int n = epoll_wait(set, &event, 1, timeout);

	say("%s: %d %x %d", what, n, n > 0 ? event.events & (EPOLLIN | EPOLLOUT) : 0,
	    n > 0 ? (int)event.data.u32 : 0);
}

/* A registration keeps its flags and its data: level, edge, one shot, exclusive. */
static void registrations_keep_their_flags(const struct place *place)
{
	static const uint32_t flags[] = { 0, EPOLLET, EPOLLONESHOT, EPOLLEXCLUSIVE };
	struct epoll_event event;
	char back[4];
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		int fd = place_socket(place, SOCK_STREAM), set = epoll_create1(0);

		event = (struct epoll_event){ .events = EPOLLIN | flags[i], .data.u32 = 70 + i };
		epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
		/* A socket that is not connected hangs up: the one shot is spent on that. */
		if (flags[i] != EPOLLONESHOT)
			epoll_wait(set, &event, 1, 0);
		place_connect(place, 0, fd);
		if (write(fd, "ping", 4) != 4)
			give_up("write");
		await(fd, POLLIN);
		say_event("first", set, 1000);
		say_event("second", set, 0);
		say_result("read", recv(fd, back, 4, MSG_WAITALL));
		say_event("third", set, 0);
		close(fd);
		say_event("closed", set, 0);
		close(set);
	}
}

/* What the kernel keeps of a set's registrations (proc(5)), whichever their number of the socket is. */
static void say_registrations(const char *when, int set)
{
	char path[64], line[256];
	unsigned long long data;
	unsigned int events;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", set);
	file = fopen(path, "re");
	if (!file)
		give_up(path);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "tfd: %*d events: %x data: %llx", &events, &data) == 2)
			say("%s: %x %llx", when, events, data);
	fclose(file);
}

/* Each flag that there is, and all of the data. */
static void registrations_read_the_same(const struct place *place)
{
	static const uint32_t events[] = {
		0,
		EPOLLIN | EPOLLRDHUP,
		EPOLLOUT | EPOLLPRI | EPOLLET,
		EPOLLIN | EPOLLRDNORM | EPOLLRDBAND | EPOLLWRNORM | EPOLLWRBAND | EPOLLMSG,
		EPOLLIN | EPOLLEXCLUSIVE | EPOLLET,
		EPOLLPRI | EPOLLONESHOT,
		EPOLLIN | EPOLLWAKEUP,
	};
	struct epoll_event event;
	size_t i;

	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		int fd = place_socket(place, SOCK_STREAM), set = epoll_create1(0);

		event = (struct epoll_event){ .events = events[i],
					      .data.u64 = 0x0123456789abcdef + i };
		say_result("ADD", epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
		say_registrations("before", set);
		say_result("connect", place_connect(place, 0, fd));
		say_registrations("after", set);
		close(fd);
		close(set);
	}
}

/* EPOLLONESHOT that has fired before connect() stays silent until it is armed again. */
static void disarmed_stays_disarmed(const struct place *place)
{
	int fd = place_socket(place, SOCK_STREAM), set = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLONESHOT, .data.u32 = 7 };

	epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	epoll_wait(set, &event, 1, 1000);
	place_connect(place, 0, fd);
	say_event("disarmed", set, 100);
	event = (struct epoll_event){ .events = EPOLLOUT | EPOLLONESHOT, .data.u32 = 8 };
	say_result("MOD", epoll_ctl(set, EPOLL_CTL_MOD, fd, &event));
	say_event("armed", set, 1000);
	say_result("DEL", epoll_ctl(set, EPOLL_CTL_DEL, fd, &event));
	say_result("DEL again", epoll_ctl(set, EPOLL_CTL_DEL, fd, &event));
	say_result("MOD again", epoll_ctl(set, EPOLL_CTL_MOD, fd, &event));
}

static void disarmed_can_be_deleted(const struct place *place)
{
	int fd = place_socket(place, SOCK_STREAM), set = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLONESHOT, .data.u32 = 7 };

	epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	epoll_wait(set, &event, 1, 1000);
	place_connect(place, 0, fd);
	say_result("DEL", epoll_ctl(set, EPOLL_CTL_DEL, fd, &event));
	say_result("DEL again", epoll_ctl(set, EPOLL_CTL_DEL, fd, &event));
	event = (struct epoll_event){ .events = EPOLLOUT, .data.u32 = 9 };
	say_result("ADD again", epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
	say_event("added", set, 1000);
}

const struct claim invariant_claims[] = {
	{ "unflagged_calls", unflagged_calls },
	{ "unflagged_calls_beside_a_flow", unflagged_calls_beside_a_flow },
	{ "bad_pointers", bad_pointers },
	{ "filtered", filtered },
	{ "no_descriptor_left", no_descriptor_left },
	{ "in_a_chroot", in_a_chroot },
	{ "file_takes_the_number", file_takes_the_number },
	{ "socket_takes_the_number", socket_takes_the_number },
	{ "nothing_takes_the_number", nothing_takes_the_number },
	{ "duplicates_follow", duplicates_follow },
	{ "duplicates_follow_however_made", duplicates_follow_however_made },
	{ "duplicates_inherited", duplicates_inherited },
	{ "duplicates_follow_after_an_exec", duplicates_follow_after_an_exec },
	{ "connects_among_many", connects_among_many },
	{ "duplicate_in_a_child", duplicate_in_a_child },
	{ "registrations_keep_their_flags", registrations_keep_their_flags },
	{ "registrations_read_the_same", registrations_read_the_same },
	{ "disarmed_stays_disarmed", disarmed_stays_disarmed },
	{ "disarmed_can_be_deleted", disarmed_can_be_deleted },
	{ NULL },
};
