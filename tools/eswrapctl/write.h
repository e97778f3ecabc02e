/* SPDX-License-Identifier: MIT */
/* What `credentials program` and `credentials verify` share. */
#ifndef ESWRAPCTL_WRITE_H
#define ESWRAPCTL_WRITE_H

#include "eswrapctl/ctl.h"
#include "ledger/rule.h"

/**
 * write_set() - check the files of a set, show the plan, ask, and send them
 * @options:	which set, and its files
 * @intent:	what the user asked for
 * @yes:	do not ask
 * @warning:	what the user is to confirm where an item may be burnt
 * @done:	what is said of the set when all is well: "is programmed"
 *
 * The items go one by one, each acknowledged before the next; what becomes of each is said. Return:
 * CTL_OK; else the status of the first that failed, or a status after the reasons why nothing was
 * sent.
 */
int write_set(const struct ctl *ctl, const struct set_options *options,
	      enum credential_intent intent, bool yes, const char *warning, const char *done);

#endif
