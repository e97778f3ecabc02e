// SPDX-License-Identifier: MIT
/*
 * getsockname() and getpeername(): the names of a flow's ends, as internet addresses.
 */
#include "shim.h"

/* Hands an endpoint to the program as the kernel does: cut to the room, with its full length. */
static int give_address(const struct eswrap_endpoint *endpoint, int family, struct sockaddr *to,
			socklen_t *len, socklen_t room)
{
	struct sockaddr_storage address;
	socklen_t full = eswrap_endpoint_to_sockaddr(endpoint, family, &address);

	/* What the kernel has written there is the name of an AF_UNIX socket. */
	memset(to, 0, room < sizeof(struct sockaddr_un) ? room : sizeof(struct sockaddr_un));
	memcpy(to, &address, room < full ? room : full);
	*len = full;
	return 0;
}

/* Was the call successful, and on an AF_UNIX socket? With no room for the family it may be. */
static bool may_be_flow(int result, const struct sockaddr *address, socklen_t room)
{
	return result == 0 && (room < sizeof(sa_family_t) || address->sa_family == AF_UNIX);
}

static bool is_connected(int fd)
{
	struct sockaddr_un peer;
	socklen_t len = sizeof(peer);
	int saved = errno;
	bool connected = real()->getpeername(fd, (struct sockaddr *)&peer, &len) == 0;

	errno = saved;
	return connected;
}

static void local_endpoint(int fd, const struct eswrap_name *flow, struct eswrap_endpoint *local)
{
	struct eswrap_name outcome;
	struct notes notes;

	memset(local, 0, sizeof(*local));
	if (flow->type == SOCK_STREAM && eswrap_outcome(fd, &outcome) == OUTCOME_KNOWN)
		*local = outcome.endpoint;
	if (!shim_notes_read(fd, &notes))
		return;
	/* As UDP has it: a socket that is not connected has no address of its own. */
	if (flow->type == SOCK_DGRAM && notes.value[NOTE_LOCAL_ADDRESS] && is_connected(fd)) {
		local->family = AF_INET;
		memcpy(local->address, &notes.value[NOTE_LOCAL_ADDRESS], 4);
	}
	/* The port that the program has bound, or got from the kernel, is the one that it knows. */
	if (notes.value[NOTE_LOCAL_PORT])
		local->port = (uint16_t)notes.value[NOTE_LOCAL_PORT];
	shim_address_given(local);
}

EXPORT int getsockname(int fd, __SOCKADDR_ARG address, socklen_t *__restrict len)
{
	struct sockaddr *to = address.__sockaddr__;
	struct eswrap_endpoint local;
	struct eswrap_name flow;
	socklen_t room;
	int result;

	/* Where there are no flows all is the kernel's, EFAULT too. */
	if (LIKELY(!shim_may_have_flows()))
		return real()->getsockname(fd, to, len);
	room = len ? *len : 0;
	result = real()->getsockname(fd, to, len);
	if (!may_be_flow(result, to, room) || !shim_flow(fd, &flow))
		return result;
	local_endpoint(fd, &flow, &local);
	return give_address(&local, flow.family, to, len, room);
}

static int peer_of_stream(int fd, const struct eswrap_name *flow, struct sockaddr *to,
			  socklen_t *len, socklen_t room)
{
	struct eswrap_name outcome;

	if (eswrap_outcome(fd, &outcome) != OUTCOME_KNOWN || outcome.error)
		return fail(ENOTCONN);
	return give_address(&flow->endpoint, flow->family, to, len, room);
}

static int peer_of_datagram(int fd, const struct eswrap_name *flow, struct sockaddr *to,
			    socklen_t *len, socklen_t room)
{
	struct sockaddr_un address;
	socklen_t address_len = sizeof(address);
	struct eswrap_name peer;

	if (real()->getpeername(fd, (struct sockaddr *)&address, &address_len) != 0)
		return -1;
	if (!eswrap_name_parse(&address, address_len, &peer))
		return fail(ENOTCONN);
	return give_address(&peer.endpoint, flow->family, to, len, room);
}

EXPORT int getpeername(int fd, __SOCKADDR_ARG address, socklen_t *__restrict len)
{
	struct sockaddr *to = address.__sockaddr__;
	struct eswrap_name flow;
	socklen_t room;
	int result;

	if (LIKELY(!shim_may_have_flows()))
		return real()->getpeername(fd, to, len);
	room = len ? *len : 0;
	result = real()->getpeername(fd, to, len);
	if (!may_be_flow(result, to, room) || !shim_flow(fd, &flow))
		return result;
	if (flow.type == SOCK_STREAM)
		return peer_of_stream(fd, &flow, to, len, room);
	return peer_of_datagram(fd, &flow, to, len, room);
}
