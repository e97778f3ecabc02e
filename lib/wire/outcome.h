/* SPDX-License-Identifier: MIT */
/* How the connect of a stream flow stands. Safe in a signal handler. */
#ifndef ESWRAP_WIRE_OUTCOME_H
#define ESWRAP_WIRE_OUTCOME_H

#include "wire/name.h"

enum outcome {
	OUTCOME_NONE,	/* still connecting */
	OUTCOME_KNOWN,	/* the name of the broker's end says it */
	OUTCOME_ORPHAN, /* the broker went away before it said anything */
};

/**
 * eswrap_outcome() - how did the connect of a stream flow end?
 * @fd:		the program's end
 * @outcome:	filled in for OUTCOME_KNOWN
 *
 * errno is left alone.
 */
enum outcome eswrap_outcome(int fd, struct eswrap_name *outcome);

#endif
