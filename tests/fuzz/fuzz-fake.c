// SPDX-License-Identifier: MIT
/*
 * libFuzzer on everything of eswrap-fake that reads what the host sends: the whole module, with a
 * line that gives it the input and swallows its answers, a clock that jumps, and no network. The
 * first byte of the input chooses the profile.
 */
#include "eswrap-fake/cycle.h"
#include "eswrap-fake/host.h"
#include "eswrap-fake/server.h"

#include <errno.h>
#include <string.h>

struct host {
	struct loop *loop;
	const uint8_t *data;
	size_t left;
	unsigned int sum; /* of what was said */
};

static int64_t clock_ns = NS_PER_SEC;

int64_t now_ns(void)
{
	return clock_ns;
}

int loop_wait(struct loop *loop, struct pollfd *fds G_GNUC_UNUSED, unsigned int count G_GNUC_UNUSED,
	      int64_t deadline)
{
	if (deadline == LOOP_FOREVER)
		loop->stop = true;
	else
		clock_ns = MAX(clock_ns, deadline);
	return loop->stop ? -EINTR : 0;
}

int loop_sleep_until(struct loop *loop, int64_t deadline)
{
	return loop_wait(loop, NULL, 0, deadline);
}

void loop_watch(struct loop *loop G_GNUC_UNUSED, int fd G_GNUC_UNUSED,
		bool (*ready)(void *data) G_GNUC_UNUSED, void *data G_GNUC_UNUSED)
{
}

void loop_unwatch(struct loop *loop G_GNUC_UNUSED, int fd G_GNUC_UNUSED)
{
}

size_t host_read(struct host *host, uint8_t *data, size_t size, bool *wait_first)
{
	size_t n = MIN(size, host->left);

	*wait_first = n == host->left;
	memcpy(data, host->data, n);
	host->data += n;
	host->left -= n;
	return n;
}

/* Touches each byte, for the sanitisers. */
size_t host_write(struct host *host, const uint8_t *data, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		host->sum += data[i];
	return size;
}

int host_wait(struct host *host, short events G_GNUC_UNUSED, int64_t deadline)
{
	if (!host->left && deadline == LOOP_FOREVER)
		host->loop->stop = true;
	if (deadline != LOOP_FOREVER)
		clock_ns = MAX(clock_ns, deadline);
	if (host->loop->stop)
		return -EINTR;
	return host->left ? 1 : 0;
}

unsigned int host_rate(const struct host *host G_GNUC_UNUSED)
{
	return 0;
}

/* What would reach the network: see the --wrap options. */
int __wrap_connect(void);
int __wrap_bind(void);
int __wrap_listen(void);
int __wrap_sendto(void);

int __wrap_connect(void)
{
	errno = ECONNREFUSED;
	return -1;
}

int __wrap_bind(void)
{
	return 0;
}

int __wrap_listen(void)
{
	errno = EADDRINUSE;
	return -1;
}

int __wrap_sendto(void)
{
	errno = ENETUNREACH;
	return -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const profiles[] = { "C3.5.2.5", "C3.5.2.3", "C6.2.1", "note" };
	const char *const arguments[] = { "fuzz-fake",
					  "--listen",
					  "none",
					  "--resolve-all",
					  "127.0.0.1",
					  "--as",
					  profiles[size ? *data % G_N_ELEMENTS(profiles) : 0],
					  NULL };
	struct loop loop = { .signal_fd = -1 };
	struct host host = { .loop = &loop, .data = data, .left = size };
	char **argv = g_memdup2(arguments, sizeof(arguments));
	struct options options;
	struct module *module;
	struct faults *faults = faults_new(NULL);

	if (!options_parse(&options, G_N_ELEMENTS(arguments) - 1, argv, NULL))
		g_assert_not_reached();
	g_free(argv);
	module = module_new(&options, &loop, &host, NULL, faults, NULL);
	cycle_run(module);
	g_assert(loop.stop);
	module_disconnect(module);
	module_free(module);
	faults_free(faults);
	options_free(&options);
	return 0;
}
