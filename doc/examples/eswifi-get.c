// SPDX-License-Identifier: MIT
/* eswifi-get DEVICE SSID PASSPHRASE HOST PORT: join, connect with TLS, get "/" and print it. */
#include <errno.h>
#include <eswifi/eswifi.h>
#include <stdio.h>
#include <string.h>

enum { OPEN, SEND, READ };
static struct eswifi_target target = { .protocol = ESWIFI_TLS, .verify = ESWIFI_VERIFY_OPTIONAL };
static int step; /* what is next; then -EPIPE, when the server has closed, or another error */

static void done(struct eswifi_module *module, int result, const char *text, gpointer user)
{
	step = result < 0 ? result : step + 1;
	if (step < 0 && step != -EPIPE)
		g_printerr("eswifi-get: %s %s\n", g_strerror(-step), text);
}

static void got(struct eswifi_module *module, int result, const guint8 *data, gpointer user)
{
	if (result < 0)
		done(module, result, "", user);
	else
		fwrite(data, 1, (size_t)result, stdout);
}

static void next(struct eswifi_module *module, gpointer user) /* the line is free: one operation */
{
	g_autofree char *get = g_strdup_printf("GET / HTTP/1.0\r\nHost: %s\r\n\r\n", target.host);
	int result = 0;

	if (step == OPEN)
		result = eswifi_open(module, 0, &target, done, user);
	else if (step == SEND)
		result = eswifi_send(module, 0, (guint8 *)get, strlen(get), done, user);
	else if (step == READ)
		result = eswifi_read(module, 0, 100, got, user);
	if (result < 0)
		done(module, result, "", user);
}

int main(int argc, char **argv)
{
	static const struct eswifi_ops ops = { .next = next };
	struct eswifi_settings settings = { .baud = 115200, .security = ESWIFI_SECURITY_WPA2 };
	g_autoptr(GError) error = NULL;
	struct eswifi_module *module;

	if (argc != 6)
		return g_printerr("usage: eswifi-get DEVICE SSID PASSPHRASE HOST PORT\n"), 2;
	settings.device = argv[1], settings.ssid = argv[2], settings.passphrase = argv[3];
	target.host = argv[4], target.port = (guint16)g_ascii_strtoull(argv[5], NULL, 10);
	module = eswifi_module_new(&settings, &ops, NULL, &error);
	if (!module)
		return g_printerr("eswifi-get: %s\n", error->message), 2;
	for (eswifi_module_start(module); step >= 0;)
		g_main_context_iteration(NULL, TRUE);
	eswifi_module_free(module);
	return step != -EPIPE;
}
