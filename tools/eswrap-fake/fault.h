/* SPDX-License-Identifier: MIT */
/* Faults: what goes wrong, and when. The grammar of --fault is in eswrap-fake(1). */
#ifndef FAKE_FAULT_H
#define FAKE_FAULT_H

#include "eswrap-fake/trace.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum direction { FROM_HOST, TO_HOST };

enum fault_kind {
	FAULT_LOSE_IN, /* a byte from the host is lost */
	FAULT_LOSE_OUT,
	FAULT_FLIP_IN, /* one bit of a byte changes */
	FAULT_FLIP_OUT,
	FAULT_ADD_IN, /* a byte that nobody sent comes before it */
	FAULT_ADD_OUT,
	FAULT_SILENCE,	   /* hears nothing and says nothing for a while */
	FAULT_RESET,	   /* restarts by itself */
	FAULT_NOISE,	   /* bytes that belong to nothing */
	FAULT_WIFI_LOSS,   /* the association and all connections are gone */
	FAULT_REFUSE,	   /* the next P6=1 is refused */
	FAULT_TIMEOUT,	   /* the next P6=1 times out */
	FAULT_SLOW,	   /* the next P6=1 takes longer */
	FAULT_LOOKUP,	   /* the next D0 finds nothing */
	FAULT_CLOSE,	   /* a connection ends in the middle */
	FAULT_MESSAGE,	   /* an asynchronous message */
	FAULT_READ_ERROR,  /* the next R0 or R4 fails with a text, and its socket is over */
	FAULT_WRITE_ERROR, /* the next S3 or S0 does */
	FAULT_START_ERROR, /* the next P6=1 fails with a text */
	FAULT_IN_USE,	   /* the next P6=1 of TLS finds another TLS connection in the way */
	FAULT_FRONT,	   /* a message in front of the next answer */
	FAULT_UART_ERROR,  /* a payload is given up in its middle */
	FAULT_STALL,	   /* a payload ends in its middle, as if the host had stalled */
	FAULT_NET_STALL,   /* the network moves nothing of a socket for a while */
	FAULT_STALE,	   /* from now on P6=1 works only after P6=0 */
	FAULT_RESOLVER,	   /* from now on no look-up is answered */
	FAULT_PB,	   /* PB=1 is set */
	FAULT_HUMAN,	   /* it is in human-readable mode */
	FAULT_RATE,	   /* its line has another rate */
	FAULT_KINDS,
};

/**
 * struct fault_event - one fault that is to happen now
 * @ms, @size, @baud, @socket, @text: its parameters; @socket -1: the selected one
 * @ok:		the message has an OK behind it
 * @chance:	a number that the fault's seed gives, for those that choose
 */
struct fault_event {
	enum fault_kind kind;
	guint ms, size, baud;
	int socket;
	const char *text;
	bool ok;
	guint32 chance;
};

struct faults;

/**
 * faults_new() - no faults
 * @trace:	told of each one that happens
 *
 * Free with faults_free().
 */
struct faults *faults_new(struct trace *trace);
void faults_free(struct faults *faults);

/**
 * faults_add() - add one
 * @spec:	as in the manual
 *
 * Return: false with @error set when @spec is not understood.
 */
bool faults_add(struct faults *faults, const char *spec, GError **error);

/**
 * faults_bytes() - what becomes of bytes on the line
 * @out:	gets what arrives at the other end
 *
 * A reset or a silence cuts the bytes off where it happens.
 *
 * Return: false when nothing can happen to the bytes: @out is not used, take @data.
 */
bool faults_bytes(struct faults *faults, enum direction direction, const uint8_t *data, size_t size,
		  GByteArray *out);

/* faults_command() - a command has arrived; @name is its two characters */
void faults_command(struct faults *faults, const char *name);

/* faults_start() - the module gets power, or restarts */
void faults_start(struct faults *faults);

/* faults_inject_reset() - a reset that comes from outside */
void faults_inject_reset(struct faults *faults);

/* faults_cut() - a reset or a silence is to happen: give up what is under way */
bool faults_cut(const struct faults *faults);

/**
 * faults_due() - when the next event is to happen
 *
 * Return: CLOCK_MONOTONIC in ns, INT64_MAX: none is.
 */
int64_t faults_due(const struct faults *faults);

/* faults_next() - take the next event that is due now. Return: false when there is none */
bool faults_next(struct faults *faults, struct fault_event *event);

/* faults_take() - take one of the kinds that wait for their command. Return: false: there is none
 */
bool faults_take(struct faults *faults, enum fault_kind kind, struct fault_event *event);

/* faults_forget() - the module restarts: what waits for a command waits no longer */
void faults_forget(struct faults *faults);

#endif
