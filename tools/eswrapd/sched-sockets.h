/* SPDX-License-Identifier: MIT */
/* Whose the module's sockets are: a part of the scheduler, and its inside, which nobody else sees. */
#ifndef ESWRAPD_SCHED_SOCKETS_H
#define ESWRAPD_SCHED_SOCKETS_H

#include "eswrapd/channel.h"
#include "eswrapd/line.h"
#include "eswrapd/share.h"

enum slot_state { SLOT_FREE, SLOT_OPENING, SLOT_OPEN, SLOT_CLOSING };

/**
 * struct slot - one of the module's sockets
 * @channel:	whose it is; NULL when it is free, closing, or lent to a job
 * @user:	who pays for it; NULL when it is free
 * @lent:	to the job under way
 * @sent_last:	it is reading's turn
 * @more:	the last operation was as large as can be: there is probably more where it came
 *		from
 * @sending:	bytes in the send under way
 * @pause:	between reads that find nothing, us; 0: read at once
 * @read_last:	monotonic time of the last read's end, us
 * @send_due:	the module took nothing: monotonic time of the next attempt, us
 * @active_until:	bytes have moved lately, or are expected, us
 * @answer_until:	an answer is likely until then, us
 * @asked:	when that was which it is an answer to, us
 * @answer_wait:	how long the far end takes to answer, about, ms; 0: not known
 * @moved:	when bytes moved last, or it was opened, us
 */
struct slot {
	enum slot_state state;
	struct channel *channel;
	struct sched_user *user;
	bool lent;
	bool sent_last;
	bool more;
	gsize sending;
	gint64 pause, read_last, send_due, active_until, answer_until, moved;
	gint64 asked;
	guint answer_wait;
};

/* struct pace - what a full operation takes, us: on the same socket as the last, and on another */
struct pace {
	gint64 same, changed;
};

/**
 * struct sched - the scheduler
 * @own:	@line was made here
 * @shares:	who has had how much of the line
 * @busy:	the slot whose operation is under way
 * @job_waits:	the job that was started last is one of those
 * @last:	turn that was served last
 * @changed:	the operation under way is on another socket than the last
 * @turn_began:	monotonic, us
 */
struct sched {
	struct line *line, *own;
	struct eswifi_module *module;
	struct sched_rules rules;
	struct slot slots[ESWIFI_SOCKETS];
	struct shares shares;
	struct slot *busy;
	bool job_waits;
	guint last;
	bool changed;
	gint64 turn_began;
	struct pace sends, reads;
};

static inline gint64 now_of(const struct sched *sched)
{
	return sched->line->ops->now(sched->line);
}

static inline guint number_of(const struct sched *sched, const struct slot *slot)
{
	return (guint)(slot - sched->slots);
}

static inline bool is_free(const struct slot *slot)
{
	return slot->state == SLOT_FREE && !slot->lent;
}

static inline struct slot *free_slot(struct sched *sched)
{
	guint i;

	for (i = 0; i < ESWIFI_SOCKETS; i++)
		if (is_free(&sched->slots[i]))
			return &sched->slots[i];
	return NULL;
}

static inline void earlier(gint64 *due, gint64 when)
{
	if (*due < 0 || when < *due)
		*due = when;
}

/* sched_count_free() - how many are open for nobody, nor lent */
guint sched_count_free(const struct sched *sched);
/* sched_hand_out() - free sockets to channels that wait */
void sched_hand_out(struct sched *sched);
/*
 * sched_make_room() - take sockets away that have been idle for too long, or that others wait for;
 * Return: when to look again, us; -1: no need
 */
gint64 sched_make_room(struct sched *sched);

#endif
