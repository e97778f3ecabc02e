/* SPDX-License-Identifier: MIT */
/* The cycle of commands and answers. */
#ifndef FAKE_CYCLE_H
#define FAKE_CYCLE_H

#include "eswrap-fake/module.h"

#define COMMAND_MAX 512 /* bytes of a command up to its \r */

/**
 * cycle_start() - switch it on; what it says then nobody hears
 *
 * Return: 0, or a negative errno when the program is to end.
 */
int cycle_start(struct module *module);

/* cycle_run() - serve the host, and return when the program is to end */
void cycle_run(struct module *module);

#endif
