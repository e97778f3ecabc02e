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
 * Whether R0 returns with the first bytes can only be seen where somebody sends: a server that the
 * asker names, which greets (SSH, SMTP). What it says is left out. How the module restarts and what
 * it says unasked is not asked for at all; what was seen of it comes first (sighting.h).
 *
 * The report is text: "eswrap-module-report 1", then a line for each question, with tabs between
 * its label, the milliseconds until the answer was whole, the question and the answer, the last two
 * escaped as in C. At the end the knobs of the socket are set anew before they are used.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "probe.h"

#define HEAD "eswrap-module-report 1\n"

/* One question. @limit: the longest answer of a read, 0: PROTOCOL_READ_PROBE */
struct question {
	const char *label, *line;
	enum frame_kind kind;
	guint timeout_ms, limit;
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

/*
 * With a server that greets: R2 is far longer than a greeting takes, and R1 longer than it is. @peer:
 * %s is its address, %u its port.
 */
static const struct question peer_questions[] = {
	{ "peer.p1", "P1=0\r" },
	{ "peer.p3", "P3=%s\r" },
	{ "peer.p4", "P4=%u\r" },
	{ "peer.r1", "R1=1460\r" },
	{ "peer.r2", "R2=1500\r" },
	{ "peer.p6", "P6=1\r", .timeout_ms = TIMEOUT_START_MS },
	{ "r0.first", "R0\r", .kind = FRAME_RAW, .limit = PROTOCOL_READ_MAX },
	{ "peer.stop", "P6=0\r", .timeout_ms = TIMEOUT_STOP_MS },
};

/**
 * struct probe - the one under way
 * @row:	the question that is out: of the table, then one for each rate, then of the peer's
 * @asked:	when, monotonic us
 * @peer, @port:	the server that greets, "": none
 */
struct probe {
	GString *report;
	guint row;
	gint64 asked;
	char label[16], line[32];
	char peer[16];
	guint16 port;
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

static void write_row(struct probe *probe, const char *label, gint64 us, const char *question,
		      const char *answer)
{
	g_autofree char *asked = g_strescape(question, NULL);
	g_autofree char *said = g_strescape(answer, NULL);

	g_string_append_printf(probe->report, "%s\t%.1f\t%s\t%s\n", label, (double)us / 1000, asked,
			       said);
}

static void write_sighting(struct eswifi_module *module, const char *label, const char *question,
			   const char *raw)
{
	g_autofree char *answer = NULL;

	if (!raw || !*raw)
		return;
	answer = without_secrets(module, label, (const guint8 *)raw, strlen(raw));
	write_row(module->probe, label, 0, question, answer);
}

static void write_sightings(struct eswifi_module *module)
{
	const struct sightings *seen = &module->seen;
	char number[16];
	guint i;

	write_sighting(module, "zr", "ZR\r", seen->restart);
	write_sighting(module, "mt.default.error", "P0=9\r", seen->error);
	if (seen->rate_before && seen->rate_after) {
		g_snprintf(number, sizeof(number), "%u", seen->rate_before);
		write_sighting(module, "rate.before", "", number);
		g_snprintf(number, sizeof(number), "%u", seen->rate_after);
		write_sighting(module, "rate.after", "", number);
	}
	for (i = 0; i < seen->count; i++) {
		g_snprintf(number, sizeof(number), "message.%u", i);
		write_sighting(module, number, "", seen->messages[i]);
	}
}

/* U2 with each rate, and at the end the one in use. */
static bool rate_question(struct eswifi_module *module, guint row, struct question *question)
{
	struct probe *probe = module->probe;
	const guint *bauds = eswifi_bauds();

	g_snprintf(probe->line, sizeof(probe->line), "U2=%u\r",
		   bauds[row] ? bauds[row] : module->identity.baud);
	g_snprintf(probe->label, sizeof(probe->label), bauds[row] ? "u2.%u" : "u2.again",
		   bauds[row]);
	*question = (struct question){ .label = probe->label, .line = probe->line };
	return true;
}

static bool peer_question(struct probe *probe, guint row, struct question *question)
{
	if (!*probe->peer || row >= G_N_ELEMENTS(peer_questions))
		return false;
	*question = peer_questions[row];
	if (strstr(question->line, "%s"))
		g_snprintf(probe->line, sizeof(probe->line), "P3=%s\r", probe->peer);
	else if (strstr(question->line, "%u"))
		g_snprintf(probe->line, sizeof(probe->line), "P4=%u\r", probe->port);
	else
		return true;
	question->line = probe->line;
	return true;
}

static guint rate_questions(void)
{
	guint count = 0;

	while (eswifi_bauds()[count])
		count++;
	return count + 1;
}

/* The question of this row. Return: false behind the last. */
static bool question_of(struct eswifi_module *module, struct question *question)
{
	guint row = module->probe->row;

	if (row < G_N_ELEMENTS(questions)) {
		*question = questions[row];
		return true;
	}
	row -= G_N_ELEMENTS(questions);
	if (row < rate_questions())
		return rate_question(module, row, question);
	return peer_question(module->probe, row - rate_questions(), question);
}

/* Free with g_free(). */
static char *shown_line(const struct eswifi_module *module, const struct question *question)
{
	return without_secrets(module, question->label, (const guint8 *)question->line,
			       strlen(question->line));
}

/* What a server says in its greeting is nobody's business. */
static bool is_greeting(const struct question *question, const struct at_reply *reply)
{
	return g_str_equal(question->label, "r0.first") && reply->ok && reply->size;
}

static void on_answered(struct eswifi_module *module, const struct at_reply *reply)
{
	struct probe *probe = module->probe;
	gint64 took = g_get_monotonic_time() - probe->asked;
	g_autofree char *answer = NULL, *asked = NULL;
	struct question question;

	question_of(module, &question);
	if (is_greeting(&question, reply))
		answer = g_strdup("\r\ngreeting\r\nOK\r\n> ");
	else
		answer = without_secrets(module, question.label, reply->raw, reply->raw_size);
	asked = shown_line(module, &question);
	write_row(probe, question.label, took, asked, answer);
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
	request.shape.limit = question.kind == FRAME_TEXT ? 0
			      : question.limit		  ? question.limit
							  : PROTOCOL_READ_PROBE;
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
	g_autofree char *asked = NULL;
	struct question question;

	if (probe) {
		question_of(module, &question);
		asked = shown_line(module, &question);
		write_row(probe, question.label, g_get_monotonic_time() - probe->asked, asked, "");
		module->probe = NULL;
		text = probe->report->str;
	}
	module->probe_done(module, result, text, user);
	if (probe)
		probe_free(probe);
}

int eswifi_probe(struct eswifi_module *module, guint socket, const char *peer, guint16 port,
		 eswifi_done done, gpointer user)
{
	int r = session_may_start(module, socket);
	struct in_addr address;

	if (r)
		return r;
	if (module->sockets[socket].open ||
	    (peer && (inet_pton(AF_INET, peer, &address) != 1 || !port)))
		return -EINVAL;
	module->probe = g_new0(struct probe, 1);
	module->probe->report = g_string_new(HEAD);
	if (peer)
		g_strlcpy(module->probe->peer, peer, sizeof(module->probe->peer));
	module->probe->port = port;
	write_sightings(module);
	module->probe_done = done;
	module->op.socket = socket;
	module->op.done = on_probed;
	module->op.user = user;
	session_op_begin(module, probe_step);
	return 0;
}

void probe_abandon(struct eswifi_module *module)
{
	if (module->probe)
		probe_free(g_steal_pointer(&module->probe));
}

void eswifi_watch_reset(struct eswifi_module *module)
{
	module->seen.wanted = true;
}
