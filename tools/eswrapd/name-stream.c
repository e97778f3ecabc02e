// SPDX-License-Identifier: MIT
/* Name servers by stream. The theory of operation is in name-stream.h. */
#include "eswrapd/name-stream.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "eswrapd/account.h"
#include "eswrapd/anchor.h"
#include "eswrapd/closer.h"
#include "eswrapd/dns.h"
#include "eswrapd/ends.h"
#include "eswrapd/forward.h"
#include "eswrapd/presence.h"
#include "loop/poller.h"
#include "loop/timer.h"

#define LENGTH 2 /* bytes before a message */
/* No question is longer. */
#define QUESTION_MAX 4096
/* While so much waits for the program to read it, nothing more is answered, bytes. */
#define UNREAD_MAX 65536

struct name_streams {
	struct flow_parts parts;
	int buffer;
	GHashTable *all; /* struct name_stream, a set */
	guint8 peeked[ANCHOR + LENGTH + QUESTION_MAX];
};

/**
 * struct name_stream - one connection of a program
 * @fd:		the broker's end
 * @socket:	the program's own, until it is connected; -1: none
 * @relay:	leads to the server; -1: nothing was forwarded
 * @owed:	answers that are to come from there
 * @from_server:	a message that is not whole yet
 * @unread:	what the program's queue has not taken yet
 * @over:	an abort is due, as soon as nobody works with it
 */
struct name_stream {
	struct name_streams *streams;
	struct dns_asker asker;
	struct eswrap_endpoint server;
	char *program, *route, *where;
	guint64 id;
	int fd, socket, relay;
	struct poller_watch *watch, *relay_watch;
	guint owed;
	GByteArray *from_server, *unread;
	bool over;
	gint64 began;
	guint64 sent, received;
};

static void free_stream(struct name_stream *stream)
{
	const struct flow_parts *parts = &stream->streams->parts;

	responder_forget(&stream->asker);
	if (stream->watch)
		poller_remove(stream->watch);
	if (stream->relay_watch)
		poller_remove(stream->relay_watch);
	if (stream->relay >= 0)
		close(stream->relay);
	closer_close(stream->socket);
	close(stream->fd);
	account_give(parts->accounts, stream->asker.asker.uid, LIMIT_FLOWS);
	presence_leave(parts->presence);
	g_hash_table_remove(stream->streams->all, stream);
	g_byte_array_unref(stream->from_server);
	g_byte_array_unref(stream->unread);
	g_free(stream->program);
	g_free(stream->route);
	g_free(stream->where);
	g_free(stream);
}

static bool is_full(const struct name_stream *stream)
{
	return stream->unread->len >= UNREAD_MAX;
}

static void flush(struct name_stream *stream)
{
	GByteArray *unread = stream->unread;
	ssize_t put;

	while (unread->len) {
		put = send(stream->fd, unread->data, unread->len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (put < 0)
			return; /* EPOLLOUT comes, or EPOLLHUP */
		stream->received += (guint64)put;
		g_byte_array_remove_range(unread, 0, (guint)put);
	}
}

static void send_message(struct name_stream *stream, const guint8 *message, gsize size)
{
	const guint8 length[LENGTH] = { (guint8)(size >> 8), (guint8)size };

	g_byte_array_append(stream->unread, length, sizeof(length));
	g_byte_array_append(stream->unread, message, (guint)size);
	flush(stream);
}

static void write_answer(struct dns_asker *asker, const guint8 *message, gsize size)
{
	send_message((gpointer)((char *)asker - offsetof(struct name_stream, asker)), message,
		     size);
}

static gsize length_of(const guint8 *at)
{
	return (gsize)at[0] << 8 | at[1];
}

/* Whole messages of the server's, one behind the other. */
static void take_messages(struct name_stream *stream)
{
	GByteArray *from = stream->from_server;
	gsize size;

	while (from->len >= LENGTH && from->len >= LENGTH + (size = length_of(from->data))) {
		send_message(stream, from->data + LENGTH, size);
		g_byte_array_remove_range(from, 0, (guint)(LENGTH + size));
		stream->owed -= stream->owed > 0;
	}
}

/* Return: false when the server has ended. */
static bool read_server(struct name_stream *stream)
{
	guint8 *piece = stream->streams->peeked;
	ssize_t got;

	while (!is_full(stream)) {
		got = recv(stream->relay, piece, sizeof(stream->streams->peeked), MSG_DONTWAIT);
		if (got == 0)
			return false;
		if (got < 0)
			return errno == EAGAIN || errno == EINTR;
		g_byte_array_append(stream->from_server, piece, (guint)got);
		take_messages(stream);
	}
	return true;
}

static void end_by_server(struct name_stream *stream)
{
	if (stream->owed || stream->from_server->len || stream->unread->len) {
		stream->over = true;
		return;
	}
	g_clear_pointer(&stream->relay_watch, poller_remove);
	close(stream->relay);
	stream->relay = -1;
	shutdown(stream->fd, SHUT_WR);
}

static void server_event(uint32_t events G_GNUC_UNUSED, gpointer user)
{
	struct name_stream *stream = user;

	if (!read_server(stream))
		end_by_server(stream);
	if (stream->over)
		free_stream(stream);
}

/* Return: false when there is no way to the server. */
static bool open_relay(struct name_stream *stream)
{
	const struct flow_parts *parts = &stream->streams->parts;

	if (stream->relay >= 0)
		return true;
	if (stream->socket < 0)
		return false;
	stream->relay = forward_stream(stream->asker.asker.uid, g_steal_fd(&stream->socket),
				       &stream->server);
	if (stream->relay < 0)
		return false;
	stream->relay_watch = poller_add(parts->poller, stream->relay, EPOLLIN | EPOLLRDHUP,
					 server_event, stream);
	return stream->relay_watch != NULL;
}

/* @message: with its length before it */
static void forward(struct name_stream *stream, const guint8 *message, gsize size)
{
	if (!open_relay(stream)) {
		responder_failed(&stream->asker, message + LENGTH, size - LENGTH);
		return;
	}
	/* A server that takes nothing for so long is none. */
	if (send(stream->relay, message, size, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)size)
		stream->over = true;
	stream->owed++;
}

/* Return: the size of the whole question that is next, length included, at @message; 0: there is none. */
static gsize next_question(struct name_stream *stream, const guint8 **message)
{
	guint8 *peeked = stream->streams->peeked;
	ssize_t got =
		recv(stream->fd, peeked, sizeof(stream->streams->peeked), MSG_PEEK | MSG_DONTWAIT);
	gsize size;

	if (got < ANCHOR + LENGTH)
		return 0;
	size = LENGTH + length_of(peeked + ANCHOR);
	stream->over = size > LENGTH + QUESTION_MAX;
	*message = peeked + ANCHOR;
	return !stream->over && (gsize)got >= ANCHOR + size ? size : 0;
}

static void take_questions(struct name_stream *stream)
{
	const guint8 *message;
	gsize size;

	while (!stream->over && !is_full(stream)) {
		size = next_question(stream, &message);
		if (!size)
			return;
		if (!responder_ask(&stream->asker, message + LENGTH, size - LENGTH))
			forward(stream, message, size);
		anchor_discard(stream->fd, size);
		stream->sent += size;
	}
}

static void program_event(uint32_t events, gpointer user)
{
	struct name_stream *stream = user;

	if (!(events & EPOLLHUP)) {
		flush(stream);
		take_questions(stream);
		if (stream->relay >= 0 && !read_server(stream))
			end_by_server(stream);
	}
	if (stream->over)
		free_stream(stream);
	else if (events & EPOLLHUP) {
		/* The program has closed; or has shut down both ways, and reads an end. */
		anchor_discard(stream->fd, SIZE_MAX);
		free_stream(stream);
	}
}

struct name_streams *name_streams_new(const struct flow_parts *parts, int buffer)
{
	struct name_streams *streams = g_new0(struct name_streams, 1);

	streams->parts = *parts;
	streams->buffer = buffer;
	streams->all = g_hash_table_new(NULL, NULL);
	return streams;
}

void name_streams_free(struct name_streams *streams)
{
	GHashTableIter iter;
	gpointer stream;

	if (!streams)
		return;
	for (g_hash_table_iter_init(&iter, streams->all);
	     g_hash_table_iter_next(&iter, &stream, NULL);
	     g_hash_table_iter_init(&iter, streams->all))
		free_stream(stream);
	g_hash_table_destroy(streams->all);
	g_free(streams);
}

static struct name_stream *new_stream(struct name_streams *streams,
				      const struct flow_request *request)
{
	struct name_stream *stream = g_new0(struct name_stream, 1);

	stream->streams = streams;
	stream->server = request->dest;
	stream->program = g_strdup(request->asker.program);
	stream->route = g_strdup(request->forced);
	stream->where = endpoint_text(NULL, &request->dest);
	stream->socket = request->socket;
	stream->fd = stream->relay = -1;
	stream->asker =
		(struct dns_asker){ .responder = streams->parts.responder,
				    .asker = request->asker,
				    .route = stream->route,
				    .can_forward = forward_fits(request->socket, SOCK_STREAM),
				    .answer = write_answer };
	stream->asker.asker.program = stream->program;
	stream->from_server = g_byte_array_new();
	stream->unread = g_byte_array_new();
	stream->began = timers_now(streams->parts.timers);
	g_hash_table_add(streams->all, stream);
	presence_enter(streams->parts.presence);
	return stream;
}

int name_stream_open(struct name_streams *streams, const struct flow_request *request, guint64 *id)
{
	const struct flow_parts *parts = &streams->parts;
	struct name_stream *stream;
	int fds[2], result;
	size_t filling;

	if (!account_take(parts->accounts, request->asker.uid, LIMIT_FLOWS)) {
		closer_close(request->socket);
		return -ENOBUFS;
	}
	result = ends_make(&request->dest, request->family, streams->buffer, fds, id, &filling);
	if (result < 0) {
		account_give(parts->accounts, request->asker.uid, LIMIT_FLOWS);
		closer_close(request->socket);
		return result;
	}
	stream = new_stream(streams, request);
	stream->id = *id;
	stream->fd = fds[1];
	stream->watch = poller_add(parts->poller, stream->fd, EPOLLIN | EPOLLRDHUP | EPOLLOUT,
				   program_event, stream);
	result = stream->watch ? ends_tell(stream->fd, *id, 0, NULL) : -errno;
	if (result < 0) {
		close(fds[0]);
		free_stream(stream);
		return result;
	}
	anchor_discard(stream->fd, filling - ANCHOR);
	g_debug("flow %" G_GINT64_MODIFIER "x: %s (uid %u) to the name server %s", *id,
		stream->program, (guint)request->asker.uid, stream->where);
	return fds[0];
}

void name_stream_list(const struct name_streams *streams, const uid_t *only, GVariantBuilder *list)
{
	GHashTableIter iter;
	gpointer item;

	g_hash_table_iter_init(&iter, streams->all);
	while (g_hash_table_iter_next(&iter, &item, NULL)) {
		const struct name_stream *stream = item;
		const struct flow_summary summary = {
			.to = stream->where,
			.route = NAMES_ROUTE,
			.state = "open",
			.socket = -1,
			.program = stream->program,
			.uid = stream->asker.asker.uid,
			.pid = stream->asker.asker.pid,
			.age = timers_now(streams->parts.timers) - stream->began,
			.sent = stream->sent,
			.received = stream->received,
		};

		if (!only || *only == stream->asker.asker.uid)
			flow_summary_add(list, &summary);
	}
}
