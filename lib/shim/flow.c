// SPDX-License-Identifier: MIT
/*
 * Is a socket one of ours, and how does its connect stand? The kernel knows: the names of the two
 * ends say it (include/eswrap/wire.h).
 */
#include "shim.h"

#include <poll.h>
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

static void look_at_inherited(int fd)
{
	struct sockaddr_un address;
	socklen_t len = sizeof(address);
	struct eswrap_name name;

	if (real()->getsockname(fd, (struct sockaddr *)&address, &len) == 0 &&
	    eswrap_name_parse(&address, len, &name) && name.kind == ESWRAP_NAME_FLOW)
		shim_expect_flows();
}

/*
 * What is called at load is called by syscall(): each other function of libc would cost every exec a
 * page fault for its code.
 */
static int poll_at_once(struct pollfd *numbers, int count)
{
	long none[2] = { 0, 0 }; /* the kernel's timespec */

	return (int)syscall(SYS_ppoll, numbers, count, none, NULL, 0);
}

/**
 * shim_find_inherited() - is a flow among the descriptors that we were started with?
 *
 * Once, at load. poll() tells which numbers are open, several times as fast as /proc does.
 */
void shim_find_inherited(void)
{
	struct pollfd numbers[INHERITED_MAX];
	int count = INHERITED_MAX, fd;

	__atomic_store_n(&shim_has_flows, false, __ATOMIC_RELAXED);
	for (fd = 0; fd < count; fd++)
		numbers[fd] = (struct pollfd){ .fd = fd };
	/* EINVAL: more than the limit of open files. */
	while (count > 0 && poll_at_once(numbers, count) < 0)
		count /= 2;
	for (fd = 0; fd < count; fd++)
		if (!(numbers[fd].revents & POLLNVAL))
			look_at_inherited(fd);
}

/**
 * shim_number() - a descriptor's number as /proc shows it
 *
 * Return: -1 when the text is no number.
 */
int shim_number(const char *text)
{
	const char *p;
	int number = 0;

	for (p = text; *p >= '0' && *p <= '9'; p++)
		number = number * 10 + (*p - '0');
	return *p || p == text ? -1 : number;
}

/**
 * shim_put_number() - the same the other way
 * @to:		room for 10 digits; no NUL is written
 */
void shim_put_number(char *to, int number)
{
	int divisor;

	for (divisor = 1; divisor <= number / 10; divisor *= 10)
		;
	for (; divisor > 0; divisor /= 10)
		*to++ = (char)('0' + number / divisor % 10);
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
