/* SPDX-License-Identifier: MIT */
#ifndef FAKE_OPTIONS_H
#define FAKE_OPTIONS_H

#include "eswrap-fake/firmware.h"
#include "eswrap-fake/times.h"

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

struct access_point {
	char *ssid;
	char *passphrase;
	enum security security;
};

struct name {
	char *name;
	struct in_addr address;
};

/**
 * struct options - the command line, checked
 * @listen, @pty:	one of the two is set
 * @baud:	rate at power-up, bit/s
 * @paced:	bytes take their time
 * @times:	struct command_time, the specific ones first
 * @boot_ns:	from a reset to the prompt
 * @payload_ns:	how long a payload may pause; 0: for ever, -1: S3 as S2 says
 * @connect_ns:	how long P6=1 tries
 * @join_ns:	how long an attempt of C0 takes
 * @firmware:	what it does in one way or another
 * @access_points: struct access_point
 * @names:	struct name
 * @all_names:	every other name has this address
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
	gint64 boot_ns, payload_ns, connect_ns, join_ns;
	char *flash, *trace;
	char *mac;
	struct firmware firmware;
	GArray *access_points;
	GArray *names;
	bool resolve_all;
	struct in_addr all_names;
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
