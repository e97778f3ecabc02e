// SPDX-License-Identifier: MIT
/*
 * What eswrapctl, or somebody in its place, may ask: any bytes as the request, or a verb with
 * arguments of any name, type and value. Each question is heard, and comes to an end or waits.
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "config/load.h"
#include "eswrap/admin.h"
#include "eswrap/wire.h"
#include "eswrapd/broker.h"
#include "eswrapd/control.h"
#include "fuzz/fuzz.h"

#define ARGUMENTS_MAX 12
#define TURNS_MAX     40

static const char config[] = "[module]\ndevice=unix:/nonexistent\n[wifi]\nssid=x\nsecurity=open\n"
			     "[credentials c]\nset=1\nca=ca.pem\n"
			     "[route t]\nhost=*.example\nthrough=tls\ncredentials=c\n"
			     "[broker]\nstate-dir=%s/state\n";

static struct sockaddr_un address = { .sun_family = AF_UNIX };

static void serve(void)
{
	g_autofree char *text = g_strdup_printf(config, fuzz_directory());
	g_autofree char *path = fuzz_write("eswrap.conf", text, strlen(text));
	g_autofree char *control = g_build_filename(fuzz_directory(), "control", NULL);
	GPtrArray *warnings = g_ptr_array_new_with_free_func(g_free);
	struct broker *broker =
		broker_new(settings_load(path, warnings, NULL), warnings, false, NULL);
	int fd = control_listen(control, 0666, NULL);

	if (!broker || fd < 0)
		abort();
	g_strlcpy(address.sun_path, control, sizeof(address.sun_path));
	broker_serve(broker, fd);
}

static GVariant *any_value(struct fuzz_bytes *in)
{
	static const char *const texts[] = {
		"c4:7f:51:00:00:01", "program", "verify", "a.example", "a b", "", "CN=x", "t"
	};
	uint8_t bytes[256];
	unsigned int i, size;

	switch (fuzz_below(in, 6)) {
	case 0:
		return g_variant_new_string(texts[fuzz_below(in, G_N_ELEMENTS(texts))]);
	case 1:
		return g_variant_new_uint32(fuzz_below(in, 4) ? fuzz_below(in, 5) : G_MAXUINT32);
	case 2:
		return g_variant_new_boolean(fuzz_byte(in) & 1);
	case 3:
		size = fuzz_byte(in);
		for (i = 0; i < size; i++)
			bytes[i] = (uint8_t)fuzz_byte(in);
		return g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, bytes, size, 1);
	case 4:
		return g_variant_new_int64((gint64)fuzz_byte(in) << (fuzz_byte(in) % 56));
	default:
		return g_variant_new_variant(g_variant_new_string("nested"));
	}
}

static GVariant *any_request(struct fuzz_bytes *in)
{
	static const char *const verbs[] = {
		"status",	    "credential-list",	"credential-sets",
		"credential-write", "credential-adopt", "credential-forget",
		"module-resolve",   "module-reset",	"route",
		"reload",	    "nothing"
	};
	static const char *const names[] = { "module", "set",	 "item",    "wait",    "subject",
					     "sha256", "intent", "data",    "name",    "host",
					     "port",   "until",	 "address", "program", "user" };
	unsigned int count = fuzz_below(in, ARGUMENTS_MAX);
	const char *verb = verbs[fuzz_below(in, G_N_ELEMENTS(verbs))];
	GVariantDict dict;

	g_variant_dict_init(&dict, NULL);
	for (; count > 0; count--)
		g_variant_dict_insert_value(&dict, names[fuzz_below(in, G_N_ELEMENTS(names))],
					    any_value(in));
	return g_variant_ref_sink(g_variant_new("(s@a{sv})", verb, g_variant_dict_end(&dict)));
}

static bool is_crowded(const uint8_t *packet, size_t size)
{
	const struct eswrap_reply *reply = (const void *)packet;

	return size == sizeof(*reply) && reply->magic == ESWRAP_MAGIC &&
	       reply->verdict == ESWRAP_REFUSED && reply->error == ENOBUFS;
}

/* Each reply is one that eswrapctl can read. */
static void hear(int fd)
{
	static _Alignas(struct eswrap_reply) uint8_t packet[ESWRAP_ADMIN_MAX];
	guint turns;
	ssize_t n;

	for (turns = 0; turns < TURNS_MAX; turns++) {
		g_main_context_iteration(NULL, FALSE);
		n = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);
		if (n == 0)
			return;
		/* Who has too many connections hears it in a program's words. */
		if (n > 0 && !is_crowded(packet, (size_t)n)) {
			g_autoptr(GBytes) bytes = g_bytes_new(packet, (gsize)n);
			g_autoptr(GVariant) reply = g_variant_ref_sink(g_variant_new_from_bytes(
				G_VARIANT_TYPE(ADMIN_REPLY), bytes, FALSE));

			if (!g_variant_is_normal_form(reply))
				abort();
		}
	}
}

static void ask(const void *body, size_t size)
{
	const struct eswrap_request header = { .magic = ESWRAP_MAGIC, .type = ESWRAP_ADMIN };
	struct iovec parts[] = { { (void *)&header, sizeof(header) }, { (void *)body, size } };
	const struct msghdr message = { .msg_iov = parts, .msg_iovlen = G_N_ELEMENTS(parts) };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		abort();
	if (sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
		hear(fd);
	close(fd);
	while (g_main_context_iteration(NULL, FALSE))
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_bytes in = { data + 1, data + size };

	if (!address.sun_path[0])
		serve();
	if (size < 1)
		return 0;
	if (data[0] & 1) {
		g_autoptr(GVariant) request = any_request(&in);
		g_autofree uint8_t *body =
			g_memdup2(g_variant_get_data(request), g_variant_get_size(request));

		/* As it is, or with one byte changed. */
		if (data[0] & 2)
			body[fuzz_byte(&in) % g_variant_get_size(request)] =
				(uint8_t)fuzz_byte(&in);
		ask(body, g_variant_get_size(request));
	} else {
		ask(data + 1, size - 1);
	}
	return 0;
}
