// SPDX-License-Identifier: MIT
/* The command line. */
#include "eswrap-fake/options.h"
#include "eswrap-fake/flash.h"
#include "eswrap-fake/loop.h"
#include "eswrap-fake/report.h"

#include <arpa/inet.h>
#include <config.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BAUD_DEFAULT 115200 /* at power-up [Inventek, ST, Zephyr] */
#define BAUD_MAX     4000000
#define MS_MAX	     3600000.0
#define MAC_DEFAULT  "c4:7f:51:00:00:01" /* the first half is Inventek's */
#define AP_DEFAULT   "eswrap-fake"
#define REVISION_MAX 24 /* what ST's driver has room for */
#define AS_DEFAULT   "C3.5.2.5"
#define SWITCHES_MAX 48

/* The strings of the command line, before they are checked. */
struct raw {
	char *listen, *pty, *baud, *boot, *payload, *connect, *join, *flash, *trace, *revision;
	char *banner, *pause, *seed, *mac, *all_names, *ready_fd, *as, *tls_sockets, *without;
	char *switches[SWITCHES_MAX];
	char **latency, **access_points, **resolve, **faults;
	gboolean version;
};

static const char *const security_words[SECURITY_COUNT] = {
	[SECURITY_OPEN] = "open",	  [SECURITY_WEP] = "wep",
	[SECURITY_WPA] = "wpa",		  [SECURITY_WPA2] = "wpa2",
	[SECURITY_WPA_WPA2] = "wpa-wpa2", [SECURITY_WPA2_TKIP] = "wpa2-tkip",
};

static bool bad(GError **error, const char *option, const char *value, const char *allowed)
{
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s %s: give %s", option,
		    value, allowed);
	return false;
}

static bool parse_ms(const char *text, gint64 *ns)
{
	char *end;
	double ms = g_ascii_strtod(text, &end);

	if (end == text || *end || !(ms >= 0 && ms <= MS_MAX))
		return false;
	*ns = ms * NS_PER_MS;
	return true;
}

static bool set_ms(const char *option, const char *text, gint64 *ns, GError **error)
{
	if (text && !parse_ms(text, ns))
		return bad(error, option, text, "milliseconds, 0 to 3600000");
	return true;
}

static bool set_baud(struct options *options, const char *text, GError **error)
{
	guint64 baud;

	options->baud = BAUD_DEFAULT;
	if (!text)
		return true;
	if (!g_ascii_string_to_unsigned(text, 10, 0, BAUD_MAX, &baud, NULL) || (baud && baud < 300))
		return bad(error, "baud", text, "0 (no pacing) or a rate, 300 to 4000000 bit/s");
	options->paced = baud != 0;
	if (baud)
		options->baud = baud;
	return true;
}

static bool add_time(struct options *options, const char *text, GError **error)
{
	struct command_time time = { .name = NULL };
	const char *equals = strchr(text, '=');

	if (!parse_ms(equals ? equals + 1 : text, &time.ns) || (equals && equals != text + 2))
		return bad(error, "latency", text, "MS, or COMMAND=MS with 0 to 3600000 ms");
	if (equals)
		time.name = g_strndup(text, 2);
	times_add(options->times, &time);
	return true;
}

static bool parse_security(const char *word, enum security *security)
{
	unsigned int i;

	for (i = 0; i < SECURITY_COUNT; i++) {
		if (g_str_equal(word, security_words[i])) {
			*security = i;
			return true;
		}
	}
	return false;
}

/* SSID:PASSPHRASE:SECURITY. A passphrase may hold colons, so the outer two count. */
static bool add_access_point(struct options *options, const char *text, GError **error)
{
	const char *first = strchr(text, ':'), *last = strrchr(text, ':');
	struct access_point point = { .ssid = NULL };

	if (!first || first == last || first == text || first - text > SSID_MAX ||
	    last - first - 1 > PASSPHRASE_MAX || !parse_security(last + 1, &point.security) ||
	    (point.security == SECURITY_OPEN) != (last == first + 1))
		return bad(error, "access-point", text,
			   "SSID:PASSPHRASE:SECURITY, an SSID of 1 to 32 bytes without a colon and "
			   "one of open, wep, wpa, wpa2, wpa-wpa2, wpa2-tkip; no passphrase with "
			   "open");
	point.ssid = g_strndup(text, first - text);
	point.passphrase = g_strndup(first + 1, last - first - 1);
	g_array_append_val(options->access_points, point);
	return true;
}

static bool add_name(struct options *options, const char *text, GError **error)
{
	const char *equals = strchr(text, '=');
	struct name name;

	if (!equals || equals == text || !inet_aton(equals + 1, &name.address))
		return bad(error, "resolve", text, "NAME=ADDRESS with an IPv4 address");
	name.name = g_strndup(text, equals - text);
	g_array_append_val(options->names, name);
	return true;
}

static bool set_mac(struct options *options, const char *text, GError **error)
{
	static const char shape[] = "xx:xx:xx:xx:xx:xx";
	unsigned int i;

	options->mac = g_strdup(text ? text : MAC_DEFAULT);
	if (strlen(options->mac) != strlen(shape))
		return bad(error, "mac", text, "six pairs of hexadecimal digits with colons");
	for (i = 0; shape[i]; i++)
		if (shape[i] == ':' ? options->mac[i] != ':' : !g_ascii_isxdigit(options->mac[i]))
			return bad(error, "mac", text,
				   "six pairs of hexadecimal digits with colons");
	return true;
}

static bool set_revision(struct options *options, const struct raw *raw, GError **error)
{
	char **place = &options->firmware.identity.firmware;

	if (!raw->revision)
		return true;
	g_free(*place);
	*place = g_strdup(raw->revision);
	if (!**place || strlen(*place) > REVISION_MAX || strpbrk(*place, ",\r\n"))
		return bad(error, "revision", *place,
			   "1 to 24 characters without a comma, like C3.5.2.5.STM");
	return true;
}

/* More commands that it does not know. */
static bool add_without(struct options *options, const char *list, GError **error)
{
	g_auto(GStrv) names = NULL;
	g_autofree char *joined = NULL, *old = NULL;
	char **each;

	if (!list)
		return true;
	names = g_strsplit(list, ",", -1);
	for (each = names; *each; each++)
		if (strlen(*each) < 1 || strlen(*each) > 2)
			return bad(error, "without", list, "commands, like PE,MS");
	old = g_strjoinv(",", options->firmware.without);
	joined = *old ? g_strjoin(",", old, list, NULL) : g_strdup(list);
	g_strfreev(options->firmware.without);
	options->firmware.without = g_strsplit(joined, ",", -1);
	return true;
}

static bool set_as(struct options *options, const char *as, GError **error)
{
	g_autofree char *profiles = NULL;

	if (firmware_init(&options->firmware, as ? as : AS_DEFAULT))
		return true;
	if (strchr(as, '/') || g_file_test(as, G_FILE_TEST_EXISTS))
		return report_read(as, &options->firmware, options->times, error);
	profiles = firmware_profiles();
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
		    "--as %s: use one of %s, or the file of a report", as, profiles);
	return false;
}

/* The profile first, wherever it stands on the command line, then what differs from it. */
static bool set_firmware(struct options *options, const struct raw *raw, GError **error)
{
	struct firmware_switch each;
	guint64 sockets;
	unsigned int i;

	if (!set_as(options, raw->as, error))
		return false;
	for (i = 0; firmware_each(i, &each); i++)
		if (raw->switches[i] &&
		    !firmware_set(&options->firmware, each.name, raw->switches[i], error))
			return false;
	if (raw->tls_sockets) {
		if (!g_ascii_string_to_unsigned(raw->tls_sockets, 10, 1, 4, &sockets, NULL))
			return bad(error, "tls-sockets", raw->tls_sockets, "a number, 1 to 4");
		options->firmware.tls_sockets = sockets;
	}
	if (raw->banner) {
		g_free(options->firmware.banner);
		options->firmware.banner = g_strcompress(raw->banner);
	}
	return set_revision(options, raw, error) && add_without(options, raw->without, error);
}

static bool set_ends(struct options *options, const struct raw *raw, GError **error)
{
	guint64 fd;

	if (!raw->listen == !raw->pty) {
		g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
				    "give either --listen PATH or --pty LINK");
		return false;
	}
	options->listen = g_strdup(raw->listen);
	options->pty = g_strdup(raw->pty);
	options->flash = g_strdup(raw->flash);
	options->trace = g_strdup(raw->trace);
	options->ready_fd = -1;
	if (!raw->ready_fd)
		return true;
	if (!g_ascii_string_to_unsigned(raw->ready_fd, 10, 0, 1023, &fd, NULL))
		return bad(error, "ready-fd", raw->ready_fd, "the number of an open descriptor");
	options->ready_fd = fd;
	return true;
}

static bool set_disturbances(struct options *options, const struct raw *raw, GError **error)
{
	guint64 seed = 1;

	if (raw->seed && !g_ascii_string_to_unsigned(raw->seed, 10, 0, G_MAXUINT32, &seed, NULL))
		return bad(error, "seed", raw->seed, "a number, 0 to 4294967295");
	options->seed = seed;
	options->faults = g_strdupv(raw->faults);
	return set_ms("pause", raw->pause, &options->pause_ns, error);
}

static bool set_lists(struct options *options, const struct raw *raw, GError **error)
{
	char **each;

	for (each = raw->latency; each && *each; each++)
		if (!add_time(options, *each, error))
			return false;
	for (each = raw->access_points; each && *each; each++)
		if (!add_access_point(options, *each, error))
			return false;
	if (!options->access_points->len &&
	    !add_access_point(options, AP_DEFAULT ":" AP_DEFAULT ":wpa2", error))
		return false;
	for (each = raw->resolve; each && *each; each++)
		if (!add_name(options, *each, error))
			return false;
	options->resolve_all = raw->all_names != NULL;
	if (raw->all_names && !inet_aton(raw->all_names, &options->all_names))
		return bad(error, "resolve-all", raw->all_names, "an IPv4 address");
	return true;
}

static bool check(struct options *options, const struct raw *raw, GError **error)
{
	options->boot_ns = 100 * NS_PER_MS;
	options->payload_ns = -1;
	options->connect_ns = 10000 * NS_PER_MS;
	/* First, since a report may say some of the rest. */
	return set_firmware(options, raw, error) && set_ends(options, raw, error) &&
	       set_baud(options, raw->baud, error) &&
	       set_ms("boot-time", raw->boot, &options->boot_ns, error) &&
	       set_ms("payload-timeout", raw->payload, &options->payload_ns, error) &&
	       set_ms("connect-timeout", raw->connect, &options->connect_ns, error) &&
	       set_ms("join-time", raw->join, &options->join_ns, error) &&
	       set_mac(options, raw->mac, error) && set_disturbances(options, raw, error) &&
	       set_lists(options, raw, error);
}

static void free_raw(struct raw *raw)
{
	unsigned int i;

	g_free(raw->listen);
	g_free(raw->pty);
	g_free(raw->baud);
	g_free(raw->boot);
	g_free(raw->payload);
	g_free(raw->connect);
	g_free(raw->join);
	g_free(raw->flash);
	g_free(raw->trace);
	g_free(raw->revision);
	g_free(raw->banner);
	g_free(raw->as);
	g_free(raw->tls_sockets);
	g_free(raw->without);
	for (i = 0; i < SWITCHES_MAX; i++)
		g_free(raw->switches[i]);
	g_free(raw->pause);
	g_free(raw->seed);
	g_free(raw->mac);
	g_free(raw->all_names);
	g_free(raw->ready_fd);
	g_strfreev(raw->latency);
	g_strfreev(raw->access_points);
	g_strfreev(raw->resolve);
	g_strfreev(raw->faults);
}

static void clear_access_point(void *data)
{
	struct access_point *point = data;

	g_free(point->ssid);
	g_free(point->passphrase);
}

static void clear_name(void *data)
{
	g_free(((struct name *)data)->name);
}

static void clear_time(void *data)
{
	g_free(((struct command_time *)data)->name);
}

static void init_arrays(struct options *options)
{
	options->access_points = g_array_new(FALSE, FALSE, sizeof(struct access_point));
	g_array_set_clear_func(options->access_points, clear_access_point);
	options->names = g_array_new(FALSE, FALSE, sizeof(struct name));
	g_array_set_clear_func(options->names, clear_name);
	options->times = g_array_new(FALSE, FALSE, sizeof(struct command_time));
	g_array_set_clear_func(options->times, clear_time);
}

/* The switches of the firmware, in a group of their own: --help-firmware. */
static GOptionGroup *switch_group(struct raw *raw)
{
	GOptionGroup *group = g_option_group_new("firmware", "What the firmware does:",
						 "Show the switches of the firmware", NULL, NULL);
	GOptionEntry entries[SWITCHES_MAX + 1] = { { NULL } };
	struct firmware_switch each;
	unsigned int i;

	for (i = 0; firmware_each(i, &each); i++) {
		g_assert(i < SWITCHES_MAX);
		entries[i] = (GOptionEntry){
			.long_name = each.name,
			.arg = G_OPTION_ARG_STRING,
			.arg_data = &raw->switches[i],
			.description = each.help,
			.arg_description = each.words,
		};
	}
	g_option_group_add_entries(group, entries);
	return group;
}

/* Reads the words of the command line; their meaning is check()'s business. */
static bool read_words(struct raw *raw, int argc, char **argv, GError **error)
{
#define TEXT(name, field, unit, help)                                      \
	{                                                                  \
		name, 0, 0, G_OPTION_ARG_FILENAME, &raw->field, help, unit \
	}
#define TEXTS(name, field, unit, help)                                           \
	{                                                                        \
		name, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &raw->field, help, unit \
	}
	const GOptionEntry entries[] = {
		TEXT("listen", listen, "PATH", "offer the port as a unix stream socket"),
		TEXT("pty", pty, "LINK", "offer the port as a pseudo-terminal, linked from LINK"),
		TEXT("baud", baud, "RATE", "rate at power-up; bytes take their time"),
		TEXTS("latency", latency, "[COMMAND=]MS", "time before each answer"),
		TEXT("boot-time", boot, "MS", "time from a reset to the prompt (100)"),
		TEXT("payload-timeout", payload, "MS", "longest pause in a payload"),
		TEXT("connect-timeout", connect, "MS", "how long P6=1 tries (10000)"),
		TEXT("join-time", join, "MS", "how long an attempt of C0 takes (0)"),
		TEXT("flash", flash, "FILE", "where credentials and settings are kept"),
		TEXT("as", as, "PROFILE|FILE", "which firmware it is, or what a report says"),
		TEXT("revision", revision, "REVISION", "firmware revision in I?"),
		TEXT("tls-sockets", tls_sockets, "N", "TLS connections at a time"),
		TEXT("without", without, "COMMANDS", "commands that it does not know"),
		TEXT("mac", mac, "ADDRESS", "what Z5 says"),
		TEXTS("resolve", resolve, "NAME=ADDRESS", "what D0 finds for NAME"),
		TEXT("resolve-all", all_names, "ADDRESS", "what D0 finds for any other name"),
		TEXTS("access-point", access_points, "SSID:PASSPHRASE:SECURITY",
		      "a network in range (eswrap-fake:eswrap-fake:wpa2)"),
		TEXT("trace", trace, "FILE", "record every byte both ways"),
		TEXT("banner", banner, "TEXT", "printed before the prompt at every start"),
		TEXT("pause", pause, "MS", "pauses of up to MS inside answers"),
		TEXT("seed", seed, "N", "where these pauses are (1)"),
		TEXTS("fault", faults, "SPEC", "what goes wrong, and when: see eswrap-fake(1)"),
		TEXT("ready-fd", ready_fd, "N", "write a line to descriptor N when ready"),
		{ "version", 0, 0, G_OPTION_ARG_NONE, &raw->version, "print the version", NULL },
		{ NULL },
	};
#undef TEXT
#undef TEXTS
	GOptionContext *context = g_option_context_new("- simulated eS-WiFi module");
	bool ok;

	g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_add_group(context, switch_group(raw));
	ok = g_option_context_parse(context, &argc, &argv, error);
	g_option_context_free(context);
	if (ok && raw->version) {
		g_print("eswrap-fake %s\n", PACKAGE_VERSION);
		exit(EXIT_SUCCESS);
	}
	if (ok && argc > 1) {
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
			    "%s: not an option (see --help)", argv[1]);
		ok = false;
	}
	return ok;
}

bool options_parse(struct options *options, int argc, char **argv, GError **error)
{
	struct raw raw = { .listen = NULL };
	bool ok;

	memset(options, 0, sizeof(*options));
	init_arrays(options);
	ok = read_words(&raw, argc, argv, error) && check(options, &raw, error);
	free_raw(&raw);
	return ok;
}

void options_free(struct options *options)
{
	g_array_unref(options->access_points);
	g_array_unref(options->names);
	g_array_unref(options->times);
	g_free(options->listen);
	g_free(options->pty);
	g_free(options->flash);
	g_free(options->trace);
	firmware_free(&options->firmware);
	g_free(options->mac);
	g_strfreev(options->faults);
}
