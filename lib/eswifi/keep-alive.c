// SPDX-License-Identifier: MIT
/* Keep-alive of a connection that is open: PK behind its start. */
#include "eswifi/eswifi.h"

#include <errno.h>

#include "session.h"

static void keep_alive_step(struct eswifi_module *module)
{
	struct operation *op = &module->op;

	if (session_select(module, op->socket) &&
	    session_set_knob(module, KNOB_KEEP_ALIVE, (int)op->keep_alive_ms))
		session_op_end(module, module->firmware.no_keep_alive ? -ENOTSUP : 0, "");
}

int eswifi_keep_alive(struct eswifi_module *module, guint socket, guint ms, eswifi_done done,
		      gpointer user)
{
	int r = session_may_start(module, socket);

	if (r)
		return r;
	if (!module->sockets[socket].open || module->sockets[socket].protocol == ESWIFI_UDP ||
	    ms > PROTOCOL_KEEP_ALIVE_MAX)
		return -EINVAL;
	if (module->firmware.no_keep_alive)
		return -ENOTSUP;
	module->op.socket = socket;
	module->op.done = done;
	module->op.user = user;
	module->op.keep_alive_ms = ms ? MAX(ms, PROTOCOL_KEEP_ALIVE_MIN) : ESWIFI_KEEP_ALIVE_MS;
	/* Told anew, so that the end never comes from within this call. */
	module->sockets[socket].knobs[KNOB_KEEP_ALIVE] = -1;
	session_op_begin(module, keep_alive_step);
	return 0;
}
