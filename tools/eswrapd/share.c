// SPDX-License-Identifier: MIT
/* Who has had how much of the line. The theory of operation is in share.h. */
#include "eswrapd/share.h"

/* Line time that a user may have had less than others and still make good. */
#define CREDIT (100 * G_TIME_SPAN_MILLISECOND)

/* What took longer than this makes its user rest. */
#define START_SHORT (200 * G_TIME_SPAN_MILLISECOND)
/* Behind one of this length or less he rests for as long as it took; from here the rest grows faster. */
#define START_LONG (1500 * G_TIME_SPAN_MILLISECOND)
/* And so many times as long behind one that came to nothing. */
#define REST_USELESS 4
/* The longest rest. */
#define REST_MAX (5 * G_TIME_SPAN_MINUTE)

#define SLOW_MAX    5
#define SLOW_FORGET (2 * G_TIME_SPAN_MINUTE)

void shares_init(struct shares *shares)
{
	shares->users = g_ptr_array_new_with_free_func(g_free);
}

void shares_clear(struct shares *shares)
{
	g_ptr_array_free(shares->users, TRUE);
}

static bool is_recent(const struct sched_user *user, gint64 now)
{
	return user->sockets || user->waiting.head || user->jobs.head ||
	       (user->seen && now - user->seen < RECENT);
}

/* Somebody who has and wants nothing is forgotten, once he owes nothing either. */
static void forget(struct shares *shares, gint64 now)
{
	guint i;

	for (i = shares->users->len; i-- > 0;) {
		const struct sched_user *user = shares->users->pdata[i];

		if (!is_recent(user, now) && user != shares->payer && user->used <= shares->floor &&
		    user->starts_at <= now)
			g_ptr_array_remove_index_fast(shares->users, i);
	}
}

struct sched_user *shares_user(struct shares *shares, gint64 now, uid_t uid)
{
	struct sched_user *user;
	guint i;

	for (i = 0; i < shares->users->len; i++) {
		user = shares->users->pdata[i];
		if (user->uid == uid) {
			user->seen = now;
			return user;
		}
	}
	forget(shares, now);
	user = g_new0(struct sched_user, 1);
	user->uid = uid;
	user->used = shares->floor;
	user->seen = now;
	g_queue_init(&user->waiting);
	g_queue_init(&user->jobs);
	g_ptr_array_add(shares->users, user);
	return user;
}

bool shares_has_others(const struct shares *shares, const struct sched_user *user, gint64 now)
{
	guint i;

	for (i = 0; i < shares->users->len; i++)
		if (shares->users->pdata[i] != user && is_recent(shares->users->pdata[i], now))
			return true;
	return false;
}

guint shares_part(const struct shares *shares, gint64 now, guint all)
{
	guint i, count = 0;

	for (i = 0; i < shares->users->len; i++)
		count += is_recent(shares->users->pdata[i], now);
	return MAX(all / MAX(count, 1), 1);
}

bool shares_is_short(const struct shares *shares, const struct sched_user *user, gint64 now,
		     guint part)
{
	guint i;

	for (i = 0; i < shares->users->len; i++) {
		const struct sched_user *other = shares->users->pdata[i];

		if (other != user && is_recent(other, now) && other->sockets < part)
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

	if (shares->payer) {
		shares->payer->used += took;
		shares->payer->seen = now;
	}
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

static void forget_slow(struct sched_user *user, gint64 now)
{
	gint64 count = (now - user->slow_at) / SLOW_FORGET;

	user->slow -= (guint)MIN(count, user->slow);
	user->slow_at += count * SLOW_FORGET;
}

/* Several who take turns at it must not add up to all of the line: each then rests longer. */
void shares_rest(struct shares *shares, struct sched_user *user, gint64 now, gint64 took,
		 bool useless)
{
	gint64 rest = took * MAX(took, START_LONG) / START_LONG;

	if (took <= START_SHORT)
		return;
	forget_slow(user, now);
	if (useless) {
		rest = (rest * REST_USELESS) << user->slow;
		user->slow = MIN(user->slow + 1, SLOW_MAX);
		user->slow_at = now;
	}
	rest *= 2 * debtors(shares, now) + 1;
	user->starts_at = MAX(user->starts_at, now + MIN(rest, REST_MAX));
}

bool shares_may_start(const struct shares *shares, const struct sched_user *user, gint64 now)
{
	return user->starts_at <= now || !shares_has_others(shares, user, now);
}

static guint hash_place(const char *host, guint16 port)
{
	return (g_str_hash(host) ^ (guint)port << 16) | 1; /* 0: none */
}

bool user_knows(const struct sched_user *user, const char *host, guint16 port)
{
	guint i, hash = hash_place(host, port);

	for (i = 0; i < PLACES_KNOWN; i++)
		if (user->known[i] == hash)
			return true;
	return false;
}

void user_learns(struct sched_user *user, const char *host, guint16 port)
{
	if (user_knows(user, host, port))
		return;
	user->known[user->known_next] = hash_place(host, port);
	user->known_next = (user->known_next + 1) % PLACES_KNOWN;
}

void user_unlearns(struct sched_user *user, const char *host, guint16 port)
{
	guint i, hash = hash_place(host, port);

	for (i = 0; i < PLACES_KNOWN; i++)
		if (user->known[i] == hash)
			user->known[i] = 0;
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
