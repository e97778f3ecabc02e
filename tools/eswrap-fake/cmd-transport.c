// SPDX-License-Identifier: MIT
/* The four sockets: what they are set to, and how a client is started and stopped. */
#include "eswrap-fake/run.h"
#include "eswrap-fake/radio.h"
#include "eswrap-fake/resolve.h"
#include "eswrap-fake/server.h"
#include "eswrap-fake/start.h"

#include <arpa/inet.h>
#include <string.h>

#define KEEP_ALIVE_MIN_MS 250
#define KEEP_ALIVE_MAX_MS 7200000
#define CALL_WAIT_MAX_MS  600000

/* Of a server the second field is its client's address. */
static void own_address(const struct module *module, const struct socket *sock, char *text)
{
	struct network network;

	strcpy(text, "0.0.0.0");
	if (sock->listen_fd >= 0 || sock->udp_server) {
		inet_ntop(AF_INET, &sock->remote, text, INET_ADDRSTRLEN);
	} else if (sock->fd >= 0) {
		radio_network(module, &network);
		strcpy(text, network.address);
	}
}

enum verdict run_transport_show(struct module *module, const struct argument *argument)
{
	const struct socket *sock = module_socket(module);
	char own[INET_ADDRSTRLEN], remote[INET_ADDRSTRLEN];

	if (!argument_none(argument))
		return VERDICT_USAGE;
	if (module->firmware->dead_text && !socket_is_open(sock) && sock->ending != END_NEVER) {
		answer_text(module, "[P?     ] No Active socket");
		return VERDICT_OK;
	}
	own_address(module, sock, own);
	inet_ntop(AF_INET, &sock->remote, remote, sizeof(remote));
	answer_text(module, "%u,%s,%u,%s,%u,%u,%u,%u,%u,%u", sock->protocol, own,
		    socket_is_open(sock) ? sock->own_port : sock->local_port, remote,
		    sock->remote_port, sock->listen_fd >= 0, sock->udp_server, sock->backlog,
		    sock->accept_loop, sock->read_mode);
	if (module->firmware->socket_12)
		answer_text(module, ",%u,%u", sock->keep_alive, sock->keep_alive_ms);
	return VERDICT_OK;
}

/* Alone it shows. */
enum verdict run_select(struct module *module, const struct argument *argument)
{
	unsigned int number;

	if (!argument->text) {
		answer_text(module, "%u", module->selected);
		return VERDICT_OK;
	}
	if (!argument_number(argument->text, 0, SOCKET_COUNT - 1, &number))
		return VERDICT_USAGE;
	module->selected = number;
	return VERDICT_OK;
}

enum verdict run_protocol(struct module *module, const struct argument *argument)
{
	unsigned int protocol;

	if (!argument_number(argument->text, 0, PROTOCOL_MQTT, &protocol))
		return VERDICT_USAGE;
	module_socket(module)->protocol = protocol;
	return VERDICT_OK;
}

static enum verdict set_port(const struct argument *argument, uint16_t *place)
{
	unsigned int port;

	if (!argument_number(argument->text, 0, UINT16_MAX, &port))
		return VERDICT_USAGE;
	*place = port;
	return VERDICT_OK;
}

enum verdict run_local_port(struct module *module, const struct argument *argument)
{
	return set_port(argument, &module_socket(module)->local_port);
}

enum verdict run_remote_port(struct module *module, const struct argument *argument)
{
	return set_port(argument, &module_socket(module)->remote_port);
}

/* A driver that gives back the address D0 has found still means the name it asked for. */
enum verdict run_remote_address(struct module *module, const struct argument *argument)
{
	struct socket *sock = module_socket(module);
	struct in_addr address;

	if (!argument_address(argument->text, &address))
		return VERDICT_ADDRESS;
	if (address.s_addr != sock->remote.s_addr)
		sock->name[0] = '\0';
	sock->remote = address;
	return VERDICT_OK;
}

enum verdict run_verify(struct module *module, const struct argument *argument)
{
	unsigned int verify;

	if (!argument_number(argument->text, 0, VERIFY_REQUIRED, &verify))
		return VERDICT_USAGE;
	module_socket(module)->verify = verify;
	return VERDICT_OK;
}

static bool find(struct module *module, const char *name, struct in_addr *address)
{
	struct fault_event event;

	if (faults_take(module->faults, FAULT_LOOKUP, &event))
		return false;
	if (module->deaf_resolver) {
		loop_sleep_until(module->loop, now_ns() + module->options->connect_ns);
		return false;
	}
	return resolve(module->loop, module->options, name, address) == 0;
}

enum verdict run_lookup(struct module *module, const struct argument *argument)
{
	struct socket *sock = module_socket(module);
	char text[INET_ADDRSTRLEN];
	struct in_addr address;

	if (argument_none(argument) || strlen(argument->text) > NAME_LEN_MAX)
		return VERDICT_USAGE;
	if (!module->joined) {
		answer_why(module, "Not joined");
		return VERDICT_ERROR;
	}
	if (!find(module, argument->text, &address)) {
		answer_why(module, "DNS lookup failed");
		if (module->firmware->failure_text)
			answer_text(module, "[DNS  LU] Host not found %s:0", argument->text);
		return VERDICT_ERROR;
	}
	inet_ntop(AF_INET, &address, text, sizeof(text));
	sock->remote = address;
	/* An address is no name. */
	g_strlcpy(sock->name, g_str_equal(text, argument->text) ? "" : argument->text,
		  sizeof(sock->name));
	answer_text(module, "%s", text);
	return VERDICT_OK;
}

static enum verdict stop_client(struct module *module)
{
	struct socket *sock = module_socket(module);

	if (sock->udp_server)
		server_stop(module, sock);
	else
		socket_close(sock);
	sock->stopped = true;
	if (module->firmware->stop_text)
		answer_text(module, "[TCP  RC] Socket closed");
	return VERDICT_OK;
}

enum verdict run_client(struct module *module, const struct argument *argument)
{
	unsigned int start;

	if (!argument_number(argument->text, 0, 1, &start))
		return VERDICT_USAGE;
	return start ? start_client(module) : stop_client(module);
}

enum verdict run_call_wait(struct module *module, const struct argument *argument)
{
	return argument_number(argument->text, 0, CALL_WAIT_MAX_MS, &module_socket(module)->call_ms)
		       ? VERDICT_OK
		       : VERDICT_USAGE;
}

/* An open connection takes it too, which is not known of the module. */
enum verdict run_keep_alive(struct module *module, const struct argument *argument)
{
	struct socket *sock = module_socket(module);
	const char *text = argument->text;
	unsigned int on, ms;

	if (!text || (text[0] != '0' && text[0] != '1') || text[1] != ',')
		return VERDICT_USAGE;
	on = (text[0] == '1') != module->firmware->keep_alive_zero;
	if (!argument_number(text + 2, on ? KEEP_ALIVE_MIN_MS : 0, KEEP_ALIVE_MAX_MS, &ms))
		return VERDICT_USAGE;
	sock->keep_alive = on;
	sock->keep_alive_ms = ms;
	if (sock->fd >= 0)
		socket_set_keep_alive(sock);
	return VERDICT_OK;
}

/* There is no bypass mode to leave. */
enum verdict run_bypass(struct module *module G_GNUC_UNUSED, const struct argument *argument)
{
	unsigned int mode;

	return argument_number(argument->text, 0, 0, &mode) ? VERDICT_OK : VERDICT_USAGE;
}
