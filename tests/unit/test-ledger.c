// SPDX-License-Identifier: MIT
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/ledger.h"
#include "support/suite.h"

#define MAC	  "c4:7f:51:00:00:01"
#define OTHER_MAC "c4:7f:51:00:00:02"
#define SHA256_A  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA256_B  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define WHEN	  G_GINT64_CONSTANT(1795442283) /* 2026-11-23T13:58:03Z */

static char *dir, *path;

static void setup(void)
{
	dir = g_dir_make_tmp("test-ledger-XXXXXX", NULL);
	ck_assert_ptr_nonnull(dir);
	path = g_build_filename(dir, LEDGER_FILE, NULL);
}

static void teardown(void)
{
	char *leftover = g_strconcat(path, ".new", NULL);

	g_unlink(leftover);
	g_unlink(path);
	ck_assert_int_eq(g_rmdir(dir), 0);
	g_free(leftover);
	g_free(path);
	g_free(dir);
}

static void put(const char *mac, guint set, enum eswifi_item item, enum ledger_state state,
		const char *sha256)
{
	struct ledger_entry entry = { .state = state, .subject = "CN=device", .when = WHEN };
	GError *error = NULL;

	g_strlcpy(entry.sha256, sha256, sizeof(entry.sha256));
	ledger_put(dir, mac, set, item, &entry, &error);
	ck_assert_msg(!error, "%s", error ? error->message : "");
}

/* Not durably, which a disk needs its time for. */
static void overwrite(const char *text, gsize size)
{
	FILE *file = fopen(path, "we");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, size, file), size);
	ck_assert_int_eq(fclose(file), 0);
}

static enum ledger_state state_of(const char *mac, guint set, enum eswifi_item item)
{
	struct ledger *ledger = ledger_read(dir, NULL);
	struct ledger_entry entry;

	ck_assert_ptr_nonnull(ledger);
	ledger_get(ledger, mac, set, item, &entry);
	ledger_free(ledger);
	return entry.state;
}

START_TEST(without_a_file_or_directory_all_is_blank)
{
	struct ledger *ledger = ledger_read("/nonexistent/state", NULL);
	char **modules;

	ck_assert_int_eq(state_of(MAC, 0, ESWIFI_ITEM_CA), LEDGER_BLANK);
	ck_assert_ptr_nonnull(ledger);
	modules = ledger_modules(ledger);
	ck_assert_ptr_null(modules[0]);
	g_strfreev(modules);
	ledger_free(ledger);
}
END_TEST

START_TEST(what_was_put_is_got_back_for_each_module_set_and_item)
{
	struct ledger_entry entry = { .state = LEDGER_UNCERTAIN,
				      .sha256 = SHA256_B,
				      .subject = "CN=a\\b;[c]=#\\C3\\A9",
				      .when = WHEN,
				      .reason = "the module did not answer" };
	struct ledger_entry back;
	struct ledger *ledger;
	char **modules;

	put(MAC, 0, ESWIFI_ITEM_CA, LEDGER_BURNT, SHA256_A);
	put(MAC, 2, ESWIFI_ITEM_KEY, LEDGER_ELSEWHERE, "");
	ck_assert(ledger_put(dir, OTHER_MAC, 1, ESWIFI_ITEM_CERTIFICATE, &entry, NULL));
	ledger = ledger_read(dir, NULL);
	ledger_get(ledger, OTHER_MAC, 1, ESWIFI_ITEM_CERTIFICATE, &back);
	ck_assert_int_eq(back.state, LEDGER_UNCERTAIN);
	ck_assert_str_eq(back.sha256, SHA256_B);
	ck_assert_str_eq(back.subject, entry.subject);
	ck_assert_str_eq(back.reason, entry.reason);
	ck_assert_int_eq(back.when, WHEN);
	modules = ledger_modules(ledger);
	ck_assert_uint_eq(g_strv_length(modules), 2);
	ck_assert(g_strv_contains((const char *const *)modules, MAC));
	ck_assert(g_strv_contains((const char *const *)modules, OTHER_MAC));
	g_strfreev(modules);
	ledger_free(ledger);
	ck_assert_int_eq(state_of(MAC, 0, ESWIFI_ITEM_CA), LEDGER_BURNT);
	ck_assert_int_eq(state_of(MAC, 2, ESWIFI_ITEM_KEY), LEDGER_ELSEWHERE);
	ck_assert_int_eq(state_of(MAC, 0, ESWIFI_ITEM_KEY), LEDGER_BLANK);
	ck_assert_int_eq(state_of(OTHER_MAC, 0, ESWIFI_ITEM_CA), LEDGER_BLANK);
}
END_TEST

START_TEST(when_a_certificate_ends_is_kept)
{
	struct ledger_entry entry = {
		.state = LEDGER_BURNT, .subject = "CN=x", .when = WHEN, .until = WHEN + 1
	};
	struct ledger *ledger;

	g_strlcpy(entry.sha256, SHA256_A, sizeof(entry.sha256));
	ck_assert(ledger_put(dir, MAC, 0, ESWIFI_ITEM_CA, &entry, NULL));
	put(MAC, 0, ESWIFI_ITEM_KEY, LEDGER_BURNT, SHA256_B);
	ledger = ledger_read(dir, NULL);
	ledger_get(ledger, MAC, 0, ESWIFI_ITEM_CA, &entry);
	ck_assert_int_eq(entry.until, WHEN + 1);
	ledger_get(ledger, MAC, 0, ESWIFI_ITEM_KEY, &entry);
	ck_assert_int_eq(entry.until, 0);
	ledger_free(ledger);
}
END_TEST

START_TEST(the_file_belongs_to_whom_the_directory_belongs_also_when_root_writes_it)
{
	struct stat st;

	if (geteuid() == 0)
		ck_assert_int_eq(chown(dir, 65534, 65534), 0);
	put(MAC, 0, ESWIFI_ITEM_CA, LEDGER_BURNT, SHA256_A);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_uid, geteuid() == 0 ? 65534 : geteuid());
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(the_mac_is_the_same_in_capitals)
{
	put("C4:7F:51:00:00:01", 0, ESWIFI_ITEM_CA, LEDGER_BURNT, SHA256_A);
	ck_assert_int_eq(state_of(MAC, 0, ESWIFI_ITEM_CA), LEDGER_BURNT);
}
END_TEST

START_TEST(blank_removes_the_item_and_only_it)
{
	put(MAC, 0, ESWIFI_ITEM_CA, LEDGER_BURNT, SHA256_A);
	put(MAC, 0, ESWIFI_ITEM_KEY, LEDGER_BURNT, SHA256_B);
	put(MAC, 0, ESWIFI_ITEM_CA, LEDGER_BLANK, "");
	ck_assert_int_eq(state_of(MAC, 0, ESWIFI_ITEM_CA), LEDGER_BLANK);
	ck_assert_int_eq(state_of(MAC, 0, ESWIFI_ITEM_KEY), LEDGER_BURNT);
}
END_TEST

START_TEST(the_file_is_readable_ini_for_its_owner_alone)
{
	char *text;
	struct stat st;

	put(MAC, 0, ESWIFI_ITEM_CERTIFICATE, LEDGER_BURNT, SHA256_A);
	ck_assert(g_file_get_contents(path, &text, NULL, NULL));
	ck_assert_ptr_nonnull(strstr(text, "[" MAC " 0 certificate]\n"
					   "state=burnt\n"
					   "sha256=" SHA256_A "\n"
					   "subject=CN=device\n"
					   "when=2026-11-23T13:58:03Z\n"));
	g_free(text);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
}
END_TEST

/* Whatever one byte is changed to, the ledger either says so or still says the same. */
START_TEST(every_changed_byte_is_noticed)
{
	struct ledger_entry before, after;
	struct ledger *ledger;
	char *text, *comment;
	gsize size, i;

	put(MAC, 0, ESWIFI_ITEM_CA, LEDGER_BURNT, SHA256_A);
	ledger = ledger_read(dir, NULL);
	ledger_get(ledger, MAC, 0, ESWIFI_ITEM_CA, &before);
	ck_assert(g_file_get_contents(path, &text, &size, NULL));
	comment = strstr(text, "[ledger]");
	for (i = (gsize)(comment - text); i < size; i++) {
		GError *error = NULL;
		char kept = text[i];
		struct ledger *changed;

		text[i] ^= 1;
		overwrite(text, size);
		changed = ledger_read(dir, &error);
		if (changed) {
			ledger_get(changed, MAC, 0, ESWIFI_ITEM_CA, &after);
			ck_assert_int_eq(after.state, before.state);
			ck_assert_str_eq(after.sha256, before.sha256);
			ledger_free(changed);
		} else {
			ck_assert_ptr_nonnull(strstr(error->message, path));
			g_error_free(error);
		}
		text[i] = kept;
	}
	ledger_free(ledger);
	g_free(text);
}
END_TEST

START_TEST(a_file_cut_anywhere_is_refused)
{
	char *text;
	gsize size, cut;

	put(MAC, 0, ESWIFI_ITEM_CA, LEDGER_BURNT, SHA256_A);
	put(MAC, 0, ESWIFI_ITEM_KEY, LEDGER_BURNT, SHA256_B);
	ck_assert(g_file_get_contents(path, &text, &size, NULL));
	for (cut = 0; cut < size; cut++) {
		GError *error = NULL;

		overwrite(text, cut);
		ck_assert_ptr_null(ledger_read(dir, &error));
		ck_assert_ptr_nonnull(strstr(error->message, "damaged"));
		g_error_free(error);
	}
	g_free(text);
}
END_TEST

START_TEST(a_damaged_file_is_never_overwritten)
{
	static const char text[] = "[ledger]\nversion=1\nsum=0\n\n[" MAC " 0 ca]\nstate=burnt\n";
	struct ledger_entry entry = {
		.state = LEDGER_BURNT, .sha256 = SHA256_A, .subject = "", .when = WHEN
	};
	GError *error = NULL;
	char *now;

	ck_assert(g_file_set_contents(path, text, -1, NULL));
	ck_assert(!ledger_put(dir, MAC, 1, ESWIFI_ITEM_CA, &entry, &error));
	ck_assert_ptr_nonnull(strstr(error->message, "eswrapctl credentials adopt"));
	g_error_free(error);
	ck_assert(g_file_get_contents(path, &now, NULL, NULL));
	ck_assert_str_eq(now, text);
	g_free(now);
}
END_TEST

/* Entries that a hand, and not damage, may have written: the sum is right, the contents are not. */
START_TEST(contents_that_make_no_sense_are_refused)
{
	static const char *const bodies[] = {
		"[" MAC " 4 ca]\nstate=burnt\nsha256=" SHA256_A
		"\nsubject=\nwhen=2026-11-23T11:58:03Z\n",
		"[" MAC " 0 car]\nstate=burnt\nsha256=" SHA256_A
		"\nsubject=\nwhen=2026-11-23T11:58:03Z\n",
		"[c4:7f 0 ca]\nstate=burnt\nsha256=" SHA256_A
		"\nsubject=\nwhen=2026-11-23T11:58:03Z\n",
		"[" MAC " 0 ca]\nstate=blank\nsha256=" SHA256_A
		"\nsubject=\nwhen=2026-11-23T11:58:03Z\n",
		"[" MAC " 0 ca]\nstate=burnt\nsha256=\nsubject=\nwhen=2026-11-23T11:58:03Z\n",
		"[" MAC " 0 ca]\nstate=burnt\nsha256=" SHA256_A "\nsubject=\nwhen=yesterday\n",
		"[" MAC " 0 ca]\nstate=burnt\nsha256=" SHA256_A
		"\nsubject=\nwhen=2026-11-23T11:58:03Z\nset=1\n",
	};
	guint i;

	for (i = 0; i < G_N_ELEMENTS(bodies); i++) {
		char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, bodies[i], -1);
		char *text = g_strdup_printf("[ledger]\nversion=1\nsum=%s\n\n%s", sum, bodies[i]);

		ck_assert(g_file_set_contents(path, text, -1, NULL));
		ck_assert_msg(!ledger_read(dir, NULL), "taken: %s", bodies[i]);
		g_free(text);
		g_free(sum);
	}
}
END_TEST

START_TEST(a_later_version_is_refused_by_its_number)
{
	GError *error = NULL;

	ck_assert(g_file_set_contents(path, "[ledger]\nversion=2\nsum=0\n\n", -1, NULL));
	ck_assert_ptr_null(ledger_read(dir, &error));
	ck_assert_ptr_nonnull(strstr(error->message, "version 2"));
	g_error_free(error);
}
END_TEST

START_TEST(a_full_disk_leaves_the_old_ledger)
{
	struct ledger_entry entry = {
		.state = LEDGER_BURNT, .sha256 = SHA256_B, .subject = "", .when = WHEN
	};
	char *new = g_strconcat(path, ".new", NULL);
	GError *error = NULL;

	put(MAC, 0, ESWIFI_ITEM_CA, LEDGER_BURNT, SHA256_A);
	/* Every write to it is ENOSPC; O_NOFOLLOW refuses it too, so it must be a real node. */
	if (mknod(new, S_IFCHR | 0600, (1 << 8) | 7) == 0) {
		ck_assert(!ledger_put(dir, MAC, 1, ESWIFI_ITEM_CA, &entry, &error));
		ck_assert_ptr_nonnull(strstr(error->message, path));
		g_error_free(error);
		g_unlink(new);
	} else {
		/* Not root: a directory in the way is an error of the same step. */
		ck_assert_int_eq(g_mkdir(new, 0700), 0);
		ck_assert(!ledger_put(dir, MAC, 1, ESWIFI_ITEM_CA, &entry, &error));
		g_error_free(error);
		ck_assert_int_eq(g_rmdir(new), 0);
	}
	ck_assert_int_eq(state_of(MAC, 0, ESWIFI_ITEM_CA), LEDGER_BURNT);
	ck_assert_int_eq(state_of(MAC, 1, ESWIFI_ITEM_CA), LEDGER_BLANK);
	g_free(new);
}
END_TEST

START_TEST(brokers_of_several_modules_share_a_ledger_without_loss)
{
	enum { WRITERS = 4, ROUNDS = 9 };
	struct ledger_entry entry = {
		.state = LEDGER_UNCERTAIN, .sha256 = SHA256_A, .subject = "", .when = WHEN
	};
	pid_t pids[WRITERS];
	char mac[18];
	int i, n, status;

	for (i = 0; i < WRITERS; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		g_snprintf(mac, sizeof(mac), "c4:7f:51:00:00:%02x", (guint)i);
		for (n = 0; n < ROUNDS; n++)
			if (!ledger_put(dir, mac, (guint)n % 3, (enum eswifi_item)(n / 3 % 3),
					&entry, NULL))
				_exit(1);
		_exit(0);
	}
	for (i = 0; i < WRITERS; i++) {
		ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
		ck_assert_int_eq(status, 0);
	}
	for (i = 0; i < WRITERS; i++) {
		g_snprintf(mac, sizeof(mac), "c4:7f:51:00:00:%02x", (guint)i);
		for (n = 0; n < 9; n++)
			ck_assert_int_eq(state_of(mac, (guint)n % 3, (enum eswifi_item)(n / 3)),
					 LEDGER_UNCERTAIN);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ledger");
	TCase *file = tcase_create("file");

	tcase_add_checked_fixture(file, setup, teardown);
	tcase_add_test(file, without_a_file_or_directory_all_is_blank);
	tcase_add_test(file, what_was_put_is_got_back_for_each_module_set_and_item);
	tcase_add_test(file, the_mac_is_the_same_in_capitals);
	tcase_add_test(file, when_a_certificate_ends_is_kept);
	tcase_add_test(file,
		       the_file_belongs_to_whom_the_directory_belongs_also_when_root_writes_it);
	tcase_add_test(file, blank_removes_the_item_and_only_it);
	tcase_add_test(file, the_file_is_readable_ini_for_its_owner_alone);
	tcase_add_test(file, every_changed_byte_is_noticed);
	tcase_add_test(file, a_file_cut_anywhere_is_refused);
	tcase_add_test(file, a_damaged_file_is_never_overwritten);
	tcase_add_test(file, contents_that_make_no_sense_are_refused);
	tcase_add_test(file, a_later_version_is_refused_by_its_number);
	tcase_add_test(file, a_full_disk_leaves_the_old_ledger);
	tcase_add_test(file, brokers_of_several_modules_share_a_ledger_without_loss);
	suite_add_tcase(suite, file);
	return suite_run(suite);
}
