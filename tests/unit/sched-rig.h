/* SPDX-License-Identifier: MIT */
/*
 * A scheduler on a line that does what the test says, on which time passes when the test says so, and
 * owners of channels that count what they hear.
 */
#ifndef TESTS_SCHED_RIG_H
#define TESTS_SCHED_RIG_H

#include "eswrapd/sched.h"
#include "unit/fake-line.h"

/* struct owner - of a channel: what it has to send, and what it has heard */
struct owner {
	struct channel channel;
	gsize unsent;
	bool full;
	int opened, opened_result, lost, received;
};

/* Those of every struct owner. */
extern const struct channel_ops owner_ops;

/* The only one, between rig_setup() and rig_teardown(). */
extern struct sched *sched;

void rig_setup(void);
void rig_teardown(void);

/* ask_for() - @owner, all zero or with what it has to send, asks for a socket to @host, port 80 */
void ask_for(struct owner *owner, uid_t uid, const char *host);
/* open_all() - @count owners of @uid are connected, one behind the other; each takes 5 ms */
void open_all(struct owner *owners, int count, uid_t uid);

#endif
