// SPDX-License-Identifier: MIT
/* Identity, UART, system: the page's first table. */
#include "eswrap-fake/command.h"

#include <string.h>

#define PRODUCT_ID   "ISM43362-M3G-L44-UART"
#define API_REV	     "v3.5.2"
#define STACK_REV    "v1.4.0.rc1"
#define RTOS_REV     "v8.2.1"
#define CPU_CLOCK    "120000000"
#define PRODUCT_NAME "Inventek eS-WiFi"

enum verdict run_help(struct module *module, const struct argument *argument)
{
	const struct command *command;
	unsigned int i;

	if (!argument_none(argument))
		return VERDICT_USAGE;
	for (i = 0; (command = command_each(i)); i++)
		answer_text(module, "%s%s", i ? "\r\n" : "", command->usage + strlen("Usage: "));
	return VERDICT_OK;
}

enum verdict run_identity(struct module *module, const struct argument *argument)
{
	if (!argument_none(argument))
		return VERDICT_USAGE;
	answer_text(module, "%s,%s,%s,%s,%s,%s,%s", PRODUCT_ID, module->options->revision, API_REV,
		    STACK_REV, RTOS_REV, CPU_CLOCK, PRODUCT_NAME);
	return VERDICT_OK;
}

enum verdict run_uart_show(struct module *module, const struct argument *argument)
{
	if (!argument_none(argument))
		return VERDICT_USAGE;
	answer_text(module, "0,%u,8,0,1,0", module->settings.baud);
	return VERDICT_OK;
}

enum verdict run_uart_rate(struct module *module, const struct argument *argument)
{
	unsigned int baud;

	if (!argument_number(argument->text, 300, 4000000, &baud))
		return VERDICT_USAGE;
	module->settings.baud = baud;
	return VERDICT_OK;
}

/* The answer still goes out at the old rate: the new one begins behind it. */
enum verdict run_uart_apply(struct module *module, const struct argument *argument)
{
	if (!argument_none(argument))
		return VERDICT_USAGE;
	module->new_rate = module->settings.baud;
	return VERDICT_OK;
}

enum verdict run_system_show(struct module *module, const struct argument *argument)
{
	if (!argument_none(argument))
		return VERDICT_USAGE;
	answer_text(module, "0,12345670,0,0,%s,192.168.10.1,0,0,1,0,%s", module->options->mac,
		    PRODUCT_NAME);
	return VERDICT_OK;
}

enum verdict run_factory(struct module *module, const struct argument *argument)
{
	if (!argument_none(argument))
		return VERDICT_USAGE;
	if (flash_save(&module->flash, NULL)) {
		answer_text(module, "Flash write failed");
		return VERDICT_REASON;
	}
	module_factory(module, &module->settings);
	return VERDICT_OK;
}

enum verdict run_save(struct module *module, const struct argument *argument)
{
	if (!argument_none(argument))
		return VERDICT_USAGE;
	if (flash_save(&module->flash, &module->settings)) {
		answer_text(module, "Flash write failed");
		return VERDICT_REASON;
	}
	return VERDICT_OK;
}

enum verdict run_mac(struct module *module, const struct argument *argument)
{
	if (!argument_none(argument))
		return VERDICT_USAGE;
	answer_text(module, "%s", module->options->mac);
	return VERDICT_OK;
}

enum verdict run_reset(struct module *module, const struct argument *argument)
{
	if (!argument_none(argument))
		return VERDICT_USAGE;
	module->reset = true;
	return VERDICT_SILENT;
}

enum verdict run_message_mode(struct module *module, const struct argument *argument)
{
	unsigned int quiet;

	if (!argument_number(argument->text, 0, 1, &quiet))
		return VERDICT_USAGE;
	module->quiet = quiet;
	return VERDICT_OK;
}

enum verdict run_message_read(struct module *module, const struct argument *argument)
{
	char *message;

	if (!argument_none(argument))
		return VERDICT_USAGE;
	if (module->scanning >= 0)
		return scan_next(module);
	message = g_queue_pop_head(&module->messages);
	answer_text(module, "[SOMA]%s[EOMA]", message ? message : "");
	g_free(message);
	return VERDICT_OK;
}
