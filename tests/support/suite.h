/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <check.h>

/**
 * suite_run() - run a Check suite and report it as TAP on standard output
 * @suite:	the suite; consumed
 *
 * Every test program's main() is one call of this, so that Automake's summary counts claims. With
 * CK_RUN_CASE in the environment only that case runs, as Check documents.
 *
 * Return: the exit status for main(): 0 when every claim held, 1 otherwise.
 */
int suite_run(Suite *suite);

#endif
