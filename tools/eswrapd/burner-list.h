/* SPDX-License-Identifier: MIT */
/* The reply to credential-list. */
#ifndef ESWRAPD_BURNER_LIST_H
#define ESWRAPD_BURNER_LIST_H

#include "eswrapd/burner.h"

/* burner_answer_list() - reply what the ledger says, now; ends the call */
void burner_answer_list(const struct burner_parts *parts, struct call *call);

#endif
