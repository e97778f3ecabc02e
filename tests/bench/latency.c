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
/* Where the server thinks first. */
#define RTT_TIMES_THINKING 100
/* Bytes on the line for them; see bench.h. */
#define RTT_BYTES (8 + RTT_SIZE + ANSWER_FRAME + 4 + 3 + ANSWER_FRAME + RTT_SIZE)
/* What must hold: so many times what the line needs, or so much more than the server, ms. */
#define RTT_FACTOR 1.3
#define RTT_LATE   2.0

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

/**
 * struct thinker - a server that answers late; in shared memory
 * @answer_ms:	how late
 * @took, @count:	what it was each time, ns: a sleep is longer than asked for
 */
struct thinker {
	guint answer_ms, count;
	double took[RTT_TIMES_THINKING];
};

static void think(struct thinker *thinker)
{
	gint64 began = now_ns();

	g_usleep(thinker->answer_ms * 1000UL);
	if (thinker->count < RTT_TIMES_THINKING)
		thinker->took[thinker->count++] = (double)(now_ns() - began);
}

static void think_and_echo(struct server_connection *c, gpointer user)
{
	char text[RTT_SIZE];
	gsize have = 0;
	ssize_t got;

	while ((got = server_take(c, text + have, sizeof(text) - have)) > 0) {
		have += (gsize)got;
		if (have < sizeof(text))
			continue;
		think(user);
		if (!server_put(c, text, sizeof(text)))
			return;
		have = 0;
	}
}

/* How late it was, as a median, ns. */
static double thought(const struct thinker *thinker)
{
	GArray *times = g_array_new(FALSE, FALSE, sizeof(double));
	double middle = 0;

	g_array_append_vals(times, thinker->took, thinker->count);
	if (thinker->count)
		middle = median(times);
	g_array_unref(times);
	return middle;
}

/* What the round trip may take, ns. Without R4 a guard time ends an answer. */
static double rtt_allowed(const struct bench_case *what, double thought_ns)
{
	double guard = GUARD_UNIX_US * 1000.0 + line_ns(GUARD_CHARACTERS, what->rate);
	double limit = what->answer_ms ? thought_ns + RTT_LATE * 1e6
				       : RTT_FACTOR * line_ns(RTT_BYTES, what->rate);

	return limit + (what->uncounted ? guard : 0);
}

void bench_rtt(const struct bench_case *what, guint latency_ms, struct bench_result *result)
{
	struct thinker *thinker = shared_new(sizeof(*thinker));
	struct server echo = { .kind = what->answer_ms ? SERVER_OWN : SERVER_ECHO,
			       .tls = what->tls,
			       .serve = think_and_echo,
			       .user = thinker };
	struct rig rig = { .h = harness_new() };
	double need = line_ns(RTT_BYTES, what->rate), middle, late, allowed;
	guint count = what->answer_ms ? RTT_TIMES_THINKING : RTT_TIMES;
	GArray *times;
	guint16 port;

	thinker->answer_ms = what->answer_ms;
	port = server_start(rig.h, &echo);
	rig_start(&rig, what, latency_ms, false, &port, 1);
	times = parse_times(rig_client(&rig, "rtt", G_STRINGIFY(RTT_SIZE),
				       harness_format(rig.h, "%u", count), rig.host,
				       port_text(&rig, port), NULL));
	ck_assert_uint_eq(times->len, count);
	middle = median(times);
	late = thought(thinker);
	allowed = rtt_allowed(what, late);
	result_set(result, middle / 1e6, "ms", (need + late) / middle);
	result_add(result, "median_ms", middle / 1e6);
	result_add(result, "p99_ms", percentile(times, 99) / 1e6);
	result_add(result, "min_ms", percentile(times, 0) / 1e6);
	result_add(result, "line_ms", need / 1e6);
	result_add(result, "server_ms", late / 1e6);
	result_add(result, "allowed_ms", allowed / 1e6);
	result_add(result, "of_allowed", middle / allowed);
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
