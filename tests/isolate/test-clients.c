// SPDX-License-Identifier: MIT
/*
 * Programs of every make under `eswrap --isolate`, as root and as an ordinary user: linked statically,
 * with musl, of Go, by io_uring, with another user's rights, and those that have a resolver of their
 * own. While they run, a card that leads nowhere hears nothing.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "programs/netns.h"
#include "support/server.h"
#include "support/suite.h"

#define ADDRESS "203.0.113.1"
#define USER	"65534"
#define HELLO	"hello\n"
#define PORT	"18080"

static struct harness *h;
static bool is_root;
static const char *echo;
static int uplink;

static void sh(const char *line)
{
	const char *const environment[] = { harness_format(h, "HOME=%s", h->directory),
					    "CGO_ENABLED=0", NULL };
	const struct run how = { .environment = environment, .seconds = 120 };

	ck_result_status(harness_run_as(h, &how, (const char *const[]){ "sh", "-c", line, NULL }),
			 0);
}

static const char *source(const char *name)
{
	return harness_source(h, harness_format(h, "tests/isolate/clients/%s", name));
}

static void build_clients(void)
{
	sh(harness_format(h, "go build -o get %s", source("get.go")));
	sh(harness_format(h, "musl-gcc -static -o epoll-musl %s", source("epoll.c")));
	sh(harness_format(h, "gcc -static -o epoll-static %s 2>warnings", source("epoll.c")));
	sh(harness_format(h, "gcc -o epoll %s", source("epoll.c")));
	sh(harness_format(h, "gcc -o uring %s -luring", source("uring.c")));
}

static void set_up(void)
{
	static const char device[] = "mount -t tmpfs none /dev/net && "
				     "mknod -m 666 /dev/net/tun c 10 200";
	const struct server what = { .kind = SERVER_ECHO, .anywhere = true };
	const char *page[] = {
		"python3", "-u", "-m", "http.server", PORT, "--directory", NULL, NULL
	};
	const char *resolv;

	is_root = geteuid() == 0;
	h = harness_new();
	page[6] = h->directory;
	build_clients();
	netns_enter();
	if (is_root)
		sh(device);
	sh("ip address add " ADDRESS "/32 dev lo");
	resolv = harness_file(h, "resolv.conf", "nameserver 198.51.100.53\n");
	ck_assert_int_eq(chmod(resolv, 0644), 0);
	netns_cover("/etc/resolv.conf", resolv);
	uplink = netns_uplink(h);
	echo = harness_format(h, "%u", server_start(h, &what));
	harness_file(h, "page", HELLO);
	process_await_line(process_start(h, "web", page, NULL), "Serving");
	harness_fake(h, "--resolve-all", ADDRESS, NULL);
	harness_broker(h, "[route names]\nhost = *.example\nthrough = tcp\n"
			  "[route there]\naddress = " ADDRESS "\nthrough = tcp\n"
			  "[default]\nthrough = direct\n");
	ck_assert_int_eq(chmod(h->directory, 0777), 0);
}

static void tear_down(void)
{
	close(uplink);
	harness_free(h);
}

/* A line of sh, in which $E is `eswrap --isolate` as the user, prints @expected, and nothing leaves. */
static void says(int as_user, const char *line, const char *expected)
{
	const char *as = as_user && is_root ? "setpriv --reuid " USER " --regid " USER
					      " --clear-groups "
					    : "";
	const char *const environment[] = {
		harness_format(h, "ESWRAP_SOCKET=%s", h->socket),
		harness_format(h, "E=%s%s --isolate", as, harness_tool(h, "eswrap")),
		harness_format(h, "HOME=%s", h->directory),
		NULL,
	};
	const struct run how = { .environment = environment, .seconds = 30 };
	const struct result *result =
		harness_run_as(h, &how, (const char *const[]){ "sh", "-c", line, NULL });
	const char *left = netns_packet(h, uplink, 100);

	ck_assert_msg(strcmp(result->out->str, expected) == 0, "%s: status %d: %s%s", line,
		      result->status, result->out->str, result->err->str);
	ck_assert_msg(!left, "%s: %s left", line, left);
}

#define URL "http://web.example:" PORT "/page"

START_TEST(a_program_of_go_gets_a_page)
{
	says(_i, "$E ./get " URL, HELLO);
}
END_TEST

START_TEST(busybox_gets_a_page)
{
	says(_i, "$E busybox wget -q -O - " URL, HELLO);
}
END_TEST

START_TEST(epoll_before_connect_works_with_each_libc)
{
	says(_i, harness_format(h, "$E ./epoll-musl web.example %s", echo), HELLO);
	says(_i, harness_format(h, "$E ./epoll-static " ADDRESS " %s", echo), HELLO);
	says(_i, harness_format(h, "$E ./epoll web.example %s", echo), HELLO);
}
END_TEST

START_TEST(io_uring_goes_the_same_way)
{
	says(_i, harness_format(h, "$E ./uring " ADDRESS " %s", echo), HELLO);
	says(_i, harness_format(h, "$E ./uring 198.51.100.7 %s", echo), "Network is unreachable");
}
END_TEST

START_TEST(programs_with_runtimes_get_a_page)
{
	says(_i, "$E curl -s " URL, HELLO);
	says(_i,
	     "$E python3 -c \"import urllib.request as r; print(r.urlopen('" URL
	     "').read().decode(), end='')\"",
	     HELLO);
	says(_i,
	     "$E node -e \"require('http').get('" URL
	     "', (a) => a.on('data', (d) => process.stdout.write(d)))\"",
	     HELLO);
	says(_i,
	     "$E node -e \"require('dns').resolve4('web.example', (e, a) => console.log(e ? e.code "
	     ": "
	     "a[0].slice(0, 5)))\"",
	     "198.1\n");
}
END_TEST

/* As root: it keeps its rights, and reaches no more than the others. */
START_TEST(a_set_user_id_program_keeps_its_rights)
{
	if (!is_root)
		return;
	sh("cp /usr/bin/id . && chown " USER " id && chmod 4755 id");
	says(0, "$E ./id -un", "nobody\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("isolated clients");
	TCase *tc = tcase_create("isolated clients");

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 200);
	tcase_add_unchecked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, a_program_of_go_gets_a_page, 0, 2);
	tcase_add_loop_test(tc, busybox_gets_a_page, 0, 2);
	tcase_add_loop_test(tc, epoll_before_connect_works_with_each_libc, 0, 2);
	tcase_add_loop_test(tc, io_uring_goes_the_same_way, 0, 2);
	tcase_add_loop_test(tc, programs_with_runtimes_get_a_page, 0, 2);
	tcase_add_test(tc, a_set_user_id_program_keeps_its_rights);
	return suite_run(suite);
}
