// SPDX-License-Identifier: MIT
/*
 * Questions about no socket.
 *
 * DOC: Theory of Operation
 *
 * There is one at a time. It waits until the module is ready and the line free, and is then an
 * operation as others are. A scan is also answered by the list that wifi.c asks for while the module
 * cannot join. Whoever asked may go meanwhile: what is under way then ends without a word.
 */
#include "question.h"

#include <errno.h>
#include <stdlib.h>

#include "check.h"

/* Echo requests, and the pause between them. */
#define PINGS		 3
#define PING_INTERVAL_MS 200
/* Each may be waited for a second, or longer by a firmware that says nothing of it. */
#define TIMEOUT_PING_MS 20000
/* A time server may be asked. */
#define TIMEOUT_TIME_MS 10000

static void end(struct eswifi_module *module, int result, const char *text)
{
	eswifi_done done = g_steal_pointer(&module->question.done);

	module->question.waiting = false;
	if (done)
		done(module, result, text, module->question.user);
}

static void on_ended(struct eswifi_module *module, int result, const char *text,
		     gpointer user G_GNUC_UNUSED)
{
	end(module, result, text);
}

static void on_signal(struct eswifi_module *module, const struct at_reply *reply)
{
	/* 0: not joined, which CS is about to say as well. */
	module->identity.signal = reply->ok ? atoi(reply->text) : 0;
	session_op_verify(module, 0, NULL);
}

void question_check(struct eswifi_module *module)
{
	/* CR takes up to 300 ms [UM]: not each time. */
	if (module->checks++ % CHECKS_A_SIGNAL)
		session_op_verify(module, 0, NULL);
	else
		session_command(module, TIMEOUT_COMMAND_MS, on_signal, "CR");
}

/* The module's lines. An SSID is anybody's choice: no control character of it is handed on. */
static char *lines_of(const struct at_reply *reply)
{
	g_autofree char *text = g_utf8_make_valid((const char *)reply->data, (gssize)reply->size);
	GString *lines = g_string_new(NULL);
	const char *at;

	for (at = text; *at; at = g_utf8_next_char(at))
		if (*at == '\n' || !g_unichar_iscntrl(g_utf8_get_char(at)))
			g_string_append_unichar(lines, g_utf8_get_char(at));
	return g_strstrip(g_string_free(lines, FALSE));
}

static void on_answered(struct eswifi_module *module, const struct at_reply *reply)
{
	g_autofree char *lines = reply->ok ? lines_of(reply) : g_strdup(reply->text);

	session_op_end(module, reply->ok ? 0 : -ENOTSUP, lines);
}

static void on_ping_set(struct eswifi_module *module, const struct at_reply *reply)
{
	module->question.step++;
	if (reply->ok)
		module->op.step(module);
	else
		session_op_end(module, -ENOTSUP, reply->text);
}

static void ping_step(struct eswifi_module *module)
{
	static const char *const settings[] = { "T2=" G_STRINGIFY(PINGS),
						"T3=" G_STRINGIFY(PING_INTERVAL_MS) };
	guint step = module->question.step;

	if (step == 0)
		session_command(module, TIMEOUT_COMMAND_MS, on_ping_set, "T1=%s",
				module->question.address);
	else if (step <= G_N_ELEMENTS(settings))
		session_command(module, TIMEOUT_COMMAND_MS, on_ping_set, "%s", settings[step - 1]);
	else
		session_command(module, TIMEOUT_PING_MS, on_answered, "T0");
}

static void scan_step(struct eswifi_module *module)
{
	session_command(module, TIMEOUT_SCAN_MS, on_answered, "F0");
}

static void time_step(struct eswifi_module *module)
{
	session_command(module, TIMEOUT_TIME_MS, on_answered, "GT");
}

bool question_begin(struct eswifi_module *module)
{
	static void (*const steps[])(struct eswifi_module *) = {
		[ESWIFI_SCAN] = scan_step,
		[ESWIFI_PING] = ping_step,
		[ESWIFI_TIME] = time_step,
	};
	struct general_question *question = &module->question;

	if (!question->waiting)
		return false;
	question->waiting = false;
	question->step = 0;
	module->op.done = on_ended;
	module->op.user = NULL;
	session_op_begin(module, steps[question->kind]);
	return true;
}

void question_scanned(struct eswifi_module *module, const struct at_reply *reply)
{
	g_autofree char *lines = NULL;

	if (!module->question.waiting || module->question.kind != ESWIFI_SCAN)
		return;
	lines = reply->ok ? lines_of(reply) : g_strdup(reply->text);
	end(module, reply->ok ? 0 : -ENOTSUP, lines);
}

int question_take(struct eswifi_module *module, enum eswifi_question question, const char *argument,
		  eswifi_done done, gpointer user)
{
	struct general_question *asked = &module->question;

	if (asked->done || module->op.done == on_ended)
		return -EBUSY;
	if (question == ESWIFI_PING && (!argument || !check_is_address(argument)))
		return -EINVAL;
	asked->kind = question;
	asked->waiting = true;
	g_strlcpy(asked->address, argument ? argument : "", sizeof(asked->address));
	asked->done = done;
	asked->user = user;
	return 0;
}

void eswifi_ask_cancel(struct eswifi_module *module)
{
	module->question.waiting = false;
	module->question.done = NULL;
}
