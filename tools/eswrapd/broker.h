/* SPDX-License-Identifier: MIT */
/*
 * The broker: all its parts, put together. One in a process, made by main.c.
 */
#ifndef ESWRAPD_BROKER_H
#define ESWRAPD_BROKER_H

#include <glib.h>
#include <stdbool.h>

#include "config/settings.h"

struct broker;

/**
 * broker_new() - all parts, with the module not started and no control socket
 * @settings:	taken over
 * @warnings:	char *, what settings_load() warned of; taken over
 * @private:	started by a launcher for one user; leaves when nobody needs it any more
 *
 * Return: the broker, or NULL with @error set.
 */
struct broker *broker_new(struct settings *settings, GPtrArray *warnings, bool private,
			  GError **error);
void broker_free(struct broker *broker);

/**
 * broker_serve() - start the module, answer on a control socket and publish the policy beside it
 * @fd:		listening; taken over
 *
 * A port that cannot be opened now is the module's state, and tried again.
 */
void broker_serve(struct broker *broker, int fd);

/**
 * broker_port_trouble() - is the port one that waiting does not mend?
 * @wait_ms:	for the first attempt to open it
 *
 * Another has it, it may not be opened, or it is no port. The system's broker waits nevertheless,
 * and status says it; who starts a private one wants to be told at once.
 *
 * Return: the reason; NULL where it is open, or only not there yet
 */
const char *broker_port_trouble(struct broker *broker, guint wait_ms);

/**
 * broker_reload() - read the configuration again
 * @restart:	gets what differs and takes effect with a restart only (char *)
 *
 * Routes, credentials groups and time-outs are the new ones from now on; what is connected stays.
 *
 * Return: false with @error set; all is as it was then. So always in a private broker.
 */
bool broker_reload(struct broker *broker, GPtrArray *restart, GError **error);

/* broker_run() - until broker_quit(), or until nobody needs a private one any more */
void broker_run(struct broker *broker);
void broker_quit(struct broker *broker);

#endif
