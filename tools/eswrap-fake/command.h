/* SPDX-License-Identifier: MIT */
/* The table of commands. */
#ifndef FAKE_COMMAND_H
#define FAKE_COMMAND_H

#include "eswrap-fake/run.h"

/**
 * struct command - a row of the table
 * @name:	two characters, "?", "$$$" or "---"
 * @run:	carries it out
 * @usage:	its arguments; "" where it has none
 * @payload:	for a command with raw bytes behind it: how many, by its argument; -1: wrong
 */
struct command {
	char name[4];
	enum verdict (*run)(struct module *module, const struct argument *argument);
	const char *usage;
	int (*payload)(const struct module *module, const char *text);
};

/* command_find() - by the first characters of a command line; NULL: no such command */
const struct command *command_find(const char *line, size_t size);

#endif
