// SPDX-License-Identifier: MIT
/*
 * The shim on other machines: built with Debian's cross compilers, run under qemu's user emulation
 * against the broker and the simulated module of this one. qemu 7.2 does not know SO_GET_FILTER, so
 * that nothing is remembered there (options, the local port, that a connect was reported), and has
 * EFAULT for a recvmsg() without a buffer: the claims that need these are not among the ones here.
 */
#include <check.h>

#include "shim/stage.h"
#include "support/suite.h"

#define LOOPBACK "127.0.0.1"
#define NAME	 "device.example"

/* @flags are how programs are built; the shim has to serve them all, built without. */
static const struct machine {
	const char *triplet, *qemu, *flags;
} machines[] = {
	{ "aarch64-linux-gnu", "qemu-aarch64-static", "" },
	{ "arm-linux-gnueabihf", "qemu-arm-static", "" },
	/* As Debian 13 builds its armhf: these programs call __getsockopt64() and its kin. */
	{ "arm-linux-gnueabihf", "qemu-arm-static", "-D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64" },
};

static const char *const stream_claims[] = {
	"blocking",
	"refused",
	"nonblocking_poll",
	"nonblocking_select",
	"epoll_level",
	"epoll_edge",
	"epoll_before_connect",
	"nonblocking_refused",
	"refused_revents",
	"disconnect_by_unspec",
	"what_it_is",
	"timeouts_and_linger",
	"receive_timeout_works",
	"tcp_info",
	"descriptor_flags",
	"names",
	"dup_before_connect",
	"dup_after_connect",
	"fork_child_talks",
	"fork_child_connects",
	"fork_parent_closes",
	"threads",
	"signal_handler_connects",
	"closed_standard_descriptors",
	"fastopen",
	"send_with_address",
};

static const char *const data_claims[] = {
	"peek",	   "waitall",	    "dontwait",	 "no_source_address",
	"vectors", "many_messages", "send_file", "clean_end_by_every_call",
	"stdio",
};

static const char *const datagram_claims[] = {
	"udp_unconnected",
	"udp_messages",
	"udp_truncated",
	"udp_boundaries",
};

static const char *const name_claims[] = {
	"getaddrinfo_all", "getaddrinfo_ipv6",	  "getnameinfo_all",
	"gethostby_all",   "child_sees_stand_in", "getaddrinfo_async",
};

/* Where the machine's library is, as $LIB in LD_PRELOAD says it there. */
static const char *library_directory(const struct machine *machine)
{
	return harness_format(stage.h, "%s/lib/%s", stage.h->directory, machine->triplet);
}

static const char *program_of(const struct machine *machine)
{
	return harness_format(stage.h, "%s/claims-%td", stage.h->directory, machine - machines);
}

static void build(const struct machine *machine)
{
	const char *source = g_getenv("top_srcdir");
	const struct result *result = harness_run(
		stage.h, "sh", "-ec",
		harness_format(stage.h,
			       "mkdir -p %s\n"
			       "%s-gcc -std=gnu11 -O2 -Wall -Wextra -Werror "
			       "-Wno-missing-field-initializers "
			       "-D_GNU_SOURCE %s -I%s/include -I%s/lib -fvisibility=hidden -fPIC "
			       "-shared -Wl,-z,now "
			       "-Wl,-z,defs -o %s/libeswrap.so %s/lib/shim/*.c %s/lib/wire/*.c\n"
			       "%s-gcc -std=gnu11 -O2 -D_GNU_SOURCE %s -I%s/tests -o %s "
			       "%s/tests/shim/claims*.c -pthread -lresolv\n",
			       library_directory(machine), machine->triplet, machine->flags, source,
			       source, library_directory(machine), source, source, machine->triplet,
			       machine->flags, source, program_of(machine), source),
		NULL);

	ck_result_status(result, 0);
}

static const struct result *emulate(const struct machine *machine, bool wrapped, const char *claim,
				    const char *address, const guint16 ports[4])
{
	const char *const environment[] = {
		"-E",
		harness_format(stage.h, "LD_PRELOAD=%s/$LIB/libeswrap.so", stage.h->directory),
		"-E",
		harness_format(stage.h, "ESWRAP_SOCKET=%s", stage.h->socket),
	};
	const char *argv[16] = { machine->qemu, "-L",
				 harness_format(stage.h, "/usr/%s", machine->triplet) };
	static const struct run how = { .wrapped = false };
	size_t n = 3, i;

	for (i = 0; wrapped && i < G_N_ELEMENTS(environment); i++)
		argv[n++] = environment[i];
	argv[n++] = program_of(machine);
	argv[n++] = claim;
	argv[n++] = address;
	for (i = 0; i < 4; i++)
		argv[n++] = harness_format(stage.h, "%u", ports[i]);
	return harness_run_as(stage.h, &how, argv);
}

static void same(const struct machine *machine, const char *claim, const guint16 ports[4])
{
	const struct result *native = emulate(machine, false, claim, LOOPBACK, ports);
	const struct result *wrapped = emulate(machine, true, claim, LOOPBACK, ports);

	ck_result_status(native, 0);
	ck_result_status(wrapped, 0);
	ck_assert_msg(g_str_equal(wrapped->out->str, native->out->str),
		      "%s on %s %s: with the shim: %s\nwithout: %s", claim, machine->triplet,
		      machine->flags, wrapped->out->str, native->out->str);
	ck_assert_str_eq(wrapped->err->str, native->err->str);
}

START_TEST(the_shim_needs_libc_only_there_too)
{
	const struct machine *machine = &machines[_i];
	const struct result *result;

	build(machine);
	result = harness_run(stage.h, "sh", "-c",
			     harness_format(stage.h, "readelf -dW %s/libeswrap.so | grep -c NEEDED",
					    library_directory(machine)),
			     NULL);
	ck_assert_str_eq(result->out->str, "1\n");
}
END_TEST

START_TEST(streams_are_the_same_there)
{
	const guint16 connects[4] = { stage.echo, stage.refused };
	const guint16 moves[4] = { stage.echo, stage.source, stage.abort, stage.sink };
	const struct machine *machine = &machines[_i];
	size_t i;

	build(machine);
	for (i = 0; i < G_N_ELEMENTS(stream_claims); i++)
		same(machine, stream_claims[i], connects);
	for (i = 0; i < G_N_ELEMENTS(data_claims); i++)
		same(machine, data_claims[i], moves);
}
END_TEST

START_TEST(datagrams_are_the_same_there)
{
	const guint16 ports[4] = { stage.udp[0], stage.udp[1] };
	const struct machine *machine = &machines[_i];
	size_t i;

	build(machine);
	for (i = 0; i < G_N_ELEMENTS(datagram_claims); i++)
		same(machine, datagram_claims[i], ports);
}
END_TEST

/* Flagged names mean the same to a program of this machine and to one of the other. */
START_TEST(names_are_the_same_there)
{
	const guint16 ports[4] = { stage.echo };
	const struct machine *machine = &machines[_i];
	const struct result *here, *there;
	size_t i;

	build(machine);
	for (i = 0; i < G_N_ELEMENTS(name_claims); i++) {
		here = stage_run(true, name_claims[i], NAME, stage.echo, -1);
		there = emulate(machine, true, name_claims[i], NAME, ports);
		ck_result_status(there, 0);
		ck_assert_str_eq(there->out->str, here->out->str);
	}
}
END_TEST

START_TEST(without_a_broker_it_is_enetdown_there)
{
	const guint16 ports[4] = { stage.echo, stage.echo };
	const struct machine *machine = &machines[_i];
	const struct result *result;

	build(machine);
	stage.h->socket = harness_path(stage.h, "nobody");
	result = emulate(machine, true, "refused", LOOPBACK, ports);
	ck_assert_str_eq(result->out->str, "connect: -1 ENETDOWN\nSO_ERROR 0\n");
	ck_text_has(result->err->str, "No such file or directory");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cross");
	TCase *cross = tcase_create("other machines");

	tcase_add_loop_test(cross, the_shim_needs_libc_only_there_too, 0, G_N_ELEMENTS(machines));
	tcase_add_loop_test(cross, streams_are_the_same_there, 0, G_N_ELEMENTS(machines));
	tcase_add_loop_test(cross, datagrams_are_the_same_there, 0, G_N_ELEMENTS(machines));
	tcase_add_loop_test(cross, names_are_the_same_there, 0, G_N_ELEMENTS(machines));
	tcase_add_loop_test(cross, without_a_broker_it_is_enetdown_there, 0,
			    G_N_ELEMENTS(machines));
	tcase_set_timeout(cross, 8 * HARNESS_DEADLINE_S);
	tcase_add_unchecked_fixture(cross, stage_set_up, stage_tear_down);
	suite_add_tcase(suite, cross);
	return suite_run(suite);
}
