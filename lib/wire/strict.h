/* SPDX-License-Identifier: MIT */
/*
 * What eswrap --strict and libeswrap.so agree on: how the library's own system calls pass the
 * launcher's filter. libc only.
 */
#ifndef WIRE_STRICT_H
#define WIRE_STRICT_H

/*
 * "PID:HEX": the supervisor, for PR_SET_PTRACER, and ESWRAP_STRICT_WORDS words of 32 bits, eight
 * digits each.
 *
 * connect(2) and sendmsg(2) pass with the words in their fourth to sixth register, sendmmsg(2) with
 * the first two in its fifth and sixth. connect(-1, ESWRAP_STRICT_ENTER or _LEAVE, 0) with the last
 * word inverted says that the calls of this thread are those of libc's resolver, or no longer.
 */
#define ESWRAP_STRICT_ENV   "ESWRAP_STRICT"
#define ESWRAP_STRICT_WORDS 3
#define ESWRAP_STRICT_LEAVE 0
#define ESWRAP_STRICT_ENTER 1

#endif
