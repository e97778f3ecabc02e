// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of Operation
 *
 * CS tells whether the module is joined and C? to what; if that is the network of the settings,
 * nothing more is said. Else CD, the settings C1 to C9 and CN, and C0, which takes seconds. A C0
 * that fails is tried again for ever, with a growing, jittered pause: the access point may be off.
 *
 * C2 and the answer to C? hold the passphrase. They are wiped from memory and never logged.
 */
#include "module.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

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
	WIFI_SETTINGS,
};

static void send_setting(struct eswifi_module *module);
static void ask_joined(struct eswifi_module *module);

bool wifi_is_address(const char *text)
{
	struct in_addr address;

	return inet_pton(AF_INET, text, &address) == 1;
}

/* The second field from the end, of the @count last ones: an SSID may hold commas. */
static void take_address(struct eswifi_module *module, const char *line, guint from_end)
{
	char **fields = g_strsplit(line, ",", -1);
	guint count = g_strv_length(fields);

	module->identity.address[0] = '\0';
	if (count >= from_end && wifi_is_address(fields[count - from_end]))
		g_strlcpy(module->identity.address, fields[count - from_end],
			  sizeof(module->identity.address));
	g_strfreev(fields);
}

static gboolean join_again(gpointer data)
{
	struct eswifi_module *module = data;

	ask_joined(module);
	return G_SOURCE_REMOVE;
}

static void on_joined(struct eswifi_module *module, const struct at_reply *reply)
{
	if (!reply->ok) {
		module_set_state(module, ESWIFI_JOINING,
				 *reply->text ? reply->text : "the module cannot join");
		module_pause(module, module_backoff_ms(module), join_again);
		return;
	}
	/* [JOIN   ] ssid,192.168.1.174,0,0 */
	take_address(module, reply->text, 3);
	module->counters.joins++;
	module_ready(module);
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
	default:
		return NULL;
	}
}

static void on_setting(struct eswifi_module *module, const struct at_reply *reply)
{
	if (!reply->ok) {
		module_set_state(module, ESWIFI_JOINING,
				 *reply->text ? reply->text : "the module refuses a Wi-Fi setting");
		module_pause(module, module_backoff_ms(module), join_again);
		return;
	}
	module->bringup.setting++;
	send_setting(module);
}

static void send_setting(struct eswifi_module *module)
{
	struct at_request request = { .timeout_ms = TIMEOUT_COMMAND_MS };
	char *line = NULL;

	for (; module->bringup.setting < WIFI_SETTINGS; module->bringup.setting++) {
		line = setting_line(&module->settings, module->bringup.setting);
		if (line)
			break;
	}
	if (!line) {
		module_command(module, TIMEOUT_JOIN_MS, on_joined, "C0");
		return;
	}
	request.line = line;
	request.secret = module->bringup.setting == WIFI_PASSPHRASE;
	module_request(module, &request, on_setting);
	explicit_bzero(line, strlen(line));
	g_free(line);
}

static void on_left(struct eswifi_module *module, const struct at_reply *reply)
{
	/* ERROR: it was not joined. */
	(void)reply;
	module->bringup.setting = 0;
	send_setting(module);
}

static void join(struct eswifi_module *module)
{
	module_set_state(module, ESWIFI_JOINING, module->settings.ssid);
	module_command(module, TIMEOUT_LEAVE_MS, on_left, "CD");
}

/* ssid,passphrase,security,dhcp,ip-version,ip,mask,gateway,dns1,dns2,retries,autoconnect [ST] */
static void on_network(struct eswifi_module *module, const struct at_reply *reply)
{
	char *ours = g_strdup_printf("%s,%s,%d,", module->settings.ssid,
				     module->settings.passphrase, module->settings.security);
	bool same = reply->ok && g_str_has_prefix(reply->text, ours);

	explicit_bzero(ours, strlen(ours));
	g_free(ours);
	if (!same) {
		join(module);
		return;
	}
	take_address(module, reply->text, 7);
	module_ready(module);
}

static void on_asked(struct eswifi_module *module, const struct at_reply *reply)
{
	static const struct at_request network = {
		.line = "C?\r",
		.timeout_ms = TIMEOUT_COMMAND_MS,
		.secret = true,
	};

	if (reply->ok && strcmp(reply->text, "1") == 0)
		module_request(module, &network, on_network);
	else
		join(module);
}

static void ask_joined(struct eswifi_module *module)
{
	module_command(module, TIMEOUT_COMMAND_MS, on_asked, "CS");
}

void wifi_begin(struct eswifi_module *module)
{
	ask_joined(module);
}

static bool printable(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

static bool refuse(GError **error, const char *message)
{
	g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, message);
	return false;
}

static bool static_addresses_valid(const struct eswifi_settings *settings)
{
	const char *const all[] = { settings->address, settings->netmask, settings->gateway,
				    settings->dns };
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(all); i++)
		if (all[i] && (!settings->address || !wifi_is_address(all[i])))
			return false;
	return true;
}

bool wifi_settings_valid(const struct eswifi_settings *settings, GError **error)
{
	gsize ssid = settings->ssid ? strlen(settings->ssid) : 0;
	gsize passphrase = settings->passphrase ? strlen(settings->passphrase) : 0;
	const char *country = settings->country;

	if (ssid < 1 || ssid > ESWIFI_SSID_MAX || strpbrk(settings->ssid, "\r\n"))
		return refuse(error, "ssid: 1 to 32 bytes without line ends");
	if (settings->security == ESWIFI_SECURITY_OPEN
		    ? passphrase != 0
		    : passphrase > ESWIFI_PASSPHRASE_MAX || passphrase == 0 ||
			      !printable(settings->passphrase))
		return refuse(error, "passphrase: up to 63 printable characters, none with "
				     "security = open");
	if (country &&
	    (strlen(country) != 2 || !g_ascii_isupper(country[0]) || !g_ascii_isupper(country[1])))
		return refuse(error, "country: two capital letters");
	if (!static_addresses_valid(settings))
		return refuse(error, "address, netmask, gateway, dns: IPv4 addresses; the last "
				     "three only with the first");
	return true;
}
