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

/* verb_module_ping() - module-ping; @user as above. Arguments: address s. Reply: lines s */
void verb_module_ping(struct call *call, const struct caller *caller, GVariant *arguments,
		      gpointer user);
/* verb_module_time() - module-time; @user as above. Reply: lines s, what GT says */
void verb_module_time(struct call *call, const struct caller *caller, GVariant *arguments,
		      gpointer user);
/* verb_wifi_scan() - wifi-scan; @user as above. Reply: lines s, the module's own */
void verb_wifi_scan(struct call *call, const struct caller *caller, GVariant *arguments,
		    gpointer user);
/* verb_wifi_leave() - wifi-leave; @user as above. All connections are lost */
void verb_wifi_leave(struct call *call, const struct caller *caller, GVariant *arguments,
		     gpointer user);
/* verb_wifi_join() - wifi-join; @user as above */
void verb_wifi_join(struct call *call, const struct caller *caller, GVariant *arguments,
		    gpointer user);

/* verb_module_reset() - module-reset; @user is the struct module_verbs. All connections are lost */
void verb_module_reset(struct call *call, const struct caller *caller, GVariant *arguments,
		       gpointer user);

#endif
