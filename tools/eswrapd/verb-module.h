/* SPDX-License-Identifier: MIT */
/* What an administrator asks of the module itself. */
#ifndef ESWRAPD_VERB_MODULE_H
#define ESWRAPD_VERB_MODULE_H

#include <glib.h>

#include "eswrapd/verbs.h"

struct eswifi_module;
struct module_verbs;
struct sched;
struct timers;

/* module_verbs_new() - nothing is under way; all three outlive it */
struct module_verbs *module_verbs_new(struct sched *sched, struct eswifi_module *module,
				      struct timers *timers);
/* module_verbs_free() - who waits is told that the broker is leaving */
void module_verbs_free(struct module_verbs *verbs);

/*
 * verb_module_resolve() - module-resolve; @user is the struct module_verbs
 *
 * Arguments: name s. Reply: address s (what the module found), milliseconds u (what it took on the
 * line).
 */
void verb_module_resolve(struct call *call, const struct caller *caller, GVariant *arguments,
			 gpointer user);

/*
 * verb_module_probe() - module-probe; @user is the struct module_verbs
 *
 * Progress: begun b. Reply: report s (see libeswifi(3)), whole b (false: it ends at a question that
 * was not answered as it should be).
 */
void verb_module_probe(struct call *call, const struct caller *caller, GVariant *arguments,
		       gpointer user);

/* verb_module_reset() - module-reset; @user is the struct module_verbs. All connections are lost */
void verb_module_reset(struct call *call, const struct caller *caller, GVariant *arguments,
		       gpointer user);

#endif
