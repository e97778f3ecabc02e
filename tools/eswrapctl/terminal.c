// SPDX-License-Identifier: MIT
/* The person at the terminal: passphrases, and whether something is meant. */
#include <bsd/readpassphrase.h>
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "eswrapctl/ctl.h"

bool terminal_is_ours(void)
{
	const char *kind = g_getenv("TERM");

	return isatty(STDOUT_FILENO) && g_strcmp0(kind, "dumb") != 0;
}

/**
 * struct quiet_terminal - one whose echo is off, and who puts it back
 * @ends:	signals that end a process
 * @before:	what they were, and the terminal
 */
struct quiet_terminal {
	int fd;
	struct termios before;
	sigset_t ends, mask_before;
	pthread_t waiter;
};

/* In a thread: whichever signal comes first ends the process as it would anywhere. */
static void *wait_for_end(void *data)
{
	struct quiet_terminal *terminal = data;
	sigset_t ended;
	int signo;

	sigwait(&terminal->ends, &signo);
	tcsetattr(terminal->fd, TCSAFLUSH, &terminal->before);
	if (write(terminal->fd, "\n", 1) < 0)
		signo = SIGHUP; /* there is no terminal any more */
	sigemptyset(&ended);
	sigaddset(&ended, signo);
	signal(signo, SIG_DFL);
	pthread_sigmask(SIG_UNBLOCK, &ended, NULL);
	raise(signo);
	return NULL;
}

/*
 * readpassphrase() has handlers of its own, which forget a signal that comes before its read(): so it is
 * not to see any.
 */
static bool quiet_begin(struct quiet_terminal *terminal)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	guint i;

	terminal->fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal->fd < 0 || tcgetattr(terminal->fd, &terminal->before) < 0)
		goto fail;
	sigemptyset(&terminal->ends);
	for (i = 0; i < G_N_ELEMENTS(ends); i++)
		sigaddset(&terminal->ends, ends[i]);
	pthread_sigmask(SIG_BLOCK, &terminal->ends, &terminal->mask_before);
	if (pthread_create(&terminal->waiter, NULL, wait_for_end, terminal) == 0)
		return true;
	pthread_sigmask(SIG_SETMASK, &terminal->mask_before, NULL);
fail:
	if (terminal->fd >= 0)
		close(terminal->fd);
	errno = ENOTTY;
	return false;
}

static void quiet_end(struct quiet_terminal *terminal)
{
	int error = errno;

	pthread_cancel(terminal->waiter);
	pthread_join(terminal->waiter, NULL);
	pthread_sigmask(SIG_SETMASK, &terminal->mask_before, NULL);
	close(terminal->fd);
	errno = error;
}

static bool read_secret(const char *prompt, char *passphrase)
{
	struct quiet_terminal terminal;
	bool done;

	if (!quiet_begin(&terminal))
		return false;
	done = readpassphrase(prompt, passphrase, PEM_PASSPHRASE_MAX,
			      RPP_ECHO_OFF | RPP_REQUIRE_TTY) != NULL;
	quiet_end(&terminal);
	return done;
}

bool terminal_ask_passphrase(const char *path, char *passphrase, gpointer user G_GNUC_UNUSED,
			     GError **error)
{
	g_autofree char *prompt = g_strdup_printf("Passphrase of %s: ", path);

	if (read_secret(prompt, passphrase)) {
		if (*passphrase)
			return true;
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "%s: no passphrase was given",
			    path);
	} else if (errno == ENOTTY) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
			    "%s: the key is encrypted, and there is no terminal to ask for its "
			    "passphrase; decrypt it first (openssl pkey)",
			    path);
	} else {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: its passphrase: %s", path,
			    g_strerror(errno));
	}
	return false;
}

bool terminal_confirm(const struct ctl *ctl, const char *question, const char *what,
		      const char *expected)
{
	g_autofree char *answer = NULL;
	size_t size = 0;

	if (ctl->json || !isatty(STDIN_FILENO)) {
		ctl_error(ctl, "no terminal to ask for confirmation; use --yes");
		return false;
	}
	printf("%s\nType %s to go on: ", question, what);
	fflush(stdout);
	if (getline(&answer, &size, stdin) > 0 && !strcmp(g_strstrip(answer), expected))
		return true;
	ctl_error(ctl, "not confirmed; nothing was sent");
	return false;
}
