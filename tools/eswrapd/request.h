/* SPDX-License-Identifier: MIT */
/* What is said to a program's question: the verdicts of wire.h. */
#ifndef ESWRAPD_REQUEST_H
#define ESWRAPD_REQUEST_H

#include <glib.h>
#include <sys/socket.h>

#include "eswrap/wire.h"

struct broker;
struct question; /* one that is answered later */

enum request_state {
	REQUEST_ANSWERED, /* @reply and perhaps @fd are to be sent */
	REQUEST_PENDING,  /* @answered will be called, unless question_cancel() is */
	REQUEST_HOLD,	  /* a launcher's; the caller sees to it */
	REQUEST_ADMIN,	  /* an administrator's, well-formed as far as the header goes */
};

typedef void (*request_answered)(const struct eswrap_reply *reply, gpointer user);

/* request_header_size() - bytes of a packet's struct eswrap_request, or 0 where it holds none */
gsize request_header_size(const guint8 *packet, gsize size);

/**
 * request_handle() - answer one packet, whatever is in it
 * @packet, @size:	@size as it was sent: larger than ESWRAP_ADMIN_MAX when it was cut
 * @who:	asks
 * @reply:	filled in with REQUEST_ANSWERED
 * @fd:		set to the program's end where one is granted, to be closed by the caller
 * @answered, @user:	for REQUEST_PENDING
 * @question:	set with REQUEST_PENDING
 */
enum request_state request_handle(struct broker *broker, const guint8 *packet, gsize size,
				  const struct ucred *who, struct eswrap_reply *reply, int *fd,
				  request_answered answered, gpointer user,
				  struct question **question);

void question_cancel(struct question *question);

#endif
