// SPDX-License-Identifier: MIT
/* What the broker itself takes: memory while it is busy, time to start, and nothing while it rests. */
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "bench/bench.h"
#include "support/server.h"

#define FLOWS	     4
#define SECONDS	     "4"
#define STARTS	     5
#define QUIET_SETTLE (3 * G_USEC_PER_SEC)
/* Two of the driver's looks at whether the module is still joined are in it. */
#define QUIET_WINDOW (20 * G_USEC_PER_SEC)
#define KB_PER_MB    1024

static void send_for_ever(struct server_connection *c, gpointer user G_GNUC_UNUSED)
{
	static const char bytes[16384];

	while (server_put(c, bytes, sizeof(bytes)))
		continue;
}

/* A number of /proc/PID/status, in kB. */
static double status_kb(struct rig *rig, const char *key)
{
	const char *path =
		harness_format(rig->h, "/proc/%d/status", (int)process_pid(rig->h->broker));
	const char *at = strstr(harness_read(rig->h, path), key);

	ck_assert_ptr_nonnull(at);
	return g_ascii_strtod(at + strlen(key), NULL);
}

void bench_memory(const struct bench_case *what, guint latency_ms, struct bench_result *result)
{
	struct server source = { .kind = SERVER_OWN, .tls = what->tls, .serve = send_for_ever };
	struct rig rig = { .h = harness_new() };
	guint16 ports[FLOWS];
	double most;
	guint i;

	for (i = 0; i < FLOWS; i++)
		ports[i] = server_start(rig.h, &source);
	rig_start(&rig, what, latency_ms, false, ports, FLOWS);
	rig_client(&rig, "down", SECONDS, rig.host, port_text(&rig, ports[0]),
		   port_text(&rig, ports[1]), port_text(&rig, ports[2]), port_text(&rig, ports[3]),
		   NULL);
	most = status_kb(&rig, "VmHWM:") / KB_PER_MB;
	result_set(result, most, "MB", 0);
	result_add(result, "rss_mb", most);
	result_add(result, "anonymous_mb", status_kb(&rig, "RssAnon:") / KB_PER_MB);
	result_add(result, "threads", status_kb(&rig, "Threads:"));
	rig_stop(&rig);
}

/* The module answers at once: what is left is the line's time, and the broker's. */
void bench_start(const struct bench_case *what, guint latency_ms, struct bench_result *result)
{
	GArray *times = g_array_new(FALSE, FALSE, sizeof(double));
	guint16 port = 1;
	double seconds;
	guint i;

	for (i = 0; i < STARTS; i++) {
		struct rig rig = { .h = harness_new() };

		rig_start(&rig, what, latency_ms, false, &port, 1);
		seconds = (double)rig.start_ns / NS_PER_S;
		g_array_append_val(times, seconds);
		rig_stop(&rig);
	}
	result_set(result, median(times), "s", 0);
	result_spread(result, "start_s", times);
	g_array_unref(times);
}

void bench_quiet(const struct bench_case *what, guint latency_ms, struct bench_result *result)
{
	struct rig rig = { .h = harness_new() };
	guint16 port = 1;
	gint64 start;
	double used;

	rig_start(&rig, what, latency_ms, false, &port, 1);
	g_usleep(QUIET_SETTLE);
	start = now_ns();
	used = processor_ns(&rig, rig.h->broker);
	g_usleep(QUIET_WINDOW);
	used = (processor_ns(&rig, rig.h->broker) - used) / (double)(now_ns() - start);
	result_set(result, used * 100, "%", 0);
	result_add(result, "cpu_percent", used * 100);
	rig_stop(&rig);
}
