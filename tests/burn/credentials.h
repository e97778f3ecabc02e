/* SPDX-License-Identifier: MIT */
/* What the suites about credentials share: eswrapctl, key files, the ledger, the module's flash. */
#ifndef TESTS_CREDENTIALS_H
#define TESTS_CREDENTIALS_H

#include "ledger/ledger.h"
#include "support/harness.h"
#include "support/identity.h"

#define MODULE_MAC "c4:7f:51:00:00:01" /* of the simulated module */

/* Where harness_credentials_broker()'s ledger is, in the temporary directory. */
#define STATE_DIR "state"

/**
 * credentials_broker() - start the broker with a state directory in the temporary one
 * @format:	the configuration but for [module], [wifi] and [broker]
 */
const char *credentials_broker(struct harness *h, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* credentials_ctl() - run eswrapctl on the latest broker; arguments end with NULL */
const struct result *credentials_ctl(struct harness *h, ...) G_GNUC_NULL_TERMINATED;

/* credentials_put() - NAME.pem and NAME.key in the temporary directory */
void credentials_put(struct harness *h, const char *name, const struct identity *identity);

/* credentials_ledger() - what the ledger says of one item of set and module */
enum ledger_state credentials_ledger(struct harness *h, guint set, enum eswifi_item item,
				     char sha256[LEDGER_SHA256_HEX + 1]);

/**
 * credentials_flash() - what the simulated module's flash file holds
 * @sha256:	of the item's bytes; "" for a blank one
 */
void credentials_flash(struct harness *h, guint set, enum eswifi_item item,
		       char sha256[LEDGER_SHA256_HEX + 1]);

/* credentials_sent() - how many PG commands have reached the module, by its trace */
guint credentials_sent(struct harness *h);
/* credentials_sent_item() - how many of them for this item */
guint credentials_sent_item(struct harness *h, guint set, enum eswifi_item item);

struct terminal;

/* terminal_start() - run a program on a terminal of its own */
struct terminal *terminal_start(struct harness *h, const char *const *argv);
/* terminal_await() - wait until it has shown @text, counted from the last such wait's end */
void terminal_await(struct terminal *terminal, const char *text);
void terminal_type(struct terminal *terminal, const char *text);
/* terminal_interrupt() - ^C, once */
void terminal_interrupt(struct terminal *terminal);
/* terminal_end() - wait for its end. Return: its exit status; @shown: all that it showed */
int terminal_end(struct terminal *terminal, const char **shown);

#endif
