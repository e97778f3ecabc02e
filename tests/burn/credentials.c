// SPDX-License-Identifier: MIT
#include "burn/credentials.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <string.h>
#include <unistd.h>
#include <utmp.h>

#include "support/process.h"

#define FLASH_MAGIC	 "eswfake2"
#define FLASH_MAGIC_SIZE 8

const char *credentials_broker(struct harness *h, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	harness_file(h, "wifi.psk", "%s\n", HARNESS_PASSPHRASE);
	/* Not harness_config(), which names the firmware's dialect: it is to be found out. */
	harness_broker_file(h, harness_file(h, "eswrap.conf",
					    "[module]\ndevice = %s\n\n"
					    "[wifi]\nssid = %s\npassphrase-file = wifi.psk\n"
					    "security = wpa2\n\n"
					    "[broker]\nstate-dir = " STATE_DIR "\n\n%s",
					    h->device, HARNESS_SSID, text));
	g_free(text);
	return h->socket;
}

const struct result *credentials_ctl(struct harness *h, ...)
{
	const char *argv[32] = { harness_tool(h, "eswrapctl"), "--socket", h->socket };
	const struct run how = { .seconds = 0 };
	va_list arguments;
	guint i = 3;

	va_start(arguments, h);
	while ((argv[i] = va_arg(arguments, const char *)))
		ck_assert_uint_lt(++i, G_N_ELEMENTS(argv));
	va_end(arguments);
	return harness_run_as(h, &how, argv);
}

static void put_bytes(struct harness *h, const char *name, GBytes *bytes)
{
	const char *path = harness_path(h, name);
	gsize size;
	const char *data = g_bytes_get_data(bytes, &size);

	ck_assert(g_file_set_contents_full(path, data, (gssize)size, G_FILE_SET_CONTENTS_CONSISTENT,
					   0600, NULL));
	g_bytes_unref(bytes);
}

void credentials_put(struct harness *h, const char *name, const struct identity *identity)
{
	put_bytes(h, harness_format(h, "%s.pem", name),
		  identity_certificate(identity, IDENTITY_PEM));
	put_bytes(h, harness_format(h, "%s.key", name), identity_key(identity, IDENTITY_PEM, NULL));
}

enum ledger_state credentials_ledger(struct harness *h, guint set, enum eswifi_item item,
				     char sha256[LEDGER_SHA256_HEX + 1])
{
	struct ledger_entry entry;
	GError *error = NULL;
	struct ledger *ledger = ledger_read(harness_path(h, STATE_DIR), &error);

	ck_assert_msg(ledger != NULL, "%s", error ? error->message : "");
	ledger_get(ledger, MODULE_MAC, set, item, &entry);
	if (sha256)
		g_strlcpy(sha256, entry.sha256, LEDGER_SHA256_HEX + 1);
	ledger_free(ledger);
	return entry.state;
}

void credentials_flash(struct harness *h, guint set, enum eswifi_item item,
		       char sha256[LEDGER_SHA256_HEX + 1])
{
	const char *path = harness_path(h, "flash.bin");
	gsize size, length = 0, at = FLASH_MAGIC_SIZE;
	guint i, wanted = set * LEDGER_ITEMS + item;
	guint8 *data;
	char *digest;

	*sha256 = '\0';
	/* There is no file before something is burnt. */
	if (!g_file_test(path, G_FILE_TEST_EXISTS))
		return;
	ck_assert(g_file_get_contents(path, (char **)&data, &size, NULL));
	ck_assert_uint_gt(size, FLASH_MAGIC_SIZE);
	ck_assert_mem_eq(data, FLASH_MAGIC, FLASH_MAGIC_SIZE);
	/* An item is its size in two bytes, little-endian, and its bytes. */
	for (i = 0; i <= wanted; i++) {
		at += length;
		ck_assert_uint_le(at + 2, size);
		length = data[at] + 256u * data[at + 1];
		at += 2;
	}
	ck_assert_uint_le(at + length, size);
	if (length) {
		digest = g_compute_checksum_for_data(G_CHECKSUM_SHA256, data + at, length);
		g_strlcpy(sha256, digest, LEDGER_SHA256_HEX + 1);
		g_free(digest);
	}
	g_free(data);
}

static guint count(const char *text, const char *part)
{
	guint n = 0;

	for (text = strstr(text, part); text; text = strstr(text + 1, part))
		n++;
	return n;
}

guint credentials_sent(struct harness *h)
{
	return count(harness_read(h, h->trace), "> \"PG");
}

guint credentials_sent_item(struct harness *h, guint set, enum eswifi_item item)
{
	return count(harness_read(h, h->trace), harness_format(h, "> \"PG=%u,%d,", set, item));
}

struct terminal {
	struct harness *h;
	struct process *process;
	int fd;
	GString *shown;
	gsize seen;
};

struct terminal *terminal_start(struct harness *h, const char *const *argv)
{
	struct terminal *terminal = g_new0(struct terminal, 1);
	int slave;

	terminal->h = h;
	terminal->shown = g_string_new(NULL);
	ck_assert_int_eq(openpty(&terminal->fd, &slave, NULL, NULL, NULL), 0);
	terminal->process = process_fork(h, "terminal");
	if (!terminal->process) {
		login_tty(slave);
		g_setenv("TERM", "xterm", TRUE);
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(slave);
	return terminal;
}

/* Return: false at the end of what it shows. */
static bool watch(struct terminal *terminal)
{
	struct pollfd poller = { .fd = terminal->fd, .events = POLLIN };
	char buffer[1024];
	ssize_t n;

	ck_assert_msg(poll(&poller, 1, HARNESS_DEADLINE_S * 1000) == 1,
		      "the terminal shows nothing more; it showed: %s", terminal->shown->str);
	n = read(terminal->fd, buffer, sizeof(buffer));
	/* EIO: nobody has the other side open. */
	if (n <= 0)
		return false;
	g_string_append_len(terminal->shown, buffer, n);
	return true;
}

void terminal_await(struct terminal *terminal, const char *text)
{
	const char *found;

	while (!(found = strstr(terminal->shown->str + terminal->seen, text)))
		ck_assert_msg(watch(terminal), "no \"%s\" in: %s", text, terminal->shown->str);
	terminal->seen = (gsize)(found - terminal->shown->str) + strlen(text);
}

void terminal_type(struct terminal *terminal, const char *text)
{
	ck_assert_int_eq(write(terminal->fd, text, strlen(text)), (int)strlen(text));
}

void terminal_interrupt(struct terminal *terminal)
{
	terminal_type(terminal, "\x03");
}

int terminal_end(struct terminal *terminal, const char **shown)
{
	int status;

	while (watch(terminal))
		;
	status = process_wait(terminal->process);
	*shown = harness_format(terminal->h, "%s", terminal->shown->str);
	close(terminal->fd);
	g_string_free(terminal->shown, TRUE);
	g_free(terminal);
	return status;
}
