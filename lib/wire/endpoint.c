// SPDX-License-Identifier: MIT
/* Internet addresses as the messages carry them. */
#include "wire/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

void eswrap_map_address(const struct eswrap_endpoint *from, uint8_t to[16])
{
	if (from->family == AF_INET6) {
		memcpy(to, from->address, 16);
	} else {
		memset(to, 0, 10);
		to[10] = to[11] = 0xff;
		memcpy(to + 12, from->address, 4);
	}
}

bool eswrap_is_loopback(const uint8_t mapped[16])
{
	static const uint8_t zero[16];
	static const uint8_t v4_prefix[12] = { [10] = 0xff, [11] = 0xff };

	if (memcmp(mapped, v4_prefix, sizeof(v4_prefix)) == 0)
		return mapped[12] == 127 || memcmp(mapped + 12, zero, 4) == 0;
	return memcmp(mapped, zero, 15) == 0 && mapped[15] <= 1;
}

bool eswrap_endpoint_from_sockaddr(struct eswrap_endpoint *to, const struct sockaddr *from,
				   socklen_t len)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	memset(to, 0, sizeof(*to));
	if (len >= sizeof(in) && from->sa_family == AF_INET) {
		memcpy(&in, from, sizeof(in));
		to->port = ntohs(in.sin_port);
		memcpy(to->address, &in.sin_addr, sizeof(in.sin_addr));
	} else if (len >= sizeof(in6) && from->sa_family == AF_INET6) {
		memcpy(&in6, from, sizeof(in6));
		to->port = ntohs(in6.sin6_port);
		to->scope = in6.sin6_scope_id;
		memcpy(to->address, &in6.sin6_addr, sizeof(in6.sin6_addr));
	} else {
		return false;
	}
	to->family = from->sa_family;
	return true;
}

socklen_t eswrap_endpoint_to_sockaddr(const struct eswrap_endpoint *from, int family,
				      struct sockaddr_storage *to)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };

	memset(to, 0, sizeof(*to));
	if (family != AF_INET6) {
		in.sin_port = htons(from->port);
		/* A v4-mapped address has its IPv4 part at the end. */
		memcpy(&in.sin_addr, from->address + (from->family == AF_INET6 ? 12 : 0), 4);
		memcpy(to, &in, sizeof(in));
		return sizeof(in);
	}
	in6.sin6_port = htons(from->port);
	in6.sin6_scope_id = from->scope;
	if (from->family == AF_INET) {
		in6.sin6_addr.s6_addr[10] = in6.sin6_addr.s6_addr[11] = 0xff;
		memcpy(in6.sin6_addr.s6_addr + 12, from->address, 4);
	} else {
		memcpy(&in6.sin6_addr, from->address, 16);
	}
	memcpy(to, &in6, sizeof(in6));
	return sizeof(in6);
}
