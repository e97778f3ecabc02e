// SPDX-License-Identifier: MIT
/*
 * What the shim reads that others have written: names of sockets, questions to name servers, host
 * names on their way into a packet, and filters of sockets with, or without, its notes.
 */
#include <arpa/nameser.h>
#include <assert.h>
#include <linux/filter.h>
#include <resolv.h>
#include <stdint.h>
#include <string.h>

#include "shim/shim.h"
#include "wire/dns.h"
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
static void answer(const struct name_question *question, const uint8_t *data, size_t size)
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

struct shim shim;

/* The filter of the socket that there is not. */
static struct sock_filter filter[BPF_MAXINSNS];
static socklen_t filter_length;

void shim_init(void)
{
}

static int get_filter(int fd, int level, int option, void *value, socklen_t *length)
{
	(void)fd;
	assert(level == SOL_SOCKET && option == SO_GET_FILTER);
	/* As the kernel does: what there is no room for is an error. */
	if (filter_length > *length)
		return -1;
	memcpy(value, filter, filter_length * sizeof(filter[0]));
	*length = filter_length;
	return 0;
}

static int set_filter(int fd, int level, int option, const void *value, socklen_t length)
{
	const struct sock_fprog *program = value;

	(void)fd;
	assert(level == SOL_SOCKET && option == SO_ATTACH_FILTER && length == sizeof(*program));
	assert(program->len <= BPF_MAXINSNS);
	memcpy(filter, program->filter, program->len * sizeof(filter[0]));
	filter_length = program->len;
	return 0;
}

/* What is written is read again, and what was attached before stays in front of it. */
static void notes(const uint8_t *data, size_t size)
{
	struct sock_filter first = { 0 };
	struct notes put, got;
	bool guarded;
	size_t i;

	shim.real.getsockopt = get_filter;
	shim.real.setsockopt = set_filter;
	shim.ready = true;
	filter_length = (socklen_t)(size / sizeof(filter[0]) % 80);
	memcpy(filter, data, filter_length * sizeof(filter[0]));
	guarded = !shim_notes_read(0, &got) && filter_length > 0;
	first = filter[0];
	for (i = 0; i < NOTE_MAX; i++)
		put.value[i] = data[i % size];
	if (!shim_notes_write(0, &put))
		return;
	assert(shim_notes_read(0, &got));
	for (i = 0; i < NOTE_MAX; i++)
		assert(got.value[i] == put.value[i]);
	assert(!guarded || memcmp(&first, &filter[0], sizeof(first)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[ROOM] = "";
	struct eswrap_endpoint address;
	struct name_question question;
	struct dns_question asked;

	if (size == 0)
		return 0;
	socket_name(data, size);
	notes(data, size);
	if (dns_parse(data, size, &asked) == DNS_GOOD) {
		question = (struct name_question){ asked.name, asked.class, asked.type };
		answer(&question, data, size);
	}
	memcpy(text, data, size < ROOM ? size : ROOM - 1);
	eswrap_endpoint_from_arpa(&address, text);
	question = (struct name_question){ text, ns_c_in, data[0] };
	answer(&question, data, size);
	return 0;
}
