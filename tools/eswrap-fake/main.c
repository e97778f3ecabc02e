// SPDX-License-Identifier: MIT
#include "eswrap-fake/module.h"

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

static int run(const struct options *options, struct loop *loop, GError **error)
{
	struct trace *trace = trace_open(options->trace, error);
	struct module *module = NULL;
	struct host *host = NULL;

	if (*error)
		return EXIT_FAILURE;
	if (options->listen)
		host = host_listen(loop, options->listen, error);
	else
		host = host_pty(loop, options->pty, options->baud, error);
	if (host)
		module = module_new(options, loop, host, trace, error);
	if (module) {
		tell_ready(options);
		module_run(module);
	}
	module_free(module);
	host_free(host);
	trace_free(trace);
	return *error ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct options options;
	struct loop loop;
	GError *error = NULL;
	int status = EXIT_FAILURE;

	if (options_parse(&options, argc, argv, &error)) {
		g_assert(loop_init(&loop) == 0);
		status = run(&options, &loop, &error);
		loop_free(&loop);
	}
	if (error)
		fprintf(stderr, "eswrap-fake: %s\n", error->message);
	g_clear_error(&error);
	options_free(&options);
	return status;
}
