/* SPDX-License-Identifier: MIT */
/*
 * The system calls that the broker keeps: a filter by libseccomp.
 */
#ifndef ESWRAPD_CALLS_H
#define ESWRAPD_CALLS_H

#include <glib.h>
#include <stdbool.h>

/**
 * calls_restrict() - for all threads, for good
 * @internet:	sockets of the internet are needed, for a serial server
 *
 * sandbox.h says what happens to the others. A kernel without filters is logged.
 *
 * Return: false with @error set.
 */
bool calls_restrict(bool internet, GError **error);

#endif
