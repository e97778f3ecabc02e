/* SPDX-License-Identifier: MIT */
/*
 * May an item be sent to the module? The broker asks before it sends, and eswrapctl before it asks
 * the user.
 *
 * DOC: The rule
 *
 * Firmware that has PE is asked first, and what the module says counts more than what is noted:
 *
 *	blank		written for `program`, whatever was noted of an attempt; nothing to verify.
 *			Where the ledger holds it as burnt, or programmed elsewhere, the two differ,
 *			and nothing is sent until somebody has said which is right
 *	used		can only be compared, which changes nothing; but not with bytes that are known
 *			to be others
 *
 * Where it does not say, by what the ledger says (rows), for what is asked (columns):
 *
 *				program		verify		verify, even if blank
 *	blank			yes		no		yes
 *	uncertain, same bytes	yes		no		yes
 *	uncertain, others	no		no		yes
 *	burnt, same bytes	compared	compared	compared
 *	burnt, others		no		no		no
 *	elsewhere, same bytes	yes		no		yes
 *	elsewhere, others	no		no		yes
 */
#ifndef ESWRAP_LEDGER_RULE_H
#define ESWRAP_LEDGER_RULE_H

#include "ledger/ledger.h"

enum credential_intent {
	CREDENTIAL_PROGRAM,
	CREDENTIAL_VERIFY,
	CREDENTIAL_VERIFY_EVEN_IF_BLANK,
	CREDENTIAL_REPLACE,
};

/*
 * Set ESWIFI_SET_REWRITABLE takes any bytes at any time, and so a comparison with other bytes would
 * replace what is there. `program` writes what is blank, or was being written; what holds something
 * is replaced for CREDENTIAL_REPLACE only; and only what is known to be the same is compared.
 */
enum credential_decision {
	CREDENTIAL_WRITE,   /* may burn it */
	CREDENTIAL_COMPARE, /* it is burnt; can only be compared */
	CREDENTIAL_REFUSE,  /* nothing may be sent */
};

/* What the module says of an item. */
enum credential_word { CREDENTIAL_NO_WORD, CREDENTIAL_BLANK, CREDENTIAL_USED };

/* credential_decide() - the rule above; @same: the ledger's digest is that of the bytes */
enum credential_decision credential_decide(guint set, enum ledger_state state, bool same,
					   enum credential_intent intent,
					   enum credential_word word);

/* credential_word_name() - "", "blank", "used" */
const char *credential_word_name(enum credential_word word);

/**
 * credential_refusal() - why credential_decide() said CREDENTIAL_REFUSE, and what to do about it
 *
 * Return: a sentence, to be freed.
 */
char *credential_refusal(const struct ledger_entry *entry, enum credential_intent intent,
			 enum credential_word word, guint set, enum eswifi_item item);

/* credential_intent_name() - "program", "verify", "verify-even-if-blank", "replace" */
const char *credential_intent_name(enum credential_intent intent);
/* credential_intent_parse() - Return: false where @name is none */
bool credential_intent_parse(const char *name, enum credential_intent *intent);

#endif
