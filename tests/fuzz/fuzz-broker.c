// SPDX-License-Identifier: MIT
/*
 * The whole broker on the whole driver, in time that the fuzzer moves: programs that ask, send,
 * receive, shut down, vanish, and pass descriptors; administrators; people who send nonsense; a
 * module that answers as it likes. Nothing crashes, leaks or waits, and each reply is one of the
 * protocol's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "config/load.h"
#include "eswrap/wire.h"
#include "eswrapd/broker.h"
#include "eswrapd/control.h"
#include "fuzz/clock.h"
#include "fuzz/fuzz.h"
#include "fuzz/module.h"
#include "wire/name.h"
#include "wire/tag.h"

#define CLIENTS	   12
#define ENDS	   12
#define BRING_UP   300 /* commands, at most */
#define PACKET_MAX 73000

static const char config[] =
	"[module]\ndevice=unix:%s/module\n[wifi]\nssid=x\nsecurity=open\n"
	"[credentials c]\nset=0\n"
	"[route t]\nhost=*.example\nthrough=tls\ncredentials=c\n"
	"[route m]\naddress=10.0.0.9\nmark=7\nthrough=tcp\n"
	"[route l]\naddress=127.0.0.0/8\nthrough=tcp\n"
	"[route u]\naddress=10.0.0.0/8\nthrough=udp\n"
	"[route k]\naddress=10.0.0.0/8\nthrough=tls\ncredentials=c\nverify=optional\n"
	"[default]\nthrough=refuse\n"
	"[broker]\nstate-dir=%s/state\nconnect-timeout=5\nhalf-close-timeout=3\nidle-timeout=60\n"
	"give-up-idlest-after=2\nstand-in=198.18.0.0/24\nper-user-flows=8\nper-user-names=20\n";

/* struct end - a program's end of a flow */
struct end {
	int fd;
	bool datagrams;
	guint64 id;
	struct eswrap_key key;
};

static struct fuzz_bytes in;
static struct broker *broker;
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static int clients[CLIENTS];
static struct end ends[ENDS];
static struct eswrap_endpoint stand_in[2];

static int connect_client(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void hang_up(guint i)
{
	if (clients[i] >= 0)
		close(clients[i]);
	clients[i] = -1;
}

/* In place of another, where all places are taken. */
static void keep_client(int fd)
{
	guint i = fuzz_below(&in, CLIENTS);

	hang_up(i);
	clients[i] = fd;
}

static void close_end(struct end *end)
{
	if (end->fd >= 0)
		close(end->fd);
	*end = (struct end){ .fd = -1 };
}

static void keep_end(int fd, const struct eswrap_reply *reply, bool datagrams)
{
	struct end *end = &ends[fuzz_below(&in, ENDS)];

	close_end(end);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	*end = (struct end){ .fd = fd, .datagrams = datagrams, .id = reply->id, .key = reply->key };
}

static void check_reply(const struct eswrap_reply *reply)
{
	if ((reply->magic != ESWRAP_MAGIC && reply->magic != ESWRAP_MAGIC_1) ||
	    reply->verdict < ESWRAP_DIRECT || reply->verdict > ESWRAP_GRANTED ||
	    !memchr(reply->name, 0, sizeof(reply->name)))
		abort();
	if (reply->verdict == ESWRAP_GRANTED && reply->v4.family) {
		stand_in[0] = reply->v4;
		stand_in[1] = reply->v6;
	}
}

static void take_reply(int fd, bool datagrams)
{
	char space[CMSG_SPACE(sizeof(int))];
	struct eswrap_reply reply;
	struct iovec iov = { &reply, sizeof(reply) };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = space,
				  .msg_controllen = sizeof(space) };
	struct cmsghdr *cmsg;
	int granted;

	if (recvmsg(fd, &message, MSG_DONTWAIT | MSG_TRUNC) != sizeof(reply))
		return;
	check_reply(&reply);
	cmsg = CMSG_FIRSTHDR(&message);
	if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS)
		return;
	memcpy(&granted, CMSG_DATA(cmsg), sizeof(granted));
	keep_end(granted, &reply, datagrams);
}

/* Return: false when it could not be sent. */
static bool send_with(int fd, const void *packet, size_t size, const int *passed, size_t count)
{
	char space[CMSG_SPACE(4 * sizeof(int))] = { 0 };
	struct iovec iov = { (void *)packet, size };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;

	if (count) {
		message.msg_control = space;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&message);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(cmsg), passed, count * sizeof(int));
	}
	return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

/* A client's question is sent; it stays, or goes at once. */
static void ask_with(const void *packet, size_t size, const int *passed, size_t count,
		     bool datagrams)
{
	int fd = connect_client();

	if (fd < 0)
		return;
	if (send_with(fd, packet, size, passed, count)) {
		clock_turn();
		take_reply(fd, datagrams);
	}
	if (fuzz_below(&in, 2))
		close(fd);
	else
		keep_client(fd);
}

static struct eswrap_endpoint any_endpoint(void)
{
	struct eswrap_endpoint endpoint = { .family = AF_INET };
	unsigned int kind = fuzz_below(&in, 8);

	memcpy(endpoint.address, kind < 2 ? "\x7f\0\0\1" : "\x0a\0\0\1", 4);
	if (kind == 2 || kind == 3)
		endpoint = stand_in[0];
	else if (kind == 4)
		endpoint = stand_in[1];
	else if (kind == 5)
		endpoint.address[3] = (uint8_t)fuzz_below(&in, 80);
	else if (kind == 6)
		endpoint.address[3] = 9;
	endpoint.port = (uint16_t)(1 + fuzz_below(&in, 4));
	return endpoint;
}

static void ask(void)
{
	static const char *const names[] = { "a.example",	 "b.example", "c.example", "x",
					     "bad name.example", "localhost", "1.2.3.4",   "" };
	struct eswrap_request request = { .magic = ESWRAP_MAGIC, .family = AF_INET };
	const struct end *end = &ends[fuzz_below(&in, ENDS)];
	unsigned int changes;
	int passed = -1;

	request.type = (uint16_t)(1 + fuzz_below(&in, ESWRAP_COUNT));
	request.dest = any_endpoint();
	if (request.dest.family == AF_INET6)
		request.family = AF_INET6;
	request.id = end->id;
	g_strlcpy(request.program, "p", sizeof(request.program));
	g_strlcpy(request.name, names[fuzz_below(&in, G_N_ELEMENTS(names))], sizeof(request.name));
	if (fuzz_below(&in, 6) == 0)
		g_strlcpy(request.route, fuzz_below(&in, 2) ? "t" : "u", sizeof(request.route));
	if (fuzz_below(&in, 8) == 0) {
		request.pid = fuzz_below(&in, 2) ? getpid() : (int32_t)fuzz_byte(&in);
		request.uid = fuzz_byte(&in);
	}
	request.keep_alive = fuzz_below(&in, 8) ? 0 : fuzz_byte(&in);
	if (fuzz_below(&in, 8) == 0) {
		passed = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		request.mark = 7;
	} else if (request.type == ESWRAP_ASSOCIATE && fuzz_below(&in, 2)) {
		/* As the shim has it: the program's own socket, which has a port or has none. */
		passed = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		request.id = fuzz_below(&in, 2) ? ESWRAP_ASSOCIATE_SERVES : 0;
	}
	for (changes = fuzz_below(&in, 8) ? 0 : fuzz_below(&in, 12); changes > 0; changes--)
		((uint8_t *)&request)[fuzz_byte(&in) * sizeof(request) / 256] =
			(uint8_t)fuzz_byte(&in);
	ask_with(&request, fuzz_below(&in, 16) ? sizeof(request) : ESWRAP_REQUEST_1_SIZE, &passed,
		 passed >= 0, request.type == ESWRAP_ASSOCIATE);
	if (passed >= 0)
		close(passed);
}

static void ask_nonsense(void)
{
	static uint8_t packet[PACKET_MAX];
	static const int passed[] = { 0, 1, 2 };
	const struct eswrap_request header = { .magic = ESWRAP_MAGIC, .type = ESWRAP_ADMIN };
	size_t size = fuzz_below(&in, 4) ? fuzz_below(&in, 200) : fuzz_byte(&in) * 280u, i;
	size_t begin = fuzz_below(&in, 2) ? sizeof(header) : 0;

	memcpy(packet, &header, begin);
	for (i = 0; i < MIN(size, 400); i++)
		packet[begin + i] = (uint8_t)fuzz_byte(&in);
	ask_with(packet, MIN(begin + size, sizeof(packet)), passed,
		 fuzz_below(&in, 2) ? G_N_ELEMENTS(passed) : 0, false);
}

static GVariant *credential_arguments(void)
{
	static const char certificate[] =
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
	static const char key[] =
		"-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
	static const char *const intents[] = { "program", "verify", "verify-even-if-blank", "?" };
	static const char *const digests[] = {
		"", "0123456789012345678901234567890123456789012345678901234567890123"
	};
	unsigned int item = fuzz_below(&in, 4);
	const char *body = item == 2 ? key : certificate;
	GVariantDict dict;

	g_variant_dict_init(&dict, NULL);
	if (fuzz_below(&in, 8))
		g_variant_dict_insert(&dict, "module", "s",
				      fuzz_below(&in, 8) ? "c4:7f:51:00:00:01"
							 : "c4:7f:51:00:00:02");
	g_variant_dict_insert(&dict, "set", "u", fuzz_below(&in, 5));
	g_variant_dict_insert(&dict, "item", "u", item);
	g_variant_dict_insert(&dict, "wait", "b", fuzz_below(&in, 2));
	g_variant_dict_insert(&dict, "name", "s", fuzz_below(&in, 2) ? "a.example" : "a b");
	g_variant_dict_insert(&dict, "subject", "s", fuzz_below(&in, 6) ? "CN=x" : "\x1b[2J");
	g_variant_dict_insert(&dict, "sha256", "s", digests[fuzz_below(&in, 2)]);
	g_variant_dict_insert(&dict, "intent", "s", intents[fuzz_below(&in, 4)]);
	g_variant_dict_insert_value(&dict, "data",
				    g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, body,
							      strlen(body) + 1, 1));
	return g_variant_dict_end(&dict);
}

static void administer(void)
{
	static const char *const verbs[] = { "status",
					     "credential-list",
					     "credential-sets",
					     "credential-write",
					     "credential-write",
					     "credential-adopt",
					     "credential-forget",
					     "module-resolve",
					     "module-reset",
					     "route",
					     "reload",
					     "?" };
	const struct eswrap_request header = { .magic = ESWRAP_MAGIC, .type = ESWRAP_ADMIN };
	const char *verb = verbs[fuzz_below(&in, G_N_ELEMENTS(verbs))];
	g_autoptr(GVariant) request =
		g_variant_ref_sink(g_variant_new("(s@a{sv})", verb, credential_arguments()));
	size_t size = sizeof(header) + g_variant_get_size(request);
	g_autofree uint8_t *packet = g_malloc(size);

	memcpy(packet, &header, sizeof(header));
	memcpy(packet + sizeof(header), g_variant_get_data(request), size - sizeof(header));
	if (fuzz_below(&in, 6) == 0)
		packet[sizeof(header) + fuzz_byte(&in) % (size - sizeof(header))] =
			(uint8_t)fuzz_byte(&in);
	ask_with(packet, size, NULL, 0, false);
}

static ssize_t send_datagram(const struct end *end, const void *data, size_t size)
{
	struct eswrap_name name = { .kind = ESWRAP_NAME_DATAGRAM_PEER,
				    .id = end->id,
				    .type = SOCK_DGRAM,
				    .family = AF_INET,
				    .endpoint = any_endpoint() };
	struct sockaddr_un to;
	socklen_t len;

	name.tag = eswrap_peer_tag(&end->key, AF_INET, &name.endpoint);
	len = eswrap_name_format(&name, &to);
	return sendto(end->fd, data, MIN(size, 1600), MSG_DONTWAIT | MSG_NOSIGNAL,
		      (struct sockaddr *)&to, len);
}

static void use_end(void)
{
	static char buffer[8000];
	struct end *end = &ends[fuzz_below(&in, ENDS)];
	unsigned int what = fuzz_below(&in, 8);
	size_t size = fuzz_below(&in, 3) ? fuzz_below(&in, 20) : fuzz_byte(&in) * 30u;
	ssize_t n = 0;

	if (end->fd < 0)
		return;
	if (what < 2)
		n = end->datagrams ? send_datagram(end, buffer, size)
				   : send(end->fd, buffer, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	else if (what < 4)
		n = recv(end->fd, buffer, size, MSG_DONTWAIT);
	else if (what < 7)
		n = shutdown(end->fd, (int)what - 4);
	else
		close_end(end);
	(void)n;
	clock_turn();
}

static void answer_some(void)
{
	unsigned int count;

	for (count = 1 + fuzz_below(&in, 12); count > 0; count--) {
		if (!module_answer(ANSWER_RIGHT, &in))
			clock_advance(200 * G_TIME_SPAN_MILLISECOND);
		clock_turn();
	}
}

static void say_anything(void)
{
	uint8_t bytes[60];
	size_t size = fuzz_below(&in, sizeof(bytes)), i;

	for (i = 0; i < size; i++)
		bytes[i] = (uint8_t)fuzz_byte(&in);
	module_say(bytes, size);
	clock_turn();
}

static void hear_client(void)
{
	char buffer[200];
	int fd = clients[fuzz_below(&in, CLIENTS)];

	if (fd < 0)
		return;
	take_reply(fd, false);
	while (recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT) > 0)
		;
	clock_turn();
}

static void be_silent(void)
{
	int fd = connect_client();

	if (fd >= 0)
		keep_client(fd);
	clock_turn();
}

static void pass_time(void)
{
	clock_advance((1 + fuzz_below(&in, 64)) * 300 * G_TIME_SPAN_MILLISECOND);
}

static void answer_wrong(void)
{
	module_answer(ANSWER_ERROR + (enum answer)fuzz_below(&in, 3), &in);
	clock_turn();
}

static void vanish(void)
{
	hang_up(fuzz_below(&in, CLIENTS));
	clock_turn();
}

static void unplug(void)
{
	if (fuzz_below(&in, 4) == 0)
		module_unplug();
	clock_turn();
}

static void reload(void)
{
	g_autoptr(GPtrArray) restart = g_ptr_array_new_with_free_func(g_free);

	broker_reload(broker, restart, NULL);
	clock_turn();
}

/* What often happens is in there more than once. */
static void (*const events[])(void) = {
	ask,	     ask,	  ask,	       ask,	     use_end,	   use_end,   answer_some,
	answer_some, answer_some, answer_some, answer_wrong, say_anything, pass_time, hear_client,
	be_silent,   vanish,	  administer,  ask_nonsense, unplug,	   reload,
};

static void start(bool private)
{
	static char *path;
	g_autofree char *module = g_build_filename(fuzz_directory(), "module", NULL);
	g_autofree char *control = g_build_filename(fuzz_directory(), "control", NULL);
	g_autofree char *ledger = g_build_filename(fuzz_directory(), "state", "ledger.ini", NULL);
	GPtrArray *warnings = g_ptr_array_new_with_free_func(g_free);
	GError *error = NULL;
	int fd;

	if (!path) {
		g_autofree char *text = g_strdup_printf(config, fuzz_directory(), fuzz_directory());

		g_setenv("RUNTIME_DIRECTORY", fuzz_directory(), TRUE);
		path = fuzz_write("eswrap.conf", text, strlen(text));
	}
	g_unlink(ledger);
	g_unlink(control);
	module_begin(module);
	broker = broker_new(settings_load(path, warnings, &error), warnings, private, &error);
	fd = broker ? control_listen(control, 0666, &error) : -1;
	if (fd < 0) {
		g_printerr("%s\n", error->message);
		abort();
	}
	g_strlcpy(address.sun_path, control, sizeof(address.sun_path));
	broker_serve(broker, fd);
	clock_turn();
}

static void stop(void)
{
	guint i;

	for (i = 0; i < 5; i++) {
		module_answer(ANSWER_RIGHT, &in);
		clock_advance(G_TIME_SPAN_SECOND);
	}
	/* Some are still there when it ends. */
	for (i = 0; i < CLIENTS; i += 2)
		hang_up(i);
	clock_turn();
	broker_free(broker);
	for (i = 0; i < CLIENTS; i++)
		hang_up(i);
	for (i = 0; i < ENDS; i++)
		close_end(&ends[i]);
	module_end();
	clock_turn();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int first, i;

	in = (struct fuzz_bytes){ data, data + size };
	clock_begin();
	for (i = 0; i < CLIENTS; i++)
		clients[i] = -1;
	for (i = 0; i < ENDS; i++)
		ends[i] = (struct end){ .fd = -1 };
	memset(stand_in, 0, sizeof(stand_in));
	first = fuzz_byte(&in);
	start(first & 4);
	/* Mostly a module that comes up. */
	for (i = 0; (first & 3) && i < BRING_UP / 3; i++)
		if (!module_answer(ANSWER_RIGHT, &in))
			clock_advance(10 * G_TIME_SPAN_SECOND / 100);
		else
			clock_turn();
	while (in.next < in.end)
		events[fuzz_below(&in, G_N_ELEMENTS(events))]();
	stop();
	return 0;
}
