// SPDX-License-Identifier: MIT
#include <string.h>
#include <sys/socket.h>

#include "config/route.h"
#include "support/suite.h"
#include "unit/with.h"

static struct settings *settings;

static void load(const char *routes)
{
	settings_free(settings);
	settings = settings_with(routes);
}

static void teardown(void)
{
	settings_free(settings);
	settings = NULL;
}

static const struct asker somebody = { .uid = 1000, .program = "curl" };

static const char *taken_as(const struct asker *asker, int type, const char *place, guint16 port)
{
	struct destination to = { .type = type, .port = port };
	struct address_block block;
	const struct route *route;

	if (address_block_parse(place, &block, NULL))
		memcpy(to.address, block.address, 16);
	else
		to.name = place;
	route = route_match(settings, asker, &to);
	return route ? route->name : "none";
}

static const char *stream(const char *place, guint16 port)
{
	return taken_as(&somebody, SOCK_STREAM, place, port);
}

static const char *datagram(const char *place, guint16 port)
{
	return taken_as(&somebody, SOCK_DGRAM, place, port);
}

START_TEST(first_match_in_file_order_wins)
{
	load("[route b]\nhost=*.example\nthrough=tcp\n[route a]\nhost=x.example\nthrough=direct\n");
	ck_assert_str_eq(stream("x.example", 1), "b");
	load("[route a]\nhost=x.example\nthrough=direct\n[route b]\nhost=*.example\nthrough=tcp\n");
	ck_assert_str_eq(stream("x.example", 1), "a");
	ck_assert_str_eq(stream("y.example", 1), "b");
	ck_assert_str_eq(stream("example", 1), "default");
}
END_TEST

START_TEST(host_patterns_match_whole_names_over_dots)
{
	load("[route a]\nhost=*.iot.example, exact.test, h?.test\nthrough=tcp\n");
	ck_assert_str_eq(stream("a.iot.example", 1), "a");
	ck_assert_str_eq(stream("a.b.iot.example", 1), "a");
	ck_assert_str_eq(stream("iot.example", 1), "default");
	ck_assert_str_eq(stream("a.iot.example.evil", 1), "default");
	ck_assert_str_eq(stream("exact.test", 1), "a");
	ck_assert_str_eq(stream("not-exact.test", 1), "default");
	ck_assert_str_eq(stream("h1.test", 1), "a");
	ck_assert_str_eq(stream("h10.test", 1), "default");
}
END_TEST

START_TEST(host_is_for_names_and_address_for_addresses)
{
	load("[route name]\nhost=*\nthrough=tcp\n[route "
	     "net]\naddress=0.0.0.0/0,::/0\nthrough=tcp\n");
	ck_assert_str_eq(stream("a.example", 1), "name");
	ck_assert_str_eq(stream("192.0.2.1", 1), "net");
	ck_assert_str_eq(stream("2001:db8::1", 1), "net");
}
END_TEST

START_TEST(blocks_hold_their_first_and_last_address_and_no_more)
{
	load("[route a]\naddress=10.16.0.0/12,2001:db8:8000::/33\nthrough=tcp\n");
	ck_assert_str_eq(stream("10.15.255.255", 1), "default");
	ck_assert_str_eq(stream("10.16.0.0", 1), "a");
	ck_assert_str_eq(stream("10.31.255.255", 1), "a");
	ck_assert_str_eq(stream("10.32.0.0", 1), "default");
	ck_assert_str_eq(stream("::ffff:10.16.0.1", 1), "a");
	ck_assert_str_eq(stream("2001:db8:7fff::1", 1), "default");
	ck_assert_str_eq(stream("2001:db8:8000::", 1), "a");
	/* An IPv6 block as wide as it gets holds IPv4 too, in its v4-mapped form; IPv4's does not
	 * hold IPv6. */
	load("[route a]\naddress=0.0.0.0/0\nthrough=tcp\n");
	ck_assert_str_eq(stream("2001:db8::1", 1), "default");
	ck_assert_str_eq(stream("192.0.2.1", 1), "a");
}
END_TEST

START_TEST(port_lists_and_ranges)
{
	load("[route a]\nport=443, 8000-8099\nthrough=tcp\n");
	ck_assert_str_eq(stream("192.0.2.1", 443), "a");
	ck_assert_str_eq(stream("192.0.2.1", 444), "default");
	ck_assert_str_eq(stream("192.0.2.1", 7999), "default");
	ck_assert_str_eq(stream("192.0.2.1", 8000), "a");
	ck_assert_str_eq(stream("192.0.2.1", 8099), "a");
	ck_assert_str_eq(stream("192.0.2.1", 8100), "default");
}
END_TEST

START_TEST(program_user_and_mark_must_all_hold)
{
	struct asker asker = { .uid = 7, .program = "curl", .mark = 0x5e };

	load("[route a]\nprogram=wget,curl\nuser=7\nmark=0x5e\nthrough=tcp\n");
	ck_assert_str_eq(taken_as(&asker, SOCK_STREAM, "192.0.2.1", 1), "a");
	asker.uid = 8;
	ck_assert_str_eq(taken_as(&asker, SOCK_STREAM, "192.0.2.1", 1), "default");
	asker.uid = 7;
	asker.program = "curlx";
	ck_assert_str_eq(taken_as(&asker, SOCK_STREAM, "192.0.2.1", 1), "default");
	asker.program = "curl";
	asker.mark = 0;
	ck_assert_str_eq(taken_as(&asker, SOCK_STREAM, "192.0.2.1", 1), "default");
}
END_TEST

START_TEST(tls_and_tcp_take_streams_udp_takes_datagrams_direct_and_refuse_take_both)
{
	load("[route tls]\naddress=10.0.0.1\nthrough=tls\ncredentials=c\n"
	     "[route tcp]\naddress=10.0.0.2\nthrough=tcp\n"
	     "[route udp]\naddress=10.0.0.3\nthrough=udp\n"
	     "[route direct]\naddress=10.0.0.4\nthrough=direct\n"
	     "[route refuse]\naddress=10.0.0.5\nthrough=refuse\n");
	ck_assert_str_eq(stream("10.0.0.1", 1), "tls");
	ck_assert_str_eq(datagram("10.0.0.1", 1), "default");
	ck_assert_str_eq(stream("10.0.0.2", 1), "tcp");
	ck_assert_str_eq(datagram("10.0.0.2", 1), "default");
	ck_assert_str_eq(stream("10.0.0.3", 1), "default");
	ck_assert_str_eq(datagram("10.0.0.3", 1), "udp");
	ck_assert_str_eq(stream("10.0.0.4", 1), "direct");
	ck_assert_str_eq(datagram("10.0.0.4", 1), "direct");
	ck_assert_str_eq(stream("10.0.0.5", 1), "refuse");
	ck_assert_str_eq(datagram("10.0.0.5", 1), "refuse");
	load("[default]\nthrough=tcp\n");
	ck_assert_str_eq(datagram("10.0.0.1", 1), "none");
}
END_TEST

static const char *const loopbacks[] = { "127.0.0.1", "127.255.255.255", "0.0.0.0", "::1",
					 "::",	      "::ffff:127.0.0.1" };

START_TEST(loopback_takes_only_a_route_whose_address_names_it)
{
	load("[route all]\nthrough=refuse\n[default]\nthrough=refuse\n");
	ck_assert_str_eq(stream(loopbacks[_i], 80), "none");
	ck_assert_str_eq(stream("192.0.2.1", 80), "all");
	load("[route own]\naddress=127.0.0.0/8,::/127,0.0.0.0\nthrough=tcp\n");
	ck_assert_str_eq(stream(loopbacks[_i], 80), "own");
}
END_TEST

static enum name_fate fate(const char *name, const char *expected_by)
{
	const struct route *by;
	enum name_fate f = route_name_fate(settings, &somebody, name, &by);

	ck_assert_str_eq(by->name, expected_by);
	return f;
}

START_TEST(a_name_is_flagged_when_a_port_of_it_might_be)
{
	load("[route a]\nhost=a.example\nport=8883\nthrough=tls\ncredentials=c\n"
	     "[route u]\nhost=u.example\nthrough=udp\n"
	     "[route r]\nhost=r.example\nport=25\nthrough=refuse\n"
	     "[route gone]\nhost=gone.example\nthrough=refuse\n");
	ck_assert_int_eq(fate("a.example", "a"), NAME_FLAGGED);
	ck_assert_int_eq(fate("u.example", "u"), NAME_FLAGGED);
	ck_assert_int_eq(fate("r.example", "r"), NAME_FLAGGED);
	ck_assert_int_eq(fate("gone.example", "gone"), NAME_REFUSED);
	ck_assert_int_eq(fate("b.example", "default"), NAME_DIRECT);
}
END_TEST

START_TEST(a_name_is_not_flagged_for_another_user_or_program)
{
	load("[route a]\nhost=a.example\nprogram=wget\nthrough=tcp\n"
	     "[route b]\nhost=b.example\nuser=1\nthrough=tcp\n"
	     "[route m]\nhost=m.example\nmark=1\nthrough=tcp\n");
	ck_assert_int_eq(fate("a.example", "default"), NAME_DIRECT);
	ck_assert_int_eq(fate("b.example", "default"), NAME_DIRECT);
	/* A look-up has no mark; the socket that follows may. */
	ck_assert_int_eq(fate("m.example", "m"), NAME_FLAGGED);
}
END_TEST

START_TEST(default_decides_about_the_other_names)
{
	load("[route a]\nhost=a.example\nthrough=direct\n[default]\nthrough=refuse\n");
	ck_assert_int_eq(fate("a.example", "a"), NAME_DIRECT);
	ck_assert_int_eq(fate("b.example", "default"), NAME_REFUSED);
	load("[route a]\nhost=a.example\nthrough=direct\n[default]\nthrough=tcp\n");
	ck_assert_int_eq(fate("a.example", "a"), NAME_DIRECT);
	ck_assert_int_eq(fate("b.example", "default"), NAME_FLAGGED);
}
END_TEST

START_TEST(a_route_with_a_port_alone_takes_names_only_where_default_keeps_them_in)
{
	load("[route web]\nport=443\nthrough=tcp\n");
	ck_assert_int_eq(fate("a.example", "default"), NAME_DIRECT);
	load("[route web]\nport=443\nthrough=tcp\n[default]\nthrough=refuse\n");
	ck_assert_int_eq(fate("a.example", "web"), NAME_FLAGGED);
	load("[route net]\naddress=10.0.0.0/8\nthrough=tcp\n[default]\nthrough=refuse\n");
	ck_assert_int_eq(fate("a.example", "default"), NAME_REFUSED);
}
END_TEST

START_TEST(a_direct_route_for_one_port_does_not_let_the_name_out)
{
	load("[route ssh]\nhost=*.example\nport=22\nthrough=direct\n"
	     "[route rest]\nhost=*.example\nthrough=tcp\n");
	ck_assert_int_eq(fate("a.example", "rest"), NAME_FLAGGED);
}
END_TEST

START_TEST(routes_are_found_by_name)
{
	load("[route a]\nthrough=tcp\n");
	ck_assert_str_eq(route_find(settings, "a")->name, "a");
	ck_assert_ptr_eq(route_find(settings, "default"), settings->fallback);
	ck_assert_ptr_null(route_find(settings, "b"));
	ck_assert_ptr_null(route_find(settings, ""));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("route");
	TCase *tc = tcase_create("route");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, first_match_in_file_order_wins);
	tcase_add_test(tc, host_patterns_match_whole_names_over_dots);
	tcase_add_test(tc, host_is_for_names_and_address_for_addresses);
	tcase_add_test(tc, blocks_hold_their_first_and_last_address_and_no_more);
	tcase_add_test(tc, port_lists_and_ranges);
	tcase_add_test(tc, program_user_and_mark_must_all_hold);
	tcase_add_test(tc,
		       tls_and_tcp_take_streams_udp_takes_datagrams_direct_and_refuse_take_both);
	tcase_add_loop_test(tc, loopback_takes_only_a_route_whose_address_names_it, 0,
			    G_N_ELEMENTS(loopbacks));
	tcase_add_test(tc, a_name_is_flagged_when_a_port_of_it_might_be);
	tcase_add_test(tc, a_name_is_not_flagged_for_another_user_or_program);
	tcase_add_test(tc, default_decides_about_the_other_names);
	tcase_add_test(tc, a_route_with_a_port_alone_takes_names_only_where_default_keeps_them_in);
	tcase_add_test(tc, a_direct_route_for_one_port_does_not_let_the_name_out);
	tcase_add_test(tc, routes_are_found_by_name);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
