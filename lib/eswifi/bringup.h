/* SPDX-License-Identifier: MIT */
#ifndef ESWIFI_BRINGUP_H
#define ESWIFI_BRINGUP_H

#include "session.h"

/**
 * bringup_begin() - find prompt, rate and identity on the attached port, and learn what it can
 * @reset:	reset the module first
 * @ended:	the module listens. A bring-up that fails is tried again for ever
 */
void bringup_begin(struct eswifi_module *module, bool reset,
		   void (*ended)(struct eswifi_module *module));

/* bringup_failed() - this attempt is over: try again, at another rate, after a reset or a pause */
void bringup_failed(struct eswifi_module *module, const char *why);

#endif
