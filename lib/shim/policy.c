// SPDX-License-Identifier: MIT
/*
 * What the broker has said beforehand.
 *
 * DOC: Theory of Operation
 *
 * The broker's policy (lib/wire) is mapped once, at load, and is then a page of memory: who
 * connects to what is direct makes no system call for it, needs no descriptor, no /run, no broker
 * and no right to signal one. It counts until the broker takes its magic back; the next connect
 * then looks for the policy that has come after it, and maps it over the old one, so that a process
 * never keeps more than one page of them.
 *
 * Whoever can write the policy can send flagged connections out directly. So it must belong to
 * root, to us, or to the owner of its directory, who could as well put a socket of his own there.
 */
#include "shim.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static const struct eswrap_policy *mapped;

/* Whose the latest policy was: the same may answer questions. */
static uid_t owner = (uid_t)-1;

static bool counts(const struct eswrap_policy *policy)
{
	return policy && __atomic_load_n(&policy->magic, __ATOMIC_ACQUIRE) == ESWRAP_MAGIC;
}

/* Does the directory of the control socket belong to this user? */
static bool owns_directory(uid_t uid)
{
	char text[sizeof(shim.broker.sun_path)];
	struct stat64 directory;
	size_t len = strlen(shim.broker.sun_path);

	while (len > 0 && shim.broker.sun_path[len - 1] != '/')
		len--;
	if (len == 0)
		return false;
	memcpy(text, shim.broker.sun_path, len);
	text[len] = '\0';
	return stat64(text, &directory) == 0 && directory.st_uid == uid;
}

/**
 * shim_policy_vouches_for() - may this user be the broker?
 *
 * Root, ourselves, or who owns the directory that the control socket is in; in a chroot, where that
 * cannot be looked at, the owner of the policy that was found at load. errno is left alone.
 */
bool shim_policy_vouches_for(uid_t uid)
{
	int saved = errno;
	bool good = uid == 0 || uid == geteuid() ||
		    uid == __atomic_load_n(&owner, __ATOMIC_RELAXED) || owns_directory(uid);

	errno = saved;
	return good;
}

static bool is_trustworthy(const struct stat64 *file)
{
	return S_ISREG(file->st_mode) && file->st_size == sizeof(struct eswrap_policy) &&
	       (file->st_uid == 0 || file->st_uid == geteuid() || owns_directory(file->st_uid));
}

/* Maps a policy over the latest, or somewhere. Return: NULL when it could not be. */
static const struct eswrap_policy *map_file(int fd)
{
	const struct eswrap_policy *before = __atomic_load_n(&mapped, __ATOMIC_ACQUIRE);
	const size_t size = sizeof(struct eswrap_policy);
	void *at = (void *)(uintptr_t)before;
	void *page = mmap(at, size, PROT_READ, MAP_SHARED | (before ? MAP_FIXED : 0), fd, 0);

	if (page == MAP_FAILED)
		return NULL;
	if (!before && !__atomic_compare_exchange_n(&mapped, &before, page, false, __ATOMIC_ACQ_REL,
						    __ATOMIC_ACQUIRE)) {
		/* Another thread was faster. */
		syscall(SYS_munmap, page, size);
		return before;
	}
	return page;
}

/**
 * shim_door() - the broker's other socket, for who cannot see its path
 * @address:	filled in
 *
 * As the latest policy that was mapped has it: a chroot may hide the next one.
 *
 * Return: its length; 0: none is known.
 */
socklen_t shim_door(struct sockaddr_un *address)
{
	const struct eswrap_policy *policy = __atomic_load_n(&mapped, __ATOMIC_ACQUIRE);
	const char *end;

	memset(address, 0, sizeof(*address));
	if (!policy)
		return 0;
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path + 1, policy->door, sizeof(policy->door));
	end = memchr(address->sun_path + 1, '\0', sizeof(policy->door));
	return end > address->sun_path + 1 ? (socklen_t)(end - (char *)address) : 0;
}

static const struct eswrap_policy *map_policy(void)
{
	char path[sizeof(shim.broker.sun_path) + sizeof(ESWRAP_POLICY_SUFFIX)];
	size_t len = strlen(shim.broker.sun_path);
	const struct eswrap_policy *policy = NULL;
	struct stat64 status;
	int fd;

	memcpy(path, shim.broker.sun_path, len);
	memcpy(path + len, ESWRAP_POLICY_SUFFIX, sizeof(ESWRAP_POLICY_SUFFIX));
	/* Not open(): that is a cancellation point. */
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return NULL;
	if (shim_fstat(fd, &status) == 0 && is_trustworthy(&status)) {
		policy = map_file(fd);
		__atomic_store_n(&owner, status.st_uid, __ATOMIC_RELAXED);
	}
	syscall(SYS_close, fd);
	return policy;
}

/* With -r the route does not depend on the destination. */
static bool is_of_use(void)
{
	return !shim.route[0] && shim.route_fits && shim.broker_len;
}

/**
 * shim_policy_load() - map the policy, if there is one
 *
 * At load. A private broker stays as long as anybody has its policy mapped: also those who have
 * no use for it.
 */
void shim_policy_load(void)
{
	if (shim.broker_len)
		map_policy();
}

/* The counter of what needs no question; -1: ask. Where the type is not known, both must be direct. */
static int counter_of(const struct eswrap_policy *policy, const struct eswrap_endpoint *to,
		      int type)
{
	const struct eswrap_policy_rule *rule =
		eswrap_policy_rule_for(policy, to, type ? type : SOCK_STREAM);

	if (!rule || !(rule->flags & ESWRAP_POLICY_DIRECT) || rule->counter >= ESWRAP_COUNTERS ||
	    (!type && !eswrap_policy_is_direct(policy, to, SOCK_DGRAM)))
		return -1;
	return rule->counter;
}

/**
 * shim_policy_counter() - has the broker said that this destination is none of ours?
 * @to:		the destination
 * @type:	SOCK_STREAM or SOCK_DGRAM; 0: whatever the type of the socket is
 *
 * No system call is made as long as there is a policy that counts. errno is left alone.
 *
 * Return: when it has, what shim_count() is to be given if something goes there; -1 when the broker is
 * to be asked.
 */
int shim_policy_counter(const struct eswrap_endpoint *to, int type)
{
	const struct eswrap_policy *policy;
	int saved = errno;
	int counter;

	real();
	if (!is_of_use())
		return -1;
	policy = __atomic_load_n(&mapped, __ATOMIC_ACQUIRE);
	if (UNLIKELY(!counts(policy)))
		policy = map_policy();
	errno = saved;
	if (!counts(policy))
		return -1;
	counter = counter_of(policy, to, type);
	return counts(policy) ? counter : -1;
}
