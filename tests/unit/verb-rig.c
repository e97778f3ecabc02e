// SPDX-License-Identifier: MIT
/* Verbs without a control socket. */
#include "unit/verb-rig.h"

#include "eswrap/admin.h"
#include "eswrapd/call.h"
#include "support/harness.h"
#include "support/suite.h"

void verb_ask(struct client *client, verb_handler handler, gpointer user, GVariant *arguments)
{
	const struct caller caller = { .uid = ADMINISTRATOR, .administers = true };
	g_autoptr(GVariant) owned = g_variant_ref_sink(
		arguments ? arguments : g_variant_new_array(G_VARIANT_TYPE("{sv}"), NULL, 0));

	fake_client_init(client, caller.uid, 1);
	handler(call_begin(client), &caller, owned, user);
}

GVariant *verb_reply(const struct client *client)
{
	const GPtrArray *packets = client->packets;

	ck_assert_uint_gt(packets->len, 0);
	return g_variant_ref_sink(g_variant_new_from_bytes(
		G_VARIANT_TYPE(ADMIN_REPLY), g_ptr_array_index(packets, packets->len - 1), FALSE));
}

void ck_ends_well(const struct client *client)
{
	g_autoptr(GVariant) reply = verb_reply(client);
	const char *error = "";

	g_variant_lookup(reply, "error", "&s", &error);
	ck_assert_str_eq(error, "");
	ck_assert(client->answered);
}

void ck_fails(const struct client *client, int status, const char *text)
{
	g_autoptr(GVariant) reply = verb_reply(client);
	const char *error;
	gint32 said;

	ck_assert(client->answered);
	ck_assert_msg(g_variant_lookup(reply, "error", "&s", &error), "no error; not \"%s\"", text);
	ck_text_has(error, text);
	ck_assert(g_variant_lookup(reply, "status", "i", &said));
	ck_assert_int_eq(said, status);
}

void ck_says(const struct client *client, const char *key, const char *text)
{
	g_autoptr(GVariant) reply = verb_reply(client);
	const char *said;

	ck_assert_msg(g_variant_lookup(reply, key, "&s", &said), "no \"%s\"", key);
	ck_assert_str_eq(said, text);
}
