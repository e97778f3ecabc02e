// SPDX-License-Identifier: MIT
/* Names that a route flags, names that none does, and the way back from an address. */
#include <check.h>
#include <string.h>

#include "shim/stage.h"
#include "support/suite.h"

#define FLAGGED "device.example"

/* Where the addresses of a claim stand: stand-ins differ with the name, so they are replaced. */
#define STAND_IN    "198.18.0.0/15"
#define STAND_IN_V6 "2001:2::/48"

/* The output of a claim under the shim, with stand-in addresses replaced by their blocks. */
static const char *shown(const char *claim, const char *name)
{
	const struct result *result = stage_run(true, claim, name, stage.echo, -1);
	GRegex *v4 = g_regex_new("198\\.1[89]\\.[0-9]+\\.[0-9]+", 0, 0, NULL);
	GRegex *v6 = g_regex_new("2001:2:[0-9a-f:]+", 0, 0, NULL);
	char *text, *twice;
	const char *kept;

	ck_result_status(result, 0);
	ck_assert_str_eq(result->err->str, "");
	text = g_regex_replace_literal(v4, result->out->str, -1, 0, STAND_IN, 0, NULL);
	twice = g_regex_replace_literal(v6, text, -1, 0, STAND_IN_V6, 0, NULL);
	kept = harness_format(stage.h, "%s", twice);
	g_free(twice);
	g_free(text);
	g_regex_unref(v4);
	g_regex_unref(v6);
	return kept;
}

START_TEST(getaddrinfo_with_every_flag_and_family)
{
	ck_assert_str_eq(shown("getaddrinfo_all", FLAGGED),
			 "any: 0\n"
			 "  2 2 17 " STAND_IN " port 8080\n"
			 "any, configured: 0\n"
			 "  2 1 6 " STAND_IN " port 1\n"
			 "all types: 0\n"
			 "  2 1 6 " STAND_IN " port 53\n"
			 "  2 2 17 " STAND_IN " port 53\n"
			 "service: 0\n"
			 "  2 1 6 " STAND_IN " port 80\n"
			 "udp service: 0\n"
			 "  2 2 17 " STAND_IN " port 123\n"
			 "no service: 0\n"
			 "  2 1 6 " STAND_IN " port 0\n"
			 "unknown service: EAI_SERVICE\n"
			 "numeric service: 0\n"
			 "  2 1 6 " STAND_IN " port 80\n"
			 "not a numeric service: EAI_NONAME\n"
			 "canonical: 0\n"
			 "  2 1 6 " STAND_IN " port 1 " FLAGGED "\n"
			 "  2 2 17 " STAND_IN " port 1\n"
			 "  2 3 0 " STAND_IN " port 1\n"
			 "passive: 0\n"
			 "  2 1 6 " STAND_IN " port 1\n"
			 "numeric host: EAI_NONAME\n"
			 "address configuration: 0\n"
			 "  2 1 6 " STAND_IN " port 1\n"
			 "wrong flags: EAI_BADFLAGS\n"
			 "wrong family: EAI_FAMILY\n"
			 "wrong type: EAI_SOCKTYPE\n"
			 "no hints: 0\n");
	ck_assert_str_eq(shown("getaddrinfo_ipv6", FLAGGED),
			 "any: 0\n"
			 "  2 1 6 " STAND_IN " port 8080\n"
			 "  10 1 6 " STAND_IN_V6 " port 8080\n"
			 "any, canonical: 0\n"
			 "  2 1 6 " STAND_IN " port 80 " FLAGGED "\n"
			 "  10 1 6 " STAND_IN_V6 " port 80\n"
			 "inet6: 0\n"
			 "  10 1 6 " STAND_IN_V6 " port 1\n"
			 "mapped: 0\n"
			 "  10 1 6 " STAND_IN_V6 " port 1\n"
			 "mapped, all: 0\n"
			 "  10 1 6 " STAND_IN_V6 " port 1\n"
			 "  10 1 6 ::ffff:" STAND_IN " port 1\n"
			 "canonical: 0\n"
			 "  10 1 6 " STAND_IN_V6 " port 1 " FLAGGED "\n"
			 "  10 1 6 ::ffff:" STAND_IN " port 1\n");
}
END_TEST

#define REQUESTS                                                     \
	FLAGGED ": 0\ncancel: EAI_ALLDONE\n  2 " STAND_IN "\n"       \
		"127.0.0.1: 0\ncancel: EAI_ALLDONE\n  2 127.0.0.1\n" \
		"127.0.0.1: EAI_SERVICE\ncancel: EAI_ALLDONE\n"

START_TEST(getaddrinfo_a_tells_of_its_end_in_every_way)
{
	ck_assert_str_eq(shown("getaddrinfo_async", FLAGGED),
			 "wait: 0\n" REQUESTS "nothing to wait for: EAI_ALLDONE\n"
			 "no wait: 0\nsuspend: EAI_ALLDONE\n" REQUESTS
			 "signal: 0\ntold: 10 code -60 value 7\n" REQUESTS
			 "nothing: 0\ntold: 10\nwrong mode: EAI_SYSTEM\n"
			 "thread: 0\ntold: 7\n" REQUESTS);
}
END_TEST

#define FIND(what, result) what ": -1\nh_errno " result "\n"
#define FIND_ALL(result)            \
	FIND("query", result)       \
	FIND("search", result)      \
	FIND("querydomain", result) \
	FIND("nquery", result) FIND("nsearch", result) FIND("nquerydomain", result)

/* 4 is NO_DATA, 2 TRY_AGAIN: no name server is there. The two in the middle ask for the address. */
START_TEST(flagged_names_have_addresses_alone_and_others_are_asked_for)
{
	ck_assert_str_eq(stage_run(true, "res_queries", FLAGGED, stage.refused, -1)->out->str,
			 FIND("query", "4") FIND("search", "4")
				 FIND("querydomain",
				      "4") "nquery: 48\nh_errno 0\n"
					   "nsearch: 48\nh_errno 0\n" FIND("nquerydomain", "4"));
	ck_assert_str_eq(stage_run(true, "res_queries", "direct.test", stage.refused, -1)->out->str,
			 FIND_ALL("2"));
	ck_assert_str_eq(
		stage_run(false, "res_queries", "direct.test", stage.refused, -1)->out->str,
		FIND_ALL("2"));
}
END_TEST

/* The output of a claim with one more variable, as shown(). */
static const char *shown_with(const char *variable, const char *claim, const char *name)
{
	const char *equals = strchr(variable, '=');
	const char *key = harness_format(stage.h, "%.*s", (int)(equals - variable), variable);
	const char *text;

	ck_assert(g_setenv(key, equals + 1, TRUE));
	text = shown(claim, name);
	g_unsetenv(key);
	return text;
}

#define EVERY_WAY                                       \
	"getaddrinfo: 0 " FLAGGED "\n"                  \
	"gethostbyname: " FLAGGED " " STAND_IN "\n"     \
	"gethostbyname2: " FLAGGED " " STAND_IN_V6 "\n" \
	"gethostbyname_r: " FLAGGED " " STAND_IN "\n"   \
	"res_search: no error, 1 records\n"             \
	"  " FLAGGED " " STAND_IN "\n"                  \
	"res_search MX: 4\n"                            \
	"res_query AAAA: no error, 1 records\n"         \
	"  " FLAGGED " " STAND_IN_V6 "\n"               \
	"the id is the question's\n"                    \
	"res_send: no error, 1 records\n"               \
	"  " FLAGGED " " STAND_IN "\n"                  \
	"res_send TXT: no error, 0 records\n"           \
	"res_query PTR: there\n"                        \
	"no room: 20\n"

START_TEST(a_name_is_the_same_by_every_function)
{
	ck_assert_str_eq(shown("every_way", FLAGGED), EVERY_WAY);
}
END_TEST

START_TEST(a_short_name_is_completed_by_the_search_list)
{
	ck_assert_str_eq(shown_with("LOCALDOMAIN=nothing.example example", "look_up", "device"),
			 "look-up: 0\n  2 1 6 " STAND_IN " port 0\n");
	ck_assert_str_eq(shown_with("LOCALDOMAIN=example", "every_way", "device"), EVERY_WAY);
}
END_TEST

START_TEST(a_name_with_an_alias_is_the_aliased_one)
{
	const char *file =
		harness_file(stage.h, "aliases", "# none\nother x.test\nshort " FLAGGED "\n");
	const char *variable = harness_format(stage.h, "HOSTALIASES=%s", file);

	ck_assert_str_eq(shown_with(variable, "every_way", "short"), EVERY_WAY);
}
END_TEST

/* By libidn2, which curl needs as well. */
START_TEST(an_international_name_is_shown_in_its_encoded_form)
{
	ck_assert_str_eq(shown("international_name", "b\303\274cher.example"),
			 "getaddrinfo: 0 xn--bcher-kva.example\n");
}
END_TEST

START_TEST(getnameinfo_gives_the_name_of_a_stand_in)
{
	ck_assert_str_eq(shown("getnameinfo_all", FLAGGED),
			 "name: 0 " FLAGGED " http\n"
			 "name required: 0 " FLAGGED " http\n"
			 "number of the service: 0 " FLAGGED " 80\n"
			 "number of the host: 0 " STAND_IN " http\n"
			 "little room: EAI_OVERFLOW  \n"
			 "flags that there are not: EAI_BADFLAGS  \n"
			 "service only: 0\n"
			 "http\n");
}
END_TEST

/* Case is kept as the program wrote it, the dot of the root is not. */
START_TEST(the_gethostby_family_both_ways)
{
	ck_assert_str_eq(shown("gethostby_all", "Device.Example."),
			 "gethostbyname: Device.Example family 2 length 4\n  " STAND_IN "\n"
			 "gethostbyname2: Device.Example family 2 length 4\n  " STAND_IN "\n"
			 "no family: not found\n"
			 "gethostbyname_r: Device.Example family 2 length 4\n  " STAND_IN "\n"
			 "gethostbyname2_r: Device.Example family 2 length 4\n  " STAND_IN "\n"
			 "no family: not found\n"
			 "little room: error 34 h_errno -1\n"
			 "a little more room: error 34 h_errno -1\n"
			 "gethostbyaddr: device.example family 2 length 4\n  " STAND_IN "\n"
			 "gethostbyaddr_r: device.example family 2 length 4\n  " STAND_IN "\n");
}
END_TEST

START_TEST(a_child_sees_its_parents_stand_ins)
{
	ck_assert_str_eq(shown("child_sees_stand_in", FLAGGED),
			 harness_format(stage.h,
					"child: 0 " FLAGGED " %u\nconnect: 0\nchild: ping\n",
					stage.echo));
}
END_TEST

static void check_connect_by_name(const char *claim)
{
	ck_assert_str_eq(shown(claim, FLAGGED),
			 harness_format(stage.h,
					"getaddrinfo: 0\nconnect: 0\ngetpeername: 0\nas asked: 1\n"
					"getsockname: 0\nfamily as asked: 1\nback: ping\n"
					"name: 0 " FLAGGED " %u\n",
					stage.echo));
}

START_TEST(a_stand_in_connects_in_both_families)
{
	check_connect_by_name("by_name_ipv4");
	check_connect_by_name("by_name_ipv6");
}
END_TEST

/* Names that no route flags, from the hosts file; localhost; addresses in text. */
START_TEST(other_names_are_looked_up_as_without_the_shim)
{
	static const char *const claims[] = { "getaddrinfo_all",    "getaddrinfo_ipv6",
					      "getnameinfo_all",    "gethostby_all",
					      "getaddrinfo_native", "getaddrinfo_async" };
	const char *names[] = { "localhost", g_get_host_name(), "127.0.0.1" };
	const struct result *native, *wrapped;
	size_t i, j;

	for (i = 0; i < G_N_ELEMENTS(claims); i++) {
		for (j = 0; j < G_N_ELEMENTS(names); j++) {
			native = stage_run(false, claims[i], names[j], -1);
			wrapped = stage_run(true, claims[i], names[j], -1);
			ck_result_status(native, 0);
			ck_result_status(wrapped, 0);
			ck_assert_str_eq(wrapped->out->str, native->out->str);
			ck_assert_str_eq(wrapped->err->str, native->err->str);
		}
	}
}
END_TEST

START_TEST(a_name_that_does_not_exist_is_eai_noname)
{
	struct harness *h = harness_new();

	stage.h = h;
	harness_fake(h, "--resolve", "known.example=127.0.0.1", NULL);
	harness_broker(h, "[route names]\nhost = *.example\nthrough = tcp\n");
	ck_assert_str_eq(shown("look_up", "unknown.example"), "look-up: EAI_NONAME\n");
	ck_assert_str_eq(shown("look_up", "known.example"),
			 "look-up: 0\n  2 1 6 " STAND_IN " port 0\n");
	/* Nothing that could end a command of the module's gets there. */
	ck_assert_str_eq(shown("look_up", "a\rD0=evil.example"), "look-up: EAI_FAIL\n");
	ck_text_lacks(harness_read(h, h->trace), "evil");
	harness_free(h);
}
END_TEST

START_TEST(a_refused_name_is_eai_fail)
{
	struct harness *h = harness_new();

	stage.h = h;
	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	harness_broker(h, "[route names]\nhost = *.example\nthrough = refuse\n");
	ck_assert_str_eq(shown("look_up", FLAGGED), "look-up: EAI_FAIL\n");
	harness_free(h);
}
END_TEST

/* The machine's own name, one that /etc/hosts has, and one of the local network. */
START_TEST(local_names_are_libcs_unless_a_host_names_them)
{
	const char *const own[] = { g_get_host_name(), "localhost" };
	const char *const defaults[] = { "refuse", "tcp" };
	struct harness *h;
	guint i, j;

	for (i = 0; i < 2; i++) {
		stage.h = h = harness_new();
		harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
		harness_broker(h,
			       "[route named]\nhost = *.named.local\nthrough = tcp\n"
			       "[default]\nthrough = %s\n",
			       defaults[i]);
		for (j = 0; j < G_N_ELEMENTS(own); j++)
			ck_assert_str_eq(shown("look_up", own[j]),
					 stage_run(false, "look_up", own[j], 9, -1)->out->str);
		ck_assert_str_eq(shown("look_up", "printer.named.local"),
				 "look-up: 0\n  2 1 6 " STAND_IN " port 0\n");
		harness_free(h);
	}
}
END_TEST

/* The way back from an address: what goes through the module has no name, and nobody is asked. */
START_TEST(addresses_that_go_through_the_module_have_no_name)
{
	struct harness *h = harness_new();

	stage.h = h;
	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	harness_broker(h, "[route net]\naddress = 192.0.2.0/24\nport = 443\nthrough = tcp\n"
			  "[route port]\nport = 8883\nthrough = tcp\n"
			  "[route near]\naddress = 198.51.100.0/24\nthrough = direct\n"
			  "[default]\nthrough = refuse\n");
	ck_assert_str_eq(stage_run(true, "reverse", "192.0.2.1", 9, -1)->out->str,
			 "EAI_NONAME\n192.0.2.1\nh_errno 1\n");
	ck_assert_str_eq(stage_run(true, "reverse", "203.0.113.1", 9, -1)->out->str,
			 "EAI_NONAME\n203.0.113.1\nh_errno 1\n");
	ck_assert_str_eq(stage_run(true, "reverse", "127.0.0.1", 9, -1)->out->str,
			 stage_run(false, "reverse", "127.0.0.1", 9, -1)->out->str);
	harness_free(h);
}
END_TEST

START_TEST(a_restart_of_the_broker_keeps_the_stand_ins)
{
	struct harness *h = harness_new();
	const struct result *before, *after;

	stage.h = h;
	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	harness_broker(h, "[route names]\nhost = *.example\nthrough = tcp\n");
	before = stage_run(true, "look_up", FLAGGED, -1);
	ck_text_has(before->out->str, "198.1");
	process_stop(h->broker);
	harness_broker(h, "[route names]\nhost = *.example\nthrough = tcp\n");
	after = stage_run(true, "look_up", FLAGGED, -1);
	ck_assert_str_eq(after->out->str, before->out->str);
	harness_free(h);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("name");
	TCase *names = tcase_create("names");
	TCase *brokers = tcase_create("brokers");

	tcase_add_test(names, getaddrinfo_with_every_flag_and_family);
	tcase_add_test(names, getaddrinfo_a_tells_of_its_end_in_every_way);
	tcase_add_test(names, flagged_names_have_addresses_alone_and_others_are_asked_for);
	tcase_add_test(names, a_name_is_the_same_by_every_function);
	tcase_add_test(names, a_short_name_is_completed_by_the_search_list);
	tcase_add_test(names, a_name_with_an_alias_is_the_aliased_one);
	tcase_add_test(names, an_international_name_is_shown_in_its_encoded_form);
	tcase_add_test(names, getnameinfo_gives_the_name_of_a_stand_in);
	tcase_add_test(names, the_gethostby_family_both_ways);
	tcase_add_test(names, a_child_sees_its_parents_stand_ins);
	tcase_add_test(names, a_stand_in_connects_in_both_families);
	tcase_add_test(names, other_names_are_looked_up_as_without_the_shim);
	tcase_add_unchecked_fixture(names, stage_set_up, stage_tear_down);
	tcase_set_timeout(names, 2 * HARNESS_DEADLINE_S);
	suite_add_tcase(suite, names);
	tcase_add_test(brokers, a_name_that_does_not_exist_is_eai_noname);
	tcase_add_test(brokers, a_refused_name_is_eai_fail);
	tcase_add_test(brokers, local_names_are_libcs_unless_a_host_names_them);
	tcase_add_test(brokers, addresses_that_go_through_the_module_have_no_name);
	tcase_add_test(brokers, a_restart_of_the_broker_keeps_the_stand_ins);
	tcase_set_timeout(brokers, 2 * HARNESS_DEADLINE_S);
	suite_add_tcase(suite, brokers);
	return suite_run(suite);
}
