// SPDX-License-Identifier: MIT
/*
 * Nothing leaks: in a network namespace with a card that leads nowhere, every program on the list
 * sends packets when it runs alone, and none under eswrap, whether its destination is flagged,
 * refused, or the broker is gone. Broker, simulated module and nginx are outside of the namespace.
 *
 * Compiled twice: with SLOW_PROGRAMS for those that take their time.
 */
#include <string.h>
#include <unistd.h>

#include "programs/netns.h"
#include "programs/programs.h"
#include "support/suite.h"

#define PYTHON "/usr/bin/python3"

/* Destinations behind the card, RFC 5737 and RFC 3849, and the DNS server there. */
#define NAME	   "leak.example.org"
#define ADDRESS	   "198.51.100.7"
#define ADDRESS_V6 "2001:db8:1::7"
#define DNS_SERVER "198.51.100.53"

/**
 * struct leaker - a program that connects to {host} and {port}
 * @port:	the only one that it can use; 0: any
 * @transport:	"TCP" or "UDP"; NULL: it only looks names up
 * @fetches:	nginx's /pattern, to standard output
 * @ipv6:	takes an IPv6 address for {host}
 * @argv:	as for programs_argv()
 */
struct leaker {
	guint16 port;
	const char *transport;
	bool fetches, ipv6;
	const char *const *argv;
};

#define URL "http://{host}:{port}/pattern"
#define FETCHER(...)                                                              \
	{                                                                         \
		.transport = "TCP", .fetches = true, .argv = PROGRAM(__VA_ARGS__) \
	}
#define RAW_FETCHER(...)                                                                        \
	{                                                                                       \
		.transport = "TCP", .fetches = true, .ipv6 = true, .argv = PROGRAM(__VA_ARGS__) \
	}
#define CLIENT(...)                                              \
	{                                                        \
		.transport = "TCP", .argv = PROGRAM(__VA_ARGS__) \
	}

#ifdef SLOW_PROGRAMS
static const struct leaker leakers[] = {
	FETCHER("java", "{clients}/Client.java", "http", "{host}", "{port}"),
	RAW_FETCHER("java", "{clients}/Client.java", "nio", "{host}", "{port}"),
	CLIENT("psql", "-h", "{host}", "-p", "{port}", "-c", "SELECT 1", "postgres"),
};

static void build_clients(struct harness *h)
{
	(void)h;
}
#else
static const struct leaker leakers[] = {
	{ .argv = PROGRAM("getent", "ahosts", "{host}") },
	{ .argv = PROGRAM("getent", "hosts", "{host}") },
	/* As mosquitto does for a bridge: in libc's background. */
	{ .argv = PROGRAM(
		  "sh", "-c",
		  "{built}/../shim/claims getaddrinfo_async {host} | grep -q '^{host}: 0'") },
	{ .argv = PROGRAM("sh", "-c",
			  "{built}/../shim/claims res_queries {host} >/dev/null; "
			  "getent ahosts {host}") },
	/* Names that libc completes to one on the list, and what an address is called. */
	{ .argv = PROGRAM("sh", "-c", "LOCALDOMAIN=example.org getent ahosts leak") },
	{ .argv = PROGRAM("sh", "-c",
			  "echo short {host} >aliases; HOSTALIASES=$PWD/aliases getent ahosts "
			  "short") },
	{ .argv = PROGRAM("getent", "hosts", ADDRESS) },
	{ .argv = PROGRAM(PYTHON, "-c",
			  "import socket; socket.getnameinfo(('" ADDRESS
			  "', 80), socket.NI_NAMEREQD)") },
	FETCHER("curl", "-sSf", URL),
	FETCHER("wget", "-q", "-t", "1", "-O", "-", URL),
	FETCHER("perl", "{clients}/client.pl", "http", "{host}", "{port}"),
	FETCHER("perl", "{clients}/client.pl", "inet", "{host}", "{port}"),
	FETCHER(PYTHON, "{clients}/client.py", "urllib", "{host}", "{port}"),
	RAW_FETCHER("sh", "-c", "printf 'GET /pattern\\r\\n' | nc {host} {port}"),
	FETCHER("sh", "-c", "printf 'GET /pattern\\r\\n' | socat -t 20 - TCP:{host}:{port}"),
	RAW_FETCHER("bash", "{clients}/tcp.bash", "{host}", "{port}"),
	RAW_FETCHER("perl", "{clients}/client.pl", "ip", "{host}", "{port}"),
	RAW_FETCHER(PYTHON, "{clients}/client.py", "http.client", "{host}", "{port}"),
	RAW_FETCHER(PYTHON, "{clients}/client.py", "asyncio", "{host}", "{port}"),
	RAW_FETCHER("node", "{clients}/client.js", "http", "{host}", "{port}"),
	RAW_FETCHER("node", "{clients}/client.js", "net", "{host}", "{port}"),
	RAW_FETCHER("{built}/asio-client", "{host}", "{port}"),
	RAW_FETCHER("{built}/libevent-client", "{host}", "{port}"),
	CLIENT("git", "ls-remote", "http://{host}:{port}/repository.git"),
	CLIENT("mosquitto_pub", "-h", "{host}", "-p", "{port}", "-t", "t", "-m", "m"),
	CLIENT("mosquitto_sub", "-h", "{host}", "-p", "{port}", "-t", "t", "-C", "1"),
	CLIENT("openssl", "s_client", "-connect", "{host}:{port}"),
	CLIENT("ssh", "-F", "none", "-p", "{port}", "-o", "BatchMode=yes", "{host}", "true"),
	CLIENT("redis-cli", "-h", "{host}", "-p", "{port}", "PING"),
	{ .transport = "UDP",
	  .ipv6 = true,
	  .argv = PROGRAM("dig", "@{host}", "-p", "{port}", "+tries=1", "+timeout=2",
			  "a.example") },
	{ .transport = "UDP", .port = 123, .argv = PROGRAM("ntpdig", "{host}") },
};

static void build_clients(struct harness *h)
{
	programs_built(h, "asio-client");
	programs_built(h, "libevent-client");
}
#endif

/**
 * struct leaks - one test's surroundings
 * @closed:	a port outside that nobody listens on
 * @uplink:	hears the card
 */
struct leaks {
	struct harness *h;
	struct nginx nginx;
	guint16 closed;
	int uplink;
};

static struct leaks leaks_new(void)
{
	struct leaks l = { .h = programs_new() };

	build_clients(l.h);
	l.nginx = programs_nginx(l.h);
	l.closed = harness_free_port();
	netns_enter();
	l.uplink = netns_uplink(l.h);
	netns_cover("/etc/resolv.conf", harness_file(l.h, "resolv.conf",
						     "nameserver " DNS_SERVER "\n"
						     "options timeout:1 attempts:1\n"));
	/* Not by way of a daemon, which would be outside. */
	netns_cover("/etc/nsswitch.conf", harness_file(l.h, "nsswitch.conf", "hosts: files dns\n"));
	return l;
}

static void leaks_free(struct leaks *l)
{
	close(l->uplink);
	harness_free(l->h);
}

static const char *in_words(struct harness *h, const char *const *argv)
{
	char *joined = g_strjoinv(" ", (char **)argv);
	const char *kept = harness_format(h, "%s", joined);

	g_free(joined);
	return kept;
}

/* The program alone sends @expected; it is ended as soon as it has. */
static void assert_sends(struct leaks *l, const char *const *argv, const char *expected)
{
	struct process *process = process_start(l->h, "alone", argv, NULL);
	const char *packet;

	do {
		packet = netns_packet(l->h, l->uplink, HARNESS_DEADLINE_S * 1000);
		ck_assert_msg(packet != NULL, "%s does not send %s", in_words(l->h, argv),
			      expected);
	} while (strcmp(packet, expected) != 0);
	process_kill(process);
	while (netns_packet(l->h, l->uplink, 0))
		;
}

/* Run to its end under eswrap, without a packet. */
static const struct result *assert_silent(struct leaks *l, const char *const *argv)
{
	static const struct run wrapped = { .wrapped = true };
	const struct result *result = harness_run_as(l->h, &wrapped, argv);
	const char *packet = netns_packet(l->h, l->uplink, 0);

	ck_assert_msg(packet == NULL, "%s sent %s; status %d, stderr: %s", in_words(l->h, argv),
		      packet, result->status, result->err->str);
	return result;
}

/* Where @leaker may want to go, but not through a route. Return: how many are filled in. */
static guint destinations(const struct leaker *leaker, const char *to[3])
{
	guint count = 0;

	to[count++] = NAME;
	if (leaker->transport)
		to[count++] = ADDRESS;
	if (leaker->ipv6)
		to[count++] = ADDRESS_V6;
	return count;
}

static guint16 port_of(const struct leaker *leaker)
{
	return leaker->port ? leaker->port : 8080;
}

static const char *expected_packet(struct leaks *l, const struct leaker *leaker, const char *to)
{
	if (strcmp(to, NAME) == 0)
		return "UDP " DNS_SERVER ":53";
	return harness_format(l->h, "%s %s:%u", leaker->transport, to, port_of(leaker));
}

START_TEST(every_program_on_the_list_sends_packets_without_eswrap)
{
	struct leaks l = leaks_new();
	const char *to[3];
	guint i, j, count;

	for (i = 0; i < G_N_ELEMENTS(leakers); i++) {
		count = destinations(&leakers[i], to);
		for (j = 0; j < count; j++)
			assert_sends(&l,
				     programs_argv(l.h, to[j], port_of(&leakers[i]),
						   leakers[i].argv),
				     expected_packet(&l, &leakers[i], to[j]));
	}
	leaks_free(&l);
}
END_TEST

/* No program reaches any of its destinations, and nothing is sent. */
static void assert_all_fail_in_silence(struct leaks *l)
{
	const struct result *result;
	const char *const *argv;
	const char *to[3];
	guint i, j, count;

	for (i = 0; i < G_N_ELEMENTS(leakers); i++) {
		count = destinations(&leakers[i], to);
		for (j = 0; j < count; j++) {
			argv = programs_argv(l->h, to[j], port_of(&leakers[i]), leakers[i].argv);
			result = assert_silent(l, argv);
			ck_assert_msg(result->out->len == 0 || result->status != 0,
				      "%s succeeds: %s", in_words(l->h, argv), result->out->str);
		}
	}
}

START_TEST(what_is_refused_sends_nothing)
{
	struct leaks l = leaks_new();
	guint opened = harness_opened(l.h);

	assert_all_fail_in_silence(&l);
	/* Neither by way of the module. */
	ck_assert_uint_eq(harness_opened(l.h), opened);
	leaks_free(&l);
}
END_TEST

START_TEST(without_a_broker_nothing_is_sent)
{
	struct leaks l = leaks_new();

	process_stop(l.h->broker);
	assert_all_fail_in_silence(&l);
	leaks_free(&l);
}
END_TEST

START_TEST(what_goes_through_the_module_sends_nothing)
{
	struct leaks l = leaks_new();
	const struct result *result;
	const char *const *argv;
	guint i;

	for (i = 0; i < G_N_ELEMENTS(leakers); i++) {
		argv = programs_argv(l.h, PROGRAMS_TCP_HOST,
				     leakers[i].fetches ? l.nginx.plain : l.closed,
				     leakers[i].argv);
		result = assert_silent(&l, argv);
		ck_assert_msg(!leakers[i].fetches || result->out->len == PROGRAMS_FILE_SIZE,
			      "%s fails: %s", in_words(l.h, argv), result->err->str);
	}
	leaks_free(&l);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("leaks");
	TCase *leaks = tcase_create("leaks");

	tcase_set_timeout(leaks, 10 * HARNESS_DEADLINE_S);
	tcase_add_test(leaks, every_program_on_the_list_sends_packets_without_eswrap);
	tcase_add_test(leaks, what_is_refused_sends_nothing);
	tcase_add_test(leaks, without_a_broker_nothing_is_sent);
	tcase_add_test(leaks, what_goes_through_the_module_sends_nothing);
	suite_add_tcase(suite, leaks);
	return suite_run(suite);
}
