/* SPDX-License-Identifier: MIT */
/*
 * What routes need of a module's credentials and the ledger does not hold, in sentences.
 */
#ifndef ESWRAP_LEDGER_MISSING_H
#define ESWRAP_LEDGER_MISSING_H

#include <glib.h>

#include "config/settings.h"

/**
 * missing_for_route() - what does a route's verification need that the ledger does not hold?
 * @state_dir:	where the ledger is
 * @mac:	the module; "": not known yet
 *
 * Return: a sentence, to be freed; NULL when nothing is missing or known to be.
 */
char *missing_for_route(const char *state_dir, const char *mac, const struct route *route);

/* missing_add_warnings() - the same for all routes, as strings; and a ledger that is damaged */
void missing_add_warnings(const struct settings *settings, const char *mac, GPtrArray *to);

#endif
