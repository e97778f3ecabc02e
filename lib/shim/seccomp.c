// SPDX-License-Identifier: MIT
/*
 * seccomp_load(): programs that put a filter on their own system calls.
 *
 * What is none of ours needs no system call that libc would not make. A connect that a route takes
 * needs some, and a program that allows itself only what it knows of is killed for the first of them
 * (chronyd -F 1). So where a filter is made with libseccomp, what we need is allowed in it before it
 * is loaded. All of it concerns the program's own descriptors, the broker, and what may be read
 * anyway. Filters that are made in another way are as they are: eswrap(1), LIMITS.
 */
#include "shim.h"

#include <fcntl.h>
#include <sys/syscall.h>

/* libseccomp's [seccomp_rule_add(3)], which is not there when we are built. */
#define ALLOW	 0x7fff0000u
#define EQUAL	 4 /* SCMP_CMP_EQ */
#define MASKED	 7 /* SCMP_CMP_MASKED_EQ: datum_a is the mask */
#define ANYTHING (-1)

struct comparison {
	unsigned int argument;
	int operation;
	uint64_t datum_a, datum_b;
};

typedef int (*load_call)(void *);
typedef int (*add_call)(void *, uint32_t, int, unsigned int, const struct comparison *);

/* A system call; where @argument is one, only with this value of it. */
static const struct {
	int number;
	int argument;
	uint64_t value;
} needed[] = {
	{ SYS_dup3, ANYTHING, 0 },	     { SYS_epoll_create1, ANYTHING, 0 },
	{ SYS_epoll_ctl, ANYTHING, 0 },	     { SYS_epoll_pwait, ANYTHING, 0 },
	{ SYS_getsockopt, ANYTHING, 0 },     { SYS_getsockname, ANYTHING, 0 },
	{ SYS_getpeername, ANYTHING, 0 },    { SYS_setsockopt, 1, SOL_SOCKET },
	{ SYS_socket, 0, AF_UNIX },	     { SYS_socket, 0, AF_INET },
	{ SYS_socket, 0, AF_INET6 },	     { SYS_bind, ANYTHING, 0 },
	{ SYS_connect, ANYTHING, 0 },	     { SYS_sendto, ANYTHING, 0 },
	{ SYS_sendmsg, ANYTHING, 0 },	     { SYS_recvmsg, ANYTHING, 0 },
	{ SYS_recvfrom, ANYTHING, 0 },	     { SYS_writev, ANYTHING, 0 },
	{ SYS_close, ANYTHING, 0 },	     { SYS_read, ANYTHING, 0 },
	{ SYS_ppoll, ANYTHING, 0 },	     { SYS_rt_sigaction, ANYTHING, 0 },
	{ SYS_fcntl, 1, F_DUPFD_CLOEXEC },   { SYS_fcntl, 1, F_GETFD },
	{ SYS_fcntl, 1, F_GETFL },	     { SYS_fcntl, 1, F_SETFL },
	{ SYS_fcntl, 1, F_GETSIG },	     { SYS_fcntl, 1, F_SETSIG },
	{ SYS_fcntl, 1, F_GETOWN_EX },	     { SYS_fcntl, 1, F_SETOWN_EX },
#ifdef SYS_poll
	{ SYS_poll, ANYTHING, 0 },
#endif
#ifdef SYS_fstat
	{ SYS_fstat, ANYTHING, 0 },
#endif
#ifdef SYS_newfstatat
	{ SYS_newfstatat, ANYTHING, 0 },
#endif
#ifdef SYS_fstat64
	{ SYS_fstat64, ANYTHING, 0 },
#endif
#ifdef SYS_fstatat64
	{ SYS_fstatat64, ANYTHING, 0 },
#endif
#ifdef SYS_statx
	{ SYS_statx, ANYTHING, 0 },
#endif
#ifdef SYS_fcntl64
	{ SYS_fcntl64, 1, F_DUPFD_CLOEXEC }, { SYS_fcntl64, 1, F_GETFD },
	{ SYS_fcntl64, 1, F_GETFL },	     { SYS_fcntl64, 1, F_SETFL },
#endif
};

/* A filter that allows it by default has nothing to add: then these fail, and may. */
static void allow(void *filter, add_call add)
{
	const struct comparison reading = { 2, MASKED, O_ACCMODE, O_RDONLY };
	size_t i;

	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		struct comparison is = { .operation = EQUAL, .datum_a = needed[i].value };

		if (needed[i].argument >= 0)
			is.argument = (unsigned int)needed[i].argument;
		add(filter, ALLOW, needed[i].number, needed[i].argument >= 0, &is);
	}
	add(filter, ALLOW, SYS_openat, 1, &reading);
}

int seccomp_load(void *filter);

EXPORT int seccomp_load(void *filter)
{
	void *found = shim_find("seccomp_load"), *other = shim_find("seccomp_rule_add_array");
	load_call load;
	add_call add;

	memcpy(&load, &found, sizeof(load));
	memcpy(&add, &other, sizeof(add));
	if (!load)
		return -ENOSYS;
	if (add)
		allow(filter, add);
	return load(filter);
}
