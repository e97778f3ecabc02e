/* SPDX-License-Identifier: MIT */
/*
 * Memory for keys and passphrases: pages of its own that are locked, so that they never go out to swap
 * space or into a hibernation image by themselves; that no core dump holds; and that are wiped before
 * they are given back. A page that nothing may touch follows, so that what is written beyond the end
 * stops there. Where the limit of locked memory (RLIMIT_MEMLOCK) does not reach, all but the lock holds.
 *
 * Each costs two pages at least: a few buffers that live long, and what is asked for now and then.
 */
#ifndef ESWRAP_SECRET_H
#define ESWRAP_SECRET_H

#include <stddef.h>

/**
 * secret_new() - @size bytes of zeros
 *
 * Return: aligned for anything, never NULL: without memory the program ends. Freed by secret_free().
 */
void *secret_new(size_t size);

/* secret_text() - a copy of @text */
char *secret_text(const char *text);

/* secret_free() - wiped and given back; NULL is left alone */
void secret_free(void *memory);

#endif
