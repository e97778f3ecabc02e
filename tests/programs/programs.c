// SPDX-License-Identifier: MIT
#include "programs/programs.h"

#include <check.h>
#include <string.h>

#include "support/server.h"

static const struct run natively = { .wrapped = false };

struct harness *programs_new(void)
{
	struct harness *h = harness_new();

	/* No pacing: what is shown here is not how fast the line is. */
	harness_fake(h, "--baud", "0", "--resolve", PROGRAMS_TCP_HOST "=127.0.0.1", "--resolve",
		     PROGRAMS_TLS_HOST "=127.0.0.1", NULL);
	harness_burn(h, 0, "ca.pem", "device.pem", "device.key");
	harness_broker(h, "[credentials device]\nset = 0\n\n"
			  "[route stream]\nhost = " PROGRAMS_TCP_HOST "\nthrough = tcp\n\n"
			  "[route datagram]\nhost = " PROGRAMS_TCP_HOST "\nthrough = udp\n\n"
			  "[route secure]\nhost = " PROGRAMS_TLS_HOST "\nthrough = tls\n"
			  "verify = required\ncredentials = device\n\n"
			  "[default]\nthrough = refuse\n");
	return h;
}

void programs_pattern(const char *path)
{
	char *data = g_malloc(PROGRAMS_FILE_SIZE);
	gsize i;

	for (i = 0; i < PROGRAMS_FILE_SIZE; i++)
		data[i] = (char)server_pattern(i);
	ck_assert(g_file_set_contents(path, data, PROGRAMS_FILE_SIZE, NULL));
	g_free(data);
}

struct nginx programs_nginx(struct harness *h)
{
	struct nginx nginx = nginx_start(h);

	programs_pattern(harness_format(h, "%s/pattern", nginx.www));
	return nginx;
}

static const char *builddir(void)
{
	const char *path = g_getenv("top_builddir");

	return path ? path : ".";
}

static const char *built_directory(struct harness *h)
{
	return harness_format(h, "%s/tests/programs", builddir());
}

static const char *replace(struct harness *h, const char *text, const char *what, const char *with)
{
	char **parts = g_strsplit(text, what, 0);
	char *joined = g_strjoinv(with, parts);
	const char *kept = harness_format(h, "%s", joined);

	g_strfreev(parts);
	g_free(joined);
	return kept;
}

const char *const *programs_argv(struct harness *h, const char *host, guint16 port,
				 const char *const *argv)
{
	const char *number = harness_format(h, "%u", port);
	const char *clients = harness_source(h, "tests/programs/clients");
	GPtrArray *filled = g_ptr_array_new();
	const char *argument;

	for (; *argv; argv++) {
		argument = replace(h, *argv, "{host}", host);
		argument = replace(h, argument, "{port}", number);
		argument = replace(h, argument, "{clients}", clients);
		argument = replace(h, argument, "{built}", built_directory(h));
		g_ptr_array_add(filled, (char *)argument);
	}
	g_ptr_array_add(filled, NULL);
	g_ptr_array_add(h->strings, filled->pdata);
	return (const char *const *)g_ptr_array_free(filled, FALSE);
}

const struct result *programs_run(struct harness *h, const struct run *how, const char *host,
				  guint16 port, const char *const *argv)
{
	return harness_run_as(h, how, programs_argv(h, host, port, argv));
}

const struct result *programs_same(struct harness *h, const struct run *how, guint16 port,
				   const char *const *argv)
{
	struct run bare = *how, under = *how;
	const struct result *native, *wrapped;
	guint opened = harness_opened(h);

	bare.wrapped = false;
	under.wrapped = true;
	native = programs_run(h, &bare, "127.0.0.1", port, argv);
	ck_result_status(native, 0);
	ck_assert_uint_eq(harness_opened(h), opened);
	wrapped = programs_run(h, &under, PROGRAMS_TCP_HOST, port, argv);
	ck_result_status(wrapped, 0);
	ck_assert_uint_gt(harness_opened(h), opened);
	ck_assert_msg(g_string_equal(native->out, wrapped->out),
		      "natively it says \"%s\", wrapped \"%s\"; stderr: %s", native->out->str,
		      wrapped->out->str, wrapped->err->str);
	return wrapped;
}

/* The output is the file, byte for byte. */
static void assert_pattern(const char *where, const struct result *result)
{
	gsize i;

	ck_assert_msg(result->status == 0, "%s: status %d; stderr: %s", where, result->status,
		      result->err->str);
	for (i = 0; i < result->out->len && i < PROGRAMS_FILE_SIZE; i++)
		ck_assert_msg((guint8)result->out->str[i] == server_pattern(i),
			      "%s: the output differs at byte %zu of %u; stderr: %s", where, i,
			      PROGRAMS_FILE_SIZE, result->err->str);
	ck_assert_msg(result->out->len == PROGRAMS_FILE_SIZE, "%s: %zu bytes, not %u; stderr: %s",
		      where, result->out->len, PROGRAMS_FILE_SIZE, result->err->str);
}

void programs_fetch(struct harness *h, const struct nginx *nginx, const char *const *argv)
{
	static const struct run wrapped = { .wrapped = true };
	guint opened = harness_opened(h);

	assert_pattern("natively", programs_run(h, &natively, "127.0.0.1", nginx->plain, argv));
	ck_assert_uint_eq(harness_opened(h), opened);
	assert_pattern("through tcp",
		       programs_run(h, &wrapped, PROGRAMS_TCP_HOST, nginx->plain, argv));
	assert_pattern("through tls",
		       programs_run(h, &wrapped, PROGRAMS_TLS_HOST, nginx->tls, argv));
	ck_assert_uint_ge(harness_opened(h), opened + 2);
}

const char *programs_client(struct harness *h, const char *name)
{
	return harness_source(h, harness_format(h, "tests/programs/clients/%s", name));
}

const char *programs_built(struct harness *h, const char *name)
{
	const char *path = harness_format(h, "tests/programs/%s", name);
	/* A compiler takes its time when the machine is busy. */
	const struct run how = { .directory = builddir(), .seconds = 120 };
	const char *const argv[] = { "make", "-s", path, NULL };

	ck_result_status(harness_run_as(h, &how, argv), 0);
	return harness_format(h, "%s/%s", built_directory(h), name);
}
