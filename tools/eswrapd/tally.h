/* SPDX-License-Identifier: MIT */
/* What has been counted since the broker's start, for status and metrics. */
#ifndef ESWRAPD_TALLY_H
#define ESWRAPD_TALLY_H

#include <glib.h>

/* What is counted, each by a word. */
enum tally {
	TALLY_OPENED, /* connections through the module, by route */
	TALLY_FAILED, /* connects that failed, by the errno's name */
	TALLY_DIRECT, /* connects, and datagrams with an address, that go out directly, by route */
	TALLY_LOST,   /* datagrams that did not arrive as they were sent, by reason */
	TALLY_DOUBLE, /* connections in which a program spoke TLS inside the module's, by route */
};
#define TALLIES (TALLY_DOUBLE + 1)

struct tallies;

struct tallies *tallies_new(void);
void tallies_free(struct tallies *tallies);

/* tallies_add() - one more; a NULL @tallies counts nothing */
void tallies_add(struct tallies *tallies, enum tally what, const char *word);
/* tallies_add_many() - @more; 0 is none, and not even a word with none */
void tallies_add_many(struct tallies *tallies, enum tally what, const char *word, guint more);
/* tallies_get() - a floating a{st}, by word */
GVariant *tallies_get(const struct tallies *tallies, enum tally what);

#endif
