// SPDX-License-Identifier: MIT
#include <check.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/stage.h"

#define PORTS_MAX 4

struct stage stage;

static void say_bye(struct server_connection *c, gpointer user G_GNUC_UNUSED)
{
	server_put(c, "bye", 3);
	close(server_fd(c));
}

void stage_set_up(void)
{
	struct harness *h = harness_new();

	stage.h = h;
	stage.echo = server_start(h, &(struct server){ .kind = SERVER_ECHO });
	stage.unflagged = server_start(h, &(struct server){ .kind = SERVER_ECHO });
	stage.unflagged_udp = server_start(h, &(struct server){ .kind = SERVER_UDP_ECHO });
	stage.source =
		server_start(h, &(struct server){ .kind = SERVER_SOURCE, .size = STAGE_SIZE });
	stage.abort = server_start(h, &(struct server){ .kind = SERVER_ABORT, .size = STAGE_SIZE });
	stage.sink = server_start(h, &(struct server){ .kind = SERVER_SINK, .size = STAGE_SIZE });
	stage.udp[0] = server_start(h, &(struct server){ .kind = SERVER_UDP_ECHO });
	stage.udp[1] = server_start(h, &(struct server){ .kind = SERVER_UDP_ECHO });
	stage.closes = server_start(h, &(struct server){ .kind = SERVER_OWN, .serve = say_bye });
	stage.refused = harness_free_port();
	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	harness_broker(h,
		       "[route streams]\n"
		       "address = 127.0.0.0/8, ::ffff:127.0.0.0/104\n"
		       "port = %u, %u, %u, %u, %u, %u\n"
		       "through = tcp\n"
		       "[route datagrams]\n"
		       "address = 127.0.0.0/8, ::ffff:127.0.0.0/104\n"
		       "port = %u, %u\n"
		       "through = udp\n"
		       "[route names]\n"
		       "host = *.example\n"
		       "through = tcp\n"
		       "[route names-of-datagrams]\n"
		       "host = *.example\n"
		       "through = udp\n"
		       "[default]\n"
		       "through = direct\n",
		       stage.echo, stage.source, stage.abort, stage.sink, stage.refused,
		       stage.closes, stage.udp[0], stage.udp[1]);
}

void stage_tear_down(void)
{
	harness_free(stage.h);
}

const char *stage_claims(void)
{
	return harness_format(stage.h, "%s/tests/shim/claims", g_getenv("top_builddir"));
}

static const struct result *run(bool wrapped, const char *claim, const char *address, va_list ports)
{
	const struct run how = { .wrapped = wrapped };
	const char *argv[3 + PORTS_MAX + 1] = { stage_claims(), claim, address };
	int port, n = 3;

	while (n < 3 + PORTS_MAX && (port = va_arg(ports, int)) >= 0)
		argv[n++] = harness_format(stage.h, "%d", port);
	return harness_run_as(stage.h, &how, argv);
}

const struct result *stage_run(bool wrapped, const char *claim, const char *address, ...)
{
	const struct result *result;
	va_list ports;

	va_start(ports, address);
	result = run(wrapped, claim, address, ports);
	va_end(ports);
	return result;
}

static off_t trace_size(void)
{
	struct stat status;

	return stat(stage.h->trace, &status) == 0 ? status.st_size : 0;
}

void stage_same(const char *claim, const char *address, ...)
{
	const struct result *native, *wrapped;
	off_t before;
	va_list ports;

	va_start(ports, address);
	native = run(false, claim, address, ports);
	va_end(ports);
	ck_result_status(native, 0);
	before = trace_size();
	va_start(ports, address);
	wrapped = run(true, claim, address, ports);
	va_end(ports);
	ck_result_status(wrapped, 0);
	ck_assert_str_eq(wrapped->err->str, native->err->str);
	ck_assert_str_eq(wrapped->out->str, native->out->str);
	ck_assert_msg(trace_size() > before, "%s did not go through the module", claim);
}

void stage_says(const char *expected, const char *claim, const char *address, ...)
{
	const struct result *result;
	va_list ports;

	va_start(ports, address);
	result = run(true, claim, address, ports);
	va_end(ports);
	ck_result_status(result, 0);
	ck_assert_str_eq(result->out->str, expected);
}
