// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of operation
 *
 * The routes are tried in file order, and so are the rules; a rule that matches ends the search. A
 * route becomes one rule for each pair of its addresses and port ranges:
 *
 * Where any name is flagged, those are followed by one for the port of name servers: the questions that
 * go there are looked at (dns.h).
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

#include "eswrapd/counts.h"
#include "eswrapd/stand-in.h"
#include "eswrapd/policy.h"
#include "config/route.h"

G_STATIC_ASSERT(sizeof(struct eswrap_policy) <= 4096);

#define PREFIX_MAX 128 /* bits */

static const struct address_block anywhere = { .prefix = 0 };
static const struct port_range any_port = { 0, G_MAXUINT16 };
static const struct port_range name_servers = { ESWRAP_PORT_NAMES, ESWRAP_PORT_NAMES };

struct policy_file {
	char *path;
};

static guint8 types_of(enum route_through through)
{
	return (route_takes(through, SOCK_STREAM) ? ESWRAP_POLICY_STREAM : 0) |
	       (route_takes(through, SOCK_DGRAM) ? ESWRAP_POLICY_DATAGRAM : 0);
}

/* Return: false when there is no room: then nothing that comes later may be said either. */
static bool add_rule(struct eswrap_policy *policy, guint8 flags, const struct address_block *block,
		     const struct port_range *ports, guint16 counter)
{
	struct eswrap_policy_rule *rule = &policy->rules[policy->count];

	if (policy->count == ESWRAP_POLICY_RULES)
		return false;
	memcpy(rule->address, block->address, sizeof(rule->address));
	rule->prefix = (guint8)MIN(block->prefix, PREFIX_MAX);
	rule->flags = flags;
	rule->first_port = ports->first;
	rule->last_port = ports->last;
	rule->counter = counter;
	policy->count++;
	return true;
}

static bool add_for_block(struct eswrap_policy *policy, guint8 flags,
			  const struct address_block *block, const struct route *route,
			  guint16 counter)
{
	const GArray *ports = route->ports;
	guint i;

	if (ports->len == 0)
		return add_rule(policy, flags, block, &any_port, counter);
	for (i = 0; i < ports->len; i++)
		if (!add_rule(policy, flags, block, &g_array_index(ports, struct port_range, i),
			      counter))
			return false;
	return true;
}

static bool add_route(struct eswrap_policy *policy, const struct route *route,
		      struct counts *counts)
{
	bool for_all = !route->programs->len && !route->users->len && !route->has_mark;
	guint8 flags = types_of(route->through);
	guint16 counter = 0;
	guint i;

	if (route->hosts->len || (route->through == ROUTE_DIRECT && !for_all))
		return true;
	if (route->through == ROUTE_DIRECT) {
		flags |= ESWRAP_POLICY_DIRECT;
		counter = counts_number(counts, route->name);
	}
	if (route->addresses->len == 0)
		return add_for_block(policy, flags | ESWRAP_POLICY_NOT_LOOPBACK, &anywhere, route,
				     counter);
	for (i = 0; i < route->addresses->len; i++)
		if (!add_for_block(policy, flags,
				   &g_array_index(route->addresses, struct address_block, i), route,
				   counter))
			return false;
	return true;
}

/* What no route takes. On this machine [default] has no say; what it does not take is direct. */
static bool add_fallback(struct eswrap_policy *policy, const struct route *fallback,
			 struct counts *counts)
{
	const guint8 both = ESWRAP_POLICY_STREAM | ESWRAP_POLICY_DATAGRAM;
	bool direct = fallback->through == ROUTE_DIRECT;

	return add_rule(policy,
			types_of(fallback->through) | ESWRAP_POLICY_NOT_LOOPBACK |
				(direct ? ESWRAP_POLICY_DIRECT : 0),
			&anywhere, &any_port, direct ? counts_number(counts, fallback->name) : 0) &&
	       add_rule(policy, both | ESWRAP_POLICY_DIRECT, &anywhere, &any_port,
			counts_number(counts, ""));
}

void policy_compile(const struct settings *settings, struct counts *counts,
		    struct eswrap_policy *policy)
{
	const guint8 ask = ESWRAP_POLICY_STREAM | ESWRAP_POLICY_DATAGRAM;
	struct address_block twin;
	guint i;

	memset(policy, 0, sizeof(*policy));
	policy->magic = ESWRAP_MAGIC;
	names_twin(&settings->stand_in, &twin);
	if (!add_rule(policy, ask, &settings->stand_in, &any_port, 0) ||
	    !add_rule(policy, ask, &twin, &any_port, 0))
		return;
	if (route_flags_names(settings) && !add_rule(policy, ask, &anywhere, &name_servers, 0))
		return;
	for (i = 0; i < settings->routes->len; i++)
		if (!add_route(policy, settings->routes->pdata[i], counts))
			return;
	add_fallback(policy, settings->fallback, counts);
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
 * Takes the magic back from whoever has mapped a policy: one that was left by a broker that was killed
 * as well, since programs do not look whether its process lives. @fd is the file's, or -1; closed.
 */
static void take_back(int fd)
{
	static const guint32 none;
	struct stat status;

	if (fd < 0)
		return;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	    status.st_size >= (off_t)sizeof(none) &&
	    pwrite(fd, &none, sizeof(none), offsetof(struct eswrap_policy, magic)) != sizeof(none))
		g_warning("the policy could not be taken back: %s", g_strerror(errno));
	close(fd);
}

static int open_policy(const char *path)
{
	return open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
}

/* Return: 0, or an errno. */
static int write_file(const char *path, const struct eswrap_policy *policy)
{
	g_autofree char *temporary = g_strconcat(path, ".new", NULL);
	int old = open_policy(path);
	int fd, error = 0;

	unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 || fchmod(fd, 0644) < 0 ||
	    write(fd, policy, sizeof(*policy)) != (ssize_t)sizeof(*policy) ||
	    rename(temporary, path) < 0)
		error = errno;
	if (fd >= 0)
		close(fd);
	take_back(old);
	if (error)
		unlink(temporary);
	return error;
}

struct policy_file *policy_publish(const struct settings *settings, struct counts *counts,
				   int listening, const char *door)
{
	g_autofree char *socket_path = path_of(listening);
	struct policy_file *file;
	struct eswrap_policy policy;
	int error;

	if (!socket_path) {
		g_warning("the control socket has no path, so there is none for the policy; "
			  "programs ask about each connection instead");
		return NULL;
	}
	policy_compile(settings, counts, &policy);
	g_strlcpy(policy.door, door, sizeof(policy.door));
	file = g_new0(struct policy_file, 1);
	file->path = g_strconcat(socket_path, ESWRAP_POLICY_SUFFIX, NULL);
	error = write_file(file->path, &policy);
	if (!error)
		return file;
	g_warning("%s: %s; programs ask about each connection instead", file->path,
		  g_strerror(error));
	g_free(file->path);
	g_free(file);
	return NULL;
}

bool policy_is_in_use(const struct policy_file *file)
{
	bool used;
	int fd;

	if (!file)
		return false;
	fd = open(file->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	/* Granted only where nobody else has it open, or mapped: fcntl(2). */
	used = fcntl(fd, F_SETLEASE, F_WRLCK) < 0;
	close(fd);
	return used;
}

void policy_forget(struct policy_file *file)
{
	if (!file)
		return;
	g_free(file->path);
	g_free(file);
}

void policy_withdraw(struct policy_file *file)
{
	if (!file)
		return;
	take_back(open_policy(file->path));
	unlink(file->path);
	policy_forget(file);
}
