// SPDX-License-Identifier: MIT
/*
 * Finding libc's functions and the broker, once per exec.
 */
#include "shim.h"

#include <stdlib.h>
#include <sys/stat.h>

struct shim shim;

/* One string instead of an array of pointers: nothing for the loader to relocate. */
#define SHIM_NAME(type, name, parameters) #name "\0"
const char shim_real_names[] = SHIM_REAL(SHIM_NAME);
const char shim_lookup_names[] = SHIM_LOOKUPS(SHIM_NAME);

/* @functions: as many pointers as there are @names */
static void find_functions(const char *name, void *functions)
{
	void *function;
	char *to;

	for (to = functions; *name; to += sizeof(function)) {
		function = shim_find(name);
		memcpy(to, &function, sizeof(function));
		name += strlen(name) + 1;
	}
}

const struct lookups *lookups(void)
{
	static struct lookups found;
	static bool ready;
	struct lookups functions;
	int error = errno;

	if (UNLIKELY(!__atomic_load_n(&ready, __ATOMIC_ACQUIRE))) {
		real();
		find_functions(shim_lookup_names, &functions);
		strict_apply_lookups(&functions);
		found = functions;
		__atomic_store_n(&ready, true, __ATOMIC_RELEASE);
		errno = error;
	}
	return &found;
}

/* Copies a string; false when it does not fit, and then @to is empty. */
static bool copy_string(char *to, size_t size, const char *from)
{
	size_t len = strlen(from);

	if (len >= size)
		return false;
	memcpy(to, from, len + 1);
	return true;
}

static void find_broker(struct shim *to)
{
	const char *path = secure_getenv(ESWRAP_SOCKET_ENV);

	to->broker.sun_family = AF_UNIX;
	if (!path || !*path)
		path = ESWRAP_SOCKET_DEFAULT;
	if (copy_string(to->broker.sun_path, sizeof(to->broker.sun_path), path))
		to->broker_len =
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
}

/* So that what is to be told is told to whoever was meant to be told, and to nobody else later on. */
static void remember_stderr(void)
{
	struct stat64 status;

	if (fstat64(STDERR_FILENO, &status) != 0)
		return;
	shim.stderr_dev = status.st_dev;
	shim.stderr_ino = status.st_ino;
}

/**
 * shim_init() - fill in the static data
 *
 * All that could be out of reach later is looked at now: a program may go into a chroot, put a
 * filter on its own system calls, or open descriptors until there is none left.
 *
 * The environment is copied now: programs that write a title for ps(1) overwrite it. Two threads
 * may do this at once before our constructor runs; they write the same.
 */
void shim_init(void)
{
	struct real functions;
	int error = errno;
	const char *value;

	find_functions(shim_real_names, &functions);
	strict_apply(&functions);
	shim.real = functions;
	find_broker(&shim);
	value = secure_getenv(ESWRAP_ROUTE_ENV);
	shim.route_fits = !value || copy_string(shim.route, sizeof(shim.route), value);
	value = secure_getenv(ESWRAP_FALLBACK_ENV);
	shim.fallback_direct = value && strcmp(value, "direct") == 0;
	copy_string(shim.program, sizeof(shim.program), program_invocation_short_name);
	remember_stderr();
	shim_policy_load();
	shim_find_inherited();
	__atomic_store_n(&shim.ready, true, __ATOMIC_RELEASE);
	errno = error;
}

__attribute__((constructor)) static void at_load(void)
{
	if (!shim.ready)
		shim_init();
}
