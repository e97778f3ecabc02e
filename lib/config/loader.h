/* SPDX-License-Identifier: MIT */
/*
 * Where the reader of a configuration file stands, and what it has to say of that place.
 */
#ifndef ESWRAP_CONFIG_LOADER_H
#define ESWRAP_CONFIG_LOADER_H

#include "config/ini.h"
#include "config/settings.h"

/**
 * struct loader - a configuration file being read, and where the reader stands in it
 * @path:	as the user gave it: what messages begin with
 * @dir:	that relative paths are relative to
 * @file:	for load.c alone
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

/* loader_mistake() - note a mistake at the place where the loader stands */
void loader_mistake(struct loader *loader, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* loader_warning() - something is allowed but unwise at @line; said to who wants warnings */
void loader_warning(struct loader *loader, guint line, const char *format, ...) G_GNUC_PRINTF(3, 4);

#endif
