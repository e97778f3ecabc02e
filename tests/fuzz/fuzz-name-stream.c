// SPDX-License-Identifier: MIT
/*
 * A program that talks to a name server by stream, and the server that it has chosen, both as the
 * fuzzer's bytes say: whole questions, halves, none; answers that nobody has asked for, and ends at any
 * time. On a line that does or fails. What the program reads is whole messages, and nothing is left.
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "config/load.h"
#include "eswifi/eswifi.h"
#include "eswrapd/account.h"
#include "eswrapd/dns.h"
#include "eswrapd/forward.h"
#include "eswrapd/lookup.h"
#include "eswrapd/name-stream.h"
#include "eswrapd/sched.h"
#include "eswrapd/stand-in.h"
#include "eswrapd/tally.h"
#include "fuzz/fuzz.h"
#include "loop/poller.h"
#include "loop/timer.h"
#include "unit/fake-line.h"

#define USER   1000
#define BUFFER 32768

static const char config[] = "[module]\n"
			     "device = unix:/nonexistent\n"
			     "[wifi]\n"
			     "ssid = x\n"
			     "security = open\n"
			     "[route a]\n"
			     "host = *.example, ?\n"
			     "through = tcp\n"
			     "[route b]\n"
			     "host = *.refused\n"
			     "through = refuse\n"
			     "[default]\n"
			     "through = direct\n";

static struct flow_parts parts;
static struct name_streams *streams;
static struct fuzz_bytes in;
static int program, server;
static bool no_server;
/* struct heard - of the message that the program reads: what is missing, and half of its length */
static struct heard {
	gsize left, high;
	bool half;
} heard;

/* In place of a thread and the internet: the other end is the fuzzer's. */
int __wrap_forward_stream(uid_t uid, int fd, const struct eswrap_endpoint *to);
int __wrap_forward_stream(uid_t uid G_GNUC_UNUSED, int fd,
			  const struct eswrap_endpoint *to G_GNUC_UNUSED)
{
	int ends[2];

	close(fd);
	if (no_server)
		return -ECONNREFUSED;
	if (server >= 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0)
		abort();
	server = ends[0];
	return ends[1];
}

static void begin(void)
{
	static struct eswifi_identity identity;
	g_autofree char *path = fuzz_write("eswrap.conf", config, strlen(config));
	g_autofree char *resolv = fuzz_write("resolv.conf", "search lan.test\n", 16);
	GPtrArray *warnings = g_ptr_array_new_with_free_func(g_free);
	struct settings *settings = settings_load(path, warnings, NULL);
	struct resolve_parts resolve = { .settings = settings };

	parts.settings = settings;
	parts.identity = &identity;
	parts.sched = sched_new();
	fake_line_init(parts.sched);
	parts.accounts = accounts_new(settings->limits);
	parts.tallies = tallies_new();
	parts.poller = poller_new();
	parts.timers = timers_new(fake_now);
	resolve.names = names_new(&settings->stand_in, settings->limits[LIMIT_NAMES], NULL);
	resolve.lookups = lookups_new(parts.sched, parts.accounts, parts.timers);
	parts.responder = responder_new(&resolve, parts.timers, resolv);
	streams = name_streams_new(&parts, BUFFER);
}

static void settle(void)
{
	while (g_main_context_iteration(NULL, FALSE))
		;
}

static void pass(gint64 us)
{
	fake.now += us;
	timers_run(parts.timers);
}

/* The one operation that a name needs, under way until the fuzzer ends it. */
static struct {
	eswifi_done done;
	gpointer user;
} looking;

int __wrap_eswifi_lookup(struct eswifi_module *module, guint socket, const char *host,
			 eswifi_done done, gpointer user);
int __wrap_eswifi_lookup(struct eswifi_module *module G_GNUC_UNUSED, guint socket G_GNUC_UNUSED,
			 const char *host G_GNUC_UNUSED, eswifi_done done, gpointer user)
{
	if (looking.done)
		abort();
	looking.done = done;
	looking.user = user;
	return 0;
}

/* Return: false when the line has nothing to do. */
static bool work(guint how)
{
	static const int results[] = { 0, -ETIMEDOUT, -ENOENT, -EIO };
	eswifi_done done;

	if (!looking.done && next())
		abort();
	done = looking.done;
	if (!done)
		return false;
	looking.done = NULL;
	fake.now += MS;
	done(NULL, results[how % G_N_ELEMENTS(results)], "192.0.2.9", looking.user);
	return true;
}

/* Some of what is left of the input. */
static gsize take(const uint8_t **data, gsize most)
{
	gsize size = fuzz_byte(&in) % (most + 1);

	size = MIN(size, (gsize)(in.end - in.next));
	*data = in.next;
	in.next += size;
	return size;
}

static void say(int fd, bool whole)
{
	const uint8_t *data;
	gsize size = take(&data, 255);
	uint8_t length[] = { 0, (uint8_t)size };

	if (fd < 0)
		return;
	if (whole)
		send(fd, length, sizeof(length), MSG_NOSIGNAL | MSG_DONTWAIT);
	send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* What a program asks: a good header and type around the fuzzer's bytes. */
static void ask(void)
{
	static const uint8_t header[] = { 0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0 };
	static const char *const names[] = { "\3web\7example", "\3web\7refused", "\3web\4free",
					     "\3web\7example\3lan\4test" };
	const char *name = names[fuzz_below(&in, G_N_ELEMENTS(names))];
	const uint8_t tail[] = { 0, 0, (uint8_t)fuzz_byte(&in), 0, 1 };
	gsize size = sizeof(header) + strlen(name) + sizeof(tail);
	uint8_t packet[128] = { 0, (uint8_t)size };

	memcpy(packet + 2, header, sizeof(header));
	memcpy(packet + 2 + sizeof(header), name, strlen(name));
	memcpy(packet + 2 + sizeof(header) + strlen(name), tail, sizeof(tail));
	send(program, packet, 2 + size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Return: false when there is nothing for now. */
static bool hear(void)
{
	uint8_t text[4096];
	ssize_t got = recv(program, text, sizeof(text), MSG_DONTWAIT), i;

	/* A clean end comes between two messages. */
	if (got == 0 && (heard.left || heard.half))
		abort();
	for (i = 0; i < got; i++) {
		if (heard.left) {
			heard.left--;
		} else if (heard.half) {
			heard.left = heard.high << 8 | text[i];
			heard.half = false;
		} else {
			heard.high = text[i];
			heard.half = true;
		}
	}
	return got > 0;
}

static void step(void)
{
	switch (fuzz_below(&in, 12)) {
	case 0:
		say(program, false);
		break;
	case 1:
	case 2:
		say(program, true);
		break;
	case 3:
	case 4:
	case 5:
		ask();
		break;
	case 6:
		say(server, false);
		break;
	case 7:
		say(server, true);
		break;
	case 8:
		if (server >= 0)
			shutdown(server, SHUT_WR);
		break;
	case 9:
		shutdown(program, (int)fuzz_below(&in, 3));
		break;
	case 10:
		work(fuzz_byte(&in));
		break;
	case 11:
		pass((gint64)fuzz_byte(&in) * 100 * MS);
		break;
	}
	settle();
	if (fuzz_byte(&in) & 1)
		hear();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct eswrap_endpoint dest = { .family = AF_INET,
					      .port = ESWRAP_PORT_NAMES,
					      .address = { 198, 51, 100, 53 } };
	struct flow_request request = { .dest = dest,
					.family = AF_INET,
					.asker = { .uid = USER, .pid = 1, .program = "fuzz" },
					.forced = "" };
	guint64 id;
	guint how;

	if (!streams)
		begin();
	in = (struct fuzz_bytes){ data, data + size };
	how = fuzz_byte(&in);
	request.socket = how & 1 ? socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
	no_server = how & 2;
	server = -1;
	heard = (struct heard){ 0 };
	program = name_stream_open(streams, &request, &id);
	if (program < 0)
		abort();
	while (in.next < in.end)
		step();
	while (hear())
		settle();
	close(program);
	if (server >= 0)
		close(server);
	settle();
	if (account_count(parts.accounts, USER, LIMIT_FLOWS))
		abort();
	/* What was asked for nobody any more ends as well, and is not remembered for long. */
	while (work(0))
		settle();
	pass(60 * G_USEC_PER_SEC);
	return 0;
}
