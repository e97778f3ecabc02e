// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of Operation
 *
 * The module is a loop: idle until a command has arrived in full, carry it out, answer, idle again.
 * A command is the bytes up to \r; S3 and PG are followed by as many raw bytes as they say. What
 * the host sends while a command is carried out waits in the line's buffer and is read afterwards:
 * the line is half duplex, and a host that does not keep to it gets its answers late, not lost.
 *
 * Between commands \n and NUL are skipped: hosts send I?\r\n, and Zephyr's driver sends one byte
 * more than the payload of S3 has. A line that is too long for any command is an error once its \r
 * has come, and costs no memory until then.
 *
 * A reset, by ZR, a fault or SIGUSR1, forgets everything that Z1 has not saved, takes its time, and
 * ends with the prompt.
 */
#include "eswrap-fake/module.h"
#include "eswrap-fake/command.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PROMPT "> "

void module_factory(const struct module *module, struct settings *settings)
{
	memset(settings, 0, sizeof(*settings));
	settings->security = SECURITY_WPA2;
	settings->dhcp = 1;
	strcpy(settings->country, "US");
	settings->baud = module->options->baud;
}

/* What a module knows right after it got power. */
static void power_up(struct module *module)
{
	unsigned int i;

	if (module->flash.saved)
		module->settings = module->flash.settings;
	else
		module_factory(module, &module->settings);
	module->line.rate = module->settings.baud;
	for (i = 0; i < SOCKET_COUNT; i++)
		socket_reset(&module->sockets[i]);
	module->joined = false;
	module->selected = 0;
	module->active_set = 0;
	module->quiet = false;
	module->reset = false;
	module->too_long = false;
	module->scanning = -1;
	g_queue_clear_full(&module->messages, g_free);
	memset(&module->ping, 0, sizeof(module->ping));
	module->ping.count = 1;
}

static void pull_reset_line(void *data)
{
	faults_inject_reset(data);
}

struct module *module_new(const struct options *options, struct loop *loop, struct host *host,
			  struct trace *trace, struct faults *faults, GError **error)
{
	struct module *module = g_new0(struct module, 1);
	unsigned int i;

	module->options = options;
	module->loop = loop;
	module->trace = trace;
	module->faults = faults;
	g_queue_init(&module->messages);
	for (i = 0; i < SOCKET_COUNT; i++)
		socket_reset(&module->sockets[i]);
	if (!flash_open(&module->flash, options->flash, error)) {
		module_free(module);
		return NULL;
	}
	line_init(&module->line, loop, host, trace, faults, options->baud, options->paced);
	module->line.pause_ns = options->pause_ns;
	g_rand_set_seed(module->line.chance, options->seed);
	power_up(module);
	loop->reset_line = pull_reset_line;
	loop->reset_data = faults;
	return module;
}

void module_free(struct module *module)
{
	if (!module)
		return;
	module_disconnect(module);
	g_queue_clear_full(&module->messages, g_free);
	line_free(&module->line);
	flash_close(&module->flash);
	g_free(module);
}

void module_disconnect(struct module *module)
{
	unsigned int i;

	for (i = 0; i < SOCKET_COUNT; i++) {
		server_stop(module, &module->sockets[i]);
		socket_close(&module->sockets[i]);
	}
}

/* Nobody gets to say goodbye. */
static void break_connections(struct module *module)
{
	unsigned int i;

	for (i = 0; i < SOCKET_COUNT; i++)
		socket_abort(&module->sockets[i]);
	module_disconnect(module);
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

void answer_bytes(struct module *module, const void *data, size_t size)
{
	size = MIN(size, ANSWER_MAX - module->answer_size);
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

static int send_text(struct module *module, const char *text)
{
	return line_send(&module->line, (const uint8_t *)text, strlen(text));
}

/* The time a command takes before its answer begins. */
static int take_time(struct module *module, const char *name)
{
	const GArray *times = module->options->times;
	const struct command_time *time;
	unsigned int i;

	for (i = 0; i < times->len; i++) {
		time = &g_array_index(times, struct command_time, i);
		if (!time->name || g_str_equal(time->name, name))
			return loop_sleep_until(module->loop, line_now(&module->line) + time->ns);
	}
	return 0;
}

/* Puts what surrounds the DATA in place. The answer was begun with \r\n. */
static void frame_answer(struct module *module, enum verdict verdict, const char *usage)
{
	const size_t begin = 2;
	bool empty = module->answer_size == begin;
	char *reason;

	switch (verdict) {
	case VERDICT_OK:
		answer_text(module, "%sOK\r\n" PROMPT,
			    empty && module->options->short_empty ? "" : "\r\n");
		break;
	case VERDICT_ERROR:
		answer_text(module, "%sERROR\r\n" PROMPT, empty ? "" : "\r\n");
		break;
	case VERDICT_REASON:
		reason = g_strndup((const char *)module->answer + begin,
				   module->answer_size - begin);
		module->answer_size = begin;
		answer_text(module, "ERROR\r\n%s\r\n" PROMPT, reason);
		g_free(reason);
		break;
	case VERDICT_USAGE:
		module->answer_size = begin;
		answer_text(module, "ERROR\r\n%s\r\n" PROMPT, usage);
		break;
	case VERDICT_PROMPT:
		answer_text(module, "\r\n" PROMPT);
		break;
	case VERDICT_SILENT:
		module->answer_size = 0;
		break;
	}
}

static int give_answer(struct module *module, enum verdict verdict, const char *usage)
{
	frame_answer(module, verdict, usage);
	return line_send(&module->line, module->answer, module->answer_size);
}

/* Waits until the first @size bytes on the line are there, and have arrived. */
static int await_bytes(struct module *module, size_t size, int64_t pause_ns)
{
	struct line *line = &module->line;
	int64_t silent;
	int r;

	while (line_size(line) < size) {
		/* The pause begins when what was sent is through. */
		silent = MAX(line->rx_clock, now_ns());
		r = line_fill(line, pause_ns ? silent + pause_ns : LOOP_FOREVER);
		if (r < 0)
			return r;
		if (r == 0)
			return -ETIMEDOUT;
	}
	return line_await(line, size);
}

/*
 * Where the command line at the start of @line ends. In the note's form of PG its third comma ends
 * the line and belongs to it; the payload begins behind it.
 *
 * Return: the number of bytes with the terminator, 0: more is needed.
 */
static size_t line_end(const struct module *module, const uint8_t *line, size_t size)
{
	const uint8_t *end = memchr(line, '\r', size);
	size_t length = end ? (size_t)(end - line) : size;
	unsigned int commas = 0;
	size_t i;

	if (module->options->dialect == DIALECT_NOTE && !module->too_long && length > 3 &&
	    memcmp(line, "PG=", 3) == 0)
		for (i = 3; i < MIN(length, COMMAND_MAX); i++)
			if (line[i] == ',' && ++commas == 3)
				return i + 1;
	return end ? length + 1 : 0;
}

/* Skips what may stand between two commands. */
static void skip_filling(struct line *line)
{
	while (line_size(line) && (*line_bytes(line) == '\n' || *line_bytes(line) == '\0'))
		line_consume(line, 1);
}

/* Prints the messages that came up, unless they are to wait for MR. */
static int print_messages(struct module *module)
{
	char *text, *message;
	int r = 0;

	while (!r && !module->quiet && (message = g_queue_pop_head(&module->messages))) {
		text = g_strdup_printf("\r\n%s\r\n" PROMPT, message);
		r = send_text(module, text);
		g_free(text);
		g_free(message);
	}
	return r;
}

int module_start(struct module *module)
{
	const char *banner = module->options->banner;
	int r = banner ? send_text(module, banner) : 0;

	return r ? r : send_text(module, "\r\n" PROMPT);
}

static int restart(struct module *module)
{
	int r;

	trace_note(module->trace, "reset");
	module->reset = false;
	faults_forget(module->faults);
	break_connections(module);
	power_up(module);
	r = loop_sleep_until(module->loop, now_ns() + module->options->boot_ns);
	if (r)
		return r;
	line_discard(&module->line);
	return module_start(module);
}

/* In one piece, so that there is no gap in it. */
static int make_noise(struct module *module, const struct fault_event *event)
{
	uint8_t *noise;
	guint i;
	int r;

	if (event->text)
		return send_text(module, event->text);
	noise = g_malloc(event->size);
	for (i = 0; i < event->size; i++)
		noise[i] = g_rand_int_range(module->line.chance, 0, 256);
	r = line_send(&module->line, noise, event->size);
	g_free(noise);
	return r;
}

static int fall_silent(struct module *module, const struct fault_event *event)
{
	int64_t until = event->ms ? now_ns() + event->ms * NS_PER_MS : LOOP_FOREVER;
	int r = loop_sleep_until(module->loop, until);

	line_discard(&module->line);
	return r;
}

static int happen(struct module *module, const struct fault_event *event)
{
	struct socket *sock;

	switch (event->kind) {
	case FAULT_RESET:
		return restart(module);
	case FAULT_SILENCE:
		return fall_silent(module, event);
	case FAULT_NOISE:
		return make_noise(module, event);
	case FAULT_WIFI_LOSS:
		break_connections(module);
		if (module->joined)
			module_message(module, "[JOIN   ] %s Lost", module->settings.ssid);
		module->joined = false;
		module->lost_until = now_ns() + event->ms * NS_PER_MS;
		return 0;
	case FAULT_CLOSE:
		sock = event->socket < 0 ? module_socket(module) : &module->sockets[event->socket];
		socket_abort(sock);
		return 0;
	case FAULT_MESSAGE:
		module_message(module, "%s", event->text ? event->text : "[WIFI   ] Message");
		return 0;
	default:
		return 0;
	}
}

/* Everything that is not the answer to a command. */
static int look_around(struct module *module)
{
	struct fault_event event;
	int r = 0;

	while (r == 0 && faults_next(module->faults, &event))
		r = happen(module, &event);
	if (r == 0 && module->reset)
		r = restart(module);
	return r ? r : print_messages(module);
}

/* Waits for more of a command, and looks around meanwhile. */
static int await_more(struct module *module)
{
	int r;

	module->loop->idle = true;
	r = line_fill(&module->line, faults_due(module->faults));
	module->loop->idle = false;
	if (r == 0 || r == -EAGAIN)
		r = look_around(module);
	return r;
}

/*
 * Waits for a whole command line and moves it to @text, terminated.
 *
 * Return: its length; -E2BIG when it was too long for any command; -ECANCELED; -EINTR.
 */
static int await_command(struct module *module, char *text)
{
	struct line *line = &module->line;
	size_t end, length;
	int r;

	for (;;) {
		if (!module->too_long)
			skip_filling(line);
		end = line_end(module, line_bytes(line), line_size(line));
		if (end)
			break;
		if (line_size(line) > COMMAND_MAX) {
			module->too_long = true;
			line_consume(line, line_size(line));
		}
		r = await_more(module);
		if (r < 0)
			return r;
	}
	r = line_await(line, end);
	if (r < 0)
		return r;
	length = line_bytes(line)[end - 1] == '\r' ? end - 1 : end;
	if (module->too_long || length > COMMAND_MAX) {
		module->too_long = false;
		line_consume(line, end);
		return -E2BIG;
	}
	memcpy(text, line_bytes(line), length);
	text[length] = '\0';
	line_consume(line, end);
	return length;
}

/* Fetches the payload behind the command line. Return: 0, -ETIMEDOUT, -ECANCELED or -EINTR. */
static int fetch_payload(struct module *module, size_t size, struct argument *argument)
{
	int r = await_bytes(module, size, module->options->payload_ns);

	if (r)
		return r;
	argument->payload = line_bytes(&module->line);
	argument->payload_size = size;
	return 0;
}

static int refuse(struct module *module, const char *why)
{
	int r = take_time(module, "");

	return r ? r : give_answer(module, VERDICT_USAGE, why);
}

/* Carries out one command line. Return: 0, -ECANCELED or -EINTR. */
static int execute(struct module *module, const char *text, size_t size)
{
	const struct command *command = command_find(text, size);
	struct argument argument = { .text = NULL };
	enum verdict verdict = VERDICT_USAGE;
	int payload = 0, r;

	faults_command(module->faults, command ? command->name : "");
	if (!command || memchr(text, '\0', size))
		return refuse(module, "Unknown command");
	if (size > strlen(command->name))
		argument.text = text + strlen(command->name) + 1;
	if (command->payload)
		payload = command->payload(module, argument.text);
	if (payload > 0) {
		r = fetch_payload(module, payload, &argument);
		if (r == -ETIMEDOUT) {
			line_consume(&module->line, line_size(&module->line));
			return refuse(module, "Timeout: data incomplete");
		}
		if (r)
			return r;
	}
	/* A scan ends when anything but MR comes. */
	if (command->run != run_message_read)
		module->scanning = -1;
	if (payload >= 0)
		verdict = command->run(module, &argument);
	line_consume(&module->line, argument.payload_size);
	if (module->loop->stop)
		return -EINTR;
	if (faults_cut(module->faults))
		return -ECANCELED;
	r = take_time(module, command->name);
	return r ? r : give_answer(module, verdict, command->usage);
}

static int one_command(struct module *module)
{
	char text[COMMAND_MAX + 1];
	int r = await_command(module, text);

	if (r < 0 && r != -E2BIG)
		return r;
	module->answer_size = 0;
	answer_text(module, "\r\n");
	if (r != -E2BIG)
		return execute(module, text, r);
	faults_command(module->faults, "");
	return refuse(module, "Command too long");
}

void module_run(struct module *module)
{
	int r = look_around(module);

	while (r == 0 || r == -ECANCELED) {
		r = one_command(module);
		if (module->new_rate)
			module->line.rate = module->new_rate;
		module->new_rate = 0;
		if (r != -EINTR)
			r = look_around(module);
	}
}
