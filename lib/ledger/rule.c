// SPDX-License-Identifier: MIT
/* May an item be sent to the module? The table of rule.h, and the words for it. */
#include "ledger/rule.h"

#include <string.h>

static const char *const intent_names[] = {
	[CREDENTIAL_PROGRAM] = "program",
	[CREDENTIAL_VERIFY] = "verify",
	[CREDENTIAL_VERIFY_EVEN_IF_BLANK] = "verify-even-if-blank",
	[CREDENTIAL_REPLACE] = "replace",
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

const char *credential_word_name(enum credential_word word)
{
	static const char *const names[] = {
		[CREDENTIAL_NO_WORD] = "",
		[CREDENTIAL_BLANK] = "blank",
		[CREDENTIAL_USED] = "used",
	};

	return names[word];
}

/* The ledger alone. */
static enum credential_decision decide_blindly(enum ledger_state state, bool same,
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

/* The set that can be written again. */
static enum credential_decision decide_rewritable(enum ledger_state state, bool same,
						  enum credential_intent intent,
						  enum credential_word word)
{
	bool blank =
		word == CREDENTIAL_BLANK || (word == CREDENTIAL_NO_WORD && state == LEDGER_BLANK);

	if (intent == CREDENTIAL_REPLACE)
		return CREDENTIAL_WRITE;
	if (!blank && state == LEDGER_BURNT && same)
		return CREDENTIAL_COMPARE;
	if (intent == CREDENTIAL_PROGRAM && (blank || state == LEDGER_UNCERTAIN))
		return CREDENTIAL_WRITE;
	return CREDENTIAL_REFUSE;
}

enum credential_decision credential_decide(guint set, enum ledger_state state, bool same,
					   enum credential_intent intent, enum credential_word word)
{
	if (set == ESWIFI_SET_REWRITABLE)
		return decide_rewritable(state, same, intent, word);
	if (intent == CREDENTIAL_REPLACE)
		return CREDENTIAL_REFUSE;
	switch (word) {
	case CREDENTIAL_BLANK:
		return state == LEDGER_BURNT || state == LEDGER_ELSEWHERE ||
				       intent == CREDENTIAL_VERIFY
			       ? CREDENTIAL_REFUSE
			       : CREDENTIAL_WRITE;
	case CREDENTIAL_USED:
		return state == LEDGER_BURNT && !same ? CREDENTIAL_REFUSE : CREDENTIAL_COMPARE;
	case CREDENTIAL_NO_WORD:
		break;
	}
	return decide_blindly(state, same, intent);
}

/* Why nothing is sent to an item of which the module says that it is blank. */
static char *refuse_blank(const struct ledger_entry *entry, const char *name, guint set)
{
	if (entry->state == LEDGER_BLANK || entry->state == LEDGER_UNCERTAIN)
		return g_strdup_printf("the module says that the %s of set %u is blank: there is "
				       "nothing to compare, and a comparison would burn it; "
				       "use `program`",
				       name, set);
	return g_strdup_printf("the ledger says that the %s of set %u is %s (%s), and the module "
			       "says that it is blank: if a complete firmware was flashed, "
			       "`forget-ledger %u %s`",
			       name, set,
			       entry->state == LEDGER_BURNT ? "burnt" : "programmed elsewhere",
			       entry->subject, set, name);
}

char *credential_refusal(const struct ledger_entry *entry, enum credential_intent intent,
			 enum credential_word word, guint set, enum eswifi_item item)
{
	const char *name = ledger_item_name(item);

	if (set == ESWIFI_SET_REWRITABLE)
		return intent == CREDENTIAL_PROGRAM
			       ? g_strdup_printf("the %s of set %u holds something already (%s); "
						 "`program --replace` writes these bytes over it",
						 name, set,
						 *entry->subject ? entry->subject : "bytes unknown")
			       : g_strdup_printf("the %s of set %u is not known to hold these "
						 "bytes, and a comparison would write them over "
						 "what is there",
						 name, set);
	if (intent == CREDENTIAL_REPLACE)
		return g_strdup_printf("set %u can be written once; only set %d can be replaced",
				       set, ESWIFI_SET_REWRITABLE);
	if (word == CREDENTIAL_BLANK)
		return refuse_blank(entry, name, set);
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
