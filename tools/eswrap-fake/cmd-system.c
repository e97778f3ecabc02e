// SPDX-License-Identifier: MIT
/* Identity, UART, system: the page's first table. */
#include "eswrap-fake/run.h"

#include <string.h>

enum verdict run_identity(struct module *module, const struct argument *argument)
{
	const struct identity *identity = &module->firmware->identity;
	const char *bus = module->firmware->bus == BUS_SPI ? "-SPI" : "-UART";

	if (!argument_none(argument))
		return VERDICT_USAGE;
	if (g_str_has_suffix(identity->product, "-UART") ||
	    g_str_has_suffix(identity->product, "-SPI"))
		bus = "";
	answer_text(module, "%s%s,%s,%s,%s,%s,%s,%s", identity->product, bus, identity->firmware,
		    identity->api, identity->stack, identity->rtos, identity->clock,
		    identity->name);
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

	if (!argument_number(argument->text, 300, 4000000, &baud) ||
	    !firmware_takes_rate(module->firmware, baud))
		return VERDICT_USAGE;
	module->settings.baud = baud;
	return VERDICT_OK;
}

static enum verdict flash_failed(struct module *module)
{
	answer_why(module, "Flash write failed");
	return VERDICT_ERROR;
}

/* The answer still goes out at the old rate: the new one begins behind it. */
enum verdict run_uart_apply(struct module *module, const struct argument *argument)
{
	if (!argument_none(argument))
		return VERDICT_USAGE;
	if (!module->firmware->u0_forgets && flash_save_rate(&module->flash, module->settings.baud))
		return flash_failed(module);
	module->new_rate = module->settings.baud;
	return VERDICT_OK;
}

enum verdict run_system_show(struct module *module, const struct argument *argument)
{
	if (!argument_none(argument))
		return VERDICT_USAGE;
	answer_text(module, "0,12345670,0,0,%s,192.168.10.1,0,0,1,0,%s", module->options->mac,
		    module->firmware->identity.name);
	return VERDICT_OK;
}

/* In RAM: what Z1 has saved comes back at the next start. */
enum verdict run_factory(struct module *module, const struct argument *argument)
{
	if (!argument_none(argument))
		return VERDICT_USAGE;
	if (module->joined) {
		answer_why(module, "Z0 while joined");
		return VERDICT_ERROR;
	}
	module_factory(module, &module->settings);
	return VERDICT_OK;
}

enum verdict run_save(struct module *module, const struct argument *argument)
{
	if (!argument_none(argument))
		return VERDICT_USAGE;
	return flash_save(&module->flash, &module->settings) ? flash_failed(module) : VERDICT_OK;
}

enum verdict run_clear_saved(struct module *module, const struct argument *argument)
{
	if (!argument_none(argument))
		return VERDICT_USAGE;
	return flash_save(&module->flash, NULL) ? flash_failed(module) : VERDICT_OK;
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
	if (!module->firmware->zr_answers)
		return VERDICT_SILENT;
	answer_text(module, "[MODULE ] Resetting...");
	return VERDICT_OK;
}

/* How verbose errors are. */
enum verdict run_message_mode(struct module *module, const struct argument *argument)
{
	unsigned int mode;

	if (!argument_number(argument->text, 0, 1, &mode))
		return VERDICT_USAGE;
	module->simple = mode;
	return VERDICT_OK;
}

enum verdict run_message_silence(struct module *module, const struct argument *argument)
{
	return argument_number(argument->text, 0, SILENCE_DHCP | SILENCE_SERVER, &module->silenced)
		       ? VERDICT_OK
		       : VERDICT_USAGE;
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

enum verdict run_human(struct module *module, const struct argument *argument)
{
	if (argument->text)
		return VERDICT_USAGE;
	module->human = true;
	return VERDICT_OK;
}

enum verdict run_machine(struct module *module, const struct argument *argument)
{
	if (argument->text)
		return VERDICT_USAGE;
	module->human = false;
	return VERDICT_OK;
}

/* Fielded drivers send it, and what it sets has no effect on anything that is simulated. */
enum verdict run_accepted(struct module *module G_GNUC_UNUSED,
			  const struct argument *argument G_GNUC_UNUSED)
{
	return VERDICT_OK;
}

/* It is there, and what it would do is not simulated. */
enum verdict run_refused(struct module *module, const struct argument *argument G_GNUC_UNUSED)
{
	answer_why(module, "not simulated");
	return VERDICT_ERROR;
}

enum verdict run_power_save(struct module *module G_GNUC_UNUSED, const struct argument *argument)
{
	unsigned int mode;

	return argument_number(argument->text, 0, 2, &mode) ? VERDICT_OK : VERDICT_USAGE;
}

/* The time is asked of a server in the internet. */
enum verdict run_time(struct module *module, const struct argument *argument)
{
	g_autoptr(GDateTime) now = NULL;
	g_autofree char *text = NULL;

	if (!argument_none(argument))
		return VERDICT_USAGE;
	if (!module->joined) {
		answer_text(module, "%" G_GINT64_FORMAT, now_ns() / NS_PER_MS);
		return VERDICT_OK;
	}
	now = g_date_time_new_now_utc();
	text = g_date_time_format(now, "%Y/%m/%d,%H:%M:%S");
	answer_text(module, "%s", text);
	return VERDICT_OK;
}

enum verdict run_memory(struct module *module, const struct argument *argument)
{
	if (!argument_none(argument))
		return VERDICT_USAGE;
	answer_text(module, "65536,131072");
	return VERDICT_OK;
}

/* The boot loader, and streaming: nobody listens to commands any more. */
enum verdict run_leave(struct module *module, const struct argument *argument G_GNUC_UNUSED)
{
	trace_note(module->trace, "AT mode is left until a reset");
	module->away = true;
	return VERDICT_SILENT;
}
