// SPDX-License-Identifier: MIT
/* Mistakes and warnings, with file, line, group and key before them. */
#include "config/loader.h"

void loader_mistake(struct loader *l, const char *format, ...)
{
	guint line = ini_line(l->ini, l->group, l->key);
	va_list args;

	if (l->mistakes->len)
		g_string_append_c(l->mistakes, '\n');
	g_string_append(l->mistakes, l->path);
	/* What is missing is on no line. */
	if (line)
		g_string_append_printf(l->mistakes, ":%u", line);
	g_string_append_printf(l->mistakes, ": [%s]", l->group);
	if (l->key)
		g_string_append_printf(l->mistakes, " %s", l->key);
	g_string_append(l->mistakes, ": ");
	va_start(args, format);
	g_string_append_vprintf(l->mistakes, format, args);
	va_end(args);
}

void loader_warning(struct loader *l, guint line, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	if (!l->warnings)
		return;
	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	g_ptr_array_add(l->warnings, g_strdup_printf("%s:%u: %s", l->path, line, text));
}
