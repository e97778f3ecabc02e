// SPDX-License-Identifier: MIT
/*
 * The product note's three client examples, with sets that eswrapctl has programmed, against nginx
 * and openssl s_server.
 */
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "burn/credentials.h"
#include "support/suite.h"

#define AUTHORITIES 3 /* each with a server and a device, for one set each */

enum server { NGINX, S_SERVER, SERVERS };

static struct harness *h;
static struct identity *ca[AUTHORITIES];

static struct identity *put(const char *name, struct identity_request request)
{
	struct identity *identity;

	request.name = name;
	identity = identity_new(&request);
	credentials_put(h, name, identity);
	return identity;
}

static void put_leaf(const char *name, const struct identity *issuer, gint64 from, gint64 until)
{
	identity_free(put(name, (struct identity_request){ .issuer = issuer,
							   .from = from,
							   .until = until,
							   .names = "DNS:*.example" }));
}

/* ca-0 has signed server-0 and device-0, and so on; server-0-expired speaks for itself. */
static void setup_as(const char *option, const char *value)
{
	guint i;

	h = harness_new();
	for (i = 0; i < AUTHORITIES; i++) {
		ca[i] = put(harness_format(h, "ca-%u", i), (struct identity_request){ .ca = true });
		put_leaf(harness_format(h, "server-%u", i), ca[i], 0, 0);
		put_leaf(harness_format(h, "device-%u", i), ca[i], 0, 0);
	}
	put_leaf("server-0-expired", ca[0], -3 * IDENTITY_DAY, -60);
	harness_fake(h, "--resolve-all", "127.0.0.1", option, value, NULL);
}

static void setup(void)
{
	setup_as(NULL, NULL);
}

/* Four TLS connections at a time, as the product note's sets are for; and only one. */
static void setup_four(void)
{
	setup_as("--as", "C3.5.2.5");
}

static void setup_one(void)
{
	setup_as("--as", "C6.2.1");
}

/* A module that would know the day: none is known to. */
static void setup_dates(void)
{
	setup_as("--dates", "checked");
}

static void teardown(void)
{
	guint i;

	for (i = 0; i < AUTHORITIES; i++)
		identity_free(ca[i]);
	harness_free(h);
}

static const char *pem(const char *name)
{
	return harness_path(h, harness_format(h, "%s.pem", name));
}

static const char *key(const char *name)
{
	return harness_path(h, harness_format(h, "%s.key", name));
}

static guint16 start_nginx(const char *identity, const char *client_ca)
{
	guint16 port = harness_free_port();
	const char *directory = harness_path(h, harness_format(h, "nginx-%u", port));
	const char *name = harness_format(h, "nginx-%u.conf", port);
	const char *verify = client_ca ? harness_format(h,
							"ssl_client_certificate %s;\n"
							"ssl_verify_client on;\n",
							pem(client_ca))
				       : "";
	const char *path = harness_file(
		h, name,
		"daemon off;\nmaster_process off;\npid %1$s/pid;\nerror_log stderr info;\n"
		"events { }\nhttp {\naccess_log off;\nclient_body_temp_path %1$s/body;\n"
		"proxy_temp_path %1$s/proxy;\nfastcgi_temp_path %1$s/fastcgi;\n"
		"uwsgi_temp_path %1$s/uwsgi;\nscgi_temp_path %1$s/scgi;\nserver {\n"
		"listen 127.0.0.1:%2$u ssl;\nssl_certificate %3$s;\nssl_certificate_key %4$s;\n"
		"%5$slocation / { return 200 \"subject=$ssl_client_s_dn\\n\"; }\n}\n}\n",
		directory, port, pem(identity), key(identity), verify);
	const char *argv[] = { "nginx", "-e", "stderr", "-p", directory, "-c", path, NULL };

	ck_assert_int_eq(mkdir(directory, 0700), 0);
	process_await_port(process_start(h, harness_format(h, "nginx-%u", port), argv, NULL), port);
	return port;
}

static guint16 start_s_server(const char *identity, const char *client_ca)
{
	guint16 port = harness_free_port();
	const char *argv[] = { "openssl",
			       "s_server",
			       "-www",
			       "-accept",
			       harness_format(h, "127.0.0.1:%u", port),
			       "-cert",
			       pem(identity),
			       "-key",
			       key(identity),
			       client_ca ? "-Verify" : NULL,
			       "1",
			       "-verify_return_error",
			       "-CAfile",
			       client_ca ? pem(client_ca) : NULL,
			       NULL };

	process_await_port(process_start(h, harness_format(h, "s_server-%u", port), argv, NULL),
			   port);
	return port;
}

/* A server of either kind. @client_ca: who must have signed the client's certificate, or NULL */
static guint16 serve(enum server kind, const char *identity, const char *client_ca)
{
	return kind == NGINX ? start_nginx(identity, client_ca)
			     : start_s_server(identity, client_ca);
}

static void expect_status(const struct result *result, int status)
{
	ck_result_status(result, status);
}

/* A broker with one route to everything, and the files of ca-0 and device-0 in its set. */
static void start(const char *verify, const char *files)
{
	credentials_broker(h,
			   "[credentials gateway]\nset = 0\n%s\n"
			   "[route all]\nhost = *.example\nthrough = tls\nverify = %s\n"
			   "credentials = gateway\n\n[default]\nthrough = refuse\n",
			   files, verify);
	if (*files)
		expect_status(credentials_ctl(h, "credentials", "program", "0", "--yes", NULL), 0);
	else
		expect_status(credentials_ctl(h, "credentials", "list", "--wait", NULL), 0);
}

static const char ca_alone[] = "ca = ca-0.pem\n";
static const char all_three[] = "ca = ca-0.pem\ncertificate = device-0.pem\nkey = device-0.key\n";

static const struct result *get(guint16 port)
{
	return harness_run_wrapped(h, "curl", "-sSf",
				   harness_format(h, "http://server.example:%u/", port), NULL);
}

static void expect_page(guint16 port)
{
	expect_status(get(port), 0);
}

static void expect_refused(guint16 port)
{
	const struct result *result = get(port);

	ck_assert_msg(result->status != 0, "not refused: %s", result->out->str);
	ck_text_lacks(result->out->str, "CN");
}

START_TEST(p9_0_takes_any_server)
{
	start("none", "");
	expect_page(serve((enum server)_i, "server-0", NULL));
	expect_page(serve((enum server)_i, "server-1", NULL));
	expect_page(serve((enum server)_i, "server-0-expired", NULL));
	ck_text_has(harness_read(h, h->trace), "> \"P9=0\\r\"");
}
END_TEST

START_TEST(p9_1_with_a_ca_takes_the_servers_that_it_has_signed)
{
	start("optional", ca_alone);
	expect_page(serve((enum server)_i, "server-0", NULL));
	expect_refused(serve((enum server)_i, "server-1", NULL));
	/* Its time is over, of which the module knows nothing. */
	expect_page(serve((enum server)_i, "server-0-expired", NULL));
	ck_text_has(harness_read(h, h->trace), "> \"P9=1\\r\"");
}
END_TEST

START_TEST(p9_1_without_a_ca_takes_any_server)
{
	start("optional", "");
	expect_page(serve((enum server)_i, "server-0", NULL));
	expect_page(serve((enum server)_i, "server-1", NULL));
	expect_page(serve((enum server)_i, "server-0-expired", NULL));
}
END_TEST

START_TEST(p9_2_is_mutual)
{
	const struct result *result;

	start("required", all_three);
	result = get(serve((enum server)_i, "server-0", "ca-0"));
	ck_result_status(result, 0);
	ck_text_has(result->out->str, "CN");
	ck_text_has(result->out->str, "device-0");
	/* The server is one that the set's CA has not signed. */
	expect_refused(serve((enum server)_i, "server-1", "ca-0"));
	/* Its time is over, of which the module knows nothing. */
	expect_page(serve((enum server)_i, "server-0-expired", "ca-0"));
	/* The server knows the set's certificate by no CA of its own. */
	expect_refused(serve((enum server)_i, "server-0", "ca-1"));
	ck_text_has(harness_read(h, h->trace), "> \"P9=2\\r\"");
}
END_TEST

START_TEST(server_whose_time_is_over_is_refused_by_a_module_that_knows_dates)
{
	start("required", all_three);
	expect_page(serve((enum server)_i, "server-0", "ca-0"));
	expect_refused(serve((enum server)_i, "server-0-expired", "ca-0"));
}
END_TEST

START_TEST(p9_2_with_a_certificate_that_has_expired_since_is_refused_by_the_server)
{
	const gint64 seconds = 3;
	gint64 deadline = (gint64)time(NULL) + seconds;
	guint16 port;

	put_leaf("device-0", ca[0], 0, seconds);
	start("required", all_three);
	port = serve((enum server)_i, "server-0", "ca-0");
	/* What is awaited is the clock. */
	while ((gint64)time(NULL) <= deadline)
		g_usleep(G_USEC_PER_SEC / 10);
	expect_refused(port);
}
END_TEST

START_TEST(p9_2_without_all_three_items_fails_and_the_log_says_which)
{
	start("required", ca_alone);
	expect_refused(serve((enum server)_i, "server-0", "ca-0"));
	harness_await_log(h, "connect to ", "certificate (blank), key (blank)");
}
END_TEST

/* Three connections that are open at the same time, each asked only when all are. */
static const char three_at_once[] = "import socket, sys\n"
				    "s = []\n"
				    "for a in sys.argv[1:]:\n"
				    "    host, port = a.split(':')\n"
				    "    s.append(socket.create_connection((host, int(port))))\n"
				    "for c in s:\n"
				    "    c.sendall(b'GET / HTTP/1.0\\r\\n\\r\\n')\n"
				    "for c in s:\n"
				    "    t = b''\n"
				    "    while True:\n"
				    "        d = c.recv(4096)\n"
				    "        if not d: break\n"
				    "        t += d\n"
				    "    print(t.split(b'\\r\\n\\r\\n', 1)[1].decode().replace("
				    "'\\n', ' '))\n";

/* Three requests at the same time, which may be answered one after the other. */
static const char three_in_turn[] =
	"import sys, urllib.request as u\n"
	"from concurrent.futures import ThreadPoolExecutor as pool\n"
	"get = lambda a: u.urlopen('http://' + a).read().decode().replace('\\n', ' ')\n"
	"for text in pool(3).map(get, sys.argv[1:]): print(text)\n";

static void expect_three(const char *program, const guint16 port[AUTHORITIES])
{
	const struct result *result;
	char **lines;
	guint i;

	result = harness_run_wrapped(h, "python3", "-c", program,
				     harness_format(h, "zero.example:%u", port[0]),
				     harness_format(h, "one.example:%u", port[1]),
				     harness_format(h, "two.example:%u", port[2]), NULL);
	ck_result_status(result, 0);
	lines = g_strsplit(result->out->str, "\n", -1);
	for (i = 0; i < AUTHORITIES; i++)
		ck_text_has(lines[i], harness_format(h, "device-%u", i));
	g_strfreev(lines);
}

static guint count(const char *text, const char *part)
{
	guint n = 0;

	for (text = strstr(text, part); text; text = strstr(text + 1, part))
		n++;
	return n;
}

static void program_three_sets(guint16 port[AUTHORITIES], enum server kind)
{
	static const char *const hosts[] = { "zero.example", "one.example", "two.example" };
	GString *config = g_string_new("[default]\nthrough = refuse\n\n");
	guint i;

	for (i = 0; i < AUTHORITIES; i++) {
		g_string_append_printf(config,
				       "[credentials set-%1$u]\nset = %1$u\nca = ca-%1$u.pem\n"
				       "certificate = device-%1$u.pem\nkey = device-%1$u.key\n\n"
				       "[route set-%1$u]\nhost = %2$s\nthrough = tls\n"
				       "credentials = set-%1$u\n\n",
				       i, hosts[i]);
		port[i] = serve(kind, harness_format(h, "server-%u", i),
				harness_format(h, "ca-%u", i));
	}
	credentials_broker(h, "%s", config->str);
	g_string_free(config, TRUE);
	for (i = 0; i < AUTHORITIES; i++)
		expect_status(credentials_ctl(h, "credentials", "program",
					      harness_format(h, "set-%u", i), "--yes", NULL),
			      0);
}

START_TEST(three_sets_are_in_use_at_once_by_three_routes)
{
	guint16 port[AUTHORITIES];
	const char *before, *after;

	program_three_sets(port, (enum server)_i);
	expect_three(three_at_once, port);
	/* The set is selected when it changes, and only then. */
	expect_status(harness_run_wrapped(h, "curl", "-sSf",
					  harness_format(h, "http://two.example:%u/", port[2]),
					  NULL),
		      0);
	before = harness_read(h, h->trace);
	expect_status(harness_run_wrapped(h, "curl", "-sSf",
					  harness_format(h, "http://two.example:%u/", port[2]),
					  NULL),
		      0);
	after = harness_read(h, h->trace);
	ck_assert_uint_eq(count(after, "> \"PF="), count(before, "> \"PF="));
	ck_assert_uint_eq(count(after, "> \"P6=1"), count(before, "> \"P6=1") + 1);
}
END_TEST

START_TEST(three_sets_take_turns_where_one_tls_connection_is_possible)
{
	guint16 port[AUTHORITIES];

	program_three_sets(port, (enum server)_i);
	expect_three(three_in_turn, port);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("credential-tls");
	TCase *note = tcase_create("note"), *four = tcase_create("four");
	TCase *one = tcase_create("one"), *dates = tcase_create("dates");

	tcase_add_checked_fixture(note, setup, teardown);
	tcase_set_timeout(note, 90);
	tcase_add_loop_test(note, p9_0_takes_any_server, 0, SERVERS);
	tcase_add_loop_test(note, p9_1_with_a_ca_takes_the_servers_that_it_has_signed, 0, SERVERS);
	tcase_add_loop_test(note, p9_1_without_a_ca_takes_any_server, 0, SERVERS);
	tcase_add_loop_test(note, p9_2_is_mutual, 0, SERVERS);
	tcase_add_loop_test(note,
			    p9_2_with_a_certificate_that_has_expired_since_is_refused_by_the_server,
			    0, SERVERS);
	tcase_add_loop_test(note, p9_2_without_all_three_items_fails_and_the_log_says_which, 0,
			    SERVERS);
	suite_add_tcase(suite, note);
	tcase_add_checked_fixture(dates, setup_dates, teardown);
	tcase_set_timeout(dates, 90);
	tcase_add_loop_test(dates,
			    server_whose_time_is_over_is_refused_by_a_module_that_knows_dates, 0,
			    SERVERS);
	suite_add_tcase(suite, dates);
	tcase_add_checked_fixture(four, setup_four, teardown);
	tcase_set_timeout(four, 90);
	tcase_add_loop_test(four, three_sets_are_in_use_at_once_by_three_routes, 0, SERVERS);
	suite_add_tcase(suite, four);
	tcase_add_checked_fixture(one, setup_one, teardown);
	tcase_set_timeout(one, 90);
	tcase_add_loop_test(one, three_sets_take_turns_where_one_tls_connection_is_possible, 0,
			    SERVERS);
	suite_add_tcase(suite, one);
	return suite_run(suite);
}
