/* SPDX-License-Identifier: MIT */
/*
 * In front of every source of a build for gcov (configure --enable-coverage): _exit(2) writes no
 * counters, and half of our processes end with it.
 */
#ifndef TESTS_COVERAGE_H
#define TESTS_COVERAGE_H

#include <unistd.h>

void __gcov_dump(void);

static inline __attribute__((noreturn)) void exit_with_counters(int status)
{
	__gcov_dump();
	_exit(status);
}

#define _exit exit_with_counters

#endif
