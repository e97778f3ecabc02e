/* SPDX-License-Identifier: MIT */
/*
 * Servers and clients for the soaks.
 *
 * DOC: Theory of Operation
 *
 * A soak has flows, each with a server of its own, so that a server knows from its port which flow
 * it is. A server sends its payload in pieces of all kinds, checks every byte that it gets, and
 * writes down in shared memory what it saw. soak-client does the same at the other end.
 */
#ifndef SOAK_SOAK_H
#define SOAK_SOAK_H

#include <glib.h>
#include <stdbool.h>

#include "support/harness.h"

#define SOAK_HOST "soak.example"

/**
 * struct soak_flow - one flow, and what its server saw
 * @number:	stands in its payload
 * @up, @down:	bytes
 * @echo:	what comes back is what was sent; @down is @up
 * @tls:	the module ends TLS
 * @patient:	the server sends only when it has received everything
 * @port:	of the server
 * @received, @sent:	bytes at the server
 * @wrong:	place of the first wrong byte there, or -1
 */
struct soak_flow {
	guint number;
	guint64 up, down;
	bool echo, tls, patient;
	guint64 seed;
	guint16 port;
	guint64 received, sent;
	gint64 wrong;
};

/**
 * struct soak_outcome - what soak-client said of a flow
 * @end:	"eof", "stuck", "extra", "wrong", the name of an errno, or "connect-" and one
 */
struct soak_outcome {
	guint64 sent, received;
	gint64 wrong;
	char end[32];
};

/* soak_flows() - zeroed flows in shared memory */
struct soak_flow *soak_flows(guint count);
/* soak_serve() - start the flow's server, which is ready for any number of connections */
void soak_serve(struct harness *h, struct soak_flow *flow);
/* soak_routes() - the configuration that sends the flows through the module */
const char *soak_routes(struct harness *h, const struct soak_flow *flows, guint count);

/**
 * soak_run() - run soak-client with some flows
 * @patience:	s without a byte after which it gives up
 * @seconds:	s after which the test fails
 * @outcomes:	@count of them, filled in
 */
void soak_run(struct harness *h, struct soak_flow *const *flows, guint count, guint patience,
	      guint seconds, struct soak_outcome *outcomes);

#endif
