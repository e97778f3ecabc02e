// SPDX-License-Identifier: MIT
/* What the published policy says of a destination. */
#include "wire/policy.h"

#include <string.h>

#include "wire/endpoint.h"

static bool rule_matches(const struct eswrap_policy_rule *rule, const uint8_t mapped[16],
			 uint16_t port, int type)
{
	unsigned int whole = rule->prefix / 8, rest = rule->prefix % 8;

	if (!(rule->flags &
	      (type == SOCK_STREAM ? ESWRAP_POLICY_STREAM : ESWRAP_POLICY_DATAGRAM)) ||
	    port < rule->first_port || port > rule->last_port || rule->prefix > 128 ||
	    memcmp(rule->address, mapped, whole) != 0 ||
	    (rest && (rule->address[whole] ^ mapped[whole]) >> (8 - rest)))
		return false;
	return !(rule->flags & ESWRAP_POLICY_NOT_LOOPBACK) || !eswrap_is_loopback(mapped);
}

const struct eswrap_policy_rule *eswrap_policy_rule_for(const struct eswrap_policy *policy,
							const struct eswrap_endpoint *to, int type)
{
	uint8_t mapped[16];
	uint32_t i;

	if (policy->count > ESWRAP_POLICY_RULES)
		return NULL;
	eswrap_map_address(to, mapped);
	for (i = 0; i < policy->count; i++) {
		if (rule_matches(&policy->rules[i], mapped, to->port, type))
			return &policy->rules[i];
	}
	return NULL;
}

bool eswrap_policy_is_direct(const struct eswrap_policy *policy, const struct eswrap_endpoint *to,
			     int type)
{
	const struct eswrap_policy_rule *rule = eswrap_policy_rule_for(policy, to, type);

	return rule && rule->flags & ESWRAP_POLICY_DIRECT;
}
