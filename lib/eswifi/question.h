/* SPDX-License-Identifier: MIT */
/* Questions about no socket, between the operations. */
#ifndef ESWIFI_QUESTION_H
#define ESWIFI_QUESTION_H

#include "session.h"

/* question_take() - as eswifi_ask(); it waits for question_begin() or question_scanned() */
int question_take(struct eswifi_module *module, enum eswifi_question question, const char *argument,
		  eswifi_done done, gpointer user);

/* question_begin() - the line is free and the module ready: ask what waits. Return: false: nothing */
bool question_begin(struct eswifi_module *module);

/* question_scanned() - a list of networks has come that somebody may be waiting for */
void question_scanned(struct eswifi_module *module, const struct at_reply *reply);

/* question_check() - an operation: is the module still joined, and from time to time: how well? */
void question_check(struct eswifi_module *module);

#endif
