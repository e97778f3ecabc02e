// SPDX-License-Identifier: MIT
/*
 * The static data.
 */
#include "shim.h"

struct shim shim;

/* Until load.c has looked. */
bool shim_has_flows = true;
