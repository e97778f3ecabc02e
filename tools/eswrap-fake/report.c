// SPDX-License-Identifier: MIT
/*
 * A report is text with groups of `key = value`: [eswrap-probe] with the profile that is nearest,
 * [identity] with the fields of I?, [behaviour] with the switches of firmware.c, [times] in
 * milliseconds. A value `?`, like a key that is not there, means that nobody knows: then the profile
 * holds. Groups and keys of later versions are passed over; a word that a known switch does not have
 * is an error, for a module that behaves otherwise than the report says helps nobody.
 */
#include "eswrap-fake/report.h"
#include "eswrap-fake/loop.h"

#include <string.h>

#define GROUP_HEAD     "eswrap-probe"
#define GROUP_IDENTITY "identity"
#define GROUP_SWITCHES "behaviour"
#define GROUP_TIMES    "times"
#define MS_MAX	       3600000.0

/* The value of a key, NULL when it is not known. Free with g_free(). */
static char *known(GKeyFile *file, const char *group, const char *key)
{
	char *value = g_key_file_get_string(file, group, key, NULL);

	if (value && (!*value || g_str_equal(value, "?")))
		g_clear_pointer(&value, g_free);
	return value;
}

static bool wrong(GError **error, const char *group, const char *key, const char *value)
{
	g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
		    "[%s] %s = %s: invalid value", group, key, value);
	return false;
}

static bool read_base(struct firmware *firmware, GKeyFile *file, GError **error)
{
	g_autofree char *base = known(file, GROUP_HEAD, "base");

	if (!g_key_file_has_group(file, GROUP_HEAD)) {
		g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_GROUP_NOT_FOUND,
			    "not a report of eswrapctl module probe: no group [%s]", GROUP_HEAD);
		return false;
	}
	if (!base)
		return true;
	firmware_free(firmware);
	return firmware_init(firmware, base) || wrong(error, GROUP_HEAD, "base", base);
}

static bool read_identity(struct firmware *firmware, GKeyFile *file, GError **error)
{
	struct identity *identity = &firmware->identity;
	const struct {
		const char *key;
		char **place;
	} fields[] = {
		{ "product", &identity->product }, { "firmware", &identity->firmware },
		{ "api", &identity->api },	   { "stack", &identity->stack },
		{ "rtos", &identity->rtos },	   { "clock", &identity->clock },
		{ "name", &identity->name },
	};
	char *value;
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(fields); i++) {
		value = known(file, GROUP_IDENTITY, fields[i].key);
		if (!value)
			continue;
		g_free(*fields[i].place);
		*fields[i].place = value;
		if (strpbrk(value, ",\r\n") || strlen(value) > 64)
			return wrong(error, GROUP_IDENTITY, fields[i].key, value);
	}
	return true;
}

static bool read_rates(struct firmware *firmware, GKeyFile *file, GError **error)
{
	g_autofree char *text = known(file, GROUP_SWITCHES, "rates");
	g_auto(GStrv) parts = NULL;
	unsigned int i, count;
	guint64 rate;

	if (!text || !g_ascii_isdigit(*text))
		return true;
	parts = g_strsplit(text, ";", -1);
	count = g_strv_length(parts);
	g_free(firmware->rate_list);
	firmware->rate_list = g_new0(unsigned int, count + 1);
	for (i = 0; i < count && *parts[i]; i++) {
		if (!g_ascii_string_to_unsigned(parts[i], 10, 300, 4000000, &rate, NULL))
			return wrong(error, GROUP_SWITCHES, "rates", text);
		firmware->rate_list[i] = rate;
	}
	return true;
}

/* What is a number or a list, and not one of the words. */
static bool read_rest(struct firmware *firmware, GKeyFile *file, GError **error)
{
	g_autofree char *sockets = known(file, GROUP_SWITCHES, "tls-sockets");
	g_autofree char *without = known(file, GROUP_SWITCHES, "without");
	guint64 number;

	if (sockets) {
		if (!g_ascii_string_to_unsigned(sockets, 10, 1, 4, &number, NULL))
			return wrong(error, GROUP_SWITCHES, "tls-sockets", sockets);
		firmware->tls_sockets = number;
	}
	if (without) {
		g_strfreev(firmware->without);
		firmware->without = g_strsplit(without, ";", -1);
	}
	return read_rates(firmware, file, error);
}

static bool read_switches(struct firmware *firmware, GKeyFile *file, GError **error)
{
	struct firmware_switch each;
	unsigned int i;
	char *word;
	bool ok;

	for (i = 0; firmware_each(i, &each); i++) {
		word = known(file, GROUP_SWITCHES, each.name);
		/* A list of rates is no word. */
		ok = !word || (g_str_equal(each.name, "rates") && g_ascii_isdigit(*word)) ||
		     firmware_set(firmware, each.name, word, error);
		g_free(word);
		if (!ok)
			return false;
	}
	return read_rest(firmware, file, error);
}

static bool read_times(GArray *times, gint64 *boot_ns, GKeyFile *file, GError **error)
{
	g_auto(GStrv) keys = g_key_file_get_keys(file, GROUP_TIMES, NULL, NULL);
	struct command_time time;
	char **key, *end;
	double ms;

	for (key = keys; key && *key; key++) {
		g_autofree char *value = known(file, GROUP_TIMES, *key);

		if (!value)
			continue;
		ms = g_ascii_strtod(value, &end);
		if (end == value || *end || !(ms >= 0 && ms <= MS_MAX))
			return wrong(error, GROUP_TIMES, *key, value);
		time.ns = ms * NS_PER_MS;
		if (g_str_equal(*key, "boot")) {
			*boot_ns = time.ns;
			continue;
		}
		if (!g_str_equal(*key, "command") && strlen(*key) > 2)
			continue;
		time.name = g_str_equal(*key, "command") ? NULL : g_strdup(*key);
		times_add(times, &time);
	}
	return true;
}

bool report_read(const char *path, struct firmware *firmware, GArray *times, gint64 *boot_ns,
		 GError **error)
{
	g_autoptr(GKeyFile) file = g_key_file_new();

	if (g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, error) &&
	    read_base(firmware, file, error) && read_identity(firmware, file, error) &&
	    read_switches(firmware, file, error) && read_times(times, boot_ns, file, error))
		return true;
	g_prefix_error(error, "--as %s: ", path);
	return false;
}
