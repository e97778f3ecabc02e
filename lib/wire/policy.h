/* SPDX-License-Identifier: MIT */
/* What the published policy says of a destination. Safe in a signal handler. */
#ifndef ESWRAP_WIRE_POLICY_H
#define ESWRAP_WIRE_POLICY_H

#include <stdbool.h>

#include "eswrap/wire.h"

/**
 * eswrap_policy_rule_for() - the rule that counts for a destination
 * @policy:	as mapped
 * @to:		the destination
 * @type:	SOCK_STREAM or SOCK_DGRAM
 *
 * Return: NULL when there is none: the broker is to be asked.
 */
const struct eswrap_policy_rule *eswrap_policy_rule_for(const struct eswrap_policy *policy,
							const struct eswrap_endpoint *to, int type);

/**
 * eswrap_policy_is_direct() - is the answer to this destination DIRECT, whoever asks?
 * @policy:	as mapped
 * @to:		the destination
 * @type:	SOCK_STREAM or SOCK_DGRAM
 *
 * Return: true when it is; false when the broker is to be asked.
 */
bool eswrap_policy_is_direct(const struct eswrap_policy *policy, const struct eswrap_endpoint *to,
			     int type);

#endif
