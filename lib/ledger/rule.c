// SPDX-License-Identifier: MIT
#include "ledger/rule.h"

#include <string.h>

static const char *const intent_names[] = {
	[CREDENTIAL_PROGRAM] = "program",
	[CREDENTIAL_VERIFY] = "verify",
	[CREDENTIAL_VERIFY_EVEN_IF_BLANK] = "verify-even-if-blank",
};

const char *credential_intent_name(enum credential_intent intent)
{
	return intent_names[intent];
}

bool credential_intent_parse(const char *name, enum credential_intent *intent)
{
	guint i;

	for (i = 0; i < G_N_ELEMENTS(intent_names); i++) {
		if (!strcmp(intent_names[i], name)) {
			*intent = (enum credential_intent)i;
			return true;
		}
	}
	return false;
}

enum credential_decision credential_decide(enum ledger_state state, bool same,
					   enum credential_intent intent)
{
	switch (state) {
	case LEDGER_BURNT:
		return same ? CREDENTIAL_COMPARE : CREDENTIAL_REFUSE;
	case LEDGER_BLANK:
		return intent == CREDENTIAL_VERIFY ? CREDENTIAL_REFUSE : CREDENTIAL_WRITE;
	case LEDGER_UNCERTAIN:
	case LEDGER_ELSEWHERE:
		if (intent == CREDENTIAL_VERIFY_EVEN_IF_BLANK)
			return CREDENTIAL_WRITE;
		return same && intent == CREDENTIAL_PROGRAM ? CREDENTIAL_WRITE : CREDENTIAL_REFUSE;
	}
	return CREDENTIAL_REFUSE;
}

char *credential_refusal(const struct ledger_entry *entry, enum credential_intent intent, guint set,
			 enum eswifi_item item)
{
	const char *name = ledger_item_name(item);

	if (entry->state == LEDGER_BLANK)
		return g_strdup_printf("the ledger does not hold the %s of set %u as burnt, and "
				       "comparing a blank item burns it; use --even-if-blank if "
				       "that is meant",
				       name, set);
	if (entry->state == LEDGER_BURNT)
		return g_strdup_printf("the ledger says that the %s of set %u is burnt with other "
				       "bytes (%s); it cannot be changed",
				       name, set, entry->subject);
	if (intent == CREDENTIAL_VERIFY)
		return g_strdup_printf("the ledger does not know whether the %s of set %u is "
				       "burnt (%s), and comparing a blank item burns it; %s",
				       name, set, ledger_state_name(entry->state),
				       entry->state == LEDGER_UNCERTAIN
					       ? "run `program` again with the same files to find "
						 "out"
					       : "use --even-if-blank if that is meant");
	if (entry->state == LEDGER_UNCERTAIN)
		return g_strdup_printf("an earlier attempt may have burnt other bytes into the %s "
				       "of set %u (%s); end it with its own files, or, where "
				       "they are lost, `forget-ledger %u %s` and try these",
				       name, set, entry->subject, set, name);
	return g_strdup_printf("the ledger says that the %s of set %u was programmed elsewhere, "
			       "with other or unknown bytes (%s); if that is wrong, "
			       "`forget-ledger %u %s`",
			       name, set, entry->subject, set, name);
}
