/* SPDX-License-Identifier: MIT */
/*
 * Between settings.c, which reads the groups, and keys.c, which checks the value of each key.
 */
#ifndef ESWRAP_CONFIG_LOADER_H
#define ESWRAP_CONFIG_LOADER_H

#include "config/ini.h"
#include "config/settings.h"

/**
 * struct loader - a configuration file being read, and where the reader stands in it
 * @path:	as the user gave it: what messages begin with
 * @dir:	that relative paths are relative to
 * @file:	for settings.c alone
 * @mistakes:	one line each
 * @group, @key:	what messages name; @key may be NULL
 * @route, @credentials:	what the key's function fills in
 * @credentials_name:	what the route says, looked up when all are known
 */
struct loader {
	const char *path;
	char *dir;
	GKeyFile *file;
	struct ini *ini;
	GString *mistakes;
	GPtrArray *warnings;
	struct settings *settings;
	const char *group, *key;
	struct route *route;
	struct credentials *credentials;
	char *credentials_name;
	bool has_through, has_verify, has_set;
};

struct key {
	const char *name;
	void (*set)(struct loader *loader, const char *value);
};

/* What each kind of group may hold; the last key has no name. */
extern const struct key module_keys[], wifi_keys[], credentials_keys[], route_keys[], broker_keys[];
extern const struct key *const default_keys;

/* loader_mistake() - note a mistake at the place where the loader stands */
void loader_mistake(struct loader *loader, const char *format, ...) G_GNUC_PRINTF(2, 3);

#endif
