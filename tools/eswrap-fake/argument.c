// SPDX-License-Identifier: MIT
/* How the arguments of commands are read. */
#include "eswrap-fake/argument.h"

#include <arpa/inet.h>
#include <glib.h>

bool argument_number(const char *text, unsigned int min, unsigned int max, unsigned int *value)
{
	guint64 number;

	if (!text || !g_ascii_isdigit(*text) ||
	    !g_ascii_string_to_unsigned(text, 10, min, max, &number, NULL))
		return false;
	*value = number;
	return true;
}

bool argument_none(const struct argument *argument)
{
	return !argument->text || !*argument->text;
}

bool argument_address(const char *text, struct in_addr *address)
{
	return text && inet_pton(AF_INET, text, address) == 1;
}
