/* SPDX-License-Identifier: MIT */
/*
 * Where things stand in a configuration file: GKeyFile keeps no line numbers, and accepts groups
 * and keys that stand twice.
 */
#ifndef ESWRAP_CONFIG_INI_H
#define ESWRAP_CONFIG_INI_H

#include <glib.h>

struct ini;

/**
 * ini_scan() - note the line of every group and key
 * @text:	the file; valid UTF-8
 * @complain:	called for each line that GKeyFile would refuse or quietly merge
 * @user:	for @complain
 * @clean:	the text without byte order mark, carriage returns and blanks at the ends of lines
 *
 * Return: the table, to be freed with ini_free().
 */
struct ini *ini_scan(const char *text,
		     void (*complain)(guint line, const char *message, gpointer user),
		     gpointer user, char **clean);
void ini_free(struct ini *ini);

/* ini_line() - the line of a key, or of its group where key is NULL; 0 where there is none */
guint ini_line(const struct ini *ini, const char *group, const char *key);

/**
 * ini_nearest() - the word that somebody may have meant
 * @word:	what was written
 * @known:	words to choose from, NULL at the end
 *
 * Return: one of @known that differs in less than half of its letters, or NULL.
 */
const char *ini_nearest(const char *word, const char *const *known);

#endif
