/* SPDX-License-Identifier: MIT */
/*
 * What the line to the module does next.
 *
 * DOC: Theory of operation
 *
 * The line is half duplex and the module has four sockets. Whoever wants one (a stream flow, one
 * destination of a datagram flow) is a *channel*, and belongs to a *user*. A socket goes through
 * these states:
 *
 *	FREE -> OPENING -> OPEN -> CLOSING -> FREE
 *
 *	FREE -> OPENING		a channel waits and the module is ready; P6=1 is still to be sent
 *	OPENING -> OPEN		P6=1 was answered, and the channel is still there
 *	OPENING -> FREE		P6=1 failed
 *	OPENING, OPEN -> CLOSING	the channel was released; P6=0 is still to be sent
 *	any -> FREE		the module is lost; a channel whose P6=1 was not sent yet waits
 *				again
 *
 * Sockets. Channels of one user get sockets in order of arrival, one at a time. Among users the one
 * who has the fewest is next. A user who is alone may have all of them. While others are there, or
 * were lately, the last free one is kept for those who have less than an equal part: they find it
 * without waiting. And from whoever has at least two more than somebody who waits, the idlest is taken
 * away: at once when nothing has moved on it for WAIT_FAIR, else when the other has waited for so
 * long. What an administrator may want beyond that is in struct sched_rules.
 *
 * Line time. Whenever the line is free, the user who has had the least of its time is asked first
 * what he has to do, then the next. The time that each operation took is counted; time that a user
 * left unused is not saved up, beyond CREDIT. What is to be done for one user (his sockets, and his
 * jobs: name look-ups, credentials) is asked in turn, beginning behind what was served last. Selecting
 * another socket costs a command: so while a socket's operations are as large as can be, it goes on
 * for a while before the next is asked. That is TURN_MIN, or longer where a change has been seen to
 * cost much.
 *
 * A P6=1 holds the line until the module has an answer, which is long where nobody answers. While
 * there are other users it gets no more time than PATIENCE; if that was not enough it is tried again
 * later, with twice as much. Behind one that took long its user rests while there are other users:
 * share.h says for how long. Jobs that may take long (look-ups) are treated alike.
 *
 * Reading is polling: R0 is the only way to learn that data has come. A full read is repeated at
 * once, because there is more. After a part, the program has probably got what it waits for and
 * will speak, so the line is left free for it for READ_PAUSE_MIN. Each read that finds nothing
 * doubles the pause, up to READ_PAUSE_IDLE, or READ_PAUSE_BUSY while other sockets move much: on
 * a busy line each empty poll takes from them. What has been sent in full is read after at once,
 * and again for ANSWER_WAIT while nothing else needs the line, because an answer is likely; not so
 * a part of what is there to be sent.
 *
 * When nothing else needs the line, the module waits for data in the read (WAIT_LONE): it is seen
 * as soon as it comes, and a quiet line costs few commands. The line cannot be used meanwhile, so
 * the wait is short; while anything else has bytes to move it is WAIT_BUSY. When nothing has moved
 * for QUIET it is WAIT_QUIET: with four sockets the round of the reads then takes 140 ms, so that the
 * first byte out of the quiet is seen within 50 ms on average, and the processor sleeps for longer.
 * The first to be sent then waits for 32 ms at most.
 *
 * Where the module does not count what it reads (no R4), a read that finds nothing ends with a guard
 * time, and an answer that comes meanwhile waits for it. So the wait for an answer is there as long
 * as the far end has been seen to take for one, up to WAIT_ANSWER.
 */
#ifndef ESWRAPD_SCHED_H
#define ESWRAPD_SCHED_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "eswrapd/channel.h"
#include "eswrapd/line.h"

struct sched;
struct sched *sched_new(void);
void sched_free(struct sched *sched);
void sched_set_rules(struct sched *sched, const struct sched_rules *rules);

/* sched_set_module() - the module whose line it works with, and by which clock; before anything else */
void sched_set_module(struct sched *sched, struct eswifi_module *module, struct timers *timers);
/* sched_set_line() - a line of the caller's instead, which outlives the scheduler */
void sched_set_line(struct sched *sched, struct line *line);

/* sched_next(), sched_lost() - the driver's ops.next and ops.lost */
void sched_next(struct sched *sched);
void sched_lost(struct sched *sched, const char *why);

/* sched_open() - have a socket opened to channel->target as soon as there is one */
void sched_open(struct sched *sched, struct channel *channel);
/* sched_release() - the owner is done with it: no callback comes any more, the socket is closed */
void sched_release(struct sched *sched, struct channel *channel);
/*
 * sched_hand_over() - @to, not opened yet and with the same target and user, takes @from's place or
 * socket
 */
void sched_hand_over(struct sched *sched, struct channel *from, struct channel *to);
/*
 * sched_keep_alive() - from now on the far end is to be asked behind so much silence; before its socket
 * is opened, with its opening
 * @ms:	as in struct eswifi_target
 */
void sched_keep_alive(struct sched *sched, struct channel *channel, guint ms);
/* sched_may_send() - there is something to send (again) */
void sched_may_send(struct sched *sched, struct channel *channel);
/* sched_may_receive() - there is room again */
void sched_may_receive(struct sched *sched, struct channel *channel);

/* sched_is_waiting() - it has not got a socket yet */
bool sched_is_waiting(const struct channel *channel);
/* sched_is_opening() - its P6=1 has been sent, and not been answered yet */
bool sched_is_opening(const struct sched *sched, const struct channel *channel);

/* sched_run(), sched_cancel() - put a job at the end of its user's; take it out before its start */
void sched_run(struct sched *sched, struct sched_job *job);
void sched_cancel(struct sched *sched, struct sched_job *job);
/* sched_job_done() - it has ended; @useless: and came to nothing */
void sched_job_done(struct sched *sched, bool useless);

/* sched_waiting(), sched_free_sockets() - for status */
guint sched_waiting(const struct sched *sched);
guint sched_free_sockets(const struct sched *sched);

#endif
