/* SPDX-License-Identifier: MIT */
/* What `credentials program` and `credentials verify` share: the plan, and sending it item by item.
 */
#ifndef ESWRAPCTL_WRITE_H
#define ESWRAPCTL_WRITE_H

#include "eswrapctl/ctl.h"
#include "eswrapd/credential-rule.h"

/**
 * struct write_plan - what is to happen to each item of one set
 * @options:	which set
 * @set:	the files, checked; each key is wiped when it has been sent
 * @known:	the module and its ledger
 * @intent:	what the user asked for
 * @decision:	by item; only those that @set holds count
 * @result:	by item: what has become of it; NULL: nothing yet
 */
struct write_plan {
	const struct set_options *options;
	struct credential_set *set;
	const struct known *known;
	enum credential_intent intent;
	enum credential_decision decision[CREDENTIAL_ITEMS];
	const char *result[CREDENTIAL_ITEMS];
};

/**
 * write_prepare() - decide on each item, and show the plan
 *
 * Return: CTL_OK; else a status after the reasons, and nothing may be sent.
 */
int write_prepare(const struct ctl *ctl, struct write_plan *plan);

/* write_burns() - does the plan hold an item that may be burnt by it? */
bool write_burns(const struct write_plan *plan);

/**
 * write_run() - send the items one by one, each acknowledged before the next
 *
 * Says what becomes of each. Return: CTL_OK, or the status of the first that failed.
 */
int write_run(const struct ctl *ctl, struct write_plan *plan);

#endif
