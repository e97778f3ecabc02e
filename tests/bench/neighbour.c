// SPDX-License-Identifier: MIT
/*
 * What a neighbour costs: somebody with a bulk connection, who makes short ones now and then, beside
 * another user who does as ordinary people do, and beside the same at his worst. The attacker is
 * "nobody", the other is whoever runs this, which must be root.
 */
#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "bench/bench.h"
#include "support/raw.h"
#include "support/server.h"

#define NOBODY	   65534
#define CONNECTS   40
#define PAUSE_US   100000 /* and up to twice as much more */
#define WARM_UP_US 3000000
#define ALONE_US   3000000
#define AT_ONCE	   8
#define SLOW_NAMES "D0=2000"

/* struct place - who serves what; the same in all processes of a case */
struct place {
	struct harness *h;
	guint16 echo, source, hold, hole;
};

struct counter {
	guint64 bytes;
};

static void send_for_ever(struct server_connection *c, gpointer user G_GNUC_UNUSED)
{
	static const char bytes[16384];

	while (server_put(c, bytes, sizeof(bytes)))
		continue;
}

/* A listener whose queue is full answers no more SYN. */
static guint16 start_hole(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0), i;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(listen(fd, 0), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	for (i = 0; i < 4; i++)
		connect(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0),
			(struct sockaddr *)&address, len);
	return ntohs(address.sin_port);
}

static void place_start(struct place *place, guint rate, guint latency_ms)
{
	struct server source = { .kind = SERVER_OWN, .serve = send_for_ever };

	place->h = harness_new();
	place->echo = server_start(place->h, &(struct server){ .kind = SERVER_ECHO });
	place->hold = server_start(place->h, &(struct server){ .kind = SERVER_HOLD });
	place->source = server_start(place->h, &source);
	place->hole = start_hole();
	harness_fake(place->h, "--baud", harness_format(place->h, "%u", rate), "--latency",
		     harness_format(place->h, "%u", latency_ms), "--latency", SLOW_NAMES, NULL);
	harness_broker(place->h, "[route local]\naddress = 127.0.0.0/8\nthrough = tcp\n"
				 "[route names]\nhost = *.example\nthrough = tcp\n");
	ck_assert_int_eq(chmod(place->h->directory, 0755), 0);
}

/* Return: the program's end, or -1 */
static int flow_to(const struct place *place, guint16 port)
{
	struct eswrap_reply reply;

	return raw_flow(place->h, "127.0.0.1", port, &reply);
}

/* In a process of its own that ends with the others of its group. */
static pid_t start(struct place *place, uid_t uid, void (*run)(struct place *place, gpointer user),
		   gpointer user)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid) {
		setpgid(pid, pid);
		return pid;
	}
	setpgid(0, 0);
	if (uid && (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 ||
		    setresuid(uid, uid, uid) < 0))
		_exit(1);
	signal(SIGPIPE, SIG_IGN);
	run(place, user);
	_exit(0);
}

static void stop(pid_t pid)
{
	kill(-pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static void download(struct place *place, gpointer user)
{
	struct counter *counter = user;
	char buffer[16384];
	ssize_t n = 0;
	int fd;

	while ((fd = flow_to(place, place->source)) >= 0) {
		while ((n = read(fd, buffer, sizeof(buffer))) > 0)
			counter->bytes += (guint64)n;
		close(fd);
	}
}

/* An ordinary neighbour: he loads something, and connects once a second. */
static void be_ordinary(struct place *place, gpointer user)
{
	int fd;

	if (fork() == 0) {
		download(place, user);
		_exit(0);
	}
	for (;;) {
		fd = flow_to(place, place->echo);
		if (fd >= 0)
			raw_outcome(fd);
		g_usleep(G_USEC_PER_SEC);
		close(fd);
	}
}

/* As many connects as he may, each given up after a while or when it has ended, and others begun. */
static void connect_to_holes(struct place *place, gpointer user G_GNUC_UNUSED)
{
	struct pollfd polls[AT_ONCE];
	guint i, round;

	for (i = 0; i < AT_ONCE; i++)
		polls[i] = (struct pollfd){ .fd = flow_to(place, place->hole), .events = POLLOUT };
	for (round = 0;; round++) {
		poll(polls, AT_ONCE, 500);
		for (i = 0; i < AT_ONCE; i++) {
			if (polls[i].fd >= 0 && !polls[i].revents && (round + i) % AT_ONCE)
				continue;
			close(polls[i].fd);
			polls[i].fd = flow_to(place, place->hole);
		}
	}
}

/* All the sockets that he can get, with just so much on them that they are not idle. */
static void keep_sockets(struct place *place, gpointer user G_GNUC_UNUSED)
{
	struct pollfd polls[AT_ONCE];
	guint i;

	for (i = 0; i < AT_ONCE; i++)
		polls[i] = (struct pollfd){ .fd = flow_to(place, place->hold) };
	for (;;) {
		poll(polls, AT_ONCE, 0);
		for (i = 0; i < AT_ONCE; i++) {
			if (polls[i].fd < 0 || polls[i].revents) {
				close(polls[i].fd);
				polls[i].fd = flow_to(place, place->hold);
			}
			if (send(polls[i].fd, "x", 1, MSG_DONTWAIT) < 0 && errno != EAGAIN)
				continue;
		}
		g_usleep(200000);
	}
}

/* Names of name servers that take their time. */
static void look_up(struct place *place, gpointer user G_GNUC_UNUSED)
{
	struct eswrap_request request = raw_request(ESWRAP_RESOLVE, raw_endpoint("0.0.0.0", 0));
	struct eswrap_reply reply;
	guint i, n;

	for (i = 0; i < AT_ONCE - 1 && fork(); i++)
		continue;
	for (n = 0;; n++) {
		g_snprintf(request.name, sizeof(request.name), "n%u-%u.example", i, n);
		raw_ask(place->h, &request, &reply);
	}
}

static void download_much(struct place *place, gpointer user)
{
	guint i;

	for (i = 0; i < AT_ONCE - 1 && fork(); i++)
		continue;
	download(place, user);
}

/**
 * struct found - of one neighbour
 * @connects:	what each connect took, ms
 * @rate:	of the bulk connection meanwhile, bytes/s
 */
struct found {
	GArray *connects;
	double rate;
};

static void time_connects(const struct place *place, GArray *times)
{
	guint32 random = 1;
	gint64 began;
	double ms;
	guint i;
	int fd;

	for (i = 0; i < CONNECTS; i++) {
		began = now_ns();
		fd = flow_to(place, place->echo);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(raw_outcome(fd).error, 0);
		ms = (double)(now_ns() - began) / 1e6;
		g_array_append_val(times, ms);
		close(fd);
		random = random * 1664525 + 1013904223;
		g_usleep(PAUSE_US + random % (2 * PAUSE_US));
	}
}

/* @neighbour: NULL: nobody */
static struct found measure(const struct bench_case *what, guint latency_ms,
			    void (*neighbour)(struct place *place, gpointer user))
{
	struct counter *mine = shared_new(sizeof(*mine)), *his = shared_new(sizeof(*his));
	struct found found = { .connects = g_array_new(FALSE, FALSE, sizeof(double)) };
	struct place place;
	guint64 before;
	gint64 began;
	pid_t me, he;

	place_start(&place, what->rate, latency_ms);
	me = start(&place, 0, download, mine);
	he = neighbour ? start(&place, NOBODY, neighbour, his) : 0;
	g_usleep(WARM_UP_US);
	before = mine->bytes;
	began = now_ns();
	if (neighbour)
		time_connects(&place, found.connects);
	else
		g_usleep(ALONE_US);
	found.rate = (double)(mine->bytes - before) / ((double)(now_ns() - began) / NS_PER_S);
	if (he)
		stop(he);
	stop(me);
	harness_free(place.h);
	return found;
}

static double mean(const GArray *values)
{
	double sum = 0;
	guint i;

	for (i = 0; i < values->len; i++)
		sum += g_array_index(values, double, i);
	return sum / values->len;
}

/* RATIO is what a connect waits beside an ordinary neighbour over what it waits beside this one. */
static void compare(const struct bench_case *what, guint latency_ms, struct bench_result *result,
		    void (*worst)(struct place *place, gpointer user))
{
	struct found alone = measure(what, latency_ms, NULL);
	struct found usual = measure(what, latency_ms, be_ordinary);
	struct found attacked = measure(what, latency_ms, worst);
	double before = mean(usual.connects), now = mean(attacked.connects);

	result_set(result, now, "ms", before / now);
	result_add(result, "wait_over_usual", now / before);
	result_add(result, "usual_ms", before);
	result_spread(result, "usual", usual.connects);
	result_spread(result, "attacked", attacked.connects);
	result_add(result, "share", attacked.rate / alone.rate);
	result_add(result, "usual_share", usual.rate / alone.rate);
	g_array_unref(alone.connects);
	g_array_unref(usual.connects);
	g_array_unref(attacked.connects);
}

void bench_holes(const struct bench_case *what, guint latency_ms, struct bench_result *result)
{
	compare(what, latency_ms, result, connect_to_holes);
}

void bench_keeper(const struct bench_case *what, guint latency_ms, struct bench_result *result)
{
	compare(what, latency_ms, result, keep_sockets);
}

void bench_names(const struct bench_case *what, guint latency_ms, struct bench_result *result)
{
	compare(what, latency_ms, result, look_up);
}

void bench_loader(const struct bench_case *what, guint latency_ms, struct bench_result *result)
{
	compare(what, latency_ms, result, download_much);
}
