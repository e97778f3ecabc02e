/* SPDX-License-Identifier: MIT */
/*
 * The broker as a name server, for programs that resolve names by themselves.
 *
 * DOC: Theory of operation
 *
 * What a program sends to port 53, of whichever address, by datagram (datagram.c) or by stream
 * (name-stream.c), comes here instead. The name is looked up as ESWRAP_RESOLVE would; what is then
 * said, to a question of class IN:
 *
 *	flagged		A: the stand-in. AAAA, HTTPS, SVCB and all others: no record, so that nobody tries
 *			IPv6 beside it, or believes in what a flagged name has no use for
 *	refused		NXDOMAIN, which is final for all resolvers; others wait and ask again after REFUSED
 *			or SERVFAIL
 *	unknown		NXDOMAIN
 *	no answer	SERVFAIL
 *	PTR		the name of a stand-in, else as ESWRAP_REVERSE
 *	direct		the question goes to the server that the program has chosen, as it came; where that
 *			cannot be, NXDOMAIN
 *
 * Resolvers give up after 5 s. A look-up that has taken ANSWER_MS is therefore answered with the
 * stand-in: the connect that follows looks the name up itself, and has the error.
 *
 * Resolvers put domains behind names that were not found, and so behind flagged ones. Such a name is
 * direct by the routes, and would carry the flagged one to a stranger: so it does not exist.
 */
#ifndef ESWRAPD_DNS_H
#define ESWRAPD_DNS_H

#include <glib.h>
#include <stdbool.h>

#include "eswrapd/resolve.h"

struct responder;
struct timers;

/* responder_new() - @resolv_conf: path; all else outlives it */
struct responder *responder_new(const struct resolve_parts *parts, struct timers *timers,
				const char *resolv_conf);
void responder_free(struct responder *responder);

/**
 * struct dns_asker - one who asks one name server; part of its owner's struct
 * @route:	of -r; "": none
 * @answer:	called with each answer, @size bytes, from within responder_ask() or later
 * @asking:	private
 */
struct dns_asker {
	struct responder *responder;
	struct asker asker;
	const char *route;
	bool can_forward;
	void (*answer)(struct dns_asker *asker, const guint8 *answer, gsize size);
	GQueue asking;
};

/**
 * responder_ask() - a question, or what claims to be one
 *
 * Return: false: it is direct, and to be forwarded as it is; never where @can_forward is false.
 */
bool responder_ask(struct dns_asker *asker, const guint8 *packet, gsize size);

/* responder_failed() - a question could not be forwarded, or its server is not there: say so */
void responder_failed(struct dns_asker *asker, const guint8 *packet, gsize size);

/* responder_forget() - no answer comes any more */
void responder_forget(struct dns_asker *asker);

#endif
