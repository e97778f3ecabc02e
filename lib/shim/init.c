// SPDX-License-Identifier: MIT
/*
 * libc's functions, and what the environment says: when the first of ours is called.
 */
#include "shim.h"

#include <dlfcn.h>
#include <stdlib.h>

/* One string instead of an array of pointers: nothing for the loader to relocate. */
#define SHIM_NAME(type, name, parameters) #name "\0"
const char shim_real_names[] = SHIM_REAL(SHIM_NAME);
const char shim_lookup_names[] = SHIM_LOOKUPS(SHIM_NAME);

const struct lookups *lookups(void)
{
	static struct lookups found;
	static bool ready;
	struct lookups functions;
	int error = errno;

	if (UNLIKELY(!__atomic_load_n(&ready, __ATOMIC_ACQUIRE))) {
		real();
		shim_find_all(RTLD_NEXT, shim_lookup_names, &functions);
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

/**
 * shim_init() - fill in the static data
 *
 * The environment is copied now: programs that write a title for ps(1) overwrite it. Two threads
 * may do this at once before our constructor runs; they write the same.
 */
void shim_init(void)
{
	struct real functions;
	static const char direct[] = "direct";
	int error = errno;
	const char *value;

	shim_find_all(RTLD_NEXT, shim_real_names, &functions);
	strict_apply(&functions);
	shim.real = functions;
	find_broker(&shim);
	value = secure_getenv(ESWRAP_ROUTE_ENV);
	shim.route_fits = !value || copy_string(shim.route, sizeof(shim.route), value);
	value = secure_getenv(ESWRAP_FALLBACK_ENV);
	shim.fallback_direct = value && strlen(value) == sizeof(direct) - 1 &&
			       memcmp(value, direct, sizeof(direct)) == 0;
	copy_string(shim.program, sizeof(shim.program), program_invocation_short_name);
	__atomic_store_n(&shim.ready, true, __ATOMIC_RELEASE);
	errno = error;
}
