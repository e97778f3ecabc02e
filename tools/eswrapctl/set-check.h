/* SPDX-License-Identifier: MIT */
/*
 * Is this set of files one that can be burnt? Everything that can be known without the module is
 * checked here, before the first byte of PG.
 *
 * DOC: What is expected of the module's TLS
 *
 * The product note says nothing of key types, sizes or lengths. Assumed, until someone with the
 * hardware knows better: what the TLS library of its Wi-Fi SDK's time (Mbed TLS 2) does in its
 * usual configuration: RSA keys of 1024 to 4096 bits and the curves P-256 and P-384; signatures
 * with SHA-256, SHA-384 or SHA-512; a certificate with its intermediate certificates behind it. RSA
 * below 2048 bits the module may do, but servers refuse it, so it is not worth a set. One CA, since
 * the note has one "Root CA". Examples that work have items of up to 1731 bytes with their NUL; what
 * a module does with more is not known. At most ESWIFI_CREDENTIAL_MAX bytes, since one firmware
 * writes the length with four digits.
 *
 * No command tells the module a server's name, and nothing shows that it looks at names or dates:
 * `verify = required` proves that the server's certificate leads to the set's root, and no more.
 */
#ifndef ESWRAPCTL_CREDENTIAL_CHECK_H
#define ESWRAPCTL_CREDENTIAL_CHECK_H

#include "eswrapctl/pem.h"

#define CREDENTIAL_ITEMS      3
#define CREDENTIAL_SHA256_HEX 64 /* characters, without the NUL */

/* Bytes of an item, with its NUL: larger is warned of, and refused unless the user insists. */
#define CREDENTIAL_SIZE_KNOWN 2048
#define CREDENTIAL_SIZE_LIMIT 4096

/**
 * struct credential_item - one item, read and checked
 * @pem:	the bytes; all zero where the item is not there
 * @sha256:	of the normalised bytes, which are those that are sent
 * @subject:	the certificate's subject (RFC 2253), or "EC P-256 key, public part SHA-256 ...";
 *		printable ASCII
 * @until:	when the first of its certificates ends, seconds since 1970; 0 for a key
 */
struct credential_item {
	struct pem_item pem;
	gint64 until;
	char sha256[CREDENTIAL_SHA256_HEX + 1];
	char *subject;
};

/**
 * struct credential_set - the items of one set
 * @item:	by enum eswifi_item
 * @errors:	strings; with any, nothing of the set may be sent
 * @warnings:	strings; what the user should know before he confirms
 */
struct credential_set {
	struct credential_item item[CREDENTIAL_ITEMS];
	GPtrArray *errors;
	GPtrArray *warnings;
};

/**
 * struct credential_rules - how to check
 * @now:	the clock, seconds since 1970
 * @other_issuer:	the certificate's issuer is not the set's CA, and that is right: the CA is
 *		there for the server, and the server knows the device by another one (AWS IoT)
 * @even_if_large:	more than CREDENTIAL_SIZE_LIMIT bytes are only warned of
 * @alone:	items are looked at one by one (for a comparison): a certificate needs no key beside
 *		it
 * @ask, @user:	as pem_load() has them
 */
struct credential_rules {
	gint64 now;
	bool other_issuer;
	bool even_if_large;
	bool alone;
	pem_ask ask;
	gpointer user;
};

/**
 * credential_set_load() - read and check the files of a set
 * @paths:	by enum eswifi_item; NULL: no such item
 * @rules:	how
 *
 * All mistakes are found in one run, as far as they can be. The key is read last.
 *
 * Return: the set, to be freed with credential_set_free(). It is good when it has no @errors.
 */
struct credential_set *credential_set_load(const char *const paths[CREDENTIAL_ITEMS],
					   const struct credential_rules *rules);

/* credential_set_free() - wipe and free */
void credential_set_free(struct credential_set *set);

#endif
