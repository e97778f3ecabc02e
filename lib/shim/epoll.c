// SPDX-License-Identifier: MIT
/*
 * epoll_ctl(): which numbers may be registered with which epoll sets.
 *
 * DOC: Theory of Operation
 *
 * When a flow takes the place of a socket its registrations must go along (replace.c), and nothing
 * in the kernel tells cheaply whether it has any. So one bit says that a number was added to some
 * set since socket() made it (numbers.c), and a short list which numbers are sets that something was
 * added to. They are hints: what they say is looked up in /proc before anything is done. Where the
 * list is full, or sets came in a message, all descriptors are looked at.
 *
 * A registration that EPOLLONESHOT has disarmed cannot be made anew: it is left out, and noted with
 * the flow. The EPOLL_CTL_MOD that would arm it again adds it, EPOLL_CTL_DEL has nothing to do.
 */
#include "shim.h"

#include <sys/epoll.h>

#define SETS 64

static int sets[SETS]; /* number + 1; 0: the end of the list */
static bool unknown_sets;

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

/* shim_knows_epolls() - are all of them in the list? */
bool shim_knows_epolls(void)
{
	return !__atomic_load_n(&unknown_sets, __ATOMIC_RELAXED);
}

/* shim_maybe_registered() - may this number be registered with an epoll set? */
bool shim_maybe_registered(int fd)
{
	return !shim_knows_epolls() || shim_is_registered(fd);
}

/* shim_epoll() - the number that was an epoll set as the @nth one; -1: no more are known */
int shim_epoll(size_t nth)
{
	return nth < SETS ? __atomic_load_n(&sets[nth], __ATOMIC_RELAXED) - 1 : -1;
}

/**
 * shim_note_left_out() - a flow has more, or fewer, registrations that were left out
 * @count:	1; -1: one of them is dealt with
 *
 * Return: false when there was none.
 */
bool shim_note_left_out(int fd, int count)
{
	struct notes notes;

	if (!shim_notes_read(fd, &notes) || (count < 0 && !notes.value[NOTE_LEFT_OUT]))
		return false;
	notes.value[NOTE_LEFT_OUT] += (uint32_t)count;
	return shim_notes_write(fd, &notes);
}

/*
 * What a call comes to that the kernel has refused: as if a registration that was left out were
 * there. Which set it was in is not kept.
 */
static int control_left_out(int epoll, int operation, int fd, struct epoll_event *event)
{
	int saved = errno;

	if (!shim_note_left_out(fd, -1))
		return -1;
	errno = saved;
	return operation == EPOLL_CTL_DEL ? 0 : real()->epoll_ctl(epoll, EPOLL_CTL_ADD, fd, event);
}

EXPORT int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
	struct eswrap_name flow;
	int saved = errno;
	int result;

	if (operation == EPOLL_CTL_ADD && fd >= 0 && epoll >= 0) {
		shim_note_registered(fd);
		note_set(epoll);
	}
	result = real()->epoll_ctl(epoll, operation, fd, event);
	if (LIKELY(result == 0) || operation == EPOLL_CTL_ADD || errno != ENOENT ||
	    !shim_flow(fd, &flow))
		return result;
	result = control_left_out(epoll, operation, fd, event);
	if (result == 0)
		errno = saved;
	return result;
}
