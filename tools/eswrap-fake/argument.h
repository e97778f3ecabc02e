/* SPDX-License-Identifier: MIT */
/* What a command is given, and what becomes of it. */
#ifndef FAKE_ARGUMENT_H
#define FAKE_ARGUMENT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum verdict {
	VERDICT_OK,	 /* what was added to the answer is the DATA */
	VERDICT_ERROR,	 /* what was added comes before ERROR */
	VERDICT_USAGE,	 /* the argument is wrong, too much or missing */
	VERDICT_ADDRESS, /* it is not the address that it should be */
	VERDICT_EMPTY,	 /* there was no command */
	VERDICT_PROMPT,	 /* what was added, and the prompt alone */
	VERDICT_SILENT,	 /* no answer */
};

/**
 * struct argument - what follows the two characters of a command
 * @text:	behind the '=', terminated; NULL when there was no '='
 * @payload, @payload_size: the raw bytes of S3 and PG
 */
struct argument {
	const char *text;
	const uint8_t *payload;
	size_t payload_size;
};

/**
 * argument_number() - a decimal number and nothing else
 * @min, @max:	what is allowed; leading zeros are
 *
 * Return: false when it is anything else.
 */
bool argument_number(const char *text, unsigned int min, unsigned int max, unsigned int *value);

/* argument_none() - nothing behind the name, but perhaps a '=' */
bool argument_none(const struct argument *argument);

/* argument_address() - an IPv4 address, dotted with four numbers */
bool argument_address(const char *text, struct in_addr *address);

#endif
