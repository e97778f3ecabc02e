// SPDX-License-Identifier: MIT
/*
 * Programs that resolve names by themselves, past libc: the broker answers what is asked of a name
 * server for flagged names, and forwards the rest to the server that the program has chosen.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "programs/netns.h"
#include "programs/programs.h"
#include "support/suite.h"

#define SERVER "127.7.7.7"
#define NOBODY "127.7.7.8"
#define DIRECT "192.0.2.80\n"

static struct harness *h;
static const char *asked;

static void set_up(void)
{
	const char *argv[5] = { "/usr/bin/python3" };
	const char *resolv;

	h = harness_new();
	netns_enter();
	resolv = harness_file(h, "resolv.conf", "nameserver %s\nsearch home.test\n", SERVER);
	netns_cover("/etc/resolv.conf", resolv);
	asked = harness_path(h, "asked");
	argv[1] = programs_client(h, "name-server.py");
	argv[2] = SERVER;
	argv[3] = asked;
	process_await_line(process_start(h, "names", argv, NULL), "ready");
	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	harness_broker(h, "[route names]\nhost = *.example, gateway\nthrough = tcp\n"
			  "[route bad]\nhost = *.bad\nthrough = refuse\n"
			  "[default]\nthrough = direct\n");
}

static void tear_down(void)
{
	harness_free(h);
}

/* What dig prints; @question: its arguments, in one line */
static const char *dig(const char *question)
{
	const char *line = harness_format(h, "dig +tries=1 +time=5 @%s %s", SERVER, question);

	return harness_run_wrapped(h, "sh", "-c", line, NULL)->out->str;
}

static bool was_asked(const char *name)
{
	g_autofree char *all = NULL;
	g_auto(GStrv) lines = NULL;

	ck_assert(g_file_get_contents(asked, &all, NULL, NULL));
	lines = g_strsplit(all, "\n", 0);
	return g_strv_contains((const char *const *)lines, name);
}

/* 198.18.0.0/15 */
static bool is_stand_in(const char *text)
{
	return g_str_has_prefix(text, "198.18.") || g_str_has_prefix(text, "198.19.");
}

/* By datagram, by stream; with EDNS and without. */
static const char *const ways[] = { "+notcp", "+tcp", "+notcp +noedns", "+tcp +noedns" };

static const char *by(int way, const char *question)
{
	return dig(harness_format(h, "%s %s", ways[way], question));
}

START_TEST(a_flagged_name_has_a_stand_in_and_no_other_record)
{
	static const char *const types[] = { "AAAA", "HTTPS", "SVCB", "TXT", "MX", "ANY", "SRV" };
	const char *text;
	guint i;

	text = by(_i, "+short web.example A");
	ck_assert_msg(is_stand_in(text), "%s", text);
	for (i = 0; i < G_N_ELEMENTS(types); i++) {
		text = by(_i, harness_format(h, "web.example %s", types[i]));
		ck_assert_msg(strstr(text, "status: NOERROR") && strstr(text, "ANSWER: 0"),
			      "%s: %s", types[i], text);
	}
	ck_assert(!was_asked("web.example"));
}
END_TEST

START_TEST(the_case_of_a_question_comes_back)
{
	ck_assert_ptr_nonnull(strstr(by(_i, "+noall +answer wEb.ExAmple A"), "wEb.ExAmple."));
}
END_TEST

START_TEST(what_is_direct_is_asked_of_the_chosen_server)
{
	ck_assert_str_eq(by(_i, "+short other.test A"), DIRECT);
	ck_assert(was_asked("other.test"));
	ck_assert_ptr_nonnull(strstr(by(_i, "version.test CH TXT"), "status: NOERROR"));
	ck_assert(was_asked("version.test"));
}
END_TEST

START_TEST(what_is_no_question_harms_nobody)
{
	ck_result_status(
		harness_run_wrapped(h, "/usr/bin/python3", "-c",
				    "import socket\n"
				    "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
				    "for d in (b'', b'x', b'', b'y' * 1460, b''):\n"
				    "	s.sendto(d, ('" SERVER "', 53))\n"
				    "t = socket.create_connection(('" SERVER "', 53))\n"
				    "t.sendall(b'\\0\\0\\0\\1x')\n",
				    NULL),
		0);
	ck_assert(is_stand_in(by(0, "+short web.example A")));
	ck_assert_str_eq(by(0, "+short other.test A"), DIRECT);
}
END_TEST

START_TEST(a_refused_name_does_not_exist)
{
	ck_assert_ptr_nonnull(strstr(by(_i, "very.bad A"), "status: NXDOMAIN"));
	ck_assert_ptr_nonnull(strstr(by(_i, "very.bad CH TXT"), "status: NXDOMAIN"));
	ck_assert(!was_asked("very.bad"));
}
END_TEST

START_TEST(a_domain_behind_a_flagged_name_does_not_give_it_away)
{
	ck_assert_ptr_nonnull(strstr(by(_i, "web.example.home.test A"), "status: NXDOMAIN"));
	ck_assert_ptr_nonnull(strstr(by(_i, "Gateway.Home.Test AAAA"), "status: NXDOMAIN"));
	ck_assert(!was_asked("web.example.home.test"));
	ck_assert(!was_asked("Gateway.Home.Test"));
	ck_assert_str_eq(by(_i, "+short printer.home.test A"), DIRECT);
}
END_TEST

START_TEST(a_stand_in_has_its_name)
{
	g_autofree char *address = g_strdup(by(_i, "+short web.example A"));

	ck_assert_str_eq(by(_i, harness_format(h, "+short -x %s", g_strstrip(address))),
			 "web.example.\n");
	by(_i, "-x 192.0.2.1");
	ck_assert(was_asked("1.2.0.192.in-addr.arpa"));
}
END_TEST

START_TEST(a_server_that_is_not_there_is_said_to_be)
{
	const char *text = harness_run_wrapped(h, "dig", "+tries=1", "+time=20", "@" NOBODY,
					       "other.test", NULL)
				   ->out->str;

	ck_assert_msg(strstr(text, "status: SERVFAIL") != NULL, "%s", text);
	text = harness_run_wrapped(h, "dig", "+short", "+tries=1", "@" NOBODY, "web.example", NULL)
		       ->out->str;
	ck_assert_msg(is_stand_in(text), "%s", text);
}
END_TEST

START_TEST(many_questions_go_over_one_stream)
{
	static const char program[] =
		"import socket, struct\n"
		"def question(i, name):\n"
		"    labels = b''.join(bytes([len(l)]) + l.encode() for l in name.split('.'))\n"
		"    q = struct.pack('!6H', i, 256, 1, 0, 0, 0) + labels + b'\\0\\0\\1\\0\\1'\n"
		"    return struct.pack('!H', len(q)) + q\n"
		"s = socket.create_connection(('" SERVER "', 53))\n"
		"names = [str(i) + '.example' * (i & 1) + '.test' for i in range(12)]\n"
		"names = [n.removesuffix('.test') if 'example' in n else n for n in names]\n"
		"for b in b''.join(question(i, n) for i, n in enumerate(names)):\n"
		"    s.sendall(bytes([b]))\n"
		"f, seen = s.makefile('rb'), set()\n"
		"while len(seen) < 12:\n"
		"    a = f.read(*struct.unpack('!H', f.read(2)))\n"
		"    i, _, _, count = struct.unpack('!4H', a[:8])\n"
		"    assert count == 1 and a[-4] == (198 if i & 1 else 192), a\n"
		"    seen.add(i)\n"
		"s.sendall(b'\\xff\\xff' + bytes(9000))\n"
		"try:\n"
		"    print('more' if s.recv(1) else 'end')\n"
		"except ConnectionResetError:\n"
		"    print('reset')\n";
	const char *path = harness_file(h, "stream.py", "%s", program);
	const struct result *result = harness_run_wrapped(h, "python3", path, NULL);

	ck_assert_msg(strcmp(result->out->str, "reset\n") == 0, "%s", result->err->str);
}
END_TEST

START_TEST(a_resolver_of_node_gets_stand_ins)
{
	static const char program[] =
		"const { Resolver } = require('dns'); const r = new Resolver();\n"
		"r.setServers(['" SERVER "']);\n"
		"r.resolve4('node.example', (e, a) => { console.log(a[0].slice(0, 5));\n"
		"r.resolve6('node.example', (e) => { console.log(e.code);\n"
		"r.resolve4('node.test', (e, a) => { console.log(a[0]); }); }); });\n";
	const char *path = harness_file(h, "resolve.js", "%s", program);

	ck_assert_str_eq(harness_run_wrapped(h, "node", path, NULL)->out->str,
			 "198.1\nENODATA\n192.0.2.80\n");
	ck_assert(!was_asked("node.example"));
}
END_TEST

/* The last claim: the module does not recover. dig gives up after 5 s. */
START_TEST(a_module_that_is_silent_keeps_nobody_waiting)
{
	const char *text;

	ck_assert_int_eq(kill(process_pid(h->fake), SIGSTOP), 0);
	text = dig("+short late.example A");
	ck_assert_int_eq(kill(process_pid(h->fake), SIGCONT), 0);
	ck_assert_msg(is_stand_in(text), "%s", text);
}
END_TEST

int main(void)
{
	const int all = G_N_ELEMENTS(ways);
	Suite *suite = suite_create("names");
	TCase *tc = tcase_create("names");

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 60);
	tcase_add_unchecked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, a_flagged_name_has_a_stand_in_and_no_other_record, 0, all);
	tcase_add_loop_test(tc, the_case_of_a_question_comes_back, 0, all);
	tcase_add_loop_test(tc, what_is_direct_is_asked_of_the_chosen_server, 0, all);
	tcase_add_test(tc, what_is_no_question_harms_nobody);
	tcase_add_loop_test(tc, a_refused_name_does_not_exist, 0, all);
	tcase_add_loop_test(tc, a_domain_behind_a_flagged_name_does_not_give_it_away, 0, all);
	tcase_add_loop_test(tc, a_stand_in_has_its_name, 0, all);
	tcase_add_test(tc, a_server_that_is_not_there_is_said_to_be);
	tcase_add_test(tc, many_questions_go_over_one_stream);
	tcase_add_test(tc, a_resolver_of_node_gets_stand_ins);
	tcase_add_test(tc, a_module_that_is_silent_keeps_nobody_waiting);
	return suite_run(suite);
}
