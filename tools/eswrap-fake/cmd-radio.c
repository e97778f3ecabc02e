// SPDX-License-Identifier: MIT
/* What needs the radio and no connection: a scan, and pings. */
#include "eswrap-fake/run.h"
#include "eswrap-fake/ping.h"
#include "eswrap-fake/radio.h"

#include <arpa/inet.h>

/* From this revision on there is F0=2 [ST]. */
#define SCAN_ONE_BY_ONE 0x03050205
#define PING_COUNT_MAX	65534

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
		    RADIO_SIGNAL_DBM - (int)index % 40, security_name(point->security),
		    1 + index * 5 % 11);
}

enum verdict scan_next(struct module *module)
{
	if (!radio_in_range(module) ||
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
		    firmware_revision(module->firmware) < SCAN_ONE_BY_ONE ||
		    module->firmware->bus == BUS_UART)
			return VERDICT_USAGE;
		module->scanning = 0;
		return scan_next(module);
	}
	for (i = 0; i < points->len && radio_in_range(module); i++) {
		if (i)
			answer_text(module, "\r\n");
		describe_access_point(module, i);
	}
	return VERDICT_OK;
}

enum verdict run_ping_address(struct module *module, const struct argument *argument)
{
	return argument_address(argument->text, &module->ping.address) ? VERDICT_OK
								       : VERDICT_ADDRESS;
}

enum verdict run_ping_count(struct module *module, const struct argument *argument)
{
	return argument_number(argument->text, 1, PING_COUNT_MAX, &module->ping.count)
		       ? VERDICT_OK
		       : VERDICT_USAGE;
}

enum verdict run_ping_interval(struct module *module, const struct argument *argument)
{
	return argument_number(argument->text, 0, WAIT_MS_MAX, &module->ping.interval_ms)
		       ? VERDICT_OK
		       : VERDICT_USAGE;
}

enum verdict run_scan_show(struct module *module, const struct argument *argument)
{
	if (!argument_none(argument))
		return VERDICT_USAGE;
	answer_text(module, "0");
	return VERDICT_OK;
}

enum verdict run_ping_show(struct module *module, const struct argument *argument)
{
	char address[INET_ADDRSTRLEN];

	if (!argument_none(argument))
		return VERDICT_USAGE;
	inet_ntop(AF_INET, &module->ping.address, address, sizeof(address));
	answer_text(module, "%s,%u,%u", address, module->ping.count, module->ping.interval_ms);
	return VERDICT_OK;
}

/* One line for each: n,ms. */
enum verdict run_ping(struct module *module, const struct argument *argument)
{
	unsigned int i;

	if (!argument_none(argument))
		return VERDICT_USAGE;
	if (!module->joined || !module->ping.address.s_addr) {
		answer_why(module, module->joined ? "No address: T1 first" : "Not joined");
		return VERDICT_ERROR;
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
