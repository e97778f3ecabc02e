/* SPDX-License-Identifier: MIT */
/* Between the harness's own files. */
#ifndef TESTS_PROCESS_H
#define TESTS_PROCESS_H

#include "support/harness.h"

/**
 * process_fork() - fork a child that the harness looks after
 * @name:	its standard error goes to NAME.log
 *
 * Return: NULL in the child, whose death is tied to the test's.
 */
struct process *process_fork(struct harness *h, const char *name);

/* processes_finish() - stop all that still run and see that none of ours has crashed */
void processes_finish(struct harness *h);

#endif
