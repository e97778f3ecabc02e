// SPDX-License-Identifier: MIT
/* What a connect costs: in commands to the module, and in time, through it and past it. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "bench/bench.h"
#include "support/server.h"

#define REPEATS	      5
#define UNFLAGGED     "1000"
#define START_COMMAND "P6=1"
#define STOP_COMMAND  "P6=0"
#define TRACE_POLL_US 5000

/* What stands on the line behind @from: commands, and bytes both ways. */
struct traffic {
	guint commands, bytes;
};

/* The length of the bytes in a line of the trace, which is written like a C string. */
static guint literal_size(const char *text)
{
	guint size = 0;

	for (; *text && *text != '"'; text++, size++)
		if (*text == '\\')
			text += text[1] == 'x' ? 3 : 1;
	return size;
}

/*
 * Commands from the host are one line each in the trace: nothing is sent before the prompt. Counts
 * up to the answer of the command that begins with @last; false where that is not there yet.
 */
static bool count_traffic(const char *trace, const char *last, struct traffic *traffic)
{
	char **lines = g_strsplit(trace, "\n", 0), **line;
	bool started = false, done = false;
	const char *text;

	memset(traffic, 0, sizeof(*traffic));
	for (line = lines; *line && !done; line++) {
		text = strchr(*line, '"');
		if (!text)
			continue;
		traffic->bytes += literal_size(text + 1);
		if (text[-2] == '>') {
			traffic->commands++;
			started = g_str_has_prefix(text + 1, last);
		} else {
			done = started;
		}
	}
	g_strfreev(lines);
	return done;
}

static const char *trace_since(struct rig *rig, gsize from)
{
	return harness_read(rig->h, rig->h->trace) + from;
}

/*
 * Waits until the trace has the answer to a command: it is written after the answer has been sent,
 * and the module closes a socket after the program has; nothing but the trace tells when.
 */
static void await_answer(struct rig *rig, gsize from, const char *command, struct traffic *traffic)
{
	gint64 deadline = now_ns() + HARNESS_DEADLINE_S * NS_PER_S;

	while (!count_traffic(trace_since(rig, from), command, traffic)) {
		ck_assert_msg(now_ns() < deadline, "the module was not told %s", command);
		g_usleep(TRACE_POLL_US);
	}
}

/* One connection from start to end. Return: what its connect() took, ns. */
static double connect_once(struct rig *rig, guint16 port, struct traffic *traffic)
{
	gsize from = strlen(trace_since(rig, 0));
	struct traffic until_closed;
	const char *out = rig_client(rig, "connect", "1", rig->host, port_text(rig, port), NULL);

	await_answer(rig, from, START_COMMAND, traffic);
	await_answer(rig, from, STOP_COMMAND, &until_closed);
	return g_ascii_strtod(out, NULL);
}

static void measure(const struct bench_case *what, guint latency_ms, bool again,
		    struct bench_result *result)
{
	struct server hold = { .kind = SERVER_HOLD, .tls = what->tls };
	GArray *times = g_array_new(FALSE, FALSE, sizeof(double));
	struct traffic traffic;
	double ms;
	guint i;

	for (i = 0; i < REPEATS; i++) {
		struct rig rig = { .h = harness_new() };
		guint16 port = server_start(rig.h, &hold);

		rig_start(&rig, what, latency_ms, true, &port, 1);
		ms = connect_once(&rig, port, &traffic) / 1e6;
		if (again)
			ms = connect_once(&rig, port, &traffic) / 1e6;
		g_array_append_val(times, ms);
		rig_stop(&rig);
	}
	ms = median(times);
	result_set(result, ms, "ms", line_ns(traffic.bytes, what->rate) / 1e6 / ms);
	result_add(result, "commands", traffic.commands);
	result_add(result, "line_bytes", traffic.bytes);
	result_spread(result, "ms", times);
	g_array_unref(times);
}

void bench_connect_first(const struct bench_case *what, guint latency_ms,
			 struct bench_result *result)
{
	measure(what, latency_ms, false, result);
}

void bench_connect_again(const struct bench_case *what, guint latency_ms,
			 struct bench_result *result)
{
	measure(what, latency_ms, true, result);
}

/* Median of what many connects took, us. */
static double connects(struct rig *rig, bool wrapped, guint16 port)
{
	const struct run how = { .wrapped = wrapped, .seconds = BENCH_SECONDS };
	const char *argv[] = { harness_built(rig->h, "tests/bench/bench-client"),
			       "connect",
			       UNFLAGGED,
			       "127.0.0.1",
			       port_text(rig, port),
			       NULL };
	const struct result *run = harness_run_as(rig->h, &how, argv);
	GArray *times = g_array_new(FALSE, FALSE, sizeof(double));
	char **lines, **line;
	double value;

	ck_result_status(run, 0);
	lines = g_strsplit(run->out->str, "\n", 0);
	for (line = lines; *line && **line; line++) {
		value = g_ascii_strtod(*line, NULL) / 1000;
		g_array_append_val(times, value);
	}
	value = median(times);
	g_strfreev(lines);
	g_array_unref(times);
	return value;
}

/* Here RATIO is the time of a connect() without the shim over that with it. */
void bench_unflagged(const struct bench_case *what, guint latency_ms, struct bench_result *result)
{
	struct server hold = { .kind = SERVER_HOLD };
	struct rig rig = { .h = harness_new() };
	guint16 ports[] = { server_start(rig.h, &hold), server_start(rig.h, &hold) };
	GArray *bare = g_array_new(FALSE, FALSE, sizeof(double));
	GArray *wrapped = g_array_new(FALSE, FALSE, sizeof(double));
	double value;
	guint i;

	rig_start(&rig, what, latency_ms, false, ports, 1);
	for (i = 0; i < REPEATS; i++) {
		value = connects(&rig, false, ports[1]);
		g_array_append_val(bare, value);
		value = connects(&rig, true, ports[1]);
		g_array_append_val(wrapped, value);
	}
	rig_stop(&rig);
	result_set(result, median(wrapped), "us", median(bare) / median(wrapped));
	result_spread(result, "wrapped_us", wrapped);
	result_spread(result, "bare_us", bare);
	g_array_unref(bare);
	g_array_unref(wrapped);
}
