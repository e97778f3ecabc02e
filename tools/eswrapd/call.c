// SPDX-License-Identifier: MIT
/* Replies to administrative calls, as packets to the client that has asked. */
#include "eswrapd/call.h"

#include "eswrap/admin.h"
#include "eswrapd/control.h"

struct call {
	struct client *client;
};

static void send_reply(struct call *call, GVariant *reply)
{
	g_autoptr(GVariant) owned = g_variant_ref_sink(reply);
	g_autoptr(GVariant) normal = g_variant_get_normal_form(owned);

	client_send(call->client, g_variant_get_data(normal), g_variant_get_size(normal));
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
