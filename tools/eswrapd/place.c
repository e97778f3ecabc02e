// SPDX-License-Identifier: MIT
/* Places in words, as names of sockets, and as rows of `status`. */
#include "eswrapd/place.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/un.h>

char *place_host(const struct flow_request *request)
{
	char address[INET_ADDRSTRLEN];

	if (request->name)
		return g_strdup(request->name);
	inet_ntop(AF_INET, request->dest.address + (request->dest.family == AF_INET6 ? 12 : 0),
		  address, sizeof(address));
	return g_strdup(address);
}

char *endpoint_text(const char *name, const struct eswrap_endpoint *endpoint)
{
	char address[INET6_ADDRSTRLEN];

	if (name)
		return g_strdup_printf("%s:%u", name, endpoint->port);
	inet_ntop(endpoint->family, endpoint->address, address, sizeof(address));
	return g_strdup_printf(endpoint->family == AF_INET6 ? "[%s]:%u" : "%s:%u", address,
			       endpoint->port);
}

int bind_name(int fd, const struct eswrap_name *name)
{
	struct sockaddr_un address;
	socklen_t len = eswrap_name_format(name, &address);

	return bind(fd, (struct sockaddr *)&address, len) < 0 ? -errno : 0;
}

static void add(GVariantBuilder *row, const char *key, GVariant *value)
{
	g_variant_builder_add(row, "{sv}", key, value);
}

void flow_summary_add(GVariantBuilder *list, const struct flow_summary *summary)
{
	g_variant_builder_open(list, G_VARIANT_TYPE("a{sv}"));
	add(list, "to", g_variant_new_string(summary->to));
	add(list, "route", g_variant_new_string(summary->route));
	add(list, "state", g_variant_new_string(summary->state));
	add(list, "program", g_variant_new_string(summary->program));
	add(list, "socket", g_variant_new_int32(summary->socket));
	add(list, "uid", g_variant_new_uint32(summary->uid));
	add(list, "pid", g_variant_new_uint32((guint32)summary->pid));
	add(list, "seconds", g_variant_new_uint32((guint32)(summary->age / G_TIME_SPAN_SECOND)));
	add(list, "sent", g_variant_new_uint64(summary->sent));
	add(list, "received", g_variant_new_uint64(summary->received));
	g_variant_builder_close(list);
}
