/* SPDX-License-Identifier: MIT */
/* Can preloading reach a program? */
#ifndef ESWRAP_PROGRAM_H
#define ESWRAP_PROGRAM_H

#include <glib.h>

/* The shell's exit statuses for a program that does not become one. */
enum {
	STATUS_CANNOT_EXECUTE = 126,
	STATUS_NOT_FOUND = 127,
};

/* It could be executed, but preloading would not reach it; the shell hears STATUS_CANNOT_EXECUTE. */
#define STATUS_UNREACHED 1126

/**
 * program_check() - find a program as execvp() would and see whether preloading reaches it
 * @argv:	as the user gave it: a path, or a name to look for in PATH, and its arguments
 * @library:	LD_PRELOAD's entry for libeswrap.so; "$LIB" in it stands for the directory of the
 *		program's word size and machine
 * @error:	set when 0 is not returned: a sentence that names the file
 *
 * A script is followed through its #! line to the program that runs it, and env to the one that it
 * runs.
 *
 * Return: 0 when it can be executed with the library in it, else STATUS_NOT_FOUND,
 * STATUS_CANNOT_EXECUTE or STATUS_UNREACHED.
 */
int program_check(char **argv, const char *library, char **error);

#endif
