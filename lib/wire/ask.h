/* SPDX-License-Identifier: MIT */
/* The answer to a question on the control socket. Safe in a signal handler. */
#ifndef ESWRAP_WIRE_ASK_H
#define ESWRAP_WIRE_ASK_H

#include "eswrap/wire.h"

/**
 * eswrap_ask_take() - read the answer
 * @control:	the connection on which one question was sent
 * @flags:	for recvmsg(): 0 to wait, MSG_DONTWAIT to look
 * @reply:	the answer, where 0 is returned
 * @fd:		-1, or the descriptor that came with it (close-on-exec), which the caller then owns;
 *		also where an error is returned
 *
 * errno may change.
 *
 * Return: 0 or a positive errno: EAGAIN and EINTR as recvmsg() says them, ECONNRESET when the broker
 * has closed without an answer, EMFILE when the descriptor did not fit, EPROTO when it was no answer.
 */
int eswrap_ask_take(int control, int flags, struct eswrap_reply *reply, int *fd);

#endif
