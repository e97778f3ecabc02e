// SPDX-License-Identifier: MIT
/* What the ledger says: for `eswrapctl credentials list`, and for routes that need what is not
 * there. */
#include <stdlib.h>
#include <string.h>

#include "eswrapd/broker.h"
#include "eswrapd/credential.h"

/* "" for 0 */
static char *time_text(gint64 seconds)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(seconds);

	return seconds && time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ") : g_strdup("");
}

static GVariant *row(const char *mac, guint set, enum eswifi_item item,
		     const struct ledger_entry *entry)
{
	g_autofree char *when = time_text(entry->when), *until = time_text(entry->until);
	GVariantDict dict;

	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "module", "s", mac);
	g_variant_dict_insert(&dict, "set", "u", set);
	g_variant_dict_insert(&dict, "item", "s", ledger_item_name(item));
	g_variant_dict_insert(&dict, "state", "s", ledger_state_name(entry->state));
	g_variant_dict_insert(&dict, "sha256", "s", entry->sha256);
	g_variant_dict_insert(&dict, "subject", "s", entry->subject);
	g_variant_dict_insert(&dict, "when", "s", when);
	g_variant_dict_insert(&dict, "until", "s", until);
	g_variant_dict_insert(&dict, "reason", "s", entry->reason ? entry->reason : "");
	return g_variant_dict_end(&dict);
}

/* All nine items of a module, or those that are not blank. */
static void add_rows(GVariantBuilder *to, const struct ledger *ledger, const char *mac, bool blank)
{
	struct ledger_entry entry;
	guint set, item;

	for (set = 0; set < ESWIFI_CREDENTIAL_SETS; set++) {
		for (item = 0; item < LEDGER_ITEMS; item++) {
			ledger_get(ledger, mac, set, (enum eswifi_item)item, &entry);
			if (blank || entry.state != LEDGER_BLANK)
				g_variant_builder_add_value(
					to, row(mac, set, (enum eswifi_item)item, &entry));
		}
	}
}

static GVariant *rows_of_others(const struct ledger *ledger, const char *mac)
{
	GVariantBuilder rows;
	char **modules = ledger_modules(ledger);
	guint i;

	g_variant_builder_init(&rows, G_VARIANT_TYPE("aa{sv}"));
	for (i = 0; modules[i]; i++)
		if (g_ascii_strcasecmp(modules[i], mac))
			add_rows(&rows, ledger, modules[i], false);
	g_strfreev(modules);
	return g_variant_builder_end(&rows);
}

static GVariant *warnings_of(struct broker *broker)
{
	GPtrArray *warnings = g_ptr_array_new_with_free_func(g_free);
	GVariant *value;

	credential_add_warnings(broker, warnings);
	value = g_variant_new_strv((const char *const *)warnings->pdata, warnings->len);
	g_ptr_array_unref(warnings);
	return value;
}

static const char *dialect_name(enum eswifi_firmware dialect)
{
	static const char *const names[] = {
		[ESWIFI_FIRMWARE_AUTO] = "unknown",
		[ESWIFI_FIRMWARE_NOTE] = "note",
		[ESWIFI_FIRMWARE_ST] = "st",
	};

	return names[dialect];
}

void credential_answer_list(struct broker *broker, struct admin_call *call)
{
	const struct eswifi_identity *identity = eswifi_module_identity(broker->module);
	const char *dir = broker->settings->state_dir;
	char *path = g_build_filename(dir, LEDGER_FILE, NULL);
	GVariantBuilder rows;
	GVariantDict reply;
	GError *error = NULL;
	struct ledger *ledger = ledger_read(dir, &error);

	if (!ledger) {
		admin_fail(call, EXIT_FAILURE, "%s", error->message);
		g_error_free(error);
		g_free(path);
		return;
	}
	g_variant_builder_init(&rows, G_VARIANT_TYPE("aa{sv}"));
	if (*identity->mac)
		add_rows(&rows, ledger, identity->mac, true);
	g_variant_dict_init(&reply, NULL);
	g_variant_dict_insert(&reply, "module", "s", identity->mac);
	g_variant_dict_insert(&reply, "product", "s", identity->product);
	g_variant_dict_insert(&reply, "firmware", "s", identity->firmware);
	g_variant_dict_insert(&reply, "dialect", "s", dialect_name(identity->dialect));
	g_variant_dict_insert(&reply, "state", "s",
			      eswifi_state_name(eswifi_module_state(broker->module)));
	g_variant_dict_insert(&reply, "config", "s", broker->settings->path);
	g_variant_dict_insert(&reply, "ledger", "s", path);
	g_variant_dict_insert_value(&reply, "items", g_variant_builder_end(&rows));
	g_variant_dict_insert_value(&reply, "others", rows_of_others(ledger, identity->mac));
	g_variant_dict_insert_value(&reply, "warnings", warnings_of(broker));
	admin_finish(call, g_variant_dict_end(&reply));
	ledger_free(ledger);
	g_free(path);
}

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

static char *lack(const struct ledger *ledger, const char *mac, const struct route *route)
{
	const struct credentials *credentials = route->credentials;
	char *missing, *text;

	if (route->through != ROUTE_TLS || !credentials || route->verify == ESWIFI_VERIFY_NONE)
		return NULL;
	missing = missing_items(ledger, mac, route);
	if (!missing)
		return NULL;
	if (route->verify == ESWIFI_VERIFY_REQUIRED)
		text = g_strdup_printf(
			"[route %s]: verify = required, but the ledger does not hold "
			"all of set %u ([credentials %s]) in module %s: %s; its "
			"connects will fail; `eswrapctl credentials program %u`",
			route->name, credentials->set, credentials->name, mac, missing,
			credentials->set);
	else
		text = g_strdup_printf("[route %s]: verify = optional, and the ledger holds no CA "
				       "in set %u ([credentials %s]) of module %s: the server is "
				       "not verified",
				       route->name, credentials->set, credentials->name, mac);
	g_free(missing);
	return text;
}

char *credential_lack(struct broker *broker, const struct route *route)
{
	const char *mac = eswifi_module_identity(broker->module)->mac;
	struct ledger *ledger;
	char *text;

	if (!*mac)
		return NULL;
	/* A damaged one is complained of at start and in status. */
	ledger = ledger_read(broker->settings->state_dir, NULL);
	if (!ledger)
		return NULL;
	text = lack(ledger, mac, route);
	ledger_free(ledger);
	return text;
}

static void add_route(const struct ledger *ledger, const char *mac, const struct route *route,
		      GPtrArray *to)
{
	char *text = lack(ledger, mac, route);

	if (text)
		g_ptr_array_add(to, text);
}

void credential_add_warnings(struct broker *broker, GPtrArray *to)
{
	const struct settings *settings = broker->settings;
	const char *mac = eswifi_module_identity(broker->module)->mac;
	GError *error = NULL;
	struct ledger *ledger = ledger_read(settings->state_dir, &error);
	guint i;

	if (!ledger) {
		g_ptr_array_add(to, g_strdup(error->message));
		g_error_free(error);
		return;
	}
	if (*mac) {
		for (i = 0; i < settings->routes->len; i++)
			add_route(ledger, mac, g_ptr_array_index(settings->routes, i), to);
		add_route(ledger, mac, settings->fallback, to);
	}
	ledger_free(ledger);
}
