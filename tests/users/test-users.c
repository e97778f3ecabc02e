// SPDX-License-Identifier: MIT
/*
 * People on one machine: an attacker without any rights beside a victim, both clients of the system's
 * broker. The attacker is "nobody", in a process of its own; the victim is root, as are these tests.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/harness.h"
#include "support/raw.h"
#include "support/suite.h"

#define NOBODY 65534

static struct harness *h;
static guint16 port;
static int server;

static void setup(void)
{
	h = harness_new();
}

static void teardown(void)
{
	harness_free(h);
}

/**
 * attack() - let the attacker do his worst, until the test ends
 * @worst:	runs as nobody; its return value is what this returns
 *
 * Return: how far he got, when @worst has returned; he keeps what he has (descriptors, connections).
 */
static int attack(int (*worst)(void))
{
	int told[2], result;
	pid_t parent = getpid();

	ck_assert_int_eq(chmod(h->directory, 0755), 0);
	ck_assert_int_eq(pipe(told), 0);
	if (fork() == 0) {
		if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
		    setresuid(NOBODY, NOBODY, NOBODY) < 0)
			_exit(1);
		signal(SIGPIPE, SIG_IGN);
		result = worst();
		if (write(told[1], &result, sizeof(result)) != sizeof(result))
			_exit(1);
		while (getppid() == parent)
			usleep(100000);
		_exit(0);
	}
	close(told[1]);
	ck_assert_int_eq(read(told[0], &result, sizeof(result)), sizeof(result));
	close(told[0]);
	return result;
}

static struct eswrap_reply ask_by_route(int type, const char *name, struct eswrap_endpoint dest,
					const char *route, guint32 mark)
{
	struct eswrap_request request = raw_request(type, dest);
	struct eswrap_reply reply;
	int fd;

	g_strlcpy(request.route, route, sizeof(request.route));
	g_strlcpy(request.name, name, sizeof(request.name));
	request.mark = mark;
	fd = raw_ask(h, &request, &reply);
	if (fd >= 0)
		close(fd);
	return reply;
}

/* Routes */

static const char of_root[] = "[route secret]\nhost = *.corp\nuser = root\nthrough = tcp\n"
			      "[route never]\naddress = 127.0.0.9\nthrough = refuse\n"
			      "[route all]\naddress = 127.0.0.8, 127.0.0.9\nthrough = tcp\n"
			      "[default]\nthrough = refuse\n";

static int name_the_route(void)
{
	struct eswrap_reply reply = ask_by_route(ESWRAP_RESOLVE, "vault.corp",
						 (struct eswrap_endpoint){ 0 }, "secret", 0);

	return reply.verdict;
}

static int connect_by_the_route(void)
{
	return ask_by_route(ESWRAP_CONNECT, "", raw_endpoint("127.0.0.1", port), "secret", 0)
		.verdict;
}

START_TEST(a_route_of_one_user_serves_no_other_who_names_it)
{
	server = raw_listener(&port);
	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	raw_broker(h, of_root);
	ck_assert_int_eq(attack(name_the_route), ESWRAP_REFUSED);
	ck_assert_int_eq(attack(connect_by_the_route), ESWRAP_REFUSED);
	ck_assert_int_eq(name_the_route(), ESWRAP_GRANTED);
	ck_assert_int_eq(connect_by_the_route(), ESWRAP_GRANTED);
}
END_TEST

START_TEST(what_a_route_refuses_no_named_route_allows)
{
	server = raw_module_and_broker(h, of_root, &port);
	ck_assert_int_eq(
		ask_by_route(ESWRAP_CONNECT, "", raw_endpoint("127.0.0.9", port), "all", 0).verdict,
		ESWRAP_REFUSED);
	/* But [default] is what -r is there to overrule. */
	ck_assert_int_eq(
		ask_by_route(ESWRAP_CONNECT, "", raw_endpoint("127.0.0.7", port), "all", 0).verdict,
		ESWRAP_GRANTED);
}
END_TEST

static int make_up_a_mark(void)
{
	return ask_by_route(ESWRAP_CONNECT, "", raw_endpoint("127.0.0.1", port), "", 0x5e).verdict;
}

START_TEST(a_mark_is_what_the_kernel_says_and_not_the_client)
{
	server =
		raw_module_and_broker(h,
				      "[route m]\nmark = 0x5e\naddress = 127.0.0.1\nthrough = tcp\n"
				      "[route x]\naddress = 127.0.0.1\nthrough = refuse\n",
				      &port);
	ck_assert_int_eq(attack(make_up_a_mark), ESWRAP_REFUSED);
	/* Not even root is believed without the socket. */
	ck_assert_int_eq(make_up_a_mark(), ESWRAP_REFUSED);
}
END_TEST

/* Names */

static int look_for_names(void)
{
	struct eswrap_reply reply;
	char address[32];
	int i, found = 0;

	for (i = 1; i < 255; i++) {
		g_snprintf(address, sizeof(address), "198.18.0.%d", i);
		reply = ask_by_route(ESWRAP_REVERSE, "", raw_endpoint(address, 0), "", 0);
		found += reply.verdict == ESWRAP_GRANTED;
	}
	return found;
}

START_TEST(nobody_learns_which_names_others_have_looked_up)
{
	struct eswrap_reply reply;

	server = raw_module_and_broker(h,
				       "stand-in = 198.18.0.0/24\n"
				       "[route a]\nhost = *.example\nthrough = tcp\n",
				       &port);
	raw_resolve(h, "a.example", &reply);
	ck_assert_uint_eq(reply.verdict, ESWRAP_GRANTED);
	ck_assert_int_eq(attack(look_for_names), 0);
	ck_assert_int_eq(look_for_names(), 1);
}
END_TEST

static guint8 of_victim[16];

static int connect_to_what_root_has_looked_up(void)
{
	struct eswrap_endpoint to = { .family = AF_INET, .port = port };

	memcpy(to.address, of_victim, sizeof(of_victim));
	return ask_by_route(ESWRAP_CONNECT, "", to, "", 0).verdict;
}

START_TEST(a_program_may_look_up_as_root_and_connect_as_another_user)
{
	struct eswrap_reply reply;

	server = raw_module_and_broker(h, "[route a]\nhost = *.example\nthrough = tcp\n", &port);
	raw_resolve(h, "a.example", &reply);
	memcpy(of_victim, reply.v4.address, sizeof(of_victim));
	ck_assert_int_eq(attack(connect_to_what_root_has_looked_up), ESWRAP_GRANTED);
}
END_TEST

static int fill_the_block(void)
{
	struct eswrap_reply reply;
	char name[32];
	int i;

	for (i = 0; i < 600; i++) {
		g_snprintf(name, sizeof(name), "n%d.example", i);
		raw_resolve(h, name, &reply);
	}
	return 0;
}

START_TEST(a_full_block_takes_no_address_of_others)
{
	struct eswrap_reply reply, reverse;

	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	raw_broker(h, "stand-in = 198.18.0.0/24\n[route a]\nhost = *.example\nthrough = tcp\n");
	raw_resolve(h, "good.example", &reply);
	attack(fill_the_block);
	reverse = ask_by_route(ESWRAP_REVERSE, "", reply.v4, "", 0);
	ck_assert_str_eq(reverse.name, "good.example");
}
END_TEST

/* Limits */

static int connect_until_refused(void)
{
	struct eswrap_reply reply;
	int count = 0;

	for (;;) {
		raw_flow(h, "127.0.0.1", port, &reply);
		if (reply.verdict != ESWRAP_GRANTED)
			return count;
		count++;
	}
}

START_TEST(connects_of_one_user_leave_room_for_others)
{
	struct eswrap_reply reply;

	server = raw_module_and_broker(h, "per-user-connects = 20\n" RAW_LOCAL_TCP, &port);
	/* Four have a socket by and by, and connect no more. */
	ck_assert_int_ge(attack(connect_until_refused), 20);
	ck_assert_int_ge(raw_flow(h, "127.0.0.1", port, &reply), 0);
}
END_TEST

/* As many as the module has sockets, all connected, on which nothing moves. */
static int connect_and_be_idle(void)
{
	struct eswrap_reply reply;
	int i;

	for (i = 0; i < 4; i++)
		if (raw_outcome(raw_flow(h, "127.0.0.1", port, &reply)).error)
			return i;
	return 4;
}

START_TEST(idle_connections_of_one_user_keep_nobody_out)
{
	struct eswrap_reply reply;
	gint64 began;

	server = raw_module_and_broker(h, RAW_LOCAL_TCP, &port);
	ck_assert_int_eq(attack(connect_and_be_idle), 4);
	began = g_get_monotonic_time();
	ck_assert_int_eq(raw_outcome(raw_flow(h, "127.0.0.1", port, &reply)).error, 0);
	ck_assert_int_lt(g_get_monotonic_time() - began, 10 * G_USEC_PER_SEC);
}
END_TEST

static int hold(void)
{
	struct eswrap_request request = { .magic = ESWRAP_MAGIC, .type = ESWRAP_HOLD };
	struct eswrap_reply reply;
	int i;

	for (i = 0; i < 1000; i++) {
		int control = raw_connect(h);

		send(control, &request, sizeof(request), MSG_NOSIGNAL);
		raw_reply(control, &reply);
	}
	return 0;
}

static int say_nothing(void)
{
	int i;

	for (i = 0; i < 900; i++)
		raw_connect(h);
	return 0;
}

START_TEST(connections_that_hold_or_say_nothing_keep_nobody_out)
{
	struct eswrap_reply reply;

	server = raw_module_and_broker(h, RAW_LOCAL_TCP, &port);
	attack(_i ? hold : say_nothing);
	ck_assert_int_ge(raw_flow(h, "127.0.0.1", port, &reply), 0);
}
END_TEST

static int look_up_much(void)
{
	struct eswrap_request request = raw_request(ESWRAP_RESOLVE, (struct eswrap_endpoint){ 0 });
	int i;

	for (i = 0; i < 100; i++) {
		g_snprintf(request.name, sizeof(request.name), "n%d.example", i);
		send(raw_connect(h), &request, sizeof(request), MSG_NOSIGNAL);
	}
	return 0;
}

START_TEST(look_ups_of_one_user_do_not_starve_those_of_others)
{
	gint64 began;
	struct eswrap_reply reply;

	harness_fake(h, "--resolve-all", "127.0.0.1", "--latency=D0=100", NULL);
	raw_broker(h, "[route a]\nhost = *.example\nthrough = tcp\n");
	attack(look_up_much);
	began = g_get_monotonic_time();
	raw_resolve(h, "good.example", &reply);
	ck_assert_uint_eq(reply.verdict, ESWRAP_GRANTED);
	/* Behind one of his, and its own: not behind a hundred, which take 10 s. */
	ck_assert_int_lt(g_get_monotonic_time() - began, 2 * G_TIME_SPAN_SECOND);
}
END_TEST

/* A TCP socket whose last close blocks: unsent data that its far end never takes, and SO_LINGER. */
static int send_lingering(void)
{
	struct linger linger = { 1, 10 };
	struct eswrap_request request = { .magic = ESWRAP_MAGIC, .type = ESWRAP_CONNECT };
	char space[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { &request, sizeof(request) };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = space,
				  .msg_controllen = sizeof(space) };
	static char much[65536];
	struct sockaddr_in to = { .sin_family = AF_INET };
	guint16 deaf_port;
	int deaf = raw_listener(&deaf_port), fd = socket(AF_INET, SOCK_STREAM, 0), control;
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&message);

	to.sin_port = htons(deaf_port);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 || deaf < 0)
		return 1;
	while (send(fd, much, sizeof(much), MSG_DONTWAIT) > 0)
		;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	control = raw_connect(h);
	/* His own goes first: then the one in the broker's hands is the last. */
	if (sendmsg(control, &message, MSG_NOSIGNAL) < 0)
		return 2;
	close(fd);
	return 0;
}

START_TEST(a_descriptor_that_blocks_when_it_is_closed_stops_nobody)
{
	struct eswrap_reply reply;
	gint64 began;

	server = raw_module_and_broker(h, RAW_LOCAL_TCP, &port);
	ck_assert_int_eq(attack(send_lingering), 0);
	began = g_get_monotonic_time();
	ck_assert_int_ge(raw_flow(h, "127.0.0.1", port, &reply), 0);
	ck_assert_int_lt(g_get_monotonic_time() - began, 2 * G_TIME_SPAN_SECOND);
}
END_TEST

static void send_descriptor(int to, int fd)
{
	char space[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { (char *)"x", 1 };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = space,
				  .msg_controllen = sizeof(space) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&message);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	/* Where the kernel can, it says so; where it cannot, the broker closes what has come. */
	if (sendmsg(to, &message, MSG_NOSIGNAL) < 0)
		ck_assert_int_eq(errno, EPERM);
}

START_TEST(a_descriptor_that_is_sent_into_a_flow_is_nobodys)
{
	int ends[2], fd;

	server = raw_module_and_broker(h, RAW_LOCAL_TCP, &port);
	fd = raw_connected(h, port);
	ck_assert_int_eq(pipe(ends), 0);
	send_descriptor(fd, ends[1]);
	close(ends[1]);
	/* Its last copy is closed, soon. */
	raw_await(ends[0], POLLIN);
	ck_assert_int_eq(read(ends[0], (char[1]){ 0 }, 1), 0);
	close(ends[0]);
	close(fd);
}
END_TEST

/* Nonsense, and too much of it */

/* Each in time: nobody else waits for what one user sends. */
static void see_that_root_is_served(void)
{
	gint64 began = g_get_monotonic_time();
	struct eswrap_reply reply;
	int fd = raw_flow(h, "127.0.0.1", port, &reply);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(raw_outcome(fd).error, 0);
	ck_assert_int_lt(g_get_monotonic_time() - began, 5 * G_TIME_SPAN_SECOND);
	close(fd);
}

static int send_halves(void)
{
	struct eswrap_request request = raw_request(ESWRAP_CONNECT, raw_endpoint("127.0.0.1", 1));
	guint i;
	int fd;

	for (i = 0; i < sizeof(request); i += 3) {
		fd = raw_connect(h);
		send(fd, &request, i, MSG_NOSIGNAL);
		if (i % 2)
			close(fd);
	}
	return 0;
}

static int send_enormous_requests(void)
{
	static guint8 packet[ESWRAP_ADMIN_MAX];
	const struct eswrap_request header = { .magic = ESWRAP_MAGIC, .type = ESWRAP_ADMIN };
	int i, refused = 0;
	ssize_t n;

	memcpy(packet, &header, sizeof(header));
	memset(packet + sizeof(header), 'a', sizeof(packet) - sizeof(header));
	for (i = 0; i < 60; i++) {
		char answer[1024] = "";
		int fd = raw_connect(h);

		send(fd, packet, sizeof(packet), MSG_NOSIGNAL);
		/* "heard", and then that it is too much: it was not parsed. */
		while ((n = recv(fd, answer, sizeof(answer), 0)) > 0)
			refused += memmem(answer, (gsize)n, "as much as this", 15) != NULL;
		close(fd);
	}
	return refused;
}

static int pass_many_descriptors(void)
{
	struct eswrap_request request = raw_request(ESWRAP_CONNECT, raw_endpoint("127.0.0.1", 1));
	char space[CMSG_SPACE(200 * sizeof(int))] = { 0 };
	struct iovec iov = { &request, sizeof(request) };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = space,
				  .msg_controllen = sizeof(space) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&message);
	int i, null = STDERR_FILENO;

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(200 * sizeof(int));
	for (i = 0; i < 200; i++)
		memcpy(CMSG_DATA(cmsg) + (gsize)i * sizeof(int), &null, sizeof(null));
	for (i = 0; i < 100; i++)
		sendmsg(raw_connect(h), &message, MSG_NOSIGNAL);
	return 0;
}

static int (*const nonsense[])(void) = { send_halves, pass_many_descriptors };

START_TEST(half_messages_and_floods_of_descriptors_stop_nobody)
{
	server = raw_module_and_broker(h, RAW_LOCAL_TCP, &port);
	attack(nonsense[_i]);
	see_that_root_is_served();
}
END_TEST

START_TEST(what_is_enormous_is_refused_to_whoever_may_not_ask_so_much)
{
	server = raw_module_and_broker(h, RAW_LOCAL_TCP, &port);
	ck_assert_int_eq(attack(send_enormous_requests), 60);
	see_that_root_is_served();
}
END_TEST

/* Questions whose answers he never reads. */
static int ask_and_never_read(void)
{
	static const char verb[] = "status";
	g_autoptr(GVariant) request = g_variant_ref_sink(g_variant_new("(sa{sv})", verb, NULL));
	guint8 packet[1024] = { 0 };
	const struct eswrap_request header = { .magic = ESWRAP_MAGIC, .type = ESWRAP_ADMIN };
	gsize size = sizeof(header) + g_variant_get_size(request);
	int i;

	memcpy(packet, &header, sizeof(header));
	g_variant_store(request, packet + sizeof(header));
	for (i = 0; i < 200; i++)
		send(raw_connect(h), packet, size, MSG_NOSIGNAL);
	return 0;
}

START_TEST(who_never_reads_his_answers_stops_nobody)
{
	server = raw_module_and_broker(h, RAW_LOCAL_TCP, &port);
	attack(ask_and_never_read);
	see_that_root_is_served();
	ck_result_status(harness_run(h, harness_tool(h, "eswrapctl"), "--socket", h->socket,
				     "status", NULL),
			 0);
}
END_TEST

static int say_to_be_root(void)
{
	struct eswrap_request request =
		raw_request(ESWRAP_CONNECT, raw_endpoint("127.0.0.8", port));
	struct eswrap_reply reply;
	int fd;

	request.pid = 1;
	request.uid = 0;
	fd = raw_ask(h, &request, &reply);
	if (fd >= 0)
		close(fd);
	return reply.verdict;
}

START_TEST(for_whom_he_asks_is_believed_of_root_alone)
{
	server = raw_module_and_broker(h,
				       "[route secret]\naddress = 127.0.0.8\nuser = root\n"
				       "through = tcp\n",
				       &port);
	ck_assert_int_ne(attack(say_to_be_root), ESWRAP_GRANTED);
	ck_assert_int_eq(say_to_be_root(), ESWRAP_GRANTED);
}
END_TEST

/* Return: how many of the ways there are to change what is direct for everybody. */
static int tamper_with_the_policy(void)
{
	const char *policy = harness_format(h, "%s" ESWRAP_POLICY_SUFFIX, h->socket);
	const char *own = harness_format(h, "%s.mine", policy);
	int fd = open(policy, O_RDONLY | O_CLOEXEC), ways = 0;

	ways += open(policy, O_RDWR | O_CLOEXEC) >= 0;
	ways += open(harness_format(h, "/proc/self/fd/%d", fd), O_RDWR | O_CLOEXEC) >= 0;
	ways += mmap(NULL, 1, PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED;
	ways += truncate(policy, 0) == 0;
	ways += unlink(policy) == 0;
	ways += rename(policy, own) == 0;
	ways += open(own, O_CREAT | O_RDWR | O_CLOEXEC, 0666) >= 0;
	ways += unlink(h->socket) == 0;
	ways += rename(h->socket, own) == 0;
	return fd >= 0 ? ways : -1;
}

START_TEST(nobody_can_change_the_policy_or_take_its_place)
{
	server = raw_module_and_broker(h, RAW_LOCAL_TCP, &port);
	ck_assert_int_eq(attack(tamper_with_the_policy), 0);
}
END_TEST

static int be_refused_often(void)
{
	int i;

	for (i = 0; i < 2000; i++)
		ask_by_route(ESWRAP_CONNECT, "", raw_endpoint("127.0.0.9", 1), "", 0);
	return 0;
}

START_TEST(refusals_of_one_user_do_not_fill_the_log)
{
	const char *log;
	guint lines = 0;

	server = raw_module_and_broker(h, of_root, &port);
	attack(be_refused_often);
	ck_assert_int_eq(process_stop(h->broker), 0);
	for (log = harness_read(h, harness_path(h, "eswrapd.log")); *log; log++)
		lines += *log == '\n';
	ck_assert_uint_lt(lines, 200);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("users");
	TCase *tcase = tcase_create("users");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_route_of_one_user_serves_no_other_who_names_it);
	tcase_add_test(tcase, what_a_route_refuses_no_named_route_allows);
	tcase_add_test(tcase, a_mark_is_what_the_kernel_says_and_not_the_client);
	tcase_add_test(tcase, nobody_learns_which_names_others_have_looked_up);
	tcase_add_test(tcase, a_program_may_look_up_as_root_and_connect_as_another_user);
	tcase_add_test(tcase, a_full_block_takes_no_address_of_others);
	tcase_add_test(tcase, connects_of_one_user_leave_room_for_others);
	tcase_add_test(tcase, idle_connections_of_one_user_keep_nobody_out);
	tcase_add_loop_test(tcase, connections_that_hold_or_say_nothing_keep_nobody_out, 0, 2);
	tcase_add_test(tcase, look_ups_of_one_user_do_not_starve_those_of_others);
	tcase_add_test(tcase, a_descriptor_that_blocks_when_it_is_closed_stops_nobody);
	tcase_add_test(tcase, a_descriptor_that_is_sent_into_a_flow_is_nobodys);
	tcase_add_loop_test(tcase, half_messages_and_floods_of_descriptors_stop_nobody, 0,
			    G_N_ELEMENTS(nonsense));
	tcase_add_test(tcase, what_is_enormous_is_refused_to_whoever_may_not_ask_so_much);
	tcase_add_test(tcase, who_never_reads_his_answers_stops_nobody);
	tcase_add_test(tcase, for_whom_he_asks_is_believed_of_root_alone);
	tcase_add_test(tcase, nobody_can_change_the_policy_or_take_its_place);
	tcase_add_test(tcase, refusals_of_one_user_do_not_fill_the_log);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
