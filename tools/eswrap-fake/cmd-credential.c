// SPDX-License-Identifier: MIT
/* TLS credentials: what the product note says of PF and PG, and ST's form of both. */
#include "eswrap-fake/command.h"

#include <string.h>

#define FUNCTION_MAX 1 /* 0 TLS, 1 AWS [ST] */

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

/* The note: PF=<set>. ST: PF=<function>,<set>. */
enum verdict run_set_active(struct module *module, const struct argument *argument)
{
	bool st = module->options->dialect == DIALECT_ST;
	unsigned int function, set;
	char parts[2][8];

	if (!split(argument->text, parts, st ? 2 : 1) ||
	    (st && !argument_number(parts[0], 0, FUNCTION_MAX, &function)) ||
	    !argument_number(parts[st], 0, SET_COUNT - 1, &set))
		return VERDICT_USAGE;
	module->active_set = set;
	return VERDICT_OK;
}

/*
 * PE: a number for each set, PE=<set>: one for each of its items; 0 used, 1 available [UM 4.13.15].
 * The note does not have it.
 */
enum verdict run_list_items(struct module *module, const struct argument *argument)
{
	const struct flash *flash = &module->flash;
	unsigned int set, item, used[SET_COUNT] = { 0 };

	if (module->options->dialect == DIALECT_NOTE)
		return VERDICT_ERROR;
	for (set = 0; set < SET_COUNT; set++)
		for (item = 0; item < ITEM_COUNT; item++)
			used[set] += flash->item[set][item] != NULL;
	if (!argument->text) {
		answer_text(module, "%d,%d,%d", !used[0], !used[1], !used[2]);
		return VERDICT_OK;
	}
	if (!argument_number(argument->text, 0, SET_COUNT - 1, &set))
		return VERDICT_USAGE;
	answer_text(module, "%d,%d,%d", !flash->item[set][0], !flash->item[set][1],
		    !flash->item[set][2]);
	return VERDICT_OK;
}

/* The note: <set>,<item>,<length>, with the last comma. ST: <set>,<item>,<length> and \r. */
static bool parse_header(const struct module *module, const char *text, unsigned int *set,
			 unsigned int *item, unsigned int *size)
{
	char parts[4][8] = { "", "", "", "" };

	return split(text, parts, module->options->dialect == DIALECT_NOTE ? 4 : 3) && !*parts[3] &&
	       argument_number(parts[0], 0, SET_COUNT - 1, set) &&
	       argument_number(parts[1], 0, ITEM_COUNT - 1, item) &&
	       argument_number(parts[2], 1, ITEM_SIZE_MAX, size);
}

int program_payload(const struct module *module, const char *text)
{
	unsigned int set, item, size;

	return parse_header(module, text, &set, &item, &size) ? (int)size : -1;
}

enum verdict run_program(struct module *module, const struct argument *argument)
{
	unsigned int set, item, size;

	parse_header(module, argument->text, &set, &item, &size);
	switch (flash_program(&module->flash, set, item, argument->payload, size)) {
	case FLASH_MATCH:
		if (module->options->dialect != DIALECT_NOTE)
			answer_text(module, "Match");
		return VERDICT_OK;
	case FLASH_WRITTEN:
		return VERDICT_OK;
	case FLASH_MISMATCH:
		answer_text(module, "Mismatch: already programmed with other data");
		return VERDICT_REASON;
	case FLASH_FAILED:
		answer_text(module, "Flash write failed");
		return VERDICT_REASON;
	}
	return VERDICT_USAGE;
}
