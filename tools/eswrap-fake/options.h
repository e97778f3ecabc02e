/* SPDX-License-Identifier: MIT */
#ifndef FAKE_OPTIONS_H
#define FAKE_OPTIONS_H

#include <glib.h>
#include <netinet/in.h>
#include <stdbool.h>

#define SECURITY_COUNT 6

/* Values of C3, and the words that --access-point knows them by. */
enum security {
	SECURITY_OPEN,
	SECURITY_WEP,
	SECURITY_WPA,
	SECURITY_WPA2,
	SECURITY_WPA_WPA2,
	SECURITY_WPA2_TKIP,
};

enum dialect { DIALECT_NOTE, DIALECT_ST };

struct access_point {
	char *ssid;
	char *passphrase;
	enum security security;
};

struct name {
	char *name;
	struct in_addr address;
};

struct command_time {
	char *name; /* two characters, or NULL: every command */
	gint64 ns;
};

/**
 * struct options - the command line, checked
 * @listen, @pty:	one of the two is set
 * @baud:	rate at power-up, bit/s
 * @paced:	bytes take their time
 * @times:	struct command_time, the specific ones first
 * @boot_ns:	from a reset to the prompt
 * @payload_ns:	how long a payload may pause before its command is given up; 0: for ever
 * @connect_ns:	how long P6=1 tries
 * @revision:	firmware revision in I?
 * @error_gone:	-1 of a closed connection is followed by ERROR, not OK
 * @short_empty: an answer without data leaves out its empty line
 * @check_names: the server's certificate must also carry the name that D0 was given
 * @tls13:	TLS 1.3 is offered too
 * @access_points: struct access_point
 * @names:	struct name
 * @all_names:	every other name has this address
 * @banner:	printed before the prompt at every start, NULL: nothing
 * @pause_ns:	the longest pause inside an answer
 * @seed:	of the places of these pauses
 * @faults:	specifications, a NULL-terminated list or NULL
 * @ready_fd:	told when the module can be talked to, -1: none
 */
struct options {
	char *listen, *pty;
	guint baud;
	bool paced;
	GArray *times;
	gint64 boot_ns, payload_ns, connect_ns;
	char *flash, *trace;
	enum dialect dialect;
	char *revision;
	char *mac;
	bool error_gone, short_empty, check_names, tls13;
	GArray *access_points;
	GArray *names;
	bool resolve_all;
	struct in_addr all_names;
	char *banner;
	gint64 pause_ns;
	guint seed;
	char **faults;
	int ready_fd;
};

/**
 * options_parse() - read the command line
 *
 * Return: false with @error set when it cannot be understood. --help and --version exit. Free with
 * options_free() in either case.
 */
bool options_parse(struct options *options, int argc, char **argv, GError **error);
void options_free(struct options *options);

#endif
