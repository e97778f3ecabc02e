/* SPDX-License-Identifier: MIT */
/*
 * The functions of libc that only name look-ups need, and calls that load libraries.
 *
 * A function that a library is linked with costs every exec 0.14 us, whether it is called or not. So
 * these are found when the first of them is called, as if they were linked with: malloc() is the
 * one that the program has. The others of libc can be called from a signal handler; these cannot.
 */
#ifndef SHIM_LIBC_H
#define SHIM_LIBC_H

#include "shim.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <pthread.h>
#include <resolv.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SHIM_LIBC(X)          \
	X(dladdr)             \
	X(dladdr1)            \
	X(fclose)             \
	X(fgets)              \
	X(fopen)              \
	X(free)               \
	X(freeaddrinfo)       \
	X(gethostname)        \
	X(getpid)             \
	X(getuid)             \
	X(inet_aton)          \
	X(inet_ntop)          \
	X(inet_pton)          \
	X(malloc)             \
	X(pthread_create)     \
	X(pthread_detach)     \
	X(pthread_sigmask)    \
	X(sigemptyset)        \
	X(sigfillset)         \
	X(snprintf)           \
	X(sscanf)             \
	X(strcasecmp)         \
	X(strcmp)             \
	X(strcspn)            \
	X(strncasecmp)        \
	X(strndup)            \
	X(__h_errno_location) \
	X(__res_init)         \
	X(__res_nclose)       \
	X(__res_ninit)        \
	X(__res_state)

#define SHIM_LIBC_MEMBER(name) __typeof__(name) *name;
struct libc {
	SHIM_LIBC(SHIM_LIBC_MEMBER)
};

/* libc() - the functions of this list */
const struct libc *libc(void);

/* The two variables of a thread that are macros. */
#undef h_errno
#define h_errno (*libc()->__h_errno_location())
#undef _res
#define _res (*libc()->__res_state())

#endif
