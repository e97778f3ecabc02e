// SPDX-License-Identifier: MIT
/* The lines of an INI file: where each group and key stands, and what GKeyFile would let pass. */
#include "config/ini.h"

#include <string.h>

struct ini {
	GHashTable *of; /* "GROUP" or "GROUP\nKEY" -> line; neither can hold a newline */
};

struct scan {
	struct ini *ini;
	void (*complain)(guint line, const char *message, gpointer user);
	gpointer user;
	char *group;
};

static void G_GNUC_PRINTF(3, 4) complain(struct scan *scan, guint line, const char *format, ...)
{
	g_autofree char *message = NULL;
	va_list args;

	va_start(args, format);
	message = g_strdup_vprintf(format, args);
	va_end(args);
	scan->complain(line, message, scan->user);
}

static char *place(const char *group, const char *key)
{
	return key ? g_strconcat(group, "\n", key, NULL) : g_strdup(group);
}

guint ini_line(const struct ini *ini, const char *group, const char *key)
{
	g_autofree char *name = place(group, key);

	return GPOINTER_TO_UINT(g_hash_table_lookup(ini->of, name));
}

/* Return: false where the place is taken already. */
static void note(struct scan *scan, guint line, const char *key)
{
	guint first = ini_line(scan->ini, scan->group, key);

	if (first && key)
		complain(scan, line, "[%s] %s: duplicate; first defined on line %u", scan->group,
			 key, first);
	else if (first)
		complain(scan, line, "[%s]: duplicate; first defined on line %u", scan->group,
			 first);
	else
		g_hash_table_insert(scan->ini->of, place(scan->group, key), GUINT_TO_POINTER(line));
}

static void scan_group(struct scan *scan, guint line, const char *text)
{
	size_t len = strlen(text);

	if (text[len - 1] != ']' || len < 3 || strcspn(text + 1, "[]") != len - 2) {
		complain(scan, line,
			 "\"%s\" is not a group; write [name] and nothing else on the line", text);
		return;
	}
	g_free(scan->group);
	scan->group = g_strndup(text + 1, len - 2);
	note(scan, line, NULL);
}

static void scan_key(struct scan *scan, guint line, const char *text)
{
	const char *equals = strchr(text, '=');
	g_autofree char *key = NULL;

	if (!equals || equals == text) {
		complain(scan, line, "\"%s\" is not KEY = VALUE, [GROUP] or a # comment", text);
		return;
	}
	key = g_strchomp(g_strndup(text, (gsize)(equals - text)));
	if (!scan->group)
		complain(scan, line, "%s: stands before the first [GROUP]", key);
	else
		note(scan, line, key);
}

struct ini *ini_scan(const char *text,
		     void (*complaint)(guint line, const char *message, gpointer user),
		     gpointer user, char **clean)
{
	struct scan scan = { g_new0(struct ini, 1), complaint, user, NULL };
	g_auto(GStrv) lines = NULL;
	guint i;

	scan.ini->of = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (g_str_has_prefix(text, "\xef\xbb\xbf"))
		text += 3;
	lines = g_strsplit(text, "\n", -1);
	for (i = 0; lines[i]; i++) {
		const char *line = g_strstrip(lines[i]);

		if (*line == '[')
			scan_group(&scan, i + 1, line);
		else if (*line != '\0' && *line != '#')
			scan_key(&scan, i + 1, line);
	}
	*clean = g_strjoinv("\n", lines);
	g_free(scan.group);
	return scan.ini;
}

void ini_free(struct ini *ini)
{
	if (!ini)
		return;
	g_hash_table_destroy(ini->of);
	g_free(ini);
}

/*
 * Letters to insert, delete, replace or swap with their neighbour (optimal string alignment): the
 * usual matrix, of which three rows are needed at a time.
 */
static size_t distance(const char *a, const char *b)
{
	size_t n = strlen(b), i, j;
	g_autofree size_t *rows = g_new0(size_t, 3 * (n + 1));
	size_t *before = rows, *last = before + n + 1, *row = last + n + 1, *oldest;

	for (j = 0; j <= n; j++)
		row[j] = j;
	for (i = 1; a[i - 1]; i++) {
		oldest = before;
		before = last;
		last = row;
		row = oldest;
		row[0] = i;
		for (j = 1; j <= n; j++) {
			row[j] = MIN(last[j - 1] + (a[i - 1] != b[j - 1]),
				     MIN(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], before[j - 2] + 1);
		}
	}
	return row[n];
}

const char *ini_nearest(const char *word, const char *const *known)
{
	const char *best = NULL;
	size_t least = 0;

	for (; *known; known++) {
		size_t d = distance(word, *known);

		if (2 * d < MAX(strlen(word), strlen(*known)) && (!best || d < least)) {
			best = *known;
			least = d;
		}
	}
	return best;
}
