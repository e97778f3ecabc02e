/* SPDX-License-Identifier: MIT */
/* What `eswrapctl wrap` knows of a unit, for others as well. */
#ifndef ESWRAPCTL_WRAP_H
#define ESWRAPCTL_WRAP_H

#include "eswrapctl/ctl.h"

/**
 * struct wrap_look - a unit as it is now
 * @why:	what keeps it from being wrapped, a sentence; NULL: nothing
 * @started:	eswrap starts it already
 * @isolated:	it is in the network of the tunnel
 * @needs:	char *, in pairs: a line that its sandbox would need, and why; of those that it has not
 */
struct wrap_look {
	const char *why;
	bool started, isolated;
	GPtrArray *needs;
};

/* wrap_look() - ask systemd about @unit. Return: false after a message: that is no unit's name */
bool wrap_look(const struct ctl *ctl, const char *unit, struct wrap_look *look);
void wrap_look_clear(struct wrap_look *look);

#endif
