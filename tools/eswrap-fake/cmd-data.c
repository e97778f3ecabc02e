// SPDX-License-Identifier: MIT
/* Reading and writing: R0 to R4, S0 to S3. */
#include "eswrap-fake/run.h"
#include "eswrap-fake/server.h"

#include <string.h>

#define COUNT_DIGITS 4 /* in front of the data of R4 [QR] */

/* What C6.2.1.11 can say at the end of a connection, by how it ended and in any other case. */
static const char *const endings[] = {
	"Not Connected",
	"Endpoint not connected",
	"Connection Closed or Invalid",
	"Socket reset by peer",
	"No WLAN",
};
static const char *const failures[] = {
	"Connection Closed or Invalid", "Socket reset by peer",		 "Not Connected", "No WLAN",
	"Endpoint not connected",	"[TCP SSL] WICED_NOT_CONNECTED",
};

/* The connection is gone, which R0 and S3 each say in one of three ways. */
static enum verdict gone(struct module *module, unsigned int how, const char *minus_one)
{
	const struct socket *sock = module_socket(module);

	if (how != GONE_TEXT) {
		answer_text(module, "%s", minus_one);
		return how == GONE_OK ? VERDICT_OK : VERDICT_ERROR;
	}
	answer_text(module, "%s",
		    sock->tls ? "[TCP SSL] WICED_NOT_CONNECTED" : endings[sock->ending]);
	return VERDICT_ERROR;
}

/* A read or write that fails with a text ends its socket. Return: whether there is such a fault. */
static bool spoil(struct module *module, enum fault_kind kind)
{
	struct socket *sock = module_socket(module);
	struct fault_event event;

	if (!faults_take(module->faults, kind, &event))
		return false;
	if (sock->udp_server)
		server_stop(module, sock);
	else
		socket_abort(sock, END_RESET);
	answer_text(module, "%s",
		    event.text ? event.text : failures[event.chance % G_N_ELEMENTS(failures)]);
	return true;
}

/*
 * @room:	what stands in front of the data, zero for none
 * Return: bytes read, or a negative errno.
 */
static ssize_t read_into_answer(struct module *module, size_t room)
{
	struct socket *sock = module_socket(module);
	ssize_t n;

	sock->at_once = module->firmware->read == READ_FIRST;
	n = socket_read(sock, module->loop, module->answer + module->answer_size + room);
	if (n < 0 && sock->listen_fd >= 0 && sock->accept_loop)
		server_next(module, sock);
	return n;
}

enum verdict run_read(struct module *module, const struct argument *argument)
{
	const struct firmware *firmware = module->firmware;
	ssize_t n;

	if (!argument_none(argument))
		return VERDICT_USAGE;
	if (spoil(module, FAULT_READ_ERROR))
		return VERDICT_ERROR;
	n = read_into_answer(module, 0);
	if (n < 0)
		return gone(module, firmware->gone, "-1");
	module->answer_size += n;
	if (module_socket(module)->read_mode && firmware->receive_mode == RECEIVE_STRIP)
		module->shape = SHAPE_BARE;
	return VERDICT_OK;
}

/* As R0, and the data begins with its length. */
enum verdict run_read_counted(struct module *module, const struct argument *argument)
{
	const struct firmware *firmware = module->firmware;
	char count[COUNT_DIGITS + 1];
	ssize_t n;

	if (!argument_none(argument))
		return VERDICT_USAGE;
	if (spoil(module, FAULT_READ_ERROR))
		return VERDICT_ERROR;
	n = read_into_answer(module, COUNT_DIGITS);
	if (firmware->counted == COUNTED_PLAIN)
		module->shape = SHAPE_HEADLESS;
	if (n < 0)
		return gone(module, firmware->gone, firmware->counted_long ? "-001" : "-1");
	if (n == 0 && firmware->counted_empty)
		return VERDICT_OK;
	g_snprintf(count, sizeof(count), "%04d", (int)n);
	memcpy(module->answer + module->answer_size, count, COUNT_DIGITS);
	module->answer_size += COUNT_DIGITS + n;
	return VERDICT_OK;
}

enum verdict run_read_show(struct module *module, const struct argument *argument)
{
	const struct socket *sock = module_socket(module);

	if (!argument_none(argument))
		return VERDICT_USAGE;
	answer_text(module, "%u,%u,%u", sock->read_max, sock->read_wait_ms, sock->read_mode);
	return VERDICT_OK;
}

enum verdict run_read_size(struct module *module, const struct argument *argument)
{
	return argument_number(argument->text, 0, PAYLOAD_MAX, &module_socket(module)->read_max)
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
	return argument_number(argument->text, 0, 1, &module_socket(module)->read_mode)
		       ? VERDICT_OK
		       : VERDICT_USAGE;
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

enum verdict run_write_show(struct module *module, const struct argument *argument)
{
	const struct socket *sock = module_socket(module);

	if (!argument_none(argument))
		return VERDICT_USAGE;
	answer_text(module, "%u,%u", sock->write_size, sock->write_wait_ms);
	return VERDICT_OK;
}

/* The older Rust driver sends S1=<n> and then S0\r<n raw bytes>. */
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
	ssize_t n;

	if (spoil(module, FAULT_WRITE_ERROR))
		return VERDICT_ERROR;
	n = socket_write(module_socket(module), module->loop, argument->payload,
			 argument->payload_size);
	if (n < 0)
		return gone(module, module->firmware->write_gone, "-1");
	answer_text(module, "%zd", n);
	return VERDICT_OK;
}
