// SPDX-License-Identifier: MIT
/*
 * eswrapctl watch: status, live, redrawn in place.
 *
 * The screen is drawn from watch-model.c's numbers; ncurses sends only what has changed, so that it
 * serves over a slow ssh. A broker that does not answer is shown as such, and asked again.
 */
#include <langinfo.h>
#include <ncurses.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "eswrapctl/ctl.h"
#include "eswrapctl/watch-events.h"
#include "eswrapctl/watch-model.h"

#define BAR_WIDTH    10
#define INTERVAL_MIN 1
#define INTERVAL_MAX 60

/**
 * struct watch - the screen
 * @picked:	row of the flow that the user has picked
 * @events:	what has happened, char *
 * @note:	the last lines: the picked flow's route, or what is wrong
 */
struct watch {
	const struct ctl *ctl;
	struct watch_model model;
	guint picked;
	bool wide;
	gint interval;
	GPtrArray *events;
	char *note;
};

static const char *const sort_names[] = { "rate", "bytes", "age", "program" };

static void line_at(int y, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* One line, cut at the edge. */
static void line_at(int y, const char *format, ...)
{
	g_autofree char *text = NULL, *cut = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	cut = g_utf8_substring(text, 0, MIN(g_utf8_strlen(text, -1), MAX(COLS - 1, 0)));
	mvaddstr(y, 0, cut);
	clrtoeol();
}

static void add_bar(GString *to, double share, bool wide)
{
	int full = (int)(share * BAR_WIDTH + 0.5), i;

	for (i = 0; i < BAR_WIDTH; i++)
		g_string_append(to, i < full ? (wide ? "\u2588" : "#") : (wide ? "\u2591" : "."));
}

static void add_sparkline(GString *to, const struct watch_model *model, guint width, bool wide)
{
	static const char *const blocks[] = { "\u2581", "\u2582", "\u2583", "\u2584",
					      "\u2585", "\u2586", "\u2587", "\u2588" };
	static const char plain[] = "_.:-=+*#";
	guint i, level, first = model->samples > width ? model->samples - width : 0;

	for (i = first; i < model->samples; i++) {
		level = (guint)(model->history[i] * 7 + 0.5);
		if (wide)
			g_string_append(to, blocks[level]);
		else
			g_string_append_c(to, plain[level]);
	}
}

static const char *signal_text(GVariant *reply, char text[16])
{
	gint32 signal = 0;

	g_variant_lookup(reply, "signal", "i", &signal);
	text[0] = '\0';
	if (signal)
		g_snprintf(text, 16, ", %d dBm", signal);
	return text;
}

static void draw_head(const struct watch *watch)
{
	const struct watch_model *model = &watch->model;
	g_autoptr(GString) line = g_string_new("line     ");
	char out[8], in[8], signal[16];

	line_at(0, "module   %s: %s", ctl_text(model->reply, "state"),
		ctl_text(model->reply, "why"));
	line_at(1, "         %s %s, %s %s%s", ctl_text(model->reply, "product"),
		ctl_text(model->reply, "firmware"), ctl_text(model->reply, "ssid"),
		ctl_text(model->reply, "address"), signal_text(model->reply, signal));
	watch_rate_text(model->out, out);
	watch_rate_text(model->in, in);
	add_bar(line, model->share, watch->wide);
	g_string_append_printf(line, " %3.0f %%  out %sB/s  in %sB/s  %.0f commands/s  ",
			       model->share * 100, out, in, model->commands);
	add_sparkline(line, model, COLS > 100 ? WATCH_HISTORY : 16, watch->wide);
	line_at(2, "%s", line->str);
	line_at(3, "sockets  %u of %d free, %u waiting; resets %u, lost %u",
		(guint)ctl_number(model->reply, "free-sockets"), ESWIFI_SOCKETS,
		(guint)ctl_number(model->reply, "waiting"),
		(guint)ctl_number(model->reply, "resets"), (guint)ctl_number(model->reply, "lost"));
}

static void draw_flow(const struct watch *watch, int y, guint index, double most)
{
	const struct watch_flow *flow = g_ptr_array_index(watch->model.flows, index);
	g_autoptr(GString) row = g_string_new(index == watch->picked ? ">" : " ");
	gint32 socket = -1;
	char rate[8];

	g_variant_lookup(flow->flow, "socket", "i", &socket);
	watch_rate_text(flow->rate, rate);
	g_string_append_printf(row, "%2d %-12.12s %-10.10s ", socket,
			       ctl_text(flow->flow, "program"), ctl_text(flow->flow, "route"));
	add_bar(row, most > 0 ? flow->rate / most : 0, watch->wide);
	g_string_append_printf(row, " %6s %7us %s", rate, (guint)ctl_number(flow->flow, "seconds"),
			       ctl_text(flow->flow, "to"));
	if (index == watch->picked)
		attron(A_REVERSE);
	line_at(y, "%s", row->str);
	attroff(A_REVERSE);
}

/* Where the notes begin: what there are no lines for is cut off. */
static int draw_notes(const struct watch *watch)
{
	g_autofree const char **warnings = NULL;
	g_autoptr(GPtrArray) lines = g_ptr_array_new();
	g_auto(GStrv) note = g_strsplit(watch->note ? watch->note : "", "\n", 0);
	int room = MAX(LINES / 4, 2), first, i;

	for (i = 0; note[i] && *note[i]; i++)
		g_ptr_array_add(lines, note[i]);
	if (watch->model.reply)
		g_variant_lookup(watch->model.reply, "warnings", "^a&s", &warnings);
	for (i = 0; warnings && warnings[i]; i++)
		g_ptr_array_add(lines, (gpointer)warnings[i]);
	room = MIN(room, (int)lines->len);
	first = LINES - 1 - room;
	for (i = 0; i < room; i++)
		line_at(first + i, "! %s", (const char *)lines->pdata[i]);
	return first;
}

/* The latest of them, above @last. Return: where they begin */
static int draw_events(const struct watch *watch, int last)
{
	guint room = MIN((guint)MAX(LINES / 5, 1), watch->events->len), i;
	int first = last - (int)room;

	for (i = 0; i < room; i++)
		line_at(first + (int)i, "- %s",
			(char *)watch->events->pdata[watch->events->len - room + i]);
	return first;
}

static void draw(struct watch *watch)
{
	const struct watch_flow *flow;
	double most = 0;
	int last, y = 6;
	guint i;

	erase();
	last = draw_events(watch, draw_notes(watch));
	if (watch->model.reply) {
		draw_head(watch);
		attron(A_BOLD);
		line_at(5, " SO PROGRAM      ROUTE      RATE, by %-8s            AGE TO",
			sort_names[watch->model.sort]);
		attroff(A_BOLD);
		for (i = 0; i < watch->model.flows->len; i++) {
			flow = g_ptr_array_index(watch->model.flows, i);
			most = MAX(most, flow->rate);
		}
		for (i = 0; i < watch->model.flows->len && y < last; i++)
			draw_flow(watch, y++, i, most);
	}
	line_at(LINES - 1, "q quit  s sort  up, down pick  r route of the picked  space now");
	refresh();
}

static void set_note(struct watch *watch, char *note)
{
	g_free(watch->note);
	watch->note = note;
}

static void ask_status(struct watch *watch)
{
	g_autoptr(GDateTime) now = NULL;
	g_autofree char *when = NULL;
	g_autoptr(GVariant) reply = NULL;
	g_autoptr(GError) error = NULL;

	if (client_call(watch->ctl, "status", NULL, NULL, NULL, &reply, &error) != CTL_OK) {
		set_note(watch, g_strdup(error->message));
		return;
	}
	if (watch->model.reply) {
		now = g_date_time_new_now_local();
		when = g_date_time_format(now, "%H:%M:%S");
		watch_events_take(watch->events, watch->model.reply, reply, when);
	}
	watch_model_take(&watch->model, reply, g_get_monotonic_time());
	if (watch->picked >= watch->model.flows->len)
		watch->picked = watch->model.flows->len ? watch->model.flows->len - 1 : 0;
}

/* "a.example:443", "192.0.2.1:80", "[2001:db8::1]:80" */
static char *split_place(const char *to, guint *port)
{
	const char *colon = strrchr(to, ':');

	if (!colon)
		return NULL;
	*port = (guint)g_ascii_strtoull(colon + 1, NULL, 10);
	return *to == '[' ? g_strndup(to + 1, (gsize)(colon - to) - 2)
			  : g_strndup(to, (gsize)(colon - to));
}

static void explain(struct watch *watch)
{
	const struct watch_flow *flow;
	g_autofree char *host = NULL;
	g_autofree const char **steps = NULL;
	g_autoptr(GVariant) reply = NULL;
	g_autoptr(GError) error = NULL;
	GVariantDict dict;
	guint port = 0;

	if (watch->picked >= watch->model.flows->len)
		return;
	flow = g_ptr_array_index(watch->model.flows, watch->picked);
	host = split_place(ctl_text(flow->flow, "to"), &port);
	if (!host)
		return;
	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "host", "s", host);
	g_variant_dict_insert(&dict, "port", "u", port);
	g_variant_dict_insert(&dict, "uid", "u", (guint)ctl_number(flow->flow, "uid"));
	g_variant_dict_insert(&dict, "program", "s", ctl_text(flow->flow, "program"));
	if (client_call(watch->ctl, "route", g_variant_dict_end(&dict), NULL, NULL, &reply,
			&error) != CTL_OK) {
		set_note(watch, g_strdup(error->message));
		return;
	}
	g_variant_lookup(reply, "steps", "^a&s", &steps);
	set_note(watch, g_strjoinv("\n", (char **)steps));
}

/* Return: false when the user has had enough */
static bool take_key(struct watch *watch, int key)
{
	guint count = watch->model.flows->len;

	switch (key) {
	case 'q':
		return false;
	case 's':
		watch->model.sort = (watch->model.sort + 1) % WATCH_SORTS;
		watch_model_sort(&watch->model);
		break;
	case KEY_UP:
	case 'k':
		watch->picked -= watch->picked ? 1 : 0;
		break;
	case KEY_DOWN:
	case 'j':
		watch->picked += watch->picked + 1 < count ? 1 : 0;
		break;
	case 'r':
		explain(watch);
		break;
	case ERR:
	case ' ':
		set_note(watch, NULL);
		ask_status(watch);
		break;
	}
	return true;
}

static void run(struct watch *watch)
{
	initscr();
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	curs_set(0);
	ask_status(watch);
	do {
		draw(watch);
		timeout(watch->interval * 1000);
	} while (take_key(watch, getch()));
	endwin();
}

int ctl_watch(struct ctl *ctl, int argc, char **argv)
{
	struct watch watch = { .ctl = ctl, .interval = INTERVAL_MIN };
	const GOptionEntry entries[] = {
		{ "interval", 'n', 0, G_OPTION_ARG_INT, &watch.interval,
		  "seconds between two looks (1)", "SECONDS" },
		{ NULL },
	};
	const struct ctl_usage usage = {
		.words = "eswrapctl watch",
		.summary = "The module, the line and the connections, live.",
		.entries = entries,
	};

	if (!ctl_parse(ctl, &usage, &argc, &argv))
		return CTL_USAGE;
	if (watch.interval < INTERVAL_MIN || watch.interval > INTERVAL_MAX) {
		ctl_error(ctl, "-n takes %d to %d seconds", INTERVAL_MIN, INTERVAL_MAX);
		return CTL_USAGE;
	}
	if (ctl->json || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		ctl_error(ctl, "watch needs a terminal; `status` and `flows` are for scripts");
		return CTL_USAGE;
	}
	watch.wide = !strcmp(nl_langinfo(CODESET), "UTF-8");
	watch.events = g_ptr_array_new_with_free_func(g_free);
	watch_model_init(&watch.model);
	run(&watch);
	watch_model_clear(&watch.model);
	g_ptr_array_unref(watch.events);
	g_free(watch.note);
	return CTL_OK;
}
