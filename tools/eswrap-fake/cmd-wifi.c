// SPDX-License-Identifier: MIT
/* Wi-Fi: the page's second table. */
#include "eswrap-fake/command.h"

#include <arpa/inet.h>
#include <string.h>

/* What the access point's DHCP server gives out. */
#define DHCP_ADDRESS "192.168.1.174"
#define DHCP_NETMASK "255.255.255.0"
#define DHCP_GATEWAY "192.168.1.1"
#define SIGNAL_DBM   (-43)

struct network {
	char address[INET_ADDRSTRLEN], netmask[INET_ADDRSTRLEN], gateway[INET_ADDRSTRLEN];
	char dns[INET_ADDRSTRLEN];
};

static void describe_network(const struct module *module, struct network *network)
{
	const struct settings *settings = &module->settings;

	if (settings->dhcp && module->joined) {
		strcpy(network->address, DHCP_ADDRESS);
		strcpy(network->netmask, DHCP_NETMASK);
		strcpy(network->gateway, DHCP_GATEWAY);
		strcpy(network->dns, DHCP_GATEWAY);
	} else if (settings->dhcp) {
		strcpy(network->address, "0.0.0.0");
		strcpy(network->netmask, "0.0.0.0");
		strcpy(network->gateway, "0.0.0.0");
		strcpy(network->dns, "0.0.0.0");
	} else {
		inet_ntop(AF_INET, &settings->address, network->address, INET_ADDRSTRLEN);
		inet_ntop(AF_INET, &settings->netmask, network->netmask, INET_ADDRSTRLEN);
		inet_ntop(AF_INET, &settings->gateway, network->gateway, INET_ADDRSTRLEN);
		inet_ntop(AF_INET, &settings->dns, network->dns, INET_ADDRSTRLEN);
	}
}

void wifi_address(const struct module *module, char *text)
{
	struct network network;

	describe_network(module, &network);
	strcpy(text, network.address);
}

enum verdict run_wifi_show(struct module *module, const struct argument *argument)
{
	const struct settings *settings = &module->settings;
	struct network network;

	if (!argument_none(argument))
		return VERDICT_USAGE;
	describe_network(module, &network);
	answer_text(module, "%s,%s,%u,%u,0,%s,%s,%s,%s,0.0.0.0,0,0", settings->ssid,
		    settings->passphrase, settings->security, settings->dhcp, network.address,
		    network.netmask, network.gateway, network.dns);
	return VERDICT_OK;
}

/* Can a module that was told @asked join a network of this kind? Modes that include it can. */
static bool security_fits(enum security network, enum security asked)
{
	if (network == SECURITY_WPA_WPA2)
		return asked == SECURITY_WPA || asked == SECURITY_WPA2 ||
		       asked == SECURITY_WPA_WPA2;
	if (asked == SECURITY_WPA_WPA2)
		return network == SECURITY_WPA || network == SECURITY_WPA2;
	return network == asked;
}

static const struct access_point *find_network(const struct module *module)
{
	const GArray *points = module->options->access_points;
	const struct settings *settings = &module->settings;
	const struct access_point *point;
	unsigned int i;

	for (i = 0; i < points->len; i++) {
		point = &g_array_index(points, struct access_point, i);
		if (g_str_equal(point->ssid, settings->ssid) &&
		    security_fits(point->security, settings->security) &&
		    (point->security == SECURITY_OPEN ||
		     g_str_equal(point->passphrase, settings->passphrase)))
			return point;
	}
	return NULL;
}

enum verdict run_join(struct module *module, const struct argument *argument)
{
	struct network network;

	if (!argument_none(argument))
		return VERDICT_USAGE;
	module_disconnect(module);
	module->joined = find_network(module) != NULL;
	if (!module->joined) {
		answer_text(module, "[JOIN   ] %s\r\n[JOIN   ] Failed", module->settings.ssid);
		return VERDICT_ERROR;
	}
	describe_network(module, &network);
	answer_text(module, "[JOIN   ] %s,%s,0,0", module->settings.ssid, network.address);
	return VERDICT_OK;
}

enum verdict run_leave(struct module *module, const struct argument *argument)
{
	if (!argument_none(argument))
		return VERDICT_USAGE;
	module_disconnect(module);
	module->joined = false;
	return VERDICT_OK;
}

enum verdict run_joined(struct module *module, const struct argument *argument)
{
	if (!argument_none(argument))
		return VERDICT_USAGE;
	answer_text(module, "%d", module->joined);
	return VERDICT_OK;
}

enum verdict run_signal(struct module *module, const struct argument *argument)
{
	if (!argument_none(argument))
		return VERDICT_USAGE;
	if (!module->joined) {
		answer_text(module, "Not joined");
		return VERDICT_REASON;
	}
	answer_text(module, "%d", SIGNAL_DBM);
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

enum verdict run_security(struct module *module, const struct argument *argument)
{
	unsigned int security;

	if (!argument_number(argument->text, 0, SECURITY_COUNT - 1, &security))
		return VERDICT_USAGE;
	module->settings.security = security;
	return VERDICT_OK;
}

enum verdict run_dhcp(struct module *module, const struct argument *argument)
{
	unsigned int dhcp;

	if (!argument_number(argument->text, 0, 1, &dhcp))
		return VERDICT_USAGE;
	module->settings.dhcp = dhcp;
	return VERDICT_OK;
}

static enum verdict set_address(const struct argument *argument, struct in_addr *place)
{
	struct in_addr address;

	if (!argument_address(argument->text, &address))
		return VERDICT_USAGE;
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

enum verdict run_country(struct module *module, const struct argument *argument)
{
	const char *text = argument->text;

	if (!text || strlen(text) != strlen("FR/0") || !g_ascii_isupper(text[0]) ||
	    !g_ascii_isupper(text[1]) || text[2] != '/' || text[3] != '0')
		return VERDICT_USAGE;
	memcpy(module->settings.country, text, COUNTRY_MAX);
	return VERDICT_OK;
}
