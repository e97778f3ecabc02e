// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <stddef.h>
#include <stdlib.h>

#include "support/suite.h"
#include "wire/endpoint.h"
#include "wire/name.h"
#include "wire/tag.h"

static const struct eswrap_name stream_name = {
	.kind = ESWRAP_NAME_FLOW,
	.id = 0x0123456789abcdef,
	.type = SOCK_STREAM,
	.family = AF_INET6,
	.endpoint = { .family = AF_INET, .port = 8883, .address = { 198, 18, 3, 4 } },
};

START_TEST(flow_name_reads_as_documented)
{
	static const char text[] = "eswrap/f/0123456789abcdef/s64/"
				   "c6120304000000000000000000000000/22b3/00000000";
	struct sockaddr_un address;
	socklen_t len = eswrap_name_format(&stream_name, &address);

	ck_assert_uint_eq(len, offsetof(struct sockaddr_un, sun_path) + sizeof(text));
	ck_assert_int_eq(address.sun_path[0], '\0');
	ck_assert_mem_eq(address.sun_path + 1, text, sizeof(text) - 1);
}
END_TEST

/* Of the paper's reference implementation: key 00 01 .. 0f, and 0 and 8 bytes 00 01 .. 07. */
START_TEST(tags_are_siphash)
{
	static const uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };

	ck_assert_uint_eq(eswrap_siphash(key, NULL, 0), 0x726fdb47dd0e0e31);
	ck_assert_uint_eq(eswrap_siphash(key, key, 1), 0x93f5f5799a932462);
}
END_TEST

START_TEST(tags_depend_on_all_of_the_destination)
{
	const struct eswrap_key key = { { 1, 2, 3, 4 } }, other = { { 1, 2, 3, 5 } };
	const struct eswrap_endpoint to = { .family = AF_INET, .port = 53, .address = { 9 } };
	struct eswrap_endpoint changed[] = { to, to, to, to };
	uint64_t tag = eswrap_peer_tag(&key, AF_INET, &to);
	size_t i;

	changed[0].family = AF_INET6;
	changed[1].port = 54;
	changed[2].scope = 1;
	changed[3].address[15] = 1;
	for (i = 0; i < sizeof(changed) / sizeof(changed[0]); i++)
		ck_assert_uint_ne(eswrap_peer_tag(&key, AF_INET, &changed[i]), tag);
	ck_assert_uint_ne(eswrap_peer_tag(&key, AF_INET6, &to), tag);
	ck_assert_uint_ne(eswrap_peer_tag(&other, AF_INET, &to), tag);
}
END_TEST

START_TEST(every_kind_of_name_comes_back_as_it_went)
{
	struct eswrap_name names[] = {
		stream_name,
		{ .kind = ESWRAP_NAME_OUTCOME, .id = UINT64_MAX, .tag = 7, .error = 111 },
		{ .kind = ESWRAP_NAME_OUTCOME,
		  .endpoint = { .family = AF_INET, .port = 65535, .address = { 192, 168, 1, 2 } } },
		{ .kind = ESWRAP_NAME_DATAGRAM_PEER,
		  .id = 1,
		  .tag = 0xfedcba9876543210,
		  .type = SOCK_DGRAM,
		  .family = AF_INET6,
		  .endpoint = { .family = AF_INET6,
				.port = 53,
				.scope = 0xfedcba98,
				.address = { 0x20, 1, 0, 2, [15] = 9 } } },
	};
	struct sockaddr_un address;
	struct eswrap_name back;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		socklen_t len = eswrap_name_format(&names[i], &address);

		ck_assert(eswrap_name_parse(&address, len, &back));
		ck_assert_int_eq(back.kind, names[i].kind);
		ck_assert_uint_eq(back.id, names[i].id);
		ck_assert_uint_eq(back.tag, names[i].tag);
		ck_assert_int_eq(back.type, names[i].type);
		ck_assert_int_eq(back.family, names[i].family);
		ck_assert_int_eq(back.error, names[i].error);
		ck_assert_mem_eq(&back.endpoint, &names[i].endpoint, sizeof(back.endpoint));
	}
}
END_TEST

START_TEST(a_cut_or_changed_name_is_not_ours)
{
	struct sockaddr_un address;
	struct eswrap_name back;
	socklen_t len = eswrap_name_format(&stream_name, &address);
	socklen_t cut;
	size_t i;

	for (cut = 0; cut < len; cut++)
		ck_assert(!eswrap_name_parse(&address, cut, &back));
	/* '!' fits no field: wherever it stands, the name is not one of ours. */
	for (i = 0; i < len - offsetof(struct sockaddr_un, sun_path); i++) {
		struct sockaddr_un changed = address;

		changed.sun_path[i] = '!';
		ck_assert(!eswrap_name_parse(&changed, len, &back));
	}
}
END_TEST

START_TEST(v4_mapped_addresses_cross_families)
{
	struct eswrap_endpoint v4 = { .family = AF_INET, .port = 80, .address = { 127, 0, 0, 1 } };
	struct eswrap_endpoint mapped;
	struct sockaddr_storage address;
	struct sockaddr_in in;
	socklen_t len = eswrap_endpoint_to_sockaddr(&v4, AF_INET6, &address);

	ck_assert(eswrap_endpoint_from_sockaddr(&mapped, (struct sockaddr *)&address, len));
	ck_assert_int_eq(mapped.family, AF_INET6);
	ck_assert_int_eq(mapped.address[10], 0xff);
	len = eswrap_endpoint_to_sockaddr(&mapped, AF_INET, &address);
	ck_assert_uint_eq(len, sizeof(in));
	memcpy(&in, &address, sizeof(in));
	ck_assert_uint_eq(ntohl(in.sin_addr.s_addr), INADDR_LOOPBACK);
	ck_assert_uint_eq(ntohs(in.sin_port), 80);
}
END_TEST

START_TEST(short_or_foreign_addresses_are_not_taken)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct eswrap_endpoint endpoint;

	ck_assert(
		!eswrap_endpoint_from_sockaddr(&endpoint, (struct sockaddr *)&in, sizeof(in) - 1));
	ck_assert(!eswrap_endpoint_from_sockaddr(&endpoint, (struct sockaddr *)&un, sizeof(un)));
	ck_assert(eswrap_endpoint_from_sockaddr(&endpoint, (struct sockaddr *)&in, sizeof(in)));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire");
	TCase *names = tcase_create("names");

	tcase_add_test(names, flow_name_reads_as_documented);
	tcase_add_test(names, tags_are_siphash);
	tcase_add_test(names, tags_depend_on_all_of_the_destination);
	tcase_add_test(names, every_kind_of_name_comes_back_as_it_went);
	tcase_add_test(names, a_cut_or_changed_name_is_not_ours);
	tcase_add_test(names, v4_mapped_addresses_cross_families);
	tcase_add_test(names, short_or_foreign_addresses_are_not_taken);
	suite_add_tcase(suite, names);
	return suite_run(suite);
}
