// SPDX-License-Identifier: MIT
/*
 * Is a socket one of ours, and how does its connect stand? The kernel knows: the names of the two
 * ends say it (include/eswrap/wire.h).
 */
#include "shim.h"

#include <poll.h>
#include <sys/syscall.h>

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

/**
 * shim_flow() - is this descriptor the program's end of a flow?
 * @fd:		any descriptor, also an invalid one
 * @flow:	what it is, when true is returned
 *
 * errno is left alone.
 */
bool shim_flow(int fd, struct eswrap_name *flow)
{
	return name_of(real()->getsockname, fd, flow) && flow->kind == ESWRAP_NAME_FLOW;
}

/**
 * shim_outcome() - how did the connect of a stream flow end?
 * @fd:		the program's end
 * @outcome:	filled in for OUTCOME_KNOWN
 *
 * errno is left alone.
 */
enum outcome shim_outcome(int fd, struct eswrap_name *outcome)
{
	struct pollfd hangup = { .fd = fd };
	int saved = errno;
	int ready;

	if (name_of(real()->getpeername, fd, outcome) && outcome->kind == ESWRAP_NAME_OUTCOME)
		return OUTCOME_KNOWN;
	ready = poll(&hangup, 1, 0);
	errno = saved;
	if (ready <= 0 || !(hangup.revents & POLLHUP))
		return OUTCOME_NONE;
	/* It may have been said between the two looks. */
	if (name_of(real()->getpeername, fd, outcome) && outcome->kind == ESWRAP_NAME_OUTCOME)
		return OUTCOME_KNOWN;
	return OUTCOME_ORPHAN;
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

	switch (shim_outcome(fd, &outcome)) {
	case OUTCOME_KNOWN:
		return outcome.error;
	case OUTCOME_ORPHAN:
		return ENETDOWN;
	case OUTCOME_NONE:
		break;
	}
	return 0;
}
