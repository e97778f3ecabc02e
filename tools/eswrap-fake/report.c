// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of Operation
 *
 * A report is what eswifi_probe() writes, see libeswifi(3): a line for each question that a module
 * was asked, with its answer. From the revision comes the profile that is nearest, and then each
 * answer sets the switches that it tells of. What no question tells of stays as the profile has it.
 * Questions of later versions are passed over; a line that is none of a report is an error, for a
 * module that behaves otherwise than the report says helps nobody.
 */
#include "eswrap-fake/report.h"
#include "eswrap-fake/loop.h"

#include <string.h>

#define HEAD "eswrap-module-report 1"
/* label, milliseconds, question, answer */
#define FIELDS 4
#define OK     "\r\nOK\r\n> "
/* R0 that takes longer for a greeting waits for all of R2, which was 1500 ms. */
#define FIRST_MS 1000.0
/* What R0 may take beyond R2 without anybody's saying that it does. */
#define OVERTIME_MS SLOW_MS
/* A command that took longer takes that long; less is the line's own time, ms. */
#define SLOW_MS	      50.0
#define MS_MAX	      3600000.0
#define POWER_UP_RATE "115200"

/**
 * struct report - what was read
 * @answers:	label to answer, as it came over the line
 * @times:	label to milliseconds, double *
 */
struct report {
	struct firmware *firmware;
	GHashTable *answers, *times;
};

static bool is_error(const char *answer)
{
	return g_str_has_prefix(answer, "ERROR") || strstr(answer, "\r\nERROR");
}

/* NULL where the question was not asked, or not answered. */
static const char *answer_to(const struct report *report, const char *label)
{
	const char *answer = g_hash_table_lookup(report->answers, label);

	return answer && *answer ? answer : NULL;
}

/* DATA of an answer that ends in OK, NULL for any other. Free with g_free(). */
static char *data_of(const char *answer)
{
	const char *start = answer;

	if (!answer || !g_str_has_suffix(answer, OK))
		return NULL;
	if (g_str_has_prefix(start, "\r\n") && strlen(start) > strlen(OK))
		start += 2;
	return g_strndup(start, strlen(start) - strlen(OK));
}

static void set(const struct report *report, const char *name, const char *word)
{
	firmware_set(report->firmware, name, word, NULL);
}

static const char *nearest_profile(const char *revision)
{
	struct firmware firmware = { .identity.firmware = (char *)revision };
	unsigned int number = firmware_revision(&firmware);

	if (number >= 0x06000000)
		return "C6.2.1";
	return number >= 0x03050204 ? "C3.5.2.5" : "C3.5.2.3";
}

static void drop_suffix(char *text, const char *suffix)
{
	if (g_str_has_suffix(text, suffix))
		text[strlen(text) - strlen(suffix)] = '\0';
}

static bool read_identity(const struct report *report)
{
	struct identity *identity = &report->firmware->identity;
	char **places[] = { &identity->product, &identity->firmware, &identity->api,
			    &identity->stack,	&identity->rtos,     &identity->clock,
			    &identity->name };
	g_autofree char *data = data_of(answer_to(report, "identity"));
	g_auto(GStrv) fields = data ? g_strsplit(data, ",", -1) : NULL;
	unsigned int i;

	if (!fields || g_strv_length(fields) != G_N_ELEMENTS(places))
		return false;
	firmware_free(report->firmware);
	firmware_init(report->firmware, nearest_profile(fields[1]));
	set(report, "bus", g_str_has_suffix(fields[0], "-SPI") ? "spi" : "uart");
	drop_suffix(fields[0], "-SPI");
	drop_suffix(fields[0], "-UART");
	for (i = 0; i < G_N_ELEMENTS(places); i++) {
		g_free(*places[i]);
		*places[i] = g_strdup(fields[i]);
	}
	return true;
}

static void read_errors(const struct report *report)
{
	const char *error = answer_to(report, "mt.0.error");

	if (!error || !is_error(error))
		return;
	if (answer_to(report, "mt.0") && is_error(answer_to(report, "mt.0")))
		set(report, "errors", strstr(error, "ERROR: ") ? "verbose" : "simple");
	if (strstr(error, "ERROR: "))
		set(report, "usage", strstr(error, "Usage: ") ? "yes" : "no");
}

/* How it restarts: seen only where it has been reset for the report. */
static void read_restart(const struct report *report)
{
	const char *restart = answer_to(report, "zr"), *before = answer_to(report, "rate.before");
	const char *error = answer_to(report, "mt.default.error");
	const char *after = answer_to(report, "rate.after");

	if (error && is_error(error))
		set(report, "errors", strstr(error, "ERROR: ") ? "verbose" : "simple");
	if (restart)
		set(report, "zr", strstr(restart, OK) ? "answers" : "silent");
	/* At the rate that it has at power-up, both say the same. */
	if (before && after && !(g_str_equal(before, after) && g_str_equal(after, POWER_UP_RATE)))
		set(report, "u0", g_str_equal(before, after) ? "saves" : "forgets");
}

/* What it has said unasked, if anything. */
static void read_messages(const struct report *report)
{
	GHashTableIter iter;
	gpointer label, answer;

	g_hash_table_iter_init(&iter, report->answers);
	while (g_hash_table_iter_next(&iter, &label, &answer)) {
		if (!g_str_has_prefix(label, "message."))
			continue;
		set(report, "messages", g_str_has_suffix(answer, OK) ? "ok" : "prompt");
		if (strstr(answer, "[INFO   ] Link"))
			set(report, "link-news", "yes");
	}
}

/* Zero where it was not measured. */
static double time_of(const struct report *report, const char *label)
{
	const double *ms = g_hash_table_lookup(report->times, label);

	return ms && answer_to(report, label) ? *ms : 0;
}

/* What R0 takes beyond R2 each time is its own. */
static void read_overtime(const struct report *report, GArray *times)
{
	static const struct {
		const char *label;
		double waited_ms;
	} rows[] = { { "r0.wait.1", 1 }, { "r0.wait.10", 10 }, { "r0.wait.100", 100 } };
	struct command_time time = { .name = NULL };
	double least = MS_MAX, over;
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(rows); i++) {
		over = time_of(report, rows[i].label) - rows[i].waited_ms;
		least = MIN(least, over);
	}
	if (least < OVERTIME_MS)
		return;
	for (i = 0; i < 2; i++) {
		time.name = g_strdup(i ? "R4" : "R0");
		time.ns = least * NS_PER_MS;
		times_add(times, &time);
	}
}

static void read_reads(const struct report *report, GArray *times)
{
	const char *first = answer_to(report, "r0.first");

	if (first && !is_error(first) && !g_str_equal(first, "\r\n" OK))
		set(report, "read", time_of(report, "r0.first") < FIRST_MS ? "first" : "full");
	read_overtime(report, times);
}

static void read_dialect(const struct report *report)
{
	const char *note = answer_to(report, "pf.note"), *st = answer_to(report, "pf.st");
	const char *third = answer_to(report, "pf.set3");

	if (!note || !st)
		return;
	if (is_error(note) != is_error(st))
		set(report, "firmware", is_error(st) ? "note" : "st");
	if (third && !is_error(st))
		set(report, "set3", is_error(third) ? "no" : "yes");
	if (!is_error(st))
		set(report, "empty", g_str_has_prefix(st, "\r\n\r\n") ? "long" : "short");
}

static void read_counted(const struct report *report)
{
	const char *open = answer_to(report, "r4.wait.1"), *gone = answer_to(report, "r4.closed");

	if (open && is_error(open)) {
		set(report, "r4", "off");
		return;
	}
	if (open) {
		set(report, "r4", g_str_has_prefix(open, "\r\n") ? "crlf" : "plain");
		set(report, "r4-nothing", strstr(open, "0000") ? "zero" : "empty");
	}
	if (gone && strstr(gone, "-1"))
		set(report, "r4-gone", "short");
	else if (gone && strstr(gone, "-001"))
		set(report, "r4-gone", "long");
}

static void read_gone(const struct report *report, const char *label, const char *name)
{
	const char *answer = answer_to(report, label);

	if (answer)
		set(report, name,
		    !strstr(answer, "-1") ? "text"
		    : is_error(answer)	  ? "error"
					  : "ok");
}

static unsigned int count_fields(const char *data)
{
	g_auto(GStrv) fields = g_strsplit(data, ",", -1);

	return g_strv_length(fields);
}

static void read_shown(const struct report *report)
{
	g_autofree char *wifi = data_of(answer_to(report, "c.show"));
	g_autofree char *sock = data_of(answer_to(report, "p.show.udp"));
	g_autofree char *stop = data_of(answer_to(report, "udp.stop"));
	const char *dead = answer_to(report, "p.show");

	if (wifi && count_fields(wifi) > 1) {
		set(report, "wifi-fields", count_fields(wifi) > 12 ? "15" : "12");
		set(report, "ssid", *wifi == '"' ? "quoted" : "plain");
		set(report, "passphrase", strstr(wifi, "*RESTRICTED*") ? "hidden" : "shown");
	}
	if (sock)
		set(report, "socket-fields", count_fields(sock) > 10 ? "12" : "10");
	if (dead)
		set(report, "dead-socket", strstr(dead, "No Active") ? "text" : "fields");
	if (stop)
		set(report, "stop", *stop ? "text" : "bare");
}

/* What it was asked for and does not know; the profile's word holds for the rest. */
static void read_without(const struct report *report)
{
	static const char *const asked[][2] = {
		{ "mt.1", "MT" }, { "ms", "MS" }, { "pe.0", "PE" }, { "pk", "PK" }, { "py", "PY" },
		{ "pb", "PB" },	  { "cb", "CB" }, { "cc", "CC" },   { "gt", "GT" }, { "md", "MD" },
	};
	struct firmware *firmware = report->firmware;
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	const char *answer;
	unsigned int i;
	char **known;

	for (i = 0; i < G_N_ELEMENTS(asked); i++) {
		answer = answer_to(report, asked[i][0]);
		if (answer ? is_error(answer) : firmware_lacks(firmware, asked[i][1]))
			g_strv_builder_add(builder, asked[i][1]);
	}
	for (known = firmware->without; *known; known++) {
		for (i = 0; i < G_N_ELEMENTS(asked); i++)
			if (g_str_equal(*known, asked[i][1]))
				break;
		if (i == G_N_ELEMENTS(asked))
			g_strv_builder_add(builder, *known);
	}
	g_strfreev(firmware->without);
	firmware->without = g_strv_builder_end(builder);
}

static int by_number(const void *a, const void *b)
{
	const unsigned int *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static void read_rates(const struct report *report)
{
	GHashTableIter iter;
	gpointer label, answer;
	GArray *rates = g_array_new(TRUE, TRUE, sizeof(unsigned int));
	unsigned int rate;
	guint64 number;

	g_hash_table_iter_init(&iter, report->answers);
	while (g_hash_table_iter_next(&iter, &label, &answer)) {
		if (!g_str_has_prefix(label, "u2.") || is_error(answer) ||
		    !g_ascii_string_to_unsigned((char *)label + 3, 10, 300, 4000000, &number, NULL))
			continue;
		rate = number;
		g_array_append_val(rates, rate);
	}
	g_array_sort(rates, by_number);
	g_free(report->firmware->rate_list);
	report->firmware->rate_list = NULL;
	if (rates->len)
		report->firmware->rate_list = (unsigned int *)(void *)g_array_free(rates, FALSE);
	else
		g_array_free(rates, TRUE);
}

static void note_time(GArray *times, const char *question, double ms)
{
	struct command_time time = { .ns = ms * NS_PER_MS };
	unsigned int i;

	/* What R0 waits for is not its own time, and a command may be asked more than once. */
	if (ms < SLOW_MS || g_ascii_toupper(*question) == 'R' || strlen(question) < 2)
		return;
	for (i = 0; i < times->len; i++)
		if (g_array_index(times, struct command_time, i).name &&
		    g_str_has_prefix(question, g_array_index(times, struct command_time, i).name))
			return;
	time.name = g_strndup(question, 2);
	times_add(times, &time);
}

static bool read_line(const struct report *report, GArray *times, const char *line)
{
	g_auto(GStrv) fields = g_strsplit(line, "\t", -1);
	g_autofree char *question = NULL;
	char *end;
	double ms;

	if (g_strv_length(fields) != FIELDS || !*fields[0])
		return false;
	ms = g_ascii_strtod(fields[1], &end);
	if (end == fields[1] || *end || !(ms >= 0 && ms <= MS_MAX))
		return false;
	question = g_strcompress(fields[2]);
	if (*fields[3])
		note_time(times, question, ms);
	g_hash_table_insert(report->times, g_strdup(fields[0]), g_memdup2(&ms, sizeof(ms)));
	g_hash_table_insert(report->answers, g_strdup(fields[0]), g_strcompress(fields[3]));
	return true;
}

static bool read_lines(const struct report *report, GArray *times, const char *text, GError **error)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	unsigned int i;

	if (!g_str_equal(lines[0] ? lines[0] : "", HEAD)) {
		g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
				    "not a report of eswrapctl module probe: the first line is "
				    "not \"" HEAD "\"");
		return false;
	}
	for (i = 1; lines[i]; i++) {
		if (!*lines[i] || read_line(report, times, lines[i]))
			continue;
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
			    "line %u: not a label, milliseconds, a question and its answer with "
			    "tabs between",
			    i + 1);
		return false;
	}
	return true;
}

bool report_read(const char *path, struct firmware *firmware, GArray *times, GError **error)
{
	g_autoptr(GHashTable) answers =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_autoptr(GHashTable) took = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	struct report report = { .firmware = firmware, .answers = answers, .times = took };
	g_autofree char *text = NULL;
	bool ok;

	ok = g_file_get_contents(path, &text, NULL, error) &&
	     read_lines(&report, times, text, error);
	if (ok && !read_identity(&report)) {
		g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
				    "no answer with seven fields to I? (identity)");
		ok = false;
	}
	if (!ok) {
		g_prefix_error(error, "--as %s: ", path);
		return false;
	}
	read_errors(&report);
	read_restart(&report);
	read_messages(&report);
	read_reads(&report, times);
	read_dialect(&report);
	read_counted(&report);
	read_gone(&report, "r0.closed", "gone");
	read_gone(&report, "s3.closed", "write-gone");
	read_shown(&report);
	read_without(&report);
	read_rates(&report);
	return true;
}
