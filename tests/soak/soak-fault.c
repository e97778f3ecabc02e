// SPDX-License-Identifier: MIT
/*
 * While an upload, a download and an echo are under way, one thing goes wrong at a random place,
 * and afterwards one more connect must work. SOAK_SEEDS runs for each kind of fault, several at
 * once since most of the time is spent waiting. ESWRAP_SOAK_SEED runs one seed only, and shows it.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "soak/place.h"
#include "soak/soak.h"
#include "support/process.h"
#include "support/suite.h"

#define AT_ONCE	 6
#define PATIENCE 90
/* Longest for one run: the driver waits 60 s for an answer to P6=1 that was lost. */
#define RUN_SECONDS   200
#define SUITE_SECONDS (RUN_SECONDS + SOAK_SEEDS * 20)

enum { UPLOAD, DOWNLOAD, ECHO, AFTERWARDS, FLOWS };

#define BULK	 (24 * 1024)
#define ECHOED	 (12 * 1024)
#define RECEIPT	 64
#define LAST_ONE 3000

/* Bytes that cross the line for certain, each way, before the flows are done. */
#define CERTAIN_IN  (BULK + ECHOED)
#define CERTAIN_OUT (BULK + ECHOED)
/* Bringing up and connecting. */
#define EARLY_BYTES 700
#define COMMANDS    80
#define SENDS	    12

/* Lines of the trace on either side of a fault that a failure shows, and characters of each. */
#define SHOWN	    25
#define SHOWN_WIDTH 150

enum where { FROM_HOST, TO_HOST, EITHER, AT_CONNECT, AT_LOOKUP, AT_SEND };

/**
 * struct kind - one kind of fault
 * @spec:	KIND and parameters
 * @where:	what its triggers count
 * @hidden:	a harmed byte that the protocol cannot reveal is an excuse
 * @closes:	so is the end of one flow: the module says the same of a connection that was reset
 *		as of one that was closed
 */
static const struct kind {
	const char *name, *spec;
	enum where where;
	bool hidden, closes;
} kinds[] = {
	{ "lose-in", "lose-in", FROM_HOST, true, false },
	{ "lose-out", "lose-out", TO_HOST, true, false },
	{ "flip-in", "flip-in", FROM_HOST, true, false },
	{ "flip-out", "flip-out", TO_HOST, true, false },
	{ "add-in", "add-in", FROM_HOST, true, false },
	{ "add-out", "add-out", TO_HOST, true, false },
	{ "silence", "silence", EITHER, false, false },
	{ "reset", "reset", EITHER, false, false },
	{ "noise", "noise", EITHER, false, false },
	{ "wifi-loss", "wifi-loss,ms=500", EITHER, false, false },
	{ "refuse", "refuse", AT_CONNECT, false, false },
	{ "timeout", "timeout", AT_CONNECT, false, false },
	{ "slow", "slow", AT_CONNECT, false, false },
	{ "lookup", "lookup", AT_LOOKUP, false, false },
	{ "close", "close", EITHER, false, true },
	{ "message", "message", EITHER, false, false },
	{ "front", "front", EITHER, false, false },
	{ "read-error", "read-error", EITHER, false, true },
	{ "write-error", "write-error", AT_SEND, false, true },
	{ "start-error", "start-error", AT_CONNECT, false, false },
	{ "uart-error", "uart-error", AT_SEND, false, false },
	{ "stall", "stall", AT_SEND, false, false },
	{ "net-stall", "net-stall,ms=300", EITHER, false, false },
	{ "stale", "stale", EITHER, false, false },
	{ "human", "human", EITHER, false, false },
};

/* So that a seed means the same for the first of them as it did when there were no more. */
#define KINDS_ONCE 16

/* The trigger of a seed: half of them anywhere, a quarter early, a quarter at some command. */
static const char *fault_spec(struct harness *h, const struct kind *kind, guint seed)
{
	GRand *chance = g_rand_new_with_seed(seed * KINDS_ONCE + (guint32)(kind - kinds));
	bool out = kind->where == TO_HOST || (kind->where == EITHER && g_rand_boolean(chance));
	guint certain = out ? CERTAIN_OUT : CERTAIN_IN;
	const char *spec;

	if (kind->where == AT_LOOKUP) {
		spec = harness_format(h, "%s@D0#1", kind->spec);
	} else if (kind->where == AT_SEND) {
		spec = harness_format(h, "%s@S3#%d", kind->spec,
				      g_rand_int_range(chance, 1, SENDS));
	} else if (kind->where == AT_CONNECT) {
		/* Bringing up has four P6=0. */
		spec = harness_format(h, "%s@P6#%d", kind->spec, g_rand_int_range(chance, 5, 8));
	} else if (kind->where == EITHER && g_rand_int_range(chance, 0, 4) == 0) {
		spec = harness_format(h, "%s@command=%d", kind->spec,
				      g_rand_int_range(chance, 1, COMMANDS));
	} else {
		if (g_rand_int_range(chance, 0, 4) == 0)
			certain = EARLY_BYTES;
		spec = harness_format(h, "%s@%s=%d", kind->spec, out ? "out" : "in",
				      g_rand_int_range(chance, 1, (gint32)certain));
	}
	g_rand_free(chance);
	return spec;
}

static void make_flows(struct harness *h, struct soak_flow *flows, guint seed)
{
	guint i;

	flows[UPLOAD].up = BULK;
	flows[UPLOAD].down = RECEIPT;
	flows[UPLOAD].patient = true;
	flows[DOWNLOAD].down = BULK;
	flows[DOWNLOAD].tls = seed % 2;
	flows[ECHO].up = ECHOED;
	flows[ECHO].down = ECHOED;
	flows[ECHO].echo = true;
	flows[AFTERWARDS].down = LAST_ONE;
	flows[AFTERWARDS].tls = true;
	for (i = 0; i < FLOWS; i++) {
		flows[i].number = i;
		flows[i].seed = seed;
		soak_serve(h, &flows[i]);
	}
}

/* Return: what is wrong with it, or NULL. */
static const char *flaw(struct harness *h, const struct soak_flow *flow,
			const struct soak_outcome *outcome)
{
	bool ended = strcmp(outcome->end, "eof") == 0;

	if (outcome->wrong >= 0)
		return harness_format(h,
				      "flow %u: the program got a wrong byte at %" G_GINT64_FORMAT,
				      flow->number, outcome->wrong);
	if (flow->wrong >= 0)
		return harness_format(h,
				      "flow %u: the server got a wrong byte at %" G_GINT64_FORMAT,
				      flow->number, flow->wrong);
	if (ended && outcome->received < flow->down)
		return harness_format(h, "flow %u: an end after %" G_GUINT64_FORMAT, flow->number,
				      outcome->received);
	if (ended && flow->received < flow->up)
		return harness_format(
			h,
			"flow %u: all is well, says the end, and the server got %" G_GUINT64_FORMAT,
			flow->number, flow->received);
	if (strcmp(outcome->end, "stuck") == 0 || strcmp(outcome->end, "extra") == 0)
		return harness_format(h, "flow %u is %s after %" G_GUINT64_FORMAT, flow->number,
				      outcome->end, outcome->received);
	return NULL;
}

static bool excused(struct harness *h, const struct kind *kind, guint flaws)
{
	if (flaws > 1)
		return false;
	return kind->closes ||
	       (kind->hidden && place_is_hidden(harness_read(h, h->trace), kind->name));
}

/* The lines of the trace around the fault. */
static void show_fault(struct harness *h)
{
	char **lines = g_strsplit(harness_read(h, h->trace), "\n", 0);
	guint count = g_strv_length(lines), at, i;

	for (at = 0; at < count && !strstr(lines[at], " * fault: "); at++)
		continue;
	for (i = at > SHOWN ? at - SHOWN : 0; i < MIN(at + SHOWN, count); i++)
		fprintf(stderr, "# trace: %.*s\n", SHOWN_WIDTH, lines[i]);
	g_strfreev(lines);
}

/* Ends the seed's process where it does not hold. The test itself tells which seeds failed. */
static void claim(struct harness *h, bool holds, const char *said)
{
	if (!holds) {
		fprintf(stderr, "# %s\n", said);
		show_fault(h);
	}
	ck_assert_msg(holds, "%s", said);
}

static void check_flows(struct harness *h, const struct kind *kind, const struct soak_flow *flows,
			const struct soak_outcome *outcomes)
{
	const char *each, *last = NULL;
	guint i, flaws = 0;

	for (i = UPLOAD; i <= ECHO; i++) {
		each = flaw(h, &flows[i], &outcomes[i]);
		last = each ? each : last;
		flaws += each != NULL;
	}
	claim(h, !flaws || excused(h, kind, flaws), last);
	claim(h, strstr(harness_read(h, h->trace), "* fault: ") != NULL,
	      "the fault did not happen");
}

static void check_broker(struct harness *h)
{
	const char *environment[] = { harness_format(h, "ESWRAP_SOCKET=%s", h->socket), NULL };
	const struct run how = { .environment = environment };
	const char *argv[] = { harness_tool(h, "eswrapctl"), "status", NULL };

	ck_result_status(harness_run_as(h, &how, argv), 0);
}

static void check_afterwards(struct harness *h, struct soak_flow *flow)
{
	struct soak_outcome outcome;

	soak_run(h, &flow, 1, PATIENCE, RUN_SECONDS, &outcome);
	claim(h, strcmp(outcome.end, "eof") == 0 && outcome.received == flow->down,
	      harness_format(h,
			     "afterwards a flow got %" G_GUINT64_FORMAT " bytes and ended with %s",
			     outcome.received, outcome.end));
}

static void run_seed(const struct kind *kind, guint seed)
{
	struct soak_flow *flows = soak_flows(FLOWS);
	struct soak_flow *const at_once[] = { &flows[UPLOAD], &flows[DOWNLOAD], &flows[ECHO] };
	struct soak_outcome outcomes[G_N_ELEMENTS(at_once)];
	struct harness *h = harness_new();
	const char *spec = fault_spec(h, kind, seed);
	guint i;

	fprintf(stderr, "# %s seed %u: %s\n", kind->name, seed, spec);
	make_flows(h, flows, seed);
	harness_fake(h, "--resolve", SOAK_HOST "=127.0.0.1", "--boot-time", "10",
		     "--connect-timeout", "1000", "--fault", spec, NULL);
	harness_broker(h, "%s", soak_routes(h, flows, FLOWS));
	soak_run(h, at_once, G_N_ELEMENTS(at_once), PATIENCE, RUN_SECONDS, outcomes);
	for (i = 0; i < G_N_ELEMENTS(at_once); i++)
		fprintf(stderr,
			"# %s seed %u: flow %u sent %" G_GUINT64_FORMAT
			" received %" G_GUINT64_FORMAT " wrong %" G_GINT64_FORMAT
			" end %s; server received %" G_GUINT64_FORMAT " wrong %" G_GINT64_FORMAT
			"\n",
			kind->name, seed, i, outcomes[i].sent, outcomes[i].received,
			outcomes[i].wrong, outcomes[i].end, flows[i].received, flows[i].wrong);
	check_broker(h);
	check_afterwards(h, &flows[AFTERWARDS]);
	/* By now the trace says all of the fault: a program can have its bytes before the trace has. */
	check_flows(h, kind, flows, outcomes);
	harness_free(h);
}

/* A seed runs in a child, which a failed assertion ends. */
static pid_t start_seed(const struct kind *kind, guint seed)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		run_seed(kind, seed);
		_exit(0);
	}
	return pid;
}

/* Waits for the next one that ends. */
static void await_seed(pid_t *pids, GString *failed, guint first)
{
	int status;
	pid_t pid = waitpid(-1, &status, 0);
	guint i;

	ck_assert_int_gt(pid, 0);
	for (i = 0; i < SOAK_SEEDS; i++)
		if (pids[i] == pid && status != 0)
			g_string_append_printf(failed, " %u", first + i);
}

START_TEST(fault)
{
	const struct kind *kind = &kinds[_i];
	const char *only = getenv("ESWRAP_SOAK_SEED");
	guint first = only ? (guint)atoi(only) : 1, count = only ? 1 : SOAK_SEEDS;
	GString *failed = g_string_new(NULL);
	pid_t pids[SOAK_SEEDS] = { 0 };
	guint i, running = 0;

	for (i = 0; i < count; i++) {
		if (running == AT_ONCE) {
			await_seed(pids, failed, first);
			running--;
		}
		pids[i] = start_seed(kind, first + i);
		running++;
	}
	for (; running > 0; running--)
		await_seed(pids, failed, first);
	ck_assert_msg(failed->len == 0,
		      "%s: seeds%s failed; CK_RUN_CASE=%s ESWRAP_SOAK_SEED=N shows one", kind->name,
		      failed->str, kind->name);
	g_string_free(failed, TRUE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("soak");
	TCase *tcase;
	guint i;

	for (i = 0; i < G_N_ELEMENTS(kinds); i++) {
		tcase = tcase_create(kinds[i].name);
		tcase_set_timeout(tcase, SUITE_SECONDS);
		tcase_add_loop_test(tcase, fault, (int)i, (int)i + 1);
		suite_add_tcase(suite, tcase);
	}
	return suite_run(suite);
}
