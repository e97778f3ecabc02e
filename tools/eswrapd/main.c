// SPDX-License-Identifier: MIT
/* eswrapd: options, limits, the control socket from systemd or of our own, and the main loop. */
#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "config.h"
#include "config/load.h"
#include "eswrap/wire.h"
#include "eswrapd/broker.h"
#include "eswrapd/control.h"
#include "eswrapd/log.h"
#include "eswrapd/notify.h"
#include "eswrapd/privilege.h"
#include "eswrapd/sandbox.h"

static char *config_path = (char *)ESWRAP_CONFIG, *socket_path;
static gboolean check_only, private, version;
static int verbosity, ready_fd = -1;

static gboolean more_verbose(const char *name G_GNUC_UNUSED, const char *value G_GNUC_UNUSED,
			     gpointer data G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
	verbosity++;
	return TRUE;
}

static const GOptionEntry options[] = {
	{ "config", 'c', 0, G_OPTION_ARG_FILENAME, &config_path,
	  "configuration file (" ESWRAP_CONFIG ")", "FILE" },
	{ "socket", 0, 0, G_OPTION_ARG_FILENAME, &socket_path,
	  "control socket (" ESWRAP_SOCKET_DEFAULT ")", "PATH" },
	{ "check", 0, 0, G_OPTION_ARG_NONE, &check_only, "check the configuration file and exit",
	  NULL },
	{ "verbose", 'v', G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, (gpointer)more_verbose,
	  "log more; twice: each connection", NULL },
	{ "private", 0, 0, G_OPTION_ARG_NONE, &private,
	  "serve one user, and leave with the last client", NULL },
	{ "ready-fd", 0, 0, G_OPTION_ARG_INT, &ready_fd,
	  "write \"ready\", or what is wrong, to this descriptor", "N" },
	{ "version", 0, 0, G_OPTION_ARG_NONE, &version, "print the version and exit", NULL },
	{ NULL },
};

/* Whoever started us with --ready-fd shows this to its user; standard error is a log then. */
static void say(const char *text)
{
	if (ready_fd >= 0)
		dprintf(ready_fd, "%s\n", text);
}

static int fail_start(int status, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	guint i;

	for (i = 0; lines[i]; i++)
		g_critical("%s", lines[i]);
	say(text);
	return status;
}

static int parse_options(int argc, char **argv)
{
	g_autoptr(GOptionContext) context = g_option_context_new("- the broker of eswrap");
	g_autoptr(GError) error = NULL;
	int status = -1;

	g_option_context_add_main_entries(context, options, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		fprintf(stderr, "eswrapd: %s; see eswrapd --help\n", error->message);
		status = 2;
	} else if (argc > 1) {
		fprintf(stderr, "eswrapd: unexpected \"%s\"; see eswrapd --help\n", argv[1]);
		status = 2;
	} else if (private && !socket_path) {
		fprintf(stderr, "eswrapd: --private needs --socket\n");
		status = 2;
	} else if (version) {
		printf("eswrapd (%s) %s\n", PACKAGE_NAME, PACKAGE_VERSION);
		status = 0;
	}
	return status;
}

/* Keys and passphrases pass through here: no core dumps, no ptrace by the same user. */
static void keep_secrets(void)
{
	struct rlimit none = { 0, 0 };

	if (prctl(PR_SET_DUMPABLE, 0) < 0 || setrlimit(RLIMIT_CORE, &none) < 0)
		g_warning("cannot keep core dumps from being written: %s", g_strerror(errno));
}

/* Each connection takes one descriptor here, and one more on its way to the program. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		g_warning("cannot raise the limit of descriptors: %s", g_strerror(errno));
}

/*
 * A connection that waits in systemd's socket would have us started again the moment we end, and again,
 * until systemd gives the socket up. Whoever it is learns at once that nobody serves him.
 */
static void turn_callers_away(void)
{
	int n = notify_listen_fds(), fd, i;

	for (i = 0; i < n; i++) {
		g_unix_set_fd_nonblocking(NOTIFY_LISTEN_START + i, TRUE, NULL);
		while ((fd = accept(NOTIFY_LISTEN_START + i, NULL, NULL)) >= 0)
			close(fd);
	}
}

static int socket_number(int fd, int option)
{
	socklen_t size = sizeof(int);
	int value = -1;

	return getsockopt(fd, SOL_SOCKET, option, &value, &size) < 0 ? -1 : value;
}

/* Is it the kind of socket that the shim asks? */
static bool listens(int fd)
{
	return socket_number(fd, SO_DOMAIN) == AF_UNIX &&
	       socket_number(fd, SO_TYPE) == SOCK_SEQPACKET &&
	       socket_number(fd, SO_ACCEPTCONN) == 1;
}

/* From systemd (socket activation), or our own. */
static int listen_fd(GError **error)
{
	int n = notify_listen_fds();

	if (n == 1 && listens(NOTIFY_LISTEN_START)) {
		g_clear_pointer(&socket_path, g_free);
		g_unix_set_fd_nonblocking(NOTIFY_LISTEN_START, TRUE, NULL);
		return NOTIFY_LISTEN_START;
	}
	if (n != 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "systemd passed %d descriptors; one ListenSequentialPacket= socket is "
			    "expected",
			    n);
		return -1;
	}
	if (!socket_path)
		socket_path = g_strdup(ESWRAP_SOCKET_DEFAULT);
	/* Any user's programs may ask the system's broker; who administers is checked each time. */
	return control_listen(socket_path, private ? 0600 : 0666, error);
}

static gboolean terminated(gpointer user)
{
	broker_quit(user);
	return G_SOURCE_CONTINUE;
}

/* systemctl reload, and an administrator's habit. */
static gboolean hung_up(gpointer user)
{
	g_autoptr(GPtrArray) restart = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;
	guint i;

	notify("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time());
	if (broker_reload(user, restart, &error))
		g_message("the configuration was read again");
	else
		g_warning("the configuration stays as it was: %s", error->message);
	for (i = 0; i < restart->len; i++)
		g_warning("%s has changed, which takes effect with a restart",
			  (char *)restart->pdata[i]);
	notify("READY=1");
	return G_SOURCE_CONTINUE;
}

static void announce(const GPtrArray *warnings)
{
	guint i;

	for (i = 0; i < warnings->len; i++) {
		g_warning("%s", (char *)warnings->pdata[i]);
		say(warnings->pdata[i]);
	}
	notify("READY=1");
	say("ready");
	if (ready_fd >= 0)
		close(ready_fd);
	ready_fd = -1;
}

static gboolean feed_watchdog(gpointer user G_GNUC_UNUSED)
{
	notify("WATCHDOG=1");
	return G_SOURCE_CONTINUE;
}

/* From the main loop: what it says is that the main loop runs. Twice as often as systemd asks. */
static void start_watchdog(void)
{
	guint64 interval = notify_watchdog_us();

	if (interval)
		g_timeout_add((guint)MAX(interval / 2000, 1), feed_watchdog, NULL);
}

/* A port of this machine can be opened, or not, at once. */
#define PORT_TRIAL_MS 1000

/* Up to the end. Return: the exit status */
static int serve_on(struct broker *broker, int fd, const GPtrArray *warnings)
{
	const char *trouble;

	broker_serve(broker, fd);
	trouble = private ? broker_port_trouble(broker, PORT_TRIAL_MS) : NULL;
	if (trouble)
		return fail_start(EXIT_FAILURE, trouble);
	g_unix_signal_add(SIGTERM, terminated, broker);
	g_unix_signal_add(SIGINT, terminated, broker);
	g_unix_signal_add(SIGHUP, hung_up, broker);
	start_watchdog();
	announce(warnings);
	broker_run(broker);
	notify("STOPPING=1");
	return EXIT_SUCCESS;
}

/*
 * The user first, whose files the broker's are; what it may do, before a thread is made, and before
 * anything is read that others send. The control socket is there: only root can make it in some
 * places. Return: false with @error set.
 */
static bool become_harmless(const struct settings *settings, GError **error)
{
	bool done =
		privilege_drop(settings, private, error) && privilege_check_state(settings, error);

	/* A change of user has taken it back. */
	keep_secrets();
	return done && sandbox_enter(settings, socket_path, error);
}

/* @settings, @warnings: taken over. */
static struct broker *make_broker(struct settings *settings, GPtrArray *warnings, GError **error)
{
	if (!become_harmless(settings, error)) {
		settings_free(settings);
		g_ptr_array_unref(warnings);
		return NULL;
	}
	log_set_module(settings->module.device);
	log_begin();
	return broker_new(settings, warnings, private, error);
}

/* @settings, @warnings: taken over. Return: the exit status */
static int serve(struct settings *settings, GPtrArray *warnings, int fd)
{
	g_autoptr(GError) error = NULL;
	struct broker *broker = make_broker(settings, warnings, &error);
	int status =
		broker ? serve_on(broker, fd, warnings) : fail_start(EX_CONFIG, error->message);

	/* Before the connections that are still there are closed: nobody is to find it any more. */
	if (socket_path)
		unlink(socket_path);
	broker_free(broker);
	return status;
}

int main(int argc, char **argv)
{
	GPtrArray *warnings = g_ptr_array_new_with_free_func(g_free);
	struct settings *settings;
	g_autoptr(GError) error = NULL;
	int status, fd;
	guint i;

	setlocale(LC_ALL, "");
	status = parse_options(argc, argv);
	if (status >= 0)
		return status;
	log_init(verbosity);
	keep_secrets();
	settings = settings_load(config_path, warnings, &error);
	if (!settings) {
		status = fail_start(EX_CONFIG, error->message);
		turn_callers_away();
		return status;
	}
	if (check_only) {
		for (i = 0; i < warnings->len; i++)
			puts(warnings->pdata[i]);
		return EXIT_SUCCESS;
	}
	raise_descriptor_limit();
	signal(SIGPIPE, SIG_IGN);
	/* Of a lease that is broken while we look at it: see policy_is_in_use(). */
	signal(SIGIO, SIG_IGN);
	privilege_prepare(settings, private);
	fd = listen_fd(&error);
	if (fd < 0)
		return fail_start(EXIT_FAILURE, error->message);
	status = serve(settings, warnings, fd);
	if (status == EX_CONFIG)
		turn_callers_away();
	return status;
}
