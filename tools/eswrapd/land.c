// SPDX-License-Identifier: MIT
/* Landlock's rules: a table of paths, and those that the configuration names. */
#include "eswrapd/land.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config.h"

/* linux/landlock.h, each with the version of the interface that brought it. */
#define FS_EXECUTE     (1u << 0)
#define FS_WRITE_FILE  (1u << 1)
#define FS_READ_FILE   (1u << 2)
#define FS_READ_DIR    (1u << 3)
#define FS_REMOVE_FILE (1u << 5)
#define FS_MAKE_REG    (1u << 8)
#define FS_VERSION_1   ((1u << 13) - 1)
#define FS_REFER       (1u << 13) /* 2 */
#define FS_TRUNCATE    (1u << 14) /* 3 */
#define FS_IOCTL_DEV   (1u << 15) /* 5 */
#define NET_CONNECT    (1u << 1)  /* 4 */
#define NET_BIND       (1u << 0)

#define CREATE_VERSION	1u
#define RULE_PATH	1
#define RULE_PORT	2
#define VERSION_NETWORK 4

/* What may be done with a file does not hold for a directory's own rule and the other way about. */
#define READ	  (FS_READ_FILE | FS_READ_DIR)
#define KEEP	  (READ | FS_WRITE_FILE | FS_REMOVE_FILE | FS_MAKE_REG | FS_TRUNCATE)
#define DEVICES	  (READ | FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
#define FILE_ONLY (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

#define PORT_NAMES 53 /* a name server that answers at length, for tcp:HOST:PORT */

struct ruleset_attr {
	uint64_t fs, net, scoped;
};

struct path_attr {
	uint64_t access;
	int32_t fd;
} __attribute__((packed));

struct port_attr {
	uint64_t access, port;
};

/* What each process needs of the system, to read. */
static const char *const system_paths[] = {
	"/usr", "/lib", "/lib32", "/lib64", "/sys", "/run/systemd/resolve", "/run/systemd/userdb",
	"/var/lib/extrausers", "/proc/sys/vm",
	/* How GLib and the C library find out where they are. */
	"/proc/stat", "/proc/cpuinfo", "/proc/meminfo", NULL
};

/*
 * Of /etc, for root, who could read more than everybody. The system's broker is another user and
 * gets all of it, because an account that is added replaces /etc/passwd by another file.
 */
static const char *const etc_paths[] = {
	"/etc/passwd",	    "/etc/group",      "/etc/nsswitch.conf", "/etc/hosts",
	"/etc/host.conf",   "/etc/gai.conf",   "/etc/resolv.conf",   "/etc/services",
	"/etc/ld.so.cache", "/etc/localtime",  "/etc/timezone",	     "/etc/locale.alias",
	"/etc/ssl",	    "/etc/machine-id", "/etc/ld.so.preload", NULL
};

struct rules {
	int fd;
	uint64_t handled;
};

static struct ruleset_attr attributes(int version, bool tcp)
{
	struct ruleset_attr attr = { .fs = FS_VERSION_1 };

	attr.fs |= version >= 2 ? FS_REFER : 0;
	attr.fs |= version >= 3 ? FS_TRUNCATE : 0;
	attr.fs |= version >= 5 ? FS_IOCTL_DEV : 0;
	/* Without tcp: no socket but AF_UNIX can be made at all, see calls.c. */
	if (version >= VERSION_NETWORK && tcp)
		attr.net = NET_CONNECT | NET_BIND;
	return attr;
}

/* Return: the descriptor that holds the path, or -1 where there is none. */
static int add_path(const struct rules *rules, const char *path, uint64_t access)
{
	int fd = path ? open(path, O_PATH | O_CLOEXEC) : -1;
	struct path_attr attr = { .access = access & rules->handled, .fd = fd };
	struct stat status;

	if (fd < 0)
		return -1;
	if (fstat(fd, &status) == 0 && !S_ISDIR(status.st_mode))
		attr.access &= FILE_ONLY;
	if (syscall(SYS_landlock_add_rule, rules->fd, RULE_PATH, &attr, 0) < 0)
		g_warning("Landlock: %s: %s", path, g_strerror(errno));
	return fd;
}

static void allow(const struct rules *rules, const char *path, uint64_t access)
{
	int fd = add_path(rules, path, access);

	if (fd >= 0)
		close(fd);
}

static void allow_directory_of(const struct rules *rules, const char *path, uint64_t access)
{
	g_autofree char *directory = path ? g_path_get_dirname(path) : NULL;
	g_autofree char *real = path ? realpath(path, NULL) : NULL;
	g_autofree char *real_directory = real ? g_path_get_dirname(real) : NULL;

	allow(rules, directory, access);
	allow(rules, real_directory, access);
}

static void allow_each(const struct rules *rules, const char *const *paths)
{
	guint i;

	for (i = 0; paths[i]; i++)
		allow(rules, paths[i], READ);
}

static void allow_port(const struct rules *rules, guint64 port)
{
	const struct port_attr attr = { .access = NET_CONNECT, .port = port };

	syscall(SYS_landlock_add_rule, rules->fd, RULE_PORT, &attr, 0);
}

/* A port that is a socket is locked by a file beside the driver's other ones, see lib/eswifi/lock.c. */
static void allow_lock(const struct rules *rules)
{
	const char *service = g_getenv("RUNTIME_DIRECTORY");
	const char *session = g_getenv("XDG_RUNTIME_DIR");
	g_autofree char *first = service ? g_strndup(service, strcspn(service, ":")) : NULL;

	if (first && *first)
		allow(rules, first, KEEP);
	else if (session && *session)
		allow(rules, session, KEEP);
	else if (geteuid() == 0)
		allow(rules, "/run", KEEP);
	else if (g_mkdir_with_parents(g_get_user_cache_dir(), 0700) == 0)
		allow(rules, g_get_user_cache_dir(), KEEP);
}

static void allow_device(const struct rules *rules, const struct eswifi_settings *module)
{
	bool tcp = g_str_has_prefix(module->device, "tcp:");
	bool tty = !tcp && !g_str_has_prefix(module->device, "unix:");

	if (tty || module->reset_gpio)
		allow(rules, "/dev", DEVICES);
	allow(rules, "/dev/null", DEVICES);
	allow(rules, "/dev/urandom", READ);
	if (!tty)
		allow_lock(rules);
	if (!tcp)
		return;
	allow_port(rules, g_ascii_strtoull(strrchr(module->device, ':') + 1, NULL, 10));
	allow_port(rules, PORT_NAMES);
}

static void allow_files(const struct rules *rules, const struct settings *settings,
			const char *socket_path)
{
	const char *given = g_getenv("CREDENTIALS_DIRECTORY");

	allow_each(rules, system_paths);
	if (geteuid() == 0)
		allow_each(rules, etc_paths);
	else
		allow(rules, "/etc", READ);
	/* Held open: /proc makes a directory anew when nobody holds it, and the rule is of this one. */
	add_path(rules, "/proc/self", READ);
	allow_directory_of(rules, settings->path, READ);
	allow_directory_of(rules, settings->passphrase_file, READ);
	allow(rules, given, READ);
	/* A rule is of a directory that there is; who cannot make it now could not later. */
	g_mkdir_with_parents(settings->state_dir, 0700);
	allow(rules, settings->state_dir, KEEP);
	allow_directory_of(rules, socket_path ? socket_path : ESWRAP_SOCKET_DEFAULT, KEEP);
	allow_device(rules, &settings->module);
#ifdef ESWRAP_COVERAGE_DIRECTORY
	/* What gcov counts is written at the end. */
	allow(rules, ESWRAP_COVERAGE_DIRECTORY, KEEP | (1u << 7));
#endif
}

static bool failed(GError **error, const char *what)
{
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "Landlock: %s: %s", what,
		    g_strerror(errno));
	return false;
}

bool land_restrict(const struct settings *settings, const char *socket_path, GError **error)
{
	bool tcp = g_str_has_prefix(settings->module.device, "tcp:");
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);
	struct ruleset_attr attr = attributes((int)version, tcp);
	struct rules rules = { .handled = attr.fs };
	gsize size = version >= VERSION_NETWORK ? offsetof(struct ruleset_attr, scoped)
						: offsetof(struct ruleset_attr, net);
	bool done;

	if (version < 1) {
		g_info("this kernel has no Landlock: files are kept by their modes alone");
		return true;
	}
	rules.fd = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (rules.fd < 0)
		return failed(error, "landlock_create_ruleset");
	allow_files(&rules, settings, socket_path);
	done = syscall(SYS_landlock_restrict_self, rules.fd, 0) == 0 ||
	       failed(error, "landlock_restrict_self");
	close(rules.fd);
	return done;
}
