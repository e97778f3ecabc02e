/* SPDX-License-Identifier: MIT */
/*
 * What the broker would answer DIRECT to, written down where the shim can read it for itself.
 */
#ifndef ESWRAPD_POLICY_H
#define ESWRAPD_POLICY_H

#include "eswrap/wire.h"
#include "config/settings.h"

struct counts;

/**
 * policy_compile() - the policy that a configuration comes to
 * @settings:	the configuration
 * @counts:	gives the routes their numbers; NULL: all are 0
 * @policy:	cleared and filled in, but for pid
 *
 * The rules say less than the routes and never anything else: where the answer depends on who asks,
 * or where there are more rules than fit, they say "ask".
 */
void policy_compile(const struct settings *settings, struct counts *counts,
		    struct eswrap_policy *policy);

struct policy_file;

/**
 * policy_publish() - put the policy beside the control socket
 * @settings, @counts:	as policy_compile() has them
 * @listening:	the control socket's descriptor; its name says where
 * @door:	from control_open_door()
 *
 * Return: to be given to policy_withdraw(); NULL, with a warning logged, where the file cannot be
 * written: then everything is asked.
 */
struct policy_file *policy_publish(const struct settings *settings, struct counts *counts,
				   int listening, const char *door);

/* policy_is_in_use() - is there a process that maps it? Each that is wrapped does, while it lives */
bool policy_is_in_use(const struct policy_file *file);

/* policy_forget() - another is about to be published in its place, which takes this one back */
void policy_forget(struct policy_file *file);

/* policy_withdraw() - the policy counts no more, also for those who have mapped it */
void policy_withdraw(struct policy_file *file);

#endif
