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

/* struct burner_parts - whom it works with; all outlive it */
struct burner_parts {
	const struct settings *settings;
	struct eswifi_module *module;
	struct sched *sched;
	struct presence *presence;
};

/* burner_answer_list() - reply what the ledger and the module say, now; ends the call */
void burner_answer_list(const struct burner_parts *parts, const struct burner_words *words,
			struct call *call);

#endif
