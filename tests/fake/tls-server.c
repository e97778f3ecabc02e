// SPDX-License-Identifier: MIT
#include "fake/tls-server.h"
#include "fake/harness.h"

#include <signal.h>

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void say_who(SSL *ssl)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	X509 *client = SSL_get1_peer_certificate(ssl);
	char subject[256] = "-", line[600];

	if (client)
		X509_NAME_get_text_by_NID(X509_get_subject_name(client), NID_commonName, subject,
					  sizeof(subject));
	X509_free(client);
	snprintf(line, sizeof(line), "version=%s name=%s client=%s\n", SSL_get_version(ssl),
		 name ? name : "-", subject);
	SSL_write(ssl, line, strlen(line));
}

static void serve_one(SSL_CTX *context, int fd)
{
	SSL *ssl = SSL_new(context);
	char data[4096];
	int n;

	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1) {
		say_who(ssl);
		while ((n = SSL_read(ssl, data, sizeof(data))) > 0)
			SSL_write(ssl, data, n);
		SSL_shutdown(ssl);
	}
	ERR_clear_error();
	SSL_free(ssl);
	close(fd);
}

static void *serve(void *data)
{
	struct tls_server *server = data;
	int fd;

	while ((fd = accept(server->listen_fd, NULL, NULL)) >= 0)
		serve_one(server->context, fd);
	return NULL;
}

struct tls_server *tls_server_start(const struct identity *identity,
				    const struct identity *client_ca, int version)
{
	struct tls_server *server = g_new0(struct tls_server, 1);

	/* A module that goes while it is written to is no fault of the test. */
	signal(SIGPIPE, SIG_IGN);
	server->context = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate(server->context, identity->certificate);
	SSL_CTX_use_PrivateKey(server->context, identity->key);
	SSL_CTX_set_min_proto_version(server->context, version ? version : TLS1_2_VERSION);
	SSL_CTX_set_max_proto_version(server->context, version);
	if (client_ca) {
		X509_STORE_add_cert(SSL_CTX_get_cert_store(server->context),
				    client_ca->certificate);
		SSL_CTX_set_verify(server->context,
				   SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	}
	server->listen_fd = peer_listen(&server->port);
	server->thread = g_thread_new("tls-server", serve, server);
	return server;
}

void tls_server_stop(struct tls_server *server)
{
	shutdown(server->listen_fd, SHUT_RDWR);
	g_thread_join(server->thread);
	close(server->listen_fd);
	SSL_CTX_free(server->context);
	g_free(server);
}
