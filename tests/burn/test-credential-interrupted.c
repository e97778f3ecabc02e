// SPDX-License-Identifier: MIT
/*
 * Programming that is interrupted at any moment, by the death of any of those who take part: the
 * ledger is never wrong about an item, and finishing the job always works.
 *
 * INTERRUPTIONS is how often: a few in `make check`, 500 in `make check-all`.
 */
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "burn/device.h"
#include "support/suite.h"

#define BAUD "921600" /* slow enough for a blow to fall between two bytes of an item */

enum blow {
	KILL_CTL,
	KILL_BROKER,
	KILL_MODULE, /* as when it is unplugged: port and power are gone at once */
	RESET_MODULE,
	KILL_ALL, /* as when the power fails */
	BLOWS,
};

static const char *const blow_names[] = {
	[KILL_CTL] = "eswrapctl killed",    [KILL_BROKER] = "broker killed",
	[KILL_MODULE] = "module unplugged", [RESET_MODULE] = "module reset",
	[KILL_ALL] = "power failed",
};

/* From the start of eswrapctl to its good end, us. */
static gint64 whole_time;

static void start_module(void)
{
	harness_fake(h, "--baud", BAUD, NULL);
}

static void start_broker(void)
{
	credentials_broker(h, DEVICE_GROUP);
}

static void await_module(void)
{
	expect_status(credentials_ctl(h, "credentials", "list", "--wait", NULL), 0);
}

static struct process *start_programming(void)
{
	const char *argv[] = { harness_tool(h, "eswrapctl"),
			       "-s",
			       h->socket,
			       "-c",
			       h->config,
			       "credentials",
			       "program",
			       "0",
			       "--yes",
			       NULL };

	return process_start(h, "eswrapctl", argv, NULL);
}

static void setup(void)
{
	device_setup();
	start_module();
	start_broker();
	await_module();
}

/* How long it takes when nothing happens; the blows fall somewhere in that time. */
static void measure(void)
{
	gint64 began;

	setup();
	began = g_get_monotonic_time();
	ck_assert_int_eq(process_wait(start_programming()), 0);
	whole_time = g_get_monotonic_time() - began;
	device_teardown();
}

static void strike(enum blow blow, struct process *ctl)
{
	switch (blow) {
	case KILL_CTL:
		process_kill(ctl);
		break;
	case KILL_BROKER:
		process_kill(h->broker);
		break;
	case KILL_MODULE:
		process_kill(h->fake);
		break;
	case RESET_MODULE:
		/* The simulated module's reset line. */
		ck_assert_int_eq(kill(process_pid(h->fake), SIGUSR1), 0);
		break;
	case KILL_ALL:
		process_kill(h->broker);
		process_kill(h->fake);
		process_kill(ctl);
		break;
	case BLOWS:
		break;
	}
}

/* The two files say nothing of each other while somebody is writing them. */
static void freeze(enum blow blow, int signal_number)
{
	if (blow != KILL_BROKER && blow != KILL_ALL)
		ck_assert_int_eq(kill(process_pid(h->broker), signal_number), 0);
	if (blow != KILL_MODULE && blow != KILL_ALL)
		ck_assert_int_eq(kill(process_pid(h->fake), signal_number), 0);
}

static void expect_ledger_is_right(enum blow blow, gint64 when)
{
	char noted[LEDGER_SHA256_HEX + 1], burnt[LEDGER_SHA256_HEX + 1];
	int i;

	/* In the log of a run one sees that the blows fell everywhere. */
	fprintf(stderr, "%s after %d us of %d:", blow_names[blow], (int)when, (int)whole_time);
	for (i = 0; i < LEDGER_ITEMS; i++) {
		enum ledger_state state = credentials_ledger(h, 0, (enum eswifi_item)i, noted);

		credentials_flash(h, 0, (enum eswifi_item)i, burnt);
		fprintf(stderr, " %s", ledger_state_name(state));
		ck_assert_msg(state != LEDGER_BURNT || !strcmp(noted, burnt),
			      "%s after %d us: the ledger says %s is burnt, and it is not",
			      blow_names[blow], (int)when, ledger_item_name((enum eswifi_item)i));
		ck_assert_msg(state != LEDGER_BLANK || !*burnt,
			      "%s after %d us: the ledger says %s is blank, and it is not",
			      blow_names[blow], (int)when, ledger_item_name((enum eswifi_item)i));
		ck_assert_msg(!*burnt || !strcmp(noted, burnt),
			      "%s after %d us: something else is burnt than %s", blow_names[blow],
			      (int)when, ledger_item_name((enum eswifi_item)i));
	}
	fprintf(stderr, "\n");
}

static void restore(enum blow blow)
{
	if (blow == KILL_MODULE || blow == KILL_ALL)
		start_module();
	if (blow == KILL_BROKER || blow == KILL_ALL)
		start_broker();
}

/*
 * The prompt that ends a reset comes so late that it may strike the next run as well, which then
 * says so; the one after that has nothing in its way.
 */
static void finish(enum blow blow)
{
	const struct result *result = device_program();

	if (blow == RESET_MODULE && result->status != 0)
		result = device_program();
	ck_result_status(result, 0);
}

START_TEST(the_ledger_is_right_and_the_job_can_be_finished_after_any_interruption)
{
	enum blow blow = (enum blow)(_i % BLOWS);
	struct process *ctl;
	gint64 when;

	g_random_set_seed((guint32)g_get_monotonic_time());
	when = g_random_int_range(0, (gint32)(whole_time + whole_time / 10));
	ctl = start_programming();
	/* Not an event to be awaited, but a moment by chance. */
	g_usleep((gulong)when);
	strike(blow, ctl);
	freeze(blow, SIGSTOP);
	expect_ledger_is_right(blow, when);
	freeze(blow, SIGCONT);
	restore(blow);
	/* It ends by itself when it is not the one that was struck, with whatever status. */
	process_wait(ctl);
	process_kill(ctl);
	finish(blow);
	expect_burnt();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("credential-interrupted");
	TCase *blows = tcase_create("blows");

	tcase_add_unchecked_fixture(blows, measure, NULL);
	tcase_add_checked_fixture(blows, setup, device_teardown);
	tcase_set_timeout(blows, 90);
	tcase_add_loop_test(blows,
			    the_ledger_is_right_and_the_job_can_be_finished_after_any_interruption,
			    0, INTERRUPTIONS);
	suite_add_tcase(suite, blows);
	return suite_run(suite);
}
