// SPDX-License-Identifier: MIT
/*
 * seccomp_load() and its kin: programs that put a filter on their own system calls.
 *
 * DOC: Theory of Operation
 *
 * What is none of ours needs no system call that libc would not make. A connect that a route takes
 * needs some, and a program that allows itself only what it knows of is killed for the first of them
 * (chronyd -F 1). So where a filter is made with libseccomp, what we need is allowed in it before it
 * is loaded; but only where the program has allowed itself connect(). A filter that shuts the network
 * out, such as that of a process which takes files apart, is left as it is: nothing that we could do
 * there is wanted. To one that does not, this adds nothing that leads further than connect() does,
 * except that files may be opened for reading: epoll registrations are told of in /proc.
 *
 * A filter that allows all but what it names refuses our rules, so what it forbids stays forbidden.
 * Filters that are made in another way are as they are: eswrap(1), LIMITS.
 */
#include "shim.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>
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

/* A filter has at most as many arguments as a system call. */
#define ARGUMENTS 6

/* Filters that are made at the same time; of more than these the last ones are as they are. */
#define FILTERS 8

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
	{ SYS_fcntl, 1, F_GET_SEALS },	     { SYS_munmap, ANYTHING, 0 },
#ifdef SYS_mmap
	{ SYS_mmap, 2, PROT_READ },	     { SYS_mmap, 2, PROT_READ | PROT_WRITE },
#endif
#ifdef SYS_mmap2
	{ SYS_mmap2, 2, PROT_READ },	     { SYS_mmap2, 2, PROT_READ | PROT_WRITE },
#endif
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

/* Filters in which the program has allowed itself to connect; NULL: free. */
static void *connecting[FILTERS];

static void note_rule(void *filter, uint32_t action, int call)
{
	void *none;
	size_t i;

	if (action != ALLOW || call != SYS_connect)
		return;
	for (i = 0; i < FILTERS; i++) {
		none = NULL;
		if (__atomic_compare_exchange_n(&connecting[i], &none, filter, false,
						__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) ||
		    none == filter)
			return;
	}
}

/* From now on this may be another filter's address. */
static bool take_note(void *filter)
{
	void *there;
	size_t i;

	for (i = 0; i < FILTERS; i++) {
		there = filter;
		if (__atomic_compare_exchange_n(&connecting[i], &there, NULL, false,
						__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			return true;
	}
	return false;
}

static int add_rule(const char *function, void *filter, uint32_t action, int call,
		    unsigned int count, const struct comparison *comparisons)
{
	void *found = shim_find(function);
	add_call add;
	int result;

	memcpy(&add, &found, sizeof(add));
	if (!add)
		return -ENOSYS;
	result = add(filter, action, call, count, comparisons);
	if (result == 0)
		note_rule(filter, action, call);
	return result;
}

int seccomp_rule_add(void *filter, uint32_t action, int call, unsigned int count, ...);
int seccomp_rule_add_exact(void *filter, uint32_t action, int call, unsigned int count, ...);
int seccomp_rule_add_array(void *filter, uint32_t action, int call, unsigned int count,
			   const struct comparison *comparisons);
int seccomp_rule_add_exact_array(void *filter, uint32_t action, int call, unsigned int count,
				 const struct comparison *comparisons);

EXPORT int seccomp_rule_add_array(void *filter, uint32_t action, int call, unsigned int count,
				  const struct comparison *comparisons)
{
	return add_rule("seccomp_rule_add_array", filter, action, call, count, comparisons);
}

EXPORT int seccomp_rule_add_exact_array(void *filter, uint32_t action, int call, unsigned int count,
					const struct comparison *comparisons)
{
	return add_rule("seccomp_rule_add_exact_array", filter, action, call, count, comparisons);
}

static void take_comparisons(struct comparison *to, unsigned int count, va_list from)
{
	unsigned int i;

	for (i = 0; i < count && i < ARGUMENTS; i++)
		to[i] = va_arg(from, struct comparison);
}

EXPORT int seccomp_rule_add(void *filter, uint32_t action, int call, unsigned int count, ...)
{
	struct comparison comparisons[ARGUMENTS];
	va_list arguments;

	va_start(arguments, count);
	take_comparisons(comparisons, count, arguments);
	va_end(arguments);
	return add_rule("seccomp_rule_add_array", filter, action, call, count, comparisons);
}

EXPORT int seccomp_rule_add_exact(void *filter, uint32_t action, int call, unsigned int count, ...)
{
	struct comparison comparisons[ARGUMENTS];
	va_list arguments;

	va_start(arguments, count);
	take_comparisons(comparisons, count, arguments);
	va_end(arguments);
	return add_rule("seccomp_rule_add_exact_array", filter, action, call, count, comparisons);
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
	if (add && take_note(filter))
		allow(filter, add);
	return load(filter);
}
