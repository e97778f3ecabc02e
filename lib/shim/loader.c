// SPDX-License-Identifier: MIT
/*
 * dlopen(), dlmopen() and dlsym(): what would hand a library libc's own functions, past us.
 *
 * DOC: Theory of Operation
 *
 *	RTLD_DEEPBIND		lets a library find libc before us: the flag is taken out
 *	another namespace	has a libc of its own, in which nobody is preloaded: the library is
 *				loaded into the program's instead
 *	dlsym() with a handle	of libc, as foreign function interfaces do: where it finds the
 *				function that we wrap, it gives ours
 *
 * libc's functions look at who calls them (RTLD_NEXT, a library's own RUNPATH). So each wrapper
 * ends in a jump to libc's, and not in a call: the return address there is still the program's.
 */
#include "libc.h"

#include "shim.h"

/* Wrapped functions that are not in struct real or struct lookups. */
static const char other_names[] =
	"getaddrinfo_a\0gai_suspend\0gai_cancel\0__res_query\0"
	"__res_search\0__res_querydomain\0__res_nquery\0__res_nsearch\0"
	"__res_nquerydomain\0__res_send\0__res_nsend\0dlopen\0dlmopen\0dlsym\0";

static bool is_among(const char *names, const char *name)
{
	for (; *names; names += strlen(names) + 1)
		if (libc()->strcmp(names, name) == 0)
			return true;
	return false;
}

/* shim_dlopen() - libc's own dlopen(), for ourselves */
void *shim_dlopen(const char *path, int mode)
{
	void *(*call)(const char *, int);
	void *function = shim_find("dlopen");

	memcpy(&call, &function, sizeof(call));
	return call(path, mode);
}

/* A handle of our own library; NULL when there is none. */
static void *own_handle(void)
{
	static void *handle;
	void *there = __atomic_load_n(&handle, __ATOMIC_ACQUIRE);
	Dl_info self;

	if (there || !libc()->dladdr(other_names, &self))
		return there;
	there = shim_dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
	__atomic_store_n(&handle, there, __ATOMIC_RELEASE);
	return there;
}

/* What is found for @name in a library of the program's choice: ours instead of the one behind us. */
static void *prefer_ours(const char *name, void *found)
{
	void *own;

	if (!found ||
	    !(is_among(shim_real_names, name) || is_among(shim_lookup_names, name) ||
	      is_among(other_names, name)) ||
	    found != shim_find(name))
		return found;
	own = own_handle();
	return own ? shim_libc_dlsym()(own, name) : found;
}

EXPORT void *dlsym(void *__restrict handle, const char *__restrict name)
{
	shim_dlsym call = shim_libc_dlsym();

	if (handle != RTLD_NEXT && handle != RTLD_DEFAULT)
		return prefer_ours(name, call(handle, name));
	return call(handle, name);
}

EXPORT void *dlopen(const char *path, int mode)
{
	void *(*call)(const char *, int);
	void *function = shim_find("dlopen");

	memcpy(&call, &function, sizeof(call));
	return call(path, mode & ~RTLD_DEEPBIND);
}

EXPORT void *dlmopen(Lmid_t namespace, const char *path, int mode)
{
	void *(*call)(Lmid_t, const char *, int);
	void *function = shim_find("dlmopen");

	memcpy(&call, &function, sizeof(call));
	(void)namespace;
	return call(LM_ID_BASE, path, mode & ~RTLD_DEEPBIND);
}

const char *__asan_default_options(void);

/*
 * AddressSanitizer's runtime asks for its options, and refuses to start a program in which it is
 * not the first library. We have no quarrel with it: what it wraps it finds behind us. A program
 * that has a function of this name is asked instead.
 */
EXPORT const char *__asan_default_options(void)
{
	return "verify_asan_link_order=0";
}
