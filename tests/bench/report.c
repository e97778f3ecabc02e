// SPDX-License-Identifier: MIT
/* What was found, as numbers, as JSON, and against what must hold. */
#include <stdio.h>
#include <string.h>

#include <check.h>

#include "bench/bench.h"

void result_set(struct bench_result *result, double value, const char *unit, double ratio)
{
	result->value = value;
	result->ratio = ratio;
	g_strlcpy(result->unit, unit, sizeof(result->unit));
	result->done = true;
}

void result_add(struct bench_result *result, const char *name, double value)
{
	ck_assert_uint_lt(result->count, BENCH_METRICS);
	g_strlcpy(result->metrics[result->count].name, name, sizeof(result->metrics[0].name));
	result->metrics[result->count++].value = value;
}

void result_spread(struct bench_result *result, const char *name, GArray *values)
{
	char text[sizeof(result->metrics[0].name)];

	result_add(result, name, median(values));
	g_snprintf(text, sizeof(text), "%s_min", name);
	result_add(result, text, g_array_index(values, double, 0));
	g_snprintf(text, sizeof(text), "%s_max", name);
	result_add(result, text, g_array_index(values, double, values->len - 1));
}

bool result_metric(const struct bench_result *result, const char *name, double *value)
{
	guint i;

	*value = result->ratio;
	if (strcmp(name, "ratio") == 0)
		return true;
	for (i = 0; i < result->count; i++) {
		*value = result->metrics[i].value;
		if (strcmp(result->metrics[i].name, name) == 0)
			return true;
	}
	return false;
}

/* What must hold at latency 0, and is told of at any other. */
static const struct threshold {
	const char *name, *metric;
	bool at_least; /* or at most */
	double limit;
} thresholds[] = {
	{ "down-115200", "ratio", true, 0.97 },
	{ "down-115200-tls", "ratio", true, 0.97 },
	{ "up-115200", "ratio", true, 0.97 },
	{ "up-115200-tls", "ratio", true, 0.97 },
	{ "down-921600", "ratio", true, 0.95 },
	{ "down-921600-tls", "ratio", true, 0.95 },
	{ "up-921600", "ratio", true, 0.95 },
	{ "up-921600-tls", "ratio", true, 0.95 },
	{ "down-2073600", "ratio", true, 0.85 },
	{ "down-2073600-tls", "ratio", true, 0.85 },
	{ "up-2073600", "ratio", true, 0.85 },
	{ "up-2073600-tls", "ratio", true, 0.85 },
	{ "rtt64-921600", "of_allowed", false, 1 },
	{ "rtt64-921600-after5", "of_allowed", false, 1 },
	{ "rtt64-921600-after20", "of_allowed", false, 1 },
	{ "rtt64-921600-after60", "of_allowed", false, 1 },
	{ "rtt64-921600-uncounted", "of_allowed", false, 1 },
	{ "rtt64-921600-uncounted-after5", "of_allowed", false, 1 },
	{ "rtt64-921600-uncounted-after20", "of_allowed", false, 1 },
	{ "rtt64-921600-uncounted-after60", "of_allowed", false, 1 },
	{ "fair4-921600", "total_over_one", true, 0.95 },
	{ "fair4-921600", "jain", true, 0.98 },
	{ "connect-again", "commands", false, 5 },
	{ "idle4", "cpu_percent", false, 0.4 },
	{ "idle4", "median_ms", false, 50 },
	{ "memory4", "rss_mb", false, 8 },
	{ "start", "start_s", false, 1 },
	{ "quiet", "cpu_percent", false, 0.05 },
	{ "neighbour-holes", "wait_over_usual", false, 2 },
	{ "neighbour-holes", "share", true, 0.4 },
	{ "neighbour-sockets", "wait_over_usual", false, 2 },
	{ "neighbour-sockets", "share", true, 0.4 },
	{ "neighbour-names", "wait_over_usual", false, 2 },
	{ "neighbour-names", "share", true, 0.4 },
	{ "neighbour-bulk", "wait_over_usual", false, 2 },
	{ "neighbour-bulk", "share", true, 0.4 },
};

/* More than this and the machine was not ours for much of the time, percent. */
#define STOLEN_MUCH 1.0

void report_thresholds(const struct bench_result *(*find)(const char *name))
{
	const struct bench_result *result, *delayed;
	const struct threshold *t;
	double value, other, stolen;
	char *name;
	bool met;

	for (t = thresholds; t < thresholds + G_N_ELEMENTS(thresholds); t++) {
		result = find(t->name);
		if (!result || !result_metric(result, t->metric, &value))
			continue;
		met = t->at_least ? value >= t->limit : value <= t->limit;
		printf("must hold: %s %s %s %g: %.4g, %s", t->name, t->metric,
		       t->at_least ? ">=" : "<=", t->limit, value, met ? "met" : "NOT MET");
		name = g_strconcat(t->name, "-latency2", NULL);
		delayed = find(name);
		if (delayed && result_metric(delayed, t->metric, &other))
			printf(" (at latency 2: %.4g)", other);
		if (result_metric(result, "stolen_percent", &stolen) && stolen > STOLEN_MUCH)
			printf("; the machine's host took %.2g %% of the CPU time", stolen);
		printf("\n");
		g_free(name);
	}
}

static void json_number(GString *json, const char *name, double value)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];

	g_string_append_printf(json, ", \"%s\": %s", name,
			       g_ascii_formatd(text, sizeof(text), "%.6g", value));
}

void report_json(GString *json, const char *name, const struct bench_result *result)
{
	guint i;

	g_string_append_printf(json, "%s  { \"name\": \"%s\", \"unit\": \"%s\"",
			       json->len ? ",\n" : "", name, result->unit);
	json_number(json, "value", result->value);
	json_number(json, "ratio", result->ratio);
	for (i = 0; i < result->count; i++)
		json_number(json, result->metrics[i].name, result->metrics[i].value);
	g_string_append(json, " }");
}
