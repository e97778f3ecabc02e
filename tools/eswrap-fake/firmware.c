// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of Operation
 *
 * One table has every switch: its name, its words, where its value is kept, and the word of each
 * profile. The command line (--NAME=WORD), the profiles (--as PROFILE) and the reports that come
 * from real modules (--as FILE) are three ways into that table, so that none can say what another
 * cannot. What each switch means, and how sure it is, stands in eswrap-fake(1).
 */
#include "eswrap-fake/firmware.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum profile { C3525, C3523, C621, NOTE, PROFILES };

static const char *const profile_names[PROFILES] = {
	[C3525] = "C3.5.2.5",
	[C3523] = "C3.5.2.3",
	[C621] = "C6.2.1",
	[NOTE] = "note",
};

struct row {
	const char *name;
	const char *words; /* with bars between */
	size_t offset;
	unsigned char value[PROFILES]; /* index of the word */
	const char *help;
};

#define AT(field) offsetof(struct firmware, field)
/* The values stand in the order C3.5.2.5, C3.5.2.3, C6.2.1, note. */
static const struct row rows[] = {
	{ "bus", "uart|spi", AT(bus), { 0, 0, 0, 0 }, "how messages come" },
	{ "errors", "verbose|simple", AT(errors), { 0, 0, 0, 0 }, "until MT" },
	{ "usage", "no|yes", AT(usage), { 1, 1, 1, 1 }, "line in verbose errors" },
	{ "empty", "long|short", AT(short_empty), { 0, 0, 0, 0 }, "answer without data" },
	{ "gone", "error|ok|text", AT(gone), { 0, 0, 2, 0 }, "R0 at the end" },
	{ "write-gone", "error|ok|text", AT(write_gone), { 1, 1, 1, 1 }, "S3 there" },
	{ "read", "first|full", AT(read), { 0, 0, 0, 0 }, "when R0 returns" },
	{ "receive-mode", "strip|quiet", AT(receive_mode), { 0, 0, 1, 0 }, "R3=1" },
	{ "r4", "off|crlf|plain", AT(counted), { 1, 0, 1, 1 }, "reads with a count" },
	{ "r4-nothing", "zero|empty", AT(counted_empty), { 0, 0, 0, 0 }, "R4: nothing" },
	{ "r4-gone", "short|long", AT(counted_long), { 0, 0, 1, 0 }, "R4 at the end" },
	{ "empty-line", "prompt|error", AT(empty_line_error), { 0, 0, 0, 0 }, "a lone \\r" },
	{ "messages", "prompt|ok", AT(message_form), { 0, 0, 1, 0 }, "unasked ones" },
	{ "link-news", "no|yes", AT(link_news), { 1, 0, 1, 1 }, "Wi-Fi lost, back" },
	{ "u0", "saves|forgets", AT(u0_forgets), { 0, 1, 1, 0 }, "rate after a reset" },
	{ "zr", "silent|answers", AT(zr_answers), { 0, 0, 1, 0 }, "before it restarts" },
	{ "udp-port", "kept|ignored", AT(udp_port_ignored), { 0, 1, 0, 0 }, "P2 of UDP" },
	{ "set3", "no|yes", AT(writable_set), { 1, 0, 1, 1 }, "the re-writable set" },
	{ "match", "none|plain|certs", AT(match), { 1, 1, 2, 1 }, "same item again" },
	{ "firmware", "note|st", AT(dialect), { 1, 1, 1, 0 }, "form of PF and PG" },
	{ "pem-nul", "needed|optional", AT(pem_any), { 0, 0, 0, 0 }, "NUL behind PEM" },
	{ "der", "refused|taken", AT(der), { 0, 0, 0, 0 }, "items in DER" },
	{ "sni", "off|on", AT(sni), { 0, 0, 0, 0 }, "name sent to TLS servers" },
	{ "wifi-fields", "15|12", AT(wifi_12), { 0, 1, 0, 0 }, "of C?" },
	{ "ssid", "plain|quoted", AT(ssid_quoted), { 0, 0, 1, 0 }, "in C?" },
	{ "unset", "zeros|empty", AT(unset_empty), { 0, 0, 0, 0 }, "addresses in C?" },
	{ "passphrase", "shown|hidden", AT(passphrase_hidden), { 0, 0, 1, 0 }, "in C?, until CY" },
	{ "socket-fields", "10|12", AT(socket_12), { 0, 0, 1, 0 }, "of P?" },
	{ "dead-socket", "fields|text", AT(dead_text), { 0, 0, 1, 0 }, "P? there" },
	{ "start", "connecting|long|bare", AT(start), { 0, 0, 1, 0 }, "text of a good P6=1" },
	{ "failure", "bare|text", AT(failure_text), { 0, 0, 1, 0 }, "bad P6=1 and D0" },
	{ "stop", "bare|text", AT(stop_text), { 0, 0, 1, 0 }, "P6=0" },
	{ "surplus", "lost|error", AT(surplus_error), { 0, 0, 0, 0 }, "beyond S3's n" },
	{ "server-stop", "own|all", AT(server_stop_all), { 0, 0, 0, 0 }, "P5=0 ends" },
	{ "keep-alive", "1|0", AT(keep_alive_zero), { 0, 0, 0, 0 }, "PK that turns on" },
	{ "rates", "common|m3g|all", AT(rates), { 1, 1, 1, 1 }, "that U2 takes" },
	{ "server-name",
	  "ignored|checked",
	  AT(check_names),
	  { 0, 0, 0, 0 },
	  "in the server's certificate" },
	{ "dates", "ignored|checked", AT(check_dates), { 0, 0, 0, 0 }, "of certificates" },
	{ "tls", "1.2|1.3", AT(tls13), { 0, 0, 0, 0 }, "newest version offered" },
};

#define PRODUCT	 "ISM43362-M3G-L44"
#define C35_REST "v3.5.2,v1.4.0.rc1,v8.2.1,120000000,Inventek eS-WiFi"
#define C62_REST "vWiced_006.002.001.0002,v2.0.3,v9.0.0,120000000,Inventek eS-WiFi"

/* What is no choice between words. */
static const struct {
	unsigned int tls_sockets;
	const char *without; /* with spaces between */
	const char *banner;
	const char *identity; /* the fields of I? */
} facts[PROFILES] = {
	[C3525] = { 4, "CY", NULL, PRODUCT ",C3.5.2.5.STM," C35_REST },
	[C3523] = { 4, "PE MS CY", NULL, PRODUCT ",C3.5.2.3.BETA9," C35_REST },
	[C621] = { 1, "",
		   "\r\neS-WiFi\r\nInventek Systems\r\nEmbedding Connectivity Everywhere\r\n"
		   "Copyright (c)\r\n",
		   PRODUCT ",C6.2.1.11," C62_REST },
	[NOTE] = { 4, "CY", NULL, PRODUCT ",C3.5.2.5," C35_REST },
};

static const unsigned int common_rates[] = { 1200,  2400,   4800,   9600,   19200, 38400,
					     57600, 115200, 230400, 460800, 921600 };
static const unsigned int m3g_rates[] = { 1152000, 1382400, 1612800, 1843200, 2073600 };
static const unsigned int more_rates[] = { 2304000, 2764800, 3686400, 3916800 };

static unsigned int *place(struct firmware *firmware, const struct row *row)
{
	return (unsigned int *)(void *)((char *)firmware + row->offset);
}

static void set_identity(struct identity *identity, const char *fields)
{
	char **places[] = { &identity->product, &identity->firmware, &identity->api,
			    &identity->stack,	&identity->rtos,     &identity->clock,
			    &identity->name };
	g_auto(GStrv) parts = g_strsplit(fields, ",", -1);
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(places); i++)
		*places[i] = g_steal_pointer(&parts[i]);
}

bool firmware_init(struct firmware *firmware, const char *profile)
{
	unsigned int column, i;
	bool found;

	for (column = 0; column < PROFILES; column++)
		if (g_str_equal(profile, profile_names[column]))
			break;
	found = column < PROFILES;
	column = found ? column : 0;
	memset(firmware, 0, sizeof(*firmware));
	for (i = 0; i < G_N_ELEMENTS(rows); i++)
		*place(firmware, &rows[i]) = rows[i].value[column];
	firmware->tls_sockets = facts[column].tls_sockets;
	firmware->without = g_strsplit(facts[column].without, " ", -1);
	firmware->banner = g_strdup(facts[column].banner);
	set_identity(&firmware->identity, facts[column].identity);
	return found;
}

void firmware_free(struct firmware *firmware)
{
	struct identity *identity = &firmware->identity;

	g_free(identity->product);
	g_free(identity->firmware);
	g_free(identity->api);
	g_free(identity->stack);
	g_free(identity->rtos);
	g_free(identity->clock);
	g_free(identity->name);
	g_strfreev(firmware->without);
	g_free(firmware->rate_list);
	g_free(firmware->banner);
}

char *firmware_profiles(void)
{
	GString *names = g_string_new(NULL);
	unsigned int i;

	for (i = 0; i < PROFILES; i++)
		g_string_append_printf(names, "%s%s", i ? ", " : "", profile_names[i]);
	return g_string_free(names, FALSE);
}

bool firmware_each(unsigned int index, struct firmware_switch *out)
{
	if (index >= G_N_ELEMENTS(rows))
		return false;
	out->name = rows[index].name;
	out->words = rows[index].words;
	out->help = rows[index].help;
	return true;
}

static const struct row *find_row(const char *name)
{
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(rows); i++)
		if (g_str_equal(rows[i].name, name))
			return &rows[i];
	return NULL;
}

bool firmware_set(struct firmware *firmware, const char *name, const char *word, GError **error)
{
	const struct row *row = find_row(name);
	g_auto(GStrv) words = NULL;
	unsigned int i;

	if (!row) {
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			    "%s: unknown switch of the firmware", name);
		return false;
	}
	words = g_strsplit(row->words, "|", -1);
	for (i = 0; words[i]; i++) {
		if (g_str_equal(words[i], word)) {
			*place(firmware, row) = i;
			return true;
		}
	}
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s %s: use one of %s", name,
		    word, row->words);
	return false;
}

bool firmware_lacks(const struct firmware *firmware, const char *command)
{
	return g_strv_contains((const char *const *)firmware->without, command);
}

static bool among(unsigned int rate, const unsigned int *rates, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (rates[i] == rate)
			return true;
	return false;
}

bool firmware_takes_rate(const struct firmware *firmware, unsigned int rate)
{
	unsigned int i;

	if (firmware->rate_list) {
		for (i = 0; firmware->rate_list[i]; i++)
			if (firmware->rate_list[i] == rate)
				return true;
		return false;
	}
	if (among(rate, common_rates, G_N_ELEMENTS(common_rates)))
		return true;
	if (firmware->rates >= RATES_M3G && among(rate, m3g_rates, G_N_ELEMENTS(m3g_rates)))
		return true;
	return firmware->rates == RATES_ALL && among(rate, more_rates, G_N_ELEMENTS(more_rates));
}

unsigned int firmware_revision(const struct firmware *firmware)
{
	unsigned int part[4] = { 0, 0, 0, 0 };

	sscanf(firmware->identity.firmware, "%*[^0-9]%u.%u.%u.%u", &part[0], &part[1], &part[2],
	       &part[3]);
	return (part[0] & 0xff) << 24 | (part[1] & 0xff) << 16 | (part[2] & 0xff) << 8 |
	       (part[3] & 0xff);
}
