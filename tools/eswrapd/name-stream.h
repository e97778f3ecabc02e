/* SPDX-License-Identifier: MIT */
/*
 * Name servers by stream: what programs send to port 53 of TCP.
 *
 * DOC: Theory of operation
 *
 * To the program it is a stream flow, which connects at once (flow.h, ends.h); the module has no part in
 * it. Each message has its length before it [RFC 1035, 4.2.2]. Questions are taken out of the kernel's
 * queue when they are whole; their answers go out as they are found, in any order. The first that is
 * direct connects the program's own socket to the server that the program has chosen (forward.h), and
 * whole messages that come from there go between the others.
 *
 * The end: what the server ends, ends for the program too, as an abort where it owes an answer. What
 * is no question, or longer than any, is an abort.
 */
#ifndef ESWRAPD_NAME_STREAM_H
#define ESWRAPD_NAME_STREAM_H

#include <glib.h>

#include "eswrapd/place.h"

struct name_streams;

/* name_streams_new() - @buffer: see anchor_find_buffer() */
struct name_streams *name_streams_new(const struct flow_parts *parts, int buffer);
/* name_streams_free() - aborts all that are left */
void name_streams_free(struct name_streams *streams);

/**
 * name_stream_open() - begin one
 * @request:	@socket is taken over, also when this fails
 * @id:		set to the flow's id
 *
 * Return: the program's end, to be sent and closed by the caller; or a negative errno.
 */
int name_stream_open(struct name_streams *streams, const struct flow_request *request, guint64 *id);

/* name_stream_list() - as flow_list() */
void name_stream_list(const struct name_streams *streams, const uid_t *only, GVariantBuilder *list);

#endif
