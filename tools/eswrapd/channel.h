/* SPDX-License-Identifier: MIT */
/* What the scheduler (sched.h) and those for whom it works know of each other. */
#ifndef ESWRAPD_CHANNEL_H
#define ESWRAPD_CHANNEL_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "eswifi/eswifi.h"

struct sched_user;
struct channel;

/**
 * struct channel_ops - what a channel's owner must say and hear
 * @opened:	P6=1 has ended: 0, or a negative errno with the module's own words; after an error
 *		the channel has no socket any more
 * @peek:	what to send next, at most ESWIFI_PAYLOAD_MAX bytes, valid until the call returns
 *		that follows; 0: nothing
 * @sent:	the module took @result of the bytes last peeked; or a negative errno
 * @may_receive:	is there room for ESWIFI_PAYLOAD_MAX bytes?
 * @received:	@result bytes; or a negative errno, -EPIPE: the far end has closed
 * @lost:	the channel's socket is gone, because the module is or because it was taken away; the
 *		channel has none any more. Not called for channels that wait
 */
struct channel_ops {
	void (*opened)(struct channel *channel, int result, const char *text);
	gsize (*peek)(struct channel *channel, const guint8 **data);
	void (*sent)(struct channel *channel, int result);
	bool (*may_receive)(struct channel *channel);
	void (*received)(struct channel *channel, int result, const guint8 *data);
	void (*lost)(struct channel *channel, const char *why);
};

/**
 * struct channel - part of its owner's struct; all else in it is 0 at first
 * @ops, @target, @uid:	set by the owner before sched_open(); @target.host stays the owner's
 * @socket:	0..3, or -1 while it has none; set to -1 by the owner before anything else
 * @last_try:	set by the owner: nobody waits for it any more, it is not tried again
 * @may_send:	the owner may have something to send; cleared when @peek returns 0
 *
 * The scheduler's:
 * @user:	NULL: it neither waits nor has a socket
 * @link:	place in the queue
 * @since:	it waits since, us
 * @patience_ms:	what its next P6=1 may take while there are other users; 0: not tried yet
 * @barred:	the module had no such socket left: it waits until another is closed
 * @keep_alive_due:	target.keep_alive_ms is to be told to the module
 */
struct channel {
	const struct channel_ops *ops;
	struct eswifi_target target;
	uid_t uid;
	int socket;
	bool may_send, last_try;
	struct sched_user *user;
	GList link;
	gint64 since;
	guint patience_ms;
	bool barred, keep_alive_due;
};

/**
 * struct sched_job - one operation that is not a channel's; all else in it is 0 at first
 * @uid:	whose share of the line it takes from
 * @needs_socket:	it wants a socket that is not open, for its duration
 * @waits:	with @needs_socket: it waits until there is one; and it may take long
 * @start:	start the operation; Return: 0, or a negative errno, which ends the job. @module is
 *		that of sched_set_module(). @socket is -1 when @needs_socket is false, or when none
 *		is free and it does not wait: then do without and return -EAGAIN
 * @user:	the scheduler's: NULL while it is not in the queue
 * @link, @since:	the scheduler's
 *
 * The operation's own callback calls sched_job_done().
 */
struct sched_job {
	uid_t uid;
	bool needs_socket, waits;
	int (*start)(struct sched_job *job, struct eswifi_module *module, int socket);
	struct sched_user *user;
	GList link;
	gint64 since;
};

/**
 * struct sched_rules - what an administrator may want
 * @idle_timeout_s:	a socket on which nothing has moved for so long is taken away; 0: never
 * @give_up_after_s:	when a channel has waited for so long, the idlest socket of all is taken
 *			away; 0: never
 */
struct sched_rules {
	guint idle_timeout_s, give_up_after_s;
};

#endif
