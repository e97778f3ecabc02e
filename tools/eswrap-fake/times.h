/* SPDX-License-Identifier: MIT */
/* How long commands take. */
#ifndef FAKE_TIMES_H
#define FAKE_TIMES_H

#include <glib.h>

struct command_time {
	char *name; /* two characters, or NULL: every command */
	gint64 ns;
};

/* times_add() - one more; those of one command stand in front of the general one, which holds otherwise.
 * Takes @time's name over.
 */
void times_add(GArray *times, const struct command_time *time);

#endif
