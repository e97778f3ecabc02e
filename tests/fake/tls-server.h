/* SPDX-License-Identifier: MIT */
/* A real TLS server on a loopback port, in a thread of the test. */
#ifndef TESTS_FAKE_TLS_SERVER_H
#define TESTS_FAKE_TLS_SERVER_H

#include "support/identity.h"

#include <openssl/ssl.h>
#include <stdint.h>

/**
 * struct tls_server - one server; it serves one connection after another
 * @port:	where it listens
 */
struct tls_server {
	uint16_t port;
	int listen_fd;
	GThread *thread;
	SSL_CTX *context;
};

/**
 * tls_server_start() - listen
 * @identity:	its certificate and key
 * @client_ca:	a client must have a certificate that this one has issued; NULL: it needs none
 * @version:	the only version of TLS it speaks; 0: 1.2 and later
 *
 * To every client whose handshake succeeds it sends one line,
 * "version=TLSv1.2 name=SNI client=SUBJECT\n" with "-" for what there is not, and then every byte
 * back that comes.
 */
struct tls_server *tls_server_start(const struct identity *identity,
				    const struct identity *client_ca, int version);
void tls_server_stop(struct tls_server *server);

#endif
