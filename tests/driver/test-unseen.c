// SPDX-License-Identifier: MIT
/* Faults that look like an answer, and that only what comes later gives away. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "driver/drive.h"
#include "support/harness.h"
#include "support/process.h"
#include "support/raw.h"
#include "support/suite.h"

/* What a reset prints. Behind an answer that it has cut off, it makes the answer whole. */
#define PROMPT "\r\n> "

/* Bytes to the host until the answer to the command that begins with @command is whole. */
static gsize bytes_until(const char *trace, const char *command)
{
	char **lines = g_strsplit(trace, "\n", 0), **line;
	char *sent = g_strdup_printf(" > \"%s", command);
	bool said = false;
	gsize bytes = 0;
	const char *text;
	char *plain;

	for (line = lines; *line; line++) {
		said = said || strstr(*line, sent) != NULL;
		text = strstr(*line, " < \"");
		if (!text)
			continue;
		/* Answers are text here: octal and \x escapes do not occur, \r and \n do. */
		plain = g_strcompress(text + 4);
		bytes += strlen(plain) - 1;
		g_free(plain);
		if (said)
			break;
	}
	ck_assert_msg(*line != NULL, "%s was not answered", command);
	g_free(sent);
	g_strfreev(lines);
	return bytes;
}

static void until_opened(const char *profile, guint16 port, const char *fault, gsize *bytes,
			 int *result, int *again)
{
	struct harness *h = harness_new();
	struct drive d;

	drive_ready(&d, harness_fake(h, "--as", profile, fault ? "--fault" : NULL, fault, NULL));
	*result = drive_open_tcp(&d, 0, port);
	if (again) {
		drive_await_lost(&d, 1);
		drive_await_state(&d, ESWIFI_READY);
		*again = drive_open_tcp(&d, 0, port);
	}
	if (bytes)
		*bytes = bytes_until(harness_read(h, h->trace), "P3=");
	drive_free(&d);
	harness_free(h);
}

/* The reset cuts the prompt off the answer to P3, which comes before P6=1. Return: how that open ends. */
static int open_through_reset(const char *profile)
{
	int result, again, fd;
	gsize bytes = 0;
	guint16 port;
	char *fault;

	fd = raw_listener(&port);
	until_opened(profile, port, NULL, &bytes, &result, NULL);
	ck_assert_int_eq(result, 0);
	/* The byte at which the reset happens is the first that is not sent any more. */
	fault = g_strdup_printf("reset@out=%zu", bytes - strlen(PROMPT) + 1);
	until_opened(profile, port, fault, NULL, &result, &again);
	ck_assert_int_eq(again, 0);
	g_free(fault);
	close(fd);
	return result;
}

START_TEST(what_was_set_before_a_reset_that_looked_like_an_answer_is_set_again)
{
	ck_assert_int_eq(open_through_reset("C3.5.2.5"), -ENETDOWN);
}
END_TEST

/* C6.2 says at every start who it is: no answer looks so. */
START_TEST(a_banner_gives_a_reset_away_at_once)
{
	ck_assert_int_eq(open_through_reset("C6.2.1"), -EPROTO);
}
END_TEST

/**
 * struct harm - what a proxy between driver and module changes, once
 * @listener, @module:	the driver's side, and the path of the module's
 * @skip:	how often @from is let through first
 */
struct harm {
	int listener;
	const char *module, *from, *to;
	guint skip;
};

/* Return: false at the end of either side. */
static bool pass_on(int from, int to, struct harm *harm)
{
	char buffer[4096], *place;
	ssize_t got = read(from, buffer, sizeof(buffer) - 1);

	if (got <= 0)
		return false;
	buffer[got] = '\0';
	place = harm && harm->from ? strstr(buffer, harm->from) : NULL;
	if (place && harm->skip > 0) {
		harm->skip--;
	} else if (place) {
		memcpy(place, harm->to, strlen(harm->to));
		harm->from = NULL;
	}
	return write(to, buffer, (gsize)got) == got;
}

static void proxy(struct harm *harm)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int driver = accept(harm->listener, NULL, NULL);
	int module = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd pollers[] = { { .fd = driver, .events = POLLIN },
				    { .fd = module, .events = POLLIN } };
	bool open = true;

	g_strlcpy(address.sun_path, harm->module, sizeof(address.sun_path));
	if (connect(module, (struct sockaddr *)&address, sizeof(address)) < 0)
		return;
	while (open && poll(pollers, 2, -1) > 0) {
		if (pollers[0].revents)
			open = pass_on(driver, module, harm);
		if (pollers[1].revents)
			open = pass_on(module, driver, NULL) && open;
	}
}

/* Return: the device to give to the driver. */
static const char *start_proxy(struct harness *h, const char *device, const char *from,
			       const char *to, guint skip)
{
	struct harm harm = {
		.from = from, .to = to, .skip = skip, .module = strchr(device, ':') + 1
	};
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = harness_path(h, "proxy.sock");

	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	harm.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(harm.listener, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(harm.listener, 1), 0);
	if (!process_fork(h, "proxy")) {
		proxy(&harm);
		_exit(0);
	}
	close(harm.listener);
	return harness_format(h, "unix:%s", path);
}

START_TEST(a_start_that_was_heard_as_a_stop_is_no_connection)
{
	struct harness *h = harness_new();
	const char *device = start_proxy(h, harness_fake(h, NULL, NULL), "P6=1\r", "P6=0\r", 0);
	guint16 port;
	int fd = raw_listener(&port);
	struct drive d;

	drive_ready(&d, device);
	ck_assert_int_eq(drive_open_tcp(&d, 0, port), -EPROTO);
	drive_await_state(&d, ESWIFI_READY);
	ck_assert_int_eq(drive_open_tcp(&d, 0, port), 0);
	drive_free(&d);
	close(fd);
	harness_free(h);
}
END_TEST

START_TEST(a_stop_that_was_heard_as_a_start_is_said_again)
{
	struct harness *h = harness_new();
	const char *device =
		start_proxy(h, harness_fake(h, NULL, NULL), "P6=0\r", "P6=1\r", ESWIFI_SOCKETS);
	guint16 port;
	int fd = raw_listener(&port), peer;
	struct drive d;
	char byte;

	/* Bringing the module up says P6=0 to each socket. */
	drive_ready(&d, device);
	ck_assert_int_eq(drive_open_tcp(&d, 0, port), 0);
	peer = accept(fd, NULL, NULL);
	ck_assert_int_eq(drive_close(&d, 0), 0);
	ck_assert_int_eq(read(peer, &byte, 1), 0);
	ck_assert_int_eq(drive_open_tcp(&d, 0, port), 0);
	drive_free(&d);
	close(peer);
	close(fd);
	harness_free(h);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unseen");
	TCase *tcase = tcase_create("reset");

	tcase_set_timeout(tcase, DRIVE_DEADLINE_S);
	tcase_add_test(tcase, what_was_set_before_a_reset_that_looked_like_an_answer_is_set_again);
	tcase_add_test(tcase, a_banner_gives_a_reset_away_at_once);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("flip");
	tcase_set_timeout(tcase, DRIVE_DEADLINE_S);
	tcase_add_test(tcase, a_start_that_was_heard_as_a_stop_is_no_connection);
	tcase_add_test(tcase, a_stop_that_was_heard_as_a_start_is_said_again);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
