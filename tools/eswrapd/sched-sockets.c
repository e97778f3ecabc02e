// SPDX-License-Identifier: MIT
/* Whose the module's sockets are. The theory of operation is in sched.h. */
#include "eswrapd/sched-sockets.h"

/* How long a user waits for a socket before one is taken from another who has more, and uses it. */
#define WAIT_FAIR (2 * G_TIME_SPAN_SECOND)

static bool is_known(const struct sched_user *user, const struct channel *channel)
{
	return user_knows(user, channel->target.host, channel->target.port);
}

/* The next of his channels that may have a socket; NULL: none, for now. */
static struct channel *next_channel(const struct sched *sched, const struct sched_user *user)
{
	bool rests = !shares_may_start(&sched->shares, user, now_of(sched));
	struct channel *channel;
	const GList *link;

	if (user->opening)
		return NULL;
	for (link = user->waiting.head; link; link = link->next) {
		channel = link->data;
		if (!channel->barred && (!rests || is_known(user, channel)))
			return channel;
	}
	return NULL;
}

static bool is_before(const struct sched_user *user, const struct sched_user *other)
{
	if (user->sockets != other->sockets)
		return user->sockets < other->sockets;
	return user->used < other->used;
}

guint sched_count_free(const struct sched *sched)
{
	guint i, n = 0;

	for (i = 0; i < ESWIFI_SOCKETS; i++)
		n += is_free(&sched->slots[i]);
	return n;
}

/* May he have one more, or is the last one kept for others? */
static bool may_have_more(const struct sched *sched, const struct sched_user *user)
{
	gint64 now = now_of(sched);
	guint part = shares_part(&sched->shares, now, ESWIFI_SOCKETS);

	return user->sockets < part || sched_count_free(sched) > 1 ||
	       !shares_is_short(&sched->shares, user, now, part);
}

/* Who of those that wait is to have the next socket, and for which channel? */
static struct channel *next_to_open(const struct sched *sched)
{
	struct channel *channel, *next = NULL;
	guint i;

	for (i = 0; i < sched->shares.users->len; i++) {
		channel = next_channel(sched, sched->shares.users->pdata[i]);
		if (channel && may_have_more(sched, channel->user) &&
		    (!next || is_before(channel->user, next->user)))
			next = channel;
	}
	return next;
}

void sched_hand_out(struct sched *sched)
{
	struct channel *channel;
	struct slot *slot;

	while ((slot = free_slot(sched)) && (channel = next_to_open(sched))) {
		g_queue_unlink(&channel->user->waiting, &channel->link);
		slot->channel = channel;
		slot->user = channel->user;
		slot->user->sockets++;
		slot->user->opening = true;
		slot->state = SLOT_OPENING;
		channel->socket = (int)number_of(sched, slot);
	}
}

/* The socket on which nothing has moved for the longest time; of @user, or of anybody. */
static struct slot *idlest(struct sched *sched, const struct sched_user *user)
{
	struct slot *slot, *found = NULL;

	for (slot = sched->slots; slot < sched->slots + ESWIFI_SOCKETS; slot++)
		if (slot->state == SLOT_OPEN && (!user || slot->user == user) &&
		    (!found || slot->moved < found->moved))
			found = slot;
	return found;
}

static void take_away(struct slot *slot, const char *why)
{
	struct channel *channel = slot->channel;

	g_message("a connection to %s port %u of uid %u is given up: %s", channel->target.host,
		  channel->target.port, (guint)channel->uid, why);
	slot->channel = NULL;
	slot->state = SLOT_CLOSING;
	channel->socket = -1;
	channel->user = NULL;
	channel->ops->lost(channel, why);
}

/* Who has the most sockets? NULL: nobody has any. */
static struct sched_user *richest(const struct sched *sched)
{
	struct sched_user *user, *found = NULL;
	guint i;

	for (i = 0; i < sched->shares.users->len; i++) {
		user = sched->shares.users->pdata[i];
		if (user->sockets && (!found || user->sockets > found->sockets))
			found = user;
	}
	return found;
}

/* Since when has he been waiting for a socket, us? -1: he has not. */
static gint64 waits_since(const struct sched_user *user)
{
	const struct channel *channel = user->waiting.head ? user->waiting.head->data : NULL;
	const struct sched_job *job = user->jobs.head ? user->jobs.head->data : NULL;
	gint64 since = channel ? channel->since : -1;

	if (job && job->waits && (since < 0 || job->since < since))
		since = job->since;
	return since;
}

static bool any_leaving(const struct sched *sched)
{
	const struct slot *slot;

	for (slot = sched->slots; slot < sched->slots + ESWIFI_SOCKETS; slot++)
		if (slot->state == SLOT_CLOSING || is_free(slot))
			return true;
	return false;
}

/* Is it time for that? If not yet, it will be at @due. */
static bool is_time(gint64 when, gint64 now, gint64 *due)
{
	if (when > now)
		earlier(due, when);
	return when <= now;
}

/* When is the idlest socket of who has the most to be given up for one who waits? -1: not. */
static gint64 when_fair(const struct sched_user *user, gint64 since, const struct sched_user *rich,
			const struct slot *slot)
{
	if (!slot || user->sockets + 2 > rich->sockets)
		return -1;
	return MIN(since + WAIT_FAIR, MAX(since, slot->moved + WAIT_FAIR));
}

/* Is one to be taken away for somebody who waits? */
static struct slot *slot_to_give_up(struct sched *sched, gint64 now, gint64 *due, const char **why)
{
	gint64 long_us = sched->rules.give_up_after_s * G_TIME_SPAN_SECOND, since, fair;
	struct sched_user *rich = richest(sched);
	struct slot *slot = rich ? idlest(sched, rich) : NULL;
	guint i;

	for (i = 0; i < sched->shares.users->len; i++) {
		struct sched_user *user = sched->shares.users->pdata[i];

		since = waits_since(user);
		if (since < 0)
			continue;
		fair = when_fair(user, since, rich, slot);
		if (fair >= 0 && is_time(fair, now, due)) {
			*why = "its user has more sockets of the module than another who waits";
			return slot;
		}
		if (long_us && is_time(since + long_us, now, due)) {
			*why = "the idlest, and another has waited for give-up-idlest-after";
			return idlest(sched, NULL);
		}
	}
	return NULL;
}

gint64 sched_make_room(struct sched *sched)
{
	gint64 idle_us = sched->rules.idle_timeout_s * G_TIME_SPAN_SECOND;
	gint64 due = -1, now = now_of(sched);
	const char *why = NULL;
	struct slot *slot;

	for (slot = sched->slots; idle_us && slot < sched->slots + ESWIFI_SOCKETS; slot++)
		if (slot->state == SLOT_OPEN && is_time(slot->moved + idle_us, now, &due))
			take_away(slot, "nothing has moved for idle-timeout");
	if (any_leaving(sched))
		return due;
	slot = slot_to_give_up(sched, now, &due, &why);
	if (slot)
		take_away(slot, why);
	return due;
}
