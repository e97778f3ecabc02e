// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of Operation
 *
 * A server is a socket of the module that listens. It has one client at a time, which is what R0
 * and S3 on that socket talk to; others wait in the queue whose length P8 sets. A server that is
 * accepting takes the next client as soon as there is one, also while the module does something
 * else, and says so in an asynchronous message. Then it stops accepting, until that client is let
 * go: by P5=10, by P7=3 after P7=2, or, in the accept loop, by reading its end.
 */
#include "eswrap-fake/module.h"

#include <arpa/inet.h>
#include <errno.h>
#include <unistd.h>

static bool client_at_door(void *data)
{
	struct module *module = data;
	char address[INET_ADDRSTRLEN];
	bool accepted = false;
	struct socket *sock;
	unsigned int i;

	for (i = 0; i < SOCKET_COUNT; i++) {
		sock = &module->sockets[i];
		if (!sock->accepting || !socket_accept(sock))
			continue;
		accepted = true;
		sock->accepting = false;
		loop_unwatch(module->loop, sock->listen_fd);
		inet_ntop(AF_INET, &sock->remote, address, sizeof(address));
		module_message(module, "[TCP SVR] Accepted %s:%u", address, sock->remote_port);
	}
	return accepted;
}

static void accept_again(struct module *module, struct socket *sock)
{
	if (sock->accepting)
		return;
	sock->accepting = true;
	loop_watch(module->loop, sock->listen_fd, client_at_door, module);
}

int server_start(struct module *module, bool accept_loop)
{
	struct socket *sock = module_socket(module);
	int r;

	if (sock->protocol == PROTOCOL_UDP || sock->protocol == PROTOCOL_UDP_LITE)
		return socket_serve_datagrams(sock);
	r = socket_listen(sock);
	if (r)
		return r;
	sock->accept_loop |= accept_loop;
	accept_again(module, sock);
	return 0;
}

void server_stop(struct module *module, struct socket *sock)
{
	if (sock->listen_fd < 0 && !sock->udp_server)
		return;
	socket_close(sock);
	if (sock->listen_fd < 0)
		return;
	if (sock->accepting)
		loop_unwatch(module->loop, sock->listen_fd);
	close(sock->listen_fd);
	sock->listen_fd = -1;
	sock->accepting = false;
	sock->accept_loop = false;
}

void server_next(struct module *module, struct socket *sock)
{
	socket_close(sock);
	sock->remote.s_addr = INADDR_ANY;
	sock->remote_port = 0;
	accept_again(module, sock);
}
