/* SPDX-License-Identifier: MIT */
/*
 * What the suites of this directory run on: one simulated module, one broker and servers for a whole
 * Check case, and `claims` run with and without the shim.
 */
#ifndef TESTS_STAGE_H
#define TESTS_STAGE_H

#include "support/harness.h"
#include "support/server.h"

/**
 * struct stage - set up once for a Check case (tcase_add_unchecked_fixture)
 * @echo, @source, @abort, @sink:	TCP ports of servers, flagged
 * @closes:	a TCP server that says "bye" and closes at once, flagged
 * @refused:	a flagged port that nobody listens on
 * @udp:	two UDP echo servers, flagged
 * @unflagged:	a TCP echo server that no route takes
 * @unflagged_udp: a UDP one
 */
struct stage {
	struct harness *h;
	guint16 echo, source, abort, sink, closes, refused, unflagged, unflagged_udp;
	guint16 udp[2];
};

extern struct stage stage;

/* Bytes that the source and the abort server send, and the sink expects; claims-data.c. */
#define STAGE_SIZE 5000

/* stage_set_up(), stage_tear_down() - the fixture */
void stage_set_up(void);
void stage_tear_down(void);

/* stage_claims() - path of the program */
const char *stage_claims(void);

/* stage_run() - run a claim; ports end with -1 */
const struct result *stage_run(bool wrapped, const char *claim, const char *address, ...);

/**
 * stage_same() - a claim prints the same with and without the shim
 *
 * With the shim it must have gone through the module. Ports end with -1.
 */
void stage_same(const char *claim, const char *address, ...);

/* stage_says() - a claim under the shim prints exactly this; ports end with -1 */
void stage_says(const char *expected, const char *claim, const char *address, ...);

#endif
