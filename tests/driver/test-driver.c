// SPDX-License-Identifier: MIT
/* The driver against the simulated module, one claim of eswifi.h after the other. */
#include <errno.h>
#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver/drive.h"
#include "support/harness.h"
#include "support/raw.h"
#include "support/suite.h"

START_TEST(bring_up_learns_who_the_module_is)
{
	struct harness *h = harness_new();
	const struct eswifi_identity *identity;
	struct drive d;

	drive_ready(&d, harness_fake(h, NULL, NULL));
	identity = eswifi_module_identity(d.module);
	ck_assert_str_ne(identity->product, "");
	ck_assert_str_ne(identity->firmware, "");
	ck_assert_uint_eq(strlen(identity->mac), 17);
	ck_assert_str_ne(identity->address, "");
	ck_assert_uint_eq(identity->baud, 115200);
	drive_free(&d);
	harness_free(h);
}
END_TEST

START_TEST(bytes_go_both_ways_and_the_end_is_seen)
{
	struct harness *h = harness_new();
	GByteArray *got;
	guint16 port;
	char buffer[16];
	int fd = raw_listener(&port), peer, end;
	struct drive d;

	drive_ready(&d, harness_fake(h, NULL, NULL));
	ck_assert_int_eq(drive_open_tcp(&d, 2, port), 0);
	peer = accept(fd, NULL, NULL);
	ck_assert_int_eq(drive_read(&d, 2, 1), 0);
	ck_assert_int_eq(drive_send(&d, 2, "ping", 4), 4);
	ck_assert_int_eq(recv(peer, buffer, 4, MSG_WAITALL), 4);
	ck_assert_mem_eq(buffer, "ping", 4);
	ck_assert_int_eq(write(peer, "pong", 4), 4);
	got = drive_read_all(&d, 2, 4, &end);
	ck_assert_uint_eq(got->len, 4);
	ck_assert_mem_eq(got->data, "pong", 4);
	g_byte_array_unref(got);
	close(peer);
	got = drive_read_all(&d, 2, 1, &end);
	ck_assert_int_eq(end, -EPIPE);
	ck_assert_uint_eq(got->len, 0);
	g_byte_array_unref(got);
	ck_assert_int_eq(drive_close(&d, 2), 0);
	ck_assert_uint_eq(d.lost, 0);
	drive_free(&d);
	close(fd);
	harness_free(h);
}
END_TEST

START_TEST(a_refused_port_is_econnrefused_with_the_modules_words)
{
	struct harness *h = harness_new();
	struct drive d;

	drive_ready(&d, harness_fake(h, NULL, NULL));
	ck_assert_int_eq(drive_open_tcp(&d, 0, harness_free_port()), -ECONNREFUSED);
	ck_assert_str_ne(d.text, "");
	ck_assert_uint_eq(d.lost, 0);
	drive_free(&d);
	harness_free(h);
}
END_TEST

START_TEST(names_are_looked_up_by_the_module)
{
	struct harness *h = harness_new();
	struct drive d;

	drive_ready(&d, harness_fake(h, "--resolve", "gateway.example=127.0.0.9", NULL));
	ck_assert_int_eq(drive_lookup(&d, 0, "gateway.example"), 0);
	ck_assert_str_eq(d.text, "127.0.0.9");
	ck_assert_int_eq(drive_lookup(&d, 0, "nobody.invalid"), -ENOENT);
	drive_free(&d);
	harness_free(h);
}
END_TEST

/* Bad hosts never reach the line: nothing is sent. */
START_TEST(a_string_that_could_be_a_command_is_refused)
{
	static const char *const bad[] = { "", "a\rP6=0", "a\nb", "a b", "a,b", "\x7f", "a\x80" };
	struct harness *h = harness_new();
	guint64 before;
	struct drive d;
	gsize i;

	drive_ready(&d, harness_fake(h, NULL, NULL));
	before = eswifi_module_counters(d.module)->bytes_out;
	for (i = 0; i < G_N_ELEMENTS(bad); i++) {
		struct eswifi_target target = { .host = bad[i], .port = 1 };

		ck_assert_int_eq(drive_lookup(&d, 0, bad[i]), -EINVAL);
		ck_assert_int_eq(drive_open(&d, 0, &target), -EINVAL);
	}
	ck_assert_uint_eq(eswifi_module_counters(d.module)->bytes_out, before);
	drive_free(&d);
	harness_free(h);
}
END_TEST

START_TEST(a_second_open_says_only_what_is_new)
{
	struct harness *h = harness_new();
	guint64 before;
	guint16 port;
	int fd = raw_listener(&port);
	struct drive d;

	drive_ready(&d, harness_fake(h, NULL, NULL));
	ck_assert_int_eq(drive_open_tcp(&d, 1, port), 0);
	ck_assert_int_eq(drive_close(&d, 1), 0);
	before = eswifi_module_counters(d.module)->commands;
	ck_assert_int_eq(drive_open_tcp(&d, 1, port), 0);
	/* A local port of its own, and the start. */
	ck_assert_uint_eq(eswifi_module_counters(d.module)->commands - before, 2);
	drive_free(&d);
	close(fd);
	harness_free(h);
}
END_TEST

static const char *const dialects[] = { "note", "st" };
static const enum eswifi_firmware firmwares[] = { ESWIFI_FIRMWARE_NOTE, ESWIFI_FIRMWARE_ST };

START_TEST(the_dialect_is_found_out_and_credentials_are_burnt_once)
{
	struct harness *h = harness_new();
	struct drive d;
	int result;

	drive_ready(&d, harness_fake(h, "--firmware", dialects[_i], NULL));
	ck_assert_int_eq(eswifi_module_identity(d.module)->dialect, firmwares[_i]);
	ck_assert_int_eq(drive_credential(&d, 1, ESWIFI_ITEM_CA, "one\r\nOK\r\n> "),
			 ESWIFI_WRITTEN);
	/* Not every firmware has a word for a match. */
	result = drive_credential(&d, 1, ESWIFI_ITEM_CA, "one\r\nOK\r\n> ");
	ck_assert(result == ESWIFI_MATCHED || result == ESWIFI_WRITTEN);
	ck_assert_int_eq(drive_credential(&d, 1, ESWIFI_ITEM_CA, "two"), -EACCES);
	ck_assert_int_eq(drive_credential(&d, 2, ESWIFI_ITEM_CA, "two"), 0);
	ck_assert_uint_eq(d.lost, 0);
	drive_free(&d);
	harness_free(h);
}
END_TEST

/* Its prompt is the answer to PG that never came, and proof that it waits for no more bytes. */
START_TEST(a_module_that_is_reset_while_it_is_burnt_comes_back_at_once)
{
	struct harness *h = harness_new();
	char *item = g_strnfill(4000, 'x');
	struct drive d;

	drive_ready(&d, harness_fake(h, "--baud", "115200", "--fault", "reset@in=2000", NULL));
	ck_assert_int_eq(drive_credential(&d, 0, ESWIFI_ITEM_CA, item), -EPROTO);
	drive_await_state(&d, ESWIFI_READY);
	ck_assert_int_eq(drive_credential(&d, 0, ESWIFI_ITEM_CA, item), 0);
	drive_free(&d);
	g_free(item);
	harness_free(h);
}
END_TEST

START_TEST(a_port_in_use_is_said_and_waited_for)
{
	struct harness *h = harness_new();
	struct drive d, second;

	drive_ready(&d, harness_fake(h, NULL, NULL));
	drive_prepare(&second, d.settings.device);
	drive_start(&second);
	drive_await_why(&second, "in use by another process");
	ck_assert_int_eq(eswifi_module_state(second.module), ESWIFI_CLOSED);
	drive_free(&d);
	drive_await_state(&second, ESWIFI_READY);
	drive_free(&second);
	harness_free(h);
}
END_TEST

struct ending {
	const char *data;
	gsize repeat, fill; /* @fill bytes of 'x' come first */
};

static const struct ending endings[] = {
	{ "", 1, 0 },
	{ "-1", 1, 0 },
	{ "-", 1, 0 },
	{ "x", 1, 0 },
	{ "x-1", 1, 0 },
	{ "-1", 2, 0 },
	{ "-1", 3, 0 },
	{ "-1", 4, 0 },
	{ "-1", 2000, 0 },
	{ "-1\r\nOK\r\n> ", 1, 0 },
	{ "\r\n-1\r\nERROR\r\n> ", 1, 0 },
	{ "\r\n-1\r\nERROR\r\n> ", 300, 0 },
	{ "\r\n> ", 1, 0 },
	{ "\r\nOK\r\n> ", 1, 0 },
	{ "\r\nOK\r\n> ", 400, 0 },
	{ "OK\r\n> ", 1, 0 },
	{ "[SOMA][EOMA]", 1, 0 },
	{ "\x15\x15\x15", 1, 0 },
	/* ends of full reads */
	{ "", 1, 1460 },
	{ "-1", 1, 1460 },
	{ "-1", 1, 1458 },
	{ "x-1", 1, 1460 },
	{ "-1", 1, 2920 },
	{ "\r\nOK\r\n> ", 1, 1452 },
	{ "\r\nOK\r\n> ", 1, 1460 },
	{ "", 1, 14600 },
};

static GByteArray *make_bytes(const struct ending *ending)
{
	GByteArray *bytes = g_byte_array_new();
	gsize i;

	for (i = 0; i < ending->fill; i++)
		g_byte_array_append(bytes, (const guint8 *)"x", 1);
	for (i = 0; i < ending->repeat; i++)
		g_byte_array_append(bytes, (const guint8 *)ending->data,
				    (guint)strlen(ending->data));
	return bytes;
}

static const char *const gones[] = { "ok", "error" };
static const char *const empties[] = { "long", "short" };

/* The far end closes right behind its last byte. */
START_TEST(a_closing_peer_loses_nothing_whatever_it_says)
{
	struct harness *h = harness_new();
	guint16 port;
	int fd = raw_listener(&port), peer, end;
	GByteArray *bytes, *got;
	struct drive d;
	gsize i;

	drive_ready(&d, harness_fake(h, "--gone", gones[_i % 2], "--empty", empties[_i / 2], NULL));
	for (i = 0; i < G_N_ELEMENTS(endings); i++) {
		bytes = make_bytes(&endings[i]);
		ck_assert_int_eq(drive_open_tcp(&d, 0, port), 0);
		peer = accept(fd, NULL, NULL);
		if (bytes->len)
			ck_assert_int_eq(write(peer, bytes->data, bytes->len), bytes->len);
		close(peer);
		got = drive_read_all(&d, 0, G_MAXUINT, &end);
		ck_assert_int_eq(end, -EPIPE);
		ck_assert_msg(got->len == bytes->len, "case %zu: %u bytes of %u", i, got->len,
			      bytes->len);
		if (got->len)
			ck_assert_mem_eq(got->data, bytes->data, got->len);
		g_byte_array_unref(got);
		g_byte_array_unref(bytes);
		ck_assert_int_eq(drive_close(&d, 0), 0);
	}
	ck_assert_uint_eq(d.lost, 0);
	drive_free(&d);
	close(fd);
	harness_free(h);
}
END_TEST

/* The far end stays, and speaks again when its bytes have arrived. */
START_TEST(a_peer_that_stays_loses_nothing_whatever_it_says)
{
	struct harness *h = harness_new();
	guint16 port;
	int fd = raw_listener(&port), peer, end;
	GByteArray *bytes, *got;
	struct drive d;
	gsize i;

	drive_ready(&d, harness_fake(h, "--gone", gones[_i % 2], "--empty", empties[_i / 2], NULL));
	ck_assert_int_eq(drive_open_tcp(&d, 3, port), 0);
	peer = accept(fd, NULL, NULL);
	for (i = 0; i < G_N_ELEMENTS(endings); i++) {
		bytes = make_bytes(&endings[i]);
		if (bytes->len)
			ck_assert_int_eq(write(peer, bytes->data, bytes->len), bytes->len);
		got = drive_read_all(&d, 3, bytes->len, &end);
		ck_assert_int_ge(end, 0);
		ck_assert_uint_eq(got->len, bytes->len);
		if (got->len)
			ck_assert_mem_eq(got->data, bytes->data, got->len);
		g_byte_array_unref(got);
		g_byte_array_unref(bytes);
	}
	ck_assert_int_eq(drive_read(&d, 3, 1), 0);
	ck_assert_uint_eq(d.lost, 0);
	drive_free(&d);
	close(peer);
	close(fd);
	harness_free(h);
}
END_TEST

START_TEST(losing_wifi_is_not_an_end_of_the_connection)
{
	struct harness *h = harness_new();
	guint16 port;
	int fd = raw_listener(&port), peer, n;
	struct drive d;

	drive_ready(&d, harness_fake(h, "--gone", gones[_i], "--fault", "wifi-loss@R4#3", "--fault",
				     "wifi-loss@R0#3", NULL));
	ck_assert_int_eq(drive_open_tcp(&d, 0, port), 0);
	peer = accept(fd, NULL, NULL);
	while ((n = drive_read(&d, 0, 1)) >= 0)
		ck_assert_int_eq(n, 0);
	ck_assert_int_eq(n, -ENETDOWN);
	ck_assert_uint_eq(d.lost, 1);
	drive_await_state(&d, ESWIFI_READY);
	ck_assert_int_eq(drive_open_tcp(&d, 0, port), 0);
	drive_free(&d);
	close(peer);
	close(fd);
	harness_free(h);
}
END_TEST

/* How often has the driver said that? */
static guint times_said(struct harness *h, const char *command)
{
	g_autofree char *line = g_strdup_printf(" > \"%s\\r\"", command);
	g_auto(GStrv) parts = g_strsplit(harness_read(h, h->trace), line, 0);

	return g_strv_length(parts) - 1;
}

START_TEST(keep_alive_is_changed_on_an_open_connection)
{
	struct harness *h = harness_new();
	guint16 port;
	int fd = raw_listener(&port);
	struct drive d;

	drive_ready(&d, harness_fake(h, NULL, NULL));
	ck_assert_int_eq(drive_keep_alive(&d, 0, 1000), -EINVAL);
	ck_assert_int_eq(drive_open_tcp(&d, 0, port), 0);
	ck_assert_int_eq(drive_open_tcp(&d, 1, port), 0);
	ck_assert_int_eq(drive_keep_alive(&d, 0, 30000), 0);
	ck_assert_int_eq(drive_keep_alive(&d, 0, 30000), 0);
	ck_assert_int_eq(drive_keep_alive(&d, 1, 1), 0);
	ck_assert_int_eq(drive_keep_alive(&d, 1, 7200001), -EINVAL);
	ck_assert_uint_eq(times_said(h, "PK=1,30000"), 1);
	ck_assert_uint_eq(times_said(h, "PK=1,250"), 1);
	/* The connection is what it was. */
	ck_assert_int_eq(drive_send(&d, 0, "x", 1), 1);
	drive_free(&d);
	close(fd);
	harness_free(h);
}
END_TEST

START_TEST(keep_alive_that_the_firmware_refuses_ends_nothing)
{
	struct harness *h = harness_new();
	guint16 port;
	int fd = raw_listener(&port);
	struct drive d;

	drive_ready(&d, harness_fake(h, "--without", "PK", NULL));
	ck_assert_int_eq(drive_open_tcp(&d, 0, port), 0);
	ck_assert_int_eq(drive_keep_alive(&d, 0, 30000), -ENOTSUP);
	ck_assert_int_eq(drive_send(&d, 0, "x", 1), 1);
	ck_assert_uint_eq(d.lost, 0);
	drive_free(&d);
	close(fd);
	harness_free(h);
}
END_TEST

START_TEST(a_probe_reports_every_question_and_no_secret)
{
	struct harness *h = harness_new();
	g_auto(GStrv) lines = NULL;
	guint16 port, i;
	int fd = raw_listener(&port);
	struct drive d;

	drive_ready(&d, harness_fake(h, NULL, NULL));
	ck_assert_int_eq(drive_open_tcp(&d, 0, port), 0);
	ck_assert_int_eq(drive_probe(&d, 0, 0), -EINVAL);
	ck_assert_int_eq(drive_probe(&d, 2, 0), 0);
	ck_assert(g_str_has_prefix(d.text, "eswrap-module-report 1\n"));
	ck_text_has(d.text, "\nidentity\t");
	ck_text_has(d.text, "\nr4.closed\t");
	ck_text_has(d.text, "\nu2.921600\t");
	ck_assert_ptr_null(strstr(d.text, HARNESS_PASSPHRASE));
	ck_assert_ptr_null(strstr(d.text, HARNESS_SSID));
	ck_assert_ptr_null(strstr(d.text, eswifi_module_identity(d.module)->mac));
	lines = g_strsplit(d.text, "\n", 0);
	for (i = 1; *lines[i]; i++) {
		g_auto(GStrv) fields = g_strsplit(lines[i], "\t", 0);

		ck_assert_uint_eq(g_strv_length(fields), 4);
		ck_assert_str_ne(fields[3], "");
	}
	/* Nothing is lost, and the socket is as good as before. */
	ck_assert_uint_eq(d.lost, 0);
	ck_assert_int_eq(drive_send(&d, 0, "x", 1), 1);
	ck_assert_int_eq(drive_open_tcp(&d, 2, port), 0);
	drive_free(&d);
	close(fd);
	harness_free(h);
}
END_TEST

/* What a report says but for what time it is and how long things took. */
static char *lasting(const char *report)
{
	g_auto(GStrv) lines = g_strsplit(report, "\n", 0);
	GString *kept = g_string_new(NULL);
	guint i;

	for (i = 1; lines[i] && *lines[i]; i++) {
		g_auto(GStrv) fields = g_strsplit(lines[i], "\t", 0);

		if (!g_str_equal(fields[0], "gt") && !g_str_equal(fields[0], "md"))
			g_string_append_printf(kept, "%s %s %s\n", fields[0], fields[2], fields[3]);
	}
	return g_string_free(kept, FALSE);
}

/* Return: the report of a simulated module; free it. */
static void not_called(struct eswifi_module *module, int result, const char *text, gpointer user)
{
	(void)module;
	(void)result;
	(void)text;
	*(bool *)user = true;
}

/* Of its report nothing is left, which LeakSanitizer sees. */
START_TEST(a_module_may_go_in_the_middle_of_a_probe)
{
	struct harness *h = harness_new();
	bool called = false;
	struct drive d;

	drive_ready(&d, harness_fake(h, NULL, NULL));
	ck_assert_int_eq(eswifi_probe(d.module, 0, NULL, 0, not_called, &called), 0);
	g_main_context_iteration(d.context, TRUE);
	drive_free(&d);
	ck_assert(!called);
	harness_free(h);
}
END_TEST

static char *probe_as(struct harness *h, const char *profile)
{
	struct drive d;
	char *report;

	drive_ready(&d, harness_fake(h, "--as", profile, NULL));
	ck_assert_int_eq(drive_probe(&d, 0, 0), 0);
	report = g_strdup(d.text);
	drive_free(&d);
	return report;
}

static const char *const profiles[] = { "C3.5.2.5", "C3.5.2.3", "C6.2.1", "note" };

START_TEST(a_report_that_takes_the_modules_place_gives_the_same_report)
{
	struct harness *h = harness_new(), *other = harness_new();
	g_autofree char *report = probe_as(h, profiles[_i]), *again = NULL;
	g_autofree char *first = lasting(report), *second = NULL;
	const char *path = harness_path(h, "report");

	ck_assert(g_file_set_contents(path, report, -1, NULL));
	again = probe_as(other, path);
	second = lasting(again);
	ck_assert_str_eq(first, second);
	harness_free(other);
	harness_free(h);
}
END_TEST

START_TEST(questions_about_no_socket_are_answered_between_operations)
{
	struct harness *h = harness_new();
	struct drive d;

	drive_ready(&d, harness_fake(h, NULL, NULL));
	ck_assert_int_eq(drive_ask(&d, ESWIFI_SCAN, NULL), 0);
	ck_text_has(d.text, "\"" HARNESS_SSID "\"");
	ck_assert_int_eq(drive_ask(&d, ESWIFI_PING, "127.0.0.1"), 0);
	ck_text_has(d.text, "1,");
	ck_assert_int_eq(drive_ask(&d, ESWIFI_PING, "a.example"), -EINVAL);
	ck_assert_int_eq(drive_ask(&d, ESWIFI_TIME, NULL), 0);
	ck_assert_str_ne(d.text, "");
	ck_assert_uint_eq(d.lost, 0);
	drive_free(&d);
	harness_free(h);
}
END_TEST

START_TEST(a_module_that_has_left_stays_away_until_it_is_told_to_join)
{
	struct harness *h = harness_new();
	guint16 port;
	int fd = raw_listener(&port);
	struct drive d;

	drive_ready(&d, harness_fake(h, NULL, NULL));
	ck_assert_int_eq(drive_open_tcp(&d, 2, port), 0);
	eswifi_leave(d.module);
	drive_await_why(&d, "left, as was asked");
	ck_assert_uint_eq(d.lost, 1);
	ck_assert(eswifi_module_away(d.module));
	/* Also through a scan, and a reset. */
	ck_assert_int_eq(drive_ask(&d, ESWIFI_SCAN, NULL), 0);
	ck_text_has(d.text, "\"" HARNESS_SSID "\"");
	eswifi_module_reset(d.module, "for the test");
	drive_await_why(&d, "for the test");
	drive_await_why(&d, "left, as was asked");
	eswifi_join(d.module);
	drive_await_state(&d, ESWIFI_READY);
	ck_assert_int_eq(drive_open_tcp(&d, 2, port), 0);
	close(fd);
	drive_free(&d);
	harness_free(h);
}
END_TEST

/* _i: also when told so while the join is under way. */
START_TEST(leaving_and_scanning_hold_where_it_cannot_join)
{
	struct harness *h = harness_new();
	struct drive d;

	drive_prepare(&d, harness_fake(h, "--latency", "C0=300", NULL));
	d.settings.passphrase = "wrong horse";
	drive_start(&d);
	drive_await_state(&d, ESWIFI_JOINING);
	if (!_i)
		drive_await_why(&d, "refused at");
	ck_assert_int_eq(drive_ask(&d, ESWIFI_SCAN, NULL), 0);
	ck_text_has(d.text, "\"" HARNESS_SSID "\"");
	eswifi_leave(d.module);
	drive_await_why(&d, "left, as was asked");
	eswifi_join(d.module);
	drive_await_why(&d, "refused at");
	drive_free(&d);
	harness_free(h);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("driver");
	TCase *operations = tcase_create("operations");

	tcase_set_timeout(operations, 2 * DRIVE_DEADLINE_S);
	tcase_add_test(operations, bring_up_learns_who_the_module_is);
	tcase_add_test(operations, bytes_go_both_ways_and_the_end_is_seen);
	tcase_add_test(operations, a_refused_port_is_econnrefused_with_the_modules_words);
	tcase_add_test(operations, names_are_looked_up_by_the_module);
	tcase_add_test(operations, a_string_that_could_be_a_command_is_refused);
	tcase_add_test(operations, a_second_open_says_only_what_is_new);
	tcase_add_test(operations, a_module_that_is_reset_while_it_is_burnt_comes_back_at_once);
	tcase_add_loop_test(operations, the_dialect_is_found_out_and_credentials_are_burnt_once, 0,
			    G_N_ELEMENTS(dialects));
	tcase_add_test(operations, keep_alive_is_changed_on_an_open_connection);
	tcase_add_test(operations, keep_alive_that_the_firmware_refuses_ends_nothing);
	tcase_add_test(operations, a_probe_reports_every_question_and_no_secret);
	tcase_add_test(operations, a_module_may_go_in_the_middle_of_a_probe);
	tcase_add_loop_test(operations, a_report_that_takes_the_modules_place_gives_the_same_report,
			    0, G_N_ELEMENTS(profiles));
	tcase_add_test(operations, a_port_in_use_is_said_and_waited_for);
	tcase_add_loop_test(operations, a_closing_peer_loses_nothing_whatever_it_says, 0, 4);
	tcase_add_loop_test(operations, a_peer_that_stays_loses_nothing_whatever_it_says, 0, 4);
	tcase_add_loop_test(operations, losing_wifi_is_not_an_end_of_the_connection, 0,
			    G_N_ELEMENTS(gones));
	tcase_add_test(operations, questions_about_no_socket_are_answered_between_operations);
	tcase_add_test(operations, a_module_that_has_left_stays_away_until_it_is_told_to_join);
	tcase_add_loop_test(operations, leaving_and_scanning_hold_where_it_cannot_join, 0, 2);
	suite_add_tcase(suite, operations);
	return suite_run(suite);
}
