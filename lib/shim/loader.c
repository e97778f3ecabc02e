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
 *	dlsym(RTLD_NEXT)	called by a library that comes behind us: ours as well, unless one of
 *				those behind us has the function; what it calls next is its affair
 *
 * libc's functions look at who calls them (RTLD_NEXT, a library's own RUNPATH). So each wrapper
 * ends in a jump to libc's, and not in a call: the return address there is still the program's.
 */
#include "libc.h"

#include "shim.h"

#include <link.h>

/* Wrapped functions that are not in struct real or struct lookups. */
static const char other_names[] =
	"getaddrinfo_a\0gai_suspend\0gai_cancel\0__res_query\0"
	"__res_search\0__res_querydomain\0__res_nquery\0__res_nsearch\0"
	"__res_nquerydomain\0__res_send\0__res_nsend\0dlopen\0dlmopen\0dlsym\0";

/* A sanitizer asks before its own strcmp() works. */
static bool is_same(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	return *a == *b;
}

static bool is_among(const char *names, const char *name)
{
	for (; *names; names += strlen(names) + 1)
		if (is_same(names, name))
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

static bool is_wrapped(const char *name)
{
	return is_among(shim_real_names, name) || is_among(shim_lookup_names, name) ||
	       is_among(other_names, name);
}

/* What is found for @name in a library of the program's choice: ours instead of the one behind us. */
static void *prefer_ours(const char *name, void *found)
{
	void *own;

	if (!found || !is_wrapped(name) || found != shim_find(name))
		return found;
	own = own_handle();
	return own ? shim_libc_dlsym()(own, name) : found;
}

static const struct link_map *map_of(const void *address)
{
	struct link_map *map = NULL;
	Dl_info info;

	return libc()->dladdr1(address, &info, (void **)&map, RTLD_DL_LINKMAP) ? map : NULL;
}

/* Does the library of this address come behind ours in the order in which functions are looked for? */
static bool is_behind_us(const void *address)
{
	const struct link_map *map = map_of(address), *behind;

	for (behind = map_of(other_names); behind && behind != map; behind = behind->l_next)
		;
	return map && behind && map != map_of(other_names);
}

/* RTLD_NEXT for @caller: NULL where the loader's answer is right. */
static __attribute__((noinline)) void *next_is_ours(const void *caller, const char *name)
{
	void *found = is_wrapped(name) ? shim_find(name) : NULL;
	const void *in_libc = NULL;

	memcpy(&in_libc, &libc()->dladdr1, sizeof(in_libc));
	if (!found || map_of(found) != map_of(in_libc) || !is_behind_us(caller))
		return NULL;
	return prefer_ours(name, found);
}

EXPORT void *dlsym(void *__restrict handle, const char *__restrict name)
{
	shim_dlsym call = shim_libc_dlsym();
	void *ours = NULL;

	if (handle == RTLD_NEXT)
		ours = next_is_ours(__builtin_return_address(0), name);
	if (ours)
		return ours;
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
