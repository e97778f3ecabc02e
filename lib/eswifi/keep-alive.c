// SPDX-License-Identifier: MIT
/* Keep-alive of a connection that is open. */
#include <errno.h>

#include "operation.h"
#include "session.h"

/* Firmware may take PK before a start and not now: that says nothing of the next start. */
static void on_keep_alive_set(struct eswifi_module *module, const struct at_reply *reply)
{
	if (!reply->ok) {
		session_op_end(module, -ENOTSUP, reply->text);
		return;
	}
	session_socket(module)->knobs[KNOB_KEEP_ALIVE] = (int)module->op.keep_alive_ms;
	session_op_end(module, 0, NULL);
}

static void keep_alive_step(struct eswifi_module *module)
{
	struct operation *op = &module->op;

	if (!session_select(module, op->socket))
		return;
	if (module->firmware.no_keep_alive)
		session_op_end(module, -ENOTSUP, "the firmware has no PK");
	else if (session_socket(module)->knobs[KNOB_KEEP_ALIVE] == (int)op->keep_alive_ms)
		session_op_end(module, 0, NULL);
	else
		session_command(module, TIMEOUT_COMMAND_MS, on_keep_alive_set, "PK=1,%u",
				op->keep_alive_ms);
}

int eswifi_keep_alive(struct eswifi_module *module, guint socket, guint ms, eswifi_done done,
		      gpointer user)
{
	int r = session_may_start(module, socket);

	if (r)
		return r;
	if (!module->sockets[socket].open || !module->sockets[socket].stream ||
	    ms > PROTOCOL_KEEP_ALIVE_MAX)
		return -EINVAL;
	module->op.socket = socket;
	module->op.done = done;
	module->op.user = user;
	module->op.keep_alive_ms = operation_keep_alive(ms);
	session_op_begin(module, keep_alive_step);
	return 0;
}
