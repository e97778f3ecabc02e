// SPDX-License-Identifier: MIT
/*
 * Whoever carries a connection is killed, at each stage of it: the engine, its keeper, both one after
 * the other, the broker, the module. The program hears an error within seconds; never a clean end that
 * is none, and never from another network.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "programs/netns.h"
#include "support/server.h"
#include "support/suite.h"

#define ADDRESS	 "203.0.113.1"
#define USER	 "65534"
#define WHOLE	 300000 /* of clients/stages.py */
#define ENDLESS	 (1u << 30)
#define LIMIT_MS 5000
#define POLL_US	 5000

enum victim { ENGINE, BOTH, BROKER, MODULE, VICTIMS };

static const char *const victims[VICTIMS] = { "engine", "keeper, then engine", "broker", "module" };

/**
 * struct stage - what the program is doing
 * @name:	of clients/stages.py
 * @server:	whom it talks to
 * @full:	the server takes no connection, so that the module's connect does not end; the program
 *		waits to be told to begin
 * @host:	of the server
 * @seen:	what the module's line has carried by then
 * @stopped:	the broker is stopped before, and so does not answer
 */
struct stage {
	const char *name;
	struct server server;
	bool full;
	const char *host, *seen;
	bool stopped;
};

static const struct stage stages[] = {
	{ .name = "connect", .full = true, .host = ADDRESS, .stopped = true },
	{ .name = "connect", .full = true, .host = ADDRESS, .seen = "> \"P6=1\\r\"" },
	{ .name = "look-up", .full = true, .host = "slow.example", .seen = "> \"D0=slow.example" },
	{ .name = "idle", .server = { .anywhere = true, .kind = SERVER_ECHO }, .host = ADDRESS },
	{ .name = "download",
	  .server = { .anywhere = true, .kind = SERVER_SOURCE, .size = ENDLESS },
	  .host = ADDRESS },
	{ .name = "upload",
	  .server = { .anywhere = true, .kind = SERVER_SINK, .size = ENDLESS },
	  .host = ADDRESS },
	{ .name = "half-closed",
	  .server = { .anywhere = true, .kind = SERVER_HOLD },
	  .host = ADDRESS },
	{ .name = "unread",
	  .server = { .anywhere = true, .kind = SERVER_SOURCE, .size = WHOLE },
	  .host = ADDRESS },
};

#define STAGES	 ((int)G_N_ELEMENTS(stages))
#define ATTEMPTS (STAGES * VICTIMS * 2)

static struct harness *h;
static bool is_root;
static int uplink;

static void set_up(void)
{
	static const char device[] = "mount -t tmpfs none /dev/net && "
				     "mknod -m 666 /dev/net/tun c 10 200";
	const char *resolv;

	is_root = geteuid() == 0;
	h = harness_new();
	netns_enter();
	if (is_root)
		ck_result_status(harness_run(h, "sh", "-c", device, NULL), 0);
	ck_result_status(harness_run(h, "ip", "address", "add", ADDRESS "/32", "dev", "lo", NULL),
			 0);
	resolv = harness_file(h, "resolv.conf", "nameserver 127.0.0.53\n");
	ck_assert_int_eq(chmod(resolv, 0644), 0);
	netns_cover("/etc/resolv.conf", resolv);
	uplink = netns_uplink(h);
	harness_fake(h, "--resolve-all", ADDRESS, "--fault", "silence,ms=0@D0#1", NULL);
	harness_broker(h, "[route there]\naddress = " ADDRESS "\nthrough = tcp\n"
			  "[route names]\nhost = *.example\nthrough = tcp\n"
			  "[default]\nthrough = direct\n");
	ck_assert_int_eq(chmod(h->directory, 0777), 0);
}

static void tear_down(void)
{
	process_kill(h->broker);
	process_kill(h->fake);
	close(uplink);
	harness_free(h);
}

/* A port whose listener has as many connections waiting as it takes: the next SYN is not answered. */
static guint16 full_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(inet_pton(AF_INET, ADDRESS, &at.sin_addr), 1);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, len), 0);
	ck_assert_int_eq(listen(listener, 0), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, len), 0);
	return ntohs(at.sin_port);
}

/* The process of that name whose broker is ours; 0: there is none. */
static pid_t find(const char *name)
{
	g_autofree char *ours = g_strdup_printf("ESWRAP_SOCKET=%s", h->socket);
	const char *entry;
	GDir *processes = g_dir_open("/proc", 0, NULL);
	pid_t found = 0;

	while (!found && (entry = g_dir_read_name(processes))) {
		g_autofree char *comm = g_strdup_printf("/proc/%s/comm", entry);
		g_autofree char *environ = g_strdup_printf("/proc/%s/environ", entry);
		g_autofree char *text = NULL, *variables = NULL;
		gsize size;

		if (atoi(entry) > 0 && g_file_get_contents(comm, &text, NULL, NULL) &&
		    g_str_has_prefix(text, name) &&
		    g_file_get_contents(environ, &variables, &size, NULL) &&
		    memmem(variables, size, ours, strlen(ours)))
			found = atoi(entry);
	}
	g_dir_close(processes);
	return found;
}

static pid_t await(const char *name, pid_t other)
{
	gint64 until = g_get_monotonic_time() + HARNESS_DEADLINE_S * G_USEC_PER_SEC;
	pid_t found;

	while (!(found = find(name)) || found == other) {
		ck_assert_msg(g_get_monotonic_time() < until, "no %s", name);
		g_usleep(POLL_US);
	}
	return found;
}

static void await_seen(const char *text)
{
	gint64 until = g_get_monotonic_time() + HARNESS_DEADLINE_S * G_USEC_PER_SEC;

	while (!strstr(harness_read(h, h->trace), text)) {
		ck_assert_msg(g_get_monotonic_time() < until, "no %s on the line", text);
		g_usleep(POLL_US);
	}
}

/* In SYN_SENT (2), as /proc/net/tcp has it. */
static void await_syn(const struct process *program)
{
	const char *path = harness_format(h, "/proc/%d/net/tcp", (int)process_pid(program));
	gint64 until = g_get_monotonic_time() + HARNESS_DEADLINE_S * G_USEC_PER_SEC;

	while (!strstr(harness_read(h, path), " 02 ")) {
		ck_assert_msg(g_get_monotonic_time() < until, "no connect is under way");
		g_usleep(POLL_US);
	}
}

/* Another takes its place. */
static void kill_keeper(void)
{
	pid_t keeper = await("eswrap-keeper", 0);

	kill(keeper, SIGKILL);
	await("eswrap-keeper", keeper);
}

static void kill_victim(enum victim victim)
{
	switch (victim) {
	case ENGINE:
		kill(await("eswrap-tunnel", 0), SIGKILL);
		break;
	case BOTH:
		kill_keeper();
		kill(await("eswrap-tunnel", 0), SIGKILL);
		break;
	case BROKER:
		process_kill(h->broker);
		break;
	case MODULE:
		process_kill(h->fake);
		break;
	case VICTIMS:
		break;
	}
}

static struct process *start_program(const struct stage *stage, bool as_user)
{
	guint16 port = stage->full ? full_port() : server_start(h, &stage->server);
	const char *as = as_user && is_root ? "exec setpriv --reuid " USER " --regid " USER
					      " --clear-groups "
					    : "exec ";
	const char *line = harness_format(h, "%s%s --isolate python3 %s %s %s %u", as,
					  harness_tool(h, "eswrap"),
					  harness_source(h, "tests/isolate/clients/stages.py"),
					  stage->name, stage->host, port);
	const char *const environment[] = { harness_format(h, "ESWRAP_SOCKET=%s", h->socket),
					    NULL };

	return process_start(h, "program", (const char *const[]){ "sh", "-c", line, NULL },
			     environment);
}

static void reach(const struct stage *stage, struct process *program)
{
	process_await_line(program, "ready");
	if (!stage->full)
		return;
	if (stage->stopped)
		kill(process_pid(h->broker), SIGSTOP);
	kill(process_pid(program), SIGUSR1);
	if (stage->stopped)
		await_syn(program);
	else
		await_seen(stage->seen);
}

/*
 * All of what a server had sent may have come before. And an address is there in time, also where the
 * module is not: the connect that follows waits for it, as any.
 */
static bool is_honest(const char *said, enum victim victim)
{
	return g_str_has_prefix(said, "error ") || strcmp(said, "got all of it") == 0 ||
	       (strcmp(said, "got an address") == 0 && victim == MODULE);
}

START_TEST(whoever_is_killed_the_program_hears_an_error)
{
	const struct stage *stage = &stages[_i / VICTIMS / 2];
	enum victim victim = (enum victim)(_i / 2 % VICTIMS);
	struct process *program;
	const char *said, *left;
	gint64 began;
	int ms;

	program = start_program(stage, _i % 2);
	reach(stage, program);
	kill_victim(victim);
	began = g_get_monotonic_time();
	kill(process_pid(program), SIGUSR1);
	said = process_await_line(program, "");
	ms = (int)((g_get_monotonic_time() - began) / 1000);
	ck_assert_msg(is_honest(said, victim), "%s, %s: %s", stage->name, victims[victim], said);
	ck_assert_msg(ms < LIMIT_MS, "%s, %s: %s after %d ms", stage->name, victims[victim], said,
		      ms);
	left = netns_packet(h, uplink, 50);
	ck_assert_msg(!left, "%s, %s: %s left", stage->name, victims[victim], left);
}
END_TEST

START_TEST(a_connection_outlives_the_keeper)
{
	const struct stage stage = {
		.name = "unread",
		.server = { .anywhere = true, .kind = SERVER_SOURCE, .size = WHOLE },
		.host = ADDRESS
	};
	struct process *program = start_program(&stage, _i);

	reach(&stage, program);
	kill_keeper();
	kill(process_pid(program), SIGUSR1);
	ck_assert_str_eq(process_await_line(program, ""), "got all of it");
}
END_TEST

/* What waits for the end of the program's output does not wait for anybody else. */
START_TEST(nobody_but_the_program_holds_what_it_inherits)
{
	const struct result *result;
	const char *const environment[] = { harness_format(h, "ESWRAP_SOCKET=%s", h->socket),
					    NULL };
	const struct run how = { .environment = environment };
	const char *line =
		harness_format(h,
			       "exec 9>lock; flock 9; %s --isolate true 9>&9; exec 9>&-; "
			       "flock -n lock echo free",
			       harness_tool(h, "eswrap"));

	/* The program lives on; the lock was its caller's. */
	result = harness_run_as(h, &how, (const char *const[]){ "sh", "-c", line, NULL });
	ck_assert_str_eq(result->out->str, "free\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kills");
	TCase *tc = tcase_create("kills");

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, whoever_is_killed_the_program_hears_an_error, 0, ATTEMPTS);
	tcase_add_loop_test(tc, a_connection_outlives_the_keeper, 0, 2);
	tcase_add_test(tc, nobody_but_the_program_holds_what_it_inherits);
	return suite_run(suite);
}
