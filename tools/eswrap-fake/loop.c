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
 * signal that ends the program, and a second host at the door, which is to be turned away at once.
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

int loop_init(struct loop *loop)
{
	sigset_t set;

	memset(loop, 0, sizeof(*loop));
	loop->door_fd = -1;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	loop->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (loop->signal_fd < 0)
		return -errno;
	/* The default slack of 50 us is as long as 15 bytes at 3 Mbit/s. */
	prctl(PR_SET_TIMERSLACK, 1);
	return 0;
}

void loop_free(struct loop *loop)
{
	close(loop->signal_fd);
}

int loop_wait(struct loop *loop, struct pollfd *fds, unsigned int count, int64_t deadline)
{
	struct pollfd all[LOOP_FDS_MAX + 2];
	struct timespec left, *timeout;
	int64_t left_ns;
	int ready;

	g_assert(count <= LOOP_FDS_MAX);
	if (count)
		memcpy(all, fds, count * sizeof(*fds));
	for (;;) {
		if (loop->stop)
			return -EINTR;
		all[count] = (struct pollfd){ .fd = loop->signal_fd, .events = POLLIN };
		all[count + 1] = (struct pollfd){ .fd = loop->door_fd, .events = POLLIN };
		timeout = NULL;
		if (deadline != LOOP_FOREVER) {
			left_ns = MAX(deadline - now_ns(), 0);
			left.tv_sec = left_ns / NS_PER_SEC;
			left.tv_nsec = left_ns % NS_PER_SEC;
			timeout = &left;
		}
		ready = ppoll(all, count + 2, timeout, NULL);
		if (ready < 0) {
			g_assert(errno == EINTR);
			continue;
		}
		if (all[count].revents) {
			loop->stop = true;
			continue;
		}
		if (all[count + 1].revents) {
			loop->door(loop->door_data);
			ready--;
		}
		if (ready > 0) {
			memcpy(fds, all, count * sizeof(*fds));
			return ready;
		}
		if (deadline != LOOP_FOREVER && now_ns() >= deadline)
			return 0;
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
		if (r < 0)
			return r;
	}
}
