// SPDX-License-Identifier: MIT
/*
 * The simulated module as a report says: suites that know no profile are run against what the driver's
 * probe has written of each. Where REPORTS names a directory the reports are kept there, by profile,
 * for tests/support/matrix.
 */
#include <check.h>
#include <stdlib.h>
#include <unistd.h>

#include "driver/drive.h"
#include "support/harness.h"
#include "support/process.h"
#include "support/server.h"
#include "support/suite.h"

static const char *const profiles[] = { "C3.5.2.5", "C3.5.2.3", "C6.2.1", "note" };

/* They take seconds; all the others take a report's place in the matrix. */
static const char *const suites[] = { "tests/driver/test-unseen", "tests/shim/test-stream" };

static void greet(struct server_connection *c, gpointer user G_GNUC_UNUSED)
{
	char byte;

	server_put(c, "SSH\r\n", 5);
	while (server_take(c, &byte, 1) > 0)
		;
}

/* The report of a simulated module, in a file. */
static const char *report_of(struct harness *h, const char *profile)
{
	const struct server greeter = { .kind = SERVER_OWN, .serve = greet };
	const char *directory = g_getenv("REPORTS"), *path;
	guint16 port = server_start(h, &greeter);
	struct drive d;

	path = directory ? harness_format(h, "%s/%s", directory, profile)
			 : harness_path(h, "report");
	drive_ready(&d, harness_fake(h, "--as", profile, NULL));
	eswifi_watch_reset(d.module);
	eswifi_module_reset(d.module, "to see how it comes back");
	drive_await_state(&d, ESWIFI_READY);
	ck_assert_int_eq(drive_probe(&d, 0, port), 0);
	ck_assert(g_file_set_contents(path, d.text, -1, NULL));
	drive_free(&d);
	return path;
}

START_TEST(suites_pass_on_a_report_of_each_profile)
{
	struct harness *h = harness_new();
	const char *report = report_of(h, profiles[_i]);
	const struct result *result;
	guint i;

	g_setenv("ESWRAP_FAKE_ARGS", harness_format(h, "--as %s", report), TRUE);
	for (i = 0; i < G_N_ELEMENTS(suites); i++) {
		result = harness_run(h, harness_built(h, suites[i]), NULL);
		ck_assert_msg(result->status == 0, "%s: %.1000s", suites[i], result->out->str);
	}
	harness_free(h);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("replay");
	TCase *tcase = tcase_create("replay");

	tcase_set_timeout(tcase, 4 * HARNESS_DEADLINE_S);
	tcase_add_loop_test(tcase, suites_pass_on_a_report_of_each_profile, 0,
			    G_N_ELEMENTS(profiles));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
