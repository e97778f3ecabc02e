/* SPDX-License-Identifier: MIT */
/* The commands: one table, and a function for each. */
#ifndef FAKE_COMMAND_H
#define FAKE_COMMAND_H

#include "eswrap-fake/module.h"

enum verdict {
	VERDICT_OK,	 /* what was added to the answer is the DATA */
	VERDICT_ERROR,	 /* what was added comes before ERROR */
	VERDICT_USAGE,	 /* the argument is wrong, too much or missing */
	VERDICT_ADDRESS, /* it is not the address that it should be */
	VERDICT_PROMPT,	 /* what was added, and the prompt alone */
	VERDICT_SILENT,	 /* no answer */
};

/**
 * struct argument - what follows the two characters of a command
 * @text:	behind the '=', terminated; NULL when there was no '='
 * @payload, @payload_size: the raw bytes of S3 and PG
 */
struct argument {
	const char *text;
	const uint8_t *payload;
	size_t payload_size;
};

/**
 * struct command - a row of the table
 * @name:	two characters, "?", "$$$" or "---"
 * @run:	carries it out
 * @usage:	its arguments; "" where it has none
 * @payload:	for a command with raw bytes behind it: how many, by its argument; -1: wrong
 */
struct command {
	char name[4];
	enum verdict (*run)(struct module *module, const struct argument *argument);
	const char *usage;
	int (*payload)(const struct module *module, const char *text);
};

/* command_find() - by the first characters of a command line; NULL: no such command */
const struct command *command_find(const char *line, size_t size);

/**
 * argument_number() - a decimal number and nothing else
 * @min, @max:	what is allowed; leading zeros are
 *
 * Return: false when it is anything else.
 */
bool argument_number(const char *text, unsigned int min, unsigned int max, unsigned int *value);

/* argument_none() - nothing behind the name, but perhaps a '=' */
bool argument_none(const struct argument *argument);

/* argument_address() - an IPv4 address, dotted with four numbers */
bool argument_address(const char *text, struct in_addr *address);

/* One for each row, by file; what they do stands in eswrap-fake(1). */

/* cmd-system.c */
enum verdict run_identity(struct module *module, const struct argument *argument);
enum verdict run_uart_show(struct module *module, const struct argument *argument);
enum verdict run_uart_apply(struct module *module, const struct argument *argument);
enum verdict run_uart_rate(struct module *module, const struct argument *argument);
enum verdict run_system_show(struct module *module, const struct argument *argument);
enum verdict run_factory(struct module *module, const struct argument *argument);
enum verdict run_save(struct module *module, const struct argument *argument);
enum verdict run_clear_saved(struct module *module, const struct argument *argument);
enum verdict run_mac(struct module *module, const struct argument *argument);
enum verdict run_reset(struct module *module, const struct argument *argument);
enum verdict run_message_mode(struct module *module, const struct argument *argument);
enum verdict run_message_silence(struct module *module, const struct argument *argument);
enum verdict run_message_read(struct module *module, const struct argument *argument);
enum verdict run_human(struct module *module, const struct argument *argument);
enum verdict run_machine(struct module *module, const struct argument *argument);
enum verdict run_accepted(struct module *module, const struct argument *argument);
enum verdict run_power_save(struct module *module, const struct argument *argument);
enum verdict run_time(struct module *module, const struct argument *argument);
enum verdict run_memory(struct module *module, const struct argument *argument);
enum verdict run_leave(struct module *module, const struct argument *argument);
enum verdict run_refused(struct module *module, const struct argument *argument);

/* cmd-wifi.c */
enum verdict run_wifi_show(struct module *module, const struct argument *argument);
enum verdict run_join(struct module *module, const struct argument *argument);
enum verdict run_leave_wifi(struct module *module, const struct argument *argument);
enum verdict run_joined(struct module *module, const struct argument *argument);
enum verdict run_signal(struct module *module, const struct argument *argument);
enum verdict run_ssid(struct module *module, const struct argument *argument);
enum verdict run_passphrase(struct module *module, const struct argument *argument);
enum verdict run_security(struct module *module, const struct argument *argument);
enum verdict run_dhcp(struct module *module, const struct argument *argument);
enum verdict run_ip_version(struct module *module, const struct argument *argument);
enum verdict run_static_address(struct module *module, const struct argument *argument);
enum verdict run_static_netmask(struct module *module, const struct argument *argument);
enum verdict run_static_gateway(struct module *module, const struct argument *argument);
enum verdict run_static_dns(struct module *module, const struct argument *argument);
enum verdict run_static_dns2(struct module *module, const struct argument *argument);
enum verdict run_retries(struct module *module, const struct argument *argument);
enum verdict run_auto_connect(struct module *module, const struct argument *argument);
enum verdict run_country(struct module *module, const struct argument *argument);
enum verdict run_hide(struct module *module, const struct argument *argument);

/* cmd-radio.c */
enum verdict run_scan(struct module *module, const struct argument *argument);
enum verdict run_scan_show(struct module *module, const struct argument *argument);
enum verdict run_ping(struct module *module, const struct argument *argument);
enum verdict run_ping_show(struct module *module, const struct argument *argument);
enum verdict run_ping_address(struct module *module, const struct argument *argument);
enum verdict run_ping_count(struct module *module, const struct argument *argument);
enum verdict run_ping_interval(struct module *module, const struct argument *argument);
enum verdict scan_next(struct module *module);

/* cmd-transport.c */
enum verdict run_transport_show(struct module *module, const struct argument *argument);
enum verdict run_select(struct module *module, const struct argument *argument);
enum verdict run_protocol(struct module *module, const struct argument *argument);
enum verdict run_local_port(struct module *module, const struct argument *argument);
enum verdict run_remote_address(struct module *module, const struct argument *argument);
enum verdict run_remote_port(struct module *module, const struct argument *argument);
enum verdict run_client(struct module *module, const struct argument *argument);
enum verdict run_verify(struct module *module, const struct argument *argument);
enum verdict run_lookup(struct module *module, const struct argument *argument);
enum verdict run_call_wait(struct module *module, const struct argument *argument);
enum verdict run_keep_alive(struct module *module, const struct argument *argument);
enum verdict run_bypass(struct module *module, const struct argument *argument);

/* cmd-data.c */
enum verdict run_read(struct module *module, const struct argument *argument);
enum verdict run_read_counted(struct module *module, const struct argument *argument);
enum verdict run_read_show(struct module *module, const struct argument *argument);
enum verdict run_read_size(struct module *module, const struct argument *argument);
enum verdict run_read_wait(struct module *module, const struct argument *argument);
enum verdict run_read_mode(struct module *module, const struct argument *argument);
enum verdict run_write_wait(struct module *module, const struct argument *argument);
enum verdict run_write(struct module *module, const struct argument *argument);
enum verdict run_write_show(struct module *module, const struct argument *argument);
enum verdict run_write_size(struct module *module, const struct argument *argument);
int write_sized_payload(const struct module *module, const char *text);
int write_payload(const struct module *module, const char *text);

/* cmd-server.c */
enum verdict run_server(struct module *module, const struct argument *argument);
enum verdict run_accept(struct module *module, const struct argument *argument);
enum verdict run_backlog(struct module *module, const struct argument *argument);

/* cmd-credential.c */
enum verdict run_set_active(struct module *module, const struct argument *argument);
enum verdict run_program(struct module *module, const struct argument *argument);
enum verdict run_available(struct module *module, const struct argument *argument);
enum verdict run_report_only(struct module *module, const struct argument *argument);
int program_payload(const struct module *module, const char *text);

#endif
