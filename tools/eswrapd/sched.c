// SPDX-License-Identifier: MIT
/* The scheduler: whose operation is next on the line. The theory of operation is in sched.h. */
#include "eswrapd/sched.h"

#include <errno.h>
#include <string.h>

#include "eswrapd/sched-sockets.h"

/* Pauses between reads that find nothing: the first, and the longest on a quiet and a busy line. */
#define READ_PAUSE_MIN	(2 * G_TIME_SPAN_MILLISECOND)
#define READ_PAUSE_IDLE (70 * G_TIME_SPAN_MILLISECOND)
#define READ_PAUSE_BUSY (200 * G_TIME_SPAN_MILLISECOND)
/* Between reads of a socket that has more to send than goes into one command. */
#define READ_PAUSE_SENDING (500 * G_TIME_SPAN_MILLISECOND)

/* How long a socket counts as active after bytes have moved on it. */
#define ACTIVE (250 * G_TIME_SPAN_MILLISECOND)

/*
 * How long one socket may go on while others have something to do: TURN_CHANGES times what a change
 * costs, within these bounds.
 */
#define TURN_MIN     (20 * G_TIME_SPAN_MILLISECOND)
#define TURN_MAX     (160 * G_TIME_SPAN_MILLISECOND)
#define TURN_CHANGES 60

/* What a P6=1 may take at first while there are other users, ms; a TLS handshake takes seconds. */
#define PATIENCE     500
#define PATIENCE_TLS 3000

/* How long an answer is awaited without a pause while the line has nothing else to do. */
#define ANSWER_WAIT (250 * G_TIME_SPAN_MILLISECOND)

/* Pause before sending again to a far end that takes nothing. */
#define SEND_PAUSE (50 * G_TIME_SPAN_MILLISECOND)

/*
 * How long the module waits in a read, ms: when nothing has moved on any socket for QUIET, while the
 * line has nothing else to do, or else.
 */
#define WAIT_QUIET 32
#define WAIT_LONE  16
#define WAIT_BUSY  1
/* While an answer is awaited, where a read that finds nothing is dear. */
#define WAIT_ANSWER 128
#define QUIET	    G_TIME_SPAN_SECOND

/* A place is not known any more when a P6=1 to it failed and took longer than this. */
#define KNOWN_MAX (200 * G_TIME_SPAN_MILLISECOND)

/* The jobs' place among those that take turns. */
#define JOBS  ESWIFI_SOCKETS
#define TURNS (ESWIFI_SOCKETS + 1)

static void kick(struct sched *sched)
{
	sched->line->ops->kick(sched->line);
}

struct sched *sched_new(void)
{
	struct sched *sched = g_new0(struct sched, 1);

	shares_init(&sched->shares);
	return sched;
}

void sched_free(struct sched *sched)
{
	if (!sched)
		return;
	line_free(sched->own);
	shares_clear(&sched->shares);
	g_free(sched);
}

void sched_set_rules(struct sched *sched, const struct sched_rules *rules)
{
	sched->rules = *rules;
}

void sched_set_line(struct sched *sched, struct line *line)
{
	sched->line = line;
}

void sched_set_module(struct sched *sched, struct eswifi_module *module, struct timers *timers)
{
	sched->module = module;
	sched->own = line_new(module, timers);
	sched_set_line(sched, sched->own);
}

static struct slot *slot_of(struct sched *sched, const struct channel *channel)
{
	return &sched->slots[channel->socket];
}

static void lift_bars(struct sched *sched)
{
	const GList *link;
	guint i;

	for (i = 0; i < sched->shares.users->len; i++)
		for (link = ((struct sched_user *)sched->shares.users->pdata[i])->waiting.head;
		     link; link = link->next)
			((struct channel *)link->data)->barred = false;
}

static void vacate(struct sched *sched, struct slot *slot)
{
	if (slot->channel) {
		slot->channel->socket = -1;
		slot->channel->user = NULL;
	}
	if (slot->user)
		slot->user->sockets--;
	if (slot->user && slot->state == SLOT_OPENING)
		slot->user->opening = false;
	slot->channel = NULL;
	slot->user = NULL;
	slot->state = SLOT_FREE;
	lift_bars(sched);
}

static void enqueue(struct sched *sched, struct channel *channel, bool first)
{
	channel->user = shares_user(&sched->shares, now_of(sched), channel->uid);
	channel->link.data = channel;
	if (first)
		g_queue_push_head_link(&channel->user->waiting, &channel->link);
	else
		g_queue_push_tail_link(&channel->user->waiting, &channel->link);
}

static void read_at_once(struct slot *slot)
{
	slot->pause = 0;
}

static void read_after_pause(struct slot *slot, gint64 now)
{
	slot->pause = CLAMP(slot->pause * 2, READ_PAUSE_MIN, READ_PAUSE_BUSY);
	slot->read_last = now;
}

static void set_active(struct slot *slot, gint64 now)
{
	slot->moved = now;
	slot->active_until = now + ACTIVE;
}

/* A moving average of what full operations take tells what a change of socket costs. */
static void learn(struct pace *pace, bool changed, gint64 took)
{
	gint64 *mean = changed ? &pace->changed : &pace->same;

	*mean = *mean ? *mean + (took - *mean) / 8 : took;
}

static gint64 cost_of_change(const struct pace *pace)
{
	return pace->same && pace->changed ? MAX(pace->changed - pace->same, 0) : 0;
}

static gint64 turn_length(const struct sched *sched)
{
	gint64 cost = MAX(cost_of_change(&sched->sends), cost_of_change(&sched->reads));

	return CLAMP(TURN_CHANGES * cost, TURN_MIN, TURN_MAX);
}

/* Has it more to move than goes into one command? */
static bool is_bulk(const struct slot *slot)
{
	return slot->state == SLOT_OPEN && (slot->more || slot->channel->may_send);
}

/* Is there anything but this socket that the line should be free for? */
static bool others_active(const struct sched *sched, const struct slot *but, gint64 now)
{
	const struct slot *slot;

	guint i;

	for (i = 0; i < sched->shares.users->len; i++)
		if (((struct sched_user *)sched->shares.users->pdata[i])->jobs.head)
			return true;
	for (slot = sched->slots; slot < sched->slots + ESWIFI_SOCKETS; slot++)
		if (slot != but &&
		    (slot->state == SLOT_OPENING || slot->state == SLOT_CLOSING || is_bulk(slot) ||
		     (slot->state == SLOT_OPEN && now < slot->active_until)))
			return true;
	return false;
}

/* Does every command that is of no use take from somebody? */
static bool is_busy(const struct sched *sched)
{
	const struct slot *slot;

	for (slot = sched->slots; slot < sched->slots + ESWIFI_SOCKETS; slot++)
		if (is_bulk(slot))
			return true;
	return false;
}

/* Has nothing moved for long, and is nobody likely to want the line? */
static bool is_quiet(const struct sched *sched, gint64 now)
{
	const struct slot *slot;

	for (slot = sched->slots; slot < sched->slots + ESWIFI_SOCKETS; slot++)
		if (slot->state == SLOT_OPEN && now - slot->moved < QUIET)
			return false;
	return true;
}

static gint64 read_due(const struct sched *sched, const struct slot *slot)
{
	if (!slot->pause)
		return 0;
	/* In the middle of sending no answer is due yet. */
	if (slot->more && slot->sent_last)
		return slot->read_last + READ_PAUSE_SENDING;
	return slot->read_last +
	       MIN(slot->pause, is_busy(sched) ? READ_PAUSE_BUSY : READ_PAUSE_IDLE);
}

/* Was it cut short for the sake of others? Then it is tried again, until its owner has enough. */
static bool was_cut_short(const struct channel *channel, int result, gint64 took)
{
	gint64 patience = channel->target.patience_ms * G_TIME_SPAN_MILLISECOND;

	return result == -ECONNREFUSED && patience && !channel->last_try &&
	       took >= patience * 9 / 10 && took < patience * 3 / 2;
}

/* Whoever was there lately will be again, most likely, and needs no rest of its user's. */
static void note_place(struct slot *slot, int result, gint64 took)
{
	const struct channel *channel = slot->channel;

	if (!channel)
		return;
	if (result == 0)
		user_learns(slot->user, channel->target.host, channel->target.port);
	else if (took > KNOWN_MAX)
		user_unlearns(slot->user, channel->target.host, channel->target.port);
}

static void open_done(int result, const char *text, gpointer user)
{
	struct sched *sched = user;
	struct slot *slot = sched->busy;
	struct channel *channel = slot->channel;
	gint64 now = now_of(sched), took = shares_end(&sched->shares, now);

	sched->busy = NULL;
	note_place(slot, result, took);
	shares_rest(&sched->shares, slot->user, now, took, result < 0);
	if (slot->state == SLOT_CLOSING && result < 0) {
		vacate(sched, slot);
	} else if (slot->state == SLOT_OPENING && result < 0) {
		vacate(sched, slot);
		if (was_cut_short(channel, result, took)) {
			channel->patience_ms *= 2;
			enqueue(sched, channel, false);
			return;
		}
		/* One of a kind of which there are few: it waits for another to be closed. */
		if (result == -EAGAIN && sched_free_sockets(sched) < ESWIFI_SOCKETS) {
			enqueue(sched, channel, true);
			channel->barred = true;
			kick(sched); /* another may have the socket */
			return;
		}
		channel->ops->opened(channel, result == -EAGAIN ? -ECONNREFUSED : result, text);
	} else if (slot->state == SLOT_OPENING) {
		slot->state = SLOT_OPEN;
		slot->user->opening = false;
		slot->sent_last = false;
		slot->more = false;
		slot->answer_until = 0;
		slot->answer_wait = 0;
		set_active(slot, now_of(sched));
		read_at_once(slot);
		channel->ops->opened(channel, 0, text);
	}
}

/* Firmware that has no such thing goes on as before. */
static void keep_alive_done(int result, const char *text, gpointer user)
{
	struct sched *sched = user;
	const struct slot *slot = sched->busy;

	sched->busy = NULL;
	shares_end(&sched->shares, now_of(sched));
	if (result < 0)
		g_debug("socket %u: keep-alive not set: %s: %s", number_of(sched, slot),
			g_strerror(-result), text);
}

static void close_done(int result G_GNUC_UNUSED, const char *text G_GNUC_UNUSED, gpointer user)
{
	struct sched *sched = user;
	struct slot *slot = sched->busy;

	sched->busy = NULL;
	shares_end(&sched->shares, now_of(sched));
	vacate(sched, slot);
}

static void send_done(int result, const char *text G_GNUC_UNUSED, gpointer user)
{
	struct sched *sched = user;
	struct slot *slot = sched->busy;
	gint64 now = now_of(sched), took = shares_end(&sched->shares, now_of(sched));

	sched->busy = NULL;
	if (slot->state != SLOT_OPEN)
		return;
	if (result >= 0 && (gsize)result < slot->sending)
		slot->channel->may_send = true;
	slot->more = result == ESWIFI_PAYLOAD_MAX;
	if (slot->more)
		learn(&sched->sends, sched->changed, took);
	set_active(slot, now);
	/* An answer comes to the whole, not to a part. One that takes nothing must not spin. */
	if (!slot->more && result != 0) {
		slot->answer_until = now + ANSWER_WAIT;
		slot->asked = now;
		read_at_once(slot);
	} else if (result == 0) {
		slot->send_due = now + SEND_PAUSE;
	}
	slot->channel->ops->sent(slot->channel, result);
}

/* In powers of two, since each change of it costs a command. */
static void learn_answer(struct slot *slot, gint64 now)
{
	gint64 took = (now - slot->asked) / G_TIME_SPAN_MILLISECOND;
	guint wait = MAX(slot->answer_wait, WAIT_LONE);

	if (wait > WAIT_LONE && took < wait / 4)
		wait /= 2;
	while (wait < WAIT_ANSWER && took + took / 4 > wait)
		wait *= 2;
	slot->answer_wait = wait;
}

static void read_done(int result, const guint8 *data, gpointer user)
{
	struct sched *sched = user;
	struct slot *slot = sched->busy;
	gint64 now = now_of(sched), took = shares_end(&sched->shares, now_of(sched));

	sched->busy = NULL;
	if (slot->state != SLOT_OPEN)
		return;
	slot->more = result == ESWIFI_PAYLOAD_MAX;
	if (slot->more)
		learn(&sched->reads, sched->changed, took);
	if (result > 0) {
		if (slot->answer_until)
			learn_answer(slot, now);
		set_active(slot, now);
		slot->pause = 0;
		slot->answer_until = 0;
	}
	/* After a part it is the program's turn to speak, and the line should be free for it. */
	if (slot->more ||
	    (result == 0 && now < slot->answer_until && !others_active(sched, slot, now)))
		read_at_once(slot);
	else
		read_after_pause(slot, now);
	if (result != 0)
		slot->channel->ops->received(slot->channel, result, data);
}

/* Return: whether the operation has been started. */
static bool started(struct sched *sched, struct slot *slot, int result)
{
	if (result < 0)
		return false;
	sched->busy = slot;
	sched->changed = sched->last != number_of(sched, slot);
	shares_begin(&sched->shares, now_of(sched), slot->user);
	return true;
}

static bool try_keep_alive(struct sched *sched, struct slot *slot)
{
	struct channel *channel = slot->channel;
	int result;

	if (!channel->keep_alive_due)
		return false;
	result =
		sched->line->ops->keep_alive(sched->line, number_of(sched, slot),
					     channel->target.keep_alive_ms, keep_alive_done, sched);
	channel->keep_alive_due = result == -EBUSY;
	return started(sched, slot, result);
}

static bool try_send(struct sched *sched, struct slot *slot)
{
	struct channel *channel = slot->channel;
	const guint8 *data;
	gsize size;

	if (!channel->may_send || slot->send_due > now_of(sched))
		return false;
	size = channel->ops->peek(channel, &data);
	if (size == 0) {
		channel->may_send = false;
		return false;
	}
	slot->sent_last = true;
	slot->sending = size;
	if (!started(sched, slot,
		     sched->line->ops->send(sched->line, number_of(sched, slot), data, size,
					    send_done, sched)))
		return false;
	/* Less than a full piece is all there is, until the owner says otherwise. */
	channel->may_send = size == ESWIFI_PAYLOAD_MAX;
	return true;
}

/* How long the module is to wait in the next read, ms. */
static guint read_wait(const struct sched *sched, const struct slot *slot, gint64 now)
{
	if (slot->channel->may_send || others_active(sched, slot, now))
		return WAIT_BUSY;
	if (now < slot->answer_until && sched->line->ops->empty_is_dear(sched->line))
		return MAX(slot->answer_wait, WAIT_LONE);
	return is_quiet(sched, now) ? WAIT_QUIET : WAIT_LONE;
}

static bool try_read(struct sched *sched, struct slot *slot)
{
	gint64 now = now_of(sched);

	if (read_due(sched, slot) > now || !slot->channel->ops->may_receive(slot->channel))
		return false;
	slot->sent_last = false;
	return started(sched, slot,
		       sched->line->ops->read(sched->line, number_of(sched, slot),
					      read_wait(sched, slot, now), read_done, sched));
}

static bool open_socket(struct sched *sched, struct slot *slot)
{
	struct channel *channel = slot->channel;
	int result;

	if (!channel->patience_ms)
		channel->patience_ms =
			channel->target.protocol == ESWIFI_TLS ? PATIENCE_TLS : PATIENCE;
	channel->target.patience_ms = shares_has_others(&sched->shares, slot->user, now_of(sched))
					      ? channel->patience_ms
					      : 0;
	result = sched->line->ops->open(sched->line, number_of(sched, slot), &channel->target,
					open_done, sched);

	if (result < 0 && result != -EBUSY) {
		sched->busy = slot;
		sched->shares.began = now_of(sched);
		open_done(result, "not sent", sched);
		return false;
	}
	return started(sched, slot, result);
}

static bool serve_slot(struct sched *sched, struct slot *slot)
{
	switch (slot->state) {
	case SLOT_FREE:
		return false;
	case SLOT_OPENING:
		return open_socket(sched, slot);
	case SLOT_OPEN:
		if (try_keep_alive(sched, slot))
			return true;
		if (slot->sent_last)
			return try_read(sched, slot) || try_send(sched, slot);
		return try_send(sched, slot) || try_read(sched, slot);
	case SLOT_CLOSING:
		return started(sched, slot,
			       sched->line->ops->close(sched->line, number_of(sched, slot),
						       close_done, sched));
	}
	return false;
}

/* The next of his jobs that may start; NULL: none, for now. */
static struct sched_job *next_job(struct sched *sched, const struct sched_user *user)
{
	bool may_wait = free_slot(sched) && shares_may_start(&sched->shares, user, now_of(sched));
	struct sched_job *job;
	const GList *link;

	for (link = user->jobs.head; link; link = link->next) {
		job = link->data;
		if (!job->waits || may_wait)
			return job;
	}
	return NULL;
}

static bool serve_job(struct sched *sched, struct sched_user *user)
{
	struct sched_job *job;
	struct slot *slot;
	int result;

	while ((job = next_job(sched, user))) {
		slot = job->needs_socket ? free_slot(sched) : NULL;
		g_queue_unlink(&user->jobs, &job->link);
		job->user = NULL;
		sched->job_waits = job->waits;
		shares_begin(&sched->shares, now_of(sched), user);
		result = job->start(job, sched->module, slot ? (int)number_of(sched, slot) : -1);
		if (result < 0) {
			sched->shares.payer = NULL;
			continue;
		}
		if (slot)
			slot->lent = true;
		return true;
	}
	return false;
}

/* Nothing to do now: when will there be something? */
static void arm_timer(struct sched *sched, gint64 due)
{
	gint64 now = now_of(sched);
	guint i;

	for (i = 0; i < ESWIFI_SOCKETS; i++) {
		struct slot *slot = &sched->slots[i];

		if (slot->state != SLOT_OPEN)
			continue;
		if (slot->channel->ops->may_receive(slot->channel))
			earlier(&due, read_due(sched, slot));
		if (slot->channel->may_send && slot->send_due > now)
			earlier(&due, slot->send_due);
	}
	for (i = 0; i < sched->shares.users->len; i++) {
		const struct sched_user *user = sched->shares.users->pdata[i];

		if ((user->waiting.head || user->jobs.head) && user->starts_at > now)
			earlier(&due, user->starts_at);
	}
	sched->line->ops->wake(sched->line, due);
}

/* Selecting another socket costs a command, so the one that was served may go on for a while. */
static bool goes_on(const struct sched *sched)
{
	return sched->last != JOBS && sched->slots[sched->last].more &&
	       now_of(sched) - sched->turn_began < turn_length(sched);
}

static bool serve_turn(struct sched *sched, struct sched_user *user, guint turn)
{
	if (turn == JOBS
		    ? !serve_job(sched, user)
		    : sched->slots[turn].user != user || !serve_slot(sched, &sched->slots[turn]))
		return false;
	user->served = sched->last = turn;
	return true;
}

/* Return: whether there was something to do for him, which is begun now. */
static bool serve_user(struct sched *sched, struct sched_user *user)
{
	guint i, first = user->served + 1;

	for (i = 0; i < TURNS; i++) {
		if (!serve_turn(sched, user, (first + i) % TURNS))
			continue;
		sched->turn_began = now_of(sched);
		return true;
	}
	return false;
}

void sched_next(struct sched *sched)
{
	struct sched_user *user;
	gint64 due = sched_make_room(sched);

	sched_hand_out(sched);
	if (goes_on(sched) && sched->slots[sched->last].user &&
	    serve_turn(sched, sched->slots[sched->last].user, sched->last))
		return;
	shares_ask_anew(&sched->shares);
	while ((user = shares_next(&sched->shares))) {
		user->asked = true;
		if (serve_user(sched, user))
			return;
	}
	arm_timer(sched, due);
}

void sched_lost(struct sched *sched, const char *why)
{
	guint i;

	sched->shares.payer = NULL;
	for (i = ESWIFI_SOCKETS; i-- > 0;) {
		struct slot *slot = &sched->slots[i];
		struct channel *channel = slot->channel;
		bool begun = slot->state != SLOT_OPENING || sched->busy == slot;

		vacate(sched, slot);
		if (channel && begun)
			channel->ops->lost(channel, why);
		else if (channel)
			enqueue(sched, channel, true);
	}
	sched->line->ops->wake(sched->line, -1);
}

void sched_open(struct sched *sched, struct channel *channel)
{
	channel->socket = -1;
	channel->barred = false;
	channel->since = now_of(sched);
	enqueue(sched, channel, false);
	kick(sched);
}

bool sched_is_waiting(const struct channel *channel)
{
	return channel->socket < 0;
}

bool sched_is_opening(const struct sched *sched, const struct channel *channel)
{
	const struct slot *slot = channel->socket < 0 ? NULL : &sched->slots[channel->socket];

	return slot && slot->state == SLOT_OPENING && sched->busy == slot;
}

void sched_hand_over(struct sched *sched, struct channel *from, struct channel *to)
{
	if (!from->user) {
		sched_open(sched, to);
		return;
	}
	to->link.data = to;
	to->user = from->user;
	to->since = from->since;
	to->barred = from->barred;
	to->patience_ms = from->patience_ms;
	to->target.patience_ms = from->target.patience_ms;
	to->socket = from->socket;
	if (from->socket >= 0) {
		slot_of(sched, from)->channel = to;
		from->socket = -1;
	} else {
		g_queue_insert_before_link(&to->user->waiting, &from->link, &to->link);
		g_queue_unlink(&to->user->waiting, &from->link);
	}
	from->user = NULL;
}

void sched_release(struct sched *sched, struct channel *channel)
{
	struct slot *slot;

	if (!channel->user)
		return;
	if (channel->socket < 0) {
		g_queue_unlink(&channel->user->waiting, &channel->link);
		channel->user = NULL;
		return;
	}
	slot = slot_of(sched, channel);
	/* Where P6=1 has not been sent yet there is nothing to close. */
	if (slot->state == SLOT_OPENING && sched->busy != slot) {
		vacate(sched, slot);
	} else {
		slot->user->opening &= slot->state != SLOT_OPENING;
		slot->state = SLOT_CLOSING;
		slot->channel = NULL;
		channel->socket = -1;
		channel->user = NULL;
	}
	kick(sched);
}

void sched_keep_alive(struct sched *sched, struct channel *channel, guint ms)
{
	channel->target.keep_alive_ms = ms;
	if (channel->socket < 0)
		return;
	channel->keep_alive_due =
		slot_of(sched, channel)->state == SLOT_OPEN || sched_is_opening(sched, channel);
	kick(sched);
}

void sched_may_send(struct sched *sched, struct channel *channel)
{
	channel->may_send = true;
	if (channel->socket >= 0)
		kick(sched);
}

void sched_may_receive(struct sched *sched, struct channel *channel)
{
	if (channel->socket < 0)
		return;
	read_at_once(slot_of(sched, channel));
	kick(sched);
}

void sched_run(struct sched *sched, struct sched_job *job)
{
	job->user = shares_user(&sched->shares, now_of(sched), job->uid);
	job->link.data = job;
	job->since = now_of(sched);
	g_queue_push_tail_link(&job->user->jobs, &job->link);
	kick(sched);
}

void sched_cancel(struct sched *sched G_GNUC_UNUSED, struct sched_job *job)
{
	if (!job->user)
		return;
	g_queue_unlink(&job->user->jobs, &job->link);
	job->user = NULL;
}

void sched_job_done(struct sched *sched, bool useless)
{
	struct sched_user *payer = sched->shares.payer;
	gint64 now = now_of(sched), took = shares_end(&sched->shares, now);
	guint i;

	if (payer && sched->job_waits)
		shares_rest(&sched->shares, payer, now, took, useless);
	for (i = 0; i < ESWIFI_SOCKETS; i++)
		sched->slots[i].lent = false;
}

guint sched_waiting(const struct sched *sched)
{
	guint i, count = 0;

	for (i = 0; i < sched->shares.users->len; i++)
		count += ((struct sched_user *)sched->shares.users->pdata[i])->waiting.length;
	return count;
}

guint sched_free_sockets(const struct sched *sched)
{
	return sched_count_free(sched);
}
