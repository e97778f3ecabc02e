// SPDX-License-Identifier: MIT
/*
 * What programs may send to the control socket: any bytes. The parts that answer them are there, on a
 * module that is not; granted descriptors are closed, as a program that gives up does.
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/load.h"
#include "eswrapd/datagram.h"
#include "eswrapd/flow.h"
#include "eswrapd/lookup.h"
#include "eswrapd/stand-in.h"
#include "eswrapd/request.h"
#include "eswrapd/sched.h"
#include "loop/poller.h"
#include "unit/fake-client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char config[] = "[module]\n"
			     "device = unix:/nonexistent\n"
			     "[wifi]\n"
			     "ssid = x\n"
			     "security = open\n"
			     "[route a]\n"
			     "host = *.example, ?\n"
			     "port = 1-1000\n"
			     "through = tcp\n"
			     "[route b]\n"
			     "address = 127.0.0.0/8, 10.0.0.0/8, ::/1\n"
			     "through = udp\n"
			     "[route c]\n"
			     "address = 127.0.0.0/8\n"
			     "through = tcp\n"
			     "[default]\n"
			     "through = refuse\n";

static GLogWriterOutput say_nothing(GLogLevelFlags level G_GNUC_UNUSED,
				    const GLogField *fields G_GNUC_UNUSED, gsize n G_GNUC_UNUSED,
				    gpointer user G_GNUC_UNUSED)
{
	return G_LOG_WRITER_HANDLED;
}

static void administer(struct client *client, const guint8 *data G_GNUC_UNUSED,
		       gsize size G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
	client_finish(client);
}

static void module_state(struct eswifi_module *module G_GNUC_UNUSED,
			 enum eswifi_state state G_GNUC_UNUSED, const char *why G_GNUC_UNUSED,
			 gpointer user G_GNUC_UNUSED)
{
}

static void module_next(struct eswifi_module *module G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
}

static void module_lost(struct eswifi_module *module G_GNUC_UNUSED, const char *why G_GNUC_UNUSED,
			gpointer user G_GNUC_UNUSED)
{
}

static struct requests *make_requests(void)
{
	static const struct eswifi_ops module_ops = { module_state, module_next, module_lost };
	static const struct request_ops ops = { .administer = administer };
	GPtrArray *warnings = g_ptr_array_new_with_free_func(g_free);
	struct request_parts parts = { 0 };
	struct flow_parts flows = { 0 };
	struct settings *settings;
	char *path;

	g_log_set_writer_func(say_nothing, NULL, NULL);
	close(g_file_open_tmp("eswrap-fuzz-XXXXXX", &path, NULL));
	g_file_set_contents(path, config, -1, NULL);
	settings = settings_load(path, warnings, NULL);
	g_unlink(path);
	g_free(path);
	flows.settings = parts.settings = settings;
	flows.module = parts.module = eswifi_module_new(&settings->module, &module_ops, NULL, NULL);
	flows.sched = parts.sched = sched_new();
	sched_set_module(parts.sched, parts.module);
	flows.poller = poller_new();
	parts.names = names_new(&settings->stand_in, NULL);
	parts.lookups = lookups_new(parts.sched);
	parts.flows = flows_new(&flows, NULL);
	parts.datagrams = datagrams_new(&flows);
	return requests_new(&parts, &ops, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct requests *requests;
	struct eswrap_request request;
	struct client client;

	if (!requests)
		requests = make_requests();
	fake_client_init(&client, 1000, 1);
	/* Most of it past the first two checks, which need no search. */
	if (size > 1 && size <= sizeof(request) && data[0] != 0xff) {
		memset(&request, 0, sizeof(request));
		memcpy(&request, data, size);
		request.magic = ESWRAP_MAGIC;
		request.type %= ESWRAP_KEEP_ALIVE + 1;
		data = (const uint8_t *)&request;
		size = sizeof(request);
	}
	request_asked(&client, data, size, requests);
	if (!client.answered && !client.waiting && !client.holding)
		abort();
	if (client.reply.magic &&
	    (client.reply.verdict < ESWRAP_DIRECT || client.reply.verdict > ESWRAP_GRANTED ||
	     (client.fd >= 0 && client.reply.verdict != ESWRAP_GRANTED)))
		abort();
	fake_client_clear(&client);
	while (g_main_context_iteration(NULL, FALSE))
		;
	return 0;
}
