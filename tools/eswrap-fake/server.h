/* SPDX-License-Identifier: MIT */
/* Servers of the module, and the end of everything that is open. */
#ifndef FAKE_SERVER_H
#define FAKE_SERVER_H

#include "eswrap-fake/module.h"

/* server_start() - P5=1 on the selected socket. Return: 0, or a negative errno */
int server_start(struct module *module, bool accept_loop);
/* server_stop() - P5=0: a server ends with its client, and so does a client without a server */
void server_stop(struct module *module, struct socket *sock);
/* server_next() - let the client go and wait for the next one */
void server_next(struct module *module, struct socket *sock);

/* module_disconnect() - every connection and server ends */
void module_disconnect(struct module *module);
/* module_break() - the same, and nobody gets to say goodbye */
void module_break(struct module *module, enum ending ending);

#endif
