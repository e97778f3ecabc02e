// SPDX-License-Identifier: MIT
/* The files of a set: does each hold what it should, and do they belong together? */
#include "eswrapctl/set-check.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 4096

/*
 * 2026-01-01, the year this was written: a clock before it was never set. Gateways without a
 * battery-backed clock start in 1970, or when their image was made.
 */
#define CLOCK_FLOOR G_GINT64_CONSTANT(1767225600)
/* A certificate that ends sooner is hardly worth a set that is never written again. */
#define SOON_DAYS   90
#define DAY_SECONDS (24 * 60 * 60)

static void add(GPtrArray *to, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void add(GPtrArray *to, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_ptr_array_add(to, g_strdup_vprintf(format, arguments));
	va_end(arguments);
}

static const char *path_of(const struct credential_set *set, enum eswifi_item item)
{
	return set->item[item].pem.path;
}

/* The first certificate of an item that is there; else NULL. */
static X509 *certificate_of(const struct credential_set *set, enum eswifi_item item)
{
	return set->item[item].pem.data ? sk_X509_value(set->item[item].pem.chain, 0) : NULL;
}

static void hex(const guint8 *bytes, gsize size, char *to)
{
	gsize i;

	for (i = 0; i < size; i++)
		g_snprintf(to + 2 * i, 3, "%02x", bytes[i]);
}

/* Distinguished names come from files of strangers and go to terminals: escaped to ASCII. */
static char *name_text(const X509_NAME *name)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *bytes, *text;
	long size;

	X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253);
	size = BIO_get_mem_data(out, &bytes);
	text = size > 0 ? g_strndup(bytes, (gsize)size) : g_strdup("");
	BIO_free(out);
	return text;
}

static char *certificate_text(X509 *certificate)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
	g_autofree char *subject = name_text(X509_get_subject_name(certificate));
	char *digits, *text;
	BIGNUM *number;

	if (*subject)
		return g_steal_pointer(&subject);
	number = ASN1_INTEGER_to_BN(serial, NULL);
	digits = BN_bn2hex(number);
	text = g_strdup_printf("no subject, serial number %s", digits);
	OPENSSL_free(digits);
	BN_free(number);
	return text;
}

/* "RSA-2048", "P-256"; a description of anything else. @good: the module can be expected to do it
 */
static char *key_kind(EVP_PKEY *key, bool *good)
{
	int bits = EVP_PKEY_get_bits(key);
	char group[64] = "";

	*good = false;
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
		*good = bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX;
		return g_strdup_printf("RSA-%d", bits);
	}
	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC)
		return g_strdup(EVP_PKEY_get0_type_name(key));
	EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group), NULL);
	*good = !strcmp(group, SN_X9_62_prime256v1) || !strcmp(group, SN_secp384r1);
	if (!strcmp(group, SN_X9_62_prime256v1))
		return g_strdup("P-256");
	if (!strcmp(group, SN_secp384r1))
		return g_strdup("P-384");
	return g_strdup_printf("EC on %s", *group ? group : "a curve without a name");
}

static char *key_text(EVP_PKEY *key)
{
	guint8 digest[SHA256_DIGEST_LENGTH];
	char text[2 * SHA256_DIGEST_LENGTH + 1];
	guint8 *der = NULL;
	int size = i2d_PUBKEY(key, &der);
	g_autofree char *kind = NULL;
	bool good;

	kind = key_kind(key, &good);
	SHA256(der, size > 0 ? (size_t)size : 0, digest);
	OPENSSL_free(der);
	hex(digest, sizeof(digest), text);
	return g_strdup_printf("%s key, public part SHA-256 %.16s", kind, text);
}

static void check_key_kind(struct credential_set *set, const char *path, EVP_PKEY *key)
{
	g_autofree char *kind = NULL;
	bool good;

	if (!key) {
		add(set->errors, "%s: its public key is of an unknown kind", path);
		return;
	}
	kind = key_kind(key, &good);
	if (!good)
		add(set->errors,
		    "%s: its key is %s; the module can be expected to do RSA-%d to RSA-%d, P-256 "
		    "and P-384",
		    path, kind, RSA_BITS_MIN, RSA_BITS_MAX);
}

static gint64 seconds(const ASN1_TIME *from)
{
	struct tm tm = { 0 };

	ASN1_TIME_to_tm(from, &tm);
	return (gint64)timegm(&tm);
}

static char *day(const ASN1_TIME *from)
{
	struct tm tm = { 0 };

	ASN1_TIME_to_tm(from, &tm);
	return g_strdup_printf("%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}

static void check_dates(struct credential_set *set, const char *path, X509 *certificate, gint64 now)
{
	gint64 left = seconds(X509_get0_notAfter(certificate)) - now;
	g_autofree char *from = day(X509_get0_notBefore(certificate));
	g_autofree char *until = day(X509_get0_notAfter(certificate));
	g_autofree char *who = certificate_text(certificate);

	if (now < CLOCK_FLOOR)
		return; /* credential_set_load() has warned */
	if (left < 0)
		add(set->errors, "%s: %s expired on %s", path, who, until);
	else if (seconds(X509_get0_notBefore(certificate)) > now)
		add(set->errors, "%s: %s is not valid before %s; is this machine's clock right?",
		    path, who, from);
	else if (left < SOON_DAYS * (gint64)DAY_SECONDS)
		add(set->warnings, "%s: %s expires on %s, in %d days", path, who, until,
		    (int)(left / DAY_SECONDS));
}

static bool digest_is_modern(X509 *certificate)
{
	int digest = NID_undef;

	X509_get_signature_info(certificate, &digest, NULL, NULL, NULL);
	return digest == NID_sha256 || digest == NID_sha384 || digest == NID_sha512;
}

static void check_signature_digest(struct credential_set *set, const char *path, X509 *certificate)
{
	g_autofree char *who = NULL;

	if (digest_is_modern(certificate))
		return;
	who = certificate_text(certificate);
	add(set->errors,
	    "%s: %s is signed with %s; SHA-256, SHA-384 or SHA-512 is needed, servers refuse the "
	    "rest",
	    path, who, OBJ_nid2ln(X509_get_signature_nid(certificate)));
}

static void check_ca(struct credential_set *set, const struct credential_rules *rules)
{
	const char *path = path_of(set, ESWIFI_ITEM_CA);
	X509 *ca = certificate_of(set, ESWIFI_ITEM_CA);
	int count, kind;

	if (!ca)
		return;
	count = sk_X509_num(set->item[ESWIFI_ITEM_CA].pem.chain);
	if (count > 1) {
		add(set->errors,
		    "%s: holds %d certificates; an item takes one root CA: give the one that the "
		    "server's certificate leads to",
		    path, count);
		return;
	}
	check_key_kind(set, path, X509_get0_pubkey(ca));
	check_dates(set, path, ca, rules->now);
	/* 1: says so; 3: version 1, self-signed, which cannot say; X509_check_ca(3) */
	kind = X509_check_ca(ca);
	if (kind != 1 && kind != 3)
		add(set->errors,
		    "%s: is not a CA's certificate (its basic constraints do not say CA)", path);
	if (!(X509_get_extension_flags(ca) & EXFLAG_SS)) {
		add(set->warnings,
		    "%s: is not a root CA (another CA has signed it); the note asks for a root",
		    path);
		check_signature_digest(set, path, ca);
	}
}

/* Each certificate behind the first must have signed the one before it. */
static void check_order(struct credential_set *set, const char *path, STACK_OF(X509) * chain)
{
	int i;

	for (i = 1; i < sk_X509_num(chain); i++)
		if (X509_check_issued(sk_X509_value(chain, i), sk_X509_value(chain, i - 1)) !=
		    X509_V_OK)
			add(set->errors,
			    "%s: certificate %d in it is not the issuer of certificate %d; the "
			    "device's own comes first, then its issuer, and so on",
			    path, i + 1, i);
	if (sk_X509_num(chain) > 1)
		add(set->warnings,
		    "%s: holds %d certificates; that the module sends them all is an assumption",
		    path, sk_X509_num(chain));
}

static void check_certificate(struct credential_set *set, const struct credential_rules *rules)
{
	const char *path = path_of(set, ESWIFI_ITEM_CERTIFICATE);
	X509 *certificate = certificate_of(set, ESWIFI_ITEM_CERTIFICATE);
	STACK_OF(X509) * chain;
	int i;

	if (!certificate)
		return;
	chain = set->item[ESWIFI_ITEM_CERTIFICATE].pem.chain;
	for (i = 0; i < sk_X509_num(chain); i++) {
		X509 *each = sk_X509_value(chain, i);

		check_key_kind(set, path, X509_get0_pubkey(each));
		check_dates(set, path, each, rules->now);
		check_signature_digest(set, path, each);
	}
	check_order(set, path, chain);
	if (X509_check_ca(certificate) == 1)
		add(set->errors, "%s: is a CA's certificate, not a device's", path);
	else if (!X509_check_purpose(certificate, X509_PURPOSE_SSL_CLIENT, 0))
		add(set->errors,
		    "%s: is not for TLS clients (its key usage or extended key usage says so); "
		    "servers would refuse it",
		    path);
}

static void check_key(struct credential_set *set)
{
	EVP_PKEY *key = set->item[ESWIFI_ITEM_KEY].pem.key;
	const char *path = path_of(set, ESWIFI_ITEM_KEY);
	EVP_PKEY_CTX *context;

	if (!key)
		return;
	check_key_kind(set, path, key);
	/* The comparison with the certificate looks at the public half only. */
	context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	if (EVP_PKEY_pairwise_check(context) != 1)
		add(set->errors, "%s: its private and its public half do not belong together",
		    path);
	EVP_PKEY_CTX_free(context);
}

static void check_pair(struct credential_set *set)
{
	EVP_PKEY *key = set->item[ESWIFI_ITEM_KEY].pem.key;
	X509 *certificate = certificate_of(set, ESWIFI_ITEM_CERTIFICATE);
	STACK_OF(X509) * chain;
	int i;

	if (!key || !certificate || X509_check_private_key(certificate, key) == 1)
		return;
	chain = set->item[ESWIFI_ITEM_CERTIFICATE].pem.chain;
	for (i = 1; i < sk_X509_num(chain); i++)
		if (X509_check_private_key(sk_X509_value(chain, i), key) == 1)
			break;
	if (i < sk_X509_num(chain))
		add(set->errors, "%s: the key fits certificate %d in it; that one must come first",
		    path_of(set, ESWIFI_ITEM_CERTIFICATE), i + 1);
	else
		add(set->errors, "%s: is not the key of %s", path_of(set, ESWIFI_ITEM_KEY),
		    path_of(set, ESWIFI_ITEM_CERTIFICATE));
}

/* Only signatures and names: dates were checked one by one, with better words. */
static const char *chain_problem(X509 *ca, X509 *certificate, STACK_OF(X509) * chain)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	const char *problem = NULL;

	X509_STORE_add_cert(store, ca);
	X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
	X509_STORE_CTX_init(context, store, certificate, chain);
	if (X509_verify_cert(context) != 1)
		problem = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	return problem;
}

static void check_chain(struct credential_set *set, const struct credential_rules *rules)
{
	X509 *certificate = certificate_of(set, ESWIFI_ITEM_CERTIFICATE);
	X509 *ca = certificate_of(set, ESWIFI_ITEM_CA);
	const char *problem;

	if (!ca || !certificate)
		return;
	problem = chain_problem(ca, certificate, set->item[ESWIFI_ITEM_CERTIFICATE].pem.chain);
	if (!problem)
		return;
	if (rules->other_issuer)
		add(set->warnings, "%s: was not issued by %s, as --other-issuer says",
		    path_of(set, ESWIFI_ITEM_CERTIFICATE), path_of(set, ESWIFI_ITEM_CA));
	else
		add(set->errors,
		    "%s: does not lead to the CA in %s (%s); if the server knows the device by "
		    "another CA than its own, use --other-issuer",
		    path_of(set, ESWIFI_ITEM_CERTIFICATE), path_of(set, ESWIFI_ITEM_CA), problem);
}

static void check_together(struct credential_set *set, const struct credential_rules *rules)
{
	bool certificate = set->item[ESWIFI_ITEM_CERTIFICATE].pem.data;
	bool key = set->item[ESWIFI_ITEM_KEY].pem.data;

	if (!rules->alone && certificate && !key)
		add(set->errors, "%s: its private key is missing; give both, or neither",
		    path_of(set, ESWIFI_ITEM_CERTIFICATE));
	if (!rules->alone && key && !certificate)
		add(set->errors,
		    "%s: the certificate that it belongs to is missing; give both, or "
		    "neither",
		    path_of(set, ESWIFI_ITEM_KEY));
	check_pair(set);
	check_chain(set, rules);
}

/* When the first of them ends; 0 for none. */
static gint64 end_of(STACK_OF(X509) * chain)
{
	gint64 first = 0, end;
	int i;

	for (i = 0; chain && i < sk_X509_num(chain); i++) {
		end = seconds(X509_get0_notAfter(sk_X509_value(chain, i)));
		first = first && first < end ? first : end;
	}
	return first;
}

static void check_size(struct credential_set *set, const struct credential_rules *rules,
		       const char *path, gsize size)
{
	if (size > ESWIFI_CREDENTIAL_MAX)
		add(set->errors, "%s: is %zu bytes as PEM; an item takes %d", path, size,
		    ESWIFI_CREDENTIAL_MAX);
	else if (size > CREDENTIAL_SIZE_LIMIT && !rules->even_if_large)
		add(set->errors,
		    "%s: is %zu bytes as PEM; no module is known to take more than %d, and what is "
		    "cut off is burnt for good; use --even-if-large if yours does",
		    path, size, CREDENTIAL_SIZE_KNOWN);
	else if (size > CREDENTIAL_SIZE_KNOWN)
		add(set->warnings,
		    "%s: is %zu bytes as PEM; that a module takes more than %d is not known", path,
		    size, CREDENTIAL_SIZE_KNOWN);
}

/* What the best of sets does not do. */
static void warn_of_names(struct credential_set *set)
{
	if (certificate_of(set, ESWIFI_ITEM_CA))
		add(set->warnings,
		    "%s: the module checks neither names nor dates: any server whose certificate "
		    "leads to this root is taken for yours; use a root of your own, which signs "
		    "your servers only",
		    path_of(set, ESWIFI_ITEM_CA));
}

static bool load_item(struct credential_set *set, enum eswifi_item item, const char *path,
		      const struct credential_rules *rules)
{
	struct credential_item *to = &set->item[item];
	guint8 digest[SHA256_DIGEST_LENGTH];
	g_autoptr(GError) error = NULL;

	if (!pem_load(path, item, rules->ask, rules->user, &to->pem, &error)) {
		add(set->errors, "%s", error->message);
		return false;
	}
	SHA256(to->pem.data, to->pem.size, digest);
	hex(digest, sizeof(digest), to->sha256);
	to->subject = item == ESWIFI_ITEM_KEY ? key_text(to->pem.key)
					      : certificate_text(certificate_of(set, item));
	to->until = end_of(to->pem.chain);
	check_size(set, rules, path, to->pem.size);
	return true;
}

struct credential_set *credential_set_load(const char *const paths[CREDENTIAL_ITEMS],
					   const struct credential_rules *rules)
{
	struct credential_set *set = g_new0(struct credential_set, 1);
	bool good = true, any = false;
	int i;

	set->errors = g_ptr_array_new_with_free_func(g_free);
	set->warnings = g_ptr_array_new_with_free_func(g_free);
	for (i = 0; i < CREDENTIAL_ITEMS; i++) {
		any |= paths[i] != NULL;
		good &= !paths[i] || load_item(set, (enum eswifi_item)i, paths[i], rules);
	}
	if (!any)
		add(set->errors, "no file is named: a CA, a certificate with its key, or all three "
				 "are needed");
	if (rules->now < CLOCK_FLOOR)
		add(set->warnings,
		    "this machine's clock is not set, so validity dates were not checked");
	check_ca(set, rules);
	check_certificate(set, rules);
	check_key(set);
	/* With a file that could not be read, what it lacks is known already. */
	if (good)
		check_together(set, rules);
	warn_of_names(set);
	ERR_clear_error();
	return set;
}

void credential_set_free(struct credential_set *set)
{
	int i;

	if (!set)
		return;
	for (i = 0; i < CREDENTIAL_ITEMS; i++) {
		pem_clear(&set->item[i].pem);
		g_free(set->item[i].subject);
	}
	g_ptr_array_unref(set->errors);
	g_ptr_array_unref(set->warnings);
	g_free(set);
}
