/* SPDX-License-Identifier: MIT */
/*
 * How much of the log one user may fill with what goes wrong for him.
 *
 * Each refused connect is a line that its user's administrator wants to read; a hundred thousand of them
 * hide those of others, and fill a disk. CHATTER_BURST lines may come at once, and one more every
 * CHATTER_PAUSE_S; who has used them up is silent until half of them are his again, and the log says
 * then how many were left out.
 */
#ifndef ESWRAPD_CHATTER_H
#define ESWRAPD_CHATTER_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#define CHATTER_BURST	50
#define CHATTER_PAUSE_S 2

/* chatter_allows() - may one more line about what @uid asked be logged? */
bool chatter_allows(uid_t uid);

#endif
