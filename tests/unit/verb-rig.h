/* SPDX-License-Identifier: MIT */
/* Verbs without a control socket: who asks them is the test, which reads the replies. */
#ifndef TESTS_VERB_RIG_H
#define TESTS_VERB_RIG_H

#include "eswrapd/verbs.h"
#include "unit/fake-client.h"

/* The administrator who asks, in every test. */
#define ADMINISTRATOR 1002

/* verb_ask() - @client, which the test clears, asks @handler; @arguments: a{sv}, taken over; NULL: none */
void verb_ask(struct client *client, verb_handler handler, gpointer user, GVariant *arguments);

/* verb_reply() - Return: the latest reply, to be freed */
GVariant *verb_reply(const struct client *client);

/* It has ended well. */
void ck_ends_well(const struct client *client);
/* It has failed with eswrapctl's exit status @status, in a sentence that has @text in it. */
void ck_fails(const struct client *client, int status, const char *text);
/* The latest reply says @text of @key. */
void ck_says(const struct client *client, const char *key, const char *text);

#endif
