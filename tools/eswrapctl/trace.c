// SPDX-License-Identifier: MIT
/* eswrapctl trace: what is said on the line, as it is said, for people, scripts and Wireshark. */
#include "eswrapctl/trace-pcap.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "eswrapctl/ctl.h"

#define HIDDEN	       "<hidden>"
#define BYTES_IN_A_ROW 16

/**
 * struct trace - how it is shown
 * @capture:	NULL: as text
 * @failed:	the output could not be written
 */
struct trace {
	const struct ctl *ctl;
	struct capture *capture;
	bool failed;
};

static bool has_flag(GVariant *event, const char *key)
{
	gboolean value = FALSE;

	return g_variant_lookup(event, key, "b", &value) && value;
}

static void print_time(GVariant *event)
{
	g_autoptr(GDateTime) when = NULL;
	g_autofree char *text = NULL;
	gint64 time = 0;

	g_variant_lookup(event, "time", "x", &time);
	when = g_date_time_new_from_unix_local(time / G_USEC_PER_SEC);
	text = when ? g_date_time_format(when, "%H:%M:%S") : NULL;
	printf("%s.%06u ", text ? text : "", (guint)(time % G_USEC_PER_SEC));
}

static void print_row(const guint8 *bytes, gsize size)
{
	gsize i;

	printf("%18s", "");
	for (i = 0; i < BYTES_IN_A_ROW; i++)
		if (i < size)
			printf(" %02x", bytes[i]);
		else
			printf("   ");
	printf("  ");
	for (i = 0; i < size; i++)
		putchar(bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : '.');
	putchar('\n');
}

static void print_data(GVariant *event)
{
	g_autoptr(GVariant) data = g_variant_lookup_value(event, "data", G_VARIANT_TYPE("ay"));
	const guint8 *bytes;
	gsize size, i;

	if (!data)
		return;
	bytes = g_variant_get_fixed_array(data, &size, 1);
	for (i = 0; i < size; i += BYTES_IN_A_ROW)
		print_row(bytes + i, MIN(size - i, BYTES_IN_A_ROW));
}

/* The conversation itself: "> P6=1", "< [TCP  RC] Connecting ...". */
static void print_line(GVariant *event, const char *mark)
{
	guint size = (guint)ctl_number(event, "size");
	const char *text = ctl_text(event, "text");

	print_time(event);
	printf("%s %s", mark, text);
	if (has_flag(event, "hidden"))
		printf("%s" HIDDEN, strcmp(mark, ">") == 0 ? "=" : "");
	else if (size && (!*text || strcmp(mark, ">") == 0))
		printf("%s<%u bytes>", *text ? " " : "", size);
	else if (!*text && !has_flag(event, "failed"))
		printf("OK");
	printf("%s\n", has_flag(event, "failed") ? "  ERROR" : "");
	print_data(event);
}

static void print_socket(GVariant *event)
{
	guint16 port = 0;

	g_variant_lookup(event, "port", "q", &port);
	print_time(event);
	printf("- socket %u to %s:%u: ", (guint)ctl_number(event, "socket"),
	       ctl_text(event, "address"), port);
	if (ctl_number(event, "size"))
		printf("%u bytes ", (guint)ctl_number(event, "size"));
	printf("%s%s\n", ctl_text(event, "kind"),
	       has_flag(event, "failed") ? ", with the module" : "");
}

static void print_event(GVariant *event)
{
	const char *kind = ctl_text(event, "kind");

	if (strcmp(kind, "command") == 0)
		print_line(event, ">");
	else if (strcmp(kind, "answer") == 0)
		print_line(event, "<");
	else if (strcmp(kind, "message") == 0 || strcmp(kind, "noise") == 0)
		print_line(event, "!");
	else
		print_socket(event);
}

static void show(GVariant *event, gpointer user)
{
	struct trace *trace = user;
	guint64 missed = ctl_number(event, "missed");

	if (missed)
		ctl_error(trace->ctl, "%" G_GUINT64_FORMAT " events were left out: too slow",
			  missed);
	if (!*ctl_text(event, "kind"))
		return;
	if (trace->capture)
		trace->failed = trace->failed || !capture_add(trace->capture, event);
	else if (trace->ctl->json)
		ctl_print_reply(event);
	else
		print_event(event);
	if (fflush(stdout) != 0)
		trace->failed = true;
	/* Nobody reads it any more, or the disk is full: the broker notices that we are gone. */
	if (trace->failed)
		_exit(CTL_OUTPUT);
}

/* It may hold what programs send: for its owner alone. */
static FILE *open_capture(const struct ctl *ctl, const char *path)
{
	int fd = strcmp(path, "-") == 0
			 ? dup(STDOUT_FILENO)
			 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		ctl_error(ctl, "%s: %s", path, g_strerror(errno));
	return fd < 0 ? NULL : fdopen(fd, "w");
}

int ctl_trace(struct ctl *ctl, int argc, char **argv)
{
	g_autofree char *path = NULL;
	gboolean data = FALSE;
	const GOptionEntry entries[] = {
		{ "pcap", 0, 0, G_OPTION_ARG_FILENAME, &path,
		  "write the sockets' traffic as a capture file; - is standard output", "FILE" },
		{ "payload", 0, 0, G_OPTION_ARG_NONE, &data, "show what programs send and receive",
		  NULL },
		{ NULL },
	};
	const struct ctl_usage usage = {
		.words = "eswrapctl trace",
		.summary = "Shows the conversation with the module until ^C. Passphrases, keys and "
			   "certificates are\nalways left out, programs' data unless asked for.",
		.entries = entries,
	};
	struct trace trace = { .ctl = ctl };
	g_autoptr(GError) error = NULL;
	GVariantDict arguments;
	FILE *to = NULL;
	int status;

	if (!ctl_parse(ctl, &usage, &argc, &argv))
		return CTL_USAGE;
	if (path && !(to = open_capture(ctl, path)))
		return CTL_OUTPUT;
	trace.capture = to ? capture_new(to) : NULL;
	g_variant_dict_init(&arguments, NULL);
	g_variant_dict_insert(&arguments, "data", "b", data);
	status = client_call(ctl, "trace", g_variant_dict_end(&arguments), show, &trace, NULL,
			     &error);
	capture_free(trace.capture);
	if (status != CTL_OK)
		ctl_error(ctl, "%s", error->message);
	return status;
}
