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

/* Return: 0 to 15; -1: no hexadecimal digit. */
static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Without strcasecmp(), which depends on the locale. */
static bool is_domain(const char *name, const char *domain)
{
	while (*domain && ((*name | 0x20) == *domain || (*name == '.' && *domain == '.')))
		name++, domain++;
	return !*domain && (!*name || (name[0] == '.' && !name[1]));
}

static bool take_byte(const char **name, uint8_t *byte)
{
	unsigned int value = 0;
	int digits = 0;

	for (; digits < 3 && **name >= '0' && **name <= '9'; digits++, (*name)++)
		value = value * 10 + (unsigned int)(**name - '0');
	*byte = (uint8_t)value;
	return digits && value <= UINT8_MAX && *(*name)++ == '.';
}

static bool from_in_addr(struct eswrap_endpoint *to, const char *name)
{
	int i;

	for (i = 3; i >= 0; i--) {
		if (!take_byte(&name, &to->address[i]))
			return false;
	}
	to->family = AF_INET;
	return is_domain(name, "in-addr.arpa");
}

static bool from_ip6(struct eswrap_endpoint *to, const char *name)
{
	int i, digit;

	for (i = 31; i >= 0; i--, name += 2) {
		digit = digit_of(name[0]);
		if (digit < 0 || name[1] != '.')
			return false;
		to->address[i / 2] |= (uint8_t)(digit << (i % 2 ? 0 : 4));
	}
	to->family = AF_INET6;
	return is_domain(name, "ip6.arpa");
}

bool eswrap_endpoint_from_arpa(struct eswrap_endpoint *to, const char *name)
{
	memset(to, 0, sizeof(*to));
	if (from_in_addr(to, name))
		return true;
	memset(to, 0, sizeof(*to));
	return from_ip6(to, name);
}
