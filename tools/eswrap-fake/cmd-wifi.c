// SPDX-License-Identifier: MIT
/* Wi-Fi: the page's second table. */
#include "eswrap-fake/command.h"
#include "eswrap-fake/ping.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* What the access point's DHCP server gives out. */
#define DHCP_ADDRESS "192.168.1.174"
#define DHCP_NETMASK "255.255.255.0"
#define DHCP_GATEWAY "192.168.1.1"
#define SIGNAL_DBM   (-43)
/* From this revision on there is F0=2 [ST]. */
#define SCAN_ONE_BY_ONE 0x03050205

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

/* After a loss of Wi-Fi there is nothing to be heard for a while. */
static bool module_in_range(const struct module *module)
{
	return now_ns() >= module->lost_until;
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
	module->joined = module_in_range(module) && find_network(module);
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
	static const char *const known[] = { "US/0", "CA/0", "FR/0", "JP/0" };
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(known); i++) {
		if (g_strcmp0(argument->text, known[i]) == 0) {
			memcpy(module->settings.country, known[i], COUNTRY_MAX);
			return VERDICT_OK;
		}
	}
	return VERDICT_USAGE;
}

/* What a scan calls them; ST's driver looks for these words. */
static const char *security_name(enum security security)
{
	static const char *const names[SECURITY_COUNT] = {
		[SECURITY_OPEN] = "Open",	  [SECURITY_WEP] = "WEP",
		[SECURITY_WPA] = "WPA TKIP",	  [SECURITY_WPA2] = "WPA2 AES",
		[SECURITY_WPA_WPA2] = "WPA WPA2", [SECURITY_WPA2_TKIP] = "WPA2 TKIP",
	};

	return names[security];
}

/* #001,"SSID",aa:bb:..,RSSI,rate,mode,security,band,channel */
static void describe_access_point(struct module *module, unsigned int index)
{
	const struct access_point *point =
		&g_array_index(module->options->access_points, struct access_point, index);

	answer_text(module,
		    "#%03u,\"%s\",02:00:00:00:%02x:%02x,%d,54.0,Infrastructure,%s,2.4GHz,%u",
		    index + 1, point->ssid, index >> 8 & 0xff, index & 0xff,
		    SIGNAL_DBM - (int)index % 40, security_name(point->security),
		    1 + index * 5 % 11);
}

/* Cx.x.x.x as a number that can be compared. */
static uint32_t revision_number(const char *revision)
{
	unsigned int part[4] = { 0, 0, 0, 0 };

	sscanf(revision, "%*[^0-9]%u.%u.%u.%u", &part[0], &part[1], &part[2], &part[3]);
	return (part[0] & 0xff) << 24 | (part[1] & 0xff) << 16 | (part[2] & 0xff) << 8 |
	       (part[3] & 0xff);
}

enum verdict scan_next(struct module *module)
{
	if (!module_in_range(module) ||
	    module->scanning >= (int)module->options->access_points->len) {
		module->scanning = -1;
		return VERDICT_OK;
	}
	describe_access_point(module, module->scanning++);
	return VERDICT_PROMPT;
}

enum verdict run_scan(struct module *module, const struct argument *argument)
{
	const GArray *points = module->options->access_points;
	unsigned int mode, i;

	if (!argument_none(argument)) {
		if (!argument_number(argument->text, 2, 2, &mode) ||
		    revision_number(module->options->revision) < SCAN_ONE_BY_ONE)
			return VERDICT_USAGE;
		module->scanning = 0;
		return scan_next(module);
	}
	for (i = 0; i < points->len && module_in_range(module); i++) {
		if (i)
			answer_text(module, "\r\n");
		describe_access_point(module, i);
	}
	return VERDICT_OK;
}

enum verdict run_ping_address(struct module *module, const struct argument *argument)
{
	return set_address(argument, &module->ping.address);
}

enum verdict run_ping_count(struct module *module, const struct argument *argument)
{
	return argument_number(argument->text, 1, UINT8_MAX, &module->ping.count) ? VERDICT_OK
										  : VERDICT_USAGE;
}

enum verdict run_ping_interval(struct module *module, const struct argument *argument)
{
	return argument_number(argument->text, 0, WAIT_MS_MAX, &module->ping.interval_ms)
		       ? VERDICT_OK
		       : VERDICT_USAGE;
}

/* One line for each: n,ms. */
enum verdict run_ping(struct module *module, const struct argument *argument)
{
	unsigned int i;

	if (!argument_none(argument))
		return VERDICT_USAGE;
	if (!module->joined || !module->ping.address.s_addr) {
		answer_text(module, module->joined ? "No address: T1 first" : "Not joined");
		return VERDICT_REASON;
	}
	for (i = 0; i < module->ping.count && !module->loop->stop; i++) {
		if (i)
			loop_sleep_until(module->loop,
					 now_ns() + module->ping.interval_ms * NS_PER_MS);
		answer_text(module, "%s%u,%d", i ? "\r\n" : "", i + 1,
			    ping(module->loop, module->ping.address, i + 1));
	}
	return VERDICT_OK;
}
