// SPDX-License-Identifier: MIT
/* How a connect ended, in the errno that a program expects. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "eswrapd/outcome.h"

/*
 * The module has one answer to a connect that fails, ERROR and a reason in words of its own. What
 * TLS objects to comes first: its reasons may quote any other ("TLS: connection refused by ...").
 * EPROTO, because no errno that programs expect from connect() should make them try again for ever.
 */
static const struct {
	const char *word; /* in lower case */
	int error;
} reasons[] = {
	{ "tls", EPROTO },
	{ "ssl", EPROTO },
	{ "certificate", EPROTO },
	{ "handshake", EPROTO },
	{ "timed out", ETIMEDOUT },
	{ "timeout", ETIMEDOUT },
	{ "network is unreachable", ENETUNREACH },
	{ "unreachable", EHOSTUNREACH },
	{ "no route", EHOSTUNREACH },
	{ "reset", ECONNRESET },
};

static int refused_errno(const char *text)
{
	char *lower = g_ascii_strdown(text, -1);
	int error = ECONNREFUSED;
	guint i;

	for (i = 0; i < G_N_ELEMENTS(reasons); i++) {
		if (strstr(lower, reasons[i].word)) {
			error = reasons[i].error;
			break;
		}
	}
	g_free(lower);
	return error;
}

int outcome_errno(int result, const char *text)
{
	switch (-result) {
	case ECONNREFUSED:
		return refused_errno(text);
	case ENOENT: /* the name is gone since the program looked it up */
		return EHOSTUNREACH;
	case ETIMEDOUT: /* the module did not answer: its own time-outs are shorter */
		return ETIMEDOUT;
	case EINVAL:
		return EINVAL;
	}
	return ENETDOWN; /* the module was lost */
}
