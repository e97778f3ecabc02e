// SPDX-License-Identifier: MIT
/*
 * No interference: with no route that flags anything, CPython's own tests give the same result,
 * test case by test case, with the shim and without it.
 */
#include <stdlib.h>

#include "programs/programs.h"
#include "support/suite.h"

/* CPython's tests take half a minute each on an idle machine, a minute in the case of asyncio. */
#define RUN_S	 600
#define RUNS_MAX 5

/* Fewer test cases than these would mean that something kept most of them from running. */
static const struct {
	const char *name;
	int cases;
} suites[] = {
	{ "test_socket", 600 },	 { "test_asyncio", 2000 },  { "test_ssl", 150 },
	{ "test_httplib", 100 }, { "test_selectors", 100 },
};

/* Run a suite. Return: path of its report. */
static const char *report_of(struct harness *h, const char *suite, bool wrapped, guint number)
{
	const struct run how = { .wrapped = wrapped, .seconds = RUN_S };
	const char *report = harness_path(h, harness_format(h, "%s-%u.xml", suite, number));
	/*
	 * Without AF_VSOCK, which is not of the internet: on virtual machines whose host does not
	 * carry it, its tests wait for ever, without eswrap too.
	 */
	const char *const argv[] = { "/usr/bin/python3", "-m",	 "test", "--ignore", "*VSOCK*",
				     "--junit-xml",	 report, suite,	 NULL };
	const struct result *result = harness_run_as(h, &how, argv);

	ck_assert_msg(g_file_test(report, G_FILE_TEST_EXISTS), "%s leaves no report: %s%s", suite,
		      result->out->str, result->err->str);
	return report;
}

static const struct result *compare(struct harness *h, const char *const reports[RUNS_MAX])
{
	const char *argv[RUNS_MAX + 3] = { "/usr/bin/python3",
					   programs_client(h, "same-results.py") };
	const struct run how = { .wrapped = false };
	guint i;

	for (i = 0; i < RUNS_MAX; i++)
		argv[i + 2] = reports[i];
	return harness_run_as(h, &how, argv);
}

static void gives_the_same_results(int index)
{
	const char *suite = suites[index].name;
	const char *reports[RUNS_MAX] = { NULL };
	struct harness *h = harness_new();
	const struct result *result;
	guint runs = 2;

	harness_fake(h, "--baud", "0", NULL);
	harness_broker(h, "[route device]\nhost = device.example\nthrough = tcp\n");
	reports[0] = report_of(h, suite, false, 0);
	reports[1] = report_of(h, suite, true, 1);
	result = compare(h, reports);
	/* Where something differs: does it natively as well? Said aloud, whatever the outcome. */
	while (result->status == 1 && runs < RUNS_MAX) {
		g_printerr("# %s, after %u runs: %s", suite, runs, result->out->str);
		reports[runs] = report_of(h, suite, false, runs);
		runs++;
		result = compare(h, reports);
	}
	g_printerr("# %s: %s", suite, result->out->str);
	ck_result_status(result, 0);
	ck_assert_int_ge(atoi(result->out->str), suites[index].cases);
	harness_free(h);
}

START_TEST(cpython_test_socket_gives_the_same_results)
{
	gives_the_same_results(0);
}
END_TEST

START_TEST(cpython_test_asyncio_gives_the_same_results)
{
	gives_the_same_results(1);
}
END_TEST

START_TEST(cpython_test_ssl_gives_the_same_results)
{
	gives_the_same_results(2);
}
END_TEST

START_TEST(cpython_test_httplib_gives_the_same_results)
{
	gives_the_same_results(3);
}
END_TEST

START_TEST(cpython_test_selectors_gives_the_same_results)
{
	gives_the_same_results(4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("interference");
	TCase *cpython = tcase_create("cpython");

	tcase_set_timeout(cpython, RUNS_MAX * RUN_S);
	tcase_add_test(cpython, cpython_test_socket_gives_the_same_results);
	tcase_add_test(cpython, cpython_test_asyncio_gives_the_same_results);
	tcase_add_test(cpython, cpython_test_ssl_gives_the_same_results);
	tcase_add_test(cpython, cpython_test_httplib_gives_the_same_results);
	tcase_add_test(cpython, cpython_test_selectors_gives_the_same_results);
	suite_add_tcase(suite, cpython);
	return suite_run(suite);
}
