// SPDX-License-Identifier: MIT
#include "support/identity.h"

#include <check.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TEN_YEARS (10 * 365 * (gint64)IDENTITY_DAY)

static EVP_PKEY *make_key(const char *kind)
{
	if (g_str_has_prefix(kind, "RSA-"))
		return EVP_RSA_gen((unsigned int)atoi(kind + 4));
	if (!strcmp(kind, "ED25519"))
		return EVP_PKEY_Q_keygen(NULL, NULL, kind);
	return EVP_EC_gen(kind);
}

static void extend(X509 *certificate, X509V3_CTX *context, int nid, const char *value)
{
	X509_EXTENSION *extension;

	if (!value)
		return;
	extension = X509V3_EXT_conf_nid(NULL, context, nid, value);
	ck_assert_ptr_nonnull(extension);
	X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
}

static void add_extensions(X509 *certificate, const struct identity_request *request, X509 *issuer)
{
	X509V3_CTX context;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	extend(certificate, &context, NID_basic_constraints,
	       request->ca ? "critical,CA:TRUE" : "CA:FALSE");
	extend(certificate, &context, NID_subject_key_identifier, "hash");
	extend(certificate, &context, NID_ext_key_usage, request->usage);
	extend(certificate, &context, NID_subject_alt_name, request->names);
}

struct identity *identity_new(const struct identity_request *request)
{
	struct identity *identity = g_new0(struct identity, 1);
	const char *digest = request->digest ? request->digest : "SHA256";
	gint64 until = request->until ? request->until : TEN_YEARS;
	gint64 from = request->from ? request->from : -IDENTITY_DAY;
	const struct identity *issuer = request->issuer ? request->issuer : identity;
	X509 *certificate = X509_new();
	guint8 serial[8];
	X509_NAME *name;
	BIGNUM *number;

	identity->key = make_key(request->kind ? request->kind : "P-256");
	ck_assert_ptr_nonnull(identity->key);
	identity->certificate = certificate;
	X509_set_version(certificate, X509_VERSION_3);
	RAND_bytes(serial, sizeof(serial));
	serial[0] &= 0x7f;
	number = BN_bin2bn(serial, sizeof(serial), NULL);
	BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
	BN_free(number);
	name = X509_get_subject_name(certificate);
	if (request->name)
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const guint8 *)request->name,
					   -1, -1, 0);
	X509_set_issuer_name(certificate, X509_get_subject_name(issuer->certificate));
	X509_time_adj_ex(X509_getm_notBefore(certificate), 0, from, NULL);
	X509_time_adj_ex(X509_getm_notAfter(certificate), (int)(until / IDENTITY_DAY),
			 (long)(until % IDENTITY_DAY), NULL);
	X509_set_pubkey(certificate, identity->key);
	add_extensions(certificate, request, issuer->certificate);
	ck_assert_int_gt(X509_sign(certificate, issuer->key,
				   EVP_PKEY_get_base_id(issuer->key) == EVP_PKEY_ED25519
					   ? NULL
					   : EVP_get_digestbyname(digest)),
			 0);
	return identity;
}

void identity_free(struct identity *identity)
{
	if (!identity)
		return;
	X509_free(identity->certificate);
	EVP_PKEY_free(identity->key);
	g_free(identity);
}

static GBytes *take(BIO *from)
{
	GBytes *bytes;
	char *data;
	long size = BIO_get_mem_data(from, &data);

	ck_assert_int_gt(size, 0);
	bytes = g_bytes_new(data, (gsize)size);
	BIO_free(from);
	return bytes;
}

GBytes *identity_key(const struct identity *identity, enum identity_form form,
		     const char *passphrase)
{
	const EVP_CIPHER *cipher = passphrase ? EVP_aes_256_cbc() : NULL;
	int length = passphrase ? (int)strlen(passphrase) : 0;
	const guint8 *secret = (const guint8 *)passphrase;
	BIO *out = BIO_new(BIO_s_mem());
	EVP_PKEY *key = identity->key;

	switch (form) {
	case IDENTITY_PEM:
	case IDENTITY_SEALED:
		PEM_write_bio_PKCS8PrivateKey(out, key, cipher, passphrase, length, NULL, NULL);
		break;
	case IDENTITY_DER:
		i2d_PKCS8PrivateKey_bio(out, key, NULL, NULL, 0, NULL, NULL);
		break;
	case IDENTITY_OLD_PEM:
	case IDENTITY_OLD_SEALED:
		PEM_write_bio_PrivateKey_traditional(out, key, cipher, (guint8 *)secret, length,
						     NULL, NULL);
		break;
	case IDENTITY_OLD_DER:
		i2d_PrivateKey_bio(out, key);
		break;
	}
	return take(out);
}

GBytes *identity_certificate(const struct identity *identity, enum identity_form form)
{
	BIO *out = BIO_new(BIO_s_mem());

	if (form == IDENTITY_DER)
		i2d_X509_bio(out, identity->certificate);
	else
		PEM_write_bio_X509(out, identity->certificate);
	return take(out);
}
