// SPDX-License-Identifier: MIT
/*
 * SOAK_MEGABYTES in each direction over four sockets at once, unpaced, of payload that is made to
 * confuse: every byte arrives in its place on its flow, and so does the end.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "soak/soak.h"
#include "support/suite.h"

#define FLOWS	 4
#define BYTES	 ((guint64)SOAK_MEGABYTES << 20)
#define PATIENCE 30
/* A slow machine still does a megabyte each way in a second. */
#define SECONDS (60 + 2 * SOAK_MEGABYTES)

/* Not harness_fake(): a trace of all this would fill the disk. */
static void start_module(struct harness *h)
{
	const char *path = harness_path(h, "module.sock");
	const char *argv[] = { harness_tool(h, "eswrap-fake"),
			       "--listen",
			       path,
			       "--access-point",
			       HARNESS_SSID ":" HARNESS_PASSPHRASE ":wpa2",
			       "--resolve",
			       SOAK_HOST "=127.0.0.1",
			       NULL };

	h->device = harness_format(h, "unix:%s", path);
	h->fake = process_start(h, "eswrap-fake", argv, NULL);
	process_await_line(h->fake, "eswrap-fake: ready on ");
}

START_TEST(four_sockets_carry_every_byte_both_ways)
{
	struct soak_flow *flows = soak_flows(FLOWS), *all[FLOWS];
	struct soak_outcome outcomes[FLOWS];
	struct harness *h = harness_new();
	gint64 start;
	double seconds;
	guint i;

	for (i = 0; i < FLOWS; i++) {
		flows[i].number = i;
		flows[i].seed = 1;
		flows[i].up = BYTES / FLOWS;
		flows[i].down = BYTES / FLOWS;
		flows[i].tls = i >= FLOWS / 2;
		soak_serve(h, &flows[i]);
		all[i] = &flows[i];
	}
	start_module(h);
	harness_broker(h, "%s", soak_routes(h, flows, FLOWS));
	start = g_get_monotonic_time();
	soak_run(h, all, FLOWS, PATIENCE, SECONDS, outcomes);
	seconds = (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
	for (i = 0; i < FLOWS; i++)
		fprintf(stderr,
			"# flow %u: program sent %" G_GUINT64_FORMAT " received %" G_GUINT64_FORMAT
			" end %s; server sent %" G_GUINT64_FORMAT " received %" G_GUINT64_FORMAT
			"\n",
			i, outcomes[i].sent, outcomes[i].received, outcomes[i].end, flows[i].sent,
			flows[i].received);
	for (i = 0; i < FLOWS; i++) {
		ck_assert_int_eq(outcomes[i].wrong, -1);
		ck_assert_int_eq(flows[i].wrong, -1);
		ck_assert_uint_eq(outcomes[i].sent, flows[i].up);
		ck_assert_uint_eq(flows[i].received, flows[i].up);
		ck_assert_uint_eq(outcomes[i].received, flows[i].down);
		ck_assert_str_eq(outcomes[i].end, "eof");
	}
	printf("# %d MiB each way in %.1f s: %.2f MB/s in all\n", SOAK_MEGABYTES, seconds,
	       2 * (double)BYTES / seconds / 1e6);
	fflush(stdout);
	harness_free(h);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("soak");
	TCase *tcase = tcase_create("exact");

	tcase_set_timeout(tcase, SECONDS);
	tcase_add_test(tcase, four_sockets_carry_every_byte_both_ways);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
