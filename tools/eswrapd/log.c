// SPDX-License-Identifier: MIT
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "eswrapd/log.h"

static gboolean to_journal;
static GLogLevelFlags least;

static const char *priority(GLogLevelFlags level)
{
	if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
		return SD_ERR;
	if (level & G_LOG_LEVEL_WARNING)
		return SD_WARNING;
	if (level & G_LOG_LEVEL_MESSAGE)
		return SD_NOTICE;
	return level & G_LOG_LEVEL_INFO ? SD_INFO : SD_DEBUG;
}

static GLogWriterOutput write_line(GLogLevelFlags level, const GLogField *fields, gsize n,
				   gpointer user G_GNUC_UNUSED)
{
	const char *text = "";
	GString *line;
	gsize i;

	/* GLib's levels grow as they matter less. */
	if ((level & G_LOG_LEVEL_MASK) > least)
		return G_LOG_WRITER_HANDLED;
	for (i = 0; i < n; i++)
		if (strcmp(fields[i].key, "MESSAGE") == 0)
			text = fields[i].value;
	line = g_string_new(to_journal ? priority(level) : "eswrapd: ");
	g_string_append(line, text);
	/* One event, one line, and nothing that a terminal would obey: names come from programs. */
	for (i = 0; i < line->len; i++)
		if ((guint8)line->str[i] < ' ' || line->str[i] == 0x7f)
			line->str[i] = ' ';
	g_string_append_c(line, '\n');
	if (write(STDERR_FILENO, line->str, line->len) < 0)
		least = 0; /* nobody reads it: stop */
	g_string_free(line, TRUE);
	return G_LOG_WRITER_HANDLED;
}

void log_init(int verbosity)
{
	least = verbosity >= 2	 ? G_LOG_LEVEL_DEBUG
		: verbosity == 1 ? G_LOG_LEVEL_INFO
				 : G_LOG_LEVEL_MESSAGE;
	to_journal = g_log_writer_is_journald(STDERR_FILENO);
	g_log_set_writer_func(write_line, NULL, NULL);
}
