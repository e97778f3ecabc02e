/* SPDX-License-Identifier: MIT */
/*
 * A burner with a ledger of its own, whose module (fake-module.h) and whose administrator are the
 * test. What the tests write is the CA of one set.
 */
#ifndef TESTS_BURNER_RIG_H
#define TESTS_BURNER_RIG_H

#include "config/settings.h"
#include "ledger/ledger.h"
#include "unit/fake-client.h"

/* How long a write waits for the line, and a list for the module. */
#define TURN (60 * G_TIME_SPAN_SECOND)
#define SET  1u

#define CERTIFICATE "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
#define OTHER	    "-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----\n"
#define KEY	    "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"

extern struct settings *own;
extern struct burner *burner;
/* Who asks; they are cleared with the rig. */
extern struct client client, second;
/* How many connections use the set that can be written again. */
extern guint users;

void burner_rig_setup(void);
void burner_rig_teardown(void);

/* lose_ledger() - it cannot be written any more: a file stands in place of the state directory */
void lose_ledger(void);
void find_ledger(void);
/* damage_ledger() - it is there, and says nothing that can be believed */
void damage_ledger(void);

/* digest_of() - as the ledger has it of @text and its NUL; to be freed */
char *digest_of(const char *text);
/* put_known() - the ledger says @state of the item, with the bytes of @text */
void put_known(enum ledger_state state, const char *text);
/* ck_ledger() - it says @state of the item, and the bytes of @text; NULL: none */
void ck_ledger(enum ledger_state state, const char *text);

/* describe() - the arguments with which eswrapctl asks for the item's write, for a test to change */
void describe(GVariantDict *to);
void add_bytes(GVariantDict *to, const char *text);
void asks_to_write(struct client *who, GVariantDict *arguments);
/* writes() - @client asks for it, with @intent */
void writes(const char *intent);

/* is_asked_in_vain() - the module is asked what is blank, and its firmware does not say */
void is_asked_in_vain(void);
/* is_written() - from the question up to the first PG, which is under way then */
void is_written(void);
void ck_nothing_is_asked(void);

#endif
