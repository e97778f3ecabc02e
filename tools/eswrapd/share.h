/* SPDX-License-Identifier: MIT */
/*
 * Who has had how much of the line: a part of the scheduler (sched.h says what it is for).
 *
 * DOC: Theory of operation
 *
 * Each user has a clock that goes while an operation for him is under way, and whoever's clock is
 * behind is asked first (start-time fair queuing). A user who had nothing to do must not come back
 * with hours in hand: all clocks are taken to be CREDIT behind the one that was served last, at most.
 */
#ifndef ESWRAPD_SHARE_H
#define ESWRAPD_SHARE_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/**
 * struct sched_user - somebody who shares the line
 * @waiting:	struct channel, in order of arrival
 * @jobs:	struct sched_job
 * @sockets:	that are his, in any state
 * @opening:	one of them waits for its P6=1, or for the answer
 * @used:	his clock, us
 * @starts_at:	monotonic time before which none of his P6=1 is sent while there are others, us
 * @served:	his turn that was served last
 * @asked:	since shares_ask_anew()
 */
struct sched_user {
	uid_t uid;
	GQueue waiting, jobs;
	guint sockets;
	bool opening;
	gint64 used, starts_at;
	guint served;
	bool asked;
};

/**
 * struct shares - all of them
 * @users:	struct sched_user
 * @floor:	the clock of who was served last, us; never goes back
 * @payer:	for whom an operation is under way, NULL: for nobody
 * @began:	when it began, us
 */
struct shares {
	GPtrArray *users;
	gint64 floor;
	struct sched_user *payer;
	gint64 began;
};

void shares_init(struct shares *shares);
void shares_clear(struct shares *shares);

/* shares_user() - the user of that uid, made where there is none; stays while he has anything */
struct sched_user *shares_user(struct shares *shares, gint64 now, uid_t uid);
/* shares_has_others() - does anybody else have a socket, or wait for something? */
bool shares_has_others(const struct shares *shares, const struct sched_user *user);

/* shares_begin() - an operation for @user begins */
void shares_begin(struct shares *shares, gint64 now, struct sched_user *user);
/* shares_end() - it has ended; Return: what it took, us */
gint64 shares_end(struct shares *shares, gint64 now);
/* shares_rest() - a P6=1 has taken that long: the line is the others' for as long at least */
void shares_rest(struct shares *shares, struct sched_user *user, gint64 now, gint64 took);

/* shares_ask_anew(), shares_next() - who has had the least, of those not asked yet; NULL: nobody */
void shares_ask_anew(struct shares *shares);
struct sched_user *shares_next(const struct shares *shares);

#endif
