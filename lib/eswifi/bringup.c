// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of Operation
 *
 * From an open port to a module that is known to listen, in these steps:
 *
 *	quiet		say nothing until the module does not either
 *	nudge		"---\r": an error or an empty answer, and the prompt, must come
 *	identity	I?, twice the same: nothing that a far end sent can look like that
 *	speed		U2 and U0 to the fast rate, where one is set: then quiet, nudge and identity
 *			again, and back to the slow rate if they fail
 *	address		Z5: the MAC address
 *	messages	MT=1: short errors; MS=3: no messages
 *	sockets		P6=0 on each of the four: an earlier owner may have left them open
 *	dialect		PF in the note's and in ST's form; a firmware takes one of them
 *
 * and on to wifi.c. When quiet to identity fail at one rate, the next is tried (a module may have
 * been left at another one). When no rate works the module is reset, once a round: by the reset
 * line, or with ZR, behind as many line feeds as an unfinished S3 may be waiting for (a line feed
 * between commands is ignored). Then a pause, and the next round.
 *
 * One thing must never happen: that a module which waits for the rest of a PG takes our bytes for
 * it and burns them. So after a PG that was not answered nothing is said to the module, until it
 * speaks itself (it prints its prompt after a power-up) or the reset line has reset it.
 */
#include "module.h"

#include <stdlib.h>
#include <string.h>

/* Rates that modules are left at. */
static const guint common_rates[] = { 115200, 921600, 460800,  230400,	57600,	38400,
				      19200,  9600,   1152000, 1382400, 2073600 };

/* How often quiet to identity are tried at one rate. */
#define TRIES_PER_RATE 2

static void quiet(struct eswifi_module *module);
static void ask_address(struct eswifi_module *module);

static void add_rate(struct bringup *bringup, guint rate)
{
	guint i;

	for (i = 0; i < bringup->rate_count; i++)
		if (bringup->rates[i] == rate)
			return;
	if (rate && bringup->rate_count < G_N_ELEMENTS(bringup->rates))
		bringup->rates[bringup->rate_count++] = rate;
}

static void collect_rates(struct eswifi_module *module)
{
	struct bringup *bringup = &module->bringup;
	gsize i;

	bringup->rate_count = 0;
	bringup->rate = 0;
	bringup->tries = 0;
	add_rate(bringup, module->good_baud);
	add_rate(bringup, module->settings.baud);
	add_rate(bringup, module->settings.fast_baud);
	/* The rate of a socket is the other end's business. */
	if (!port_is_tty(at_port(module->at)))
		bringup->rate_count = 1;
	/* A module that was heard at one rate is silent for another reason. */
	else if (!module->good_baud)
		for (i = 0; i < G_N_ELEMENTS(common_rates); i++)
			add_rate(bringup, common_rates[i]);
}

static gboolean next_round(gpointer data)
{
	bringup_begin(data);
	return G_SOURCE_REMOVE;
}

static void pause_round(struct eswifi_module *module, const char *why)
{
	module_set_state(module, module->state, why);
	module_pause(module, module_backoff_ms(module), next_round);
}

static void on_reset(const struct at_sounds *sounds, gpointer user)
{
	struct eswifi_module *module = user;

	(void)sounds;
	collect_rates(module);
	quiet(module);
}

/* After a reset the module is back at the rate that it has at power-up. */
static void await_reset(struct eswifi_module *module)
{
	struct at_listen listen = { .first_ms = SYNC_RESET_MS, .silence_ms = SYNC_SILENCE_MS };

	module->good_baud = 0;
	module->burning = false;
	if (!at_set_baud(module->at, module->settings.baud)) {
		pause_round(module, "the port does not take the configured rate");
		return;
	}
	at_listen(module->at, &listen, on_reset);
}

static gboolean release_reset(gpointer data)
{
	struct eswifi_module *module = data;

	port_set_reset(at_port(module->at), false);
	await_reset(module);
	return G_SOURCE_REMOVE;
}

static void on_reset_said(const struct at_sounds *sounds, gpointer user)
{
	struct eswifi_module *module = user;

	/* Some firmware answers ZR before it restarts: then its prompt is still to come. */
	if (sounds->prompt && !sounds->answer)
		on_reset(sounds, user);
	else
		await_reset(module);
}

static void reset(struct eswifi_module *module)
{
	static const char command[] = "\rZR\r";
	char say[PROTOCOL_READ_MAX + sizeof(command)];
	struct at_listen listen = {
		.say = say,
		.size = sizeof(say) - 1,
		.first_ms = SYNC_PROMPT_LONG_MS,
		.silence_ms = SYNC_SILENCE_MS,
	};

	module->bringup.reset = true;
	module->counters.resets++;
	if (module->settings.reset_line != ESWIFI_RESET_NONE && port_is_tty(at_port(module->at))) {
		port_set_reset(at_port(module->at), true);
		module_pause(module, SYNC_RESET_PULSE_MS, release_reset);
		return;
	}
	memset(say, '\n', PROTOCOL_READ_MAX);
	memcpy(say + PROTOCOL_READ_MAX, command, sizeof(command));
	at_listen(module->at, &listen, on_reset_said);
}

static void try_rate(struct eswifi_module *module)
{
	struct bringup *bringup = &module->bringup;

	while (bringup->rate < bringup->rate_count) {
		if (at_set_baud(module->at, bringup->rates[bringup->rate])) {
			quiet(module);
			return;
		}
		/* An adapter that cannot do this rate. */
		bringup->rate++;
	}
	if (!bringup->reset) {
		at_set_baud(module->at,
			    module->good_baud ? module->good_baud : module->settings.baud);
		reset(module);
		return;
	}
	bringup->reset = false;
	pause_round(module, "the module does not answer");
}

/* The fast rate did not work: our end goes back, and the module may have stayed where it was. */
static void fall_back(struct eswifi_module *module, const char *why)
{
	struct bringup *bringup = &module->bringup;

	g_message("no answer at %u bit/s (%s): staying at %u", module->settings.fast_baud, why,
		  bringup->slow_baud);
	bringup->fast_failed = true;
	module->good_baud = bringup->slow_baud;
	bringup->slow_baud = 0;
	collect_rates(module);
	try_rate(module);
}

void bringup_failed(struct eswifi_module *module, const char *why)
{
	struct bringup *bringup = &module->bringup;

	if (bringup->slow_baud) {
		fall_back(module, why);
		return;
	}
	if (++bringup->tries >= TRIES_PER_RATE) {
		bringup->tries = 0;
		bringup->rate++;
	}
	try_rate(module);
}

static void on_dialect_st(struct eswifi_module *module, const struct at_reply *reply)
{
	bool st = reply->ok;

	if (st || module->bringup.note_accepted)
		module->active_set = 0;
	/* Both or neither: not known for sure. */
	if (st != module->bringup.note_accepted)
		module->identity.dialect = st ? ESWIFI_FIRMWARE_ST : ESWIFI_FIRMWARE_NOTE;
	wifi_begin(module);
}

static void on_dialect_note(struct eswifi_module *module, const struct at_reply *reply)
{
	module->bringup.note_accepted = reply->ok;
	module_command(module, TIMEOUT_COMMAND_MS, on_dialect_st, "PF=0,0");
}

static void find_dialect(struct eswifi_module *module)
{
	if (module->identity.dialect != ESWIFI_FIRMWARE_AUTO)
		wifi_begin(module);
	else
		module_command(module, TIMEOUT_COMMAND_MS, on_dialect_note, "PF=0");
}

static void select_next(struct eswifi_module *module);

static void on_stopped(struct eswifi_module *module, const struct at_reply *reply)
{
	/* ERROR: it was not open. */
	(void)reply;
	module->bringup.socket++;
	select_next(module);
}

static void on_next_selected(struct eswifi_module *module, const struct at_reply *reply)
{
	if (!reply->ok || reply->size) {
		bringup_failed(module, "the module did not take P0");
		return;
	}
	module->selected = (int)module->bringup.socket;
	module_command(module, TIMEOUT_STOP_MS, on_stopped, "P6=0");
}

static void select_next(struct eswifi_module *module)
{
	if (module->bringup.socket == ESWIFI_SOCKETS)
		find_dialect(module);
	else
		module_command(module, TIMEOUT_COMMAND_MS, on_next_selected, "P0=%u",
			       module->bringup.socket);
}

static void on_messages(struct eswifi_module *module, const struct at_reply *reply)
{
	(void)reply;
	module->bringup.socket = 0;
	select_next(module);
}

/* Firmware without MT or MS goes on as it likes: the driver does not depend on them. */
static void on_errors(struct eswifi_module *module, const struct at_reply *reply)
{
	(void)reply;
	module_command(module, TIMEOUT_COMMAND_MS, on_messages, "MS=3");
}

static void on_address(struct eswifi_module *module, const struct at_reply *reply)
{
	if (reply->ok)
		g_strlcpy(module->identity.mac, reply->text, sizeof(module->identity.mac));
	module_command(module, TIMEOUT_COMMAND_MS, on_errors, "MT=1");
}

static void ask_address(struct eswifi_module *module)
{
	module_command(module, TIMEOUT_COMMAND_MS, on_address, "Z5");
}

static void on_speed_applied(const struct at_sounds *sounds, gpointer user)
{
	struct eswifi_module *module = user;

	/* The answer to U0 may come at either rate, or not be readable: it says nothing. */
	(void)sounds;
	if (at_set_baud(module->at, module->settings.fast_baud))
		quiet(module);
	else
		bringup_failed(module, "the port cannot do it");
}

static void on_speed_set(struct eswifi_module *module, const struct at_reply *reply)
{
	static const char apply[] = "U0\r";
	struct at_listen listen = {
		.say = apply,
		.size = sizeof(apply) - 1,
		.first_ms = SYNC_PROMPT_MS,
		.silence_ms = SYNC_SILENCE_MS,
	};

	if (!reply->ok) {
		g_message("the module refuses %u bit/s: %s", module->settings.fast_baud,
			  reply->text);
		module->bringup.fast_failed = true;
		ask_address(module);
		return;
	}
	module->bringup.slow_baud = module->bringup.rates[module->bringup.rate];
	at_listen(module->at, &listen, on_speed_applied);
}

static void set_speed(struct eswifi_module *module)
{
	struct bringup *bringup = &module->bringup;

	if (bringup->slow_baud) {
		bringup->slow_baud = 0;
		module->identity.baud = module->settings.fast_baud;
	} else {
		module->identity.baud = bringup->rates[bringup->rate];
	}
	module->good_baud = module->identity.baud;
	if (!module->settings.fast_baud || bringup->fast_failed ||
	    module->identity.baud == module->settings.fast_baud)
		ask_address(module);
	else
		module_command(module, TIMEOUT_COMMAND_MS, on_speed_set, "U2=%u",
			       module->settings.fast_baud);
}

/* product-id,fw-rev,api-rev,stack-rev,rtos-rev,cpu-clock,product-name [ST] */
static bool take_identity(struct eswifi_module *module, const char *text)
{
	struct eswifi_identity *identity = &module->identity;
	char **fields = g_strsplit(text, ",", 7);
	bool ok = g_strv_length(fields) == 7;

	if (ok && (strcmp(identity->product, fields[0]) != 0 ||
		   strcmp(identity->firmware, fields[1]) != 0)) {
		g_strlcpy(identity->product, fields[0], sizeof(identity->product));
		g_strlcpy(identity->firmware, fields[1], sizeof(identity->firmware));
		g_strlcpy(identity->name, fields[6], sizeof(identity->name));
		identity->dialect = module->settings.firmware;
		module->gone_is_error = false;
	}
	g_strfreev(fields);
	return ok;
}

static void on_identity_again(struct eswifi_module *module, const struct at_reply *reply)
{
	if (!reply->ok || strcmp(reply->text, module->bringup.first_identity) != 0 ||
	    !take_identity(module, reply->text))
		bringup_failed(module, "it does not say twice the same of its identity");
	else
		set_speed(module);
}

static void on_identity(struct eswifi_module *module, const struct at_reply *reply)
{
	if (!reply->ok) {
		bringup_failed(module, "it does not know I?");
		return;
	}
	g_strlcpy(module->bringup.first_identity, reply->text,
		  sizeof(module->bringup.first_identity));
	module_command(module, TIMEOUT_COMMAND_MS, on_identity_again, "I?");
}

static void on_prompt(const struct at_sounds *sounds, gpointer user)
{
	struct eswifi_module *module = user;

	if (sounds->silent && sounds->prompt)
		module_command(module, TIMEOUT_COMMAND_MS, on_identity, "I?");
	else
		bringup_failed(module, "no prompt");
}

static void on_quiet(const struct at_sounds *sounds, gpointer user)
{
	struct eswifi_module *module = user;
	/* It leaves the human-readable mode that somebody may have left the module in. */
	static const char nudge[] = "---\r";
	struct at_listen listen = {
		.say = nudge,
		.size = sizeof(nudge) - 1,
		/* The rate that is most likely gets more time. */
		.first_ms = module->bringup.rate ? SYNC_PROMPT_MS : SYNC_PROMPT_LONG_MS,
		.silence_ms = SYNC_SILENCE_MS,
	};

	if (!sounds->silent) {
		bringup_failed(module, "the line does not fall silent");
		return;
	}
	if (sounds->bytes)
		module->burning = false;
	if (module->burning) {
		quiet(module);
		return;
	}
	at_listen(module->at, &listen, on_prompt);
}

static void quiet(struct eswifi_module *module)
{
	struct at_listen listen = { .first_ms = SYNC_SILENCE_MS, .silence_ms = SYNC_SILENCE_MS };

	if (module->burning)
		listen.first_ms = SYNC_NOISE_MAX_MS;
	at_listen(module->at, &listen, on_quiet);
}

void bringup_begin(struct eswifi_module *module)
{
	struct bringup *bringup = &module->bringup;

	bringup->reset = false;
	bringup->slow_baud = 0;
	collect_rates(module);
	if (module->burning && module->settings.reset_line != ESWIFI_RESET_NONE &&
	    port_is_tty(at_port(module->at)))
		reset(module);
	else
		try_rate(module);
}
