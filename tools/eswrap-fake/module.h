/* SPDX-License-Identifier: MIT */
/* The module as a whole: what it knows, and the answer that it is making. */
#ifndef FAKE_MODULE_H
#define FAKE_MODULE_H

#include "eswrap-fake/flash.h"
#include "eswrap-fake/line.h"
#include "eswrap-fake/net.h"
#include "eswrap-fake/options.h"

/* The longest answer: one of F0 with every access point there can be. */
#define ANSWER_MAX   16384
#define FRAMING_MAX  512 /* what stands around it */
#define MESSAGES_MAX 32	 /* messages that nobody asked for and that wait */

/* Bits of MS: messages that are not wanted. */
#define SILENCE_DHCP   1
#define SILENCE_SERVER 2

/* What a set of credentials is for: PF's first number [UM, ST]. */
enum function { FUNCTION_TLS, FUNCTION_AWS, FUNCTION_COUNT };

/* How what stands around the DATA of an answer is left out. */
enum shape {
	SHAPE_WHOLE,
	SHAPE_HEADLESS, /* no \r\n in front: one form of R4 */
	SHAPE_BARE,	/* no \r\n on either side: R3=1 */
};

/**
 * struct module - everything there is
 * @settings:	C1 to CC, CN, U2, PB
 * @joined:	there is a Wi-Fi association
 * @selected:	P0
 * @active_set:	PF
 * @simple:	MT: errors are in the simple form
 * @silenced:	MS
 * @hidden:	CY: C? hides the passphrase
 * @human:	human-readable mode
 * @away:	AT mode was left: nothing is heard until a reset
 * @messages:	the texts that nobody asked for and that wait
 * @ping:	T1 to T3
 * @lost_until:	no network is in range before then, CLOCK_MONOTONIC in ns
 * @rejoin_at:	when it joins by itself again, INT64_MAX: not
 * @too_long:	the command that is being received is too long for any
 * @scanning:	the access point that the next MR tells of, -1: no scan under way
 * @faults:	what goes wrong
 * @stale:	P6=1 works on a socket only after P6=0
 * @deaf_resolver: no look-up is ever answered
 * @reset:	the module is to restart after this command
 * @new_rate:	the line's rate after this answer, 0: stays
 * @answer, @answer_size, @answer_max:	the answer being made, and how long it may become
 * @shape:	of that answer
 * @why:	why the command failed, in words; NULL: it says so itself
 */
struct module {
	const struct options *options;
	const struct firmware *firmware;
	struct loop *loop;
	struct trace *trace;
	struct line line;
	struct flash flash;
	struct settings settings;
	bool joined;
	int64_t lost_until, rejoin_at;
	bool too_long;
	int scanning;
	struct faults *faults;
	struct socket sockets[SOCKET_COUNT];
	unsigned int selected;
	unsigned int active_set[FUNCTION_COUNT];
	bool simple, hidden, human, away, holds;
	unsigned int silenced;
	GQueue messages;
	struct {
		struct in_addr address;
		unsigned int count, interval_ms;
	} ping;
	bool stale, deaf_resolver;
	bool reset;
	unsigned int new_rate;
	uint8_t answer[ANSWER_MAX + FRAMING_MAX];
	size_t answer_size, answer_max;
	enum shape shape;
	char *why;
};

/**
 * module_new() - a module that is switched off
 * @host:	the host's end of its line
 * @options, @loop, @host, @trace, @faults: outlive it
 *
 * Return: the module, or NULL with @error set when its flash cannot be used.
 */
struct module *module_new(const struct options *options, struct loop *loop, struct host *host,
			  struct trace *trace, struct faults *faults, GError **error);

/* module_free() - after module_disconnect() */
void module_free(struct module *module);

/* module_power_up() - what a module knows right after it got power */
void module_power_up(struct module *module);

/* module_socket() - the selected socket */
static inline struct socket *module_socket(struct module *module)
{
	return &module->sockets[module->selected];
}

/* module_message() - a message that nobody asked for: printed when the line is free, or kept for MR */
void module_message(struct module *module, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* module_factory() - the settings as they were when the module was made */
void module_factory(const struct module *module, struct settings *settings);

/* answer_begin() - a new answer; answer_text(), answer_bytes() - add to it; what does not fit is cut off */
void answer_begin(struct module *module);
void answer_text(struct module *module, const char *format, ...) G_GNUC_PRINTF(2, 3);
void answer_bytes(struct module *module, const void *data, size_t size);
/* answer_why() - why the command failed: for the trace, no firmware says it so */
void answer_why(struct module *module, const char *format, ...) G_GNUC_PRINTF(2, 3);

#endif
