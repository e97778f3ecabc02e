// SPDX-License-Identifier: MIT
/*
 * Is a socket one of ours, and how does its connect stand? The kernel knows: the names of the two
 * ends say it (include/eswrap/wire.h).
 */
#include "shim.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>

/* Room for some entries of a directory, bytes. */
#define ENTRIES 1024

/* Without /proc, this many descriptors are looked at. */
#define INHERITED_MAX 256

bool shim_has_flows;

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

/* @fd is one that was there before us. An epoll set among them has registrations that we know not. */
static void look_at_inherited(int fd)
{
	static const char epoll_link[] = "anon_inode:[eventpoll]";
	char path[] = "/proc/self/fd/\0\0\0\0\0\0\0\0\0\0", link[sizeof(epoll_link)];
	struct sockaddr_un address;
	socklen_t len = sizeof(address);
	struct eswrap_name name;

	if (shim.real.getsockname(fd, (struct sockaddr *)&address, &len) == 0) {
		if (eswrap_name_parse(&address, len, &name) && name.kind == ESWRAP_NAME_FLOW)
			shim_expect_flows();
		return;
	}
	if (errno != ENOTSOCK || fd <= STDERR_FILENO)
		return;
	shim_put_number(path + strlen(path), fd);
	if (syscall(SYS_readlinkat, AT_FDCWD, path, link, sizeof(link)) == sizeof(link) - 1 &&
	    memcmp(link, epoll_link, sizeof(link) - 1) == 0)
		shim_expect_epolls();
}

/**
 * shim_find_inherited() - is a flow among the descriptors that we were started with?
 *
 * Once, at load.
 */
void shim_find_inherited(void)
{
	char entries[ENTRIES] __attribute__((aligned(8)));
	struct dirent64 *entry;
	int fds, fd;
	long got, at;

	fds = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/fd",
			   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (fd = 0; fds < 0 && fd < INHERITED_MAX; fd++)
		look_at_inherited(fd);
	if (fds < 0)
		return;
	while ((got = syscall(SYS_getdents64, fds, entries, sizeof(entries))) > 0) {
		for (at = 0; at < got; at += entry->d_reclen) {
			entry = (struct dirent64 *)(void *)(entries + at);
			fd = shim_number(entry->d_name);
			if (fd >= 0 && fd != fds)
				look_at_inherited(fd);
		}
	}
	syscall(SYS_close, fds);
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
