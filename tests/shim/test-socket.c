// SPDX-License-Identifier: MIT
/* A flow answers as a TCP or UDP socket does. */
#include <check.h>
#include <string.h>

#include "eswrap/wire.h"
#include "shim/stage.h"
#include "support/suite.h"

#define LOOPBACK "127.0.0.1"

/* clang-format off: a claim is a name and no more */
#define SAME(name)                                                         \
	START_TEST(name)                                                   \
	{                                                                  \
		stage_same(#name, LOOPBACK, stage.echo, stage.udp[0], -1); \
	}                                                                  \
	END_TEST

SAME(bind_own_address)
SAME(bind_strange_address)
SAME(queues)
SAME(interface_ioctls)
SAME(mtu_fits)
SAME(time_stamps)
SAME(stamps_of_receipt)
SAME(packet_information)
SAME(packet_information_cut)
SAME(no_message_header)
SAME(local_address_of_datagrams)
SAME(shuts_down_twice)
SAME(number_is_taken_over)
SAME(splices)
SAME(lengths_of_datagrams)
/* clang-format on */

START_TEST(binds_after_a_refusal)
{
	stage_same("binds_after_a_refusal", LOOPBACK, stage.echo, stage.refused, -1);
}
END_TEST

START_TEST(parts_of_a_datagram_are_refused_and_not_sent_one_by_one)
{
	stage_says("first: -1 EOPNOTSUPP\nconnect: 0\nconnected: -1 EOPNOTSUPP\n"
		   "stream: 2\nstream: 2\nstream: 4\n",
		   "parts_of_a_datagram", LOOPBACK, stage.echo, stage.udp[0], -1);
}
END_TEST

START_TEST(listening_on_the_modules_address_is_refused_and_the_user_told)
{
	const struct result *result =
		stage_run(true, "listen_on_own_address", LOOPBACK, stage.echo, stage.udp[0], -1);

	ck_result_status(result, 0);
	ck_assert_str_eq(result->out->str, "bind: 0\nlisten: -1 EOPNOTSUPP\n"
					   "bind elsewhere: 0\nlisten elsewhere: 0\n");
	ck_text_has(result->err->str, "passive mode");
}
END_TEST

/* A UDP socket that sends to the one, which goes through the module, and to the other, which does not. */
#define BOTH(name)                                                                  \
	START_TEST(name)                                                            \
	{                                                                           \
		stage_same(#name, LOOPBACK, stage.udp[0], stage.unflagged_udp, -1); \
	}                                                                           \
	END_TEST

BOTH(server_asks)
BOTH(server_connects)
BOTH(flagged_first)
BOTH(direct_first)
BOTH(direct_is_late)
BOTH(udp_messages)

START_TEST(who_only_says_that_he_is_flagged_is_not_heard)
{
	stage_says("ask: 3\nanswer: 3\n\"ask\" of whom it is\nimpostor: 8\nclient: 6\n"
		   "client: 6\n\"client\" of whom it is\nnothing else: -1 EAGAIN\n",
		   "impostor", LOOPBACK, stage.udp[0], stage.udp[1], -1);
}
END_TEST

START_TEST(under_a_route_for_all_a_servers_socket_is_told_of_once)
{
	const char *const environment[] = { ESWRAP_ROUTE_ENV "=datagrams", NULL };
	const struct run how = { .wrapped = true, .environment = environment };
	const char *const argv[] = { stage_claims(), "server_under_a_route", LOOPBACK,
				     harness_format(stage.h, "%u", stage.udp[0]), NULL };
	const struct result *result = harness_run_as(stage.h, &how, argv);

	ck_result_status(result, 0);
	ck_assert_str_eq(result->out->str, "sendto: 1\nsendto: 1\n");
	ck_text_has(result->err->str, "hears nobody else");
	ck_assert_ptr_null(
		strstr(strstr(result->err->str, "hears nobody else") + 1, "hears nobody else"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("socket");
	TCase *answers = tcase_create("answers");

	tcase_add_test(answers, bind_own_address);
	tcase_add_test(answers, bind_strange_address);
	tcase_add_test(answers, listening_on_the_modules_address_is_refused_and_the_user_told);
	tcase_add_test(answers, queues);
	tcase_add_test(answers, interface_ioctls);
	tcase_add_test(answers, mtu_fits);
	tcase_add_test(answers, time_stamps);
	tcase_add_test(answers, stamps_of_receipt);
	tcase_add_test(answers, packet_information);
	tcase_add_test(answers, packet_information_cut);
	tcase_add_test(answers, no_message_header);
	tcase_add_test(answers, local_address_of_datagrams);
	tcase_add_test(answers, shuts_down_twice);
	tcase_add_test(answers, number_is_taken_over);
	tcase_add_test(answers, splices);
	tcase_add_test(answers, lengths_of_datagrams);
	tcase_add_test(answers, binds_after_a_refusal);
	tcase_add_test(answers, parts_of_a_datagram_are_refused_and_not_sent_one_by_one);
	tcase_add_test(answers, server_asks);
	tcase_add_test(answers, server_connects);
	tcase_add_test(answers, flagged_first);
	tcase_add_test(answers, direct_first);
	tcase_add_test(answers, direct_is_late);
	tcase_add_test(answers, udp_messages);
	tcase_add_test(answers, who_only_says_that_he_is_flagged_is_not_heard);
	tcase_add_test(answers, under_a_route_for_all_a_servers_socket_is_told_of_once);
	tcase_set_timeout(answers, 2 * HARNESS_DEADLINE_S);
	tcase_add_unchecked_fixture(answers, stage_set_up, stage_tear_down);
	suite_add_tcase(suite, answers);
	return suite_run(suite);
}
