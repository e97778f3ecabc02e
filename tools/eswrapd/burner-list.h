/* SPDX-License-Identifier: MIT */
/* The reply to credential-list, and whom burner.c and it work with. */
#ifndef ESWRAPD_BURNER_LIST_H
#define ESWRAPD_BURNER_LIST_H

#include "config/settings.h"
#include "eswifi/eswifi.h"
#include "eswrapd/burner-ask.h"
#include "eswrapd/call.h"

struct presence;
struct sched;
struct timers;

/**
 * struct burner_parts - whom it works with; all outlive it
 * @in_use, @user:	how many connections use a set at this moment
 */
struct burner_parts {
	const struct settings *settings;
	struct eswifi_module *module;
	struct sched *sched;
	struct presence *presence;
	struct timers *timers;
	guint (*in_use)(guint set, gpointer user);
	gpointer user;
};

/* burner_sets() - how many sets the module has: the last may be one that can be written again */
guint burner_sets(const struct burner_parts *parts);

/* burner_answer_list() - reply what the ledger and the module say, now; ends the call */
void burner_answer_list(const struct burner_parts *parts, const struct burner_words *words,
			struct call *call);

#endif
