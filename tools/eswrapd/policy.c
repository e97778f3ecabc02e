// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of operation
 *
 * The routes are tried in file order, and so are the rules; a rule that matches ends the search. A
 * route becomes one rule for each pair of its addresses and port ranges:
 *
 *	with a condition on the host	none: it matches stand-in addresses only, and those are all
 *					asked about by the first two rules
 *	direct, for whoever asks	DIRECT rules
 *	direct, for some		none: to the others the next route applies, and where that
 *					is direct as well it makes no difference
 *	any other			rules that say "ask", whoever asks
 *
 * The file is written under another name and renamed, so that nobody maps half of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "eswrapd/name.h"
#include "eswrapd/policy.h"
#include "config/route.h"

G_STATIC_ASSERT(sizeof(struct eswrap_policy) <= 4096);

#define PREFIX_MAX 128 /* bits */

static const struct address_block anywhere = { .prefix = 0 };
static const struct port_range any_port = { 0, G_MAXUINT16 };

struct policy_file {
	char *path;
	struct eswrap_policy *mapped;
};

static guint8 types_of(enum route_through through)
{
	return (route_takes(through, SOCK_STREAM) ? ESWRAP_POLICY_STREAM : 0) |
	       (route_takes(through, SOCK_DGRAM) ? ESWRAP_POLICY_DATAGRAM : 0);
}

/* Return: false when there is no room: then nothing that comes later may be said either. */
static bool add_rule(struct eswrap_policy *policy, guint8 flags, const struct address_block *block,
		     const struct port_range *ports)
{
	struct eswrap_policy_rule *rule = &policy->rules[policy->count];

	if (policy->count == ESWRAP_POLICY_RULES)
		return false;
	memcpy(rule->address, block->address, sizeof(rule->address));
	rule->prefix = (guint8)MIN(block->prefix, PREFIX_MAX);
	rule->flags = flags;
	rule->first_port = ports->first;
	rule->last_port = ports->last;
	policy->count++;
	return true;
}

static bool add_for_block(struct eswrap_policy *policy, guint8 flags,
			  const struct address_block *block, const GArray *ports)
{
	guint i;

	if (ports->len == 0)
		return add_rule(policy, flags, block, &any_port);
	for (i = 0; i < ports->len; i++)
		if (!add_rule(policy, flags, block, &g_array_index(ports, struct port_range, i)))
			return false;
	return true;
}

static bool add_route(struct eswrap_policy *policy, const struct route *route)
{
	bool for_all = !route->programs->len && !route->users->len && !route->has_mark;
	guint8 flags = types_of(route->through);
	guint i;

	if (route->hosts->len || (route->through == ROUTE_DIRECT && !for_all))
		return true;
	if (route->through == ROUTE_DIRECT)
		flags |= ESWRAP_POLICY_DIRECT;
	if (route->addresses->len == 0)
		return add_for_block(policy, flags | ESWRAP_POLICY_NOT_LOOPBACK, &anywhere,
				     route->ports);
	for (i = 0; i < route->addresses->len; i++)
		if (!add_for_block(policy, flags,
				   &g_array_index(route->addresses, struct address_block, i),
				   route->ports))
			return false;
	return true;
}

/* What no route takes. On this machine [default] has no say; what it does not take is direct. */
static bool add_fallback(struct eswrap_policy *policy, const struct route *fallback)
{
	const guint8 both = ESWRAP_POLICY_STREAM | ESWRAP_POLICY_DATAGRAM;

	return (fallback->through == ROUTE_DIRECT ||
		add_rule(policy, types_of(fallback->through) | ESWRAP_POLICY_NOT_LOOPBACK,
			 &anywhere, &any_port)) &&
	       add_rule(policy, both | ESWRAP_POLICY_DIRECT, &anywhere, &any_port);
}

void policy_compile(const struct settings *settings, struct eswrap_policy *policy)
{
	const guint8 ask = ESWRAP_POLICY_STREAM | ESWRAP_POLICY_DATAGRAM;
	struct address_block twin;
	guint i;

	memset(policy, 0, sizeof(*policy));
	policy->magic = ESWRAP_MAGIC;
	names_twin(&settings->stand_in, &twin);
	if (!add_rule(policy, ask, &settings->stand_in, &any_port) ||
	    !add_rule(policy, ask, &twin, &any_port))
		return;
	for (i = 0; i < settings->routes->len; i++)
		if (!add_route(policy, settings->routes->pdata[i]))
			return;
	add_fallback(policy, settings->fallback);
}

/* Return: the path of a listening socket, to be freed; NULL when it has none. */
static char *path_of(int listening)
{
	struct sockaddr_un address;
	socklen_t len = sizeof(address);

	if (getsockname(listening, (struct sockaddr *)&address, &len) < 0 ||
	    len <= offsetof(struct sockaddr_un, sun_path) || address.sun_path[0] == '\0')
		return NULL;
	return g_strndup(address.sun_path, len - offsetof(struct sockaddr_un, sun_path));
}

/*
 * Takes back what a broker has said that was killed: programs that run since then have its file
 * mapped, and would go on by it. @old is its descriptor, or -1; closed.
 */
static void take_back(int old)
{
	const guint32 none = 0;
	struct stat status;

	if (old < 0)
		return;
	if (fstat(old, &status) == 0 && S_ISREG(status.st_mode) &&
	    status.st_size >= (off_t)sizeof(none) &&
	    pwrite(old, &none, sizeof(none), offsetof(struct eswrap_policy, magic)) != sizeof(none))
		g_warning("the policy of the last broker: %s", g_strerror(errno));
	close(old);
}

/* Return: the file's contents, shared with whoever opens it; NULL with errno set. */
static struct eswrap_policy *write_file(const char *path, const struct eswrap_policy *policy)
{
	char *temporary = g_strconcat(path, ".new", NULL);
	int old = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	void *mapped = MAP_FAILED;
	int fd, error = 0;

	unlink(temporary);
	fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 || fchmod(fd, 0644) < 0 ||
	    write(fd, policy, sizeof(*policy)) != (ssize_t)sizeof(*policy))
		error = errno;
	if (!error)
		mapped = mmap(NULL, sizeof(*policy), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (!error && (mapped == MAP_FAILED || rename(temporary, path) < 0))
		error = errno;
	take_back(old);
	if (fd >= 0)
		close(fd);
	if (error)
		unlink(temporary);
	if (error && mapped != MAP_FAILED)
		munmap(mapped, sizeof(*policy));
	g_free(temporary);
	errno = error;
	return error ? NULL : mapped;
}

struct policy_file *policy_publish(const struct settings *settings, int listening)
{
	struct policy_file *file = g_new0(struct policy_file, 1);
	char *socket_path = path_of(listening);
	struct eswrap_policy policy;

	policy_compile(settings, &policy);
	policy.pid = getpid();
	if (socket_path) {
		file->path = g_strconcat(socket_path, ESWRAP_POLICY_SUFFIX, NULL);
		file->mapped = write_file(file->path, &policy);
	}
	if (file->mapped) {
		g_free(socket_path);
		return file;
	}
	g_warning("%s: %s; programs ask about each connection instead",
		  file->path ? file->path : "policy", g_strerror(socket_path ? errno : ENOENT));
	g_free(socket_path);
	g_free(file->path);
	g_free(file);
	return NULL;
}

void policy_withdraw(struct policy_file *file)
{
	if (!file)
		return;
	g_atomic_int_set((gint *)&file->mapped->magic, 0);
	unlink(file->path);
	munmap(file->mapped, sizeof(*file->mapped));
	g_free(file->path);
	g_free(file);
}
