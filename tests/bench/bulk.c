// SPDX-License-Identifier: MIT
/* How fast bytes move: one flow down, one flow up, four flows down. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "bench/bench.h"
#include "support/server.h"

#define REPEATS	      3
#define SECONDS	      3
#define SECONDS_TEXT  "3"
#define CHUNK	      16384
#define FLOWS	      4
#define SQUARE(value) ((value) * (value))

/* Bytes on the line for a command that moves ESWIFI_PAYLOAD_MAX bytes; see bench.h. */
#define PAYLOAD	  1460
#define FULL_READ (3 + ANSWER_FRAME + PAYLOAD)
#define FULL_SEND (8 + PAYLOAD + ANSWER_FRAME + 4)

/**
 * struct stopwatch - what a server saw of an upload; in shared memory
 * @counted:	bytes that came after the first piece
 * @first, @last:	when the first piece and the last one came
 */
struct stopwatch {
	guint64 counted, bytes;
	gint64 first, last;
};

static void send_for_ever(struct server_connection *c, gpointer user G_GNUC_UNUSED)
{
	guint8 buffer[CHUNK];
	gsize i;

	for (i = 0; i < sizeof(buffer); i++)
		buffer[i] = server_pattern(i);
	while (server_put(c, buffer, sizeof(buffer)))
		continue;
}

static void time_upload(struct server_connection *c, gpointer user)
{
	struct stopwatch *watch = user;
	guint64 expected = watch->bytes;
	guint8 buffer[CHUNK];
	guint64 all = 0;
	ssize_t got;

	while (all < expected && (got = server_take(c, buffer, sizeof(buffer))) > 0) {
		watch->last = now_ns();
		if (all == 0)
			watch->first = watch->last;
		else
			watch->counted += (guint64)got;
		all += (guint64)got;
	}
	server_put(c, "good", 4);
}

/* The line of a bulk case: medians of what the repeats gave. */
static void set_rates(const struct bench_case *what, guint frame, GArray *rates,
		      struct bench_result *result)
{
	double limit = PAYLOAD * (double)NS_PER_S / line_ns(frame, what->rate);
	double rate = median(rates);

	result_spread(result, "bytes_per_s", rates);
	result_add(result, "limit_bytes_per_s", limit);
	result_add(result, "payload_ratio", rate * BITS_PER_BYTE / what->rate);
	result_set(result, rate / 1000, "kB/s", rate / limit);
}

/* One download by @count flows; adds up what they got per second, and their bytes to @shares. */
static double download(struct rig *rig, const guint16 *ports, guint count, GArray *shares)
{
	const char *port[FLOWS] = { NULL };
	double sum = 0, share;
	const char *out;
	char **lines;
	guint i;

	for (i = 0; i < count; i++)
		port[i] = port_text(rig, ports[i]);
	out = rig_client(rig, "down", SECONDS_TEXT, rig->host, port[0], port[1], port[2], port[3],
			 NULL);
	lines = g_strsplit(out, "\n", 0);
	ck_assert_uint_ge(g_strv_length(lines), 1 + count);
	for (i = 0; i < count; i++) {
		share = g_ascii_strtod(lines[1 + i], NULL);
		if (shares)
			g_array_append_val(shares, share);
		sum += share;
	}
	sum /= g_ascii_strtod(lines[0], NULL) / (double)NS_PER_S;
	g_strfreev(lines);
	return sum;
}

static GArray *doubles(void)
{
	return g_array_new(FALSE, FALSE, sizeof(double));
}

void bench_down(const struct bench_case *what, guint latency_ms, struct bench_result *result)
{
	struct server source = { .kind = SERVER_OWN, .tls = what->tls, .serve = send_for_ever };
	struct rig rig = { .h = harness_new() };
	guint16 port = server_start(rig.h, &source);
	GArray *rates = doubles();
	double rate;
	guint i;

	rig_start(&rig, what, latency_ms, false, &port, 1);
	for (i = 0; i < REPEATS; i++) {
		rate = download(&rig, &port, 1, NULL);
		g_array_append_val(rates, rate);
	}
	rig_stop(&rig);
	set_rates(what, FULL_READ, rates, result);
	g_array_unref(rates);
}

void bench_up(const struct bench_case *what, guint latency_ms, struct bench_result *result)
{
	struct stopwatch *watch = shared_new(sizeof(*watch));
	struct server sink = {
		.kind = SERVER_OWN, .tls = what->tls, .serve = time_upload, .user = watch
	};
	/* Whole commands, so that the last one is not shorter than the others. */
	gsize bytes = (gsize)what->rate / BITS_PER_BYTE * SECONDS / PAYLOAD * PAYLOAD;
	struct rig rig = { .h = harness_new() };
	guint16 port = server_start(rig.h, &sink);
	GArray *rates = doubles();
	double rate;
	guint i;

	rig_start(&rig, what, latency_ms, false, &port, 1);
	for (i = 0; i < REPEATS; i++) {
		memset(watch, 0, sizeof(*watch));
		watch->bytes = bytes;
		ck_assert_str_eq(rig_client(&rig, "up", harness_format(rig.h, "%zu", bytes),
					    rig.host, port_text(&rig, port), NULL),
				 "good\n");
		rate = (double)watch->counted * (double)NS_PER_S /
		       (double)(watch->last - watch->first);
		g_array_append_val(rates, rate);
	}
	rig_stop(&rig);
	set_rates(what, FULL_SEND, rates, result);
	g_array_unref(rates);
}

/* Jain's index: 1 when all shares are equal, 1/n when one has everything. */
static double jain(const GArray *shares)
{
	double sum = 0, squares = 0;
	guint i;

	for (i = 0; i < shares->len; i++) {
		sum += g_array_index(shares, double, i);
		squares += SQUARE(g_array_index(shares, double, i));
	}
	return SQUARE(sum) / (shares->len * squares);
}

void bench_fair(const struct bench_case *what, guint latency_ms, struct bench_result *result)
{
	struct server source = { .kind = SERVER_OWN, .tls = what->tls, .serve = send_for_ever };
	GArray *totals = doubles(), *ratios = doubles(), *indices = doubles(), *shares;
	struct rig rig = { .h = harness_new() };
	guint16 ports[FLOWS];
	double one, four, value;
	guint i;

	for (i = 0; i < FLOWS; i++)
		ports[i] = server_start(rig.h, &source);
	rig_start(&rig, what, latency_ms, false, ports, FLOWS);
	for (i = 0; i < REPEATS; i++) {
		shares = doubles();
		one = download(&rig, ports, 1, NULL);
		four = download(&rig, ports, FLOWS, shares);
		g_array_append_val(totals, four);
		value = four / one;
		g_array_append_val(ratios, value);
		value = jain(shares);
		g_array_append_val(indices, value);
		g_array_unref(shares);
	}
	rig_stop(&rig);
	set_rates(what, FULL_READ, totals, result);
	result_spread(result, "total_over_one", ratios);
	result_spread(result, "jain", indices);
	g_array_unref(totals);
	g_array_unref(ratios);
	g_array_unref(indices);
}
