/* SPDX-License-Identifier: MIT */
/*
 * Who has had how much of the line: a part of the scheduler (sched.h says what it is for).
 *
 * DOC: Theory of operation
 *
 * Each user has a clock that goes while an operation for him is under way, and whoever's clock is
 * behind is asked first (start-time fair queuing). A user who had nothing to do must not come back
 * with hours in hand: all clocks are taken to be CREDIT behind the one that was served last, at most.
 *
 * An operation cannot be interrupted. Whoever comes in the middle of one that takes long waits for
 * half of it, on average, so what others wait for a user's grows with the square of its time: and so
 * does the rest behind it, before which no other of that kind is begun for him. It is longer behind
 * one that came to nothing, and twice as long behind each more, up to SLOW_MAX doublings, one of which
 * is forgotten every SLOW_FORGET. A place that has answered lately may be asked all the same.
 *
 * All this is for the sake of others, and others are those who have, want or have lately had
 * something (RECENT): somebody who connects now and then must not find the line taken each time.
 */
#ifndef ESWRAPD_SHARE_H
#define ESWRAPD_SHARE_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/* How long a user counts who has and wants nothing any more. */
#define RECENT (60 * G_TIME_SPAN_SECOND)

/* Places that have answered a user, of which he is trusted to know that they will again. */
#define PLACES_KNOWN 4

/**
 * struct sched_user - somebody who shares the line
 * @waiting:	struct channel, in order of arrival
 * @jobs:	struct sched_job
 * @sockets:	that are his, in any state
 * @opening:	one of them waits for its P6=1, or for the answer
 * @used:	his clock, us
 * @seen:	he wanted something, or it was done, us
 * @starts_at:	monotonic time before which none of his P6=1 is sent while there are others, us; nor
 *		a look-up
 * @slow, @slow_at:	how many took long and came to nothing; since when it is that, us
 * @known, @known_next:	hashes of the places that have answered, and which is forgotten next
 * @served:	his turn that was served last
 * @asked:	since shares_ask_anew()
 */
struct sched_user {
	uid_t uid;
	GQueue waiting, jobs;
	guint sockets;
	bool opening;
	gint64 used, seen, starts_at, slow_at;
	guint slow;
	guint known[PLACES_KNOWN], known_next;
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
/* shares_has_others() - is, or was lately, anybody else there? */
bool shares_has_others(const struct shares *shares, const struct sched_user *user, gint64 now);
/* shares_part() - how many of @all sockets are one user's fair part now; at least 1 */
guint shares_part(const struct shares *shares, gint64 now, guint all);
/* shares_is_short() - has somebody else, who is or was lately there, less than his part? */
bool shares_is_short(const struct shares *shares, const struct sched_user *user, gint64 now,
		     guint part);

/* shares_begin() - an operation for @user begins */
void shares_begin(struct shares *shares, gint64 now, struct sched_user *user);
/* shares_end() - it has ended; Return: what it took, us */
gint64 shares_end(struct shares *shares, gint64 now);
/**
 * shares_rest() - an operation has taken that long: the line is the others' for a while
 * @took:	us
 * @useless:	it came to nothing
 */
void shares_rest(struct shares *shares, struct sched_user *user, gint64 now, gint64 took,
		 bool useless);
/* shares_may_start() - may anything be begun for him that may take long? */
bool shares_may_start(const struct shares *shares, const struct sched_user *user, gint64 now);

/* user_knows() - has that place answered him lately? user_learns(), user_unlearns() - it has; not */
bool user_knows(const struct sched_user *user, const char *host, guint16 port);
void user_learns(struct sched_user *user, const char *host, guint16 port);
void user_unlearns(struct sched_user *user, const char *host, guint16 port);

/* shares_ask_anew(), shares_next() - who has had the least, of those not asked yet; NULL: nobody */
void shares_ask_anew(struct shares *shares);
struct sched_user *shares_next(const struct shares *shares);

#endif
