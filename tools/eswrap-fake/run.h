/* SPDX-License-Identifier: MIT */
/* The functions that carry commands out. */
#ifndef FAKE_RUN_H
#define FAKE_RUN_H

#include "eswrap-fake/argument.h"
#include "eswrap-fake/module.h"

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
