/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_WITH_H
#define TESTS_UNIT_WITH_H

#include "config/settings.h"

/* settings_with() - a small configuration with [credentials c], and @routes; must be good */
struct settings *settings_with(const char *routes);

#endif
