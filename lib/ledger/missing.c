// SPDX-License-Identifier: MIT
/* The ledger compared with what the routes verify. */
#include "ledger/missing.h"

#include "config/route.h"
#include "ledger/ledger.h"

/* The items that @route's verification uses and that are not known to be there, in words. */
static char *missing_items(const struct ledger *ledger, const char *mac, const struct route *route)
{
	guint last = route->verify == ESWIFI_VERIFY_REQUIRED ? ESWIFI_ITEM_KEY : ESWIFI_ITEM_CA;
	GString *missing = g_string_new(NULL);
	struct ledger_entry entry;
	guint item;

	for (item = ESWIFI_ITEM_CA; item <= last; item++) {
		ledger_get(ledger, mac, route->credentials->set, (enum eswifi_item)item, &entry);
		if (entry.state == LEDGER_BURNT || entry.state == LEDGER_ELSEWHERE)
			continue;
		g_string_append_printf(missing, "%s%s (%s)", missing->len ? ", " : "",
				       ledger_item_name((enum eswifi_item)item),
				       ledger_state_name(entry.state));
	}
	return g_string_free(missing, missing->len == 0);
}

static char *sentence(const struct ledger *ledger, const char *mac, const struct route *route)
{
	const struct credentials *credentials = route->credentials;
	g_autofree char *missing = NULL;

	if (route->through != ROUTE_TLS || !credentials || route->verify == ESWIFI_VERIFY_NONE)
		return NULL;
	missing = missing_items(ledger, mac, route);
	if (!missing)
		return NULL;
	if (route->verify == ESWIFI_VERIFY_REQUIRED)
		return g_strdup_printf(
			"[route %s]: verify = required, but the ledger does not hold "
			"all of set %u ([credentials %s]) in module %s: %s; its "
			"connects will fail; `eswrapctl credentials program %u`",
			route->name, credentials->set, credentials->name, mac, missing,
			credentials->set);
	return g_strdup_printf(
		"[route %s]: verify = optional, and the ledger holds no CA in set %u "
		"([credentials %s]) of module %s: the server is not verified",
		route->name, credentials->set, credentials->name, mac);
}

char *missing_for_route(const char *state_dir, const char *mac, const struct route *route)
{
	struct ledger *ledger;
	char *text;

	if (!*mac)
		return NULL;
	/* A damaged one is complained of at start and in status. */
	ledger = ledger_read(state_dir, NULL);
	if (!ledger)
		return NULL;
	text = sentence(ledger, mac, route);
	ledger_free(ledger);
	return text;
}

static void add_route(const struct ledger *ledger, const char *mac, const struct route *route,
		      GPtrArray *to)
{
	char *text = sentence(ledger, mac, route);

	if (text)
		g_ptr_array_add(to, text);
}

void missing_add_warnings(const struct settings *settings, const char *mac, GPtrArray *to)
{
	g_autoptr(GError) error = NULL;
	struct ledger *ledger = ledger_read(settings->state_dir, &error);
	guint i;

	if (!ledger) {
		g_ptr_array_add(to, g_strdup(error->message));
		return;
	}
	if (*mac) {
		for (i = 0; i < settings->routes->len; i++)
			add_route(ledger, mac, g_ptr_array_index(settings->routes, i), to);
		add_route(ledger, mac, settings->fallback, to);
	}
	ledger_free(ledger);
}
