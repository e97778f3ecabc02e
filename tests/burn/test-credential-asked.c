// SPDX-License-Identifier: MIT
/* Credentials in a module that says which of its items are blank. */
#include <glib/gstdio.h>
#include <string.h>

#include "burn/device.h"
#include "support/suite.h"

static void start_broker(void)
{
	credentials_broker(h, DEVICE_GROUP);
	expect_status(credentials_ctl(h, "credentials", "list", "--wait", NULL), 0);
}

/* With firmware that can be asked which items are blank (PE). */
static void start_asking(void)
{
	harness_fake(h, "--as", "C3.5.2.5", NULL);
	start_broker();
}

/* The broker again, with nothing left of the state that is named. */
static void restart_without(const char *what)
{
	process_stop(h->broker);
	ck_assert_int_eq(g_unlink(harness_path(h, what)), 0);
	start_broker();
}

START_TEST(a_module_that_can_be_asked_is_asked_before_each_item)
{
	const char *trace, *asked, *sent;
	guint i;

	start_asking();
	expect_status(device_program(), 0);
	expect_burnt();
	trace = harness_read(h, h->trace);
	for (i = 0; i < LEDGER_ITEMS; i++) {
		sent = strstr(trace, harness_format(h, "PG=0,%u,", i));
		ck_assert_ptr_nonnull(sent);
		asked = g_strrstr_len(trace, sent - trace, "PE=0");
		ck_assert_ptr_nonnull(asked);
		ck_assert_ptr_null(g_strstr_len(asked, sent - asked, "PG="));
	}
}
END_TEST

START_TEST(a_set_that_the_ledger_does_not_know_is_recognised_by_comparison)
{
	const struct result *result;

	start_asking();
	expect_status(device_program(), 0);
	restart_without(STATE_DIR "/" LEDGER_FILE);
	result = credentials_ctl(h, "credentials", "list", NULL);
	ck_text_has(result->out->str, "0  ca           blank; DIFFERS: the module says that it is "
				      "used\n");
	ck_text_has(result->out->str, "1  ca           blank\n");
	result = credentials_ctl(h, "credentials", "verify", "0", NULL);
	ck_result_status(result, 0);
	ck_text_has(result->out->str, "key          equal (the module says so)");
	/* Twice when it was burnt, and once now. */
	ck_assert_uint_eq(credentials_sent(h), 6 + 3);
	expect_burnt();
}
END_TEST

START_TEST(an_item_that_holds_other_bytes_stays_as_it_is_and_is_noted)
{
	const struct result *result;
	char sha256[LEDGER_SHA256_HEX + 1], burnt[LEDGER_SHA256_HEX + 1];

	start_asking();
	expect_status(device_program(), 0);
	credentials_flash(h, 0, ESWIFI_ITEM_CA, burnt);
	credentials_put(h, "ca", device);
	restart_without(STATE_DIR "/" LEDGER_FILE);
	result = credentials_ctl(h, "credentials", "program", "0", "--yes", "--other-issuer",
				 "--ca", harness_credential(h, "other-ca.pem"), NULL);
	ck_result_status(result, 1);
	ck_text_has(result->err->str, "holds other bytes");
	ck_assert_int_eq(credentials_ledger(h, 0, ESWIFI_ITEM_CA, sha256), LEDGER_ELSEWHERE);
	ck_assert_str_eq(sha256, "");
	credentials_flash(h, 0, ESWIFI_ITEM_CA, sha256);
	ck_assert_str_eq(sha256, burnt);
}
END_TEST

START_TEST(a_ledger_that_holds_what_the_module_calls_blank_stops_everything)
{
	const struct result *result;
	guint sent;

	start_asking();
	expect_status(device_program(), 0);
	sent = credentials_sent(h);
	process_stop(h->broker);
	process_stop(h->fake);
	ck_assert_int_eq(g_unlink(harness_path(h, "flash.bin")), 0);
	harness_fake(h, "--as", "C3.5.2.5", NULL);
	start_broker();
	result = credentials_ctl(h, "credentials", "list", NULL);
	ck_text_has(result->out->str, "DIFFERS: the module says that it is blank");
	result = device_program();
	ck_result_status(result, 1);
	ck_text_has(result->err->str, "if a complete firmware was flashed, `forget-ledger 0 ca`");
	ck_assert_uint_le(credentials_sent(h), sent);
	expect_status(credentials_ctl(h, "credentials", "forget-ledger", "0", "--yes", NULL), 0);
	expect_status(device_program(), 0);
	expect_burnt();
}
END_TEST

START_TEST(a_blank_item_is_never_burnt_by_a_comparison_where_the_module_can_be_asked)
{
	const struct result *result;

	start_asking();
	result = credentials_ctl(h, "credentials", "verify", "0", NULL);
	ck_result_status(result, 1);
	ck_text_has(result->err->str, "is blank: there is nothing to compare");
	ck_assert_uint_eq(credentials_sent(h), 0);
}
END_TEST

START_TEST(an_attempt_that_left_the_item_blank_does_not_keep_other_bytes_out)
{
	struct ledger_entry entry = { .state = LEDGER_UNCERTAIN, .subject = "CN=old", .when = 1 };

	memset(entry.sha256, 'a', LEDGER_SHA256_HEX);
	start_asking();
	ck_assert(ledger_put(harness_path(h, STATE_DIR), MODULE_MAC, 0, ESWIFI_ITEM_CA, &entry,
			     NULL));
	ck_text_has(credentials_ctl(h, "credentials", "list", NULL)->out->str,
		    "; the module says that it is blank");
	expect_status(device_program(), 0);
	expect_burnt();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("credential-asked");
	TCase *asked = tcase_create("asked");

	tcase_add_checked_fixture(asked, device_setup, device_teardown);
	tcase_set_timeout(asked, 4 * HARNESS_DEADLINE_S);
	tcase_add_test(asked, a_module_that_can_be_asked_is_asked_before_each_item);
	tcase_add_test(asked, a_set_that_the_ledger_does_not_know_is_recognised_by_comparison);
	tcase_add_test(asked, an_item_that_holds_other_bytes_stays_as_it_is_and_is_noted);
	tcase_add_test(asked, a_ledger_that_holds_what_the_module_calls_blank_stops_everything);
	tcase_add_test(asked,
		       a_blank_item_is_never_burnt_by_a_comparison_where_the_module_can_be_asked);
	tcase_add_test(asked, an_attempt_that_left_the_item_blank_does_not_keep_other_bytes_out);
	suite_add_tcase(suite, asked);
	return suite_run(suite);
}
