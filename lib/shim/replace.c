// SPDX-License-Identifier: MIT
/*
 * Putting another socket in the place of the program's.
 *
 * DOC: Theory of Operation
 *
 * A descriptor may have duplicates in this process, and each of them may be registered with any
 * number of epoll sets; a registration belongs to the socket and not to the number, so dup3() alone
 * would lose it. A hold, which is a duplicate of our own, says what the program's socket was when
 * connect() was called. Nothing that is another socket, or no socket, is ever replaced: another
 * thread may have closed the number meanwhile, and opened a file that now has it.
 *
 *	1. where the number may be registered (epoll.c): move_registration() in each set. fdinfo of
 *	   an epoll descriptor lists its registrations with their data
 *	2. give the number to the new socket, and give the hold up
 *	3. does anybody still hold the old socket? A probe knows, an epoll set of our own in which it
 *	   is registered: the kernel takes it out there with the last descriptor of it
 *	4. only then look for the duplicates (numbers.c), and for their registrations
 *
 * move_registration() gives the number back to the old socket (EPOLL_CTL_DEL finds a registration
 * by socket and number), deletes it, gives the number to the new one, and adds it again.
 *
 * Duplicates in other processes (made by a fork before the connect) stay with the old socket; they
 * are why a socket that was inherited by a child costs that look, too.
 */
#include "shim.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Room for some lines of fdinfo. */
#define CHUNK 2048

/* What fstat() says of a socket; ino is 0 for anything else. */
struct identity {
	dev_t dev;
	ino64_t ino;
};

/**
 * struct exchange - one socket takes the place of another
 * @fd:		the program's descriptor
 * @hold:	a duplicate of the old socket, or -1
 * @with:	the new socket
 * @moved:	so many registrations have been moved
 * @registered:	a duplicate may be registered with an epoll set
 */
struct exchange {
	int fd, hold, with;
	struct identity old, new;
	unsigned int moved;
	bool registered;
};

static struct identity identify(int fd)
{
	struct identity identity = { 0, 0 };
	struct stat64 status;

	if (fstat64(fd, &status) == 0 && S_ISSOCK(status.st_mode)) {
		identity.dev = status.st_dev;
		identity.ino = status.st_ino;
	}
	return identity;
}

static bool is_same(const struct identity *a, const struct identity *b)
{
	return a->ino && a->ino == b->ino && a->dev == b->dev;
}

static bool is_old(const struct exchange *exchange, int number)
{
	struct identity now = identify(number);

	return is_same(&now, &exchange->old);
}

static bool is_new(const struct exchange *exchange, int number)
{
	struct identity now = identify(number);

	return is_same(&now, &exchange->new);
}

/* dup3() that keeps the close-on-exec flag of the number it takes. */
static int take_number(int socket, int number)
{
	int flags = real()->fcntl(number, F_GETFD);

	return (int)syscall(SYS_dup3, socket, number,
			    flags >= 0 && (flags & FD_CLOEXEC) ? O_CLOEXEC : 0);
}

/* Without any of these a registration reports nothing: EPOLLONESHOT has disarmed it. */
static bool is_disarmed(uint32_t events)
{
	return !(events & ~(EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE | EPOLLWAKEUP));
}

static void move_registration(struct exchange *exchange, int epoll, int number,
			      struct epoll_event *event)
{
	/* The number may meanwhile belong to something else: registrations outlive numbers. */
	if (!is_old(exchange, number) && !is_new(exchange, number))
		return;
	take_number(exchange->hold, number);
	real()->epoll_ctl(epoll, EPOLL_CTL_DEL, number, event);
	take_number(exchange->with, number);
	if (is_disarmed(event->events))
		shim_note_left_out(number, 1);
	else
		real()->epoll_ctl(epoll, EPOLL_CTL_ADD, number, event);
	exchange->moved++;
}

/* The number behind @key in a line, in the given base; false when it is not there. */
static bool field(const char *line, const char *key, unsigned int base, uint64_t *value)
{
	const char *p = shim_find_text(line, key);
	unsigned int digit;
	bool found = false;

	if (!p)
		return false;
	for (; *p == ' '; p++)
		;
	for (*value = 0;; p++, found = true) {
		digit = *p >= '0' && *p <= '9'	 ? (unsigned int)(*p - '0')
			: *p >= 'a' && *p <= 'f' ? (unsigned int)(*p - 'a') + 10
						 : 16;
		if (digit >= base)
			return found;
		*value = *value * base + digit;
	}
}

/* One line of fdinfo: "tfd: 5 events: 1d data: 5 pos:0 ino:a1 sdev:8" (proc(5)). */
static void read_registration(struct exchange *exchange, int epoll, const char *line)
{
	struct epoll_event event;
	uint64_t number, events, data, ino;

	if (!field(line, "tfd:", 10, &number) || !field(line, "events:", 16, &events) ||
	    !field(line, "data:", 16, &data))
		return;
	if (field(line, "ino:", 16, &ino) && ino != exchange->old.ino)
		return;
	event.events = (uint32_t)events;
	event.data.u64 = data;
	move_registration(exchange, epoll, (int)number, &event);
}

static void move_registrations(struct exchange *exchange, int epoll)
{
	char path[] = "/proc/thread-self/fdinfo/\0\0\0\0\0\0\0\0\0\0";
	char text[CHUNK + 1], *line, *next;
	size_t kept = 0;
	ssize_t got;
	int info;

	shim_put_number(path + strlen(path), epoll);
	info = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (info < 0)
		return;
	while ((got = real()->read(info, text + kept, CHUNK - kept)) > 0) {
		text[kept + (size_t)got] = '\0';
		for (line = text; (next = memchr(line, '\n', strlen(line))); line = next + 1) {
			*next = '\0';
			read_registration(exchange, epoll, line);
		}
		kept = strlen(line);
		/* A line that fills the chunk is none of epoll's. */
		if (kept == CHUNK)
			kept = 0;
		memmove(text, line, kept);
	}
	syscall(SYS_close, info);
}

static bool visit_epoll(int fd, void *user)
{
	struct stat64 status;

	/* A set is a file without a type; what else has none has other things in fdinfo. */
	if (fstat64(fd, &status) == 0 && !(status.st_mode & S_IFMT))
		move_registrations(user, fd);
	return true;
}

static bool visit_duplicate(int fd, void *user)
{
	struct exchange *exchange = user;

	if (is_old(exchange, fd)) {
		if (exchange->hold < 0)
			exchange->hold = shim_hold(fd);
		exchange->registered = exchange->registered || shim_maybe_registered(fd);
	}
	return true;
}

static bool visit_socket(int fd, void *user)
{
	struct exchange *exchange = user;

	if (fd != exchange->hold && is_old(exchange, fd))
		take_number(exchange->with, fd);
	return true;
}

/* They are nearly always in sets that we know of. */
static void move_all_registrations(struct exchange *exchange)
{
	unsigned int before = exchange->moved;
	size_t i;

	for (i = 0; shim_epoll(i) >= 0; i++)
		move_registrations(exchange, shim_epoll(i));
	if (exchange->moved == before || !shim_knows_epolls())
		shim_visit_numbers(shim_numbers_end(), false, visit_epoll, exchange);
}

/*
 * An epoll set that reports the old socket as long as anybody holds it; -1: there can be none.
 * @hung_up:	poll() says so of the old socket
 */
static int make_probe(int hold, bool *hung_up)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT };
	int probe = (int)syscall(SYS_epoll_create1, EPOLL_CLOEXEC);

	*hung_up = false;
	if (probe >= 0 && (real()->epoll_ctl(probe, EPOLL_CTL_ADD, hold, &event) != 0 ||
			   syscall(SYS_epoll_pwait, probe, &event, 1, 0, NULL, 0) != 1)) {
		syscall(SYS_close, probe);
		probe = -1;
	} else if (probe >= 0) {
		*hung_up = event.events & EPOLLHUP;
	}
	return probe;
}

/* Does anybody still hold the old socket? Closes the probe. */
static bool ask_probe(int probe)
{
	struct epoll_event event;
	bool held;

	if (probe < 0)
		return true;
	held = syscall(SYS_epoll_pwait, probe, &event, 1, 0, NULL, 0) != 0;
	syscall(SYS_close, probe);
	return held;
}

static void replace_duplicates(struct exchange *exchange, bool hung_up)
{
	shim_visit_duplicates(exchange->fd, hung_up, visit_duplicate, exchange);
	if (exchange->hold < 0)
		return;
	if (exchange->registered)
		move_all_registrations(exchange);
	shim_visit_duplicates(exchange->fd, hung_up, visit_socket, exchange);
	syscall(SYS_close, exchange->hold);
}

/**
 * shim_hold() - a duplicate of a descriptor, for ourselves
 *
 * Return: the duplicate (close-on-exec), or -1 with errno set.
 */
int shim_hold(int fd)
{
	return (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 0);
}

/**
 * shim_replace() - put a socket in the place of another one, for all of its descriptors here
 * @fd:		the program's descriptor
 * @hold:	from shim_hold(), when @fd was certainly what is to be replaced; closed
 * @with:	the socket to put there; closed
 *
 * Where /proc is not mounted, duplicates above number 1023 are not found, nor any registrations.
 *
 * Return: 0, or EBADF when @fd is no longer what it was; nothing was replaced then. errno is left
 * alone.
 */
int shim_replace(int fd, int hold, int with)
{
	struct exchange exchange = { .fd = fd, .hold = hold, .with = with };
	int saved = errno;
	bool hung_up = false;
	int error = 0, probe = -1;

	exchange.old = identify(hold);
	exchange.new = identify(with);
	if (shim_maybe_registered(fd) && is_old(&exchange, fd))
		move_all_registrations(&exchange);
	if (is_old(&exchange, fd) || (exchange.moved && is_new(&exchange, fd))) {
		probe = make_probe(hold, &hung_up);
		take_number(with, fd);
		exchange.hold = -1;
	} else {
		error = EBADF;
	}
	syscall(SYS_close, hold);
	if (!error && ask_probe(probe))
		replace_duplicates(&exchange, hung_up);
	syscall(SYS_close, with);
	errno = saved;
	return error;
}
