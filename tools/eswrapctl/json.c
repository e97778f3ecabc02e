// SPDX-License-Identifier: MIT
/*
 * GVariant to JSON, for the kinds of values that the broker sends. Dictionaries with string keys
 * become objects, arrays and tuples become arrays, all numbers become numbers.
 */
#include "eswrapctl/ctl.h"

#include <math.h>

static void put_string(const char *text, GString *to)
{
	char *good = g_utf8_make_valid(text, -1);
	const char *p;

	g_string_append_c(to, '"');
	for (p = good; *p; p++) {
		if (*p == '"' || *p == '\\')
			g_string_append_printf(to, "\\%c", *p);
		else if ((guint8)*p < ' ' || *p == '\x7f')
			g_string_append_printf(to, "\\u%04x", (guint)*p);
		else
			g_string_append_c(to, *p);
	}
	g_string_append_c(to, '"');
	g_free(good);
}

static void put_double(double value, GString *to)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];

	/* JSON has no other words for them. */
	g_string_append(to, isfinite(value) ? g_ascii_dtostr(text, sizeof(text), value) : "null");
}

static void put_object(GVariant *value, GString *to)
{
	GVariantIter iter;
	GVariant *entry;
	bool first = true;

	g_string_append_c(to, '{');
	g_variant_iter_init(&iter, value);
	while ((entry = g_variant_iter_next_value(&iter))) {
		GVariant *name = g_variant_get_child_value(entry, 0);
		GVariant *inner = g_variant_get_child_value(entry, 1);

		if (!first)
			g_string_append(to, ", ");
		first = false;
		put_string(g_variant_get_string(name, NULL), to);
		g_string_append(to, ": ");
		json_from_variant(inner, to);
		g_variant_unref(inner);
		g_variant_unref(name);
		g_variant_unref(entry);
	}
	g_string_append_c(to, '}');
}

static void put_array(GVariant *value, GString *to)
{
	gsize i, n = g_variant_n_children(value);

	g_string_append_c(to, '[');
	for (i = 0; i < n; i++) {
		GVariant *child = g_variant_get_child_value(value, i);

		g_string_append(to, i ? ", " : "");
		json_from_variant(child, to);
		g_variant_unref(child);
	}
	g_string_append_c(to, ']');
}

void json_from_variant(GVariant *value, GString *to)
{
	GVariant *inner;

	switch (g_variant_classify(value)) {
	case G_VARIANT_CLASS_BOOLEAN:
		g_string_append(to, g_variant_get_boolean(value) ? "true" : "false");
		break;
	case G_VARIANT_CLASS_BYTE:
		g_string_append_printf(to, "%u", g_variant_get_byte(value));
		break;
	case G_VARIANT_CLASS_INT16:
		g_string_append_printf(to, "%d", g_variant_get_int16(value));
		break;
	case G_VARIANT_CLASS_UINT16:
		g_string_append_printf(to, "%u", g_variant_get_uint16(value));
		break;
	case G_VARIANT_CLASS_INT32:
		g_string_append_printf(to, "%d", g_variant_get_int32(value));
		break;
	case G_VARIANT_CLASS_UINT32:
		g_string_append_printf(to, "%u", g_variant_get_uint32(value));
		break;
	case G_VARIANT_CLASS_INT64:
		g_string_append_printf(to, "%" G_GINT64_FORMAT, g_variant_get_int64(value));
		break;
	case G_VARIANT_CLASS_UINT64:
		g_string_append_printf(to, "%" G_GUINT64_FORMAT, g_variant_get_uint64(value));
		break;
	case G_VARIANT_CLASS_DOUBLE:
		put_double(g_variant_get_double(value), to);
		break;
	case G_VARIANT_CLASS_STRING:
	case G_VARIANT_CLASS_OBJECT_PATH:
	case G_VARIANT_CLASS_SIGNATURE:
		put_string(g_variant_get_string(value, NULL), to);
		break;
	case G_VARIANT_CLASS_VARIANT:
		inner = g_variant_get_variant(value);
		json_from_variant(inner, to);
		g_variant_unref(inner);
		break;
	case G_VARIANT_CLASS_ARRAY:
		if (g_variant_is_of_type(value, G_VARIANT_TYPE("a{s*}")))
			put_object(value, to);
		else
			put_array(value, to);
		break;
	case G_VARIANT_CLASS_TUPLE:
	case G_VARIANT_CLASS_DICT_ENTRY:
		put_array(value, to);
		break;
	case G_VARIANT_CLASS_HANDLE:
	case G_VARIANT_CLASS_MAYBE:
		g_string_append(to, "null");
		break;
	}
}
