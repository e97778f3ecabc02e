// SPDX-License-Identifier: MIT
/* A file, PEM or DER, to normalised PEM, without leaving a copy of a key in memory. */
#include "eswrapctl/pem.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <malloc.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECURE_HEAP_SIZE 524288 /* a few files of the largest size, and OpenSSL's copies */
#define SECURE_HEAP_MIN	 64

/* What a DER file may be, tried in this order. */
enum der_kind {
	DER_CERTIFICATE,
	DER_PKCS8,
	DER_ENCRYPTED_PKCS8,
	DER_RSA,
	DER_EC,
	DER_PUBLIC_KEY,
	DER_PKCS12,
	DER_UNKNOWN,
};

static const char *const der_labels[] = {
	[DER_CERTIFICATE] = "CERTIFICATE",
	[DER_PKCS8] = "PRIVATE KEY",
	[DER_ENCRYPTED_PKCS8] = "ENCRYPTED PRIVATE KEY",
	[DER_RSA] = "RSA PRIVATE KEY",
	[DER_EC] = "EC PRIVATE KEY",
	[DER_PUBLIC_KEY] = "PUBLIC KEY",
	[DER_PKCS12] = "PKCS #12 bundle",
};

/* One object of a file. @label and @header are the PEM block's; @der is in the secure heap. */
struct block {
	char *label;
	char *header;
	guint8 *der;
	long size;
};

/* A file being read. @out collects the normalised blocks. */
struct reading {
	struct pem_item *to;
	pem_ask ask;
	gpointer user;
	BIO *out;
};

static bool fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool fail(GError **error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (error)
		*error = g_error_new_valist(G_IO_ERROR, G_IO_ERROR_INVALID_DATA, format, arguments);
	va_end(arguments);
	ERR_clear_error();
	return false;
}

/*
 * OpenSSL's decoders copy a key into ordinary memory and free that as it is (ossl_read_der() in
 * 3.0), so everything that it frees is wiped.
 */
static void wiping_free(void *memory, const char *file, int line)
{
	(void)file;
	(void)line;
	if (memory)
		explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

static void *plain_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return malloc(size);
}

static void *wiping_realloc(void *memory, size_t size, const char *file, int line)
{
	size_t old = memory ? malloc_usable_size(memory) : 0;
	void *new = malloc(size);

	if (!new)
		return NULL;
	if (memory)
		memcpy(new, memory, MIN(old, size));
	wiping_free(memory, file, line);
	return new;
}

void pem_setup(void)
{
	struct rlimit none = { 0, 0 };

	CRYPTO_set_mem_functions(plain_malloc, wiping_realloc, wiping_free);

	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &none);
	if (!CRYPTO_secure_malloc_initialized())
		CRYPTO_secure_malloc_init(SECURE_HEAP_SIZE, SECURE_HEAP_MIN);
}

const char *pem_item_name(enum eswifi_item item)
{
	static const char *const names[] = {
		[ESWIFI_ITEM_CA] = "ca",
		[ESWIFI_ITEM_CERTIFICATE] = "certificate",
		[ESWIFI_ITEM_KEY] = "key",
	};

	return names[item];
}

/* Only what ssh asks of an identity file, and of every owner: the broker's user may own it too. */
static bool check_file(int fd, const char *path, enum eswifi_item item, GError **error)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fail(error, "%s: %s", path, g_strerror(errno));
	if (S_ISDIR(st.st_mode))
		return fail(error, "%s: is a directory; name the file in it", path);
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
		return fail(error, "%s: is neither a file nor a pipe", path);
	if (item == ESWIFI_ITEM_KEY && S_ISREG(st.st_mode) && (st.st_mode & 077))
		return fail(error,
			    "%s: its mode is %04o, so that others can read the private key; "
			    "chmod 600 it",
			    path, (unsigned int)st.st_mode & 07777);
	return true;
}

/* The whole file, in the secure heap, with room for PEM_FILE_MAX + 1. */
static guint8 *read_file(const char *path, enum eswifi_item item, gsize *size, GError **error)
{
	guint8 *data = NULL;
	gssize n;
	int fd;

	*size = 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		fail(error, "%s: %s", path, g_strerror(errno));
		return NULL;
	}
	if (!check_file(fd, path, item, error))
		goto out;
	data = OPENSSL_secure_malloc(PEM_FILE_MAX + 1);
	if (!data) {
		fail(error, "%s: no memory left for it", path);
		goto out;
	}
	while (*size <= PEM_FILE_MAX) {
		n = read(fd, data + *size, PEM_FILE_MAX + 1 - *size);
		if (n == 0)
			goto out;
		if (n < 0 && errno != EINTR) {
			fail(error, "%s: %s", path, g_strerror(errno));
			break;
		}
		*size += n > 0 ? (gsize)n : 0;
	}
	if (*size > PEM_FILE_MAX)
		fail(error, "%s: is larger than %d bytes, which no credential is", path,
		     PEM_FILE_MAX);
	OPENSSL_secure_clear_free(data, PEM_FILE_MAX + 1);
	data = NULL;
out:
	close(fd);
	return data;
}

/* CR LF and lone CR become LF; OpenSSL takes the first and takes the second for one long line. */
static gsize unify_line_ends(guint8 *data, gsize size)
{
	gsize from, to = 0;

	for (from = 0; from < size; from++) {
		if (data[from] == '\r' && from + 1 < size && data[from + 1] == '\n')
			continue;
		data[to++] = data[from] == '\r' ? '\n' : data[from];
	}
	return to;
}

static void block_clear(struct block *block)
{
	OPENSSL_secure_free(block->label);
	OPENSSL_secure_free(block->header);
	if (block->der)
		OPENSSL_secure_clear_free(block->der, (size_t)block->size);
	memset(block, 0, sizeof(*block));
}

/* The key in a DER block of a known label, or NULL. */
static EVP_PKEY *parse_key(const char *label, const guint8 *der, long size)
{
	const guint8 *p = der;
	PKCS8_PRIV_KEY_INFO *info;
	EVP_PKEY *key = NULL;

	if (!strcmp(label, der_labels[DER_PKCS8])) {
		info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, size);
		if (info)
			key = EVP_PKCS82PKEY(info);
		PKCS8_PRIV_KEY_INFO_free(info);
	} else if (!strcmp(label, der_labels[DER_RSA])) {
		key = d2i_PrivateKey(EVP_PKEY_RSA, NULL, &p, size);
	} else if (!strcmp(label, der_labels[DER_EC])) {
		key = d2i_PrivateKey(EVP_PKEY_EC, NULL, &p, size);
	}
	if (key && p != der + size) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

static bool ask_passphrase(struct reading *reading, char *passphrase, GError **error)
{
	const char *path = reading->to->path;

	if (!reading->ask)
		return fail(error,
			    "%s: the key is encrypted; on a terminal its passphrase is asked for, "
			    "else decrypt it first (openssl pkey)",
			    path);
	return reading->ask(path, passphrase, reading->user, error);
}

static int give_passphrase(char *to, int size, int writing, void *user)
{
	const char *passphrase = user;
	int length = (int)MIN(strlen(passphrase), (size_t)size);

	(void)writing;
	memcpy(to, passphrase, (size_t)length);
	return length;
}

/* PKCS #8, encrypted (RFC 5958): becomes the plain structure inside. */
static bool decrypt_pkcs8(struct block *block, const char *passphrase)
{
	const guint8 *p = block->der;
	X509_SIG *sealed = d2i_X509_SIG(NULL, &p, block->size);
	PKCS8_PRIV_KEY_INFO *info = NULL;
	guint8 *end;
	int size = 0;

	if (sealed)
		info = PKCS8_decrypt(sealed, passphrase, (int)strlen(passphrase));
	X509_SIG_free(sealed);
	if (info)
		size = i2d_PKCS8_PRIV_KEY_INFO(info, NULL);
	/* The plain structure is always shorter than the one it was sealed in. */
	if (size <= 0 || size > block->size) {
		PKCS8_PRIV_KEY_INFO_free(info);
		return false;
	}
	OPENSSL_cleanse(block->der, (size_t)block->size);
	end = block->der;
	i2d_PKCS8_PRIV_KEY_INFO(info, &end);
	PKCS8_PRIV_KEY_INFO_free(info);
	/* block_clear() wipes this many; the rest was wiped above. */
	block->size = size;
	return true;
}

/* The old OpenSSL way (RFC 1421): "Proc-Type: 4,ENCRYPTED" in the block's header. */
static bool decrypt_header(struct block *block, char *passphrase)
{
	EVP_CIPHER_INFO cipher;

	return PEM_get_EVP_CIPHER_INFO(block->header, &cipher) &&
	       PEM_do_header(&cipher, block->der, &block->size, give_passphrase, passphrase);
}

static bool decrypt(struct reading *reading, struct block *block, GError **error)
{
	bool sealed = !strcmp(block->label, der_labels[DER_ENCRYPTED_PKCS8]);
	char *passphrase;
	bool good = false;

	if (!sealed && !strstr(block->header, "ENCRYPTED"))
		return true;
	passphrase = OPENSSL_secure_zalloc(PEM_PASSPHRASE_MAX);
	if (!passphrase)
		return fail(error, "%s: no memory left for it", reading->to->path);
	if (!ask_passphrase(reading, passphrase, error))
		goto out;
	good = sealed ? decrypt_pkcs8(block, passphrase) : decrypt_header(block, passphrase);
	if (!good) {
		fail(error, "%s: the passphrase does not open the key", reading->to->path);
		goto out;
	}
	if (sealed) {
		OPENSSL_secure_free(block->label);
		block->label = OPENSSL_secure_malloc(sizeof("PRIVATE KEY"));
		strcpy(block->label, der_labels[DER_PKCS8]);
	}
out:
	OPENSSL_secure_clear_free(passphrase, PEM_PASSPHRASE_MAX);
	return good;
}

static bool put_block(struct reading *reading, const char *label, const struct block *block,
		      GError **error)
{
	if (PEM_write_bio(reading->out, label, "", block->der, block->size) > 0)
		return true;
	return fail(error, "%s: no memory left for it", reading->to->path);
}

static bool take_key(struct reading *reading, struct block *block, GError **error)
{
	struct pem_item *to = reading->to;

	/* openssl ecparam -genkey writes the curve before the key; the key names it again. */
	if (!strcmp(block->label, "EC PARAMETERS"))
		return true;
	if (!g_str_has_suffix(block->label, "PRIVATE KEY"))
		return fail(error,
			    "%s: holds a %s, where the private key alone should be; "
			    "give a file with just the key",
			    to->path, block->label);
	if (to->key)
		return fail(error, "%s: holds more than one private key; give a file with one",
			    to->path);
	if (!decrypt(reading, block, error))
		return false;
	to->key = parse_key(block->label, block->der, block->size);
	if (!to->key)
		return fail(error,
			    "%s: its %s is damaged, or of a kind that no module takes; "
			    "an RSA or an EC key is needed",
			    to->path, block->label);
	return put_block(reading, block->label, block, error);
}

static bool take_certificate(struct reading *reading, struct block *block, GError **error)
{
	struct pem_item *to = reading->to;
	const guint8 *p = block->der;
	X509 *certificate;

	if (g_str_has_suffix(block->label, "PRIVATE KEY"))
		return fail(error,
			    "%s: holds a private key, where only the %s should be; "
			    "give a file without it",
			    to->path,
			    to->item == ESWIFI_ITEM_CA ? "CA certificate" : "certificate");
	if (strcmp(block->label, "CERTIFICATE") && strcmp(block->label, "X509 CERTIFICATE"))
		return fail(error, "%s: holds a %s, where a CERTIFICATE is needed", to->path,
			    block->label);
	certificate = d2i_X509(NULL, &p, block->size);
	if (!certificate || p != block->der + block->size) {
		X509_free(certificate);
		return fail(error, "%s: certificate %d in it is damaged", to->path,
			    sk_X509_num(to->chain) + 1);
	}
	sk_X509_push(to->chain, certificate);
	return put_block(reading, der_labels[DER_CERTIFICATE], block, error);
}

static bool take_block(struct reading *reading, struct block *block, GError **error)
{
	if (reading->to->item == ESWIFI_ITEM_KEY)
		return take_key(reading, block, error);
	return take_certificate(reading, block, error);
}

static bool take_pem(struct reading *reading, const guint8 *data, gsize size, GError **error)
{
	BIO *in = BIO_new_mem_buf(data, (int)size);
	struct block block = { 0 };
	bool good = true;
	int count = 0;

	while (good && PEM_read_bio_ex(in, &block.label, &block.header, &block.der, &block.size,
				       PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE)) {
		good = take_block(reading, &block, error);
		block_clear(&block);
		count++;
	}
	/* No further BEGIN line is how a file ends well. */
	if (good && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		good = fail(error, "%s: PEM block %d is damaged or cut short", reading->to->path,
			    count + 1);
	ERR_clear_error();
	BIO_free(in);
	return good;
}

/* Does the structure end exactly where the file does? */
static enum der_kind der_kind_of(const guint8 *data, long size)
{
	static const enum der_kind keys[] = { DER_PKCS8, DER_RSA, DER_EC };
	enum der_kind kind = DER_UNKNOWN;
	const guint8 *p = data;
	X509 *certificate;
	X509_SIG *sealed;
	EVP_PKEY *key;
	PKCS12 *bundle;
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(keys) && kind == DER_UNKNOWN; i++) {
		key = parse_key(der_labels[keys[i]], data, size);
		if (key)
			kind = keys[i];
		EVP_PKEY_free(key);
	}
	certificate = d2i_X509(NULL, &p, size);
	if (certificate && p == data + size)
		kind = DER_CERTIFICATE;
	X509_free(certificate);
	p = data;
	sealed = kind == DER_UNKNOWN ? d2i_X509_SIG(NULL, &p, size) : NULL;
	if (sealed && p == data + size)
		kind = DER_ENCRYPTED_PKCS8;
	X509_SIG_free(sealed);
	p = data;
	key = kind == DER_UNKNOWN ? d2i_PUBKEY(NULL, &p, size) : NULL;
	if (key)
		kind = DER_PUBLIC_KEY;
	EVP_PKEY_free(key);
	p = data;
	bundle = kind == DER_UNKNOWN ? d2i_PKCS12(NULL, &p, size) : NULL;
	if (bundle)
		kind = DER_PKCS12;
	PKCS12_free(bundle);
	ERR_clear_error();
	return kind;
}

static bool take_der(struct reading *reading, const guint8 *data, gsize size, GError **error)
{
	enum der_kind kind = der_kind_of(data, (long)size);
	struct block block = { .size = (long)size };
	bool good;

	if (kind == DER_UNKNOWN)
		return fail(error, "%s: is neither PEM nor DER", reading->to->path);
	if (kind == DER_PKCS12)
		return fail(error,
			    "%s: is a PKCS #12 bundle; take it apart with openssl pkcs12 first",
			    reading->to->path);
	block.label = OPENSSL_secure_malloc(strlen(der_labels[kind]) + 1);
	strcpy(block.label, der_labels[kind]);
	block.header = OPENSSL_secure_zalloc(1);
	block.der = OPENSSL_secure_malloc(size);
	memcpy(block.der, data, size);
	good = take_block(reading, &block, error);
	block_clear(&block);
	return good;
}

static bool take_file(struct reading *reading, guint8 *data, gsize size, GError **error)
{
	static const char begin[] = "-----BEGIN ";
	struct pem_item *to = reading->to;
	char *bytes;
	long length;

	if (size == 0)
		return fail(error, "%s: is empty", to->path);
	if (memmem(data, size, begin, sizeof(begin) - 1)) {
		if (!take_pem(reading, data, unify_line_ends(data, size), error))
			return false;
	} else if (!take_der(reading, data, size, error)) {
		return false;
	}
	if (to->item == ESWIFI_ITEM_KEY ? !to->key : !sk_X509_num(to->chain))
		return fail(error, "%s: holds no %s", to->path,
			    to->item == ESWIFI_ITEM_KEY ? "private key" : "certificate");
	length = BIO_get_mem_data(reading->out, &bytes);
	to->size = (gsize)length + 1;
	to->data = OPENSSL_secure_zalloc(to->size);
	if (!to->data)
		return fail(error, "%s: no memory left for it", to->path);
	memcpy(to->data, bytes, (gsize)length);
	return true;
}

bool pem_load(const char *path, enum eswifi_item item, pem_ask ask, gpointer user,
	      struct pem_item *to, GError **error)
{
	struct reading reading = { .to = to, .ask = ask, .user = user };
	guint8 *data;
	gsize size;
	bool good;

	memset(to, 0, sizeof(*to));
	data = read_file(path, item, &size, error);
	if (!data)
		return false;
	to->item = item;
	to->path = g_strdup(path);
	if (item != ESWIFI_ITEM_KEY)
		to->chain = sk_X509_new_null();
	reading.out = BIO_new(BIO_s_secmem());
	good = take_file(&reading, data, size, error);
	BIO_free(reading.out);
	OPENSSL_secure_clear_free(data, PEM_FILE_MAX + 1);
	if (!good)
		pem_clear(to);
	return good;
}

void pem_clear(struct pem_item *item)
{
	if (item->data)
		OPENSSL_secure_clear_free(item->data, item->size);
	sk_X509_pop_free(item->chain, X509_free);
	EVP_PKEY_free(item->key);
	g_free(item->path);
	memset(item, 0, sizeof(*item));
}
