/* SPDX-License-Identifier: MIT */
/*
 * What flows of both kinds stand on in a unit test: settings, accounts, a scheduler on the line of
 * fake-line.h, timers by its clock, and a log that is heard.
 */
#ifndef TESTS_PARTS_RIG_H
#define TESTS_PARTS_RIG_H

#include "config/settings.h"
#include "eswifi/eswifi.h"
#include "eswrapd/place.h"
#include "unit/fake-line.h"

#define CONNECT_TIMEOUT_S    20
#define HALF_CLOSE_TIMEOUT_S 60

extern struct settings settings;
extern struct eswifi_identity identity;
extern struct flow_parts parts;
/* All that the log was told. */
extern GString *told;

/* parts_rig_setup() - everybody may have @limit of each thing that is counted */
void parts_rig_setup(guint limit);
void parts_rig_teardown(void);

/* settle() - what the main loop does about what the program has done */
void settle(void);
/* pass() - time passes, us */
void pass(gint64 us);

#endif
