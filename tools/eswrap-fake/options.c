// SPDX-License-Identifier: MIT
/* The command line. */
#include "eswrap-fake/options.h"
#include "eswrap-fake/flash.h"
#include "eswrap-fake/loop.h"

#include <arpa/inet.h>
#include <config.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BAUD_DEFAULT  115200 /* at power-up [Inventek, ST, Zephyr] */
#define BAUD_MAX      4000000
#define MS_MAX	      3600000.0
#define MAC_DEFAULT   "c4:7f:51:00:00:01" /* the first half is Inventek's */
#define AP_DEFAULT    "eswrap-fake"
#define REVISION_NOTE "C3.5.2.5"
#define REVISION_ST   "C3.5.2.5.STM"
#define REVISION_MAX  24 /* what ST's driver has room for */

/* The strings of the command line, before they are checked. */
struct raw {
	char *listen, *pty, *baud, *boot, *payload, *connect, *flash, *trace, *firmware, *revision;
	char *banner, *pause, *seed, *mac, *gone, *empty, *names, *tls, *all_names, *ready_fd;
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

/* One of two words; no word leaves @value alone. */
static bool set_word(const char *option, const char *text, const char *no, const char *yes,
		     bool *value, GError **error)
{
	char *allowed;

	if (!text)
		return true;
	*value = g_str_equal(text, yes);
	if (*value || g_str_equal(text, no))
		return true;
	allowed = g_strdup_printf("%s or %s", no, yes);
	bad(error, option, text, allowed);
	g_free(allowed);
	return false;
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
	if (equals) {
		time.name = g_strndup(text, 2);
		g_array_prepend_val(options->times, time);
	} else {
		g_array_append_val(options->times, time);
	}
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

static bool set_dialect(struct options *options, const struct raw *raw, GError **error)
{
	bool st = false;

	if (!set_word("firmware", raw->firmware, "note", "st", &st, error))
		return false;
	options->dialect = st ? DIALECT_ST : DIALECT_NOTE;
	options->revision = g_strdup(raw->revision ? raw->revision
				     : st	   ? REVISION_ST
						   : REVISION_NOTE);
	if (!*options->revision || strlen(options->revision) > REVISION_MAX ||
	    strpbrk(options->revision, ",\r\n"))
		return bad(error, "revision", options->revision,
			   "1 to 24 characters without a comma, like C3.5.2.5.STM");
	return true;
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
	if (raw->banner)
		options->banner = g_strcompress(raw->banner);
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
	options->payload_ns = 2000 * NS_PER_MS;
	options->connect_ns = 10000 * NS_PER_MS;
	return set_ends(options, raw, error) && set_baud(options, raw->baud, error) &&
	       set_ms("boot-time", raw->boot, &options->boot_ns, error) &&
	       set_ms("payload-timeout", raw->payload, &options->payload_ns, error) &&
	       set_ms("connect-timeout", raw->connect, &options->connect_ns, error) &&
	       set_dialect(options, raw, error) && set_mac(options, raw->mac, error) &&
	       set_word("gone", raw->gone, "ok", "error", &options->error_gone, error) &&
	       set_word("empty", raw->empty, "long", "short", &options->short_empty, error) &&
	       set_word("server-name", raw->names, "ignored", "checked", &options->check_names,
			error) &&
	       set_word("tls", raw->tls, "1.2", "1.3", &options->tls13, error) &&
	       set_disturbances(options, raw, error) && set_lists(options, raw, error);
}

static void free_raw(struct raw *raw)
{
	g_free(raw->listen);
	g_free(raw->pty);
	g_free(raw->baud);
	g_free(raw->boot);
	g_free(raw->payload);
	g_free(raw->connect);
	g_free(raw->flash);
	g_free(raw->trace);
	g_free(raw->firmware);
	g_free(raw->revision);
	g_free(raw->banner);
	g_free(raw->pause);
	g_free(raw->seed);
	g_free(raw->mac);
	g_free(raw->gone);
	g_free(raw->empty);
	g_free(raw->names);
	g_free(raw->tls);
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
		TEXT("payload-timeout", payload, "MS", "longest pause in a payload (2000)"),
		TEXT("connect-timeout", connect, "MS", "how long P6=1 tries (10000)"),
		TEXT("flash", flash, "FILE", "where credentials and settings are kept"),
		TEXT("firmware", firmware, "note|st", "form of PF and PG (note)"),
		TEXT("revision", revision, "REVISION", "firmware revision in I?"),
		TEXT("mac", mac, "ADDRESS", "what Z5 says"),
		TEXT("gone", gone, "ok|error", "what follows the -1 of a closed connection (ok)"),
		TEXT("empty", empty, "long|short", "form of an answer without data (long)"),
		TEXT("server-name", names, "ignored|checked",
		     "whether the certificate must carry the name (ignored)"),
		TEXT("tls", tls, "1.2|1.3", "newest version of TLS (1.2)"),
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
	g_free(options->revision);
	g_free(options->mac);
	g_free(options->banner);
	g_strfreev(options->faults);
}
