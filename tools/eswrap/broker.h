/* SPDX-License-Identifier: MIT */
/* Finding a broker for the program, or starting one. */
#ifndef ESWRAP_BROKER_H
#define ESWRAP_BROKER_H

#include <glib.h>
#include <stdbool.h>

#include "eswrap/wire.h"

/**
 * struct broker_link - a broker that will stay for the program
 * @socket:	path of its control socket
 * @hold:	descriptor of a connection to it, not close-on-exec; while it is open, also in the
 *		program and its children, a private broker stays
 * @unreachable:	what the configuration says of programs that preloading does not reach
 */
struct broker_link {
	char *socket;
	int hold;
	enum eswrap_unreachable unreachable;
};

/**
 * broker_find() - the broker that the program is to use
 * @config:	-c's file, or NULL
 * @eswrapd:	path of the broker's program, for a private one
 * @link:	filled in when true is returned
 * @error:	set otherwise: lines for the user, without a newline at the end
 *
 * With @config, the private broker of this user and that file, which is started when it does not
 * run yet. Else $ESWRAP_SOCKET's, else the system's.
 */
bool broker_find(const char *config, const char *eswrapd, struct broker_link *link, char **error);

/**
 * broker_leave_counts() - leave open to the program what it counts in (wire.h)
 *
 * In the environment is its number then; nothing where there is no such page.
 */
void broker_leave_counts(const struct broker_link *link);

#endif
