/* SPDX-License-Identifier: MIT */
/*
 * Sockets of the service's namespace, for programs of users who may not make namespaces.
 *
 * DOC: Theory of Operation
 *
 * A process needs privileges to enter a network namespace, but none to use a socket of one. So whoever
 * cannot have a namespace gets a filter (seccomp_unotify(2)) in which every socket() of the internet and
 * of netlink is answered by the service: with a socket that it has made in its namespace. Nothing of
 * such a call is a pointer, so nothing can change between the question and the answer, and a program
 * that has no socket of the machine's can send nothing by one.
 *
 *	launcher	connects to the service, installs the filter, hands the filter's listener over,
 *			becomes the program
 *	service		checks, and forks a lender for it
 *	lender		makes a socket for each call, gives it to the user (fchown(2): that is what the
 *			kernel says of whose it is), and hands it over
 *
 * The listener is the user's, who may keep a copy and take calls out of it himself, for which a lender
 * then waits; so each has its own process, which can stop nobody else. When the last process with the
 * filter has ended the lender leaves. When the lender has been killed socket() fails with ENOSYS.
 *
 * What is no call of this machine's (32-bit programs on a 64-bit one: their socketcall() has its
 * arguments in memory) is the end of the program, and there is no io_uring, which makes sockets too.
 */
#ifndef TUNNEL_LEND_H
#define TUNNEL_LEND_H

#include <stdint.h>

#include "eswrap-tunnel/engine.h"

/* The service's socket (AF_UNIX, SOCK_SEQPACKET), where the environment names no other. */
#define LEND_SOCKET_DEFAULT "/run/eswrap-tunnel/socket"
#define LEND_SOCKET_ENV	    "ESWRAP_TUNNEL"
#define LEND_SOCKET_NAME    "socket" /* in the service's runtime directory */

#define LEND_MAGIC 0x65737401u

/**
 * struct lend_request - beside it comes the listener (SCM_RIGHTS); the answer is an errno, 4 bytes
 * @magic:	LEND_MAGIC
 * @control:	path of the broker's control socket, which must be the service's own
 */
struct lend_request {
	uint32_t magic;
	char control[108];
};

/* lend_begin() - listen at a path. Return: 0 or a negative errno */
int lend_begin(struct engine *engine, const char *path);
/* lend_asked() - somebody has connected, or asks */
void lend_connected(struct engine *engine);
void lend_asked(struct engine *engine, unsigned int number);
/* lend_ended() - a lender has left */
void lend_ended(struct engine *engine, unsigned int number);

/**
 * borrow_begin() - from now on this process, and what it becomes, has sockets of the service's only
 *
 * Return: 0, or a negative errno with @what saying what could not be done; -ENOENT and -ECONNREFUSED:
 * there is no service.
 */
int borrow_begin(const char **what);

#endif
