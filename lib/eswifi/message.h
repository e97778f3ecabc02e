/* SPDX-License-Identifier: MIT */
/*
 * What the module says without having been asked.
 *
 * On a UART a message comes by itself, as "\r\n" TEXT "\r\n> ", or with an OK line before the
 * prompt [Inventek, user's manual; firmware C6.2]. TEXT is one or more whole lines of the kinds
 * that are known to come so. A message may stand between commands or before an answer; it never
 * is the answer.
 */
#ifndef ESWIFI_MESSAGE_H
#define ESWIFI_MESSAGE_H

#include <glib.h>
#include <stdbool.h>

/* Longest message that is believed; the longest that is known has 60 characters. */
#define MESSAGE_MAX 256

enum message_verdict {
	MESSAGE_NONE,  /* no message begins here */
	MESSAGE_MORE,  /* the beginning of one */
	MESSAGE_WHOLE, /* one or more whole messages */
};

/**
 * message_parse() - does a message begin at @in?
 * @strict:	an OK line behind a message belongs to it in every form that can be read so
 * @used:	set with MESSAGE_WHOLE: where what follows the message begins
 */
enum message_verdict message_parse(const guint8 *in, gsize size, bool strict, gsize *used);

/**
 * message_line() - the next line of a message
 * @in, @size:	where to go on, both moved behind the line
 *
 * Return: the line's text in printable ASCII, to be freed; NULL when there is none left.
 */
char *message_line(const guint8 **in, gsize *size);

/* message_is_transfer_error() - does the line say that bytes to the module were lost? */
bool message_is_transfer_error(const char *line);

/* message_is_network() - does the line tell of Wi-Fi that has gone or come back? */
bool message_is_network(const char *line);

#endif
