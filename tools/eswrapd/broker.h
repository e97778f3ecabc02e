/* SPDX-License-Identifier: MIT */
/*
 * The broker: one of these in a process, made by main.c.
 */
#ifndef ESWRAPD_BROKER_H
#define ESWRAPD_BROKER_H

#include <glib.h>
#include <stdbool.h>

#include "eswifi/eswifi.h"
#include "config/settings.h"

struct control;
struct credential_desk;
struct datagrams;
struct flows;
struct lookups;
struct names;
struct poller;
struct sched;

/**
 * struct broker - what the parts share
 * @settings:	never changes after start
 * @warnings:	char *, what settings_load() warned of
 * @why:	the driver's last word on its state
 * @private:	started by the launcher for one user; leaves with its last client
 * @leaving:	to be set, and main's loop quit, by broker_leave() only
 */
struct broker {
	struct settings *settings;
	GPtrArray *warnings;
	struct eswifi_module *module;
	char *why;
	struct poller *poller;
	struct sched *sched;
	struct names *names;
	struct lookups *lookups;
	struct flows *flows;
	struct datagrams *datagrams;
	struct credential_desk *credentials;
	struct control *control;
	GMainLoop *loop;
	bool private, leaving;
	guint grace; /* GSource id of the wait before leaving */
};

/**
 * broker_new() - all parts, with the module not started and no control socket
 * @settings:	taken over
 * @warnings:	taken over
 * @private:	see struct broker
 *
 * Return: the broker, or NULL with @error set.
 */
struct broker *broker_new(struct settings *settings, GPtrArray *warnings, bool private,
			  GError **error);
void broker_free(struct broker *broker);

/* broker_check_idle() - a holder or a flow has gone: does a private broker leave? */
void broker_check_idle(struct broker *broker);

#endif
