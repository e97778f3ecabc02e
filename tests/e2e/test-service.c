// SPDX-License-Identifier: MIT
/* The broker as a service: the socket is systemd's, and systemd is told when it is ready. */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "support/harness.h"
#include "support/server.h"
#include "support/suite.h"

/* A bound socket; inherited by children, as descriptors that systemd passes are. */
static int bound_socket(const char *path, int type)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type, 0);

	ck_assert_uint_lt(strlen(path), sizeof(un.sun_path));
	strcpy(un.sun_path, path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	return fd;
}

/* What systemd does, sd_listen_fds(3): the socket is descriptor 3, two variables say so. */
static void start_activated(struct harness *h, int listener, const char *notify,
			    const char *watchdog)
{
	const char *argv[] = { "bash",
			       "-c",
			       "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" --config \"$1\" 3<&$2",
			       harness_tool(h, "eswrapd"),
			       h->config,
			       harness_format(h, "%d", listener),
			       NULL };
	const char *environment[] = { harness_format(h, "NOTIFY_SOCKET=%s", notify), watchdog,
				      NULL };

	h->broker = process_start(h, "eswrapd", argv, environment);
}

static void await_message(int fd, const char *message)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	char text[1024];
	ssize_t got;

	do {
		ck_assert_msg(poll(&poller, 1, HARNESS_DEADLINE_S * 1000) == 1, "no \"%s\"",
			      message);
		got = recv(fd, text, sizeof(text) - 1, 0);
		ck_assert_int_ge(got, 0);
		text[got] = '\0';
	} while (!strstr(text, message));
}

START_TEST(the_broker_serves_the_socket_that_systemd_made)
{
	static const struct server source = { SERVER_SOURCE, .size = 1000 };
	struct harness *h = harness_new();
	const char *notify = harness_path(h, "notify.sock");
	guint16 port = server_start(h, &source);
	const struct result *result;
	int listener, told;

	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	harness_config(h, "[route tcp]\nhost = *.example\nthrough = tcp\n");
	h->socket = harness_path(h, "activated.sock");
	listener = bound_socket(h->socket, SOCK_SEQPACKET);
	ck_assert_int_eq(listen(listener, SOMAXCONN), 0);
	told = bound_socket(notify, SOCK_DGRAM);
	start_activated(h, listener, notify, NULL);
	await_message(told, "READY=1");
	result = harness_run_wrapped(h, "bash", "-c", "cat </dev/tcp/server.example/$0 | wc -c",
				     harness_format(h, "%u", port), NULL);
	ck_assert_str_eq(result->out->str, "1000\n");
	ck_assert_int_eq(process_stop(h->broker), 0);
	await_message(told, "STOPPING=1");
	/* It is systemd's, which starts the broker again at the next connection. */
	ck_assert_int_eq(access(h->socket, F_OK), 0);
	start_activated(h, listener, notify, NULL);
	await_message(told, "READY=1");
	result = harness_run_wrapped(h, "bash", "-c", "cat </dev/tcp/server.example/$0 | wc -c",
				     harness_format(h, "%u", port), NULL);
	ck_assert_str_eq(result->out->str, "1000\n");
	close(listener);
	close(told);
	harness_free(h);
}
END_TEST

START_TEST(the_watchdog_is_fed_as_often_as_systemd_asks)
{
	struct harness *h = harness_new();
	const char *notify = harness_path(h, "notify.sock");
	int listener, told, i;

	harness_fake(h, NULL, NULL);
	harness_config(h, "[default]\nthrough = direct\n");
	h->socket = harness_path(h, "activated.sock");
	listener = bound_socket(h->socket, SOCK_SEQPACKET);
	ck_assert_int_eq(listen(listener, SOMAXCONN), 0);
	told = bound_socket(notify, SOCK_DGRAM);
	start_activated(h, listener, notify, "WATCHDOG_USEC=200000");
	for (i = 0; i < 3; i++)
		await_message(told, "WATCHDOG=1");
	ck_text_has(harness_read(h, harness_source(h, "dist/eswrapd.service.in")), "WatchdogSec=");
	close(listener);
	close(told);
	harness_free(h);
}
END_TEST

START_TEST(a_wrong_configuration_is_not_ready_and_ends_as_the_unit_expects)
{
	struct harness *h = harness_new();
	const char *unit = harness_read(h, harness_source(h, "dist/eswrapd.service.in"));
	int status;

	harness_fake(h, NULL, NULL);
	harness_config(h, "[route x]\nthrough = nowhere\n");
	status = harness_run(h, harness_tool(h, "eswrapd"), "--config", h->config, NULL)->status;
	/* So that systemd does not try again for ever. */
	ck_text_has(unit, harness_format(h, "\nRestartPreventExitStatus=%d\n", status));
	harness_free(h);
}
END_TEST

START_TEST(with_a_wrong_configuration_callers_are_turned_away_at_once)
{
	struct harness *h = harness_new();
	const char *path = harness_path(h, "eswrapd.sock");
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct pollfd caller = { .events = POLLIN };
	int listener = bound_socket(path, SOCK_SEQPACKET);
	char byte;

	harness_fake(h, NULL, NULL);
	harness_config(h, "[route x]\nthrough = nowhere\n");
	ck_assert_int_eq(listen(listener, 8), 0);
	caller.fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	strcpy(un.sun_path, path);
	ck_assert_int_eq(connect(caller.fd, (struct sockaddr *)&un, sizeof(un)), 0);
	start_activated(h, listener, harness_path(h, "notify.sock"), NULL);
	ck_assert_int_eq(poll(&caller, 1, HARNESS_DEADLINE_S * 1000), 1);
	ck_assert_int_eq(recv(caller.fd, &byte, 1, 0), 0);
	ck_assert_int_eq(process_wait(h->broker), EX_CONFIG);
	process_kill(h->broker);
	close(caller.fd);
	close(listener);
	harness_free(h);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("service");
	TCase *service = tcase_create("service");

	tcase_set_timeout(service, 3 * HARNESS_DEADLINE_S);
	tcase_add_test(service, the_broker_serves_the_socket_that_systemd_made);
	tcase_add_test(service, the_watchdog_is_fed_as_often_as_systemd_asks);
	tcase_add_test(service, a_wrong_configuration_is_not_ready_and_ends_as_the_unit_expects);
	tcase_add_test(service, with_a_wrong_configuration_callers_are_turned_away_at_once);
	suite_add_tcase(suite, service);
	return suite_run(suite);
}
