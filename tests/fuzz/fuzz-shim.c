// SPDX-License-Identifier: MIT
/*
 * What the shim reads that others have written: names of sockets, questions to name servers, and
 * host names on their way into a packet.
 */
#include <arpa/nameser.h>
#include <assert.h>
#include <resolv.h>
#include <stdint.h>
#include <string.h>

#include "shim/shim.h"
#include "wire/name.h"

#define ROOM 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A name that is one of ours says the same again. */
static void socket_name(const uint8_t *data, size_t size)
{
	struct sockaddr_un address, again;
	struct eswrap_name name;
	socklen_t len = size < sizeof(address) ? (socklen_t)size : sizeof(address);

	memset(&address, 0, sizeof(address));
	memcpy(&address, data, len);
	if (len < sizeof(sa_family_t))
		return;
	address.sun_family = AF_UNIX;
	if (eswrap_name_parse(&address, len, &name) && eswrap_name_format(&name, &again) == len)
		assert(memcmp(&address, &again, len) == 0);
}

/* An answer of ours is one that libc can read, and has as many records as it says. */
static void answer(const struct dns_question *question, const uint8_t *data, size_t size)
{
	struct eswrap_reply reply = { .v4 = { .family = AF_INET }, .v6 = { .family = AF_INET6 } };
	unsigned char packet[ROOM];
	unsigned int records;
	ns_msg message;
	int len;

	memcpy(reply.name, data, size < ESWRAP_NAME_MAX ? size : ESWRAP_NAME_MAX);
	len = shim_dns_answer(question, 7, ns_r_noerror, &reply, packet, sizeof(packet), &records);
	if (len < 0)
		return;
	assert(ns_initparse(packet, len, &message) == 0);
	assert(ns_msg_count(message, ns_s_an) == (int)records);
	/* Whatever room there is. */
	len = shim_dns_answer(question, 7, ns_r_noerror, &reply, packet, data[0], &records);
	assert(len <= data[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[SHIM_WHOLE], text[ROOM] = "";
	struct eswrap_endpoint address;
	struct dns_question question;

	if (size == 0)
		return 0;
	socket_name(data, size);
	if (shim_dns_question(data, (int)size, name, sizeof(name), &question)) {
		assert(strlen(name) < sizeof(name));
		answer(&question, data, size);
	}
	memcpy(text, data, size < ROOM ? size : ROOM - 1);
	shim_dns_address(text, &address);
	question = (struct dns_question){ text, ns_c_in, data[0] };
	answer(&question, data, size);
	return 0;
}
