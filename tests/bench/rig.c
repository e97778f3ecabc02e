// SPDX-License-Identifier: MIT
/* The surroundings of a case: the simulated module at a line rate, and a broker. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <check.h>

#include "bench/bench.h"

#define HOST_NAME     "bench.example"
#define READY_POLL_US 20000

double line_ns(double bytes, guint rate)
{
	return bytes * BITS_PER_BYTE * (double)NS_PER_S / rate;
}

gint64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static gint compare(gconstpointer a, gconstpointer b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double percentile(GArray *values, double percent)
{
	guint last = values->len - 1;

	g_array_sort(values, compare);
	return g_array_index(values, double, (guint)(last * percent / 100 + 0.5));
}

double median(GArray *values)
{
	guint middle = values->len / 2;
	double upper;

	g_array_sort(values, compare);
	upper = g_array_index(values, double, middle);
	return values->len % 2 ? upper : (upper + g_array_index(values, double, middle - 1)) / 2;
}

gpointer shared_new(gsize size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		g_error("mmap: %s", g_strerror(errno));
	return memory;
}

/* Not harness_fake(): writing its trace takes time that would be measured. */
static void start_module(struct rig *rig, const struct bench_case *what, guint latency_ms,
			 bool traced)
{
	struct harness *h = rig->h;
	const char *path = harness_path(h, "module.sock");
	const char *argv[] = { harness_tool(h, "eswrap-fake"),
			       "--listen",
			       path,
			       "--flash",
			       harness_path(h, "flash.bin"),
			       "--access-point",
			       HARNESS_SSID ":" HARNESS_PASSPHRASE ":wpa2",
			       "--resolve",
			       HOST_NAME "=127.0.0.1",
			       "--baud",
			       harness_format(h, "%u", what->rate),
			       "--latency",
			       harness_format(h, "%u", latency_ms),
			       what->uncounted ? "--r4=off" : "--r4=crlf",
			       traced ? "--trace" : NULL,
			       harness_path(h, "module.trace"),
			       NULL };

	h->trace = harness_path(h, "module.trace");
	h->device = harness_format(h, "unix:%s", path);
	h->fake = process_start(h, "eswrap-fake", argv, NULL);
	process_await_line(h->fake, "eswrap-fake: ready on ");
}

static void start_broker(struct rig *rig, const struct bench_case *what, const guint16 *ports,
			 guint count)
{
	GString *list = g_string_new(NULL);
	guint i;

	for (i = 0; i < count; i++)
		g_string_append_printf(list, "%s%u", i ? ", " : "", ports[i]);
	harness_file(rig->h, "wifi.psk", "%s\n", HARNESS_PASSPHRASE);
	harness_broker_file(rig->h,
			    harness_file(rig->h, "bench.conf",
					 "[module]\ndevice = %s\nbaud = %u\n\n"
					 "[wifi]\nssid = %s\npassphrase-file = wifi.psk\n"
					 "security = wpa2\n\n"
					 "[route bench]\nhost = %s\nport = %s\nthrough = %s\n%s\n"
					 "[default]\nthrough = direct\n",
					 rig->h->device, what->rate, HARNESS_SSID, HOST_NAME,
					 list->str, what->tls ? "tls" : "tcp",
					 what->tls ? "verify = none\n" : ""));
	g_string_free(list, TRUE);
}

/* Bringing the module up is not what is measured. */
static void await_ready(struct rig *rig)
{
	const char *environment[] = { harness_format(rig->h, "ESWRAP_SOCKET=%s", rig->h->socket),
				      NULL };
	const struct run how = { .environment = environment };
	const char *argv[] = { harness_tool(rig->h, "eswrapctl"), "status", NULL };
	gint64 deadline = now_ns() + HARNESS_DEADLINE_S * NS_PER_S;
	const struct result *status;

	for (;;) {
		status = harness_run_as(rig->h, &how, argv);
		ck_result_status(status, 0);
		if (strstr(status->out->str, " ready: "))
			return;
		ck_assert_msg(now_ns() < deadline, "not ready: %s", status->out->str);
		g_usleep(READY_POLL_US);
	}
}

/* The first field, see proc(5). */
double processor_ns(struct rig *rig, const struct process *process)
{
	const char *path = harness_format(rig->h, "/proc/%d/schedstat", (int)process_pid(process));

	return g_ascii_strtod(harness_read(rig->h, path), NULL);
}

void rig_start(struct rig *rig, const struct bench_case *what, guint latency_ms, bool traced,
	       const guint16 *ports, guint count)
{
	rig->host = HOST_NAME;
	start_module(rig, what, latency_ms, traced);
	rig->start_ns = -now_ns();
	start_broker(rig, what, ports, count);
	await_ready(rig);
	rig->start_ns += now_ns();
}

void rig_stop(struct rig *rig)
{
	harness_free(rig->h);
}

const char *port_text(struct rig *rig, guint16 port)
{
	return harness_format(rig->h, "%u", port);
}

const char *rig_client(struct rig *rig, const char *argument, ...)
{
	const struct run how = { .wrapped = true, .seconds = BENCH_SECONDS };
	GPtrArray *argv = g_ptr_array_new();
	const struct result *result;
	va_list arguments;

	g_ptr_array_add(argv, (gpointer)harness_built(rig->h, "tests/bench/bench-client"));
	va_start(arguments, argument);
	for (; argument; argument = va_arg(arguments, const char *))
		g_ptr_array_add(argv, (gpointer)argument);
	va_end(arguments);
	g_ptr_array_add(argv, NULL);
	result = harness_run_as(rig->h, &how, (const char *const *)argv->pdata);
	g_ptr_array_free(argv, TRUE);
	ck_result_status(result, 0);
	return result->out->str;
}
