// SPDX-License-Identifier: MIT
/* Checks of what goes into AT commands, before anything is opened or sent. */
#include "check.h"

#include <arpa/inet.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/un.h>

#include "port.h"

static const guint bauds[] = {
	1200,	9600,	 19200,	  38400,   57600,   115200,  230400, 460800,
	921600, 1152000, 1382400, 1612800, 1843200, 2073600, 0,
};

const guint *eswifi_bauds(void)
{
	return bauds;
}

static bool refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool refuse(GError **error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (error)
		*error = g_error_new_valist(G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, format,
					    arguments);
	va_end(arguments);
	return false;
}

bool check_is_address(const char *text)
{
	struct in_addr address;

	return inet_pton(AF_INET, text, &address) == 1;
}

bool check_is_host(const char *text)
{
	gsize length = strlen(text);
	gsize i;

	if (length < 1 || length > ESWIFI_HOST_MAX)
		return false;
	for (i = 0; i < length; i++)
		if (!g_ascii_isalnum(text[i]) && !strchr(".-_", text[i]))
			return false;
	return true;
}

static bool check_unix(const char *path, GError **error)
{
	struct sockaddr_un address;

	if (*path && strlen(path) < sizeof(address.sun_path))
		return true;
	return refuse(error, "unix:PATH needs a path of 1 to %zu characters",
		      sizeof(address.sun_path) - 1);
}

static bool check_tcp(const char *endpoint, GError **error)
{
	const char *colon = strrchr(endpoint, ':');

	if (colon && colon != endpoint &&
	    g_ascii_string_to_unsigned(colon + 1, 10, 1, G_MAXUINT16, NULL, NULL))
		return true;
	return refuse(error, "\"" PORT_TCP "%s\" is not tcp:HOST:PORT", endpoint);
}

bool eswifi_check_device(const char *device, GError **error)
{
	if (g_str_has_prefix(device, PORT_UNIX))
		return check_unix(device + strlen(PORT_UNIX), error);
	if (g_str_has_prefix(device, PORT_TCP))
		return check_tcp(device + strlen(PORT_TCP), error);
	if (*device == '/')
		return true;
	return refuse(error,
		      "\"%s\" is not the path of a tty (/dev/...), unix:PATH or tcp:HOST:PORT",
		      device);
}

bool eswifi_check_ssid(const char *ssid, GError **error)
{
	gsize length = strlen(ssid), i;

	for (i = 0; i < length; i++)
		if (g_ascii_iscntrl(ssid[i]))
			return refuse(error, "the SSID holds a control character, which must not "
					     "reach the module");
	if (length >= 1 && length <= ESWIFI_SSID_MAX)
		return true;
	return refuse(error, "\"%s\" is longer than %d bytes, or empty", ssid, ESWIFI_SSID_MAX);
}

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

static bool is_key(const char *text)
{
	return strlen(text) == ESWIFI_PSK_DIGITS &&
	       strspn(text, "0123456789abcdefABCDEF") == ESWIFI_PSK_DIGITS;
}

bool eswifi_check_passphrase(const char *passphrase, enum eswifi_security security, GError **error)
{
	gsize length = strlen(passphrase);
	bool wep = security == ESWIFI_SECURITY_WEP;

	if (security == ESWIFI_SECURITY_OPEN)
		return length == 0 || refuse(error, "an open network has no passphrase");
	if (!is_printable(passphrase))
		return refuse(error, "the passphrase must be printable ASCII");
	if (is_key(passphrase) || (length >= (wep ? 1 : 8) && length <= ESWIFI_PASSPHRASE_MAX))
		return true;
	return refuse(error, "the passphrase must have %d to %d characters, or %d hex digits",
		      wep ? 1 : 8, ESWIFI_PASSPHRASE_MAX, ESWIFI_PSK_DIGITS);
}

bool eswifi_check_baud(guint baud, GError **error)
{
	g_autoptr(GString) list = NULL;
	gsize i;

	for (i = 0; bauds[i]; i++)
		if (bauds[i] == baud)
			return true;
	list = g_string_new(NULL);
	for (i = 0; bauds[i]; i++)
		g_string_append_printf(list, "%s%u", i ? ", " : "", bauds[i]);
	return refuse(error, "modules have no rate of %u bit/s; they have %s", baud, list->str);
}

bool eswifi_check_country(const char *country, GError **error)
{
	if (strlen(country) == 2 && g_ascii_isupper(country[0]) && g_ascii_isupper(country[1]))
		return true;
	return refuse(error, "\"%s\" is not a country code of two capital letters", country);
}

bool eswifi_check_address(const char *address, GError **error)
{
	return check_is_address(address) || refuse(error, "\"%s\" is not an IPv4 address", address);
}

bool eswifi_check_gpio(const char *gpio, GError **error)
{
	const char *colon = strrchr(gpio, ':');

	if (colon && colon != gpio &&
	    g_ascii_string_to_unsigned(colon + 1, 10, 0, G_MAXUINT16, NULL, NULL))
		return true;
	return refuse(error, "a GPIO line is CHIP:LINE, as in gpiochip0:17");
}

static bool check_static_addresses(const struct eswifi_settings *settings, GError **error)
{
	const char *const all[] = { settings->address, settings->netmask, settings->gateway,
				    settings->dns };
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(all); i++) {
		if (all[i] && !settings->address)
			return refuse(error, "netmask, gateway and dns need an address");
		if (all[i] && !eswifi_check_address(all[i], error))
			return false;
	}
	return true;
}

static bool check_port(const struct eswifi_settings *settings, GError **error)
{
	if (!eswifi_check_device(settings->device, error) ||
	    !eswifi_check_baud(settings->baud, error) ||
	    (settings->fast_baud && !eswifi_check_baud(settings->fast_baud, error)))
		return false;
	if (settings->reset_line == ESWIFI_RESET_GPIO &&
	    !eswifi_check_gpio(settings->reset_gpio ? settings->reset_gpio : "", error))
		return false;
	return settings->tls_sockets <= ESWIFI_SOCKETS ||
	       refuse(error, "at most %d sockets", ESWIFI_SOCKETS);
}

bool check_settings(const struct eswifi_settings *settings, GError **error)
{
	return check_port(settings, error) &&
	       eswifi_check_ssid(settings->ssid ? settings->ssid : "", error) &&
	       eswifi_check_passphrase(settings->passphrase ? settings->passphrase : "",
				       settings->security, error) &&
	       (!settings->country || eswifi_check_country(settings->country, error)) &&
	       check_static_addresses(settings, error);
}
