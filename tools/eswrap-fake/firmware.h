/* SPDX-License-Identifier: MIT */
/* What firmware does in one way or another: a switch for each, and the profiles that set them. */
#ifndef FAKE_FIRMWARE_H
#define FAKE_FIRMWARE_H

#include <glib.h>
#include <stdbool.h>

/* The words of each switch, in the order of the table in firmware.c. */
enum bus { BUS_UART, BUS_SPI };
enum errors { ERRORS_VERBOSE, ERRORS_SIMPLE };
enum gone { GONE_ERROR, GONE_OK, GONE_TEXT };
enum read_rule { READ_FIRST, READ_FULL };
enum receive_mode { RECEIVE_STRIP, RECEIVE_QUIET };
enum counted_read { COUNTED_OFF, COUNTED_CRLF, COUNTED_PLAIN };
enum match { MATCH_NONE, MATCH_PLAIN, MATCH_CERTS };
enum dialect { DIALECT_NOTE, DIALECT_ST };
enum start_text { START_CONNECTING, START_LONG, START_BARE };
enum message_form { MESSAGE_PROMPT, MESSAGE_OK };
enum rates { RATES_COMMON, RATES_M3G, RATES_ALL };

/**
 * struct identity - the seven fields of I?
 */
struct identity {
	char *product, *firmware, *api, *stack, *rtos, *clock, *name;
};

/**
 * struct firmware - the switches; eswrap-fake(1) says what each does and how sure it is
 *
 * Those without an enum of their own are 1 for the word that stands second in the table.
 * @tls_sockets: how many TLS connections there can be at a time, 1..4
 * @without:	commands that it does not know, NULL-terminated; never NULL itself
 * @rate_list:	rates that U2 takes, zero-terminated; NULL: what @rates says
 * @banner:	printed before the prompt at every start, NULL: nothing
 * @identity:	I?
 */
struct firmware {
	unsigned int bus, errors, usage, short_empty, gone, write_gone, read, receive_mode;
	unsigned int counted, counted_empty, counted_long, message_form, link_news, u0_forgets;
	unsigned int zr_answers, udp_port_ignored, writable_set, match, dialect, pem_any, der;
	unsigned int sni, wifi_12, ssid_quoted, passphrase_hidden, socket_12, dead_text, start;
	unsigned int failure_text, stop_text, surplus_error, server_stop_all, keep_alive_zero;
	unsigned int rates, check_names, check_dates, tls13, unset_empty, empty_line_error;
	unsigned int tls_sockets;
	char **without;
	unsigned int *rate_list;
	char *banner;
	struct identity identity;
};

/**
 * firmware_init() - as a profile says
 * @profile:	its name
 *
 * Return: false when there is no such profile; @firmware is then as the default says. Free with
 * firmware_free() in either case.
 */
bool firmware_init(struct firmware *firmware, const char *profile);
void firmware_free(struct firmware *firmware);

/* firmware_profiles() - their names, the default first. Free with g_free() */
char *firmware_profiles(void);

/**
 * struct firmware_switch - one of them, as the command line and a report know it
 * @name:	without the dashes
 * @words:	what it can be, with bars between
 * @help:	what it is about
 */
struct firmware_switch {
	const char *name;
	const char *words;
	const char *help;
};

/* firmware_each() - the switches in the table's order. Return: false after the last */
bool firmware_each(unsigned int index, struct firmware_switch *out);

/**
 * firmware_set() - set one switch
 * @name:	its name
 * @word:	one of its words
 *
 * Return: false with @error set when there is no such switch or word.
 */
bool firmware_set(struct firmware *firmware, const char *name, const char *word, GError **error);

/* firmware_lacks() - it does not know this command */
bool firmware_lacks(const struct firmware *firmware, const char *command);

/* firmware_takes_rate() - U2 takes it */
bool firmware_takes_rate(const struct firmware *firmware, unsigned int rate);

/* firmware_revision() - Cx.x.x.x as a number that can be compared: 0x03050205 */
unsigned int firmware_revision(const struct firmware *firmware);

#endif
