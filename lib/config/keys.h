/* SPDX-License-Identifier: MIT */
/* The keys of each kind of group, and what checks their values. */
#ifndef ESWRAP_CONFIG_KEYS_H
#define ESWRAP_CONFIG_KEYS_H

#include "config/loader.h"

struct key {
	const char *name;
	void (*set)(struct loader *loader, const char *value);
};

/* What each kind of group may hold; the last key has no name. */
extern const struct key module_keys[], wifi_keys[], credentials_keys[], route_keys[], broker_keys[];
extern const struct key *const default_keys;

#endif
