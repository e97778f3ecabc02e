// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>

#include "eswrap-tunnel/packet.h"
#include "support/suite.h"
#include "unit/segment.h"

static uint8_t buffer[PACKET_MAX];
static struct packet packet;

START_TEST(tcp_is_taken_apart)
{
	size_t len = segment_make(buffer, "10.0.0.2", 40000, "203.0.113.9", 443, PACKET_SYN, 7, 0);

	ck_assert_int_eq(packet_parse(buffer, len, &packet), PACKET_TCP);
	ck_assert_uint_eq(packet.tuple.source, inet_addr("10.0.0.2"));
	ck_assert_uint_eq(packet.tuple.dest, inet_addr("203.0.113.9"));
	ck_assert_uint_eq(ntohs(packet.tuple.source_port), 40000);
	ck_assert_uint_eq(ntohs(packet.tuple.dest_port), 443);
	ck_assert_uint_eq(packet.flags, PACKET_SYN);
	ck_assert_uint_eq(packet.seq, 7);
	ck_assert_uint_eq(packet.payload_len, 0);
}
END_TEST

START_TEST(options_are_stepped_over)
{
	size_t len = segment_make(buffer, "10.0.0.2", 1, "10.0.0.3", 2, PACKET_ACK, 1, 1);

	/* 8 bytes of options of IP; TCP's offset says 32. */
	memmove(buffer + 28, buffer + 20, len - 20);
	memset(buffer + 20, 1, 8);
	buffer[0] = 0x47;
	buffer[28 + 12] = 0x80;
	memset(buffer + 48, 1, 12);
	memcpy(buffer + 60, "data", 4);
	buffer[3] = 64;
	ck_assert_int_eq(packet_parse(buffer, 64, &packet), PACKET_TCP);
	ck_assert_uint_eq(packet.header, 28);
	ck_assert_uint_eq(ntohs(packet.tuple.dest_port), 2);
	ck_assert_uint_eq(packet.payload_len, 4);
	ck_assert(memcmp(packet.payload, "data", 4) == 0);
}
END_TEST

START_TEST(what_stands_behind_the_packet_is_no_part_of_it)
{
	const struct tuple tuple = { inet_addr("10.0.0.2"), inet_addr("10.0.0.3"), htons(5),
				     htons(53) };
	size_t len = packet_udp(&tuple, "question", 8, buffer);

	ck_assert_int_eq(packet_parse(buffer, len + 100, &packet), PACKET_UDP);
	ck_assert_uint_eq(packet.len, len);
	ck_assert_uint_eq(packet.payload_len, 8);
}
END_TEST

/* One byte of a good packet is changed, or the packet is cut. */
static enum packet_kind spoilt(size_t at, uint8_t value, size_t len)
{
	size_t whole = segment_make(buffer, "10.0.0.2", 1, "10.0.0.3", 2, PACKET_SYN, 1, 0);

	buffer[at] = value;
	return packet_parse(buffer, len ? len : whole, &packet);
}

START_TEST(what_is_cut_off_or_lies_about_its_length_is_bad)
{
	size_t len;

	ck_assert_int_eq(spoilt(0, 0x45, 0), PACKET_TCP);
	for (len = 1; len < 40; len++)
		ck_assert_int_eq(spoilt(0, 0x45, len), PACKET_BAD);
	ck_assert_int_eq(spoilt(0, 0x65, 0), PACKET_BAD);  /* version 6 */
	ck_assert_int_eq(spoilt(0, 0x44, 0), PACKET_BAD);  /* a header of 16 bytes */
	ck_assert_int_eq(spoilt(0, 0x4f, 0), PACKET_BAD);  /* ... of 60 */
	ck_assert_int_eq(spoilt(3, 41, 0), PACKET_BAD);	   /* longer than what came */
	ck_assert_int_eq(spoilt(3, 19, 0), PACKET_BAD);	   /* shorter than its header */
	ck_assert_int_eq(spoilt(32, 0x40, 0), PACKET_BAD); /* TCP header of 16 bytes */
	ck_assert_int_eq(spoilt(32, 0xf0, 0), PACKET_BAD); /* ... of 60 */
}
END_TEST

START_TEST(fragments_are_bad)
{
	ck_assert_int_eq(spoilt(6, 0x20, 0), PACKET_BAD); /* more to come */
	ck_assert_int_eq(spoilt(7, 0x01, 0), PACKET_BAD); /* not the first */
	ck_assert_int_eq(spoilt(6, 0x40, 0), PACKET_TCP); /* "do not fragment" is none */
}
END_TEST

START_TEST(datagram_lengths_are_checked)
{
	const struct tuple tuple = { inet_addr("10.0.0.2"), inet_addr("10.0.0.3"), htons(5),
				     htons(53) };
	size_t len = packet_udp(&tuple, "question", 8, buffer);

	buffer[25] = 7;
	ck_assert_int_eq(packet_parse(buffer, len, &packet), PACKET_BAD);
	buffer[25] = 17;
	ck_assert_int_eq(packet_parse(buffer, len, &packet), PACKET_BAD);
	buffer[25] = 8;
	ck_assert_int_eq(packet_parse(buffer, len, &packet), PACKET_UDP);
	ck_assert_uint_eq(packet.payload_len, 0);
}
END_TEST

START_TEST(made_packets_have_right_checksums)
{
	const struct tuple tuple = { inet_addr("10.0.0.2"), inet_addr("203.0.113.3"), htons(5),
				     htons(53) };
	uint8_t out[PACKET_ERROR_MAX];
	size_t len;

	len = packet_udp(&tuple, "odd", 3, buffer);
	ck_assert(segment_is_sound(buffer, len));
	segment_make(buffer, "10.0.0.2", 1, "10.0.0.3", 2, PACKET_SYN, 0xfffffff0u, 0);
	packet_parse(buffer, 40, &packet);
	ck_assert(segment_is_sound(out, packet_reset(&packet, out)));
	ck_assert(segment_is_sound(out, packet_unreachable(&packet, inet_addr("192.0.0.1"),
							   ICMP_HOST_UNREACH, out)));
}
END_TEST

START_TEST(other_ends_keep_the_checksums_right)
{
	const struct tuple to = { inet_addr("192.0.0.1"), inet_addr("255.255.0.2"), htons(65535),
				  htons(1) };
	size_t len = segment_make(buffer, "10.0.0.2", 1, "10.0.0.3", 2, PACKET_ACK, 5, 9);

	packet_parse(buffer, len, &packet);
	packet_readdress(&packet, &to);
	ck_assert(segment_is_sound(buffer, len));
	ck_assert_int_eq(packet_parse(buffer, len, &packet), PACKET_TCP);
	ck_assert_mem_eq(&packet.tuple, &to, sizeof(to));
}
END_TEST

START_TEST(a_damaged_packet_stays_damaged)
{
	const struct tuple to = { 1, 2, 3, 4 };
	size_t len = segment_make(buffer, "10.0.0.2", 1, "10.0.0.3", 2, PACKET_ACK, 5, 9);

	buffer[24] ^= 1;
	packet_parse(buffer, len, &packet);
	packet_readdress(&packet, &to);
	ck_assert(!segment_is_sound(buffer, len));
}
END_TEST

START_TEST(a_reset_is_one_that_the_other_side_believes)
{
	uint8_t out[PACKET_RESET_LEN];
	struct packet reset;

	/* RFC 9293, 3.10.7.3: of a SYN, its acknowledgement counts. */
	segment_make(buffer, "10.0.0.2", 1, "10.0.0.3", 2, PACKET_SYN, 41, 0);
	packet_parse(buffer, 40, &packet);
	packet_parse(out, packet_reset(&packet, out), &reset);
	ck_assert_uint_eq(reset.flags, PACKET_RST | PACKET_ACK);
	ck_assert_uint_eq(reset.ack, 42);
	ck_assert_uint_eq(reset.tuple.source, inet_addr("10.0.0.3"));
	ck_assert_uint_eq(ntohs(reset.tuple.dest_port), 1);
	/* Of any other, the sequence number that it waits for. */
	segment_make(buffer, "10.0.0.2", 1, "10.0.0.3", 2, PACKET_ACK, 41, 1000);
	packet_parse(buffer, 40, &packet);
	packet_parse(out, packet_reset(&packet, out), &reset);
	ck_assert_uint_eq(reset.flags, PACKET_RST);
	ck_assert_uint_eq(reset.seq, 1000);
}
END_TEST

START_TEST(no_error_answers_an_error_or_a_group)
{
	const struct tuple group = { inet_addr("10.0.0.2"), inet_addr("224.0.0.251"), 1, 2 };
	uint8_t out[PACKET_ERROR_MAX], error[PACKET_ERROR_MAX];
	size_t len;

	segment_make(buffer, "10.0.0.2", 1, "10.0.0.3", 2, PACKET_SYN, 41, 0);
	packet_parse(buffer, 40, &packet);
	len = packet_unreachable(&packet, inet_addr("192.0.0.1"), ICMP_NET_UNREACH, error);
	ck_assert_uint_eq(len, 56);
	ck_assert_int_eq(packet_parse(error, len, &packet), PACKET_OTHER);
	ck_assert_uint_eq(packet_unreachable(&packet, 1, ICMP_NET_UNREACH, out), 0);
	packet_parse(buffer, packet_udp(&group, "", 0, buffer), &packet);
	ck_assert_uint_eq(packet_unreachable(&packet, 1, ICMP_NET_UNREACH, out), 0);
	ck_assert(packet_is_for_many(inet_addr("255.255.255.255")));
	ck_assert(packet_is_for_many(0));
	ck_assert(!packet_is_for_many(inet_addr("198.18.0.1")));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("packet");
	TCase *tc = tcase_create("packet");

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, tcp_is_taken_apart);
	tcase_add_test(tc, options_are_stepped_over);
	tcase_add_test(tc, what_stands_behind_the_packet_is_no_part_of_it);
	tcase_add_test(tc, what_is_cut_off_or_lies_about_its_length_is_bad);
	tcase_add_test(tc, fragments_are_bad);
	tcase_add_test(tc, datagram_lengths_are_checked);
	tcase_add_test(tc, made_packets_have_right_checksums);
	tcase_add_test(tc, other_ends_keep_the_checksums_right);
	tcase_add_test(tc, a_damaged_packet_stays_damaged);
	tcase_add_test(tc, a_reset_is_one_that_the_other_side_believes);
	tcase_add_test(tc, no_error_answers_an_error_or_a_group);
	return suite_run(suite);
}
