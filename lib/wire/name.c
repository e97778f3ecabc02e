// SPDX-License-Identifier: MIT
/* The names of sockets, written and read: fields of fixed widths, with slashes between them. */
#include "wire/name.h"

#include <stddef.h>
#include <string.h>

#define PREFIX	   "eswrap/"
#define PREFIX_LEN 7

static char *put_hex(char *to, uint64_t value, int digits)
{
	int i;

	for (i = digits - 1; i >= 0; i--, value >>= 4)
		to[i] = "0123456789abcdef"[value & 15];
	return to + digits;
}

static char family_digit(int family)
{
	return family == AF_INET ? '4' : family == AF_INET6 ? '6' : '0';
}

socklen_t eswrap_name_format(const struct eswrap_name *name, struct sockaddr_un *to)
{
	char *p = to->sun_path;
	int i;

	to->sun_family = AF_UNIX;
	*p++ = '\0';
	memcpy(p, PREFIX, PREFIX_LEN);
	p += PREFIX_LEN;
	*p++ = name->kind;
	*p++ = '/';
	p = put_hex(p, name->id, 16);
	*p++ = '/';
	if (name->kind != ESWRAP_NAME_FLOW) {
		p = put_hex(p, name->tag, 16);
		*p++ = '/';
	}
	if (name->kind == ESWRAP_NAME_OUTCOME) {
		p = put_hex(p, (uint64_t)name->error, 4);
		*p++ = '/';
	} else {
		*p++ = name->type == SOCK_DGRAM ? 'd' : 's';
		*p++ = family_digit(name->family);
	}
	*p++ = family_digit(name->endpoint.family);
	*p++ = '/';
	for (i = 0; i < 16; i++)
		p = put_hex(p, name->endpoint.address[i], 2);
	*p++ = '/';
	p = put_hex(p, name->endpoint.port, 4);
	if (name->kind != ESWRAP_NAME_OUTCOME) {
		*p++ = '/';
		p = put_hex(p, name->endpoint.scope, 8);
	}
	return (socklen_t)(p - (char *)to);
}

/* What is left of a name. Each get_*() takes one field, or says false. */
struct reader {
	const char *p, *end;
};

static bool get_char(struct reader *from, char *c)
{
	if (from->p >= from->end)
		return false;
	*c = *from->p++;
	return true;
}

static bool get_slash(struct reader *from)
{
	char c;

	return get_char(from, &c) && c == '/';
}

static bool get_hex(struct reader *from, int digits, uint64_t *value)
{
	char c;

	for (*value = 0; digits > 0; digits--) {
		if (!get_char(from, &c))
			return false;
		if (c >= '0' && c <= '9')
			*value = *value << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			*value = *value << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	return true;
}

static bool get_family(struct reader *from, int *family)
{
	char c;

	if (!get_char(from, &c) || (c != '0' && c != '4' && c != '6'))
		return false;
	*family = c == '4' ? AF_INET : c == '6' ? AF_INET6 : 0;
	return true;
}

static bool get_kind(struct reader *from, struct eswrap_name *name)
{
	return get_char(from, &name->kind) &&
	       (name->kind == ESWRAP_NAME_FLOW || name->kind == ESWRAP_NAME_OUTCOME ||
		name->kind == ESWRAP_NAME_DATAGRAM_PEER) &&
	       get_slash(from) && get_hex(from, 16, &name->id) && get_slash(from) &&
	       (name->kind == ESWRAP_NAME_FLOW ||
		(get_hex(from, 16, &name->tag) && get_slash(from)));
}

static bool get_error(struct reader *from, struct eswrap_name *name)
{
	uint64_t value;

	if (!get_hex(from, 4, &value) || !get_slash(from))
		return false;
	name->error = (int)value;
	return true;
}

static bool get_socket(struct reader *from, struct eswrap_name *name)
{
	char type;

	if (!get_char(from, &type) || (type != 's' && type != 'd'))
		return false;
	name->type = type == 'd' ? SOCK_DGRAM : SOCK_STREAM;
	return get_family(from, &name->family) && name->family != 0;
}

static bool get_endpoint(struct reader *from, bool may_be_unknown, struct eswrap_endpoint *endpoint)
{
	uint64_t value;
	int family, i;

	if (!get_family(from, &family) || (family == 0 && !may_be_unknown) || !get_slash(from))
		return false;
	endpoint->family = (uint16_t)family;
	for (i = 0; i < 16; i++) {
		if (!get_hex(from, 2, &value))
			return false;
		endpoint->address[i] = (uint8_t)value;
	}
	if (!get_slash(from) || !get_hex(from, 4, &value))
		return false;
	endpoint->port = (uint16_t)value;
	return true;
}

static bool get_scope(struct reader *from, struct eswrap_endpoint *endpoint)
{
	uint64_t value;

	if (!get_slash(from) || !get_hex(from, 8, &value))
		return false;
	endpoint->scope = (uint32_t)value;
	return true;
}

bool eswrap_name_parse(const struct sockaddr_un *from, socklen_t len, struct eswrap_name *name)
{
	const size_t before = offsetof(struct sockaddr_un, sun_path) + 1 + PREFIX_LEN;
	struct reader rest = { (const char *)from + before, (const char *)from + len };
	bool outcome;

	if (len < before || len > sizeof(*from) || from->sun_family != AF_UNIX ||
	    from->sun_path[0] != '\0' || memcmp(from->sun_path + 1, PREFIX, PREFIX_LEN) != 0)
		return false;
	memset(name, 0, sizeof(*name));
	if (!get_kind(&rest, name))
		return false;
	outcome = name->kind == ESWRAP_NAME_OUTCOME;
	return (outcome ? get_error(&rest, name) : get_socket(&rest, name)) &&
	       get_endpoint(&rest, outcome, &name->endpoint) &&
	       (outcome || get_scope(&rest, &name->endpoint)) && rest.p == rest.end;
}
