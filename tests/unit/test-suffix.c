// SPDX-License-Identifier: MIT
/* The domains that resolvers put behind names. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "eswrapd/suffix.h"
#include "support/harness.h"
#include "support/suite.h"

static struct harness *h;
static struct suffixes *suffixes;
static const char *file;

static void setup(void)
{
	h = harness_new();
	file = harness_path(h, "resolv.conf");
	suffixes = suffixes_new(file);
}

static void teardown(void)
{
	suffixes_free(suffixes);
	harness_free(h);
}

static bool is_flagged(const char *bare, gpointer user)
{
	return strcmp(bare, user) == 0;
}

static bool hides(const char *name)
{
	return suffixes_any(suffixes, name, is_flagged, (gpointer) "web.example");
}

/* Another file each time, as those write it who do it well. */
static void write_file(const char *text)
{
	const char *fresh = harness_file(h, "fresh", "%s", text);

	ck_assert_int_eq(rename(fresh, file), 0);
}

START_TEST(each_domain_of_the_list_is_taken_off)
{
	write_file("nameserver 192.0.2.1\nsearch home.test office.test\n");
	ck_assert(hides("web.example.home.test"));
	ck_assert(hides("web.example.OFFICE.test"));
	ck_assert(!hides("web.example"));
	ck_assert(!hides("web.example.test"));
	ck_assert(!hides("web.examplehome.test"));
	ck_assert(!hides("home.test"));
	ck_assert(!hides(".home.test"));
	ck_assert(!hides(""));
}
END_TEST

START_TEST(the_last_line_counts_and_a_dot_at_either_end_does_not)
{
	write_file("search first.test\n# search comment.test\n\tsearch no.test\n"
		   "domain  .last.test.\t\r\n");
	ck_assert(hides("web.example.last.test"));
	ck_assert(!hides("web.example.first.test"));
	ck_assert(!hides("web.example.comment.test"));
}
END_TEST

START_TEST(a_file_that_changes_is_read_anew)
{
	write_file("search one.test\n");
	ck_assert(hides("web.example.one.test"));
	write_file("search two.test .\n");
	ck_assert(!hides("web.example.one.test"));
	ck_assert(hides("web.example.two.test"));
	ck_assert_int_eq(unlink(file), 0);
	ck_assert(!hides("web.example.two.test"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("suffix");
	TCase *tc = tcase_create("suffix");

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, each_domain_of_the_list_is_taken_off);
	tcase_add_test(tc, the_last_line_counts_and_a_dot_at_either_end_does_not);
	tcase_add_test(tc, a_file_that_changes_is_read_anew);
	return suite_run(suite);
}
