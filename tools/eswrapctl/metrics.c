// SPDX-License-Identifier: MIT
/*
 * eswrapctl metrics: the broker's numbers for Prometheus.
 *
 * The OpenMetrics text is for whoever scrapes: on standard output, or as the answer to one HTTP
 * request on standard input, which is how eswrap-metrics.socket starts it. Node exporter's textfile
 * collector reads the older Prometheus format, in which the type of a counter goes by its whole
 * name. A broker that does not answer is a number, too: eswrap_up is 0.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "eswrapctl/ctl.h"

#define REQUEST_MAX	  8192 /* bytes of an HTTP request */
#define REQUEST_TIMEOUT_S 5
#define TYPE_OPEN	  "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* One text under way. */
struct exposition {
	GString *text;
	bool open; /* OpenMetrics; else Prometheus' text format */
};

/* The lines before a family's samples. */
static void family(struct exposition *to, const char *name, const char *type, const char *help)
{
	gsize length = strlen(name);

	if (to->open && !strcmp(type, "counter"))
		length -= strlen("_total");
	g_string_append_printf(to->text, "# TYPE %.*s %s\n# HELP %.*s %s\n", (int)length, name,
			       type, (int)length, name, help);
}

/* NAME="VALUE", with what the format wants escaped. */
static void label(struct exposition *to, const char *before, const char *name, const char *value)
{
	g_string_append_printf(to->text, "%s%s=\"", before, name);
	for (; *value; value++) {
		if (*value == '\n')
			g_string_append(to->text, "\\n");
		else if (*value == '"' || *value == '\\')
			g_string_append_printf(to->text, "\\%c", *value);
		else
			g_string_append_c(to->text, *value);
	}
	g_string_append_c(to->text, '"');
}

static void single(struct exposition *to, const char *name, const char *type, const char *help,
		   guint64 value)
{
	family(to, name, type, help);
	g_string_append_printf(to->text, "%s %" G_GUINT64_FORMAT "\n", name, value);
}

/* Where it is known: 0 dBm would be one that nobody has. */
static void add_signal(struct exposition *to, GVariant *reply)
{
	gint32 signal = 0;

	if (!g_variant_lookup(reply, "signal", "i", &signal) || !signal)
		return;
	family(to, "eswrap_wifi_signal_dbm", "gauge", "Strength of the access point, dBm.");
	g_string_append_printf(to->text, "eswrap_wifi_signal_dbm %d\n", signal);
}

static void add_module(struct exposition *to, GVariant *reply)
{
	const char *state = ctl_text(reply, "state"), *each;
	int i;

	single(to, "eswrap_module_ready", "gauge", "1 while connections can go through the module.",
	       !strcmp(state, "ready"));
	family(to, "eswrap_module_state", "gauge", "1 for the state that the module is in.");
	for (i = ESWIFI_CLOSED; i <= ESWIFI_RECOVERING; i++) {
		each = eswifi_state_name((enum eswifi_state)i);
		g_string_append_printf(to->text, "eswrap_module_state{state=\"%s\"} %d\n", each,
				       !strcmp(state, each));
	}
	family(to, "eswrap_module_info", "gauge", "What the module says of itself.");
	g_string_append(to->text, "eswrap_module_info");
	label(to, "{", "product", ctl_text(reply, "product"));
	label(to, ",", "firmware", ctl_text(reply, "firmware"));
	label(to, ",", "mac", ctl_text(reply, "mac"));
	label(to, ",", "broker", ctl_text(reply, "version"));
	g_string_append(to->text, "} 1\n");
	single(to, "eswrap_module_resets_total", "counter", "Resets of the module.",
	       ctl_number(reply, "resets"));
	single(to, "eswrap_module_lost_total", "counter",
	       "How often the module went away or stopped to answer.", ctl_number(reply, "lost"));
	add_signal(to, reply);
	single(to, "eswrap_wifi_joins_total", "counter", "How often the network was joined.",
	       ctl_number(reply, "joins"));
}

static void add_line(struct exposition *to, GVariant *reply)
{
	single(to, "eswrap_line_commands_total", "counter", "Commands that the module was sent.",
	       ctl_number(reply, "commands"));
	single(to, "eswrap_line_resyncs_total", "counter", "How often the line was out of step.",
	       ctl_number(reply, "resyncs"));
	family(to, "eswrap_line_bytes_total", "counter", "Bytes on the serial line.");
	g_string_append_printf(to->text,
			       "eswrap_line_bytes_total{direction=\"sent\"} %" G_GUINT64_FORMAT
			       "\neswrap_line_bytes_total{direction=\"received\"} "
			       "%" G_GUINT64_FORMAT "\n",
			       ctl_number(reply, "bytes-out"), ctl_number(reply, "bytes-in"));
	single(to, "eswrap_line_rate_bits", "gauge", "Rate of the serial line, bit/s.",
	       ctl_number(reply, "baud"));
}

static void add_sockets(struct exposition *to, GVariant *reply)
{
	g_autoptr(GVariant) flows =
		g_variant_lookup_value(reply, "flows", G_VARIANT_TYPE("aa{sv}"));
	guint64 free_sockets = ctl_number(reply, "free-sockets");

	single(to, "eswrap_sockets", "gauge", "Sockets that the module has.", ESWIFI_SOCKETS);
	single(to, "eswrap_sockets_used", "gauge", "Those of them that are in use.",
	       ESWIFI_SOCKETS - MIN(free_sockets, ESWIFI_SOCKETS));
	single(to, "eswrap_connects_waiting", "gauge", "Connects that wait for a socket.",
	       ctl_number(reply, "waiting"));
	single(to, "eswrap_flows", "gauge", "Connections of programs through the module.",
	       flows ? g_variant_n_children(flows) : 0);
}

/* Counters by a word each. */
static void add_tally(struct exposition *to, GVariant *reply, const char *key, const char *name,
		      const char *label_name, const char *help)
{
	g_autoptr(GVariant) counts = g_variant_lookup_value(reply, key, G_VARIANT_TYPE("a{st}"));
	const char *word;
	GVariantIter iter;
	guint64 count;

	if (!counts)
		return;
	family(to, name, "counter", help);
	g_variant_iter_init(&iter, counts);
	while (g_variant_iter_next(&iter, "{&st}", &word, &count)) {
		g_string_append(to->text, name);
		label(to, "{", label_name, word);
		g_string_append_printf(to->text, "} %" G_GUINT64_FORMAT "\n", count);
	}
}

/* By the ledger; only for those who may ask for it. */
static void add_expiry(const struct ctl *ctl, struct exposition *to)
{
	g_autoptr(GVariant) reply = NULL, items = NULL;
	GVariantIter iter;
	GVariant *row;

	if (client_call(ctl, "credential-list", NULL, NULL, NULL, &reply, NULL) != CTL_OK)
		return;
	items = g_variant_lookup_value(reply, "items", G_VARIANT_TYPE("aa{sv}"));
	if (!items)
		return;
	family(to, "eswrap_credential_expiry_timestamp_seconds", "gauge",
	       "When a certificate in the module ends.");
	g_variant_iter_init(&iter, items);
	while ((row = g_variant_iter_next_value(&iter))) {
		g_autoptr(GDateTime) end =
			g_date_time_new_from_iso8601(ctl_text(row, "until"), NULL);

		if (end)
			g_string_append_printf(to->text,
					       "eswrap_credential_expiry_timestamp_seconds{set="
					       "\"%u\",item=\"%s\"} %" G_GINT64_FORMAT "\n",
					       (guint)ctl_number(row, "set"), ctl_text(row, "item"),
					       g_date_time_to_unix(end));
		g_variant_unref(row);
	}
}

/* The whole text. @status: of the question; CTL_OK where the broker answered */
static char *expose(const struct ctl *ctl, bool open, int *status, GError **error)
{
	struct exposition to = { g_string_new(NULL), open };
	g_autoptr(GVariant) reply = NULL;

	*status = client_call(ctl, "status", NULL, NULL, NULL, &reply, error);
	single(&to, "eswrap_up", "gauge", "1 where the broker answers.", *status == CTL_OK);
	if (*status == CTL_OK) {
		add_module(&to, reply);
		add_line(&to, reply);
		add_sockets(&to, reply);
		add_tally(&to, reply, "opened", "eswrap_flows_opened_total", "route",
			  "Connections that were made through the module.");
		add_tally(&to, reply, "failed", "eswrap_connects_failed_total", "reason",
			  "Connects through the module that failed, by errno.");
		add_tally(&to, reply, "direct", "eswrap_direct_total", "route",
			  "Connects, and datagrams to an address, that went out directly.");
		add_tally(&to, reply, "datagrams-lost", "eswrap_datagrams_lost_total", "reason",
			  "Datagrams that did not arrive as they were sent.");
		add_tally(&to, reply, "tls-in-tls", "eswrap_tls_in_tls_total", "route",
			  "Connections in which a program spoke TLS inside the module's.");
		add_expiry(ctl, &to);
	}
	if (open)
		g_string_append(to.text, "# EOF\n");
	return g_string_free(to.text, FALSE);
}

/* Return: false at the end of standard input, after a while, or when it is too long */
static bool read_request(char *request, gsize size)
{
	gint64 deadline = g_get_monotonic_time() + REQUEST_TIMEOUT_S * G_USEC_PER_SEC;
	struct pollfd poller = { .fd = STDIN_FILENO, .events = POLLIN };
	gsize have = 0;
	gssize got;

	do {
		gint64 left = (deadline - g_get_monotonic_time()) / 1000;

		if (left <= 0 || have + 1 >= size || poll(&poller, 1, (int)left) != 1)
			return false;
		got = read(STDIN_FILENO, request + have, size - 1 - have);
		if (got <= 0)
			return false;
		have += (gsize)got;
		request[have] = '\0';
	} while (!strstr(request, "\r\n\r\n") && !strstr(request, "\n\n"));
	return true;
}

static void respond(const char *status, const char *type, const char *body)
{
	printf("HTTP/1.0 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n"
	       "%s",
	       status, type, strlen(body), body);
}

static int serve_http(const struct ctl *ctl)
{
	char request[REQUEST_MAX] = "";
	g_autofree char *text = NULL;
	int status;

	if (!read_request(request, sizeof(request))) {
		respond("400 Bad Request", "text/plain", "no request came\n");
	} else if (!g_str_has_prefix(request, "GET ")) {
		respond("405 Method Not Allowed", "text/plain", "GET /metrics\n");
	} else if (!g_str_has_prefix(request, "GET /metrics ") &&
		   !g_str_has_prefix(request, "GET /metrics?")) {
		respond("404 Not Found", "text/plain", "/metrics\n");
	} else {
		text = expose(ctl, true, &status, NULL);
		respond("200 OK", TYPE_OPEN, text);
	}
	/* It has been answered, whatever with. */
	return CTL_OK;
}

/* Beside the file and then over it: the collector never reads half of one. */
static int write_file(const struct ctl *ctl, const char *path)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;
	int status;

	text = expose(ctl, false, &status, NULL);
	/* Others read it: node exporter is somebody else. */
	if (g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644, &error))
		return CTL_OK;
	ctl_error(ctl, "%s", error->message);
	return CTL_OUTPUT;
}

static int print(const struct ctl *ctl)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;
	int status;

	text = expose(ctl, true, &status, &error);
	fputs(text, stdout);
	fflush(stdout);
	if (error)
		fprintf(stderr, "eswrapctl: %s\n", error->message);
	return status;
}

int ctl_metrics(struct ctl *ctl, int argc, char **argv)
{
	g_autofree char *path = NULL;
	gboolean http = FALSE;
	const GOptionEntry entries[] = {
		{ "textfile", 0, 0, G_OPTION_ARG_FILENAME, &path,
		  "write a file for node exporter's textfile collector", "PATH" },
		{ "http", 0, 0, G_OPTION_ARG_NONE, &http,
		  "answer one HTTP request on standard input", NULL },
		{ NULL },
	};
	const struct ctl_usage usage = {
		.words = "eswrapctl metrics",
		.summary = "The broker's numbers as OpenMetrics text. Any user may ask; when "
			   "certificates end is only\nsaid to administrators.",
		.entries = entries,
	};

	if (!ctl_parse(ctl, &usage, &argc, &argv))
		return CTL_USAGE;
	if (path && http) {
		ctl_error(ctl, "use --textfile PATH or --http, not both");
		return CTL_USAGE;
	}
	return http ? serve_http(ctl) : path ? write_file(ctl, path) : print(ctl);
}
