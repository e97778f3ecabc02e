// SPDX-License-Identifier: MIT
/*
 * Which numbers are open? Where the bits of numbers.c do not tell.
 *
 * DOC: Theory of Operation
 *
 * /proc/self/fd would tell, at half a microsecond for each. poll() looks at many numbers in one call
 * and makes no object for any of them: 20 ns for one that is open, 5 for one that is not (POLLNVAL).
 * And it says more: a TCP socket that is not connected hangs up (POLLHUP), which few others do. How
 * far the numbers go the kernel says in /proc/self/status (FDSize: what it has room for now).
 */
#include "shim.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>

/* So many numbers are looked at, at once. */
#define CHUNK 256

/* Where there is no /proc: numbers above are not looked at. */
#define UNKNOWN_SIZE 1024

/* What is read of /proc/self/status; FDSize is among its first ten lines. */
#define STATUS 1024

/*
 * What is called at load is called by syscall(): each other function of libc would cost every exec a
 * page fault for its code.
 */
static int poll_at_once(struct pollfd *numbers, int count)
{
	long none[2]; /* the kernel's timespec; it writes back what is left */
	int got;

	do {
		none[0] = none[1] = 0;
		got = (int)syscall(SYS_ppoll, numbers, count, none, NULL, 0);
	} while (got < 0 && errno == EINTR);
	return got;
}

/* Looks at numbers from @first. Return: at how many of them. */
static int look(struct pollfd *numbers, int first, int count)
{
	int i;

	for (i = 0; i < count; i++)
		numbers[i] = (struct pollfd){ .fd = first + i };
	/* EINVAL: more than the limit of open files. */
	while (count > 0 && poll_at_once(numbers, count) < 0)
		count /= 2;
	return count;
}

/**
 * shim_visit_numbers() - call a function for numbers that are open
 * @end:	for those below it
 * @hung_up:	for those only that hang up
 * @visit:	false ends the round
 */
void shim_visit_numbers(int end, bool hung_up, shim_visitor visit, void *user)
{
	struct pollfd numbers[CHUNK];
	int first, i, count = CHUNK;

	for (first = 0; first < end && count > 0; first += count) {
		count = look(numbers, first, end - first < CHUNK ? end - first : CHUNK);
		for (i = 0; i < count; i++) {
			if ((numbers[i].revents & POLLNVAL) ||
			    (hung_up && !(numbers[i].revents & POLLHUP)))
				continue;
			if (!visit(first + i, user))
				return;
		}
	}
}

/* shim_numbers_end() - no number that is open is as high */
int shim_numbers_end(void)
{
	static const char key[] = "\nFDSize:";
	char text[STATUS + 1];
	const char *p;
	ssize_t got;
	int size = 0, fd;

	fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/thread-self/status", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return UNKNOWN_SIZE;
	got = syscall(SYS_read, fd, text, STATUS);
	syscall(SYS_close, fd);
	text[got > 0 ? got : 0] = '\0';
	p = shim_find_text(text, key);
	for (; p && (*p == ' ' || *p == '\t'); p++)
		;
	for (; p && *p >= '0' && *p <= '9'; p++)
		size = size * 10 + (*p - '0');
	return size ? size : UNKNOWN_SIZE;
}

/* shim_find_text() - behind the first @key in a text; NULL where there is none */
const char *shim_find_text(const char *text, const char *key)
{
	size_t i;

	for (; *text; text++) {
		for (i = 0; key[i] && text[i] == key[i]; i++)
			;
		if (!key[i])
			return text + i;
	}
	return NULL;
}

/**
 * shim_put_number() - a number in text
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
