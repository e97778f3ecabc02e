// SPDX-License-Identifier: MIT
/*
 * Finding the functions of libc that only name look-ups need.
 */
#include "libc.h"

#include "shim.h"

#define SHIM_LIBC_NAME(name) #name "\0"
static const char names[] = SHIM_LIBC(SHIM_LIBC_NAME);

const struct libc *libc(void)
{
	static struct libc found;
	static bool ready;
	struct libc functions;
	int error = errno;

	if (UNLIKELY(!__atomic_load_n(&ready, __ATOMIC_ACQUIRE))) {
		shim_find_all(RTLD_DEFAULT, names, &functions);
		found = functions;
		__atomic_store_n(&ready, true, __ATOMIC_RELEASE);
		errno = error;
	}
	return &found;
}
