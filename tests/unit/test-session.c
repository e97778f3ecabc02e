// SPDX-License-Identifier: MIT
/* What the driver makes of a module's words: versions, networks, failures, rates. */
#include <errno.h>
#include <string.h>

#include "eswifi/firmware.h"
#include "eswifi/health.h"
#include "eswifi/rate.h"
#include "eswifi/session.h"
#include "eswifi/wifi.h"
#include "support/suite.h"

START_TEST(versions_are_compared_part_by_part)
{
	static const struct {
		const char *revision;
		bool keeps_port;
	} cases[] = {
		{ "C3.5.2.5.STM", true },
		{ "C3.5.2.4", true },
		{ "C3.5.2.3.BETA9", false },
		{ "C6.2.1.11", true },
		{ "C3.10.0.0", true },
		{ "C2.4", false },
		{ "", false },
		{ "STM", false },
		{ "3.5.2.6", true },
		{ "C99999999999.1", true },
	};
	struct firmware firmware = { 0 };
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(cases); i++) {
		firmware_parse(cases[i].revision, firmware.version);
		ck_assert_msg(firmware_keeps_udp_port(&firmware) == cases[i].keeps_port, "%s",
			      cases[i].revision);
	}
	firmware.no_local_port = true;
	firmware_parse("C6.2.1.11", firmware.version);
	ck_assert(!firmware_keeps_udp_port(&firmware));
}
END_TEST

START_TEST(a_network_is_told_by_position_whatever_its_name_holds)
{
	static const struct {
		const char *ssid, *answer, *address; /* NULL: another network */
	} cases[] = {
		{ "net", "net,secret,3,1,0,10.0.0.2,255.0.0.0,10.0.0.1,0.0.0.0,0.0.0.0,5,0",
		  "10.0.0.2" },
		{ "net", "net,secret,3,1,0,10.0.0.2,255.0.0.0,10.0.0.1,0.0.0.0,0.0.0.0,5,0,0,US,1",
		  "10.0.0.2" },
		{ "net", "\"net\",*RESTRICTED*,3,1,0,10.0.0.2,255.0.0.0,10.0.0.1,,,2,0,0,FR,1",
		  "10.0.0.2" },
		{ "a,b", "a,b,secret,3,1,0,10.0.0.2,,,,,2,0,0,FR,1", "10.0.0.2" },
		{ "a,b", "\"a,b\",secret,3,1,0,,,,,,2,0,0,FR,1", "" },
		{ "net", "net2,secret,3,1,0,10.0.0.2,,,,,2,0", NULL },
		{ "net", "net,other,3,1,0,10.0.0.2,,,,,2,0", NULL },
		{ "net", "net,secret,4,1,0,10.0.0.2,,,,,2,0", NULL },
		{ "net", "net,secret,3", NULL },
		{ "net", "", NULL },
	};
	char address[16];
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct eswifi_settings settings = {
			.ssid = cases[i].ssid,
			.passphrase = "secret",
			.security = ESWIFI_SECURITY_WPA2,
		};
		bool same = wifi_parse_network(cases[i].answer, &settings, address);

		ck_assert_msg(same == (cases[i].address != NULL), "%s", cases[i].answer);
		if (same)
			ck_assert_str_eq(address, cases[i].address);
	}
}
END_TEST

START_TEST(a_scan_tells_out_of_range_from_refused)
{
	static const char list[] = "#001,\"other\",00:00:00:00:00:01,-40,72.0,Infrastructure,WPA2,"
				   "2.4GHz,1\r\n#002,\"plant-7\",00:00:00:00:00:02,-61,72.0,"
				   "Infrastructure,WPA2,2.4GHz,6";
	g_autofree char *refused = wifi_explain("plant-7", (const guint8 *)list, strlen(list));
	g_autofree char *far = wifi_explain("plant", (const guint8 *)list, strlen(list));

	ck_assert_str_eq(refused, "SSID plant-7: refused at -61 dBm; passphrase or security may be "
				  "wrong");
	ck_assert_str_eq(far, "SSID plant: not in range, among 2 networks that are");
}
END_TEST

START_TEST(only_many_failures_of_many_targets_over_some_time_are_hopeless)
{
	struct health health = { 0 };
	gint64 now = 1, i;

	/* one target, for ever */
	for (i = 0; i < 100; i++, now += G_USEC_PER_SEC)
		ck_assert(!health_bad(&health, "one", now));
	/* many targets, in no time */
	memset(&health, 0, sizeof(health));
	for (i = 0; i < 100; i++) {
		g_autofree char *what = g_strdup_printf("%d", (int)i);

		ck_assert(!health_bad(&health, what, now));
	}
	/* and the same with time */
	ck_assert(health_bad(&health, "last", now + HEALTH_PERIOD_US));
	/* what has just been done is not done again at once */
	now += HEALTH_PERIOD_US;
	for (i = 0; i < 60; i++) {
		g_autofree char *what = g_strdup_printf("%d", (int)i);

		ck_assert(!health_bad(&health, what, now + i * G_USEC_PER_SEC / 2));
	}
	ck_assert(health_bad(&health, "x", now + HEALTH_BACKOFF_FIRST_US));
	/* one success, and it begins anew */
	for (i = 0; i < 20; i++)
		health_bad(&health, "x", now + HEALTH_BACKOFF_LAST_US + i);
	health_good(&health);
	ck_assert(!health_bad(&health, "y", now + 2 * HEALTH_BACKOFF_LAST_US));
}
END_TEST

START_TEST(a_rate_counts_within_three_percent)
{
	ck_assert(rate_is_near(921600, 921600));
	ck_assert(rate_is_near(923076, 921600)); /* Arm's PL011, 48 MHz / 52 */
	ck_assert(!rate_is_near(115200, 921600));
	ck_assert(!rate_is_near(1000000, 921600));
	ck_assert(!rate_is_near(0, 115200));
}
END_TEST

static int heard;
static guint8 heard_byte;

static void hear(struct eswifi_module *module G_GNUC_UNUSED, int result, const guint8 *data,
		 gpointer user G_GNUC_UNUSED)
{
	heard = result;
	heard_byte = data[0];
}

static void do_nothing(struct eswifi_module *module G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
}

/* An owner notes who waits for a read when it has been begun: a call back before that is one to nobody. */
START_TEST(a_byte_that_was_kept_is_handed_on_after_the_call_that_reads)
{
	static const struct eswifi_ops ops = { .next = do_nothing };
	const struct eswifi_settings settings = { .device = "unix:/nowhere",
						  .baud = 115200,
						  .ssid = "x",
						  .security = ESWIFI_SECURITY_OPEN };
	struct eswifi_module *module = eswifi_module_new(&settings, &ops, NULL, NULL);

	ck_assert_ptr_nonnull(module);
	module->state = ESWIFI_READY;
	module->selected = 0;
	module->sockets[0].open = module->sockets[0].holds = true;
	module->sockets[0].held = '!';
	module->sockets[0].knobs[KNOB_READ_WAIT] = PROTOCOL_WAIT_MIN;
	heard = 0;
	ck_assert_int_eq(eswifi_read(module, 0, 0, hear, NULL), 0);
	ck_assert_int_eq(heard, 0);
	ck_assert_int_eq(eswifi_read(module, 0, 0, hear, NULL), -EBUSY);
	while (heard == 0)
		g_main_context_iteration(NULL, TRUE);
	ck_assert_int_eq(heard, 1);
	ck_assert_int_eq(heard_byte, '!');
	eswifi_module_free(module);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("session");
	TCase *words = tcase_create("words");

	tcase_add_test(words, versions_are_compared_part_by_part);
	tcase_add_test(words, a_network_is_told_by_position_whatever_its_name_holds);
	tcase_add_test(words, a_scan_tells_out_of_range_from_refused);
	tcase_add_test(words, only_many_failures_of_many_targets_over_some_time_are_hopeless);
	tcase_add_test(words, a_rate_counts_within_three_percent);
	tcase_add_test(words, a_byte_that_was_kept_is_handed_on_after_the_call_that_reads);
	suite_add_tcase(suite, words);
	return suite_run(suite);
}
