// SPDX-License-Identifier: MIT
/*
 * Any bytes as the files of a credentials set, PEM or DER, through all checks that burning makes. The
 * first byte says which items there are and which rules count; 0xff ends a file where there are more.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include "eswrapctl/pem.h"
#include "eswrapctl/set-check.h"
#include "fuzz/fuzz.h"

#define ITEMS 3

static int files[ITEMS];
static char paths[ITEMS][40];

static bool give_passphrase(const char *path G_GNUC_UNUSED, char *passphrase,
			    gpointer user G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
	g_strlcpy(passphrase, "test", PEM_PASSPHRASE_MAX);
	return true;
}

static void make_files(void)
{
	guint i;

	pem_setup();
	for (i = 0; i < ITEMS; i++) {
		files[i] = memfd_create("item", MFD_CLOEXEC);
		if (files[i] < 0 || fchmod(files[i], 0600) < 0)
			abort();
		g_snprintf(paths[i], sizeof(paths[i]), "/proc/self/fd/%d", files[i]);
	}
}

static void fill(int file, const uint8_t *data, size_t size)
{
	if (ftruncate(file, 0) < 0 || pwrite(file, data, size, 0) != (ssize_t)size)
		abort();
}

/* Return: how much of the input the item takes. */
static size_t take(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, 0xff, size);

	return end ? (size_t)(end - data) : size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct credential_rules rules = { .now = 1800000000, .ask = give_passphrase };
	const char *given[ITEMS] = { NULL };
	size_t at = 1, length;
	guint i;

	if (!files[0])
		make_files();
	if (size < 2)
		return 0;
	rules.alone = data[0] & 1;
	rules.other_issuer = data[0] & 2;
	rules.now = data[0] & 4 ? 0 : rules.now;
	if (!(data[0] & 8)) {
		i = (data[0] >> 4) % ITEMS;
		fill(files[i], data + 1, size - 1);
		given[i] = paths[i];
	}
	for (i = 0; (data[0] & 8) && i < ITEMS && at < size; i++) {
		length = take(data + at, size - at);
		fill(files[i], data + at, length);
		given[i] = paths[i];
		at += length + 1;
	}
	credential_set_free(credential_set_load(given, &rules));
	return 0;
}
