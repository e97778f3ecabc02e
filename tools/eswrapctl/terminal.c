// SPDX-License-Identifier: MIT
/* The person at the terminal: passphrases, and whether something is meant. */
#include <bsd/readpassphrase.h>
#include <errno.h>
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "eswrapctl/ctl.h"

bool terminal_is_ours(void)
{
	const char *kind = g_getenv("TERM");

	return isatty(STDOUT_FILENO) && g_strcmp0(kind, "dumb") != 0;
}

bool terminal_ask_passphrase(const char *path, char *passphrase, gpointer user G_GNUC_UNUSED,
			     GError **error)
{
	g_autofree char *prompt = g_strdup_printf("Passphrase of %s: ", path);

	/* ^C ends the process as it would anywhere, with the terminal as it was before. */
	if (readpassphrase(prompt, passphrase, PEM_PASSPHRASE_MAX,
			   RPP_ECHO_OFF | RPP_REQUIRE_TTY)) {
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
