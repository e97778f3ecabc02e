/* SPDX-License-Identifier: MIT */
/* Which files the configuration names for each credentials set. */
#ifndef ESWRAPD_VERB_SETS_H
#define ESWRAPD_VERB_SETS_H

#include <glib.h>

#include "eswrapd/verbs.h"

/*
 * verb_sets() - credential-sets; @user is the struct settings
 *
 * Reply: config (s), groups (aa{sv}: name s, set u, ca s, certificate s, key s; "" where the group
 * names none). Paths are absolute.
 */
void verb_sets(struct call *call, const struct caller *caller, GVariant *arguments, gpointer user);

#endif
