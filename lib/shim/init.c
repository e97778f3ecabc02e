// SPDX-License-Identifier: MIT
/*
 * Finding libc's functions and the broker, once per exec.
 */
#include "shim.h"

#include <dlfcn.h>
#include <stdlib.h>

struct shim shim;

/* One string instead of an array of pointers: nothing for the loader to relocate. */
#define SHIM_NAME(type, name, parameters) #name "\0"
static const char names[] = SHIM_REAL(SHIM_NAME);

static void find_functions(struct real *functions)
{
	const char *name = names;
	void *function;
	char *to;

	for (to = (char *)functions; *name; to += sizeof(function)) {
		function = dlsym(RTLD_NEXT, name);
		memcpy(to, &function, sizeof(function));
		name += strlen(name) + 1;
	}
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
	int error = errno;
	const char *value;

	find_functions(&shim.real);
	find_broker(&shim);
	value = secure_getenv(ESWRAP_ROUTE_ENV);
	shim.route_fits = !value || copy_string(shim.route, sizeof(shim.route), value);
	value = secure_getenv(ESWRAP_FALLBACK_ENV);
	shim.fallback_direct = value && strcmp(value, "direct") == 0;
	copy_string(shim.program, sizeof(shim.program), program_invocation_short_name);
	__atomic_store_n(&shim.ready, true, __ATOMIC_RELEASE);
	errno = error;
}

__attribute__((constructor)) static void at_load(void)
{
	if (!shim.ready)
		shim_init();
}
