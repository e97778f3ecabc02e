// SPDX-License-Identifier: MIT
/*
 * A module that answers everything and does nothing any more, until it is reset; and what looks so, and
 * is the far end. Each takes as long as the driver takes to be sure.
 */
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "support/harness.h"
#include "support/raw.h"
#include "support/suite.h"

/* Longer than HEALTH_PERIOD_US, and shorter than HEALTH_BACKOFF_FIRST_US behind it, s. */
#define LONG_S	"25"
#define LIMIT_S 90
#define RESETS	"resetting it"
#define CASE_S	180

static const char *const configuration = "[route far]\nhost = *.example\nthrough = tcp\n\n"
					 "[default]\nthrough = refuse\n";

static guint count_of(const char *text, const char *word)
{
	guint count = 0;

	for (; (text = strstr(text, word)); text += strlen(word))
		count++;
	return count;
}

static guint resets_said(struct harness *h)
{
	return count_of(harness_read(h, harness_path(h, "eswrapd.log")), RESETS);
}

static const char *run_python(struct harness *h, const char *program, const char *argument)
{
	const struct run how = { .wrapped = true, .seconds = LIMIT_S };
	const char *argv[] = { "python3", "-c", program, argument, NULL };
	const struct result *result = harness_run_as(h, &how, argv);

	ck_result_status(result, 0);
	return result->out->str;
}

START_TEST(a_resolver_that_finds_nothing_any_more_is_cured_by_one_reset)
{
	static const char program[] = "import itertools, socket\n"
				      "for i in itertools.count():\n"
				      "    try: socket.getaddrinfo(f'name{i}.example', 80); break\n"
				      "    except socket.gaierror: pass\n"
				      "print('found', i >= 6)\n";
	struct harness *h = harness_new();

	harness_fake(h, "--resolve-all", "127.0.0.1", "--connect-timeout", "1000", "--fault",
		     "stuck-resolver@command=1", NULL);
	harness_broker(h, "%s", configuration);
	ck_assert_str_eq(run_python(h, program, ""), "found True\n");
	ck_assert_uint_eq(resets_said(h), 1);
	harness_free(h);
}
END_TEST

/* A connect after the other for LONG_S, to ports of which nobody listens on any. */
static const char refused[] = "import socket, sys, time\n"
			      "ports, failed = sys.argv[1].split(), 0\n"
			      "end = time.monotonic() + " LONG_S "\n"
			      "while time.monotonic() < end:\n"
			      "    for i, port in enumerate(ports):\n"
			      "        try: socket.create_connection((f'host{i}.example', port))\n"
			      "        except OSError: failed += 1\n"
			      "        time.sleep(0.2)\n"
			      "print(failed >= 6)\n";

/* Where nothing changes by it, the next one is a minute away at the least. */
START_TEST(starts_that_all_fail_reset_the_module_once_and_then_not_for_a_while)
{
	struct harness *h = harness_new();

	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	harness_broker(h, "%s", configuration);
	ck_assert_str_eq(run_python(h, refused, "1 2 3 4"), "True\n");
	ck_assert_uint_eq(resets_said(h), 1);
	harness_free(h);
}
END_TEST

START_TEST(one_far_end_that_refuses_resets_nothing)
{
	struct harness *h = harness_new();

	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	harness_broker(h, "%s", configuration);
	ck_assert_str_eq(run_python(h, refused, "1"), "True\n");
	ck_assert_uint_eq(resets_said(h), 0);
	harness_free(h);
}
END_TEST

START_TEST(many_that_refuse_reset_nothing_while_another_answers)
{
	struct harness *h = harness_new();
	guint16 port;
	int fd = raw_listener(&port);

	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	harness_broker(h, "%s", configuration);
	ck_assert_str_eq(run_python(h, refused, harness_format(h, "1 2 3 4 %u", port)), "True\n");
	ck_assert_uint_eq(resets_said(h), 0);
	harness_free(h);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hopeless");
	TCase *tcase = tcase_create("hopeless");

	tcase_set_timeout(tcase, CASE_S);
	tcase_add_test(tcase, a_resolver_that_finds_nothing_any_more_is_cured_by_one_reset);
	tcase_add_test(tcase, starts_that_all_fail_reset_the_module_once_and_then_not_for_a_while);
	tcase_add_test(tcase, one_far_end_that_refuses_resets_nothing);
	tcase_add_test(tcase, many_that_refuse_reset_nothing_while_another_answers);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
