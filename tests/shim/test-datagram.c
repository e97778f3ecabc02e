// SPDX-License-Identifier: MIT
/*
 * Datagram sockets through the simulated module: as in test-stream.c, a program must print what it
 * prints without the shim.
 */
#include <check.h>

#include "shim/stage.h"
#include "support/suite.h"

#define LOOPBACK "127.0.0.1"
#define MAPPED	 "::ffff:127.0.0.1"

#define SAME(claim)                                                           \
	START_TEST(claim)                                                     \
	{                                                                     \
		stage_same(#claim, LOOPBACK, stage.udp[0], stage.udp[1], -1); \
	}                                                                     \
	END_TEST

SAME(udp_connected)
SAME(udp_unconnected)
SAME(udp_messages)
SAME(udp_truncated)
SAME(udp_boundaries)
SAME(udp_what_it_is)

START_TEST(v4_mapped_sources)
{
	stage_same("udp_unconnected", MAPPED, stage.udp[0], stage.udp[1], -1);
	stage_same("udp_connected", MAPPED, stage.udp[0], stage.udp[1], -1);
}
END_TEST

START_TEST(more_than_1460_bytes_are_emsgsize)
{
	stage_says("sendto: -1 EMSGSIZE\nconnect: 0\nsend: -1 EMSGSIZE\nwrite: -1 EMSGSIZE\n"
		   "writev: -1 EMSGSIZE\nsendmsg: -1 EMSGSIZE\nsend: 1460\nrecv: 1460\n",
		   "udp_too_long", LOOPBACK, stage.udp[0], stage.udp[1], -1);
}
END_TEST

START_TEST(one_that_fills_what_the_module_reads_is_said_to_be_cut_perhaps)
{
	stage_says("recvmsg: 1459\nperhaps cut: 0\nrecvmmsg: 1\nperhaps cut: 0\n"
		   "recvmsg: 1460\nperhaps cut: 1\nrecvmmsg: 1\nperhaps cut: 1\n",
		   "udp_perhaps_cut", LOOPBACK, stage.udp[0], stage.udp[1], -1);
}
END_TEST

START_TEST(who_has_seen_a_name_can_neither_take_nor_forge_another)
{
	stage_says("to 0: 4\nlearn: 4\nsquat: 0\nto 1: 6\nrecvfrom: 6\n"
		   "secret from 1 family 2 length 16\nsquatter: -1 EAGAIN\nforged: all\n"
		   "recvfrom: -1 EAGAIN\nto 0: 5\nrecvfrom: 5\n"
		   "after from 0 family 2 length 16\n",
		   "udp_squatted", LOOPBACK, stage.udp[0], stage.udp[1], -1);
}
END_TEST

START_TEST(who_takes_the_name_of_a_closed_flow_gets_none_of_its_answers)
{
	stage_says("to 0: 6\npoll: 0\n", "udp_squatted_after_close", LOOPBACK, stage.udp[0], -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("datagram");
	TCase *datagrams = tcase_create("datagrams");

	tcase_add_test(datagrams, udp_connected);
	tcase_add_test(datagrams, udp_unconnected);
	tcase_add_test(datagrams, udp_messages);
	tcase_add_test(datagrams, udp_truncated);
	tcase_add_test(datagrams, udp_boundaries);
	tcase_add_test(datagrams, udp_what_it_is);
	tcase_add_test(datagrams, v4_mapped_sources);
	tcase_add_test(datagrams, more_than_1460_bytes_are_emsgsize);
	tcase_add_test(datagrams, one_that_fills_what_the_module_reads_is_said_to_be_cut_perhaps);
	tcase_add_test(datagrams, who_has_seen_a_name_can_neither_take_nor_forge_another);
	tcase_add_test(datagrams, who_takes_the_name_of_a_closed_flow_gets_none_of_its_answers);
	tcase_set_timeout(datagrams, 2 * HARNESS_DEADLINE_S);
	tcase_add_unchecked_fixture(datagrams, stage_set_up, stage_tear_down);
	suite_add_tcase(suite, datagrams);
	return suite_run(suite);
}
