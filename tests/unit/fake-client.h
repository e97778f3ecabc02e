/* SPDX-License-Identifier: MIT */
/*
 * Clients without a control socket: control.h's client_*() functions for a test that asks as one, and
 * sees what it is told. A program that is linked with this has no control.c.
 */
#ifndef TESTS_FAKE_CLIENT_H
#define TESTS_FAKE_CLIENT_H

#include "eswrap/wire.h"
#include "eswrapd/control.h"

/**
 * struct client - one, as the test sees it
 * @who, @group:	to be set before it asks
 * @descriptor:	comes with its question; -1: none
 * @reply, @fd:	the answer to a program's question; @fd is the test's to close
 * @answered:	it has been answered or finished, and is over
 * @waiting, @holding:	what became of it otherwise
 * @packets:	GBytes: what client_send() has sent
 * @backlog:	what client_backlog() says; the test's to set
 */
struct client {
	struct ucred who;
	gid_t group;
	int descriptor;
	struct eswrap_reply reply;
	int fd;
	bool answered, waiting, holding;
	client_gone gone;
	gpointer user;
	GPtrArray *packets;
	int backlog;
};

/* fake_client_init() - one that has asked nothing yet */
void fake_client_init(struct client *client, uid_t uid, pid_t pid);
/* fake_client_hang_up() - it closes, whatever it waits for */
void fake_client_hang_up(struct client *client);
/* fake_client_clear() - hang up, and free what was sent */
void fake_client_clear(struct client *client);

#endif
