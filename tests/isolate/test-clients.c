// SPDX-License-Identifier: MIT
/*
 * Programs of every make under `eswrap --isolate`, as root and as an ordinary user: linked statically,
 * with musl, of Go, of Java, by io_uring, with another user's rights, and those that have a resolver of their
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
static const char *echo, *secure;
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
	sh(harness_format(h, "gcc -o ares %s -lcares", source("ares.c")));
	sh(harness_format(h, "javac -d . %s", source("Get.java")));
}

/* One answer, by a server that has looked at the module's certificate. */
static void serve_page(struct server_connection *c, gpointer user G_GNUC_UNUSED)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n"
				     "Connection: close\r\n\r\n" HELLO;
	char asked[4096];
	gsize have = 0;
	ssize_t got = 1;

	while (got > 0 && have < sizeof(asked) - 1 &&
	       !g_strstr_len(asked, (gssize)have, "\r\n\r\n")) {
		got = server_take(c, asked + have, sizeof(asked) - 1 - have);
		have += got > 0 ? (gsize)got : 0;
	}
	server_put(c, answer, sizeof(answer) - 1);
}

static void set_up(void)
{
	const struct server behind_tls = { .kind = SERVER_OWN,
					   .tls = true,
					   .client_certificate = true,
					   .anywhere = true,
					   .serve = serve_page };
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
	secure = harness_format(h, "http://secure.example:%u/page", server_start(h, &behind_tls));
	harness_fake(h, "--resolve-all", ADDRESS, NULL);
	harness_burn(h, 0, "ca.pem", "device.pem", "device.key");
	harness_broker(h, "[credentials device]\nset = 0\n"
			  "[route secure]\nhost = secure.example\nthrough = tls\n"
			  "verify = required\ncredentials = device\n"
			  "[route names]\nhost = *.example\nthrough = tcp\n"
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

START_TEST(a_route_with_tls_serves_programs_of_every_make)
{
	says(_i, harness_format(h, "$E ./get %s", secure), HELLO);
	says(_i, harness_format(h, "$E busybox wget -q -O - %s", secure), HELLO);
	says(_i, harness_format(h, "$E curl -s %s", secure), HELLO);
	says(_i,
	     harness_format(h,
			    "$E python3 -c \"import urllib.request as r; "
			    "print(r.urlopen('%s').read().decode(), end='')\"",
			    secure),
	     HELLO);
	says(_i, harness_format(h, "$E java -cp . Get %s", secure), HELLO);
}
END_TEST

START_TEST(resolvers_of_programs_are_answered)
{
	says(_i, "$E ./ares web.example | cut -c1-5", "198.1\n");
	says(_i, "$E ./ares leak.org", "Domain name not found\n");
	says(_i, "$E dig +short web.example | cut -c1-5", "198.1\n");
	says(_i, "$E dig +tcp web.example HTTPS | grep -c 'ANSWER: 0'", "1\n");
	says(_i, "$E dig leak.org TXT | grep -c NXDOMAIN", "1\n");
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
	tcase_add_loop_test(tc, a_route_with_tls_serves_programs_of_every_make, 0, 2);
	tcase_add_loop_test(tc, resolvers_of_programs_are_answered, 0, 2);
	tcase_add_test(tc, a_set_user_id_program_keeps_its_rights);
	return suite_run(suite);
}
