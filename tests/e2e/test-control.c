// SPDX-License-Identifier: MIT
/*
 * The broker's control socket in raw packets, without the shim: names, routes, datagrams, and what
 * nobody should send.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/harness.h"
#include "support/raw.h"
#include "support/suite.h"
#include "wire/tag.h"

static struct harness *h;

static void setup(void)
{
	h = harness_new();
}

static void teardown(void)
{
	harness_free(h);
}

/* Names and routes. */

START_TEST(a_flagged_name_gets_stand_ins_that_lead_to_it)
{
	struct eswrap_request reverse;
	struct eswrap_reply reply, back;
	guint16 port;
	int server =
		    raw_module_and_broker(h, "[route a]\nhost = *.example\nthrough = tcp\n", &port),
	    fd, far, i;

	raw_resolve(h, "A.Example.", &reply);
	ck_assert_uint_eq(reply.verdict, ESWRAP_GRANTED);
	for (i = 0; i < 2; i++) {
		struct eswrap_endpoint to = i ? reply.v6 : reply.v4;
		struct eswrap_request request;

		reverse = raw_request(ESWRAP_REVERSE, to);
		ck_assert_int_eq(raw_ask(h, &reverse, &back), -1);
		ck_assert_uint_eq(back.verdict, ESWRAP_GRANTED);
		ck_assert_str_eq(back.name, "a.example");
		to.port = port;
		request = raw_request(ESWRAP_CONNECT, to);
		fd = raw_ask(h, &request, &back);
		ck_assert_uint_eq(back.verdict, ESWRAP_GRANTED);
		far = raw_accept(server);
		raw_put(far, "hello");
		raw_expect(fd, "hello");
		close(fd);
		close(far);
	}
	close(server);
}
END_TEST

START_TEST(an_unknown_name_is_unknown)
{
	struct eswrap_reply reply;
	guint16 port;
	int server =
		raw_module_and_broker(h, "[route a]\nhost = *.example\nthrough = tcp\n", &port);

	raw_resolve(h, "nobody.example", &reply);
	raw_refused(&reply, ESWRAP_NAME_UNKNOWN);
	close(server);
}
END_TEST

static const char *const hostile[] = {
	"a\rP6=0\r.example", "a\n.example", "a,b.example", "a b.example",
	"-a.example",	     "a..example",  "=.example",   "\x15.example",
};

START_TEST(a_name_that_is_no_host_name_never_reaches_the_port)
{
	struct eswrap_reply reply;
	const char *trace;
	guint16 port;
	int server =
		raw_module_and_broker(h, "[route a]\nhost = *.example\nthrough = tcp\n", &port);
	guint i;

	/* First one that does, so that the trace is seen to hold look-ups. */
	raw_resolve(h, "a.example", &reply);
	ck_assert_uint_eq(reply.verdict, ESWRAP_GRANTED);
	for (i = 0; i < G_N_ELEMENTS(hostile); i++) {
		raw_resolve(h, hostile[i], &reply);
		raw_refused(&reply, ESWRAP_NAME_FAIL);
	}
	process_stop(h->broker);
	trace = harness_read(h, h->trace);
	ck_text_has(trace, "D0=a.example");
	ck_assert_ptr_null(strstr(strstr(trace, "D0=") + 3, "D0="));
	close(server);
}
END_TEST

START_TEST(a_name_that_is_too_long_for_the_module_is_said_to_be)
{
	struct eswrap_reply reply;
	const char *trace;
	guint16 port;
	int server =
		raw_module_and_broker(h, "[route a]\nhost = *.example\nthrough = tcp\n", &port);

	/* 63 characters, and one more. */
	raw_resolve(h, "a-host-name-of-sixty-four-characters-is-one-more-than-x.example", &reply);
	raw_refused(&reply, ESWRAP_NAME_UNKNOWN);
	raw_resolve(h, "a-host-name-of-sixty-four-characters-is-one-more-than-xx.example", &reply);
	raw_refused(&reply, ESWRAP_NAME_FAIL);
	harness_await_log(h, "", "longer than the 63 characters");
	process_stop(h->broker);
	trace = harness_read(h, h->trace);
	ck_text_has(trace, "than-x.example");
	ck_text_lacks(trace, "than-xx.example");
	close(server);
}
END_TEST

START_TEST(a_look_up_that_nobody_waits_for_any_more_is_not_begun)
{
	struct eswrap_request request = { .magic = ESWRAP_MAGIC, .type = ESWRAP_RESOLVE };
	struct eswrap_reply reply;
	const char *trace;
	int control, i;

	/* Each of the first keeps the line busy for a while. */
	harness_fake(h, "--resolve-all", "127.0.0.1", "--latency", "D0=300", NULL);
	raw_broker(h, "[route a]\nhost = *.example\nthrough = tcp\n");
	raw_resolve(h, "ready.example", &reply);
	for (i = 0; i < 50; i++) {
		control = raw_connect(h);
		g_snprintf(request.name, sizeof(request.name), "gone%d.example", i);
		ck_assert_int_eq(send(control, &request, sizeof(request), MSG_NOSIGNAL),
				 sizeof(request));
		close(control);
	}
	raw_resolve(h, "last.example", &reply);
	ck_assert_uint_eq(reply.verdict, ESWRAP_GRANTED);
	process_stop(h->broker);
	trace = harness_read(h, h->trace);
	ck_text_has(trace, "D0=last.example");
	ck_text_lacks(trace, "D0=gone49.example");
}
END_TEST

START_TEST(local_and_numeric_names_are_left_alone)
{
	static const char *const names[] = { "localhost", "a.localhost",  "127.0.0.1",
					     "::1",	  "fe80::1%eth0", "0x7f.1" };
	struct eswrap_reply reply;
	guint i;

	harness_fake(h, NULL, NULL);
	raw_broker(h, "[default]\nthrough = refuse\n");
	for (i = 0; i < G_N_ELEMENTS(names); i++) {
		raw_resolve(h, names[i], &reply);
		ck_assert_uint_eq(reply.verdict, ESWRAP_DIRECT);
	}
	raw_resolve(h, "b.example", &reply);
	raw_refused(&reply, ESWRAP_NAME_FAIL);
}
END_TEST

START_TEST(what_no_route_takes_is_direct_but_never_to_a_stand_in)
{
	struct eswrap_request request;
	struct eswrap_reply reply, back;
	guint16 port;
	int server = raw_module_and_broker(h,
					   "[route a]\nhost = a.example\nport = 1\nthrough = tcp\n"
					   "[route no]\naddress = 192.0.2.0/24\nthrough = refuse\n",
					   &port);

	raw_flow(h, "198.51.100.1", 80, &reply);
	ck_assert_uint_eq(reply.verdict, ESWRAP_DIRECT);
	raw_flow(h, "127.0.0.1", 80, &reply);
	ck_assert_uint_eq(reply.verdict, ESWRAP_DIRECT);
	raw_flow(h, "192.0.2.1", 80, &reply);
	raw_refused(&reply, EACCES);
	raw_flow(h, "198.18.0.77", 80, &reply);
	raw_refused(&reply, EHOSTUNREACH);
	raw_resolve(h, "a.example", &reply);
	reply.v4.port = 2;
	request = raw_request(ESWRAP_CONNECT, reply.v4);
	raw_ask(h, &request, &back);
	raw_refused(&back, ENETUNREACH);
	reply.v4.port = 1;
	request = raw_request(ESWRAP_ASSOCIATE, reply.v4);
	raw_ask(h, &request, &back);
	raw_refused(&back, ENETUNREACH);
	close(server);
}
END_TEST

START_TEST(the_module_speaks_ipv4_only)
{
	struct eswrap_reply reply;
	guint16 port;
	int server = raw_module_and_broker(h, "[default]\nthrough = tcp\n" RAW_LOCAL_TCP, &port),
	    fd;

	raw_flow(h, "2001:db8::1", 80, &reply);
	raw_refused(&reply, ENETUNREACH);
	fd = raw_flow(h, "::ffff:127.0.0.1", port, &reply);
	ck_assert_uint_eq(reply.verdict, ESWRAP_GRANTED);
	ck_assert_int_eq(raw_outcome(fd).error, 0);
	close(fd);
	close(server);
}
END_TEST

START_TEST(a_forced_route_takes_loopback_and_names_and_an_unknown_one_is_refused)
{
	struct eswrap_request request;
	struct eswrap_reply reply;
	guint16 port;
	int server = raw_module_and_broker(h, "[route r]\nhost = nothing.example\nthrough = tcp\n",
					   &port),
	    fd;

	request = raw_request(ESWRAP_CONNECT, raw_endpoint("127.0.0.1", port));
	g_strlcpy(request.route, "r", sizeof(request.route));
	fd = raw_ask(h, &request, &reply);
	ck_assert_uint_eq(reply.verdict, ESWRAP_GRANTED);
	ck_assert_int_eq(raw_outcome(fd).error, 0);
	close(fd);
	g_strlcpy(request.route, "q", sizeof(request.route));
	raw_ask(h, &request, &reply);
	raw_refused(&reply, EACCES);

	request.type = ESWRAP_RESOLVE;
	g_strlcpy(request.name, "a.example", sizeof(request.name));
	raw_ask(h, &request, &reply);
	raw_refused(&reply, ESWRAP_NAME_FAIL);
	g_strlcpy(request.route, "r", sizeof(request.route));
	raw_ask(h, &request, &reply);
	ck_assert_uint_eq(reply.verdict, ESWRAP_GRANTED);
	close(server);
}
END_TEST

START_TEST(stand_ins_outlive_a_restart)
{
	struct eswrap_request reverse;
	struct eswrap_reply reply, back;
	guint16 port;
	int server =
		raw_module_and_broker(h, "[route a]\nhost = *.example\nthrough = tcp\n", &port);

	raw_resolve(h, "a.example", &reply);
	ck_assert_uint_eq(reply.verdict, ESWRAP_GRANTED);
	ck_assert_int_eq(process_stop(h->broker), 0);
	harness_broker_file(h, h->config);
	reverse = raw_request(ESWRAP_REVERSE, reply.v4);
	raw_ask(h, &reverse, &back);
	ck_assert_uint_eq(back.verdict, ESWRAP_GRANTED);
	ck_assert_str_eq(back.name, "a.example");
	close(server);
}
END_TEST

/* Datagrams. */

/* @flow: the broker's answer to ESWRAP_ASSOCIATE */
static void send_to_peer(int fd, const struct eswrap_reply *flow, struct eswrap_endpoint dest,
			 const char *text)
{
	struct eswrap_name name = { .kind = ESWRAP_NAME_DATAGRAM_PEER,
				    .id = flow->id,
				    .tag = eswrap_peer_tag(&flow->key, AF_INET, &dest),
				    .type = SOCK_DGRAM,
				    .family = AF_INET,
				    .endpoint = dest };
	struct sockaddr_un address;
	socklen_t len = eswrap_name_format(&name, &address);

	ck_assert_int_eq(sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address,
				len),
			 (ssize_t)strlen(text));
}

START_TEST(datagrams_keep_their_boundaries_and_say_where_they_are_from)
{
	struct eswrap_request request;
	struct eswrap_reply reply, peer;
	struct sockaddr_storage from;
	struct sockaddr_un un;
	struct eswrap_endpoint to[2];
	struct eswrap_name name;
	guint16 ports[2];
	int servers[2], fd, i;
	socklen_t len;
	char got[64];

	harness_fake(h, NULL, NULL);
	raw_broker(h, "[route local]\naddress = 127.0.0.0/8\nthrough = udp\n");
	for (i = 0; i < 2; i++) {
		servers[i] = raw_udp(&ports[i]);
		to[i] = raw_endpoint("127.0.0.1", ports[i]);
	}
	request = raw_request(ESWRAP_ASSOCIATE, to[0]);
	fd = raw_ask(h, &request, &reply);
	ck_assert_uint_eq(reply.verdict, ESWRAP_GRANTED);
	request = raw_request(ESWRAP_PEER, to[1]);
	request.id = reply.id;
	ck_assert_int_eq(raw_ask(h, &request, &peer), -1);
	ck_assert_uint_eq(peer.verdict, ESWRAP_GRANTED);
	ck_assert_uint_eq(peer.tag, eswrap_peer_tag(&reply.key, AF_INET, &to[1]));
	for (i = 0; i < 2; i++) {
		send_to_peer(fd, &reply, to[i], "one");
		send_to_peer(fd, &reply, to[i], "and two");
		raw_await(servers[i], POLLIN);
		ck_assert_int_eq(recv(servers[i], got, sizeof(got), 0), 3);
		raw_await(servers[i], POLLIN);
		len = sizeof(from);
		ck_assert_int_eq(recvfrom(servers[i], got, sizeof(got), 0, (struct sockaddr *)&from,
					  &len),
				 7);
		sendto(servers[i], "three", 5, 0, (struct sockaddr *)&from, len);
		raw_await(fd, POLLIN);
		len = sizeof(un);
		ck_assert_int_eq(recvfrom(fd, got, sizeof(got), 0, (struct sockaddr *)&un, &len),
				 5);
		ck_assert(eswrap_name_parse(&un, len, &name));
		ck_assert_int_eq(name.kind, ESWRAP_NAME_DATAGRAM_PEER);
		ck_assert_uint_eq(name.endpoint.port, ports[i]);
		close(servers[i]);
	}
	close(fd);
}
END_TEST

START_TEST(more_datagram_flows_than_sockets_can_follow_each_other)
{
	struct eswrap_request request;
	struct eswrap_reply reply;
	struct eswrap_endpoint to;
	guint16 port;
	int server = raw_udp(&port), fd, i;
	char got[64];

	harness_fake(h, NULL, NULL);
	raw_broker(h, "[route local]\naddress = 127.0.0.0/8\nthrough = udp\n");
	to = raw_endpoint("127.0.0.1", port);
	request = raw_request(ESWRAP_ASSOCIATE, to);
	for (i = 0; i < 12; i++) {
		fd = raw_ask(h, &request, &reply);
		ck_assert_uint_eq(reply.verdict, ESWRAP_GRANTED);
		send_to_peer(fd, &reply, to, "query");
		raw_await(server, POLLIN);
		ck_assert_int_eq(recv(server, got, sizeof(got), 0), 5);
		close(fd);
	}
	close(server);
}
END_TEST

/* Robustness. */

static void still_answers(void)
{
	struct eswrap_reply reply;

	raw_resolve(h, "localhost", &reply);
	ck_assert_uint_eq(reply.verdict, ESWRAP_DIRECT);
}

static void send_bytes(const void *bytes, size_t size, int error)
{
	struct eswrap_reply reply;
	int control = raw_connect(h);

	ck_assert_int_eq(send(control, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
	ck_assert_int_eq(raw_reply(control, &reply), -1);
	raw_refused(&reply, error);
	close(control);
}

START_TEST(a_client_that_asks_nothing_is_hung_up_on)
{
	int control;

	harness_fake(h, NULL, NULL);
	raw_broker(h, "");
	control = raw_connect(h);
	ck_assert_int_eq(raw_end(control), 0);
	close(control);
	still_answers();
}
END_TEST

START_TEST(packets_that_are_no_requests_are_answered_with_eproto)
{
	struct eswrap_request good = raw_request(ESWRAP_CONNECT, raw_endpoint("127.0.0.1", 80)),
			      bad;
	char *large = g_malloc0(100000);
	size_t size;

	harness_fake(h, NULL, NULL);
	raw_broker(h, "");
	for (size = 1; size < sizeof(good); size += 37)
		send_bytes(&good, size, EPROTO);
	memcpy(large, &good, sizeof(good));
	send_bytes(large, sizeof(good) + 1, EPROTO);
	send_bytes(large, 100000, EPROTO);
	bad = good;
	bad.magic++;
	send_bytes(&bad, sizeof(bad), EPROTO);
	bad = good;
	bad.type = 0;
	send_bytes(&bad, sizeof(bad), EPROTO);
	bad.type = 999;
	send_bytes(&bad, sizeof(bad), EPROTO);
	bad = good;
	bad.dest.family = AF_UNIX;
	send_bytes(&bad, sizeof(bad), EPROTO);
	bad = good;
	bad.family = 0;
	send_bytes(&bad, sizeof(bad), EPROTO);
	bad = good;
	memset(bad.program, 'x', sizeof(bad.program));
	send_bytes(&bad, sizeof(bad), EPROTO);
	bad = good;
	memset(bad.route, 'x', sizeof(bad.route));
	send_bytes(&bad, sizeof(bad), EPROTO);
	bad = good;
	memset(bad.name, 'x', sizeof(bad.name));
	send_bytes(&bad, sizeof(bad), EPROTO);
	still_answers();
	g_free(large);
}
END_TEST

/* A question that has its answer at once, with a descriptor beside it. */
static void send_with_descriptor(int fd)
{
	struct eswrap_request request = { .magic = ESWRAP_MAGIC, .type = ESWRAP_RESOLVE };
	char space[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { &request, sizeof(request) };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = space,
		.msg_controllen = sizeof(space),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&message);
	struct eswrap_reply reply;
	int control = raw_connect(h);

	strcpy(request.name, "localhost");
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	ck_assert_int_eq(sendmsg(control, &message, MSG_NOSIGNAL), sizeof(request));
	raw_reply(control, &reply);
	close(control);
}

START_TEST(version_1_of_the_protocol_is_answered_with_its_magic)
{
	struct eswrap_request request = raw_request(ESWRAP_CONNECT, raw_endpoint("127.0.0.1", 7));
	struct eswrap_reply reply;
	int control;

	harness_fake(h, NULL, NULL);
	raw_broker(h, "[route none]\naddress = 127.0.0.1\nthrough = refuse\n");
	control = raw_connect(h);
	request.magic = ESWRAP_MAGIC_1;
	send(control, &request, ESWRAP_REQUEST_1_SIZE, MSG_NOSIGNAL);
	raw_reply(control, &reply);
	ck_assert_uint_eq(reply.magic, ESWRAP_MAGIC_1);
	raw_refused(&reply, EACCES);
	close(control);
	control = raw_connect(h);
	request.magic = ESWRAP_MAGIC_1 - 1;
	send(control, &request, sizeof(request), MSG_NOSIGNAL);
	raw_reply(control, &reply);
	ck_assert_uint_eq(reply.magic, ESWRAP_MAGIC);
	raw_refused(&reply, EPROTO);
	close(control);
}
END_TEST

static int would_you(int type, const char *address, struct eswrap_reply *reply)
{
	struct eswrap_request request = raw_request(type, raw_endpoint(address, 7));

	ck_assert_int_eq(raw_ask(h, &request, reply), -1);
	ck_assert_uint_eq(reply->id, 0);
	return reply->verdict;
}

START_TEST(a_question_what_would_be_granted_begins_nothing)
{
	struct eswrap_reply reply;

	harness_fake(h, NULL, NULL);
	raw_broker(h, "[route none]\naddress = 10.0.0.1\nthrough = refuse\n"
		      "[route stream]\naddress = 10.0.0.2\nthrough = tcp\n");
	ck_assert_int_eq(would_you(ESWRAP_ASK_STREAM, "10.0.0.2", &reply), ESWRAP_GRANTED);
	ck_assert_int_eq(would_you(ESWRAP_ASK_DATAGRAM, "10.0.0.2", &reply), ESWRAP_DIRECT);
	ck_assert_int_eq(would_you(ESWRAP_ASK_DATAGRAM, "10.0.0.1", &reply), ESWRAP_REFUSED);
	ck_assert_uint_eq(reply.error, EACCES);
	ck_text_lacks(harness_run(h, harness_tool(h, "eswrapctl"), "-s", h->socket, "status", NULL)
			      ->out->str,
		      "10.0.0.2");
}
END_TEST

START_TEST(noise_on_the_control_socket_does_no_harm)
{
	struct eswrap_request request;
	GRand *random = g_rand_new_with_seed(1);
	int i, fds[2];
	size_t j;

	harness_fake(h, NULL, NULL);
	raw_broker(h, RAW_LOCAL_TCP);
	for (i = 0; i < 1000; i++) {
		int control = raw_connect(h);

		for (j = 0; j < sizeof(request); j++)
			((guint8 *)&request)[j] = (guint8)g_rand_int(random);
		request.magic = ESWRAP_MAGIC;
		request.type = (uint16_t)g_rand_int_range(random, 0, 11);
		request.dest.family = g_rand_boolean(random) ? AF_INET : AF_INET6;
		request.family = g_rand_boolean(random) ? AF_INET : AF_INET6;
		request.program[g_rand_int_range(random, 0, 256)] = '\0';
		request.route[0] = '\0';
		request.name[g_rand_int_range(random, 0, 254)] = '\0';
		send(control, &request, (size_t)g_rand_int_range(random, 0, sizeof(request) + 1),
		     MSG_NOSIGNAL);
		/* Some wait for the answer, some do not. */
		if (g_rand_boolean(random))
			raw_await(control, POLLIN);
		close(control);
	}
	g_rand_free(random);
	/* Descriptors that somebody passes are not kept. */
	ck_assert_int_eq(pipe(fds), 0);
	send_with_descriptor(fds[1]);
	close(fds[1]);
	raw_await(fds[0], POLLHUP);
	close(fds[0]);
	still_answers();
}
END_TEST

START_TEST(clients_that_ask_nothing_keep_nobody_waiting)
{
	int idle[300], i;

	harness_fake(h, NULL, NULL);
	raw_broker(h, "per-user-questions = 301\n");
	for (i = 0; i < 300; i++)
		idle[i] = raw_connect(h);
	still_answers();
	for (i = 0; i < 300; i++)
		close(idle[i]);
	still_answers();
}
END_TEST

/* Asks until a connect is granted: the broker hears of the closes before and of this in an order of
 * its own. */
static void grant_one(void)
{
	gint64 end = g_get_monotonic_time() + HARNESS_DEADLINE_S * G_USEC_PER_SEC;
	struct eswrap_reply reply;
	int fd;

	do
		fd = raw_flow(h, "127.0.0.1", 80, &reply);
	while (reply.verdict != ESWRAP_GRANTED && g_get_monotonic_time() < end);
	ck_assert_uint_eq(reply.verdict, ESWRAP_GRANTED);
	close(fd);
}

START_TEST(without_descriptors_connects_are_refused_with_enobufs_until_there_are_some)
{
	struct rlimit limit;
	struct eswrap_reply reply;
	int fds[64], granted = 0, i;

	h->device = harness_format(h, "unix:%s", harness_path(h, "nobody.sock"));
	harness_broker(h, RAW_LOCAL_TCP "[broker]\nstate-dir = %s\n", harness_path(h, "state"));
	ck_assert_int_eq(prlimit(process_pid(h->broker), RLIMIT_NOFILE, NULL, &limit), 0);
	limit.rlim_cur = 40;
	ck_assert_int_eq(prlimit(process_pid(h->broker), RLIMIT_NOFILE, &limit, NULL), 0);
	/* Other threads of the broker close what it has done with: one may come free behind a
	 * refusal. */
	for (i = 0; i < 64; i++) {
		fds[granted] = raw_flow(h, "127.0.0.1", 80, &reply);
		if (reply.verdict == ESWRAP_GRANTED)
			granted++;
		else
			raw_refused(&reply, ENOBUFS);
	}
	ck_assert_int_gt(granted, 5);
	ck_assert_int_lt(granted, 40);
	for (i = 0; i < granted; i++)
		close(fds[i]);
	grant_one();
}
END_TEST

START_TEST(hundreds_of_connects_wait_at_once_and_then_no_more)
{
	struct eswrap_reply reply;
	int fds[512], i;

	h->device = harness_format(h, "unix:%s", harness_path(h, "nobody.sock"));
	raw_broker(h, "per-user-connects = 1000\n" RAW_LOCAL_TCP);
	for (i = 0; i < 512; i++) {
		fds[i] = raw_flow(h, "127.0.0.1", 80, &reply);
		ck_assert_uint_eq(reply.verdict, ESWRAP_GRANTED);
	}
	raw_flow(h, "127.0.0.1", 80, &reply);
	raw_refused(&reply, ENOBUFS);
	for (i = 0; i < 512; i++)
		close(fds[i]);
	grant_one();
}
END_TEST

START_TEST(a_second_broker_on_the_same_socket_is_refused)
{
	const struct result *result;

	harness_fake(h, NULL, NULL);
	raw_broker(h, "");
	result = harness_run(h, harness_tool(h, "eswrapd"), "-c", h->config, "--socket", h->socket,
			     NULL);
	ck_result_status(result, 1);
	ck_text_has(result->err->str, "another broker listens on it");
	still_answers();
}
END_TEST

START_TEST(bad_configuration_starts_nothing)
{
	const struct result *result;
	const char *path = harness_file(h, "bad.conf",
					"[module]\ndevice = unix:x\nbuad = 9\n"
					"[wifi]\nssid = x\nsecurity = open\n");

	h->socket = harness_path(h, "never.sock");
	result = harness_run(h, harness_tool(h, "eswrapd"), "-c", path, "--socket", h->socket,
			     "--ready-fd", "1", NULL);
	ck_result_status(result, 78);
	ck_text_has(result->err->str, "bad.conf:3: [module] buad: there is no such key; did you "
				      "mean \"baud\"?");
	ck_text_has(result->out->str, "bad.conf:3: [module] buad");
	ck_text_lacks(result->out->str, "ready");
	ck_assert_int_eq(access(h->socket, F_OK), -1);
}
END_TEST

static const char *const misuse[][4] = {
	{ "--no-such-option", NULL },
	{ "extra", NULL },
	{ "--private", NULL },
	{ "--ready-fd", "x", NULL },
};

START_TEST(misuse_is_status_2)
{
	struct run how = { 0 };
	const char *argv[] = { harness_tool(h, "eswrapd"), misuse[_i][0], misuse[_i][1],
			       misuse[_i][1] ? misuse[_i][2] : NULL, NULL };

	ck_result_status(harness_run_as(h, &how, argv), 2);
}
END_TEST

static void start_private(void)
{
	harness_fake(h, NULL, NULL);
	harness_private_broker(h, harness_config(h, "[broker]\nstate-dir = %s\n",
						 harness_path(h, "state")));
}

/* A launcher that holds, and then closes the connection, or not, until it is ended. */
static pid_t start_holder(bool closes)
{
	struct eswrap_request request = { .magic = ESWRAP_MAGIC, .type = ESWRAP_HOLD };
	struct eswrap_reply reply;
	int held[2], control;
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe(held), 0);
	pid = fork();
	if (pid == 0) {
		control = raw_connect(h);
		send(control, &request, sizeof(request), MSG_NOSIGNAL);
		raw_reply(control, &reply);
		if (closes)
			close(control);
		if (write(held[1], reply.verdict == ESWRAP_GRANTED ? "y" : "n", 1) == 1)
			pause();
		_exit(0);
	}
	ck_assert_int_eq(read(held[0], &byte, 1), 1);
	ck_assert_int_eq(byte, 'y');
	close(held[0]);
	close(held[1]);
	return pid;
}

START_TEST(a_private_broker_leaves_with_its_last_holder)
{
	pid_t holders[2];
	int i;

	start_private();
	/* One that closes all it has (a daemon does) holds as long as it lives. */
	for (i = 0; i < 2; i++)
		holders[i] = start_holder(i == 1);
	for (i = 0; i < 2; i++) {
		/* Longer than a broker takes that nobody needs. */
		ck_assert(!process_ends_within(h->broker, 3000));
		kill(holders[i], SIGKILL);
		waitpid(holders[i], NULL, 0);
	}
	ck_assert_int_eq(process_wait(h->broker), 0);
	ck_assert_int_eq(access(h->socket, F_OK), -1);
}
END_TEST

START_TEST(the_broker_cannot_be_dumped_or_traced_by_its_user)
{
	const char *status;

	harness_fake(h, NULL, NULL);
	raw_broker(h, "");
	status = harness_read(h, harness_format(h, "/proc/%d/limits", process_pid(h->broker)));
	ck_text_has(status, "Max core file size        0                    0  ");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("control");
	TCase *names = tcase_create("names"), *datagrams = tcase_create("datagrams"),
	      *robust = tcase_create("robust");

	signal(SIGPIPE, SIG_IGN);
	tcase_add_checked_fixture(names, setup, teardown);
	tcase_add_test(names, a_flagged_name_gets_stand_ins_that_lead_to_it);
	tcase_add_test(names, an_unknown_name_is_unknown);
	tcase_add_test(names, a_name_that_is_no_host_name_never_reaches_the_port);
	tcase_add_test(names, a_name_that_is_too_long_for_the_module_is_said_to_be);
	tcase_add_test(names, a_look_up_that_nobody_waits_for_any_more_is_not_begun);
	tcase_add_test(names, local_and_numeric_names_are_left_alone);
	tcase_add_test(names, what_no_route_takes_is_direct_but_never_to_a_stand_in);
	tcase_add_test(names, the_module_speaks_ipv4_only);
	tcase_add_test(names,
		       a_forced_route_takes_loopback_and_names_and_an_unknown_one_is_refused);
	tcase_add_test(names, stand_ins_outlive_a_restart);
	suite_add_tcase(suite, names);
	tcase_add_checked_fixture(datagrams, setup, teardown);
	tcase_add_test(datagrams, datagrams_keep_their_boundaries_and_say_where_they_are_from);
	tcase_add_test(datagrams, more_datagram_flows_than_sockets_can_follow_each_other);
	suite_add_tcase(suite, datagrams);
	tcase_add_checked_fixture(robust, setup, teardown);
	tcase_add_test(robust, packets_that_are_no_requests_are_answered_with_eproto);
	tcase_add_test(robust, a_client_that_asks_nothing_is_hung_up_on);
	tcase_add_test(robust, version_1_of_the_protocol_is_answered_with_its_magic);
	tcase_add_test(robust, a_question_what_would_be_granted_begins_nothing);
	tcase_add_test(robust, noise_on_the_control_socket_does_no_harm);
	tcase_add_test(robust, clients_that_ask_nothing_keep_nobody_waiting);
	tcase_add_test(robust,
		       without_descriptors_connects_are_refused_with_enobufs_until_there_are_some);
	tcase_add_test(robust, hundreds_of_connects_wait_at_once_and_then_no_more);
	tcase_add_test(robust, a_second_broker_on_the_same_socket_is_refused);
	tcase_add_test(robust, bad_configuration_starts_nothing);
	tcase_add_loop_test(robust, misuse_is_status_2, 0, G_N_ELEMENTS(misuse));
	tcase_add_test(robust, a_private_broker_leaves_with_its_last_holder);
	tcase_add_test(robust, the_broker_cannot_be_dumped_or_traced_by_its_user);
	suite_add_tcase(suite, robust);
	return suite_run(suite);
}
