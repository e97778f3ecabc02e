/* SPDX-License-Identifier: MIT */
/* nginx, with a certificate of its own and a demand for the client's. */
#ifndef TESTS_NGINX_H
#define TESTS_NGINX_H

#include "support/harness.h"

/**
 * struct nginx - a running nginx
 * @tls:	port that speaks TLS and requires a client certificate that ca.pem has signed
 * @plain:	port that speaks plain HTTP
 * @www:	directory that both serve, and where PUT writes to
 * @log:	a line for each request: number of the connection, number of the request on it,
 *		method, path, status
 * @process:	the process
 *
 * /subject answers with the client certificate's subject.
 */
struct nginx {
	guint16 tls, plain;
	const char *www, *log;
	struct process *process;
};

/* nginx_start() - start it and wait until it listens */
struct nginx nginx_start(struct harness *h);

#endif
