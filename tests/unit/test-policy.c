// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <string.h>

#include "eswrapd/policy.h"
#include "config/route.h"
#include "support/suite.h"
#include "unit/with.h"
#include "wire/policy.h"

#define SEEDS	     300
#define DESTINATIONS 200

static struct settings *settings;
static struct eswrap_policy policy;

static void load(const char *routes)
{
	settings_free(settings);
	settings = settings_with(routes);
	policy_compile(settings, NULL, &policy);
}

static void teardown(void)
{
	settings_free(settings);
	settings = NULL;
}

static bool is_direct(const char *address, guint16 port, int type)
{
	struct eswrap_endpoint to = { .port = port };

	to.family = strchr(address, ':') ? AF_INET6 : AF_INET;
	ck_assert_int_eq(inet_pton(to.family, address, to.address), 1);
	return eswrap_policy_is_direct(&policy, &to, type);
}

START_TEST(what_only_names_are_flagged_for_needs_no_question)
{
	load("[route a]\nhost=*.example\nthrough=tcp\n");
	ck_assert(is_direct("127.0.0.1", 80, SOCK_STREAM));
	ck_assert(is_direct("::1", 80, SOCK_STREAM));
	ck_assert(is_direct("10.1.2.3", 80, SOCK_STREAM));
	ck_assert(is_direct("2001:db8::1", 123, SOCK_DGRAM));
}
END_TEST

START_TEST(name_servers_are_asked_about_where_names_are_flagged)
{
	load("[route a]\nhost=*.example\nthrough=tcp\n");
	ck_assert(!is_direct("127.0.0.53", 53, SOCK_DGRAM));
	ck_assert(!is_direct("2001:db8::1", 53, SOCK_STREAM));
	load("[route a]\naddress=192.0.2.1\nthrough=tcp\n");
	ck_assert(is_direct("127.0.0.53", 53, SOCK_DGRAM));
}
END_TEST

START_TEST(stand_in_addresses_are_always_asked_about)
{
	load("[route a]\naddress=0.0.0.0/0, ::/0\nthrough=direct\n");
	ck_assert(is_direct("198.17.255.255", 80, SOCK_STREAM));
	ck_assert(!is_direct("198.18.0.0", 80, SOCK_STREAM));
	ck_assert(!is_direct("198.19.255.255", 80, SOCK_DGRAM));
	ck_assert(!is_direct("::ffff:198.18.0.1", 80, SOCK_STREAM));
	ck_assert(!is_direct("2001:2::c612:1", 80, SOCK_STREAM));
	ck_assert(is_direct("198.20.0.0", 80, SOCK_STREAM));
}
END_TEST

START_TEST(flagged_addresses_and_ports_are_asked_about)
{
	load("[route a]\naddress=10.0.0.0/9\nport=443, 8000-8099\nthrough=tcp\n");
	ck_assert(!is_direct("10.127.0.1", 443, SOCK_STREAM));
	ck_assert(!is_direct("::ffff:10.127.0.1", 8099, SOCK_STREAM));
	ck_assert(is_direct("10.128.0.1", 443, SOCK_STREAM));
	ck_assert(is_direct("10.127.0.1", 8100, SOCK_STREAM));
	ck_assert(is_direct("10.127.0.1", 443, SOCK_DGRAM));
}
END_TEST

START_TEST(a_default_that_is_not_direct_leaves_loopback_alone)
{
	load("[default]\nthrough=refuse\n");
	ck_assert(is_direct("127.0.0.1", 80, SOCK_STREAM));
	ck_assert(!is_direct("10.0.0.1", 80, SOCK_STREAM));
	ck_assert(!is_direct("10.0.0.1", 80, SOCK_DGRAM));
}
END_TEST

START_TEST(more_routes_than_fit_are_asked_about)
{
	GString *text = g_string_new(NULL);
	int i;

	for (i = 0; i < ESWRAP_POLICY_RULES; i++)
		g_string_append_printf(text, "[route r%d]\naddress=10.0.%d.0/24\nthrough=direct\n",
				       i, i);
	load(text->str);
	g_string_free(text, TRUE);
	ck_assert(is_direct("10.0.0.1", 80, SOCK_STREAM));
	ck_assert(!is_direct("10.0.139.1", 80, SOCK_STREAM));
	ck_assert(!is_direct("127.0.0.1", 80, SOCK_STREAM));
}
END_TEST

/* Routes and destinations out of few values, so that they often meet. */
static const char *const blocks[] = { "10.0.0.0/8", "10.1.0.0/16", "10.1.2.3",	   "127.0.0.0/8",
				      "0.0.0.0/0",  "::/0",	   "2001:db8::/32" };
static const char *const places[] = { "10.0.0.1",  "10.1.0.1", "10.1.2.3",    "127.0.0.1",
				      "192.0.2.1", "::1",      "2001:db8::1", "0.0.0.0" };
static const char *const ports[] = { "80", "443", "80-443", "1-65535" };
static const guint16 numbers[] = { 0, 1, 79, 80, 443, 444, 65535 };

static void add_condition(GString *text, GRand *rand)
{
	switch (g_rand_int_range(rand, 0, 8)) {
	case 0:
	case 1:
	case 2:
		g_string_append_printf(text, "address=%s\n",
				       blocks[g_rand_int_range(rand, 0, G_N_ELEMENTS(blocks))]);
		break;
	case 3:
		g_string_append(text, "host=*.example\n");
		break;
	case 4:
		g_string_append(text, "program=curl\n");
		break;
	case 5:
		g_string_append(text, "user=0\n");
		break;
	case 6:
		g_string_append(text, "mark=5\n");
		break;
	case 7:
		break;
	}
	if (g_rand_boolean(rand))
		g_string_append_printf(text, "port=%s\n",
				       ports[g_rand_int_range(rand, 0, G_N_ELEMENTS(ports))]);
}

static void load_random(GRand *rand)
{
	static const char *const ways[] = { "tcp", "udp", "direct", "refuse" };
	GString *text = g_string_new(NULL);
	int i, n = g_rand_int_range(rand, 0, 6);

	for (i = 0; i < n; i++) {
		g_string_append_printf(text, "[route r%d]\n", i);
		add_condition(text, rand);
		g_string_append_printf(text, "through=%s\n",
				       ways[g_rand_int_range(rand, 0, G_N_ELEMENTS(ways))]);
	}
	g_string_append_printf(text, "[default]\nthrough=%s\n",
			       ways[g_rand_int_range(rand, 0, G_N_ELEMENTS(ways))]);
	load(text->str);
	g_string_free(text, TRUE);
}

static const struct asker askers[] = {
	{ .uid = 0, .program = "curl", .mark = 5 },
	{ .uid = 0, .program = "wget" },
	{ .uid = 1000, .program = "curl" },
	{ .uid = 1000, .program = "wget", .mark = 5 },
};

/* What the broker answers to that place, for each asker. */
static bool all_are_direct(const struct destination *to)
{
	const struct route *route;
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(askers); i++) {
		route = route_match(settings, &askers[i], to);
		if (route && route->through != ROUTE_DIRECT)
			return false;
	}
	return true;
}

static void compare(GRand *rand)
{
	const char *place = places[g_rand_int_range(rand, 0, G_N_ELEMENTS(places))];
	struct destination to = {
		.type = g_rand_boolean(rand) ? SOCK_STREAM : SOCK_DGRAM,
		.port = numbers[g_rand_int_range(rand, 0, G_N_ELEMENTS(numbers))],
	};
	struct address_block block;

	ck_assert(address_block_parse(place, &block, NULL));
	memcpy(to.address, block.address, 16);
	if (is_direct(place, to.port, to.type))
		ck_assert_msg(all_are_direct(&to), "%s:%u", place, to.port);
}

START_TEST(the_policy_says_direct_only_where_every_route_does)
{
	guint32 seed;
	GRand *rand;
	int i;

	for (seed = 0; seed < SEEDS; seed++) {
		rand = g_rand_new_with_seed(seed);
		load_random(rand);
		for (i = 0; i < DESTINATIONS; i++)
			compare(rand);
		g_rand_free(rand);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy");
	TCase *rules = tcase_create("rules");

	tcase_add_checked_fixture(rules, NULL, teardown);
	tcase_add_test(rules, what_only_names_are_flagged_for_needs_no_question);
	tcase_add_test(rules, name_servers_are_asked_about_where_names_are_flagged);
	tcase_add_test(rules, stand_in_addresses_are_always_asked_about);
	tcase_add_test(rules, flagged_addresses_and_ports_are_asked_about);
	tcase_add_test(rules, a_default_that_is_not_direct_leaves_loopback_alone);
	tcase_add_test(rules, more_routes_than_fit_are_asked_about);
	tcase_add_test(rules, the_policy_says_direct_only_where_every_route_does);
	suite_add_tcase(suite, rules);
	return suite_run(suite);
}
