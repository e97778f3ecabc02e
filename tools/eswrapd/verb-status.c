// SPDX-License-Identifier: MIT
/* The verb status: the module, the line, the connections. */
#include "eswrapd/verb-status.h"

#include <unistd.h>

#include "config.h"
#include "eswifi/eswifi.h"
#include "eswrapd/account.h"
#include "eswrapd/call.h"
#include "eswrapd/counts.h"
#include "eswrapd/datagram.h"
#include "eswrapd/flow.h"
#include "eswrapd/name-stream.h"
#include "eswrapd/sched.h"
#include "eswrapd/tally.h"
#include "ledger/missing.h"

/* Of the configuration, and of what the ledger lacks for it. */
static GVariant *warnings_of(const struct status_parts *parts)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);
	guint i;

	for (i = 0; i < parts->warnings->len; i++)
		g_ptr_array_add(all, g_strdup(parts->warnings->pdata[i]));
	if (eswifi_module_away(parts->module))
		g_ptr_array_add(all,
				g_strdup("the module stays away from the Wi-Fi network, as was "
					 "asked; `eswrapctl wifi join` has it join again"));
	missing_add_warnings(parts->settings, eswifi_module_identity(parts->module)->mac, all);
	return g_variant_new_strv((const gchar *const *)all->pdata, (gssize)all->len);
}

static void add_counters(GVariantDict *reply, const struct eswifi_counters *counters)
{
	g_variant_dict_insert(reply, "commands", "t", counters->commands);
	g_variant_dict_insert(reply, "bytes-out", "t", counters->bytes_out);
	g_variant_dict_insert(reply, "bytes-in", "t", counters->bytes_in);
	g_variant_dict_insert(reply, "resyncs", "t", counters->resyncs);
	g_variant_dict_insert(reply, "resets", "t", counters->resets);
	g_variant_dict_insert(reply, "joins", "t", counters->joins);
	g_variant_dict_insert(reply, "lost", "t", counters->lost);
}

/* The module's words need not be text. */
static void add_text(GVariantDict *reply, const char *key, const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	g_variant_dict_insert(reply, key, "s", valid);
}

/* What each user may have, by name. */
static GVariant *limits_of(const struct settings *settings)
{
	GVariantBuilder limits;
	guint i;

	g_variant_builder_init(&limits, G_VARIANT_TYPE("a{su}"));
	for (i = 0; i < LIMITS; i++)
		g_variant_builder_add(&limits, "{su}", limit_names[i], settings->limits[i]);
	return g_variant_builder_end(&limits);
}

static void add_private(GVariantDict *reply, const struct status_parts *parts)
{
	const struct eswifi_identity *identity = eswifi_module_identity(parts->module);

	g_variant_dict_insert(reply, "pid", "u", (guint)getpid());
	add_text(reply, "config", parts->settings->path);
	add_text(reply, "device", parts->settings->module.device);
	g_variant_dict_insert(reply, "ssid", "s", parts->settings->module.ssid);
	add_text(reply, "product", identity->product);
	add_text(reply, "firmware", identity->firmware);
	add_text(reply, "name", identity->name);
	add_text(reply, "mac", identity->mac);
	add_text(reply, "address", identity->address);
	g_variant_dict_insert(reply, "counted", "b", (gboolean)identity->counted);
	g_variant_dict_insert(reply, "lists-items", "b", (gboolean)identity->lists_items);
	g_variant_dict_insert(reply, "rewritable", "b", (gboolean)identity->rewritable);
	g_variant_dict_insert(reply, "tls-sockets", "u", identity->tls_sockets);
	g_variant_dict_insert(reply, "signal", "i", identity->signal);
	g_variant_dict_insert(reply, "baud", "u", identity->baud);
	g_variant_dict_insert(reply, "throughput", "u", eswifi_module_throughput(parts->module));
	g_variant_dict_insert(reply, "away", "b", (gboolean)eswifi_module_away(parts->module));
	add_counters(reply, eswifi_module_counters(parts->module));
	g_variant_dict_insert_value(reply, "opened", tallies_get(parts->tallies, TALLY_OPENED));
	g_variant_dict_insert_value(reply, "failed", tallies_get(parts->tallies, TALLY_FAILED));
	counts_collect(parts->counts, parts->tallies);
	g_variant_dict_insert_value(reply, "direct", tallies_get(parts->tallies, TALLY_DIRECT));
	g_variant_dict_insert_value(reply, "datagrams-lost",
				    tallies_get(parts->tallies, TALLY_LOST));
	g_variant_dict_insert_value(reply, "tls-in-tls", tallies_get(parts->tallies, TALLY_DOUBLE));
	g_variant_dict_insert_value(reply, "warnings", warnings_of(parts));
}

void verb_status(struct call *call, const struct caller *caller, GVariant *arguments G_GNUC_UNUSED,
		 gpointer user)
{
	const uid_t *only = caller->administers ? NULL : &caller->uid;
	const struct status_parts *parts = user;
	GVariantBuilder flows, users;
	GVariantDict reply;

	g_variant_builder_init(&flows, G_VARIANT_TYPE("aa{sv}"));
	flow_list(parts->flows, only, &flows);
	datagram_list(parts->datagrams, only, &flows);
	name_stream_list(parts->name_streams, only, &flows);
	g_variant_builder_init(&users, G_VARIANT_TYPE("aa{sv}"));
	account_list(parts->accounts, only, &users);
	g_variant_dict_init(&reply, NULL);
	g_variant_dict_insert(&reply, "version", "s", PACKAGE_VERSION);
	g_variant_dict_insert(&reply, "state", "s",
			      eswifi_state_name(eswifi_module_state(parts->module)));
	add_text(&reply, "why", eswifi_module_why(parts->module));
	g_variant_dict_insert(&reply, "free-sockets", "u", sched_free_sockets(parts->sched));
	g_variant_dict_insert(&reply, "waiting", "u", sched_waiting(parts->sched));
	g_variant_dict_insert_value(&reply, "flows", g_variant_builder_end(&flows));
	g_variant_dict_insert_value(&reply, "users", g_variant_builder_end(&users));
	g_variant_dict_insert_value(&reply, "limits", limits_of(parts->settings));
	if (caller->administers)
		add_private(&reply, parts);
	call_finish(call, g_variant_dict_end(&reply));
}
