// SPDX-License-Identifier: MIT
/*
 * A private broker (eswrap -c FILE PROGRAM) stays as long as the program that it was started for,
 * and what that has started, whatever they do. Each claim waits longer than a broker does that
 * nobody needs: for some seconds, or with QUIET_S=60 (test-private-minute) for as long as people do.
 */
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "support/harness.h"
#include "support/server.h"
#include "support/suite.h"

#ifndef QUIET_S
#define QUIET_S 3
#endif

/* The longest program is quiet three times. */
#define DEADLINE_S (3 * QUIET_S + HARNESS_DEADLINE_S)

/* Without anything to remind the broker that somebody is there. */
#define QUIET "sleep " G_STRINGIFY(QUIET_S) "; "
/* One line goes to the echo server through the module, and comes back. */
#define SAY(word)                                                                 \
	"exec 3<>/dev/tcp/127.0.0.1/$0 && echo " word " >&3 && read -r x <&3 && " \
	"echo \"$x\"; exec 3>&-; "

/**
 * struct program - what is run under eswrap -c, by bash with $0 the port
 * @what:	for people, when it fails
 * @script:	ends by writing "said" to its output
 */
struct program {
	const char *what, *script;
};

static const struct program programs[] = {
	{ "connects late", QUIET SAY("said") },
	{ "holds one connection that is silent for long",
	  "exec 3<>/dev/tcp/127.0.0.1/$0; " QUIET "echo said >&3; read -r x <&3; echo \"$x\"" },
	{ "has connected once, and does again much later",
	  "x=$(" SAY("first") "); [ \"$x\" = first ] || exit 1; " QUIET SAY("said") },
	{ "becomes another program and then connects",
	  QUIET "export port=$0; exec bash -c 'set -- $port; " QUIET
		"exec 3<>/dev/tcp/127.0.0.1/$1; echo said >&3; read -r x <&3; echo \"$x\"'" },
	{ "only looks names up", QUIET "getent hosts first.name.test >&2 && " QUIET
				       "getent hosts second.name.test >&2 && echo said" },
	{ "leaves it to a child", "( " QUIET SAY("said") ") & wait" },
	{ "ends, and what it has started in the background goes on with no descriptor left",
	  "out=$1; ( exec setsid bash -c 'for n in /proc/$$/fd/*; do n=${n##*/}; "
	  "eval \"exec $n>&-\"; done; " QUIET
	  "exec 3<>/dev/tcp/127.0.0.1/'$0'; echo said >&3; read -r x <&3; "
	  "echo \"$x\" >\"'$1'\"' </dev/null >/dev/null 2>&1 ) & exit 0" },
};

static struct harness *private_new(const char *how)
{
	struct harness *h = harness_new();

	harness_fake(h, "--resolve-all", "127.0.0.1", how, NULL);
	harness_config(h,
		       "[route loopback]\naddress = 127.0.0.1\nthrough = tcp\n"
		       "[route name]\nhost = *.name.test\nthrough = tcp\n"
		       "[broker]\nstate-dir = %s\n",
		       harness_path(h, "state"));
	return h;
}

/* The daemon's word comes in a file. */
static const char *await_file(struct harness *h, const char *path)
{
	int watch = inotify_init1(IN_CLOEXEC);
	struct pollfd written = { .fd = watch, .events = POLLIN };
	const char *text;

	ck_assert_int_ge(inotify_add_watch(watch, path, IN_CLOSE_WRITE), 0);
	text = harness_read(h, path);
	if (*text == '\0' && poll(&written, 1, DEADLINE_S * 1000) == 1)
		text = harness_read(h, path);
	close(watch);
	return text;
}

static const struct result *run(struct harness *h, const char *script, const char *port,
				const char *said)
{
	const struct run how = { .seconds = DEADLINE_S };
	const char *const argv[] = {
		harness_tool(h, "eswrap"), "-c", h->config, "bash", "-c", script, port, said, NULL
	};

	return harness_run_as(h, &how, argv);
}

START_TEST(a_private_broker_stays_for_a_program_that)
{
	static const struct server echo = { SERVER_ECHO };
	const struct program *program = &programs[_i];
	struct harness *h = private_new(NULL);
	const char *port = harness_format(h, "%u", server_start(h, &echo));
	const char *said = harness_file(h, "said", "%s", "");
	const struct result *result = run(h, program->script, port, said);
	const char *text = result->out->str;

	if (*text == '\0' && result->status == 0)
		text = await_file(h, said);
	ck_assert_msg(strcmp(text, "said\n") == 0 && result->status == 0,
		      "a program that %s: status %d, \"%s\"; stderr: " HARNESS_SHOWN, program->what,
		      result->status, text, result->err->str);
	/* And it did go through the module. */
	if (!strstr(program->what, "names"))
		ck_assert_uint_ge(harness_opened(h), 1);
	harness_free(h);
}
END_TEST

/* Joining takes so long, or the module is silent about it, or there is no network before. */
static const char *const slow_joins[] = { "--latency=C0=20000", "--fault=silence,ms=20000@C0",
					  "--fault=wifi-loss,ms=20000@C1#1" };

START_TEST(a_program_gets_through_a_module_that_takes_20_s_to_join)
{
	static const struct server echo = { SERVER_ECHO };
	struct harness *h = private_new(slow_joins[_i]);
	const char *port = harness_format(h, "%u", server_start(h, &echo));
	const struct result *result = run(h, SAY("said"), port, "");

	ck_result_status(result, 0);
	ck_assert_str_eq(result->out->str, "said\n");
	harness_free(h);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("private");
	TCase *tcase = tcase_create("private");

	tcase_set_timeout(tcase, 2 * DEADLINE_S);
	tcase_add_loop_test(tcase, a_private_broker_stays_for_a_program_that, 0,
			    G_N_ELEMENTS(programs));
	if (QUIET_S >= 60)
		tcase_add_loop_test(tcase, a_program_gets_through_a_module_that_takes_20_s_to_join,
				    0, G_N_ELEMENTS(slow_joins));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
