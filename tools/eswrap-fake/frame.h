/* SPDX-License-Identifier: MIT */
/* What stands around the DATA of an answer. */
#ifndef FAKE_FRAME_H
#define FAKE_FRAME_H

#include "eswrap-fake/command.h"

/**
 * frame_answer() - put it around the answer being made
 * @command:	that is answered; NULL: one that does not exist
 * @argument:	it had one
 */
void frame_answer(struct module *module, enum verdict verdict, const struct command *command,
		  bool argument);

/* frame_message() - a message that nobody asked for, whole; @ok: with an OK behind it. Free with g_free() */
char *frame_message(const char *text, bool ok);

#endif
