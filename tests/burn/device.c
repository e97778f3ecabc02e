// SPDX-License-Identifier: MIT
/* A device whose set 0 is to be programmed. */
#include "burn/device.h"

#include <check.h>

struct harness *h;
struct identity *ca, *device;

void device_setup(void)
{
	h = harness_new();
	ca = identity_new(&(struct identity_request){ .name = "root", .ca = true });
	device = identity_new(&(struct identity_request){ .name = "device-0001", .issuer = ca });
	credentials_put(h, "ca", ca);
	credentials_put(h, "device", device);
}

void device_teardown(void)
{
	identity_free(device);
	identity_free(ca);
	harness_free(h);
}

const struct result *device_program(void)
{
	return credentials_ctl(h, "credentials", "program", "0", "--yes", NULL);
}

void expect_status(const struct result *result, int status)
{
	ck_result_status(result, status);
}

void expect_burnt(void)
{
	char noted[LEDGER_SHA256_HEX + 1], burnt[LEDGER_SHA256_HEX + 1];
	int i;

	for (i = 0; i < LEDGER_ITEMS; i++) {
		ck_assert_int_eq(credentials_ledger(h, 0, (enum eswifi_item)i, noted),
				 LEDGER_BURNT);
		credentials_flash(h, 0, (enum eswifi_item)i, burnt);
		ck_assert_str_eq(noted, burnt);
	}
}
