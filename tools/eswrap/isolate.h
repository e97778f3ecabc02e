/* SPDX-License-Identifier: MIT */
/* Programs in a network namespace of their own. */
#ifndef ESWRAP_ISOLATE_H
#define ESWRAP_ISOLATE_H

/**
 * isolate_become() - become eswrap-tunnel, which becomes the program
 * @tunnel:	path of eswrap-tunnel
 * @ports:	ports of this machine's loopback that the program may reach, with commas; or NULL
 * @argv:	the program and its arguments
 *
 * Return: only where that cannot be done: an exit status, after a message.
 */
int isolate_become(const char *tunnel, const char *ports, char **argv);

#endif
