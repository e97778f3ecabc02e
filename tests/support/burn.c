// SPDX-License-Identifier: MIT
/* Credentials into the simulated module with raw bytes: suites of other things need them there. */
#include "support/harness.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* While the module starts it does not listen. It says when it does, but perhaps before we came. */
#define ASK_AGAIN_MS 50

static void await_prompt(int fd)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	gint64 deadline = g_get_monotonic_time() + HARNESS_DEADLINE_S * G_USEC_PER_SEC;
	GString *seen = g_string_new(NULL);
	char buffer[256];
	ssize_t got;

	/* Silence behind a prompt, or the answer to an earlier question would look like the next.
	 */
	while (!g_str_has_suffix(seen->str, "> ") || poll(&poller, 1, ASK_AGAIN_MS) != 0) {
		ck_assert_msg(g_get_monotonic_time() < deadline,
			      "the simulated module only said \"%s\"", seen->str);
		if (poll(&poller, 1, ASK_AGAIN_MS) == 0) {
			ck_assert_int_eq(send(fd, "I?\r", 3, MSG_NOSIGNAL), 3);
			continue;
		}
		got = recv(fd, buffer, sizeof(buffer), 0);
		ck_assert_int_gt(got, 0);
		g_string_append_len(seen, buffer, got);
	}
	g_string_free(seen, TRUE);
}

/* One command and its response. Return: whether it was a good one. */
static bool try(int fd, const char *text, gsize size)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	g_autoptr(GString) response = g_string_new(NULL);
	char buffer[256];
	ssize_t got;

	ck_assert_int_eq(send(fd, text, size, MSG_NOSIGNAL), (ssize_t)size);
	while (!g_str_has_suffix(response->str, "\r\n> ")) {
		ck_assert_msg(poll(&poller, 1, HARNESS_DEADLINE_S * 1000) == 1,
			      "the simulated module only said \"%s\"", response->str);
		got = recv(fd, buffer, sizeof(buffer), 0);
		ck_assert_int_gt(got, 0);
		g_string_append_len(response, buffer, got);
	}
	return strstr(response->str, "ERROR") == NULL;
}

/*
 * In the form of the firmware: the note's PG has a comma before the data, that of the manufacturer's
 * manual a carriage return. The PEM's terminating NUL goes along and is counted.
 */
static void burn_item(struct harness *h, int fd, bool note, guint set, guint item, const char *name)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	g_autofree char *pem = NULL;
	gsize size;

	if (!name)
		return;
	ck_assert_msg(g_file_get_contents(harness_credential(h, name), &pem, &size, &error), "%s",
		      error ? error->message : "");
	size++;
	g_string_printf(text, "PG=%u,%u,%zu%c", set, item, size, note ? ',' : '\r');
	g_string_append_len(text, pem, (gssize)size);
	ck_assert_msg(try(fd, text->str, text->len), "the simulated module refused PG=%u,%u", set,
		      item);
}

void harness_burn(struct harness *h, guint set, const char *ca, const char *certificate,
		  const char *key)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool note;

	g_strlcpy(un.sun_path, h->device + strlen("unix:"), sizeof(un.sun_path));
	ck_assert_msg(connect(fd, (struct sockaddr *)&un, sizeof(un)) == 0, "%s: %s", h->device,
		      g_strerror(errno));
	await_prompt(fd);
	note = !try(fd, "PF=0,0\r", strlen("PF=0,0\r"));
	burn_item(h, fd, note, set, 0, ca);
	burn_item(h, fd, note, set, 1, certificate);
	burn_item(h, fd, note, set, 2, key);
	close(fd);
}
