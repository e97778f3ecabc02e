// SPDX-License-Identifier: MIT
/* Any bytes as a configuration file: settings, or an error that names the file. */
#include <glib.h>
#include <glib/gstdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *path;
	GPtrArray *warnings = g_ptr_array_new_with_free_func(g_free);
	struct settings *settings;
	GError *error = NULL;

	if (!path)
		close(g_file_open_tmp("eswrap-fuzz-XXXXXX", &path, NULL));
	g_file_set_contents(path, (const char *)data, (gssize)size, NULL);
	settings = settings_load(path, warnings, &error);
	if (!settings && !g_str_has_prefix(error->message, path))
		abort();
	if (settings &&
	    (!settings->module.device || !settings->module.ssid || !settings->state_dir))
		abort();
	g_clear_error(&error);
	settings_free(settings);
	g_ptr_array_free(warnings, TRUE);
	return 0;
}
