/* SPDX-License-Identifier: MIT */
/* Does this process still hold a secret anywhere, also in memory that it has freed? */
#ifndef TESTS_MEMORY_H
#define TESTS_MEMORY_H

#include <glib.h>
#include <stdbool.h>

#define MEMORY_SECRET_SIZE 32 /* bytes that are looked for */

/* memory_turn() - turn all bits: a secret that must not be in memory is only held like that */
void memory_turn(guint8 *bytes, gsize size);

/* memory_holds_turned() - is the secret, of which @turned is what memory_turn() makes, anywhere? */
bool memory_holds_turned(const guint8 turned[MEMORY_SECRET_SIZE]);

#endif
