// SPDX-License-Identifier: MIT
/*
 * bind() and listen() to an address that getsockname() has given.
 *
 * A flow's local address is the module's, which this machine does not have. Programs take it for
 * their own: FTP clients bind the data connection to the address of the control connection. So an
 * address that this process has been given may be bound (IP_FREEBIND); connect() to a flagged
 * destination then works as it would anyway. Listening there is refused, since the module cannot
 * accept a connection: FTP's active mode.
 */
#include "shim.h"

#include <linux/in6.h>

/* A process sees one module's address, or a few over the time. */
#define ADDRESSES 4

static struct {
	bool there;
	uint8_t mapped[16];
} given[ADDRESSES];

/* Something was bound to one of them. */
static bool bound;

static bool is_given(const struct eswrap_endpoint *endpoint)
{
	uint8_t mapped[16];
	size_t i;

	eswrap_map_address(endpoint, mapped);
	for (i = 0; i < ADDRESSES; i++)
		if (__atomic_load_n(&given[i].there, __ATOMIC_ACQUIRE) &&
		    memcmp(given[i].mapped, mapped, sizeof(mapped)) == 0)
			return true;
	return false;
}

/**
 * shim_address_given() - the program is told that this is the local address of a socket
 *
 * Called from signal handlers, too: two that are given at once may take each other's place.
 */
void shim_address_given(const struct eswrap_endpoint *endpoint)
{
	static unsigned int next;
	unsigned int at;

	if (!endpoint->family || is_given(endpoint))
		return;
	at = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED) % ADDRESSES;
	eswrap_map_address(endpoint, given[at].mapped);
	__atomic_store_n(&given[at].there, true, __ATOMIC_RELEASE);
}

static bool is_module_address(const struct sockaddr *address, socklen_t len)
{
	struct eswrap_endpoint endpoint;

	return address && eswrap_endpoint_from_sockaddr(&endpoint, address, len) &&
	       is_given(&endpoint);
}

static int bind_freely(int fd, const struct sockaddr *address, socklen_t len)
{
	bool ipv6 = address->sa_family == AF_INET6;
	int level = ipv6 ? IPPROTO_IPV6 : IPPROTO_IP;
	int option = ipv6 ? IPV6_FREEBIND : IP_FREEBIND;
	int before = shim_get_int(fd, level, option, 0), on = 1;
	int result, error;

	if (real()->setsockopt(fd, level, option, &on, sizeof(on)) != 0)
		return fail(EADDRNOTAVAIL);
	result = real()->bind(fd, address, len);
	error = errno;
	real()->setsockopt(fd, level, option, &before, sizeof(before));
	errno = error;
	if (result == 0)
		__atomic_store_n(&bound, true, __ATOMIC_RELAXED);
	return result;
}

/* A flow has a name, and cannot be bound again. One whose connect has failed is a fresh socket. */
static bool is_failed_flow(int fd, const struct sockaddr *address, socklen_t len)
{
	struct eswrap_endpoint endpoint;
	struct eswrap_name flow;

	return address && eswrap_endpoint_from_sockaddr(&endpoint, address, len) &&
	       shim_flow(fd, &flow) && flow.type == SOCK_STREAM && shim_outcome_error(fd);
}

EXPORT int bind(int fd, __CONST_SOCKADDR_ARG address, socklen_t len)
{
	const struct sockaddr *to = address.__sockaddr__;
	int saved = errno;
	int result = real()->bind(fd, to, len), error;

	if (UNLIKELY(result != 0) && errno == EINVAL && is_failed_flow(fd, to, len)) {
		error = shim_give_back(fd);
		if (error)
			return fail(error);
		errno = saved;
		result = real()->bind(fd, to, len);
	}
	if (LIKELY(result == 0) || errno != EADDRNOTAVAIL || !is_module_address(to, len))
		return result;
	errno = saved;
	return bind_freely(fd, to, len);
}

EXPORT int listen(int fd, int backlog)
{
	static const char *const line[] = {
		"eswrap: the module cannot accept connections, so nobody can connect to its "
		"address (FTP: use passive mode)"
	};
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	int saved = errno;

	if (UNLIKELY(__atomic_load_n(&bound, __ATOMIC_RELAXED)) &&
	    real()->getsockname(fd, (struct sockaddr *)&address, &len) == 0 &&
	    is_module_address((struct sockaddr *)&address, len)) {
		shim_say(line, 1);
		return fail(EOPNOTSUPP);
	}
	errno = saved;
	return real()->listen(fd, backlog);
}
