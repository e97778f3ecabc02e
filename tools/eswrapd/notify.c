// SPDX-License-Identifier: MIT
/* The service manager's protocols. */
#include "eswrapd/notify.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* "@name" is one of the abstract namespace. Return: the address' size; 0: no such socket can be */
static socklen_t address_of(const char *path, struct sockaddr_un *address)
{
	gsize length = strlen(path);

	if ((*path != '/' && *path != '@') || length < 2 || length >= sizeof(address->sun_path))
		return 0;
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, path, length + 1);
	if (*path == '@')
		address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

void notify(const char *format, ...)
{
	const char *path = g_getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { 0 };
	socklen_t size = path ? address_of(path, &address) : 0;
	g_autofree char *text = NULL;
	va_list arguments;
	int fd;

	if (!size)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	/* A manager that is too busy to hear it hears the next one: the broker never waits. */
	(void)!sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
		      (const struct sockaddr *)&address, size);
	close(fd);
}

/* A number of the environment; 0 where there is none. */
static guint64 number_of(const char *name)
{
	const char *text = g_getenv(name);
	guint64 number;

	return text && g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, &number, NULL) ? number
											  : 0;
}

/* Is what the variable @name says meant for this process, and no child that has inherited it? */
static bool is_ours(const char *name)
{
	return number_of(name) == (guint64)getpid();
}

int notify_listen_fds(void)
{
	guint64 count = is_ours("LISTEN_PID") ? number_of("LISTEN_FDS") : 0;
	int fd;

	if (count > INT_MAX - NOTIFY_LISTEN_START)
		return 0;
	for (fd = NOTIFY_LISTEN_START; fd < NOTIFY_LISTEN_START + (int)count; fd++)
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
			return 0;
	return (int)count;
}

guint64 notify_watchdog_us(void)
{
	if (g_getenv("WATCHDOG_PID") && !is_ours("WATCHDOG_PID"))
		return 0;
	return number_of("WATCHDOG_USEC");
}
