// SPDX-License-Identifier: MIT
/* eswrapctl watch, seen through tmux, and the numbers that it shows. */
#include <string.h>
#include <sysexits.h>

#include "eswrapctl/ctl.h"
#include "eswrapctl/watch-events.h"
#include "eswrapctl/watch-model.h"
#include "support/harness.h"
#include "support/server.h"
#include "support/suite.h"

static struct harness *h;
static struct process *program;

/* Sends on and on, through the module. */
static const char sender[] = "exec 3<>/dev/tcp/a.example/$0 && echo up && "
			     "while echo 0123456789012345678901234567890123456789 >&3; do :; done";

static void setup(void)
{
	static const struct server hold = { SERVER_HOLD };
	const char *port;

	h = harness_new();
	port = harness_format(h, "%u", server_start(h, &hold));
	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	harness_broker(h, "[route tcp]\nhost = *.example\nthrough = tcp\n");
	program = process_start_wrapped(h, "bash",
					(const char *const[]){ "bash", "-c", sender, port, NULL });
	process_await_line(program, "up");
}

static void teardown(void)
{
	harness_free(h);
}

/*
 * A terminal of this size with `watch` in it, until the text is there: what is on it then, behind
 * a command of the shell and the keys that are typed first. q ends it, with status 0.
 */
static const char *screen_after(const char *command, const char *locale, const char *size,
				const char *keys, const char *text)
{
	static const char script[] =
		"sock=$PWD/tmux.$$; t() { tmux -S \"$sock\" -f /dev/null \"$@\"; }\n"
		"t new-session -d $3 \"LC_ALL=$2 TERM=screen '$1' -s '$4' watch && echo over; "
		"read x\" || exit 3\n"
		"until t capture-pane -p | grep -q 'ready'; do :; done\n"
		"eval \"$7\"\n"
		"for k in $5; do t send-keys $k; done\n"
		"until t capture-pane -p | grep -q -e \"$6\"; do :; done\n"
		"t capture-pane -p\nt send-keys q\n"
		"until t capture-pane -p | grep -q ^over; do :; done\nt kill-server\n";
	const struct result *result =
		harness_run(h, "sh", "-c", script, "sh", harness_tool(h, "eswrapctl"), locale, size,
			    h->socket, keys, text, command, NULL);

	ck_result_status(result, 0);
	return result->out->str;
}

static const char *screen(const char *locale, const char *size, const char *keys, const char *text)
{
	return screen_after(":", locale, size, keys, text);
}

START_TEST(all_fits_a_screen_of_80_by_24)
{
	const char *shown = screen("C.UTF-8", "-x 80 -y 24", "", ">.*bash .* a.example");
	g_auto(GStrv) lines = g_strsplit(shown, "\n", -1);
	int i;

	ck_text_has(shown, "module   ready");
	ck_text_has(shown, "ISM43362");
	ck_text_has(shown, "commands/s");
	ck_text_has(shown, "sockets  3 of 4 free");
	ck_text_has(shown, "q quit");
	for (i = 0; lines[i]; i++)
		ck_assert_int_le(g_utf8_strlen(lines[i], -1), 80);
	ck_assert_int_le(i, 25);
}
END_TEST

/* Columns of the longest line. */
static glong width_of(const char *shown)
{
	g_auto(GStrv) lines = g_strsplit(shown, "\n", -1);
	glong most = 0;
	int i;

	for (i = 0; lines[i]; i++)
		most = MAX(most, g_utf8_strlen(lines[i], -1));
	return most;
}

/* History of the line that 80 columns have no room for: a sample for each space. */
START_TEST(a_large_screen_shows_more_of_it)
{
	const char *shown, *history;

	shown = screen("C", "-x 200 -y 60",
		       "Space Space Space Space Space Space Space Space Space Space Space Space "
		       "Space Space Space Space Space Space Space Space Space Space",
		       "commands/s  [^ ]\\{18\\}");
	ck_text_has(shown, "module   ready");
	history = strstr(shown, "commands/s  ");
	ck_assert_uint_gt(strcspn(history + strlen("commands/s  "), "\n"), 16);
	ck_assert_int_gt(width_of(shown), 80);
	ck_assert_int_le(width_of(shown), 200);
}
END_TEST

/* Its program ends while it is watched. */
START_TEST(the_last_events_are_shown)
{
	const char *end = harness_format(h, "kill %d", (int)process_pid(program));

	ck_text_has(screen_after(end, "C.UTF-8", "-x 80 -y 24", "",
				 "^- ..:..:.. ended: bash to a.example"),
		    "bytes sent");
}
END_TEST

START_TEST(keys_sort_and_explain)
{
	ck_text_has(screen("C", "-x 200 -y 60", "s s r", "RATE, by age.*"), "by age");
	ck_text_has(screen("C", "-x 200 -y 60", "r", "all of its conditions"),
		    "[route tcp]: all of its conditions hold");
}
END_TEST

START_TEST(without_a_terminal_it_is_refused)
{
	const struct result *result =
		harness_run(h, harness_tool(h, "eswrapctl"), "-s", h->socket, "watch", NULL);

	ck_result_status(result, EX_USAGE);
	ck_text_has(result->err->str, "needs a terminal");
}
END_TEST

START_TEST(flows_are_a_table)
{
	const struct result *result =
		harness_run(h, harness_tool(h, "eswrapctl"), "-s", h->socket, "flows", NULL);

	ck_result_status(result, 0);
	ck_text_has(result->out->str, "SOCK STATE      PROGRAM");
	ck_text_has(result->out->str, "bash ");
	ck_text_has(result->out->str, harness_format(h, " %d ", (int)process_pid(program)));
	ck_text_has(result->out->str, "  a.example:");
	result = harness_run(h, harness_tool(h, "eswrapctl"), "-s", h->socket, "flows", "--json",
			     NULL);
	ck_assert(g_str_has_prefix(result->out->str, "[{"));
	result = harness_run(h, harness_tool(h, "eswrapctl"), "-s", h->socket, "status", NULL);
	ck_text_has(result->out->str, harness_format(h, ", pid %d, ", (int)process_pid(program)));
	ck_text_has(result->out->str, " per-user-flows 1 of 1024 ");
}
END_TEST

static GVariant *reply(guint64 out, guint64 sent, guint64 other)
{
	g_autofree char *text = g_strdup_printf(
		"{'baud': <uint32 10000>, 'bytes-out': <uint64 %" G_GUINT64_FORMAT ">, "
		"'flows': <[{'to': <'a:1'>, 'program': <'x'>, 'sent': <uint64 %" G_GUINT64_FORMAT
		">}, {'to': <'b:1'>, 'program': <'b'>, 'sent': <uint64 %" G_GUINT64_FORMAT ">}]>}",
		out, sent, other);

	return g_variant_ref_sink(g_variant_new_parsed(text));
}

static void take(struct watch_model *model, guint64 out, guint64 sent, guint64 other, gint64 second)
{
	GVariant *value = reply(out, sent, other);

	watch_model_take(model, value, second * G_USEC_PER_SEC);
	g_variant_unref(value);
}

static const struct watch_flow *flow_at(const struct watch_model *model, guint index)
{
	return g_ptr_array_index(model->flows, index);
}

START_TEST(rates_are_what_counters_have_grown_by)
{
	struct watch_model model;

	watch_model_init(&model);
	take(&model, 1000, 0, 500, 10);
	ck_assert(model.out == 0);
	take(&model, 2000, 100, 500, 12);
	ck_assert(model.out == 500);
	/* 500 bytes of ten bits a second on 10000 bit/s */
	ck_assert(model.share == 0.5);
	ck_assert_str_eq(ctl_text(flow_at(&model, 0)->flow, "program"), "x");
	ck_assert(flow_at(&model, 0)->rate == 50);
	model.sort = WATCH_BY_BYTES;
	watch_model_sort(&model);
	ck_assert_str_eq(ctl_text(flow_at(&model, 0)->flow, "program"), "b");
	/* The broker was started anew: its counters begin at 0. */
	take(&model, 10, 0, 0, 13);
	ck_assert(model.out == 0);
	ck_assert_uint_eq(model.samples, 2);
	watch_model_clear(&model);
}
END_TEST

START_TEST(rates_are_short)
{
	char text[8];

	watch_rate_text(0, text);
	ck_assert_str_eq(text, "0");
	watch_rate_text(999.6, text);
	ck_assert_str_eq(text, "1.0k");
	watch_rate_text(999600, text);
	ck_assert_str_eq(text, "1.0M");
}
END_TEST

static GVariant *answer(const char *text)
{
	return g_variant_ref_sink(g_variant_new_parsed(text));
}

START_TEST(events_are_what_two_answers_differ_by)
{
	GPtrArray *events = g_ptr_array_new_with_free_func(g_free);
	GVariant *before, *after;
	guint i;

	before = answer("{'state': <'ready'>, 'why': <'joined'>, 'resets': <uint64 1>, "
			"'failed': <{'ETIMEDOUT': uint64 2}>, "
			"'flows': <[{'program': <'a'>, 'to': <'x:1'>, 'sent': <uint64 7>}, "
			"{'program': <'a'>, 'to': <'x:1'>, 'sent': <uint64 8>}]>}");
	after = answer("{'state': <'joining'>, 'why': <'SSID x'>, 'resets': <uint64 2>, "
		       "'failed': <{'ETIMEDOUT': uint64 2, 'ECONNREFUSED': uint64 3}>, "
		       "'flows': <[{'program': <'a'>, 'to': <'x:1'>, 'sent': <uint64 9>}, "
		       "{'program': <'b'>, 'to': <'y:1'>, 'route': <'r'>}]>}");
	watch_events_take(events, before, before, "now");
	ck_assert_uint_eq(events->len, 0);
	watch_events_take(events, before, after, "now");
	ck_assert_uint_eq(events->len, 5);
	ck_assert_str_eq(events->pdata[0], "now the module was reset");
	ck_assert_str_eq(events->pdata[1], "now module joining: SSID x");
	ck_assert_str_eq(events->pdata[2], "now ended: a to x:1, 8 bytes sent, 0 received or more");
	ck_assert_str_eq(events->pdata[3], "now new: b to y:1, route r");
	ck_assert_str_eq(events->pdata[4], "now 3 connects failed: ECONNREFUSED");
	for (i = 0; i < WATCH_EVENTS; i++)
		watch_events_take(events, before, after, "later");
	ck_assert_uint_eq(events->len, WATCH_EVENTS);
	ck_assert(g_str_has_prefix(events->pdata[0], "later "));
	g_variant_unref(before);
	g_variant_unref(after);
	g_ptr_array_unref(events);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("watch");
	TCase *seen = tcase_create("seen"), *model = tcase_create("model");

	tcase_add_checked_fixture(seen, setup, teardown);
	tcase_set_timeout(seen, 2 * HARNESS_DEADLINE_S);
	tcase_add_test(seen, all_fits_a_screen_of_80_by_24);
	tcase_add_test(seen, a_large_screen_shows_more_of_it);
	tcase_add_test(seen, the_last_events_are_shown);
	tcase_add_test(seen, keys_sort_and_explain);
	tcase_add_test(seen, without_a_terminal_it_is_refused);
	tcase_add_test(seen, flows_are_a_table);
	suite_add_tcase(suite, seen);
	tcase_add_test(model, rates_are_what_counters_have_grown_by);
	tcase_add_test(model, rates_are_short);
	tcase_add_test(model, events_are_what_two_answers_differ_by);
	suite_add_tcase(suite, model);
	return suite_run(suite);
}
