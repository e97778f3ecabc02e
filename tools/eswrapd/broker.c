// SPDX-License-Identifier: MIT
/* The broker's parts, and who hears what from whom. */
#include "eswrapd/broker.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "config/load.h"
#include "config/reload.h"
#include "config/route.h"
#include "eswifi/eswifi.h"
#include "eswrapd/account.h"
#include "eswrapd/burner.h"
#include "eswrapd/call.h"
#include "eswrapd/control.h"
#include "eswrapd/counts.h"
#include "eswrapd/datagram.h"
#include "eswrapd/dns.h"
#include "eswrapd/flow.h"
#include "eswrapd/lookup.h"
#include "eswrapd/name-stream.h"
#include "eswrapd/stand-in.h"
#include "eswrapd/news.h"
#include "eswrapd/policy.h"
#include "eswrapd/presence.h"
#include "eswrapd/request.h"
#include "eswrapd/sched.h"
#include "eswrapd/tally.h"
#include "eswrapd/verb-module.h"
#include "eswrapd/verb-route.h"
#include "eswrapd/verb-sets.h"
#include "eswrapd/verb-status.h"
#include "eswrapd/verb-trace.h"
#include "eswrapd/verbs.h"
#include "loop/poller.h"
#include "loop/timer.h"

/* A shell script starts one program after another; a private broker bridges the gap. */
#define LOOK_MS 1000

struct broker {
	struct settings *settings;
	GPtrArray *warnings;
	GMainLoop *loop;
	struct eswifi_module *module;
	struct poller *poller;
	struct timers *timers;
	struct presence *presence; /* NULL: the system's broker */
	struct news *news;
	struct sched *sched;
	struct accounts *accounts;
	struct tallies *tallies;
	struct counts *counts;
	struct names *names;
	struct lookups *lookups;
	struct responder *responder;
	struct flows *flows;
	struct datagrams *datagrams;
	struct name_streams *name_streams;
	struct burner *burner;
	struct requests *requests;
	struct verbs *verbs;
	struct module_verbs *module_verbs;
	struct traces *traces;
	struct verb *rows;
	struct status_parts status;
	struct control *control;
	struct policy_file *policy;
	char door[ESWRAP_DOOR_MAX];
	int listening;
	bool tried;	    /* to open the port: the module has been in a state since */
	GPtrArray *retired; /* struct settings *, from before reloads; flows may point there */
};

static void state_changed(struct eswifi_module *module, enum eswifi_state state, const char *why,
			  gpointer user)
{
	struct broker *broker = user;

	broker->tried = true;
	g_info("module: %s: %s", eswifi_state_name(state), why);
	news_state(broker->news, state, eswifi_module_identity(module), why);
	if (state == ESWIFI_READY)
		burner_ready(broker->burner);
}

static void line_is_free(struct eswifi_module *module G_GNUC_UNUSED, gpointer user)
{
	struct broker *broker = user;

	sched_next(broker->sched);
}

static void module_lost(struct eswifi_module *module G_GNUC_UNUSED, const char *why, gpointer user)
{
	struct broker *broker = user;

	news_lost(broker->news, why);
	sched_lost(broker->sched, why);
}

static const struct eswifi_ops module_ops = {
	.state = state_changed,
	.next = line_is_free,
	.lost = module_lost,
};

/* A process that maps the policy is one that was started under this broker and still lives. */
static bool somebody_is_seen(gpointer user)
{
	const struct broker *broker = user;

	return policy_is_in_use(broker->policy);
}

static void nobody_is_there(gpointer user)
{
	broker_quit(user);
}

static const struct presence_ops presence_ops = {
	.seen = somebody_is_seen,
	.nobody = nobody_is_there,
};

static void administer(struct client *client, const guint8 *data, gsize size, gpointer user)
{
	struct broker *broker = user;

	verbs_ask(broker->verbs, client, data, size);
}

static const struct request_ops request_ops = { .administer = administer };
static const struct control_ops control_ops = {
	.crowded = request_crowded,
	.asked = request_asked,
};

/* A private broker's stand-ins end with it, as the programs that know them do. */
static struct names *open_names(const struct settings *settings, bool private)
{
	g_autofree char *path = NULL;

	if (private)
		return names_new(&settings->stand_in, settings->limits[LIMIT_NAMES], NULL);
	if (g_mkdir_with_parents(settings->state_dir, 0700) < 0)
		g_warning("%s: %s", settings->state_dir, g_strerror(errno));
	path = g_build_filename(settings->state_dir, "stand-ins", NULL);
	return names_new(&settings->stand_in, settings->limits[LIMIT_NAMES], path);
}

/* Open connections whose route names the set. */
static guint count_users_of_set(guint set, gpointer user)
{
	struct broker *broker = user;
	g_autoptr(GVariant) list = NULL;
	const struct route *route;
	GVariantBuilder flows;
	const char *name;
	guint count = 0;
	gsize i;

	g_variant_builder_init(&flows, G_VARIANT_TYPE("aa{sv}"));
	flow_list(broker->flows, NULL, &flows);
	list = g_variant_ref_sink(g_variant_builder_end(&flows));
	for (i = 0; i < g_variant_n_children(list); i++) {
		g_autoptr(GVariant) row = g_variant_get_child_value(list, i);

		g_variant_lookup(row, "route", "&s", &name);
		route = route_find(broker->settings, name);
		count += route && route->credentials && route->credentials->set == set;
	}
	return count;
}

static bool is_used(const struct settings *settings, GHashTable *used)
{
	guint i;

	for (i = 0; i < settings->routes->len; i++)
		if (g_hash_table_contains(used, settings->routes->pdata[i]))
			return true;
	return g_hash_table_contains(used, settings->fallback);
}

/* Only flows point to routes: settings to which none does any more go, and their secrets with them. */
static void sweep_retired(struct broker *broker)
{
	g_autoptr(GHashTable) used = g_hash_table_new(NULL, NULL);
	guint i;

	flow_mark_routes(broker->flows, used);
	datagram_mark_routes(broker->datagrams, used);
	for (i = broker->retired->len; i-- > 0;)
		if (!is_used(broker->retired->pdata[i], used))
			g_ptr_array_remove_index_fast(broker->retired, i);
}

static void set_rules(struct broker *broker)
{
	const struct sched_rules rules = {
		.idle_timeout_s = broker->settings->idle_timeout,
		.give_up_after_s = broker->settings->give_up_idlest_after,
	};

	sched_set_rules(broker->sched, &rules);
}

bool broker_reload(struct broker *broker, GPtrArray *restart, GError **error)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	struct settings *fresh;

	if (broker->presence) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
			    "a private broker reads its file once, when it starts");
		return false;
	}
	fresh = settings_load(broker->settings->path, warnings, error);
	if (!fresh)
		return false;
	settings_adopt(broker->settings, fresh, restart);
	accounts_set_limits(broker->accounts, broker->settings->limits);
	set_rules(broker);
	g_ptr_array_add(broker->retired, fresh);
	sweep_retired(broker);
	g_ptr_array_set_size(broker->warnings, 0);
	g_ptr_array_extend_and_steal(broker->warnings, g_steal_pointer(&warnings));
	/* Whoever has mapped the old one looks for the new one at his next connect. */
	policy_forget(broker->policy);
	broker->policy =
		policy_publish(broker->settings, broker->counts, broker->listening, broker->door);
	return true;
}

/* The verb reload. Reply: restart, warnings (as) */
static void reload_asked(struct call *call, const struct caller *caller G_GNUC_UNUSED,
			 GVariant *arguments G_GNUC_UNUSED, gpointer user)
{
	g_autoptr(GPtrArray) restart = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;
	struct broker *broker = user;
	GVariantDict reply;

	if (!broker_reload(broker, restart, &error)) {
		call_fail(call,
			  error->domain == G_IO_ERROR && error->code == G_IO_ERROR_NOT_SUPPORTED
				  ? EXIT_FAILURE
				  : EX_CONFIG,
			  "%s", error->message);
		return;
	}
	g_variant_dict_init(&reply, NULL);
	g_variant_dict_insert(&reply, "config", "s", broker->settings->path);
	g_variant_dict_insert_value(&reply, "restart",
				    g_variant_new_strv((const char *const *)restart->pdata,
						       (gssize)restart->len));
	g_variant_dict_insert_value(&reply, "warnings",
				    g_variant_new_strv((const char *const *)broker->warnings->pdata,
						       (gssize)broker->warnings->len));
	call_finish(call, g_variant_dict_end(&reply));
}

static void add_verbs(struct broker *broker)
{
	const struct verb rows[] = {
		{ "status", true, verb_status, &broker->status },
		{ "module-reset", false, verb_module_reset, broker->module_verbs },
		{ "module-probe", false, verb_module_probe, broker->module_verbs },
		{ "module-resolve", false, verb_module_resolve, broker->module_verbs },
		{ "module-ping", false, verb_module_ping, broker->module_verbs },
		{ "module-time", false, verb_module_time, broker->module_verbs },
		{ "wifi-scan", false, verb_wifi_scan, broker->module_verbs },
		{ "wifi-join", false, verb_wifi_join, broker->module_verbs },
		{ "wifi-leave", false, verb_wifi_leave, broker->module_verbs },
		{ "trace", false, verb_trace, broker->traces },
		{ "reload", false, reload_asked, broker },
		{ "route", false, verb_route, broker->settings },
		{ "credential-sets", false, verb_sets, broker->settings },
		{ "credential-list", false, burner_list, broker->burner },
		{ "credential-write", false, burner_write, broker->burner },
		{ "credential-adopt", false, burner_adopt, broker->burner },
		{ "credential-forget", false, burner_forget, broker->burner },
	};

	broker->status = (struct status_parts){
		.settings = broker->settings,
		.warnings = broker->warnings,
		.module = broker->module,
		.sched = broker->sched,
		.flows = broker->flows,
		.datagrams = broker->datagrams,
		.name_streams = broker->name_streams,
		.accounts = broker->accounts,
		.tallies = broker->tallies,
		.counts = broker->counts,
	};
	broker->verbs = verbs_new(broker->settings->admin_group);
	broker->rows = g_memdup2(rows, sizeof(rows));
	verbs_add(broker->verbs, broker->rows, G_N_ELEMENTS(rows));
}

/* Return: false with @error set. */
static bool make_flows(struct broker *broker, GError **error)
{
	const struct resolve_parts resolve = { broker->settings, broker->names, broker->lookups };
	struct flow_parts parts = {
		.settings = broker->settings,
		.identity = eswifi_module_identity(broker->module),
		.sched = broker->sched,
		.accounts = broker->accounts,
		.tallies = broker->tallies,
		.poller = broker->poller,
		.timers = broker->timers,
		.presence = broker->presence,
	};

	broker->flows = flows_new(&parts, error);
	if (!broker->flows)
		return false;
	parts.responder = broker->responder =
		responder_new(&resolve, broker->timers, "/etc/resolv.conf");
	broker->datagrams = datagrams_new(&parts);
	broker->name_streams = name_streams_new(&parts, flows_buffer(broker->flows));
	return true;
}

static void make_requests(struct broker *broker)
{
	const struct request_parts parts = {
		.settings = broker->settings,
		.identity = eswifi_module_identity(broker->module),
		.sched = broker->sched,
		.accounts = broker->accounts,
		.tallies = broker->tallies,
		.counts = broker->counts,
		.names = broker->names,
		.lookups = broker->lookups,
		.flows = broker->flows,
		.datagrams = broker->datagrams,
		.name_streams = broker->name_streams,
		.presence = broker->presence,
	};

	broker->requests = requests_new(&parts, &request_ops, broker);
}

struct broker *broker_new(struct settings *settings, GPtrArray *warnings, bool private,
			  GError **error)
{
	struct broker *broker = g_new0(struct broker, 1);
	struct burner_parts burner = { .settings = settings };

	broker->settings = settings;
	broker->warnings = warnings;
	broker->retired = g_ptr_array_new_with_free_func((GDestroyNotify)settings_free);
	broker->loop = g_main_loop_new(NULL, FALSE);
	broker->news = news_new();
	broker->module = eswifi_module_new(&settings->module, &module_ops, broker, error);
	broker->poller = poller_new();
	broker->timers = timers_new(NULL);
	if (broker->module && !broker->poller)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "epoll_create1: %s",
			    g_strerror(errno));
	if (!broker->module || !broker->poller)
		goto fail;
	if (private)
		broker->presence = presence_new(&presence_ops, broker, LOOK_MS);
	broker->sched = sched_new();
	sched_set_module(broker->sched, broker->module, broker->timers);
	set_rules(broker);
	broker->accounts = accounts_new(settings->limits);
	broker->tallies = tallies_new();
	broker->counts = counts_new();
	broker->lookups = lookups_new(broker->sched, broker->accounts, broker->timers);
	burner.module = broker->module;
	burner.sched = broker->sched;
	burner.presence = broker->presence;
	burner.timers = broker->timers;
	burner.in_use = count_users_of_set;
	burner.user = broker;
	broker->burner = burner_new(&burner);
	broker->names = open_names(settings, private);
	if (!make_flows(broker, error))
		goto fail;
	make_requests(broker);
	broker->module_verbs = module_verbs_new(broker->sched, broker->module, broker->timers);
	broker->traces = traces_new(broker->module, broker->timers);
	add_verbs(broker);
	return broker;
fail:
	broker_free(broker);
	return NULL;
}

void broker_free(struct broker *broker)
{
	if (!broker)
		return;
	policy_withdraw(broker->policy);
	/* Whoever waits for these is told so, as long as there is a way to tell. */
	burner_free(broker->burner);
	module_verbs_free(broker->module_verbs);
	traces_free(broker->traces);
	control_free(broker->control);
	requests_free(broker->requests);
	verbs_free(broker->verbs);
	datagrams_free(broker->datagrams);
	name_streams_free(broker->name_streams);
	responder_free(broker->responder);
	flows_free(broker->flows);
	eswifi_module_free(broker->module);
	news_free(broker->news);
	lookups_free(broker->lookups);
	accounts_free(broker->accounts);
	tallies_free(broker->tallies);
	counts_free(broker->counts);
	sched_free(broker->sched);
	presence_free(broker->presence);
	poller_free(broker->poller);
	timers_free(broker->timers);
	names_free(broker->names);
	settings_free(broker->settings);
	g_ptr_array_unref(broker->retired);
	g_ptr_array_unref(broker->warnings);
	g_main_loop_unref(broker->loop);
	g_free(broker->rows);
	g_free(broker);
}

void broker_serve(struct broker *broker, int fd)
{
	eswifi_module_start(broker->module);
	broker->listening = fd;
	broker->control = control_new(fd, broker->accounts, &control_ops, broker->requests);
	control_open_door(broker->control, broker->door);
	broker->policy = policy_publish(broker->settings, broker->counts, fd, broker->door);
}

static gboolean waited(gpointer user)
{
	*(guint *)user = 0;
	return G_SOURCE_REMOVE;
}

const char *broker_port_trouble(struct broker *broker, guint wait_ms)
{
	guint timer = g_timeout_add(wait_ms, waited, &timer);
	const char *why;

	while (timer && !broker->tried)
		g_main_context_iteration(NULL, TRUE);
	g_clear_handle_id(&timer, g_source_remove);
	why = eswifi_module_why(broker->module);
	if (eswifi_module_state(broker->module) != ESWIFI_CLOSED || !*why ||
	    g_str_has_suffix(why, "not there"))
		return NULL;
	return why;
}

void broker_run(struct broker *broker)
{
	g_main_loop_run(broker->loop);
	policy_withdraw(g_steal_pointer(&broker->policy));
}

void broker_quit(struct broker *broker)
{
	g_main_loop_quit(broker->loop);
}
