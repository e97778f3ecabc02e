/* SPDX-License-Identifier: MIT */
/* What survives a reset: the one-time programmable credentials and the saved settings. */
#ifndef FAKE_FLASH_H
#define FAKE_FLASH_H

#include <glib.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SET_COUNT	     4 /* credentials sets: three [product note], and the re-writable one */
#define WRITABLE_SET	     3 /* [ST, AFR, firmware C6.2] */
#define JOIN_RETRIES_DEFAULT 2 /* CB, from firmware C2.4 on [UM] */
#define ITEM_SIZE_MAX	     9999 /* bytes of an item: ST's PG writes four digits */
#define SSID_MAX	     32	  /* bytes, IEEE 802.11 */
#define PASSPHRASE_MAX	     64	  /* 63 characters, or 64 hexadecimal digits */
#define COUNTRY_MAX	     2

enum item { ITEM_CA, ITEM_CERTIFICATE, ITEM_KEY, ITEM_COUNT }; /* [product note] */

/**
 * struct settings - what Z1 saves
 * @ssid, @passphrase, @security:	C1, C2, C3
 * @dhcp:	C4
 * @address, @netmask, @gateway, @dns:	C6 to C9, network byte order
 * @dns2:	CA
 * @country:	CN
 * @baud:	U2
 * @retries, @auto_connect, @ip_version: CB, CC, C5
 * @report_only: PB
 */
struct settings {
	char ssid[SSID_MAX + 1];
	char passphrase[PASSPHRASE_MAX + 1];
	uint32_t security;
	uint32_t dhcp;
	struct in_addr address, netmask, gateway, dns, dns2;
	char country[COUNTRY_MAX + 1];
	uint32_t baud;
	uint32_t retries, auto_connect, ip_version, report_only;
};

/**
 * struct flash - the contents
 * @item:	one item each, or NULL while it is blank
 * @saved:	Z1 was used; @settings holds what it saved
 * @baud:	the rate at power-up, 0: the settings'
 */
struct flash {
	char *path;
	GBytes *item[SET_COUNT][ITEM_COUNT];
	bool saved;
	struct settings settings;
	uint32_t baud;
};

/**
 * flash_open() - read the flash file
 * @path:	the file; it need not exist. NULL: nothing is kept beyond the process
 *
 * Return: false with @error set when the file is there and is not a whole flash file.
 */
bool flash_open(struct flash *flash, const char *path, GError **error);
void flash_close(struct flash *flash);

enum flash_result {
	FLASH_WRITTEN,	/* was blank, is programmed now */
	FLASH_MATCH,	/* was programmed with the same bytes */
	FLASH_MISMATCH, /* is programmed with other bytes; nothing has changed */
	FLASH_FAILED,	/* the file cannot be written; nothing has changed */
};

/**
 * flash_program() - write an item, or compare it: one-time programmable
 * @again:	not so: other bytes take its place
 */
enum flash_result flash_program(struct flash *flash, unsigned int set, enum item item,
				const uint8_t *data, size_t size, bool again);

/* flash_save_rate() - keep the rate at power-up alone. Return: 0 or a negative errno */
int flash_save_rate(struct flash *flash, uint32_t baud);

/* flash_save() - keep settings (NULL: the factory's). Return: 0 or a negative errno */
int flash_save(struct flash *flash, const struct settings *settings);

#endif
