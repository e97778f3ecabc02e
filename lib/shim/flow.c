// SPDX-License-Identifier: MIT
/*
 * Is a socket one of ours, and how does its connect stand? The kernel knows: the names of the two
 * ends say it (include/eswrap/wire.h).
 */
#include "shim.h"

#include <sys/stat.h>
#include <sys/syscall.h>

/*
 * As many of the numbers that we were started with are looked at: what a program leaves to the next
 * one has a low number, and each costs every exec.
 */
#define INHERITED_MAX 256

/**
 * shim_get_int() - an option of a socket as libc gives it
 * @missing:	what to return when there is none
 *
 * errno is left alone.
 */
int shim_get_int(int fd, int level, int option, int missing)
{
	int saved = errno;
	int value = 0;
	socklen_t len = sizeof(value);

	if (real()->getsockopt(fd, level, option, &value, &len) != 0)
		value = missing;
	errno = saved;
	return value;
}

/* shim_fstat() - fstat64(), for what is looked at when we are loaded */
int shim_fstat(int fd, struct stat64 *status)
{
#if defined(__x86_64__) || defined(__aarch64__)
	/* The kernel's structure is libc's. */
	return (int)syscall(SYS_fstat, fd, status);
#else
	return fstat64(fd, status);
#endif
}

typedef int (*name_call)(int, struct sockaddr *, socklen_t *);

static bool name_of(name_call call, int fd, struct eswrap_name *name)
{
	struct sockaddr_un address;
	socklen_t len = sizeof(address);
	int saved = errno;
	bool ours = call(fd, (struct sockaddr *)&address, &len) == 0 &&
		    eswrap_name_parse(&address, len, name);

	errno = saved;
	return ours;
}

static bool look_at_inherited(int fd, void *user)
{
	struct sockaddr_un address;
	socklen_t len = sizeof(address);
	struct eswrap_name name;

	(void)user;
	if (real()->getsockname(fd, (struct sockaddr *)&address, &len) == 0 &&
	    eswrap_name_parse(&address, len, &name) && name.kind == ESWRAP_NAME_FLOW)
		shim_expect_flows();
	return !shim_may_have_flows();
}

/**
 * shim_find_inherited() - is a flow among the descriptors that we were started with?
 *
 * Once, at load.
 */
void shim_find_inherited(void)
{
	__atomic_store_n(&shim_has_flows, false, __ATOMIC_RELAXED);
	shim_visit_numbers(INHERITED_MAX, false, look_at_inherited, NULL);
}

/**
 * shim_flow() - is this descriptor the program's end of a flow?
 * @fd:		any descriptor, also an invalid one
 * @flow:	what it is, when true is returned
 *
 * errno is left alone.
 */
bool shim_flow(int fd, struct eswrap_name *flow)
{
	return shim_may_have_flows() && name_of(real()->getsockname, fd, flow) &&
	       flow->kind == ESWRAP_NAME_FLOW;
}

/**
 * shim_outcome_error() - the errno of a connect that has ended
 * @fd:		the program's end
 *
 * Return: 0 when it succeeded or is still under way, else the errno.
 */
int shim_outcome_error(int fd)
{
	struct eswrap_name outcome;

	switch (eswrap_outcome(fd, &outcome)) {
	case OUTCOME_KNOWN:
		return outcome.error;
	case OUTCOME_ORPHAN:
		return ENETDOWN;
	case OUTCOME_NONE:
		break;
	}
	return 0;
}
