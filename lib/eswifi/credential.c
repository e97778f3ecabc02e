// SPDX-License-Identifier: MIT
/*
 * Writing credentials: PE says what is blank, PF selects the set, PG burns one item, or compares it
 * with what is burnt.
 *
 * There is no way back, so nothing is sent unless the firmware's dialect is known for sure; and see
 * bringup.c for what follows a PG that is not answered. An answer to PG is believed only when it
 * cannot be a message's (frame.c, strict).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "session.h"

/* What the module says when the same bytes are written again [N][FW6]. */
#define WORDS_MATCH "Match"

static void on_burnt(struct eswifi_module *module, const struct at_reply *reply)
{
	int result = ESWIFI_WRITTEN;

	module->burning = false;
	if (!reply->ok)
		result = -EACCES;
	else if (strstr(reply->text, WORDS_MATCH) && !strstr(reply->text, "Mismatch"))
		result = ESWIFI_MATCHED;
	session_op_end(module, result, reply->text);
}

static bool is_note(const struct eswifi_module *module)
{
	return module->identity.dialect == ESWIFI_FIRMWARE_NOTE;
}

static void burn(struct eswifi_module *module)
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

	g_snprintf(line, sizeof(line), is_note(module) ? "PG=%u,%d,%zu," : "PG=%u,%d,%zu\r",
		   op->set, op->item, op->size);
	request.line = line;
	module->burning = true;
	session_request(module, &request, on_burnt);
}

/* "ca,certificate,key" with 0 used, 1 available. Return: bits of the used ones, -1: neither. */
static int parse_list(const char *text)
{
	guint blank[3];
	int end = -1, used = 0;
	gsize i;

	if (sscanf(text, "%u,%u,%u%n", &blank[0], &blank[1], &blank[2], &end) != 3 || end < 0 ||
	    text[end])
		return -1;
	for (i = 0; i < G_N_ELEMENTS(blank); i++) {
		if (blank[i] > 1)
			return -1;
		used |= !blank[i] << i;
	}
	return used;
}

static void ask_list(struct eswifi_module *module, session_handler handler)
{
	session_command(module, TIMEOUT_COMMAND_MS, handler, "PE=%u", module->op.set);
}

static void on_listed_before(struct eswifi_module *module, const struct at_reply *reply)
{
	int used = reply->ok ? parse_list(reply->text) : -1;

	if (used < 0)
		session_op_end(module, -ENOTSUP, reply->text);
	else if (module->op.compare && !(used & 1 << module->op.item))
		session_op_end(module, -ENODATA, "the item is blank");
	else
		burn(module);
}

static void burn_step(struct eswifi_module *module)
{
	if (!session_select(module, module->op.socket) || !session_activate(module, module->op.set))
		return;
	if (module->firmware.lists_items)
		ask_list(module, on_listed_before);
	else
		burn(module);
}

static bool has_set(const struct eswifi_module *module, guint set)
{
	return set < ESWIFI_CREDENTIAL_SETS ||
	       (set == ESWIFI_SET_REWRITABLE && module->firmware.rewritable);
}

static void begin_on_set(struct eswifi_module *module, guint set, eswifi_done done, gpointer user)
{
	struct operation *op = &module->op;

	/* PG and PE do not care which socket is selected. */
	op->socket = module->selected >= 0 ? (guint)module->selected : 0;
	op->done = done;
	op->user = user;
	op->set = set;
}

static int start(struct eswifi_module *module, guint set, enum eswifi_item item, const guint8 *data,
		 gsize size, bool compare, eswifi_done done, gpointer user)
{
	int r = session_may_start(module, 0);
	struct operation *op = &module->op;

	if (r)
		return r;
	if (set >= ESWIFI_SETS || item > ESWIFI_ITEM_KEY || size < 1 ||
	    size > ESWIFI_CREDENTIAL_MAX)
		return -EINVAL;
	if (module->identity.dialect == ESWIFI_FIRMWARE_AUTO || !has_set(module, set))
		return -ENOTSUP;
	begin_on_set(module, set, done, user);
	op->item = item;
	op->size = size;
	op->compare = compare;
	op->secret = true;
	memcpy(op->data, data, size);
	session_op_begin(module, burn_step);
	return 0;
}

int eswifi_credential_write(struct eswifi_module *module, guint set, enum eswifi_item item,
			    const guint8 *data, gsize size, eswifi_done done, gpointer user)
{
	return start(module, set, item, data, size, false, done, user);
}

int eswifi_credential_compare(struct eswifi_module *module, guint set, enum eswifi_item item,
			      const guint8 *data, gsize size, eswifi_done done, gpointer user)
{
	return start(module, set, item, data, size, true, done, user);
}

static void on_listed(struct eswifi_module *module, const struct at_reply *reply)
{
	int used = reply->ok ? parse_list(reply->text) : -1;

	session_op_end(module, used < 0 ? -ENOTSUP : used, reply->text);
}

static void list_step(struct eswifi_module *module)
{
	if (session_select(module, module->op.socket))
		ask_list(module, on_listed);
}

int eswifi_credential_list(struct eswifi_module *module, guint set, eswifi_done done, gpointer user)
{
	int r = session_may_start(module, 0);

	if (r)
		return r;
	if (set >= ESWIFI_SETS)
		return -EINVAL;
	begin_on_set(module, set, done, user);
	session_op_begin(module, list_step);
	return 0;
}
