// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of Operation
 *
 * A module does one thing at a time: it reads a command, carries it out, answers, and hears nothing
 * in between. The program is written the same way, as straight code that blocks, instead of as
 * callbacks on a main loop: a read that waits for data *is* the state "waiting for data". That is
 * also the fastest way from a command to its answer, and lets ppoll() wait with the nanoseconds
 * that a byte at 3 Mbit/s needs; GLib's main loop knows milliseconds.
 *
 * All blocking is done here, because two things must be served whatever the module is busy with: a
 * signal that ends the program, and a watched descriptor: a second host at the door, which is to be
 * turned away at once, or a client of a server of the module's.
 */
#include "eswrap-fake/loop.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

/* Shorter than this and a sleep would overshoot: watch the clock instead. */
#define SPIN_NS (15 * NS_PER_US)

int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SEC + now.tv_nsec;
}

void loop_init(struct loop *loop)
{
	sigset_t set;

	memset(loop, 0, sizeof(*loop));
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	loop->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (loop->signal_fd < 0)
		g_error("signalfd: %s", g_strerror(errno));
	/* The default slack of 50 us is as long as 15 bytes at 3 Mbit/s. */
	prctl(PR_SET_TIMERSLACK, 1);
}

void loop_free(struct loop *loop)
{
	close(loop->signal_fd);
}

void loop_watch(struct loop *loop, int fd, bool (*ready)(void *data), void *data)
{
	g_assert(loop->watch_count < LOOP_WATCHES_MAX);
	loop->watches[loop->watch_count++] = (struct loop_watch){
		.fd = fd,
		.ready = ready,
		.data = data,
	};
}

void loop_unwatch(struct loop *loop, int fd)
{
	unsigned int i;

	for (i = 0; i < loop->watch_count; i++) {
		if (loop->watches[i].fd == fd) {
			loop->watches[i] = loop->watches[--loop->watch_count];
			return;
		}
	}
}

/* Return: true when one of them says that an idle module should look around. */
static bool serve_watches(struct loop *loop, const struct pollfd *polled, unsigned int count)
{
	struct loop_watch watches[LOOP_WATCHES_MAX];
	bool look = false;
	unsigned int i;

	/* Serving one may change the list. */
	memcpy(watches, loop->watches, sizeof(watches));
	for (i = 0; i < count; i++)
		if (polled[i].revents && watches[i].ready(watches[i].data))
			look = true;
	return look;
}

static int poll_until(struct pollfd *fds, unsigned int count, int64_t deadline)
{
	struct timespec left;
	int64_t left_ns;
	int ready;

	do {
		if (deadline == LOOP_FOREVER) {
			ready = ppoll(fds, count, NULL, NULL);
			continue;
		}
		left_ns = MAX(deadline - now_ns(), 0);
		left.tv_sec = left_ns / NS_PER_SEC;
		left.tv_nsec = left_ns % NS_PER_SEC;
		ready = ppoll(fds, count, &left, NULL);
	} while (ready < 0);
	return ready;
}

/* Return: false when the wait is over. */
static bool take_signal(struct loop *loop)
{
	struct signalfd_siginfo info;

	if (read(loop->signal_fd, &info, sizeof(info)) != sizeof(info))
		return true;
	if (info.ssi_signo != SIGUSR1)
		loop->stop = true;
	else if (loop->reset_line)
		loop->reset_line(loop->reset_data);
	return false;
}

int loop_wait(struct loop *loop, struct pollfd *fds, unsigned int count, int64_t deadline)
{
	struct pollfd all[LOOP_FDS_MAX + 1 + LOOP_WATCHES_MAX];
	unsigned int i, watches;
	int ready, ours;

	g_assert(count <= LOOP_FDS_MAX);
	if (count)
		memcpy(all, fds, count * sizeof(*fds));
	all[count] = (struct pollfd){ .fd = loop->signal_fd, .events = POLLIN };
	for (;;) {
		if (loop->stop)
			return -EINTR;
		watches = loop->watch_count;
		for (i = 0; i < watches; i++)
			all[count + 1 + i] = (struct pollfd){
				.fd = loop->watches[i].fd,
				.events = POLLIN,
			};
		ready = poll_until(all, count + 1 + watches, deadline);
		if (ready == 0)
			return 0;
		if (all[count].revents && !take_signal(loop))
			return loop->stop ? -EINTR : -ECANCELED;
		ours = 0;
		for (i = 0; i < count; i++)
			ours += all[i].revents != 0;
		if (ours < ready && serve_watches(loop, all + count + 1, watches) && loop->idle &&
		    !ours)
			return -EAGAIN;
		if (ours) {
			memcpy(fds, all, count * sizeof(*fds));
			return ours;
		}
	}
}

int loop_sleep_until(struct loop *loop, int64_t deadline)
{
	int64_t left;
	int r;

	for (;;) {
		left = deadline - now_ns();
		if (left <= 0)
			return loop->stop ? -EINTR : 0;
		if (left <= SPIN_NS)
			continue;
		r = loop_wait(loop, NULL, 0, deadline);
		if (r < 0 && r != -EAGAIN)
			return r;
	}
}
