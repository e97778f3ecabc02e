/* SPDX-License-Identifier: MIT */
/* Programs' questions, and what is said to them: the verdicts of wire.h. */
#ifndef ESWRAPD_REQUEST_H
#define ESWRAPD_REQUEST_H

#include <glib.h>

#include "config/settings.h"

struct accounts;
struct client;
struct counts;
struct datagrams;
struct eswifi_identity;
struct flows;
struct lookups;
struct name_streams;
struct names;
struct presence;
struct requests;
struct sched;
struct tallies;

/**
 * struct request_parts - who is asked for the answers; all outlive it
 * @name_streams:	NULL: name servers are not the broker's business
 * @counts:	NULL: nobody counts by himself
 * @presence:	a private broker's; NULL: the system's, which no launcher needs to hold
 */
struct request_parts {
	const struct settings *settings;
	const struct eswifi_identity *identity;
	struct sched *sched;
	struct accounts *accounts;
	struct tallies *tallies;
	struct counts *counts;
	struct names *names;
	struct lookups *lookups;
	struct flows *flows;
	struct datagrams *datagrams;
	struct name_streams *name_streams;
	struct presence *presence;
};

/**
 * struct request_ops - what is somebody else's
 * @administer:	an administrator's request: @size bytes behind its header; @client waits for an answer
 */
struct request_ops {
	void (*administer)(struct client *client, const guint8 *data, gsize size, gpointer user);
};

struct requests *requests_new(const struct request_parts *parts, const struct request_ops *ops,
			      gpointer user);
void requests_free(struct requests *requests);

/* request_crowded(), request_asked() - the control socket's ops; @user is the struct requests */
void request_crowded(struct client *client, gpointer user);
void request_asked(struct client *client, const guint8 *packet, gsize size, gpointer user);

#endif
