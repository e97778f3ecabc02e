// SPDX-License-Identifier: MIT
/*
 * The gateway that eswrap is made for: mosquitto's own clients, which know nothing of TLS here,
 * and a mosquitto that wants a client's certificate.
 */

#include "programs/programs.h"
#include "support/suite.h"

/* The shortest that mosquitto_sub takes, s. */
#define KEEP_ALIVE "5"

/**
 * struct mosquitto - a running broker
 * @port:	MQTT over TLS; a certificate that ca.pem has signed is required and gives the name
 * @process:	says on standard output what it does
 */
struct mosquitto {
	guint16 port;
	struct process *process;
};

static struct mosquitto mosquitto_start(struct harness *h)
{
	struct mosquitto mosquitto = { .port = harness_free_port() };
	const char *config =
		harness_file(h, "mosquitto.conf",
			     "listener %u 127.0.0.1\n"
			     "cafile %s\n"
			     "certfile %s\n"
			     "keyfile %s\n"
			     "require_certificate true\n"
			     "use_identity_as_username true\n"
			     "log_dest stderr\n"
			     "log_type all\n"
			     "log_timestamp false\n"
			     /* As root it would become a user who may not read the key. */
			     "user root\n",
			     mosquitto.port, harness_credential(h, "ca.pem"),
			     harness_credential(h, "server.pem"),
			     harness_credential(h, "server.key"));
	/* Its standard output is buffered, its standard error is not. */
	const char *const argv[] = { "sh", "-c", "exec mosquitto -c \"$0\" 2>&1", config, NULL };

	mosquitto.process = process_start(h, "mosquitto", argv, NULL);
	process_await_port(mosquitto.process, mosquitto.port);
	return mosquitto;
}

static struct process *subscribe(struct harness *h, const struct mosquitto *mosquitto,
				 const char *messages)
{
	const char *const argv[] = { "mosquitto_sub",
				     "-h",
				     PROGRAMS_TLS_HOST,
				     "-p",
				     harness_format(h, "%u", mosquitto->port),
				     "-i",
				     "subscriber",
				     "-k",
				     KEEP_ALIVE,
				     "-q",
				     "1",
				     "-t",
				     "plant/#",
				     "-v",
				     "-C",
				     messages,
				     NULL };
	struct process *subscriber = process_start_wrapped(h, "mosquitto_sub", argv);

	process_await_line(mosquitto->process, "Sending SUBACK to subscriber");
	return subscriber;
}

static void publish(struct harness *h, const struct mosquitto *mosquitto, const char *topic,
		    const char *message)
{
	static const struct run wrapped = { .wrapped = true };

	ck_result_status(programs_run(h, &wrapped, PROGRAMS_TLS_HOST, mosquitto->port,
				      PROGRAM("mosquitto_pub", "-h", "{host}", "-p", "{port}", "-i",
					      "publisher", "-q", "1", "-t", topic, "-m", message)),
			 0);
}

/* The gateway's own mosquitto, wrapped: listens here, and has a bridge to the other. */
static struct process *gateway_start(struct harness *h, const struct mosquitto *mosquitto,
				     guint16 port)
{
	const char *config = harness_file(h, "gateway.conf",
					  "listener %u 127.0.0.1\n"
					  "allow_anonymous true\n"
					  "connection cloud\n"
					  "address " PROGRAMS_TLS_HOST ":%u\n"
					  "remote_clientid gateway\n"
					  "topic plant/# out 1\n"
					  "topic orders/# in 1\n"
					  "keepalive_interval " KEEP_ALIVE "\n"
					  "restart_timeout 1\n"
					  "log_dest stderr\n"
					  "log_type all\n"
					  "log_timestamp false\n"
					  "user root\n",
					  port, mosquitto->port);
	const char *const argv[] = { "sh", "-c", "exec mosquitto -c \"$0\" 2>&1", config, NULL };
	struct process *gateway = process_start_wrapped(h, "gateway", argv);

	process_await_port(gateway, port);
	return gateway;
}

static void publish_here(struct harness *h, guint16 port, const char *topic, const char *message)
{
	ck_result_status(harness_run(h, "mosquitto_pub", "-p", harness_format(h, "%u", port), "-q",
				     "1", "-t", topic, "-m", message, NULL),
			 0);
}

START_TEST(mosquitto_bridges_both_ways_and_comes_back_after_a_restart_of_the_broker)
{
	struct harness *h = programs_new();
	struct mosquitto mosquitto = mosquitto_start(h);
	guint16 port = harness_free_port();
	const char *const orders[] = {
		"mosquitto_sub", "-i", "orders", "-p", harness_format(h, "%u", port), "-t",
		"orders/#",	 "-v", NULL
	};
	struct process *gateway = gateway_start(h, &mosquitto, port), *subscriber;
	guint i;

	process_await_line(mosquitto.process, "Sending SUBACK to gateway");
	subscriber = process_start(h, "orders", orders, NULL);
	process_await_line(gateway, "Sending SUBACK to orders");
	for (i = 0; i < 2; i++) {
		if (i) {
			process_stop(h->broker);
			harness_broker_file(h, h->config);
			process_await_line(mosquitto.process, "Sending SUBACK to gateway");
		}
		publish_here(h, port, "plant/temperature", "21.5");
		ck_text_has(process_await_line(mosquitto.process, "Received PUBLISH from gateway"),
			    "plant/temperature");
		publish(h, &mosquitto, "orders/valve", "open");
		ck_assert_str_eq(process_await_line(subscriber, ""), "orders/valve open");
	}
	harness_free(h);
}
END_TEST

START_TEST(mosquitto_pub_is_known_by_the_modules_certificate)
{
	struct harness *h = programs_new();
	struct mosquitto mosquitto = mosquitto_start(h);
	const char *line;

	publish(h, &mosquitto, "plant/temperature", "21.5");
	line = process_await_line(mosquitto.process, "New client connected from 127.0.0.1");
	ck_text_has(line, "as publisher");
	ck_text_has(line, "u'device-0001'");
	ck_text_has(process_await_line(mosquitto.process, "Received PUBLISH from publisher"), "q1");
	process_await_line(mosquitto.process, "Sending PUBACK to publisher");
	harness_free(h);
}
END_TEST

/* The words behind "`eswrap " in README.md's step 5. */
static char **readme_command(struct harness *h)
{
	const char *text = harness_read(h, harness_source(h, "README.md"));
	const char *begin = strstr(text, "`eswrap mosquitto_pub ");
	g_autofree char *line = NULL;

	ck_assert_ptr_nonnull(begin);
	begin += strlen("`eswrap ");
	line = g_strndup(begin, strcspn(begin, "`"));
	return g_strsplit(line, " ", -1);
}

START_TEST(the_readmes_own_command_works_through_a_route_that_names_the_far_port)
{
	struct harness *h = harness_new();
	struct mosquitto mosquitto;
	char **words = readme_command(h);
	static const struct run wrapped = { .wrapped = true };
	/* As the README's route has it, but for the far port. */
	static const char route[] = "[credentials aws]\nset = 0\n[route aws-iot]\n"
				    "host = *.iot.eu-west-1.amazonaws.com\nport = 1883\n"
				    "to-port = %u\nthrough = tls\nverify = required\n"
				    "credentials = aws\n";

	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	harness_burn(h, 0, "ca.pem", "device.pem", "device.key");
	mosquitto = mosquitto_start(h);
	harness_broker(h, route, mosquitto.port);
	ck_result_status(harness_run_as(h, &wrapped, (const char *const *)words), 0);
	ck_text_has(process_await_line(mosquitto.process, "New client connected from 127.0.0.1"),
		    "u'device-0001'");
	g_strfreev(words);
	harness_free(h);
}
END_TEST

START_TEST(mosquitto_sub_gets_what_mosquitto_pub_sends)
{
	struct harness *h = programs_new();
	struct mosquitto mosquitto = mosquitto_start(h);
	struct process *subscriber = subscribe(h, &mosquitto, "3");
	char *large = g_strnfill(20000, 'x');

	publish(h, &mosquitto, "plant/temperature", "21.5");
	ck_assert_str_eq(process_await_line(subscriber, ""), "plant/temperature 21.5");
	publish(h, &mosquitto, "plant/pressure", "1013");
	ck_assert_str_eq(process_await_line(subscriber, ""), "plant/pressure 1013");
	publish(h, &mosquitto, "plant/log", large);
	ck_assert_str_eq(process_await_line(subscriber, ""),
			 harness_format(h, "plant/log %s", large));
	ck_assert_int_eq(process_wait(subscriber), 0);
	g_free(large);
	harness_free(h);
}
END_TEST

/* Three keep-alives, and a message behind each. The server ends a client that is late. */
START_TEST(mosquitto_sub_stays_through_its_keep_alives)
{
	struct harness *h = programs_new();
	struct mosquitto mosquitto = mosquitto_start(h);
	struct process *subscriber = subscribe(h, &mosquitto, "3");
	guint opened = harness_opened(h);
	const char *message;
	guint i;

	for (i = 1; i <= 3; i++) {
		process_await_line(mosquitto.process, "Received PINGREQ from subscriber");
		process_await_line(mosquitto.process, "Sending PINGRESP to subscriber");
		message = harness_format(h, "%u", i);
		publish(h, &mosquitto, "plant/number", message);
		ck_assert_str_eq(process_await_line(subscriber, ""),
				 harness_format(h, "plant/number %u", i));
	}
	ck_assert_int_eq(process_wait(subscriber), 0);
	/* It was the first connection all the time; the others are mosquitto_pub's. */
	ck_assert_uint_eq(harness_opened(h), opened + 3);
	harness_free(h);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mqtt");
	TCase *mqtt = tcase_create("mosquitto");

	tcase_set_timeout(mqtt, 4 * HARNESS_DEADLINE_S);
	tcase_add_test(mqtt, mosquitto_pub_is_known_by_the_modules_certificate);
	tcase_add_test(mqtt, the_readmes_own_command_works_through_a_route_that_names_the_far_port);
	tcase_add_test(mqtt, mosquitto_sub_gets_what_mosquitto_pub_sends);
	tcase_add_test(mqtt, mosquitto_sub_stays_through_its_keep_alives);
	tcase_add_test(mqtt,
		       mosquitto_bridges_both_ways_and_comes_back_after_a_restart_of_the_broker);
	suite_add_tcase(suite, mqtt);
	return suite_run(suite);
}
