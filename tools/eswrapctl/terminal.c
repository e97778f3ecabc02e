// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "eswrapctl/ctl.h"

#define ANSWER_MAX 32

bool terminal_is_ours(void)
{
	const char *kind = g_getenv("TERM");

	return isatty(STDOUT_FILENO) && g_strcmp0(kind, "dumb") != 0;
}

/* Up to the newline, which is not kept. Return: false at the end of file, or when it is too long.
 */
static bool read_line(int fd, char *to, size_t size)
{
	size_t length = 0;
	ssize_t n;
	char c;

	for (;;) {
		n = read(fd, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || length + 1 >= size)
			return false;
		if (c == '\n')
			break;
		to[length++] = c;
	}
	to[length] = '\0';
	return true;
}

/* Ctrl-C would leave the terminal without echo: signals of the keyboard wait until it is back. */
static bool ask_unseen(int fd, const char *path, char *to, size_t size)
{
	struct termios seen, unseen;
	sigset_t keyboard, before;
	bool good;

	if (tcgetattr(fd, &seen) < 0)
		return false;
	sigemptyset(&keyboard);
	sigaddset(&keyboard, SIGINT);
	sigaddset(&keyboard, SIGQUIT);
	sigaddset(&keyboard, SIGTSTP);
	sigprocmask(SIG_BLOCK, &keyboard, &before);
	unseen = seen;
	unseen.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	/* Before the question: what is typed early is neither shown nor lost. */
	tcsetattr(fd, TCSAFLUSH, &unseen);
	dprintf(fd, "Passphrase of %s: ", path);
	good = read_line(fd, to, size);
	tcsetattr(fd, TCSAFLUSH, &seen);
	sigprocmask(SIG_SETMASK, &before, NULL);
	dprintf(fd, "\n");
	return good;
}

bool terminal_ask_passphrase(const char *path, char *passphrase, gpointer user, GError **error)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	bool good;

	(void)user;
	if (fd < 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
			    "%s: the key is encrypted, and there is no terminal to ask its "
			    "passphrase on; decrypt it first (openssl pkey)",
			    path);
		return false;
	}
	/* Ctrl-C and Ctrl-D end the line's life, not its contents: an answer holds no such bytes.
	 */
	good = ask_unseen(fd, path, passphrase, PEM_PASSPHRASE_MAX) &&
	       !strpbrk(passphrase, "\x03\x04");
	if (!good)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "%s: no passphrase was given",
			    path);
	close(fd);
	return good;
}

bool terminal_confirm(const struct ctl *ctl, const char *question, guint set)
{
	char answer[ANSWER_MAX], number[ANSWER_MAX];

	if (ctl->json || !isatty(STDIN_FILENO)) {
		ctl_error(ctl, "nobody is there to confirm this; say --yes if it is meant");
		return false;
	}
	printf("%s\nType the set's number to go on: ", question);
	fflush(stdout);
	g_snprintf(number, sizeof(number), "%u", set);
	if (read_line(STDIN_FILENO, answer, sizeof(answer)) && !strcmp(g_strstrip(answer), number))
		return true;
	ctl_error(ctl, "not confirmed; nothing was sent");
	return false;
}
