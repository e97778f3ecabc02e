// SPDX-License-Identifier: MIT
/* The log: lines into a ring, and a thread that writes them. The theory of operation is in log.h. */
#include "eswrapd/log.h"

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* What is written at once: a pipe takes so much in one piece (PIPE_BUF). */
#define CHUNK 4096
/* For what is left at the end. */
#define FLUSH_TIMEOUT_NS (500 * 1000 * 1000)
#define NS_PER_S	 (1000 * 1000 * 1000)

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

static bool to_journal;
static int journal = -1; /* connected to its socket; -1: not */
static char *module;
static bool threaded;
static GLogLevelFlags least;

/*
 * @begin and @length say where in @bytes the ring's contents are, under @lock: of the C library's
 * kind, because ThreadSanitizer does not see through GLib's.
 */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t filled, emptied;
	char bytes[LOG_RING_BYTES];
	gsize begin, length;
	guint64 dropped; /* lines, since the last that said so */
	bool writing;	 /* the thread has taken something out that is not written yet */
} ring = { .lock = PTHREAD_MUTEX_INITIALIZER,
	   .filled = PTHREAD_COND_INITIALIZER,
	   .emptied = PTHREAD_COND_INITIALIZER };

/* In front of a line, the priority of syslog(3), as the journal reads it: sd-daemon(3). */
static const char *priority(GLogLevelFlags level)
{
	if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
		return "<3>";
	if (level & G_LOG_LEVEL_WARNING)
		return "<4>";
	if (level & G_LOG_LEVEL_MESSAGE)
		return "<5>";
	return level & G_LOG_LEVEL_INFO ? "<6>" : "<7>";
}

static GString *begin_line(GLogLevelFlags level)
{
	return g_string_new(to_journal ? priority(level) : "eswrapd: ");
}

/* Return: false when there is no room. Under the lock. */
static bool put(const char *text, gsize size)
{
	gsize at = (ring.begin + ring.length) % LOG_RING_BYTES;
	gsize first = MIN(size, LOG_RING_BYTES - at);

	if (size > LOG_RING_BYTES - ring.length)
		return false;
	memcpy(ring.bytes + at, text, first);
	memcpy(ring.bytes, text + first, size - first);
	ring.length += size;
	return true;
}

/* Under the lock. */
static void put_line(const GString *line)
{
	g_autoptr(GString) loss = NULL;

	if (ring.dropped) {
		loss = begin_line(G_LOG_LEVEL_WARNING);
		g_string_append_printf(loss,
				       "%" G_GUINT64_FORMAT
				       " lines of the log were dropped: nobody took them in time\n",
				       ring.dropped);
	}
	if ((loss && loss->len + line->len > LOG_RING_BYTES - ring.length) ||
	    (loss && !put(loss->str, loss->len)) || !put(line->str, line->len))
		ring.dropped++;
	else
		ring.dropped = 0;
	pthread_cond_signal(&ring.filled);
}

/* Waits for something to write. Return: how much of it is in @chunk. */
static gsize take_chunk(char chunk[CHUNK])
{
	gsize size;

	pthread_mutex_lock(&ring.lock);
	ring.writing = false;
	if (ring.length == 0)
		pthread_cond_broadcast(&ring.emptied);
	while (ring.length == 0)
		pthread_cond_wait(&ring.filled, &ring.lock);
	size = MIN(MIN(ring.length, CHUNK), LOG_RING_BYTES - ring.begin);
	memcpy(chunk, ring.bytes + ring.begin, size);
	ring.begin = (ring.begin + size) % LOG_RING_BYTES;
	ring.length -= size;
	ring.writing = true;
	pthread_mutex_unlock(&ring.lock);
	return size;
}

static void write_chunk(const char *chunk, gsize size)
{
	struct pollfd room = { .fd = STDERR_FILENO, .events = POLLOUT };
	ssize_t n;

	while (size > 0) {
		n = write(STDERR_FILENO, chunk, size);
		if (n >= 0) {
			chunk += n;
			size -= (gsize)n;
		} else if (errno == EAGAIN) {
			poll(&room, 1, -1);
		} else if (errno != EINTR) {
			return;
		}
	}
}

static gpointer write_all(gpointer data G_GNUC_UNUSED)
{
	char chunk[CHUNK];
	sigset_t all;

	/* Signals are for the main thread; SIGPIPE is for nobody. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	for (;;)
		write_chunk(chunk, take_chunk(chunk));
	return NULL;
}

void log_flush(void)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_nsec += FLUSH_TIMEOUT_NS;
	end.tv_sec += end.tv_nsec / NS_PER_S;
	end.tv_nsec %= NS_PER_S;
	pthread_mutex_lock(&ring.lock);
	while ((ring.length || ring.writing) &&
	       pthread_cond_timedwait(&ring.emptied, &ring.lock, &end) == 0)
		;
	pthread_mutex_unlock(&ring.lock);
}

/* Nothing that a terminal would obey, and no line of its own: names come from programs. */
static void append_clean(GString *to, const char *text)
{
	gsize i = to->len;

	g_string_append(to, text);
	for (; i < to->len; i++)
		if ((guint8)to->str[i] < ' ' || to->str[i] == 0x7f)
			to->str[i] = ' ';
}

static void add_field(GString *to, const char *key, const char *value)
{
	g_string_append_printf(to, "%s=", key);
	append_clean(to, value);
	g_string_append_c(to, '\n');
}

static bool is_about(const char *key)
{
	static const char *const keys[] = { "MESSAGE", "FLOW", "ROUTE", "UID", NULL };

	return g_strv_contains(keys, key);
}

/* Return: false where the journal has not taken it. */
static bool send_native(GLogLevelFlags level, const GLogField *fields, gsize n)
{
	g_autoptr(GString) entry = NULL;
	gsize i;

	/* Of a process that ends at once the journal does not find out which unit it is. */
	if (journal < 0 || !threaded)
		return false;
	entry = g_string_new("SYSLOG_IDENTIFIER=eswrapd\n");
	/* "<4>" */
	g_string_append_printf(entry, "PRIORITY=%c\n", priority(level)[1]);
	if (module)
		add_field(entry, "MODULE", module);
	for (i = 0; i < n; i++)
		if (is_about(fields[i].key) && *(const char *)fields[i].value)
			add_field(entry, fields[i].key, fields[i].value);
	return send(journal, entry->str, entry->len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

bool log_to_journal(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (g_strlcpy(address.sun_path, path, sizeof(address.sun_path)) >= sizeof(address.sun_path))
		return false;
	journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (journal >= 0 && connect(journal, (struct sockaddr *)&address, sizeof(address)) == 0)
		return true;
	if (journal >= 0)
		close(journal);
	journal = -1;
	return false;
}

void log_set_module(const char *device)
{
	g_free(module);
	module = g_strdup(device);
}

void log_event(GLogLevelFlags level, const struct log_about *about, const char *format, ...)
{
	char flow[24], uid[16];
	GLogField fields[] = {
		{ "MESSAGE", NULL, -1 },
		{ "FLOW", flow, -1 },
		{ "UID", uid, -1 },
		{ "ROUTE", about->route, -1 },
	};
	g_autofree char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	flow[0] = '\0';
	if (about->flow)
		g_snprintf(flow, sizeof(flow), "%" G_GINT64_MODIFIER "x", about->flow);
	g_snprintf(uid, sizeof(uid), "%u", (guint)about->uid);
	fields[0].value = text;
	g_log_structured_array(level, fields, G_N_ELEMENTS(fields));
}

static GLogWriterOutput write_line(GLogLevelFlags level, const GLogField *fields, gsize n,
				   gpointer user G_GNUC_UNUSED)
{
	g_autoptr(GString) line = NULL;
	const char *text = "";
	gsize i;

	/* GLib's levels grow as they matter less. */
	if ((level & G_LOG_LEVEL_MASK) > least)
		return G_LOG_WRITER_HANDLED;
	if (send_native(level, fields, n))
		return G_LOG_WRITER_HANDLED;
	for (i = 0; i < n; i++)
		if (strcmp(fields[i].key, "MESSAGE") == 0)
			text = fields[i].value;
	line = begin_line(level);
	append_clean(line, text);
	g_string_append_c(line, '\n');
	if (!threaded) {
		write_chunk(line->str, line->len);
		return G_LOG_WRITER_HANDLED;
	}
	pthread_mutex_lock(&ring.lock);
	put_line(line);
	pthread_mutex_unlock(&ring.lock);
	if (level & (G_LOG_FLAG_FATAL | G_LOG_LEVEL_ERROR))
		log_flush();
	return G_LOG_WRITER_HANDLED;
}

void log_init(int verbosity)
{
	least = verbosity >= 2	 ? G_LOG_LEVEL_DEBUG
		: verbosity == 1 ? G_LOG_LEVEL_INFO
				 : G_LOG_LEVEL_MESSAGE;
	to_journal = g_log_writer_is_journald(STDERR_FILENO);
	if (to_journal)
		log_to_journal(JOURNAL_SOCKET);
	g_log_set_writer_func(write_line, NULL, NULL);
}

void log_begin(void)
{
	threaded = true;
	g_thread_unref(g_thread_new("log", write_all, NULL));
	atexit(log_flush);
}
