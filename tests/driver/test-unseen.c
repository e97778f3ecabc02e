// SPDX-License-Identifier: MIT
/* Faults that look like an answer, and that only what comes later gives away. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver/drive.h"
#include "support/harness.h"
#include "support/suite.h"

/* What a reset prints. Behind an answer that it has cut off, it makes the answer whole. */
#define PROMPT "\r\n> "

static int listen_loopback(guint16 *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, size), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

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

static void until_opened(guint16 port, const char *fault, gsize *bytes, int *result, int *again)
{
	struct harness *h = harness_new();
	struct drive d;

	drive_ready(&d, harness_fake(h, fault ? "--fault" : NULL, fault, NULL));
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

START_TEST(what_was_set_before_a_reset_that_looked_like_an_answer_is_set_again)
{
	int result, again, fd;
	gsize bytes = 0;
	guint16 port;
	char *fault;

	fd = listen_loopback(&port);
	until_opened(port, NULL, &bytes, &result, NULL);
	ck_assert_int_eq(result, 0);
	/* The byte at which the reset happens is the first that is not sent any more. */
	fault = g_strdup_printf("reset@out=%zu", bytes - strlen(PROMPT) + 1);
	until_opened(port, fault, NULL, &result, &again);
	ck_assert_int_eq(result, -ENETDOWN);
	ck_assert_int_eq(again, 0);
	g_free(fault);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unseen");
	TCase *tcase = tcase_create("reset");

	tcase_set_timeout(tcase, DRIVE_DEADLINE_S);
	tcase_add_test(tcase, what_was_set_before_a_reset_that_looked_like_an_answer_is_set_again);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
