// SPDX-License-Identifier: MIT
/* Programs that take their time to start: Java, and psql with its server. */
#include <sys/stat.h>

#include "programs/programs.h"
#include "support/suite.h"

/* Java compiles its source first. */
static void java_fetches(const char *way)
{
	struct harness *h = programs_new();
	struct nginx nginx = programs_nginx(h);

	programs_fetch(h, &nginx,
		       PROGRAM("java", "{clients}/Client.java", way, "{host}", "{port}"));
	harness_free(h);
}

START_TEST(java_http_url_connection_fetches)
{
	java_fetches("http");
}
END_TEST

START_TEST(java_nio_with_a_selector_fetches)
{
	java_fetches("nio");
}
END_TEST

/* A cluster of its own, with nothing on disk that outlives it. Return: its port. */
static guint16 start_postgres(struct harness *h)
{
	/* PostgreSQL does not run as root; nobody is left behind when the test ends. */
	static const char script[] =
		"set -e\n"
		"PATH=$(echo /usr/lib/postgresql/*/bin):$PATH\n"
		"as=\n"
		"if [ \"$(id -u)\" = 0 ]; then\n"
		"	chown postgres \"$1\"\n"
		"	as='setpriv --reuid postgres --regid postgres --clear-groups\n"
		"		--pdeathsig KILL'\n"
		"fi\n"
		"cd \"$1\"\n"
		"$as initdb -N -A trust -U plant -D . >/dev/null\n"
		"exec $as postgres -D . -p \"$0\" -c listen_addresses=127.0.0.1 \\\n"
		"	-c unix_socket_directories= -c fsync=off\n";
	guint16 port = harness_free_port();
	const char *data = harness_path(h, "data");
	const char *const argv[] = {
		"sh", "-c", script, harness_format(h, "%u", port), data, NULL
	};
	struct process *process;

	ck_assert_int_eq(mkdir(data, 0700), 0);
	/* postgres has to come by. */
	ck_assert_int_eq(chmod(h->directory, 0711), 0);
	process = process_start(h, "postgres", argv, NULL);
	process_await_port(process, port);
	return port;
}

START_TEST(psql_asks_a_server)
{
	static const struct run how = { .wrapped = false };
	static const char query[] = "CREATE TEMP TABLE t AS SELECT g, repeat('p', 100) AS p "
				    "FROM generate_series(1, 1000) g; "
				    "SELECT sum(g), count(*) FROM t; SELECT * FROM t;";
	struct harness *h = programs_new();
	const struct result *result;

	result = programs_same(h, &how, start_postgres(h),
			       PROGRAM("psql", "-X", "-A", "-t", "-h", "{host}", "-p", "{port}",
				       "-U", "plant", "-c", query, "postgres"));
	ck_text_has(result->out->str, "500500|1000\n");
	ck_assert_uint_gt(result->out->len, 100 * 1000);
	harness_free(h);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("slow programs");
	TCase *java = tcase_create("java"), *psql = tcase_create("psql");

	tcase_set_timeout(java, 6 * HARNESS_DEADLINE_S);
	tcase_add_test(java, java_http_url_connection_fetches);
	tcase_add_test(java, java_nio_with_a_selector_fetches);
	suite_add_tcase(suite, java);
	tcase_set_timeout(psql, 6 * HARNESS_DEADLINE_S);
	tcase_add_test(psql, psql_asks_a_server);
	suite_add_tcase(suite, psql);
	return suite_run(suite);
}
