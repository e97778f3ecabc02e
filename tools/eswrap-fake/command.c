// SPDX-License-Identifier: MIT
/* The commands: one table. */
#include "eswrap-fake/command.h"

#include <string.h>

static enum verdict run_help(struct module *module, const struct argument *argument);

/* In the order in which ? lists them. */
static const struct command commands[] = {
	{ "?", run_help, "" },
	{ "$$$", run_human, "" },
	{ "---", run_machine, "" },
	{ "A0", run_accepted, "<0..3>" },
	{ "A1", run_accepted, "<security>" },
	{ "A2", run_accepted, "<key>" },
	{ "AC", run_accepted, "<channel>" },
	{ "AD", run_refused, "" },
	{ "AE", run_accepted, "<clients>" },
	{ "AS", run_accepted, "<ssid>" },
	{ "AT", run_accepted, "<minutes>" },
	{ "C?", run_wifi_show, "" },
	{ "C0", run_join, "" },
	{ "C1", run_ssid, "<ssid, 1 to 32 bytes>" },
	{ "C2", run_passphrase, "<passphrase, up to 64 characters>" },
	{ "C3", run_security, "<0 open|1 WEP|2 WPA|3 WPA2|4 WPA+WPA2|5 WPA2 TKIP>" },
	{ "C4", run_dhcp, "<0|1>" },
	{ "C5", run_ip_version, "<0 IPv4|1 IPv6>" },
	{ "C6", run_static_address, "<address>" },
	{ "C7", run_static_netmask, "<network mask>" },
	{ "C8", run_static_gateway, "<address>" },
	{ "C9", run_static_dns, "<address>" },
	{ "CA", run_static_dns2, "<address>" },
	{ "CB", run_retries, "<1..10>" },
	{ "CC", run_auto_connect, "<0..3>" },
	{ "CD", run_leave_wifi, "" },
	{ "CN", run_country, "<CA|US|FR|JP>[/0]" },
	{ "CR", run_signal, "" },
	{ "CS", run_joined, "" },
	{ "CY", run_hide, "<0|1>" },
	{ "D0", run_lookup, "<name or address, up to 63 characters>" },
	{ "F?", run_scan_show, "" },
	{ "F0", run_scan, "[2]" },
	{ "G3", run_accepted, "<pin>,<value>" },
	{ "G4", run_accepted, "<pin>" },
	{ "GT", run_time, "" },
	{ "I?", run_identity, "" },
	{ "MD", run_memory, "" },
	{ "MR", run_message_read, "" },
	{ "MS", run_message_silence, "<0..3>" },
	{ "MT", run_message_mode, "<0|1>" },
	{ "P?", run_transport_show, "" },
	{ "P0", run_select, "<0..3>" },
	{ "P1", run_protocol, "<0 TCP|1 UDP|2 UDP-Lite|3 TCP-SSL|4 MQTT>" },
	{ "P2", run_local_port, "<0..65535>" },
	{ "P3", run_remote_address, "<address>" },
	{ "P4", run_remote_port, "<0..65535>" },
	{ "P5", run_server, "<0 stop|1 start|10 next client|11 start, accept loop>" },
	{ "P6", run_client, "<0|1>" },
	{ "P7", run_accept, "<0 single|1 accept loop|2 close client|3 next client>" },
	{ "P8", run_backlog, "<1..6>" },
	{ "P9", run_verify, "<0 none|1 optional|2 required>" },
	{ "PA", run_accepted, "<0|1>,<name>" },
	{ "PB", run_report_only, "<0|1>" },
	{ "PE", run_available, "[set]" },
	{ "PF", run_set_active, "<set>, or <function>,<set>" },
	{ "PG", run_program, "<set>,<item 0..2>,<length>,<data>", program_payload },
	{ "PK", run_keep_alive, "<0|1>,<250..7200000 ms>" },
	{ "PR", run_bypass, "<0>" },
	{ "PX", run_leave, "" },
	{ "PY", run_call_wait, "<ms>" },
	{ "R?", run_read_show, "" },
	{ "R0", run_read, "" },
	{ "R1", run_read_size, "<0..1460>" },
	{ "R2", run_read_wait, "<0..30000 ms>" },
	{ "R3", run_read_mode, "<0|1>" },
	{ "R4", run_read_counted, "" },
	{ "S?", run_write_show, "" },
	{ "S0", run_write, "", write_sized_payload },
	{ "S1", run_write_size, "<1..1460>" },
	{ "S2", run_write_wait, "<0..30000 ms>" },
	{ "S3", run_write, "<length 1..1460>", write_payload },
	{ "T?", run_ping_show, "" },
	{ "T0", run_ping, "" },
	{ "T1", run_ping_address, "<address>" },
	{ "T2", run_ping_count, "<1..65534>" },
	{ "T3", run_ping_interval, "<0..30000 ms>" },
	{ "U?", run_uart_show, "" },
	{ "U0", run_uart_apply, "" },
	{ "U2", run_uart_rate, "<baud>" },
	{ "WL", run_accepted, "<0|1>" },
	{ "Z?", run_system_show, "" },
	{ "Z0", run_factory, "" },
	{ "Z1", run_save, "" },
	{ "Z2", run_clear_saved, "" },
	{ "Z3", run_accepted, "<value>" },
	{ "Z4", run_accepted, "<value>" },
	{ "Z5", run_mac, "" },
	{ "Z6", run_accepted, "<value>" },
	{ "ZD", run_refused, "" },
	{ "ZN", run_accepted, "<name>" },
	{ "ZO", run_refused, "" },
	{ "ZP", run_power_save, "<0..2>" },
	{ "ZR", run_reset, "" },
	{ "ZU", run_leave, "" },
	{ "ZV", run_refused, "" },
};

static enum verdict run_help(struct module *module, const struct argument *argument)
{
	const char *separator = "";
	const struct command *each;
	unsigned int i;

	if (!argument_none(argument))
		return VERDICT_USAGE;
	for (i = 0; i < G_N_ELEMENTS(commands); i++) {
		each = &commands[i];
		if (firmware_lacks(module->firmware, each->name))
			continue;
		answer_text(module, "%s%s%s%s", separator, each->name, *each->usage ? "=" : "",
			    each->usage);
		separator = "\r\n";
	}
	return VERDICT_OK;
}

const struct command *command_find(const char *line, size_t size)
{
	const struct command *command;
	unsigned int i;
	size_t length;

	for (i = 0; i < G_N_ELEMENTS(commands); i++) {
		command = &commands[i];
		length = strlen(command->name);
		if (size >= length && memcmp(line, command->name, length) == 0 &&
		    (size == length || line[length] == '='))
			return command;
	}
	return NULL;
}
