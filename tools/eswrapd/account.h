/* SPDX-License-Identifier: MIT */
/*
 * What each user has of the broker, and how much he may have.
 *
 * The broker serves users who do not trust each other. Whatever one can have more of than one is
 * counted under his uid, and has a limit ([broker] per-user-...): beyond it he gets ENOBUFS, or
 * EAI_AGAIN, and the log says so once, until he has fallen to half of it.
 */
#ifndef ESWRAPD_ACCOUNT_H
#define ESWRAPD_ACCOUNT_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "config/settings.h"

struct accounts;

/* accounts_new() - nobody has anything; @limits are those of the settings, by enum limit */
struct accounts *accounts_new(const guint *limits);
void accounts_free(struct accounts *accounts);

/* accounts_set_limits() - after a reload; what somebody has beyond them he keeps */
void accounts_set_limits(struct accounts *accounts, const guint *limits);

/* account_take() - one more of @what for @uid. Return: false where he has as many as he may */
bool account_take(struct accounts *accounts, uid_t uid, enum limit what);
/* account_give() - he has one less; as often as account_take() was true */
void account_give(struct accounts *accounts, uid_t uid, enum limit what);
/* account_count() - how many he has */
guint account_count(const struct accounts *accounts, uid_t uid, enum limit what);

/**
 * account_list() - add one "a{sv}" for each user who has anything: uid (u), and by the names of the
 * limits how many (u)
 * @only:	this user; NULL: all
 * @list:	a builder of "aa{sv}"
 */
void account_list(const struct accounts *accounts, const uid_t *only, GVariantBuilder *list);

#endif
