// SPDX-License-Identifier: MIT
/*
 * There is no radio: the networks in range are those of --access-point, and each has a DHCP server
 * that gives the same address to everybody.
 */
#include "eswrap-fake/radio.h"

#include <arpa/inet.h>
#include <string.h>

/* What the access point's DHCP server gives out. */
#define DHCP_ADDRESS "192.168.1.174"
#define DHCP_NETMASK "255.255.255.0"
#define DHCP_GATEWAY "192.168.1.1"

void radio_network(const struct module *module, struct network *network)
{
	const struct settings *settings = &module->settings;

	strcpy(network->dns2, "0.0.0.0");
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
		inet_ntop(AF_INET, &settings->dns2, network->dns2, INET_ADDRSTRLEN);
	}
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

bool radio_in_range(const struct module *module)
{
	return now_ns() >= module->lost_until;
}

bool radio_finds(const struct module *module)
{
	const GArray *points = module->options->access_points;
	const struct settings *settings = &module->settings;
	const struct access_point *point;
	unsigned int i;

	for (i = 0; i < points->len && radio_in_range(module); i++) {
		point = &g_array_index(points, struct access_point, i);
		if (g_str_equal(point->ssid, settings->ssid) &&
		    security_fits(point->security, settings->security) &&
		    (point->security == SECURITY_OPEN ||
		     g_str_equal(point->passphrase, settings->passphrase)))
			return true;
	}
	return false;
}
