// SPDX-License-Identifier: MIT
/* eswrapctl watch, seen through tmux, and the numbers that it shows. */
#include <string.h>
#include <sysexits.h>

#include "eswrapctl/ctl.h"
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
 * A terminal of this size with `watch` in it, until each of the texts is there: what is on it then,
 * behind the keys that are typed first. q ends it, with status 0.
 */
static const char *screen(const char *locale, const char *size, const char *keys, const char *text)
{
	static const char script[] =
		"sock=$PWD/tmux.$$; t() { tmux -S \"$sock\" -f /dev/null \"$@\"; }\n"
		"t new-session -d $3 \"LC_ALL=$2 TERM=screen '$1' -s '$4' watch && echo over; "
		"read x\" || exit 3\n"
		"until t capture-pane -p | grep -q 'ready'; do :; done\n"
		"for k in $5; do t send-keys $k; done\n"
		"until t capture-pane -p | grep -q -e \"$6\"; do :; done\n"
		"t capture-pane -p\nt send-keys q\n"
		"until t capture-pane -p | grep -q ^over; do :; done\nt kill-server\n";
	const struct result *result =
		harness_run(h, "sh", "-c", script, "sh", harness_tool(h, "eswrapctl"), locale, size,
			    h->socket, keys, text, NULL);

	ck_result_status(result, 0);
	return result->out->str;
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
	ck_text_has(result->out->str, "  a.example:");
	result = harness_run(h, harness_tool(h, "eswrapctl"), "-s", h->socket, "flows", "--json",
			     NULL);
	ck_assert(g_str_has_prefix(result->out->str, "[{"));
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

int main(void)
{
	Suite *suite = suite_create("watch");
	TCase *seen = tcase_create("seen"), *model = tcase_create("model");

	tcase_add_checked_fixture(seen, setup, teardown);
	tcase_set_timeout(seen, 2 * HARNESS_DEADLINE_S);
	tcase_add_test(seen, all_fits_a_screen_of_80_by_24);
	tcase_add_test(seen, keys_sort_and_explain);
	tcase_add_test(seen, without_a_terminal_it_is_refused);
	tcase_add_test(seen, flows_are_a_table);
	suite_add_tcase(suite, seen);
	tcase_add_test(model, rates_are_what_counters_have_grown_by);
	tcase_add_test(model, rates_are_short);
	suite_add_tcase(suite, model);
	return suite_run(suite);
}
