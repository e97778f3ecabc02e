/* SPDX-License-Identifier: MIT */
/*
 * The broker's side of `eswrapctl credentials`: what may be written, the writing, and the ledger
 * around it.
 *
 * DOC: Theory of operation
 *
 * eswrapctl asks for one item at a time and goes on only when it is acknowledged, so that there is
 * at most one item of a module whose state is not known. An item that may be written goes through
 *
 *	ASKING -> WRITING -> COMPARING -> done
 *
 *	ASKING		PE: what does the module say of it? Firmware without it answers with an error,
 *			and then the ledger alone decides. Nothing is noted
 *	WRITING		the ledger says "uncertain", durably, and then PG is sent
 *	COMPARING	PG is sent once more: the note's way to find out whether what was burnt is
 *			what was sent, since a byte can be lost on the line
 *
 * and then the ledger says "burnt". After any end but a good one it says "uncertain", with the
 * reason, or what it said before where it is certain that nothing was changed. An item that the
 * ledger holds as burnt, or of which the module says that it is used, starts with COMPARING, and is
 * not made uncertain by the attempt.
 *
 * What may be written at all is ledger/rule.h's business.
 */
#ifndef ESWRAPD_BURNER_H
#define ESWRAPD_BURNER_H

#include <glib.h>

#include "eswrapd/burner-list.h"
#include "eswrapd/verbs.h"

struct burner;

struct burner *burner_new(const struct burner_parts *parts);
/* burner_free() - ends what is under way; who waits is told */
void burner_free(struct burner *burner);

/*
 * Verbs; @user is the burner. Only those who administer may ask them.
 *
 * credential-list: optional wait b (until the module is ready, up to a minute). Reply: module,
 * product, firmware, dialect, state, config, ledger (s each), items and others (aa{sv}: module s,
 * set u, item s, state s, says s (what the module says: blank, used, or ""), sha256 s, subject s, when s, until s, reason s), warnings (as). credential-write:
 * module s, set u, item u, intent s (program, verify, verify-even-if-blank), subject s, data ay, optional until x.
 * Progress: step s (writing, comparing). Reply: before s, state s, sha256 s, matched b. credential-adopt:
 * module s, set u, item u, subject s, sha256 s ("" where it is not known), optional
 * until x. credential-forget:
 * module s, optional set u, optional item u. Reply: forgotten u.
 */
void burner_list(struct call *call, const struct caller *caller, GVariant *arguments,
		 gpointer user);
void burner_write(struct call *call, const struct caller *caller, GVariant *arguments,
		  gpointer user);
void burner_adopt(struct call *call, const struct caller *caller, GVariant *arguments,
		  gpointer user);
void burner_forget(struct call *call, const struct caller *caller, GVariant *arguments,
		   gpointer user);

/* burner_ready() - the module is ready: log what is missing, once for each module; answer who
 * waits */
void burner_ready(struct burner *burner);

#endif
