// SPDX-License-Identifier: MIT
/* The four sockets: the page's third table. */
#include "eswrap-fake/command.h"
#include "eswrap-fake/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

enum verdict run_transport_show(struct module *module, const struct argument *argument)
{
	const struct socket *sock = module_socket(module);
	char local[INET_ADDRSTRLEN] = "0.0.0.0", remote[INET_ADDRSTRLEN];

	if (!argument_none(argument))
		return VERDICT_USAGE;
	if (sock->fd >= 0 || sock->listen_fd >= 0)
		wifi_address(module, local);
	inet_ntop(AF_INET, &sock->remote, remote, sizeof(remote));
	answer_text(module, "%u,%s,%u,%s,%u,%u,%u,%u,%u,%u", sock->protocol, local,
		    socket_local_port(sock), remote, sock->remote_port, sock->listen_fd >= 0,
		    sock->udp_server, sock->backlog, sock->accept_loop, sock->read_at_once);
	return VERDICT_OK;
}

enum verdict run_select(struct module *module, const struct argument *argument)
{
	unsigned int number;

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
		return VERDICT_USAGE;
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

static enum verdict not_joined(struct module *module)
{
	answer_text(module, "Not joined");
	return VERDICT_REASON;
}

enum verdict run_lookup(struct module *module, const struct argument *argument)
{
	struct socket *sock = module_socket(module);
	char text[INET_ADDRSTRLEN];
	struct fault_event event;
	struct in_addr address;

	if (argument_none(argument) || strlen(argument->text) > NAME_LEN_MAX)
		return VERDICT_USAGE;
	if (!module->joined)
		return not_joined(module);
	if (faults_take(module->faults, FAULT_LOOKUP, &event) ||
	    resolve(module->loop, module->options, argument->text, &address)) {
		answer_text(module, "DNS lookup failed");
		return VERDICT_REASON;
	}
	inet_ntop(AF_INET, &address, text, sizeof(text));
	sock->remote = address;
	/* An address is no name. */
	strcpy(sock->name, g_str_equal(text, argument->text) ? "" : argument->text);
	answer_text(module, "%s", text);
	return VERDICT_OK;
}

/* The faults of a connect. Return: why it fails, a string of g_strdup(), or NULL. */
static char *spoil_connect(struct module *module)
{
	struct fault_event event;

	if (faults_take(module->faults, FAULT_SLOW, &event))
		loop_sleep_until(module->loop, now_ns() + event.ms * NS_PER_MS);
	if (faults_take(module->faults, FAULT_REFUSE, &event))
		return g_strdup(g_strerror(ECONNREFUSED));
	if (!faults_take(module->faults, FAULT_TIMEOUT, &event))
		return NULL;
	loop_sleep_until(module->loop, now_ns() + module->options->connect_ns);
	return g_strdup(g_strerror(ETIMEDOUT));
}

static bool is_stream(enum protocol protocol)
{
	return protocol == PROTOCOL_TCP || protocol == PROTOCOL_TLS;
}

static enum verdict start_client(struct module *module)
{
	const struct options *options = module->options;
	struct socket *sock = module_socket(module);
	char address[INET_ADDRSTRLEN];
	char *why = NULL;

	if (!module->joined)
		return not_joined(module);
	if (sock->fd >= 0 || sock->listen_fd >= 0)
		why = g_strdup("already started");
	else if (sock->protocol == PROTOCOL_MQTT)
		why = g_strdup("MQTT is not simulated");
	else if (is_stream(sock->protocol) && (!sock->remote_port || !sock->remote.s_addr))
		why = g_strdup("no remote address or port");
	else
		why = spoil_connect(module);
	if (!why)
		socket_open(sock, module->loop, module->flash.item[module->active_set],
			    options->check_names, options->tls13, options->connect_ns, &why);
	if (why) {
		answer_text(module, "Connect failed: %s", why);
		g_free(why);
		return VERDICT_REASON;
	}
	if (!is_stream(sock->open_as))
		return VERDICT_OK;
	inet_ntop(AF_INET, &sock->remote, address, sizeof(address));
	answer_text(module, "[TCP  RC] Connecting to %s", address);
	return VERDICT_OK;
}

enum verdict run_client(struct module *module, const struct argument *argument)
{
	unsigned int start;

	if (!argument_number(argument->text, 0, 1, &start))
		return VERDICT_USAGE;
	if (start)
		return start_client(module);
	socket_close(module_socket(module));
	return VERDICT_OK;
}

static enum verdict gone(struct module *module)
{
	answer_text(module, "-1");
	return module->options->error_gone ? VERDICT_ERROR : VERDICT_OK;
}

enum verdict run_read(struct module *module, const struct argument *argument)
{
	struct socket *sock = module_socket(module);
	ssize_t n;

	if (!argument_none(argument))
		return VERDICT_USAGE;
	n = socket_read(sock, module->loop, module->answer + module->answer_size);
	if (n < 0) {
		if (sock->listen_fd >= 0 && sock->accept_loop)
			server_next(module, sock);
		return gone(module);
	}
	module->answer_size += n;
	return VERDICT_OK;
}

enum verdict run_read_size(struct module *module, const struct argument *argument)
{
	return argument_number(argument->text, 1, PAYLOAD_MAX, &module_socket(module)->read_max)
		       ? VERDICT_OK
		       : VERDICT_USAGE;
}

enum verdict run_read_wait(struct module *module, const struct argument *argument)
{
	return argument_number(argument->text, 0, WAIT_MS_MAX, &module_socket(module)->read_wait_ms)
		       ? VERDICT_OK
		       : VERDICT_USAGE;
}

enum verdict run_read_mode(struct module *module, const struct argument *argument)
{
	unsigned int mode;

	if (!argument_number(argument->text, 0, 1, &mode))
		return VERDICT_USAGE;
	module_socket(module)->read_at_once = mode;
	return VERDICT_OK;
}

enum verdict run_write_wait(struct module *module, const struct argument *argument)
{
	return argument_number(argument->text, 0, WAIT_MS_MAX,
			       &module_socket(module)->write_wait_ms)
		       ? VERDICT_OK
		       : VERDICT_USAGE;
}

enum verdict run_write_size(struct module *module, const struct argument *argument)
{
	return argument_number(argument->text, 1, PAYLOAD_MAX, &module_socket(module)->write_size)
		       ? VERDICT_OK
		       : VERDICT_USAGE;
}

/* S0 is not on the page: the older Rust driver sends S1=<n> and then S0\r<n raw bytes>. */
int write_sized_payload(const struct module *module, const char *text)
{
	return text && *text ? -1 : (int)module->sockets[module->selected].write_size;
}

int write_payload(const struct module *module G_GNUC_UNUSED, const char *text)
{
	unsigned int size;

	return argument_number(text, 1, PAYLOAD_MAX, &size) ? (int)size : -1;
}

enum verdict run_write(struct module *module, const struct argument *argument)
{
	ssize_t n = socket_write(module_socket(module), module->loop, argument->payload,
				 argument->payload_size);

	if (n < 0)
		return gone(module);
	answer_text(module, "%zd", n);
	return VERDICT_OK;
}

static enum verdict start_server(struct module *module, bool accept_loop)
{
	const struct socket *sock = module_socket(module);
	const char *why = NULL;
	int r;

	if (!module->joined)
		return not_joined(module);
	if (sock->fd >= 0 || sock->listen_fd >= 0)
		why = "already started";
	else if (sock->protocol == PROTOCOL_TLS || sock->protocol == PROTOCOL_MQTT)
		why = "no server for this protocol";
	if (!why) {
		r = server_start(module, accept_loop);
		if (r == 0)
			return VERDICT_OK;
		why = g_strerror(-r);
	}
	answer_text(module, "Server failed: %s", why);
	return VERDICT_REASON;
}

static enum verdict no_server(struct module *module)
{
	answer_text(module, "No TCP server");
	return VERDICT_REASON;
}

enum verdict run_server(struct module *module, const struct argument *argument)
{
	struct socket *sock = module_socket(module);
	unsigned int what;

	if (!argument_number(argument->text, 0, 11, &what))
		return VERDICT_USAGE;
	switch (what) {
	case 0:
		server_stop(module, sock);
		return VERDICT_OK;
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
	return argument_number(argument->text, 1, 6, &module_socket(module)->backlog)
		       ? VERDICT_OK
		       : VERDICT_USAGE;
}

/* Takes effect on the next connection. */
enum verdict run_keep_alive(struct module *module, const struct argument *argument)
{
	struct socket *sock = module_socket(module);
	const char *text = argument->text;
	unsigned int ms;

	if (!text || (text[0] != '0' && text[0] != '1') || text[1] != ',' ||
	    !argument_number(text + 2, 0, UINT16_MAX, &ms))
		return VERDICT_USAGE;
	sock->keep_alive = text[0] == '1';
	sock->keep_alive_ms = ms;
	return VERDICT_OK;
}

/* There is no bypass mode to leave. */
enum verdict run_bypass(struct module *module G_GNUC_UNUSED, const struct argument *argument)
{
	unsigned int mode;

	return argument_number(argument->text, 0, 0, &mode) ? VERDICT_OK : VERDICT_USAGE;
}

/* ST sends it before a TLS start. What it does is not known; it is accepted. */
enum verdict run_root_mode(struct module *module G_GNUC_UNUSED, const struct argument *argument)
{
	unsigned int mode;

	return argument_number(argument->text, 0, 1, &mode) ? VERDICT_OK : VERDICT_USAGE;
}
