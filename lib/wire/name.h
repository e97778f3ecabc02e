/* SPDX-License-Identifier: MIT */
/* The names of sockets (see wire.h), written and read. Safe in a signal handler. */
#ifndef ESWRAP_WIRE_NAME_H
#define ESWRAP_WIRE_NAME_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "eswrap/wire.h"

/**
 * struct eswrap_name - a socket's name, in parts
 * @kind:	enum eswrap_name_kind
 * @id:		the flow
 * @tag:	datagram peer: eswrap_peer_tag(); outcome: a random word
 * @type:	SOCK_STREAM or SOCK_DGRAM; 0 in an outcome
 * @family:	family of the program's socket; 0 in an outcome
 * @error:	outcome: 0 (connected) or the errno of the failed connect, at most 0xffff
 * @endpoint:	flow, datagram peer: the destination as the program gave it;
 *		outcome: the local address that getsockname() reports (family 0: not known)
 */
struct eswrap_name {
	char kind;
	uint64_t id;
	uint64_t tag;
	int type;
	int family;
	int error;
	struct eswrap_endpoint endpoint;
};

/**
 * eswrap_name_format() - the abstract socket address for a name
 * @name:	what to say
 * @to:		filled in; every byte that counts is written
 *
 * Return: the length for bind(), connect() or sendto().
 */
socklen_t eswrap_name_format(const struct eswrap_name *name, struct sockaddr_un *to);

/**
 * eswrap_name_parse() - is this the name of one of ours, and what does it say?
 * @from:	as getsockname(), getpeername() or recvfrom() filled it in
 * @len:	its length, as reported
 * @name:	filled in when true is returned
 *
 * Return: true when the address is a well-formed name of ours, false for anything else.
 */
bool eswrap_name_parse(const struct sockaddr_un *from, socklen_t len, struct eswrap_name *name);

#endif
