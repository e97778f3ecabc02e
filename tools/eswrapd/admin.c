// SPDX-License-Identifier: MIT
/* Administrative requests: the verbs, and what is replied to them. */
#include <string.h>
#include <sysexits.h>

#include "config.h"
#include "eswrapd/admin-call.h"
#include "eswrap/admin.h"
#include "eswrapd/broker.h"
#include "eswrapd/control.h"
#include "eswrapd/credential.h"
#include "eswrapd/datagram.h"
#include "eswrapd/flow.h"
#include "eswrapd/sched.h"

struct admin_call {
	struct client *client;
};

static void send_reply(struct admin_call *call, GVariant *reply)
{
	GVariant *owned = g_variant_ref_sink(reply), *normal = g_variant_get_normal_form(owned);

	control_send(call->client, g_variant_get_data(normal), g_variant_get_size(normal));
	g_variant_unref(normal);
	g_variant_unref(owned);
}

void admin_progress(struct admin_call *call, GVariant *reply)
{
	send_reply(call, reply);
}

static void end(struct admin_call *call, GVariantDict *last)
{
	g_variant_dict_insert(last, "done", "b", TRUE);
	send_reply(call, g_variant_dict_end(last));
	control_finish(call->client);
	g_free(call);
}

void admin_finish(struct admin_call *call, GVariant *reply)
{
	GVariantDict last;

	if (reply)
		g_variant_ref_sink(reply);
	g_variant_dict_init(&last, reply);
	end(call, &last);
	if (reply)
		g_variant_unref(reply);
}

void admin_fail(struct admin_call *call, int status, const char *format, ...)
{
	GVariantDict last;
	va_list args;
	char *text;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	g_variant_dict_init(&last, NULL);
	g_variant_dict_insert(&last, "error", "s", text);
	g_variant_dict_insert(&last, "status", "i", status);
	end(call, &last);
	g_free(text);
}

/* Of the configuration, and of what the ledger lacks for it. */
static GVariant *warnings_of(struct broker *broker)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
	GVariant *value;
	guint i;

	for (i = 0; i < broker->warnings->len; i++)
		g_ptr_array_add(all, g_strdup(broker->warnings->pdata[i]));
	credential_add_warnings(broker, all);
	value = g_variant_new_strv((const gchar *const *)all->pdata, (gssize)all->len);
	g_ptr_array_unref(all);
	return value;
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
	char *valid = g_utf8_make_valid(text, -1);

	g_variant_dict_insert(reply, key, "s", valid);
	g_free(valid);
}

/*
 * What `status` replies, all in one: version, config, device, ssid, state, why, product, firmware,
 * name, mac, address (s); baud, free-sockets, waiting (u); the driver's counters (t); warnings
 * (as); flows (aa{sv}, see flow_summary_add()).
 */
static void status(struct broker *broker, struct admin_call *call,
		   GVariant *arguments G_GNUC_UNUSED)
{
	const struct eswifi_identity *identity = eswifi_module_identity(broker->module);
	GVariantBuilder flows;
	GVariantDict reply;

	g_variant_builder_init(&flows, G_VARIANT_TYPE("aa{sv}"));
	flow_list(broker->flows, &flows);
	datagram_list(broker->datagrams, &flows);
	g_variant_dict_init(&reply, NULL);
	g_variant_dict_insert(&reply, "version", "s", PACKAGE_VERSION);
	add_text(&reply, "config", broker->settings->path);
	add_text(&reply, "device", broker->settings->module.device);
	g_variant_dict_insert(&reply, "ssid", "s", broker->settings->module.ssid);
	g_variant_dict_insert(&reply, "state", "s",
			      eswifi_state_name(eswifi_module_state(broker->module)));
	add_text(&reply, "why", broker->why);
	add_text(&reply, "product", identity->product);
	add_text(&reply, "firmware", identity->firmware);
	add_text(&reply, "name", identity->name);
	add_text(&reply, "mac", identity->mac);
	add_text(&reply, "address", identity->address);
	g_variant_dict_insert(&reply, "baud", "u", identity->baud);
	g_variant_dict_insert(&reply, "free-sockets", "u", sched_free_sockets(broker->sched));
	g_variant_dict_insert(&reply, "waiting", "u", sched_waiting(broker->sched));
	add_counters(&reply, eswifi_module_counters(broker->module));
	g_variant_dict_insert_value(&reply, "warnings", warnings_of(broker));
	g_variant_dict_insert_value(&reply, "flows", g_variant_builder_end(&flows));
	admin_finish(call, g_variant_dict_end(&reply));
}

static const struct {
	const char *name;
	bool anybody; /* may ask it; else see client_may_administer() */
	admin_handler handler;
} verbs[] = {
	{ "status", true, status },
	{ "credential-list", false, credential_list },
	{ "credential-write", false, credential_write },
	{ "credential-adopt", false, credential_adopt },
	{ "credential-forget", false, credential_forget },
};

/* A request may hold a private key. */
struct request_copy {
	gsize size;
	_Alignas(8) guint8 data[];
};

static void request_copy_free(gpointer user)
{
	struct request_copy *copy = user;

	explicit_bzero(copy->data, copy->size);
	g_free(copy);
}

/* Into memory that is aligned for GVariant, which would make a copy of its own otherwise. */
static GBytes *copy_request(const guint8 *data, gsize size)
{
	struct request_copy *copy = g_malloc(sizeof(*copy) + size);

	copy->size = size;
	memcpy(copy->data, data, size);
	return g_bytes_new_with_free_func(copy->data, size, request_copy_free, copy);
}

/*
 * A handler may answer much later: that somebody has heard the question is said at once, so that
 * who asks can tell a broker that works from a socket behind which there is none.
 */
static void start(struct broker *broker, struct admin_call *call, admin_handler handler,
		  GVariant *arguments)
{
	GVariantDict heard;

	g_variant_dict_init(&heard, NULL);
	g_variant_dict_insert(&heard, "heard", "b", TRUE);
	admin_progress(call, g_variant_dict_end(&heard));
	handler(broker, call, arguments);
}

void admin_start(struct broker *broker, struct client *client, const guint8 *data, gsize size)
{
	struct admin_call *call = g_new0(struct admin_call, 1);
	GBytes *bytes = copy_request(data, size);
	GVariant *request, *arguments = NULL;
	char *verb = NULL;
	guint i;

	call->client = client;
	request = g_variant_ref_sink(
		g_variant_new_from_bytes(G_VARIANT_TYPE(ADMIN_REQUEST), bytes, FALSE));
	g_bytes_unref(bytes);
	if (!g_variant_is_normal_form(request)) {
		admin_fail(call, EX_PROTOCOL, "the request is malformed");
		goto out;
	}
	g_variant_get(request, "(s@a{sv})", &verb, &arguments);
	for (i = 0; i < G_N_ELEMENTS(verbs) && strcmp(verbs[i].name, verb) != 0; i++)
		;
	if (i == G_N_ELEMENTS(verbs))
		admin_fail(call, EX_USAGE, "this broker (version %s) does not know \"%s\"",
			   PACKAGE_VERSION, verb);
	else if (!verbs[i].anybody && !client_may_administer(client))
		admin_fail(call, EX_NOPERM,
			   "only root, the broker's own user and members of admin-group may ask "
			   "\"%s\"",
			   verb);
	else
		start(broker, call, verbs[i].handler, arguments);
out:
	g_free(verb);
	if (arguments)
		g_variant_unref(arguments);
	g_variant_unref(request);
}
