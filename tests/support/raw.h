/* SPDX-License-Identifier: MIT */
/*
 * A client of the broker's control socket in raw packets, without the shim, and servers of the
 * test's own. Whatever goes wrong fails the running Check test.
 */
#ifndef TESTS_RAW_H
#define TESTS_RAW_H

#include <glib.h>

#include "wire/name.h"
#include "support/harness.h"

/* raw_await() - wait until poll() reports one of @events, with the harness's deadline */
void raw_await(int fd, short events);

/* A route for raw_broker(): all of loopback, as TCP. */
#define RAW_LOCAL_TCP "[route local]\naddress = 127.0.0.0/8\nthrough = tcp\n"

/* raw_broker() - a broker with a state-dir; @rest may go on with keys of [broker] */
const char *raw_broker(struct harness *h, const char *rest);
/* raw_module_and_broker() - a module that knows a.example as loopback, too; Return: a raw_listener() */
int raw_module_and_broker(struct harness *h, const char *rest, guint16 *port);

/* raw_connect() - a new connection to h->socket */
int raw_connect(struct harness *h);
/* raw_reply() - wait for the reply; Return: the descriptor that came with it, or -1 */
int raw_reply(int control, struct eswrap_reply *reply);
/* raw_ask() - a question on a connection of its own; Return: as raw_reply() */
int raw_ask(struct harness *h, const struct eswrap_request *request, struct eswrap_reply *reply);

/* raw_endpoint() - from an address in text, of either family */
struct eswrap_endpoint raw_endpoint(const char *address, guint16 port);
/* raw_request() - a request of program "test" */
struct eswrap_request raw_request(int type, struct eswrap_endpoint dest);
/* raw_flow() - ESWRAP_CONNECT; Return: the program's end, or -1 */
int raw_flow(struct harness *h, const char *address, guint16 port, struct eswrap_reply *reply);
/* raw_resolve() - ESWRAP_RESOLVE */
void raw_resolve(struct harness *h, const char *name, struct eswrap_reply *reply);
/* raw_refused() - claim that it was refused, with this error */
void raw_refused(const struct eswrap_reply *reply, int error);

/* raw_outcome() - wait for the end of a flow's connect; Return: what the outcome's name says */
struct eswrap_name raw_outcome(int fd);
/* raw_connected() - a flow to a loopback port, connected */
int raw_connected(struct harness *h, guint16 port);

/* raw_listener(), raw_udp() - a server socket on a free loopback port */
int raw_listener(guint16 *port);
int raw_udp(guint16 *port);
int raw_accept(int server);

/* raw_put(), raw_expect() - text that must go at once, and come */
void raw_put(int fd, const char *text);
void raw_expect(int fd, const char *text);
/* raw_get() - exactly so many bytes */
void raw_get(int fd, void *to, size_t size);
/* raw_end() - the end of a stream must come now; Return: 0 for an end of file, or the errno */
int raw_end(int fd);

#endif
