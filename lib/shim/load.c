// SPDX-License-Identifier: MIT
/*
 * What is done once, before main().
 *
 * All that could be out of reach later is looked at now: a program may go into a chroot, put a
 * filter on its own system calls, or open descriptors until there is none left.
 */
#include "shim.h"

#include <sys/stat.h>

/* So that what is to be told is told to whoever was meant to be told, and to nobody else later on. */
static void remember_stderr(void)
{
	struct stat64 status;

	if (shim_fstat(STDERR_FILENO, &status) != 0)
		return;
	shim.stderr_dev = status.st_dev;
	shim.stderr_ino = status.st_ino;
}

__attribute__((constructor)) static void at_load(void)
{
	int saved = errno;

	real();
	remember_stderr();
	shim_policy_load();
	shim_counts_load();
	shim_find_inherited();
	errno = saved;
}
