// SPDX-License-Identifier: MIT
/*
 * Putting another socket in the place of the program's.
 *
 * DOC: Theory of Operation
 *
 * A descriptor may have duplicates in this process, and each of them may be registered with any
 * number of epoll sets; a registration belongs to the socket and not to the number, so dup3() alone
 * would lose it. /proc/thread-self/fd lists our descriptors, and fdinfo of an epoll descriptor its
 * registrations with their data:
 *
 *	1. hold the old socket open, so that its registrations stay listed
 *	2. for each registration of it in each epoll set: give the number back to the old socket
 *	   (EPOLL_CTL_DEL finds a registration by socket and number), delete it, give the number to
 *	   the new socket, add it again
 *	3. give the other duplicates to the new socket
 *
 * Duplicates in other processes (made by a fork before the connect) stay with the old socket.
 */
#include "shim.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Room for some lines of fdinfo, or some entries of a directory. */
#define CHUNK 2048

/* @old_ino and @new_ino are what fstat() says of the two sockets. */
struct exchange {
	int hold;
	int with;
	ino64_t old_ino;
	ino64_t new_ino;
};

static ino64_t socket_ino(int fd)
{
	struct stat64 status;

	if (fstat64(fd, &status) != 0 || !S_ISSOCK(status.st_mode))
		return 0;
	return status.st_ino;
}

/* dup3() that keeps the close-on-exec flag of the number it takes. */
static int take_number(int socket, int number)
{
	int flags = fcntl(number, F_GETFD);

	return (int)syscall(SYS_dup3, socket, number,
			    flags >= 0 && (flags & FD_CLOEXEC) ? O_CLOEXEC : 0);
}

static void move_registration(const struct exchange *exchange, int epoll, int number,
			      struct epoll_event *event)
{
	ino64_t ino = socket_ino(number);

	/* The number may meanwhile belong to something else: registrations outlive numbers. */
	if (ino != exchange->old_ino && ino != exchange->new_ino)
		return;
	take_number(exchange->hold, number);
	epoll_ctl(epoll, EPOLL_CTL_DEL, number, event);
	take_number(exchange->with, number);
	epoll_ctl(epoll, EPOLL_CTL_ADD, number, event);
}

/* The number behind @key in a line, in the given base; false when it is not there. */
static bool field(const char *line, const char *key, unsigned int base, uint64_t *value)
{
	const char *p = strstr(line, key);
	unsigned int digit;
	bool found = false;

	if (!p)
		return false;
	for (p += strlen(key); *p == ' '; p++)
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
static void read_registration(const struct exchange *exchange, int epoll, const char *line)
{
	struct epoll_event event;
	uint64_t number, events, data, ino;

	if (!field(line, "tfd:", 10, &number) || !field(line, "events:", 16, &events) ||
	    !field(line, "data:", 16, &data))
		return;
	if (field(line, "ino:", 16, &ino) && ino != exchange->old_ino)
		return;
	event.events = (uint32_t)events;
	event.data.u64 = data;
	move_registration(exchange, epoll, (int)number, &event);
}

static void move_registrations(const struct exchange *exchange, int epoll)
{
	char path[] = "/proc/thread-self/fdinfo/\0\0\0\0\0\0\0\0\0\0";
	char *digits = path + strlen(path);
	char text[CHUNK + 1], *line, *next;
	size_t kept = 0;
	ssize_t got;
	int divisor, info;

	for (divisor = 1; divisor <= epoll / 10; divisor *= 10)
		;
	for (; divisor > 0; divisor /= 10)
		*digits++ = (char)('0' + epoll / divisor % 10);
	info = open(path, O_RDONLY | O_CLOEXEC);
	if (info < 0)
		return;
	while ((got = real()->read(info, text + kept, CHUNK - kept)) > 0) {
		text[kept + (size_t)got] = '\0';
		for (line = text; (next = strchr(line, '\n')); line = next + 1) {
			*next = '\0';
			read_registration(exchange, epoll, line);
		}
		kept = strlen(line);
		/* A line that fills the chunk is none of epoll's. */
		if (kept == CHUNK)
			kept = 0;
		memmove(text, line, kept);
	}
	close(info);
}

static bool is_epoll(int fds, const char *name)
{
	static const char epoll_link[] = "anon_inode:[eventpoll]";
	char link[sizeof(epoll_link)];
	ssize_t len = readlinkat(fds, name, link, sizeof(link));

	return len == sizeof(epoll_link) - 1 && memcmp(link, epoll_link, (size_t)len) == 0;
}

static void visit(const struct exchange *exchange, int fds, const char *name, bool epoll_sets)
{
	const char *p;
	int fd = 0;

	for (p = name; *p >= '0' && *p <= '9'; p++)
		fd = fd * 10 + (*p - '0');
	if (*p || p == name || fd == fds || fd == exchange->hold || fd == exchange->with)
		return;
	if (epoll_sets && is_epoll(fds, name))
		move_registrations(exchange, fd);
	else if (!epoll_sets && socket_ino(fd) == exchange->old_ino)
		take_number(exchange->with, fd);
}

/* Visits each of our descriptors: the epoll sets among them, or the sockets. */
static void visit_all(const struct exchange *exchange, bool epoll_sets)
{
	char entries[CHUNK] __attribute__((aligned(8)));
	struct dirent64 *entry;
	long got, at;
	int fds = open("/proc/thread-self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fds < 0)
		return;
	while ((got = syscall(SYS_getdents64, fds, entries, sizeof(entries))) > 0) {
		for (at = 0; at < got; at += entry->d_reclen) {
			entry = (struct dirent64 *)(void *)(entries + at);
			visit(exchange, fds, entry->d_name, epoll_sets);
		}
	}
	close(fds);
}

/**
 * shim_replace() - put a socket in the place of another one, for all of its descriptors here
 * @fd:		the program's descriptor
 * @with:	the socket to put there; closed, also on failure
 *
 * Where /proc is not mounted only @fd itself is replaced.
 *
 * Return: 0, or a positive errno when nothing was replaced. errno is left alone.
 */
int shim_replace(int fd, int with)
{
	struct exchange exchange = { .with = with };
	int saved = errno;
	int error = 0;

	exchange.hold = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (exchange.hold < 0) {
		error = errno;
	} else {
		exchange.old_ino = socket_ino(exchange.hold);
		exchange.new_ino = socket_ino(with);
		visit_all(&exchange, true);
		take_number(with, fd);
		visit_all(&exchange, false);
		close(exchange.hold);
	}
	close(with);
	errno = saved;
	return error;
}
