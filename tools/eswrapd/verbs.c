// SPDX-License-Identifier: MIT
/* The table of verbs. */
#include "eswrapd/verbs.h"

#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "config.h"
#include "eswrap/admin.h"
#include "eswrapd/call.h"
#include "eswrapd/control.h"
#include "secret/secret.h"

struct verbs {
	gid_t admin_group;
	GPtrArray *rows; /* const struct verb * */
};

struct verbs *verbs_new(gid_t admin_group)
{
	struct verbs *verbs = g_new0(struct verbs, 1);

	verbs->admin_group = admin_group;
	verbs->rows = g_ptr_array_new();
	return verbs;
}

void verbs_free(struct verbs *verbs)
{
	if (!verbs)
		return;
	g_ptr_array_unref(verbs->rows);
	g_free(verbs);
}

void verbs_add(struct verbs *verbs, const struct verb *rows, gsize count)
{
	gsize i;

	for (i = 0; i < count; i++)
		g_ptr_array_add(verbs->rows, (gpointer)&rows[i]);
}

static struct caller caller_of(const struct verbs *verbs, const struct client *client)
{
	uid_t uid = client_who(client)->uid;

	return (struct caller){ .uid = uid,
				.administers = uid == 0 || uid == geteuid() ||
					       (verbs->admin_group != (gid_t)-1 &&
						client_is_in_group(client, verbs->admin_group)) };
}

/*
 * A request may hold a private key. The memory is aligned for GVariant, which would make a copy of its
 * own otherwise.
 */
static GBytes *copy_request(const guint8 *data, gsize size)
{
	guint8 *copy = secret_new(size);

	memcpy(copy, data, size);
	return g_bytes_new_with_free_func(copy, size, secret_free, copy);
}

static const struct verb *find(const struct verbs *verbs, const char *name)
{
	const struct verb *row;
	guint i;

	for (i = 0; i < verbs->rows->len; i++) {
		row = g_ptr_array_index(verbs->rows, i);
		if (strcmp(row->name, name) == 0)
			return row;
	}
	return NULL;
}

static void run_verb(const struct verbs *verbs, struct call *call, const struct caller *caller,
		     GVariant *request)
{
	g_autoptr(GVariant) arguments = NULL;
	g_autofree char *name = NULL;
	const struct verb *verb;
	gboolean parts;

	if (!g_variant_is_normal_form(request)) {
		call_fail(call, EX_PROTOCOL, "the request is malformed");
		return;
	}
	g_variant_get(request, "(s@a{sv})", &name, &arguments);
	if (g_variant_lookup(arguments, "parts", "b", &parts) && parts)
		call_take_parts(call);
	verb = find(verbs, name);
	if (!verb)
		call_fail(call, EX_USAGE, "this broker (version %s) does not know \"%s\"",
			  PACKAGE_VERSION, name);
	else if (!verb->anybody && !caller->administers)
		call_fail(call, EX_NOPERM,
			  "only root, the broker's own user and members of admin-group may ask "
			  "\"%s\"",
			  name);
	else
		verb->handler(call, caller, arguments, verb->user);
}

void verbs_ask(struct verbs *verbs, struct client *client, const guint8 *data, gsize size)
{
	struct caller caller = caller_of(verbs, client);
	struct call *call = call_begin(client);
	g_autoptr(GVariant) request = NULL;
	g_autoptr(GBytes) bytes = NULL;

	if (!caller.administers && size > VERBS_PUBLIC_MAX) {
		call_fail(call, EX_NOPERM,
			  "only root, the broker's own user and members of admin-group may ask "
			  "as much as this");
		return;
	}
	bytes = copy_request(data, size);
	request = g_variant_ref_sink(
		g_variant_new_from_bytes(G_VARIANT_TYPE(ADMIN_REQUEST), bytes, FALSE));
	run_verb(verbs, call, &caller, request);
}
