/* SPDX-License-Identifier: MIT */
/* Keys and certificates of every kind, good and bad, made in memory for a test. */
#ifndef TESTS_IDENTITY_H
#define TESTS_IDENTITY_H

#include <glib.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>

#define IDENTITY_DAY (24 * 60 * 60)

struct identity {
	EVP_PKEY *key;
	X509 *certificate;
};

/**
 * struct identity_request - what to make; zeros are a device's certificate that is valid today
 * @name:	common name
 * @kind:	"RSA-2048" and so on, a curve ("P-256", "P-384", "P-521", ...) or "ED25519"; NULL:
 * P-256
 * @issuer:	who signs; NULL: itself
 * @ca:		basic constraints say CA
 * @from, @until: validity, seconds from now; both 0: from yesterday for ten years
 * @digest:	of the signature; NULL: SHA256
 * @usage:	extended key usage; NULL: none
 * @names:	subject alternative names, as openssl.cnf has them ("DNS:localhost"); NULL: none
 */
struct identity_request {
	const char *name;
	const char *kind;
	const struct identity *issuer;
	bool ca;
	gint64 from, until;
	const char *digest;
	const char *usage;
	const char *names;
};

struct identity *identity_new(const struct identity_request *request);
void identity_free(struct identity *identity);

/* What a key file looks like. */
enum identity_form {
	IDENTITY_PEM,	    /* PKCS #8 */
	IDENTITY_DER,	    /* PKCS #8 */
	IDENTITY_OLD_PEM,   /* PKCS #1 or SEC 1 */
	IDENTITY_OLD_DER,   /* PKCS #1 or SEC 1 */
	IDENTITY_SEALED,    /* PKCS #8, encrypted, PEM */
	IDENTITY_OLD_SEALED /* "Proc-Type: 4,ENCRYPTED" */
};

/* identity_key() - the key in a file's form; free with g_bytes_unref() */
GBytes *identity_key(const struct identity *identity, enum identity_form form,
		     const char *passphrase);
/* identity_certificate() - the certificate in PEM or DER */
GBytes *identity_certificate(const struct identity *identity, enum identity_form form);

#endif
