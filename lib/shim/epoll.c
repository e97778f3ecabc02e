// SPDX-License-Identifier: MIT
/*
 * epoll_ctl() and socket(): which numbers may be registered with which epoll sets.
 *
 * DOC: Theory of Operation
 *
 * When a flow takes the place of a socket its registrations must go along (replace.c), and nothing
 * in the kernel tells cheaply whether it has any. So one bit says that a number was added to some
 * set since socket() made it, and a short list which numbers are sets that something was added to.
 * They are hints: what they say is looked up in /proc before anything is done. Numbers share bits,
 * and where the list is full, or sets came in a message, all descriptors are looked at.
 *
 * A registration that EPOLLONESHOT has disarmed cannot be made anew: it is left out, and the
 * EPOLL_CTL_MOD that would arm it again adds it.
 */
#include "shim.h"

#include <limits.h>
#include <sys/epoll.h>

#define NUMBERS 16384 /* that have a bit of their own; a page of memory must do for all we have */
#define SETS	16
#define BITS	(CHAR_BIT * sizeof(unsigned long))

static unsigned long registered[NUMBERS / BITS];
static int sets[SETS]; /* number + 1; 0: the end of the list */
static bool unknown_sets;

static unsigned long *word_of(int number, unsigned long *bit)
{
	size_t at = (size_t)number % NUMBERS;

	*bit = 1ul << at % BITS;
	return &registered[at / BITS];
}

static void note_registered(int fd)
{
	unsigned long bit, *word = word_of(fd, &bit);

	if (!(__atomic_load_n(word, __ATOMIC_RELAXED) & bit))
		__atomic_fetch_or(word, bit, __ATOMIC_RELAXED);
}

static void note_new(int fd)
{
	unsigned long bit, *word = word_of(fd, &bit);

	if (__atomic_load_n(word, __ATOMIC_RELAXED) & bit)
		__atomic_fetch_and(word, ~bit, __ATOMIC_RELAXED);
}

static void note_set(int epoll)
{
	size_t i;
	int there;

	for (i = 0; i < SETS; i++) {
		there = 0;
		if (__atomic_load_n(&sets[i], __ATOMIC_RELAXED) == epoll + 1 ||
		    __atomic_compare_exchange_n(&sets[i], &there, epoll + 1, false,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED) ||
		    there == epoll + 1)
			return;
	}
	shim_expect_epolls();
}

/* shim_expect_epolls() - there may be epoll sets that nothing was added to by epoll_ctl() here */
void shim_expect_epolls(void)
{
	__atomic_store_n(&unknown_sets, true, __ATOMIC_RELAXED);
}

/* shim_maybe_registered() - may this number be registered with an epoll set? */
bool shim_maybe_registered(int fd)
{
	unsigned long bit, *word = word_of(fd, &bit);

	return __atomic_load_n(&unknown_sets, __ATOMIC_RELAXED) ||
	       (__atomic_load_n(word, __ATOMIC_RELAXED) & bit);
}

/* shim_epoll() - the number that was an epoll set as the @nth one; -1: no more are known */
int shim_epoll(size_t nth)
{
	return nth < SETS ? __atomic_load_n(&sets[nth], __ATOMIC_RELAXED) - 1 : -1;
}

EXPORT int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
	struct eswrap_name flow;
	int result;

	if (operation == EPOLL_CTL_ADD && fd >= 0 && epoll >= 0) {
		note_registered(fd);
		note_set(epoll);
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

	if (fd >= 0)
		note_new(fd);
	return fd;
}
