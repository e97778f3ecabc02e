// SPDX-License-Identifier: MIT
/*
 * Stream sockets through the simulated module, against real servers: a program must print what it
 * prints without the shim. What it does is in claims-*.c, under the name that stands here.
 */
#include <check.h>
#include <string.h>

#include "shim/stage.h"
#include "support/suite.h"

#define LOOPBACK "127.0.0.1"

/* A claim that connects: an echo server, and a port that refuses. */
#define CONNECTS(claim)                                                      \
	START_TEST(claim)                                                    \
	{                                                                    \
		stage_same(#claim, LOOPBACK, stage.echo, stage.refused, -1); \
	}                                                                    \
	END_TEST

/* A claim about data: all the servers. */
#define MOVES(claim)                                                                            \
	START_TEST(claim)                                                                       \
	{                                                                                       \
		stage_same(#claim, LOOPBACK, stage.echo, stage.source, stage.abort, stage.sink, \
			   -1);                                                                 \
	}                                                                                       \
	END_TEST

CONNECTS(blocking)
CONNECTS(refused)
CONNECTS(nonblocking_poll)
CONNECTS(nonblocking_select)
CONNECTS(epoll_level)
CONNECTS(epoll_edge)
CONNECTS(epoll_before_connect)
CONNECTS(nonblocking_refused)
CONNECTS(refused_revents)
CONNECTS(read_tells_refused)
CONNECTS(send_tells_refused)
CONNECTS(connect_again_after_success)
CONNECTS(connect_again_after_failure)
CONNECTS(disconnect_by_unspec)
CONNECTS(wrong_arguments)
CONNECTS(listening)

CONNECTS(options_before_connect)
CONNECTS(options_after_connect)
CONNECTS(congestion_control)
CONNECTS(what_it_is)
CONNECTS(timeouts_and_linger)
CONNECTS(receive_timeout_works)
CONNECTS(tcp_info)
CONNECTS(descriptor_flags)
CONNECTS(async_owner_is_kept)
CONNECTS(names)
CONNECTS(bound_port)

CONNECTS(dup_before_connect)
CONNECTS(dup_after_connect)
CONNECTS(fork_child_talks)
CONNECTS(fork_child_connects)
CONNECTS(fork_parent_closes)
CONNECTS(exec_talks)
CONNECTS(vfork_exec_talks)
CONNECTS(vfork_child_connects)
CONNECTS(threads)
CONNECTS(small_stack)
CONNECTS(signal_handler_connects)
CONNECTS(closed_standard_descriptors)

MOVES(peek)
MOVES(waitall)
MOVES(truncate_discards)
MOVES(dontwait)
MOVES(no_source_address)
MOVES(vectors)
MOVES(many_messages)
MOVES(send_file)
MOVES(splice_out_and_in)
MOVES(stdio)
MOVES(shutdown_read)
MOVES(shutdown_both)
MOVES(clean_end_by_every_call)
CONNECTS(send_with_address)
CONNECTS(fastopen)

START_TEST(send_to_a_closed_end)
{
	stage_same("send_to_a_closed_end", LOOPBACK, stage.closes, -1);
}
END_TEST

START_TEST(refused_by_every_call)
{
	stage_same("refused_by_every_call", LOOPBACK, stage.refused, -1);
}
END_TEST

/* An AF_INET6 socket to a v4-mapped address: names, options and talk are those of IPv6. */
#define MAPPED "::ffff:127.0.0.1"

START_TEST(v4_mapped_names)
{
	stage_same("names", MAPPED, stage.echo, stage.refused, -1);
}
END_TEST

START_TEST(v4_mapped_options)
{
	stage_same("options_before_connect", MAPPED, stage.echo, stage.refused, -1);
	stage_same("options_after_connect", MAPPED, stage.echo, stage.refused, -1);
	stage_same("what_it_is", MAPPED, stage.echo, stage.refused, -1);
}
END_TEST

START_TEST(v4_mapped_connects)
{
	stage_same("connect_again_after_failure", MAPPED, stage.echo, stage.refused, -1);
	stage_same("wrong_arguments", MAPPED, stage.echo, stage.refused, -1);
}
END_TEST

/* Where the module cannot do what TCP can, the program is told so. */
START_TEST(features_that_are_not_there_are_refused)
{
	stage_says("TCP_ULP: -1 ENOPROTOOPT\n"
		   "TCP_REPAIR: -1 ENOPROTOOPT\n"
		   "SOL_TLS: -1 ENOPROTOOPT\n"
		   "unknown: -1 ENOPROTOOPT\n"
		   "SO_ATTACH_FILTER: -1 ENOPROTOOPT\n",
		   "refused_options", LOOPBACK, stage.echo, -1);
	stage_says("send: -1 EOPNOTSUPP\n", "urgent_data", LOOPBACK, stage.echo, -1);
}
END_TEST

/* The system calls between two marks on standard output, as strace shows them, one in a line. */
static char **calls_between(const char *begin, const char *end)
{
	const char *path = harness_path(stage.h, "calls");
	const struct result *result =
		harness_run(stage.h, "strace", "-o", path, "-E",
			    harness_format(stage.h, "LD_PRELOAD=%s", harness_shim(stage.h)), "-E",
			    harness_format(stage.h, "ESWRAP_SOCKET=%s", stage.h->socket),
			    stage_claims(), "read_and_write", LOOPBACK,
			    harness_format(stage.h, "%u", stage.echo), NULL);
	const char *trace = harness_read(stage.h, path);
	const char *from, *to;
	char *text;
	char **lines;

	ck_result_status(result, 0);
	from = strstr(trace, begin);
	to = strstr(trace, end);
	ck_assert_msg(from && to, "no marks in: %s", trace);
	from = strchr(from, '\n') + 1;
	/* Back to the beginning of the second mark's line. */
	while (to[-1] != '\n')
		to--;
	text = g_strndup(from, (gsize)(to - from));
	lines = g_strsplit(g_strchomp(text), "\n", -1);
	g_free(text);
	return lines;
}

START_TEST(reading_and_writing_make_no_other_system_call)
{
	static const char *const expected[] = { "write(", "read(", "sendto(", "recvfrom(" };
	char **calls = calls_between("\"connected", "\"done");
	guint i;

	ck_assert_uint_eq(g_strv_length(calls), 40);
	for (i = 0; calls[i]; i++)
		ck_assert_msg(g_str_has_prefix(calls[i], expected[i % 4]), "call %u: %s", i,
			      calls[i]);
	g_strfreev(calls);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stream");
	TCase *connects = tcase_create("connect");
	TCase *options = tcase_create("options and names");
	TCase *processes = tcase_create("processes");
	TCase *data = tcase_create("data");
	TCase *mapped = tcase_create("v4-mapped");
	TCase *cases[] = { connects, options, processes, data, mapped };
	size_t i;

	tcase_add_test(connects, blocking);
	tcase_add_test(connects, refused);
	tcase_add_test(connects, nonblocking_poll);
	tcase_add_test(connects, nonblocking_select);
	tcase_add_test(connects, epoll_level);
	tcase_add_test(connects, epoll_edge);
	tcase_add_test(connects, epoll_before_connect);
	tcase_add_test(connects, nonblocking_refused);
	tcase_add_test(connects, refused_revents);
	tcase_add_test(connects, read_tells_refused);
	tcase_add_test(connects, send_tells_refused);
	tcase_add_test(connects, connect_again_after_success);
	tcase_add_test(connects, connect_again_after_failure);
	tcase_add_test(connects, disconnect_by_unspec);
	tcase_add_test(connects, wrong_arguments);
	tcase_add_test(connects, listening);
	tcase_add_test(connects, send_with_address);
	tcase_add_test(connects, fastopen);
	tcase_add_test(connects, refused_by_every_call);

	tcase_add_test(options, options_before_connect);
	tcase_add_test(options, options_after_connect);
	tcase_add_test(options, congestion_control);
	tcase_add_test(options, what_it_is);
	tcase_add_test(options, timeouts_and_linger);
	tcase_add_test(options, receive_timeout_works);
	tcase_add_test(options, tcp_info);
	tcase_add_test(options, descriptor_flags);
	tcase_add_test(options, async_owner_is_kept);
	tcase_add_test(options, names);
	tcase_add_test(options, bound_port);
	tcase_add_test(options, features_that_are_not_there_are_refused);

	tcase_add_test(processes, dup_before_connect);
	tcase_add_test(processes, dup_after_connect);
	tcase_add_test(processes, fork_child_talks);
	tcase_add_test(processes, fork_child_connects);
	tcase_add_test(processes, fork_parent_closes);
	tcase_add_test(processes, exec_talks);
	tcase_add_test(processes, vfork_exec_talks);
	tcase_add_test(processes, vfork_child_connects);
	tcase_add_test(processes, threads);
	tcase_add_test(processes, small_stack);
	tcase_add_test(processes, signal_handler_connects);
	tcase_add_test(processes, closed_standard_descriptors);

	tcase_add_test(data, peek);
	tcase_add_test(data, waitall);
	tcase_add_test(data, truncate_discards);
	tcase_add_test(data, dontwait);
	tcase_add_test(data, no_source_address);
	tcase_add_test(data, vectors);
	tcase_add_test(data, many_messages);
	tcase_add_test(data, send_file);
	tcase_add_test(data, splice_out_and_in);
	tcase_add_test(data, stdio);
	tcase_add_test(data, shutdown_read);
	tcase_add_test(data, shutdown_both);
	tcase_add_test(data, clean_end_by_every_call);
	tcase_add_test(data, send_to_a_closed_end);
	tcase_add_test(data, reading_and_writing_make_no_other_system_call);

	tcase_add_test(mapped, v4_mapped_names);
	tcase_add_test(mapped, v4_mapped_options);
	tcase_add_test(mapped, v4_mapped_connects);

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tcase_set_timeout(cases[i], 2 * HARNESS_DEADLINE_S);
		tcase_add_unchecked_fixture(cases[i], stage_set_up, stage_tear_down);
		suite_add_tcase(suite, cases[i]);
	}
	return suite_run(suite);
}
