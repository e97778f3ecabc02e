/* SPDX-License-Identifier: MIT */
/* Whoever operates a gateway, at a shell: what test-operate and test-doctor share. */
#ifndef TESTS_OPERATOR_H
#define TESTS_OPERATOR_H

#include "support/harness.h"

/* Of the case under way, from operator_setup() to operator_teardown(). */
extern struct harness *h;

void operator_setup(void);
void operator_teardown(void);

/* operator_start() - a module and a broker with a route for *.example */
void operator_start(void);
/* shell() - a line for sh; $ctl is eswrapctl, and ESWRAP_SOCKET the latest broker's */
const struct result *shell(const char *line);
/* await_ready() - until the module is */
void await_ready(void);
/* put_config() - gate.conf, a configuration with this device */
void put_config(const char *device);
/* expect_remedy() - the line ends with status 1, and says what is wrong and what to do */
void expect_remedy(const char *line, const char *text, const char *remedy);

/* operator_unit - gate.service's files, as systemctl cat shows them */
extern const char operator_unit[];
/* put_systemctl() - a systemctl that knows gate.service: its files, and its properties */
void put_systemctl(const char *unit, const char *properties);

#endif
