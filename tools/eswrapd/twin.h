/* SPDX-License-Identifier: MIT */
/*
 * Twins: two connects that are one attempt.
 *
 * DOC: Theory of operation
 *
 * A name has a stand-in address of each family, and both lead to the same place. Programs try the
 * second when the first takes long (RFC 8305), when they have given it up, or when it has failed;
 * but the module would only do the same again, and a connect keeps its line for a while. So connects
 * of one process to one name and port, over both addresses, are one attempt, and whoever makes the
 * second asks here first. Each is
 *
 *	CONNECTING	it has not ended
 *	CONNECTED	it has succeeded
 *	ABANDONED	its program has given it up while the module worked on it. A P6=1 cannot be
 *			taken back: it is kept until it is answered, for the process that asks for the
 *			same again
 *
 * What the second has to do depends on the first:
 *
 *	the first is CONNECTING		wait behind it, with nothing asked of the module
 *		and fails		fail alike
 *		and is given up		go on in its place
 *		and succeeds		hold: the program closes the second now. If it has not after
 *					TWIN_HOLD_S, the second is a connect of its own
 *	succeeded less than that ago	hold
 *	failed less than that ago	fail alike
 *	is ABANDONED			take it over, over whichever address
 *
 * Nothing here knows flows, sockets or timers: times come as arguments, what is to be done goes back
 * as a step.
 */
#ifndef ESWRAPD_TWIN_H
#define ESWRAPD_TWIN_H

#include <glib.h>
#include <stdbool.h>

struct flow_request;

#define TWIN_HOLD_S 1

/* struct twins - all attempts, and the last that failed */
struct twins;

enum attempt_state { ATTEMPT_CONNECTING, ATTEMPT_CONNECTED, ATTEMPT_ABANDONED };

/**
 * struct attempt - one connect; part of its owner's struct
 * @twins:	NULL: not joined
 * @what:	who connects to what, the same for a connect and its twin; NULL: it can have none
 * @ipv6:	over the IPv6 address
 * @ahead:	its twin, for whose end it waits
 * @behind:	its twin, which waits for its end
 * @began, @connected:	us; @connected 0: not yet
 */
struct attempt {
	struct twins *twins;
	char *what;
	bool ipv6;
	enum attempt_state state;
	struct attempt *ahead, *behind;
	gint64 began, connected;
};

/* enum twin_step - what the owner of an attempt has to do */
enum twin_step { TWIN_GO, TWIN_WAIT, TWIN_HOLD, TWIN_TAKE_OVER, TWIN_FAILED };

struct twins *twins_new(void);
/* twins_free() - none is joined any more */
void twins_free(struct twins *twins);

/* attempt_init() - what @request is for; nothing of it is kept */
void attempt_init(struct attempt *attempt, const struct flow_request *request);

/**
 * twin_join() - begin an attempt
 * @now:	monotonic time, us
 * @other:	TAKE_OVER: set to the abandoned one
 * @error:	FAILED: set to the errno of the twin
 */
enum twin_step twin_join(struct twins *twins, struct attempt *attempt, gint64 now,
			 struct attempt **other, int *error);

/*
 * twin_connected() - it has succeeded; Return: the one behind it, which is on its own now and has to
 * hold, or NULL
 */
struct attempt *twin_connected(struct attempt *attempt, gint64 now);

/*
 * twin_failed() - it has failed with @error, an errno; Return: the one behind it, which is on its own
 * now and fails alike, or NULL
 */
struct attempt *twin_failed(struct attempt *attempt, int error, gint64 now);

/*
 * twin_abandon() - its program has given it up; Return: the one behind it, which is on its own now and
 * goes on in its place; NULL: it is kept for the same again
 */
struct attempt *twin_abandon(struct attempt *attempt);

/*
 * twin_leave() - it is over, whatever became of it; Return: the one behind it, which is on its own now
 * and goes on, or NULL
 */
struct attempt *twin_leave(struct attempt *attempt);

/* attempt_clear() - free what it owns; it has left, or never joined */
void attempt_clear(struct attempt *attempt);

#endif
