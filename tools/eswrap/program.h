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

/**
 * program_check() - find a program as execvp() would and see whether preloading reaches it
 * @name:	as the user gave it: a path, or a name to look for in PATH
 * @library:	LD_PRELOAD's entry for libeswrap.so; "$LIB" in it stands for the folder of the
 *		program's word size and machine
 * @error:	set when 0 is not returned: a sentence that names the file
 *
 * A script is followed through its #! line (and through env) to the program that runs it.
 *
 * Return: 0 when it can be executed with the library in it, else STATUS_NOT_FOUND or
 * STATUS_CANNOT_EXECUTE.
 */
int program_check(const char *name, const char *library, char **error);

#endif
