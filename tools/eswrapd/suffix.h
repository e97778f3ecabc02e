/* SPDX-License-Identifier: MIT */
/* The domains that resolvers put behind a name of their own accord: `search` of resolv.conf(5). */
#ifndef ESWRAPD_SUFFIX_H
#define ESWRAPD_SUFFIX_H

#include <glib.h>
#include <stdbool.h>

struct suffixes;

/* suffixes_new() - @path: of resolv.conf, which is read anew whenever it has changed */
struct suffixes *suffixes_new(const char *path);
void suffixes_free(struct suffixes *suffixes);

/* @bare: a name without the domain that may have been put behind it */
typedef bool (*suffix_test)(const char *bare, gpointer user);

/* suffixes_any() - does @test hold for @name without one of the domains? */
bool suffixes_any(struct suffixes *suffixes, const char *name, suffix_test test, gpointer user);

#endif
