/* SPDX-License-Identifier: MIT */
/* A configuration that is read again while connections go on. */
#ifndef ESWRAP_CONFIG_RELOAD_H
#define ESWRAP_CONFIG_RELOAD_H

#include "config/settings.h"

/**
 * settings_adopt() - let what can change without a restart be as in a file that was read again
 * @settings:	in use; its routes, credentials groups and time-outs become @fresh's
 * @fresh:	as read; what @settings had is in it then, for settings_free() once nobody points
 *		there any more
 * @restart:	gets a string (char *) for each thing that differs and needs a restart
 */
void settings_adopt(struct settings *settings, struct settings *fresh, GPtrArray *restart);

#endif
