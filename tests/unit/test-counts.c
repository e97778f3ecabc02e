// SPDX-License-Identifier: MIT
/* Pages of counts: what a user writes there, and what he cannot do with them. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "eswrap/wire.h"
#include "eswrapd/counts.h"
#include "eswrapd/tally.h"
#include "support/suite.h"

#define ALICE 1000
#define BOB   1001

static struct counts *counts;
static struct tallies *tallies;

static void set_up(void)
{
	counts = counts_new();
	tallies = tallies_new();
}

static void tear_down(void)
{
	counts_free(counts);
	tallies_free(tallies);
}

/* A user's page, as his programs map it. */
static struct eswrap_counts *map_of(uid_t uid)
{
	int fd = counts_page(counts, uid);
	void *map;

	ck_assert_int_ge(fd, 0);
	map = mmap(NULL, sizeof(struct eswrap_counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(map, MAP_FAILED);
	close(fd);
	return map;
}

static void unmap(struct eswrap_counts *map)
{
	munmap(map, sizeof(*map));
}

static guint64 direct(const char *route)
{
	g_autoptr(GVariant) all = NULL;
	guint64 count = 0;

	counts_collect(counts, tallies);
	all = g_variant_ref_sink(tallies_get(tallies, TALLY_DIRECT));
	g_variant_lookup(all, route, "t", &count);
	return count;
}

START_TEST(a_number_stays_with_its_route)
{
	guint16 lan = counts_number(counts, "lan"), none = counts_number(counts, "");

	ck_assert_uint_ne(lan, none);
	ck_assert_uint_eq(counts_number(counts, "lan"), lan);
	ck_assert_uint_eq(counts_number(counts, ""), none);
}
END_TEST

START_TEST(routes_that_come_too_late_share_the_last_number)
{
	char name[16];
	guint i;

	for (i = 0; i < ESWRAP_COUNTERS; i++) {
		g_snprintf(name, sizeof(name), "route-%u", i);
		ck_assert_uint_eq(counts_number(counts, name), i);
	}
	ck_assert_uint_eq(counts_number(counts, "one-more"), ESWRAP_COUNTERS - 1);
	ck_assert_uint_eq(counts_number(counts, "route-7"), 7);
}
END_TEST

START_TEST(what_users_count_is_added_once)
{
	guint16 lan = counts_number(counts, "lan");
	struct eswrap_counts *alice = map_of(ALICE), *bob = map_of(BOB);

	alice->direct[lan] += 3;
	bob->direct[lan] += 4;
	ck_assert_uint_eq(direct("lan"), 7);
	ck_assert_uint_eq(direct("lan"), 7);
	alice->direct[lan]++;
	ck_assert_uint_eq(direct("lan"), 8);
	unmap(alice);
	unmap(bob);
}
END_TEST

START_TEST(all_programs_of_a_user_count_in_one_page)
{
	guint16 lan = counts_number(counts, "lan");
	struct eswrap_counts *one = map_of(ALICE), *other = map_of(ALICE);

	one->direct[lan]++;
	ck_assert_uint_eq(other->direct[lan], 1);
	unmap(one);
	unmap(other);
}
END_TEST

START_TEST(nobody_writes_into_anothers_page)
{
	guint16 lan = counts_number(counts, "lan");
	struct eswrap_counts *alice = map_of(ALICE), *bob = map_of(BOB);

	alice->direct[lan] = 5;
	ck_assert_uint_eq(bob->direct[lan], 0);
	unmap(alice);
	unmap(bob);
}
END_TEST

START_TEST(counts_wrap_around)
{
	guint16 lan = counts_number(counts, "lan");
	struct eswrap_counts *alice = map_of(ALICE);

	alice->direct[lan] = G_MAXUINT32;
	ck_assert_uint_eq(direct("lan"), G_MAXUINT32);
	alice->direct[lan] += 2;
	ck_assert_uint_eq(direct("lan"), (guint64)G_MAXUINT32 + 2);
	unmap(alice);
}
END_TEST

START_TEST(a_page_can_be_neither_cut_nor_grown_nor_closed_to_the_broker)
{
	int fd = counts_page(counts, ALICE);

	ck_assert_int_eq(ftruncate(fd, 0), -1);
	ck_assert_int_eq(ftruncate(fd, 1 << 20), -1);
	ck_assert_int_eq(fallocate(fd, 0, 0, 1 << 20), -1);
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	close(fd);
	ck_assert_uint_eq(direct("lan"), 0);
}
END_TEST

START_TEST(more_users_than_there_are_pages_for_have_none)
{
	uid_t uid;
	int fd = 0;

	for (uid = 0; uid < 1000 && fd >= 0; uid++) {
		fd = counts_page(counts, uid);
		if (fd >= 0)
			close(fd);
	}
	ck_assert_int_eq(fd, -ENOBUFS);
	ck_assert_uint_ge(uid, 64);
	fd = counts_page(counts, 0);
	ck_assert_int_ge(fd, 0);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("counts");
	TCase *tcase = tcase_create("counts");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_number_stays_with_its_route);
	tcase_add_test(tcase, routes_that_come_too_late_share_the_last_number);
	tcase_add_test(tcase, what_users_count_is_added_once);
	tcase_add_test(tcase, all_programs_of_a_user_count_in_one_page);
	tcase_add_test(tcase, nobody_writes_into_anothers_page);
	tcase_add_test(tcase, counts_wrap_around);
	tcase_add_test(tcase, a_page_can_be_neither_cut_nor_grown_nor_closed_to_the_broker);
	tcase_add_test(tcase, more_users_than_there_are_pages_for_have_none);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
