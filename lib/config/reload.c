// SPDX-License-Identifier: MIT
/* What of a configuration can change while the broker runs, and what cannot. */
#include "config/reload.h"

#include <string.h>

#define SWAP(a, b)                        \
	do {                              \
		__typeof__(a) swap = (a); \
		(a) = (b);                \
		(b) = swap;               \
	} while (0)

static void differs(GPtrArray *restart, bool different, const char *what)
{
	if (different)
		g_ptr_array_add(restart, g_strdup(what));
}

static bool other(const char *a, const char *b)
{
	return g_strcmp0(a, b) != 0;
}

static bool module_differs(const struct eswifi_settings *a, const struct eswifi_settings *b)
{
	return other(a->device, b->device) || a->baud != b->baud || a->fast_baud != b->fast_baud ||
	       a->rtscts != b->rtscts || a->reset_line != b->reset_line ||
	       a->guard_ms != b->guard_ms || a->firmware != b->firmware;
}

static bool wifi_differs(const struct eswifi_settings *a, const struct eswifi_settings *b)
{
	return other(a->ssid, b->ssid) || other(a->passphrase, b->passphrase) ||
	       a->security != b->security || other(a->country, b->country) ||
	       other(a->address, b->address) || other(a->netmask, b->netmask) ||
	       other(a->gateway, b->gateway) || other(a->dns, b->dns);
}

void settings_adopt(struct settings *settings, struct settings *fresh, GPtrArray *restart)
{
	differs(restart, module_differs(&settings->module, &fresh->module), "[module]");
	differs(restart, wifi_differs(&settings->module, &fresh->module), "[wifi]");
	differs(restart,
		memcmp(&settings->stand_in, &fresh->stand_in, sizeof(settings->stand_in)) != 0,
		"[broker] stand-in");
	differs(restart, other(settings->state_dir, fresh->state_dir), "[broker] state-dir");
	differs(restart, settings->admin_group != fresh->admin_group, "[broker] admin-group");
	differs(restart, other(settings->user, fresh->user), "[broker] user");
	differs(restart, settings->sandbox != fresh->sandbox, "[broker] sandbox");
	SWAP(settings->routes, fresh->routes);
	SWAP(settings->fallback, fresh->fallback);
	SWAP(settings->credentials, fresh->credentials);
	SWAP(settings->connect_timeout, fresh->connect_timeout);
	SWAP(settings->half_close_timeout, fresh->half_close_timeout);
	SWAP(settings->idle_timeout, fresh->idle_timeout);
	SWAP(settings->give_up_idlest_after, fresh->give_up_idlest_after);
	SWAP(settings->unreachable, fresh->unreachable);
	differs(restart, settings->limits[LIMIT_NAMES] != fresh->limits[LIMIT_NAMES],
		"[broker] per-user-names");
	memcpy(settings->limits, fresh->limits, sizeof(settings->limits));
}
