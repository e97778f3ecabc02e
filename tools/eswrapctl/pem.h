/* SPDX-License-Identifier: MIT */
/*
 * One credentials item from a file to the bytes that PG is given: PEM or DER in, always the same
 * PEM out. What the item must be to be of use to the module is set-check.h's business.
 */
#ifndef ESWRAPCTL_PEM_H
#define ESWRAPCTL_PEM_H

#include <glib.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>

#include "eswifi/eswifi.h"

#define PEM_FILE_MAX	   65536 /* bytes; many times what fits into an item */
#define PEM_PASSPHRASE_MAX 1024	 /* bytes, with the NUL */

/**
 * pem_ask - get the passphrase of an encrypted key from whoever has it
 * @path:	the key's file
 * @passphrase:	PEM_PASSPHRASE_MAX bytes, to be filled in and NUL-terminated; wiped by the caller
 *
 * Return: false with @error set where there is nobody to ask.
 */
typedef bool (*pem_ask)(const char *path, char *passphrase, gpointer user, GError **error);

/**
 * struct pem_item - an item as it was read
 * @item:	what it is
 * @path:	the file that it came from
 * @data, @size: the normalised bytes, in OpenSSL's secure heap: PEM blocks with lines of 64
 *		characters and single line feeds, nothing before or between them, and one NUL behind
 *		them, which counts: the module's TLS library takes no PEM without it
 * @chain:	the certificates of a CA or certificate item, in the file's order; else NULL
 * @key:	the key of a key item; else NULL
 */
struct pem_item {
	enum eswifi_item item;
	char *path;
	guint8 *data;
	gsize size;
	STACK_OF(X509) * chain;
	EVP_PKEY *key;
};

/**
 * pem_setup() - make the secure heap, and this process one that leaves no core
 *
 * Before anything that uses OpenSSL. Without permission to lock memory the heap is an ordinary one.
 */
void pem_setup(void);

/**
 * pem_load() - read, decrypt and normalise one item
 * @path:	PEM or DER; a file, or a pipe
 * @item:	what it is said to be
 * @ask, @user:	asked for the passphrase of an encrypted key; NULL: such a key is refused
 * @to:		filled in when true is returned; to be freed with pem_clear()
 *
 * A key file that others than its owner may read is refused, as ssh does. The same key or
 * certificate gives the same bytes whatever its line ends, line lengths, and the text around it
 * were, and PEM gives the same as DER; a key stays in the structure (PKCS #1, PKCS #8, SEC 1) that
 * its file has, so that a comparison with a set that another tool programmed can succeed.
 *
 * Return: false with @error set, which names the file, what is wrong, and the remedy.
 */
bool pem_load(const char *path, enum eswifi_item item, pem_ask ask, gpointer user,
	      struct pem_item *to, GError **error);

/* pem_clear() - wipe and free what pem_load() filled in; an item of zeros is left alone */
void pem_clear(struct pem_item *item);

/* pem_item_name() - "ca", "certificate" or "key" */
const char *pem_item_name(enum eswifi_item item);

#endif
