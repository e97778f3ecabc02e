// SPDX-License-Identifier: MIT
/* From root to the broker's user. The theory of operation is in privilege.h. */
#include "eswrapd/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "eswrap/wire.h"

#define DEFAULT_USER "eswrap"
#define TTY_GROUP    "dialout"
#define GROUPS_MAX   1024

struct identity {
	const char *name, *home; /* interned */
	uid_t uid;
	gid_t gid;
	gid_t groups[GROUPS_MAX];
	int count;
};

static void add_group(struct identity *who, gid_t group)
{
	int i;

	for (i = 0; i < who->count; i++)
		if (who->groups[i] == group)
			return;
	/* A port of root's group alone is for root alone. */
	if (group != 0 && who->count < GROUPS_MAX)
		who->groups[who->count++] = group;
}

static void add_group_of(struct identity *who, const char *device)
{
	struct stat status;

	if (device && stat(device, &status) == 0 && S_ISCHR(status.st_mode) &&
	    (status.st_mode & S_IWGRP))
		add_group(who, status.st_gid);
}

/* Return: the path of "CHIP:LINE", to be freed, or NULL. */
static char *chip_of(const char *gpio)
{
	g_autofree char *chip = gpio ? g_strndup(gpio, strcspn(gpio, ":")) : NULL;

	return chip ? g_build_filename("/dev", chip, NULL) : NULL;
}

static void add_groups(struct identity *who, const struct settings *settings)
{
	const struct group *dialout = getgrnam(TTY_GROUP);
	g_autofree char *chip = chip_of(settings->module.reset_gpio);

	who->count = GROUPS_MAX;
	if (getgrouplist(who->name, who->gid, who->groups, &who->count) < 0)
		who->count = 0;
	add_group(who, who->gid);
	if (dialout)
		add_group(who, dialout->gr_gid);
	add_group_of(who, settings->module.device);
	add_group_of(who, chip);
}

/* Return: false where the broker stays who it is. */
static bool find_user(const struct settings *settings, bool private, struct identity *who)
{
	const char *name = settings->user ? settings->user : private ? NULL : DEFAULT_USER;
	const struct passwd *user = geteuid() == 0 && name ? getpwnam(name) : NULL;

	if (!user || user->pw_uid == 0)
		return false;
	who->name = g_intern_string(user->pw_name);
	who->home = g_intern_string(user->pw_dir);
	who->uid = user->pw_uid;
	who->gid = user->pw_gid;
	add_groups(who, settings);
	return true;
}

static void make_for(const struct identity *who, const char *directory, mode_t mode)
{
	g_autofree char *parent = g_path_get_dirname(directory);

	g_mkdir_with_parents(parent, 0755);
	if (mkdir(directory, mode) == 0 && lchown(directory, who->uid, who->gid) < 0)
		g_warning("%s: %s", directory, g_strerror(errno));
}

void privilege_prepare(const struct settings *settings, bool private)
{
	g_autofree char *directory = g_path_get_dirname(ESWRAP_SOCKET_DEFAULT);
	struct identity who = { 0 };

	if (find_user(settings, private, &who))
		make_for(&who, directory, 0755);
}

/* Return: what stands in the way, to be freed; NULL: nothing does. As the effective user. */
static char *find_obstacle(const struct settings *settings)
{
	g_autoptr(GDir) directory = NULL;
	const char *name;

	if (faccessat(AT_FDCWD, settings->state_dir, R_OK | W_OK | X_OK, AT_EACCESS) < 0)
		return g_strdup_printf("%s: %s", settings->state_dir, g_strerror(errno));
	directory = g_dir_open(settings->state_dir, 0, NULL);
	while (directory && (name = g_dir_read_name(directory))) {
		g_autofree char *path = g_build_filename(settings->state_dir, name, NULL);

		if (faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW) < 0)
			return g_strdup_printf("%s: %s", path, g_strerror(errno));
	}
	return NULL;
}

/* Return: as find_obstacle(), for @who; everything is as before afterwards. */
static char *try_as(const struct identity *who, const struct settings *settings)
{
	gid_t before[GROUPS_MAX];
	int count = getgroups(GROUPS_MAX, before);
	char *obstacle;

	if (count < 0 || setgroups((size_t)who->count, who->groups) < 0 || setegid(who->gid) < 0 ||
	    seteuid(who->uid) < 0)
		obstacle = g_strdup_printf("user %s: %s", who->name, g_strerror(errno));
	else
		obstacle = find_obstacle(settings);
	if (seteuid(0) < 0 || setegid(0) < 0 ||
	    (count >= 0 && setgroups((size_t)count, before) < 0))
		g_error("the rights of root do not come back: %s", g_strerror(errno));
	return obstacle;
}

static void warn_of_reload(const char *path)
{
	if (path && access(path, R_OK) < 0)
		g_message(
			"%s: %s: a reload cannot read it; chgrp and chmod g+r, or restart instead",
			path, g_strerror(errno));
}

/* What libraries look for in the home of who has started us; a reload, too, finds the same state. */
static void set_environment(const struct settings *settings, const struct identity *who)
{
	g_setenv("STATE_DIRECTORY", settings->state_dir, TRUE);
	g_setenv("HOME", who->home, TRUE);
	g_setenv("USER", who->name, TRUE);
	g_setenv("LOGNAME", who->name, TRUE);
	g_unsetenv("XDG_CACHE_HOME");
	g_unsetenv("XDG_STATE_HOME");
	g_unsetenv("XDG_RUNTIME_DIR");
}

static bool become(const struct settings *settings, const struct identity *who, GError **error)
{
	if (setgroups((size_t)who->count, who->groups) == 0 &&
	    setresgid(who->gid, who->gid, who->gid) == 0 &&
	    setresuid(who->uid, who->uid, who->uid) == 0 && setuid(0) < 0) {
		set_environment(settings, who);
		return true;
	}
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "user %s: %s", who->name,
		    g_strerror(errno));
	return false;
}

/* Return: whether to go on as root. */
static bool stay(const struct settings *settings, const struct identity *who, const char *obstacle,
		 GError **error)
{
	if (!settings->user) {
		g_warning("%s; the broker stays root: chown -R %s %s, or `user = root` in [broker]",
			  obstacle, who->name, settings->state_dir);
		return true;
	}
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
		    "user = %s: %s; chown -R %s %s, or leave the key out", who->name, obstacle,
		    who->name, settings->state_dir);
	return false;
}

bool privilege_drop(const struct settings *settings, bool private, GError **error)
{
	struct identity who = { 0 };
	g_autofree char *obstacle = NULL;

	if (!find_user(settings, private, &who))
		return true;
	make_for(&who, settings->state_dir, 0700);
	obstacle = try_as(&who, settings);
	if (obstacle)
		return stay(settings, &who, obstacle, error);
	if (!become(settings, &who, error))
		return false;
	warn_of_reload(settings->path);
	warn_of_reload(settings->passphrase_file);
	return true;
}

/* Whoever owns the configuration can name any directory; whoever owns the state, what is in it. */
static bool is_trusted(const struct settings *settings, uid_t owner)
{
	const struct passwd *broker = getpwnam(DEFAULT_USER);
	struct stat status;

	return owner == 0 || owner == geteuid() || (broker && owner == broker->pw_uid) ||
	       (stat(settings->path, &status) == 0 && owner == status.st_uid);
}

bool privilege_check_state(const struct settings *settings, GError **error)
{
	static const char *const names[] = { "", "ledger.ini", "stand-ins" };
	struct stat status;
	guint i;

	for (i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(settings->state_dir, names[i], NULL);

		if (stat(path, &status) < 0)
			continue;
		if (!is_trusted(settings, status.st_uid)) {
			g_set_error(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
				    "%s belongs to user %u, who could say in it what is burnt into "
				    "the module; chown it, or name another state-dir",
				    path, (guint)status.st_uid);
			return false;
		}
		if (status.st_mode & S_IWOTH)
			g_warning("%s: anybody can write it, and so say what is burnt into the "
				  "module; chmod o-w",
				  path);
	}
	return true;
}
