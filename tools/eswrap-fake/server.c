// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of Operation
 *
 * A server is a socket of the module that listens. It has one client at a time, which is what R0
 * and S3 on that socket talk to; others wait in the queue whose length P8 sets. A server that is
 * accepting takes the next client as soon as there is one, also while the module does something
 * else, and says so in an asynchronous message. Then it stops accepting, until that client is let
 * go: by P5=10, by P7=3 after P7=2, or, in the accept loop, by reading its end.
 *
 * A UDP server has no clients; it tells of the first datagram, and is not watched any more then.
 */
#include "eswrap-fake/server.h"

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
		if (!(module->silenced & SILENCE_SERVER))
			module_message(module, "[TCP SVR] Accepted %s:%u", address, sock->own_port);
	}
	return accepted;
}

static bool datagram_at_door(void *data)
{
	struct module *module = data;
	char text[INET_ADDRSTRLEN];
	struct in_addr address;
	bool told = false;
	struct socket *sock;
	unsigned int i;

	for (i = 0; i < SOCKET_COUNT; i++) {
		sock = &module->sockets[i];
		if (!sock->udp_server || sock->announced || !socket_peek(sock, &address))
			continue;
		sock->announced = true;
		loop_unwatch(module->loop, sock->fd);
		inet_ntop(AF_INET, &address, text, sizeof(text));
		if (module->silenced & SILENCE_SERVER)
			continue;
		module_message(module, "[UDP SVR] Accepted %s:%u", text, sock->own_port);
		told = true;
	}
	return told;
}

static void accept_again(struct module *module, struct socket *sock)
{
	if (sock->accepting)
		return;
	sock->accepting = true;
	loop_watch(module->loop, sock->listen_fd, client_at_door, module);
}

static int start(struct module *module, struct socket *sock, bool accept_loop, uint16_t *port)
{
	int r;

	if (sock->protocol == PROTOCOL_UDP || sock->protocol == PROTOCOL_UDP_LITE) {
		r = socket_serve_datagrams(sock, port);
		if (r == 0)
			loop_watch(module->loop, sock->fd, datagram_at_door, module);
		return r;
	}
	r = socket_listen(sock, port);
	if (r)
		return r;
	sock->accept_loop |= accept_loop;
	/* Nobody is there yet. */
	sock->remote.s_addr = INADDR_ANY;
	accept_again(module, sock);
	return 0;
}

int server_start(struct module *module, bool accept_loop)
{
	struct socket *sock = module_socket(module);
	uint16_t port = 0;
	int r = start(module, sock, accept_loop, &port);

	if (r == 0 && port != sock->local_port)
		trace_note(module->trace, "server: port %u of the module is %u here",
			   sock->local_port, port);
	return r;
}

void server_stop(struct module *module, struct socket *sock)
{
	if (sock->udp_server && !sock->announced)
		loop_unwatch(module->loop, sock->fd);
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

void module_disconnect(struct module *module)
{
	unsigned int i;

	for (i = 0; i < SOCKET_COUNT; i++)
		server_stop(module, &module->sockets[i]);
}

void module_break(struct module *module, enum ending ending)
{
	struct socket *sock;
	unsigned int i;

	for (i = 0; i < SOCKET_COUNT; i++) {
		sock = &module->sockets[i];
		if (sock->udp_server)
			continue;
		socket_abort(sock, ending);
	}
	module_disconnect(module);
}

void server_next(struct module *module, struct socket *sock)
{
	socket_close(sock);
	sock->remote.s_addr = INADDR_ANY;
	sock->remote_port = 0;
	accept_again(module, sock);
}
