/* SPDX-License-Identifier: MIT */
/*
 * One port with a module behind it: what is known of it, and the commands that change that.
 *
 * This is the ground that operation.c, credential.c, bringup.c, wifi.c, question.c and probe.c stand on, and
 * that module.c puts together. What they report goes up through struct session_ops.
 */
#ifndef ESWIFI_SESSION_H
#define ESWIFI_SESSION_H

#include "at.h"
#include "eswifi/eswifi.h"
#include "firmware.h"
#include "health.h"
#include "protocol.h"
#include "sighting.h"

/* Settings of a socket, as the module has them; -1: not known. */
enum knob {
	KNOB_PROTOCOL,	 /* P1 */
	KNOB_LOCAL_PORT, /* P2 */
	KNOB_PORT,	 /* P4 */
	KNOB_VERIFY,	 /* P9 */
	KNOB_REPORT,	 /* PB: a failed check of the CA is reported and no more */
	KNOB_KEEP_ALIVE, /* PK */
	KNOB_CALL_WAIT,	 /* PY; -1: PROTOCOL_CALL_WAIT */
	KNOB_READ_SIZE,	 /* R1 */
	KNOB_READ_WAIT,	 /* R2 */
	KNOB_WRITE_WAIT, /* S2 */
	KNOBS,
};

/**
 * struct module_socket - what is known of one socket of the module
 * @knobs:	as the module has them
 * @remote:	the argument of the last D0 or P3; "" when not known
 * @address:	the address that D0 found for it
 * @looked_up:	when that D0 was answered, monotonic us; 0 for P3
 * @open:	P6=1 was answered OK, and nothing has ended it since
 * @protocol, @port:	while it is open
 * @closed:	P6=0 was answered OK, and P6=1 has not been sent since
 * @stream:	TCP or TLS, where a mark tells of the end
 * @asked:	bytes were sent, and none has come since: an answer is likely
 * @moved:	an echo has changed the remote address
 * @full_reads:	how many reads in a row came back full
 * @long_pieces:	the last piece was longer than what is read byte by byte
 * @held, @holds:	a byte that was read to make sure that the socket is open
 */
struct module_socket {
	int knobs[KNOBS];
	char remote[ESWIFI_HOST_MAX + 1];
	char address[16];
	gint64 looked_up;
	bool open, closed;
	enum eswifi_protocol protocol;
	guint16 port;
	bool stream, asked, moved;
	guint full_reads;
	bool long_pieces;
	bool holds;
	guint8 held;
};

enum read_phase {
	READ_FIRST,   /* byte by byte from a quiet socket, as much as there is from a busy one */
	READ_REST,    /* a quiet socket had bytes: what else is there? */
	READ_CONFIRM, /* "-1" came where two bytes of data can be: R1=1 tells */
};

/**
 * struct operation - the one that is under way
 * @step:	sends the next command; NULL: no operation
 * @beginning:	its first step is being made, within the call that begins it
 * @early:	that was its last step as well: @end and @text are what comes of it
 * @end:	the result while the module is asked something before the operation ends
 * @knob, @knob_value:	the setting that has been sent and not been answered
 * @far:	what its D0 or P6=1 counts for, from when that is sent until it has succeeded; else NULL
 * @repeated:	CLOSE, OPEN: the command was answered ERROR and is sent again
 * @secret:	@data is wiped at the end
 * @compare:	credential: burn nothing
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
	guint16 port, local_port;
	enum eswifi_verify verify;
	guint keep_alive_ms, patience_ms;
	guint set;
	enum eswifi_item item;

	enum read_phase phase;
	guint wait_ms, limit;
	enum knob knob;
	int knob_value;
	struct health *far;
	bool beginning, early;
	bool repeated, counted;
	bool secret, compare;
	gsize size;
	guint8 *data; /* ESWIFI_CREDENTIAL_MAX bytes of memory for secrets */
};

/**
 * struct bringup - how far bringing the module up has come; see bringup.c
 * @rates, @rate_count, @rate:	rates to try, and the one being tried
 * @tries:	attempts at that rate
 * @reset:	the module has been reset in this round
 * @fast_failed:	the fast rate did not work on this port
 * @slow_baud:	rate to fall back to while the fast one is being tried, else 0
 * @socket:	the one being closed
 * @question:	the row of the table of questions that is out
 * @refused:	it has been refused once, and is asked again
 * @ended:	what comes after it
 */
struct bringup {
	guint rates[16];
	guint rate_count, rate, tries;
	bool reset;
	bool fast_failed;
	guint slow_baud;
	char first_identity[PROTOCOL_WORDS_MAX + 1];
	guint socket, question;
	bool refused;
	void (*ended)(struct eswifi_module *module);
};

/**
 * struct join - how far joining has come; see wifi.c
 * @setting:	the Wi-Fi setting being sent
 * @ended:	what comes after it
 * @away:	somebody wants the module to stay away
 */
struct join {
	guint setting;
	bool away;
	void (*ended)(struct eswifi_module *module);
};

/**
 * struct general_question - what eswifi_ask() has been asked; see question.c
 * @waiting:	for the line
 * @step:	how many of its commands have been answered
 */
struct general_question {
	enum eswifi_question kind;
	bool waiting;
	guint step;
	char address[16];
	eswifi_done done;
	gpointer user;
};

/**
 * struct line_mark - how much has gone over the line until then, for eswifi_module_throughput()
 * @at:	monotonic us
 */
struct line_mark {
	gint64 at;
	guint64 bytes;
};

typedef void (*session_handler)(struct eswifi_module *module, const struct at_reply *reply);

/**
 * struct session_ops - news for module.c
 * @fault:	the two sides are out of step, or the module is silent; @error is what the
 *		operation under way ends with
 * @wifi_lost:	the module answers but is not joined
 * @hopeless:	nothing works any more although the module answers and is joined
 * @scanned:	a list of networks has come, or the word that there is none
 * @idle:	an operation has ended, the line is free
 */
struct session_ops {
	void (*fault)(struct eswifi_module *module, int error, const char *why);
	void (*wifi_lost)(struct eswifi_module *module);
	void (*hopeless)(struct eswifi_module *module, const char *why);
	void (*scanned)(struct eswifi_module *module, const struct at_reply *reply);
	void (*idle)(struct eswifi_module *module);
};

struct eswifi_module {
	struct eswifi_settings settings;
	struct eswifi_ops ops;
	gpointer user;
	const struct session_ops *news;
	struct at *at;
	session_handler handler;

	enum eswifi_state state;
	char *why; /* it is in that state; never NULL */
	struct eswifi_identity identity;
	struct eswifi_counters counters;

	int selected;	/* P0, -1: not known */
	int active_set; /* PF, -1: not known */
	struct module_socket sockets[ESWIFI_SOCKETS];
	struct firmware firmware;
	/* A look-up that works says nothing of starts. */
	struct health starts, lookups;
	struct sightings seen;
	guint16 next_port; /* local port of the next start */
	bool burning;	   /* a PG is out, and the module may be waiting for more of it */

	struct operation op;
	struct bringup bringup;
	struct join join;
	struct general_question question;
	eswifi_tap tap; /* NULL: nobody wants to know */
	gpointer tap_user;
	struct probe *probe; /* under way, else NULL; see probe.c */
	eswifi_done probe_done;
	guint attempts; /* to come back, since it was last ready for long */
	gint64 ready_since;
	guint good_baud; /* the last rate that worked on this port, 0: none */
	bool check_due;
	guint checks;		   /* since it was last ready */
	struct line_mark marks[2]; /* the last two checks */
	bool started;

	GCancellable *opening;
	GSource *wake; /* always there, and runs when @wake_due */
	bool wake_due;
	bool hopeless; /* the next bring-up begins with a reset */
	GSource *pause, *check;
};

/* session_set_state() - change the state and tell the owner why */
void session_set_state(struct eswifi_module *module, enum eswifi_state state, const char *why);

/* session_trace() - tell the tap what has happened to a socket */
void session_trace(struct eswifi_module *module, enum eswifi_trace_kind kind, guint socket,
		   const guint8 *data, gsize size);

/* session_pause() - call @then after @ms; a pause that was still under way is dropped */
void session_pause(struct eswifi_module *module, guint ms, GSourceFunc then);

/* session_stop_pause() - it is over, or nobody wants it any more */
void session_stop_pause(struct eswifi_module *module);

/* session_backoff_ms() - the next pause before trying again, with jitter */
guint session_backoff_ms(struct eswifi_module *module);

/* session_forget() - nothing is known of the module's settings any more */
void session_forget(struct eswifi_module *module);

/* session_command() - send a text command; an answer that is none is a fault and not handled */
void session_command(struct eswifi_module *module, guint timeout_ms, session_handler handler,
		     const char *format, ...) G_GNUC_PRINTF(4, 5);

/* session_request() - the same for a command with a payload, a raw answer or a secret in it */
void session_request(struct eswifi_module *module, const struct at_request *request,
		     session_handler handler);

/* session_fault() - report session_ops.fault */
void session_fault(struct eswifi_module *module, int error, const char *why);

/* session_may_start() - Return: 0, or -EBUSY when no operation can be started now */
int session_may_start(const struct eswifi_module *module, guint socket);

/* session_op_begin() - the operation is filled in: take its first step */
void session_op_begin(struct eswifi_module *module, void (*step)(struct eswifi_module *));

/* session_op_end() - the operation is over; @text may be NULL */
void session_op_end(struct eswifi_module *module, int result, const char *text);

/* session_op_verify() - ask whether the module is joined before the operation ends with @result */
void session_op_verify(struct eswifi_module *module, int result, const char *text);

/*
 * The settings that the module must have for an operation. Return: true when it is so already; else
 * a command has been sent, and the operation's step comes again.
 */

/* session_select() - P0 */
bool session_select(struct eswifi_module *module, guint socket);
/* session_activate() - PF, in the known dialect */
bool session_activate(struct eswifi_module *module, guint set);
/* session_set_knob() - a setting of the operation's socket, which must be selected */
bool session_set_knob(struct eswifi_module *module, enum knob knob, int value);

/* session_socket() - the one of the operation under way */
struct module_socket *session_socket(struct eswifi_module *module);

#endif
