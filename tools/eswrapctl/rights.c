// SPDX-License-Identifier: MIT
/*
 * Files that the broker names are opened with the broker's rights: whoever has taken over its user
 * cannot have root read what that user may not. The name of the user is the kernel's word.
 */
#include <errno.h>
#include <gio/gio.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "eswrapctl/ctl.h"

/* What root was before; groups NULL: nothing was changed. */
static struct {
	gid_t *groups;
	int count;
	gid_t gid;
} before;

static bool change_to(uid_t uid)
{
	const struct passwd *user = getpwuid(uid);
	gid_t gid = user ? user->pw_gid : uid;

	if (user ? initgroups(user->pw_name, gid) < 0 : setgroups(0, NULL) < 0)
		return false;
	return setegid(gid) == 0 && seteuid(uid) == 0;
}

bool rights_take(uid_t uid, GError **error)
{
	if (geteuid() != 0 || uid == 0)
		return true;
	before.count = getgroups(0, NULL);
	before.groups = g_new(gid_t, (gsize)MAX(before.count, 0) + 1);
	before.count = getgroups(MAX(before.count, 0), before.groups);
	before.gid = getegid();
	if (before.count >= 0 && change_to(uid))
		return true;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot become user %u: %s", (guint)uid,
		    g_strerror(errno));
	rights_restore();
	return false;
}

void rights_restore(void)
{
	if (!before.groups)
		return;
	/* With other people's rights nothing may go on. */
	if (seteuid(0) < 0 || setegid(before.gid) < 0 ||
	    setgroups((gsize)before.count, before.groups) < 0)
		g_error("cannot become root again: %s", g_strerror(errno));
	g_clear_pointer(&before.groups, g_free);
}
