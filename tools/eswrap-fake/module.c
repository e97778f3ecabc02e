// SPDX-License-Identifier: MIT
/* What a module knows at power-up, the answer that it is making, and the messages that wait. */
#include "eswrap-fake/module.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define AWS_SET 2 /* the active one at the start [UM] */

void module_factory(const struct module *module, struct settings *settings)
{
	memset(settings, 0, sizeof(*settings));
	settings->security = SECURITY_WPA2;
	settings->dhcp = 1;
	settings->retries = JOIN_RETRIES_DEFAULT;
	strcpy(settings->country, "US");
	settings->baud = module->options->baud;
}

/* Faults that are a state in which somebody has left the module, from the very first byte on. */
static void find_it_as_it_was_left(struct module *module)
{
	struct fault_event event;

	faults_start(module->faults);
	if (faults_take(module->faults, FAULT_HUMAN, &event))
		module->human = true;
	if (faults_take(module->faults, FAULT_PB, &event))
		module->settings.report_only = 1;
	if (faults_take(module->faults, FAULT_RATE, &event))
		module->line.rate = event.baud;
}

void module_power_up(struct module *module)
{
	const struct firmware *firmware = module->firmware;
	unsigned int i;

	if (module->flash.saved)
		module->settings = module->flash.settings;
	else
		module_factory(module, &module->settings);
	if (module->flash.baud)
		module->settings.baud = module->flash.baud;
	module->line.rate = module->settings.baud;
	for (i = 0; i < SOCKET_COUNT; i++)
		socket_reset(&module->sockets[i]);
	module->joined = false;
	module->rejoin_at = INT64_MAX;
	module->selected = 0;
	module->active_set[FUNCTION_TLS] = 0;
	module->active_set[FUNCTION_AWS] = AWS_SET;
	module->simple = firmware->errors == ERRORS_SIMPLE;
	module->silenced = 0;
	module->hidden = firmware->passphrase_hidden;
	module->human = false;
	module->away = false;
	module->holds = firmware->bus == BUS_SPI;
	module->stale = false;
	module->deaf_resolver = false;
	module->reset = false;
	module->too_long = false;
	module->scanning = -1;
	g_queue_clear_full(&module->messages, g_free);
	memset(&module->ping, 0, sizeof(module->ping));
	module->ping.count = 1;
	find_it_as_it_was_left(module);
}

static void pull_reset_line(void *data)
{
	faults_inject_reset(data);
}

struct module *module_new(const struct options *options, struct loop *loop, struct host *host,
			  struct trace *trace, struct faults *faults, GError **error)
{
	struct module *module = g_new0(struct module, 1);

	module->options = options;
	module->firmware = &options->firmware;
	module->loop = loop;
	module->trace = trace;
	module->faults = faults;
	g_queue_init(&module->messages);
	if (!flash_open(&module->flash, options->flash, error)) {
		module_free(module);
		return NULL;
	}
	line_init(&module->line, loop, host, trace, faults, options->baud, options->paced);
	module->line.pause_ns = options->pause_ns;
	g_rand_set_seed(module->line.chance, options->seed);
	module_power_up(module);
	loop->reset_line = pull_reset_line;
	loop->reset_data = faults;
	return module;
}

void module_free(struct module *module)
{
	if (!module)
		return;
	g_queue_clear_full(&module->messages, g_free);
	line_free(&module->line);
	flash_close(&module->flash);
	g_free(module->why);
	g_free(module);
}

void module_message(struct module *module, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	trace_note(module->trace, "message: %s", text);
	g_queue_push_tail(&module->messages, text);
	if (module->messages.length > MESSAGES_MAX)
		g_free(g_queue_pop_head(&module->messages));
}

void answer_begin(struct module *module)
{
	module->answer_size = 0;
	module->answer_max = ANSWER_MAX;
	module->shape = SHAPE_WHOLE;
	g_clear_pointer(&module->why, g_free);
	answer_text(module, "\r\n");
}

void answer_bytes(struct module *module, const void *data, size_t size)
{
	size = MIN(size, module->answer_max - module->answer_size);
	memcpy(module->answer + module->answer_size, data, size);
	module->answer_size += size;
}

void answer_text(struct module *module, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	answer_bytes(module, text, strlen(text));
	g_free(text);
}

void answer_why(struct module *module, const char *format, ...)
{
	va_list args;

	g_free(module->why);
	va_start(args, format);
	module->why = g_strdup_vprintf(format, args);
	va_end(args);
}
