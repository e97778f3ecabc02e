/* SPDX-License-Identifier: MIT */
/* Which route takes a destination, and why. */
#ifndef ESWRAPD_VERB_ROUTE_H
#define ESWRAPD_VERB_ROUTE_H

#include <glib.h>

#include "eswrapd/verbs.h"

/*
 * verb_route() - route; @user is the struct settings
 *
 * Arguments: host s (a name or an address), port u, optional program s, uid u, datagram b, mark u.
 * Reply: route s ("" where none takes it, and it is direct), through s, steps (as: each route that
 * was looked at, in words), name s (what becomes of looking the name up; "" for an address).
 */
void verb_route(struct call *call, const struct caller *caller, GVariant *arguments, gpointer user);

#endif
