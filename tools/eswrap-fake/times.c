// SPDX-License-Identifier: MIT
/* How long commands take: a list, the specific ones first. */
#include "eswrap-fake/times.h"

void times_add(GArray *times, const struct command_time *time)
{
	const struct command_time *each;
	unsigned int first_general;

	if (time->name) {
		g_array_prepend_vals(times, time, 1);
		return;
	}
	for (first_general = 0; first_general < times->len; first_general++) {
		each = &g_array_index(times, struct command_time, first_general);
		if (!each->name)
			break;
	}
	g_array_insert_vals(times, first_general, time, 1);
}
