// SPDX-License-Identifier: MIT
/* What the log and systemd are told of the module. */
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "eswrapd/news.h"
#include "support/suite.h"

static const struct eswifi_identity identity = { .product = "ISM43362-M3G-L44-UART",
						 .firmware = "C3.5.2.5",
						 .baud = 115200 };

static struct news *news;
static GString *said;

static GLogWriterOutput hear(GLogLevelFlags level, const GLogField *fields, gsize count,
			     gpointer user G_GNUC_UNUSED)
{
	gsize i;

	for (i = 0; i < count; i++)
		if (strcmp(fields[i].key, "MESSAGE") == 0)
			g_string_append_printf(said, "%s%s\n",
					       level & G_LOG_LEVEL_WARNING ? "! " : "",
					       (const char *)fields[i].value);
	return G_LOG_WRITER_HANDLED;
}

static void set_up(void)
{
	said = g_string_new(NULL);
	news = news_new();
}

static void tear_down(void)
{
	news_free(news);
	g_string_free(said, TRUE);
}

static void state(enum eswifi_state now, const char *why)
{
	news_state(news, now, &identity, why);
}

START_TEST(a_module_that_comes_up_is_told_of_once)
{
	state(ESWIFI_SYNCING, "/dev/ttyAMA0");
	state(ESWIFI_JOINING, "SSID plant-7");
	state(ESWIFI_READY, "joined plant-7 as 10.0.0.4");
	ck_assert_str_eq(said->str, "module ready: ISM43362-M3G-L44-UART, firmware C3.5.2.5, "
				    "115200 bit/s; joined plant-7 as 10.0.0.4\n");
}
END_TEST

START_TEST(a_cause_is_told_once_however_often_it_comes)
{
	int i;

	for (i = 0; i < 3; i++) {
		state(ESWIFI_CLOSED, "/dev/ttyUSB7: not there");
		state(ESWIFI_SYNCING, "/dev/ttyUSB7");
		state(ESWIFI_SYNCING, "no answer at any of 12 rates");
		state(ESWIFI_JOINING, "SSID plant-7");
		state(ESWIFI_JOINING,
		      i ? "not in range, among 3 networks" : "not in range, among 12 networks");
	}
	ck_assert_str_eq(said->str, "! module closed: /dev/ttyUSB7: not there\n"
				    "! module syncing: no answer at any of 12 rates\n"
				    "! module joining: not in range, among 12 networks\n");
}
END_TEST

START_TEST(after_the_module_was_ready_it_is_told_again)
{
	state(ESWIFI_CLOSED, "not there");
	state(ESWIFI_READY, "joined");
	g_string_truncate(said, 0);
	state(ESWIFI_CLOSED, "not there");
	state(ESWIFI_CLOSED, "not there");
	ck_assert_str_eq(said->str, "! module closed: not there\n");
}
END_TEST

START_TEST(lost_sockets_say_why_and_the_state_behind_them_does_not)
{
	state(ESWIFI_READY, "joined");
	g_string_truncate(said, 0);
	news_lost(news, "the module was reset");
	state(ESWIFI_RECOVERING, "the module was reset");
	ck_assert_str_eq(said->str, "! the module's sockets are gone: the module was reset\n");
}
END_TEST

START_TEST(more_causes_than_anybody_reads_are_left_to_status)
{
	char why[] = "a";
	int i;

	for (i = 0; i < 26; i++, why[0]++)
		state(ESWIFI_CLOSED, why);
	ck_assert_ptr_ne(strstr(said->str, ": b\n"), NULL);
	ck_assert_ptr_eq(strstr(said->str, ": z\n"), NULL);
}
END_TEST

/* systemd's notification socket is ours. */
START_TEST(systemd_shows_what_is)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(address);
	char got[128] = "", *path;

	/* The kernel chooses a name. */
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	path = g_strdup_printf("@%.*s", (int)(len - sizeof(sa_family_t) - 1), address.sun_path + 1);
	g_setenv("NOTIFY_SOCKET", path, TRUE);
	state(ESWIFI_JOINING, "SSID plant-7");
	ck_assert_int_gt(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT), 0);
	ck_assert_str_eq(got, "STATUS=Module joining: SSID plant-7");
	g_unsetenv("NOTIFY_SOCKET");
	g_free(path);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("news");
	TCase *told = tcase_create("told");

	g_log_set_writer_func(hear, NULL, NULL);
	tcase_add_checked_fixture(told, set_up, tear_down);
	tcase_add_test(told, a_module_that_comes_up_is_told_of_once);
	tcase_add_test(told, a_cause_is_told_once_however_often_it_comes);
	tcase_add_test(told, after_the_module_was_ready_it_is_told_again);
	tcase_add_test(told, lost_sockets_say_why_and_the_state_behind_them_does_not);
	tcase_add_test(told, more_causes_than_anybody_reads_are_left_to_status);
	tcase_add_test(told, systemd_shows_what_is);
	suite_add_tcase(suite, told);
	return suite_run(suite);
}
