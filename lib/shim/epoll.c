// SPDX-License-Identifier: MIT
/*
 * epoll_ctl() and socket(): which numbers may be registered with which epoll sets.
 *
 * DOC: Theory of Operation
 *
 * When a flow takes the place of a socket its registrations must go along (replace.c), and nothing
 * in the kernel tells cheaply whether it has any. So one bit for each number says that it was added
 * to some set since socket() made it, and another that it is a set that something was added to.
 * They are hints: what they say is looked up in /proc before anything is done, and where they
 * cannot say (numbers above MAX, sets inherited or sent by others) all descriptors are looked at.
 *
 * A registration that EPOLLONESHOT has disarmed cannot be made anew: it is left out, and the
 * EPOLL_CTL_MOD that would arm it again adds it.
 */
#include "shim.h"

#include <limits.h>
#include <sys/epoll.h>

#define MAX  65536 /* numbers that have bits */
#define BITS (CHAR_BIT * sizeof(unsigned long))

static unsigned long registered[MAX / BITS];
static unsigned long sets[MAX / BITS];
static bool unknown_sets;

static bool is_known(int number)
{
	return number >= 0 && number < MAX;
}

static void set_bit(unsigned long *bits, int number)
{
	unsigned long bit = 1ul << (size_t)number % BITS;
	unsigned long *word = &bits[(size_t)number / BITS];

	if (!(__atomic_load_n(word, __ATOMIC_RELAXED) & bit))
		__atomic_fetch_or(word, bit, __ATOMIC_RELAXED);
}

static void clear_bit(unsigned long *bits, int number)
{
	unsigned long bit = 1ul << (size_t)number % BITS;
	unsigned long *word = &bits[(size_t)number / BITS];

	if (__atomic_load_n(word, __ATOMIC_RELAXED) & bit)
		__atomic_fetch_and(word, ~bit, __ATOMIC_RELAXED);
}

/* shim_expect_epolls() - there may be epoll sets that nothing was added to by epoll_ctl() here */
void shim_expect_epolls(void)
{
	__atomic_store_n(&unknown_sets, true, __ATOMIC_RELAXED);
}

/* shim_maybe_registered() - may this number be registered with an epoll set? */
bool shim_maybe_registered(int fd)
{
	return !is_known(fd) || __atomic_load_n(&unknown_sets, __ATOMIC_RELAXED) ||
	       (__atomic_load_n(&registered[(size_t)fd / BITS], __ATOMIC_RELAXED) >>
			(size_t)fd % BITS &
		1);
}

/**
 * shim_next_epoll() - the next number that was an epoll set
 * @after:	-1 to begin
 *
 * Return: -1 at the end.
 */
int shim_next_epoll(int after)
{
	size_t at = (size_t)(after + 1);
	unsigned long word;

	for (; at < MAX; at = (at / BITS + 1) * BITS) {
		word = __atomic_load_n(&sets[at / BITS], __ATOMIC_RELAXED) >> at % BITS;
		if (word)
			return (int)at + __builtin_ctzl(word);
	}
	return -1;
}

EXPORT int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
	struct eswrap_name flow;
	int result;

	if (operation == EPOLL_CTL_ADD && is_known(fd)) {
		set_bit(registered, fd);
		if (is_known(epoll))
			set_bit(sets, epoll);
		else
			shim_expect_epolls();
	}
	result = real()->epoll_ctl(epoll, operation, fd, event);
	if (UNLIKELY(result != 0) && operation == EPOLL_CTL_MOD && errno == ENOENT &&
	    shim_flow(fd, &flow))
		return real()->epoll_ctl(epoll, EPOLL_CTL_ADD, fd, event);
	return result;
}

EXPORT int socket(int domain, int type, int protocol)
{
	int fd = real()->socket(domain, type, protocol);

	if (is_known(fd))
		clear_bit(registered, fd);
	return fd;
}
