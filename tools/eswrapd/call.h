/* SPDX-License-Identifier: MIT */
/*
 * Administrative calls: a verb of eswrap/admin.h that a client has asked, and the replies to it.
 *
 * A call ends with exactly one call_finish() or call_fail(); that may be long after its verb has
 * returned, and after the client has gone.
 */
#ifndef ESWRAPD_CALL_H
#define ESWRAPD_CALL_H

#include <glib.h>

struct call;
struct client;

/* call_begin() - wait for the end of what @client has asked, and say that it has been heard */
struct call *call_begin(struct client *client);

/* call_take_parts() - who asks puts pieces together: replies to come may be of any size */
void call_take_parts(struct call *call);

/* call_progress() - send one progress reply; @reply is ADMIN_REPLY, a floating one is taken over */
void call_progress(struct call *call, GVariant *reply);
/* call_backlog() - progress replies that have not been taken yet; -1: who has asked is gone */
int call_backlog(const struct call *call);
/* call_finish() - send the last reply, or an empty one for NULL, and forget the call */
void call_finish(struct call *call, GVariant *reply);
/**
 * call_fail() - send the last reply with an error and forget the call
 * @status:	eswrapctl's exit status, see eswrapctl(8)
 * @format:	a sentence for people
 */
void call_fail(struct call *call, int status, const char *format, ...) G_GNUC_PRINTF(3, 4);

#endif
