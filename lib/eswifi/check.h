/* SPDX-License-Identifier: MIT */
/* What may go into an AT command. The checks of settings are in eswifi.h. */
#ifndef ESWIFI_CHECK_H
#define ESWIFI_CHECK_H

#include "eswifi/eswifi.h"

/* check_is_address() - is @text an IPv4 address in dotted decimals? */
bool check_is_address(const char *text);

/* check_is_host() - letters, digits, dots, hyphens and underscores, 1 to ESWIFI_HOST_MAX */
bool check_is_host(const char *text);

/* check_settings() - all of them; Return: false with @error set */
bool check_settings(const struct eswifi_settings *settings, GError **error);

#endif
