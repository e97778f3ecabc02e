// SPDX-License-Identifier: MIT
/*
 * What the broker has left once it serves: root's becomes another user, everybody's is behind a filter.
 * These tests are root's.
 */
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/harness.h"
#include "support/raw.h"
#include "support/suite.h"

#define NOBODY "nobody"

static struct harness *h;
static guint16 port;

static void setup(void)
{
	h = harness_new();
}

static void teardown(void)
{
	harness_free(h);
}

static uid_t uid_of(const char *name)
{
	const struct passwd *user = getpwnam(name);

	ck_assert_ptr_nonnull(user);
	return user->pw_uid;
}

/* As an administrator would who wants such a user: the module's socket, the place, and the files are his. */
static void prepare_for_nobody(void)
{
	const struct passwd *nobody = getpwnam(NOBODY);

	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	ck_assert_int_eq(chmod(strchr(h->device, ':') + 1, 0666), 0);
	ck_assert_int_eq(chown(h->directory, nobody->pw_uid, nobody->pw_gid), 0);
}

static const char *status_line(const char *name)
{
	const char *status =
		harness_read(h, harness_format(h, "/proc/%d/status", process_pid(h->broker)));
	const char *line = strstr(status, harness_format(h, "\n%s:\t", name));

	ck_assert_ptr_nonnull(line);
	line += strlen(name) + 3;
	return harness_format(h, "%.*s", (int)strcspn(line, "\n"), line);
}

static void broker_of(const char *keys)
{
	harness_broker(h, RAW_LOCAL_TCP "[broker]\nstate-dir = %s\n%s", harness_path(h, "state"),
		       keys);
}

static void chown_files(void)
{
	static const char *const names[] = { "wifi.psk", "eswrap.conf" };
	guint i;

	for (i = 0; i < G_N_ELEMENTS(names); i++)
		ck_assert_int_eq(chown(harness_path(h, names[i]), uid_of(NOBODY), (gid_t)-1), 0);
}

static void exchange(void)
{
	int server = raw_listener(&port), fd = raw_connected(h, port), far = raw_accept(server);

	raw_put(fd, "there");
	raw_expect(far, "there");
	raw_put(far, "back");
	raw_expect(fd, "back");
	close(fd);
	close(far);
	close(server);
}

START_TEST(a_broker_that_root_started_becomes_its_user_and_serves)
{
	const char *ids;
	guint id = uid_of(NOBODY);
	struct stat st;

	prepare_for_nobody();
	broker_of("user = " NOBODY "\n");
	ids = harness_format(h, "%u\t%u\t%u\t%u", id, id, id, id);
	ck_assert_str_eq(status_line("Uid"), ids);
	ck_assert_str_eq(status_line("CapEff"), "0000000000000000");
	ck_assert_str_eq(status_line("CapPrm"), "0000000000000000");
	ck_assert_int_eq(stat(harness_path(h, "state"), &st), 0);
	ck_assert_uint_eq(st.st_uid, id);
	exchange();
}
END_TEST

START_TEST(as_another_user_it_reloads_recovers_and_leaves_nothing)
{
	prepare_for_nobody();
	broker_of("user = " NOBODY "\n");
	chown_files();
	exchange();
	ck_result_status(harness_run(h, harness_tool(h, "eswrapctl"), "--socket", h->socket,
				     "reload", NULL),
			 0);
	/* The port is opened again by a user who has no more rights than it needs. */
	process_kill(h->fake);
	ck_assert_int_eq(unlink(strchr(h->device, ':') + 1), 0);
	prepare_for_nobody();
	exchange();
	ck_assert_int_eq(process_stop(h->broker), 0);
	ck_assert_int_ne(access(h->socket, F_OK), 0);
	ck_assert_int_eq(access(harness_path(h, "state/stand-ins"), F_OK), 0);
}
END_TEST

/* Return: what a broker says that does not start. */
static const char *refused(const char *keys)
{
	const char *path = harness_config(h, RAW_LOCAL_TCP "[broker]\nstate-dir = %s\n%s",
					  harness_path(h, "state"), keys);
	const struct result *result =
		harness_run(h, harness_tool(h, "eswrapd"), "-c", path, "--socket",
			    harness_path(h, "refused.sock"), NULL);

	ck_result_status(result, 78);
	return result->err->str;
}

START_TEST(a_user_who_cannot_write_the_state_is_refused_with_the_remedy)
{
	prepare_for_nobody();
	ck_assert_int_eq(mkdir(harness_path(h, "state"), 0700), 0);
	ck_text_has(refused("user = " NOBODY "\n"), "chown -R " NOBODY);
	ck_assert_int_ne(access(harness_path(h, "refused.sock"), F_OK), 0);
	ck_text_has(refused("user = no.such.user\n"), "there is no user");
}
END_TEST

START_TEST(a_state_that_belongs_to_somebody_else_is_not_believed)
{
	harness_fake(h, NULL, NULL);
	ck_assert_int_eq(mkdir(harness_path(h, "state"), 0755), 0);
	if (_i)
		harness_file(h, "state/ledger.ini", "[ledger]\n");
	ck_assert_int_eq(chown(harness_path(h, _i ? "state/ledger.ini" : "state"), uid_of(NOBODY),
			       (gid_t)-1),
			 0);
	ck_text_has(refused(""), harness_format(h, "belongs to user %u", uid_of(NOBODY)));
}
END_TEST

/* Where the package has made a user "eswrap": here, in a mount namespace that has one. */
START_TEST(without_a_word_it_becomes_eswrap_where_there_is_one_who_can)
{
	const char *script =
		"cp /etc/passwd passwd && echo eswrap:x:4711:4711::/nowhere:/bin/false >>passwd && "
		"mount --bind passwd /etc/passwd && exec \"$@\"";
	const char *argv[] = { "unshare",  "--mount", "sh",	  "-ec", script,       "sh", NULL,
			       "--config", NULL,      "--socket", NULL,	 "--ready-fd", "1",  NULL };
	guint i;

	prepare_for_nobody();
	argv[6] = harness_tool(h, "eswrapd");
	argv[8] = harness_config(h, RAW_LOCAL_TCP "[broker]\nstate-dir = %s\n",
				 harness_path(h, "state"));
	ck_assert_int_eq(chmod(h->directory, 0755), 0);
	argv[10] = h->socket = harness_path(h, "eswrapd.sock");
	/* The second finds what is root's, who has been here meanwhile, and stays root to serve. */
	for (i = 0; i < 2; i++) {
		h->broker = process_start(h, "eswrapd", argv, NULL);
		process_await_line(h->broker, "ready");
		ck_assert(g_str_has_prefix(status_line("Uid"), i == 0 ? "4711\t" : "0\t"));
		exchange();
		ck_assert_int_eq(process_stop(h->broker), 0);
		ck_assert_int_eq(chown(harness_path(h, "state"), 0, 0), 0);
	}
	ck_text_has(harness_read(h, harness_path(h, "eswrapd.log")), "the broker stays root");
}
END_TEST

START_TEST(everybodys_broker_has_a_filter_and_no_new_privileges)
{
	harness_fake(h, NULL, NULL);
	if (_i) {
		harness_private_broker(h,
				       harness_config(h, RAW_LOCAL_TCP "[broker]\nstate-dir = %s\n",
						      harness_path(h, "state")));
	} else {
		broker_of("user = root\n");
	}
	ck_assert(g_str_has_prefix(status_line("Uid"), "0\t"));
	ck_assert_str_eq(status_line("NoNewPrivs"), "1");
	ck_assert_str_eq(status_line("Seccomp"), "2");
	exchange();
}
END_TEST

/**
 * struct place - where the broker's memory holds a secret
 * @kept:	in pages that are locked and never dumped [proc(5), VmFlags]
 */
struct place {
	guint found, kept;
};

static guint count_in(FILE *memory, unsigned long from, unsigned long to, const char *secret)
{
	g_autofree char *copy = g_malloc(to - from);
	ssize_t n = pread(fileno(memory), copy, to - from, (off_t)from);
	const char *at = copy, *end = copy + MAX(n, 0);
	guint count = 0;

	while ((at = memmem(at, (gsize)(end - at), secret, strlen(secret)))) {
		count++;
		at++;
	}
	return count;
}

/* A sanitiser maps terabytes for its own notes, which hold no copies. */
#define MAP_MAX (1UL << 30)

static struct place look_for(pid_t pid, const char *secret)
{
	FILE *memory = fopen(harness_format(h, "/proc/%d/mem", (int)pid), "re");
	FILE *maps = fopen(harness_format(h, "/proc/%d/smaps", (int)pid), "re");
	unsigned long from, to;
	struct place place = { 0, 0 };
	char line[512], mode[5];
	guint here = 0;

	ck_assert(memory && maps);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %4s", &from, &to, mode) == 3)
			here = mode[1] == 'w' && to - from < MAP_MAX
				       ? count_in(memory, from, to, secret)
				       : 0;
		if (strncmp(line, "VmFlags:", 8) != 0)
			continue;
		place.found += here;
		place.kept += strstr(line, " lo") && strstr(line, " dd") ? here : 0;
	}
	fclose(memory);
	fclose(maps);
	return place;
}

START_TEST(the_passphrase_is_in_memory_that_is_locked_and_never_dumped_alone)
{
	struct place place;

	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	broker_of("user = root\n");
	exchange();
	place = look_for(process_pid(h->broker), HARNESS_PASSPHRASE);
	ck_assert_uint_gt(place.found, 0);
	ck_assert_uint_eq(place.found, place.kept);
	ck_text_has(harness_read(h, harness_format(h, "/proc/%d/limits", process_pid(h->broker))),
		    "Max core file size        0                    0");
}
END_TEST

START_TEST(sandbox_no_leaves_the_filter_out)
{
	harness_fake(h, NULL, NULL);
	broker_of("sandbox = no\n");
	ck_assert_str_eq(status_line("NoNewPrivs"), "0");
	ck_assert_str_eq(status_line("Seccomp"), "0");
	exchange();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("privilege");
	TCase *tcase = tcase_create("privilege");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_broker_that_root_started_becomes_its_user_and_serves);
	tcase_add_test(tcase, as_another_user_it_reloads_recovers_and_leaves_nothing);
	tcase_add_test(tcase, a_user_who_cannot_write_the_state_is_refused_with_the_remedy);
	tcase_add_loop_test(tcase, a_state_that_belongs_to_somebody_else_is_not_believed, 0, 2);
	tcase_add_test(tcase, without_a_word_it_becomes_eswrap_where_there_is_one_who_can);
	tcase_add_loop_test(tcase, everybodys_broker_has_a_filter_and_no_new_privileges, 0, 2);
	tcase_add_test(tcase, the_passphrase_is_in_memory_that_is_locked_and_never_dumped_alone);
	tcase_add_test(tcase, sandbox_no_leaves_the_filter_out);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
