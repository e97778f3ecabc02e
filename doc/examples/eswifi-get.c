// SPDX-License-Identifier: MIT
/* eswifi-get DEVICE SSID PASSPHRASE HOST PORT: join, connect with TLS, get "/" and print it. */
#include <errno.h>
#include <eswifi/eswifi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct eswifi_target target = { .protocol = ESWIFI_TLS, .verify = ESWIFI_VERIFY_OPTIONAL };
static GMainLoop *loop;
static int ended;

static void end(int result, const char *text)
{
	ended = result;
	if (result != -EPIPE) /* the far end has closed, which is how a page ends */
		fprintf(stderr, "eswifi-get: %s %s\n", g_strerror(-result), text);
	g_main_loop_quit(loop);
}

static void got(struct eswifi_module *module, int result, const guint8 *data, gpointer user)
{
	if (result > 0)
		fwrite(data, 1, (size_t)result, stdout);
	if (result < 0 || eswifi_read(module, 0, 100, got, user) < 0)
		end(result, "");
}

static void sent(struct eswifi_module *module, int result, const char *text, gpointer user)
{
	if (result < 0 || eswifi_read(module, 0, 100, got, user) < 0)
		end(result, text);
}

static void opened(struct eswifi_module *module, int result, const char *text, gpointer user)
{
	g_autofree char *request =
		g_strdup_printf("GET / HTTP/1.0\r\nHost: %s\r\n\r\n", target.host);

	if (result < 0 ||
	    eswifi_send(module, 0, (guint8 *)request, strlen(request), sent, user) < 0)
		end(result, text);
}

/* The line is free and the module ready: the first time, open; an operation starts the next one. */
static void next(struct eswifi_module *module, gpointer user)
{
	static bool begun;

	if (!begun)
		begun = eswifi_open(module, 0, &target, opened, user) == 0;
}

static void tell(struct eswifi_module *module, enum eswifi_state now, const char *why, void *user)
{
	fprintf(stderr, "eswifi-get: %s: %s\n", eswifi_state_name(now), why);
}

int main(int argc, char **argv)
{
	static const struct eswifi_ops ops = { .state = tell, .next = next };
	struct eswifi_settings settings = { .baud = 115200, .security = ESWIFI_SECURITY_WPA2 };
	g_autoptr(GError) error = NULL;
	struct eswifi_module *module;

	if (argc != 6)
		return fprintf(stderr, "usage: eswifi-get DEVICE SSID PASSPHRASE HOST PORT\n"), 2;
	settings.device = argv[1], settings.ssid = argv[2], settings.passphrase = argv[3];
	target.host = argv[4], target.port = (guint16)atoi(argv[5]);
	module = eswifi_module_new(&settings, &ops, NULL, &error);
	if (!module)
		return fprintf(stderr, "eswifi-get: %s\n", error->message), 2;
	loop = g_main_loop_new(NULL, FALSE);
	eswifi_module_start(module);
	g_main_loop_run(loop);
	eswifi_module_free(module);
	return ended == -EPIPE ? EXIT_SUCCESS : EXIT_FAILURE;
}
