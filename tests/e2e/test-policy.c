// SPDX-License-Identifier: MIT
/* What the broker says beforehand, as wrapped programs see it. */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eswrap/wire.h"
#include "support/harness.h"
#include "support/server.h"
#include "support/suite.h"

#define SECONDS 60
#define NOBODY	65534

#define REFUSE_LOOPBACK "[route all]\naddress = 127.0.0.0/8\nthrough = refuse\n"

static struct harness *h;

static void set_up(void)
{
	h = harness_new();
	harness_fake(h, NULL, NULL);
}

static void tear_down(void)
{
	harness_free(h);
}

static guint16 echo_server(void)
{
	return server_start(h, &(struct server){ .kind = SERVER_ECHO });
}

/* bash connects with libc's connect(); 0 when it could. */
static const struct result *connect_wrapped(guint16 port)
{
	return harness_run_wrapped(h, "bash", "-c",
				   harness_format(h, "exec 3<>/dev/tcp/127.0.0.1/%u", port), NULL);
}

static const char *policy_path(void)
{
	return harness_format(h, "%s%s", h->socket, ESWRAP_POLICY_SUFFIX);
}

START_TEST(unflagged_connects_need_no_answer)
{
	harness_broker(h, "%s", "");
	ck_assert_int_eq(kill(process_pid(h->broker), SIGSTOP), 0);
	ck_result_status(connect_wrapped(echo_server()), 0);
	ck_assert_int_eq(kill(process_pid(h->broker), SIGCONT), 0);
}
END_TEST

/* Neither the broker's process nor its number is to be seen there. */
START_TEST(in_a_pid_namespace_they_need_none_either)
{
	guint16 port = echo_server();

	harness_broker(h, "%s", "");
	ck_assert_int_eq(kill(process_pid(h->broker), SIGSTOP), 0);
	ck_result_status(
		harness_run_wrapped(h, "unshare", "-rfp", "--mount-proc", "bash", "-c",
				    harness_format(h, "exec 3<>/dev/tcp/127.0.0.1/%u", port), NULL),
		0);
	ck_assert_int_eq(kill(process_pid(h->broker), SIGCONT), 0);
}
END_TEST

/* What it has said to be direct is so without it; anything else fails. */
START_TEST(the_policy_of_a_killed_broker_still_counts)
{
	guint16 direct = echo_server(), refused = echo_server();
	const struct result *result;

	harness_broker(h, "[route one]\naddress = 127.0.0.0/8\nport = %u\nthrough = refuse\n",
		       refused);
	process_kill(h->broker);
	ck_assert_int_eq(access(policy_path(), R_OK), 0);
	ck_result_status(connect_wrapped(direct), 0);
	result = connect_wrapped(refused);
	ck_result_status(result, 1);
	ck_text_has(result->err->str, "Network is down");
}
END_TEST

START_TEST(the_policy_is_gone_with_the_broker)
{
	harness_broker(h, "%s", "");
	ck_assert_int_eq(access(policy_path(), R_OK), 0);
	ck_assert_int_eq(process_stop(h->broker), 0);
	ck_assert_int_ne(access(policy_path(), F_OK), 0);
}
END_TEST

/* One process, which holds what it has mapped, over two brokers on the same control socket. */
/* The first broker is killed, or stopped: it cannot, or does, take back what it has said. */
static void next_broker_is_obeyed(bool killed)
{
	const char *fifo = harness_path(h, "next");
	guint16 port = echo_server();
	const char *const argv[] = { "bash", "-c",
				     harness_format(h,
						    "exec 3<>/dev/tcp/127.0.0.1/%u && echo first\n"
						    "read -r _ <%s\n"
						    "exec 3<>/dev/tcp/127.0.0.1/%u",
						    port, fifo, port),
				     NULL };
	struct process *program;
	int fd;

	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	harness_broker(h, "%s", "");
	program = process_start_wrapped(h, "program", argv);
	process_await_line(program, "first");
	if (killed)
		process_kill(h->broker);
	else
		ck_assert_int_eq(process_stop(h->broker), 0);
	harness_broker(h, "%s", REFUSE_LOOPBACK);
	fd = open(fifo, O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(process_wait(program), 1);
}

START_TEST(a_running_program_obeys_the_next_broker)
{
	next_broker_is_obeyed(false);
}
END_TEST

START_TEST(a_running_program_obeys_the_next_broker_after_one_that_was_killed)
{
	next_broker_is_obeyed(true);
}
END_TEST

/* What status says of connects that went out directly. */
static const char *counted(void)
{
	const struct result *result =
		harness_run(h, harness_tool(h, "eswrapctl"), "--socket", h->socket, "status", NULL);

	ck_result_status(result, 0);
	return result->out->str;
}

#define COUNTING                                                  \
	"[route nearby]\naddress = 127.0.0.2\nthrough = direct\n" \
	"[route module]\naddress = 127.0.0.3\nthrough = tcp\n"

/* Run by the launcher, or preloaded only. */
static const struct result *run_counted(bool launched, const char *script)
{
	const char *environment[] = { harness_format(h, "%s=%s", ESWRAP_SOCKET_ENV, h->socket),
				      NULL };
	const char *const argv[] = { harness_tool(h, "eswrap"), "bash", "-c", script, NULL };
	const struct run how = { .environment = environment, .wrapped = !launched };

	return harness_run_as(h, &how, launched ? argv : argv + 1);
}

START_TEST(what_goes_out_directly_is_counted_by_route)
{
	guint16 port = server_start(h, &(struct server){ .kind = SERVER_ECHO, .anywhere = true });
	const char *script =
		harness_format(h,
			       "exec 3<>/dev/tcp/127.0.0.2/%u; exec 3<>/dev/tcp/127.0.0.2/%u; "
			       "bash -c 'exec 3<>/dev/tcp/127.0.0.1/%u'",
			       port, port, port);

	harness_broker(h, COUNTING);
	ck_text_lacks(counted(), "nearby 2");
	ck_result_status(run_counted(true, script), 0);
	ck_text_has(counted(), "nearby 2");
	ck_text_has(counted(), "(no route) 1");
	ck_result_status(run_counted(true, script), 0);
	ck_text_has(counted(), "nearby 4");
	ck_text_has(counted(), "(no route) 2");
}
END_TEST

START_TEST(a_program_that_was_not_launched_is_counted_when_it_asks)
{
	guint16 port = server_start(h, &(struct server){ .kind = SERVER_ECHO, .anywhere = true });
	const char *direct = harness_format(h, "exec 3<>/dev/tcp/127.0.0.2/%u", port);

	harness_broker(h, COUNTING);
	ck_result_status(run_counted(false, direct), 0);
	ck_text_lacks(counted(), "nearby");
	ck_result_status(run_counted(false,
				     harness_format(h, "%s; %s; exec 3<>/dev/tcp/127.0.0.3/%u; %s",
						    direct, direct, port, direct)),
			 0);
	ck_text_has(counted(), "nearby 3");
}
END_TEST

START_TEST(a_descriptor_that_has_become_another_file_is_not_written_to)
{
	guint16 port = server_start(h, &(struct server){ .kind = SERVER_ECHO, .anywhere = true });
	const char *data = harness_file(h, "data", "%2000s", "");
	const char *before = harness_format(h, "%s", harness_read(h, data));

	harness_broker(h, COUNTING);
	ck_result_status(
		run_counted(true, harness_format(h,
						 "exec 9<>%s; export ESWRAP_COUNTS=9; exec bash -c "
						 "'exec 3<>/dev/tcp/127.0.0.2/%u'",
						 data, port)),
		0);
	ck_assert_str_eq(harness_read(h, data), before);
	ck_text_lacks(counted(), "nearby");
}
END_TEST

/* Puts a policy in the broker's place that would let everything go out directly. */
static void forge(gsize size, uid_t owner)
{
	struct eswrap_policy forged = {
		.magic = ESWRAP_MAGIC,
		.count = 1,
		.rules = { { .flags = ESWRAP_POLICY_STREAM | ESWRAP_POLICY_DIRECT,
			     .last_port = UINT16_MAX } },
	};
	GError *error = NULL;

	ck_assert_msg(g_file_set_contents(policy_path(), (const char *)&forged, (gssize)size,
					  &error),
		      "%s", error ? error->message : "");
	if (owner != (uid_t)-1)
		ck_assert_int_eq(chown(policy_path(), owner, (gid_t)-1), 0);
}

START_TEST(a_policy_of_the_wrong_size_is_not_believed)
{
	harness_broker(h, "%s", REFUSE_LOOPBACK);
	forge(sizeof(struct eswrap_policy), (uid_t)-1);
	/* This proves the forgery: it is believed where only its owner could have made it. */
	ck_result_status(connect_wrapped(echo_server()), 0);
	forge(sizeof(struct eswrap_policy) - 1, (uid_t)-1);
	ck_result_status(connect_wrapped(echo_server()), 1);
}
END_TEST

/* Only root can make a file that somebody else owns; for others their own is the only case. */
START_TEST(a_policy_of_a_stranger_is_not_believed)
{
	bool root = geteuid() == 0;

	harness_broker(h, "%s", REFUSE_LOOPBACK);
	forge(sizeof(struct eswrap_policy), root ? NOBODY : geteuid());
	ck_result_status(connect_wrapped(echo_server()), root ? 1 : 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy");
	TCase *files = tcase_create("files");

	tcase_set_timeout(files, SECONDS);
	tcase_add_checked_fixture(files, set_up, tear_down);
	tcase_add_test(files, unflagged_connects_need_no_answer);
	tcase_add_test(files, in_a_pid_namespace_they_need_none_either);
	tcase_add_test(files, the_policy_of_a_killed_broker_still_counts);
	tcase_add_test(files, the_policy_is_gone_with_the_broker);
	tcase_add_test(files, a_running_program_obeys_the_next_broker);
	tcase_add_test(files, a_running_program_obeys_the_next_broker_after_one_that_was_killed);
	tcase_add_test(files, what_goes_out_directly_is_counted_by_route);
	tcase_add_test(files, a_program_that_was_not_launched_is_counted_when_it_asks);
	tcase_add_test(files, a_descriptor_that_has_become_another_file_is_not_written_to);
	tcase_add_test(files, a_policy_of_the_wrong_size_is_not_believed);
	tcase_add_test(files, a_policy_of_a_stranger_is_not_believed);
	suite_add_tcase(suite, files);
	return suite_run(suite);
}
