// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of Operation
 *
 * The flash is one file: a magic number, the twelve items, the saved settings, and the SHA-256 digest
 * of all that. A change is written to a second file, brought to the disk, and renamed over the
 * first, so that a crash at any moment leaves the old contents or the new. A file that does not
 * check is refused: taking it for blank would forget what can be programmed only once.
 *
 * Numbers are little-endian. An item is its size in 2 bytes, 0 for a blank one, and its bytes. A
 * string is its length in 1 byte and its characters.
 */
#include "eswrap-fake/flash.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char magic[8] = { 'e', 's', 'w', 'f', 'a', 'k', 'e', '2' };

static void put_number(GByteArray *out, uint32_t value, unsigned int bytes)
{
	uint8_t little[4];
	unsigned int i;

	for (i = 0; i < bytes; i++)
		little[i] = value >> (8 * i);
	g_byte_array_append(out, little, bytes);
}

static void put_string(GByteArray *out, const char *text)
{
	put_number(out, strlen(text), 1);
	g_byte_array_append(out, (const uint8_t *)text, strlen(text));
}

static void put_settings(GByteArray *out, const struct settings *settings)
{
	put_string(out, settings->ssid);
	put_string(out, settings->passphrase);
	put_number(out, settings->security, 4);
	put_number(out, settings->dhcp, 4);
	put_number(out, ntohl(settings->address.s_addr), 4);
	put_number(out, ntohl(settings->netmask.s_addr), 4);
	put_number(out, ntohl(settings->gateway.s_addr), 4);
	put_number(out, ntohl(settings->dns.s_addr), 4);
	put_number(out, ntohl(settings->dns2.s_addr), 4);
	put_string(out, settings->country);
	put_number(out, settings->baud, 4);
	put_number(out, settings->retries, 1);
	put_number(out, settings->auto_connect, 1);
	put_number(out, settings->ip_version, 1);
	put_number(out, settings->report_only, 1);
}

static GByteArray *serialise(const struct flash *flash)
{
	GByteArray *out = g_byte_array_new();
	uint8_t digest[SHA256_DIGEST_LENGTH];
	unsigned int set, item;
	const void *data;
	gsize size;

	g_byte_array_append(out, (const uint8_t *)magic, sizeof(magic));
	for (set = 0; set < SET_COUNT; set++) {
		for (item = 0; item < ITEM_COUNT; item++) {
			size = 0;
			data = NULL;
			if (flash->item[set][item])
				data = g_bytes_get_data(flash->item[set][item], &size);
			put_number(out, size, 2);
			if (size)
				g_byte_array_append(out, data, size);
		}
	}
	put_number(out, flash->saved, 1);
	if (flash->saved)
		put_settings(out, &flash->settings);
	put_number(out, flash->baud, 4);
	SHA256(out->data, out->len, digest);
	g_byte_array_append(out, digest, sizeof(digest));
	return out;
}

/* A cursor that goes bad instead of beyond the end. */
struct reader {
	const uint8_t *at;
	size_t left;
	bool bad;
};

static const uint8_t *read_bytes(struct reader *in, size_t size)
{
	const uint8_t *at = in->at;

	if (in->bad || in->left < size) {
		in->bad = true;
		return NULL;
	}
	in->at += size;
	in->left -= size;
	return at;
}

static uint32_t take_number(struct reader *in, unsigned int bytes)
{
	const uint8_t *at = read_bytes(in, bytes);
	uint32_t value = 0;

	while (at && bytes--)
		value = value << 8 | at[bytes];
	return value;
}

static void take_string(struct reader *in, char *text, size_t max)
{
	size_t size = take_number(in, 1);
	const uint8_t *at;

	if (size > max)
		in->bad = true;
	at = read_bytes(in, size);
	if (at)
		memcpy(text, at, size);
	text[at ? size : 0] = '\0';
}

static void take_settings(struct reader *in, struct settings *settings)
{
	take_string(in, settings->ssid, SSID_MAX);
	take_string(in, settings->passphrase, PASSPHRASE_MAX);
	settings->security = take_number(in, 4);
	settings->dhcp = take_number(in, 4);
	settings->address.s_addr = htonl(take_number(in, 4));
	settings->netmask.s_addr = htonl(take_number(in, 4));
	settings->gateway.s_addr = htonl(take_number(in, 4));
	settings->dns.s_addr = htonl(take_number(in, 4));
	settings->dns2.s_addr = htonl(take_number(in, 4));
	take_string(in, settings->country, COUNTRY_MAX);
	settings->baud = take_number(in, 4);
	settings->retries = take_number(in, 1);
	settings->auto_connect = take_number(in, 1);
	settings->ip_version = take_number(in, 1);
	settings->report_only = take_number(in, 1);
}

static const char *parse_flash(struct flash *flash, const uint8_t *data, size_t size)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	struct reader in = { .at = data, .left = size };
	unsigned int set, item;
	size_t item_size;
	const uint8_t *at;

	at = read_bytes(&in, sizeof(magic));
	if (!at || memcmp(at, magic, sizeof(magic)) != 0)
		return "it is not a flash file of eswrap-fake";
	if (in.left < sizeof(digest))
		return "it is damaged: cut short";
	SHA256(data, size - sizeof(digest), digest);
	if (memcmp(data + size - sizeof(digest), digest, sizeof(digest)) != 0)
		return "it is damaged: the checksum does not fit";
	in.left -= sizeof(digest);
	for (set = 0; set < SET_COUNT; set++) {
		for (item = 0; item < ITEM_COUNT; item++) {
			item_size = take_number(&in, 2);
			at = read_bytes(&in, item_size);
			if (at && item_size)
				flash->item[set][item] = g_bytes_new(at, item_size);
		}
	}
	flash->saved = take_number(&in, 1) != 0;
	if (flash->saved)
		take_settings(&in, &flash->settings);
	flash->baud = take_number(&in, 4);
	return in.bad || in.left ? "it is damaged: its parts do not fit" : NULL;
}

bool flash_open(struct flash *flash, const char *path, GError **error)
{
	GError *cause = NULL;
	const char *why;
	gchar *data;
	gsize size;

	memset(flash, 0, sizeof(*flash));
	flash->path = g_strdup(path);
	if (!path)
		return true;
	if (!g_file_get_contents(path, &data, &size, &cause)) {
		if (g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
			g_error_free(cause);
			return true;
		}
		g_propagate_prefixed_error(error, cause, "cannot read the flash file: ");
		return false;
	}
	why = parse_flash(flash, (const uint8_t *)data, size);
	g_free(data);
	if (why) {
		g_set_error(
			error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			"cannot use the flash file %s: %s (remove it to start with a blank module)",
			path, why);
		return false;
	}
	return true;
}

void flash_close(struct flash *flash)
{
	unsigned int set, item;

	for (set = 0; set < SET_COUNT; set++)
		for (item = 0; item < ITEM_COUNT; item++)
			g_clear_pointer(&flash->item[set][item], g_bytes_unref);
	g_clear_pointer(&flash->path, g_free);
}

static int write_all(int fd, const uint8_t *data, size_t size)
{
	ssize_t n;

	while (size) {
		n = write(fd, data, size);
		if (n < 0)
			return -errno;
		data += n;
		size -= n;
	}
	return fsync(fd) ? -errno : 0;
}

/* The rename itself has to reach the disk too. */
static int sync_directory(const char *path)
{
	char *directory = g_path_get_dirname(path);
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = 0;

	g_free(directory);
	if (fd < 0)
		return -errno;
	if (fsync(fd))
		r = -errno;
	close(fd);
	return r;
}

static int replace_file(const char *path, const GByteArray *contents)
{
	char *temporary = g_strdup_printf("%s.new", path);
	int fd, r;

	/* One that a crash has left behind may be replaced. */
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		r = -errno;
		goto out;
	}
	r = write_all(fd, contents->data, contents->len);
	close(fd);
	if (r == 0 && rename(temporary, path))
		r = -errno;
	if (r)
		unlink(temporary);
	else
		r = sync_directory(path);
out:
	g_free(temporary);
	return r;
}

static int store(const struct flash *flash)
{
	GByteArray *contents;
	int r;

	if (!flash->path)
		return 0;
	contents = serialise(flash);
	r = replace_file(flash->path, contents);
	if (r)
		fprintf(stderr, "eswrap-fake: cannot write the flash file %s: %s\n", flash->path,
			g_strerror(-r));
	g_byte_array_unref(contents);
	return r;
}

enum flash_result flash_program(struct flash *flash, unsigned int set, enum item item,
				const uint8_t *data, size_t size, bool again)
{
	GBytes **place = &flash->item[set][item];
	GBytes *old = *place;
	const void *old_data;
	gsize old_size;

	if (old) {
		old_data = g_bytes_get_data(old, &old_size);
		if (old_size == size && memcmp(old_data, data, size) == 0)
			return FLASH_MATCH;
		if (!again)
			return FLASH_MISMATCH;
	}
	*place = g_bytes_new(data, size);
	if (store(flash)) {
		g_bytes_unref(*place);
		*place = old;
		return FLASH_FAILED;
	}
	if (old)
		g_bytes_unref(old);
	return FLASH_WRITTEN;
}

int flash_save(struct flash *flash, const struct settings *settings)
{
	struct flash before = *flash;
	int r;

	flash->saved = settings != NULL;
	if (settings)
		flash->settings = *settings;
	flash->baud = settings ? settings->baud : 0;
	r = store(flash);
	if (r)
		*flash = before;
	return r;
}

int flash_save_rate(struct flash *flash, uint32_t baud)
{
	uint32_t before = flash->baud;
	int r;

	if (before == baud)
		return 0;
	flash->baud = baud;
	r = store(flash);
	if (r)
		flash->baud = before;
	return r;
}
