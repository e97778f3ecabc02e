// SPDX-License-Identifier: MIT
/* Settings of a configuration that a test writes. */
#include <check.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "config/load.h"
#include "unit/with.h"

struct settings *settings_with(const char *routes)
{
	static const char base[] = "[module]\ndevice=/dev/x\n[wifi]\nssid=s\nsecurity=open\n"
				   "[credentials c]\nset=0\n";
	char *text = g_strconcat(base, routes, NULL), *path;
	GError *error = NULL;
	int fd = g_file_open_tmp("eswrap-settings-XXXXXX", &path, NULL);
	struct settings *settings;

	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert(g_file_set_contents(path, text, -1, NULL));
	settings = settings_load(path, NULL, &error);
	ck_assert_msg(settings, "%s: %s", error ? error->message : "", text);
	g_unlink(path);
	g_free(path);
	g_free(text);
	return settings;
}
