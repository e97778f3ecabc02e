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
 *	WAITING -> WRITING -> COMPARING -> done
 *
 *	WAITING		for its turn on the line. Nothing is sent, nothing is noted
 *	WRITING		the ledger says "uncertain", durably, and then PG is sent
 *	COMPARING	PG is sent once more: the note's way to find out whether what was burnt is
 *			what was sent, since a byte can be lost on the line
 *
 * and then the ledger says "burnt". After any end but a good one it says "uncertain", with the
 * reason, or what it said before where it is certain that nothing was changed. An item that the
 * ledger holds as burnt starts with COMPARING, and is not made uncertain by the attempt.
 *
 * What may be written at all is credential-rule.h's business.
 */
#ifndef ESWRAPD_CREDENTIAL_H
#define ESWRAPD_CREDENTIAL_H

#include "eswrapd/admin-call.h"
#include "ledger/rule.h"
#include "config/settings.h"

struct broker;
struct credential_desk;

struct credential_desk *credential_desk_new(struct broker *broker);
void credential_desk_free(struct credential_desk *desk);
/* credential_is_writing() - is an item on its way to the module? */
bool credential_is_writing(const struct credential_desk *desk);

/*
 * Verbs, for admin.c's table; all but for the broker's own user, root and the admin group.
 *
 * credential-list: optional wait b (until the module is ready, up to a minute). Reply: module,
 * product, firmware, dialect, state, config, ledger (s each), items and others (aa{sv}: module s,
 * set u, item s, state s, sha256 s, subject s, when s, until s, reason s), warnings (as). credential-write:
 * module s, set u, item u, intent s (program, verify, verify-even-if-blank), subject s, data ay, optional until x.
 * Progress: step s (writing, comparing). Reply: before s, state s, sha256 s. credential-adopt:
 * module s, set u, item u, subject s, sha256 s ("" where it is not known), optional
 * until x. credential-forget:
 * module s, optional set u, optional item u. Reply: forgotten u.
 */
void credential_list(struct broker *broker, struct admin_call *call, GVariant *arguments);
void credential_write(struct broker *broker, struct admin_call *call, GVariant *arguments);
void credential_adopt(struct broker *broker, struct admin_call *call, GVariant *arguments);
void credential_forget(struct broker *broker, struct admin_call *call, GVariant *arguments);

/**
 * credential_lack() - what does a route's verification need that the ledger does not hold?
 *
 * Return: a sentence, to be freed; NULL when nothing is missing, or the module is not known yet.
 */
char *credential_lack(struct broker *broker, const struct route *route);

/* credential_add_warnings() - the same for all routes, as strings; and a ledger that is damaged */
void credential_add_warnings(struct broker *broker, GPtrArray *to);

/* credential_ready() - the module is ready: log the warnings, once for each module; answer who
 * waits */
void credential_ready(struct broker *broker);

/* credential_answer_list() - the reply to credential-list, now */
void credential_answer_list(struct broker *broker, struct admin_call *call);

#endif
