// SPDX-License-Identifier: MIT
/* Replies to administrative calls, as packets to the client that has asked. */
#include "eswrapd/call.h"

#include <stdbool.h>
#include <stdlib.h>

#include "config.h"
#include "eswrap/admin.h"
#include "eswrap/wire.h"
#include "eswrapd/control.h"

/* @parts: who asks puts pieces together */
struct call {
	struct client *client;
	bool parts;
};

static void send_packet(struct call *call, GVariant *reply)
{
	g_autoptr(GVariant) owned = g_variant_ref_sink(reply);
	g_autoptr(GVariant) normal = g_variant_get_normal_form(owned);

	client_send(call->client, g_variant_get_data(normal), g_variant_get_size(normal));
}

static void send_part(struct call *call, const guint8 *data, gsize size, gsize whole)
{
	GVariantDict part;

	g_variant_dict_init(&part, NULL);
	g_variant_dict_insert_value(&part, "part",
				    g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, data, size, 1));
	g_variant_dict_insert(&part, "size", "t", (guint64)whole);
	send_packet(call, g_variant_dict_end(&part));
}

/* In place of the last reply, for a program that would not understand it. */
static void send_too_large(struct call *call)
{
	GVariantDict last;

	g_variant_dict_init(&last, NULL);
	g_variant_dict_insert(&last, "done", "b", TRUE);
	g_variant_dict_insert(&last, "error", "s",
			      "the answer does not fit into one packet; use the eswrapctl of "
			      "version " PACKAGE_VERSION);
	g_variant_dict_insert(&last, "status", "i", EXIT_FAILURE);
	send_packet(call, g_variant_dict_end(&last));
}

static void send_reply(struct call *call, GVariant *reply)
{
	g_autoptr(GVariant) owned = g_variant_ref_sink(reply);
	g_autoptr(GVariant) normal = g_variant_get_normal_form(owned);
	const guint8 *data = g_variant_get_data(normal);
	gsize size = g_variant_get_size(normal), at;

	if (size <= ADMIN_PART_MAX || (!call->parts && size <= ESWRAP_ADMIN_MAX)) {
		client_send(call->client, data, size);
	} else if (!call->parts) {
		send_too_large(call);
	} else {
		for (at = 0; at < size; at += ADMIN_PART_MAX)
			send_part(call, data + at, MIN(size - at, ADMIN_PART_MAX), size);
	}
}

void call_take_parts(struct call *call)
{
	call->parts = true;
}

/*
 * A verb may answer much later: that somebody has heard the question is said at once, so that who
 * asks can tell a broker that works from a socket behind which there is none.
 */
struct call *call_begin(struct client *client)
{
	struct call *call = g_new0(struct call, 1);
	GVariantDict heard;

	call->client = client;
	client_wait(client, NULL, NULL);
	g_variant_dict_init(&heard, NULL);
	g_variant_dict_insert(&heard, "heard", "b", TRUE);
	send_reply(call, g_variant_dict_end(&heard));
	return call;
}

void call_progress(struct call *call, GVariant *reply)
{
	send_reply(call, reply);
}

int call_backlog(const struct call *call)
{
	return client_backlog(call->client);
}

static void end(struct call *call, GVariantDict *last)
{
	g_variant_dict_insert(last, "done", "b", TRUE);
	send_reply(call, g_variant_dict_end(last));
	client_finish(call->client);
	g_free(call);
}

void call_finish(struct call *call, GVariant *reply)
{
	g_autoptr(GVariant) owned = reply ? g_variant_ref_sink(reply) : NULL;
	GVariantDict last;

	g_variant_dict_init(&last, owned);
	end(call, &last);
}

void call_fail(struct call *call, int status, const char *format, ...)
{
	g_autofree char *text = NULL;
	GVariantDict last;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	g_variant_dict_init(&last, NULL);
	g_variant_dict_insert(&last, "error", "s", text);
	g_variant_dict_insert(&last, "status", "i", status);
	end(call, &last);
}
