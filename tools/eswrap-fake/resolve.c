// SPDX-License-Identifier: MIT
/* The names that the simulated network knows. */
#include "eswrap-fake/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

/*
 * getaddrinfo() may take many seconds, and the loop has to be served meanwhile, so it runs in a
 * thread that ends with one write to a pipe. If nobody waits any more it frees what it has.
 */
struct query {
	char *name;
	struct in_addr address;
	bool found;
	int pipe_fd;
};

static void query_free(struct query *query)
{
	g_free(query->name);
	g_free(query);
}

static void *resolve_in_thread(void *data)
{
	struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
	struct query *query = data;
	struct addrinfo *list;
	int fd = query->pipe_fd;

	if (getaddrinfo(query->name, NULL, &hints, &list) == 0) {
		query->address =
			((const struct sockaddr_in *)(const void *)list->ai_addr)->sin_addr;
		query->found = true;
		freeaddrinfo(list);
	}
	if (write(fd, &query, sizeof(query)) != sizeof(query))
		query_free(query);
	close(fd);
	return NULL;
}

static int ask_system(struct loop *loop, const char *name, struct in_addr *address)
{
	struct query *query = g_new0(struct query, 1);
	struct pollfd poll_fd = { .events = POLLIN };
	int ends[2], r;

	if (pipe(ends)) {
		g_free(query);
		return -ENOENT;
	}
	query->name = g_strdup(name);
	query->pipe_fd = ends[1];
	g_thread_unref(g_thread_new("resolve", resolve_in_thread, query));
	poll_fd.fd = ends[0];
	r = loop_wait(loop, &poll_fd, 1, LOOP_FOREVER);
	if (r > 0) {
		if (read(ends[0], &query, sizeof(query)) != sizeof(query))
			g_assert_not_reached();
		r = query->found ? 0 : -ENOENT;
		*address = query->address;
		query_free(query);
	}
	close(ends[0]);
	return r;
}

int resolve(struct loop *loop, const struct options *options, const char *name,
	    struct in_addr *address)
{
	const struct name *known;
	unsigned int i;

	if (inet_pton(AF_INET, name, address) == 1)
		return 0;
	for (i = 0; i < options->names->len; i++) {
		known = &g_array_index(options->names, struct name, i);
		if (g_ascii_strcasecmp(known->name, name) == 0) {
			*address = known->address;
			return 0;
		}
	}
	if (options->resolve_all) {
		*address = options->all_names;
		return 0;
	}
	return ask_system(loop, name, address);
}
