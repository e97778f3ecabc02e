/* SPDX-License-Identifier: MIT */
/*
 * Could anybody have known? What the trace says of a byte that was harmed on the line.
 *
 * DOC: Theory of Operation
 *
 * A UART without a checksum does not reveal that a byte was harmed where what arrives is still
 * something that the protocol has. The trace holds what arrived, so:
 *
 *	to the host	the harmed answer is a well-formed answer to its command: R0 with at most R1
 *			bytes, S3 with a count that is at most what was sent, D0 with an address
 *	from the host	the harmed command is one whose answer does not repeat what it said: the
 *			payload of S3 and its count, P0 to P4, P9, PF, D0
 *
 * are the places where the driver cannot know, and everything else is where it must.
 */
#ifndef SOAK_PLACE_H
#define SOAK_PLACE_H

#include <stdbool.h>

/**
 * place_is_hidden() - is the harm of a kind that the protocol cannot reveal?
 * @trace:	of the simulated module
 * @fault:	its kind; the first line of its direction behind its note holds the harm
 */
bool place_is_hidden(const char *trace, const char *fault);

#endif
