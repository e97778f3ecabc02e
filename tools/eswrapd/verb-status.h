/* SPDX-License-Identifier: MIT */
/* What `status` replies. */
#ifndef ESWRAPD_VERB_STATUS_H
#define ESWRAPD_VERB_STATUS_H

#include <glib.h>

#include "config/settings.h"
#include "eswrapd/verbs.h"

struct accounts;
struct counts;
struct tallies;
struct datagrams;
struct name_streams;
struct eswifi_module;
struct flows;
struct sched;

/**
 * struct status_parts - whom the answer comes from
 * @warnings:	char *, of the configuration
 */
struct status_parts {
	const struct settings *settings;
	GPtrArray *warnings;
	struct eswifi_module *module;
	struct sched *sched;
	struct flows *flows;
	struct datagrams *datagrams;
	struct name_streams *name_streams;
	struct accounts *accounts;
	struct tallies *tallies;
	struct counts *counts;
};

/*
 * verb_status() - @user is a struct status_parts
 *
 * Reply, all in one: version, state, why (s); free-sockets, waiting (u); flows (aa{sv}, see
 * flow_summary_add()), users (aa{sv}, see account_list()): for who does not administer, his own. For
 * who does, also config, device, ssid, product, firmware, name, mac, address (s); baud, pid (u); the
 * driver's counters (t); opened, failed, direct (a{st}, see tally.h); warnings (as).
 */
void verb_status(struct call *call, const struct caller *caller, GVariant *arguments,
		 gpointer user);

#endif
