/* SPDX-License-Identifier: MIT */
/*
 * The driver's inside: what module.c, bringup.c, wifi.c, transport.c and credential.c share.
 */
#ifndef ESWIFI_MODULE_H
#define ESWIFI_MODULE_H

#include "at.h"
#include "eswifi/eswifi.h"
#include "protocol.h"

/* Settings of the selected socket, as the module has them; -1: not known. */
enum knob {
	KNOB_PROTOCOL,	 /* P1 */
	KNOB_PORT,	 /* P4 */
	KNOB_VERIFY,	 /* P9 */
	KNOB_READ_SIZE,	 /* R1 */
	KNOB_READ_WAIT,	 /* R2 */
	KNOB_WRITE_WAIT, /* S2 */
	KNOBS,
};

/**
 * struct module_socket - what is known of one socket of the module
 * @knobs:	as the module has them
 * @remote:	the argument of the last D0 or P3; "" when not known
 * @looked_up:	when that D0 was answered, monotonic µs; 0 for P3
 * @stream:	TCP or TLS, where "-1" marks the end
 * @full_reads:	how many reads in a row came back full
 * @long_pieces:	the last piece was longer than what is read byte by byte
 */
struct module_socket {
	int knobs[KNOBS];
	char remote[ESWIFI_HOST_MAX + 1];
	gint64 looked_up;
	bool stream;
	guint full_reads;
	bool long_pieces;
};

enum read_phase {
	READ_FIRST,   /* byte by byte from a quiet socket, as much as there is from a busy one */
	READ_REST,    /* a quiet socket had bytes: what else is there? */
	READ_CONFIRM, /* "-1" came where two bytes of data can be: R1=1 tells */
};

/**
 * struct operation - the one that is under way
 * @step:	sends the next command; NULL: no operation
 * @end:	READ, LOOKUP, OPEN: the result while the module is asked whether it is joined
 * @knob, @knob_value:	the setting that has been sent and not been answered
 * @said_twice:	CLOSE: P6=0 was answered ERROR and sent again
 * @secret:	@data is wiped at the end
 * @data, @size:	SEND, credential: what is sent; READ: what has been read
 */
struct operation {
	void (*step)(struct eswifi_module *module);
	eswifi_done done;
	eswifi_read_done read_done;
	gpointer user;
	guint socket;
	int end;
	char text[PROTOCOL_WORDS_MAX + 1];

	char host[ESWIFI_HOST_MAX + 1];
	enum eswifi_protocol protocol;
	guint16 port;
	enum eswifi_verify verify;
	guint set;
	enum eswifi_item item;

	enum read_phase phase;
	guint wait_ms, limit;
	enum knob knob;
	int knob_value;
	bool said_twice;
	bool secret;
	gsize size;
	guint8 data[ESWIFI_CREDENTIAL_MAX];
};

/**
 * struct bringup - how far bringing the module up has come; see bringup.c
 * @rates, @rate_count, @rate:	rates to try, and the one being tried
 * @tries:	attempts at that rate
 * @reset:	the module has been reset in this round
 * @fast_failed:	the fast rate did not work on this port
 * @slow_baud:	rate to fall back to while the fast one is being tried, else 0
 * @socket:	the one being closed
 * @setting:	the Wi-Fi setting being sent
 * @note_accepted:	PF in the note's form was answered OK
 */
struct bringup {
	guint rates[16];
	guint rate_count, rate, tries;
	bool reset;
	bool fast_failed;
	guint slow_baud;
	char first_identity[PROTOCOL_WORDS_MAX + 1];
	guint socket;
	guint setting;
	bool note_accepted;
};

typedef void (*module_handler)(struct eswifi_module *module, const struct at_reply *reply);

struct eswifi_module {
	struct eswifi_settings settings;
	struct eswifi_ops ops;
	gpointer user;
	struct at *at;
	module_handler handler;

	enum eswifi_state state;
	char *why; /* it is in that state; never NULL */
	struct eswifi_identity identity;
	struct eswifi_counters counters;

	int selected;	/* P0, -1: not known */
	int active_set; /* PF, -1: not known */
	struct module_socket sockets[ESWIFI_SOCKETS];
	bool gone_is_error; /* this firmware marks a lost connection with ERROR */
	bool burning;	    /* a PG is out, and the module may be waiting for more of it */

	struct operation op;
	struct bringup bringup;
	guint attempts; /* to come back, since it was last ready for long */
	gint64 ready_since;
	guint good_baud; /* the last rate that worked on this port, 0: none */
	bool check_due;
	bool started;

	GCancellable *opening;
	GSource *wake; /* always there; its ready time says whether it is to run */
	GSource *pause, *check;
};

/* module.c */

/* module_set_state() - change the state and tell the owner why */
void module_set_state(struct eswifi_module *module, enum eswifi_state state, const char *why);

/* module_pause() - call @then after @ms; a pause that was still under way is dropped */
void module_pause(struct eswifi_module *module, guint ms, GSourceFunc then);

/* module_command() - send a text command; an answer that is none is a fault and not handled */
void module_command(struct eswifi_module *module, guint timeout_ms, module_handler handler,
		    const char *format, ...) G_GNUC_PRINTF(4, 5);

/* module_request() - the same for a command with a payload, a raw answer or a secret in it */
void module_request(struct eswifi_module *module, const struct at_request *request,
		    module_handler handler);

/**
 * module_fault() - the two sides are out of step, or the module is silent
 * @error:	what the operation under way ends with
 *
 * Everything that was known of the module is forgotten, and bring-up begins anew.
 */
void module_fault(struct eswifi_module *module, int error, const char *why);

/* module_wifi_lost() - the module answers but is not joined: bring it up again */
void module_wifi_lost(struct eswifi_module *module);

/* module_ready() - bring-up is done */
void module_ready(struct eswifi_module *module);

/* module_forget() - nothing is known of the module's settings any more */
void module_forget(struct eswifi_module *module);

/* module_may_start() - Return: 0, or -EBUSY when no operation can be started now */
int module_may_start(const struct eswifi_module *module, guint socket);

/* module_select() - P0. Return: true when it is so already; else the operation's step comes again
 */
bool module_select(struct eswifi_module *module, guint socket);

/* module_activate() - PF, in the known dialect; as module_select() */
bool module_activate(struct eswifi_module *module, guint set);

/* module_op_begin() - fill in the operation and take its first step */
void module_op_begin(struct eswifi_module *module, void (*step)(struct eswifi_module *));

/* module_op_end() - the operation is over; @text may be NULL */
void module_op_end(struct eswifi_module *module, int result, const char *text);

/* module_op_verify() - ask whether the module is joined before the operation ends with @result */
void module_op_verify(struct eswifi_module *module, int result, const char *text);

/* module_backoff_ms() - the next pause before trying again, with jitter */
guint module_backoff_ms(struct eswifi_module *module);

/* bringup.c */

/* bringup_begin() - find prompt, rate and identity on the attached port, then join */
void bringup_begin(struct eswifi_module *module);

/* bringup_failed() - this attempt is over: try again, at another rate, after a reset or a pause */
void bringup_failed(struct eswifi_module *module, const char *why);

/* wifi.c */

/* wifi_begin() - join, unless the module says that it is in the right network already */
void wifi_begin(struct eswifi_module *module);

/* wifi_settings_valid() - could these go into AT commands? */
bool wifi_settings_valid(const struct eswifi_settings *settings, GError **error);

/* wifi_is_address() - is @text an IPv4 address in dotted decimals? */
bool wifi_is_address(const char *text);

#endif
