// SPDX-License-Identifier: MIT
/*
 * Writing credentials: PE says which items of a set are blank, where the firmware has it; PF selects
 * the set, PG burns one item, or compares it with what is burnt. There is no way back, so nothing is
 * sent unless the firmware's dialect is known for sure; and see bringup.c for what follows a PG that
 * is not answered.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "module.h"

static void on_burnt(struct eswifi_module *module, const struct at_reply *reply)
{
	int result = -EACCES;

	module->burning = false;
	/* "Match", or "[CERTS   ] Match" [product note] [FW6] */
	if (reply->ok)
		result = strstr(reply->text, "Match") ? ESWIFI_MATCHED : ESWIFI_WRITTEN;
	module_op_end(module, result, reply->text);
}

/* "ca,certificate,key" with 0 used, 1 available [UM 4.13.15]. Return: bits of the used ones, or -1 */
static int parse_list(const char *text)
{
	guint blank[3];
	int end = -1, used = 0, i;

	if (sscanf(text, "%1u,%1u,%1u%n", &blank[0], &blank[1], &blank[2], &end) != 3 || end < 0 ||
	    text[end])
		return -1;
	for (i = 0; i < 3; i++) {
		if (blank[i] > 1)
			return -1;
		used |= !blank[i] << i;
	}
	return used;
}

static void on_listed(struct eswifi_module *module, const struct at_reply *reply)
{
	int used = reply->ok ? parse_list(reply->text) : -1;

	module_op_end(module, used < 0 ? -ENOTSUP : used, reply->text);
}

static void list_step(struct eswifi_module *module)
{
	if (module_select(module, module->op.socket))
		module_command(module, TIMEOUT_COMMAND_MS, on_listed, "PE=%u", module->op.set);
}

int eswifi_credential_list(struct eswifi_module *module, guint set, eswifi_done done, gpointer user)
{
	int r = module_may_start(module, 0);
	struct operation *op = &module->op;

	if (r)
		return r;
	if (set >= ESWIFI_CREDENTIAL_SETS)
		return -EINVAL;
	/* PE does not care which socket is selected. */
	op->socket = module->selected >= 0 ? (guint)module->selected : 0;
	op->done = done;
	op->user = user;
	op->set = set;
	module_op_begin(module, list_step);
	return 0;
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
