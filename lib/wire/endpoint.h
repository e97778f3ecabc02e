/* SPDX-License-Identifier: MIT */
/* Internet addresses as the messages carry them. Safe in a signal handler. */
#ifndef ESWRAP_WIRE_ENDPOINT_H
#define ESWRAP_WIRE_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "eswrap/wire.h"

/* eswrap_map_address() - 16 bytes that compare equal for an IPv4 address and its v4-mapped form */
void eswrap_map_address(const struct eswrap_endpoint *from, uint8_t to[16]);

/* eswrap_is_loopback() - 127/8, ::1 and the wildcard addresses, which lead to this machine too */
bool eswrap_is_loopback(const uint8_t mapped[16]);

/**
 * eswrap_endpoint_from_sockaddr() - take address and port from what a program passed
 * @to:		filled in when true is returned
 * @from:	any socket address
 * @len:	its length, as passed
 *
 * Return: false when it is not an AF_INET or AF_INET6 address of sufficient length.
 */
bool eswrap_endpoint_from_sockaddr(struct eswrap_endpoint *to, const struct sockaddr *from,
				   socklen_t len);

/**
 * eswrap_endpoint_to_sockaddr() - the socket address of an endpoint, in a family of the caller's
 * choice
 * @from:	the endpoint; family 0 gives the wildcard address with its port
 * @family:	AF_INET or AF_INET6; an IPv4 endpoint becomes v4-mapped for AF_INET6
 * @to:		filled in
 *
 * Return: the length that is valid in @to.
 */
socklen_t eswrap_endpoint_to_sockaddr(const struct eswrap_endpoint *from, int family,
				      struct sockaddr_storage *to);

/**
 * eswrap_endpoint_from_arpa() - the address that a name of DNS stands for: "4.3.2.1.in-addr.arpa", and
 * the same for IPv6 in single digits
 *
 * Return: false when it is none.
 */
bool eswrap_endpoint_from_arpa(struct eswrap_endpoint *to, const char *name);

#endif
