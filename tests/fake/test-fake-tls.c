// SPDX-License-Identifier: MIT
/* "Certificates" of doc/protocol.md: a test for each sentence of the product note. */
#include "fake/harness.h"
#include "fake/tls-server.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* PG of what is there already, with other bytes. */
#define USED \
	"\r\nSelected item unavailable (used)" FAILED("PG", "<set>,<item 0..2>,<length>,<data>")

static struct identity *ca, *other_ca, *server_identity, *stranger_identity, *client, *other_client;

static struct identity *make(const char *name, const struct identity *issuer, bool is_ca,
			     const char *names)
{
	struct identity_request request = {
		.name = name,
		.issuer = issuer,
		.ca = is_ca,
		.names = names,
	};

	return identity_new(&request);
}

/* Made once, before the tests fork. */
static void make_identities(void)
{
	ca = make("root", NULL, true, NULL);
	other_ca = make("other root", NULL, true, NULL);
	server_identity = make("server", ca, false, "DNS:server.test");
	stranger_identity = make("stranger", other_ca, false, "DNS:server.test");
	client = make("device-7", ca, false, NULL);
	other_client = make("device-8", ca, false, NULL);
}

static void free_identities(void)
{
	identity_free(ca);
	identity_free(other_ca);
	identity_free(server_identity);
	identity_free(stranger_identity);
	identity_free(client);
	identity_free(other_client);
}

static void program_bytes(struct fake *fake, unsigned int set, unsigned int item, GBytes *bytes,
			  bool with_nul)
{
	gsize size;
	const void *data = g_bytes_get_data(bytes, &size);
	g_autofree char *header = NULL, *text = g_strndup(data, size);

	header = g_strdup_printf("PG=%u,%u,%zu\r", set, item, size + with_nul);
	fake_text(fake, header);
	fake_send(fake, with_nul ? text : data, size + with_nul);
	fake_expect_text(fake, OK);
	g_bytes_unref(bytes);
}

/* PEM goes with its NUL. */
static void program(struct fake *fake, unsigned int set, unsigned int item, GBytes *bytes)
{
	program_bytes(fake, set, item, bytes, true);
}

static void program_set(struct fake *fake, unsigned int set, const struct identity *root,
			const struct identity *own)
{
	program(fake, set, 0, identity_certificate(root, IDENTITY_PEM));
	program(fake, set, 1, identity_certificate(own, IDENTITY_PEM));
	program(fake, set, 2, identity_key(own, IDENTITY_PEM, NULL));
}

static struct fake *start(const char *options)
{
	char *all = g_strconcat("--resolve server.test=127.0.0.1 ", options, NULL);
	struct fake *fake = fake_start(all);

	g_free(all);
	fake_join(fake);
	fake_says(fake, "R2=10000\r", OK);
	return fake;
}

/* As the note's examples have it: P1, D0, P4, P9, P6. */
static void set_connection(struct fake *fake, const struct tls_server *server, unsigned int verify)
{
	char command[32];

	fake_says(fake, "P1=3\r", OK);
	fake_says(fake, "D0=server.test\r", DATA("127.0.0.1"));
	snprintf(command, sizeof(command), "P4=%u\r", server->port);
	fake_says(fake, command, OK);
	snprintf(command, sizeof(command), "P9=%u\r", verify);
	fake_says(fake, command, OK);
}

static void connects(struct fake *fake, const struct tls_server *server, unsigned int verify,
		     const char *greeting)
{
	char *expected = g_strdup_printf("\r\n%s\n\r\nOK\r\n> ", greeting);

	set_connection(fake, server, verify);
	fake_says(fake, "P6=1\r", CONNECTING);
	fake_says(fake, "R0\r", expected);
	g_free(expected);
	fake_says(fake, "S3=5\rhello", DATA("5"));
	fake_says(fake, "R0\r", DATA("hello"));
	fake_says(fake, "P6=0\r", OK);
}

static void fails(struct fake *fake, const struct tls_server *server, unsigned int verify,
		  const char *words)
{
	set_connection(fake, server, verify);
	fake_fails(fake, "P6=1\r", words);
	fake_says(fake, "R0\r", GONE);
}

START_TEST(p9_0_verifies_nothing)
{
	struct tls_server *server = tls_server_start(stranger_identity, NULL, 0);
	struct fake *fake = start("");

	connects(fake, server, 0, "version=TLSv1.2 name=- client=-");
	program_set(fake, 0, ca, client);
	connects(fake, server, 0, "version=TLSv1.2 name=- client=-");
	fake_stop(fake);
	tls_server_stop(server);
}
END_TEST

START_TEST(p9_1_verifies_when_the_set_has_a_root_ca)
{
	struct tls_server *stranger = tls_server_start(stranger_identity, NULL, 0);
	struct tls_server *server = tls_server_start(server_identity, NULL, 0);
	struct fake *fake = start("");

	connects(fake, stranger, 1, "version=TLSv1.2 name=- client=-");
	program(fake, 0, 0, identity_certificate(ca, IDENTITY_PEM));
	fails(fake, stranger, 1, "TLS: ");
	connects(fake, server, 1, "version=TLSv1.2 name=- client=-");
	/* A set without one verifies nothing again. */
	fake_says(fake, "PF=0,1\r", OK);
	connects(fake, stranger, 1, "version=TLSv1.2 name=- client=-");
	fake_stop(fake);
	tls_server_stop(server);
	tls_server_stop(stranger);
}
END_TEST

START_TEST(p9_2_verifies_and_shows_its_own_certificate)
{
	struct tls_server *server = tls_server_start(server_identity, ca, 0);
	struct tls_server *stranger = tls_server_start(stranger_identity, ca, 0);
	struct fake *fake = start("");

	program_set(fake, 0, ca, client);
	connects(fake, server, 2, "version=TLSv1.2 name=- client=device-7");
	fails(fake, stranger, 2, "TLS: ");
	fake_stop(fake);
	tls_server_stop(server);
	tls_server_stop(stranger);
}
END_TEST

START_TEST(p9_0_and_1_show_no_certificate)
{
	struct tls_server *server = tls_server_start(server_identity, ca, 0);
	struct fake *fake = start("");

	program_set(fake, 0, ca, client);
	fails(fake, server, 0, "TLS: ");
	fails(fake, server, 1, "TLS: ");
	fake_stop(fake);
	tls_server_stop(server);
}
END_TEST

START_TEST(p9_2_needs_all_three_items)
{
	struct tls_server *server = tls_server_start(server_identity, ca, 0);
	struct fake *fake = start("");

	fails(fake, server, 2, "no root CA");
	program(fake, 0, 0, identity_certificate(ca, IDENTITY_PEM));
	fails(fake, server, 2, "no certificate");
	program(fake, 0, 1, identity_certificate(client, IDENTITY_PEM));
	fails(fake, server, 2, "no key");
	program(fake, 0, 2, identity_key(client, IDENTITY_PEM, NULL));
	connects(fake, server, 2, "version=TLSv1.2 name=- client=device-7");
	fake_stop(fake);
	tls_server_stop(server);
}
END_TEST

START_TEST(key_that_does_not_fit_fails_the_connection)
{
	struct tls_server *server = tls_server_start(server_identity, ca, 0);
	struct fake *fake = start("");

	program(fake, 0, 0, identity_certificate(ca, IDENTITY_PEM));
	program(fake, 0, 1, identity_certificate(client, IDENTITY_PEM));
	program(fake, 0, 2, identity_key(other_client, IDENTITY_PEM, NULL));
	fails(fake, server, 2, "does not fit");
	fake_stop(fake);
	tls_server_stop(server);
}
END_TEST

START_TEST(items_that_are_no_credentials_fail_the_connection)
{
	struct tls_server *server = tls_server_start(server_identity, ca, 0);
	struct fake *fake = start("");

	fake_says(fake, "PG=0,0,7\rgarbage", OK);
	fails(fake, server, 1, "not a certificate");
	fails(fake, server, 2, "no certificate");
	program(fake, 1, 0, identity_certificate(ca, IDENTITY_PEM));
	program(fake, 1, 1, identity_certificate(client, IDENTITY_PEM));
	fake_says(fake, "PG=1,2,7\rgarbage", OK);
	fake_says(fake, "PF=0,1\r", OK);
	fails(fake, server, 2, "not a private key");
	fake_stop(fake);
	tls_server_stop(server);
}
END_TEST

/* Items in a form that only a module with @options takes; it has them when @has_them. */
static void are_refused_or_taken(enum identity_form form, const char *options, bool has_them)
{
	struct tls_server *server = tls_server_start(server_identity, ca, 0);
	struct fake *fake = start(has_them ? options : "");

	program_bytes(fake, 0, 0, identity_certificate(ca, form), false);
	program_bytes(fake, 0, 1, identity_certificate(client, form), false);
	program_bytes(fake, 0, 2, identity_key(client, form, NULL), false);
	if (has_them)
		connects(fake, server, 2, "version=TLSv1.2 name=- client=device-7");
	else
		fails(fake, server, 2, "not a certificate");
	fake_stop(fake);
	tls_server_stop(server);
}

START_TEST(items_in_der_are_refused_or_taken)
{
	are_refused_or_taken(IDENTITY_DER, "--der taken", _i);
}
END_TEST

START_TEST(pem_without_its_nul_is_refused_or_taken)
{
	are_refused_or_taken(IDENTITY_PEM, "--pem-nul optional", _i);
}
END_TEST

START_TEST(pf_selects_the_set_of_the_next_connection)
{
	struct tls_server *server = tls_server_start(server_identity, ca, 0);
	struct fake *fake = start("");

	program_set(fake, 0, ca, client);
	program_set(fake, 2, ca, other_client);
	connects(fake, server, 2, "version=TLSv1.2 name=- client=device-7");
	fake_says(fake, "PF=0,2\r", OK);
	connects(fake, server, 2, "version=TLSv1.2 name=- client=device-8");
	fake_says(fake, "PF=0,1\r", OK);
	fails(fake, server, 2, "no root CA");
	fake_usage(fake, "PF=0,4\r");
	fake_usage(fake, "PF=2,0\r");
	fake_usage(fake, "PF=0\r");
	/* AWS has a set of its own. */
	fake_says(fake, "PF=0,0\r", OK);
	fake_says(fake, "PF=1,2\r", OK);
	connects(fake, server, 2, "version=TLSv1.2 name=- client=device-7");
	fake_usage(fake, "PF=\r");
	fake_stop(fake);
	tls_server_stop(server);
}
END_TEST

START_TEST(name_of_the_server_is_sent_or_not_and_by_default_not_checked)
{
	struct tls_server *server = tls_server_start(server_identity, NULL, 0);
	struct fake *fake = start(_i ? "--sni on --resolve another.test=127.0.0.1"
				     : "--resolve another.test=127.0.0.1");

	program(fake, 0, 0, identity_certificate(ca, IDENTITY_PEM));
	set_connection(fake, server, 1);
	fake_says(fake, "D0=another.test\r", DATA("127.0.0.1"));
	fake_says(fake, "P3=127.0.0.1\r", OK);
	fake_says(fake, "P6=1\r", CONNECTING);
	fake_says(fake, "R0\r",
		  _i ? DATA("version=TLSv1.2 name=another.test client=-\n")
		     : DATA("version=TLSv1.2 name=- client=-\n"));
	fake_says(fake, "P6=0\r", OK);
	/* An address has no name to send. */
	fake_says(fake, "D0=127.0.0.1\r", DATA("127.0.0.1"));
	fake_says(fake, "P6=1\r", CONNECTING);
	fake_says(fake, "R0\r", DATA("version=TLSv1.2 name=- client=-\n"));
	fake_stop(fake);
	tls_server_stop(server);
}
END_TEST

START_TEST(server_that_does_not_pass_is_reported_alone_with_pb_1)
{
	struct tls_server *stranger = tls_server_start(stranger_identity, NULL, 0);
	struct fake *fake = start("");

	program(fake, 0, 0, identity_certificate(ca, IDENTITY_PEM));
	fake_says(fake, "PB=1\r", OK);
	connects(fake, stranger, 1, "version=TLSv1.2 name=- client=-");
	fake_says(fake, "PB=0\r", OK);
	fails(fake, stranger, 1, "TLS: ");
	fake_usage(fake, "PB=2\r");
	/* Z1 saves it. */
	fake_says(fake, "PB=1\r", OK);
	fake_says(fake, "Z1\r", OK);
	fake_says(fake, "ZR\r", PROMPT);
	fake_join(fake);
	connects(fake, stranger, 1, "version=TLSv1.2 name=- client=-");
	fake_stop(fake);
	tls_server_stop(stranger);
}
END_TEST

/* A socket, and where it goes. */
static void aim(struct fake *fake, unsigned int socket, const struct tls_server *server)
{
	fake_target(fake, socket, 3, server->port);
}

/* A server for each, for each serves one client after the other. */
static void start_servers(struct tls_server **servers)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		servers[i] = tls_server_start(server_identity, NULL, 0);
}

static void stop_servers(struct tls_server **servers)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		tls_server_stop(servers[i]);
}

START_TEST(tls_connections_at_a_time_are_four_or_one)
{
	struct fake *fake = fake_start_as(_i, "");
	struct tls_server *servers[4];
	unsigned int socket;

	start_servers(servers);
	fake_says(fake, "MT=1\r", OK);
	fake_join(fake);
	for (socket = 0; socket < 4; socket++) {
		aim(fake, socket, servers[socket]);
		if (_i != C621)
			fake_says(fake, "P6=1\r", CONNECTING);
		else if (socket == 0)
			fake_says(fake, "P6=1\r", DATA("[TCP SSL] Connecting to 127.0.0.1"));
		else
			fake_says(fake, "P6=1\r", "\r\n[TCP SSL] In use by socket 0" SIMPLE);
	}
	/* As soon as that one is free. */
	if (_i == C621) {
		fake_says(fake, "P0=0\r", OK);
		fake_says(fake, "P6=0\r", DATA("[TCP  RC] Socket closed"));
		fake_says(fake, "P0=3\r", OK);
		fake_says(fake, "P6=1\r", DATA("[TCP SSL] Connecting to 127.0.0.1"));
	}
	fake_stop(fake);
	stop_servers(servers);
}
END_TEST

START_TEST(number_of_tls_connections_is_a_switch)
{
	struct fake *fake = start("--tls-sockets 2");
	struct tls_server *servers[4];

	start_servers(servers);
	fake_says(fake, "MT=1\r", OK);
	aim(fake, 0, servers[0]);
	fake_says(fake, "P6=1\r", CONNECTING);
	aim(fake, 2, servers[2]);
	fake_says(fake, "P6=1\r", CONNECTING);
	aim(fake, 1, servers[1]);
	fake_says(fake, "P6=1\r", "\r\n[TCP SSL] In use by socket 2" SIMPLE);
	fake_stop(fake);
	stop_servers(servers);
}
END_TEST

/* P6=1 in the words of the newest firmware, one after the other as a set is filled. */
START_TEST(starts_of_newer_firmware_have_texts)
{
	struct tls_server *server = tls_server_start(server_identity, ca, 0);
	struct tls_server *stranger = tls_server_start(stranger_identity, ca, 0);
	struct fake *fake = fake_start_as(C621, "--resolve server.test=127.0.0.1");

	fake_says(fake, "MT=1\r", OK);
	fake_join(fake);
	set_connection(fake, server, 2);
	fake_says(fake, "P6=1\r", "\r\n[TCP SSL] No cert and/or key found." SIMPLE);
	fake_says(fake, "PG=0,0,7\rgarbage", OK);
	fake_says(fake, "P9=1\r", OK);
	fake_says(fake, "P6=1\r",
		  "\r\n[TCP SSL] Root CA certificate failed to initialize: 5035" SIMPLE);
	fake_says(fake, "PF=0,1\r", OK);
	program(fake, 1, 0, identity_certificate(ca, IDENTITY_PEM));
	program(fake, 1, 1, identity_certificate(client, IDENTITY_PEM));
	program(fake, 1, 2, identity_key(other_client, IDENTITY_PEM, NULL));
	fake_says(fake, "P9=2\r", OK);
	fake_says(fake, "P6=1\r", "\r\n[TCP SSL] Initialize Identity failed" SIMPLE);
	fake_says(fake, "PF=0,2\r", OK);
	program_set(fake, 2, ca, client);
	fake_says(fake, "P6=1\r",
		  DATA("[TCP SSL] Connecting to 127.0.0.1\r\n"
		       "[TCP SSL] Advanced context, Connected"));
	fake_says(fake, "P6=1\r", "\r\n[TCP  RC] Already Connected" SIMPLE);
	fake_says(fake, "P6=0\r", DATA("[TCP  RC] Socket closed"));
	set_connection(fake, stranger, 2);
	fake_says(fake, "P6=1\r", "\r\n[TCP SSL] Advanced context, failed to connect" SIMPLE);
	fake_says(fake, "P9=1\r", OK);
	fake_says(fake, "P6=1\r", "\r\n[TCP SSL] Simple context, failed to connect" SIMPLE);
	fake_stop(fake);
	tls_server_stop(server);
	tls_server_stop(stranger);
}
END_TEST

START_TEST(checking_the_name_is_a_switch)
{
	struct tls_server *server = tls_server_start(server_identity, NULL, 0);
	struct fake *fake = start("--server-name checked --resolve another.test=127.0.0.1");

	program(fake, 0, 0, identity_certificate(ca, IDENTITY_PEM));
	connects(fake, server, 1, "version=TLSv1.2 name=- client=-");
	set_connection(fake, server, 1);
	fake_says(fake, "D0=another.test\r", DATA("127.0.0.1"));
	fake_fails(fake, "P6=1\r", "TLS: hostname mismatch");
	fake_says(fake, "P3=127.0.0.1\r", OK);
	fake_says(fake, "D0=127.0.0.1\r", DATA("127.0.0.1"));
	fake_fails(fake, "P6=1\r", "TLS: IP address mismatch");
	fake_stop(fake);
	tls_server_stop(server);
}
END_TEST

/* What C6.2's parser has: AES, RSA and NIST's curves. @_i: a server that has none of it. */
START_TEST(server_with_other_ciphers_or_curves_alone_is_not_understood)
{
	static const char *const ciphers[] = { "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE+AES" };
	static const char *const curves[] = { "P-256", "X25519" };
	struct tls_server *server = tls_server_start(server_identity, NULL, TLS1_2_VERSION);
	struct fake *fake = start("");

	ck_assert(SSL_CTX_set_cipher_list(server->context, ciphers[_i]) == 1);
	ck_assert(SSL_CTX_set1_groups_list(server->context, curves[_i]) == 1);
	fails(fake, server, 0, "TLS: ");
	ck_assert(SSL_CTX_set_cipher_list(server->context, ciphers[1]) == 1);
	ck_assert(SSL_CTX_set1_groups_list(server->context, curves[0]) == 1);
	connects(fake, server, 0, "version=TLSv1.2 name=- client=-");
	fake_stop(fake);
	tls_server_stop(server);
}
END_TEST

START_TEST(dates_of_a_certificate_count_or_not)
{
	struct identity *late = identity_new(&(struct identity_request){
		.name = "late",
		.issuer = ca,
		.from = -3 * IDENTITY_DAY,
		.until = -IDENTITY_DAY,
	});
	struct tls_server *server = tls_server_start(late, NULL, 0);
	struct fake *fake = start(_i ? "--dates checked" : "");

	program(fake, 0, 0, identity_certificate(ca, IDENTITY_PEM));
	if (_i)
		fails(fake, server, 1, "certificate has expired");
	else
		connects(fake, server, 1, "version=TLSv1.2 name=- client=-");
	fake_stop(fake);
	tls_server_stop(server);
	identity_free(late);
}
END_TEST

START_TEST(faults_of_tls_starts)
{
	struct tls_server *stranger = tls_server_start(stranger_identity, NULL, 0);
	struct fake *fake = start("--fault in-use@P6#1 --fault pb@start#2 --boot-time 0");

	program(fake, 0, 0, identity_certificate(ca, IDENTITY_PEM));
	set_connection(fake, stranger, 1);
	fake_says(fake, "MT=1\r", OK);
	/* Another TLS connection is in the way, and none is. */
	fake_says(fake, "P6=1\r", "\r\n[TCP SSL] In use by socket 1" SIMPLE);
	fake_says(fake, "P6=1\r", SIMPLE);
	/* Somebody has left it with PB=1. */
	fake_says(fake, "ZR\r", PROMPT);
	fake_join(fake);
	connects(fake, stranger, 1, "version=TLSv1.2 name=- client=-");
	fake_stop(fake);
	tls_server_stop(stranger);
}
END_TEST

START_TEST(tls_1_3_is_a_switch)
{
	struct tls_server *server = tls_server_start(server_identity, NULL, TLS1_3_VERSION);
	struct fake *fake = start("");

	fails(fake, server, 0, "TLS: ");
	fake_stop(fake);
	fake = start("--tls 1.3");
	connects(fake, server, 0, "version=TLSv1.3 name=- client=-");
	fake_stop(fake);
	tls_server_stop(server);
}
END_TEST

START_TEST(handshake_that_hangs_times_out)
{
	struct fake *fake = start("--connect-timeout 200");
	uint16_t port;
	int fd = peer_listen(&port);
	char command[32];

	fake_says(fake, "P1=3\r", OK);
	fake_says(fake, "P3=127.0.0.1\r", OK);
	snprintf(command, sizeof(command), "P4=%u\r", port);
	fake_says(fake, command, OK);
	fake_fails(fake, "P6=1\r", "timed out");
	fake_stop(fake);
	close(fd);
}
END_TEST

START_TEST(tls_moves_any_bytes_both_ways)
{
	struct tls_server *server = tls_server_start(server_identity, ca, 0);
	struct fake *fake = start("");
	uint8_t payload[1460], got[1460];
	unsigned int i, round;

	for (i = 0; i < sizeof(payload); i++)
		payload[i] = i * 2654435761u >> 24;
	program_set(fake, 0, ca, client);
	set_connection(fake, server, 2);
	fake_says(fake, "P6=1\r", CONNECTING);
	fake_says(fake, "R0\r", DATA("version=TLSv1.2 name=- client=device-7\n"));
	for (round = 0; round < 200; round++) {
		fake_text(fake, "S3=1460\r");
		fake_send(fake, payload, sizeof(payload));
		fake_expect_text(fake, DATA("1460"));
		fake_text(fake, "R0\r");
		fake_expect_text(fake, "\r\n");
		fake_receive(fake, got, sizeof(got));
		ck_assert_mem_eq(got, payload, sizeof(got));
		fake_expect_text(fake, "\r\nOK\r\n> ");
	}
	fake_stop(fake);
	tls_server_stop(server);
}
END_TEST

START_TEST(row_pg_programs_once_and_compares_afterwards)
{
	struct fake *fake = fake_start("");

	fake_says(fake, "PG=0,0,5\rhello", OK);
	fake_says(fake, "PG=0,0,5\rhello", DATA("Match"));
	fake_says(fake, "PG=0,0,5\rhellO", USED);
	fake_says(fake, "PG=0,0,4\rhell", USED);
	fake_says(fake, "PG=0,0,6\rhello!", USED);
	fake_says(fake, "PG=0,0,0005\rhello", DATA("Match"));
	/* Neither a reset nor the factory settings clear it. */
	fake_says(fake, "Z0\r", OK);
	fake_says(fake, "Z2\r", OK);
	fake_says(fake, "ZR\r", PROMPT);
	fake_says(fake, "PG=0,0,5\rhello", DATA("Match"));
	fake_says(fake, "PG=0,0,5\rhellO", USED);
	/* The others are still blank. */
	fake_says(fake, "PG=2,2,1\rx", OK);
	fake_stop(fake);
}
END_TEST

START_TEST(match_is_said_or_not)
{
	static const char *const options[] = { "--match none", "--match plain", "--match certs" };
	static const char *const answers[] = { OK, DATA("Match"), DATA("[CERTS   ] Match") };
	struct fake *fake = fake_start(options[_i]);

	fake_says(fake, "PG=0,0,5\rhello", OK);
	fake_says(fake, "PG=0,0,5\rhello", answers[_i]);
	fake_stop(fake);
}
END_TEST

/* With @end behind the length: a comma in the note's form, a \r in the vendors'. */
static void header_fails(struct fake *fake, const char *header, const char *end)
{
	g_autofree char *command = g_strconcat(header, end, NULL);

	fake_usage(fake, command);
}

START_TEST(row_pg_checks_its_header)
{
	struct fake *fake = fake_start_as(_i, "");
	const char *end = _i == NOTE ? "," : "\r";

	header_fails(fake, "PG=4,0,5", end);
	if (_i == C3523)
		header_fails(fake, "PG=3,0,5", end);
	header_fails(fake, "PG=0,3,5", end);
	header_fails(fake, "PG=0,0,0", end);
	header_fails(fake, "PG=0,0,10000", end);
	header_fails(fake, "PG=0,0,x", end);
	fake_usage(fake, "PG=0,0\r");
	/* The one's form is not the other's. */
	fake_usage(fake, _i == NOTE ? "PG=0,0,5\r" : "PG=0,0,5,hello\r");
	fake_says(fake, "MT=1\r", OK);
	fake_stop(fake);
}
END_TEST

START_TEST(pg_takes_any_bytes_and_the_longest_item)
{
	struct fake *fake = fake_start("");
	uint8_t item[9999];
	unsigned int i;

	for (i = 0; i < sizeof(item); i++)
		item[i] = i;
	fake_text(fake, "PG=1,1,9999\r");
	fake_send(fake, item, sizeof(item));
	fake_expect_text(fake, OK);
	item[9998] ^= 1;
	fake_text(fake, "PG=1,1,9999\r");
	fake_send(fake, item, sizeof(item));
	fake_expect_text(fake, USED);
	fake_stop(fake);
}
END_TEST

START_TEST(pf_and_pg_in_the_notes_form_and_in_the_vendors)
{
	struct fake *fake = fake_start("");

	fake_says(fake, "PF=0,1\r", OK);
	fake_says(fake, "PF=1,0\r", OK);
	fake_usage(fake, "PF=1\r");
	fake_usage(fake, "PF=2,0\r");
	fake_says(fake, "PG=0,0,0005\rhello", OK);
	fake_says(fake, "PG=0,0,5\rHello", USED);
	fake_says(fake, "PG=0,1,0005\r\r\n> \r", OK);
	fake_stop(fake);
	fake = fake_start("--firmware note");
	fake_says(fake, "PF=1\r", OK);
	fake_usage(fake, "PF=0,1\r");
	fake_says(fake, "PG=0,0,0005,hello", OK);
	fake_says(fake, "PG=0,0,5,Hello", USED);
	fake_says(fake, "PG=0,1,0005,\r\r\n> ", OK);
	fake_stop(fake);
}
END_TEST

START_TEST(row_p9)
{
	struct fake *fake = fake_start("");

	fake_says(fake, "P9=0\r", OK);
	fake_says(fake, "P9=2\r", OK);
	fake_usage(fake, "P9=3\r");
	fake_usage(fake, "P9=\r");
	fake_stop(fake);
}
END_TEST

START_TEST(there_is_no_tls_server)
{
	struct fake *fake = start("");

	fake_says(fake, "P1=3\r", OK);
	fake_fails(fake, "P5=1\r", "no server for this protocol");
	fake_stop(fake);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fake-tls");
	TCase *tcase = tcase_create("tls");

	tcase_add_unchecked_fixture(tcase, make_identities, free_identities);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, p9_0_verifies_nothing);
	tcase_add_test(tcase, p9_1_verifies_when_the_set_has_a_root_ca);
	tcase_add_test(tcase, p9_2_verifies_and_shows_its_own_certificate);
	tcase_add_test(tcase, p9_0_and_1_show_no_certificate);
	tcase_add_test(tcase, p9_2_needs_all_three_items);
	tcase_add_test(tcase, key_that_does_not_fit_fails_the_connection);
	tcase_add_test(tcase, items_that_are_no_credentials_fail_the_connection);
	tcase_add_loop_test(tcase, items_in_der_are_refused_or_taken, 0, 2);
	tcase_add_loop_test(tcase, pem_without_its_nul_is_refused_or_taken, 0, 2);
	tcase_add_test(tcase, pf_selects_the_set_of_the_next_connection);
	tcase_add_loop_test(tcase, name_of_the_server_is_sent_or_not_and_by_default_not_checked, 0,
			    2);
	tcase_add_test(tcase, server_that_does_not_pass_is_reported_alone_with_pb_1);
	tcase_add_loop_test(tcase, tls_connections_at_a_time_are_four_or_one, 0, PROFILES);
	tcase_add_test(tcase, number_of_tls_connections_is_a_switch);
	tcase_add_test(tcase, starts_of_newer_firmware_have_texts);
	tcase_add_test(tcase, checking_the_name_is_a_switch);
	tcase_add_loop_test(tcase, server_with_other_ciphers_or_curves_alone_is_not_understood, 0,
			    2);
	tcase_add_loop_test(tcase, dates_of_a_certificate_count_or_not, 0, 2);
	tcase_add_test(tcase, faults_of_tls_starts);
	tcase_add_test(tcase, tls_1_3_is_a_switch);
	tcase_add_test(tcase, handshake_that_hangs_times_out);
	tcase_add_test(tcase, tls_moves_any_bytes_both_ways);
	tcase_add_test(tcase, row_pg_programs_once_and_compares_afterwards);
	tcase_add_loop_test(tcase, match_is_said_or_not, 0, 3);
	tcase_add_loop_test(tcase, row_pg_checks_its_header, 0, PROFILES);
	tcase_add_test(tcase, pg_takes_any_bytes_and_the_longest_item);
	tcase_add_test(tcase, pf_and_pg_in_the_notes_form_and_in_the_vendors);
	tcase_add_test(tcase, row_p9);
	tcase_add_test(tcase, there_is_no_tls_server);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
