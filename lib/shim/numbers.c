// SPDX-License-Identifier: MIT
/*
 * socket(), dup() and its kin: what is known of a number.
 *
 * DOC: Theory of Operation
 *
 * When a flow takes the place of a socket it must do so for all of its descriptors, and its
 * registrations with epoll sets must go along (replace.c). The kernel tells of neither without a look
 * at every number that is open. So three bits for each number say:
 *
 *	made		socket() has made it: it has the duplicates that were made here, and no others
 *	duplicated	it has, or is, a duplicate that was made here
 *	registered	it was added to an epoll set since socket() made it
 *
 * A bit that is set for nothing costs a look, as close() is not wrapped. Where numbers above the last
 * one that has bits were duplicated, duplicates are looked for among all that are open (scan.c); so
 * are those of a socket that was made elsewhere: inherited through an exec, or come in a message. A
 * fork takes the bits along. What is not seen here is a duplicate that a system call past libc made.
 */
#include "shim.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>

#define NUMBERS 15360 /* that have bits */
#define BITS	(CHAR_BIT * sizeof(unsigned long))

typedef unsigned long bits[NUMBERS / BITS];

/*
 * In the file, though they begin as 0: so all static data fits into its pages, and no exec has to map
 * one more for them.
 */
#define IN_FILE __attribute__((section(".data")))

static bits made IN_FILE, duplicated IN_FILE, registered IN_FILE;

/* The same of any of the numbers that have none. */
static bool is_high_duplicated, is_high_registered;

static bool is_set(const unsigned long *in, int number)
{
	return (unsigned int)number < NUMBERS &&
	       (__atomic_load_n(&in[(size_t)number / BITS], __ATOMIC_RELAXED) >>
			((size_t)number % BITS) &
		1);
}

static void set(unsigned long *in, int number)
{
	if ((unsigned int)number < NUMBERS && !is_set(in, number))
		__atomic_fetch_or(&in[(size_t)number / BITS], 1ul << (size_t)number % BITS,
				  __ATOMIC_RELAXED);
}

static void clear(unsigned long *in, int number)
{
	if (is_set(in, number))
		__atomic_fetch_and(&in[(size_t)number / BITS], ~(1ul << (size_t)number % BITS),
				   __ATOMIC_RELAXED);
}

/* shim_note_registered() - the number is added to an epoll set */
void shim_note_registered(int fd)
{
	set(registered, fd);
	if (UNLIKELY(fd >= NUMBERS))
		__atomic_store_n(&is_high_registered, true, __ATOMIC_RELAXED);
}

/* shim_is_registered() - it may be in one */
bool shim_is_registered(int fd)
{
	return fd < NUMBERS ? is_set(registered, fd)
			    : __atomic_load_n(&is_high_registered, __ATOMIC_RELAXED);
}

/* shim_note_received() - the number has come in a message */
void shim_note_received(int fd)
{
	clear(made, fd);
}

/**
 * shim_visit_duplicates() - call a function for the numbers that may be duplicates of another one
 * @fd:		that one
 * @hung_up:	all of them hang up
 * @visit:	may be called for numbers that are none, or not open; false ends the round
 */
void shim_visit_duplicates(int fd, bool hung_up, shim_visitor visit, void *user)
{
	size_t i;
	int bit;

	if (!is_set(made, fd) || __atomic_load_n(&is_high_duplicated, __ATOMIC_RELAXED)) {
		shim_visit_numbers(shim_numbers_end(), hung_up, visit, user);
		return;
	}
	if (!is_set(duplicated, fd))
		return;
	for (i = 0; i < NUMBERS / BITS; i++) {
		unsigned long word = __atomic_load_n(&duplicated[i], __ATOMIC_RELAXED);

		for (; word; word &= word - 1) {
			bit = __builtin_ctzl(word);
			if (!visit((int)(i * BITS) + bit, user))
				return;
		}
	}
}

EXPORT int socket(int domain, int type, int protocol)
{
	int fd = real()->socket(domain, type, protocol);

	if (fd >= 0) {
		set(made, fd);
		clear(duplicated, fd);
		clear(registered, fd);
	}
	return fd;
}

/* @fd now stands for what @of is. */
static int note_duplicate(int of, int fd)
{
	if (fd < 0 || fd == of)
		return fd;
	if (UNLIKELY(fd >= NUMBERS || of >= NUMBERS))
		__atomic_store_n(&is_high_duplicated, true, __ATOMIC_RELAXED);
	set(duplicated, of);
	set(duplicated, fd);
	if (is_set(made, of))
		set(made, fd);
	else
		clear(made, fd);
	return fd;
}

EXPORT int dup(int fd)
{
	return note_duplicate(fd, real()->dup(fd));
}

EXPORT int dup2(int fd, int number)
{
	return note_duplicate(fd, real()->dup2(fd, number));
}

EXPORT int dup3(int fd, int number, int flags)
{
	return note_duplicate(fd, real()->dup3(fd, number, flags));
}

typedef int (*fcntl_call)(int, int, ...);

static int control(fcntl_call call, int fd, int command, void *argument)
{
	int result = call(fd, command, argument);

	return command == F_DUPFD || command == F_DUPFD_CLOEXEC ? note_duplicate(fd, result)
								: result;
}

EXPORT int fcntl(int fd, int command, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, command);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	return control(real()->fcntl, fd, command, argument);
}

EXPORT int fcntl64(int fd, int command, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, command);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	return control(real()->fcntl64, fd, command, argument);
}

#if __TIMESIZE == 32
int __fcntl_time64(int fd, int command, ...);

EXPORT int __fcntl_time64(int fd, int command, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, command);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	return control(real()->__fcntl_time64, fd, command, argument);
}
#endif
