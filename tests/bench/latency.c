// SPDX-License-Identifier: MIT
/* How long a byte takes: there and back through an echo, and out of the quiet. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <check.h>

#include "bench/bench.h"
#include "eswifi/protocol.h"
#include "support/server.h"

#define RTT_SIZE  64
#define RTT_TIMES 300
/* Bytes on the line for them; see bench.h. */
#define RTT_BYTES (8 + RTT_SIZE + ANSWER_FRAME + 4 + 3 + ANSWER_FRAME + RTT_SIZE)

#define IDLE_FLOWS   4
#define IDLE_SAMPLES 60
/* Long enough for the back-off to be at its end, us. */
#define IDLE_SETTLE (2 * G_USEC_PER_SEC)
#define IDLE_WINDOW (5 * G_USEC_PER_SEC)
/* Between two bytes; from the least to twice that, so that they meet no rhythm of the broker's. */
#define IDLE_PAUSE (120 * 1000)
/* Bytes on the line when R0 with R1=1 finds one. */
#define IDLE_BYTES (3 + ANSWER_FRAME + 1)

static GArray *parse_times(const char *out)
{
	GArray *times = g_array_new(FALSE, FALSE, sizeof(double));
	char **lines = g_strsplit(out, "\n", 0), **line;
	double value;

	for (line = lines; *line && **line; line++) {
		value = g_ascii_strtod(*line, NULL);
		g_array_append_val(times, value);
	}
	g_strfreev(lines);
	return times;
}

void bench_rtt(const struct bench_case *what, guint latency_ms, struct bench_result *result)
{
	struct server echo = { .kind = SERVER_ECHO, .tls = what->tls };
	struct rig rig = { .h = harness_new() };
	guint16 port = server_start(rig.h, &echo);
	double guard = GUARD_UNIX_US * 1000.0 + line_ns(GUARD_CHARACTERS, what->rate);
	double need = line_ns(RTT_BYTES, what->rate);
	GArray *times;
	double middle;

	rig_start(&rig, what, latency_ms, false, &port, 1);
	times = parse_times(rig_client(&rig, "rtt", G_STRINGIFY(RTT_SIZE), G_STRINGIFY(RTT_TIMES),
				       rig.host, port_text(&rig, port), NULL));
	ck_assert_uint_eq(times->len, RTT_TIMES);
	middle = median(times);
	result_set(result, middle / 1e6, "ms", need / middle);
	result_add(result, "median_ms", middle / 1e6);
	result_add(result, "p99_ms", percentile(times, 99) / 1e6);
	result_add(result, "min_ms", percentile(times, 0) / 1e6);
	result_add(result, "line_ms", need / 1e6);
	result_add(result, "guard_ms", guard / 1e6);
	result_add(result, "of_allowed", middle / (2 * need + guard));
	rig_stop(&rig);
	g_array_unref(times);
}

/**
 * struct quiet - one of the idle connections; in shared memory
 * @wake:	its server sends a byte for each count
 * @sent:	when it did so last
 */
struct quiet {
	int wake;
	gint64 sent;
};

static void send_when_told(struct server_connection *c, gpointer user)
{
	struct quiet *quiet = user;
	guint64 count;

	while (read(quiet->wake, &count, sizeof(count)) == sizeof(count)) {
		quiet->sent = now_ns();
		if (!server_put(c, "!", 1))
			return;
	}
}

static struct process *start_holder(struct rig *rig, const guint16 *ports)
{
	const char *argv[] = { harness_built(rig->h, "tests/bench/bench-client"),
			       "hold",
			       rig->host,
			       port_text(rig, ports[0]),
			       port_text(rig, ports[1]),
			       port_text(rig, ports[2]),
			       port_text(rig, ports[3]),
			       NULL };
	struct process *holder = process_start_wrapped(rig->h, "bench-client", argv);

	process_await_line(holder, "open");
	return holder;
}

/* One byte on one connection. Return: from the server's write() to the client's read(), ns. */
static double sample(struct quiet *quiet, struct process *holder)
{
	const guint64 one = 1;
	const char *arrived;

	g_usleep((gulong)g_random_int_range(IDLE_PAUSE, 2 * IDLE_PAUSE));
	ck_assert_int_eq(write(quiet->wake, &one, sizeof(one)), sizeof(one));
	arrived = process_await_line(holder, "");
	return (double)(g_ascii_strtoll(arrived, NULL, 10) - quiet->sent);
}

void bench_idle(const struct bench_case *what, guint latency_ms, struct bench_result *result)
{
	struct quiet *quiet = shared_new(IDLE_FLOWS * sizeof(*quiet));
	GArray *times = g_array_new(FALSE, FALSE, sizeof(double));
	struct rig rig = { .h = harness_new() };
	struct process *holder;
	guint16 ports[IDLE_FLOWS];
	double used, value;
	gint64 start;
	guint i;

	for (i = 0; i < IDLE_FLOWS; i++) {
		struct server server = { .kind = SERVER_OWN,
					 .tls = what->tls,
					 .serve = send_when_told,
					 .user = &quiet[i] };

		quiet[i].wake = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
		ports[i] = server_start(rig.h, &server);
	}
	rig_start(&rig, what, latency_ms, false, ports, IDLE_FLOWS);
	holder = start_holder(&rig, ports);
	g_usleep(IDLE_SETTLE);
	start = now_ns();
	used = processor_ns(&rig, rig.h->broker);
	g_usleep(IDLE_WINDOW);
	used = (processor_ns(&rig, rig.h->broker) - used) / (double)(now_ns() - start);
	for (i = 0; i < IDLE_SAMPLES; i++) {
		value = sample(&quiet[i % IDLE_FLOWS], holder);
		g_array_append_val(times, value);
	}
	value = median(times);
	result_set(result, value / 1e6, "ms", line_ns(IDLE_BYTES, what->rate) / value);
	result_add(result, "cpu_percent", used * 100);
	result_add(result, "median_ms", value / 1e6);
	result_add(result, "p99_ms", percentile(times, 99) / 1e6);
	rig_stop(&rig);
	g_array_unref(times);
}
