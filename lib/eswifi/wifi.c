// SPDX-License-Identifier: MIT
/*
 * Joining a Wi-Fi network.
 *
 * DOC: Theory of Operation
 *
 * CS tells whether the module is joined and C? to what; if that is the network of the settings,
 * nothing more is said. Else CD, the settings C1 to CC and CN, and C0, which takes seconds. A C0
 * that fails is tried again for ever, with a growing, jittered pause: the access point may be off.
 * In between F0 tells whether the network is in range at all, so that the reason that people see is
 * one that they can act upon. Its list is also the answer for whoever has asked for one meanwhile.
 *
 * Where somebody wants the module to stay away (eswifi_leave()), CD is all that is sent, until he
 * wants it back: every way through the above ends with a look at join.away.
 *
 * C2 and the answer to C? hold the passphrase. They are wiped from memory and never logged.
 */
#include "wifi.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

/* What C? prints for the passphrase after CY=1 [FW6]. */
#define RESTRICTED "*RESTRICTED*"

/* Fields of C? behind the passphrase: security,dhcp,ip-version,ip,... */
#define FIELD_ADDRESS 3

/* The settings to send, in this order; a row that has nothing to say is left out. */
enum wifi_setting {
	WIFI_SSID,
	WIFI_PASSPHRASE,
	WIFI_SECURITY,
	WIFI_DHCP,
	WIFI_ADDRESS,
	WIFI_NETMASK,
	WIFI_GATEWAY,
	WIFI_DNS,
	WIFI_COUNTRY,
	WIFI_RETRIES,
	WIFI_AUTOMATIC,
	WIFI_SETTINGS,
};

static void send_setting(struct eswifi_module *module);
static void ask_joined(struct eswifi_module *module);
static void on_scanned(struct eswifi_module *module, const struct at_reply *reply);

static gboolean join_again(gpointer data)
{
	struct eswifi_module *module = data;

	session_stop_pause(module);
	ask_joined(module);
	return G_SOURCE_REMOVE;
}

static void scan(struct eswifi_module *module)
{
	session_command(module, TIMEOUT_SCAN_MS, on_scanned, "F0");
}

/* Not joined, and nothing is out. */
static void rest(struct eswifi_module *module, const char *why)
{
	const struct general_question *question = &module->question;

	session_set_state(module, ESWIFI_JOINING, module->join.away ? "left, as was asked" : why);
	if (question->waiting && question->kind == ESWIFI_SCAN)
		scan(module);
	else if (!module->join.away)
		session_pause(module, session_backoff_ms(module), join_again);
}

static void on_away(struct eswifi_module *module, const struct at_reply *reply)
{
	/* ERROR: it was not joined. */
	(void)reply;
	if (module->join.away)
		rest(module, NULL);
	else
		ask_joined(module);
}

static void stay_away(struct eswifi_module *module)
{
	session_command(module, TIMEOUT_LEAVE_MS, on_away, "CD");
}

static void end_joined(struct eswifi_module *module)
{
	if (module->join.away)
		stay_away(module);
	else
		module->join.ended(module);
}

/* The list's lines: #001,"SSID",aa:bb:cc:dd:ee:ff,-50,... */
static const char *find_network(const char *ssid, const char *list)
{
	g_autofree char *quoted = g_strdup_printf(",\"%s\",", ssid);

	return strstr(list, quoted);
}

static guint count_networks(const char *list)
{
	guint count = *list == '#';

	while ((list = strstr(list, "\n#"))) {
		count++;
		list++;
	}
	return count;
}

/* The field behind the address: signal strength in dBm. */
static int signal_of(const char *network, const char *ssid)
{
	const char *field = strchr(network + strlen(ssid) + strlen(",\"\","), ',');

	return field ? atoi(field + 1) : 0;
}

char *wifi_explain(const char *ssid, const guint8 *list, gsize size)
{
	g_autofree char *text = g_strndup((const char *)list, size);
	const char *network = find_network(ssid, text);

	if (!network)
		return g_strdup_printf("SSID %s: not in range, among %u networks that are", ssid,
				       count_networks(text));
	return g_strdup_printf("SSID %s: refused at %d dBm; passphrase or security may be wrong",
			       ssid, signal_of(network, ssid));
}

static void on_scanned(struct eswifi_module *module, const struct at_reply *reply)
{
	const char *ssid = module->settings.ssid;
	g_autofree char *why = NULL;

	module->news->scanned(module, reply);
	if (reply->ok && reply->size)
		why = wifi_explain(ssid, reply->data, reply->size);
	else
		why = g_strdup_printf("SSID %s: not in range, or refused; passphrase or security "
				      "may be wrong",
				      ssid);
	rest(module, why);
}

/* Skips @field and the comma behind it, with or without quotes. Return: NULL: it is not there. */
static const char *skip_field(const char *text, const char *field)
{
	gsize length = strlen(field);
	bool quoted = *text == '"' && strncmp(text + 1, field, length) == 0 &&
		      text[1 + length] == '"' && text[2 + length] == ',';

	if (quoted)
		return text + length + 3;
	return strncmp(text, field, length) == 0 && text[length] == ',' ? text + length + 1 : NULL;
}

/* The first field of @fields, when it is an address; else "". */
static void take_address(const char *fields, char address[16])
{
	gsize length = strcspn(fields, ",\r\n");

	address[0] = '\0';
	if (length >= 16)
		return;
	g_strlcpy(address, fields, length + 1);
	if (!check_is_address(address))
		address[0] = '\0';
}

static void on_joined(struct eswifi_module *module, const struct at_reply *reply)
{
	g_autofree char *text = NULL;
	const char *fields;

	if (!reply->ok) {
		scan(module);
		return;
	}
	/* [JOIN   ] ssid,192.168.1.174,0,0 */
	text = g_strndup((const char *)reply->data, reply->size);
	fields = strstr(text, "] ");
	fields = fields ? skip_field(fields + 2, module->settings.ssid) : NULL;
	take_address(fields ? fields : "", module->identity.address);
	module->counters.joins++;
	end_joined(module);
}

static char *setting_line(const struct eswifi_settings *settings, enum wifi_setting setting)
{
	switch (setting) {
	case WIFI_SSID:
		return g_strdup_printf("C1=%s\r", settings->ssid);
	case WIFI_PASSPHRASE:
		return *settings->passphrase ? g_strdup_printf("C2=%s\r", settings->passphrase)
					     : NULL;
	case WIFI_SECURITY:
		return g_strdup_printf("C3=%d\r", settings->security);
	case WIFI_DHCP:
		return g_strdup_printf("C4=%d\r", settings->address ? 0 : 1);
	case WIFI_ADDRESS:
		return settings->address ? g_strdup_printf("C6=%s\r", settings->address) : NULL;
	case WIFI_NETMASK:
		return settings->netmask ? g_strdup_printf("C7=%s\r", settings->netmask) : NULL;
	case WIFI_GATEWAY:
		return settings->gateway ? g_strdup_printf("C8=%s\r", settings->gateway) : NULL;
	case WIFI_DNS:
		return settings->dns ? g_strdup_printf("C9=%s\r", settings->dns) : NULL;
	case WIFI_COUNTRY:
		return settings->country ? g_strdup_printf("CN=%s/0\r", settings->country) : NULL;
	case WIFI_RETRIES:
		return g_strdup_printf("CB=%d\r", PROTOCOL_JOIN_TRIES);
	case WIFI_AUTOMATIC:
		return g_strdup("CC=0\r");
	default:
		return NULL;
	}
}

/* Many firmwares know four countries only, and some lack the last two [B]. */
static bool is_optional(enum wifi_setting setting)
{
	return setting == WIFI_COUNTRY || setting == WIFI_RETRIES || setting == WIFI_AUTOMATIC;
}

static void on_setting(struct eswifi_module *module, const struct at_reply *reply)
{
	enum wifi_setting setting = module->join.setting;
	g_autofree char *why = NULL;

	if (!reply->ok && !is_optional(setting)) {
		why = g_strdup_printf("the module refuses a Wi-Fi setting (%u of %d): %s",
				      setting + 1, WIFI_SETTINGS, reply->text);
		rest(module, why);
		return;
	}
	if (!reply->ok && setting == WIFI_COUNTRY)
		g_message("the module does not know the country %s: %s", module->settings.country,
			  reply->text);
	module->join.setting++;
	send_setting(module);
}

static void send_setting(struct eswifi_module *module)
{
	struct at_request request = { .timeout_ms = TIMEOUT_COMMAND_MS };
	char *line = NULL;

	for (; module->join.setting < WIFI_SETTINGS; module->join.setting++) {
		line = setting_line(&module->settings, module->join.setting);
		if (line)
			break;
	}
	if (!line) {
		session_command(module, TIMEOUT_JOIN_MS, on_joined, "C0");
		return;
	}
	request.line = line;
	request.secret = module->join.setting == WIFI_PASSPHRASE;
	session_request(module, &request, on_setting);
	explicit_bzero(line, strlen(line));
	g_free(line);
}

static void on_left(struct eswifi_module *module, const struct at_reply *reply)
{
	/* ERROR: it was not joined. */
	(void)reply;
	module->join.setting = 0;
	send_setting(module);
}

static void join(struct eswifi_module *module)
{
	g_autofree char *why = g_strdup_printf("SSID %s", module->settings.ssid);

	/* After a failure, what people should see is its reason. */
	if (module->state != ESWIFI_JOINING)
		session_set_state(module, ESWIFI_JOINING, why);
	session_command(module, TIMEOUT_LEAVE_MS, on_left, "CD");
}

bool wifi_parse_network(const char *text, const struct eswifi_settings *settings, char address[16])
{
	const char *rest = skip_field(text, settings->ssid), *hidden;
	g_auto(GStrv) fields = NULL;

	address[0] = '\0';
	if (!rest)
		return false;
	hidden = skip_field(rest, RESTRICTED);
	rest = hidden ? hidden : skip_field(rest, settings->passphrase);
	if (!rest)
		return false;
	fields = g_strsplit(rest, ",", -1);
	if (g_strv_length(fields) <= FIELD_ADDRESS || atoi(fields[0]) != (int)settings->security)
		return false;
	take_address(fields[FIELD_ADDRESS], address);
	return true;
}

static void on_network(struct eswifi_module *module, const struct at_reply *reply)
{
	char *text = reply->ok ? g_strndup((const char *)reply->data, reply->size) : g_strdup("");

	if (wifi_parse_network(text, &module->settings, module->identity.address))
		end_joined(module);
	else
		join(module);
	explicit_bzero(text, strlen(text));
	g_free(text);
}

static void on_asked(struct eswifi_module *module, const struct at_reply *reply)
{
	static const struct at_request network = {
		.line = "C?\r",
		.timeout_ms = TIMEOUT_COMMAND_MS,
		.secret = true,
	};

	if (reply->ok && strcmp(reply->text, "1") == 0)
		session_request(module, &network, on_network);
	else
		join(module);
}

static void ask_joined(struct eswifi_module *module)
{
	session_command(module, TIMEOUT_COMMAND_MS, on_asked, "CS");
}

void wifi_join(struct eswifi_module *module, void (*ended)(struct eswifi_module *module))
{
	module->join.ended = ended;
	if (module->join.away)
		stay_away(module);
	else
		ask_joined(module);
}

/* In a pause between two attempts, or away. */
static bool is_resting(const struct eswifi_module *module)
{
	return module->state == ESWIFI_JOINING && !at_busy(module->at);
}

void wifi_scan(struct eswifi_module *module)
{
	if (!is_resting(module))
		return;
	session_stop_pause(module);
	scan(module);
}

void wifi_leave(struct eswifi_module *module)
{
	if (!is_resting(module))
		return;
	session_stop_pause(module);
	stay_away(module);
}

void wifi_join_now(struct eswifi_module *module)
{
	if (is_resting(module))
		session_pause(module, 0, join_again);
}
