// SPDX-License-Identifier: MIT
/* Host names and their stand-in addresses. */
#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <string.h>

#include "eswrapd/stand-in.h"
#include "support/suite.h"

/* Who asks, where it does not matter who. */
#define UID	  1000
#define OTHER_UID 1001

static struct address_block block;
static char *dir, *path;

static void setup(void)
{
	ck_assert(address_block_parse("198.18.0.0/15", &block, NULL));
	dir = g_dir_make_tmp("eswrap-name-XXXXXX", NULL);
	path = g_build_filename(dir, "stand-ins", NULL);
}

static void teardown(void)
{
	g_unlink(path);
	g_rmdir(dir);
	g_free(path);
	g_free(dir);
}

static const char *v4_of(struct names *names, const char *name)
{
	static char text[INET_ADDRSTRLEN];
	struct eswrap_endpoint v4, v6;

	names_get(names, UID, name, &v4, &v6);
	ck_assert_uint_eq(v4.family, AF_INET);
	return inet_ntop(AF_INET, v4.address, text, sizeof(text));
}

static const char *name_at(struct names *names, const char *address)
{
	struct eswrap_endpoint endpoint = { .family = strchr(address, ':') ? AF_INET6 : AF_INET };
	const char *name;

	ck_assert_int_eq(inet_pton(endpoint.family, address, endpoint.address), 1);
	return names_find(names, UID, &endpoint, &name) ? name ? name : "unknown"
							: "not a stand-in";
}

static const char *const hosts[] = {
	"a",
	"example.com",
	"EXAMPLE.com.",
	"_mqtt._tcp.example",
	"1and1.example",
	"a1b2-c3.iot.eu-west-1.amazonaws.com",
	"xn--bcher-kva.example",
	"123456789012345678901234567890123456789012345678901234567890123.example",
};

START_TEST(host_names_are_taken_in_lower_case_without_the_last_dot)
{
	char clean[ESWRAP_NAME_MAX + 1], *lower = g_ascii_strdown(hosts[_i], -1);

	if (g_str_has_suffix(lower, "."))
		lower[strlen(lower) - 1] = '\0';
	ck_assert(name_clean(hosts[_i], clean));
	ck_assert_str_eq(clean, lower);
	g_free(lower);
}
END_TEST

static const char *const hostile[] = {
	"",
	".",
	"..",
	".a",
	"a..b",
	"a.b..",
	"-a.example",
	"a-.example",
	"a\rP6=0\r.example",
	"a\n",
	"\r",
	"a b",
	" a",
	"a,b",
	"a=b",
	"a\x15",
	"a\x7f",
	"b\xc3\xbc"
	"cher.example",
	"a/b",
	"a:80",
	"[::1]",
	"*",
	"a\\032b",
	"1234567890123456789012345678901234567890123456789012345678901234.example",
};

START_TEST(nothing_else_is_a_host_name)
{
	char clean[ESWRAP_NAME_MAX + 1];

	ck_assert(!name_clean(hostile[_i], clean));
}
END_TEST

START_TEST(no_single_byte_but_those_of_host_names_is_let_through)
{
	char clean[ESWRAP_NAME_MAX + 1], name[] = "a?b";
	int c;

	for (c = 1; c < 256; c++) {
		name[1] = (char)c;
		ck_assert_int_eq(name_clean(name, clean),
				 g_ascii_isalnum((char)c) || c == '-' || c == '_' || c == '.');
	}
}
END_TEST

START_TEST(the_longest_name_is_253_characters)
{
	char clean[ESWRAP_NAME_MAX + 1], name[256 + 1];
	int i;

	for (i = 0; i < 256; i++)
		name[i] = i % 50 == 49 ? '.' : 'a';
	name[253] = '\0';
	ck_assert(name_clean(name, clean));
	ck_assert_uint_eq(strlen(clean), 253);
	name[253] = '.';
	name[254] = '\0';
	ck_assert(name_clean(name, clean));
	name[253] = 'a';
	ck_assert(!name_clean(name, clean));
}
END_TEST

START_TEST(numeric_and_local_names_are_known)
{
	ck_assert(name_is_numeric("192.0.2.1"));
	ck_assert(name_is_numeric("0x7f.1"));
	ck_assert(name_is_numeric("2001:db8::1"));
	ck_assert(name_is_numeric("fe80::1%eth0"));
	ck_assert(!name_is_numeric("1.example"));
	ck_assert(!name_is_numeric("::1.example"));
	ck_assert(name_is_local("localhost"));
	ck_assert(name_is_local("db.localhost"));
	ck_assert(!name_is_local("localhost.example"));
	ck_assert(!name_is_local("notlocalhost"));
}
END_TEST

START_TEST(stand_ins_are_the_documented_hash)
{
	/* FNV-1a, folded, modulo 131070, plus 198.18.0.1: must never change, programs cache it. */
	struct names *names = names_new(&block, 4096, NULL);

	ck_assert_str_eq(v4_of(names, "example.com"), "198.19.107.244");
	ck_assert_str_eq(v4_of(names, "mqtt.example"), "198.18.119.242");
	names_free(names);
}
END_TEST

START_TEST(both_families_lead_back_to_the_name)
{
	struct names *names = names_new(&block, 4096, NULL);
	struct eswrap_endpoint v4, v6;
	const char *name;

	names_get(names, UID, "a.example", &v4, &v6);
	ck_assert(names_find(names, UID, &v4, &name));
	ck_assert_str_eq(name, "a.example");
	ck_assert_uint_eq(v6.family, AF_INET6);
	ck_assert(names_find(names, UID, &v6, &name));
	ck_assert_str_eq(name, "a.example");
	/* The same as v4-mapped. */
	memmove(v6.address + 12, v4.address, 4);
	memset(v6.address, 0, 10);
	memset(v6.address + 10, 0xff, 2);
	ck_assert(names_find(names, UID, &v6, &name));
	ck_assert_str_eq(name, "a.example");
	names_free(names);
}
END_TEST

START_TEST(other_addresses_are_told_from_stand_ins_without_a_name)
{
	struct names *names = names_new(&block, 4096, NULL);

	ck_assert_str_eq(name_at(names, "198.18.0.1"), "unknown");
	ck_assert_str_eq(name_at(names, "198.19.255.254"), "unknown");
	ck_assert_str_eq(name_at(names, "2001:2::c612:1"), "unknown");
	ck_assert_str_eq(name_at(names, "198.17.255.255"), "not a stand-in");
	ck_assert_str_eq(name_at(names, "198.20.0.0"), "not a stand-in");
	ck_assert_str_eq(name_at(names, "2001:2::1"), "not a stand-in");
	ck_assert_str_eq(name_at(names, "2001:db8::c612:1"), "not a stand-in");
	names_free(names);
}
END_TEST

START_TEST(names_that_collide_get_different_addresses_and_keep_them)
{
	struct names *names;
	char *seen[200];
	int i, j;

	ck_assert(address_block_parse("10.0.0.0/24", &block, NULL));
	names = names_new(&block, 4096, path);
	for (i = 0; i < 200; i++) {
		char *name = g_strdup_printf("h%d.example", i);

		seen[i] = g_strdup(v4_of(names, name));
		for (j = 0; j < i; j++)
			ck_assert_str_ne(seen[i], seen[j]);
		g_free(name);
	}
	names_free(names);

	/* Asked for in another order after a restart, which without the file would change some. */
	names = names_new(&block, 4096, path);
	for (i = 199; i >= 0; i--) {
		char *name = g_strdup_printf("h%d.example", i);

		ck_assert_str_eq(name_at(names, seen[i]), name);
		ck_assert_str_eq(v4_of(names, name), seen[i]);
		g_free(name);
		g_free(seen[i]);
	}
	names_free(names);
}
END_TEST

START_TEST(a_full_block_takes_the_address_that_was_used_least_recently)
{
	struct names *names;
	char *first, *second;
	int i;

	ck_assert(address_block_parse("10.0.0.0/24", &block, NULL));
	names = names_new(&block, 4096, path);
	first = g_strdup(v4_of(names, "first.example"));
	second = g_strdup(v4_of(names, "second.example"));
	for (i = 0; i < 252; i++) {
		char *name = g_strdup_printf("h%d.example", i);

		v4_of(names, name);
		g_free(name);
	}
	ck_assert_str_eq(name_at(names, first), "first.example");
	ck_assert_str_eq(v4_of(names, "one-more.example"), second);
	ck_assert_str_eq(name_at(names, second), "one-more.example");
	ck_assert_str_eq(name_at(names, first), "first.example");
	names_free(names);

	/* And the file says the same. */
	names = names_new(&block, 4096, path);
	ck_assert_str_eq(name_at(names, second), "one-more.example");
	ck_assert_str_eq(name_at(names, first), "first.example");
	names_free(names);
	g_free(first);
	g_free(second);
}
END_TEST

START_TEST(lines_that_are_no_pairs_are_dropped_from_the_file)
{
	struct names *names;
	char *text;

	ck_assert(g_file_set_contents(path,
				      "198.18.0.9 good.example\n"
				      "198.18.0.8 bad\rname\n"
				      "10.0.0.1 elsewhere.example\n"
				      "198.18.0.7\n"
				      "198.18.0.6 Upper.example\n"
				      "198.18.0.5 cut-off.exa",
				      -1, NULL));
	names = names_new(&block, 4096, path);
	ck_assert_str_eq(v4_of(names, "good.example"), "198.18.0.9");
	ck_assert_str_eq(name_at(names, "198.18.0.8"), "unknown");
	ck_assert_str_eq(name_at(names, "198.18.0.6"), "unknown");
	names_free(names);
	ck_assert(g_file_get_contents(path, &text, NULL, NULL));
	/* Twice: of root, who is taken to have asked before users were noted, and of who asks now. */
	ck_assert_str_eq(text, "198.18.0.9 good.example 0\n198.18.0.9 good.example 1000\n");
	g_free(text);
}
END_TEST

/* A user who has asked for as many names as he may, with @first asked for by another one before. */
static const char *crowd(struct names *names, const char *first, guint count)
{
	struct eswrap_endpoint v4, v6;
	static char text[INET_ADDRSTRLEN];
	char name[32];
	guint i;

	names_get(names, OTHER_UID, first, &v4, &v6);
	for (i = 0; i < count; i++) {
		g_snprintf(name, sizeof(name), "n%u.example", i);
		v4_of(names, name);
	}
	return inet_ntop(AF_INET, v4.address, text, sizeof(text));
}

static const char *other_finds(struct names *names, const char *address)
{
	struct eswrap_endpoint endpoint = { .family = AF_INET };
	const char *name;

	inet_pton(AF_INET, address, endpoint.address);
	ck_assert(names_find(names, OTHER_UID, &endpoint, &name));
	return name;
}

START_TEST(a_name_means_something_only_to_who_has_asked_for_it)
{
	struct names *names = names_new(&block, 4096, NULL);
	const char *address = crowd(names, "private.example", 0);

	ck_assert_str_eq(name_at(names, address), "unknown");
	ck_assert_str_eq(other_finds(names, address), "private.example");
	ck_assert_str_eq(v4_of(names, "private.example"), address);
	ck_assert_str_eq(name_at(names, address), "private.example");
	names_free(names);
}
END_TEST

START_TEST(who_has_as_many_names_as_he_may_loses_his_own_least_recent_one)
{
	struct names *names = names_new(&block, 10, NULL);
	const char *address = crowd(names, "private.example", 11);
	g_autofree char *second = g_strdup(v4_of(names, "n1.example"));

	ck_assert_str_eq(other_finds(names, address), "private.example");
	v4_of(names, "one-more.example");
	ck_assert_str_eq(name_at(names, second), "n1.example");
	ck_assert_str_eq(other_finds(names, address), "private.example");
	names_free(names);
}
END_TEST

START_TEST(a_full_block_takes_from_who_has_most)
{
	struct address_block small;
	struct names *names;
	const char *address;

	ck_assert(address_block_parse("10.0.0.0/24", &small, NULL));
	names = names_new(&small, 4096, NULL);
	address = crowd(names, "private.example", 1000);
	ck_assert_str_eq(other_finds(names, address), "private.example");
	names_free(names);
}
END_TEST

START_TEST(the_file_is_written_anew_when_most_of_it_says_nothing)
{
	struct names *names = names_new(&block, 4, path);
	char name[32];
	GStatBuf status;
	guint i;

	for (i = 0; i < 20000; i++) {
		g_snprintf(name, sizeof(name), "n%u.example", i);
		v4_of(names, name);
	}
	names_free(names);
	ck_assert_int_eq(g_stat(path, &status), 0);
	ck_assert_int_lt(status.st_size, 5000 * 40);
	names = names_new(&block, 4, path);
	ck_assert_str_eq(name_at(names, v4_of(names, "n19999.example")), "n19999.example");
	names_free(names);
}
END_TEST

START_TEST(a_file_that_others_may_write_is_not_believed)
{
	struct names *names;

	ck_assert(g_file_set_contents(path, "198.18.0.9 evil.example 1000\n", -1, NULL));
	ck_assert_int_eq(g_chmod(path, 0666), 0);
	g_log_set_always_fatal(G_LOG_LEVEL_ERROR);
	names = names_new(&block, 4096, path);
	ck_assert_str_eq(name_at(names, "198.18.0.9"), "unknown");
	names_free(names);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stand-in");
	TCase *tc = tcase_create("name");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, host_names_are_taken_in_lower_case_without_the_last_dot, 0,
			    G_N_ELEMENTS(hosts));
	tcase_add_loop_test(tc, nothing_else_is_a_host_name, 0, G_N_ELEMENTS(hostile));
	tcase_add_test(tc, no_single_byte_but_those_of_host_names_is_let_through);
	tcase_add_test(tc, the_longest_name_is_253_characters);
	tcase_add_test(tc, numeric_and_local_names_are_known);
	tcase_add_test(tc, stand_ins_are_the_documented_hash);
	tcase_add_test(tc, both_families_lead_back_to_the_name);
	tcase_add_test(tc, other_addresses_are_told_from_stand_ins_without_a_name);
	tcase_add_test(tc, names_that_collide_get_different_addresses_and_keep_them);
	tcase_add_test(tc, a_full_block_takes_the_address_that_was_used_least_recently);
	tcase_add_test(tc, lines_that_are_no_pairs_are_dropped_from_the_file);
	tcase_add_test(tc, a_name_means_something_only_to_who_has_asked_for_it);
	tcase_add_test(tc, who_has_as_many_names_as_he_may_loses_his_own_least_recent_one);
	tcase_add_test(tc, a_full_block_takes_from_who_has_most);
	tcase_add_test(tc, the_file_is_written_anew_when_most_of_it_says_nothing);
	tcase_add_test(tc, a_file_that_others_may_write_is_not_believed);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
