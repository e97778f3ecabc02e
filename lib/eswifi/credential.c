// SPDX-License-Identifier: MIT
/*
 * Writing credentials: PF selects the set, PG burns one item, or compares it with what is burnt.
 * There is no way back and no way to ask, so nothing is sent unless the firmware's dialect is known
 * for sure; and see bringup.c for what follows a PG that is not answered.
 */
#include <errno.h>
#include <string.h>

#include "module.h"

static void on_burnt(struct eswifi_module *module, const struct at_reply *reply)
{
	module->burning = false;
	module_op_end(module, reply->ok ? 0 : -EACCES, reply->text);
}

static void burn_step(struct eswifi_module *module)
{
	struct operation *op = &module->op;
	struct at_request request = {
		.payload = op->data,
		.size = op->size,
		.shape = { .strict = true },
		.timeout_ms = TIMEOUT_BURN_MS,
		.secret = true,
	};
	char line[32];

	if (!module_select(module, op->socket) || !module_activate(module, op->set))
		return;
	g_snprintf(line, sizeof(line),
		   module->identity.dialect == ESWIFI_FIRMWARE_ST ? "PG=%u,%d,%04zu\r"
								  : "PG=%u,%d,%zu,",
		   op->set, op->item, op->size);
	request.line = line;
	module->burning = true;
	module_request(module, &request, on_burnt);
}

int eswifi_credential_write(struct eswifi_module *module, guint set, enum eswifi_item item,
			    const guint8 *data, gsize size, eswifi_done done, gpointer user)
{
	int r = module_may_start(module, 0);
	struct operation *op = &module->op;

	if (r)
		return r;
	if (set >= ESWIFI_CREDENTIAL_SETS || item > ESWIFI_ITEM_KEY || size < 1 ||
	    size > ESWIFI_CREDENTIAL_MAX)
		return -EINVAL;
	if (module->identity.dialect == ESWIFI_FIRMWARE_AUTO)
		return -ENOTSUP;
	/* PG does not care which socket is selected. */
	op->socket = module->selected >= 0 ? (guint)module->selected : 0;
	op->done = done;
	op->user = user;
	op->set = set;
	op->item = item;
	op->size = size;
	op->secret = true;
	memcpy(op->data, data, size);
	module_op_begin(module, burn_step);
	return 0;
}
