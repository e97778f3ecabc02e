// SPDX-License-Identifier: MIT
/*
 * From an open port to a module that listens.
 *
 * DOC: Theory of Operation
 *
 *	quiet		say nothing until the module does not either
 *	leave		"---\r": out of the human-readable mode, where somebody has left it in that
 *	nudge		"\r": an error or an empty answer, and the prompt, must come
 *	identity	I?, twice the same: nothing that a far end sent can look like that
 *	speed		U2 and U0 to the fast rate, where one is set: then quiet to identity again,
 *			and back to the slow rate if they fail. A rate that the port cannot do is
 *			found out before the module is sent there
 *	questions	one after the other what is in the table below: MT=1, MS=3, Z5, and what
 *			this firmware can do. An error is an answer
 *	sockets		P6=0 on each of the four: an earlier owner may have left them open
 *	reads		R4, and where it is not known R0, on the last of them, which is not
 *			connected: how does this firmware say so?
 *
 * When quiet to identity fail at one rate, the next is tried (a module may have been left at
 * another one, and some firmware keeps what U0 applied over a power cycle). When no rate works the
 * module is reset, once a round: by the reset line, or with ZR, behind as many line feeds as an
 * unfinished S3 may be waiting for (a line feed between commands is ignored). Then a pause, and the
 * next round.
 *
 * One thing must never happen: that a module which waits for the rest of a PG takes our bytes for
 * it and burns them. So after a PG that was not answered nothing is said to the module, until it
 * speaks itself (it prints its prompt after a power-up) or the reset line has reset it.
 */
#include "bringup.h"

#include <stdlib.h>
#include <string.h>

/* Rates that modules are left at, the likely ones first. */
static const guint common_rates[] = { 115200, 921600, 460800,  230400,	57600,	38400,
				      19200,  9600,   1152000, 1382400, 2073600 };

/* How often quiet to identity are tried at one rate. */
#define TRIES_PER_RATE 2

static void quiet(struct eswifi_module *module);
static void ask_next(struct eswifi_module *module);

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
	struct eswifi_module *module = data;

	session_stop_pause(module);
	bringup_begin(module, false, module->bringup.ended);
	return G_SOURCE_REMOVE;
}

static void pause_round(struct eswifi_module *module, const char *why)
{
	session_set_state(module, module->state, why);
	session_pause(module, session_backoff_ms(module), next_round);
}

/* Resetting. */

static void on_reset(const struct at_sounds *sounds, gpointer user)
{
	struct eswifi_module *module = user;

	(void)sounds;
	collect_rates(module);
	quiet(module);
}

/* After a reset the module is at the rate that it has at power-up, or at what U0 has stored. */
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

	session_stop_pause(module);
	port_set_reset(at_port(module->at), false);
	await_reset(module);
	return G_SOURCE_REMOVE;
}

static void on_reset_said(const struct at_sounds *sounds, gpointer user)
{
	struct eswifi_module *module = user;

	if (module->seen.wanted)
		sightings_keep(&module->seen.restart, sounds->tail, sounds->tail_size);
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
	if (module->seen.wanted)
		sightings_reset(&module->seen, module->identity.baud);
	if (port_has_reset(at_port(module->at))) {
		port_set_reset(at_port(module->at), true);
		session_pause(module, SYNC_RESET_PULSE_MS, release_reset);
		return;
	}
	/* An unfinished S3 takes line feeds for its payload; between commands they are ignored. */
	memset(say, '\n', PROTOCOL_READ_MAX);
	memcpy(say + PROTOCOL_READ_MAX, command, sizeof(command));
	at_listen(module->at, &listen, on_reset_said);
}

/* Rates. */

static void try_rate(struct eswifi_module *module)
{
	struct bringup *bringup = &module->bringup;
	g_autofree char *why = NULL;

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
	if (bringup->rate_count > 1)
		why = g_strdup_printf("no answer on %s at any of %u rates", module->settings.device,
				      bringup->rate_count);
	else
		why = g_strdup_printf("no answer on %s", module->settings.device);
	pause_round(module, why);
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

/* Reads: how does this firmware say that a socket is not connected? */

static bool says_gone(const struct at_reply *reply)
{
	return reply->gone || (reply->size == strlen(PROTOCOL_GONE) &&
			       memcmp(reply->data, PROTOCOL_GONE, reply->size) == 0);
}

static void finish(struct eswifi_module *module)
{
	module->identity.counted = module->firmware.counted;
	module->bringup.ended(module);
}

static void on_read_answered(struct eswifi_module *module, const struct at_reply *reply)
{
	struct firmware *firmware = &module->firmware;

	if (!reply->ok)
		firmware->gone = GONE_ERROR;
	else if (says_gone(reply))
		firmware->gone = GONE_OK;
	/* Neither has words for it: then only a connection can tell whether R4 is known. */
	if (!firmware->counted_refused && !firmware->counted)
		firmware->counted = !reply->ok && !reply->size;
	finish(module);
}

static void ask_read(struct eswifi_module *module)
{
	static const struct at_request request = {
		.line = "R0\r",
		.shape = { .kind = FRAME_RAW, .limit = PROTOCOL_READ_PROBE },
		.timeout_ms = TIMEOUT_COMMAND_MS,
	};

	session_request(module, &request, on_read_answered);
}

static void on_counted_answered(struct eswifi_module *module, const struct at_reply *reply)
{
	/* It has given an answer of a known form, and no other has been seen. */
	module->firmware.counted_refused = false;
	module->firmware.counted = reply->ok || reply->size;
	if (module->firmware.counted)
		finish(module);
	else
		ask_read(module);
}

static void ask_counted(struct eswifi_module *module)
{
	static const struct at_request request = {
		.line = "R4\r",
		.shape = { .kind = FRAME_COUNTED, .limit = PROTOCOL_READ_PROBE },
		.timeout_ms = TIMEOUT_COMMAND_MS,
	};

	if (module->firmware.counted) {
		finish(module);
		return;
	}
	if (module->firmware.counted_refused) {
		ask_read(module);
		return;
	}
	/* A wrong answer is a fault: then it is not asked again. */
	module->firmware.counted_refused = true;
	session_request(module, &request, on_counted_answered);
}

static void on_size_set(struct eswifi_module *module, const struct at_reply *reply)
{
	if (reply->ok)
		module->sockets[module->selected].knobs[KNOB_READ_SIZE] = PROTOCOL_READ_PROBE;
	ask_counted(module);
}

static void on_wait_set(struct eswifi_module *module, const struct at_reply *reply)
{
	if (reply->ok)
		module->sockets[module->selected].knobs[KNOB_READ_WAIT] = PROTOCOL_WAIT_MIN;
	session_command(module, TIMEOUT_COMMAND_MS, on_size_set, "R1=%d", PROTOCOL_READ_PROBE);
}

/* Sockets. */

static void select_next(struct eswifi_module *module);

static void on_stopped(struct eswifi_module *module, const struct at_reply *reply)
{
	/* ERROR: it was not open, or it is stuck. */
	module->sockets[module->bringup.socket].closed = reply->ok;
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
	session_command(module, TIMEOUT_STOP_MS, on_stopped, "P6=0");
}

static void select_next(struct eswifi_module *module)
{
	if (module->bringup.socket == ESWIFI_SOCKETS)
		session_command(module, TIMEOUT_COMMAND_MS, on_wait_set, "R2=%d",
				PROTOCOL_WAIT_MIN);
	else
		session_command(module, TIMEOUT_COMMAND_MS, on_next_selected, "P0=%u",
				module->bringup.socket);
}

/* Questions. */

static void take_nothing(struct eswifi_module *module, const struct at_reply *reply)
{
	(void)module;
	(void)reply;
}

static void take_mac(struct eswifi_module *module, const struct at_reply *reply)
{
	if (reply->ok)
		g_strlcpy(module->identity.mac, reply->text, sizeof(module->identity.mac));
}

static void take_note(struct eswifi_module *module, const struct at_reply *reply)
{
	module->firmware.note = reply->ok;
}

static void take_st(struct eswifi_module *module, const struct at_reply *reply)
{
	module->firmware.st = reply->ok;
}

static void take_rewritable(struct eswifi_module *module, const struct at_reply *reply)
{
	module->firmware.rewritable = reply->ok && module->firmware.st;
}

/* "1,1,1": blank items. */
static void take_list(struct eswifi_module *module, const struct at_reply *reply)
{
	module->firmware.lists_items = reply->ok && strlen(reply->text) == strlen("1,1,1") &&
				       strspn(reply->text, "01,") == strlen("1,1,1");
}

static const struct {
	const char *command;
	session_handler take;
} questions[] = {
	{ "MT=1", take_nothing },      { "MS=3", take_nothing }, { "Z5", take_mac },
	{ "PY=10000", take_nothing },  { "PF=0", take_note },	 { "PF=0,0", take_st },
	{ "PF=0,3", take_rewritable }, { "PE=0", take_list },
};

/*
 * The note's form of PG is sent only to a module that takes PF so and in no other way: one that
 * waits for a CR would take certificate bytes for commands. Where both are taken it is not sure,
 * and the setting decides, for ST's form only.
 */
static void decide_dialect(struct eswifi_module *module)
{
	const struct firmware *firmware = &module->firmware;
	struct eswifi_identity *identity = &module->identity;

	identity->dialect = ESWIFI_FIRMWARE_AUTO;
	if (firmware->note != firmware->st)
		identity->dialect = firmware->st ? ESWIFI_FIRMWARE_ST : ESWIFI_FIRMWARE_NOTE;
	else if (module->settings.firmware == ESWIFI_FIRMWARE_ST)
		identity->dialect = ESWIFI_FIRMWARE_ST;
	identity->rewritable = firmware->rewritable;
	identity->lists_items = firmware->lists_items;
}

/*
 * One byte that was lost on the line makes an unknown command of a question, and what the module is held
 * unable to do would hold until the next bring-up: so a refusal counts when it has been said twice.
 */
static void on_question_answered(struct eswifi_module *module, const struct at_reply *reply)
{
	struct bringup *bringup = &module->bringup;

	questions[bringup->question].take(module, reply);
	bringup->refused = !reply->ok && !bringup->refused;
	if (!bringup->refused)
		bringup->question++;
	ask_next(module);
}

static void ask_next(struct eswifi_module *module)
{
	struct bringup *bringup = &module->bringup;

	if (bringup->question < G_N_ELEMENTS(questions)) {
		session_command(module, TIMEOUT_COMMAND_MS, on_question_answered, "%s",
				questions[bringup->question].command);
		return;
	}
	decide_dialect(module);
	bringup->socket = 0;
	select_next(module);
}

static void on_error_shown(struct eswifi_module *module, const struct at_reply *reply)
{
	sightings_keep(&module->seen.error, reply->raw, reply->raw_size);
	ask_next(module);
}

/* Before MT=1, where a report is to tell how errors are at power-up: there is no such socket. */
static void ask_questions(struct eswifi_module *module)
{
	bool wanted = module->seen.wanted;

	module->bringup.question = 0;
	module->bringup.refused = false;
	module->seen.wanted = false;
	if (wanted)
		session_command(module, TIMEOUT_COMMAND_MS, on_error_shown, "P0=9");
	else
		ask_next(module);
}

/* Speed. */

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
		ask_questions(module);
		return;
	}
	module->bringup.slow_baud = module->bringup.rates[module->bringup.rate];
	at_listen(module->at, &listen, on_speed_applied);
}

/* A module at a rate that the port cannot do is lost until its power is cut: so ask the port. */
static bool port_does_fast(struct eswifi_module *module)
{
	bool does = at_set_baud(module->at, module->settings.fast_baud);

	if (!does)
		g_message("%s cannot do %u bit/s: staying at %u", module->settings.device,
			  module->settings.fast_baud, module->identity.baud);
	return at_set_baud(module->at, module->identity.baud) && does;
}

static void set_speed(struct eswifi_module *module)
{
	struct bringup *bringup = &module->bringup;

	if (bringup->slow_baud) {
		bringup->slow_baud = 0;
		module->identity.baud = module->settings.fast_baud;
	} else {
		module->identity.baud = bringup->rates[bringup->rate];
		/* The rate of a socket is the other end's business. */
		if (module->seen.wanted && port_is_tty(at_port(module->at)))
			module->seen.rate_after = module->identity.baud;
	}
	module->good_baud = module->identity.baud;
	if (!module->settings.fast_baud || bringup->fast_failed ||
	    module->identity.baud == module->settings.fast_baud) {
		ask_questions(module);
	} else if (!port_does_fast(module)) {
		bringup->fast_failed = true;
		ask_questions(module);
	} else {
		session_command(module, TIMEOUT_COMMAND_MS, on_speed_set, "U2=%u",
				module->settings.fast_baud);
	}
}

/* Identity. */

/* Another module, or other firmware: nothing that was learnt holds. */
static void forget_firmware(struct eswifi_module *module)
{
	memset(&module->firmware, 0, sizeof(module->firmware));
	firmware_parse(module->identity.firmware, module->firmware.version);
	module->firmware.tls_sockets =
		module->settings.tls_sockets ? module->settings.tls_sockets : ESWIFI_SOCKETS;
	module->identity.tls_sockets = module->firmware.tls_sockets;
}

/* product-id,fw-rev,api-rev,stack-rev,rtos-rev,cpu-clock,product-name [ST] */
static bool take_identity(struct eswifi_module *module, const char *text)
{
	struct eswifi_identity *identity = &module->identity;
	g_auto(GStrv) fields = g_strsplit(text, ",", 7);

	if (g_strv_length(fields) != 7)
		return false;
	if (strcmp(identity->product, fields[0]) != 0 ||
	    strcmp(identity->firmware, fields[1]) != 0) {
		g_strlcpy(identity->product, fields[0], sizeof(identity->product));
		g_strlcpy(identity->firmware, fields[1], sizeof(identity->firmware));
		g_strlcpy(identity->name, fields[6], sizeof(identity->name));
		forget_firmware(module);
	}
	return true;
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
	session_command(module, TIMEOUT_COMMAND_MS, on_identity_again, "I?");
}

/* Finding the prompt. */

static void on_prompt(const struct at_sounds *sounds, gpointer user)
{
	struct eswifi_module *module = user;

	if (sounds->silent && sounds->prompt)
		session_command(module, TIMEOUT_COMMAND_MS, on_identity, "I?");
	else
		bringup_failed(module, "no prompt");
}

static void on_left_mode(const struct at_sounds *sounds, gpointer user)
{
	struct eswifi_module *module = user;
	struct at_listen listen = {
		.say = "\r",
		.size = 1,
		/* The rate that is most likely gets more time. */
		.first_ms = module->bringup.rate ? SYNC_PROMPT_MS : SYNC_PROMPT_LONG_MS,
		.silence_ms = SYNC_SILENCE_MS,
	};

	(void)sounds;
	at_listen(module->at, &listen, on_prompt);
}

static void on_quiet(const struct at_sounds *sounds, gpointer user)
{
	static const char leave[] = "---\r";
	struct eswifi_module *module = user;
	struct at_listen listen = {
		.say = leave,
		.size = sizeof(leave) - 1,
		.first_ms = SYNC_LEAVE_MS,
		.silence_ms = SYNC_SILENCE_MS,
	};

	if (!sounds->silent) {
		bringup_failed(module, "the line does not fall silent");
		return;
	}
	if (sounds->bytes)
		module->burning = false;
	if (module->burning)
		quiet(module);
	else
		at_listen(module->at, &listen, on_left_mode);
}

static void quiet(struct eswifi_module *module)
{
	struct at_listen listen = { .first_ms = SYNC_SILENCE_MS, .silence_ms = SYNC_SILENCE_MS };

	if (module->burning)
		listen.first_ms = SYNC_NOISE_MAX_MS;
	at_listen(module->at, &listen, on_quiet);
}

void bringup_begin(struct eswifi_module *module, bool want_reset,
		   void (*ended)(struct eswifi_module *module))
{
	struct bringup *bringup = &module->bringup;

	bringup->reset = false;
	bringup->slow_baud = 0;
	bringup->ended = ended;
	collect_rates(module);
	if ((module->burning && port_has_reset(at_port(module->at))) ||
	    (want_reset && !module->burning))
		reset(module);
	else
		try_rate(module);
}
