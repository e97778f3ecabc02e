/* SPDX-License-Identifier: MIT */
/* What the module says of its items, where its firmware does. */
#ifndef ESWRAPD_BURNER_ASK_H
#define ESWRAPD_BURNER_ASK_H

#include "eswifi/eswifi.h"
#include "ledger/rule.h"

struct burner_ask;
struct sched;
struct timers;

/* struct burner_words - by set and item */
struct burner_words {
	enum credential_word word[ESWIFI_SETS][LEDGER_ITEMS];
};

/* @words: CREDENTIAL_NO_WORD where the module did not say, or not in time. The ask is over. */
typedef void (*burner_asked)(const struct burner_words *words, gpointer user);

/**
 * burner_ask_begin() - ask the module about its sets, between what else it does
 * @all:	struct burner_ask *: it is in there as long as it, or its last question, is under way
 * @sets:	how many it has
 *
 * @asked is called from the main loop, within some seconds.
 */
struct burner_ask *burner_ask_begin(struct sched *sched, struct timers *timers, GPtrArray *all,
				    guint sets, burner_asked asked, gpointer user);
/* burner_ask_cancel() - nobody wants to know any more; @asked is not called */
void burner_ask_cancel(struct burner_ask *ask);
/* burner_ask_drop_all() - cancel all, when the module is about to go and will not answer any more */
void burner_ask_drop_all(GPtrArray *all);

#endif
