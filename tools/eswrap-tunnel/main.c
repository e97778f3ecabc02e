// SPDX-License-Identifier: MIT
/*
 * eswrap-tunnel - run a program in a network namespace whose only way out is the broker
 *
 *	eswrap-tunnel [--port PORT]... [--] PROGRAM [ARGUMENT...]	what eswrap --isolate executes
 *	eswrap-tunnel --service						in the namespace that it is in
 *
 * DOC: Theory of Operation
 *
 * This process becomes the program, so its pid, its exit status and its signals are the program's. The
 * engine is a grandchild in a session of its own, which has stayed outside: it needs the caller's
 * loopback for listed ports. It gets the descriptors that were made inside, says that it is ready, and
 * leaves when nobody lives in the namespace any more.
 */
#include <config.h>

#include "eswrap-tunnel/engine.h"
#include "eswrap-tunnel/lend.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* As env(1), timeout(1) and nohup(1) have it. */
#define STATUS_OWN_FAILURE    125
#define STATUS_CANNOT_EXECUTE 126
#define STATUS_NOT_FOUND      127

#define EVENTS 32

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void refuse_other(struct engine *engine, const struct packet *packet)
{
	uint8_t out[PACKET_ERROR_MAX];

	/* ICMP_NET_UNREACH: the network beyond this device is the module, and it is none. */
	engine_write(engine, out, packet_unreachable(packet, engine->nat->gateway, 0, out));
}

static void take_packets(struct engine *engine)
{
	static uint8_t data[PACKET_MAX];
	struct packet packet;
	ssize_t got;
	int i;

	/* The others are to have their turn as well. */
	for (i = 0; i < EVENTS; i++) {
		got = read(engine->space.tun, data, sizeof(data));
		if (got <= 0)
			return;
		switch (packet_parse(data, (size_t)got, &packet)) {
		case PACKET_BAD:
			break;
		case PACKET_OTHER:
			refuse_other(engine, &packet);
			break;
		case PACKET_TCP:
			tcp_packet(engine, &packet);
			break;
		case PACKET_UDP:
			udp_packet(engine, &packet);
			break;
		}
	}
}

/* How long to sleep, ms; -1: only what is held, half closed or asked needs a clock. */
static int patience(const struct engine *engine)
{
	int64_t left = engine->waiting ? CHECK_MS : -1;

	if (engine->checks && (left < 0 || engine->check_at - engine->now < left))
		left = engine->check_at > engine->now ? engine->check_at - engine->now : 0;
	return (int)left;
}

/* Somebody has ended: is there anybody else? */
static bool is_alive(struct engine *engine, const char *name, int *life)
{
	if (*life >= 0)
		close(*life);
	*life = life_find(name);
	if (*life < 0)
		return false;
	engine_watch(engine, *life, 0, EPOLLIN, WATCHED_LIFE, 0);
	return true;
}

/* @name: the namespace, as /proc shows it; NULL: a service, which does not leave by itself */
static void run(struct engine *engine, const char *name)
{
	struct epoll_event events[EVENTS];
	int count, i, life = -1;

	if (name && !is_alive(engine, name, &life))
		return;
	for (;;) {
		count = epoll_wait(engine->poll, events, EVENTS, patience(engine));
		engine->now = now_ms();
		for (i = 0; i < count; i++) {
			unsigned int number = (unsigned int)events[i].data.u64;
			enum watched what = (enum watched)(events[i].data.u64 >> 32);

			switch (what) {
			case WATCHED_TUN:
				take_packets(engine);
				break;
			case WATCHED_LISTENER:
				tcp_accept(engine);
				break;
			case WATCHED_LIFE:
				if (!is_alive(engine, name, &life))
					return;
				break;
			case WATCHED_KEEPER:
				keeper_ended(engine);
				break;
			case WATCHED_LEND:
				lend_connected(engine);
				break;
			case WATCHED_ASKING:
				lend_asked(engine, number);
				break;
			case WATCHED_LENDER:
				lend_ended(engine, number);
				break;
			case WATCHED_PORT:
				tcp_accept_port(engine, number);
				break;
			case WATCHED_NEAR:
			case WATCHED_FAR:
				tcp_event(engine, what, number, events[i].events);
				break;
			case WATCHED_SESSION:
				udp_event(engine, number);
				break;
			case WATCHED_NAME:
				udp_take_name(engine, number);
				break;
			case WATCHED_NAME_STREAM:
				tcp_accept_name(engine, number);
				break;
			}
		}
		tcp_check(engine);
		udp_check(engine);
	}
}

static bool prepare(struct engine *engine)
{
	struct sockaddr_in listener;
	socklen_t len = sizeof(listener);
	unsigned int i;

	engine->nat = mmap(NULL, sizeof(*engine->nat), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	engine->questions = question_new();
	engine->connections = tcp_new();
	engine->sessions = udp_new();
	engine->poll = epoll_create1(EPOLL_CLOEXEC);
	if (engine->nat == MAP_FAILED || !engine->questions || !engine->connections ||
	    !engine->sessions || engine->poll < 0 ||
	    getsockname(engine->space.listener, (struct sockaddr *)&listener, &len) < 0 ||
	    getrandom(&engine->nat->seed, sizeof(engine->nat->seed), 0) !=
		    sizeof(engine->nat->seed))
		return false;
	engine->nat->gateway = htonl(SPACE_GATEWAY);
	engine->nat->own = htonl(SPACE_OWN);
	engine->nat->listener = listener.sin_port;
	engine->now = now_ms();
	signal(SIGPIPE, SIG_IGN);
	engine_watch(engine, engine->space.tun, 0, EPOLLIN, WATCHED_TUN, 0);
	engine_watch(engine, engine->space.listener, 0, EPOLLIN, WATCHED_LISTENER, 0);
	for (i = 0; i < engine->space.count; i++)
		engine_watch(engine, engine->space.ports[i], 0, EPOLLIN, WATCHED_PORT, i);
	for (i = 0; i < engine->space.name_count; i++) {
		engine_watch(engine, engine->space.names[i], 0, EPOLLIN, WATCHED_NAME, i);
		engine_watch(engine, engine->space.name_streams[i], 0, EPOLLIN, WATCHED_NAME_STREAM,
			     i);
	}
	return keeper_start(engine);
}

/* What the caller holds is not to stay open for longer than he wants: a pipe, a lock. */
static void let_go(int link)
{
	int null = open("/dev/null", O_RDWR), fd;

	for (fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	engine_close_others(&link, 1);
}

/* The engine of one program: what it has to know comes by @link. */
static void serve(struct engine *engine, int link)
{
	char name[64];
	ssize_t got;

	setsid();
	let_go(link);
	prctl(PR_SET_NAME, "eswrap-tunnel");
	if (!space_take(link, &engine->space))
		return;
	got = recv(link, name, sizeof(name) - 1, 0);
	if (got <= 0)
		return;
	name[got] = '\0';
	if (!prepare(engine) || send(link, "", 1, MSG_NOSIGNAL) != 1)
		return;
	close(link);
	run(engine, name);
}

static int fail(const char *what, int error)
{
	fprintf(stderr, "eswrap-tunnel: %s: %s%s\n", what, strerror(error),
		error == EPERM || error == EACCES || error == ENOSPC
			? "; isolation needs root, or unprivileged user namespaces and "
			  "/dev/net/tun that may be opened, or eswrap-tunnel.service: see "
			  "eswrap-tunnel(8)"
		: error == ENOENT ? "; load the kernel module tun, or start eswrap-tunnel.service: "
				    "see eswrap-tunnel(8)"
		: error == EHOSTUNREACH
			? "; it asks the system's broker, and ESWRAP_SOCKET names another"
		: error == EBUSY ? "; a program that is isolated so already cannot be once more"
				 : "");
	return STATUS_OWN_FAILURE;
}

static int start_engine(struct engine *engine, int *link)
{
	int pair[2], status;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	child = fork();
	if (child < 0)
		return -errno;
	if (child == 0) {
		close(pair[0]);
		/* No child that the program does not know of. */
		if (fork() == 0)
			serve(engine, pair[1]);
		_exit(0);
	}
	close(pair[1]);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	*link = pair[0];
	return 0;
}

static int make_space(struct engine *engine, const char **what)
{
	char name[64], byte;
	ssize_t len;
	int link = -1, result;

	result = start_engine(engine, &link);
	if (result == 0)
		result = space_enter(what);
	if (result == 0)
		result = space_furnish(&engine->space, what);
	if (result == 0)
		result = space_restrict(what);
	if (result < 0) {
		/* The engine leaves when it hears of that. */
		if (link >= 0)
			close(link);
		return result;
	}
	*what = "the engine did not start";
	len = readlink("/proc/self/ns/net", name, sizeof(name));
	return len > 0 && space_send(link, &engine->space) &&
			       send(link, name, (size_t)len, MSG_NOSIGNAL) == len &&
			       recv(link, &byte, 1, 0) == 1
		       ? 0
		       : -EPIPE;
}

/* Is it something that the service can do for us? */
static bool is_forbidden(int error)
{
	return error == EPERM || error == EACCES || error == ENOSPC || error == ENOENT;
}

/* Return: 0, or an exit status after a message. */
static int isolate(struct engine *engine)
{
	const char *what = "a process", *lent = "eswrap-tunnel.service";
	int result = make_space(engine, &what), second;

	if (result == 0)
		return 0;
	/* Listed ports are of the caller's loopback, which the service does not see. */
	if (!is_forbidden(-result) || engine->space.count)
		return fail(what, -result);
	second = borrow_begin(&lent);
	if (second == 0)
		return 0;
	return second == -ENOENT || second == -ECONNREFUSED ? fail(what, -result)
							    : fail(lent, -second);
}

static int become(char **argv)
{
	int error;

	/* All of ours are closed by the exec; the loader's variable is none of this one's. */
	execvp(argv[0], argv);
	error = errno;
	fprintf(stderr, "eswrap-tunnel: %s: %s\n", argv[0], strerror(error));
	return error == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_EXECUTE;
}

/* sd_notify(3) without its library. */
static void tell_ready(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (!len || len >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, len);
	if (*path == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, "READY=1", 7, MSG_NOSIGNAL, (struct sockaddr *)&address,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		perror("eswrap-tunnel: NOTIFY_SOCKET");
	close(fd);
}

/* Where there is a place for its socket. */
static int lend(struct engine *engine)
{
	const char *directory = getenv("RUNTIME_DIRECTORY");
	char path[128];

	if (!directory || !*directory)
		return 0;
	if (snprintf(path, sizeof(path), "%s/" LEND_SOCKET_NAME, directory) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return lend_begin(engine, path);
}

static int run_service(struct engine *engine)
{
	const char *what;
	int result = space_furnish(&engine->space, &what);

	if (result < 0)
		return fail(what, -result);
	if (!prepare(engine))
		return fail("the engine did not start", errno);
	result = lend(engine);
	if (result < 0)
		return fail("a socket in the runtime directory", -result);
	tell_ready();
	run(engine, NULL);
	return STATUS_OWN_FAILURE;
}

static bool add_port(struct space *space, const char *text)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	if (*end || end == text || port < 1 || port > 65535 || space->count == SPACE_PORTS_MAX)
		return false;
	space->port[space->count++] = (uint16_t)port;
	return true;
}

static int usage(FILE *to, int status)
{
	fputs("usage: eswrap-tunnel [--port PORT]... PROGRAM [ARGUMENT...]\n"
	      "       eswrap-tunnel --service\n"
	      "Runs PROGRAM in a network namespace whose only way out is the broker of eswrap; "
	      "with\n"
	      "--service, serves the namespace that it is in. See eswrap-tunnel(8).\n",
	      to);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "service", no_argument, NULL, 's' },
		{ "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL },
	};
	struct engine engine = { .poll = -1 };
	bool service = false;
	int option, status;

	while ((option = getopt_long(argc, argv, "+", options, NULL)) >= 0) {
		switch (option) {
		case 'p':
			if (!add_port(&engine.space, optarg)) {
				fprintf(stderr,
					"eswrap-tunnel: --port %s: a port is a number from 1 to "
					"65535, and there are at most %d\n",
					optarg, SPACE_PORTS_MAX);
				return STATUS_OWN_FAILURE;
			}
			break;
		case 's':
			service = true;
			break;
		case 'v':
			puts("eswrap-tunnel " PACKAGE_VERSION);
			return 0;
		case 'h':
			return usage(stdout, 0);
		default:
			return usage(stderr, STATUS_OWN_FAILURE);
		}
	}
	if (service && optind == argc && !engine.space.count)
		return run_service(&engine);
	if (service || optind == argc)
		return usage(stderr, STATUS_OWN_FAILURE);
	status = isolate(&engine);
	return status ? status : become(argv + optind);
}
