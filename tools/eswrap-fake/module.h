/* SPDX-License-Identifier: MIT */
/* The module as a whole: what it knows, and the cycle of commands and answers. */
#ifndef FAKE_MODULE_H
#define FAKE_MODULE_H

#include "eswrap-fake/flash.h"
#include "eswrap-fake/line.h"
#include "eswrap-fake/net.h"
#include "eswrap-fake/options.h"

/* The longest answer: one of F0 with every access point there can be. */
#define ANSWER_MAX   16384
#define COMMAND_MAX  512 /* bytes of a command up to its \r */
#define MESSAGES_MAX 32	 /* asynchronous messages that wait for MR */

/**
 * struct module - everything there is
 * @settings:	C1 to C9, CN, U2
 * @joined:	there is a Wi-Fi association
 * @selected:	P0
 * @active_set:	PF
 * @quiet:	MT=1: messages wait for MR
 * @messages:	the texts that wait
 * @ping:	T1 to T3
 * @lost_until:	no network is in range before then, CLOCK_MONOTONIC in ns
 * @too_long:	the command that is being received is too long for any
 * @scanning:	the access point that the next MR tells of, -1: no scan under way
 * @faults:	what goes wrong
 * @reset:	the module is to restart after this command
 * @new_rate:	the line's rate after this answer, 0: stays
 * @answer, @answer_size:	the answer being made
 */
struct module {
	const struct options *options;
	struct loop *loop;
	struct trace *trace;
	struct line line;
	struct flash flash;
	struct settings settings;
	bool joined;
	int64_t lost_until;
	bool too_long;
	int scanning;
	struct faults *faults;
	struct socket sockets[SOCKET_COUNT];
	unsigned int selected;
	unsigned int active_set;
	bool quiet;
	GQueue messages;
	struct {
		struct in_addr address;
		unsigned int count, interval_ms;
	} ping;
	bool reset;
	unsigned int new_rate;
	uint8_t answer[ANSWER_MAX];
	size_t answer_size;
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
void module_free(struct module *module);

/**
 * module_start() - switch it on; what it says then nobody hears
 *
 * Return: 0, or a negative errno when the program is to end.
 */
int module_start(struct module *module);

/* module_run() - serve the host, and return when the program is to end */
void module_run(struct module *module);

/* module_socket() - the selected socket */
static inline struct socket *module_socket(struct module *module)
{
	return &module->sockets[module->selected];
}

/* module_disconnect() - every connection and server ends */
void module_disconnect(struct module *module);

/* server_start() - P5=1 on the selected socket. Return: 0, or a negative errno */
int server_start(struct module *module, bool accept_loop);
/* server_stop() - P5=0; nothing if there is none */
void server_stop(struct module *module, struct socket *sock);
/* server_next() - let the client go and wait for the next one */
void server_next(struct module *module, struct socket *sock);

/* module_message() - an asynchronous message: printed when the line is free, or kept for MR */
void module_message(struct module *module, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* module_factory() - the settings as they were when the module was made */
void module_factory(const struct module *module, struct settings *settings);

/* answer_text(), answer_bytes() - add to the answer being made; what does not fit is cut off */
void answer_text(struct module *module, const char *format, ...) G_GNUC_PRINTF(2, 3);
void answer_bytes(struct module *module, const void *data, size_t size);

#endif
