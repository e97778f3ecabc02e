// SPDX-License-Identifier: MIT
/* TLS credentials: what the product note says of PF and PG, the vendors' form of both, PE and PB. */
#include "eswrap-fake/run.h"

#include <string.h>

/* Splits @text at its commas. Return: false unless there are exactly @count parts. */
static bool split(const char *text, char parts[][8], unsigned int count)
{
	unsigned int i;
	size_t length;

	for (i = 0; text && i < count; i++) {
		length = strcspn(text, ",");
		if (length >= sizeof(parts[0]) || (text[length] == ',') != (i + 1 < count))
			return false;
		memcpy(parts[i], text, length);
		parts[i][length] = '\0';
		text += length + 1;
	}
	return text != NULL;
}

static unsigned int last_set(const struct module *module)
{
	return module->firmware->writable_set ? WRITABLE_SET : WRITABLE_SET - 1;
}

/* The note: PF=<set>. The others: PF=<function>,<set>. */
enum verdict run_set_active(struct module *module, const struct argument *argument)
{
	bool st = module->firmware->dialect == DIALECT_ST;
	unsigned int function = FUNCTION_TLS, set;
	char parts[2][8];

	if (!split(argument->text, parts, st ? 2 : 1) ||
	    (st && !argument_number(parts[0], 0, FUNCTION_COUNT - 1, &function)) ||
	    !argument_number(parts[st], 0, last_set(module), &set))
		return VERDICT_USAGE;
	module->active_set[function] = set;
	return VERDICT_OK;
}

/* The note: <set>,<item>,<length>, with the last comma. The others: <set>,<item>,<length> and \r. */
static bool parse_header(const struct module *module, const char *text, unsigned int *set,
			 unsigned int *item, unsigned int *size)
{
	char parts[4][8] = { "", "", "", "" };

	return split(text, parts, module->firmware->dialect == DIALECT_NOTE ? 4 : 3) &&
	       !*parts[3] && argument_number(parts[0], 0, last_set(module), set) &&
	       argument_number(parts[1], 0, ITEM_COUNT - 1, item) &&
	       argument_number(parts[2], 1, ITEM_SIZE_MAX, size);
}

int program_payload(const struct module *module, const char *text)
{
	unsigned int set, item, size;

	return parse_header(module, text, &set, &item, &size) ? (int)size : -1;
}

static enum verdict matched(struct module *module)
{
	if (module->firmware->match != MATCH_NONE)
		answer_text(module, "%sMatch",
			    module->firmware->match == MATCH_CERTS ? "[CERTS   ] " : "");
	return VERDICT_OK;
}

enum verdict run_program(struct module *module, const struct argument *argument)
{
	unsigned int set, item, size;

	parse_header(module, argument->text, &set, &item, &size);
	switch (flash_program(&module->flash, set, item, argument->payload, size,
			      set == WRITABLE_SET)) {
	case FLASH_WRITTEN:
		return VERDICT_OK;
	case FLASH_MATCH:
		return matched(module);
	case FLASH_MISMATCH:
		answer_why(module, "Mismatch: already programmed with other data");
		answer_text(module, "Selected item unavailable (used)");
		return VERDICT_ERROR;
	case FLASH_FAILED:
		answer_why(module, "Flash write failed");
		return VERDICT_ERROR;
	}
	return VERDICT_ERROR;
}

static bool is_blank(const struct module *module, unsigned int set)
{
	unsigned int item;

	for (item = 0; item < ITEM_COUNT; item++)
		if (module->flash.item[set][item])
			return false;
	return true;
}

/* PE: a number for each set; PE=<set>: one for each item. 1: it can be written. */
enum verdict run_available(struct module *module, const struct argument *argument)
{
	unsigned int set, i;

	if (argument_none(argument)) {
		for (i = 0; i <= last_set(module) && i < WRITABLE_SET; i++)
			answer_text(module, "%s%d", i ? "," : "", is_blank(module, i));
		return VERDICT_OK;
	}
	if (!argument_number(argument->text, 0, last_set(module), &set))
		return VERDICT_USAGE;
	for (i = 0; i < ITEM_COUNT; i++)
		answer_text(module, "%s%d", i ? "," : "", !module->flash.item[set][i]);
	return VERDICT_OK;
}

/* A server that does not pass is reported, and the connection goes on. */
enum verdict run_report_only(struct module *module, const struct argument *argument)
{
	unsigned int mode;

	if (!argument_number(argument->text, 0, 1, &mode))
		return VERDICT_USAGE;
	module->settings.report_only = mode;
	return VERDICT_OK;
}
