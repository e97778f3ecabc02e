// SPDX-License-Identifier: MIT
/* eswrapctl's own parts: what it says on the control socket, and what it knows without. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "eswrap/wire.h"
#include "eswrapctl/ctl.h"
#include "eswrapctl/doctor-port.h"
#include "eswrap/admin.h"
#include "support/memory.h"
#include "support/suite.h"

#define ITEM_SIZE 4000
#define NOBODY	  65534

static char *dir, *path;
static int listening;
static struct ctl ctl;

static void setup(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	dir = g_dir_make_tmp("test-eswrapctl-XXXXXX", NULL);
	path = g_build_filename(dir, "sock", NULL);
	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listening, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(listening, 1), 0);
	ctl = (struct ctl){ .socket = path };
}

static void teardown(void)
{
	close(listening);
	unlink(path);
	rmdir(dir);
	g_free(path);
	g_free(dir);
}

static void reply(int fd, GVariant *value)
{
	GVariant *sunk = g_variant_ref_sink(value);

	if (send(fd, g_variant_get_data(sunk), g_variant_get_size(sunk), MSG_NOSIGNAL) < 0)
		_exit(2);
	g_variant_unref(sunk);
}

static GVariant *one(const char *key, GVariant *value)
{
	GVariantDict dict;

	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert_value(&dict, key, value);
	return g_variant_dict_end(&dict);
}

/* A broker that takes one request, of this verb, and answers as @answers does. Return: its pid */
static pid_t serve(const char *verb, void (*answers)(int fd))
{
	static guint8 packet[ESWRAP_ADMIN_MAX];
	struct eswrap_request header;
	GVariant *request;
	const char *asked;
	pid_t pid = fork();
	ssize_t n;
	int fd;

	ck_assert_int_ge(pid, 0);
	if (pid)
		return pid;
	fd = accept(listening, NULL, NULL);
	n = recv(fd, packet, sizeof(packet), 0);
	if (n <= (ssize_t)sizeof(header))
		_exit(1);
	memcpy(&header, packet, sizeof(header));
	request = g_variant_new_from_bytes(
		G_VARIANT_TYPE(ADMIN_REQUEST),
		g_bytes_new(packet + sizeof(header), (gsize)n - sizeof(header)), FALSE);
	g_variant_get_child(request, 0, "&s", &asked);
	if (header.magic != ESWRAP_MAGIC || header.type != ESWRAP_ADMIN ||
	    !g_variant_is_normal_form(request) || strcmp(asked, verb))
		_exit(1);
	answers(fd);
	_exit(0);
}

static void expect_end(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

static void say_done(int fd)
{
	reply(fd, one("done", g_variant_new_boolean(TRUE)));
}

START_TEST(a_request_leaves_nothing_of_a_key_in_memory)
{
	pid_t pid = serve("credential-write", say_done);
	guint8 *item = g_malloc(ITEM_SIZE), turned[MEMORY_SECRET_SIZE];
	GBytes *bytes = g_bytes_new_static(item, ITEM_SIZE);

	RAND_bytes(item, ITEM_SIZE);
	memcpy(turned, item + ITEM_SIZE / 2, sizeof(turned));
	memory_turn(turned, sizeof(turned));
	ck_assert(memory_holds_turned(turned));
	ck_assert_int_eq(client_call(&ctl, "credential-write",
				     one("data", g_variant_new_from_bytes(G_VARIANT_TYPE_BYTESTRING,
									  bytes, TRUE)),
				     NULL, NULL, NULL, NULL),
			 CTL_OK);
	g_bytes_unref(bytes);
	explicit_bzero(item, ITEM_SIZE);
	ck_assert(!memory_holds_turned(turned));
	g_free(item);
	expect_end(pid);
}
END_TEST

static void say_two_steps_and_fail(int fd)
{
	GVariantDict dict;

	reply(fd, one("step", g_variant_new_string("writing")));
	reply(fd, one("step", g_variant_new_string("comparing")));
	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "done", "b", TRUE);
	g_variant_dict_insert(&dict, "error", "s", "it is so");
	g_variant_dict_insert(&dict, "status", "i", 75);
	reply(fd, g_variant_dict_end(&dict));
}

static void note_step(GVariant *value, gpointer user)
{
	const char *step;

	ck_assert(g_variant_lookup(value, "step", "&s", &step));
	g_string_append_printf(user, "%s ", step);
}

START_TEST(progress_comes_in_order_and_the_brokers_status_is_ours)
{
	pid_t pid = serve("x", say_two_steps_and_fail);
	GString *steps = g_string_new(NULL);
	GError *error = NULL;

	ck_assert_int_eq(client_call(&ctl, "x", NULL, note_step, steps, NULL, &error),
			 CTL_UNCERTAIN);
	ck_assert_str_eq(steps->str, "writing comparing ");
	ck_assert_str_eq(error->message, "it is so");
	g_error_free(error);
	g_string_free(steps, TRUE);
	expect_end(pid);
}
END_TEST

/* A ledger of no module: none has answered within the minute that the broker waits. */
static void say_no_module(int fd)
{
	GVariantDict dict;

	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "module", "s", "");
	g_variant_dict_insert(&dict, "done", "b", TRUE);
	reply(fd, g_variant_dict_end(&dict));
}

START_TEST(nothing_is_adopted_or_forgotten_of_a_module_that_is_not_known)
{
	char *adopt[] = { (char[]){ "adopt" }, (char[]){ "--unknown" }, (char[]){ "0" },
			  (char[]){ "ca" }, NULL };
	char *forget[] = { (char[]){ "forget-ledger" }, (char[]){ "0" }, (char[]){ "--yes" },
			   NULL };
	pid_t pid = serve("credential-list", say_no_module);

	if (_i)
		ck_assert_int_eq(ctl_credentials_forget(&ctl, 3, forget), CTL_FAILED);
	else
		ck_assert_int_eq(ctl_credentials_adopt(&ctl, 4, adopt), CTL_FAILED);
	expect_end(pid);
}
END_TEST

static void say_nothing(int fd)
{
	close(fd);
}

static void say_nonsense(int fd)
{
	if (send(fd, "\xff\xff\xff", 3, MSG_NOSIGNAL) != 3)
		_exit(2);
}

START_TEST(a_broker_that_leaves_or_talks_nonsense_is_an_error)
{
	GError *error = NULL;
	pid_t pid = serve("x", say_nothing);

	ck_assert_int_eq(client_call(&ctl, "x", NULL, NULL, NULL, NULL, &error), CTL_UNREACHABLE);
	ck_assert_ptr_nonnull(strstr(error->message, "went away"));
	g_clear_error(&error);
	expect_end(pid);
	pid = serve("x", say_nonsense);
	ck_assert_int_eq(client_call(&ctl, "x", NULL, NULL, NULL, NULL, &error), CTL_UNREACHABLE);
	ck_assert_ptr_nonnull(strstr(error->message, "malformed"));
	g_clear_error(&error);
	expect_end(pid);
}
END_TEST

static void answer_as_nobody(int fd)
{
	if (geteuid() == 0 && setuid(NOBODY) < 0)
		_exit(2);
	say_done(fd);
}

START_TEST(whose_an_answer_is_the_kernel_says)
{
	pid_t pid = serve("credential-sets", answer_as_nobody);
	g_autoptr(GVariant) answered = NULL;
	uid_t who;

	/* The socket itself was made by us, as systemd makes the broker's. */
	ck_assert_int_eq(client_call_who(&ctl, "credential-sets", &answered, &who, NULL), CTL_OK);
	ck_assert_uint_eq(who, geteuid() == 0 ? NOBODY : geteuid());
	expect_end(pid);
}
END_TEST

static bool can_read(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

START_TEST(files_that_the_broker_names_are_read_with_its_rights)
{
	g_autofree char *secret = g_build_filename(dir, "secret", NULL);
	g_autoptr(GError) error = NULL;

	ck_assert(g_file_set_contents_full(secret, "x", 1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
	ck_assert_int_eq(chmod(dir, 0755), 0);
	ck_assert(rights_take(NOBODY, &error));
	ck_assert(can_read(secret) == (geteuid() != NOBODY));
	rights_restore();
	ck_assert(can_read(secret));
	unlink(secret);
}
END_TEST

/* Programs of these names that answer as systemd's would, in front of all others. */
static void put_systemd(const char *listener, const char *service, const char *journal)
{
	g_autofree char *systemctl = g_build_filename(dir, "systemctl", NULL);
	g_autofree char *journalctl = g_build_filename(dir, "journalctl", NULL);
	g_autofree char *search = g_strdup_printf("%s:%s", dir, g_getenv("PATH"));
	g_autofree char *text = g_strdup_printf("#!/bin/sh\n"
						"[ $1 = show ] || exit 1\n"
						"case $2 in\n"
						"eswrapd.socket) printf '%%b' 'Listen=%s "
						"(SequentialPacket)\\n%s\\n' ;;\n"
						"eswrapd.service) printf '%%b' '%s\\n' ;;\n"
						"esac\n",
						path, listener, service);
	g_autofree char *line = g_strdup_printf("#!/bin/sh\necho '%s'\n", journal);

	ck_assert(g_file_set_contents_full(systemctl, text, -1, G_FILE_SET_CONTENTS_NONE, 0755,
					   NULL));
	ck_assert(g_file_set_contents_full(journalctl, line, -1, G_FILE_SET_CONTENTS_NONE, 0755,
					   NULL));
	g_setenv("PATH", search, TRUE);
}

static void remove_systemd(void)
{
	g_autofree char *systemctl = g_build_filename(dir, "systemctl", NULL);
	g_autofree char *journalctl = g_build_filename(dir, "journalctl", NULL);

	unlink(systemctl);
	unlink(journalctl);
}

START_TEST(a_broker_that_never_starts_is_given_up_and_systemd_says_why)
{
	g_autoptr(GError) error = NULL;

	/* systemd listens, and nobody takes what comes. */
	put_systemd("ActiveState=active\\nSubState=running\\nResult=success",
		    "ActiveState=activating\\nSubState=auto-restart\\nResult=exit-code\\n"
		    "NRestarts=90\\nExecMainStatus=1",
		    "eswrapd: /dev/ttyS1: no permission");
	ck_assert_int_eq(client_call(&ctl, "x", NULL, NULL, NULL, NULL, &error), CTL_UNREACHABLE);
	ck_assert_ptr_nonnull(strstr(error->message, "it said nothing within 5 s"));
	ck_assert_ptr_nonnull(strstr(error->message, "eswrapd.service is activating (auto-restart)"
						     ", exit-code, exit status 1, restarted 90 "
						     "times"));
	ck_assert_ptr_nonnull(strstr(error->message, "/dev/ttyS1: no permission"));
	ck_assert_ptr_nonnull(strstr(error->message, "journalctl -u eswrapd"));
	remove_systemd();
}
END_TEST

START_TEST(a_service_that_a_wrong_key_has_stopped_leads_to_check_config)
{
	g_autoptr(GError) error = NULL;

	close(listening);
	put_systemd("ActiveState=failed\\nSubState=failed\\nResult=service-start-limit-hit",
		    "ActiveState=failed\\nSubState=failed\\nResult=exit-code\\nNRestarts=4\\n"
		    "ExecMainStatus=78",
		    "eswrapd: eswrap.conf:3: unknown key");
	ck_assert_int_eq(client_call(&ctl, "x", NULL, NULL, NULL, NULL, &error), CTL_UNREACHABLE);
	ck_assert_ptr_nonnull(strstr(error->message, "Connection refused"));
	ck_assert_ptr_nonnull(strstr(error->message, "eswrapd.socket is failed (failed), "
						     "service-start-limit-hit"));
	ck_assert_ptr_nonnull(strstr(error->message, "eswrap.conf:3: unknown key"));
	ck_assert_ptr_nonnull(strstr(error->message, "`eswrapctl check-config`"));
	remove_systemd();
}
END_TEST

START_TEST(a_socket_that_is_not_systemds_is_not_mixed_up_with_it)
{
	g_autoptr(GError) error = NULL;

	put_systemd("ActiveState=active\\nSubState=listening\\nResult=success",
		    "ActiveState=failed\\nSubState=failed\\nResult=exit-code", "of another");
	ctl.socket[strlen(ctl.socket) - 1] = '\0';
	ck_assert_int_eq(client_call(&ctl, "x", NULL, NULL, NULL, NULL, &error), CTL_UNREACHABLE);
	ck_assert_ptr_null(strstr(error->message, "eswrapd.service"));
	ck_assert_ptr_nonnull(strstr(error->message, "-s names another socket"));
	ctl.socket[strlen(ctl.socket)] = 'k';
	remove_systemd();
}
END_TEST

static void be_slow(int fd)
{
	reply(fd, one("heard", g_variant_new_boolean(TRUE)));
	/* Longer than anybody is waited for who has not even heard. */
	g_usleep(6 * G_USEC_PER_SEC);
	say_done(fd);
}

START_TEST(a_broker_that_has_heard_may_take_its_time)
{
	pid_t pid = serve("x", be_slow);

	ck_assert_int_eq(client_call(&ctl, "x", NULL, NULL, NULL, NULL, NULL), CTL_OK);
	expect_end(pid);
}
END_TEST

/* What the doctor says of a module that answers at @baud. Return: how much he minds */
static guint mind_rate(const char *device, guint configured, guint fast, guint baud)
{
	struct settings settings = {
		.module = { .device = device, .baud = configured, .fast_baud = fast }
	};
	struct doctor doctor = { .ctl = &ctl, .settings = &settings };
	guint count;

	doctor.findings = g_ptr_array_new_with_free_func((GDestroyNotify)g_variant_unref);
	doctor.reply = g_variant_ref_sink(one("baud", g_variant_new_uint32(baud)));
	ck_assert(doctor_rate(&doctor));
	count = doctor.findings->len;
	g_ptr_array_unref(doctor.findings);
	g_variant_unref(doctor.reply);
	return count;
}

START_TEST(the_doctor_minds_a_rate_that_is_looked_for_at_each_start)
{
	ck_assert_uint_eq(mind_rate("/dev/ttyS0", 9600, 0, 115200), 1);
	ck_assert_uint_eq(mind_rate("/dev/ttyS0", 115200, 0, 115200), 0);
	ck_assert_uint_eq(mind_rate("/dev/ttyS0", 115200, 921600, 921600), 0);
	ck_assert_uint_eq(mind_rate("unix:/x", 9600, 0, 115200), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("eswrapctl");
	TCase *socket_case = tcase_create("socket"), *systemd = tcase_create("systemd");

	tcase_add_checked_fixture(socket_case, setup, teardown);
	tcase_add_test(socket_case, a_request_leaves_nothing_of_a_key_in_memory);
	tcase_add_test(socket_case, progress_comes_in_order_and_the_brokers_status_is_ours);
	tcase_add_loop_test(socket_case,
			    nothing_is_adopted_or_forgotten_of_a_module_that_is_not_known, 0, 2);
	tcase_add_test(socket_case, a_broker_that_leaves_or_talks_nonsense_is_an_error);
	tcase_set_timeout(socket_case, 20);
	tcase_add_test(socket_case, whose_an_answer_is_the_kernel_says);
	tcase_add_test(socket_case, files_that_the_broker_names_are_read_with_its_rights);
	tcase_add_test(socket_case, a_broker_that_has_heard_may_take_its_time);
	tcase_add_checked_fixture(systemd, setup, teardown);
	tcase_set_timeout(systemd, 20);
	tcase_add_test(systemd, a_broker_that_never_starts_is_given_up_and_systemd_says_why);
	tcase_add_test(systemd, a_service_that_a_wrong_key_has_stopped_leads_to_check_config);
	tcase_add_test(systemd, a_socket_that_is_not_systemds_is_not_mixed_up_with_it);
	tcase_add_test(systemd, the_doctor_minds_a_rate_that_is_looked_for_at_each_start);
	suite_add_tcase(suite, socket_case);
	suite_add_tcase(suite, systemd);
	return suite_run(suite);
}
