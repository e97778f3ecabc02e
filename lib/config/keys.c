// SPDX-License-Identifier: MIT
/* What the value of each key may be. */
#include "config/keys.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "eswrap/wire.h"
#include "secret/secret.h"

#define TIMEOUT_MAX 86400 /* s */
#define LIMIT_MAX   100000

/* Return: the string, owned by the settings. */
static const char *keep(struct loader *l, char *string)
{
	g_ptr_array_add(l->settings->strings, string);
	return string;
}

/* Return: the index of the word, or -1 after a complaint. */
static int choose(struct loader *l, const char *value, const char *const *words)
{
	g_autofree char *all = NULL;
	int i;

	for (i = 0; words[i]; i++)
		if (strcmp(value, words[i]) == 0)
			return i;
	all = g_strjoinv(", ", (char **)words);
	loader_mistake(l, "\"%s\" is not one of: %s", value, all);
	return -1;
}

static bool number(struct loader *l, const char *value, guint least, guint most, guint *to)
{
	guint64 n;

	if (!g_ascii_string_to_unsigned(value, 10, least, most, &n, NULL)) {
		loader_mistake(l, "\"%s\" is not a number from %u to %u", value, least, most);
		return false;
	}
	*to = (guint)n;
	return true;
}

static char *absolute(struct loader *l, const char *path)
{
	return g_canonicalize_filename(path, l->dir);
}

/* Calls each() for every item of a list with commas; an empty item is a mistake. */
static void each_item(struct loader *l, const char *value,
		      void (*each)(struct loader *l, char *item))
{
	char **items = g_strsplit(value, ",", -1);
	guint i;

	for (i = 0; items[i]; i++) {
		if (*g_strstrip(items[i]) == '\0')
			loader_mistake(l, "\"%s\" has an empty item; separate items with one comma",
				       value);
		else
			each(l, items[i]);
	}
	g_strfreev(items);
}

/* [module] */

/* What the driver would refuse is a mistake here, with its place. */
static bool passes(struct loader *l, bool (*check)(const char *value, GError **error),
		   const char *value)
{
	g_autoptr(GError) error = NULL;
	bool good = check(value, &error);

	if (!good)
		loader_mistake(l, "%s", error->message);
	return good;
}

static void set_device(struct loader *l, const char *value)
{
	g_autofree char *device = NULL;

	if (g_str_has_prefix(value, "unix:")) {
		g_autofree char *path = absolute(l, value + strlen("unix:"));

		device = g_strconcat("unix:", path, NULL);
	} else {
		device = g_strdup(value);
	}
	if (passes(l, eswifi_check_device, device))
		l->settings->module.device = keep(l, g_steal_pointer(&device));
}

/* A rate that modules have. */
static void rate(struct loader *l, const char *value, guint *to)
{
	g_autoptr(GError) error = NULL;

	if (number(l, value, 1200, 4000000, to) && !eswifi_check_baud(*to, &error))
		loader_mistake(l, "%s", error->message);
}

static void set_baud(struct loader *l, const char *value)
{
	rate(l, value, &l->settings->module.baud);
}

static void set_fast_baud(struct loader *l, const char *value)
{
	rate(l, value, &l->settings->module.fast_baud);
}

static void set_flow_control(struct loader *l, const char *value)
{
	l->settings->module.rtscts =
		choose(l, value, (const char *[]){ "none", "rtscts", NULL }) == 1;
	if (l->settings->module.rtscts)
		loader_warning(l, ini_line(l->ini, l->group, l->key),
			       "[%s] %s: the manual says that modules do not support it; where CTS "
			       "is not connected nothing is sent",
			       l->group, l->key);
}

static void set_firmware(struct loader *l, const char *value)
{
	int i = choose(l, value, (const char *[]){ "auto", "note", "st", NULL });

	if (i >= 0)
		l->settings->module.firmware = (enum eswifi_firmware)i;
}

static void set_reset_gpio(struct loader *l, const char *gpio)
{
	passes(l, eswifi_check_gpio, gpio);
	l->settings->module.reset_line = ESWIFI_RESET_GPIO;
	l->settings->module.reset_gpio = keep(l, g_strdup(gpio));
}

static void set_reset_line(struct loader *l, const char *value)
{
	static const char *const lines[] = { "none", "dtr", "rts", "gpio:CHIP:LINE", NULL };
	int i;

	if (g_str_has_prefix(value, "gpio:")) {
		set_reset_gpio(l, value + strlen("gpio:"));
		return;
	}
	i = choose(l, value, lines);
	if (i >= 0)
		l->settings->module.reset_line = (enum eswifi_reset_line)i;
}

static void set_guard_time(struct loader *l, const char *value)
{
	number(l, value, 1, 1000, &l->settings->module.guard_ms);
}

static void set_tls_sockets(struct loader *l, const char *value)
{
	number(l, value, 1, ESWIFI_SOCKETS, &l->settings->module.tls_sockets);
}

/* [wifi] */

static void set_ssid(struct loader *l, const char *value)
{
	if (!passes(l, eswifi_check_ssid, value))
		return;
	if (strlen(value) >= 2 && *value == '"' && value[strlen(value) - 1] == '"')
		loader_warning(l, ini_line(l->ini, l->group, l->key),
			       "[%s] %s: the quotes are part of the name; remove them if the "
			       "network's has none",
			       l->group, l->key);
	l->settings->module.ssid = keep(l, g_strdup(value));
}

/* As ssh: a secret is for its owner; somebody else's file may be ours to read, but not everybody's.
 */
static bool is_private(struct loader *l, const char *path, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		loader_mistake(l, "%s is not a file", path);
		return false;
	}
	if (st.st_mode & (st.st_uid == geteuid() ? 077 : 07)) {
		loader_mistake(l, "%s may be read by others (mode %04o); chmod 600 %s", path,
			       (guint)(st.st_mode & 07777), path);
		return false;
	}
	return true;
}

static void keep_passphrase(struct settings *settings, const char *text)
{
	secret_free(settings->passphrase);
	settings->passphrase = secret_text(text);
	settings->module.passphrase = settings->passphrase;
}

/* One line. Whether it can be a passphrase depends on `security`: see check_module(). */
static void take_passphrase(struct loader *l, const char *path, char *text, size_t size)
{
	if (size > 0 && text[size - 1] == '\n')
		text[--size] = '\0';
	if (size > 0 && text[size - 1] == '\r')
		loader_mistake(l,
			       "%s: its line ends with a carriage return, which would be part of "
			       "the passphrase; sed -i 's/\\r$//' %s",
			       path, path);
	else if (size == 0 || strlen(text) != size || strchr(text, '\n'))
		loader_mistake(l, "%s does not hold one line of text", path);
	else
		keep_passphrase(l->settings, text);
}

static void set_passphrase_file(struct loader *l, const char *value)
{
	/* One byte more than fits, a line end and the NUL. */
	char text[ESWIFI_PSK_DIGITS + 4];
	g_autofree char *path = absolute(l, value);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0) {
		loader_mistake(l, "%s: %s", path, g_strerror(errno));
		return;
	}
	if (is_private(l, path, fd)) {
		n = read(fd, text, sizeof(text) - 1);
		if (n < 0) {
			loader_mistake(l, "%s: %s", path, g_strerror(errno));
		} else {
			text[n] = '\0';
			take_passphrase(l, path, text, (size_t)n);
		}
		explicit_bzero(text, sizeof(text));
	}
	close(fd);
	l->settings->passphrase_file = keep(l, g_strdup(path));
}

static void set_security(struct loader *l, const char *value)
{
	int i = choose(l, value,
		       (const char *[]){ "open", "wep", "wpa", "wpa2", "wpa-wpa2", "wpa2-tkip",
					 NULL });

	if (i >= 0)
		l->settings->module.security = (enum eswifi_security)i;
}

static void set_country(struct loader *l, const char *value)
{
	if (passes(l, eswifi_check_country, value))
		l->settings->module.country = keep(l, g_strdup(value));
}

static const char *ipv4(struct loader *l, const char *value)
{
	return passes(l, eswifi_check_address, value) ? keep(l, g_strdup(value)) : NULL;
}

static void set_wifi_address(struct loader *l, const char *value)
{
	l->settings->module.address = ipv4(l, value);
}

static void set_netmask(struct loader *l, const char *value)
{
	l->settings->module.netmask = ipv4(l, value);
}

static void set_gateway(struct loader *l, const char *value)
{
	l->settings->module.gateway = ipv4(l, value);
}

static void set_dns(struct loader *l, const char *value)
{
	l->settings->module.dns = ipv4(l, value);
}

/* [credentials NAME] */

static void set_set(struct loader *l, const char *value)
{
	struct settings *s = l->settings;
	guint i;

	l->has_set = number(l, value, 0, ESWIFI_SETS - 1, &l->credentials->set);
	for (i = 0; l->has_set && i < s->credentials->len; i++) {
		const struct credentials *other = s->credentials->pdata[i];

		if (other != l->credentials && other->set == l->credentials->set)
			loader_mistake(l, "set %s is taken by [credentials %s], line %u", value,
				       other->name, other->line);
	}
}

static void set_ca(struct loader *l, const char *value)
{
	l->credentials->ca = absolute(l, value);
}

static void set_certificate(struct loader *l, const char *value)
{
	l->credentials->certificate = absolute(l, value);
}

static void set_key(struct loader *l, const char *value)
{
	l->credentials->key = absolute(l, value);
}

/* [route NAME] and [default] */

static void add_host(struct loader *l, char *item)
{
	struct in6_addr address;
	char *host = g_ascii_strdown(item, -1);
	size_t len = strlen(host);

	if (len && host[len - 1] == '.')
		host[--len] = '\0';
	if (inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1)
		loader_mistake(l,
			       "\"%s\" is an address, which has no name to match; use address = %s",
			       item, item);
	else if (len == 0 || len > ESWRAP_NAME_MAX ||
		 strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-_.*?") != len)
		loader_mistake(
			l,
			"\"%s\" is not a host name or a pattern of one (letters, digits, - _ . * "
			"?)",
			item);
	g_ptr_array_add(l->route->hosts, host);
}

static void set_host(struct loader *l, const char *value)
{
	each_item(l, value, add_host);
}

static void add_address(struct loader *l, char *item)
{
	struct address_block block;
	g_autofree char *why = NULL;

	if (address_block_parse(item, &block, &why)) {
		g_array_append_val(l->route->addresses, block);
		return;
	}
	loader_mistake(l, "%s", why);
}

static void set_address(struct loader *l, const char *value)
{
	each_item(l, value, add_address);
}

static void add_port(struct loader *l, char *item)
{
	char **ends = g_strsplit(item, "-", 2);
	struct port_range range;
	guint first, last;

	g_strstrip(ends[0]);
	if (number(l, ends[0], 1, 65535, &first) &&
	    (!ends[1] || number(l, g_strstrip(ends[1]), 1, 65535, &last))) {
		range.first = (guint16)first;
		range.last = (guint16)(ends[1] ? last : first);
		if (range.last < range.first)
			loader_mistake(l, "\"%s\" ends before it begins", item);
		g_array_append_val(l->route->ports, range);
	}
	g_strfreev(ends);
}

static void set_port(struct loader *l, const char *value)
{
	each_item(l, value, add_port);
}

static void set_to_port(struct loader *l, const char *value)
{
	guint64 port;

	if (g_ascii_string_to_unsigned(value, 10, 1, G_MAXUINT16, &port, NULL))
		l->route->to_port = (guint16)port;
	else
		loader_mistake(l, "\"%s\" is not one port, 1 to %d", value, G_MAXUINT16);
}

static void add_program(struct loader *l, char *item)
{
	if (strchr(item, '/') || strlen(item) > ESWRAP_PROGRAM_MAX)
		loader_mistake(l, "\"%s\" is not a program's name; write it without its directory",
			       item);
	g_ptr_array_add(l->route->programs, g_strdup(item));
}

static void set_program(struct loader *l, const char *value)
{
	each_item(l, value, add_program);
}

static void add_user(struct loader *l, char *item)
{
	const struct passwd *pw = getpwnam(item);
	guint64 n;
	uid_t uid;

	if (pw) {
		uid = pw->pw_uid;
	} else if (g_ascii_string_to_unsigned(item, 10, 0, G_MAXUINT32 - 1, &n, NULL)) {
		uid = (uid_t)n;
	} else {
		loader_mistake(l, "there is no user \"%s\"", item);
		return;
	}
	g_array_append_val(l->route->users, uid);
}

static void set_user(struct loader *l, const char *value)
{
	each_item(l, value, add_user);
}

static void set_mark(struct loader *l, const char *value)
{
	bool hex = g_ascii_strncasecmp(value, "0x", 2) == 0;
	guint64 n;

	if (!g_ascii_string_to_unsigned(value + (hex ? 2 : 0), hex ? 16 : 10, 0, G_MAXUINT32, &n,
					NULL)) {
		loader_mistake(l, "\"%s\" is not a firewall mark (SO_MARK), such as 94 or 0x5e",
			       value);
		return;
	}
	l->route->has_mark = true;
	l->route->mark = (guint32)n;
}

static void set_through(struct loader *l, const char *value)
{
	int i = choose(l, value, route_through_names);

	l->has_through = true;
	if (i >= 0)
		l->route->through = (enum route_through)i;
}

static void set_verify(struct loader *l, const char *value)
{
	int i = choose(l, value, (const char *[]){ "none", "optional", "required", NULL });

	l->has_verify = true;
	if (i >= 0)
		l->route->verify = (enum eswifi_verify)i;
}

static void set_credentials(struct loader *l, const char *value)
{
	l->credentials_name = g_strdup(value);
}

/* [broker] */

static void set_stand_in(struct loader *l, const char *value)
{
	struct address_block block;
	g_autofree char *why = NULL;

	if (!address_block_parse(value, &block, &why)) {
		loader_mistake(l, "%s", why);
	} else if (strchr(value, ':') || block.prefix < 96 + 8 || block.prefix > 96 + 24) {
		loader_mistake(l,
			       "\"%s\" is not an IPv4 block from /8 to /24, such as 198.18.0.0/15",
			       value);
	} else {
		l->settings->stand_in = block;
	}
}

static void set_state_dir(struct loader *l, const char *value)
{
	l->settings->state_dir = absolute(l, value);
}

static void set_admin_group(struct loader *l, const char *value)
{
	const struct group *gr = getgrnam(value);

	if (gr)
		l->settings->admin_group = gr->gr_gid;
	else
		loader_mistake(l, "there is no group \"%s\"", value);
}

static void set_connect_timeout(struct loader *l, const char *value)
{
	number(l, value, 1, TIMEOUT_MAX, &l->settings->connect_timeout);
}

static void set_half_close_timeout(struct loader *l, const char *value)
{
	number(l, value, 1, TIMEOUT_MAX, &l->settings->half_close_timeout);
}

static void set_idle_timeout(struct loader *l, const char *value)
{
	number(l, value, 0, TIMEOUT_MAX, &l->settings->idle_timeout);
}

static void set_give_up_idlest_after(struct loader *l, const char *value)
{
	number(l, value, 0, TIMEOUT_MAX, &l->settings->give_up_idlest_after);
}

static void set_unreachable(struct loader *l, const char *value)
{
	int i = choose(l, value, (const char *[]){ "refuse", "isolate", NULL });

	if (i >= 0)
		l->settings->unreachable = (enum eswrap_unreachable)i;
}

/* The user that a broker becomes that root has started. */
static void set_broker_user(struct loader *l, const char *value)
{
	if (getpwnam(value))
		l->settings->user = keep(l, g_strdup(value));
	else
		loader_mistake(l, "there is no user \"%s\"", value);
}

static void set_sandbox(struct loader *l, const char *value)
{
	int i = choose(l, value, (const char *[]){ "no", "yes", NULL });

	if (i >= 0)
		l->settings->sandbox = i;
}

/* The key that is being read is one of limit_names. */
static void set_limit(struct loader *l, const char *value)
{
	guint i = 0;

	while (strcmp(l->key, limit_names[i]) != 0)
		i++;
	number(l, value, 1, LIMIT_MAX, &l->settings->limits[i]);
}

const struct key module_keys[] = {
	{ "device", set_device },
	{ "baud", set_baud },
	{ "fast-baud", set_fast_baud },
	{ "flow-control", set_flow_control },
	{ "firmware", set_firmware },
	{ "reset-line", set_reset_line },
	{ "guard-time", set_guard_time },
	{ "tls-sockets", set_tls_sockets },
	{ NULL },
};

const struct key wifi_keys[] = {
	{ "ssid", set_ssid },
	{ "passphrase-file", set_passphrase_file },
	{ "security", set_security },
	{ "country", set_country },
	{ "address", set_wifi_address },
	{ "netmask", set_netmask },
	{ "gateway", set_gateway },
	{ "dns", set_dns },
	{ NULL },
};

const struct key credentials_keys[] = {
	{ "set", set_set }, { "ca", set_ca }, { "certificate", set_certificate },
	{ "key", set_key }, { NULL },
};

/* [default] has the last three: it takes what no condition has taken. */
const struct key route_keys[] = {
	{ "host", set_host },
	{ "address", set_address },
	{ "port", set_port },
	{ "program", set_program },
	{ "user", set_user },
	{ "mark", set_mark },
	{ "to-port", set_to_port },
	{ "through", set_through },
	{ "verify", set_verify },
	{ "credentials", set_credentials },
	{ NULL },
};
const struct key *const default_keys = route_keys + 7;

const struct key broker_keys[] = {
	{ "stand-in", set_stand_in },
	{ "state-dir", set_state_dir },
	{ "admin-group", set_admin_group },
	{ "connect-timeout", set_connect_timeout },
	{ "half-close-timeout", set_half_close_timeout },
	{ "idle-timeout", set_idle_timeout },
	{ "give-up-idlest-after", set_give_up_idlest_after },
	{ "unreachable", set_unreachable },
	{ "user", set_broker_user },
	{ "sandbox", set_sandbox },
	{ "per-user-questions", set_limit },
	{ "per-user-connects", set_limit },
	{ "per-user-flows", set_limit },
	{ "per-user-datagram-flows", set_limit },
	{ "per-user-lookups", set_limit },
	{ "per-user-names", set_limit },
	{ NULL },
};
