// SPDX-License-Identifier: MIT
/*
 * What an administrator asks of the module, of the line and of the routes, where the module is lost,
 * who has asked is gone, or the broker leaves.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "eswrapd/sched.h"
#include "eswrapd/verb-module.h"
#include "eswrapd/verb-route.h"
#include "eswrapd/verb-trace.h"
#include "loop/timer.h"
#include "support/harness.h"
#include "support/suite.h"
#include "unit/fake-module.h"
#include "unit/parts-rig.h"
#include "unit/verb-rig.h"
#include "unit/with.h"

#define BACKLOG_MAX 512

static struct module_verbs *verbs;
static struct traces *traces;
static struct client client, second;

static void setup(void)
{
	parts_rig_setup(100);
	fake_module_init();
	verbs = module_verbs_new(parts.sched, &module, parts.timers);
	traces = traces_new(&module, parts.timers);
}

static void teardown(void)
{
	module_verbs_free(verbs);
	traces_free(traces);
	if (client.packets)
		fake_client_clear(&client);
	if (second.packets)
		fake_client_clear(&second);
	fake_module_clear();
	parts_rig_teardown();
}

static GVariant *one_argument(const char *key, const char *value)
{
	GVariantDict arguments;

	g_variant_dict_init(&arguments, NULL);
	g_variant_dict_insert(&arguments, key, "s", value);
	return g_variant_dict_end(&arguments);
}

static void resolves(const char *name)
{
	verb_ask(&client, verb_module_resolve, verbs, one_argument("name", name));
}

static void probes(void)
{
	verb_ask(&client, verb_module_probe, verbs, NULL);
}

START_TEST(a_look_up_says_what_the_module_has_found_and_how_long_it_took)
{
	g_autoptr(GVariant) reply = NULL;
	guint ms;

	resolves("Gate.Example.");
	ck_assert_int_eq(module_asked(), ASKED_LOOKUP);
	ck_assert_str_eq(module.data->str, "gate.example");
	fake.now += 250 * MS;
	module_ends(0, "192.0.2.9");
	ck_ends_well(&client);
	ck_says(&client, "address", "192.0.2.9");
	reply = verb_reply(&client);
	ck_assert(g_variant_lookup(reply, "milliseconds", "u", &ms));
	ck_assert_uint_eq(ms, 250);
}
END_TEST

static const char *const no_names[] = { "", "a b", "a;b", "-x.example", "a..example" };

START_TEST(what_is_no_host_name_is_not_looked_up)
{
	resolves(no_names[_i]);
	ck_fails(&client, EX_USAGE, "that is no host name");
	ck_assert_int_eq(module_asked(), ASKED_NOTHING);
}
END_TEST

START_TEST(a_look_up_of_nothing_is_not_looked_up)
{
	verb_ask(&client, verb_module_resolve, verbs, NULL);
	ck_fails(&client, EX_USAGE, "that is no host name");
}
END_TEST

struct failed {
	int result;
	const char *text, *says;
};

static const struct failed failed[] = {
	{ -ENOENT, "not found", "gate.example: the module finds no such name: not found" },
	{ -ENOENT, "", "gate.example: the module finds no such name" },
	{ -ENETDOWN, "unplugged", "gate.example: Network is down: unplugged" },
	{ -ETIMEDOUT, "", "gate.example: Connection timed out" },
};

START_TEST(a_look_up_that_fails_says_why)
{
	resolves("gate.example");
	ck_assert_int_eq(module_asked(), ASKED_LOOKUP);
	module_ends(failed[_i].result, failed[_i].text);
	ck_fails(&client, EXIT_FAILURE, failed[_i].says);
}
END_TEST

START_TEST(a_probe_gives_its_report)
{
	probes();
	ck_assert_int_eq(module_asked(), ASKED_PROBE);
	module_ends(0, "I?\tISM43362\n");
	ck_ends_well(&client);
	ck_says(&client, "report", "I?\tISM43362\n");
}
END_TEST

static GVariant *probe_arguments(const char *peer, guint16 port, bool reset)
{
	GVariantDict arguments;

	g_variant_dict_init(&arguments, NULL);
	g_variant_dict_insert(&arguments, "peer", "s", peer);
	if (port)
		g_variant_dict_insert(&arguments, "port", "q", port);
	g_variant_dict_insert(&arguments, "reset", "b", reset);
	return g_variant_dict_end(&arguments);
}

START_TEST(a_probe_asks_with_a_peer_after_a_reset_that_is_watched)
{
	verb_ask(&client, verb_module_probe, verbs, probe_arguments("192.0.2.1", 22, true));
	ck_assert(module.watched);
	ck_assert_uint_eq(module.resets, 1);
	ck_assert_int_eq(module_asked(), ASKED_PROBE);
	ck_assert_str_eq(module.data->str, "192.0.2.1:22");
	module_ends(0, "I?\tISM43362\n");
	ck_ends_well(&client);
}
END_TEST

START_TEST(a_probe_with_a_peer_that_is_none_is_not_asked)
{
	static const char *const peers[] = { "a.example", "::1", "192.0.2.1", "1.2.3",
					     "1.2.3.4\r" };
	static const guint16 ports[] = { 22, 22, 0, 22, 22 };

	verb_ask(&client, verb_module_probe, verbs, probe_arguments(peers[_i], ports[_i], true));
	ck_fails(&client, EX_USAGE, "the peer is not an IPv4 address and a port");
	ck_assert_int_eq(module_asked(), ASKED_NOTHING);
	ck_assert_uint_eq(module.resets, 0);
}
END_TEST

START_TEST(a_probe_whose_module_is_lost_gives_what_there_is)
{
	g_autoptr(GVariant) reply = NULL;
	gboolean whole;

	probes();
	ck_assert_int_eq(module_asked(), ASKED_PROBE);
	module_ends(-ENETDOWN, "I?\tISM43362\n");
	ck_ends_well(&client);
	reply = verb_reply(&client);
	ck_assert(g_variant_lookup(reply, "whole", "b", &whole));
	ck_assert(!whole);
}
END_TEST

START_TEST(a_probe_without_any_answer_says_why)
{
	probes();
	ck_assert_int_eq(module_asked(), ASKED_PROBE);
	module_ends(-ETIMEDOUT, "");
	ck_fails(&client, EXIT_FAILURE, "the module cannot be asked: Connection timed out");
}
END_TEST

START_TEST(a_question_that_the_driver_does_not_take_says_why)
{
	if (_i)
		probes();
	else
		resolves("gate.example");
	module.refusal = -EBUSY;
	ck_assert_int_eq(module_asked(), ASKED_NOTHING);
	ck_fails(&client, EXIT_FAILURE, g_strerror(EBUSY));
}
END_TEST

START_TEST(a_question_waits_half_a_minute_for_the_line_and_no_longer)
{
	resolves("gate.example");
	pass(30 * G_TIME_SPAN_SECOND - 1);
	ck_assert(!client.answered);
	pass(1);
	ck_fails(&client, EXIT_FAILURE, "the module is not ready, or its line was not free");
	ck_assert_int_eq(module_asked(), ASKED_NOTHING);
}
END_TEST

static void ignore_opened(struct channel *channel G_GNUC_UNUSED, int result G_GNUC_UNUSED,
			  const char *text G_GNUC_UNUSED)
{
}

static gsize send_nothing(struct channel *channel G_GNUC_UNUSED, const guint8 **data G_GNUC_UNUSED)
{
	return 0;
}

static bool take_nothing(struct channel *channel G_GNUC_UNUSED)
{
	return false;
}

START_TEST(a_question_finds_all_sockets_in_use)
{
	static const struct channel_ops ops = { .opened = ignore_opened,
						.peek = send_nothing,
						.may_receive = take_nothing };
	struct channel channels[ESWIFI_SOCKETS] = { 0 };
	guint i;

	for (i = 0; i < ESWIFI_SOCKETS; i++) {
		channels[i].ops = &ops;
		channels[i].target.host = "192.0.2.1";
		channels[i].socket = -1;
		sched_open(parts.sched, &channels[i]);
		until(OPEN);
		end(0, 1 * MS);
	}
	resolves("gate.example");
	ck_assert_int_eq(module_asked(), ASKED_NOTHING);
	ck_fails(&client, EXIT_FAILURE, "all sockets of the module are in use");
	for (i = 0; i < ESWIFI_SOCKETS; i++)
		sched_release(parts.sched, &channels[i]);
}
END_TEST

START_TEST(who_has_asked_the_module_may_go)
{
	resolves("gate.example");
	if (_i)
		ck_assert_int_eq(module_asked(), ASKED_LOOKUP);
	fake_client_hang_up(&client);
	ck_assert_int_eq(module_asked(), ASKED_LOOKUP);
	module_ends(0, "192.0.2.9");
	/* The line is free for the next. */
	verb_ask(&second, verb_module_probe, verbs, NULL);
	ck_assert_int_eq(module_asked(), ASKED_PROBE);
	module_ends(0, "I?\tx\n");
	ck_ends_well(&second);
}
END_TEST

START_TEST(a_broker_that_leaves_tells_who_has_asked_the_module)
{
	resolves("gate.example");
	if (_i)
		ck_assert_int_eq(module_asked(), ASKED_LOOKUP);
	verb_ask(&second, verb_module_probe, verbs, NULL);
	module_verbs_free(g_steal_pointer(&verbs));
	ck_fails(&client, EXIT_FAILURE, "the broker is leaving");
	ck_fails(&second, EXIT_FAILURE, "the broker is leaving");
}
END_TEST

START_TEST(a_reset_is_done_and_logged)
{
	verb_ask(&client, verb_module_reset, verbs, NULL);
	ck_ends_well(&client);
	ck_assert_uint_eq(module.resets, 1);
	ck_text_has(told->str, "the module is reset, as user " G_STRINGIFY(ADMINISTRATOR));
}
END_TEST

START_TEST(a_network_is_left_and_joined_and_logged)
{
	verb_ask(&client, verb_wifi_leave, verbs, NULL);
	verb_ask(&second, verb_wifi_join, verbs, NULL);
	ck_ends_well(&client);
	ck_ends_well(&second);
	ck_assert_uint_eq(module.leaves, 1);
	ck_assert_uint_eq(module.joins, 1);
	ck_text_has(told->str, "leaves the Wi-Fi network, as user " G_STRINGIFY(ADMINISTRATOR));
	ck_text_has(told->str, "joins the Wi-Fi network, as user " G_STRINGIFY(ADMINISTRATOR));
}
END_TEST

START_TEST(the_module_is_asked_and_its_lines_are_the_answer)
{
	static const verb_handler handlers[] = { verb_wifi_scan, verb_module_ping,
						 verb_module_time };
	static const enum eswifi_question questions[] = { ESWIFI_SCAN, ESWIFI_PING, ESWIFI_TIME };

	verb_ask(&client, handlers[_i], verbs, one_argument("address", "192.0.2.1"));
	ck_assert_int_eq(module.asked, ASKED_QUESTION);
	ck_assert_int_eq(module.question, questions[_i]);
	ck_assert_str_eq(module.data->str, questions[_i] == ESWIFI_PING ? "192.0.2.1" : "");
	module_ends(0, "one\ntwo");
	ck_ends_well(&client);
	ck_says(&client, "lines", "one\ntwo");
	ck_assert_int_eq(timers_due(parts.timers), G_MAXINT64);
}
END_TEST

START_TEST(a_question_that_the_module_refuses_says_so)
{
	verb_ask(&client, verb_wifi_scan, verbs, NULL);
	module_ends(-ENOTSUP, _i ? "no such command" : "");
	ck_fails(&client, EXIT_FAILURE, "the module does not do it: ");
	ck_fails(&client, EXIT_FAILURE, _i ? "no such command" : g_strerror(ENOTSUP));
}
END_TEST

START_TEST(what_is_no_address_is_not_pinged)
{
	module.refusal = -EINVAL;
	verb_ask(&client, verb_module_ping, verbs, NULL);
	ck_fails(&client, EX_USAGE, "that is no IPv4 address");
}
END_TEST

START_TEST(one_question_at_a_time_is_asked)
{
	verb_ask(&client, verb_wifi_scan, verbs, NULL);
	verb_ask(&second, verb_module_time, verbs, NULL);
	ck_fails(&second, EX_TEMPFAIL, "somebody else asks just now; try again");
	module_ends(0, "");
	ck_ends_well(&client);
}
END_TEST

START_TEST(a_scan_is_waited_for_for_a_minute_and_no_longer)
{
	verb_ask(&client, verb_wifi_scan, verbs, NULL);
	pass(60 * G_TIME_SPAN_SECOND - 1);
	ck_assert(!client.answered);
	pass(1);
	ck_fails(&client, EXIT_FAILURE, "its line was not free within 60 s");
	ck_assert_int_eq(module.asked, ASKED_NOTHING);
	/* And another may be asked for. */
	verb_ask(&second, verb_wifi_scan, verbs, NULL);
	module_ends(0, "");
	ck_ends_well(&second);
}
END_TEST

START_TEST(a_broker_that_leaves_tells_who_has_asked_for_a_scan)
{
	verb_ask(&client, verb_wifi_scan, verbs, NULL);
	module_verbs_free(g_steal_pointer(&verbs));
	ck_fails(&client, EXIT_FAILURE, "the broker is leaving");
	ck_assert_int_eq(module.asked, ASKED_NOTHING);
}
END_TEST

static void happens(enum eswifi_trace_kind kind)
{
	static const guint8 bytes[] = "bytes";
	const struct eswifi_trace trace = { .kind = kind,
					    .text = "R0",
					    .data = bytes,
					    .size = 5,
					    .port = 1883,
					    .address = "192.0.2.9" };

	ck_assert_ptr_nonnull(module.tap);
	module.tap(&module, &trace, module.tap_user);
}

static void traces_line(struct client *who, gboolean data)
{
	GVariantDict arguments;

	g_variant_dict_init(&arguments, NULL);
	g_variant_dict_insert(&arguments, "data", "b", data);
	verb_ask(who, verb_trace, traces, g_variant_dict_end(&arguments));
}

static bool has(const struct client *who, const char *key)
{
	g_autoptr(GVariant) reply = verb_reply(who);
	g_autoptr(GVariant) value = g_variant_lookup_value(reply, key, NULL);

	return value;
}

START_TEST(bytes_go_to_who_has_asked_for_them)
{
	traces_line(&client, TRUE);
	traces_line(&second, FALSE);
	happens(ESWIFI_TRACE_RECEIVED);
	ck_assert(has(&client, "data"));
	ck_assert(!has(&second, "data"));
	ck_says(&client, "kind", "received");
	ck_says(&second, "address", "192.0.2.9");
	ck_says(&second, "local", "192.0.2.7");
}
END_TEST

START_TEST(what_a_slow_one_has_no_room_for_is_counted)
{
	g_autoptr(GVariant) reply = NULL;
	guint64 missed;

	traces_line(&client, FALSE);
	client.backlog = BACKLOG_MAX;
	happens(ESWIFI_TRACE_COMMAND);
	happens(ESWIFI_TRACE_ANSWER);
	ck_assert(has(&client, "heard"));
	client.backlog = BACKLOG_MAX - 1;
	happens(ESWIFI_TRACE_NOISE);
	ck_says(&client, "kind", "noise");
	reply = verb_reply(&client);
	ck_assert(g_variant_lookup(reply, "missed", "t", &missed));
	ck_assert_uint_eq(missed, 2);
	happens(ESWIFI_TRACE_NOISE);
	ck_assert(!has(&client, "missed"));
}
END_TEST

START_TEST(every_minute_who_looks_is_told_that_the_broker_is_there)
{
	guint minute, packets;

	traces_line(&client, FALSE);
	for (minute = 0; minute < 3; minute++) {
		packets = client.packets->len;
		pass(60 * G_TIME_SPAN_SECOND);
		ck_assert_uint_eq(client.packets->len, packets + 1);
		ck_assert(!has(&client, "kind"));
	}
	client.backlog = BACKLOG_MAX;
	pass(60 * G_TIME_SPAN_SECOND);
	ck_assert_uint_eq(client.packets->len, packets + 1);
}
END_TEST

START_TEST(who_is_gone_is_forgotten_and_the_driver_asked_no_more)
{
	traces_line(&client, FALSE);
	traces_line(&second, FALSE);
	client.backlog = -1;
	pass(60 * G_TIME_SPAN_SECOND);
	ck_assert_ptr_nonnull(module.tap);
	second.backlog = -1;
	pass(60 * G_TIME_SPAN_SECOND);
	ck_assert_ptr_null(module.tap);
	ck_assert_int_eq(timers_due(parts.timers), G_MAXINT64);
	/* And one who comes after that sees all again. */
	fake_client_clear(&client);
	traces_line(&client, FALSE);
	happens(ESWIFI_TRACE_COMMAND);
	ck_says(&client, "kind", "command");
}
END_TEST

START_TEST(a_broker_that_leaves_tells_who_looks)
{
	traces_line(&client, FALSE);
	traces_free(g_steal_pointer(&traces));
	ck_fails(&client, EXIT_FAILURE, "the broker is leaving");
	ck_assert_ptr_null(module.tap);
}
END_TEST

static struct settings *settings_of_routes;

static void setup_routes(void)
{
	settings_of_routes =
		settings_with("[route net]\naddress=192.0.2.0/24\nthrough=tcp\n"
			      "[route no]\nhost=bad.example\nthrough=refuse\n"
			      "[route name]\nhost=*.example\nthrough=tls\ncredentials=c\n"
			      "[route own]\nhost=localhost\nthrough=direct\n"
			      "[default]\nthrough=tcp\n");
}

static void teardown_routes(void)
{
	settings_free(settings_of_routes);
	fake_client_clear(&client);
}

static void asks_route(const char *host, gboolean has_port, guint port, gboolean datagram)
{
	GVariantDict arguments;

	g_variant_dict_init(&arguments, NULL);
	if (host)
		g_variant_dict_insert(&arguments, "host", "s", host);
	if (has_port)
		g_variant_dict_insert(&arguments, "port", "u", port);
	g_variant_dict_insert(&arguments, "datagram", "b", datagram);
	verb_ask(&client, verb_route, settings_of_routes, g_variant_dict_end(&arguments));
}

static void ck_step(const char *text)
{
	g_autoptr(GVariant) reply = verb_reply(&client);
	g_autofree const char **steps = NULL;

	ck_assert(g_variant_lookup(reply, "steps", "^a&s", &steps));
	ck_assert_ptr_nonnull(steps[0]);
	ck_text_has(steps[g_strv_length((char **)steps) - 1], text);
}

struct no_question {
	const char *host;
	gboolean has_port;
	guint port;
};

static const struct no_question no_questions[] = {
	{ NULL, TRUE, 80 },	      { "", TRUE, 80 },
	{ "a.example", FALSE, 0 },    { "a.example", TRUE, 0 },
	{ "a.example", TRUE, 65536 },
};

START_TEST(a_question_without_a_host_or_a_port_is_none)
{
	const struct no_question *row = &no_questions[_i];

	asks_route(row->host, row->has_port, row->port, FALSE);
	ck_fails(&client, EX_USAGE, "a host and a port, 1 to 65535, are needed");
}
END_TEST

struct explained {
	const char *host;
	gboolean datagram;
	const char *route, *name, *step;
};

static const struct explained explained[] = {
	{ "192.0.2.1", FALSE, "net", "", "[route net]: all of its conditions hold" },
	{ "Bad.Example.", FALSE, "no", "not looked up at all", "[route no]: all" },
	{ "a.example", FALSE, "name", "looked up by the module; programs get a stand-in address",
	  "[route name]: all" },
	{ "localhost", FALSE, "own", "looked up as without eswrap", "[route own]: all" },
	{ "198.51.100.1", FALSE, "default", "", "[default]: no route takes it" },
	{ "198.51.100.1", TRUE, "", "", "[default]: no, it does not take sockets of this type" },
	{ "127.0.0.1", FALSE, "", "", "loopback addresses take only a route that names them" },
	{ "::1", FALSE, "", "", "loopback addresses take only a route that names them" },
};

START_TEST(a_route_is_explained_to_its_last_step)
{
	const struct explained *row = &explained[_i];

	asks_route(row->host, TRUE, 1883, row->datagram);
	ck_ends_well(&client);
	ck_says(&client, "route", row->route);
	ck_says(&client, "name", row->name);
	ck_step(row->step);
}
END_TEST

static TCase *module_case(void)
{
	TCase *tcase = tcase_create("module");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_look_up_says_what_the_module_has_found_and_how_long_it_took);
	tcase_add_loop_test(tcase, what_is_no_host_name_is_not_looked_up, 0,
			    G_N_ELEMENTS(no_names));
	tcase_add_test(tcase, a_look_up_of_nothing_is_not_looked_up);
	tcase_add_loop_test(tcase, a_look_up_that_fails_says_why, 0, G_N_ELEMENTS(failed));
	tcase_add_test(tcase, a_probe_gives_its_report);
	tcase_add_test(tcase, a_probe_asks_with_a_peer_after_a_reset_that_is_watched);
	tcase_add_loop_test(tcase, a_probe_with_a_peer_that_is_none_is_not_asked, 0, 5);
	tcase_add_test(tcase, a_probe_whose_module_is_lost_gives_what_there_is);
	tcase_add_test(tcase, a_probe_without_any_answer_says_why);
	tcase_add_loop_test(tcase, a_question_that_the_driver_does_not_take_says_why, 0, 2);
	tcase_add_test(tcase, a_question_waits_half_a_minute_for_the_line_and_no_longer);
	tcase_add_test(tcase, a_question_finds_all_sockets_in_use);
	tcase_add_loop_test(tcase, who_has_asked_the_module_may_go, 0, 2);
	tcase_add_loop_test(tcase, a_broker_that_leaves_tells_who_has_asked_the_module, 0, 2);
	tcase_add_test(tcase, a_reset_is_done_and_logged);
	tcase_add_test(tcase, a_network_is_left_and_joined_and_logged);
	tcase_add_loop_test(tcase, the_module_is_asked_and_its_lines_are_the_answer, 0, 3);
	tcase_add_loop_test(tcase, a_question_that_the_module_refuses_says_so, 0, 2);
	tcase_add_test(tcase, what_is_no_address_is_not_pinged);
	tcase_add_test(tcase, one_question_at_a_time_is_asked);
	tcase_add_test(tcase, a_scan_is_waited_for_for_a_minute_and_no_longer);
	tcase_add_test(tcase, a_broker_that_leaves_tells_who_has_asked_for_a_scan);
	return tcase;
}

static TCase *trace_case(void)
{
	TCase *tcase = tcase_create("trace");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, bytes_go_to_who_has_asked_for_them);
	tcase_add_test(tcase, what_a_slow_one_has_no_room_for_is_counted);
	tcase_add_test(tcase, every_minute_who_looks_is_told_that_the_broker_is_there);
	tcase_add_test(tcase, who_is_gone_is_forgotten_and_the_driver_asked_no_more);
	tcase_add_test(tcase, a_broker_that_leaves_tells_who_looks);
	return tcase;
}

static TCase *route_case(void)
{
	TCase *tcase = tcase_create("route");

	tcase_add_checked_fixture(tcase, setup_routes, teardown_routes);
	tcase_add_loop_test(tcase, a_question_without_a_host_or_a_port_is_none, 0,
			    G_N_ELEMENTS(no_questions));
	tcase_add_loop_test(tcase, a_route_is_explained_to_its_last_step, 0,
			    G_N_ELEMENTS(explained));
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("verbs");

	suite_add_tcase(suite, module_case());
	suite_add_tcase(suite, trace_case());
	suite_add_tcase(suite, route_case());
	return suite_run(suite);
}
