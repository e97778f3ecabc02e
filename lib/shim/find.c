// SPDX-License-Identifier: MIT
/*
 * Finding the functions that come behind ours. dlsym() itself is one of those that are wrapped
 * (loader.c), so it is found by dlvsym(), which is not.
 */
#include "shim.h"

#include <dlfcn.h>

/* The versions that dlsym() has had, on the machines that glibc is for. */
static const char versions[] = "GLIBC_2.34\0GLIBC_2.2.5\0GLIBC_2.17\0GLIBC_2.4\0GLIBC_2.0\0"
			       "GLIBC_2.27\0";

/* shim_libc_dlsym() - libc's own dlsym() */
shim_dlsym shim_libc_dlsym(void)
{
	static shim_dlsym found;
	shim_dlsym call = __atomic_load_n(&found, __ATOMIC_ACQUIRE);
	const char *version;
	void *function;

	for (version = versions; !call && *version; version += strlen(version) + 1) {
		function = dlvsym(RTLD_NEXT, "dlsym", version);
		memcpy(&call, &function, sizeof(call));
	}
	__atomic_store_n(&found, call, __ATOMIC_RELEASE);
	return call;
}

/* shim_find() - the function of this name that comes behind us: libc's, or another preloaded one's */
void *shim_find(const char *name)
{
	return shim_libc_dlsym()(RTLD_NEXT, name);
}

/**
 * shim_find_all() - the functions of a list of names
 * @handle:	RTLD_NEXT: as shim_find(). RTLD_DEFAULT: those that we would be linked with
 * @functions:	as many pointers as there are @names
 */
void shim_find_all(void *handle, const char *names, void *functions)
{
	shim_dlsym find = shim_libc_dlsym();
	const char *name;
	void *function;
	char *to = functions;

	for (name = names; *name; name += strlen(name) + 1, to += sizeof(function)) {
		function = find(handle, name);
		memcpy(to, &function, sizeof(function));
	}
}
