/* SPDX-License-Identifier: MIT */
/*
 * What is known of the one-time items of each module, since the module cannot be asked.
 *
 * DOC: The file
 *
 * STATE_DIR/ledger.ini is an INI file that people can read; nothing but the broker writes it:
 *
 *	[ledger]
 *	version = 1
 *	sum = SHA-256 of all that follows the blank line after this one
 *
 *	[aa:bb:cc:dd:ee:ff 0 certificate]	the module's MAC, the set, the item
 *	state = burnt				uncertain, burnt or elsewhere
 *	sha256 = ...				of the bytes that PG was given, with their NUL
 *	subject = CN=device-0001
 *	when = 2026-11-23T11:58:03Z
 *	until = 2036-11-20T00:00:00Z		when a certificate ends
 *	reason = ...				why an item is uncertain
 *
 * An item without a group is blank. A file that is damaged in any way (the sum shows it) is an
 * error for whoever wants to read or change it, and stays as it is: what it said may be the only
 * record of what cannot be undone.
 *
 * A change reads the file, writes the new one beside it, syncs it, renames it over the old one and
 * syncs the directory, all under a lock on the directory, which brokers of several modules may
 * share. The file belongs to whom the directory belongs, also when root changes it.
 */
#ifndef ESWRAP_LEDGER_LEDGER_H
#define ESWRAP_LEDGER_LEDGER_H

#include <glib.h>
#include <stdbool.h>

#include "eswifi/eswifi.h"

#define LEDGER_FILE	  "ledger.ini"
#define LEDGER_ITEMS	  3   /* of a set [product note] */
#define LEDGER_SHA256_HEX 64  /* characters, without the NUL */
#define LEDGER_TEXT_MAX	  512 /* bytes in a subject or reason */

/* Written in the file exactly so, in lower case without the prefix. */
enum ledger_state {
	LEDGER_BLANK,	  /* nothing was ever sent */
	LEDGER_UNCERTAIN, /* it was sent, and it is not known whether it was burnt */
	LEDGER_BURNT,	  /* the module acknowledged these bytes, and found them equal afterwards */
	LEDGER_ELSEWHERE, /* the user says that it was programmed with another tool */
};

/**
 * struct ledger_entry - one item of one set of one module
 * @state:	LEDGER_BLANK: all the rest is empty
 * @sha256:	lower-case hexadecimal; may be "" with LEDGER_ELSEWHERE
 * @subject:	printable ASCII, at most LEDGER_TEXT_MAX bytes
 * @when:	seconds since 1970, by this machine's clock
 * @until:	when the certificate ends (of several, the first to end), as @when; 0: not known, a key
 * @reason:	as @subject; NULL: none
 */
struct ledger_entry {
	enum ledger_state state;
	char sha256[LEDGER_SHA256_HEX + 1];
	const char *subject;
	gint64 when, until;
	const char *reason;
};

struct ledger;

/**
 * ledger_read() - take a look at the ledger
 * @dir:	the state directory; without one, or without a file in it, all is blank
 *
 * Return: what it says, to be freed with ledger_free(); NULL with @error set when it cannot be read
 * or is damaged.
 */
struct ledger *ledger_read(const char *dir, GError **error);
void ledger_free(struct ledger *ledger);

/**
 * ledger_get() - one item
 * @to:		filled in; its strings belong to @ledger
 */
void ledger_get(const struct ledger *ledger, const char *mac, guint set, enum eswifi_item item,
		struct ledger_entry *to);

/* ledger_modules() - the MACs that the ledger knows, NULL-terminated; free with g_strfreev() */
char **ledger_modules(const struct ledger *ledger);

/**
 * ledger_put() - change one item, durably
 * @entry:	LEDGER_BLANK removes the item
 *
 * Return: false with @error set; the ledger is then what it was.
 */
bool ledger_put(const char *dir, const char *mac, guint set, enum eswifi_item item,
		const struct ledger_entry *entry, GError **error);

const char *ledger_state_name(enum ledger_state state);
/* ledger_state_parse() - Return: false where @name is no state */
bool ledger_state_parse(const char *name, enum ledger_state *state);
/* ledger_item_name() - "ca", "certificate" or "key" */
const char *ledger_item_name(enum eswifi_item item);
/* ledger_text_is_good() - may this be a subject or reason? */
bool ledger_text_is_good(const char *text);

#endif
