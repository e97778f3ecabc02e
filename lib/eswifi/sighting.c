// SPDX-License-Identifier: MIT
/* Keeping what a module shows by the way. */
#include "sighting.h"

#include <string.h>

/* Messages that begin like this are of one kind: "[TCP SVR] Accepted", "[INFO   ] Link Down". */
#define KIND_LENGTH 18

void sightings_reset(struct sightings *seen, guint rate)
{
	g_clear_pointer(&seen->restart, g_free);
	g_clear_pointer(&seen->error, g_free);
	seen->rate_before = rate;
	seen->rate_after = 0;
}

void sightings_keep(char **place, const guint8 *data, gsize size)
{
	g_free(*place);
	*place = g_strndup((const char *)data, size);
}

void sightings_message(struct sightings *seen, const char *text, bool ok)
{
	guint i;

	for (i = 0; i < seen->count; i++)
		if (strncmp(seen->messages[i] + strlen("\r\n"), text, KIND_LENGTH) == 0)
			return;
	if (seen->count == SIGHTING_MESSAGES)
		return;
	seen->messages[seen->count++] = g_strdup_printf("\r\n%s\r\n%s> ", text, ok ? "OK\r\n" : "");
}

void sightings_clear(struct sightings *seen)
{
	guint i;

	g_free(seen->restart);
	g_free(seen->error);
	for (i = 0; i < seen->count; i++)
		g_free(seen->messages[i]);
	memset(seen, 0, sizeof(*seen));
}
