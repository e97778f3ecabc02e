/* SPDX-License-Identifier: MIT */
#ifndef FAKE_LOOP_H
#define FAKE_LOOP_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#define NS_PER_US  INT64_C(1000)
#define NS_PER_MS  INT64_C(1000000)
#define NS_PER_SEC INT64_C(1000000000)

#define LOOP_FOREVER INT64_MAX
/* Descriptors that one loop_wait() can take, and that can be watched in every one. */
#define LOOP_FDS_MAX	 8
#define LOOP_WATCHES_MAX 8

/**
 * struct loop_watch - a descriptor that is served whatever the module is busy with
 * @ready:	called when @fd is readable; returns true when an idle module should look around
 */
struct loop_watch {
	int fd;
	bool (*ready)(void *data);
	void *data;
};

/**
 * struct loop - what has to be looked after during every wait
 * @signal_fd:	signalfd for SIGTERM, SIGINT and SIGHUP, and for SIGUSR1
 * @stop:	one of the first three came: everything unwinds
 * @reset_line:	called when SIGUSR1 comes: somebody pulls the reset line
 * @reset_data:	its argument
 * @idle:	the module waits for a command: a watch that returns true ends the wait
 */
struct loop {
	int signal_fd;
	bool stop, idle;
	void (*reset_line)(void *data);
	void *reset_data;
	struct loop_watch watches[LOOP_WATCHES_MAX];
	unsigned int watch_count;
};

/* now_ns() - CLOCK_MONOTONIC in nanoseconds */
int64_t now_ns(void);

/* loop_init() - block the signals that end the program and take them by descriptor */
void loop_init(struct loop *loop);
void loop_free(struct loop *loop);

/* loop_watch() - serve @fd during every wait, at most LOOP_WATCHES_MAX of them */
void loop_watch(struct loop *loop, int fd, bool (*ready)(void *data), void *data);
/* loop_unwatch() - not any more; nothing if it is not watched */
void loop_unwatch(struct loop *loop, int fd);

/**
 * loop_wait() - wait for descriptors or a point in time
 * @fds:	at most LOOP_FDS_MAX; revents are set on return
 * @count:	how many
 * @deadline:	CLOCK_MONOTONIC in ns, or LOOP_FOREVER
 *
 * Return: how many of @fds have events; 0 at the deadline; -EAGAIN when an idle module should look
 * around; -ECANCELED when the reset line was pulled; -EINTR when the program is to end.
 */
int loop_wait(struct loop *loop, struct pollfd *fds, unsigned int count, int64_t deadline);

/**
 * loop_sleep_until() - let time pass, precisely
 *
 * Return: 0; -ECANCELED and -EINTR as loop_wait().
 */
int loop_sleep_until(struct loop *loop, int64_t deadline);

#endif
