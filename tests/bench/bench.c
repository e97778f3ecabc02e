// SPDX-License-Identifier: MIT
/*
 * make bench: `bench [--json FILE] [NAME]...` runs the cases whose names begin so, each at both
 * latencies, and prints `bench NAME VALUE UNIT RATIO` for each. The exit status tells whether all
 * could be run, not whether what must hold does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "bench/bench.h"

#define LATENCIES 2

static const struct bench_case cases[] = {
	{ "down-115200", bench_down, 115200, false },
	{ "down-115200-tls", bench_down, 115200, true },
	{ "up-115200", bench_up, 115200, false },
	{ "up-115200-tls", bench_up, 115200, true },
	{ "down-921600", bench_down, 921600, false },
	{ "down-921600-tls", bench_down, 921600, true },
	{ "up-921600", bench_up, 921600, false },
	{ "up-921600-tls", bench_up, 921600, true },
	{ "down-2073600", bench_down, 2073600, false },
	{ "down-2073600-tls", bench_down, 2073600, true },
	{ "up-2073600", bench_up, 2073600, false },
	{ "up-2073600-tls", bench_up, 2073600, true },
	{ "rtt64-921600", bench_rtt, 921600, false },
	{ "rtt64-921600-after5", bench_rtt, 921600, false, false, 5 },
	{ "rtt64-921600-after20", bench_rtt, 921600, false, false, 20 },
	{ "rtt64-921600-after60", bench_rtt, 921600, false, false, 60 },
	{ "rtt64-921600-uncounted", bench_rtt, 921600, false, true },
	{ "rtt64-921600-uncounted-after5", bench_rtt, 921600, false, true, 5 },
	{ "rtt64-921600-uncounted-after20", bench_rtt, 921600, false, true, 20 },
	{ "rtt64-921600-uncounted-after60", bench_rtt, 921600, false, true, 60 },
	{ "fair4-921600", bench_fair, 921600, false },
	{ "connect-first", bench_connect_first, 115200, true },
	{ "connect-again", bench_connect_again, 115200, true },
	{ "idle4", bench_idle, 115200, false },
	{ "memory4", bench_memory, 921600, false },
	{ "start", bench_start, 115200, false },
	{ "quiet", bench_quiet, 115200, false },
	{ "connect-unflagged", bench_unflagged, 115200, false },
	{ "neighbour-holes", bench_holes, 921600, false },
	{ "neighbour-sockets", bench_keeper, 921600, false },
	{ "neighbour-names", bench_names, 921600, false },
	{ "neighbour-bulk", bench_loader, 921600, false },
};

static const guint latencies[LATENCIES] = { 0, 2 };
static const char *const suffixes[LATENCIES] = { "", "-latency2" };

#define RUNS (G_N_ELEMENTS(cases) * LATENCIES)

static struct bench_result *results; /* RUNS of them, shared */
static char **chosen;

static char *run_name(guint run)
{
	return g_strconcat(cases[run / LATENCIES].name, suffixes[run % LATENCIES], NULL);
}

static bool is_chosen(const char *name)
{
	char **word;

	for (word = chosen; *word; word++)
		if (g_str_has_prefix(name, *word))
			return true;
	return *chosen == NULL;
}

static const struct bench_result *find(const char *name)
{
	const struct bench_result *found = NULL;
	char *each;
	guint i;

	for (i = 0; i < RUNS && !found; i++) {
		each = run_name(i);
		if (strcmp(each, name) == 0 && results[i].done)
			found = &results[i];
		g_free(each);
	}
	return found;
}

/* struct cpu_time - of all CPUs since the machine's start, in clock ticks */
struct cpu_time {
	guint64 all, stolen;
};

/* The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal [proc(5)]. */
static struct cpu_time cpu_time(void)
{
	struct cpu_time time = { 0 };
	FILE *file = fopen("/proc/stat", "r");
	guint64 ticks;
	int i;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "cpu"), 0);
	for (i = 0; i < 8 && fscanf(file, "%" G_GUINT64_FORMAT, &ticks) == 1; i++) {
		time.all += ticks;
		time.stolen = ticks;
	}
	ck_assert_int_eq(i, 8);
	fclose(file);
	return time;
}

START_TEST(measure)
{
	const struct bench_case *what = &cases[_i / LATENCIES];
	struct bench_result *result = &results[_i];
	struct cpu_time before = cpu_time(), after;
	char *name = run_name((guint)_i);

	what->run(what, latencies[_i % LATENCIES], result);
	after = cpu_time();
	result_add(result, "stolen_percent",
		   100.0 * (double)(after.stolen - before.stolen) /
			   (double)MAX(after.all - before.all, 1));
	printf("bench %s %.4g %s %.4f\n", name, result->value, result->unit, result->ratio);
	fflush(stdout);
	g_free(name);
}
END_TEST

static int run_all(void)
{
	Suite *suite = suite_create("bench");
	TCase *tcase = tcase_create("bench");
	SRunner *runner;
	char *name;
	int failed;
	guint i;

	tcase_set_timeout(tcase, BENCH_SECONDS);
	for (i = 0; i < RUNS; i++) {
		name = run_name(i);
		if (is_chosen(name))
			tcase_add_loop_test(tcase, measure, (int)i, (int)i + 1);
		g_free(name);
	}
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_print(runner, CK_NORMAL);
	srunner_free(runner);
	return failed;
}

static bool write_json(const char *path)
{
	GString *json = g_string_new(NULL);
	GError *error = NULL;
	char *name;
	guint i;

	for (i = 0; i < RUNS; i++) {
		name = run_name(i);
		if (results[i].done)
			report_json(json, name, &results[i]);
		g_free(name);
	}
	g_string_prepend(json, "[\n");
	g_string_append(json, "\n]\n");
	if (!g_file_set_contents(path, json->str, (gssize)json->len, &error)) {
		fprintf(stderr, "bench: %s\n", error->message);
		g_clear_error(&error);
	}
	g_string_free(json, TRUE);
	return error == NULL;
}

int main(int argc, char **argv)
{
	char *json = NULL;
	GOptionEntry entries[] = {
		{ "json", 0, 0, G_OPTION_ARG_FILENAME, &json, "where to write the numbers",
		  "FILE" },
		{ NULL },
	};
	GOptionContext *context = g_option_context_new("[NAME]... - cases whose names begin so");
	GError *error = NULL;
	int failed;

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		fprintf(stderr, "bench: %s\n", error->message);
		return 2;
	}
	g_option_context_free(context);
	chosen = argv + 1;
	results = shared_new(RUNS * sizeof(*results));
	failed = run_all();
	report_thresholds(find);
	if (json && !write_json(json))
		failed++;
	g_free(json);
	return failed ? 1 : 0;
}
