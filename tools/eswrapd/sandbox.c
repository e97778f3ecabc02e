// SPDX-License-Identifier: MIT
/* Landlock and seccomp around the broker. The theory of operation is in sandbox.h. */
#include "eswrapd/sandbox.h"

#include <errno.h>
#include <gio/gio.h>
#include <sys/prctl.h>

#include "eswrapd/calls.h"
#include "eswrapd/land.h"

bool sandbox_enter(const struct settings *settings, const char *socket_path, GError **error)
{
	if (!settings->sandbox)
		return true;
	/* Without this, neither is for processes without privileges. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "PR_SET_NO_NEW_PRIVS: %s",
			    g_strerror(errno));
		return false;
	}
	return land_restrict(settings, socket_path, error) &&
	       calls_restrict(g_str_has_prefix(settings->module.device, "tcp:"), error);
}
