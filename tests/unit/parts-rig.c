// SPDX-License-Identifier: MIT
/* What flows of both kinds stand on in a unit test. */
#include "unit/parts-rig.h"

#include <string.h>

#include "eswrapd/account.h"
#include "eswrapd/sched.h"
#include "eswrapd/tally.h"
#include "loop/poller.h"
#include "loop/timer.h"

static char state_dir[] = "/nonexistent";
struct settings settings = {
	.state_dir = state_dir,
	.connect_timeout = CONNECT_TIMEOUT_S,
	.half_close_timeout = HALF_CLOSE_TIMEOUT_S,
};
struct eswifi_identity identity = { .address = "192.0.2.7" };
struct flow_parts parts;
GString *told;

static GLogWriterOutput hear(GLogLevelFlags level G_GNUC_UNUSED, const GLogField *fields, gsize n,
			     gpointer user G_GNUC_UNUSED)
{
	gsize i;

	for (i = 0; i < n; i++)
		if (strcmp(fields[i].key, "MESSAGE") == 0)
			g_string_append_printf(told, "%s\n", (const char *)fields[i].value);
	return G_LOG_WRITER_HANDLED;
}

void parts_rig_setup(guint limit)
{
	guint i;

	told = g_string_new(NULL);
	g_log_set_writer_func(hear, NULL, NULL);
	for (i = 0; i < LIMITS; i++)
		settings.limits[i] = limit;
	parts = (struct flow_parts){
		.settings = &settings,
		.identity = &identity,
		.sched = sched_new(),
		.accounts = accounts_new(settings.limits),
		.tallies = tallies_new(),
		.poller = poller_new(),
		.timers = timers_new(fake_now),
	};
	fake_line_init(parts.sched);
}

void parts_rig_teardown(void)
{
	sched_free(parts.sched);
	accounts_free(parts.accounts);
	tallies_free(parts.tallies);
	poller_free(parts.poller);
	timers_free(parts.timers);
	g_string_free(told, TRUE);
}

void settle(void)
{
	while (g_main_context_iteration(NULL, FALSE))
		;
}

void pass(gint64 us)
{
	fake.now += us;
	timers_run(parts.timers);
}
