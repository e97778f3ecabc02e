// SPDX-License-Identifier: MIT
/* eswrap-fake, the simulated module: options, and the module's life. */
#include "eswrap-fake/cycle.h"
#include "eswrap-fake/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Tells a harness that the port is there: a line on standard output, and on --ready-fd. */
static void tell_ready(const struct options *options)
{
	const char *path = options->listen ? options->listen : options->pty;
	char *line = g_strdup_printf("eswrap-fake: ready on %s\n", path);

	fputs(line, stdout);
	fflush(stdout);
	if (options->ready_fd >= 0) {
		if (write(options->ready_fd, line, strlen(line)) < 0)
			perror("eswrap-fake: --ready-fd");
		close(options->ready_fd);
	}
	g_free(line);
}

static struct faults *new_faults(const struct options *options, struct trace *trace, GError **error)
{
	struct faults *faults = faults_new(trace);
	char **spec;

	for (spec = options->faults; spec && *spec && !*error; spec++)
		faults_add(faults, *spec, error);
	return faults;
}

static struct host *new_host(const struct options *options, struct loop *loop, GError **error)
{
	if (options->listen)
		return host_listen(loop, options->listen, error);
	return host_pty(loop, options->pty, options->baud, error);
}

static void run(const struct options *options, struct loop *loop, GError **error)
{
	struct trace *trace = trace_open(options->trace, error);
	struct faults *faults = new_faults(options, trace, error);
	struct module *module = NULL;
	struct host *host = NULL;

	if (!*error)
		host = new_host(options, loop, error);
	if (host)
		module = module_new(options, loop, host, trace, faults, error);
	if (module && cycle_start(module) != -EINTR) {
		tell_ready(options);
		cycle_run(module);
	}
	if (module)
		module_disconnect(module);
	module_free(module);
	host_free(host);
	faults_free(faults);
	trace_free(trace);
}

int main(int argc, char **argv)
{
	struct options options;
	struct loop loop;
	GError *error = NULL;

	if (options_parse(&options, argc, argv, &error)) {
		loop_init(&loop);
		run(&options, &loop, &error);
		loop_free(&loop);
	}
	options_free(&options);
	if (!error)
		return EXIT_SUCCESS;
	fprintf(stderr, "eswrap-fake: %s\n", error->message);
	g_error_free(error);
	return EXIT_FAILURE;
}
