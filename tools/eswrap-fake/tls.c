// SPDX-License-Identifier: MIT
/* TLS of the module's sockets, by OpenSSL. */
#include "eswrap-fake/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct tls {
	SSL *ssl;
};

/*
 * The parser in the firmware is mbedTLS's: text in PEM ends with a NUL that counts, or it is none,
 * and is then looked at as DER.
 */
static bool may_be_pem(GBytes *item, const struct tls_setup *setup)
{
	gsize size;
	const char *data = g_bytes_get_data(item, &size);

	return setup->pem_any || (size && !data[size - 1]);
}

static BIO *open_item(GBytes *item)
{
	gsize size;
	const void *data = g_bytes_get_data(item, &size);

	return BIO_new_mem_buf(data, size);
}

/* Every certificate of an item: a PEM bundle, or one in DER. NULL when there is none. */
static STACK_OF(X509) * read_certificates(GBytes *item, const struct tls_setup *setup)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	BIO *bio = open_item(item);
	X509 *one;

	while (may_be_pem(item, setup) && (one = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
		sk_X509_push(all, one);
	if (!sk_X509_num(all) && setup->der) {
		(void)BIO_reset(bio);
		one = d2i_X509_bio(bio, NULL);
		if (one)
			sk_X509_push(all, one);
	}
	BIO_free(bio);
	ERR_clear_error();
	if (sk_X509_num(all))
		return all;
	sk_X509_free(all);
	return NULL;
}

/* A module cannot ask for a passphrase. */
static int no_passphrase(char *buffer G_GNUC_UNUSED, int size G_GNUC_UNUSED,
			 int writing G_GNUC_UNUSED, void *user G_GNUC_UNUSED)
{
	return 0;
}

static EVP_PKEY *read_key(GBytes *item, const struct tls_setup *setup)
{
	BIO *bio = open_item(item);
	EVP_PKEY *key = NULL;

	if (may_be_pem(item, setup))
		key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	if (!key && setup->der) {
		(void)BIO_reset(bio);
		key = d2i_PrivateKey_bio(bio, NULL);
	}
	BIO_free(bio);
	ERR_clear_error();
	return key;
}

/* Roots that were refused, the server's name, ...: reported, and the handshake goes on. */
static int pass_whatever_it_is(int ok G_GNUC_UNUSED, X509_STORE_CTX *store G_GNUC_UNUSED)
{
	return 1;
}

static const char *use_root(SSL_CTX *context, const struct tls_setup *setup)
{
	STACK_OF(X509) *roots = read_certificates(setup->items[ITEM_CA], setup);
	X509_STORE *store = SSL_CTX_get_cert_store(context);
	int i;

	if (!roots)
		return "the root CA of the set is not a certificate";
	for (i = 0; i < sk_X509_num(roots); i++)
		X509_STORE_add_cert(store, sk_X509_value(roots, i));
	sk_X509_pop_free(roots, X509_free);
	/* Whatever is in the set is trusted, an intermediate too. */
	X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN |
					    (setup->check_dates ? 0 : X509_V_FLAG_NO_CHECK_TIME));
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER,
			   setup->report_only ? pass_whatever_it_is : NULL);
	return NULL;
}

static const char *use_certificate(SSL_CTX *context, const struct tls_setup *setup)
{
	STACK_OF(X509) *chain = read_certificates(setup->items[ITEM_CERTIFICATE], setup);
	EVP_PKEY *key = read_key(setup->items[ITEM_KEY], setup);
	const char *why = NULL;
	int i;

	if (!chain)
		why = "the certificate of the set is not a certificate";
	else if (!key)
		why = "the key of the set is not a private key";
	else if (!SSL_CTX_use_certificate(context, sk_X509_value(chain, 0)))
		why = "the certificate of the set cannot be used";
	else if (!SSL_CTX_use_PrivateKey(context, key) || !SSL_CTX_check_private_key(context))
		why = "the key of the set does not fit its certificate";
	for (i = 1; !why && i < sk_X509_num(chain); i++)
		SSL_CTX_add1_chain_cert(context, sk_X509_value(chain, i));
	sk_X509_pop_free(chain, X509_free);
	EVP_PKEY_free(key);
	return why;
}

static const char *use_all(SSL_CTX *context, const struct tls_setup *setup,
			   enum tls_failure *failure)
{
	GBytes *const *items = setup->items;
	const char *why;

	*failure = TLS_MISSING;
	if (!items[ITEM_CA])
		return "the active set has no root CA";
	if (!items[ITEM_CERTIFICATE])
		return "the active set has no certificate";
	if (!items[ITEM_KEY])
		return "the active set has no key";
	*failure = TLS_ROOT;
	why = use_root(context, setup);
	if (why)
		return why;
	*failure = TLS_IDENTITY;
	return use_certificate(context, setup);
}

static const char *use_set(SSL_CTX *context, const struct tls_setup *setup,
			   enum tls_failure *failure)
{
	SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
	switch (setup->verify) {
	case VERIFY_NONE:
		return NULL;
	case VERIFY_OPTIONAL:
		*failure = TLS_ROOT;
		return setup->items[ITEM_CA] ? use_root(context, setup) : NULL;
	case VERIFY_REQUIRED:
		return use_all(context, setup, failure);
	}
	return NULL;
}

/*
 * What TLS 1.2 of the firmware has [texts of C6.2]: AES in CBC, GCM and CCM, RSA and ECDHE on NIST's
 * curves. OpenSSL has no secp192 and secp224 by default.
 */
static void limit_ciphers(SSL_CTX *context)
{
	SSL_CTX_set_cipher_list(context, "ECDHE+AES:kRSA+AES");
	SSL_CTX_set1_groups_list(context, "P-384:P-256");
}

static SSL_CTX *new_context(const struct tls_setup *setup, enum tls_failure *failure, char **why)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	const char *wrong;

	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_max_proto_version(context, setup->tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
	if (!setup->tls13)
		limit_ciphers(context);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					  SSL_MODE_RELEASE_BUFFERS);
	/* One system call for a record, not two. */
	SSL_CTX_set_read_ahead(context, 1);
	wrong = use_set(context, setup, failure);
	if (!wrong)
		return context;
	*why = g_strdup(wrong);
	SSL_CTX_free(context);
	ERR_clear_error();
	return NULL;
}

static void set_names(SSL *ssl, const struct tls_setup *setup)
{
	char address[INET_ADDRSTRLEN];

	if (*setup->name && setup->sni)
		SSL_set_tlsext_host_name(ssl, setup->name);
	if (!setup->check_names)
		return;
	if (*setup->name) {
		SSL_set1_host(ssl, setup->name);
	} else {
		inet_ntop(AF_INET, &setup->address, address, sizeof(address));
		X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), address);
	}
}

static char *describe_failure(SSL *ssl, int error)
{
	unsigned long code = ERR_peek_last_error();
	const char *words = NULL;

	if (SSL_get_verify_result(ssl) != X509_V_OK)
		words = X509_verify_cert_error_string(SSL_get_verify_result(ssl));
	else if (code)
		words = ERR_reason_error_string(code);
	else if (error == SSL_ERROR_SYSCALL && errno)
		words = g_strerror(errno);
	return g_strdup_printf("TLS: %s", words ? words : "the server closed the connection");
}

/* What an unfinished call waits for. */
static short events_of(int error)
{
	return error == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN;
}

static bool handshake(struct loop *loop, SSL *ssl, int64_t deadline, char **why)
{
	struct pollfd poll_fd = { .fd = SSL_get_fd(ssl) };
	int r, error;

	for (;;) {
		ERR_clear_error();
		errno = 0;
		r = SSL_connect(ssl);
		if (r == 1)
			return true;
		error = SSL_get_error(ssl, r);
		if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
			*why = describe_failure(ssl, error);
			return false;
		}
		poll_fd.events = events_of(error);
		r = loop_wait(loop, &poll_fd, 1, deadline);
		if (r <= 0) {
			*why = g_strdup("TLS: the handshake timed out");
			return false;
		}
	}
}

struct tls *tls_connect(struct loop *loop, int fd, const struct tls_setup *setup, int64_t deadline,
			enum tls_failure *failure, char **why)
{
	SSL_CTX *context = new_context(setup, failure, why);
	struct tls *tls;
	SSL *ssl;

	if (!context)
		return NULL;
	ssl = SSL_new(context);
	SSL_CTX_free(context);
	SSL_set_fd(ssl, fd);
	set_names(ssl, setup);
	*failure = TLS_HANDSHAKE;
	if (!handshake(loop, ssl, deadline, why)) {
		SSL_free(ssl);
		ERR_clear_error();
		return NULL;
	}
	if (setup->verify && SSL_get_verify_result(ssl) != X509_V_OK)
		trace_note(setup->trace, "the server does not pass: %s",
			   X509_verify_cert_error_string(SSL_get_verify_result(ssl)));
	tls = g_new0(struct tls, 1);
	tls->ssl = ssl;
	return tls;
}

void tls_abandon(struct tls *tls)
{
	SSL_free(tls->ssl);
	g_free(tls);
}

void tls_free(struct tls *tls)
{
	ERR_clear_error();
	SSL_shutdown(tls->ssl);
	ERR_clear_error();
	tls_abandon(tls);
}

static ssize_t outcome(struct tls *tls, int r, short *events)
{
	int error;

	if (r > 0)
		return r;
	error = SSL_get_error(tls->ssl, r);
	switch (error) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		*events = events_of(error);
		return -EAGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		ERR_clear_error();
		return -EPIPE;
	}
}

ssize_t tls_read(struct tls *tls, uint8_t *data, size_t size, short *events)
{
	ERR_clear_error();
	return outcome(tls, SSL_read(tls->ssl, data, size), events);
}

ssize_t tls_write(struct tls *tls, const uint8_t *data, size_t size, short *events)
{
	ERR_clear_error();
	return outcome(tls, SSL_write(tls->ssl, data, size), events);
}
