/* SPDX-License-Identifier: MIT */
/* A device whose set 0 is to be programmed: its files, its broker, and what has become of the set. */
#ifndef TESTS_DEVICE_H
#define TESTS_DEVICE_H

#include "burn/credentials.h"

/* [credentials gateway], set 0, with the files of the next two. */
#define DEVICE_GROUP                                    \
	"[credentials gateway]\nset = 0\nca = ca.pem\n" \
	"certificate = device.pem\nkey = device.key\n"

/* Of the case under way; a test may put others in their place. */
extern struct harness *h;
extern struct identity *ca, *device;

/* The checked fixture: the files are there, and nothing runs. */
void device_setup(void);
void device_teardown(void);

/* device_program() - what becomes of `credentials program 0 --yes` */
const struct result *device_program(void);

/* expect_status() - as ck_result_status(), which would run a program each time that it names it */
void expect_status(const struct result *result, int status);
/* expect_burnt() - all three items: in the flash, and in the ledger as burnt with the flash's bytes */
void expect_burnt(void);

#endif
