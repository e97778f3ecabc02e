// SPDX-License-Identifier: MIT
/*
 * A success is DATA between \r\n, OK and the prompt; a failure has ERROR in its place, with its kind
 * and the usage of the command behind it until MT=1 asks for the simple form. In human-readable mode
 * there is neither OK nor the prompt, and no driver recognises it.
 */
#include "eswrap-fake/frame.h"

#include <string.h>

#define PROMPT	     "> "
#define HUMAN_PROMPT "\r\n# "
#define HEAD	     2 /* the \r\n that each answer was begun with */

static const char *error_kind(enum verdict verdict, const struct command *command, bool argument)
{
	if (verdict == VERDICT_EMPTY)
		return "No Command Entered";
	if (!command)
		return "Unknown Command";
	switch (verdict) {
	case VERDICT_ADDRESS:
		return argument ? "Bad Address Value" : "Insufficient Arguments";
	case VERDICT_USAGE:
		if (argument)
			return *command->usage ? "Bad Argument" : "Too Many Arguments";
		return "Insufficient Arguments";
	default:
		return "Unknown Error";
	}
}

static void frame_error(struct module *module, enum verdict verdict, const struct command *command,
			bool argument)
{
	if (module->answer_size > HEAD)
		answer_text(module, "\r\n");
	if (module->simple) {
		answer_text(module, "ERROR\r\n" PROMPT);
		return;
	}
	answer_text(module, "ERROR: %s\r\n", error_kind(verdict, command, argument));
	if (command && module->firmware->usage)
		answer_text(module, "Usage: %s %s\r\n", command->name, command->usage);
	answer_text(module, PROMPT);
}

static void frame_success(struct module *module)
{
	bool empty = module->answer_size == HEAD;

	if (module->shape != SHAPE_BARE && !(empty && module->firmware->short_empty))
		answer_text(module, "\r\n");
	answer_text(module, "OK\r\n" PROMPT);
	if (module->shape == SHAPE_WHOLE)
		return;
	module->answer_size -= HEAD;
	memmove(module->answer, module->answer + HEAD, module->answer_size);
}

void frame_answer(struct module *module, enum verdict verdict, const struct command *command,
		  bool argument)
{
	module->answer_max = sizeof(module->answer);
	if (verdict == VERDICT_SILENT) {
		module->answer_size = 0;
	} else if (module->human) {
		answer_text(module, HUMAN_PROMPT);
	} else if (verdict == VERDICT_OK) {
		frame_success(module);
	} else if (verdict == VERDICT_PROMPT) {
		answer_text(module, "%s" PROMPT, module->answer_size == HEAD ? "" : "\r\n");
	} else {
		frame_error(module, verdict, command, argument);
	}
}

char *frame_message(const char *text, bool ok)
{
	return g_strdup_printf("\r\n%s\r\n%s" PROMPT, text, ok ? "OK\r\n" : "");
}
