// SPDX-License-Identifier: MIT
/*
 * What programs may send to the control socket: any bytes. The parts that answer them are there, on a
 * line that does or fails; granted descriptors are closed, as a program that gives up does.
 */
#include <errno.h>

#include "config/load.h"
#include "eswrapd/account.h"
#include "eswrapd/datagram.h"
#include "eswrapd/flow.h"
#include "eswrapd/lookup.h"
#include "eswrapd/stand-in.h"
#include "eswrapd/request.h"
#include "eswrapd/sched.h"
#include "eswrapd/tally.h"
#include "fuzz/fuzz.h"
#include "loop/poller.h"
#include "loop/timer.h"
#include "unit/fake-client.h"
#include "unit/fake-line.h"

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

static void administer(struct client *client, const guint8 *data G_GNUC_UNUSED,
		       gsize size G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
	client_finish(client);
}

static struct requests *make_requests(void)
{
	static const struct request_ops ops = { .administer = administer };
	static struct eswifi_identity identity = { .address = "192.0.2.7" };
	g_autofree char *path = fuzz_write("eswrap.conf", config, strlen(config));
	GPtrArray *warnings = g_ptr_array_new_with_free_func(g_free);
	struct request_parts parts = { .identity = &identity };
	struct flow_parts flows = { .identity = &identity };
	struct settings *settings = settings_load(path, warnings, NULL);

	flows.settings = parts.settings = settings;
	flows.sched = parts.sched = sched_new();
	fake_line_init(parts.sched);
	flows.accounts = parts.accounts = accounts_new(settings->limits);
	flows.tallies = parts.tallies = tallies_new();
	flows.poller = poller_new();
	flows.timers = timers_new(fake_now);
	parts.names = names_new(&settings->stand_in, settings->limits[LIMIT_NAMES], NULL);
	parts.lookups = lookups_new(parts.sched, parts.accounts, flows.timers);
	parts.flows = flows_new(&flows, NULL);
	parts.datagrams = datagrams_new(&flows);
	return requests_new(&parts, &ops, NULL);
}

/* The module does what it is asked, or fails at it. */
static void work(uint8_t how)
{
	static const int results[] = { 0, 0, -ETIMEDOUT, -ECONNREFUSED };
	enum what what;
	guint i;

	for (i = 0; i < 1 + how % 4u && next(); i++) {
		what = fake.what;
		fake.what = NOTHING;
		fake.now += MS;
		if (what == READ)
			fake.read_done(how % 7, (const guint8 *)"answer", fake.user);
		else
			fake.done(what == SEND ? (int)fake.size
					       : results[(how >> 2) % G_N_ELEMENTS(results)],
				  "", fake.user);
	}
	fake.now += (gint64)(how >> 4) * 100 * MS;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct requests *requests;
	struct eswrap_request request;
	struct client client;
	uint8_t how = size ? data[size - 1] : 0;

	if (!requests)
		requests = make_requests();
	fake_client_init(&client, 1000, 1);
	/* Most of it past the first two checks, which need no search. */
	if (size > 1 && size <= sizeof(request) && data[0] != 0xff) {
		memset(&request, 0, sizeof(request));
		memcpy(&request, data, size);
		request.magic = ESWRAP_MAGIC;
		request.type %= ESWRAP_COUNT + 1;
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
	work(how);
	while (g_main_context_iteration(NULL, FALSE))
		;
	return 0;
}
