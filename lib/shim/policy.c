// SPDX-License-Identifier: MIT
/*
 * What the broker has said beforehand.
 *
 * DOC: Theory of Operation
 *
 * The broker's policy (include/eswrap/wire.h) is mapped at the first connect, and stays: another
 * thread may be reading it whenever we would unmap it. One that no longer counts, because the
 * broker has left or was killed, is looked for again; so a process keeps one page for each broker
 * that it has seen come and go.
 *
 * Whoever can write the policy can send flagged connections out directly. So it must belong to
 * root, to us, or to the owner of its folder, who could as well put a socket of his own there.
 */
#include "shim.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static const struct eswrap_policy *mapped;

static bool counts(const struct eswrap_policy *policy)
{
	return policy && __atomic_load_n(&policy->magic, __ATOMIC_RELAXED) == ESWRAP_MAGIC &&
	       policy->pid > 0 && (kill(policy->pid, 0) == 0 || errno == EPERM);
}

static bool is_trustworthy(const struct stat64 *file, const char *path)
{
	struct stat64 folder;
	char text[sizeof(shim.broker.sun_path)];
	char *slash;

	if (!S_ISREG(file->st_mode) || file->st_size != sizeof(struct eswrap_policy))
		return false;
	if (file->st_uid == 0 || file->st_uid == geteuid())
		return true;
	strcpy(text, path);
	slash = strrchr(text, '/');
	if (!slash)
		return false;
	slash[slash == text] = '\0';
	return stat64(text, &folder) == 0 && folder.st_uid == file->st_uid;
}

static const struct eswrap_policy *map_policy(void)
{
	char path[sizeof(shim.broker.sun_path) + sizeof(ESWRAP_POLICY_SUFFIX)];
	size_t len = strlen(shim.broker.sun_path);
	void *policy = MAP_FAILED;
	struct stat64 status;
	int fd;

	memcpy(path, shim.broker.sun_path, len);
	memcpy(path + len, ESWRAP_POLICY_SUFFIX, sizeof(ESWRAP_POLICY_SUFFIX));
	/* Not open(): that is a cancellation point. */
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return NULL;
	if (fstat64(fd, &status) == 0 && is_trustworthy(&status, shim.broker.sun_path))
		policy = mmap(NULL, sizeof(struct eswrap_policy), PROT_READ, MAP_SHARED, fd, 0);
	syscall(SYS_close, fd);
	return policy == MAP_FAILED ? NULL : policy;
}

/**
 * shim_policy_is_direct() - has the broker said that this destination is none of ours?
 * @to:		the destination
 * @stream:	of a stream socket, else of a datagram socket
 *
 * Return: true when it has; false when it is to be asked. errno is left alone.
 */
bool shim_policy_is_direct(const struct eswrap_endpoint *to, bool stream)
{
	const struct eswrap_policy *policy = __atomic_load_n(&mapped, __ATOMIC_ACQUIRE);
	int saved = errno;
	bool valid = false;

	/* With -r the route does not depend on the destination. */
	if (!shim.route[0] && shim.route_fits && shim.broker_len) {
		valid = counts(policy);
		if (!valid) {
			policy = map_policy();
			valid = counts(policy);
		}
		if (valid)
			__atomic_store_n(&mapped, policy, __ATOMIC_RELEASE);
	}
	errno = saved;
	return valid && eswrap_policy_is_direct(policy, to, stream ? SOCK_STREAM : SOCK_DGRAM);
}
