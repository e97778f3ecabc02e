/* SPDX-License-Identifier: MIT */
/* Who looks at what is said on the line while it is said. */
#ifndef ESWRAPD_VERB_TRACE_H
#define ESWRAPD_VERB_TRACE_H

#include <glib.h>

#include "eswrapd/verbs.h"

struct eswifi_module;
struct timers;
struct traces;

/* traces_new() - nobody looks; both outlive it */
struct traces *traces_new(struct eswifi_module *module, struct timers *timers);
/* traces_free() - who looks is told that the broker is leaving */
void traces_free(struct traces *traces);

/*
 * verb_trace() - trace; @user is the struct traces
 *
 * Arguments: data b (the programs' bytes, too). Goes on until who has asked goes. Progress replies:
 * kind, text (s), time (x, us since 1970), size (u), hidden, failed (b); with data b also data (ay);
 * of a socket's events also socket, protocol (u), local-port, port (q), address, local (s). Where
 * who has asked was slow, the next reply has missed (t): how many were left out. Every minute comes
 * one without a kind.
 */
void verb_trace(struct call *call, const struct caller *caller, GVariant *arguments, gpointer user);

#endif
