// SPDX-License-Identifier: MIT
/* Who has had how much of the line. The theory of operation is in share.h. */
#include "eswrapd/share.h"

/* Line time that a user may have had less than others and still make good. */
#define CREDIT (100 * G_TIME_SPAN_MILLISECOND)

/* A P6=1 that took longer than this makes its user pause. */
#define START_SHORT (200 * G_TIME_SPAN_MILLISECOND)

void shares_init(struct shares *shares)
{
	shares->users = g_ptr_array_new_with_free_func(g_free);
}

void shares_clear(struct shares *shares)
{
	g_ptr_array_free(shares->users, TRUE);
}

/* Somebody who has and wants nothing is forgotten, once he owes nothing either. */
static void forget(struct shares *shares, gint64 now)
{
	guint i;

	for (i = shares->users->len; i-- > 0;) {
		const struct sched_user *user = shares->users->pdata[i];

		if (!user->waiting.head && !user->jobs.head && !user->sockets &&
		    user != shares->payer && user->used <= shares->floor && user->starts_at <= now)
			g_ptr_array_remove_index_fast(shares->users, i);
	}
}

struct sched_user *shares_user(struct shares *shares, gint64 now, uid_t uid)
{
	struct sched_user *user;
	guint i;

	for (i = 0; i < shares->users->len; i++) {
		user = shares->users->pdata[i];
		if (user->uid == uid)
			return user;
	}
	forget(shares, now);
	user = g_new0(struct sched_user, 1);
	user->uid = uid;
	user->used = shares->floor;
	g_queue_init(&user->waiting);
	g_queue_init(&user->jobs);
	g_ptr_array_add(shares->users, user);
	return user;
}

bool shares_has_others(const struct shares *shares, const struct sched_user *user)
{
	guint i;

	for (i = 0; i < shares->users->len; i++) {
		const struct sched_user *other = shares->users->pdata[i];

		if (other != user && (other->sockets || other->waiting.head || other->jobs.head))
			return true;
	}
	return false;
}

static gint64 clock_of(const struct shares *shares, const struct sched_user *user)
{
	return MAX(user->used, shares->floor - CREDIT);
}

void shares_begin(struct shares *shares, gint64 now, struct sched_user *user)
{
	user->used = clock_of(shares, user);
	shares->floor = MAX(shares->floor, user->used);
	shares->payer = user;
	shares->began = now;
}

gint64 shares_end(struct shares *shares, gint64 now)
{
	gint64 took = now - shares->began;

	if (shares->payer)
		shares->payer->used += took;
	shares->payer = NULL;
	return took;
}

/* How many users does the line rest from? */
static gint64 debtors(const struct shares *shares, gint64 now)
{
	gint64 count = 0;
	guint i;

	for (i = 0; i < shares->users->len; i++)
		count += ((struct sched_user *)shares->users->pdata[i])->starts_at > now;
	return count;
}

/* Several who take turns at it must not add up to all of the line: each then rests longer. */
void shares_rest(struct shares *shares, struct sched_user *user, gint64 now, gint64 took)
{
	if (took > START_SHORT)
		user->starts_at = now + took * (2 * debtors(shares, now) + 1);
}

void shares_ask_anew(struct shares *shares)
{
	guint i;

	for (i = 0; i < shares->users->len; i++)
		((struct sched_user *)shares->users->pdata[i])->asked = false;
}

struct sched_user *shares_next(const struct shares *shares)
{
	struct sched_user *user, *next = NULL;
	guint i;

	for (i = 0; i < shares->users->len; i++) {
		user = shares->users->pdata[i];
		if (!user->asked && (user->sockets || user->jobs.head) &&
		    (!next || clock_of(shares, user) < clock_of(shares, next)))
			next = user;
	}
	return next;
}
