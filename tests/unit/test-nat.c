// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <netinet/ip_icmp.h>
#include <string.h>

#include "eswrap-tunnel/nat.h"
#include "support/suite.h"
#include "unit/segment.h"

#define OWN	 "192.0.0.2"
#define GATEWAY	 "192.0.0.1"
#define LISTENER 5000
#define SERVER	 "203.0.113.9"

static struct nat nat;
static uint8_t buffer[PACKET_MAX];
static struct packet packet;
static struct nat_entry *entry;
static int64_t now;

static void setup(void)
{
	memset(&nat, 0, sizeof(nat));
	nat.gateway = inet_addr(GATEWAY);
	nat.own = inet_addr(OWN);
	nat.listener = htons(LISTENER);
	nat.seed = 1;
	now = 1000;
}

static enum nat_verdict pass(const char *source, uint16_t source_port, const char *dest,
			     uint16_t dest_port, uint8_t flags, uint32_t seq)
{
	size_t len = segment_make(buffer, source, source_port, dest, dest_port, flags, seq, 77);

	ck_assert_int_eq(packet_parse(buffer, len, &packet), PACKET_TCP);
	return nat_packet(&nat, &packet, now, &entry);
}

static enum nat_verdict from_program(uint16_t port, uint8_t flags, uint32_t seq)
{
	return pass(OWN, port, SERVER, 443, flags, seq);
}

static enum nat_verdict from_listener(uint16_t slot, uint8_t flags)
{
	return pass(OWN, LISTENER, GATEWAY, slot, flags, 9);
}

static void ck_ends(const char *source, uint16_t source_port, const char *dest, uint16_t dest_port)
{
	ck_assert(segment_is_sound(packet.data, packet.len));
	ck_assert_uint_eq(packet.tuple.source, inet_addr(source));
	ck_assert_uint_eq(packet.tuple.dest, inet_addr(dest));
	ck_assert_uint_eq(ntohs(packet.tuple.source_port), source_port);
	ck_assert_uint_eq(ntohs(packet.tuple.dest_port), dest_port);
}

/* A connection from this port that is open. Return: its slot */
static uint16_t opened(uint16_t port)
{
	uint8_t syn[NAT_SYN_MAX];

	ck_assert_int_eq(from_program(port, PACKET_SYN, 1), NAT_BEGIN);
	ck_assert_uint_eq(nat_release(&nat, entry, now, syn), 40);
	nat_open(entry, now);
	return nat_slot(&nat, entry);
}

START_TEST(a_first_syn_is_held)
{
	ck_assert_int_eq(from_program(40000, PACKET_SYN, 5), NAT_BEGIN);
	ck_assert_int_eq(entry->state, NAT_HELD);
	ck_assert_uint_eq(ntohs(entry->program.source_port), 40000);
	/* ... and the next ones, that ask whether it was heard, are nothing new */
	ck_assert_int_eq(from_program(40000, PACKET_SYN, 5), NAT_DROP);
	ck_assert_int_eq(entry->state, NAT_HELD);
}
END_TEST

START_TEST(a_released_syn_goes_to_the_listener)
{
	uint8_t syn[NAT_SYN_MAX];
	size_t len;

	from_program(40000, PACKET_SYN, 5);
	len = nat_release(&nat, entry, now, syn);
	ck_assert_int_eq(packet_parse(syn, len, &packet), PACKET_TCP);
	ck_ends(GATEWAY, nat_slot(&nat, entry), OWN, LISTENER);
	ck_assert_uint_eq(packet.seq, 5);
	ck_assert_int_eq(entry->state, NAT_HANDSHAKE);
}
END_TEST

START_TEST(an_open_connection_is_translated_both_ways)
{
	uint16_t slot = opened(40000);

	ck_assert_int_eq(from_program(40000, PACKET_ACK, 6), NAT_FORWARD);
	ck_ends(GATEWAY, slot, OWN, LISTENER);
	ck_assert_int_eq(from_listener(slot, PACKET_ACK), NAT_FORWARD);
	ck_ends(SERVER, 443, OWN, 40000);
}
END_TEST

START_TEST(connections_are_told_apart_by_all_four)
{
	uint16_t first = opened(40000), second;

	ck_assert_int_eq(pass(OWN, 40000, SERVER, 80, PACKET_SYN, 1), NAT_BEGIN);
	second = nat_slot(&nat, entry);
	ck_assert_uint_ne(first, second);
	ck_assert_int_eq(pass(OWN, 40000, "203.0.113.10", 443, PACKET_SYN, 1), NAT_BEGIN);
	ck_assert_int_eq(from_program(40000, PACKET_ACK, 2), NAT_FORWARD);
	ck_assert_uint_eq(nat_slot(&nat, entry), first);
}
END_TEST

START_TEST(an_end_is_translated_for_a_minute)
{
	uint16_t slot = opened(40000);

	nat_end(entry, now);
	now += NAT_GONE_MS - 1;
	ck_assert_int_eq(from_listener(slot, PACKET_RST), NAT_FORWARD);
	ck_assert_int_eq(from_program(40000, PACKET_ACK, 2), NAT_FORWARD);
	/* Only when all others have been used is it taken again, and only then. */
	nat.turn = (uint16_t)(slot - 1);
	ck_assert_int_eq(from_program(40001, PACKET_SYN, 2), NAT_BEGIN);
	ck_assert_uint_ne(nat_slot(&nat, entry), slot);
	now += 1;
	nat.turn = (uint16_t)(slot - 1);
	ck_assert_int_eq(from_program(40002, PACKET_SYN, 2), NAT_BEGIN);
	ck_assert_uint_eq(nat_slot(&nat, entry), slot);
}
END_TEST

START_TEST(the_same_port_can_connect_again_at_once)
{
	opened(40000);
	nat_end(entry, now);
	ck_assert_int_eq(from_program(40000, PACKET_SYN, 900), NAT_BEGIN);
	ck_assert_int_eq(entry->state, NAT_HELD);
	nat_refuse(entry, ICMP_NET_UNREACH, now);
	ck_assert_int_eq(from_program(40000, PACKET_SYN, 901), NAT_BEGIN);
}
END_TEST

START_TEST(a_refusal_is_repeated_when_the_syn_is)
{
	uint8_t out[PACKET_ERROR_MAX];
	size_t len;

	from_program(40000, PACKET_SYN, 5);
	nat_refuse(entry, ICMP_HOST_UNREACH, now);
	ck_assert_int_eq(from_program(40000, PACKET_SYN, 5), NAT_REPEAT);
	len = nat_answer(&nat, entry, out);
	ck_assert(segment_is_sound(out, len));
	ck_assert_uint_eq(out[20], ICMP_DEST_UNREACH);
	ck_assert_uint_eq(out[21], ICMP_HOST_UNREACH);
	ck_assert_int_eq(from_program(40000, PACKET_ACK, 5), NAT_DROP);
}
END_TEST

START_TEST(a_refusal_can_be_a_reset)
{
	uint8_t out[PACKET_ERROR_MAX];
	size_t len;

	from_program(40000, PACKET_SYN, 5);
	nat_refuse(entry, NAT_ANSWER_RESET, now);
	len = nat_answer(&nat, entry, out);
	ck_assert_int_eq(packet_parse(out, len, &packet), PACKET_TCP);
	ck_ends(SERVER, 443, OWN, 40000);
	ck_assert_uint_eq(packet.flags, PACKET_RST | PACKET_ACK);
	ck_assert_uint_eq(packet.ack, 6);
}
END_TEST

START_TEST(what_belongs_to_nothing_is_reset)
{
	ck_assert_int_eq(from_program(40000, PACKET_ACK, 5), NAT_UNKNOWN);
	ck_assert_int_eq(from_program(40000, PACKET_SYN | PACKET_ACK, 5), NAT_UNKNOWN);
	ck_assert_int_eq(from_program(40000, PACKET_RST, 5), NAT_DROP);
	ck_assert_int_eq(pass(OWN, 40000, GATEWAY, 80, PACKET_SYN, 1), NAT_UNKNOWN);
	/* nothing of a slot that is not in use, or of none at all */
	ck_assert_int_eq(from_listener(1, PACKET_ACK), NAT_DROP);
	ck_assert_int_eq(from_listener(0, PACKET_ACK), NAT_DROP);
	ck_assert_int_eq(from_listener(NAT_ENTRIES + 1, PACKET_ACK), NAT_DROP);
	/* nor of one that is only held: programs can send from the listener's address */
	from_program(40000, PACKET_SYN, 5);
	ck_assert_int_eq(from_listener(nat_slot(&nat, entry), PACKET_ACK), NAT_DROP);
}
END_TEST

START_TEST(a_syn_with_data_waits_for_one_without)
{
	size_t len = segment_make(buffer, OWN, 1, SERVER, 2, PACKET_SYN, 1, 0);

	buffer[3] = (uint8_t)(len + 4);
	ck_assert_int_eq(packet_parse(buffer, len + 4, &packet), PACKET_TCP);
	ck_assert_int_eq(nat_packet(&nat, &packet, now, &entry), NAT_DROP);
	ck_assert_ptr_null(entry);
	ck_assert_int_eq(pass(OWN, 1, SERVER, 2, PACKET_SYN, 1), NAT_BEGIN);
}
END_TEST

START_TEST(a_full_table_takes_nothing_and_loses_nothing)
{
	struct nat_entry *last;
	unsigned int i;

	for (i = 0; i < NAT_ENTRIES; i++)
		ck_assert_int_eq(from_program((uint16_t)(1024 + i), PACKET_SYN, 1), NAT_BEGIN);
	last = entry;
	ck_assert_int_eq(from_program(60000, PACKET_SYN, 1), NAT_DROP);
	ck_assert_ptr_null(entry);
	for (i = 0; i < NAT_ENTRIES; i++)
		ck_assert_int_eq(from_program((uint16_t)(1024 + i), PACKET_SYN, 1), NAT_DROP);
	nat_free(&nat, last);
	ck_assert_int_eq(from_program(60000, PACKET_SYN, 1), NAT_BEGIN);
	ck_assert_ptr_eq(entry, last);
	for (i = 0; i < NAT_ENTRIES; i++)
		nat_free(&nat, nat_entry(&nat, i + 1));
	for (i = 0; i < NAT_BUCKETS; i++)
		ck_assert_uint_eq(nat.buckets[i], 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nat");
	TCase *tc = tcase_create("nat");

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, a_first_syn_is_held);
	tcase_add_test(tc, a_released_syn_goes_to_the_listener);
	tcase_add_test(tc, an_open_connection_is_translated_both_ways);
	tcase_add_test(tc, connections_are_told_apart_by_all_four);
	tcase_add_test(tc, an_end_is_translated_for_a_minute);
	tcase_add_test(tc, the_same_port_can_connect_again_at_once);
	tcase_add_test(tc, a_refusal_is_repeated_when_the_syn_is);
	tcase_add_test(tc, a_refusal_can_be_a_reset);
	tcase_add_test(tc, what_belongs_to_nothing_is_reset);
	tcase_add_test(tc, a_syn_with_data_waits_for_one_without);
	tcase_add_test(tc, a_full_table_takes_nothing_and_loses_nothing);
	return suite_run(suite);
}
