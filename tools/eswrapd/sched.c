// SPDX-License-Identifier: MIT
/* The theory of operation is in sched.h. */
#include <errno.h>
#include <string.h>

#include "eswrapd/sched.h"

/* Pauses between reads that find nothing: the first, and the longest on a quiet and a busy line. */
#define READ_PAUSE_MIN	(2 * G_TIME_SPAN_MILLISECOND)
#define READ_PAUSE_IDLE (70 * G_TIME_SPAN_MILLISECOND)
#define READ_PAUSE_BUSY (200 * G_TIME_SPAN_MILLISECOND)
/* Between reads of a socket that has more to send than goes into one command. */
#define READ_PAUSE_SENDING (500 * G_TIME_SPAN_MILLISECOND)

/* How long a socket counts as active after bytes have moved on it. */
#define ACTIVE (250 * G_TIME_SPAN_MILLISECOND)

/* How long one socket may go on while others have something to do. */
#define TURN (20 * G_TIME_SPAN_MILLISECOND)

/* Pause before sending again to a far end that takes nothing. */
#define SEND_PAUSE (50 * G_TIME_SPAN_MILLISECOND)

/* How long the module waits in a read, ms: while the line has nothing else to do, or else. */
#define WAIT_LONE 16
#define WAIT_BUSY 1

/* The jobs' place among those that take turns. */
#define JOBS  ESWIFI_SOCKETS
#define TURNS (ESWIFI_SOCKETS + 1)

enum slot_state { SLOT_FREE, SLOT_OPENING, SLOT_OPEN, SLOT_CLOSING };

/**
 * struct slot - one of the module's sockets
 * @channel:	whose it is; NULL when it is free, closing, or lent to a job
 * @lent:	to the job under way
 * @sent_last:	it is reading's turn
 * @more:	the last operation was as large as can be: there is probably more where it came
 *		from
 * @sending:	bytes in the send under way
 * @pause:	between reads that find nothing, us; 0: read at once
 * @read_last:	monotonic time of the last read's end, us
 * @send_due:	the module took nothing: monotonic time of the next attempt, us
 * @active_until:	bytes have moved lately, or are expected, us
 */
struct slot {
	enum slot_state state;
	struct channel *channel;
	bool lent;
	bool sent_last;
	bool more;
	gsize sending;
	gint64 pause, read_last, send_due, active_until;
};

struct sched {
	struct eswifi_module *module;
	struct slot slots[ESWIFI_SOCKETS];
	struct slot *busy; /* whose operation is under way */
	GQueue waiting, jobs;
	guint last;	   /* turn that was served last */
	gint64 turn_began; /* monotonic, us */
	struct timer *timer;
};

/*
 * struct timer - when to look for work again
 * @due:	monotonic, us; -1: never
 *
 * Not g_source_set_ready_time(), which wakes the main loop that it is called from: two system calls
 * and a turn of the loop for every command.
 */
struct timer {
	GSource source;
	struct eswifi_module *module;
	gint64 due;
};

static gboolean timer_is_due(const struct timer *timer)
{
	return timer->due >= 0 && timer->due <= g_get_monotonic_time();
}

static gboolean timer_prepare(GSource *source, gint *timeout_ms)
{
	const struct timer *timer = (struct timer *)source;
	gint64 left = timer->due - g_get_monotonic_time();

	*timeout_ms = timer->due < 0 ? -1 : (gint)((MAX(left, 0) + 999) / 1000);
	return timer_is_due(timer);
}

static gboolean timer_check(GSource *source)
{
	return timer_is_due((struct timer *)source);
}

static gboolean timer_dispatch(GSource *source, GSourceFunc callback G_GNUC_UNUSED,
			       gpointer user G_GNUC_UNUSED)
{
	struct timer *timer = (struct timer *)source;

	timer->due = -1;
	eswifi_module_kick(timer->module);
	return G_SOURCE_CONTINUE;
}

static GSourceFuncs timer_funcs = { .prepare = timer_prepare,
				    .check = timer_check,
				    .dispatch = timer_dispatch };

struct sched *sched_new(void)
{
	struct sched *sched = g_new0(struct sched, 1);

	g_queue_init(&sched->waiting);
	g_queue_init(&sched->jobs);
	sched->timer = (struct timer *)g_source_new(&timer_funcs, sizeof(*sched->timer));
	sched->timer->due = -1;
	g_source_attach(&sched->timer->source, NULL);
	return sched;
}

void sched_free(struct sched *sched)
{
	if (!sched)
		return;
	g_source_destroy(&sched->timer->source);
	g_source_unref(&sched->timer->source);
	g_free(sched);
}

void sched_set_module(struct sched *sched, struct eswifi_module *module)
{
	sched->module = module;
	sched->timer->module = module;
}

static struct slot *slot_of(struct sched *sched, const struct channel *channel)
{
	return &sched->slots[channel->socket];
}

static guint number_of(const struct sched *sched, const struct slot *slot)
{
	return (guint)(slot - sched->slots);
}

static bool is_free(const struct slot *slot)
{
	return slot->state == SLOT_FREE && !slot->lent;
}

static struct slot *free_slot(struct sched *sched)
{
	guint i;

	for (i = 0; i < ESWIFI_SOCKETS; i++)
		if (is_free(&sched->slots[i]))
			return &sched->slots[i];
	return NULL;
}

static void vacate(struct slot *slot)
{
	if (slot->channel)
		slot->channel->socket = -1;
	slot->channel = NULL;
	slot->state = SLOT_FREE;
}

static void hand_out(struct sched *sched)
{
	struct slot *slot;

	while (sched->waiting.head && (slot = free_slot(sched))) {
		slot->channel = g_queue_pop_head_link(&sched->waiting)->data;
		slot->channel->socket = (int)number_of(sched, slot);
		slot->state = SLOT_OPENING;
	}
}

static void read_at_once(struct slot *slot)
{
	slot->pause = 0;
}

static void read_after_pause(struct slot *slot)
{
	slot->pause = CLAMP(slot->pause * 2, READ_PAUSE_MIN, READ_PAUSE_BUSY);
	slot->read_last = g_get_monotonic_time();
}

static void set_active(struct slot *slot)
{
	slot->active_until = g_get_monotonic_time() + ACTIVE;
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

	if (sched->jobs.head)
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

static void open_done(struct eswifi_module *module G_GNUC_UNUSED, int result, const char *text,
		      gpointer user)
{
	struct sched *sched = user;
	struct slot *slot = sched->busy;
	struct channel *channel = slot->channel;

	sched->busy = NULL;
	if (slot->state == SLOT_CLOSING && result < 0) {
		vacate(slot);
	} else if (slot->state == SLOT_OPENING && result < 0) {
		vacate(slot);
		channel->ops->opened(channel, result, text);
	} else if (slot->state == SLOT_OPENING) {
		slot->state = SLOT_OPEN;
		slot->sent_last = false;
		slot->more = false;
		set_active(slot);
		read_at_once(slot);
		channel->ops->opened(channel, 0, text);
	}
}

static void close_done(struct eswifi_module *module G_GNUC_UNUSED, int result G_GNUC_UNUSED,
		       const char *text G_GNUC_UNUSED, gpointer user)
{
	struct sched *sched = user;
	struct slot *slot = sched->busy;

	sched->busy = NULL;
	vacate(slot);
}

static void send_done(struct eswifi_module *module G_GNUC_UNUSED, int result,
		      const char *text G_GNUC_UNUSED, gpointer user)
{
	struct sched *sched = user;
	struct slot *slot = sched->busy;

	sched->busy = NULL;
	if (slot->state != SLOT_OPEN)
		return;
	if (result >= 0 && (gsize)result < slot->sending)
		slot->channel->may_send = true;
	slot->more = result == ESWIFI_PAYLOAD_MAX;
	set_active(slot);
	/* An answer comes to the whole, not to a part. One that takes nothing must not spin. */
	if (!slot->more && result != 0)
		read_at_once(slot);
	else if (result == 0)
		slot->send_due = g_get_monotonic_time() + SEND_PAUSE;
	slot->channel->ops->sent(slot->channel, result);
}

static void read_done(struct eswifi_module *module G_GNUC_UNUSED, int result, const guint8 *data,
		      gpointer user)
{
	struct sched *sched = user;
	struct slot *slot = sched->busy;

	sched->busy = NULL;
	if (slot->state != SLOT_OPEN)
		return;
	slot->more = result == ESWIFI_PAYLOAD_MAX;
	if (result > 0) {
		set_active(slot);
		slot->pause = 0;
	}
	/* After a part it is the program's turn to speak, and the line should be free for it. */
	if (slot->more)
		read_at_once(slot);
	else
		read_after_pause(slot);
	if (result != 0)
		slot->channel->ops->received(slot->channel, result, data);
}

/* Return: whether the operation has been started. */
static bool started(struct sched *sched, struct slot *slot, int result)
{
	if (result < 0)
		return false;
	sched->busy = slot;
	return true;
}

static bool try_send(struct sched *sched, struct slot *slot)
{
	struct channel *channel = slot->channel;
	const guint8 *data;
	gsize size;

	if (!channel->may_send || slot->send_due > g_get_monotonic_time())
		return false;
	size = channel->ops->peek(channel, &data);
	if (size == 0) {
		channel->may_send = false;
		return false;
	}
	slot->sent_last = true;
	slot->sending = size;
	if (!started(sched, slot,
		     eswifi_send(sched->module, number_of(sched, slot), data, size, send_done,
				 sched)))
		return false;
	/* Less than a full piece is all there is, until the owner says otherwise. */
	channel->may_send = size == ESWIFI_PAYLOAD_MAX;
	return true;
}

static bool try_read(struct sched *sched, struct slot *slot)
{
	gint64 now = g_get_monotonic_time();
	guint wait = WAIT_LONE;

	if (read_due(sched, slot) > now || !slot->channel->ops->may_receive(slot->channel))
		return false;
	if (slot->channel->may_send || others_active(sched, slot, now))
		wait = WAIT_BUSY;
	slot->sent_last = false;
	return started(sched, slot,
		       eswifi_read(sched->module, number_of(sched, slot), wait, read_done, sched));
}

static bool open_socket(struct sched *sched, struct slot *slot)
{
	int result = eswifi_open(sched->module, number_of(sched, slot), &slot->channel->target,
				 open_done, sched);

	if (result < 0 && result != -EBUSY) {
		sched->busy = slot;
		open_done(sched->module, result, "not sent", sched);
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
		if (slot->sent_last)
			return try_read(sched, slot) || try_send(sched, slot);
		return try_send(sched, slot) || try_read(sched, slot);
	case SLOT_CLOSING:
		return started(sched, slot,
			       eswifi_close(sched->module, number_of(sched, slot), close_done,
					    sched));
	}
	return false;
}

static bool serve_job(struct sched *sched)
{
	struct sched_job *job;
	struct slot *slot;
	int result;

	while (sched->jobs.head) {
		job = sched->jobs.head->data;
		slot = job->needs_socket ? free_slot(sched) : NULL;
		g_queue_unlink(&sched->jobs, &job->link);
		result = job->start(job, sched->module, slot ? (int)number_of(sched, slot) : -1);
		if (result < 0)
			continue;
		if (slot)
			slot->lent = true;
		return true;
	}
	return false;
}

static void earlier(gint64 *due, gint64 when)
{
	if (*due < 0 || when < *due)
		*due = when;
}

/* Nothing to do now: when will there be something? */
static void arm_timer(struct sched *sched)
{
	gint64 due = -1, now = g_get_monotonic_time();
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
	sched->timer->due = due;
}

/* Selecting another socket costs a command, so the one that was served may go on for a while. */
static bool goes_on(const struct sched *sched)
{
	return sched->last != JOBS && sched->slots[sched->last].more &&
	       g_get_monotonic_time() - sched->turn_began < TURN;
}

void sched_next(struct sched *sched)
{
	guint first, i;

	hand_out(sched);
	first = sched->last + !goes_on(sched);
	for (i = 0; i < TURNS; i++) {
		guint turn = (first + i) % TURNS;

		if (turn == JOBS ? !serve_job(sched) : !serve_slot(sched, &sched->slots[turn]))
			continue;
		if (i || first != sched->last)
			sched->turn_began = g_get_monotonic_time();
		sched->last = turn;
		return;
	}
	arm_timer(sched);
}

void sched_lost(struct sched *sched, const char *why)
{
	guint i;

	for (i = ESWIFI_SOCKETS; i-- > 0;) {
		struct slot *slot = &sched->slots[i];
		struct channel *channel = slot->channel;
		bool begun = slot->state != SLOT_OPENING || sched->busy == slot;

		vacate(slot);
		if (channel && begun)
			channel->ops->lost(channel, why);
		else if (channel)
			g_queue_push_head_link(&sched->waiting, &channel->link);
	}
	sched->timer->due = -1;
}

void sched_open(struct sched *sched, struct channel *channel)
{
	channel->socket = -1;
	channel->link.data = channel;
	g_queue_push_tail_link(&sched->waiting, &channel->link);
	eswifi_module_kick(sched->module);
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
	to->link.data = to;
	to->socket = from->socket;
	if (from->socket >= 0) {
		slot_of(sched, from)->channel = to;
		from->socket = -1;
		return;
	}
	g_queue_insert_before_link(&sched->waiting, &from->link, &to->link);
	g_queue_unlink(&sched->waiting, &from->link);
}

void sched_release(struct sched *sched, struct channel *channel)
{
	struct slot *slot;

	if (channel->socket < 0) {
		if (g_queue_link_index(&sched->waiting, &channel->link) >= 0)
			g_queue_unlink(&sched->waiting, &channel->link);
		return;
	}
	slot = slot_of(sched, channel);
	channel->socket = -1;
	slot->channel = NULL;
	/* Where P6=1 has not been sent yet there is nothing to close. */
	if (slot->state == SLOT_OPENING && sched->busy != slot)
		slot->state = SLOT_FREE;
	else
		slot->state = SLOT_CLOSING;
	eswifi_module_kick(sched->module);
}

void sched_may_send(struct sched *sched, struct channel *channel)
{
	channel->may_send = true;
	if (channel->socket >= 0)
		eswifi_module_kick(sched->module);
}

void sched_may_receive(struct sched *sched, struct channel *channel)
{
	if (channel->socket < 0)
		return;
	read_at_once(slot_of(sched, channel));
	eswifi_module_kick(sched->module);
}

void sched_run(struct sched *sched, struct sched_job *job)
{
	job->link.data = job;
	g_queue_push_tail_link(&sched->jobs, &job->link);
	eswifi_module_kick(sched->module);
}

void sched_cancel(struct sched *sched, struct sched_job *job)
{
	if (g_queue_link_index(&sched->jobs, &job->link) >= 0)
		g_queue_unlink(&sched->jobs, &job->link);
}

void sched_job_done(struct sched *sched)
{
	guint i;

	for (i = 0; i < ESWIFI_SOCKETS; i++)
		sched->slots[i].lent = false;
}

guint sched_waiting(const struct sched *sched)
{
	return g_queue_get_length((GQueue *)&sched->waiting);
}

guint sched_free_sockets(const struct sched *sched)
{
	guint i, n = 0;

	for (i = 0; i < ESWIFI_SOCKETS; i++)
		n += is_free(&sched->slots[i]);
	return n;
}
