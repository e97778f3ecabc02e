// SPDX-License-Identifier: MIT
/* What is said to a program's question, of every type: good ones, half ones, and lies. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "eswifi/eswifi.h"
#include "eswrapd/account.h"
#include "eswrapd/datagram.h"
#include "eswrapd/flow.h"
#include "eswrapd/lookup.h"
#include "eswrapd/presence.h"
#include "eswrapd/request.h"
#include "eswrapd/sched.h"
#include "eswrapd/stand-in.h"
#include "eswrapd/tally.h"
#include "loop/poller.h"
#include "loop/timer.h"
#include "support/harness.h"
#include "support/suite.h"
#include "unit/fake-client.h"
#include "unit/fake-line.h"
#include "unit/with.h"

#define OWNER 1000
#define OTHER 1001

static const char routes[] = "[route forbidden]\nhost=bad.example\nthrough=refuse\n"
			     "[route home]\naddress=192.0.2.128/25\nthrough=direct\n"
			     "[route theirs]\nhost=theirs.example\nuser=1001\nthrough=tcp\n"
			     "[route broker]\nhost=*.example\nport=1883\nthrough=tcp\n"
			     "[route net]\naddress=192.0.2.0/24,2001:db8::/32\nthrough=tcp\n"
			     "[route time]\naddress=192.0.2.0/24\nport=123\nthrough=udp\n";

static struct settings *settings;
static struct eswifi_identity identity = { .address = "192.0.2.7" };
static struct request_parts parts;
static struct poller *poller;
static struct timers *timers;
static struct requests *requests;
static struct client client;
static gsize administered;
static guint left;

static void administer(struct client *asker, const guint8 *data G_GNUC_UNUSED, gsize size,
		       gpointer user G_GNUC_UNUSED)
{
	administered = size + 1;
	client_finish(asker);
}

static void nobody(gpointer user G_GNUC_UNUSED)
{
	left++;
}

static bool nobody_is_seen(gpointer user G_GNUC_UNUSED)
{
	return false;
}

static void setup(void)
{
	static const struct request_ops ops = { .administer = administer };
	struct flow_parts flow = { 0 };

	settings = settings_with(routes);
	administered = left = 0;
	parts = (struct request_parts){ .settings = settings, .identity = &identity };
	poller = poller_new();
	timers = timers_new(fake_now);
	parts.sched = sched_new();
	fake_line_init(parts.sched);
	parts.accounts = accounts_new(settings->limits);
	parts.tallies = tallies_new();
	parts.names = names_new(&settings->stand_in, settings->limits[LIMIT_NAMES], NULL);
	parts.lookups = lookups_new(parts.sched, parts.accounts, timers);
	flow.settings = settings;
	flow.identity = &identity;
	flow.sched = parts.sched;
	flow.accounts = parts.accounts;
	flow.tallies = parts.tallies;
	flow.poller = poller;
	flow.timers = timers;
	parts.flows = flows_new(&flow, NULL);
	parts.datagrams = datagrams_new(&flow);
	requests = requests_new(&parts, &ops, NULL);
	fake_client_init(&client, OWNER, getpid());
}

static void teardown(void)
{
	fake_client_clear(&client);
	requests_free(requests);
	datagrams_free(parts.datagrams);
	flows_free(parts.flows);
	lookups_free(parts.lookups);
	names_free(parts.names);
	presence_free(parts.presence);
	sched_free(parts.sched);
	accounts_free(parts.accounts);
	tallies_free(parts.tallies);
	poller_free(poller);
	timers_free(timers);
	settings_free(settings);
}

static struct eswrap_request question(enum eswrap_request_type type, const char *address,
				      guint16 port)
{
	struct eswrap_request request = {
		.magic = ESWRAP_MAGIC,
		.type = (uint16_t)type,
		.family = AF_INET,
		.dest = { .port = port },
		.program = "prog",
	};

	if (!address)
		return request;
	request.family = request.dest.family = strchr(address, ':') ? AF_INET6 : AF_INET;
	ck_assert_int_eq(inet_pton(request.dest.family, address, request.dest.address), 1);
	return request;
}

/* A new client asks; the last one is done with. */
static const struct eswrap_reply *asks_as(uid_t uid, const void *packet, gsize size)
{
	fake_client_clear(&client);
	fake_client_init(&client, uid, getpid());
	request_asked(&client, packet, size, requests);
	return &client.reply;
}

static const struct eswrap_reply *asks(const struct eswrap_request *request)
{
	return asks_as(OWNER, request, sizeof(*request));
}

static const struct eswrap_reply *asks_connect(const char *address, guint16 port)
{
	struct eswrap_request request = question(ESWRAP_CONNECT, address, port);

	return asks(&request);
}

static const struct eswrap_reply *asks_for(enum eswrap_request_type type, const char *name)
{
	struct eswrap_request request = question(type, NULL, 0);

	g_strlcpy(request.name, name, sizeof(request.name));
	return asks(&request);
}

static void ck_refused(const struct eswrap_reply *reply, int error)
{
	ck_assert_uint_eq(reply->verdict, ESWRAP_REFUSED);
	ck_assert_uint_eq(reply->error, error);
	ck_assert_int_eq(client.fd, -1);
}

/* Return: the stand-in, for the owner of the tests, over @family. */
static struct eswrap_endpoint stand_in(uid_t uid, const char *name, int family, guint16 port)
{
	struct eswrap_endpoint v4, v6;

	names_get(parts.names, uid, name, &v4, &v6);
	v4.port = v6.port = port;
	return family == AF_INET ? v4 : v6;
}

static const struct eswrap_reply *asks_connect_to(const struct eswrap_endpoint *dest)
{
	struct eswrap_request request = question(ESWRAP_CONNECT, NULL, 0);

	request.dest = *dest;
	request.family = dest->family;
	return asks(&request);
}

START_TEST(every_size_but_the_right_one_is_refused)
{
	struct eswrap_request request = question(ESWRAP_CONNECT, "192.0.2.1", 80);
	guint8 packet[sizeof(request) + 8] = { 0 };
	gsize size;

	memcpy(packet, &request, sizeof(request));
	for (size = 0; size <= sizeof(packet); size++) {
		if (size == sizeof(request) || size == ESWRAP_REQUEST_1_SIZE)
			continue;
		ck_refused(asks_as(OWNER, packet, size), EPROTO);
	}
	ck_refused(asks_as(OWNER, packet, ESWRAP_REQUEST_1_SIZE), EPROTO);
}
END_TEST

START_TEST(text_without_an_end_is_refused)
{
	struct eswrap_request request = question(ESWRAP_CONNECT, "192.0.2.1", 80);
	struct {
		char *text;
		gsize size;
	} texts[] = {
		{ request.program, sizeof(request.program) },
		{ request.route, sizeof(request.route) },
		{ request.name, sizeof(request.name) },
	};

	memset(texts[_i].text, 'x', texts[_i].size);
	ck_refused(asks(&request), EPROTO);
}
END_TEST

START_TEST(a_type_that_there_is_not_is_refused)
{
	static const guint16 types[] = { 0, ESWRAP_COUNT + 1, 0xffff };
	struct eswrap_request request = question(ESWRAP_CONNECT, "192.0.2.1", 80);

	request.type = types[_i];
	ck_refused(asks(&request), EPROTO);
}
END_TEST

START_TEST(another_magic_is_refused_in_our_own)
{
	struct eswrap_request request = question(ESWRAP_CONNECT, "192.0.2.1", 80);

	request.magic ^= 0x100;
	ck_refused(asks(&request), EPROTO);
	ck_assert_uint_eq(client.reply.magic, ESWRAP_MAGIC);
}
END_TEST

START_TEST(the_first_version_is_answered_in_its_own)
{
	struct eswrap_request request = question(ESWRAP_CONNECT, "192.0.2.1", 80);

	request.magic = ESWRAP_MAGIC_1;
	ck_assert_uint_eq(asks_as(OWNER, &request, ESWRAP_REQUEST_1_SIZE)->verdict, ESWRAP_GRANTED);
	ck_assert_uint_eq(client.reply.magic, ESWRAP_MAGIC_1);
}
END_TEST

START_TEST(an_administrators_request_goes_to_its_owner_without_the_header)
{
	struct eswrap_request header = question(ESWRAP_ADMIN, NULL, 0);
	guint8 packet[sizeof(header) + 5] = { 0 };

	memcpy(packet, &header, sizeof(header));
	asks_as(OWNER, packet, sizeof(packet));
	ck_assert_uint_eq(administered, 5 + 1);
}
END_TEST

START_TEST(an_administrators_request_of_any_size_that_was_cut_is_refused)
{
	g_autofree guint8 *packet = g_malloc0(ESWRAP_ADMIN_MAX + 1);
	struct eswrap_request header = question(ESWRAP_ADMIN, NULL, 0);

	memcpy(packet, &header, sizeof(header));
	ck_refused(asks_as(OWNER, packet, ESWRAP_ADMIN_MAX + 1), EPROTO);
	ck_assert_uint_eq(administered, 0);
}
END_TEST

START_TEST(a_flagged_connect_is_granted_with_a_descriptor)
{
	const struct eswrap_reply *reply = asks_connect("192.0.2.1", 80);

	ck_assert_uint_eq(reply->verdict, ESWRAP_GRANTED);
	ck_assert_int_ge(client.fd, 0);
	ck_assert_uint_ne(reply->id, 0);
}
END_TEST

START_TEST(what_no_route_takes_is_direct_and_counted)
{
	g_autoptr(GVariant) direct = NULL;
	guint64 count = 0;

	ck_assert_uint_eq(asks_connect("198.51.100.1", 80)->verdict, ESWRAP_DIRECT);
	ck_assert_uint_eq(asks_connect("192.0.2.129", 80)->verdict, ESWRAP_DIRECT);
	ck_assert_int_eq(client.fd, -1);
	direct = g_variant_ref_sink(tallies_get(parts.tallies, TALLY_DIRECT));
	ck_assert(g_variant_lookup(direct, "home", "t", &count));
	ck_assert_uint_eq(count, 1);
}
END_TEST

static const struct {
	const char *address;
	guint16 port;
	int error;
} impossible[] = {
	{ "192.0.2.1", 0, ECONNREFUSED },    /* no port */
	{ "2001:db8::1", 80, ENETUNREACH },  /* IPv6, which the module does not speak */
	{ "198.18.0.99", 80, EHOSTUNREACH }, /* a stand-in that stands for nothing */
	{ "::ffff:192.0.2.1", 0, ECONNREFUSED },
};

START_TEST(a_connect_that_cannot_be_gets_the_errno_that_says_so)
{
	ck_refused(asks_connect(impossible[_i].address, impossible[_i].port), impossible[_i].error);
}
END_TEST

START_TEST(an_address_of_ipv4_in_ipv6_is_one_of_ipv4)
{
	ck_assert_uint_eq(asks_connect("::ffff:192.0.2.1", 80)->verdict, ESWRAP_GRANTED);
}
END_TEST

START_TEST(a_family_that_is_none_is_refused)
{
	struct eswrap_request request = question(ESWRAP_CONNECT, "192.0.2.1", 80);

	if (_i == 0)
		request.family = AF_UNIX;
	else
		request.dest.family = AF_UNIX;
	ck_refused(asks(&request), EPROTO);
}
END_TEST

START_TEST(a_name_is_connected_to_over_either_of_its_addresses)
{
	const struct eswrap_endpoint dest =
		stand_in(OWNER, "a.example", _i == 0 ? AF_INET : AF_INET6, 1883);

	ck_assert_uint_eq(asks_connect_to(&dest)->verdict, ESWRAP_GRANTED);
	until(OPEN);
	ck_assert_str_eq(fake.host, "a.example");
}
END_TEST

START_TEST(a_name_on_a_port_of_no_route_is_refused_and_never_direct)
{
	const struct eswrap_endpoint dest = stand_in(OWNER, "a.example", AF_INET, 22);

	ck_refused(asks_connect_to(&dest), ENETUNREACH);
}
END_TEST

START_TEST(anothers_stand_in_stands_for_nothing_and_roots_does)
{
	struct eswrap_endpoint dest = stand_in(OTHER, "a.example", AF_INET, 1883);

	ck_refused(asks_connect_to(&dest), EHOSTUNREACH);
	dest = stand_in(0, "b.example", AF_INET, 1883);
	ck_assert_uint_eq(asks_connect_to(&dest)->verdict, ESWRAP_GRANTED);
}
END_TEST

START_TEST(a_route_that_refuses_does_so_whatever_r_names)
{
	struct eswrap_endpoint dest = stand_in(OWNER, "bad.example", AF_INET, 1883);
	struct eswrap_request request = question(ESWRAP_CONNECT, NULL, 0);

	ck_refused(asks_connect_to(&dest), EACCES);
	request.dest = dest;
	g_strlcpy(request.route, "broker", sizeof(request.route));
	ck_refused(asks(&request), EACCES);
}
END_TEST

START_TEST(r_overrules_places_and_not_who_may_use_a_route)
{
	struct eswrap_request request = question(ESWRAP_CONNECT, "198.51.100.1", 80);

	g_strlcpy(request.route, "net", sizeof(request.route));
	ck_assert_uint_eq(asks(&request)->verdict, ESWRAP_GRANTED);
	g_strlcpy(request.route, "theirs", sizeof(request.route));
	ck_refused(asks(&request), EACCES);
	ck_assert_uint_eq(asks_as(OTHER, &request, sizeof(request))->verdict, ESWRAP_GRANTED);
	/* Of datagrams it says nothing. */
	g_strlcpy(request.route, "time", sizeof(request.route));
	ck_assert_uint_eq(asks(&request)->verdict, ESWRAP_DIRECT);
}
END_TEST

START_TEST(a_route_that_there_is_not_is_refused)
{
	struct eswrap_request request = question(ESWRAP_CONNECT, "192.0.2.1", 80);

	g_strlcpy(request.route, "nowhere", sizeof(request.route));
	ck_refused(asks(&request), EACCES);
	request.type = ESWRAP_RESOLVE;
	g_strlcpy(request.name, "a.example", sizeof(request.name));
	ck_refused(asks(&request), ESWRAP_NAME_FAIL);
	request.type = ESWRAP_HOLD;
	ck_refused(asks(&request), EINVAL);
}
END_TEST

START_TEST(only_root_and_the_brokers_user_ask_for_another)
{
	struct eswrap_request request = question(ESWRAP_ASK_STREAM, "198.51.100.1", 80);

	g_strlcpy(request.route, "theirs", sizeof(request.route));
	request.pid = 1;
	request.uid = OTHER;
	ck_assert_uint_eq(asks_as(0, &request, sizeof(request))->verdict, ESWRAP_GRANTED);
	ck_assert_uint_eq(asks_as(geteuid(), &request, sizeof(request))->verdict, ESWRAP_GRANTED);
	ck_refused(asks_as(OWNER + 5, &request, sizeof(request)), EACCES);
	request.pid = 0;
	ck_refused(asks_as(geteuid() + 7, &request, sizeof(request)), EACCES);
}
END_TEST

START_TEST(would_you_says_the_same_and_begins_nothing)
{
	struct eswrap_request request = question(ESWRAP_ASK_STREAM, "192.0.2.1", 80);

	ck_assert_uint_eq(asks(&request)->verdict, ESWRAP_GRANTED);
	ck_assert_int_eq(client.fd, -1);
	ck_assert_int_eq(next(), NOTHING);
	request = question(ESWRAP_ASK_DATAGRAM, "192.0.2.1", 123);
	ck_assert_uint_eq(asks(&request)->verdict, ESWRAP_GRANTED);
	request = question(ESWRAP_ASK_DATAGRAM, "192.0.2.1", 124);
	ck_assert_uint_eq(asks(&request)->verdict, ESWRAP_DIRECT);
}
END_TEST

START_TEST(a_descriptor_that_is_no_socket_has_no_mark_and_is_closed)
{
	struct eswrap_request request = question(ESWRAP_ASK_STREAM, "192.0.2.1", 80);
	int ends[2];
	char byte;

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	fake_client_clear(&client);
	fake_client_init(&client, OWNER, getpid());
	client.descriptor = ends[1];
	request_asked(&client, (const guint8 *)&request, sizeof(request), requests);
	ck_assert_uint_eq(client.reply.verdict, ESWRAP_GRANTED);
	/* The end of file comes when the other end is closed, by whichever thread. */
	ck_assert_int_eq(read(ends[0], &byte, 1), 0);
	close(ends[0]);
}
END_TEST

START_TEST(a_datagram_flow_is_granted_with_its_key_and_the_modules_address)
{
	struct eswrap_request request = question(ESWRAP_ASSOCIATE, "192.0.2.1", 123);
	const struct eswrap_reply *reply = asks(&request);
	char address[INET_ADDRSTRLEN];

	ck_assert_uint_eq(reply->verdict, ESWRAP_GRANTED);
	ck_assert_int_ge(client.fd, 0);
	ck_assert(reply->key.word[0] | reply->key.word[1] | reply->key.word[2] |
		  reply->key.word[3]);
	inet_ntop(AF_INET, reply->v4.address, address, sizeof(address));
	ck_assert_str_eq(address, "192.0.2.7");
}
END_TEST

/* Return: what is said to another destination of a datagram flow, after one has been granted. */
static const struct eswrap_reply *asks_peer(uid_t uid, const char *address, guint16 port)
{
	struct eswrap_request request = question(ESWRAP_ASSOCIATE, "192.0.2.1", 123);
	guint64 id;
	int fd;

	ck_assert_uint_eq(asks(&request)->verdict, ESWRAP_GRANTED);
	id = client.reply.id;
	/* The flow lives as long as its end does. */
	fd = client.fd;
	client.fd = -1;
	request = question(ESWRAP_PEER, address, port);
	request.id = id;
	asks_as(uid, &request, sizeof(request));
	close(fd);
	return &client.reply;
}

START_TEST(a_datagram_flow_has_more_destinations_of_its_own_user)
{
	ck_assert_uint_eq(asks_peer(OWNER, "192.0.2.2", 123)->verdict, ESWRAP_GRANTED);
	ck_assert_uint_ne(client.reply.tag, 0);
	ck_refused(asks_peer(OTHER, "192.0.2.2", 123), ENOENT);
}
END_TEST

START_TEST(what_is_direct_is_not_reachable_from_a_datagram_flow)
{
	ck_refused(asks_peer(OWNER, "198.51.100.1", 123), ENETUNREACH);
}
END_TEST

START_TEST(a_destination_for_no_flow_is_refused)
{
	struct eswrap_request request = question(ESWRAP_PEER, "192.0.2.1", 123);

	request.id = 42;
	ck_refused(asks(&request), ENOENT);
}
END_TEST

static const char *const local[] = { "192.0.2.1", "::1", "localhost", "a.localhost", "" };

START_TEST(numbers_and_local_names_are_looked_up_by_the_asker)
{
	ck_assert_uint_eq(asks_for(ESWRAP_RESOLVE, local[_i])->verdict, ESWRAP_DIRECT);
}
END_TEST

START_TEST(a_name_of_no_route_is_looked_up_by_the_asker)
{
	ck_assert_uint_eq(asks_for(ESWRAP_RESOLVE, "www.test")->verdict, ESWRAP_DIRECT);
}
END_TEST

START_TEST(a_name_that_is_refused_is_looked_up_by_nobody)
{
	ck_refused(asks_for(ESWRAP_RESOLVE, "bad.example"), ESWRAP_NAME_FAIL);
}
END_TEST

static const char *const no_names[] = { "a b.example", "\x01.example", "-r.example\r\nZR.example" };

START_TEST(a_flagged_name_that_is_none_is_not_given_to_the_module)
{
	ck_refused(asks_for(ESWRAP_RESOLVE, no_names[_i]), ESWRAP_NAME_FAIL);
	ck_assert_int_eq(next(), NOTHING);
}
END_TEST

START_TEST(a_flagged_name_is_waited_for_until_the_asker_leaves)
{
	asks_for(ESWRAP_RESOLVE, "a.example");
	ck_assert(client.waiting);
	ck_assert_uint_eq(account_count(parts.accounts, OWNER, LIMIT_LOOKUPS), 1);
	fake_client_hang_up(&client);
	ck_assert_uint_eq(account_count(parts.accounts, OWNER, LIMIT_LOOKUPS), 0);
}
END_TEST

START_TEST(a_look_up_that_takes_too_long_is_to_be_tried_again)
{
	asks_for(ESWRAP_RESOLVE, "a.example");
	fake.now += G_TIME_SPAN_MINUTE;
	timers_run(timers);
	ck_refused(&client.reply, ESWRAP_NAME_AGAIN);
}
END_TEST

START_TEST(a_local_name_that_a_route_spells_out_is_the_modules)
{
	struct eswrap_request request = question(ESWRAP_RESOLVE, NULL, 0);

	request.id = ESWRAP_RESOLVE_LOCAL;
	g_strlcpy(request.name, "a.example", sizeof(request.name));
	asks(&request);
	ck_assert(client.waiting);
	g_strlcpy(request.name, "gateway", sizeof(request.name));
	ck_assert_uint_eq(asks(&request)->verdict, ESWRAP_DIRECT);
}
END_TEST

START_TEST(a_reverse_look_up_tells_ones_own_names_and_no_others)
{
	struct eswrap_request request = question(ESWRAP_REVERSE, NULL, 0);

	request.dest = stand_in(OWNER, "a.example", AF_INET, 0);
	ck_assert_uint_eq(asks(&request)->verdict, ESWRAP_GRANTED);
	ck_assert_str_eq(client.reply.name, "a.example");
	request.dest = stand_in(OTHER, "theirs.example", AF_INET, 0);
	ck_refused(asks(&request), ESWRAP_NAME_UNKNOWN);
	request.dest = stand_in(0, "roots.example", AF_INET, 0);
	ck_refused(asks(&request), ESWRAP_NAME_UNKNOWN);
}
END_TEST

START_TEST(name_servers_are_not_told_of_flagged_addresses)
{
	struct eswrap_request request = question(ESWRAP_REVERSE, "192.0.2.1", 0);

	ck_refused(asks(&request), ESWRAP_NAME_UNKNOWN);
	request = question(ESWRAP_REVERSE, "198.51.100.1", 0);
	ck_assert_uint_eq(asks(&request)->verdict, ESWRAP_DIRECT);
	request.dest.family = 0;
	ck_refused(asks(&request), EPROTO);
}
END_TEST

START_TEST(the_systems_broker_grants_a_hold_and_keeps_nobody)
{
	struct eswrap_request request = question(ESWRAP_HOLD, NULL, 0);

	ck_assert_uint_eq(asks(&request)->verdict, ESWRAP_GRANTED);
	ck_assert(!client.holding);
	ck_assert(client.answered);
}
END_TEST

START_TEST(a_private_broker_is_held_until_the_holder_and_its_process_are_gone)
{
	static const struct request_ops ops = { .administer = administer };
	static const struct presence_ops presence_ops = { .seen = nobody_is_seen,
							  .nobody = nobody };
	struct eswrap_request request = question(ESWRAP_HOLD, NULL, 0);

	parts.presence = presence_new(&presence_ops, NULL, 1);
	requests_free(requests);
	requests = requests_new(&parts, &ops, NULL);
	asks(&request);
	ck_assert(client.holding);
	/* Of the process, the test, nothing is told before its end. */
	fake_client_hang_up(&client);
	ck_assert_uint_eq(left, 0);
}
END_TEST

START_TEST(whoever_is_one_too_many_hears_of_no_buffers)
{
	request_crowded(&client, requests);
	ck_refused(&client.reply, ENOBUFS);
}
END_TEST

static TCase *form(void)
{
	TCase *tcase = tcase_create("form");

	tcase_add_test(tcase, every_size_but_the_right_one_is_refused);
	tcase_add_loop_test(tcase, text_without_an_end_is_refused, 0, 3);
	tcase_add_loop_test(tcase, a_type_that_there_is_not_is_refused, 0, 3);
	tcase_add_test(tcase, another_magic_is_refused_in_our_own);
	tcase_add_test(tcase, the_first_version_is_answered_in_its_own);
	tcase_add_test(tcase, an_administrators_request_goes_to_its_owner_without_the_header);
	tcase_add_test(tcase, an_administrators_request_of_any_size_that_was_cut_is_refused);
	tcase_add_test(tcase, whoever_is_one_too_many_hears_of_no_buffers);
	return tcase;
}

static TCase *connects(void)
{
	TCase *tcase = tcase_create("connects");

	tcase_add_test(tcase, a_flagged_connect_is_granted_with_a_descriptor);
	tcase_add_test(tcase, what_no_route_takes_is_direct_and_counted);
	tcase_add_loop_test(tcase, a_connect_that_cannot_be_gets_the_errno_that_says_so, 0,
			    G_N_ELEMENTS(impossible));
	tcase_add_test(tcase, an_address_of_ipv4_in_ipv6_is_one_of_ipv4);
	tcase_add_loop_test(tcase, a_family_that_is_none_is_refused, 0, 2);
	tcase_add_loop_test(tcase, a_name_is_connected_to_over_either_of_its_addresses, 0, 2);
	tcase_add_test(tcase, a_name_on_a_port_of_no_route_is_refused_and_never_direct);
	tcase_add_test(tcase, anothers_stand_in_stands_for_nothing_and_roots_does);
	tcase_add_test(tcase, a_route_that_refuses_does_so_whatever_r_names);
	tcase_add_test(tcase, r_overrules_places_and_not_who_may_use_a_route);
	tcase_add_test(tcase, a_route_that_there_is_not_is_refused);
	tcase_add_test(tcase, only_root_and_the_brokers_user_ask_for_another);
	tcase_add_test(tcase, would_you_says_the_same_and_begins_nothing);
	tcase_add_test(tcase, a_descriptor_that_is_no_socket_has_no_mark_and_is_closed);
	return tcase;
}

static TCase *datagrams(void)
{
	TCase *tcase = tcase_create("datagrams");

	tcase_add_test(tcase, a_datagram_flow_is_granted_with_its_key_and_the_modules_address);
	tcase_add_test(tcase, a_datagram_flow_has_more_destinations_of_its_own_user);
	tcase_add_test(tcase, what_is_direct_is_not_reachable_from_a_datagram_flow);
	tcase_add_test(tcase, a_destination_for_no_flow_is_refused);
	return tcase;
}

static TCase *names(void)
{
	TCase *tcase = tcase_create("names");

	tcase_add_loop_test(tcase, numbers_and_local_names_are_looked_up_by_the_asker, 0,
			    G_N_ELEMENTS(local));
	tcase_add_test(tcase, a_name_of_no_route_is_looked_up_by_the_asker);
	tcase_add_test(tcase, a_name_that_is_refused_is_looked_up_by_nobody);
	tcase_add_loop_test(tcase, a_flagged_name_that_is_none_is_not_given_to_the_module, 0,
			    G_N_ELEMENTS(no_names));
	tcase_add_test(tcase, a_flagged_name_is_waited_for_until_the_asker_leaves);
	tcase_add_test(tcase, a_look_up_that_takes_too_long_is_to_be_tried_again);
	tcase_add_test(tcase, a_local_name_that_a_route_spells_out_is_the_modules);
	tcase_add_test(tcase, a_reverse_look_up_tells_ones_own_names_and_no_others);
	tcase_add_test(tcase, name_servers_are_not_told_of_flagged_addresses);
	return tcase;
}

static TCase *holds(void)
{
	TCase *tcase = tcase_create("holds");

	tcase_add_test(tcase, the_systems_broker_grants_a_hold_and_keeps_nobody);
	tcase_add_test(tcase, a_private_broker_is_held_until_the_holder_and_its_process_are_gone);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("request");
	TCase *tcases[] = { form(), connects(), datagrams(), names(), holds() };
	guint i;

	for (i = 0; i < G_N_ELEMENTS(tcases); i++) {
		tcase_add_checked_fixture(tcases[i], setup, teardown);
		suite_add_tcase(suite, tcases[i]);
	}
	return suite_run(suite);
}
