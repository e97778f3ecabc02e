// SPDX-License-Identifier: MIT
/* Counting what fails. */
#include "health.h"

#include <string.h>

static void begin_again(struct health *health)
{
	health->failures = 0;
	health->different = 0;
	health->since = 0;
}

void health_good(struct health *health)
{
	begin_again(health);
	health->backoff = 0;
}

static void note_target(struct health *health, const char *what)
{
	guint hash = g_str_hash(what), i;

	for (i = 0; i < health->different; i++)
		if (health->seen[i] == hash)
			return;
	if (health->different < G_N_ELEMENTS(health->seen))
		health->seen[health->different++] = hash;
}

bool health_bad(struct health *health, const char *what, gint64 now)
{
	if (!health->failures++)
		health->since = now;
	note_target(health, what);
	if (health->failures < HEALTH_FAILURES || health->different < HEALTH_TARGETS ||
	    now - health->since < HEALTH_PERIOD_US || now < health->not_before)
		return false;
	begin_again(health);
	health->backoff = health->backoff ? MIN(2 * health->backoff, HEALTH_BACKOFF_LAST_US)
					  : HEALTH_BACKOFF_FIRST_US;
	health->not_before = now + health->backoff;
	return true;
}
