// SPDX-License-Identifier: MIT
/* From a command line to the function that carries it out. */
#include "eswrap-fake/command.h"

#include <arpa/inet.h>
#include <string.h>

static const struct command commands[] = {
	{ "?", run_help, "Usage: ?" },
	{ "C?", run_wifi_show, "Usage: C?" },
	{ "C0", run_join, "Usage: C0" },
	{ "C1", run_ssid, "Usage: C1=<ssid, 1 to 32 bytes>" },
	{ "C2", run_passphrase, "Usage: C2=<passphrase, up to 64 characters>" },
	{ "C3", run_security, "Usage: C3=<0 open|1 WEP|2 WPA|3 WPA2|4 WPA+WPA2|5 WPA2 TKIP>" },
	{ "C4", run_dhcp, "Usage: C4=<0|1>" },
	{ "C6", run_static_address, "Usage: C6=<IP address>" },
	{ "C7", run_static_netmask, "Usage: C7=<network mask>" },
	{ "C8", run_static_gateway, "Usage: C8=<gateway's IP address>" },
	{ "C9", run_static_dns, "Usage: C9=<DNS server's IP address>" },
	{ "CD", run_leave, "Usage: CD" },
	{ "CN", run_country, "Usage: CN=<US|CA|FR|JP>/0" },
	{ "CR", run_signal, "Usage: CR" },
	{ "CS", run_joined, "Usage: CS" },
	{ "D0", run_lookup, "Usage: D0=<domain name or IP address>" },
	{ "F0", run_scan, "Usage: F0 or F0=2" },
	{ "I?", run_identity, "Usage: I?" },
	{ "MR", run_message_read, "Usage: MR" },
	{ "MT", run_message_mode, "Usage: MT=<0|1>" },
	{ "P?", run_transport_show, "Usage: P?" },
	{ "P0", run_select, "Usage: P0=<0..3>" },
	{ "P1", run_protocol, "Usage: P1=<0 TCP|1 UDP|2 UDP-Lite|3 TCP-SSL|4 MQTT>" },
	{ "P2", run_local_port, "Usage: P2=<local port, 0..65535>" },
	{ "P3", run_remote_address, "Usage: P3=<remote IP address>" },
	{ "P4", run_remote_port, "Usage: P4=<remote port, 0..65535>" },
	{ "P5", run_server, "Usage: P5=<0 stop|1 start|10 next client|11 start, accept loop>" },
	{ "P6", run_client, "Usage: P6=<0|1>" },
	{ "P7", run_accept, "Usage: P7=<0 single|1 accept loop|2 close client|3 next client>" },
	{ "P8", run_backlog, "Usage: P8=<backlog 1..6>" },
	{ "P9", run_verify, "Usage: P9=<0 none|1 optional|2 required>" },
	{ "PB", run_root_mode, "Usage: PB=<0|1>" },
	{ "PE", run_list_items, "Usage: PE=<certificate set 0..2>" },
	{ "PF", run_set_active, "Usage: PF=<certificate set 0..2>" },
	{ "PG", run_program, "Usage: PG=<set 0..2>,<item 0..2>,<length 1..9999>,<data>",
	  program_payload },
	{ "PK", run_keep_alive, "Usage: PK=<0|1>,<0..65535 ms>" },
	{ "PR", run_bypass, "Usage: PR=0" },
	{ "R0", run_read, "Usage: R0" },
	{ "R1", run_read_size, "Usage: R1=<1..1460>" },
	{ "R2", run_read_wait, "Usage: R2=<0..30000 ms>" },
	{ "R3", run_read_mode, "Usage: R3=<0|1>" },
	{ "S0", run_write, "Usage: S0<CR><data of the length S1 says>", write_sized_payload },
	{ "S1", run_write_size, "Usage: S1=<1..1460>" },
	{ "S2", run_write_wait, "Usage: S2=<0..30000 ms>" },
	{ "S3", run_write, "Usage: S3=<length 1..1460><CR><data>", write_payload },
	{ "T0", run_ping, "Usage: T0=" },
	{ "T1", run_ping_address, "Usage: T1=<IP address>" },
	{ "T2", run_ping_count, "Usage: T2=<count 1..255>" },
	{ "T3", run_ping_interval, "Usage: T3=<interval 0..30000 ms>" },
	{ "U?", run_uart_show, "Usage: U?" },
	{ "U0", run_uart_apply, "Usage: U0" },
	{ "U2", run_uart_rate, "Usage: U2=<300..4000000 baud>" },
	{ "Z?", run_system_show, "Usage: Z?" },
	{ "Z0", run_factory, "Usage: Z0" },
	{ "Z1", run_save, "Usage: Z1" },
	{ "Z5", run_mac, "Usage: Z5" },
	{ "ZR", run_reset, "Usage: ZR" },
};

const struct command *command_each(unsigned int index)
{
	return index < G_N_ELEMENTS(commands) ? &commands[index] : NULL;
}

const struct command *command_find(const char *line, size_t size)
{
	const struct command *command;
	unsigned int i;
	size_t length;

	for (i = 0; (command = command_each(i)); i++) {
		length = strlen(command->name);
		if (size >= length && memcmp(line, command->name, length) == 0 &&
		    (size == length || line[length] == '='))
			return command;
	}
	return NULL;
}

bool argument_number(const char *text, unsigned int min, unsigned int max, unsigned int *value)
{
	guint64 number;

	if (!text || !g_ascii_isdigit(*text) ||
	    !g_ascii_string_to_unsigned(text, 10, min, max, &number, NULL))
		return false;
	*value = number;
	return true;
}

bool argument_none(const struct argument *argument)
{
	return !argument->text || !*argument->text;
}

bool argument_address(const char *text, struct in_addr *address)
{
	return text && inet_pton(AF_INET, text, address) == 1;
}
