/* SPDX-License-Identifier: MIT */
/*
 * What goes out directly without a question, counted by route.
 *
 * DOC: Theory of operation
 *
 * Programs find in the policy what is direct, and the broker hears nothing of it. So each user has a
 * page that his programs count in (struct eswrap_counts in wire.h). It is his alone: what he writes
 * there is said of him, and he cannot cut it under the broker's eyes, as it is a memfd that is sealed to
 * its size. What has come since the last look is added to the tallies.
 *
 * A number stands for a route's name as long as the broker lives, also when a reload takes the route
 * away: who has mapped the old policy still counts by it.
 */
#ifndef ESWRAPD_COUNTS_H
#define ESWRAPD_COUNTS_H

#include <glib.h>
#include <sys/types.h>

struct counts;
struct tallies;

struct counts *counts_new(void);
void counts_free(struct counts *counts);

/* counts_number() - with which number a route is counted; "": no route. A NULL @counts has one only */
guint16 counts_number(struct counts *counts, const char *route);

/**
 * counts_page() - a user's page
 *
 * Return: a descriptor, to be closed by the caller; or a negative errno, -ENOBUFS: too many users have
 * one.
 */
int counts_page(struct counts *counts, uid_t uid);

/* counts_collect() - add what all have counted since the last time, as TALLY_DIRECT */
void counts_collect(struct counts *counts, struct tallies *tallies);

#endif
