// SPDX-License-Identifier: MIT
/* Versions of firmware. */
#include "firmware.h"

#include <string.h>

void firmware_parse(const char *revision, guint version[4])
{
	const char *at = revision;
	guint parts;

	memset(version, 0, 4 * sizeof(*version));
	while (g_ascii_isalpha(*at))
		at++;
	for (parts = 0; parts < 4 && g_ascii_isdigit(*at); parts++) {
		while (g_ascii_isdigit(*at) && version[parts] < 100000)
			version[parts] = version[parts] * 10 + (guint)(*at++ - '0');
		if (*at == '.')
			at++;
	}
}

bool firmware_at_least(const struct firmware *firmware, guint a, guint b, guint c, guint d)
{
	const guint least[4] = { a, b, c, d };
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(least); i++)
		if (firmware->version[i] != least[i])
			return firmware->version[i] > least[i];
	return true;
}

bool firmware_keeps_udp_port(const struct firmware *firmware)
{
	return !firmware->no_local_port && firmware_at_least(firmware, 3, 5, 2, 4);
}
