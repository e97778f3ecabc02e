// SPDX-License-Identifier: MIT
/* The fuzzed module: commands are taken apart only as far as their length and their answer need. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "fuzz/module.h"

#define READ_MAX 1460

static int listening = -1, line = -1;
static GString *commands;
static unsigned int asked = READ_MAX; /* R1 */

struct rule {
	const char *command, *answer;
};

#define GOOD "\r\nOK\r\n> "

/* The first whose command a line begins with; any other is OK. */
static const struct rule rules[] = {
	{ "I?", "ISM43362-M3G-L44-UART,C3.5.2.5.STM,v3.5.2,v1.4.0.rc1,v8.2.1,120000000,Inventek" },
	{ "Z5", "c4:7f:51:00:00:01" },
	{ "PE", "1,1,1" },
	{ "CS", "1" },
	{ "C?", "x,,0,1,0,192.168.1.174,255.255.255.0,192.168.1.1,8.8.8.8,0.0.0.0,5,0" },
	{ "C0", "[JOIN   ] x,192.168.1.174,0,0" },
	{ "D0", "127.0.0.1" },
	{ "P6=1", "[TCP  RC] Connecting to 127.0.0.1" },
};

void module_begin(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	g_unlink(path);
	listening = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (bind(listening, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listening, 4) < 0)
		abort();
	commands = g_string_new(NULL);
	asked = READ_MAX;
}

void module_unplug(void)
{
	if (line >= 0)
		close(line);
	line = -1;
	g_string_truncate(commands, 0);
}

void module_end(void)
{
	module_unplug();
	close(listening);
	g_string_free(commands, TRUE);
}

void module_say(const void *bytes, size_t size)
{
	if (line >= 0 && size && send(line, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
	    errno != EAGAIN)
		module_unplug();
}

static void say(const char *before, const char *text, const char *after)
{
	g_autofree char *all = g_strconcat(before, text, after, NULL);

	module_say(all, strlen(all));
}

static void read_line(void)
{
	char buffer[4096];
	ssize_t n;

	if (line < 0)
		line = accept(listening, NULL, NULL);
	while (line >= 0 && (n = recv(line, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0)
		g_string_append_len(commands, buffer, n);
}

/* Return: how long the first command is with its payload, @text its beginning; 0: there is none. */
static size_t measure(char text[64])
{
	const char *end = memchr(commands->str, '\r', commands->len);
	unsigned int set, item, payload = 0;
	size_t length, i;

	if (sscanf(commands->str, "PG=%u,%u,%u,", &set, &item, &payload) == 3)
		for (length = i = 0; i < 3; i++)
			length += strcspn(commands->str + length, ",") + 1;
	else if (!end)
		return 0;
	else
		length = (size_t)(end - commands->str) + 1;
	sscanf(commands->str, "S3=%u", &payload);
	g_snprintf(text, 64, "%.*s", (int)MIN(length - 1, 60), commands->str);
	return length + payload <= commands->len ? length + payload : 0;
}

/* What R0 brings, or, where it is to be wrong, any command. */
static void say_data(struct fuzz_bytes *bytes, bool too_much)
{
	g_autoptr(GString) data = g_string_new("\r\n");
	unsigned int count = fuzz_below(bytes, 4) ? fuzz_below(bytes, 8) : MIN(asked, READ_MAX);

	if (!too_much)
		count = MIN(count, asked);
	for (; count > 0; count--)
		g_string_append_c(data, (char)fuzz_byte(bytes));
	g_string_append(data, GOOD);
	module_say(data->str, data->len);
}

static void say_right(const char *text)
{
	unsigned int count;
	char number[16];
	guint i;

	for (i = 0; i < G_N_ELEMENTS(rules); i++)
		if (g_str_has_prefix(text, rules[i].command)) {
			say("\r\n", rules[i].answer, GOOD);
			return;
		}
	if (*text == '\0' || g_str_has_prefix(text, "ZR")) {
		say("\r\n> ", "", "");
	} else if (g_str_equal(text, "PF=0") || g_str_equal(text, "R4")) {
		say("\r\n", "", "\r\nERROR\r\n> ");
	} else if (sscanf(text, "S3=%u", &count) == 1) {
		g_snprintf(number, sizeof(number), "%u", count);
		say("\r\n", number, GOOD);
	} else {
		say("\r\n", "", GOOD);
	}
}

bool module_answer(enum answer how, struct fuzz_bytes *bytes)
{
	char text[64];
	size_t length;

	read_line();
	length = commands->len ? measure(text) : 0;
	if (length == 0)
		return false;
	g_string_erase(commands, 0, (gssize)length);
	sscanf(text, "R1=%u", &asked);
	if (how == ANSWER_ERROR)
		say("\r\nERROR\r\n", fuzz_below(bytes, 2) ? "" : "TLS: reset timed out", "\r\n> ");
	else if (how == ANSWER_BYTES || (how == ANSWER_RIGHT && g_str_has_prefix(text, "R0")))
		say_data(bytes, how == ANSWER_BYTES);
	else if (how == ANSWER_RIGHT)
		say_right(text);
	return true;
}
