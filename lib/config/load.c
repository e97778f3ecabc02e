// SPDX-License-Identifier: MIT
/*
 * A configuration file, read into settings.
 *
 * DOC: Theory of operation
 *
 * Each kind of group has a table of keys (keys.c); a key's function checks its value and puts it
 * into the struct that the loader stands at. Mistakes are collected, so that one run shows all of
 * them; what depends on more than one key is checked once everything was read. ini.c knows where
 * things stand.
 */
#include "config/load.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "config/keys.h"
#include "config/loader.h"
#include "eswrap/wire.h"

#define FILE_MAX ((goffset)1 << 20) /* a configuration file is a page or two */

static void bad_line(guint line, const char *message, gpointer user)
{
	struct loader *l = user;

	g_string_append_printf(l->mistakes, "%s%s:%u: %s", l->mistakes->len ? "\n" : "", l->path,
			       line, message);
}

static void unknown(struct loader *l, const char *what, const char *word, const char *const *known)
{
	const char *nearest = ini_nearest(word, known);
	g_autofree char *all = NULL;

	if (nearest) {
		loader_mistake(l, "there is no such %s; did you mean \"%s\"?", what, nearest);
		return;
	}
	all = g_strjoinv(", ", (char **)known);
	loader_mistake(l, "there is no such %s; there are: %s", what, all);
}

static void unknown_key(struct loader *l, const struct key *keys)
{
	GPtrArray *known = g_ptr_array_new();

	for (; keys->name; keys++)
		g_ptr_array_add(known, (gpointer)keys->name);
	g_ptr_array_add(known, NULL);
	unknown(l, "key", l->key, (const char *const *)known->pdata);
	g_ptr_array_free(known, TRUE);
}

/* Comments stand on lines of their own; where one was meant, "921600 # fast" must not half work. */
static bool ends_in_comment(const char *raw)
{
	for (; *raw; raw++)
		if ((raw[0] == ' ' || raw[0] == '\t') && (raw[1] == '#' || raw[1] == ';'))
			return true;
	return false;
}

static void load_key(struct loader *l, const struct key *keys)
{
	g_autofree char *raw = NULL, *value = NULL;
	g_autoptr(GError) error = NULL;
	const struct key *key;

	for (key = keys; key->name && strcmp(key->name, l->key) != 0; key++)
		;
	if (!key->name) {
		unknown_key(l, keys);
		return;
	}
	raw = g_key_file_get_value(l->file, l->group, l->key, NULL);
	value = g_key_file_get_string(l->file, l->group, l->key, &error);
	if (error)
		loader_mistake(l, "\"%s\" has a backslash that is not \\s, \\n, \\t, \\r or \\\\",
			       raw);
	else if (*raw == '\0')
		loader_mistake(l, "has no value");
	else if (ends_in_comment(raw))
		loader_mistake(
			l,
			"\"%s\" looks as if it ended in a comment, which needs a line of its own; "
			"where it is part of the value, write the blank before it as \\s",
			raw);
	else
		key->set(l, value);
}

static void load_keys(struct loader *l, const struct key *keys)
{
	char **names = g_key_file_get_keys(l->file, l->group, NULL, NULL);
	guint i;

	for (i = 0; names && names[i]; i++) {
		l->key = names[i];
		load_key(l, keys);
	}
	l->key = NULL;
	g_strfreev(names);
}

/* Return: NAME of "[KIND NAME]", or NULL when the group is of another kind. */
static const char *name_of(const char *group, const char *kind)
{
	size_t len = strlen(kind);

	return strncmp(group, kind, len) == 0 && group[len] == ' ' ? group + len + 1 : NULL;
}

static void check_name(struct loader *l, const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";

	if (*name == '\0' || strlen(name) > ESWRAP_ROUTE_MAX || name[strspn(name, allowed)] != '\0')
		loader_mistake(l, "\"%s\" is not a name: 1 to %d letters, digits, - _ .", name,
			       ESWRAP_ROUTE_MAX);
	else if (strcmp(name, "default") == 0)
		loader_mistake(l, "\"default\" is the name of [default]; choose another");
}

static void load_credentials(struct loader *l, const char *name)
{
	struct credentials *c = g_new0(struct credentials, 1);

	check_name(l, name);
	c->name = g_strdup(name);
	c->line = ini_line(l->ini, l->group, NULL);
	c->set = ESWIFI_SETS;
	g_ptr_array_add(l->settings->credentials, c);
	l->credentials = c;
	l->has_set = false;
	load_keys(l, credentials_keys);
	if (!l->has_set && !g_key_file_has_key(l->file, l->group, "set", NULL))
		loader_mistake(l, "has no set; write set = 0, 1 or 2, or 3 for the one that can be "
				  "written again");
}

static const struct credentials *find_credentials(const struct settings *s, const char *name)
{
	guint i;

	for (i = 0; i < s->credentials->len; i++) {
		const struct credentials *c = s->credentials->pdata[i];

		if (strcmp(c->name, name) == 0)
			return c;
	}
	return NULL;
}

static void join_credentials(struct loader *l)
{
	struct route *route = l->route;

	if (!l->credentials_name) {
		if (l->has_through && route->through == ROUTE_TLS &&
		    route->verify != ESWIFI_VERIFY_NONE)
			loader_mistake(
				l,
				"through = tls needs credentials = NAME of a [credentials NAME], "
				"unless verify = none");
		return;
	}
	route->credentials = find_credentials(l->settings, l->credentials_name);
	l->key = "credentials";
	if (!route->credentials)
		loader_mistake(l, "there is no [credentials %s]", l->credentials_name);
	l->key = NULL;
	g_clear_pointer(&l->credentials_name, g_free);
}

static void load_route(struct loader *l, struct route *route, const struct key *keys)
{
	bool tls;

	l->route = route;
	l->has_through = l->has_verify = false;
	load_keys(l, keys);
	tls = route->through == ROUTE_TLS;
	if (!g_key_file_has_key(l->file, l->group, "through", NULL))
		loader_mistake(l,
			       "has no through; write through = tls, tcp, udp, direct or refuse");
	else if (!tls && (l->has_verify || l->credentials_name))
		loader_mistake(l, "verify and credentials are for through = tls");
	if (route->to_port && (route->through == ROUTE_DIRECT || route->through == ROUTE_REFUSE))
		loader_mistake(l, "to-port is for through = tls, tcp and udp");
	join_credentials(l);
	if (tls && route->verify == ESWIFI_VERIFY_NONE)
		loader_warning(l, route->line,
			       "[%s]: verify = none: anybody on the way can read and change "
			       "what this route carries",
			       l->group);
}

static void load_group(struct loader *l)
{
	static const char *const kinds[] = { "module",	   "wifi",    "credentials NAME",
					     "route NAME", "default", "broker",
					     NULL };
	struct settings *s = l->settings;
	const char *name;

	if (strcmp(l->group, "module") == 0) {
		load_keys(l, module_keys);
	} else if (strcmp(l->group, "wifi") == 0) {
		load_keys(l, wifi_keys);
	} else if (strcmp(l->group, "broker") == 0) {
		load_keys(l, broker_keys);
	} else if (strcmp(l->group, "default") == 0) {
		s->fallback->line = ini_line(l->ini, l->group, NULL);
		load_route(l, s->fallback, default_keys);
	} else if ((name = name_of(l->group, "route"))) {
		check_name(l, name);
		g_ptr_array_add(s->routes, route_new(name, ini_line(l->ini, l->group, NULL)));
		load_route(l, s->routes->pdata[s->routes->len - 1], route_keys);
	} else if (name_of(l->group, "module")) {
		loader_mistake(l, "this version drives one module; call its group [module]");
	} else if (!name_of(l->group, "credentials")) {
		unknown(l, "group", l->group, kinds);
	}
}

/* What the driver needs, beyond what each key could check by itself. */
static void check_module(struct loader *l)
{
	struct eswifi_settings *m = &l->settings->module;
	bool fixed = m->address || m->netmask || m->gateway || m->dns;
	g_autoptr(GError) error = NULL;

	l->group = "module";
	if (!m->device && !g_key_file_has_key(l->file, "module", "device", NULL))
		loader_mistake(
			l, "has no device; write device = /dev/..., unix:PATH or tcp:HOST:PORT");
	l->group = "wifi";
	if (!g_key_file_has_group(l->file, "wifi")) {
		loader_mistake(l,
			       "the group is missing; it says which network to join: ssid = NAME "
			       "and passphrase-file = PATH");
		return;
	}
	if (!m->ssid && !g_key_file_has_key(l->file, "wifi", "ssid", NULL))
		loader_mistake(l, "has no ssid, the name of the network to join");
	if (m->security == ESWIFI_SECURITY_OPEN && m->passphrase)
		loader_mistake(l, "security = open takes no passphrase-file");
	else if (m->passphrase && !eswifi_check_passphrase(m->passphrase, m->security, &error))
		loader_mistake(l, "%s", error->message);
	else if (m->security != ESWIFI_SECURITY_OPEN &&
		 !g_key_file_has_key(l->file, "wifi", "passphrase-file", NULL))
		loader_mistake(l,
			       "has no passphrase-file, which only security = open does without");
	if (fixed && !(m->address && m->netmask && m->gateway && m->dns))
		loader_mistake(
			l, "address, netmask, gateway and dns go together; leave all out for DHCP");
	if (!m->passphrase)
		m->passphrase = "";
}

static void load_groups(struct loader *l)
{
	char **groups = g_key_file_get_groups(l->file, NULL);
	guint i;

	/* Routes name credentials, which may stand behind them. */
	for (i = 0; groups[i]; i++) {
		l->group = groups[i];
		if (name_of(l->group, "credentials"))
			load_credentials(l, name_of(l->group, "credentials"));
	}
	for (i = 0; groups[i]; i++) {
		l->group = groups[i];
		load_group(l);
	}
	check_module(l);
	g_strfreev(groups);
}

static char *default_state_dir(void)
{
	const char *systemd = g_getenv("STATE_DIRECTORY");

	if (systemd && *systemd)
		return g_strndup(systemd, strcspn(systemd, ":"));
	if (geteuid() == 0)
		return g_strdup(ESWRAP_STATE_DIR);
	return g_build_filename(g_get_user_state_dir(), PACKAGE, NULL);
}

static char *read_file(const char *path, GError **error)
{
	g_autofree char *text = NULL;
	gsize size = 0;
	GStatBuf st;

	if (g_stat(path, &st) == 0 && st.st_size > FILE_MAX) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: larger than 1 MiB", path);
		return NULL;
	}
	if (!g_file_get_contents(path, &text, &size, NULL)) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s: %s", path,
			    g_strerror(errno));
		return NULL;
	}
	if (!g_utf8_validate_len(text, size, NULL)) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: is not UTF-8 text", path);
		return NULL;
	}
	return g_steal_pointer(&text);
}

struct settings *settings_load(const char *path, GPtrArray *warnings, GError **error)
{
	struct loader l = { .path = path, .warnings = warnings };
	g_autofree char *text = NULL, *clean = NULL;
	g_autoptr(GError) parse_error = NULL;

	text = read_file(path, error);
	if (!text)
		return NULL;
	l.settings = settings_new(path);
	l.dir = g_path_get_dirname(l.settings->path);
	l.mistakes = g_string_new(NULL);
	l.file = g_key_file_new();
	l.ini = ini_scan(text, bad_line, &l, &clean);
	if (l.mistakes->len == 0) {
		if (g_key_file_load_from_data(l.file, clean, (gsize)-1, G_KEY_FILE_NONE,
					      &parse_error))
			load_groups(&l);
		else
			g_string_printf(l.mistakes, "%s: %s", path, parse_error->message);
	}
	if (!l.settings->state_dir)
		l.settings->state_dir = default_state_dir();
	if (l.mistakes->len) {
		g_set_error_literal(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
				    l.mistakes->str);
		g_clear_pointer(&l.settings, settings_free);
	}
	g_string_free(l.mistakes, TRUE);
	g_key_file_free(l.file);
	ini_free(l.ini);
	g_free(l.dir);
	return l.settings;
}
