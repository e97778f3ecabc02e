// SPDX-License-Identifier: MIT
#include <string.h>

#include "support/suite.h"
#include "wire/dns.h"

#define HEADER "\x12\x34\x01\x10\x00\x01\x00\x00\x00\x00\x00\x00"
#define NAME          \
	"\x03wEb\x07" \
	"example\x00"

static struct dns_question question;
static uint8_t answer[DNS_ANSWER_MAX];

static enum dns_code parse(const char *packet, size_t size)
{
	return dns_parse((const uint8_t *)packet, size, &question);
}

#define PARSE(text) parse(text, sizeof(text) - 1)

START_TEST(a_question_is_read)
{
	ck_assert_int_eq(PARSE(HEADER NAME "\x00\x1c\x00\x01"), DNS_GOOD);
	ck_assert_str_eq(question.name, "wEb.example");
	ck_assert_uint_eq(question.type, 28);
	ck_assert(!question.edns);
}
END_TEST

START_TEST(the_answer_repeats_the_question_and_has_one_address)
{
	static const char packet[] = HEADER NAME "\x00\x01\x00\x01";
	static const char record[] =
		"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc6\x12\x00\x01";
	static const uint8_t address[] = { 198, 18, 0, 1 };
	size_t size;

	ck_assert_int_eq(PARSE(packet), DNS_GOOD);
	size = dns_answer((const uint8_t *)packet, &question, DNS_GOOD, address, answer);
	ck_assert_uint_eq(size, sizeof(packet) - 1 + sizeof(record) - 1);
	ck_assert_mem_eq(answer, "\x12\x34\x81\x90\x00\x01\x00\x01\x00\x00\x00\x00", 12);
	ck_assert_mem_eq(answer + 12, packet + 12, sizeof(packet) - 13);
	ck_assert_mem_eq(answer + sizeof(packet) - 1, record, sizeof(record) - 1);
}
END_TEST

START_TEST(edns_is_answered_with_edns)
{
	static const char packet[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01" NAME
				     "\x00\x41\x00\x01\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00";

	ck_assert_int_eq(PARSE(packet), DNS_GOOD);
	ck_assert(question.edns);
	ck_assert_uint_eq(dns_answer((const uint8_t *)packet, &question, DNS_NAME_UNKNOWN, NULL,
				     answer),
			  sizeof(packet) - 1);
	ck_assert_uint_eq(answer[3] & 15, 3);
	ck_assert_uint_eq(answer[11], 1);
}
END_TEST

START_TEST(an_address_has_a_name)
{
	static const char packet[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
				     "\x01"
				     "1\x02"
				     "18\x03"
				     "198\x07"
				     "in-addr\x04"
				     "arpa\x00"
				     "\x00\x0c\x00\x01";
	static const char record[] = "\xc0\x0c\x00\x0c\x00\x01\x00\x00\x00\x3c\x00\x0d"
				     "\x03"
				     "web\x07"
				     "example\x00";
	char name[ESWRAP_NAME_MAX + 1];
	size_t size;

	ck_assert_int_eq(PARSE(packet), DNS_GOOD);
	ck_assert_uint_eq(question.type, DNS_TYPE_PTR);
	size = dns_answer_name((const uint8_t *)packet, &question, "web.example", answer);
	ck_assert_uint_eq(size, sizeof(packet) - 1 + sizeof(record) - 1);
	ck_assert_mem_eq(answer + sizeof(packet) - 1, record, sizeof(record) - 1);
	/* None, and none that a record can hold: no record. */
	size = dns_answer_name((const uint8_t *)packet, &question, "", answer);
	ck_assert_uint_eq(size, sizeof(packet) - 1);
	ck_assert_uint_eq(answer[7], 0);
	size = dns_answer_name((const uint8_t *)packet, &question, "a..b", answer);
	ck_assert_uint_eq(size, sizeof(packet) - 1);
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	size = dns_answer_name((const uint8_t *)packet, &question, name, answer);
	ck_assert_uint_eq(size, sizeof(packet) - 1);
}
END_TEST

START_TEST(what_is_no_question_is_not_answered)
{
	ck_assert_int_eq(PARSE(""), DNS_IGNORE);
	ck_assert_int_eq(PARSE("\x12\x34\x01"), DNS_IGNORE);
	ck_assert_int_eq(PARSE("\x12\x34\x81\x00\x00\x01\x00\x00\x00\x00\x00\x00"), DNS_IGNORE);
}
END_TEST

START_TEST(malformed_questions_are_said_to_be)
{
	static const char whole[] = HEADER NAME "\x00\x01\x00\x01";
	char label[12 + 300];
	size_t size;

	for (size = 12; size < sizeof(whole) - 1; size++)
		ck_assert_int_eq(parse(whole, size), DNS_FORMAT_ERROR);
	/* none, two, a pointer, a label of 64 bytes, another operation */
	ck_assert_int_eq(PARSE("\x12\x34\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
			 DNS_FORMAT_ERROR);
	ck_assert_int_eq(PARSE("\x12\x34\x01\x00\x00\x02\x00\x00\x00\x00\x00\x00" NAME
			       "\x00\x01\x00\x01"),
			 DNS_FORMAT_ERROR);
	ck_assert_int_eq(PARSE(HEADER "\xc0\x0c\x00\x01\x00\x01"), DNS_FORMAT_ERROR);
	ck_assert_int_eq(PARSE("\x12\x34\x21\x00\x00\x01\x00\x00\x00\x00\x00\x00" NAME
			       "\x00\x01\x00\x01"),
			 DNS_NOT_IMPLEMENTED);
	memset(label, 'a', sizeof(label));
	memcpy(label, HEADER, 12);
	label[12] = 64;
	ck_assert_int_eq(parse(label, sizeof(label)), DNS_FORMAT_ERROR);
	/* labels without end */
	memset(label + 12, 1, sizeof(label) - 12);
	ck_assert_int_eq(parse(label, sizeof(label)), DNS_FORMAT_ERROR);
	ck_assert_uint_eq(
		dns_answer((const uint8_t *)label, &question, DNS_FORMAT_ERROR, NULL, answer), 12);
	ck_assert_uint_eq(answer[5], 0);
}
END_TEST

START_TEST(other_classes_and_odd_bytes_name_nothing)
{
	ck_assert_int_eq(PARSE(HEADER NAME "\x00\x10\x00\x03"), DNS_NAME_UNKNOWN);
	ck_assert_uint_eq(question.class, 3);
	ck_assert_str_ne(question.name, "");
	ck_assert_int_eq(PARSE(HEADER "\x05web.a\x07"
				      "example\x00\x00\x01\x00\x01"),
			 DNS_GOOD);
	ck_assert_str_eq(question.name, "web\x01"
					"a.example");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dns");
	TCase *tc = tcase_create("dns");

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, a_question_is_read);
	tcase_add_test(tc, the_answer_repeats_the_question_and_has_one_address);
	tcase_add_test(tc, edns_is_answered_with_edns);
	tcase_add_test(tc, an_address_has_a_name);
	tcase_add_test(tc, what_is_no_question_is_not_answered);
	tcase_add_test(tc, malformed_questions_are_said_to_be);
	tcase_add_test(tc, other_classes_and_odd_bytes_name_nothing);
	return suite_run(suite);
}
