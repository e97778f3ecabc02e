// SPDX-License-Identifier: MIT
/*
 * Asking a module every harmless question, and writing down what it says.
 *
 * DOC: Theory of Operation
 *
 * Each row of the table below is one question; they are asked in order on a socket that is not
 * open, and none of them burns, joins, leaves, resets or changes a rate: U2 without U0 has no
 * effect. An answer that does not fit is written down like any other, and costs the session: the
 * module is brought up again. What is secret or names somebody (SSID, passphrase, MAC and IP
 * addresses) is replaced before it is written.
 *
 * The report is text: "eswrap-module-report 1", then a line for each question, with tabs between
 * its label, the milliseconds until the answer was whole, the question and the answer, the last two
 * escaped as in C. At the end the knobs of the socket are set anew before they are used.
 */
#include <errno.h>
#include <string.h>

#include "session.h"

#define HEAD "eswrap-module-report 1\n"

/* One question. @rate: it is followed by a rate of eswifi_bauds(). */
struct question {
	const char *label, *line;
	enum frame_kind kind;
	guint timeout_ms;
	bool payload;
};

static const struct question questions[] = {
	{ "identity", "I?\r" },
	{ "uart", "U?\r" },
	{ "settings", "Z?\r" },
	{ "mac", "Z5\r" },
	{ "error.command", "XX\r" },
	{ "error.argument", "P0=9\r" },
	{ "mt.0", "MT=0\r" },
	{ "mt.0.error", "P0=9\r" },
	{ "mt.1", "MT=1\r" },
	{ "mt.1.error", "P0=9\r" },
	{ "ms", "MS=3\r" },
	{ "pe", "PE\r" },
	{ "pe.0", "PE=0\r" },
	{ "pe.1", "PE=1\r" },
	{ "pe.2", "PE=2\r" },
	{ "pe.3", "PE=3\r" },
	{ "pf.note", "PF=0\r" },
	{ "pf.set3", "PF=0,3\r" },
	{ "pf.st", "PF=0,0\r" },
	{ "r1", "R1=1\r" },
	{ "r2", "R2=1\r" },
	{ "p6.0.closed", "P6=0\r", .timeout_ms = TIMEOUT_STOP_MS },
	{ "r4.closed", "R4\r", .kind = FRAME_COUNTED },
	{ "r0.closed", "R0\r", .kind = FRAME_RAW },
	{ "s3.closed", "S3=1\r", .payload = true, .timeout_ms = TIMEOUT_SEND_MS },
	{ "pk", "PK=1,20000\r" },
	{ "py", "PY=10000\r" },
	{ "pb", "PB=0\r" },
	{ "cb", "CB=2\r" },
	{ "cc", "CC=0\r" },
	{ "cs", "CS\r" },
	{ "cr.rssi", "CR\r" },
	{ "c.show", "C?\r" },
	{ "p.show", "P?\r" },
	{ "gt", "GT\r" },
	{ "md", "MD\r" },
	/* an open socket on which nothing comes: datagrams to the module itself */
	{ "udp.p1", "P1=1\r" },
	{ "udp.p3", "P3=127.0.0.1\r" },
	{ "udp.p4", "P4=9\r" },
	{ "udp.p6", "P6=1\r", .timeout_ms = TIMEOUT_START_MS },
	{ "r0.wait.1", "R0\r", .kind = FRAME_RAW },
	{ "r4.wait.1", "R4\r", .kind = FRAME_COUNTED },
	{ "udp.r2.10", "R2=10\r" },
	{ "r0.wait.10", "R0\r", .kind = FRAME_RAW },
	{ "udp.r2.100", "R2=100\r" },
	{ "r0.wait.100", "R0\r", .kind = FRAME_RAW },
	{ "p.show.udp", "P?\r" },
	{ "udp.stop", "P6=0\r", .timeout_ms = TIMEOUT_STOP_MS },
};

/**
 * struct probe - the one under way
 * @row:	the question that is out: of the table, and behind it one for each rate
 * @asked:	when, monotonic us
 */
struct probe {
	GString *report;
	guint row;
	gint64 asked;
	char rate_label[16], rate_line[16];
};

static void probe_free(struct probe *probe)
{
	g_string_free(probe->report, TRUE);
	g_free(probe);
}

static const char *replace(char **text, const char *what, const char *with)
{
	g_auto(GStrv) parts = NULL;
	g_autofree char *before = *text;

	if (!what || !*what)
		return *text = g_steal_pointer(&before);
	parts = g_strsplit(before, what, -1);
	return *text = g_strjoinv(with, parts);
}

/* What C? shows is the passphrase of whoever has set it: if it is not ours, nothing is written. */
static bool is_withheld(const struct eswifi_module *module, const char *label, const char *answer)
{
	const char *passphrase = module->settings.passphrase;

	return g_str_equal(label, "c.show") && !strstr(answer, "*RESTRICTED*") &&
	       !strstr(answer, "ERROR") && !(*passphrase && strstr(answer, passphrase));
}

static char *without_secrets(const struct eswifi_module *module, const char *label,
			     const guint8 *raw, gsize size)
{
	g_autoptr(GRegex) address =
		g_regex_new("\\b(?!127\\.|0\\.0\\.0\\.0)\\d+\\.\\d+\\.\\d+\\.\\d+\\b(?!\\.)",
			    G_REGEX_RAW, 0, NULL);
	g_autoptr(GRegex) mac =
		g_regex_new("([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}", G_REGEX_RAW, 0, NULL);
	/* A NUL would end it; no answer is known to have one. */
	char *text = g_strndup((const char *)raw, size), *next;

	if (is_withheld(module, label, text)) {
		explicit_bzero(text, strlen(text));
		g_free(text);
		return g_strdup("\r\nwithheld\r\nOK\r\n> ");
	}
	replace(&text, module->settings.passphrase, "PASSPHRASE");
	if (!g_str_equal(label, "identity")) {
		replace(&text, module->settings.ssid, "SSID");
		next = g_regex_replace_literal(address, text, -1, 0, "192.0.2.1", 0, NULL);
		g_free(text);
		text = next;
	}
	next = g_regex_replace_literal(mac, text, -1, 0, "00:00:00:00:00:00", 0, NULL);
	g_free(text);
	return next;
}

static void write_row(struct probe *probe, const struct question *question, gint64 us,
		      const char *answer)
{
	g_autofree char *asked = g_strescape(question->line, NULL);
	g_autofree char *said = g_strescape(answer, NULL);

	g_string_append_printf(probe->report, "%s\t%.1f\t%s\t%s\n", question->label,
			       (double)us / 1000, asked, said);
}

/* The question of this row; rates come behind the table, and the one in use at the end. */
static bool question_of(struct eswifi_module *module, struct question *question)
{
	struct probe *probe = module->probe;
	const guint *bauds = eswifi_bauds();
	guint row = probe->row, i;

	if (row < G_N_ELEMENTS(questions)) {
		*question = questions[row];
		return true;
	}
	row -= G_N_ELEMENTS(questions);
	for (i = 0; i < row && bauds[i]; i++)
		;
	if (i < row)
		return false;
	g_snprintf(probe->rate_line, sizeof(probe->rate_line), "U2=%u\r",
		   bauds[i] ? bauds[i] : module->identity.baud);
	g_snprintf(probe->rate_label, sizeof(probe->rate_label), bauds[i] ? "u2.%u" : "u2.again",
		   bauds[i]);
	*question = (struct question){ .label = probe->rate_label, .line = probe->rate_line };
	return true;
}

static void on_answered(struct eswifi_module *module, const struct at_reply *reply)
{
	struct probe *probe = module->probe;
	gint64 took = g_get_monotonic_time() - probe->asked;
	g_autofree char *answer = NULL;
	struct question question;

	question_of(module, &question);
	answer = without_secrets(module, question.label, reply->raw, reply->raw_size);
	write_row(probe, &question, took, answer);
	probe->row++;
	module->op.step(module);
}

/* The settings of this socket, and PF, are not what they were. */
static void finish(struct eswifi_module *module)
{
	struct module_socket *socket = session_socket(module);
	struct probe *probe = g_steal_pointer(&module->probe);
	guint knob;

	memset(socket, 0, sizeof(*socket));
	for (knob = 0; knob < KNOBS; knob++)
		socket->knobs[knob] = -1;
	module->active_set = -1;
	session_op_end(module, 0, probe->report->str);
	probe_free(probe);
}

static void probe_step(struct eswifi_module *module)
{
	struct at_request request = { .timeout_ms = TIMEOUT_COMMAND_MS, .secret = true };
	struct question question;

	if (!session_select(module, module->op.socket))
		return;
	if (!question_of(module, &question)) {
		finish(module);
		return;
	}
	request.line = question.line;
	request.shape.kind = question.kind;
	request.shape.limit = question.kind == FRAME_TEXT ? 0 : PROTOCOL_READ_PROBE;
	if (question.timeout_ms)
		request.timeout_ms = question.timeout_ms;
	if (question.payload) {
		request.payload = (const guint8 *)"x";
		request.size = 1;
	}
	module->probe->asked = g_get_monotonic_time();
	session_request(module, &request, on_answered);
}

/* At a fault, what was asked last is the end of the report. */
static void on_probed(struct eswifi_module *module, int result, const char *text, gpointer user)
{
	struct probe *probe = module->probe;
	struct question question;

	if (probe) {
		question_of(module, &question);
		write_row(probe, &question, g_get_monotonic_time() - probe->asked, "");
		module->probe = NULL;
		text = probe->report->str;
	}
	module->probe_done(module, result, text, user);
	if (probe)
		probe_free(probe);
}

int eswifi_probe(struct eswifi_module *module, guint socket, eswifi_done done, gpointer user)
{
	int r = session_may_start(module, socket);

	if (r)
		return r;
	if (module->sockets[socket].open)
		return -EINVAL;
	module->probe = g_new0(struct probe, 1);
	module->probe->report = g_string_new(HEAD);
	module->probe_done = done;
	module->op.socket = socket;
	module->op.done = on_probed;
	module->op.user = user;
	session_op_begin(module, probe_step);
	return 0;
}
