// SPDX-License-Identifier: MIT
/*
 * What programs may send to the control socket: any bytes. A broker without a module answers them;
 * granted descriptors are closed, as a program that gives up does.
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "eswrapd/broker.h"
#include "eswrapd/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char config[] = "[module]\n"
			     "device = unix:/nonexistent\n"
			     "[wifi]\n"
			     "ssid = x\n"
			     "security = open\n"
			     "[route a]\n"
			     "host = *.example, ?\n"
			     "port = 1-1000\n"
			     "through = tcp\n"
			     "[route b]\n"
			     "address = 127.0.0.0/8, 10.0.0.0/8, ::/1\n"
			     "through = udp\n"
			     "[route c]\n"
			     "address = 127.0.0.0/8\n"
			     "through = tcp\n"
			     "[default]\n"
			     "through = refuse\n";

static GLogWriterOutput say_nothing(GLogLevelFlags level G_GNUC_UNUSED,
				    const GLogField *fields G_GNUC_UNUSED, gsize n G_GNUC_UNUSED,
				    gpointer user G_GNUC_UNUSED)
{
	return G_LOG_WRITER_HANDLED;
}

static struct broker *make_broker(void)
{
	GPtrArray *warnings = g_ptr_array_new_with_free_func(g_free);
	struct settings *settings;
	struct broker *broker;
	char *path;

	g_log_set_writer_func(say_nothing, NULL, NULL);
	close(g_file_open_tmp("eswrap-fuzz-XXXXXX", &path, NULL));
	g_file_set_contents(path, config, -1, NULL);
	settings = settings_load(path, warnings, NULL);
	g_unlink(path);
	g_free(path);
	/* Private: nothing is written to disk. */
	broker = broker_new(settings, warnings, true, NULL);
	if (!broker)
		abort();
	broker->leaving = true;
	return broker;
}

static void answered(const struct eswrap_reply *reply G_GNUC_UNUSED, gpointer user)
{
	*(struct question **)user = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ucred who = { .pid = 1, .uid = 1000, .gid = 1000 };
	static struct broker *broker;
	struct question *question = NULL;
	struct eswrap_request request;
	struct eswrap_reply reply;
	enum request_state state;
	int fd = -1;

	if (!broker)
		broker = make_broker();
	/* Most of it past the first two checks, which need no search. */
	if (size > 1 && size <= sizeof(request) && data[0] != 0xff) {
		memset(&request, 0, sizeof(request));
		memcpy(&request, data, size);
		request.magic = ESWRAP_MAGIC;
		request.type %= ESWRAP_ADMIN + 1;
		data = (const uint8_t *)&request;
		size = sizeof(request);
	}
	state = request_handle(broker, data, size, &who, &reply, &fd, answered, &question,
			       &question);
	if (state == REQUEST_ANSWERED &&
	    (reply.magic != ESWRAP_MAGIC || reply.verdict < ESWRAP_DIRECT ||
	     reply.verdict > ESWRAP_GRANTED || (fd >= 0 && reply.verdict != ESWRAP_GRANTED)))
		abort();
	if (question)
		question_cancel(question);
	if (fd >= 0)
		close(fd);
	while (g_main_context_iteration(NULL, FALSE))
		;
	return 0;
}
