// SPDX-License-Identifier: MIT
/* Settings as they are before a file was read, and their end. */
#include "config/settings.h"

#include <string.h>

#include "secret/secret.h"

/* Longer than Linux's own SYN retries (tcp_syn_retries = 6: 127 s), as a program expects of TCP. */
#define CONNECT_TIMEOUT_DEFAULT	   130
#define HALF_CLOSE_TIMEOUT_DEFAULT 60
#define BAUD_DEFAULT		   115200 /* at power-up [Inventek] */

const char *const limit_names[LIMITS] = {
	[LIMIT_QUESTIONS] = "per-user-questions",
	[LIMIT_CONNECTS] = "per-user-connects",
	[LIMIT_FLOWS] = "per-user-flows",
	[LIMIT_DATAGRAM_FLOWS] = "per-user-datagram-flows",
	[LIMIT_LOOKUPS] = "per-user-lookups",
	[LIMIT_NAMES] = "per-user-names",
};

/* More than programs of one user need on four sockets; few enough for a small Pi. */
static const guint limit_defaults[LIMITS] = {
	[LIMIT_QUESTIONS] = 256,      [LIMIT_CONNECTS] = 128, [LIMIT_FLOWS] = 1024,
	[LIMIT_DATAGRAM_FLOWS] = 256, [LIMIT_LOOKUPS] = 128,  [LIMIT_NAMES] = 4096,
};

struct route *route_new(const char *name, guint line)
{
	struct route *route = g_new0(struct route, 1);

	route->name = g_strdup(name);
	route->hosts = g_ptr_array_new_with_free_func(g_free);
	route->addresses = g_array_new(FALSE, FALSE, sizeof(struct address_block));
	route->ports = g_array_new(FALSE, FALSE, sizeof(struct port_range));
	route->programs = g_ptr_array_new_with_free_func(g_free);
	route->users = g_array_new(FALSE, FALSE, sizeof(uid_t));
	route->through = ROUTE_DIRECT;
	route->verify = ESWIFI_VERIFY_REQUIRED;
	route->line = line;
	return route;
}

static void route_free(gpointer data)
{
	struct route *route = data;

	if (!route)
		return;
	g_free(route->name);
	g_ptr_array_free(route->hosts, TRUE);
	g_array_free(route->addresses, TRUE);
	g_array_free(route->ports, TRUE);
	g_ptr_array_free(route->programs, TRUE);
	g_array_free(route->users, TRUE);
	g_free(route);
}

void credentials_free(gpointer data)
{
	struct credentials *credentials = data;

	g_free(credentials->name);
	g_free(credentials->ca);
	g_free(credentials->certificate);
	g_free(credentials->key);
	g_free(credentials);
}

struct settings *settings_new(const char *path)
{
	struct settings *s = g_new0(struct settings, 1);

	s->path = g_canonicalize_filename(path, NULL);
	s->strings = g_ptr_array_new_with_free_func(g_free);
	s->routes = g_ptr_array_new_with_free_func(route_free);
	s->fallback = route_new("default", 0);
	s->credentials = g_ptr_array_new_with_free_func(credentials_free);
	address_block_parse("198.18.0.0/15", &s->stand_in, NULL);
	s->admin_group = (gid_t)-1;
	s->connect_timeout = CONNECT_TIMEOUT_DEFAULT;
	s->half_close_timeout = HALF_CLOSE_TIMEOUT_DEFAULT;
	memcpy(s->limits, limit_defaults, sizeof(s->limits));
	s->sandbox = true;
	s->module.baud = BAUD_DEFAULT;
	s->module.security = ESWIFI_SECURITY_WPA2;
	return s;
}

void settings_free(struct settings *s)
{
	if (!s)
		return;
	secret_free(s->passphrase);
	g_ptr_array_free(s->strings, TRUE);
	g_ptr_array_free(s->routes, TRUE);
	route_free(s->fallback);
	g_ptr_array_free(s->credentials, TRUE);
	g_free(s->state_dir);
	g_free(s->path);
	g_free(s);
}

const char *const route_through_names[] = { "tls", "tcp", "udp", "direct", "refuse", NULL };
G_STATIC_ASSERT(G_N_ELEMENTS(route_through_names) == ROUTE_REFUSE + 2);

const char *route_through_name(enum route_through through)
{
	return route_through_names[through];
}
