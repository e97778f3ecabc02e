// SPDX-License-Identifier: MIT
/*
 * Programs that live in a namespace of their own, through the simulated module, as root and as an
 * ordinary user. The servers are on an address of the test's own namespace, because each program's
 * loopback is its own.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "programs/netns.h"
#include "support/server.h"
#include "support/suite.h"

#define ADDRESS	      "203.0.113.1"
#define USERS_ADDRESS "203.0.113.9"
#define ELSEWHERE     "198.51.100.7"
#define SIZE	      5000 /* of tests/shim/claims-data.c */
#define USER	      "65534"
#define LENT	      2

static struct harness *h;
static bool is_root;
static const char *ports[4], *refused, *udp[2];
static struct process *service;

static const char *start(enum server_kind kind)
{
	const struct server what = { .kind = kind, .size = SIZE, .anywhere = true };

	return harness_format(h, "%u", server_start(h, &what));
}

/* As eswrap-tunnel.service has it: a namespace of its own, and a directory for its socket. */
static void start_service(void)
{
	const char *run = harness_path(h, "run");
	const char *argv[] = { "unshare", "-n", harness_tool(h, "eswrap-tunnel"), "--service",
			       NULL };
	const char *const environment[] = { harness_format(h, "ESWRAP_SOCKET=%s", h->socket),
					    harness_format(h, "RUNTIME_DIRECTORY=%s", run), NULL };
	const char *path = harness_format(h, "%s/socket", run);
	gint64 until = g_get_monotonic_time() + HARNESS_DEADLINE_S * G_USEC_PER_SEC;

	ck_assert_int_eq(mkdir(run, 0755), 0);
	service = process_start(h, "service", argv, environment);
	while (access(path, W_OK) < 0) {
		ck_assert_msg(g_get_monotonic_time() < until, "no %s", path);
		g_usleep(10000);
	}
}

static void set_up(void)
{
	/* As udev has it; a bare machine's device is root's. */
	static const char device[] = "mount -t tmpfs none /dev/net && "
				     "mknod -m 666 /dev/net/tun c 10 200";

	/* The module's local ports are real ones here: programs' and servers' are to be others. */
	static const char range[] = "echo 20000 40000 >/proc/sys/net/ipv4/ip_local_port_range";

	const char *resolv;

	is_root = geteuid() == 0;
	h = harness_new();
	netns_enter();
	ck_result_status(harness_run(h, "sh", "-c", range, NULL), 0);
	if (is_root)
		ck_result_status(harness_run(h, "sh", "-c", device, NULL), 0);
	ck_result_status(harness_run(h, "ip", "address", "add", ADDRESS "/32", "dev", "lo", NULL),
			 0);
	ck_result_status(
		harness_run(h, "ip", "address", "add", USERS_ADDRESS "/32", "dev", "lo", NULL), 0);
	/* Programs' resolvers ask on a loopback that is their own. */
	resolv = harness_file(h, "resolv.conf", "nameserver 127.0.0.53\n");
	ck_assert_int_eq(chmod(resolv, 0644), 0);
	netns_cover("/etc/resolv.conf", resolv);
	ports[0] = start(SERVER_ECHO);
	ports[1] = start(SERVER_SOURCE);
	ports[2] = start(SERVER_ABORT);
	ports[3] = start(SERVER_SINK);
	udp[0] = start(SERVER_UDP_ECHO);
	udp[1] = start(SERVER_UDP_ECHO);
	refused = harness_format(h, "%u", harness_free_port());
	harness_fake(h, "--resolve-all", ADDRESS, NULL);
	harness_broker(h,
		       "[route user]\naddress = " USERS_ADDRESS "\nuser = " USER "\nthrough = tcp\n"
		       "[route others]\naddress = " USERS_ADDRESS "\nthrough = direct\n"
		       "[route streams]\naddress = 203.0.113.0/24\nport = %s, %s, %s, %s, %s\n"
		       "through = tcp\n"
		       "[route datagrams]\naddress = 203.0.113.0/24\nport = %s, %s\nthrough = udp\n"
		       "[route names]\nhost = *.example\nthrough = tcp\n"
		       "[default]\nthrough = direct\n[broker]\nstate-dir = %s\n"
		       "unreachable = isolate\n",
		       ports[0], ports[1], ports[2], ports[3], refused, udp[0], udp[1],
		       harness_path(h, "state"));
	ck_assert_int_eq(chmod(h->directory, 0777), 0);
	start_service();
}

static void tear_down(void)
{
	/* A claim has done so already. */
	process_kill(h->broker);
	process_kill(service);
	harness_free(h);
}

/*
 * Runs a line of sh, in which $E is `eswrap --isolate` and $AS what becomes the user.
 * @as_user:	0: as we are; 1: as an ordinary user, whom only root can become; 2: one who may make no
 *		namespaces, and whom the service lends sockets
 */
static const struct result *run_as(int as_user, const char *line)
{
	const char *as = as_user && is_root ? "setpriv --reuid " USER " --regid " USER
					      " --clear-groups "
					    : "";
	const char *forbid = as_user == LENT
				     ? harness_format(h, "python3 %s ",
						      harness_source(h, "tests/isolate/forbid.py"))
				     : "";
	const char *const environment[] = {
		harness_format(h, "ESWRAP_SOCKET=%s", h->socket),
		harness_format(h, "AS=%s", as),
		harness_format(h, "E=%s%s%s --isolate", as, forbid, harness_tool(h, "eswrap")),
		harness_format(h, "ESWRAP_TUNNEL=%s/%s", harness_path(h, "run"),
			       as_user == LENT ? "socket" : "none"),
		harness_format(h, "ESWRAP=%s%s", as, harness_tool(h, "eswrap")),
		NULL,
	};
	const struct run how = { .environment = environment };

	return harness_run_as(h, &how, (const char *const[]){ "sh", "-c", line, NULL });
}

/* All of tests/shim/test-stream.c but bound_port, which binds an address of another namespace. */
static const char connects[] =
	"blocking refused nonblocking_poll nonblocking_select epoll_level epoll_edge "
	"epoll_before_connect nonblocking_refused refused_revents read_tells_refused "
	"send_tells_refused connect_again_after_success connect_again_after_failure "
	"disconnect_by_unspec wrong_arguments listening options_before_connect "
	"options_after_connect congestion_control what_it_is timeouts_and_linger "
	"receive_timeout_works tcp_info descriptor_flags async_owner_is_kept names "
	"dup_before_connect dup_after_connect fork_child_talks fork_child_connects "
	"fork_parent_closes exec_talks vfork_exec_talks vfork_child_connects threads "
	"signal_handler_connects closed_standard_descriptors send_with_address fastopen";
static const char moves[] =
	"peek waitall truncate_discards dontwait no_source_address vectors many_messages send_file "
	"splice_out_and_in stdio shutdown_read shutdown_both clean_end_by_every_call";
static const char datagrams[] = "udp_connected udp_unconnected udp_messages udp_truncated "
				"udp_boundaries udp_what_it_is";

static void same(int as_user, const char *program, const char *names, const char *arguments)
{
	g_auto(GStrv) list = g_strsplit(names, " ", 0);
	const struct result *result;
	int i;

	for (i = 0; list[i]; i++) {
		result = run_as(
			as_user,
			harness_format(h,
				       "set -- %s %s " ADDRESS " %s; timeout 20 $AS \"$@\" "
				       ">native 2>&1; echo $? >>native; timeout 20 $E \"$@\" "
				       ">isolated 2>&1; echo $? >>isolated; diff native isolated",
				       harness_built(h, program), list[i], arguments));
		ck_assert_msg(result->status == 0, "%s %s: %s%s", program, list[i],
			      result->out->str, result->err->str);
	}
}

#define STATIC	"tests/isolate/claims-static"
#define DYNAMIC "tests/shim/claims"

static void all_claims(int as_user, const char *program)
{
	same(as_user, program, connects, harness_format(h, "%s %s", ports[0], refused));
	same(as_user, program, moves,
	     harness_format(h, "%s %s %s %s", ports[0], ports[1], ports[2], ports[3]));
	same(as_user, program, datagrams, harness_format(h, "%s %s", udp[0], udp[1]));
}

START_TEST(a_static_program_sees_what_it_sees_natively)
{
	all_claims(_i, STATIC);
}
END_TEST

START_TEST(a_dynamic_program_sees_what_it_sees_natively)
{
	all_claims(_i, DYNAMIC);
}
END_TEST

/* A line of sh, and what it prints. */
static void says(int as_user, const char *line, const char *expected)
{
	const struct result *result = run_as(as_user, line);

	ck_assert_msg(strcmp(result->out->str, expected) == 0, "%s: status %d: %s%s", line,
		      result->status, result->out->str, result->err->str);
}

#define TALK(place) "bash -c 'exec 3<>/dev/tcp/" place "/%s && echo hello >&3 && head -1 <&3'"

START_TEST(names_are_asked_of_the_module)
{
	says(_i, harness_format(h, "$E " TALK("web.example"), ports[0]), "hello\n");
	says(_i, "$E getent hosts leak.org; echo $?", "2\n");
	/* By a program with a resolver of its own, whatever server it asks. */
	says(_i, "$E dig +short @198.51.100.53 web.example A | grep -c ^198.18", "1\n");
	says(_i, "$E dig +short +noedns @198.51.100.53 WeB.example A | grep -c ^198.18", "1\n");
	says(_i, "$E dig +short @198.51.100.53 web.example AAAA; echo $?", "0\n");
	says(_i, "$E dig @198.51.100.53 web.example HTTPS | grep -c 'NOERROR'", "1\n");
	says(_i, "$E dig @198.51.100.53 other.org A | grep -c NXDOMAIN", "1\n");
}
END_TEST

START_TEST(name_servers_are_the_broker_by_stream_and_on_the_loopback_too)
{
	static const char *const servers[] = { "@198.51.100.53", "@198.51.100.53 +tcp", "",
					       "+tcp" };
	guint i;

	for (i = 0; i < G_N_ELEMENTS(servers); i++) {
		says(_i,
		     harness_format(h, "$E dig %s +short web.example | grep -c ^198.18",
				    servers[i]),
		     "1\n");
		says(_i,
		     harness_format(h, "$E dig %s web.example AAAA | grep -c 'ANSWER: 0'",
				    servers[i]),
		     "1\n");
		says(_i, harness_format(h, "$E dig %s other.org A | grep -c NXDOMAIN", servers[i]),
		     "1\n");
		says(_i,
		     harness_format(h, "a=$($E dig %s +short web.example); $E dig %s +short -x $a",
				    servers[i], servers[i]),
		     "web.example.\n");
	}
}
END_TEST

START_TEST(what_no_route_takes_is_refused)
{
	says(_i, "$E bash -c 'exec 3<>/dev/tcp/" ELSEWHERE "/80' 2>&1 | grep -o -m1 unreachable",
	     "unreachable\n");
	says(_i, harness_format(h, "$E " TALK("127.0.0.1") " 2>&1 | grep -o -m1 refused", ports[0]),
	     "refused\n");
}
END_TEST

START_TEST(listed_ports_of_the_loopback_are_there)
{
	says(_i, harness_format(h, "$E=%s " TALK("127.0.0.1"), ports[0], ports[0]), "hello\n");
	says(_i, "$E=80,none true 2>&1 | grep -o 'a port is a number'", "a port is a number\n");
}
END_TEST

START_TEST(exit_status_and_user_are_the_programs)
{
	says(_i, "$E sh -c 'exit 7'; echo $?", "7\n");
	says(_i, "$E /nonexistent/program 2>/dev/null; echo $?", "127\n");
	says(_i, "[ $($AS id -u) = $($E id -u) ] && echo same", "same\n");
}
END_TEST

START_TEST(a_program_that_preloading_does_not_reach_is_isolated)
{
	says(_i,
	     harness_format(h, "$ESWRAP %s blocking " ADDRESS " %s %s >isolated; head -1 isolated",
			    harness_built(h, STATIC), ports[0], refused),
	     "connect: 0\n");
}
END_TEST

START_TEST(blocking_connects_stand_signals)
{
	static const char program[] =
		"import signal, socket\n"
		"signal.signal(signal.SIGALRM, lambda *a: None)\n"
		"for rate in (100, 1000, 5000):\n"
		"    signal.setitimer(signal.ITIMER_REAL, 1 / rate, 1 / rate)\n"
		"    for _ in range(20):\n"
		"        socket.create_connection(('" ADDRESS "', %s)).close()\n"
		"print('good')\n";
	const char *path = harness_file(h, "signals.py", program, ports[0]);

	ck_assert_int_eq(chmod(path, 0644), 0);
	says(_i, harness_format(h, "$E python3 %s", path), "good\n");
}
END_TEST

/* The module has four: the fifth connect and each later one got the socket of one before. */
START_TEST(a_close_by_the_program_frees_the_modules_socket)
{
	static const char program[] = "import socket, time\n"
				      "for _ in range(12):\n"
				      "    began = time.time()\n"
				      "    s = socket.create_connection(('" ADDRESS "', %s))\n"
				      "    assert time.time() - began < 0.5, time.time() - began\n"
				      "    s.sendall(b'x')\n"
				      "    s.recv(1)\n"
				      "    s.close()\n"
				      "print('good')\n";
	const char *path = harness_file(h, "closes.py", program, ports[0]);

	ck_assert_int_eq(chmod(path, 0644), 0);
	says(_i, harness_format(h, "$E python3 %s", path), "good\n");
}
END_TEST

/* An engine has its program's environment, and so this test's broker: no other's is killed. */
#define KILL_ENGINE                                                    \
	"for p in $(pgrep -x eswrap-tunnel); do "                      \
	"grep -qz ^ESWRAP_SOCKET=$ESWRAP_SOCKET$ /proc/$p/environ && " \
	"! grep -qz ^RUNTIME_DIRECTORY= /proc/$p/environ && kill -9 $p; done; "

START_TEST(a_killed_engine_ends_connections)
{
	says(0,
	     harness_format(h,
			    "$E bash -c 'exec 3<>/dev/tcp/" ADDRESS "/%s; echo up >&3; "
			    "read -r up <&3; echo $up; " KILL_ENGINE
			    "timeout 5 cat <&3; echo $?; sleep 0.5; "
			    "(exec 4<>/dev/tcp/" ADDRESS "/%s); echo $?' 2>errors; "
			    "grep -c -e reset -e unreachable errors",
			    ports[0], ports[0]),
	     "up\n1\n1\n3\n");
}
END_TEST

/* The last claim of the case: there is no broker afterwards. */
START_TEST(a_killed_broker_ends_connections)
{
	const char *line =
		harness_format(h,
			       "$E bash -c 'exec 3<>/dev/tcp/" ADDRESS
			       "/%s; echo up >&3; read -r up <&3; "
			       "kill -9 %d; timeout 5 cat <&3; echo $?; (exec 4<>/dev/tcp/" ADDRESS
			       "/%s); echo $?' 2>errors; grep -c -e reset -e unreachable errors",
			       ports[0], (int)process_pid(h->broker), ports[0]);

	says(0, line, "1\n1\n3\n");
}
END_TEST

START_TEST(whoever_may_make_no_namespaces_is_lent_sockets)
{
	static const char program[] =
		"import socket\n"
		"for what in ((2, 3, 1), (10, 3, 58), (17, 3, 0), (40, 1, 0), (16, 3, 4), (5, 2, "
		"0)):\n"
		"    try:\n"
		"        socket.socket(*what)\n"
		"        print('made', what)\n"
		"    except OSError:\n"
		"        pass\n"
		"a, b = socket.socketpair()\n"
		"s = socket.socket(2, 1 | socket.SOCK_NONBLOCK)\n"
		"print(s.getblocking(), s.get_inheritable(), s.connect_ex(('" ELSEWHERE
		"', 80)))\n";
	const char *path = harness_file(h, "sockets.py", program);

	ck_assert_int_eq(chmod(path, 0644), 0);
	says(LENT, harness_format(h, "$E python3 %s", path), "False False 115\n");
	says(LENT, "$E python3 -c \"import ctypes; print(ctypes.CDLL(None).syscall(425, 1, 0))\"",
	     "-1\n");
	says(LENT, "$E=80 true 2>&1 | grep -c 'isolation needs root'", "1\n");
	says(LENT, "ESWRAP_ROUTE=names $E true 2>&1 | grep -c 'no single route'", "1\n");
	says(LENT, "ESWRAP_TUNNEL=/nowhere $E true 2>&1 | grep -c 'isolation needs root'", "1\n");
	says(LENT,
	     harness_format(h, "$E %s --isolate true 2>&1 | grep -c 'isolated so already'",
			    harness_tool(h, "eswrap")),
	     "1\n");
}
END_TEST

/* Only his route leads there. */
START_TEST(the_broker_knows_who_borrows)
{
	const char *line = harness_format(
		h, "$E " TALK(USERS_ADDRESS) " 2>&1 | grep -o -m1 -e hello -e unreachable",
		ports[0]);

	says(LENT, line, is_root ? "hello\n" : "unreachable\n");
	says(0, line, "unreachable\n");
}
END_TEST

/* One lender for each program, until it has ended. */
START_TEST(a_user_borrows_for_sixteen_programs_at_a_time)
{
	says(LENT,
	     "for i in $(seq 16); do mkfifo -m 666 fifo$i; "
	     "$E sh -c \"echo >fifo$i; exec sleep 60\" & all=\"$all $!\"; "
	     "read -r _ <fifo$i; done; $E true 2>&1 | grep -c 'temporarily unavailable'; "
	     "kill $all; wait; for i in $(seq 100); do $E true 2>errors && break; "
	     "sleep 0.1; done; echo $?",
	     "1\n0\n");
}
END_TEST

START_TEST(the_service_takes_no_nonsense)
{
	static const char program[] =
		"import array, os, socket, struct, sys\n"
		"def ask(data, fds):\n"
		"    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
		"    s.connect(sys.argv[1])\n"
		"    s.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', "
		"fds))] if fds else [])\n"
		"    return struct.unpack('i', s.recv(4))[0]\n"
		"good = struct.pack('I108s', 0x65737401, os.environ['ESWRAP_SOCKET'].encode())\n"
		"print(ask(b'x', []), ask(good, []), ask(good, [0]), ask(good, [0, 1]), "
		"ask(bytes(112), "
		"[0]))\n"
		"idle = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(40)]\n"
		"for s in idle: s.connect(sys.argv[1])\n"
		"print(ask(good, []))\n";
	const char *path = harness_file(h, "nonsense.py", program);

	ck_assert_int_eq(chmod(path, 0644), 0);
	says(1, harness_format(h, "$AS python3 %s %s/socket", path, harness_path(h, "run")),
	     "71 71 71 71 71\n71\n");
}
END_TEST

/* There is no service afterwards. */
START_TEST(a_killed_service_ends_what_it_has_lent)
{
	const char *line = harness_format(
		h,
		"mkfifo -m 666 killed; $E bash -c 'exec 3<>/dev/tcp/" ADDRESS "/%s; echo up >&3; "
		"read -r up <&3; echo >killed; timeout 5 cat <&3; echo $?; sleep 0.5; "
		"(exec 4<>/dev/tcp/" ADDRESS "/%s); echo $?' 2>errors & "
		"read -r _ <killed; kill -9 %d; wait; "
		"grep -c -e reset -e 'Function not' errors",
		ports[0], ports[0], (int)process_pid(service));

	says(LENT, line, "1\n1\n3\n");
}
END_TEST

START_TEST(nothing_leaves_by_another_way)
{
	const char *program = harness_source(h, "tests/isolate/leaks.py");
	int uplink = netns_uplink(h), as_user;

	for (as_user = 0; as_user <= LENT; as_user++) {
		says(as_user, harness_format(h, "$E python3 %s " ELSEWHERE, program), "done\n");
		ck_assert_ptr_null(netns_packet(h, uplink, 300));
	}
	/* It would have. */
	says(0, harness_format(h, "python3 %s " ELSEWHERE, program), "done\n");
	ck_assert_ptr_nonnull(netns_packet(h, uplink, 300));
	close(uplink);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("isolate");
	TCase *tc = tcase_create("isolate");

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 120);
	tcase_add_unchecked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, a_static_program_sees_what_it_sees_natively, 0, 3);
	tcase_add_loop_test(tc, a_dynamic_program_sees_what_it_sees_natively, 0, 2);
	tcase_add_loop_test(tc, names_are_asked_of_the_module, 0, 3);
	tcase_add_loop_test(tc, name_servers_are_the_broker_by_stream_and_on_the_loopback_too, 0,
			    2);
	tcase_add_loop_test(tc, what_no_route_takes_is_refused, 0, 3);
	tcase_add_loop_test(tc, listed_ports_of_the_loopback_are_there, 0, 2);
	tcase_add_loop_test(tc, exit_status_and_user_are_the_programs, 0, 3);
	tcase_add_loop_test(tc, a_program_that_preloading_does_not_reach_is_isolated, 0, 2);
	tcase_add_loop_test(tc, blocking_connects_stand_signals, 0, 2);
	tcase_add_loop_test(tc, a_close_by_the_program_frees_the_modules_socket, 0, 3);
	tcase_add_test(tc, a_killed_engine_ends_connections);
	tcase_add_test(tc, whoever_may_make_no_namespaces_is_lent_sockets);
	tcase_add_test(tc, the_broker_knows_who_borrows);
	tcase_add_test(tc, a_user_borrows_for_sixteen_programs_at_a_time);
	tcase_add_test(tc, the_service_takes_no_nonsense);
	tcase_add_test(tc, nothing_leaves_by_another_way);
	tcase_add_test(tc, a_killed_service_ends_what_it_has_lent);
	tcase_add_test(tc, a_killed_broker_ends_connections);
	return suite_run(suite);
}
