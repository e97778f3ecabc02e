// SPDX-License-Identifier: MIT
/* Routes matched against sockets and names. */
#include "config/route.h"

#include <string.h>
#include <sys/socket.h>

#include "wire/endpoint.h"

bool route_takes(enum route_through through, int type)
{
	switch (through) {
	case ROUTE_TLS:
	case ROUTE_TCP:
		return type == SOCK_STREAM;
	case ROUTE_UDP:
		return type == SOCK_DGRAM;
	case ROUTE_DIRECT:
	case ROUTE_REFUSE:
		break;
	}
	return true;
}

bool route_names_host(const struct route *route, const char *name)
{
	guint i;

	for (i = 0; i < route->hosts->len; i++)
		if (g_pattern_match_simple(route->hosts->pdata[i], name))
			return true;
	return false;
}

static bool address_matches(const struct route *route, const guint8 address[16])
{
	guint i;

	for (i = 0; i < route->addresses->len; i++)
		if (address_block_contains(
			    &g_array_index(route->addresses, struct address_block, i), address))
			return true;
	return false;
}

static bool port_matches(const struct route *route, guint16 port)
{
	guint i;

	for (i = 0; i < route->ports->len; i++) {
		const struct port_range *range = &g_array_index(route->ports, struct port_range, i);

		if (port >= range->first && port <= range->last)
			return true;
	}
	return route->ports->len == 0;
}

static bool user_matches(const struct route *route, uid_t uid)
{
	guint i;

	for (i = 0; i < route->users->len; i++)
		if (g_array_index(route->users, uid_t, i) == uid)
			return true;
	return route->users->len == 0;
}

/* The kernel and glibc cut long names; what the broker gets is whole, so it must be equal. */
static bool program_matches(const struct route *route, const char *program)
{
	guint i;

	for (i = 0; i < route->programs->len; i++)
		if (strcmp(route->programs->pdata[i], program) == 0)
			return true;
	return route->programs->len == 0;
}

bool route_admits(const struct route *route, const struct asker *asker)
{
	return user_matches(route, asker->uid) && (!route->has_mark || route->mark == asker->mark);
}

static bool asker_matches(const struct route *route, const struct asker *asker)
{
	return route_admits(route, asker) && program_matches(route, asker->program);
}

static bool place_matches(const struct route *route, const struct destination *to)
{
	if (to->name)
		return route->addresses->len == 0 &&
		       (route->hosts->len == 0 || route_names_host(route, to->name));
	if (route->hosts->len)
		return false;
	if (route->addresses->len)
		return address_matches(route, to->address);
	return !eswrap_is_loopback(to->address);
}

const struct route *route_match(const struct settings *settings, const struct asker *asker,
				const struct destination *to)
{
	guint i;

	for (i = 0; i < settings->routes->len; i++) {
		const struct route *route = settings->routes->pdata[i];

		if (route_takes(route->through, to->type) && place_matches(route, to) &&
		    port_matches(route, to->port) && asker_matches(route, asker))
			return route;
	}
	if (!to->name && eswrap_is_loopback(to->address))
		return NULL;
	return route_takes(settings->fallback->through, to->type) ? settings->fallback : NULL;
}

guint16 route_far_port(const struct route *route, guint16 port)
{
	return route->to_port ? route->to_port : port;
}

/* Why place_matches() said no. */
static const char *missed_place(const struct route *route, const struct destination *to)
{
	if (to->name && route->addresses->len)
		return "address = wants an address, and this is a name";
	if (to->name)
		return "host = names others";
	if (route->hosts->len)
		return "host = wants a name, and this is an address";
	return route->addresses->len ? "address = names others"
				     : "it has no address =, without which loopback is not taken";
}

char *route_misses(const struct route *route, const struct asker *asker,
		   const struct destination *to)
{
	const char *word = route_through_name(route->through);

	if (!route_takes(route->through, to->type))
		return g_strdup_printf("through = %s does not take %s sockets", word,
				       to->type == SOCK_STREAM ? "stream" : "datagram");
	if (!place_matches(route, to))
		return g_strdup(missed_place(route, to));
	if (!port_matches(route, to->port))
		return g_strdup_printf("port = does not name %u", to->port);
	if (!user_matches(route, asker->uid))
		return g_strdup_printf("user = does not name user %u", (guint)asker->uid);
	if (!program_matches(route, asker->program))
		return g_strdup_printf("program = does not name %s", asker->program);
	if (route->has_mark && route->mark != asker->mark)
		return g_strdup_printf("mark = 0x%x is not this socket's 0x%x", route->mark,
				       asker->mark);
	return NULL;
}

/* Return: whether the fate is decided. */
static bool decide(const struct route *route, enum name_fate *fate)
{
	switch (route->through) {
	case ROUTE_TLS:
	case ROUTE_TCP:
	case ROUTE_UDP:
		*fate = NAME_FLAGGED;
		break;
	case ROUTE_DIRECT:
		*fate = NAME_DIRECT;
		break;
	case ROUTE_REFUSE:
		*fate = NAME_REFUSED;
		break;
	}
	return true;
}

/*
 * What one route says of a name. A condition on the port (or on the mark, which a look-up has none
 * of) leaves open what other sockets to the name will do: flagged is then the careful answer for
 * whatever is not direct, and a `direct` route has no say.
 */
static bool route_decides(const struct settings *settings, const struct route *route,
			  const char *name, enum name_fate *fate)
{
	bool whole = route->ports->len == 0 && !route->has_mark;

	if (route->addresses->len || (route->hosts->len && !route_names_host(route, name)))
		return false;
	if (whole)
		return decide(route, fate);
	if (route->through == ROUTE_DIRECT)
		return false;
	if (route->hosts->len == 0 &&
	    (settings->fallback->through == ROUTE_DIRECT || route->through == ROUTE_REFUSE))
		return false;
	*fate = NAME_FLAGGED;
	return true;
}

bool route_address_is_direct(const struct settings *settings, const struct asker *asker,
			     const guint8 address[16])
{
	guint i;

	for (i = 0; i < settings->routes->len; i++) {
		const struct route *route = settings->routes->pdata[i];
		bool named = route->addresses->len != 0;

		/* One for certain ports of any address is about no address. */
		if (route->hosts->len || !asker_matches(route, asker) ||
		    (named ? !address_matches(route, address)
			   : route->ports->len || eswrap_is_loopback(address)))
			continue;
		if (route->through != ROUTE_DIRECT)
			return false;
		if (!route->ports->len)
			return true;
	}
	return settings->fallback->through == ROUTE_DIRECT || eswrap_is_loopback(address);
}

bool route_flags_names(const struct settings *settings)
{
	guint i;

	for (i = 0; i < settings->routes->len; i++) {
		const struct route *route = settings->routes->pdata[i];

		if (route->through != ROUTE_DIRECT && !route->addresses->len)
			return true;
	}
	return settings->fallback->through != ROUTE_DIRECT;
}

enum name_fate route_name_fate(const struct settings *settings, const struct asker *asker,
			       const char *name, const struct route **by)
{
	enum name_fate fate = NAME_DIRECT;
	guint i;

	for (i = 0; i < settings->routes->len; i++) {
		*by = settings->routes->pdata[i];
		if (user_matches(*by, asker->uid) && program_matches(*by, asker->program) &&
		    route_decides(settings, *by, name, &fate))
			return fate;
	}
	*by = settings->fallback;
	decide(*by, &fate);
	return fate;
}

const struct route *route_find(const struct settings *settings, const char *name)
{
	guint i;

	for (i = 0; i < settings->routes->len; i++) {
		const struct route *route = settings->routes->pdata[i];

		if (strcmp(route->name, name) == 0)
			return route;
	}
	return strcmp(name, settings->fallback->name) == 0 ? settings->fallback : NULL;
}
