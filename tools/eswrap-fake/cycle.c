// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of Operation
 *
 * The module is a loop: idle until a command has arrived in full, carry it out, answer, idle again.
 * A command is the bytes up to \r; S3 and PG are followed by as many raw bytes as they say. What
 * the host sends while a command is carried out waits in the line's buffer and is read afterwards:
 * the line is half duplex, and a host that does not keep to it gets its answers late, not lost.
 *
 * Not so behind a payload: bytes beyond its length that come before the answer are lost (Zephyr's
 * driver sends one after each, and works). And a payload ends when no byte of it has come for S2:
 * what came is sent, and what the host sends later is taken for commands.
 *
 * Between commands \n and NUL are skipped: hosts send I?\r\n. A line that is too long for any
 * command is an error once its \r has come, and costs no memory until then.
 *
 * A reset, by ZR, a fault or SIGUSR1, forgets everything that is not saved, takes its time, and
 * ends with the prompt.
 */
#include "eswrap-fake/cycle.h"
#include "eswrap-fake/command.h"
#include "eswrap-fake/frame.h"
#include "eswrap-fake/radio.h"
#include "eswrap-fake/server.h"

#include <errno.h>
#include <string.h>

/* How long a payload of PG may pause; that of S3 as long as S2 says. */
#define PROGRAM_WAIT_MS 5000
/* Some code that is not zero: what the firmware's codes mean nobody knows. */
#define UART_ERROR_TEXT "UART Error detected 02 -- aborting transfer"

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

static int send_message(struct module *module, const char *text, bool ok)
{
	g_autofree char *framed = frame_message(text, ok);

	return send_text(module, framed);
}

/* A message that comes after the command and before its answer. */
static int send_in_front(struct module *module)
{
	struct fault_event event;

	if (!faults_take(module->faults, FAULT_FRONT, &event))
		return 0;
	return send_message(module, event.text ? event.text : "[INFO   ] Link Down", event.ok);
}

static int give_answer(struct module *module, enum verdict verdict, const struct command *command,
		       bool argument)
{
	int r = send_in_front(module);

	if (r)
		return r;
	frame_answer(module, verdict, command, argument);
	if (module->why)
		trace_note(module->trace, "why: %s", module->why);
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

	if (module->firmware->dialect == DIALECT_NOTE && !module->too_long && length > 3 &&
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
	char *message;
	int r = 0;

	while (!r && !module->holds && (message = g_queue_pop_head(&module->messages))) {
		if (!module->human)
			r = send_message(module, message, module->firmware->message_form);
		g_free(message);
	}
	return r;
}

int cycle_start(struct module *module)
{
	const char *banner = module->firmware->banner;
	int r;

	if (module->settings.auto_connect)
		module->joined = radio_finds(module);
	r = banner ? send_text(module, banner) : 0;

	return r ? r : send_text(module, module->human ? "\r\n# " : "\r\n> ");
}

static int restart(struct module *module)
{
	int r;

	trace_note(module->trace, "reset");
	module->reset = false;
	faults_forget(module->faults);
	module_break(module, END_NEVER);
	module_power_up(module);
	r = loop_sleep_until(module->loop, now_ns() + module->options->boot_ns);
	if (r)
		return r;
	line_discard(&module->line);
	return cycle_start(module);
}

/* In one piece, so that there is no gap in it. */
static int make_noise(struct module *module, const struct fault_event *event)
{
	g_autofree uint8_t *noise = NULL;
	guint i;

	if (event->text)
		return send_text(module, event->text);
	noise = g_malloc(event->size + 1);
	for (i = 0; i < event->size; i++)
		noise[i] = g_rand_int_range(module->line.chance, 0, 256);
	return line_send(&module->line, noise, event->size);
}

static int fall_silent(struct module *module, const struct fault_event *event)
{
	int64_t until = event->ms ? now_ns() + event->ms * NS_PER_MS : LOOP_FOREVER;
	int r = loop_sleep_until(module->loop, until);

	line_discard(&module->line);
	return r;
}

static void lose_wifi(struct module *module, const struct fault_event *event)
{
	module_break(module, END_WIFI);
	module->lost_until = now_ns() + event->ms * NS_PER_MS;
	if (!module->joined)
		return;
	module->joined = false;
	if (module->firmware->link_news)
		module_message(module, "[INFO   ] Link Down");
	if (module->settings.auto_connect <= 1)
		return;
	if (module->firmware->link_news)
		module_message(module, "[INFO   ] Re-connecting");
	module->rejoin_at = module->lost_until;
}

static void join_again(struct module *module)
{
	module->rejoin_at = INT64_MAX;
	module->joined = radio_finds(module);
	if (module->joined && module->firmware->link_news)
		module_message(module, "[INFO   ] Link Up");
}

static void break_one(struct module *module, const struct fault_event *event)
{
	struct socket *sock =
		event->socket < 0 ? module_socket(module) : &module->sockets[event->socket];

	if (sock->udp_server)
		server_stop(module, sock);
	else
		socket_abort(sock, END_RESET);
}

static void stall_network(struct module *module, const struct fault_event *event)
{
	struct socket *sock =
		event->socket < 0 ? module_socket(module) : &module->sockets[event->socket];

	sock->stalled_until = event->ms ? now_ns() + event->ms * NS_PER_MS : LOOP_FOREVER;
}

/* Faults that leave the module in a state. */
static void enter_state(struct module *module, const struct fault_event *event)
{
	switch (event->kind) {
	case FAULT_STALE:
		module->stale = true;
		break;
	case FAULT_RESOLVER:
		module->deaf_resolver = true;
		break;
	case FAULT_PB:
		module->settings.report_only = 1;
		break;
	case FAULT_HUMAN:
		module->human = true;
		break;
	case FAULT_RATE:
		module->line.rate = event->baud;
		break;
	default:
		break;
	}
}

static int happen(struct module *module, const struct fault_event *event)
{
	const char *text = event->text ? event->text : "[INFO   ] Message";

	switch (event->kind) {
	case FAULT_RESET:
		return restart(module);
	case FAULT_SILENCE:
		return fall_silent(module, event);
	case FAULT_NOISE:
		return make_noise(module, event);
	case FAULT_WIFI_LOSS:
		lose_wifi(module, event);
		return 0;
	case FAULT_CLOSE:
		break_one(module, event);
		return 0;
	case FAULT_NET_STALL:
		stall_network(module, event);
		return 0;
	case FAULT_MESSAGE:
		if (event->ok && !module->holds)
			return send_message(module, text, true);
		module_message(module, "%s", text);
		return 0;
	default:
		enter_state(module, event);
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
	if (now_ns() >= module->rejoin_at)
		join_again(module);
	return r ? r : print_messages(module);
}

/* Waits for more of a command, and looks around meanwhile. */
static int await_more(struct module *module)
{
	int r;

	module->loop->idle = true;
	r = line_fill(&module->line, MIN(faults_due(module->faults), module->rejoin_at));
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

/* The longest pause inside the payload of a command. */
static int64_t payload_pause(struct module *module, const struct command *command)
{
	if (module->options->payload_ns >= 0)
		return module->options->payload_ns;
	if (command->run == run_program)
		return PROGRAM_WAIT_MS * NS_PER_MS;
	return module_socket(module)->write_wait_ms * NS_PER_MS;
}

enum payload { PAYLOAD_WHOLE, PAYLOAD_STALLED, PAYLOAD_ABORTED };

/* A fault ends the payload in its middle: as if the host had stalled, or with a UART error. */
static int spoil_payload(struct module *module, size_t size, enum payload *state)
{
	struct fault_event event;
	int r;

	if (faults_take(module->faults, FAULT_UART_ERROR, &event))
		*state = PAYLOAD_ABORTED;
	else if (faults_take(module->faults, FAULT_STALL, &event))
		*state = PAYLOAD_STALLED;
	else
		return 0;
	r = await_bytes(module, size / 2, 0);
	return r < 0 ? r : (int)(size / 2);
}

/*
 * Fetches the payload behind the command line.
 *
 * Return: 0 with @state set, -ECANCELED or -EINTR.
 */
static int fetch_payload(struct module *module, const struct command *command, size_t size,
			 struct argument *argument, enum payload *state)
{
	int r;

	*state = PAYLOAD_WHOLE;
	argument->payload_size = size;
	r = spoil_payload(module, size, state);
	if (r < 0)
		return r;
	if (*state == PAYLOAD_WHOLE) {
		r = await_bytes(module, size, payload_pause(module, command));
		if (r < 0 && r != -ETIMEDOUT)
			return r;
		if (r == -ETIMEDOUT)
			*state = PAYLOAD_STALLED;
		r = (int)MIN(line_size(&module->line), size);
	}
	if (*state != PAYLOAD_WHOLE)
		argument->payload_size = r;
	argument->payload = line_bytes(&module->line);
	return 0;
}

/* The command itself, as far as it has come. */
static enum verdict carry_out(struct module *module, const struct command *command,
			      const struct argument *argument, enum payload state)
{
	bool whole = state == PAYLOAD_WHOLE;

	/* A scan ends when anything but MR comes. */
	if (command->run != run_message_read)
		module->scanning = -1;
	if (state == PAYLOAD_ABORTED) {
		answer_text(module, UART_ERROR_TEXT);
		return VERDICT_ERROR;
	}
	if (!whole && command->run == run_program) {
		answer_why(module, "the payload ended after %zu bytes", argument->payload_size);
		return VERDICT_ERROR;
	}
	return command->run(module, argument);
}

/* Behind a payload: what the host has sent too much of is lost. */
static bool drop_surplus(struct module *module, const struct argument *argument, enum payload state)
{
	line_consume(&module->line, argument->payload_size);
	if (!argument->payload || state != PAYLOAD_WHOLE)
		return false;
	return line_drop(&module->line) && module->firmware->surplus_error;
}

static int refuse(struct module *module, const char *why)
{
	int r = take_time(module, "");

	answer_why(module, "%s", why);
	return r ? r : give_answer(module, VERDICT_USAGE, NULL, false);
}

static const struct command *known_command(struct module *module, const char *text, size_t size)
{
	const struct command *command = command_find(text, size);

	if (!command || memchr(text, '\0', size) || firmware_lacks(module->firmware, command->name))
		return NULL;
	if (command->run == run_read_counted && module->firmware->counted == COUNTED_OFF)
		return NULL;
	if (command->run == run_message_read && module->firmware->bus == BUS_UART)
		return NULL;
	return command;
}

/* Carries out one command line. Return: 0, -ECANCELED or -EINTR. */
static int execute(struct module *module, const char *text, size_t size)
{
	const struct command *command = known_command(module, text, size);
	struct argument argument = { .text = NULL };
	enum verdict verdict = VERDICT_USAGE;
	enum payload state = PAYLOAD_WHOLE;
	int payload = 0, r;

	faults_command(module->faults, command ? command->name : "");
	if (!command)
		return refuse(module, "Unknown command");
	if (size > strlen(command->name))
		argument.text = text + strlen(command->name) + 1;
	if (command->payload)
		payload = command->payload(module, argument.text);
	if (payload > 0) {
		r = fetch_payload(module, command, payload, &argument, &state);
		if (r)
			return r;
	}
	if (payload >= 0)
		verdict = carry_out(module, command, &argument, state);
	if (module->loop->stop)
		return -EINTR;
	if (faults_cut(module->faults)) {
		line_consume(&module->line, argument.payload_size);
		return -ECANCELED;
	}
	r = take_time(module, command->name);
	if (drop_surplus(module, &argument, state))
		verdict = VERDICT_ERROR;
	return r ? r : give_answer(module, verdict, command, !argument_none(&argument));
}

/* In human-readable mode what is typed comes back, and only --- leaves it. */
static int echo(struct module *module, const char *text)
{
	answer_bytes(module, text, strlen(text));
	answer_text(module, "\r\n");
	return line_send(&module->line, module->answer, module->answer_size);
}

static int one_command(struct module *module)
{
	char text[COMMAND_MAX + 1];
	int r = await_command(module, text), sent;

	if (r < 0 && r != -E2BIG)
		return r;
	if (module->away)
		return 0;
	answer_begin(module);
	if (module->human && r >= 0) {
		sent = echo(module, text);
		if (sent)
			return sent;
		answer_begin(module);
	}
	/* A lone \r brings the prompt. */
	if (r == 0) {
		faults_command(module->faults, "");
		return give_answer(
			module, module->firmware->empty_line_error ? VERDICT_EMPTY : VERDICT_PROMPT,
			NULL, false);
	}
	if (r != -E2BIG)
		return execute(module, text, r);
	faults_command(module->faults, "");
	return refuse(module, "Command too long");
}

void cycle_run(struct module *module)
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
