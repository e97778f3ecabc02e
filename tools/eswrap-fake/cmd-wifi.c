// SPDX-License-Identifier: MIT
/* Wi-Fi: the page's second table. */
#include "eswrap-fake/run.h"
#include "eswrap-fake/radio.h"
#include "eswrap-fake/server.h"

#include <string.h>

#define JOIN_RETRIES_MAX 10
#define AUTO_CONNECT_MAX 3

/* An address that there is not. */
static void leave_empty(struct network *network)
{
	char *const fields[] = { network->address, network->netmask, network->gateway, network->dns,
				 network->dns2 };
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(fields); i++)
		if (g_str_equal(fields[i], "0.0.0.0"))
			*fields[i] = '\0';
}

enum verdict run_wifi_show(struct module *module, const struct argument *argument)
{
	const struct settings *settings = &module->settings;
	const char *quote = module->firmware->ssid_quoted ? "\"" : "";
	struct network network;

	if (!argument_none(argument))
		return VERDICT_USAGE;
	radio_network(module, &network);
	if (module->firmware->unset_empty)
		leave_empty(&network);
	answer_text(module, "%s%s%s,%s,%u,%u,%u,%s,%s,%s,%s,%s,%u,%u", quote, settings->ssid, quote,
		    module->hidden ? "*RESTRICTED*" : settings->passphrase, settings->security,
		    settings->dhcp, settings->ip_version, network.address, network.netmask,
		    network.gateway, network.dns, network.dns2, settings->retries,
		    settings->auto_connect);
	if (!module->firmware->wifi_12)
		answer_text(module, ",0,%s,%d", settings->country, module->joined);
	return VERDICT_OK;
}

/* A network that is not found is tried CB times. */
static int64_t join_time(const struct module *module)
{
	return module->options->join_ns * (module->joined ? 1 : module->settings.retries);
}

enum verdict run_join(struct module *module, const struct argument *argument)
{
	struct network network;

	if (!argument_none(argument))
		return VERDICT_USAGE;
	if (module->joined) {
		answer_why(module, "joined already: CD first");
		return VERDICT_ERROR;
	}
	module_disconnect(module);
	module->rejoin_at = INT64_MAX;
	module->joined = radio_finds(module);
	loop_sleep_until(module->loop, now_ns() + join_time(module));
	if (!module->joined) {
		answer_text(module, "[JOIN   ] %s\r\n[JOIN   ] Failed", module->settings.ssid);
		return VERDICT_ERROR;
	}
	radio_network(module, &network);
	answer_text(module, "[JOIN   ] %s,%s,0,0", module->settings.ssid, network.address);
	return VERDICT_OK;
}

enum verdict run_leave_wifi(struct module *module, const struct argument *argument)
{
	if (!argument_none(argument))
		return VERDICT_USAGE;
	module_disconnect(module);
	module->joined = false;
	module->rejoin_at = INT64_MAX;
	return VERDICT_OK;
}

enum verdict run_joined(struct module *module, const struct argument *argument)
{
	if (!argument_none(argument))
		return VERDICT_USAGE;
	answer_text(module, "%d", module->joined);
	return VERDICT_OK;
}

/* 0 when not joined. */
enum verdict run_signal(struct module *module, const struct argument *argument)
{
	if (!argument_none(argument))
		return VERDICT_USAGE;
	answer_text(module, "%d", module->joined ? RADIO_SIGNAL_DBM : 0);
	return VERDICT_OK;
}

enum verdict run_ssid(struct module *module, const struct argument *argument)
{
	if (argument_none(argument) || strlen(argument->text) > SSID_MAX)
		return VERDICT_USAGE;
	strcpy(module->settings.ssid, argument->text);
	return VERDICT_OK;
}

/* Empty for an open network. */
enum verdict run_passphrase(struct module *module, const struct argument *argument)
{
	if (!argument->text || strlen(argument->text) > PASSPHRASE_MAX)
		return VERDICT_USAGE;
	strcpy(module->settings.passphrase, argument->text);
	return VERDICT_OK;
}

static enum verdict set_number(const struct argument *argument, unsigned int min, unsigned int max,
			       uint32_t *place)
{
	unsigned int number;

	if (!argument_number(argument->text, min, max, &number))
		return VERDICT_USAGE;
	*place = number;
	return VERDICT_OK;
}

enum verdict run_security(struct module *module, const struct argument *argument)
{
	return set_number(argument, 0, SECURITY_COUNT - 1, &module->settings.security);
}

enum verdict run_dhcp(struct module *module, const struct argument *argument)
{
	return set_number(argument, 0, 1, &module->settings.dhcp);
}

enum verdict run_ip_version(struct module *module, const struct argument *argument)
{
	return set_number(argument, 0, 1, &module->settings.ip_version);
}

enum verdict run_retries(struct module *module, const struct argument *argument)
{
	return set_number(argument, 1, JOIN_RETRIES_MAX, &module->settings.retries);
}

enum verdict run_auto_connect(struct module *module, const struct argument *argument)
{
	return set_number(argument, 0, AUTO_CONNECT_MAX, &module->settings.auto_connect);
}

static enum verdict set_address(const struct argument *argument, struct in_addr *place)
{
	struct in_addr address;

	if (!argument_address(argument->text, &address))
		return VERDICT_ADDRESS;
	*place = address;
	return VERDICT_OK;
}

enum verdict run_static_address(struct module *module, const struct argument *argument)
{
	return set_address(argument, &module->settings.address);
}

enum verdict run_static_netmask(struct module *module, const struct argument *argument)
{
	return set_address(argument, &module->settings.netmask);
}

enum verdict run_static_gateway(struct module *module, const struct argument *argument)
{
	return set_address(argument, &module->settings.gateway);
}

enum verdict run_static_dns(struct module *module, const struct argument *argument)
{
	return set_address(argument, &module->settings.dns);
}

enum verdict run_static_dns2(struct module *module, const struct argument *argument)
{
	return set_address(argument, &module->settings.dns2);
}

/* XX or XX/0; alone it shows. */
enum verdict run_country(struct module *module, const struct argument *argument)
{
	static const char *const known[] = { "US", "CA", "FR", "JP" };
	const char *text = argument->text;
	unsigned int i;

	if (!text) {
		answer_text(module, "%s/0", module->settings.country);
		return VERDICT_OK;
	}
	for (i = 0; i < G_N_ELEMENTS(known); i++) {
		if (strncmp(text, known[i], COUNTRY_MAX) == 0 &&
		    (!text[COUNTRY_MAX] || g_str_equal(text + COUNTRY_MAX, "/0"))) {
			strcpy(module->settings.country, known[i]);
			return VERDICT_OK;
		}
	}
	return VERDICT_USAGE;
}

enum verdict run_hide(struct module *module, const struct argument *argument)
{
	unsigned int hidden;

	if (!argument_number(argument->text, 0, 1, &hidden))
		return VERDICT_USAGE;
	module->hidden = hidden;
	return VERDICT_OK;
}
