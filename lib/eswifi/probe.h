/* SPDX-License-Identifier: MIT */
/* The probe that may be under way; eswifi_probe() begins it. */
#ifndef ESWIFI_PROBE_H
#define ESWIFI_PROBE_H

#include "session.h"

/* probe_abandon() - free the one that is under way, if any, without a word */
void probe_abandon(struct eswifi_module *module);

#endif
