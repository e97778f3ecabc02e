// SPDX-License-Identifier: MIT
#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>

#include "eswrapd/broker.h"
#include "eswrapd/control.h"
#include "eswrapd/credential.h"
#include "eswrapd/datagram.h"
#include "eswrapd/flow.h"
#include "eswrapd/lookup.h"
#include "eswrapd/name.h"
#include "loop/poller.h"
#include "eswrapd/sched.h"

/* A shell script starts one program after another; a private broker bridges the gap. */
#define GRACE_MS 2000

static void state_changed(struct eswifi_module *module G_GNUC_UNUSED, enum eswifi_state state,
			  const char *why, gpointer user)
{
	struct broker *broker = user;

	g_free(broker->why);
	broker->why = g_strdup(why);
	g_info("module: %s: %s", eswifi_state_name(state), why);
	if (state == ESWIFI_READY)
		credential_ready(broker);
}

static void line_is_free(struct eswifi_module *module G_GNUC_UNUSED, gpointer user)
{
	struct broker *broker = user;

	sched_next(broker->sched);
}

static void module_lost(struct eswifi_module *module G_GNUC_UNUSED, const char *why, gpointer user)
{
	struct broker *broker = user;

	g_warning("the module's sockets are gone: %s", why);
	sched_lost(broker->sched, why);
}

static const struct eswifi_ops module_ops = {
	.state = state_changed,
	.next = line_is_free,
	.lost = module_lost,
};

/* A private broker's stand-ins end with it, as the programs that know them do. */
static struct names *open_names(const struct settings *settings, bool private)
{
	struct names *names;
	char *path;

	if (private)
		return names_new(&settings->stand_in, NULL);
	if (g_mkdir_with_parents(settings->state_dir, 0700) < 0)
		g_warning("%s: %s", settings->state_dir, g_strerror(errno));
	path = g_build_filename(settings->state_dir, "stand-ins", NULL);
	names = names_new(&settings->stand_in, path);
	g_free(path);
	return names;
}

struct broker *broker_new(struct settings *settings, GPtrArray *warnings, bool private,
			  GError **error)
{
	struct broker *broker = g_new0(struct broker, 1);

	broker->settings = settings;
	broker->warnings = warnings;
	broker->private = private;
	broker->why = g_strdup("starting");
	broker->loop = g_main_loop_new(NULL, FALSE);
	broker->module = eswifi_module_new(&settings->module, &module_ops, broker, error);
	broker->poller = poller_new();
	if (!broker->module || !broker->poller) {
		if (broker->module)
			g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "epoll_create1: %s",
				    g_strerror(errno));
		goto fail;
	}
	broker->sched = sched_new();
	sched_set_module(broker->sched, broker->module);
	broker->lookups = lookups_new(broker);
	broker->credentials = credential_desk_new(broker);
	broker->flows = flows_new(broker, error);
	if (!broker->flows)
		goto fail;
	broker->datagrams = datagrams_new(broker);
	broker->names = open_names(settings, private);
	return broker;
fail:
	broker_free(broker);
	return NULL;
}

void broker_free(struct broker *broker)
{
	if (!broker)
		return;
	broker->leaving = true;
	credential_desk_free(broker->credentials);
	control_free(broker->control);
	datagrams_free(broker->datagrams);
	flows_free(broker->flows);
	eswifi_module_free(broker->module);
	lookups_free(broker->lookups);
	sched_free(broker->sched);
	poller_free(broker->poller);
	names_free(broker->names);
	settings_free(broker->settings);
	g_ptr_array_free(broker->warnings, TRUE);
	g_clear_handle_id(&broker->grace, g_source_remove);
	g_main_loop_unref(broker->loop);
	g_free(broker->why);
	g_free(broker);
}

static gboolean leave(gpointer user)
{
	struct broker *broker = user;

	broker->grace = 0;
	broker->leaving = true;
	g_main_loop_quit(broker->loop);
	return G_SOURCE_REMOVE;
}

void broker_check_idle(struct broker *broker)
{
	if (!broker->private || broker->leaving)
		return;
	if (control_holders(broker->control) || flow_open_count(broker->flows) ||
	    datagram_flow_count(broker->datagrams) || credential_is_writing(broker->credentials))
		g_clear_handle_id(&broker->grace, g_source_remove);
	else if (!broker->grace)
		broker->grace = g_timeout_add(GRACE_MS, leave, broker);
}
