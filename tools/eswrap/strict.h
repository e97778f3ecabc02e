/* SPDX-License-Identifier: MIT */
/* --strict: internet connections that do not go through libeswrap.so are forbidden. */
#ifndef ESWRAP_STRICT_H
#define ESWRAP_STRICT_H

#include <glib.h>
#include <stdbool.h>

/**
 * strict_begin() - put this process, and all that come from it, behind the filter
 * @error:	set where false is returned: a sentence for the user
 *
 * Sets $ESWRAP_STRICT, by which libeswrap.so knows how its own calls pass. Does nothing where it is
 * set already: the filter of the launcher outside this one stands.
 */
bool strict_begin(char **error);

#endif
