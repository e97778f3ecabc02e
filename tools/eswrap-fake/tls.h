/* SPDX-License-Identifier: MIT */
/* TLS as the product note describes it, by OpenSSL. */
#ifndef FAKE_TLS_H
#define FAKE_TLS_H

#include "eswrap-fake/flash.h"
#include "eswrap-fake/loop.h"
#include "eswrap-fake/trace.h"

#include <stdbool.h>
#include <sys/types.h>

enum verify { VERIFY_NONE, VERIFY_OPTIONAL, VERIFY_REQUIRED }; /* values of P9 [product note] */

/* What a handshake failed at. */
enum tls_failure {
	TLS_NO_CONNECTION, /* there was no connection to have one on */
	TLS_ROOT,	   /* the root CA of the set cannot be used */
	TLS_IDENTITY,	   /* its certificate or key cannot */
	TLS_MISSING,	   /* there is none */
	TLS_HANDSHAKE,
};

struct tls;

/**
 * struct tls_setup - what a connection is made with
 * @items:	the active set
 * @verify:	P9
 * @report_only: PB: a server that does not pass is reported, and the connection goes on
 * @name:	what D0 was given, "" when that was an address
 * @sni:	@name is sent to the server
 * @address:	the server's address
 * @check_names: the certificate must carry @name, or @address where there is no name
 * @check_dates: a certificate must be valid today
 * @tls13:	offer TLS 1.3 too
 * @pem_any:	PEM need not end with a NUL
 * @der:	items may be in DER
 * @trace:	told of a server that does not pass
 */
struct tls_setup {
	GBytes *const *items;
	enum verify verify;
	const char *name;
	struct in_addr address;
	bool report_only, sni, check_names, check_dates, tls13, pem_any, der;
	struct trace *trace;
};

/**
 * tls_connect() - do the handshake as a client
 * @fd:		connected, non-blocking; stays the caller's
 * @deadline:	give up then, ns
 * @failure, @why: on failure, what failed and the reason in words; a string of g_strdup()
 *
 * Return: the connection, or NULL. Free with tls_free().
 */
struct tls *tls_connect(struct loop *loop, int fd, const struct tls_setup *setup, int64_t deadline,
			enum tls_failure *failure, char **why);

/* tls_abandon() - free without a word */
void tls_abandon(struct tls *tls);

/* tls_free() - say goodbye, if the line takes it, and free */
void tls_free(struct tls *tls);

/**
 * tls_read(), tls_write() - move bytes without waiting
 * @events:	with -EAGAIN: what to poll the descriptor for
 *
 * A write that began must be repeated with the same bytes.
 *
 * Return: bytes moved, 0: the other side has ended, -EAGAIN, -EPIPE: the connection is broken.
 */
ssize_t tls_read(struct tls *tls, uint8_t *data, size_t size, short *events);
ssize_t tls_write(struct tls *tls, const uint8_t *data, size_t size, short *events);

#endif
