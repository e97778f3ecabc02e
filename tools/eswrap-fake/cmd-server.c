// SPDX-License-Identifier: MIT
/* Servers: P5, P7, P8. */
#include "eswrap-fake/run.h"
#include "eswrap-fake/server.h"

#define BACKLOG_MAX 6

static enum verdict start_server(struct module *module, bool accept_loop)
{
	const struct socket *sock = module_socket(module);
	const char *why = NULL;
	int r;

	if (!module->joined)
		why = "Not joined";
	else if (socket_is_open(sock))
		why = "Server failed: already started";
	else if (sock->protocol == PROTOCOL_TLS || sock->protocol == PROTOCOL_MQTT)
		why = "Server failed: no server for this protocol";
	if (why) {
		answer_why(module, "%s", why);
		return VERDICT_ERROR;
	}
	r = server_start(module, accept_loop);
	if (r == 0)
		return VERDICT_OK;
	answer_why(module, "Server failed: %s", g_strerror(-r));
	return VERDICT_ERROR;
}

static enum verdict no_server(struct module *module)
{
	answer_why(module, "No TCP server");
	return VERDICT_ERROR;
}

/* Some firmware was seen to end the connections of other sockets as well. */
static enum verdict stop_server(struct module *module)
{
	unsigned int i;

	server_stop(module, module_socket(module));
	for (i = 0; i < SOCKET_COUNT && module->firmware->server_stop_all; i++)
		if (module->sockets[i].listen_fd < 0 && !module->sockets[i].udp_server)
			socket_abort(&module->sockets[i], END_CLOSED);
	return VERDICT_OK;
}

enum verdict run_server(struct module *module, const struct argument *argument)
{
	struct socket *sock = module_socket(module);
	unsigned int what;

	if (!argument_number(argument->text, 0, 11, &what))
		return VERDICT_USAGE;
	switch (what) {
	case 0:
		return stop_server(module);
	case 1:
	case 11:
		return start_server(module, what == 11);
	case 10:
		if (sock->listen_fd < 0)
			return no_server(module);
		server_next(module, sock);
		return VERDICT_OK;
	default:
		return VERDICT_USAGE;
	}
}

enum verdict run_accept(struct module *module, const struct argument *argument)
{
	struct socket *sock = module_socket(module);
	unsigned int what;

	if (!argument_number(argument->text, 0, 3, &what))
		return VERDICT_USAGE;
	if (what <= 1) {
		sock->accept_loop = what;
		return VERDICT_OK;
	}
	if (sock->listen_fd < 0)
		return no_server(module);
	if (what == 2)
		socket_close(sock);
	else
		server_next(module, sock);
	return VERDICT_OK;
}

enum verdict run_backlog(struct module *module, const struct argument *argument)
{
	return argument_number(argument->text, 1, BACKLOG_MAX, &module_socket(module)->backlog)
		       ? VERDICT_OK
		       : VERDICT_USAGE;
}
